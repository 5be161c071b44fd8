"""Under an old snapshot (pg_dump, a report) what the queue does costs the same after 50 000 jobs as after 1 000.

The snapshot keeps every version of every row that has come since, and every entry of an index that leads to one. The
costs are pages touched, exactly, not time. The same calls without a floor are measured too: they do grow.
"""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from tests.hotpath.plans import buffers
from tests.hotpath.workload import Runner, enqueue, old_snapshot
from tests.support import database

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from faultline.embedded import Server
    from tests.support.database import Database

FEW, MANY = 1_000, 50_000
WITH_FLOOR = (
    "claim_jobs",
    "claim_jobs of a limited queue",
    "reap_expired",
    "advance_floor",
    "metrics",
    "unfinished",
    "unfinished anywhere",
    "ready_queues",
)
WITHOUT = ("next_ready", "enqueue", "enqueue with a new key", "enqueue with a known key", "job_status")
CLAIM = "select * from faultline.claim_jobs(array['q'], gen_random_uuid(), 5, '1 hour', %s)"


def flat(first: int, last: int) -> bool:
    """Twice as much, for trees that have grown by a level."""
    return last <= 2 * first + 20


@dataclass
class Costs:
    """Pages touched by each call after few jobs and after many: with the runner's floor, and without any."""

    with_floor: dict[str, list[int]] = field(default_factory=dict)
    without: dict[str, list[int]] = field(default_factory=dict)


class Measuring:
    """One session that tries every call. Its first tries read catalogs and make plans: the cheapest of eight counts."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._connection: psycopg.Connection[Any] = db.connect()

    def costs(self, token: str | None) -> dict[str, int]:
        db, pages = self._db, self.pages
        db.execute("select faultline.set_queue('q', '{\"max_running\": null}')")
        costs = {
            "claim_jobs": pages(CLAIM, token),
            "reap_expired": pages("select faultline.reap_expired(1000, %s)", token),
            "advance_floor": pages("select faultline.advance_floor(array['q'], %s)", token or _unproven(db)),
            "metrics": pages("select * from faultline.metrics(%s)", token),
            "unfinished": pages("select faultline.unfinished(array['q'], %s)", token),
            "unfinished anywhere": pages("select faultline.unfinished(null, %s)", token),
            "ready_queues": pages("select * from faultline.ready_queues(100, %s)", token),
        }
        db.execute("select faultline.set_queue('q', '{\"max_running\": 1000000}')")
        costs["claim_jobs of a limited queue"] = pages(CLAIM, token)
        return costs

    def floorless(self) -> dict[str, int]:
        """Calls that need no floor: what they walk lies in the future, or is one key's."""
        pages = self.pages
        return {
            "next_ready": pages("select faultline.next_ready(array['q'])"),
            "enqueue": pages("select faultline.enqueue('x', queue => 'other', run_at => 'tomorrow')"),
            "enqueue with a new key": min(
                pages(f"select faultline.enqueue('x', queue => 'other', idempotency_key => 'new {n}')", tries=1)
                for n in itertools.islice(_numbers, 8)
            ),
            "enqueue with a known key": pages(
                "select faultline.enqueue('x', queue => 'other', idempotency_key => 'k')"
            ),
            "job_status": pages("select faultline.job_status(1)"),
        }

    def pages(self, call: str, *arguments: object, tries: int = 8) -> int:
        return min(buffers(self._connection, call, *arguments) for _ in range(tries))


_numbers = itertools.count()


def _unproven(db: Database) -> str:
    """A token of which only the time has been read: the next call walks from the beginning."""
    return str(db.scalar("select faultline.advance_floor(array['q'])"))


def _churn_keys(db: Database, count: int) -> None:
    """Keys that came, expired and were forgotten."""
    db.execute(
        "insert into faultline.idempotency_keys"
        " select 'other', 'old ' || gen_random_uuid(), 0, 0, now() - interval '8 days', now() - interval '1 day'"
        " from generate_series(1, %s)",
        count,
    )
    for _ in range(0, count, 10_000):
        db.execute("select faultline.maintain()")
    assert db.scalar("select count(*) from faultline.idempotency_keys where key like 'old %'") == 0


@pytest.fixture(scope="module")
def costs(server: Server, template: str) -> Iterator[Costs]:
    database.create(server, "old_snapshot", template=template)
    db = database.Database(server, "old_snapshot")
    try:
        yield _measure(db)
    finally:
        db.close()
        database.drop(server, "old_snapshot")


def _measure(db: Database) -> Costs:
    enqueue(db, 500)
    old_snapshot(db)
    runner, measuring, costs = Runner(db), Measuring(db), Costs()
    for count in (FEW, MANY - FEW):
        _churn_keys(db, count)
        enqueue(db, count)
        runner.drain(count, lease="1 second")
        time.sleep(1.1)  # the leases of all those attempts lie in the past
        runner.advance()
        for name, pages in (measuring.costs(runner.token) | measuring.floorless()).items():
            costs.with_floor.setdefault(name, []).append(pages)
        for name, pages in measuring.costs(None).items():
            costs.without.setdefault(name, []).append(pages)
    return costs


@pytest.mark.parametrize("call", [*WITH_FLOOR, *WITHOUT])
def test_under_an_old_snapshot_it_costs_the_same_after_50_000_jobs_as_after_1_000(costs: Costs, call: str) -> None:
    first, last = costs.with_floor[call]
    assert flat(first, last), f"{first} pages after {FEW} jobs, {last} after {MANY}"


@pytest.mark.parametrize("call", WITH_FLOOR)
def test_without_a_floor_it_would_not(costs: Costs, call: str) -> None:
    first, last = costs.without[call]
    assert not flat(first, last), f"{first} pages after {FEW} jobs, {last} after {MANY}: the test can't tell"


def test_the_floor_does_not_walk_what_is_finished_but_has_its_lease_in_the_future(db: Database) -> None:
    """Nor what was ready, due or to be woken after the time that is proven: that is walked once it has passed."""
    old_snapshot(db)
    runner, measuring = Runner(db), Measuring(db)
    pages = []
    for count in (FEW, MANY - FEW):
        enqueue(db, count)
        runner.drain(count, lease="1 hour")
        pages.append(measuring.pages("select faultline.advance_floor(array['q'], %s)", runner.token))
    assert flat(*pages), f"{pages[0]} pages after {FEW} jobs, {pages[1]} after {MANY}"


def test_jobs_in_the_future_cost_a_claim_nothing(db: Database) -> None:
    assert flat(*_claims_before_and_after_future_jobs(db))


def test_a_claim_that_asks_the_clock_row_by_row_walks_the_future(db: Database) -> None:
    source: str = db.scalar("select pg_get_functiondef('faultline.claim_jobs'::regproc)")
    assert source.count(".ready_at <= now_") == 2
    db.execute(source.replace(".ready_at <= now_", ".ready_at <= clock_timestamp()"))
    assert not flat(*_claims_before_and_after_future_jobs(db))


def _claims_before_and_after_future_jobs(db: Database) -> tuple[int, int]:
    """Pages of a claim that finds less than it wants, and so looks to the end of what is due."""
    measuring = Measuring(db)
    enqueue(db, 100)
    before = measuring.pages(CLAIM, None, tries=4)
    enqueue(db, 50_000, run_at="tomorrow")
    assert db.scalar("select count(*) from faultline.claim_job('q', gen_random_uuid(), 1000)") == 100 - 20
    return before, measuring.pages(CLAIM, None, tries=4)
