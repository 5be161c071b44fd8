"""How many jobs a runner holds in advance."""

from __future__ import annotations

import pytest

from faultline import claimer
from faultline.claimer import Pace

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


def test_it_is_never_more_than_the_most(clock: Clock) -> None:
    pace = Pace()
    clock.now += 0.5
    assert pace.prefetch(10**9, LEASE) == claimer.PREFETCH_MOST


def test_slow_jobs_are_not_prefetched(clock: Clock) -> None:
    pace = Pace()
    for ended in range(100):
        clock.now += 1.0
        assert pace.prefetch(ended, LEASE) == 0
