"""Two reports of one job at the same moment: one is accepted, the other is told so."""

from __future__ import annotations

import pytest

from tests.support import scenarios
from tests.support.jobs import ALICE, BOB, Jobs, Shape
from tests.support.scenarios import BEAT, COMPLETE, COMPLETE_MANY, ENDS, REAP, REPORTS, Open, Pair

REPORT_STALE = "select faultline.report_stale(%s, %s, %s)"


@pytest.mark.parametrize("second", REPORTS)
@pytest.mark.parametrize("first", REPORTS)
def test_of_two_reports_at_once_the_first_is_accepted(first: str, second: str, jobs: Jobs, connect: Open) -> None:
    """The second waits; it is a repeat if it is the very same report, and stale otherwise."""
    job = jobs.running()
    one, other = connect("faultline_runner"), connect("faultline_runner")
    one.begin()
    assert one.call(REPORTS[first], job, 1) == "ok"
    other.start(REPORTS[second], job, 1)
    assert other.blocked()
    one.commit()
    assert other.outcome() == ("repeat" if first == second else "FL001")
    assert jobs.shape(job) == ENDS[first]
    assert jobs.events(job) == ([] if first == "complete" else [(1, first)])
    jobs.assert_sound()


@pytest.mark.parametrize("second", REPORTS)
@pytest.mark.parametrize("first", REPORTS)
def test_a_report_that_waited_for_one_that_rolled_back_is_accepted(
    first: str, second: str, jobs: Jobs, connect: Open
) -> None:
    job = jobs.running()
    one, other = connect("faultline_runner"), connect("faultline_runner")
    one.begin()
    assert one.call(REPORTS[first], job, 1) == "ok"
    other.start(REPORTS[second], job, 1)
    assert other.blocked()
    one.rollback()
    assert other.outcome() == "ok"
    assert jobs.shape(job) == ENDS[second]
    jobs.assert_sound()


def test_the_same_failure_reported_twice_at_once_is_charged_once(jobs: Jobs, connect: Open) -> None:
    assert scenarios.fails_at_once(jobs, connect) == Pair("ok", "repeat", Shape("queued", 1, 1))
    jobs.assert_sound()


@pytest.mark.parametrize("report", ["fail", "release"])
def test_reports_that_waited_for_the_same_lock_do_not_deadlock(report: str, jobs: Jobs, connect: Open) -> None:
    """Somebody holds the job's row until both want it: a lock that they could share would let neither of them write."""
    job = jobs.running()
    gate, one, other = connect(), connect("faultline_runner"), connect("faultline_runner")
    gate.begin()
    gate.run("select from faultline.jobs_live where job_id = %s for share", job)
    for session in (one, other):
        session.start(REPORTS[report], job, 1)
        assert session.blocked()
    gate.commit()
    assert {one.outcome(), other.outcome()} == {"ok", "repeat"}
    assert jobs.events(job) == [(1, report)]
    jobs.assert_sound()


def test_a_worker_that_was_overtaken_is_stale_and_the_current_one_completes(jobs: Jobs, connect: Open) -> None:
    assert scenarios.overtaken_worker_completes(jobs, connect) == Pair("FL001", "ok", Shape("succeeded", 2, 1))
    jobs.assert_sound()


@pytest.mark.parametrize("ending", ["commit", "rollback"])
def test_a_worker_that_was_overtaken_is_stale_even_while_the_current_one_completes(
    ending: str, jobs: Jobs, connect: Open
) -> None:
    """An old fence matches no row, so it waits for nobody; whatever becomes of the new attempt, it stays stale."""
    job = jobs.expired()
    jobs.db.execute(REAP)
    jobs.make_ready(job)
    assert jobs.claim(runner=BOB) == [(job, 2)]
    current, late = connect("faultline_runner"), connect("faultline_runner")
    current.begin()
    assert current.call(COMPLETE, job, 2) == "ok"
    assert late.call(COMPLETE, job, 1) == "FL001"
    current.run(ending)
    assert late.call(COMPLETE, job, 1) == "FL001"
    assert jobs.shape(job) == (Shape("succeeded", 2, 1) if ending == "commit" else Shape("running", 2, 1))
    jobs.assert_sound()


