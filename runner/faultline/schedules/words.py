"""A schedule in words: "weekdays at 09:00, Europe/Berlin"."""

from __future__ import annotations

import contextlib
import re
from datetime import datetime
from itertools import islice, product
from typing import Final

from cronsim import CronSim, CronSimError

from faultline import durations
from faultline.errors import InvalidArgument
from faultline.schedules.ticks import expand

DAYS: Final = ("Sundays", "Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays")
NAMED: Final = {
    frozenset(range(7)): "daily",
    frozenset(range(1, 6)): "weekdays",
    frozenset({0, 6}): "weekends",
}
MOST_TIMES: Final = 4
QUARTERS: Final = re.compile(r"\*/([1-9][0-9]?) \* \* \* \*", re.ASCII)


def describe(*, cron: str | None, every: float | None, timezone: str | None) -> str:
    """What a person calls it; an expression that this host can't read stays as it is."""
    if every is not None:
        return f"every {durations.show(every)}"
    said = cron or ""
    with contextlib.suppress(InvalidArgument, CronSimError):
        said = _of_cron(" ".join(expand(said).split()))
    return f"{said}, {timezone}" if timezone else said


def _of_cron(expression: str) -> str:
    step = QUARTERS.fullmatch(expression)
    if step is not None and 60 % int(step[1]) == 0:
        return "every minute" if int(step[1]) == 1 else f"every {int(step[1])} minutes"
    read = CronSim(expression, datetime(2000, 1, 1))  # noqa: DTZ001 - only its fields are looked at
    few = islice(product(sorted(read.hours), sorted(read.minutes), sorted(read.seconds)), MOST_TIMES + 1)
    times = [f"{hour:02d}:{minute:02d}" + (f":{second:02d}" if second else "") for hour, minute, second in few]
    days = _days(expression.split(), read)
    if days and len(times) <= MOST_TIMES:
        return f"{days} at {_listed(times)}"
    said = read.explain()
    if not read.day_and:
        said = said.replace(" and on ", " or on ")  # either is enough
    return said[:1].lower() + said[1:]


def _days(fields: list[str], read: CronSim) -> str | None:
    """The days, if the weekday alone decides."""
    day, month, _ = fields[-3:]
    if day != "*" or month != "*" or not all(isinstance(item, int) for item in read.weekdays):
        return None
    found = frozenset(item % 7 for item in read.weekdays if isinstance(item, int))
    return NAMED.get(found) or _listed([DAYS[at] for at in sorted(found, key=lambda at: (at - 1) % 7)])


def _listed(items: list[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"
