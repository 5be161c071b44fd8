"""What is proposed, and what the rule for missed ticks makes of the rest."""

from __future__ import annotations

from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faultline.schedules.due import COUNT_MOST, Proposal, Schedule, due
from faultline.schedules.ticks import Cron, Every
from faultline.schedules.zones import HostZone
from tests.support.crons import utc

if TYPE_CHECKING:
    from datetime import datetime

    from faultline.schedules.ticks import Timetable

NOON = utc(2026, 3, 29, 12)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


def schedule(cursor: datetime, missed: str = "latest", **given_: Any) -> Schedule:
    named: dict[str, Any] = {"missed_window": timedelta(days=366), "missed_limit": 100}
    named |= {"starts_at": None, "ends_at": None, **given_}
    return Schedule("s", 1, None, 60, None, missed=missed, cursor=cursor, **named)


def proposed(table: Timetable, of: Schedule, now: datetime) -> list[tuple[datetime, int, bool]]:
    """All passes that follow at once, on a database that agrees; each item has to follow from the one before."""
    found: list[Proposal] = []
    more = True
    while more:
        items, more = due(of, table, now)
        for item in items:
            assert item.after == of.cursor
            assert item.tick_at > of.cursor
            of.cursor = item.tick_at
        found += items
    return [(item.tick_at, item.missed, item.fire) for item in found]


def test_nothing_is_due_before_the_next_tick() -> None:
    assert due(schedule(NOON), Every(60), NOON + 59 * SECOND) == ([], False)
    assert due(schedule(NOON), Every(60), NOON) == ([], False)
    assert due(schedule(NOON + timedelta(hours=1)), Every(60), NOON) == ([], False)  # the clock went back


def test_the_tick_of_this_second_is_due() -> None:
    assert proposed(Every(60), schedule(NOON), NOON + MINUTE) == [(NOON + MINUTE, 0, True)]


@pytest.mark.parametrize("missed", ["skip", "latest", "all"])
def test_all_ticks_of_the_last_minute_are_on_time_whatever_the_rule(missed: str) -> None:
    found = proposed(Every(1), schedule(NOON, missed), NOON + MINUTE)
    assert found == [(NOON + at * SECOND, 0, True) for at in range(1, 61)]


def test_skip_drops_what_is_late_and_counts_it() -> None:
    now = NOON + 10 * MINUTE
    assert proposed(Every(60), schedule(NOON, "skip"), now) == [
        (now - MINUTE, 8, True),  # a minute old: on time
        (now, 0, True),
    ]
    assert proposed(Every(240), schedule(NOON, "skip"), now) == [(NOON + 8 * MINUTE, 2, False)]


def test_latest_makes_the_newest_of_what_is_late_unless_one_is_on_time() -> None:
    assert proposed(Every(240), schedule(NOON, "latest"), NOON + 10 * MINUTE) == [(NOON + 8 * MINUTE, 1, True)]
    assert proposed(Every(240), schedule(NOON, "latest"), NOON + 12 * MINUTE) == [(NOON + 12 * MINUTE, 2, True)]


def test_latest_makes_nothing_of_what_is_older_than_the_window() -> None:
    window = {"missed_window": timedelta(minutes=5)}
    exact = schedule(NOON, "latest", **window)
    assert proposed(Every(240), exact, NOON + 13 * MINUTE) == [(NOON + 12 * MINUTE, 2, True)]
    hour = schedule(NOON, "latest", **window)
    assert proposed(Every(3600), hour, NOON + 65 * MINUTE) == [(NOON + 60 * MINUTE, 0, True)]
    hour = schedule(NOON, "latest", **window)
    assert proposed(Every(3600), hour, NOON + 65 * MINUTE + SECOND) == [(NOON + 60 * MINUTE, 1, False)]


def test_all_makes_everything_within_the_window_in_passes_of_the_limit() -> None:
    now = NOON + timedelta(hours=2)
    of = schedule(NOON, "all", missed_window=timedelta(hours=1), missed_limit=7)
    first, more = due(of, Every(60), now)
    assert more
    assert [item.tick_at for item in first] == [now - timedelta(hours=1) + at * MINUTE for at in range(7)]
    assert first[0].missed == 59
    found = proposed(Every(60), of, now)
    assert [tick for tick, _, _ in found] == [now - timedelta(hours=1) + at * MINUTE for at in range(61)]
    assert sum(dropped for _, dropped, _ in found) == 59


def test_start_and_end_bound_the_ticks_and_are_ticks_themselves() -> None:
    of = schedule(NOON, "all", starts_at=NOON + 2 * MINUTE, ends_at=NOON + 4 * MINUTE)
    found = proposed(Every(60), of, NOON + 30 * MINUTE)
    assert [tick for tick, _, _ in found] == [NOON + at * MINUTE for at in (2, 3, 4)]
    assert due(of, Every(60), NOON + 60 * MINUTE) == ([], False)


def test_a_year_of_missed_seconds_is_one_tick_and_a_bounded_count() -> None:
    assert proposed(Every(1), schedule(utc(2025), "skip"), utc(2026)) == [
        (utc(2026) - at * SECOND, COUNT_MOST if at == 60 else 0, True) for at in range(60, -1, -1)
    ]
    table = Cron("* * * * * *", HostZone("UTC"))
    ends = schedule(utc(2025), "skip", ends_at=utc(2025, 6))
    assert proposed(table, ends, utc(2026)) == [(utc(2025, 6), COUNT_MOST, False)]


def test_decades_without_a_look_are_cut_off() -> None:
    assert proposed(Every(86400), schedule(utc(1970), "latest"), NOON)[-1] == (utc(2026, 3, 29), 3_599, True)


@given(
    every=st.integers(1, 5_000),
    gap=st.integers(0, 40_000),
    age=st.integers(0, 5_000),
    rule=st.sampled_from(["skip", "latest", "all"]),
    window=st.integers(60, 40_000),
    limit=st.integers(1, 50),
)
def test_the_rule_in_one_line(every: int, gap: int, age: int, rule: str, window: int, limit: int) -> None:
    cursor = NOON - gap * SECOND - timedelta(microseconds=age)
    ticks = [tick for tick in islice(Every(every).after(cursor), gap + 2) if tick <= NOON]
    late = [tick for tick in ticks if NOON - tick > MINUTE]
    punctual = ticks[len(late) :]
    wanted = {
        "skip": [],
        "latest": late[-1:] if late and not punctual and NOON - late[-1] <= window * SECOND else [],
        "all": [tick for tick in late if NOON - tick <= window * SECOND],
    }[rule] + punctual
    of = schedule(cursor, rule, missed_window=window * SECOND, missed_limit=limit)
    found = proposed(Every(every), of, NOON)
    assert [tick for tick, _, fire in found if fire] == wanted
    assert sum(missed for _, missed, _ in found) == min(len(ticks) - len(wanted), COUNT_MOST)
    assert of.cursor == (ticks[-1] if ticks else cursor)
    assert due(of, Every(every), NOON) == ([], False)
