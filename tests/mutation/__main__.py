"""python -m tests.mutation: break the SQL in one place at a time, and see whether the tests notice."""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections import Counter
from pathlib import Path

import click
from rich.console import Console

from tests.mutation import report
from tests.mutation.mutants import AREAS, MORE_AREAS, ROOT, Mutant, files
from tests.mutation.run import EQUIVALENTS, Equivalents, Result, Results, Runner, choose
from tests.mutation.stand import Stand
from tests.mutation.suite import RedError, Suite

KEPT = ROOT / ".mutation"


def _list(_: click.Context, __: click.Parameter, value: str) -> list[str]:
    return [part for part in value.split(",") if part]


@click.command()
@click.option("--areas", default=",".join(AREAS), callback=_list, help="Areas, by commas; also operate,observe,api.")
@click.option("--functions", default="", callback=_list, metavar="A,B", help="Only what has one of these names.")
@click.option("--operators", default="", callback=_list, metavar="A,B", help="Only these kinds of change.")
@click.option("--sample", type=click.IntRange(1), metavar="N", help="So many of them, by the seed.")
@click.option("--seed", type=int, help="Of the sample; one is made up, and printed, without it.")
@click.option("--list", "only_list", is_flag=True, help="Print the mutants and run nothing.")
@click.option("--known", is_flag=True, help="Run nothing: report what is known.")
@click.option("--fresh", is_flag=True, help="Run again what is known already.")
@click.option("--far", is_flag=True, help="Run all tests that reach a function, the races too.")
@click.option("--races/--no-races", default=True, help="Without: leave out what is about locks.")
@click.option("--seconds", type=click.IntRange(1), metavar="N", help="Stop after so long; the next run goes on.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write every result here, as JSON.")
def main(
    areas: list[str],
    functions: list[str],
    operators: list[str],
    sample: int | None,
    seed: int | None,
    *,
    only_list: bool,
    known: bool,
    fresh: bool,
    far: bool,
    races: bool,
    seconds: int | None,
    out: Path | None,
) -> None:
    """Break the SQL in one place at a time, and see whether a test is red.

    What is known is kept in .mutation/, so that a run goes on where the last one ended. FAULTLINE_PG_BIN chooses
    PostgreSQL: only with 15, where plpgsql_check is, is told apart what can't run from what is noticed.
    """
    console = Console(width=None if sys.stdout.isatty() else 160, highlight=False)
    unknown = set(areas) - {*AREAS, *MORE_AREAS}
    if unknown:
        raise click.UsageError(f"no area {', '.join(sorted(unknown))}: there are {', '.join((*AREAS, *MORE_AREAS))}")

    chosen = choose(
        files(areas),
        lambda mutant: (
            (not functions or mutant.unit.name in functions)
            and (not operators or mutant.edit.operator in operators)
            and (races or not mutant.is_about_locks())
        ),
    )
    if not chosen:
        raise click.UsageError("there is no such mutant: `--list` prints all of them")
    totals = Counter(mutant.area for mutant in chosen)
    seed = random.SystemRandom().randrange(2**32) if seed is None else seed
    if sample is not None and sample < len(chosen):
        console.print(f"{sample} of {len(chosen)} mutants, --seed {seed}")
        kept = set(random.Random(seed).sample(range(len(chosen)), sample))
        chosen = [mutant for number, mutant in enumerate(chosen) if number in kept]
    if only_list:
        console.print("\n".join(map(_line, chosen)), markup=False)
        return
    try:
        results = _known(chosen) if known else _run(console, chosen, fresh=fresh, far=far, seconds=seconds)
    except RedError as error:
        console.print(str(error), style="red", markup=False)
        sys.exit(1)
    survivors = [result for result in results if result.fate == "survived"]
    console.print("\n".join(map(report.survivor, survivors)), markup=False)
    console.print(report.table(results, totals))
    if out is not None:
        about = {"cores": os.cpu_count(), "seed": seed, "server": os.environ.get("FAULTLINE_PG_BIN", "18")}
        out.write_text(json.dumps(report.as_json(results, totals, about), indent=1, ensure_ascii=False) + "\n")
    sys.exit(1 if survivors else 0)


def _line(mutant: Mutant) -> str:
    return f"{mutant.file}:{mutant.line} {mutant.edit.operator}\n    {mutant.before}\n    {mutant.after}"


def _known(chosen: list[Mutant]) -> list[Result]:
    kept = Results(KEPT / "results.jsonl")
    return [result for mutant in chosen if (result := kept.get(mutant.key)) is not None]


def _run(console: Console, chosen: list[Mutant], *, fresh: bool, far: bool, seconds: int | None) -> list[Result]:
    started = time.monotonic()
    found = []
    with Stand() as stand:
        suite = Suite(stand, KEPT / "reach.json", far=far)
        runner = Runner(stand, suite, Results(KEPT / "results.jsonl"), Equivalents(EQUIVALENTS))
        for number, result in enumerate(runner.run(chosen, fresh=fresh), 1):
            found.append(result)
            if result.fate == "survived":
                console.print(f"[{number}/{len(chosen)}] {report.survivor(result)}", markup=False)
            if seconds is not None and time.monotonic() - started > seconds:
                console.print(f"stopped after {number} of {len(chosen)}; the next run goes on from there")
                break
    return found


if __name__ == "__main__":
    main()
