"""The clocks of a time zone: what they show at a moment, and when they reach a time.

A zone is its changes: from which moment which offset holds. They come from this host's tz database, or from the
PostgreSQL server's, which is the one that judges ticks.
"""

from __future__ import annotations

import zoneinfo
from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from faultline.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from zoneinfo import ZoneInfo

SECOND: Final = timedelta(seconds=1)
DAY: Final = timedelta(days=1)
NEAR: Final = 2 * DAY
"""More than a time on the wall is ever away from the same time of UTC, or the clocks were ever set back."""
_PROBE: Final = timedelta(hours=6)
"""No zone has changed its clocks twice in that time since 1970 (a test reads all of them)."""


class Change(NamedTuple):
    """From `moment` on the clocks are `offset` ahead of UTC."""

    moment: datetime
    offset: timedelta


class Zone(Protocol):
    """Where clocks show what they show."""

    def offset(self, moment: datetime) -> timedelta:
        """How far they are ahead of UTC then."""

    def changes(self, after: datetime, until: datetime) -> Sequence[Change]:
        """Those after `after` and not after `until`, in order."""

    def first_change(self, after: datetime, until: datetime) -> Change | None:
        """The first of them."""


class HostZone:
    """A zone as this host's tz database has it."""

    def __init__(self, name: str) -> None:
        self.info = find(name)

    def offset(self, moment: datetime) -> timedelta:
        return _offset(self.info, moment)

    def changes(self, after: datetime, until: datetime) -> Sequence[Change]:
        years = range(after.year, until.year + 1)
        return [change for year in years for change in _changes(self.info, year) if after < change.moment <= until]

    def first_change(self, after: datetime, until: datetime) -> Change | None:
        for year in range(after.year, until.year + 1):
            for change in _changes(self.info, year):
                if after < change.moment <= until:
                    return change
        return None


class ListedZone:
    """A zone between two moments, from a list: the offset at the first, and the changes up to the second."""

    def __init__(self, listed: Iterable[Change], until: datetime) -> None:
        self._listed = list(listed)
        self._moments = [change.moment for change in self._listed]
        self.since = self._moments[0]
        self.until = until

    def offset(self, moment: datetime) -> timedelta:
        return self._listed[max(0, bisect_right(self._moments, moment) - 1)].offset

    def changes(self, after: datetime, until: datetime) -> Sequence[Change]:
        return self._listed[max(1, bisect_right(self._moments, after)) : bisect_right(self._moments, until)]

    def first_change(self, after: datetime, until: datetime) -> Change | None:
        return next(iter(self.changes(after, until)), None)


def find(name: str) -> ZoneInfo:
    """The zone of that IANA name. Raises InvalidArgument if this host doesn't know it."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidArgument(
            f"{name[:150]!r} is no time zone that this host knows: an IANA name, as Europe/Berlin or UTC"
        ) from None


def wall(zone: Zone, moment: datetime) -> datetime:
    """What the clock on the wall shows at `moment` (of UTC), without a zone."""
    return moment.replace(tzinfo=None) + zone.offset(moment)


def reached(zone: Zone, time: datetime) -> datetime:
    """The first moment at which the clock on the wall has reached `time`.

    A time that doesn't exist: when the clock has jumped over it. One that exists twice: the first of the two.
    """
    about = time.replace(tzinfo=UTC)
    offset = zone.offset(about - NEAR)
    moment = about - offset
    for change in zone.changes(about - NEAR, about + NEAR):
        if moment < change.moment:
            break
        moment = max(change.moment, about - change.offset)
    return moment


def furthest(zone: Zone, moment: datetime) -> datetime:
    """The latest time that the clock on the wall has shown until `moment`, in whole seconds.

    That is what it shows now, except after it was set back.
    """
    moment = moment.replace(microsecond=0)
    shown = wall(zone, moment)
    return max([shown, *(wall(zone, change.moment - SECOND) for change in zone.changes(moment - NEAR, moment))])


def _offset(info: ZoneInfo, moment: datetime) -> timedelta:
    return moment.astimezone(info).utcoffset() or timedelta()


@lru_cache(maxsize=4096)
def _changes(info: ZoneInfo, year: int) -> tuple[Change, ...]:
    """Those of that year (of UTC)."""
    found = []
    end = datetime(year + 1, 1, 1, tzinfo=UTC) - SECOND
    moment = datetime(year, 1, 1, tzinfo=UTC) - SECOND
    offset = _offset(info, moment)
    while moment < end:
        following = min(moment + _PROBE, end)
        if _offset(info, following) != offset:
            exact = _exact(info, moment, following)
            offset = _offset(info, exact)
            found.append(Change(exact, offset))
        moment = following
    return tuple(found)


def _exact(info: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The first second at which the offset is no longer that of `before`; `after` has another one."""
    old = _offset(info, before)
    while after - before > SECOND:
        middle = before + (after - before) // (2 * SECOND) * SECOND
        if _offset(info, middle) == old:
            before = middle
        else:
            after = middle
    return after
