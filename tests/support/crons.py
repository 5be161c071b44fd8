"""A plain model of cron: expressions made at random, and which minutes match, by scanning all of them."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from random import Random

MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
DAYS: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


class Kind(NamedTuple):
    """What a field may hold."""

    least: int
    most: int
    names: tuple[str, ...] = ()


SECOND: Final = Kind(0, 59)
MINUTE: Final = Kind(0, 59)
HOUR: Final = Kind(0, 23)
DAY: Final = Kind(1, 31)
MONTH: Final = Kind(1, 12, MONTHS)
WEEKDAY: Final = Kind(0, 7, DAYS)
FIVE: Final = (MINUTE, HOUR, DAY, MONTH, WEEKDAY)
MINUTE_LONG: Final = timedelta(minutes=1)


# Expressions.


def expression(random: Random, *, seconds: bool = False) -> str:
    """One of the dialect; it may be impossible."""
    fields = [_field(random, kind) for kind in FIVE]
    if random.random() < 0.35:
        fields[2] = random.choice(["*", "L", "LW", "1,15,L", "*/2", "29", "30", "31", "29-31", "*/20", "13"])
    if random.random() < 0.35:
        fields[4] = random.choice(["*", "MON-FRI", "5L", "7L", "1#1", "FRI#5", "0#2,SAT", "*/2", "*/7", "1-5/2"])
    if seconds:
        fields.insert(0, _field(random, SECOND))
    text = random.choice([" ", "  ", "\t"]).join(fields)
    return text if random.random() < 0.9 else text.lower()


def _field(random: Random, kind: Kind) -> str:
    dice = random.random()
    if dice < 0.35:
        return "*"
    if dice < 0.5:
        return f"*/{random.randint(1, min(kind.most, 30))}"
    return ",".join(_item(random, kind) for _ in range(random.choice([1, 1, 1, 2, 3])))


def _item(random: Random, kind: Kind) -> str:
    value = random.randint(kind.least, kind.most)
    text = _value(random, kind, value)
    dice = random.random()
    if dice < 0.5:
        return text
    if dice < 0.65:
        return f"{text}/{random.randint(1, kind.most)}"
    end = random.randint(value, kind.most)
    if kind is WEEKDAY and end == 7:
        ranged = f"{value}-7"
    else:
        ranged = f"{text}-{_value(random, kind, end)}"
        if kind is WEEKDAY and value == 7:
            ranged = "7-7"
    # A range of one value takes no step: put_schedule refuses it, and the library reads it in another way.
    return ranged if dice < 0.85 or end == value else f"{ranged}/{random.randint(1, kind.most)}"


def _value(random: Random, kind: Kind, value: int) -> str:
    offset = value - (1 if kind is MONTH else 0)
    if kind.names and offset < len(kind.names) and random.random() < 0.3:
        return kind.names[offset]
    return f"{value:02d}" if random.random() < 0.1 else str(value)


# What they mean.


class Model:
    """An expression, read in the most obvious way."""

    def __init__(self, text: str) -> None:
        fields = text.upper().split()
        self.seconds = {0}
        timed = fields[:-3]
        if len(fields) == 6:
            self.seconds = _values(fields.pop(0), SECOND)
        self.minutes = _values(fields[0], MINUTE)
        self.hours = _values(fields[1], HOUR)
        self.months = _values(fields[3], MONTH)
        self.day, self.weekday = fields[2], fields[4]
        self.both = self.day.startswith("*") or self.weekday.startswith("*")
        self.fixed = not any(field.startswith("*") for field in timed)
        self._days: dict[date, bool] = {}

    def matches(self, time: datetime) -> bool:
        """Whether the minute that begins at this time on the wall does."""
        return time.minute in self.minutes and time.hour in self.hours and self.on(time.date())

    def on(self, day: date) -> bool:
        found = self._days.get(day)
        if found is None:
            found = self._days[day] = day.month in self.months and self._on(day)
        return found

    def possible(self) -> bool:
        """Whether there is any day: 28 years have every kind of year in them."""
        return any(self.on(date.fromordinal(day)) for day in range(date(2000, 1, 1).toordinal(), 740_000)[: 28 * 366])

    def _on(self, day: date) -> bool:
        found = [self._on_day(day), self._on_weekday(day)]
        return all(found) if self.both else any(found)

    def _on_day(self, day: date) -> bool:
        last = calendar.monthrange(day.year, day.month)[1]
        for item in self.day.split(","):
            if item == "L":
                matched = day.day == last
            elif item == "LW":
                workdays = [d for d in range(1, last + 1) if date(day.year, day.month, d).weekday() < 5]
                matched = day.day == workdays[-1]
            else:
                matched = day.day in _values(item, DAY)
            if matched:
                return True
        return False

    def _on_weekday(self, day: date) -> bool:
        last = calendar.monthrange(day.year, day.month)[1]
        names = {day.isoweekday(), day.isoweekday() % 7}
        for item in self.weekday.split(","):
            if item.endswith("L"):
                matched = int(item[:-1]) in names and day.day > last - 7
            elif "#" in item:
                name, _, nth = item.partition("#")
                matched = bool(_values(name, WEEKDAY) & names) and (day.day - 1) // 7 + 1 == int(nth)
            else:
                matched = bool(_values(item, WEEKDAY) & names)
            if matched:
                return True
        return False


@cache
def _values(text: str, kind: Kind) -> set[int]:
    found: set[int] = set()
    for item in text.split(","):
        ranged, _, step = item.partition("/")
        if ranged == "*":
            least, most = kind.least, kind.most
        elif "-" in ranged:
            least, most = (_number(part, kind) for part in ranged.split("-"))
        else:
            least = _number(ranged, kind)
            most = kind.most if step else least
        found.update(range(least, most + 1, int(step or 1)))
    return found


def _number(text: str, kind: Kind) -> int:
    if text in kind.names:
        return kind.names.index(text) + (1 if kind is MONTH else 0)
    return int(text)


def scan(models: Iterable[Model], zone: str, since: datetime, until: datetime) -> list[list[datetime]]:
    """The ticks of each model after `since` up to `until`, found by looking at every minute.

    For those whose second is 0, in zones whose offsets are whole minutes. `since` must not be in a repeated hour.
    """
    models = list(models)
    found: list[list[datetime]] = [[] for _ in models]
    daily = [
        [at for at, model in enumerate(models) if hour in model.hours and minute in model.minutes]
        for hour in range(24)
        for minute in range(60)
    ]
    where = ZoneInfo(zone)
    furthest = _shown(since, where)
    moment = since.replace(second=0, microsecond=0)
    while (moment := moment + MINUTE_LONG) <= until:
        shown = _shown(moment, where)
        if shown - furthest == MINUTE_LONG:
            for at in daily[shown.hour * 60 + shown.minute]:
                if models[at].on(shown.date()):
                    found[at].append(moment)
        else:
            passed = list(_minutes(furthest, shown))
            for model, ticks in zip(models, found, strict=True):
                if any(model.matches(time) for time in (passed if model.fixed else [shown])):
                    ticks.append(moment)
        furthest = max(furthest, shown)
    return found


def _shown(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def _minutes(after: datetime, until: datetime) -> Iterator[datetime]:
    while after < until:
        after += MINUTE_LONG
        yield after


def utc(year: int, month: int = 1, day: int = 1, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
