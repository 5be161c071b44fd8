"""Durations as people write them: 500ms, 2s, 5m, 1h, 7d; a bare number is seconds."""

from __future__ import annotations

import math
import re
from datetime import timedelta
from typing import Final

LONGEST: Final = 366 * 86400.0
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?|\.[0-9]+)\s*(ms|s|m|h|d)?", re.ASCII)


def parse(text: str) -> float:
    """Seconds. Raises ValueError that names the text, for anything but a number and one of ms, s, m, h, d."""
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a duration: write 500ms, 2s, 5m, 1h or 7d")
    return _bounded(float(match[1]) * _UNITS[match[2] or "s"], text)


def seconds(value: float | timedelta | str, *, what: str, least: float = 0.0, most: float = LONGEST) -> float:
    """Seconds, of a number of seconds, a timedelta or a text; InvalidArgument that names `what` if out of bounds."""
    from faultline.errors import InvalidArgument  # noqa: PLC0415 - errors.py needs this module

    if isinstance(value, bool) or not isinstance(value, int | float | timedelta | str):
        raise InvalidArgument(f"{what} is {value!r}: give seconds, a timedelta, or a text such as '5m'")
    try:
        number = _number(value)
    except ValueError as error:
        raise InvalidArgument(f"{what}: {error}") from None
    if not least <= number <= most:
        raise InvalidArgument(f"{what} is {value!r}: it lies between {show(least)} and {show(most)}")
    return number


def _number(value: float | timedelta | str) -> float:
    if isinstance(value, str):
        return parse(value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    return _bounded(float(value), value)


def show(value: float) -> str:
    """As short as it can be read back, to the millisecond: 0.25 → 250ms, 90 → 90s, 7200 → 2h."""
    for unit in ("d", "h", "m"):
        if value and value % _UNITS[unit] == 0:
            return f"{value / _UNITS[unit]:.0f}{unit}"
    return f"{value * 1000:.0f}ms" if 0 < value < 1 else f"{value:.3f}".rstrip("0").rstrip(".") + "s"


def _bounded(number: float, value: object) -> float:
    if not math.isfinite(number):
        raise ValueError(f"{value!r} is not a finite duration")
    return number
