"""`faultline schedule …`: schedules from files, what they have done and will do, and what an operator does to them."""

from __future__ import annotations

import json
import signal
import sys
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import click
import psycopg
from rich.text import Text

from faultline import database, durations
from faultline.cli import output
from faultline.cli.database import OBSERVER, OPERATOR, RUNNER, connect
from faultline.cli.failures import BAD_OUTCOME, Failure, WrongUsage
from faultline.cli.files import bytes_of, print_faults
from faultline.cli.options import NAMED, Kind, database_options, help_if_bare, option
from faultline.cli.rendering import decode, moment
from faultline.errors import DatabaseUnavailable, InvalidArgument
from faultline.schedules import file as schedule_file
from faultline.schedules.board import Board, drive, zone_calls
from faultline.schedules.due import LONGEST_GAP
from faultline.schedules.file import Entry, ScheduleFault
from faultline.schedules.ticks import timetable
from faultline.schedules.words import describe
from faultline.schedules.zones import HostZone, reached
from faultline.signals import heard

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from faultline.cli.database import Connection
    from faultline.documents import Fault
    from faultline.schedules.board import Fired

LIST: Final = """
select to_jsonb(l)::text, clock_timestamp()
from faultline.schedule_list l
where %(name)s::text is null or l.schedule = %(name)s
order by l.schedule
"""
TICKS: Final = """
select
  to_jsonb(t)::text, t.tick_at, t.kind, t.outcome, t.job_id, t.run_id, coalesce(j.state, r.state), t.detail, t.missed
from (select * from faultline.schedule_tick_log l where l.schedule = %s order by l.tick_at desc limit %s) t
left join faultline.jobs j on j.job_id = t.job_id
left join faultline.run_log r on r.run_id = t.run_id
order by t.tick_at desc
"""
MADE: Final = """
select l.tick_at, l.job_id, l.run_id
from faultline.schedule_tick_log l
where l.schedule = %s and l.tick_at = any (%s::timestamptz[])
"""
FIRE_NOW: Final = "select f.job_id, f.run_id from faultline.fire_now(%s) f"
NEXT_TICKS: Final = 5
LAST_TICKS: Final = 10
MOST_BACKFILL: Final = 10_000
EARLIEST: Final = 1970
LATEST: Final = 2999
WATCH_SECONDS: Final = 1.0
DURATIONS: Final = {"every", "timeout", "missed_window", "jitter"}
WARNED: Final = {"failed", "not_a_tick"}


@click.group(invoke_without_command=True)
@click.pass_context
def schedule(ctx: click.Context) -> None:
    """Schedules: jobs and workflows at times of a calendar.

    Every runner makes their ticks, and none is made twice, however many runners there are.

    \b
    faultline schedule apply schedules.yaml
    faultline schedule list
    faultline schedule show nightly
    faultline schedule pause nightly --note "the source is down"
    """
    help_if_bare(ctx)


# A file.


@schedule.command()
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@option("--yes", "-y", "agreed", group="schedule", is_flag=True, help="Don't ask.")
@option("--source", group="schedule", type=NAMED, help="What the file is called in the database.")
@database_options
def apply(file: Path, agreed: bool, source: str | None, dsn: str | None, as_json: bool) -> int:
    """Make the database equal to a file of schedules. Shows the difference, asks, and changes all or nothing.

    FILE is YAML, `-` for stdin. A schedule that was put from the file and is no longer in it is deleted; those of other
    files, or put otherwise, stay. The database knows a file by its `source:`, else by --source, else by its name
    without directories. Without a terminal it takes --yes to change anything; without, 1 if there is a difference.

    \b
    faultline schedule apply schedules.yaml
    faultline schedule apply schedules.yaml --yes
    """
    try:
        found = schedule_file.load(bytes_of(file))
    except ScheduleFault as refused:
        print_faults(file, refused.faults, as_json=as_json)
        return BAD_OUTCOME
    known_as = _source(file, source, found.source)
    with connect(dsn, OPERATOR) as connection:
        checked, faults = _check(connection, found.entries, known_as)
        if faults:
            print_faults(file, faults, as_json=as_json)
            return BAD_OUTCOME
        changes = _changes(connection, checked, known_as)
        if not as_json:
            _print_changes(changes)
        to_do = _to_do(changes)
        agreed = agreed or not to_do or (not as_json and _agreed())
        if agreed and to_do:
            with connection.transaction():
                _carry_out(connection, _still_to_do(connection, checked, known_as, to_do))
    if as_json:
        shown = [{key: value for key, value in change.items() if key != "definition"} for change in changes]
        output.print_json({"source": known_as, "applied": agreed, "schedules": shown})
    elif to_do:
        output.say("done" if agreed else "nothing was changed: --yes changes it")
    return 0 if agreed else BAD_OUTCOME


