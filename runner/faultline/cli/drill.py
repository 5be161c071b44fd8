"""`faultline drill`: its options; what carries them out is `faultline.cli.drilling`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from faultline.cli.options import DURATION, decorated, json_option, option
from faultline.drill import GUARDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

Function = TypeVar("Function", bound="Callable[..., Any]")


def _own_handlers(command: Function) -> Function:
    """Those of `faultline drill` that have to do with --app."""
    return decorated(
        command,
        option("--app", group="DRILL", metavar="MODULE:APP", help="Drill these handlers of yours."),
        option(
            "--job",
            "jobs",
            group="DRILL",
            multiple=True,
            metavar="TYPE[=PAYLOAD]",
            help="With --app: a job to run; a payload is {…}, or a file.",
        ),
        option(
            "--transaction",
            "transactions",
            group="DRILL",
            multiple=True,
            metavar="TYPE[=REQUEST]",
            help="With --app: likewise, submitted as a transaction.",
        ),
        option(
            "--prepare",
            group="DRILL",
            metavar="MODULE:FUNCTION",
            help="With --app: called with the DSN of the empty database, before.",
        ),
        option(
            "--database-variable",
            "variables",
            group="DRILL",
            multiple=True,
            metavar="NAME",
            help="With --app: where handlers find the DSN, besides FAULTLINE_DSN.",
        ),
        option(
            "--allow",
            "allowed",
            group="DRILL",
            multiple=True,
            metavar="HOST",
            help="With --app: handlers may reach it; else only this machine.",
        ),
        option(
            "--points",
            group="DRILL",
            type=click.IntRange(1),
            help="With --app: at most so many a job, by the seed. Default: all.",
        ),
    )


@click.command()
@click.argument("names", metavar="[SCENARIO|FAULT]...", nargs=-1)
@option("--seed", group="DRILL", type=click.IntRange(0), help="What is broken, and when. Default: by chance.")
@option(
    "--seconds",
    group="DRILL",
    type=DURATION,
    default="20s",
    show_default=True,
    help="Each scenario breaks things for at least so long.",
)
@option(
    "--report",
    "report_directory",
    group="DRILL",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Keep the histories there, with report.html, .xml and .json.",
)
@option(
    "--without",
    group="DRILL",
    type=click.Choice(GUARDS),
    help="Remove this guard: good only if the checker catches it.",
)
@option(
    "--soak",
    group="DRILL",
    is_flag=True,
    help="All faults that can share a server, and a kill every few seconds.",
)
@option(
    "--rate",
    group="DRILL",
    type=click.FloatRange(1, 1000),
    help="Calls a second of each of two producers. Default: 15; --soak 25.",
)
@option(
    "--scratch",
    "scratch_dsn",
    group="DRILL",
    metavar="DSN",
    help="Play in this database, which is empty, and be a superuser there.",
)
@option("--list", "listing", group="DRILL", is_flag=True, help="Show the scenarios and their faults.")
@_own_handlers
@json_option
def drill(
    names: tuple[str, ...],
    seed: int | None,
    seconds: timedelta,
    report_directory: Path | None,
    without: str | None,
    soak: bool,
    rate: float | None,
    scratch_dsn: str | None,
    listing: bool,
    as_json: bool,
    **own: Any,
) -> int:
    """Break everything, and prove that nothing was lost.

    Starts a durable PostgreSQL of its own, real runners and a load of jobs, transfers, charges, workflows and
    schedules, and injects faults: all of them, or those of the scenarios or faults that are named. What each did is
    read from exit codes, events and the server's log; one that did not bite is injected again. In the end all of the
    work has to be done, and a checker compares the history of every call with what the database and the receiver know.

    With --app it runs jobs of yours instead, each once for every point at which their handler touches Faultline, a
    database or the outside, and kills the runner there: which effects could happen twice, by which line?

    Exit codes: 0 every promise held; 1 one was broken; 3 a fault never bit, so that nothing is proved.

    \b
    faultline drill
    faultline drill runners network --seed 7
    faultline drill runner-kill --seconds 1m --report ./drill
    faultline drill --without fence
    faultline drill --soak --seconds 1h --report ./soak
    faultline drill --app shop:app --prepare shop:prepare --job order='{"id": 7}'
    """
    # What things are broken with takes half as long to load as all the rest, and is for nobody else.
    from faultline.cli import drilling  # noqa: PLC0415

    if listing:
        return drilling.show(as_json=as_json)
    return drilling.run(
        names,
        seed=seed,
        seconds=seconds,
        report_directory=report_directory,
        without=without,
        soak=soak,
        rate=rate,
        scratch_dsn=scratch_dsn,
        as_json=as_json,
        own=own,
    )
