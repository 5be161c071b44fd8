"""`faultline drill --app`: what the options of a drill of somebody's own handlers say, and what it tells."""

from __future__ import annotations

import json
import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from faultline.cli import output
from faultline.cli.enqueue import read_object
from faultline.cli.failures import BAD_OUTCOME, Failure, WrongUsage
from faultline.cli.options import NAME
from faultline.drill.arena import DrillError
from faultline.drill.exposure import Options, Wanted, play
from faultline.drill.exposure_report import ExposureReport

if TYPE_CHECKING:
    from collections.abc import Iterable

    from faultline.demo.narrator import Narrator

VOID: Final = 3
TARGET: Final = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*", re.ASCII)
VARIABLE: Final = re.compile(r"[A-Za-z_]\w*", re.ASCII)


def is_asked_for(given: dict[str, Any]) -> bool:
    """Whether it is a drill of somebody's own handlers. Raises WrongUsage for options that want --app, without it."""
    if given["app"] is None:
        for name, value in given.items():
            if value not in (None, ()):
                flag = {"jobs": "job", "transactions": "transaction", "variables": "database-variable"}.get(name, name)
                raise WrongUsage(
                    f"--{'allow' if flag == 'allowed' else flag} is for --app: name your App, as in --app shop:app"
                )
        return False
    return True


def order(given: dict[str, Any], seed: int | None) -> Options:
    """What the options say. Raises WrongUsage."""
    app, prepare, variables = given["app"], given["prepare"] or "", given["variables"]
    if prepare and not TARGET.fullmatch(prepare):
        raise WrongUsage(f"--prepare {prepare!r} is not of the form module:function, such as shop:prepare")
    for name in variables:
        if not VARIABLE.fullmatch(name):
            raise WrongUsage(f"--database-variable {name!r} is no name of a variable, such as DATABASE_URL")
    jobs = wanted(given["jobs"], given["transactions"])
    number = secrets.randbelow(1_000_000) if seed is None else seed
    return Options(app, jobs, prepare, tuple(variables), tuple(given["allowed"]), given["points"], number)


def wanted(jobs: Iterable[str], transactions: Iterable[str]) -> tuple[Wanted, ...]:
    """What --job and --transaction name: TYPE, TYPE={…} or TYPE=FILE."""
    found = (*(_wanted("--job", text) for text in jobs), *(_wanted("--transaction", text) for text in transactions))
    if not found:
        raise WrongUsage("--app without a job: name those to run, as --job TYPE or --job TYPE='{\"a\": 1}'")
    return found


def _wanted(flag: str, text: str) -> Wanted:
    name, equals, given = text.partition("=")
    if not NAME.fullmatch(name):
        raise WrongUsage(f"{flag} {output.shortened(text, 60)!r} names no type: write TYPE, TYPE={{…}} or TYPE=FILE")
    payload = "{}"
    if equals:
        payload = read_object(
            given if given.lstrip().startswith("{") else _read(flag, given), f"payload of {flag} {name}"
        )
    return Wanted(name, payload, transaction=flag == "--transaction")


def _read(flag: str, path: str) -> str:
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUsage(f"{flag}: the file {path!r} can't be read: {error}") from None
    return text


def played(options: Options, directory: Path, narrator: Narrator) -> ExposureReport:
    """Play it, and return what was found. Raises Failure if it could not be played to its end."""
    told: dict[str, Any] = {
        "app": options.app,
        "jobs": [{**vars(job), "payload": json.loads(job.payload)} for job in options.jobs],
        "prepare": options.prepare,
        "points": options.points,
        "seed": options.seed,
    }
    report = ExposureReport(told)
    try:
        report.outcomes.extend(play(options, directory, narrator))
    except DrillError as error:
        raise Failure(f"the drill of {options.app} came to no end: {error}") from error
    return report


def tell(report: ExposureReport, *, as_json: bool) -> int:
    """Tell it; the exit code."""
    if as_json:
        output.print_json(report.as_dict())
    else:
        output.say()
        for line in report.lines():
            output.say(output.clean(line))
        output.say()
        output.say(report.headline)
    return {"holds": 0, "exposed": BAD_OUTCOME}.get(report.verdict, VOID)
