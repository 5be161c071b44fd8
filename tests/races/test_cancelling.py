"""Cancelling a job while somebody claims it, runs it, reports it or reaps it."""

from __future__ import annotations

import pytest

from tests.support.jobs import ALICE, BOB, CLAIM, Jobs, Shape
from tests.support.scenarios import COMPLETE, FAIL, REAP, REPORTS, Open

CANCEL = "select faultline.cancel_job(%s)"
CANCELLED = "select faultline.cancelled(%s, %s)"
BEAT = "select verdict, cancel_requested from faultline.heartbeat(%s, array[%s]::bigint[], array[%s]::int[])"


def test_a_job_is_cancelled_at_once_unless_a_claim_came_first(jobs: Jobs, connect: Open) -> None:
    """The cancel waits for the open claim, and then only asks the handler."""
    job = jobs.queued()
    runner, operator = connect("faultline_runner"), connect("faultline_operator")
    runner.begin()
    assert runner.run(CLAIM, "default", ALICE, 1, "1 hour") == [(job, 1)]
    operator.start(CANCEL, job)
    assert operator.blocked()
    runner.commit()
    assert operator.outcome() == "requested"
    assert runner.run(BEAT, ALICE, job, 1) == [("ok", True)]
    assert runner.call(CANCELLED, job, 1) == "ok"
    assert jobs.shape(job) == Shape("cancelled", 1, 0)
    jobs.assert_sound()


def test_a_cancel_that_waited_for_a_claim_that_rolled_back_cancels_at_once(jobs: Jobs, connect: Open) -> None:
    job = jobs.queued()
    runner, operator = connect("faultline_runner"), connect("faultline_operator")
    runner.begin()
    assert runner.run(CLAIM, "default", ALICE, 1, "1 hour") == [(job, 1)]
    operator.start(CANCEL, job)
    assert operator.blocked()
    runner.rollback()
    assert operator.outcome() == "cancelled"
    assert jobs.shape(job) == Shape("cancelled", 0, 0)
    jobs.assert_sound()


@pytest.mark.parametrize("ending", ["commit", "rollback"])
def test_a_claim_passes_by_a_job_that_is_being_cancelled(ending: str, jobs: Jobs, connect: Open) -> None:
    job = jobs.queued()
    operator, runner = connect("faultline_operator"), connect("faultline_runner")
    operator.begin()
    assert operator.call(CANCEL, job) == "cancelled"
    runner.start(CLAIM, "default", ALICE, 1, "1 hour")
    assert not runner.blocked()
    assert runner.result() == []
    operator.run(ending)
    assert runner.run(CLAIM, "default", ALICE, 1, "1 hour") == ([] if ending == "commit" else [(job, 1)])
    assert jobs.shape(job) == (Shape("cancelled", 0, 0) if ending == "commit" else Shape("running", 1, 0))
    jobs.assert_sound()


def test_a_completion_beats_a_cancel_that_was_only_requested(jobs: Jobs, connect: Open) -> None:
    job = jobs.running()
    operator, worker = connect("faultline_operator"), connect("faultline_runner")
    operator.begin()
    assert operator.call(CANCEL, job) == "requested"
    worker.start(COMPLETE, job, 1)
    assert worker.blocked()
    operator.commit()
    assert worker.outcome() == "ok"
    assert jobs.shape(job) == Shape("succeeded", 1, 0)
    assert operator.call(CANCEL, job) == "FL003"
    jobs.assert_sound()


def test_a_report_of_being_cancelled_that_is_sent_twice_never_deadlocks_with_itself(jobs: Jobs, connect: Open) -> None:
    """Both wait for somebody's foreign key: were the job only shared meanwhile, each would then wait for the other."""
    job = jobs.running()
    operator, referrer = connect("faultline_operator"), connect()
    first, second = connect("faultline_runner"), connect("faultline_runner")
    assert operator.call(CANCEL, job) == "requested"
    referrer.begin()
    referrer.run("select from faultline.jobs_live where job_id = %s for key share", job)
    for runner in (first, second):
        runner.start(CANCELLED, job, 1)
        assert runner.blocked()
    referrer.commit()
    assert {first.outcome(), second.outcome()} == {"ok", "repeat"}
    assert jobs.shape(job) == Shape("cancelled", 1, 0)
    jobs.assert_sound()


@pytest.mark.parametrize("ending", ["commit", "rollback"])
def test_a_cancel_that_waited_for_a_completion_is_refused_if_that_committed(
    ending: str, jobs: Jobs, connect: Open
) -> None:
    job = jobs.running()
    worker, operator = connect("faultline_runner"), connect("faultline_operator")
    worker.begin()
    assert worker.call(COMPLETE, job, 1) == "ok"
    operator.start(CANCEL, job)
    assert operator.blocked()
    worker.run(ending)
    assert operator.outcome() == ("FL003" if ending == "commit" else "requested")
    assert jobs.shape(job) == Shape("succeeded" if ending == "commit" else "running", 1, 0)
    jobs.assert_sound()


