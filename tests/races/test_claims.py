"""Claims at the same moment as other claims, reaps, pauses and locks: no job twice, nobody kept waiting."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from tests.support import scenarios
from tests.support.jobs import ALICE, BOB, CLAIM, Jobs, Shape
from tests.support.scenarios import BEAT, REAP

if TYPE_CHECKING:
    from tests.support.database import Database
    from tests.support.scenarios import Open

RELEASE_UNKNOWN = "select faultline.release_unknown(%s, %s::bigint[])"


def test_two_claims_at_once_take_different_jobs_and_neither_waits(jobs: Jobs, connect: Open) -> None:
    alices, waited, bobs = scenarios.claim_beside_an_open_claim(jobs, connect)
    assert not waited
    assert len(alices) == len(bobs) == 1
    assert {alices[0], bobs[0]} == {(1, 1), (2, 1)}
    jobs.assert_sound()


@pytest.mark.parametrize(("batch", "written", "waits"), [(50, False, True), (49, False, False), (50, True, False)])
def test_large_claims_of_a_queue_take_turns(jobs: Jobs, connect: Open, batch: int, written: bool, waits: bool) -> None:
    """Not in a transaction that has written: it may hold what the two others wait for."""
    assert scenarios.claim_beside_two_large_claims(jobs, connect, batch, written=written) == waits
    jobs.assert_sound()


def test_a_turn_that_does_not_come_is_not_waited_for_long(jobs: Jobs, connect: Open) -> None:
    jobs.db.execute("select faultline.enqueue('work') from generate_series(1, 150)")
    sessions = [connect("faultline_runner") for _ in range(3)]
    for session, first in zip(sessions, (1, 51, 101), strict=True):
        session.begin()
        assert session.run(scenarios.CLAIM_MANY, uuid4(), 50) == [(job,) for job in range(first, first + 50)]
    for session in sessions:
        session.commit()
    jobs.assert_sound()


def test_a_claim_that_rolls_back_gives_its_job_back_unspent(jobs: Jobs, connect: Open) -> None:
    job = jobs.queued()
    first, second = connect("faultline_runner"), connect("faultline_runner")
    first.begin()
    assert first.run(CLAIM, "default", ALICE, 1, "1 hour") == [(job, 1)]
    second.start(CLAIM, "default", BOB, 1, "1 hour")
    assert not second.blocked()
    assert second.result() == []
    first.rollback()
    assert second.run(CLAIM, "default", BOB, 1, "1 hour") == [(job, 1)]
    assert jobs.shape(job) == Shape("running", 1, 0)
    jobs.assert_sound()


@pytest.mark.parametrize("batch", [1, 7, 50])
def test_runners_that_drain_a_queue_together_claim_each_job_exactly_once(jobs: Jobs, batch: int) -> None:
    jobs.db.execute("select faultline.enqueue('work') from generate_series(1, 300)")
    claimed: list[tuple[int, int]] = []

    def drain(connection: Any) -> list[tuple[int, int]]:
        runner, mine = uuid4(), []
        while rows := connection.execute(CLAIM, ("default", runner, batch, "1 hour")).fetchall():
            mine += rows
        return mine

    connections = [jobs.db.connect("faultline_runner") for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        for mine in pool.map(drain, connections):
            claimed += mine
    # Who finds only locked rows stops early: what is left is taken now.
    claimed += drain(connections[0])
    assert Counter(claimed) == Counter({(job, 1): 1 for job in range(1, 301)})
    jobs.assert_sound()


@pytest.mark.parametrize("batch", [1, 7, 59])
def test_a_claim_never_returns_more_than_its_batch(jobs: Jobs, batch: int) -> None:
    assert scenarios.largest_claim(jobs, batch) == batch


def test_a_job_that_a_foreign_key_holds_is_claimed_without_waiting(db: Database, jobs: Jobs, connect: Open) -> None:
    job = jobs.queued()
    db.execute("create table public.notes (job_id bigint references faultline.jobs_live)")
    writer, runner = connect(), connect("faultline_runner")
    writer.begin()
    writer.run("insert into public.notes values (%s)", job)
    runner.start(CLAIM, "default", ALICE, 1, "1 hour")
    assert not runner.blocked()
    assert runner.result() == [(job, 1)]
    writer.start(BEAT, ALICE, job, 1)
    assert writer.outcome() == "ok"
    writer.commit()
    assert jobs.shape(job) == Shape("running", 1, 0)
    jobs.assert_sound()


def test_a_claim_passes_by_a_job_that_is_locked_and_takes_the_next(jobs: Jobs, connect: Open) -> None:
    locked, free = jobs.queued(), jobs.queued()
    holder, runner = connect(), connect("faultline_runner")
    holder.begin()
    holder.run("select from faultline.jobs_live where job_id = %s for update", locked)
    runner.start(CLAIM, "default", ALICE, 5, "1 hour")
    assert not runner.blocked()
    assert runner.result() == [(free, 1)]
    holder.commit()
    assert runner.run(CLAIM, "default", ALICE, 5, "1 hour") == [(locked, 1)]
    jobs.assert_sound()


def test_a_claim_refuses_isolation_levels_in_which_it_would_fail(jobs: Jobs, connect: Open) -> None:
    job = jobs.queued()
    for isolation in ("repeatable read", "serializable"):
        runner = connect("faultline_runner")
        runner.begin(isolation)
        assert runner.call(CLAIM, "default", ALICE, 1, "1 hour") == "FL004"
        runner.rollback()
    assert jobs.shape(job) == Shape("queued", 0, 0)
    jobs.assert_sound()


def test_a_job_being_reaped_is_claimed_only_after_the_reap_and_its_backoff(jobs: Jobs, connect: Open) -> None:
    job = jobs.expired()
    reaper, runner = connect("faultline_runner"), connect("faultline_runner")
    reaper.begin()
    assert reaper.call(REAP) == 1
    runner.start(CLAIM, "default", BOB, 1, "1 hour")
    assert not runner.blocked()
    assert runner.result() == []
    reaper.commit()
    assert runner.run(CLAIM, "default", BOB, 1, "1 hour") == []
    jobs.make_ready(job)
    assert runner.run(CLAIM, "default", BOB, 1, "1 hour") == [(job, 2)]
    assert jobs.shape(job) == Shape("running", 2, 1)
    jobs.assert_sound()


def test_a_reaper_neither_waits_for_an_open_claim_nor_takes_its_job(jobs: Jobs, connect: Open) -> None:
    job = jobs.queued()
    runner, reaper = connect("faultline_runner"), connect("faultline_runner")
    runner.begin()
    runner.run(CLAIM, "default", ALICE, 1, "1 hour")
    reaper.start(REAP)
    assert not reaper.blocked()
    assert reaper.outcome() == 0
    runner.commit()
    assert reaper.call(REAP) == 0
    assert jobs.shape(job) == Shape("running", 1, 0)
    jobs.assert_sound()


def test_a_pause_waits_for_no_open_claim_and_holds_for_every_later_one(jobs: Jobs, connect: Open) -> None:
    first, second = jobs.queued(), jobs.queued()
    runner, operator = connect("faultline_runner"), connect("faultline_operator")
    runner.begin()
    assert runner.run(CLAIM, "default", ALICE, 1, "1 hour") == [(first, 1)]
    operator.start("select faultline.pause_queue('default')")
    assert not operator.blocked()
    operator.result()
    runner.commit()
    assert runner.run(CLAIM, "default", ALICE, 1, "1 hour") == []
    assert (jobs.shape(first).state, jobs.shape(second).state) == ("running", "queued")
    jobs.assert_sound()


def test_a_claim_beside_an_open_pause_does_not_wait_and_may_still_take_jobs(jobs: Jobs, connect: Open) -> None:
    job = jobs.queued()
    operator, runner = connect("faultline_operator"), connect("faultline_runner")
    operator.begin()
    operator.run("select faultline.pause_queue('default')")
    runner.start(CLAIM, "default", ALICE, 1, "1 hour")
    assert not runner.blocked()
    assert runner.result() == [(job, 1)]
    operator.commit()
    jobs.assert_sound()


def test_a_claim_of_a_limited_queue_that_waited_for_a_pause_obeys_it(jobs: Jobs, connect: Open) -> None:
    jobs.db.execute("""select faultline.set_queue('default', '{"max_running": 5}')""")
    job = jobs.queued()
    operator, runner = connect("faultline_operator"), connect("faultline_runner")
    operator.begin()
    operator.run("select faultline.pause_queue('default')")
    runner.start(CLAIM, "default", ALICE, 1, "1 hour")
    assert runner.blocked()
    operator.commit()
    assert runner.result() == []
    assert jobs.shape(job) == Shape("queued", 0, 0)
    jobs.assert_sound()


def test_release_unknown_does_not_see_a_claim_that_is_still_under_way_and_the_next_call_gives_it_back(
    jobs: Jobs, connect: Open
) -> None:
    """A connection is lost while its backend still claims: the runner asks on a new one, too early."""
    job = jobs.queued()
    lost, new = connect("faultline_runner"), connect("faultline_runner")
    lost.begin()
    lost.run(CLAIM, "default", ALICE, 1, "1 hour")
    new.start(RELEASE_UNKNOWN, ALICE, [])
    assert not new.blocked()
    assert new.outcome() == 0
    lost.commit()
    assert new.call(RELEASE_UNKNOWN, ALICE, []) == 1
    assert new.call(RELEASE_UNKNOWN, ALICE, []) == 0
    assert jobs.shape(job) == Shape("queued", 1, 0)
    assert jobs.events(job) == [(1, "release")]
    jobs.assert_sound()


def test_a_claim_passes_by_what_release_unknown_is_giving_back_and_then_takes_it(jobs: Jobs, connect: Open) -> None:
    job = jobs.running()
    giver, runner = connect("faultline_runner"), connect("faultline_runner")
    giver.begin()
    assert giver.call(RELEASE_UNKNOWN, ALICE, []) == 1
    runner.start(CLAIM, "default", BOB, 1, "1 hour")
    assert not runner.blocked()
    assert runner.result() == []
    giver.commit()
    assert runner.run(CLAIM, "default", BOB, 1, "1 hour") == [(job, 2)]
    assert connect("faultline_runner").call(scenarios.COMPLETE, job, 1) == "FL001"
    assert jobs.shape(job) == Shape("running", 2, 0)
    jobs.assert_sound()


def test_release_unknown_that_waited_for_a_completion_gives_nothing_back(jobs: Jobs, connect: Open) -> None:
    job = jobs.running()
    worker, giver = connect("faultline_runner"), connect("faultline_runner")
    worker.begin()
    assert worker.call(scenarios.COMPLETE, job, 1) == "ok"
    giver.start(RELEASE_UNKNOWN, ALICE, [])
    assert giver.blocked()
    worker.commit()
    assert giver.outcome() == 0
    assert jobs.shape(job) == Shape("succeeded", 1, 0)
    jobs.assert_sound()
