"""max_running is exact, however many sessions claim at once and whatever happens to the limit meanwhile."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest

from tests.support import scenarios
from tests.support.jobs import ALICE, BOB, CLAIM, Jobs, Shape
from tests.support.scenarios import COMPLETE, REAP, Open

LIMIT = "select faultline.set_queue('narrow', jsonb_build_object('max_running', %s::int))"
RUNNING = "select count(*) from faultline.jobs_live where state = 'running' and queue = 'narrow'"


def test_two_claims_at_once_never_exceed_the_limit(jobs: Jobs, connect: Open) -> None:
    assert scenarios.claims_at_the_limit(jobs, connect) == 2
    jobs.assert_sound()


@pytest.mark.parametrize("limit", [1, 5])
def test_many_sessions_that_claim_and_complete_never_exceed_the_limit_and_finish_all(jobs: Jobs, limit: int) -> None:
    total, sessions = 120, 5
    jobs.db.execute(LIMIT, limit)
    jobs.db.execute("select faultline.enqueue('work', queue => 'narrow') from generate_series(1, %s)", total)
    barrier = Barrier(sessions, timeout=60)

    def work(connection: Any) -> list[int]:
        runner, seen = uuid4(), []
        barrier.wait()
        while connection.execute("select faultline.unfinished(array['narrow'])").fetchone()[0]:
            claimed = connection.execute(CLAIM, ("narrow", runner, 3, "1 hour")).fetchall()
            seen.append(connection.execute(watch).fetchone()[0])
            for job, attempt in claimed:
                connection.execute(COMPLETE, (job, attempt))
        return seen

    watch = "select count(*) from public.running"
    jobs.db.execute(f"create view public.running as {RUNNING.replace('count(*)', '*')}")
    jobs.db.execute("grant select on public.running to faultline_runner")
    with ThreadPoolExecutor(sessions) as pool:
        seen = [
            most
            for counts in pool.map(work, [jobs.db.connect("faultline_runner") for _ in range(sessions)])
            for most in counts
        ]
    assert max(seen) == limit
    assert jobs.db.scalar("select count(*) from faultline.jobs_done where state = 'succeeded' and attempt = 1") == total
    jobs.assert_sound()


def test_a_claim_waits_while_the_limit_is_being_changed_and_obeys_the_new_one(jobs: Jobs, connect: Open) -> None:
    jobs.db.execute(LIMIT, 5)
    for _ in range(5):
        jobs.queued("narrow")
    operator, runner = connect("faultline_operator"), connect("faultline_runner")
    operator.begin()
    operator.run(LIMIT, 2)
    runner.start(CLAIM, "narrow", ALICE, 5, "1 hour")
    assert runner.blocked()
    operator.commit()
    assert len(runner.result()) == 2
    jobs.assert_sound()


def test_a_change_of_the_limit_waits_for_open_claims_and_holds_for_the_next(jobs: Jobs, connect: Open) -> None:
    jobs.db.execute(LIMIT, 4)
    for _ in range(5):
        jobs.queued("narrow")
    operator, runner = connect("faultline_operator"), connect("faultline_runner")
    runner.begin()
    assert len(runner.run(CLAIM, "narrow", ALICE, 2, "1 hour")) == 2
    operator.start(LIMIT, 1)
    assert operator.blocked()
    runner.commit()
    operator.result()
    assert runner.run(CLAIM, "narrow", ALICE, 2, "1 hour") == []
    jobs.assert_sound()


def test_a_limit_that_is_taken_away_meanwhile_no_longer_bounds_the_claim_that_waited(jobs: Jobs, connect: Open) -> None:
    jobs.db.execute(LIMIT, 1)
    for _ in range(3):
        jobs.queued("narrow")
    operator, runner = connect("faultline_operator"), connect("faultline_runner")
    operator.begin()
    operator.run(LIMIT, None)
    runner.start(CLAIM, "narrow", ALICE, 3, "1 hour")
    assert runner.blocked()
    operator.commit()
    assert len(runner.result()) == 3
    jobs.assert_sound()


def test_a_claim_that_waited_for_the_limit_has_its_whole_lease(jobs: Jobs, connect: Open) -> None:
    """The lease starts when the claim does, not when it began to wait."""
    jobs.db.execute(LIMIT, 2)
    job = jobs.queued("narrow")
    operator, runner = connect("faultline_operator"), connect("faultline_runner")
    operator.begin()
    operator.run(LIMIT, 3)
    runner.start(CLAIM, "narrow", ALICE, 1, "1 hour")
    assert runner.blocked()
    committed = jobs.db.scalar("select clock_timestamp()")
    operator.commit()
    assert runner.result() == [(job, 1)]
    row = "select started_at >= %s and lease_expires_at = started_at + interval '1 hour' from faultline.jobs_live"
    assert jobs.db.scalar(row, committed)
    jobs.assert_sound()


@pytest.mark.parametrize("ending", ["commit", "rollback"])
def test_room_is_made_by_a_completion_that_is_committed_and_by_nothing_else(
    ending: str, jobs: Jobs, connect: Open
) -> None:
    jobs.db.execute(LIMIT, 1)
    job = jobs.running("narrow")
    waiting = jobs.queued("narrow")
    worker, runner = connect("faultline_runner"), connect("faultline_runner")
    worker.begin()
    assert worker.call(COMPLETE, job, 1) == "ok"
    runner.start(CLAIM, "narrow", BOB, 1, "1 hour")
    assert not runner.blocked()
    assert runner.result() == []
    worker.run(ending)
    assert runner.run(CLAIM, "narrow", BOB, 1, "1 hour") == ([(waiting, 1)] if ending == "commit" else [])
    jobs.assert_sound()


def test_an_expired_job_counts_until_it_is_reaped_even_when_the_floor_stands_on_its_lease(
    jobs: Jobs, connect: Open
) -> None:
    jobs.db.execute(LIMIT, 1)
    job = jobs.expired("narrow")
    waiting = jobs.queued("narrow")
    runner = connect("faultline_runner")
    token = runner.call("select faultline.advance_floor(array['narrow'])")
    token = runner.call("select faultline.advance_floor(array['narrow'], %s)", token)
    assert jobs.db.scalar(
        "select (%s::jsonb ->> 'lease')::timestamptz = lease_expires_at from faultline.jobs_live where job_id = %s",
        token,
        job,
    )
    claim = "select job_id, attempt from faultline.claim_job('narrow', %s, 1, '1 hour', %s)"
    assert runner.run(claim, BOB, token) == []
    assert runner.call(REAP) == 1
    assert runner.run(claim, BOB, token) == [(waiting, 1)]
    assert jobs.shape(job) == Shape("queued", 1, 1)
    jobs.assert_sound()


def test_claims_of_several_limited_queues_in_any_order_wait_for_each_other_but_never_deadlock(
    jobs: Jobs, connect: Open
) -> None:
    """They lock the queues by name, whatever the order in which they were asked for."""
    for name in "abc":
        jobs.db.execute("""select faultline.set_queue(%s, '{"max_running": 2}')""", name)
        for _ in range(4):
            jobs.queued(name)
    claim = "select queue, job_id from faultline.claim_jobs(%s, %s, 6)"
    gate, forth, back = connect(), connect("faultline_runner"), connect("faultline_runner")
    gate.begin()
    gate.run("select from faultline.queues where queue = 'b' for update")
    forth.start(claim, ["a", "b", "c"], ALICE)
    assert forth.blocked()
    back.start(claim, ["c", "b", "a"], BOB)
    assert back.blocked()
    gate.rollback()
    assert [queue for queue, _ in forth.result()] == ["a", "a", "b", "b", "c", "c"]
    assert back.result() == []
    jobs.assert_sound()