@pytest.mark.parametrize("report", ["fail", "release", "snooze"])
def test_a_report_that_waited_for_a_cancel_ends_the_job_cancelled(report: str, jobs: Jobs, connect: Open) -> None:
    job = jobs.running()
    operator, worker = connect("faultline_operator"), connect("faultline_runner")
    operator.begin()
    assert operator.call(CANCEL, job) == "requested"
    worker.start(REPORTS[report], job, 1)
    assert worker.blocked()
    operator.commit()
    assert worker.outcome() == "ok"
    assert worker.call(REPORTS[report], job, 1) == "repeat"
    assert jobs.shape(job) == Shape("cancelled", 1, int(report == "fail"))
    assert operator.call(CANCEL, job) == "cancelled"
    jobs.assert_sound()


def test_a_cancel_that_waited_for_a_failure_cancels_the_retry(jobs: Jobs, connect: Open) -> None:
    job = jobs.running()
    worker, operator = connect("faultline_runner"), connect("faultline_operator")
    worker.begin()
    assert worker.call(FAIL, job, 1) == "ok"
    operator.start(CANCEL, job)
    assert operator.blocked()
    worker.commit()
    assert operator.outcome() == "cancelled"
    assert jobs.shape(job) == Shape("cancelled", 1, 1)
    jobs.assert_sound()


def test_a_cancel_that_waited_for_the_last_failure_finds_a_dead_letter(jobs: Jobs, connect: Open) -> None:
    job = jobs.running(max_attempts=1)
    worker, operator = connect("faultline_runner"), connect("faultline_operator")
    worker.begin()
    assert worker.call(FAIL, job, 1) == "ok"
    operator.start(CANCEL, job)
    assert operator.blocked()
    worker.commit()
    assert operator.outcome() == "FL003"
    assert jobs.shape(job) == Shape("failed", 1, 1)
    jobs.assert_sound()


def test_a_cancelled_job_whose_lease_expires_ends_cancelled(jobs: Jobs, connect: Open) -> None:
    job = jobs.running()
    operator, reaper, worker = connect("faultline_operator"), connect("faultline_runner"), connect("faultline_runner")
    assert operator.call(CANCEL, job) == "requested"
    jobs.expire(job)
    reaper.begin()
    assert reaper.call(REAP) == 1
    worker.start(CANCELLED, job, 1)
    assert worker.blocked()
    reaper.commit()
    assert worker.outcome() == "FL001"
    assert jobs.shape(job) == Shape("cancelled", 1, 1)
    jobs.assert_sound()


def test_the_reaper_passes_by_a_job_that_is_being_cancelled(jobs: Jobs, connect: Open) -> None:
    job = jobs.expired()
    operator, reaper = connect("faultline_operator"), connect("faultline_runner")
    operator.begin()
    assert operator.call(CANCEL, job) == "requested"
    reaper.start(REAP)
    assert not reaper.blocked()
    assert reaper.outcome() == 0
    operator.commit()
    assert reaper.call(REAP) == 1
    assert jobs.shape(job) == Shape("cancelled", 1, 1)
    jobs.assert_sound()


@pytest.mark.parametrize(("first", "second"), [(COMPLETE, CANCELLED), (CANCELLED, COMPLETE), (CANCELLED, CANCELLED)])
def test_of_a_completion_and_a_cancelled_at_once_the_first_is_accepted(
    first: str, second: str, jobs: Jobs, connect: Open
) -> None:
    job = jobs.running()
    connect("faultline_operator").call(CANCEL, job)
    one, other = connect("faultline_runner"), connect("faultline_runner")
    one.begin()
    assert one.call(first, job, 1) == "ok"
    other.start(second, job, 1)
    assert other.blocked()
    one.commit()
    assert other.outcome() == ("repeat" if first == second else "FL001")
    assert jobs.shape(job) == Shape("succeeded" if first == COMPLETE else "cancelled", 1, 0)
    jobs.assert_sound()


def test_cancelled_waits_for_the_cancel_that_makes_it_legal(jobs: Jobs, connect: Open) -> None:
    job = jobs.running()
    operator, worker = connect("faultline_operator"), connect("faultline_runner")
    assert worker.call(CANCELLED, job, 1) == "FL003"
    operator.begin()
    assert operator.call(CANCEL, job) == "requested"
    worker.start(CANCELLED, job, 1)
    assert worker.blocked()
    operator.commit()
    assert worker.outcome() == "ok"
    assert jobs.shape(job) == Shape("cancelled", 1, 0)
    jobs.assert_sound()


def test_two_cancels_at_once_give_the_same_answer_and_leave_one_event(jobs: Jobs, connect: Open) -> None:
    queued, running = jobs.queued("q"), jobs.running()
    one, other = connect("faultline_operator"), connect("faultline_operator")
    for job, answer, verb in ((queued, "cancelled", "cancel"), (running, "requested", "cancel_requested")):
        one.begin()
        assert one.call(CANCEL, job) == answer
        other.start(CANCEL, job)
        assert other.blocked()
        one.commit()
        assert other.outcome() == answer
        assert [event for _, event in jobs.events(job)] == [verb]
    jobs.assert_sound()


def test_a_beat_leaves_out_a_job_that_is_being_cancelled_and_the_next_one_tells(jobs: Jobs, connect: Open) -> None:
    job = jobs.running(runner=BOB)
    operator, runner = connect("faultline_operator"), connect("faultline_runner")
    operator.begin()
    assert operator.call(CANCEL, job) == "requested"
    runner.start(BEAT, BOB, job, 1)
    assert not runner.blocked()
    assert runner.result() == []
    operator.commit()
    assert runner.run(BEAT, BOB, job, 1) == [("ok", True)]
    jobs.assert_sound()