def _source(file: Path, given: str | None, own: str | None) -> str:
    if given is not None and own is not None and given != own:
        raise WrongUsage(f"--source is {given}, and the file says source: {own}: keep one of them")
    name = own or given or file.name
    if name == "-" and str(file) == "-":
        raise WrongUsage("what comes from stdin has no name: write source: NAME in it, or say --source NAME")
    if not schedule_file.NAME.fullmatch(name):
        raise WrongUsage(f"{output.printable(name)!r} can't be the name of a source: write source: NAME in the file")
    return name


class Checked(NamedTuple):
    """A schedule of the file: as put_schedule takes it, and as it would store it."""

    document: str
    stored: dict[str, Any]


def _check(connection: Connection, entries: Sequence[Entry], source: str) -> tuple[dict[str, Checked], list[Fault]]:
    """The definitions with all defaults, and what the database says against them."""
    checked: dict[str, Checked] = {}
    faults: list[Fault] = []
    for entry in entries:
        document = json.dumps({**entry.definition, "source": source}, ensure_ascii=False)
        try:
            ((stored,),) = connection.execute("select faultline.check_schedule(%s::jsonb)", (document,)).fetchall()
        except psycopg.Error as error:
            if error.sqlstate not in {"FL004", "FL005"}:
                raise
            faults.append(_fault_of(error, entry))
        else:
            checked[entry.name] = Checked(document, stored)
    return checked, faults


def _fault_of(error: psycopg.Error, entry: Entry) -> Fault:
    said = error.diag.message_primary or str(error)
    column = error.diag.column_name
    message = said.removeprefix(f"{column}: ") if column else said.removeprefix("the schedule: ")
    return entry.fault(column, message, error.diag.message_hint or "")


def _changes(connection: Connection, checked: Mapping[str, Checked], source: str) -> list[dict[str, Any]]:
    """What makes the database, as it is now, equal to the file."""
    before = {row["schedule"]: row["definition"] for row, _, _ in _rows(connection, None)}
    changes: list[dict[str, Any]] = []
    for name, (document, new) in checked.items():
        change: dict[str, Any] = {"schedule": name, "action": "create", "when": _when(new), "what": _what(new)}
        if name in before:
            old = before[name]
            keys = sorted(key for key in {*old, *new} if old.get(key) != new.get(key))
            change["action"] = "change" if keys else "keep"
            change["keys"] = {key: {"from": old.get(key), "to": new.get(key)} for key in keys}
        changes.append({**change, "definition": document})
    for name, old in before.items():
        if old.get("source") == source and name not in checked:
            changes.append({"schedule": name, "action": "delete", "when": _when(old), "what": _what(old)})
    return changes


