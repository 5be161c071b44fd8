"""A schedule in words, and that no expression makes more of them than a line."""

from __future__ import annotations

import tracemalloc

import pytest

from faultline.schedules.ticks import LONGEST_CRON
from faultline.schedules.words import describe

CRONS = {
    "0 9 * * 1-5": "weekdays at 09:00",
    "0 9,17 * * *": "daily at 09:00 and 17:00",
    "0 0-3 * * *": "daily at 00:00, 01:00, 02:00 and 03:00",
    "0 0-4 * * *": "at minute 0 past every hour from 0 through 4",
    "15 0 0 * * 0,6": "weekends at 00:00:15",
    "0 9 * * 7,1": "Mondays and Sundays at 09:00",
    "@weekly": "Sundays at 00:00",
    "*/1 * * * *": "every minute",
    "*/5 * * * *": "every 5 minutes",
    "*/7 * * * *": "every seventh minute of every hour",
    "0 9 13 * 5": "at 09:00 on the 13th day of month or on Friday",
    "0 9 */2 * 1": "at 09:00 on every second day of month if it's on Monday",
    "0 12 * * MON#2": "at 12:00 on the second Monday of the month",
    "what this host can't read": "what this host can't read",
}


@pytest.mark.parametrize("cron", CRONS)
def test_an_expression_in_words(cron: str) -> None:
    assert describe(cron=cron, every=None, timezone=None) == CRONS[cron]
    assert describe(cron=cron, every=None, timezone="Asia/Tokyo") == f"{CRONS[cron]}, Asia/Tokyo"


@pytest.mark.parametrize(("every", "said"), [(1, "1s"), (90, "90s"), (5400, "90m"), (86400, "1d")])
def test_a_distance_in_words(every: int, said: str) -> None:
    assert describe(cron=None, every=every, timezone=None) == f"every {said}"


@pytest.mark.parametrize("cron", ["* * * * * *", "*/2 " + ",".join(["0-59"] * 48) + " * * * *"])
def test_no_expression_is_written_out_time_by_time(cron: str) -> None:
    assert len(cron) <= LONGEST_CRON
    describe(cron=cron, every=None, timezone=None)
    tracemalloc.start()
    try:
        said = describe(cron=cron, every=None, timezone=None)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (len(said) <= 1000, peak < 100_000) == (True, True), f"{len(said)} characters, {peak} bytes"
