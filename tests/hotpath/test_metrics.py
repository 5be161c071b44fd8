"""What Prometheus asks for costs as much with any backlog: each count has an end, each age is one probe."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.hotpath.plans import buffers
from tests.hotpath.workload import enqueue
from tests.support.proofs import FULL

if TYPE_CHECKING:
    from tests.support.database import Database

CAP = 10_000
MORE = 100_000
# With FAULTLINE_FULL=1 ten million, which takes minutes to plant.
BACKLOG = 10_000_000 if FULL else MORE
PLANT = """
insert into faultline.jobs_live (type, queue, payload, state, attempt, priority, max_attempts, ready_at, created_at)
select 't', %s, '{}', 'queued', 0, 1 + n %% 4, 5, now() + n %% 2 * interval '1 day', now()
from generate_series(1, %s) n"""
READ = "select * from faultline.metrics()"


def plant(db: Database, count: int, queue: str = "q") -> None:
    """Half of them ready, half for tomorrow; none of the triggers and checks that take the time."""
    db.execute("set session_replication_role = replica")
    db.execute(PLANT, queue, count)
    db.execute("reset session_replication_role")


def pages(db: Database) -> int:
    connection = db.connect()
    return min(buffers(connection, READ) for _ in range(4))


@pytest.mark.timeout(900)
def test_a_large_backlog_costs_what_one_at_the_cap_does(db: Database) -> None:
    plant(db, 4 * CAP)
    at_the_cap = pages(db)
    plant(db, BACKLOG)
    beyond = pages(db)
    print(f"{at_the_cap} pages with {4 * CAP} jobs, {beyond} with {BACKLOG} more")
    assert beyond <= 1.1 * at_the_cap + 50, f"{at_the_cap} pages with {4 * CAP} jobs, {beyond} with {BACKLOG} more"
    assert db.scalar(f"select value from ({READ}) m where name = 'faultline_queue_ready'") == CAP


def test_below_the_cap_a_count_costs_what_it_counts(db: Database) -> None:
    """The bound is what keeps it cheap: without one it grows with the backlog."""
    plant(db, CAP // 10)
    few = pages(db)
    plant(db, 4 * CAP)
    assert pages(db) > 2 * few


def test_a_count_without_a_bound_would_be_caught(db: Database) -> None:
    source: str = db.scalar("select pg_get_functiondef('faultline.metrics'::regproc)")
    assert source.count("limit most - ready\n") == 1
    db.execute(source.replace("limit most - ready\n", "\n").replace("%", "%%"))
    plant(db, 4 * CAP)
    at_the_cap = pages(db)
    plant(db, MORE)
    assert pages(db) > 1.1 * at_the_cap + 50


def test_many_queues_with_a_backlog_each_are_counted_less_far(db: Database) -> None:
    for number in range(20):
        plant(db, 2 * CAP // 10, f"q{number}")
    twenty = pages(db)
    plant(db, 2 * CAP // 10, "one more")
    assert pages(db) < twenty


def test_a_thousand_queues_cost_what_two_hundred_do(db: Database) -> None:
    connection = db.connect()
    for first, last in ((1, 200), (201, 1000)):
        for number in range(first, last + 1):
            enqueue(db, 1, queue=f"q{number:04}")
        seen = min(buffers(connection, READ) for _ in range(4))
        if first == 1:
            two_hundred = seen
    assert seen <= 1.6 * two_hundred, "the index has one more level, and that is all"