def test_the_first_result_stays_when_a_completion_is_repeated(jobs: Jobs, connect: Open) -> None:
    job = jobs.running()
    one, other = connect("faultline_runner"), connect("faultline_runner")
    with_result = "select faultline.complete_job(%s, 1, %s::jsonb)"
    one.begin()
    assert one.call(with_result, job, '{"n": 1}') == "ok"
    other.start(with_result, job, '{"n": 2}')
    assert other.blocked()
    one.commit()
    assert other.outcome() == "repeat"
    assert jobs.db.scalar("select result from faultline.jobs where job_id = %s", job) == {"n": 1}
    jobs.assert_sound()


def test_a_group_and_a_single_completion_of_one_job_accept_it_once(jobs: Jobs, connect: Open) -> None:
    ids = jobs.many_running(3)
    single, group = connect("faultline_runner"), connect("faultline_runner")
    single.begin()
    assert single.call(COMPLETE, ids[1], 1) == "ok"
    group.start(COMPLETE_MANY, ids, ids)
    assert group.blocked()
    single.commit()
    assert group.outcome() == ["ok", "repeat", "ok"]
    assert [jobs.shape(job) for job in ids] == [Shape("succeeded", 1, 0)] * 3
    jobs.assert_sound()


def test_a_group_that_waited_for_a_reap_is_stale_there_and_accepted_elsewhere(jobs: Jobs, connect: Open) -> None:
    ids = jobs.many_running(3)
    jobs.expire(ids[1])
    reaper, group = connect("faultline_runner"), connect("faultline_runner")
    reaper.begin()
    assert reaper.call(REAP) == 1
    group.start(COMPLETE_MANY, ids, ids)
    assert group.blocked()
    reaper.commit()
    assert group.outcome() == ["ok", "stale", "ok"]
    assert [jobs.shape(job).state for job in ids] == ["succeeded", "queued", "succeeded"]
    assert jobs.events(ids[1]) == [(1, "expire"), (1, "stale")]
    jobs.assert_sound()


@pytest.mark.parametrize("ending", ["commit", "rollback"])
def test_a_refusal_reported_twice_at_once_is_recorded_once(ending: str, jobs: Jobs, connect: Open) -> None:
    """The second waits for the first, and records it only if the first did not."""
    job = jobs.expired()
    jobs.db.execute(REAP)
    one, other = connect("faultline_runner"), connect("faultline_runner")
    one.begin()
    one.run(REPORT_STALE, job, 1, "complete")
    other.start(REPORT_STALE, job, 1, "complete")
    assert other.blocked()
    one.run(ending)
    other.result()
    other.run(REPORT_STALE, job, 1, "complete")
    assert jobs.events(job) == [(1, "expire"), (1, "stale")]
    jobs.assert_sound()


def test_refusals_of_other_reports_wait_for_nobody(jobs: Jobs, connect: Open) -> None:
    job = jobs.expired()
    jobs.db.execute(REAP)
    one, other = connect("faultline_runner"), connect("faultline_runner")
    one.begin()
    one.run(REPORT_STALE, job, 1, "complete")
    other.start(REPORT_STALE, job, 1, "heartbeat")
    assert not other.blocked()
    other.result()
    one.commit()
    assert jobs.events(job) == [(1, "expire"), (1, "stale"), (1, "stale")]
    jobs.assert_sound()


def test_a_beat_leaves_out_a_job_whose_report_is_under_way(jobs: Jobs, connect: Open) -> None:
    """Waiting would hold up the beats of all the other jobs; after the commit the beat says stale."""
    job = jobs.running()
    worker, runner = connect("faultline_runner"), connect("faultline_runner")
    worker.begin()
    assert worker.call(COMPLETE, job, 1) == "ok"
    runner.start(BEAT, ALICE, job, 1)
    assert not runner.blocked()
    assert runner.result() == []
    worker.commit()
    assert runner.run(BEAT, ALICE, job, 1) == [("stale",)]
    jobs.assert_sound()


def test_a_report_that_waited_for_a_beat_is_accepted(jobs: Jobs, connect: Open) -> None:
    job = jobs.running()
    runner, worker = connect("faultline_runner"), connect("faultline_runner")
    runner.begin()
    assert runner.call(BEAT, ALICE, job, 1) == "ok"
    worker.start(COMPLETE, job, 1)
    assert worker.blocked()
    runner.commit()
    assert worker.outcome() == "ok"
    assert jobs.shape(job) == Shape("succeeded", 1, 0)
    jobs.assert_sound()


def test_a_beat_that_names_two_attempts_of_a_job_extends_only_the_current_one(jobs: Jobs) -> None:
    """A runner whose frozen attempt was taken away may get the same job again."""
    assert scenarios.beat_of_two_attempts(jobs) == [(1, "stale"), (2, "ok")]
    jobs.assert_sound()
