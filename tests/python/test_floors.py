"""Which queues of a runner that serves all of them have a floor."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from faultline import claimer
from faultline.claimer import Claimer


class Clock:
    now = 100.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("faultline.claimer.time.monotonic", lambda: clock.now)
    return clock


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
