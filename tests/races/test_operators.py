"""Operators at the same moment as each other: dead letters are retried or discarded, never both."""

from __future__ import annotations

import pytest

from tests.support.jobs import ALICE, CLAIM, Jobs, Shape
from tests.support.scenarios import Open

RETRY = "select faultline.retry_job(%s)"
DISCARD = "select faultline.discard_job(%s)"
CANCEL = "select faultline.cancel_job(%s)"
VERBS = {"retry": RETRY, "discard": DISCARD, "cancel": CANCEL}
RETRIED, DISCARDED, DEAD = Shape("queued", 1, 0), Shape("discarded", 1, 1), Shape("failed", 1, 1)


@pytest.mark.parametrize(
    ("first", "second", "answers", "shape", "events"),
    [
        ("retry", "retry", ("queued", "queued"), RETRIED, ["retry"]),
        ("retry", "discard", ("queued", "FL003"), RETRIED, ["retry"]),
        ("retry", "cancel", ("queued", "cancelled"), Shape("cancelled", 1, 0), ["retry", "cancel"]),
        ("discard", "discard", ("discarded", "discarded"), DISCARDED, ["discard"]),
        ("discard", "retry", ("discarded", "FL003"), DISCARDED, ["discard"]),
        ("discard", "cancel", ("discarded", "FL003"), DISCARDED, ["discard"]),
    ],
)
def test_the_second_operator_waits_and_finds_what_the_first_did(
    first: str, second: str, answers: tuple[str, str], shape: Shape, events: list[str], jobs: Jobs, connect: Open
) -> None:
    job = jobs.dead()
    one, other = connect("faultline_operator"), connect("faultline_operator")
    one.begin()
    assert one.call(VERBS[first], job) == answers[0]
    other.start(VERBS[second], job)
    assert other.blocked()
    one.commit()
    assert other.outcome() == answers[1]
    assert jobs.shape(job) == shape
    assert [verb for _, verb in jobs.events(job)] == ["fail", *events]
    jobs.assert_sound()


@pytest.mark.parametrize(
    ("first", "second", "answer", "shape"),
    [
        ("retry", "retry", "queued", RETRIED),
        ("retry", "discard", "discarded", DISCARDED),
        ("retry", "cancel", "FL003", DEAD),
        ("discard", "discard", "discarded", DISCARDED),
        ("discard", "retry", "queued", RETRIED),
        ("discard", "cancel", "FL003", DEAD),
    ],
)
def test_the_second_operator_finds_the_dead_letter_if_the_first_rolls_back(
    first: str, second: str, answer: str, shape: Shape, jobs: Jobs, connect: Open
) -> None:
    job = jobs.dead()
    one, other = connect("faultline_operator"), connect("faultline_operator")
    one.begin()
    one.call(VERBS[first], job)
    other.start(VERBS[second], job)
    assert other.blocked()
    one.rollback()
    assert other.outcome() == answer
    assert jobs.shape(job) == shape
    jobs.assert_sound()


def test_a_retried_job_is_claimed_only_when_the_retry_is_committed(jobs: Jobs, connect: Open) -> None:
    job = jobs.dead()
    operator, runner = connect("faultline_operator"), connect("faultline_runner")
    operator.begin()
    assert operator.call(RETRY, job) == "queued"
    runner.start(CLAIM, "default", ALICE, 1, "1 hour")
    assert not runner.blocked()
    assert runner.result() == []
    operator.commit()
    assert runner.run(CLAIM, "default", ALICE, 1, "1 hour") == [(job, 2)]
    assert jobs.shape(job) == Shape("running", 2, 0)
    assert operator.call(RETRY, job) == "FL003"
    jobs.assert_sound()


def test_two_operators_who_set_a_queue_at_once_keep_each_others_keys(jobs: Jobs, connect: Open) -> None:
    """Also when neither saw a row of the queue before."""
    one, other = connect("faultline_operator"), connect("faultline_operator")
    one.begin()
    one.run("""select faultline.set_queue('new', '{"max_running": 3}')""")
    other.start("""select faultline.set_queue('new', '{"max_attempts": 7}')""")
    assert other.blocked()
    one.commit()
    other.result()
    assert jobs.db.rows("select max_running, max_attempts from faultline.queues where queue = 'new'") == [(3, 7)]
    jobs.assert_sound()


@pytest.mark.parametrize(
    ("second", "paused"), [("select faultline.pause_queue('q')", True), ("select faultline.resume_queue('q')", False)]
)
def test_the_later_of_two_operators_on_a_paused_queue_decides(
    second: str, paused: bool, jobs: Jobs, connect: Open
) -> None:
    jobs.db.execute("select faultline.pause_queue('q', 'first')")
    one, other = connect("faultline_operator"), connect("faultline_operator")
    one.begin()
    one.run("select faultline.pause_queue('q', 'second')")
    other.start(second)
    assert other.blocked()
    one.commit()
    other.result()
    assert jobs.db.rows("select paused_at is not null from faultline.queues where queue = 'q'") == [(paused,)]
    jobs.assert_sound()