def _to_do(changes: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [change for change in changes if change["action"] != "keep"]


def _still_to_do(
    connection: Connection, checked: Mapping[str, Checked], source: str, shown: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """What of the difference is there still, a while after it was shown; nothing else is ever carried out."""
    left = _to_do(_changes(connection, checked, source))
    other = sorted(change["schedule"] for change in left if change not in shown)
    if other:
        raise Failure(
            f"{output.shortened(', '.join(other), 200)} changed after the difference was shown, and nothing was done:"
            " apply the file again"
        )
    return left


def _print_changes(changes: Sequence[Mapping[str, Any]]) -> None:
    for change in changes:
        name, what = change["schedule"], f"{change['when']}: {change['what']}"
        if change["action"] == "create":
            _print_change("+", "green", f"{name}  {what}")
        elif change["action"] == "delete":
            _print_change("-", "red", f"{name}  {what}")
        elif change["action"] == "change":
            _print_change("~", "yellow", str(name))
            for key, values in change["keys"].items():
                old, new = (_value(key, values[side]) for side in ("from", "to"))
                _print_change(" ", "yellow", f"  {key}: {output.shortened(old, 200)} → {output.shortened(new, 200)}")
    kept = sum(change["action"] == "keep" for change in changes)
    if kept == len(changes):
        output.say(f"nothing to do: {output.plural(kept, 'schedule')} as in the file")
    elif kept:
        output.say(f"{output.plural(kept, 'schedule')} unchanged")


def _value(key: str, value: Any) -> str:
    """A value of a definition as people write it; durations are stored in seconds."""
    return (_duration(value) if key in DURATIONS else output.as_text(value)) or "none"


def _duration(seconds: float | None) -> str | None:
    return None if seconds is None else durations.show(float(seconds))


def _print_change(sign: str, style: str, text: str) -> None:
    output.console().print(Text(f"{sign} {output.clean(text)}", style=style), soft_wrap=True)


def _agreed() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty() and click.confirm("Change that?")


def _carry_out(connection: Connection, changes: Sequence[Mapping[str, Any]]) -> None:
    # In the order in which everybody locks schedules.
    for change in sorted(changes, key=lambda change: str(change["schedule"])):
        if change["action"] == "delete":
            connection.execute("select faultline.delete_schedule(%s)", (change["schedule"],))
        else:
            connection.execute("select faultline.put_schedule(%s::jsonb)", (change["definition"],))


# What there is.


@schedule.command("list")
@database_options
def list_schedules(dsn: str | None, as_json: bool) -> None:
    """List the schedules with their last and next ticks. With --json an array.

    \b
    faultline schedule list
    """
    with connect(dsn, OBSERVER) as connection:
        rows = _rows(connection, None)
    if as_json:
        output.print_raw_list([_document(text, row, now) for row, text, now in rows])
    elif not rows:
        output.note("there is no schedule")
    else:
        output.print_table(
            ("SCHEDULE", "WHEN", "WHAT", "LAST", "NEXT"),
            [
                [row["schedule"], _when(row["definition"]), _what(row["definition"]), _last(row, now), _next(row, now)]
                for row, _, now in rows
            ],
        )


@schedule.command()
@click.argument("name", type=NAMED)
@option(
    "--limit",
    group="schedule",
    type=click.IntRange(1, 1000),
    default=LAST_TICKS,
    show_default=True,
    help="So many past ticks.",
)
@database_options
def show(name: str, limit: int, dsn: str | None, as_json: bool) -> None:
    """Show a schedule, its last ticks, and the next five. Of the last ones it says what became of them.

    \b
    faultline schedule show nightly
    """
    with connect(dsn, OBSERVER) as connection:
        row, text, now = _one(connection, name)
        ticks = connection.execute(TICKS, (name, limit)).fetchall()
    if as_json:
        listed = ",\n  ".join(f'{{"state": {json.dumps(tick[6])}, {tick[0][1:]}' for tick in ticks)
        output.print_raw_json(f'{{"ticks": [{listed}],\n {_document(text, row, now)[1:]}')
        return
    zone = row["definition"].get("timezone")
    definition = {**row["definition"]}
    output.print_fields(
        {
            "schedule": name,
            "state": _state(row),
            "when": _when(definition),
            "what": _what(definition),
            "description": definition.get("description"),
            "payload": output.as_text(definition.get("payload")),
            "input": output.as_text(definition.get("input")),
            "queue": definition.get("queue"),
            "priority": definition.get("priority"),
            "max attempts": definition.get("max_attempts"),
            "backoff": output.as_text(definition.get("backoff")),
            "timeout": _duration(definition.get("timeout")),
            "tags": output.as_text(definition.get("tags")),
            "headers": output.as_text(definition.get("headers")),
            "jitter": _duration(definition.get("jitter")),
            "missed ticks": _missed_rule(definition),
            "overlap": definition.get("overlap"),
            "starts at": moment(definition.get("starts_at"), now),
            "ends at": moment(definition.get("ends_at"), now),
            "version": row["version"],
            "source": definition.get("source"),
            "missed so far": row["missed_ticks"],
            "next": "\n".join(_local(tick, zone) for tick in _coming(row, now)) or "none",
        }
    )
    if ticks:
        output.say()
        output.print_table(("TICK", "OUTCOME", "MADE", "STATE", "DETAIL"), [_tick_row(tick, zone) for tick in ticks])


def _tick_row(tick: Sequence[Any], zone: str | None) -> list[object]:
    _, tick_at, kind, outcome, job_id, run_id, state, detail, missed = tick
    made = f"job {job_id}" if job_id is not None else f"run {run_id}" if run_id is not None else ""
    said = detail or (f"{missed} missed before it" if missed and outcome != "missed" else "")
    shown = outcome if kind == "calendar" else f"{outcome} ({kind})"
    if outcome == "missed" and missed:
        shown = f"missed ({missed})"
    return [_local(tick_at, zone), shown, made, output.state(state or ""), said]


def _missed_rule(definition: Mapping[str, Any]) -> str:
    rule = str(definition["missed"])
    if rule == "skip":
        return rule
    window = output.span(float(definition["missed_window"]))
    limit = f", at most {definition['missed_limit']} at a time" if rule == "all" else ""
    return f"{rule}, up to {window} back{limit}"


# What an operator does.


@schedule.command()
@click.argument("name", type=NAMED)
@option("--note", group="schedule", help="Why, for whoever wonders.")
@database_options
def pause(name: str, note: str | None, dsn: str | None, as_json: bool) -> None:
    """Make no more ticks of a schedule. Those of the pause are not made up for: see backfill.

    \b
    faultline schedule pause nightly --note "the source is down"
    """
    with connect(dsn, OPERATOR) as connection:
        connection.execute("select faultline.pause_schedule(%s, %s)", (name, note))
    said = f"paused {name}: `faultline schedule resume {name}` lets it go on"
    output.tell({"schedule": name, "paused": True}, said, as_json=as_json)


@schedule.command()
@click.argument("name", type=NAMED)
@database_options
def resume(name: str, dsn: str | None, as_json: bool) -> None:
    """Let a paused schedule go on, from now.

    \b
    faultline schedule resume nightly
    """
    with connect(dsn, OPERATOR) as connection:
        connection.execute("select faultline.resume_schedule(%s)", (name,))
        row, _, now = _one(connection, name)
    output.tell({"schedule": name, "paused": False}, f"{name} goes on, next {_next(row, now)}", as_json=as_json)


@schedule.command()
@click.argument("name", type=NAMED)
@database_options
def delete(name: str, dsn: str | None, as_json: bool) -> None:
    """Delete a schedule. Its past ticks and their jobs stay.

    \b
    faultline schedule delete nightly
    """
    with connect(dsn, OPERATOR) as connection:
        ((deleted,),) = connection.execute("select faultline.delete_schedule(%s)", (name,)).fetchall()
    if not deleted:
        raise Failure(f"there is no schedule {name}: `faultline schedule list` shows those that there are")
    output.tell({"schedule": name, "deleted": True}, f"deleted {name}", as_json=as_json)


@schedule.command()
@click.argument("name", type=NAMED)
@database_options
def run(name: str, dsn: str | None, as_json: bool) -> None:
    """Make the job or the run of a schedule now. It is besides the calendar, and of a paused one, too.

    \b
    faultline schedule run nightly
    """
    with connect(dsn, OPERATOR) as connection, connection.transaction():
        ((job_id, run_id),) = connection.execute(FIRE_NOW, (name,)).fetchall()
    made = f"job {job_id}" if job_id is not None else f"run {run_id}"
    output.tell({"schedule": name, "job_id": job_id, "run_id": run_id}, made, as_json=as_json)


class ScheduleMoment(Kind):
    """A time with its offset, or without one: then it is on the clocks of the schedule."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no time: write 2030-01-31, 2030-01-31T08:00, or 2030-01-31T08:00Z", param, ctx)


MOMENT: Final = ScheduleMoment()


@schedule.command()
@click.argument("name", type=NAMED)
@option("--from", "first", group="schedule", type=MOMENT, metavar="TIME", required=True, help="The first tick's.")
@option("--to", "last", group="schedule", type=MOMENT, metavar="TIME", required=True, help="The last tick's.")
@option("--dry-run", group="schedule", is_flag=True, help="Only say which ticks that would be.")
@database_options
def backfill(name: str, first: datetime, last: datetime, dry_run: bool, dsn: str | None, as_json: bool) -> int:
    """Make ticks of the past that were not made. They are of a time before it was put, of a pause, or were missed.

    A tick that has its job already makes none, so that it can be repeated. A TIME without an offset is one on the
    clocks of the schedule, a date its midnight. At most 10,000 ticks at once.

    \b
    faultline schedule backfill nightly --from 2030-01-01 --to 2030-02-01
    """
    with connect(dsn, OPERATOR) as connection:
        row, _, now = _one(connection, name)
        ticks = _past(connection, row, first, last, now)
        known = _made_before(connection, name, ticks) if dry_run else {}
        done: list[dict[str, Any]] = []
        failed = False
        for tick in ticks:
            result = _foreseen(row, tick, known.get(tick)) if dry_run else _fire(connection, row, tick)
            failed = failed or "error" in result
            done.append({"tick_at": tick.isoformat(), **result})
            if not as_json:
                output.say(f"{_local(tick, row['timezone'])}  {output.clean(_sentence(result))}")
    if as_json:
        output.print_json(done)
    else:
        new = sum(result["created"] for result in done)
        would = "would be made" if dry_run else "made"
        output.say(f"{output.plural(len(done), 'tick')}, {new} {would}")
    return BAD_OUTCOME if failed else 0


def _made_before(connection: Connection, name: str, ticks: Sequence[datetime]) -> dict[datetime, Sequence[Any]]:
    return {tick_at: made for tick_at, *made in connection.execute(MADE, (name, list(ticks))).fetchall()}


def _foreseen(row: Mapping[str, Any], tick: datetime, known: Sequence[Any] | None) -> dict[str, Any]:
    """What fire_schedule would do."""
    forgotten = row["forgotten_until"]
    made: dict[str, Any] = {"created": False, "job_id": None, "run_id": None}
    if known is not None:
        job_id, run_id = known
        return {**made, "job_id": job_id, "run_id": run_id}
    if forgotten is not None and tick <= datetime.fromisoformat(forgotten):
        return {**made, "error": "may have happened: retention has removed the ticks of that time"}
    if row["paused_at"] is None and tick > datetime.fromisoformat(row["cursor"]):
        return {**made, "error": "is not past yet: the calendar makes it, or drops it"}
    return {**made, "created": True}


def _fire(connection: Connection, row: Mapping[str, Any], tick: datetime) -> dict[str, Any]:
    query = "select job_id, run_id, created from faultline.fire_schedule(%s, %s, %s, backfill => true)"
    values = (row["schedule"], tick, row["version"])
    try:
        with connection.transaction():
            ((job_id, run_id, created),) = connection.execute(query, values).fetchall()
    except psycopg.Error as error:
        if not (error.sqlstate or "").startswith("FL"):
            raise
        return {"created": False, "job_id": None, "run_id": None, "error": error.diag.message_primary}
    return {"created": created, "job_id": job_id, "run_id": run_id}


def _sentence(result: Mapping[str, Any]) -> str:
    if "error" in result:
        return str(result["error"])
    job_id, run_id = result["job_id"], result["run_id"]
    made = f"job {job_id}" if job_id is not None else f"run {run_id}" if run_id is not None else ""
    if result["created"]:
        return made or "would be made"
    return f"was made before: {made}" if made else "was recorded before, and made nothing"


def _past(
    connection: Connection, row: Mapping[str, Any], first: datetime, last: datetime, now: datetime
) -> list[datetime]:
    """The ticks in question, by the clocks of the database."""
    name = row["timezone"]
    since, until = (_on_clocks(given, name) for given in (first, last))
    if until < since:
        raise WrongUsage(f"--to {last.isoformat()} is before --from {first.isoformat()}")
    if until > now:
        raise WrongUsage(f"--to {last.isoformat()} lies in the future: the database's clock says {now.isoformat()}")
    # There is no tick before the one nor after the other.
    since = max(since, _time(row["starts_at"]) or since)
    until = min(until, _time(row["ends_at"]) or until)
    if until < since:
        return []
    if until - since > LONGEST_GAP:
        raise WrongUsage(f"from {first.isoformat()} to {last.isoformat()} is too long: at most ten years at once")
    zone = drive(connection, zone_calls(name, since, until)) if name is not None else None
    table = timetable(cron=row["cron"], every=_seconds(row), zone=zone)
    found = []
    for tick in islice(table.after(since - timedelta(microseconds=1)), MOST_BACKFILL + 1):
        if tick > until:
            break
        found.append(tick)
    if len(found) > MOST_BACKFILL:
        raise WrongUsage(f"these are more than {MOST_BACKFILL} ticks: take a shorter time")
    return found


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _on_clocks(given: datetime, zone: str | None) -> datetime:
    if not EARLIEST <= given.year <= LATEST:
        raise WrongUsage(f"{given.isoformat()} is out of bounds: a time between {EARLIEST} and {LATEST}")
    if given.tzinfo is not None:
        return given.astimezone(UTC)
    return reached(HostZone(zone or "UTC"), given)


# A process of its own.


@schedule.command()
@option("--watch", group="schedule", is_flag=True, help="Go on, about every second, until it is stopped.")
@database_options
def tick(watch: bool, dsn: str | None, as_json: bool) -> int:
    """Make the ticks that are due, as every runner does. For cron, for systemd timers, for a process of its own.

    Any number may do it at once: each tick is made once. With --json an array of {schedule, tick_at, outcome, …}; with
    --watch one a line.

    \b
    faultline schedule tick
    faultline schedule tick --watch
    """
    board = Board()
    with connect(dsn, RUNNER) as connection:
        failed = False
        fired: list[Fired] = []
        if not watch:
            while True:
                done = drive(connection, board.propose())
                fired += done.fired
                if not done.more:
                    break
            failed = any(each.outcome in WARNED for each in fired)
            if as_json:
                output.print_raw_list([json.dumps(_fired(each), ensure_ascii=False) for each in fired])
            elif fired:
                _print_fired(fired, as_json=False)
            else:
                output.say("nothing is due")
            return BAD_OUTCOME if failed else 0
    _watch(board, dsn, as_json=as_json)
    return 0


def _watch(board: Board, dsn: str | None, *, as_json: bool) -> None:
    """Until a signal comes. A database that does not answer is waited for."""
    stopping = threading.Event()
    for number in heard(signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stopping.set())
    state = database.DatabaseState()
    tries = 0
    while not stopping.is_set():
        try:
            with database.connect(dsn, "tick") as connection:
                state.back("tick")
                tries = 0
                board.forget()
                while not stopping.is_set():
                    done = drive(connection, board.propose())
                    _print_fired(done.fired, as_json=as_json)
                    if not done.more:
                        stopping.wait(WATCH_SECONDS)
        except (DatabaseUnavailable, psycopg.OperationalError) as error:
            state.lost("tick", database.reason(error))
            stopping.wait(database.backoff(tries))
            tries += 1


def _print_fired(fired: Sequence[Fired], *, as_json: bool) -> None:
    for each in fired:
        if as_json:
            output.print_json(_fired(each))
        else:
            made = f": {_made(each)}" if each.job_id is not None or each.run_id is not None else ""
            why = f" ({each.detail})" if each.detail else ""
            output.say(output.clean(f"{each.schedule} {each.tick_at:%Y-%m-%dT%H:%M:%SZ} {each.outcome}{made}{why}"))
    sys.stdout.flush()


def _fired(each: Fired) -> dict[str, Any]:
    return {**each._asdict(), "tick_at": each.tick_at.isoformat()}


def _made(each: Fired) -> str:
    return f"job {each.job_id}" if each.job_id is not None else f"run {each.run_id}"


# How it is shown.


def _rows(connection: Connection, name: str | None) -> list[tuple[dict[str, Any], str, datetime]]:
    return [(decode(text), text, now) for text, now in connection.execute(LIST, {"name": name}).fetchall()]


def _one(connection: Connection, name: str) -> tuple[dict[str, Any], str, datetime]:
    rows = _rows(connection, name)
    if not rows:
        raise Failure(f"there is no schedule {name}: `faultline schedule list` shows those that there are")
    return rows[0]


def _document(text: str, row: Mapping[str, Any], now: datetime) -> str:
    """What the server wrote, and what it can't know."""
    coming = [tick.isoformat() for tick in _coming(row, now)]
    own = json.dumps({"when": _when(row["definition"]), "next_ticks": coming}, ensure_ascii=False)
    return f"{own[:-1]}, {text[1:]}"


def _when(definition: Mapping[str, Any]) -> str:
    return describe(cron=definition.get("cron"), every=definition.get("every"), timezone=definition.get("timezone"))


def _what(definition: Mapping[str, Any]) -> str:
    return f"workflow {definition['workflow']}" if definition.get("workflow") else f"job {definition['type']}"


def _seconds(row: Mapping[str, Any]) -> int | None:
    every = row["definition"].get("every")
    return None if every is None else int(every)


def _coming(row: Mapping[str, Any], now: datetime) -> list[datetime]:
    """The next ticks by this host's clocks: the database decides, this is what to expect."""
    definition = row["definition"]
    if row["paused_at"] is not None:
        return []
    after = max(datetime.fromisoformat(row["cursor"]), now)
    if definition.get("starts_at") is not None:
        after = max(after, datetime.fromisoformat(definition["starts_at"]) - timedelta(microseconds=1))
    with suppress(InvalidArgument):
        zone = HostZone(definition["timezone"]) if definition.get("timezone") else None
        table = timetable(cron=definition.get("cron"), every=_seconds(row), zone=zone)
        found = list(islice(table.after(after), NEXT_TICKS))
        end = definition.get("ends_at")
        return found if end is None else [tick for tick in found if tick <= datetime.fromisoformat(end)]
    return []


def _last(row: Mapping[str, Any], now: datetime) -> str:
    if row["last_tick_at"] is None:
        # Retention has removed what became of it.
        forgotten = row["forgotten_until"]
        return "never" if forgotten is None else output.ago((now - datetime.fromisoformat(forgotten)).total_seconds())
    ago = output.ago((now - datetime.fromisoformat(row["last_tick_at"])).total_seconds())
    return ago if row["last_outcome"] == "made" else f"{ago}, {row['last_outcome']}"


def _next(row: Mapping[str, Any], now: datetime) -> Text | str:
    if row["paused_at"] is not None:
        return _state(row)
    coming = _coming(row, now)
    if not coming:
        return "never"
    seconds = (coming[0] - now).total_seconds()
    return output.ago(-seconds) if seconds >= 1 else "now"


def _state(row: Mapping[str, Any]) -> Text:
    if row["paused_at"] is None:
        return Text("active", style="green")
    note = row["paused_note"]
    return Text(output.clean(f"paused: {note}" if note else "paused"), style="yellow")


def _local(tick: datetime, zone: str | None) -> str:
    """On the clocks of the schedule, with their offset."""
    with suppress(InvalidArgument, KeyError, ValueError, OSError):
        return f"{tick.astimezone(ZoneInfo(zone or 'UTC')):%Y-%m-%d %H:%M:%S %z}"
    return f"{tick:%Y-%m-%d %H:%M:%S} UTC"
