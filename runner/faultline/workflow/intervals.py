"""Durations of a workflow, as the database will read them: "500ms", "10m", "1 hour 30 minutes"."""

from __future__ import annotations

import math
import re
from typing import Final

_DAY: Final = 86400.0
_UNITS: Final = {
    "us": 1e-6,
    "ms": 0.001,
    "msec": 0.001,
    "millisecond": 0.001,
    "s": 1.0,
    "sec": 1.0,
    "second": 1.0,
    "m": 60.0,
    "min": 60.0,
    "minute": 60.0,
    "h": 3600.0,
    "hr": 3600.0,
    "hour": 3600.0,
    "d": _DAY,
    "day": _DAY,
    "w": 7 * _DAY,
    "week": 7 * _DAY,
    "mon": 30 * _DAY,
    "month": 30 * _DAY,
    "y": 360 * _DAY,
    "year": 360 * _DAY,
}
"""What interval calls them, and how long it takes them for when it compares."""
_PART: Final = re.compile(r"\s*([-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))\s*([a-zA-Z]*)", re.ASCII)
LONGEST_TEXT: Final = 100


def seconds(value: object) -> float | None:
    """How long that is; None for what is no duration. A number counts seconds."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        try:
            number = float(value)
        except OverflowError:
            return math.inf
        return round(number, 6)
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST_TEXT:
        return None
    return _of_text(value.strip().lower())


def _of_text(text: str) -> float | None:
    total = 0.0
    seen: set[float] = set()
    place = 0
    while place < len(text):
        part = _PART.match(text, place)
        if part is None:
            return None
        place = part.end()
        unit = _unit(part[2], last=place == len(text) and not seen)
        if unit is None or unit in seen:
            return None
        seen.add(unit)
        total += round(float(part[1]) * unit, 6)
    return total


def _unit(name: str, *, last: bool) -> float | None:
    if not name:
        return 1.0 if last else None  # a number alone is seconds
    if name.endswith("s") and name not in {"us", "ms", "s"} and len(name) > 2:
        name = name.removesuffix("s")
    return _UNITS.get(name)
