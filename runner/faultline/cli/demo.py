"""`faultline demo`: the report of the demo, for people and machines."""

from __future__ import annotations

import secrets
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from rich import box
from rich.table import Table
from rich.text import Text

from faultline.cli import output
from faultline.cli.dev import forget_libpq_variables
from faultline.cli.failures import BAD_OUTCOME, Failure, WrongUsage, terminating
from faultline.cli.invocation import program
from faultline.cli.options import json_option, option
from faultline.demo.director import DemoError
from faultline.demo.files import LARGEST_FILE, MIB, MOST_BYTES, Survey, path_of, survey
from faultline.demo.narrator import narrator
from faultline.demo.processes import LEASE_SECONDS
from faultline.demo.show import Report, show

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import Console

    from faultline.demo.verdict import Totals

MAX_FILES: Final = 5000
SHOWN: Final = 5


@click.command()
@click.argument("path", default=".", type=click.Path(exists=True, file_okay=False, readable=True, path_type=Path))
@option("--max-files", type=click.IntRange(1, 50_000), default=MAX_FILES, show_default=True, help="At most so many.")
@option("--seed", type=click.IntRange(0), help="Which runner is killed and when. Default: by chance.")
@option("--keep", is_flag=True, help="Keep the database, to look at the jobs afterwards.")
@json_option
def demo(path: Path, max_files: int, seed: int | None, keep: bool, as_json: bool) -> int:
    """Work on real files, crash, and prove that all adds up.

    Each file below PATH becomes a job that counts its bytes, lines and words and its sha256, on a durable PostgreSQL
    that is started for it. Two runners share the jobs; one is killed with SIGKILL, the other frozen with SIGSTOP
    beyond its lease, and a third takes over. At the end the totals of the jobs are compared with totals counted
    directly. Exit code 0 only if they agree, no job was lost or counted twice, and both faults hit jobs at work.

    \b
    faultline demo
    faultline demo ~/src/project --seed 7 --keep
    """
    found = survey(path, max_files)
    if not found.files:
        left_out = f" ({described(found)})" if found.skipped else ""
        raise WrongUsage(f"there is no regular, readable file below {output.printable(str(path))}{left_out}")
    forget_libpq_variables()
    chosen = secrets.randbelow(1_000_000) if seed is None else seed
    with terminating(), narrator(sys.stderr if as_json else sys.stdout) as tell:
        tell.say(
            f"{output.plural(len(found.files), 'file')}, {found.size:,} bytes below {output.printable(str(found.root))}"
        )
        if found.stopped_at is not None:
            tell.say(f"there are more: these are the first {found.stopped_at:,} (--max-files)")
        if found.skipped:
            tell.say(f"left out: {described(found)}")
        try:
            report = show(found, seed=chosen, keep=keep, narrator=tell)
        except DemoError as error:
            raise Failure(f"the demo came to no end: {error}") from error
    if as_json:
        output.print_json(report.as_dict())
    else:
        print_report(report, output.console())
    return 0 if report.holds else BAD_OUTCOME


def described(found: Survey) -> str:
    return ", ".join(f"{output.printable(reason)} ({number:,})" for reason, number in sorted(found.skipped.items()))


def print_report(report: Report, console: Console) -> None:
    console.print()
    console.print(Text("What happened, as exit codes, /proc and job_events tell it", style="bold"))
    console.print(_grid(_happened(report, report.as_dict())))
    console.print()
    console.print(Text("Proof", style="bold"))
    console.print(_totals(report))
    console.print(_grid(_proof(report)))
    if report.comparison.changed:
        _print_changed(report, console)
    for missed in report.missed:
        console.print(Text(f"  An earlier round does not count: {missed}."))
    console.print()
    style = "bold green" if report.holds else "bold red"
    verdict = "Everything adds up" if report.holds else "It does NOT add up"
    console.print(Text(f"{verdict}, in {report.seconds:.0f} s (seed {report.seed}).", style=style))
    console.print(Text(_honestly(report)), soft_wrap=not console.is_terminal)
    console.print()
    console.print(Text("What to try next", style="bold"))
    for command, what in suggestions(report):
        console.print(Text(f"  {command}\n      {what}"), soft_wrap=True)


