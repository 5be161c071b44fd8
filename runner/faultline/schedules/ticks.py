"""From a definition to its ticks. Nothing here knows what time it is.

cronsim only ever sees times on the wall: what a change of the clocks does to a schedule is decided here. A fixed time
(no field of seconds, minutes or hours begins with `*`) fires once a day, when the clock on the wall has reached it.
Anything else fires whenever the clock on the wall shows a match: never in a gap, twice where an hour is repeated.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Final, Protocol

from cronsim import CronSim, CronSimError

from faultline.errors import InvalidArgument
from faultline.schedules import zones
from faultline.schedules.zones import SECOND

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faultline.schedules.zones import Zone

LONGEST_CRON: Final = 255
LONGEST_EVERY: Final = 366 * 86400
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
LAST: Final = datetime(9900, 1, 1, tzinfo=UTC)
FIRST: Final = datetime(1900, 1, 1, tzinfo=UTC)
MACROS: Final = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_ALLOWED: Final = re.compile(r"[0-9A-Za-z*,/#\t -]+", re.ASCII)


class Timetable(Protocol):
    """All ticks of a schedule, in order. Moments are in UTC, ticks whole seconds."""

    def after(self, moment: datetime) -> Iterator[datetime]:
        """The ticks later than `moment`, the earliest first; each is computed when it is asked for."""

    def latest(self, moment: datetime) -> datetime | None:
        """The last tick that is not later than `moment`."""


def timetable(*, cron: str | None, every: int | None, zone: Zone | None) -> Timetable:
    """Of a schedule as the database has it; `zone` for cron. Raises InvalidArgument for what can't be computed here."""
    if every is not None:
        return Every(every)
    assert cron is not None  # noqa: S101 - the database sees to it: one of the two, and a zone for this one
    assert zone is not None  # noqa: S101
    return Cron(cron, zone)


def between(table: Timetable, after: datetime, until: datetime, most: int) -> list[datetime]:
    """The ticks after `after` up to and with `until`; the first `most` of them."""
    found = []
    for tick in islice(table.after(after), most):
        if tick > until:
            break
        found.append(tick)
    return found


class Every:
    """Every so many seconds, counted from 1970-01-01 00:00 UTC."""

    def __init__(self, seconds: int) -> None:
        if not 1 <= seconds <= LONGEST_EVERY:
            raise InvalidArgument(f"every {seconds} s is out of bounds: whole seconds from 1 to {LONGEST_EVERY}")
        self.seconds = seconds

    def after(self, moment: datetime) -> Iterator[datetime]:
        step = timedelta(seconds=self.seconds)
        tick = EPOCH + ((_bounded(moment) - EPOCH) // step + 1) * step
        while tick < LAST:
            yield tick
            tick += step

    def latest(self, moment: datetime) -> datetime | None:
        step = timedelta(seconds=self.seconds)
        return EPOCH + (_bounded(moment) - EPOCH) // step * step


class Cron:
    """A cron expression, read on the clocks of a zone."""

    def __init__(self, expression: str, zone: Zone) -> None:
        self.fields = expand(expression).split()
        self.zone = zone
        # One that begins with a star is an interval, as in Vixie's cron.
        self.fixed = not any(field.startswith("*") for field in self.fields[:-3])
        self._expression = " ".join(self.fields)
        self._wall(datetime(2000, 1, 1))  # noqa: DTZ001 - it is read now, and refused now

    def after(self, moment: datetime) -> Iterator[datetime]:
        moment = _bounded(moment)
        return self._fixed(moment) if self.fixed else self._interval(moment)

    def latest(self, moment: datetime) -> datetime | None:
        moment = _bounded(moment).replace(microsecond=0)
        if self.fixed:
            time = self._previous(zones.furthest(self.zone, moment))
            return None if time is None else zones.reached(self.zone, time)
        while moment > FIRST:
            time = self._previous(zones.wall(self.zone, moment))
            if time is None:
                return None
            tick = time.replace(tzinfo=UTC) - self.zone.offset(moment)
            changes = self.zone.changes(tick, moment)
            if not changes:
                return tick
            moment = changes[-1].moment - SECOND
        return None

    def _fixed(self, moment: datetime) -> Iterator[datetime]:
        last = moment
        for time in self._wall(zones.furthest(self.zone, moment)):
            tick = zones.reached(self.zone, time)
            if tick >= LAST:
                return
            if tick > last:  # several times in one gap are one tick
                yield tick
                last = tick

    def _interval(self, moment: datetime) -> Iterator[datetime]:
        since: datetime | None = moment.replace(microsecond=0) + SECOND
        while since is not None:
            offset = self.zone.offset(since)
            start, since = since, None
            for time in self._wall(zones.wall(self.zone, start) - SECOND):
                tick = time.replace(tzinfo=UTC) - offset
                if change := self.zone.first_change(start, tick):
                    since = change.moment
                    break
                if tick >= LAST:
                    return
                yield tick
                start = tick

    def _wall(self, time: datetime) -> Iterator[datetime]:
        """The times on the wall after `time`; there are none if none comes for fifty years."""
        try:
            return CronSim(self._expression, time)
        except CronSimError as error:
            raise InvalidArgument(f"{self._expression!r} is no cron expression: {error}") from None

    def _previous(self, time: datetime) -> datetime | None:
        """The last time on the wall that is not later than `time`."""
        return next(iter(CronSim(self._expression, time + SECOND, reverse=True)), None)


def expand(expression: str) -> str:
    """The fields of an expression, a macro written out. Raises InvalidArgument for what can't be one."""
    if len(expression) > LONGEST_CRON:
        raise InvalidArgument(f"the cron expression has {len(expression)} characters: at most {LONGEST_CRON}")
    text = expression.strip(" \t")
    written = MACROS.get(text.lower(), text)
    if not _ALLOWED.fullmatch(written) or len(written.split()) not in {5, 6}:
        raise InvalidArgument(
            f"{expression!r} is no cron expression: five fields (minute hour day month weekday), or six with seconds"
            " first, or @daily and the like"
        )
    return written


def _bounded(moment: datetime) -> datetime:
    moment = moment.astimezone(UTC)
    if not FIRST <= moment < LAST:
        raise InvalidArgument(
            f"{moment:%Y-%m-%d} is out of bounds: ticks are computed from {FIRST.year} to {LAST.year}"
        )
    return moment
