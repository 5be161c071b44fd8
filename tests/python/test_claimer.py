"""What a claimer decides by itself: how many jobs it holds in advance, and which queues have a floor."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from faultline import claimer
from faultline.claimer import Claimer, Pace

LEASE = 30.0


class Clock:
    now = 100.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("faultline.claimer.time.monotonic", lambda: clock.now)
    return clock


@pytest.mark.parametrize(
    ("claim_seconds", "lease", "prefetched"),
    [
        (0.0, LEASE, 200),  # a fifth of a second
        (0.1, LEASE, 300),  # and the time of a claim
        (0.4, LEASE, 600),
        (10.0, LEASE, 600),  # a server that hung is no reason to hoard
        (0.4, 3.0, 300),  # nor may what is held wait for more than a tenth of its lease
    ],
)
def test_the_work_of_a_fifth_of_a_second_and_of_a_claim_is_prefetched(
    clock: Clock, claim_seconds: float, lease: float, prefetched: int
) -> None:
    pace = Pace()
    clock.now += 0.5
    pace.claim_seconds = claim_seconds
    assert pace.prefetch(500, lease) == prefetched


def test_after_a_rest_the_pace_is_that_of_the_work_since(clock: Clock) -> None:
    pace = Pace()
    clock.now += 0.5
    pace.begin(7)
    clock.now += 0.1
    assert pace.prefetch(507, LEASE) == 1_000  # 500 in a tenth of a second, and not in six of them


def test_a_few_that_end_at_once_are_no_pace_yet(clock: Clock) -> None:
    pace = Pace()
    pace.begin(0)
    clock.now += 0.001
    assert pace.prefetch(100, LEASE) == int(100 / claimer.PACE_LEAST * claimer.PREFETCH_SECONDS)


def test_it_is_never_more_than_the_most(clock: Clock) -> None:
    pace = Pace()
    clock.now += 0.5
    assert pace.prefetch(10**9, LEASE) == claimer.PREFETCH_MOST


def test_slow_jobs_are_not_prefetched(clock: Clock) -> None:
    pace = Pace()
    for ended in range(100):
        clock.now += 1.0
        assert pace.prefetch(ended, LEASE) == 0


class Looks:
    """A claimer whose claims bring what the test says."""

    def __init__(self, clock: Clock, queues: tuple[str, ...] | None = None) -> None:
        there: Any = SimpleNamespace(deliver=lambda _: None, queues=queues)
        self._clock = clock
        self._claimer = Claimer(there, there, there, there, there, there, there, there)

    def bring(self, queue: str, jobs: int) -> None:
        self._claimer._claimed_at = self._clock.now
        given: Any = [SimpleNamespace(queue=queue)] * jobs
        self._claimer._count(given)

    @property
    def floored(self) -> list[str]:
        return list(self._claimer._floored)


def test_a_queue_that_gives_many_jobs_has_a_floor_and_others_have_none(clock: Clock) -> None:
    looks = Looks(clock)
    for number in range(300):
        looks.bring(f"q{number}", claimer.FLOOR_JOBS - 1)
    assert looks.floored == []
    looks.bring("q7", 1)
    assert looks.floored == ["q7"]


def test_jobs_of_an_earlier_minute_do_not_count(clock: Clock) -> None:
    looks = Looks(clock)
    looks.bring("q", claimer.FLOOR_JOBS - 1)
    clock.now += claimer.FLOOR_JOBS_SECONDS + 1
    looks.bring("q", claimer.FLOOR_JOBS - 1)
    assert looks.floored == []
    looks.bring("q", 1)
    clock.now += 10 * claimer.FLOOR_JOBS_SECONDS
    looks.bring("q", 1)
    assert looks.floored == ["q"]  # it stays: what has died in it may still be there


def test_the_latest_have_floors_if_there_are_too_many(clock: Clock) -> None:
    looks = Looks(clock)
    names = [f"q{number}" for number in range(claimer.FLOOR_QUEUES + 1)]
    for name in names:
        looks.bring(name, claimer.FLOOR_JOBS)
    looks.bring("q1", 1)
    assert looks.floored == [*names[2:], "q1"]


def test_queues_that_are_named_always_have_one(clock: Clock) -> None:
    assert Looks(clock, ("a", "b")).floored == ["a", "b"]
