"""What `faultline drill` does: break everything on purpose, and let a checker decide what was kept."""

from __future__ import annotations

import secrets
import shutil
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from faultline import scratch
from faultline.cli import drill_app, output
from faultline.cli.dev import forget_libpq_variables
from faultline.cli.failures import BAD_OUTCOME, Failure, WrongUsage, terminating
from faultline.demo.narrator import narrator
from faultline.drill import controls, scenarios
from faultline.drill.arena import ROLES, DrillError
from faultline.drill.borrowed import Borrowed, NotLent
from faultline.drill.load import HEAVY, Load
from faultline.drill.play import Options, play
from faultline.drill.report import Report

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

    from faultline.demo.narrator import Narrator
    from faultline.drill import exposure

VOID: Final = 3
CONTROL_TRIES: Final = 2
SHOWN: Final = 3
CONTROLS: Final = {control.name: control for control in controls.ALL}


def run(
    names: tuple[str, ...],
    *,
    seed: int | None,
    seconds: timedelta,
    report_directory: Path | None,
    without: str | None,
    soak: bool,
    rate: float | None,
    scratch_dsn: str | None,
    as_json: bool,
    own: dict[str, Any],
) -> int:
    """Play what was asked for; `own` are the options that go with --app. Returns the exit code."""
    if drill_app.is_asked_for(own):
        if names or without is not None or soak or scratch_dsn is not None:
            raise WrongUsage(
                "--app has its own faults and database: no scenario, --without, --soak or --scratch with it"
            )
        return _play_app(drill_app.order(own, seed), report_directory, as_json=as_json)
    if without is not None and scratch_dsn is not None:
        raise WrongUsage("--without takes a server of the drill's own: not with --scratch")
    chosen = _chosen(names, without, soak=soak)
    borrowed = None if scratch_dsn is None else _borrowed(scratch_dsn)
    forget_libpq_variables()
    number = secrets.randbelow(1_000_000) if seed is None else seed
    load = HEAVY if soak else Load()
    if rate is not None:
        load = replace(load, rate=rate)
    given = {
        "names": list(names),
        "seconds": seconds.total_seconds(),
        "without": without,
        "soak": soak,
        "scratch": scratch_dsn is not None,
        "load": asdict(load),
    }
    made = Report(number, given)
    options = Options(number, seconds.total_seconds(), load=load, borrowed=borrowed)
    if without is not None:
        control = CONTROLS[without]
        options = Options(number, prepare=(control.prepare,), config=control.config, tries=CONTROL_TRIES)
    with _directory(report_directory) as kept, terminating(), narrator(sys.stderr if as_json else sys.stdout) as tell:
        tell.say(f"{output.plural(len(chosen), 'scenario')}, seed {number}")
        _play(chosen, options, made, kept, tell)
        if report_directory is not None:
            made.save(report_directory)
        elif made.verdict == "violated" and without is None:
            kept.keep = True
    if without is not None:
        return _tell_control(made, CONTROLS[without], as_json=as_json)
    _tell(made, as_json=as_json)
    return {"holds": 0, "violated": BAD_OUTCOME}.get(made.verdict, VOID)


def _play_app(options: exposure.Options, report_directory: Path | None, *, as_json: bool) -> int:
    forget_libpq_variables()
    with _directory(report_directory) as kept, terminating(), narrator(sys.stderr if as_json else sys.stdout) as tell:
        made = drill_app.played(options, kept.path, tell)
        if report_directory is not None:
            made.save(report_directory)
    return drill_app.tell(made, as_json=as_json)


def _borrowed(dsn: str) -> Borrowed:
    try:
        return Borrowed(dsn, ROLES)
    except NotLent as error:
        raise Failure(str(error)) from error


def _chosen(names: tuple[str, ...], without: str | None, *, soak: bool) -> list[scenarios.Scenario]:
    if (without is not None) + soak + bool(names) > 1:
        raise WrongUsage("--without and --soak have their own faults: give one of them, and name no scenario")
    if without is not None:
        return [controls.scenario(CONTROLS[without])]
    try:
        return [scenarios.SOAK] if soak else scenarios.chosen(names)
    except KeyError as error:
        raise WrongUsage(f"there is no scenario and no fault {error}: `faultline drill --list` shows them") from None


class _Kept:
    """Where the histories are, and whether they stay there."""

    def __init__(self, path: Path, *, keep: bool) -> None:
        self.path = path
        self.keep = keep


@contextmanager
def _directory(given: Path | None) -> Iterator[_Kept]:
    if given is not None:
        given.mkdir(parents=True, exist_ok=True)
        if any(given.iterdir()):
            raise WrongUsage(f"{given} is not empty: choose another directory for --report")
        yield _Kept(given, keep=True)
        return
    kept = _Kept(scratch.make("faultline-drill-"), keep=False)
    try:
        yield kept
    finally:
        if kept.keep:  # beyond the reach of the next drill, which removes what others have left behind
            output.note(
                f"the histories are kept in {shutil.copytree(kept.path, tempfile.mkdtemp(), dirs_exist_ok=True)}"
            )
        scratch.remove(kept.path)


def _play(chosen: list[scenarios.Scenario], options: Options, made: Report, kept: _Kept, tell: Narrator) -> None:
    for scenario in chosen:
        where = kept.path / scenario.name
        where.mkdir()
        try:
            made.outcomes.append(play(scenario, options, where, tell))
        except DrillError as error:
            kept.keep = True
            raise Failure(f"the drill came to no end: {scenario.name}: {error}") from error


def _tell(made: Report, *, as_json: bool) -> None:
    if as_json:
        output.print_json(made.as_dict())
        return
    output.say()
    for line in made.lines():
        output.say(line)
    output.say()
    output.say(f"{made.headline} (seed {made.seed})")


def _tell_control(made: Report, control: controls.Control, *, as_json: bool) -> int:
    """Good is what is bad elsewhere: the checker names a promise that falls without this guard."""
    (outcome,) = made.outcomes
    for told in outcome.faults:
        if told.missing is not None:
            raise Failure(f"{told.title}: this can't be played here: {told.missing}")
    caught = sorted(control.promises & set(outcome.broken))
    if as_json:
        output.print_json({**made.as_dict(), "caught": bool(caught), "promises": caught})
    else:
        output.say()
        for violation in outcome.violations[:SHOWN]:
            output.say(f"  {violation}")
        promises = ", ".join(map(str, caught))
        verdict = f"Caught: promise {promises}" if caught else "NOT CAUGHT by the checker"
        output.say(f"{verdict}, without {control.name}: {control.title} (seed {made.seed})")
    return 0 if caught else BAD_OUTCOME


def show(*, as_json: bool) -> int:
    """The scenarios and their faults."""
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
                for scenario in scenarios.ALL
            ]
        )
        return 0
    for scenario in scenarios.ALL:
        output.say(f"{scenario.name}: {scenario.title}")
        for fault in scenario.faults:
            missing = fault.needs()
            output.say(f"  {fault.name:20}  {fault.title}{f' (not here: {missing})' if missing else ''}")
    return 0
