"""What a claimer decides by itself: how many jobs it holds in advance, and which queues have a floor."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

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
    ("claim_seconds", "waited", "lease", "prefetched"),
    [
        (0.0, False, LEASE, 200),  # a fifth of a second
        (0.1, False, LEASE, 300),  # and the time of a claim
        (0.6, False, LEASE, 800),
        (0.1, True, LEASE, 500),  # and of the rest after it
        (10.0, False, LEASE, 900),  # a server that hung is no reason to hoard
        (0.4, False, 3.0, 300),  # nor may what is held wait for more than a tenth of its lease
    ],
)
def test_the_work_of_a_fifth_of_a_second_and_of_a_claim_is_prefetched(
    clock: Clock, claim_seconds: float, waited: bool, lease: float, prefetched: int
) -> None:
    pace = Pace()
    clock.now += 0.5
    pace.claimed(claim_seconds, lease, waited=waited, full=True)
    assert pace.prefetch(500, lease) == prefetched


@pytest.mark.parametrize(
    ("claim_seconds", "waited", "lease", "rest", "batch"),
    [
        (0.5, False, LEASE, 0.0, claimer.BATCH_MOST),  # a slow server is no crowd
        (0.05, True, LEASE, 0.0, claimer.BATCH_IN_TURN),
        (0.15, True, LEASE, 0.4, claimer.BATCH_IN_TURN),
        (2.0, True, LEASE, 1.0, claimer.BATCH_IN_TURN),
        (2.0, True, 3.0, 0.3, claimer.BATCH_IN_TURN),
    ],
)
def test_who_had_to_wait_for_a_turn_rests_and_takes_less(
    claim_seconds: float, waited: bool, lease: float, rest: float, batch: int
) -> None:
    pace = Pace()
    assert pace.claimed(claim_seconds, lease, waited=waited, full=True) == pytest.approx(rest)
    assert pace.batch_most == batch
    assert pace.claimed(0.01, lease, waited=False, full=True) == 0.0
    assert pace.batch_most == claimer.BATCH_MOST


def test_a_claim_that_was_not_full_has_no_rest_to_prefetch_for(clock: Clock) -> None:
    pace = Pace()
    clock.now += 0.5
    assert pace.claimed(0.1, LEASE, waited=True, full=False) == 0.0
    assert pace.prefetch(500, LEASE) == 300
    assert pace.batch_most == claimer.BATCH_IN_TURN


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


class Crowd:
    """A link whose every claim takes a while, has to wait or not, and brings all that was asked for or nothing."""

    connected = True

    def __init__(self, *, waits: bool, brings: bool) -> None:
        self.noticed: set[str] = set()
        self.claims = 0
        self._waits = waits
        self._brings = brings

    async def fetch(self, query: str, parameters: tuple[Any, ...], *, answered: Any = None, **_: Any) -> list[Any]:
        if "claim_jobs" not in query:
            return [(None,)]
        self.claims += 1
        await asyncio.sleep(0.1)
        if self._waits:
            self.noticed.add("01FL1")
        rows = [(0, 1, "t", "q", b"{}", *[None] * 13)] * (parameters[2] if self._brings else 0)
        answered(len(rows))
        return rows


@pytest.mark.parametrize(
    ("waits", "brings", "claims"), [(True, True, 1), (False, True, 2), (True, False, 2), (False, False, 2)]
)
def test_a_claim_that_had_to_wait_is_not_followed_by_another_at_once(
    monkeypatch: pytest.MonkeyPatch, waits: bool, brings: bool, claims: int
) -> None:
    async def main() -> tuple[int, bool]:
        link = Crowd(waits=waits, brings=brings)
        executor = SimpleNamespace(concurrency=100, running=0, ready=deque(), ended=0, deliver=lambda _: None)
        options = SimpleNamespace(queues=("q",), lease=LEASE)
        metrics = SimpleNamespace(claim=SimpleNamespace(observe=lambda _: None), of=lambda *_: None)
        there: Any = SimpleNamespace(backlog=0, armed=False, learn=lambda _: None)
        made: Any = (link, executor, there, there, metrics, options, uuid4(), there)
        one = Claimer(*made)
        one._floor_at = time.monotonic()
        monkeypatch.setattr(one._pace, "prefetch", lambda *_: 1_000)
        await one._look(100)
        turn = asyncio.create_task(one._turn())
        await asyncio.sleep(0.02)
        sent = link.claims
        one.stop()
        over, _ = await asyncio.wait([turn], timeout=0.02)
        turn.cancel()
        return sent, bool(over)

    assert asyncio.run(main()) == (claims, claims == 1)  # `stop` ends the rest, and not a claim that was sent
