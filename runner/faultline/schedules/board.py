"""What a runner knows of the schedules, and what it asks the database for. Leaderless: anybody may propose any tick.

Nothing here waits: `propose` yields each call and is sent its rows, by a runner's connection or by the command line's.
"""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, LiteralString, NamedTuple, TypeVar

import psycopg

from faultline import database
from faultline.errors import InvalidArgument
from faultline.logs import clean
from faultline.schedules.due import INSTANT, LONGEST_GAP, Proposal, Schedule, due
from faultline.schedules.ticks import EPOCH, timetable
from faultline.schedules.zones import NEAR, Change, ListedZone

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from faultline.schedules.ticks import Timetable

log = logging.getLogger("faultline")

_CHANGES: Final = (
    "select c.mark, (extract(epoch from c.now) * 1000000)::bigint, c.schedules::text"
    " from faultline.schedule_changes(%s) c"
)
_FIRE: Final = (
    "select f.schedule, (extract(epoch from f.tick_at) * 1000000)::bigint, f.outcome, f.job_id, f.run_id, f.detail,"
    " (extract(epoch from f.cursor) * 1000000)::bigint"
    " from faultline.fire_schedules(%s::jsonb) f order by f.ordinal"
)
_OFFSETS: Final = (
    "select (extract(epoch from starts_at) * 1000000)::bigint, extract(epoch from utc_offset)::int"
    " from faultline.zone_offsets(%s, %s, %s) order by starts_at"
)
MOST_TICKS: Final = 5_000
AHEAD: Final = timedelta(days=40)
ZONE_FRESH: Final = timedelta(days=1)
AGAIN: Final = timedelta(seconds=60)
"""A schedule that can't be computed here is looked at again after that; another host may know better."""

_CANCELED: Final = "57014"
_PROGRESS: Final = {"made", "repeat", "skipped", "failed", "missed", "behind"}

Call = tuple[LiteralString, tuple[Any, ...]]
Rows = list[tuple[Any, ...]]
T = TypeVar("T")
Calls = Generator[Call, Any, T]


class Fired(NamedTuple):
    """What became of a proposal."""

    schedule: str
    tick_at: datetime
    outcome: str
    job_id: int | None
    run_id: int | None
    detail: str | None


@dataclass(slots=True)
class Pass:
    """One look at all schedules: what was proposed, and whether there is more to propose at once."""

    fired: list[Fired] = field(default_factory=list)
    more: bool = False


class _KnownZone(NamedTuple):
    zone: ListedZone
    fetched: datetime


def zone_calls(name: str, since: datetime, until: datetime) -> Calls[ListedZone]:
    """The clocks of a zone as the database has them, for ticks between two moments at most ten years apart."""
    since, until = since - NEAR, until + NEAR
    rows = yield (_OFFSETS, (name, since, until))
    return ListedZone([Change(_moment(start), timedelta(seconds=offset)) for start, offset in rows], until)


def drive(connection: psycopg.Connection[Any], calls: Calls[T]) -> T:
    """Make the calls on a connection in autocommit, each in a transaction of its own."""
    connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
    rows: Rows | None = None
    error: psycopg.Error | None = None
    try:
        while True:
            query, parameters = calls.throw(error) if error is not None else calls.send(rows)
            rows = error = None
            try:
                with connection.transaction():
                    rows = connection.execute(query, parameters).fetchall()
            except psycopg.Error as raised:
                error = raised
    except StopIteration as stop:
        result: T = stop.value
        return result


