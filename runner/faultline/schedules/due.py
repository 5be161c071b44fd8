"""Which ticks of a schedule are due, and what its rule for missed ticks makes of them. The database judges them again.

A tick is on time for a minute. What the rule drops is counted, by the first tick after it that is proposed, or by the
last that was dropped.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faultline.schedules.ticks import Timetable

ON_TIME: Final = timedelta(seconds=60)
INSTANT: Final = timedelta(microseconds=1)
COUNT_MOST: Final = 10_000
LONGEST_GAP: Final = timedelta(days=3_600)
"""What lies further back is not looked at: no rule makes up for it."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A tick for fire_schedules: to be made, or (`fire` false) the last of those that are not."""

    tick_at: datetime
    after: datetime
    missed: int = 0
    fire: bool = True


@dataclass(slots=True)
class Schedule:
    """As the database has it. `cursor`: all ticks up to it have been dealt with."""

    name: str
    version: int
    cron: str | None
    every: int | None
    timezone: str | None
    starts_at: datetime | None
    ends_at: datetime | None
    missed: str
    missed_window: timedelta
    missed_limit: int
    cursor: datetime
    active: bool = True
    next_look: datetime | None = field(default=None, compare=False)
    """Nothing is due before; None if nobody knows."""

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Schedule:
        """From an element of schedule_changes."""
        return cls(
            name=given["schedule"],
            version=given["version"],
            cron=given["cron"],
            every=given["every"],
            timezone=given["timezone"],
            starts_at=_moment(given["starts_at"]),
            ends_at=_moment(given["ends_at"]),
            missed=given["missed"],
            missed_window=timedelta(seconds=float(given["missed_window"] or 0)),
            missed_limit=given["missed_limit"] or 1,
            cursor=datetime.fromisoformat(given["cursor"]),
            active=not given["paused"],
        )


def due(schedule: Schedule, table: Timetable, now: datetime) -> tuple[list[Proposal], bool]:
    """What has to be proposed, oldest first, and whether more is to follow at once."""
    start, end = _bounds(schedule, now)
    if start >= end:
        return [], False
    punctual = max(start, now - ON_TIME - INSTANT)
    missed, more = _missed(schedule, table, (start, min(end, punctual)), now)
    if not more:
        on_time = _between(table, punctual, end)
        if on_time and schedule.missed == "latest":
            missed = []
        missed += on_time
    if not missed:
        last = table.latest(min(end, punctual))
        if last is None or last <= start:
            return [], False
        dropped = _count(table, start, last) + 1
        return [Proposal(last, schedule.cursor, min(dropped, COUNT_MOST), fire=False)], False
    proposals = [Proposal(missed[0], schedule.cursor, _count(table, start, missed[0]))]
    proposals += [Proposal(tick, before) for before, tick in pairwise(missed)]
    return proposals, more


def _bounds(schedule: Schedule, now: datetime) -> tuple[datetime, datetime]:
    """Ticks are due if they are later than the first and not later than the second."""
    start, end = max(schedule.cursor, now - LONGEST_GAP), now
    if schedule.starts_at is not None:
        start = max(start, schedule.starts_at - INSTANT)
    if schedule.ends_at is not None:
        end = min(end, schedule.ends_at)
    return start, end


def _missed(
    schedule: Schedule, table: Timetable, span: tuple[datetime, datetime], now: datetime
) -> tuple[list[datetime], bool]:
    """The missed ticks that the rule makes up for, and whether there are more of them."""
    start, end = span
    if schedule.missed == "skip" or start >= end:
        return [], False
    oldest = max(start, now - schedule.missed_window - INSTANT)
    if schedule.missed == "latest":
        last = table.latest(end)
        return ([last] if last is not None and last > oldest else []), False
    found = _between(table, oldest, end, schedule.missed_limit + 1)
    return found[: schedule.missed_limit], len(found) > schedule.missed_limit


def _between(table: Timetable, after: datetime, until: datetime, most: int = COUNT_MOST) -> list[datetime]:
    found = []
    for tick in islice(table.after(after), most):
        if tick > until:
            break
        found.append(tick)
    return found


def _count(table: Timetable, after: datetime, before: datetime) -> int:
    """How many ticks lie between, at most 10 000: each is computed, and a year of seconds is long."""
    count = 0
    for tick in islice(table.after(after), COUNT_MOST):
        if tick >= before:
            break
        count += 1
    return count


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