def _grid(rows: Iterable[tuple[Text, Text]]) -> Table:
    """Two columns without lines; the second one wraps below itself."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def _happened(report: Report, facts: dict[str, Any]) -> Iterator[tuple[Text, Text]]:
    killed, frozen = facts["killed"], facts["frozen"]
    yield (
        Text(f"  {report.evidence.killed.name}"),
        Text(
            f"killed by SIGKILL (exit code {killed['exit_code']}) while it held "
            f"{output.plural(killed['jobs_held'], 'job')}: {_leases(killed)}"
        ),
    )
    yield (
        Text(f"  {report.evidence.frozen.name}"),
        Text(
            f"frozen by SIGSTOP (state {frozen['state']}) for {frozen['seconds']} s while it held "
            f"{output.plural(frozen['jobs_held'], 'job')}: {_leases(frozen)}, "
            f"{output.plural(frozen['late_reports_refused'], 'late report')} refused "
            f"({', '.join(f'{number} {verb}' for verb, number in frozen['late_verbs_refused'].items())})"
        ),
    )
    yield (
        Text("  in all"),
        Text(
            f"{_leases(facts)}, {output.plural(facts['stale_reports_refused'], 'stale report')} refused; "
            f"{output.plural(facts['attempts'], 'attempt')} at {output.plural(facts['files'], 'job')}: "
            f"{output.plural(facts['retries'], 'retry', 'retries')}, {facts['given_back']:,} given back unstarted"
        ),
    )


def _leases(facts: dict[str, Any]) -> str:
    return f"{output.plural(facts['leases_expired'], 'lease')} expired, {facts['leases_recovered']:,} recovered"


def _proof(report: Report) -> Iterator[tuple[Text, Text]]:
    for check in report.checks:
        mark = Text("  ok", style="green") if check.holds else Text("  FAIL", style="bold red")
        yield mark, Text.assemble(f"{check.name}: ", (output.printable(check.detail), "dim"))


def _totals(report: Report) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=True, show_edge=False, header_style="")
    table.add_column("")
    for header in ("files", "bytes", "lines", "words"):
        table.add_column(header, justify="right")
    table.add_column("sha256 of all")
    for name, totals in (("by the jobs", report.comparison.by_jobs), ("directly", report.comparison.directly)):
        table.add_row(name, *_cells(totals))
    return table


def _cells(totals: Totals) -> list[str]:
    return [
        *(f"{number:,}" for number in (totals.files, totals.size, totals.lines, totals.words)),
        f"{totals.digest[:12]}…",
    ]


def _print_changed(report: Report, console: Console) -> None:
    changed = report.comparison.changed
    console.print(Text(f"  {output.plural(len(changed), 'file')} changed while the demo ran; left out of both totals:"))
    for uri in changed[:SHOWN]:
        console.print(Text(f"    {output.printable(str(path_of(uri)))}"), soft_wrap=True)
    if len(changed) > SHOWN:
        console.print(Text(f"    … and {output.plural(len(changed) - SHOWN, 'other')}"))


def _honestly(report: Report) -> str:
    return (
        f"Each job held its file for {report.hold_seconds * 1000:.0f} ms after counting it, so that a crash finds "
        f"jobs in flight; leases lasted {LEASE_SECONDS:g} s. Nothing else was staged. Files over "
        f"{LARGEST_FILE // MIB} MiB, and what goes beyond {MOST_BYTES // MIB} MiB in all, are left out."
    )


def suggestions(report: Report) -> list[tuple[str, str]]:
    """What really works from here."""
    call = program()
    path = shlex.quote(output.printable(str(report.survey.root)))
    if report.kept is None:
        look = (f"{call} demo {path} --keep", "the same again; the database stays for you to look at")
    else:
        kept = shlex.quote(str(report.kept))
        look = (
            f"{call} dev --data {kept} -- faultline job list --queue demo --limit 5",
            f"its jobs; with `-- psql` everything else (`rm -r {report.kept.parent}` at the end)",
        )
    example = Path(__file__).resolve().parents[3] / "examples/hash-tree/main.py"
    work = f"{call} dev -- {shlex.quote(sys.executable)} {shlex.quote(str(example))}"
    return [
        look,
        *([(work, "a workflow that hashes files, and whose runner is killed")] if example.exists() else []),
        (f"{call} dev", "a database of your own, and how to enqueue and run jobs in it"),
        (f"{call} run --help", "how a runner serves your own handlers"),
    ]
