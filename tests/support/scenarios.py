"""Races that more than one test plays: once with the real functions, and once with functions broken on purpose.

Each returns what was observed; the test that owns the scenario says what is legal.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias
from uuid import uuid4

import psycopg

from tests.support.jobs import ALICE, BOB, CLAIM, Shape

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.jobs import Jobs
    from tests.support.stepping import Session

Open: TypeAlias = "Callable[..., Session]"

COMPLETE = "select faultline.complete_job(%s, %s)"
COMPLETE_MANY = """
    select array_agg(verdict)
    from faultline.complete_jobs(%s::bigint[], array_fill(1, array[cardinality(%s::bigint[])]))
"""
FAIL_MANY = """
    select array_agg(verdict)
    from faultline.fail_jobs(%s::bigint[], array_fill(1, array[cardinality(%s::bigint[])]))
"""
FAIL = """select faultline.fail_job(%s, %s, '{"type": "Boom"}')"""
REPORTS = {
    "complete": COMPLETE,
    "fail": FAIL,
    "release": "select faultline.release_job(%s, %s)",
    "snooze": "select faultline.snooze_job(%s, %s, '1 hour')",
}
# How a report that is accepted leaves a job that was at attempt 1.
ENDS = {
    "complete": Shape("succeeded", 1, 0),
    "fail": Shape("queued", 1, 1),
    "release": Shape("queued", 1, 0),
    "snooze": Shape("queued", 1, 0),
}
CLAIM_MANY = "select job_id from faultline.claim_jobs(queues => '{default}', runner => %s, batch => %s)"
REAP = "select faultline.reap_expired()"
BEAT = "select verdict from faultline.heartbeat(%s, array[%s]::bigint[], array[%s]::int[], '1 hour')"
ENQUEUE_KEYED = "select faultline.enqueue('work', %s::jsonb, queue => 'default', idempotency_key => %s)"
SECONDS_AT_MOST = "60 seconds"


class Pair(NamedTuple):
    """What two sessions were told, and how the job ended."""

    first: Any
    second: Any
    shape: Shape


def overtaken_worker_completes(jobs: Jobs, connect: Open) -> Pair:
    """Alice's lease is lost, Bob has the job at attempt 2; then Alice reports attempt 1, and Bob attempt 2."""
    job = jobs.expired()
    jobs.db.execute(REAP)
    jobs.make_ready(job)
    assert jobs.claim(runner=BOB) == [(job, 2)]
    late = connect("faultline_runner").call(COMPLETE, job, 1)
    current = connect("faultline_runner").call(COMPLETE, job, 2)
    return Pair(late, current, jobs.shape(job))


def claim_beside_an_open_claim(jobs: Jobs, connect: Open) -> tuple[list[Any], bool, list[Any]]:
    """Two jobs; Alice has claimed one and not committed. What she got, whether Bob had to wait, and what he got."""
    jobs.queued()
    jobs.queued()
    first, second = connect("faultline_runner"), connect("faultline_runner")
    first.begin()
    taken = first.run(CLAIM, "default", ALICE, 1, "1 hour")
    second.start(CLAIM, "default", BOB, 1, "1 hour")
    waited = second.blocked()
    first.commit()
    return taken, waited, second.result()


def claim_beside_two_large_claims(jobs: Jobs, connect: Open, batch: int, *, written: bool = False) -> bool:
    """Alice and Bob have claimed 50 each and not committed. Whether a third had to wait before it got the next ones."""
    jobs.db.execute("select faultline.enqueue('work') from generate_series(1, 150)")
    alice, bob, third = (connect("faultline_runner") for _ in range(3))
    for session, runner in ((alice, ALICE), (bob, BOB)):
        session.begin()
        session.start(CLAIM_MANY, runner, 50)
        assert not session.blocked()
        assert len(session.result()) == 50
    third.begin()
    if written:
        third.run("select pg_current_xact_id()")
    third.start(CLAIM_MANY, uuid4(), batch)
    waited = third.blocked()
    alice.commit()
    bob.commit()
    assert third.result() == [(job,) for job in range(101, 101 + batch)]
    third.commit()
    assert third.notices == (["01FL1"] if waited else [])
    return waited


def same_key_at_once(jobs: Jobs, connect: Open) -> tuple[bool, int]:
    """Two producers with one key and the same arguments: did both get one id, and how many jobs are there?"""
    first, second = connect("faultline_producer"), connect("faultline_producer")
    first.begin()
    one = first.call(ENQUEUE_KEYED, "{}", "order-1")
    second.start(ENQUEUE_KEYED, "{}", "order-1")
    second.blocked()
    first.commit()
    other = second.outcome()
    return one == other, jobs.db.scalar("select count(*) from faultline.jobs_live")


