"""Durations as people write them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faultline import durations
from faultline.errors import InvalidArgument


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("500ms", 0.5),
        ("2s", 2.0),
        ("5m", 300.0),
        ("1h", 3600.0),
        ("7d", 604800.0),
        ("1.5s", 1.5),
        ("3", 3.0),
        (" 2 s ", 2.0),
    ],
)
def test_reads_a_number_and_a_unit(text: str, seconds: float) -> None:
    assert durations.parse(text) == seconds


@pytest.mark.parametrize("text", ["", "s", "1 day", "-1s", "1h30m", "inf", "nan", "1e5s", "٣s", "1s\n2s", "9" * 400])
def test_refuses_anything_else_and_names_it(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        durations.parse(text)


@given(st.integers(min_value=0, max_value=366 * 86_400_000))
def test_what_it_shows_it_can_read_back(milliseconds: int) -> None:
    shown = durations.show(milliseconds / 1000)
    assert durations.parse(shown) == pytest.approx(milliseconds / 1000, rel=1e-5)


@pytest.mark.parametrize(("value", "seconds"), [(3, 3.0), (0.25, 0.25), (timedelta(minutes=2), 120.0), ("90s", 90.0)])
def test_takes_seconds_a_timedelta_or_a_text(value: Any, seconds: float) -> None:
    assert durations.seconds(value, what="timeout") == seconds


@pytest.mark.parametrize("value", [-1, float("inf"), float("nan"), timedelta(days=400), True, None, b"1s", "soon"])
def test_what_is_out_of_bounds_is_named_with_its_value(value: Any) -> None:
    with pytest.raises(InvalidArgument, match="timeout"):
        durations.seconds(value, what="timeout")
