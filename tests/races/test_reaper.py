"""An expired lease: whoever commits first decides between the reaper and the worker that comes back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import scenarios
from tests.support.jobs import ALICE, BOB, Jobs, Shape
from tests.support.scenarios import BEAT, ENDS, REAP, REPORTS, Open

if TYPE_CHECKING:
    from tests.support.database import Database


@pytest.mark.parametrize("report", REPORTS)
def test_a_report_after_the_deadline_is_accepted_and_the_reaper_passes_by(
    report: str, jobs: Jobs, connect: Open
) -> None:
    job = jobs.expired()
    worker, reaper = connect("faultline_runner"), connect("faultline_runner")
    worker.begin()
    assert worker.call(REPORTS[report], job, 1) == "ok"
    reaper.start(REAP)
    assert not reaper.blocked()
    assert reaper.outcome() == 0
    worker.commit()
    assert reaper.call(REAP) == 0
    assert jobs.shape(job) == ENDS[report]
    jobs.assert_sound()


@pytest.mark.parametrize("report", REPORTS)
def test_a_report_that_waited_for_the_reaper_is_stale(report: str, jobs: Jobs, connect: Open) -> None:
    job = jobs.expired()
    reaper, worker = connect("faultline_runner"), connect("faultline_runner")
    reaper.begin()
    assert reaper.call(REAP) == 1
    worker.start(REPORTS[report], job, 1)
    assert worker.blocked()
    reaper.commit()
    assert worker.outcome() == "FL001"
    assert jobs.shape(job) == Shape("queued", 1, 1)
    assert jobs.events(job) == [(1, "expire")]
    jobs.assert_sound()


@pytest.mark.parametrize("report", REPORTS)
def test_a_report_that_waited_for_a_reap_that_rolled_back_is_accepted(report: str, jobs: Jobs, connect: Open) -> None:
    job = jobs.expired()
    reaper, worker = connect("faultline_runner"), connect("faultline_runner")
    reaper.begin()
    assert reaper.call(REAP) == 1
    worker.start(REPORTS[report], job, 1)
    assert worker.blocked()
    reaper.rollback()
    assert worker.outcome() == "ok"
    assert jobs.shape(job) == ENDS[report]
    jobs.assert_sound()


@pytest.mark.parametrize("report", REPORTS)
def test_a_report_that_rolls_back_leaves_the_job_to_the_reaper(report: str, jobs: Jobs, connect: Open) -> None:
    job = jobs.expired()
    worker, reaper = connect("faultline_runner"), connect("faultline_runner")
    worker.begin()
    assert worker.call(REPORTS[report], job, 1) == "ok"
    assert reaper.call(REAP) == 0
    worker.rollback()
    assert reaper.call(REAP) == 1
    assert jobs.shape(job) == Shape("queued", 1, 1)
    jobs.assert_sound()


def test_the_last_attempt_that_expires_is_a_dead_letter_and_its_late_completion_stale(
    jobs: Jobs, connect: Open
) -> None:
    job = jobs.expired(max_attempts=1)
    reaper, worker = connect("faultline_runner"), connect("faultline_runner")
    reaper.begin()
    assert reaper.call(REAP) == 1
    worker.start(REPORTS["complete"], job, 1)
    assert worker.blocked()
    reaper.commit()
    assert worker.outcome() == "FL001"
    assert jobs.shape(job) == Shape("failed", 1, 1)
    jobs.assert_sound()


def test_a_lease_extended_between_the_reapers_look_and_its_lock_is_not_reaped(jobs: Jobs, connect: Open) -> None:
    observed = scenarios.beat_between_the_reapers_looks(jobs, connect)
    assert observed == ("ok", 0, Shape("running", 1, 0))
    assert jobs.lease_left(1) > 3000
    jobs.assert_sound()


def test_the_reaper_passes_by_a_lease_that_is_being_extended(jobs: Jobs, connect: Open) -> None:
    job = jobs.expired()
    runner, reaper = connect("faultline_runner"), connect("faultline_runner")
    runner.begin()
    assert runner.call(BEAT, ALICE, job, 1) == "ok"
    reaper.start(REAP)
    assert not reaper.blocked()
    assert reaper.outcome() == 0
    runner.commit()
    assert reaper.call(REAP) == 0
    assert jobs.shape(job) == Shape("running", 1, 0)
    jobs.assert_sound()


def test_a_beat_that_rolls_back_leaves_the_lease_expired(jobs: Jobs, connect: Open) -> None:
    job = jobs.expired()
    runner, reaper = connect("faultline_runner"), connect("faultline_runner")
    runner.begin()
    assert runner.call(BEAT, ALICE, job, 1) == "ok"
    runner.rollback()
    assert reaper.call(REAP) == 1
    assert jobs.shape(job) == Shape("queued", 1, 1)
    jobs.assert_sound()


def test_a_beat_leaves_out_a_job_that_is_being_reaped_and_then_calls_it_stale(jobs: Jobs, connect: Open) -> None:
    job, other = jobs.many_running(2)
    jobs.expire(job)
    beat = "select job_id, verdict from faultline.heartbeat(%s, %s::bigint[], array[1, 1])"
    reaper, runner = connect("faultline_runner"), connect("faultline_runner")
    reaper.begin()
    assert reaper.call(REAP) == 1
    runner.start(beat, ALICE, [job, other])
    assert not runner.blocked()
    assert runner.result() == [(other, "ok")]
    reaper.commit()
    assert runner.run(beat, ALICE, [job, other]) == [(job, "stale"), (other, "ok")]
    assert runner.run(beat, ALICE, [job, other]) == [(job, "stale"), (other, "ok")]
    assert jobs.events(job) == [(1, "expire"), (1, "stale")]
    assert jobs.shape(job) == Shape("queued", 1, 1)
    jobs.assert_sound()


def test_two_reapers_at_once_share_the_work_and_charge_each_job_once(jobs: Jobs, connect: Open) -> None:
    ids = jobs.many_running(6)
    jobs.expire(*ids)
    some = "select faultline.reap_expired(4)"
    one, other = connect("faultline_runner"), connect("faultline_runner")
    one.begin()
    assert one.call(some) == 4
    other.start(REAP)
    assert not other.blocked()
    assert other.outcome() == 2
    one.commit()
    assert [jobs.shape(job) for job in ids] == [Shape("queued", 1, 1)] * 6
    jobs.assert_sound()


def test_reapers_beats_and_completions_all_at_once_never_deadlock_and_charge_nobody_twice(
    db: Database, jobs: Jobs
) -> None:
    ids = jobs.many_running(120)
    jobs.expire(*ids)
    ones = [1] * len(ids)

    def reap(connection: Any) -> list[str]:
        return [connection.execute("select faultline.reap_expired(25)").fetchone()[0] for _ in range(6)]

    def beat(connection: Any) -> list[str]:
        query = "select verdict from faultline.heartbeat(%s, %s::bigint[], %s::int[], '1 s')"
        return [str(connection.execute(query, (ALICE, ids[::-1], ones)).fetchall()) for _ in range(3)]

    def complete(connection: Any) -> list[str]:
        query = "select verdict from faultline.complete_jobs(%s::bigint[], %s::int[])"
        return [verdict for (verdict,) in connection.execute(query, (ids[:60][::-1], ones[:60])).fetchall()]

    connections = [db.connect("faultline_runner") for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        tasks = [pool.submit(call, at) for call, at in zip((reap, beat, complete, reap), connections, strict=True)]
        verdicts = [task.result() for task in tasks][2]
    for job, verdict in zip(ids[:60][::-1], verdicts, strict=True):
        assert (verdict, jobs.shape(job)) in {
            ("ok", Shape("succeeded", 1, 0)),
            ("stale", Shape("queued", 1, 1)),
        }
    jobs.assert_sound()


def test_a_reap_and_release_unknown_of_the_same_runner_charge_or_release_each_job_once(
    jobs: Jobs, connect: Open
) -> None:
    expired, fresh = jobs.many_running(2, runner=BOB)
    jobs.expire(expired)
    reaper, runner = connect("faultline_runner"), connect("faultline_runner")
    reaper.begin()
    assert reaper.call(REAP) == 1
    runner.start("select faultline.release_unknown(%s, '{}')", BOB)
    assert runner.blocked()
    reaper.commit()
    assert runner.outcome() == 1
    assert jobs.events(expired) == [(1, "expire")]
    assert jobs.events(fresh) == [(1, "release")]
    jobs.assert_sound()