def batches_in_opposite_order(
    jobs: Jobs, connect: Open, one: str = COMPLETE_MANY, other: str = COMPLETE_MANY
) -> tuple[Any, Any]:
    """Three jobs, two groups in opposite order, and somebody who holds the middle one until both have begun.

    Groups that lock in their own order hold the two ends by then, and have to deadlock.
    """
    ids = jobs.many_running(3)
    gate, forth, back = connect(), connect(), connect()
    gate.begin()
    gate.run("select from faultline.jobs_live where job_id = %s for update", ids[1])
    forth.start(one, ids, ids)
    assert forth.blocked()
    back.start(other, ids[::-1], ids)
    assert back.blocked()
    gate.rollback()
    return forth.outcome(), back.outcome()


def failure_of_an_attempt_that_is_over(jobs: Jobs, connect: Open) -> tuple[Any, Shape]:
    """Attempt 1 is given back and the job claimed again while the report of its failure waits for the row."""
    job = jobs.running()
    other, group = connect(), connect("faultline_runner")
    other.begin()
    assert other.call(REPORTS["release"], job, 1) == "ok"
    assert other.run(CLAIM, "default", BOB, 1, "1 hour") == [(job, 2)]
    group.start(FAIL_MANY, [job], [job])
    assert group.blocked()
    other.commit()
    return group.outcome(), jobs.shape(job)


def beat_between_the_reapers_looks(jobs: Jobs, connect: Open) -> tuple[Any, int, Shape]:
    """The reaper has seen an expired lease, and before it locks the job a beat extends it.

    A lock on the table lets the reaper read and keeps it from locking rows.
    """
    job = jobs.expired()
    runner, reaper = connect(), connect("faultline_runner")
    runner.begin()
    runner.run("lock table faultline.jobs_live in exclusive mode")
    reaper.start(REAP)
    assert reaper.blocked()
    verdict = runner.call(BEAT, ALICE, job, 1)
    runner.commit()
    return verdict, reaper.outcome(), jobs.shape(job)


def claims_at_the_limit(jobs: Jobs, connect: Open) -> int:
    """max_running 2, one running; two sessions claim at once, neither committed before the other asks. How many run?"""
    jobs.db.execute("""select faultline.set_queue('narrow', '{"max_running": 2}')""")
    jobs.running("narrow")
    for _ in range(4):
        jobs.queued("narrow")
    first, second = connect("faultline_runner"), connect("faultline_runner")
    first.begin()
    first.run(CLAIM, "narrow", ALICE, 3, "1 hour")
    second.start(CLAIM, "narrow", BOB, 3, "1 hour")
    second.blocked()
    first.commit()
    second.result()
    running: int = jobs.db.scalar("select count(*) from faultline.jobs_live where state = 'running'")
    return running


def fails_at_once(jobs: Jobs, connect: Open) -> Pair:
    """One attempt's failure, reported by two connections; the first has not committed when the second asks."""
    job = jobs.running()
    first, second = connect("faultline_runner"), connect("faultline_runner")
    first.begin()
    one = first.call(FAIL, job, 1)
    second.start(FAIL, job, 1)
    second.blocked()
    first.commit()
    return Pair(one, second.outcome(), jobs.shape(job))


def largest_claim(jobs: Jobs, batch: int) -> int:
    """The most that a claim of so many returned, while 60 jobs were drained."""
    for _ in range(60):
        jobs.queued()
    sizes = []
    while claimed := jobs.claim(batch=batch):
        sizes.append(len(claimed))
    assert sum(sizes) == 60
    return max(sizes)


def beat_of_two_attempts(jobs: Jobs) -> list[tuple[int, str]]:
    """Alice lost attempt 1 and claimed the job again; her beat names both attempts. (attempt, verdict) of each."""
    job = jobs.expired()
    jobs.db.execute(REAP)
    jobs.make_ready(job)
    assert jobs.claim() == [(job, 2)]
    rows = jobs.db.rows(
        "select verdict from faultline.heartbeat(%s, array[%s, %s]::bigint[], array[1, 2])", ALICE, job, job
    )
    return list(zip((1, 2), (verdict for (verdict,) in rows), strict=True))


def locks_left_by_a_producer(jobs: Jobs, connect: Open) -> int:
    """The advisory locks that an open transaction which has enqueued a job holds."""
    producer = connect("faultline_producer")
    producer.begin()
    producer.run("select faultline.enqueue('work')")
    left = len(jobs.advisory_locks())
    producer.commit()
    return left


def locks_left_by_cancelled_rings(jobs: Jobs, tries: int) -> int:
    """How many of so many calls, each cancelled by statement_timeout while it rang, left a lock with their session."""
    session = jobs.db.connect()
    left = 0
    for _ in range(tries):
        session.execute("set statement_timeout = '6ms'")
        with suppress(psycopg.errors.QueryCanceled):
            session.execute("select faultline._ring('mail') from generate_series(1, 20000)")
        while True:  # on a busy machine that too can take longer
            with suppress(psycopg.errors.QueryCanceled):
                session.execute("set statement_timeout = 0")
                break
        left += bool(jobs.advisory_locks())
        session.execute("select pg_advisory_unlock_all()")
    return left
