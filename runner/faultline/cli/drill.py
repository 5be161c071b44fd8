"""`faultline drill`: break everything on purpose, and let a checker decide what was kept."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from faultline import scratch
from faultline.cli import output
from faultline.cli.dev import forget_libpq_variables
from faultline.cli.failures import BAD_OUTCOME, Failure, WrongUsage, terminating
from faultline.cli.options import DURATION, json_option, option
from faultline.demo.narrator import narrator
from faultline.drill import play, report
from faultline.drill import scenarios as known

if TYPE_CHECKING:
    from datetime import timedelta

VOID: Final = 3


@click.command()
@click.argument("scenarios", metavar="[SCENARIO|FAULT]...", nargs=-1)
@option("--seed", type=click.IntRange(0), group="DRILL", help="What is broken, and when. Default: by chance.")
@option("--seconds", type=DURATION, group="DRILL", default="0s", help="Go on breaking things in each for so long.")
@option(
    "--report",
    "report_directory",
    group="DRILL",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Keep the histories there, with report.html, .xml and .json.",
)
@option("--list", "listing", group="DRILL", is_flag=True, help="Show the scenarios and their faults.")
@json_option
def drill(
    scenarios: tuple[str, ...],
    seed: int | None,
    seconds: timedelta,
    report_directory: Path | None,
    listing: bool,
    as_json: bool,
) -> int:
    """Break everything, and prove that nothing was lost.

    Starts a durable PostgreSQL of its own, real runners and a load of jobs, transfers, charges, workflows and
    schedules, and injects faults: all of them, or those of the scenarios or faults that are named. What each did is
    read from exit codes, events and the server's log; one that did not bite is injected again. In the end all of the
    work has to be done, and a checker compares the history of every call with what the database and the receiver know.

    Exit codes: 0 every promise held; 1 one was broken; 3 a fault never bit, so that nothing is proved.

    \b
    faultline drill
    faultline drill runners network --seed 7
    faultline drill runner-kill --seconds 1m --report ./drill
    """
    if listing:
        return _list(as_json)
    try:
        chosen = known.chosen(scenarios)
    except KeyError as error:
        raise WrongUsage(f"there is no scenario and no fault {error}: `faultline drill --list` shows them") from None
    forget_libpq_variables()
    number = secrets.randbelow(1_000_000) if seed is None else seed
    made = report.Report(number, {"scenarios": list(scenarios), "seconds": seconds.total_seconds()})
    options = play.Options(number, seconds.total_seconds())
    directory = report_directory or scratch.make("faultline-drill-")
    directory.mkdir(parents=True, exist_ok=True)
    kept = report_directory is not None
    try:
        with terminating(), narrator(sys.stderr if as_json else sys.stdout) as tell:
            tell.say(f"{output.plural(len(chosen), 'scenario')}, seed {number}")
            for scenario in chosen:
                where = directory / scenario.name
                where.mkdir()
                made.outcomes.append(play.play(scenario, options, where, tell))
        if kept:
            made.save(directory)
        elif made.verdict == "violated":
            kept = True
            output.note(f"the histories are kept in {directory}")
    except FileExistsError as error:
        raise WrongUsage(f"{error.filename} is there already: choose another directory for --report") from None
    except play.DrillError as error:
        kept = True
        raise Failure(f"the drill came to no end: {error}. Its logs: {directory}") from error
    finally:
        if not kept:
            scratch.remove(directory)
    _tell(made, as_json=as_json)
    return {"holds": 0, "violated": BAD_OUTCOME}.get(made.verdict, VOID)


def _tell(made: report.Report, *, as_json: bool) -> None:
    if as_json:
        output.print_json(made.as_dict())
        return
    output.say()
    for line in made.lines():
        output.say(line)
    output.say()
    output.say(f"{made.headline} (seed {made.seed})")


def _list(as_json: bool) -> int:
    if as_json:
        output.print_json(
            [
                {
                    "scenario": scenario.name,
                    "title": scenario.title,
                    "faults": [
                        {"fault": fault.name, "title": fault.title, "missing": fault.needs()}
                        for fault in scenario.faults
                    ],
                }
                for scenario in known.ALL
            ]
        )
        return 0
    for scenario in known.ALL:
        output.say(f"{scenario.name}: {scenario.title}")
        for fault in scenario.faults:
            missing = fault.needs()
            output.say(f"  {fault.name:20}  {fault.title}{f' (not here: {missing})' if missing else ''}")
    return 0