class Board:
    """All schedules, kept up to date by what has changed. One thread at a time."""

    def __init__(self) -> None:
        self.schedules: dict[str, Schedule] = {}
        self._mark: str | None = None
        self._zones: dict[str, _KnownZone] = {}
        self._complained: dict[str, str] = {}
        self._now = EPOCH

    def forget(self) -> None:
        """Read everything anew: the database may be another one, or an older one."""
        self._mark = None

    def propose(self) -> Calls[Pass]:
        """One pass: read what has changed, propose what is due, take note of what the database says."""
        now = self._now = self._take((yield (_CHANGES, (self._mark,)))[0])
        done = Pass()
        late = [schedule for schedule in self.schedules.values() if _to_look_at(schedule, now)]
        if late:
            yield from self._fetch_zones(late, now)
            proposed, unfinished = self._plan(late, now)
            yield from self._fire(proposed, done)
            # Of one that somebody holds, or that is refused, nothing more is asked for at once.
            done.more = any(fired.outcome in _PROGRESS for fired in done.fired if fired.schedule in unfinished)
        return done

    # What is known.

    def _take(self, row: tuple[Any, ...]) -> datetime:
        mark, now, changed = row
        if self._mark is None:
            self.schedules.clear()
        self._mark = mark
        for given in json.loads(changed):
            name = given["schedule"]
            known = self.schedules.pop(name, None)
            if given["deleted"]:
                continue
            try:
                read = Schedule.read(given)
            except Exception as error:  # noqa: BLE001 - what a newer database says of one stops no other
                self._complain(name, f"it can't be read: {error!r}")
            else:
                self.schedules[name] = known if read == known and known is not None else read
        return _moment(now)

    def _fetch_zones(self, schedules: Iterable[Schedule], now: datetime) -> Calls[None]:
        needed: dict[str, datetime] = {}
        for schedule in schedules:
            if schedule.timezone is not None and schedule.cron is not None:
                since = max(schedule.cursor, now - LONGEST_GAP) - NEAR
                needed[schedule.timezone] = min(since, needed.get(schedule.timezone, since))
        for name, since in needed.items():
            known = self._zones.get(name)
            if known and known.zone.since <= since and known.fetched <= now < known.fetched + ZONE_FRESH:
                continue
            try:
                zone = yield from zone_calls(name, since, now + AHEAD)
            except psycopg.Error as error:
                if database.passing(error):
                    raise
                self._zones.pop(name, None)
            else:
                self._zones[name] = _KnownZone(zone, now)

    # What is due.

    def _plan(self, schedules: Sequence[Schedule], now: datetime) -> tuple[dict[str, list[Proposal]], set[str]]:
        """What to propose, and for which of these schedules there is more to come."""
        found: dict[str, list[Proposal]] = {}
        unfinished: set[str] = set()
        count = 0
        for schedule in schedules:
            if count >= MOST_TICKS:
                return found, set(found)
            known = self._zones.get(schedule.timezone or "")
            try:
                zone = known.zone if known else None
                if zone is None and schedule.cron is not None:
                    raise InvalidArgument(f"the database knows no time zone {schedule.timezone!r}")
                table = timetable(cron=schedule.cron, every=schedule.every, zone=zone)
                proposals, more = due(schedule, table, now)
                schedule.next_look = now if proposals else _next_look(schedule, table, known, now)
            except Exception as error:  # noqa: BLE001 - whatever it is, it stops no other
                self._complain(schedule.name, str(error) if isinstance(error, InvalidArgument) else repr(error))
                schedule.next_look = now + AGAIN
                continue
            if proposals:
                found[schedule.name] = proposals
                count += len(proposals)
                if more:
                    unfinished.add(schedule.name)
        return found, unfinished

    def _fire(self, proposed: dict[str, list[Proposal]], done: Pass) -> Calls[None]:
        if not proposed:
            return
        try:
            rows = yield (_FIRE, (self._items(proposed),))
        except psycopg.Error as error:
            if error.sqlstate == _CANCELED and sum(map(len, proposed.values())) > 1:
                # What takes longer than statement_timeout does so the next time, too: in two halves it may not.
                for half in _halves(proposed):
                    yield from self._fire(half, done)
                return
            if database.passing(error):
                raise
            if len(proposed) == 1:
                (name,) = proposed
                self._complain(name, str(error.diag.message_primary or error))
                self.schedules[name].next_look = self._now + AGAIN
                return
            # Not all of them have to be what the database can't take.
            for name, proposals in proposed.items():
                yield from self._fire({name: proposals}, done)
        else:
            self._settle(rows, done)

    def _items(self, proposed: dict[str, list[Proposal]]) -> str:
        return json.dumps(
            [
                {
                    "schedule": name,
                    "version": self.schedules[name].version,
                    "tick_at": proposal.tick_at.isoformat(),
                    "after": proposal.after.isoformat(),
                    "missed": proposal.missed,
                    "fire": proposal.fire,
                }
                for name, proposals in proposed.items()
                for proposal in proposals
            ]
        )

    # What the database said.

    def _settle(self, rows: Rows, done: Pass) -> None:
        cursors: dict[str, datetime] = {}
        outcomes: dict[str, set[str]] = defaultdict(set)
        for name, tick_at, outcome, job_id, run_id, detail, cursor in rows:
            done.fired.append(Fired(name, _moment(tick_at), outcome, job_id, run_id, detail))
            outcomes[name].add(outcome)
            if cursor is not None:
                cursors[name] = _moment(cursor)
            if outcome in {"not_a_tick", "failed"}:
                self._complain(name, detail or outcome)
            elif outcome == "made":
                self._complained.pop(name, None)
        for name, seen in outcomes.items():
            schedule = self.schedules.get(name)
            if schedule is None:
                continue
            if "unknown" in seen:
                del self.schedules[name]
            elif seen & {"version", "paused"}:
                schedule.active = False  # until its change is read
            schedule.cursor = cursors.get(name, schedule.cursor)
            if "not_a_tick" in seen:
                schedule.next_look = self._now + AGAIN
                self._zones.pop(schedule.timezone or "", None)

    def _complain(self, name: str, why: str) -> None:
        """Once for each reason in a row."""
        if self._complained.get(name) != why:
            self._complained[name] = why
            log.warning("schedule %s: %s", clean(name), clean(why))


def _halves(proposed: dict[str, list[Proposal]]) -> tuple[dict[str, list[Proposal]], dict[str, list[Proposal]]]:
    """As many ticks in both, in the same order."""
    halves: tuple[dict[str, list[Proposal]], dict[str, list[Proposal]]] = ({}, {})
    middle = sum(map(len, proposed.values())) // 2
    for at, (name, proposal) in enumerate((name, each) for name, several in proposed.items() for each in several):
        halves[at >= middle].setdefault(name, []).append(proposal)
    return halves


def _to_look_at(schedule: Schedule, now: datetime) -> bool:
    return schedule.active and (schedule.next_look is None or now >= schedule.next_look)


def _next_look(schedule: Schedule, table: Timetable, known: _KnownZone | None, now: datetime) -> datetime:
    """When the next tick is due, as far as the zone's changes are known."""
    after = max(schedule.cursor, now)
    if schedule.starts_at is not None:
        after = max(after, schedule.starts_at - INSTANT)
    horizon = known.zone.until - NEAR if known else None
    tick = next(table.after(after), None)
    if tick is None or (schedule.ends_at is not None and tick > schedule.ends_at):
        return horizon or after + AHEAD
    return tick if horizon is None else min(tick, horizon)


def _moment(microseconds: int) -> datetime:
    return (EPOCH + timedelta(microseconds=microseconds)).astimezone(UTC)
