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
from typing import TYPE_CHECKING, Any, Final, LiteralString, NamedTuple

import psycopg

from faultline import database
from faultline.errors import InvalidArgument
from faultline.logs import clean
from faultline.schedules.due import LONGEST_GAP, Proposal, Schedule, due
from faultline.schedules.ticks import EPOCH
from faultline.schedules.zones import NEAR, Change, ListedZone

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from faultline.schedules.ticks import Timetable

log = logging.getLogger("faultline")

_CHANGES: Final = (
    "select mark, (extract(epoch from now) * 1000000)::bigint, schedules::text from faultline.schedule_changes(%s)"
)
_FIRE: Final = (
    "select ordinal, schedule, outcome, job_id, run_id, (extract(epoch from cursor) * 1000000)::bigint, detail,"
    " (extract(epoch from tick_at) * 1000000)::bigint"
    " from faultline.fire_schedules(%s::jsonb) order by ordinal"
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

_PROGRESS: Final = {"made", "repeat", "skipped", "failed", "missed", "behind"}

Call = tuple[LiteralString, tuple[Any, ...]]
Rows = list[tuple[Any, ...]]
Calls = Generator[Call, Rows, "Pass"]


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

    def propose(self) -> Calls:
        """One pass: read what has changed, propose what is due, take note of what the database says."""
        now = self._now = self._take((yield (_CHANGES, (self._mark,)))[0])
        done = Pass()
        late = [schedule for schedule in self.schedules.values() if _to_look_at(schedule, now)]
        if late:
            yield from self._fetch_zones(late, now)
            proposed, more = self._plan(late, now)
            yield from self._fire(proposed, done)
            done.more = more and any(fired.outcome in _PROGRESS for fired in done.fired)
        return done

    # What is known.

    def _take(self, row: tuple[Any, ...]) -> datetime:
        mark, now, changed = row
        if self._mark is None:
            self.schedules.clear()
        self._mark = mark
        for given in json.loads(changed):
            name = given["schedule"]
            if given["deleted"]:
                self.schedules.pop(name, None)
            else:
                self.schedules[name] = Schedule.read(given)
        return _moment(now)

    def _fetch_zones(self, schedules: Iterable[Schedule], now: datetime) -> Generator[Call, Rows, None]:
        needed: dict[str, datetime] = {}
        for schedule in schedules:
            if schedule.timezone is not None and schedule.cron is not None:
                since = max(schedule.cursor, now - LONGEST_GAP) - 2 * NEAR
                needed[schedule.timezone] = min(since, needed.get(schedule.timezone, since))
        for name, since in needed.items():
            known = self._zones.get(name)
            if known and known.zone.since <= since and known.fetched <= now < known.fetched + ZONE_FRESH:
                continue
            until = now + AHEAD
            try:
                rows = yield (_OFFSETS, (name, since, until))
            except psycopg.Error as error:
                if error.sqlstate is None or not error.sqlstate.startswith("FL"):
                    raise
                self._zones.pop(name, None)
                continue
            changes = [Change(_moment(start), timedelta(seconds=offset)) for start, offset in rows]
            self._zones[name] = _KnownZone(ListedZone(changes, until), now)

    # What is due.

    def _plan(self, schedules: Sequence[Schedule], now: datetime) -> tuple[dict[str, list[Proposal]], bool]:
        found: dict[str, list[Proposal]] = {}
        count, more = 0, False
        for schedule in schedules:
            if count >= MOST_TICKS:
                return found, True
            known = self._zones.get(schedule.timezone or "")
            try:
                if schedule.every is None and known is None:
                    raise InvalidArgument(f"the database knows no time zone {schedule.timezone!r}")
                table = schedule.timetable(known.zone if known else None)
                proposals, unfinished = due(schedule, table, now)
                schedule.next_look = now if proposals else _next_look(schedule, table, known, now)
            except InvalidArgument as error:
                self._complain(schedule.name, str(error))
                schedule.next_look = now + AGAIN
                continue
            if proposals:
                found[schedule.name] = proposals
                count += len(proposals)
                more = more or unfinished
        return found, more

    def _fire(self, proposed: dict[str, list[Proposal]], done: Pass) -> Generator[Call, Rows, None]:
        if not proposed:
            return
        try:
            rows = yield (_FIRE, (self._items(proposed),))
        except psycopg.Error as error:
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
        for _, name, outcome, job_id, run_id, cursor, detail, tick_at in rows:
            done.fired.append(Fired(name, _moment(tick_at), outcome, job_id, run_id, detail))
            outcomes[name].add(outcome)
            if cursor is not None:
                cursors[name] = _moment(cursor)
            if outcome in {"not_a_tick", "failed"}:
                self._complain(name, detail or outcome)
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


def _to_look_at(schedule: Schedule, now: datetime) -> bool:
    return schedule.active and (schedule.next_look is None or now >= schedule.next_look)


def _next_look(schedule: Schedule, table: Timetable, known: _KnownZone | None, now: datetime) -> datetime:
    """When the next tick is due, as far as the zone's changes are known."""
    after = max(schedule.cursor, now)
    horizon = known.zone.until - 2 * NEAR if known else None
    tick = next(table.after(after), None)
    if tick is None:
        return horizon or after + AHEAD
    return tick if horizon is None else min(tick, horizon)


def _moment(microseconds: int) -> datetime:
    return (EPOCH + timedelta(microseconds=microseconds)).astimezone(UTC)
