"""Groups with the same jobs in any order: no deadlock, each job accepted once."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from random import Random
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import scenarios
from tests.support.jobs import ALICE, BOB, Jobs, Shape
from tests.support.scenarios import COMPLETE_MANY, FAIL_MANY, Open

if TYPE_CHECKING:
    from tests.support.database import Database

ROUNDS = 60
SIZE = 40


def test_groups_in_opposite_order_wait_for_each_other_and_never_deadlock(jobs: Jobs, connect: Open) -> None:
    assert scenarios.batches_in_opposite_order(jobs, connect) == (["ok"] * 3, ["repeat"] * 3)
    assert jobs.shape(2) == Shape("succeeded", 1, 0)
    jobs.assert_sound()


def test_groups_of_the_same_jobs_in_many_orders_at_once_accept_each_job_once(db: Database, jobs: Jobs) -> None:
    """Also with beats of the same jobs between them, which wait for nobody."""
    rounds = [jobs.many_running(SIZE) for _ in range(ROUNDS)]
    random = Random(20)
    orders = [
        list(rounds),
        [ids[::-1] for ids in rounds],
        [random.sample(ids, SIZE) for ids in rounds],
    ]
    barrier = Barrier(len(orders) + 1, timeout=60)

    def complete(connection: Any, batches: list[list[int]]) -> Counter[tuple[int, str]]:
        verdicts: Counter[tuple[int, str]] = Counter()
        for ids in batches:
            barrier.wait()
            verdicts.update(zip(ids, connection.execute(COMPLETE_MANY, (ids, ids)).fetchone()[0], strict=True))
        return verdicts

    def beat(connection: Any) -> set[str]:
        query = "select verdict from faultline.heartbeat(%s, %s::bigint[], %s::int[])"
        verdicts = set()
        for ids in rounds:
            barrier.wait()
            verdicts |= {verdict for (verdict,) in connection.execute(query, (ALICE, ids[::-1], [1] * SIZE))}
        return verdicts

    connections = [db.connect("faultline_runner") for _ in range(len(orders) + 1)]
    with ThreadPoolExecutor(len(connections)) as pool:
        beats = pool.submit(beat, connections[-1])
        verdicts = sum(pool.map(complete, connections[:-1], orders), Counter())
        assert beats.result() <= {"ok", "stale"}
    expected = {(job, "ok"): 1 for ids in rounds for job in ids} | {(job, "repeat"): 2 for ids in rounds for job in ids}
    assert verdicts == Counter(expected)
    assert db.scalar("select count(*) from faultline.jobs_done") == ROUNDS * SIZE
    jobs.assert_sound()


def test_a_group_with_attempts_of_two_workers_answers_for_each(jobs: Jobs) -> None:
    job, other = jobs.many_running(2)
    jobs.expire(job)
    jobs.db.execute(scenarios.REAP)
    jobs.make_ready(job)
    assert jobs.claim(runner=BOB) == [(job, 2)]
    query = "select array_agg(verdict) from faultline.complete_jobs(%s::bigint[], %s::int[])"
    assert jobs.db.scalar(query, [job, other, job, 999], [2, 1, 1, 1]) == ["ok", "ok", "stale", "stale"]
    assert jobs.db.scalar(query, [job, other, job], [1, 1, 2]) == ["stale", "repeat", "repeat"]
    jobs.assert_sound()


@pytest.mark.parametrize("ending", ["commit", "rollback"])
@pytest.mark.parametrize(
    "change",
    [
        "select verdict from faultline.heartbeat('{runner}', array[{job}]::bigint[], array[1])",
        "select faultline.cancel_job({job})",
    ],
    ids=["beat", "cancel"],
)
def test_a_group_that_waited_for_a_beat_or_a_cancel_is_accepted_whole(
    change: str, ending: str, jobs: Jobs, connect: Open
) -> None:
    ids = jobs.many_running(3)
    other, group = connect(), connect("faultline_runner")
    other.begin()
    assert other.call(change.format(runner=ALICE, job=ids[1])) in {"ok", "requested"}
    group.start(COMPLETE_MANY, ids, ids)
    assert group.blocked()
    other.run(ending)
    assert group.outcome() == ["ok"] * 3
    jobs.assert_sound()


def test_a_group_and_the_reaper_lock_jobs_in_one_order(jobs: Jobs, connect: Open) -> None:
    """A completion holds the middle job; the reaper takes the rest, and a group that comes waits for both."""
    ids = jobs.many_running(3)
    jobs.expire(*ids[::-1])
    worker, reaper, group = connect("faultline_runner"), connect("faultline_runner"), connect("faultline_runner")
    worker.begin()
    assert worker.call(scenarios.COMPLETE, ids[1], 1) == "ok"
    reaper.begin()
    assert reaper.call(scenarios.REAP) == 2
    group.start(COMPLETE_MANY, ids[::-1], ids)
    assert group.blocked()
    worker.rollback()
    assert group.blocked()
    reaper.commit()
    assert group.outcome() == ["stale", "ok", "stale"]
    jobs.assert_sound()


# Groups of failures.


@pytest.mark.parametrize(("other", "verdicts"), [(FAIL_MANY, ["repeat"] * 3), (COMPLETE_MANY, ["stale"] * 3)])
def test_groups_of_failures_lock_jobs_in_the_one_order(
    other: str, verdicts: list[str], jobs: Jobs, connect: Open
) -> None:
    assert scenarios.batches_in_opposite_order(jobs, connect, FAIL_MANY, other) == (["ok"] * 3, verdicts)
    assert jobs.shape(2) == Shape("queued", 1, 1)
    jobs.assert_sound()


@pytest.mark.parametrize(
    ("change", "verdict", "shape"),
    [
        ("select faultline.complete_job({job}, 1)", "stale", Shape("succeeded", 1, 0)),
        ("select faultline.release_job({job}, 1)", "stale", Shape("queued", 1, 0)),
        ("select faultline.fail_job({job}, 1, '{{}}', false)", "repeat", Shape("failed", 1, 1)),
        ("select faultline.cancel_job({job})", "ok", Shape("cancelled", 1, 1)),
        ("select faultline.heartbeat('{runner}', array[{job}]::bigint[], array[1])", "ok", Shape("queued", 1, 1)),
    ],
    ids=["complete", "release", "fail", "cancel", "beat"],
)
@pytest.mark.parametrize("ending", ["commit", "rollback"])
def test_a_group_of_failures_tests_its_fences_again_after_a_wait(
    change: str, verdict: str, shape: Shape, ending: str, jobs: Jobs, connect: Open
) -> None:
    ids = jobs.many_running(3)
    other, group = connect(), connect("faultline_runner")
    other.begin()
    other.run(change.format(runner=ALICE, job=ids[1]))
    group.start(FAIL_MANY, ids, ids)
    assert group.blocked()
    other.run(ending)
    if ending == "rollback":
        verdict, shape = "ok", Shape("queued", 1, 1)
    assert group.outcome() == ["ok", verdict, "ok"]
    assert jobs.shape(ids[1]) == shape
    assert {jobs.shape(job) for job in (ids[0], ids[2])} == {Shape("queued", 1, 1)}
    jobs.assert_sound()


def test_a_group_of_failures_does_not_fail_an_attempt_that_began_while_it_waited(jobs: Jobs, connect: Open) -> None:
    assert scenarios.failure_of_an_attempt_that_is_over(jobs, connect) == (["stale"], Shape("running", 2, 0))
    jobs.assert_sound()


def test_the_backoff_of_a_failure_that_waited_counts_what_it_found(jobs: Jobs, connect: Open) -> None:
    """All that is computed of the row is computed anew: here the limit that an operator has lowered meanwhile."""
    (job,) = jobs.many_running(1)
    other, group = connect(), connect("faultline_runner")
    other.begin()
    other.run("update faultline.jobs_live set max_attempts = 1 where job_id = %s", job)
    group.start(FAIL_MANY, [job], [job])
    assert group.blocked()
    other.commit()
    assert group.outcome() == ["ok"]
    assert jobs.shape(job) == Shape("failed", 1, 1)
    jobs.assert_sound()
