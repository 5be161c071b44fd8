"""Each rule of the checker: the smallest drill that keeps it, and what breaks it.

A case puts down a drill, yields, and breaks one thing. Before, the checker finds nothing; after, exactly this rule.
"""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from faultline.drill import checker
from faultline.drill.facts import Balance, Effect, Entry, Finding, Key, Pass, Posting, Run, Task, Transaction
from faultline.drill.history import FAIL, UNKNOWN
from tests.support.drills import NOON, SECOND, TICKS_FROM, World

FROM: Any = {"from": "a"}
Story = Callable[[World], Iterator[None]]
Rules = set[tuple[int, str]]
CASES: list[tuple[str, Story, Rules]] = []


def breaks(*rules: tuple[int, str]) -> Callable[[Story], Story]:
    def register(case: Story) -> Story:
        CASES.append((case.__name__.replace("_", " "), case, set(rules)))
        return case

    return register


def keeps(case: Story) -> Story:
    """A drill that looks odd, and is right."""
    return breaks()(case)


def found(world: World) -> Rules:
    return {(violation.promise, violation.rule) for violation in checker.check(world.evidence()).violations}


# 1


@breaks((1, "lost"))
def a_job_that_was_acknowledged_is_gone(world: World) -> Iterator[None]:
    world.done(1, "t")
    yield
    world.facts.jobs.clear()
    world.calls.pop()


@breaks((1, "lost"), (1, "invented"))
def another_job_has_the_token_of_one_that_was_acknowledged(world: World) -> Iterator[None]:
    world.done(1, "t")
    yield
    world.facts.jobs.clear()
    world.calls.pop()
    world.job(2, "t", state="cancelled", from_state="queued", attempt=0)


@breaks((1, "lost"))
def a_transaction_that_was_acknowledged_is_gone(world: World) -> Iterator[None]:
    world.burnt("x", 1)
    world.asked("x", 1)
    yield
    world.facts.transactions.clear()


@breaks((1, "lost"))
def a_run_that_was_acknowledged_is_gone(world: World) -> Iterator[None]:
    world.run(1, "t")
    yield
    world.facts.runs.clear()
    world.facts.tasks.clear()


@breaks((1, "lost"))
def a_schedule_that_was_acknowledged_is_gone(world: World) -> Iterator[None]:
    world.schedule(paused_at=NOON - 80 * SECOND)
    yield
    world.facts.schedules.clear()


@breaks((1, "lost"))
def the_job_of_a_transaction_is_gone(world: World) -> Iterator[None]:
    world.burnt("x", 1)
    yield
    world.facts.jobs.clear()
    world.facts.events.clear()
    world.calls.pop()


@breaks((1, "cancel lost"))
def a_job_that_was_cancelled_ran_all_the_same(world: World) -> Iterator[None]:
    world.asked("t", 1)
    world.call("cancel", "cancelled", job_id=1)
    world.job(1, "t", state="cancelled", from_state="queued", attempt=0)
    yield
    world.change("jobs", state="succeeded", from_state="running", attempt=1)


@keeps
def a_running_job_that_was_asked_to_stop_may_succeed(world: World) -> Iterator[None]:
    world.done(1, "t")
    world.call("cancel", "requested", job_id=1)
    yield


@keeps
def an_enqueue_without_an_answer_may_have_happened_or_not(world: World) -> Iterator[None]:
    world.asked("there", 1, phase=UNKNOWN)
    world.asked("not there", 2, phase=UNKNOWN)
    world.handled(1)
    world.job(1, "there")
    yield


@breaks((1, "invented"))
def an_enqueue_without_an_answer_happened_twice(world: World) -> Iterator[None]:
    world.asked("t", 1, phase=UNKNOWN)
    world.handled(1)
    world.job(1, "t")
    yield
    world.handled(2)
    world.job(2, "t")


@breaks((1, "invented"))
def an_enqueue_that_was_refused_happened(world: World) -> Iterator[None]:
    world.asked("t", 1, phase=FAIL, sqlstate="57014")
    yield
    world.job(1, "t", state="cancelled", from_state="queued", attempt=0)


@breaks((1, "invented"))
def an_enqueue_that_was_rolled_back_happened(world: World) -> Iterator[None]:
    world.call("rolled_back", token="t")
    yield
    world.job(1, "t", state="cancelled", from_state="queued", attempt=0)


@breaks((1, "invented"))
def there_is_a_job_that_nobody_asked_for(world: World) -> Iterator[None]:
    world.done(1, "t")
    yield
    world.job(2, "other", state="cancelled", from_state="queued", attempt=0)


@breaks((1, "invented"))
def there_is_a_transaction_that_nobody_submitted(world: World) -> Iterator[None]:
    world.burnt("x", 1)
    yield
    world.job(2, "y", state="cancelled", from_state="queued", attempt=0)
    world.facts.transactions.append(Transaction("y", "charge", "FAILED", 2, "cancelled"))


@keeps
def a_transaction_of_a_job_that_was_enqueued_needs_no_submit(world: World) -> Iterator[None]:
    world.asked("t", 1)
    world.handled(1)
    world.job(1, "t")
    world.facts.transactions.append(Transaction("made up", "work", "RECONCILED", 1, "succeeded"))
    world.entry("made up", 1, {})
    yield


@breaks((1, "invented"))
def there_is_a_run_that_nobody_asked_for(world: World) -> Iterator[None]:
    world.run(1, "t")
    world.facts.runs.append(Run(2, "empty", 1, "succeeded", None, None, 1))
    yield
    world.facts.runs[-1] = world.facts.runs[-1]._replace(parent_run_id=None)


@breaks((1, "twice"))
def a_job_is_live_and_done(world: World) -> Iterator[None]:
    world.done(1, "t")
    yield
    world.facts.jobs.append(world.facts.jobs[0])


# 2


@breaks((2, "unfinished"))
def a_job_never_ran(world: World) -> Iterator[None]:
    world.asked("t", 1)
    world.job(1, "t", state="cancelled", from_state="queued", attempt=0)
    yield
    world.change("jobs", state="queued", from_state=None)


@breaks((2, "unfinished"))
def a_crashed_attempt_holds_its_job_for_ever(world: World) -> Iterator[None]:
    world.asked("t", 1)
    world.handled(1, phase=UNKNOWN)
    world.event(1, 1, "fail")
    world.job(1, "t", state="failed", failures=1)
    yield
    world.facts.events.clear()
    world.change("jobs", state="running", failures=0)


@breaks((2, "two leases"), (5, "failures miscounted"))
def an_attempt_never_ended_and_a_later_one_began(world: World) -> Iterator[None]:
    world.done(1, "t", attempts=3)
    yield
    del world.facts.events[0]


@breaks((2, "two leases"))
def two_claims_took_a_job_one_after_the_other_without_an_end_between(world: World) -> Iterator[None]:
    world.asked("t", 1)
    world.call("claim", [[1, 1]], runner="a")
    world.reported("complete", 1, 1)
    world.job(1, "t")
    yield
    world.calls.pop()
    world.call("claim", [[1, 2]], runner="b")
    world.reported("complete", 1, 2)
    world.change("jobs", attempt=2)


@keeps
def cancel_run_takes_the_job_of_a_running_task_away(world: World) -> Iterator[None]:
    world.run(1, "t")
    del world.facts.jobs[-1], world.facts.tasks[-1]
    world.job(1003, type="step", run_id=1, task="join", state="cancelled", from_state="running")
    world.facts.tasks.append(Task(1, "join", -1, 1, "cancelled", 1003, None, None))
    world.change("runs", state="cancelled")
    yield


@breaks((2, "two leases"))
def a_job_that_is_no_task_was_taken_away_without_an_end(world: World) -> Iterator[None]:
    world.asked("t", 1)
    world.handled(1)
    world.event(1, 1, "cancelled")
    world.job(1, "t", state="cancelled", from_state="running")
    yield
    world.facts.events.clear()


@breaks((2, "out of order"))
def attempts_ended_in_another_order_than_they_began(world: World) -> Iterator[None]:
    world.done(1, "t", attempts=3)
    yield
    first, second = world.facts.events
    world.facts.events[:] = [first._replace(attempt=2), second._replace(attempt=1)]


@breaks((2, "unknown attempt"))
def a_handler_ran_in_an_attempt_that_the_job_never_had(world: World) -> Iterator[None]:
    world.done(1, "t")
    yield
    world.handled(1, 2, phase=FAIL)


@breaks((2, "unknown attempt"), (5, "failures miscounted"))
def an_attempt_ended_that_the_job_never_had(world: World) -> Iterator[None]:
    world.done(1, "t")
    yield
    world.event(1, 2, "fail")


@breaks((2, "two holders"))
def two_runners_were_given_the_same_attempt(world: World) -> Iterator[None]:
    world.done(1, "t")
    yield
    world.handled(1, 1, phase=UNKNOWN, process="other")


@breaks((2, "two holders"))
def two_claims_were_answered_with_the_same_attempt(world: World) -> Iterator[None]:
    world.asked("t", 1)
    world.call("claim", [[1, 1]], runner="a")
    world.reported("complete", 1, 1)
    world.job(1, "t")
    yield
    world.call("claim", [[1, 1]], runner="b")


@breaks((2, "two holders"))
def one_claim_was_answered_with_an_attempt_twice(world: World) -> Iterator[None]:
    world.asked("t", 1)
    claim = world.call("claim", [[1, 1]], runner="a")
    world.reported("complete", 1, 1)
    world.job(1, "t")
    yield
    claim.value = [[1, 1], [1, 1]]


@breaks((2, "two holders"))
def a_runner_and_a_session_were_given_the_same_attempt(world: World) -> Iterator[None]:
    world.done(1, "t")
    yield
    world.call("claim", [[1, 1]], runner="b")


@breaks((2, "went back"))
def a_later_claim_has_a_lower_attempt(world: World) -> Iterator[None]:
    world.asked("t", 1)
    first = world.call("claim", [[1, 1]], runner="a")
    world.reported("release", 1, 1)
    second = world.call("claim", [[1, 2]], runner="b")
    world.event(1, 1, "release")
    world.reported("complete", 1, 2)
    world.job(1, "t", attempt=2)
    yield
    # Too late for the report of attempt 1, which is moved out of the way.
    world.calls[2].phase = UNKNOWN
    first.value, second.value = second.value, first.value


@keeps
def a_handler_may_begin_long_after_its_claim(world: World) -> Iterator[None]:
    world.asked("t", 1)
    world.handled(1, 2, {"attempt": 2})
    world.handled(1, 1, {"attempt": 1})
    world.event(1, 1, "expire")
    world.job(1, "t", attempt=2, failures=1, result={"attempt": 2})
    yield


# 3


@breaks((3, "accepted, not done"))
def a_report_was_accepted_and_is_on_record_under_another_attempt(world: World) -> Iterator[None]:
    world.asked("t", 1)
    world.call("claim", [[1, 1]], runner="a")
    world.event(1, 1, "expire")
    world.reported("complete", 1, 1, "stale")
    world.handled(1, 2, {"attempt": 2})
    world.job(1, "t", attempt=2, failures=1, result={"attempt": 2})
    yield
    world.calls[2].value = "ok"


@breaks((3, "accepted, not done"))
def a_report_was_accepted_and_is_not_on_record(world: World) -> Iterator[None]:
    world.asked("t", 1)
    world.call("claim", [[1, 1]], runner="a")
    world.reported("fail", 1, 1)
    world.event(1, 1, "fail")
    world.job(1, "t", state="failed", failures=1)
    yield
    world.calls[-1].name = "release"


@breaks((3, "refused, yet done"))
def a_report_was_refused_and_is_on_record(world: World) -> Iterator[None]:
    world.done(1, "t")
    world.reported("complete", 1, 1, "repeat")
    yield
    world.calls[-1].phase, world.calls[-1].sqlstate, world.calls[-1].value = FAIL, "FL001", None


@breaks((3, "refused, yet done"))
def an_entry_was_refused_and_is_there(world: World) -> Iterator[None]:
    world.transfer("x", 1)
    apply = world.call("apply", {"entry_id": 1, "created": False}, job_id=1, attempt=1, transaction="x")
    yield
    apply.phase, apply.sqlstate, apply.value = FAIL, "FL001", None


@breaks((3, "refused, yet done"))
def a_refusal_is_recorded_of_a_report_that_was_accepted(world: World) -> Iterator[None]:
    world.done(1, "t", attempts=2)
    world.event(1, 1, "stale", "complete")
    world.event(1, 1, "stale", "heartbeat")
    yield
    world.event(1, 2, "stale", "complete")


@breaks((3, "refused, yet done"))
def reconcile_enters_what_the_attempt_was_refused(world: World) -> Iterator[None]:
    world.charge("x", 1)
    world.change("jobs", state="discarded", from_state="failed", failures=1, max_attempts=1)
    world.change("transactions", job_state="discarded")
    world.change("entries", by_reconcile=True)
    world.event(1, 1, "expire")
    world.event(1, 1, "stale", "apply")
    yield
    world.change("entries", by_reconcile=False)


@breaks((3, "stale accepted"))
def a_report_was_accepted_after_a_later_attempt_had_begun(world: World) -> Iterator[None]:
    world.asked("t", 1)
    world.call("claim", [[1, 1]], runner="a")
    world.reported("release", 1, 1)
    world.event(1, 1, "release")
    world.handled(1, 2)
    world.job(1, "t", attempt=2)
    yield
    world.calls[2].began, world.calls[2].ended = 100, 101


@keeps
def a_report_may_be_on_its_way_while_the_next_attempt_begins(world: World) -> Iterator[None]:
    world.asked("t", 1)
    world.call("claim", [[1, 1]], runner="a")
    world.reported("release", 1, 1, at=(5, 20))
    world.event(1, 1, "release")
    world.handled(1, 2, at=(10, 11))
    world.job(1, "t", attempt=2)
    yield


@breaks((3, "stale accepted"))
def a_heartbeat_was_accepted_after_a_later_attempt_had_begun(world: World) -> Iterator[None]:
    world.done(1, "t", attempts=2)
    world.reported("heartbeat", 1, 1, "stale")
    yield
    world.calls[-1].value = "ok"


@breaks((3, "stale accepted"))
def an_entry_was_created_after_a_later_attempt_had_begun(world: World) -> Iterator[None]:
    world.transfer("x", 1)
    apply = world.call("apply", {"entry_id": 1, "created": True}, job_id=1, attempt=1, transaction="x")
    world.event(1, 1, "expire")
    world.handled(1, 2, type="transfer", at=(90, 91))
    world.change("jobs", attempt=2, failures=1)
    yield
    apply.began, apply.ended = 100, 101


@breaks((3, "result of another attempt"))
def a_job_has_the_result_of_an_earlier_attempt(world: World) -> Iterator[None]:
    world.done(1, "t", attempts=2)
    yield
    world.change("jobs", result={"attempt": 1})


@breaks((3, "result of another attempt"))
def a_job_succeeded_while_its_handler_was_still_at_work(world: World) -> Iterator[None]:
    world.done(1, "t", attempts=2)
    yield
    world.calls[-1].phase = UNKNOWN


@keeps
def a_session_without_a_handler_may_complete_its_own_attempt(world: World) -> Iterator[None]:
    world.done(1, "t")
    world.asked("u", 2)
    world.call("claim", [[2, 1]], runner="a")
    world.reported("complete", 2, 1)
    world.reported("complete", 2, 1, "repeat")
    world.job(2, "u")
    yield


# 4


@breaks((4, "two outcomes"), (5, "failures miscounted"))
def an_attempt_failed_and_was_released(world: World) -> Iterator[None]:
    world.done(1, "t", attempts=2)
    yield
    world.event(1, 1, "fail")


@breaks((4, "two outcomes"))
def an_attempt_was_released_and_succeeded(world: World) -> Iterator[None]:
    world.done(1, "t")
    yield
    world.event(1, 1, "release")


@breaks((4, "accepted twice"), (3, "accepted, not done"))
def two_reports_of_an_attempt_were_accepted(world: World) -> Iterator[None]:
    world.asked("t", 1)
    world.call("claim", [[1, 1]], runner="a")
    world.reported("complete", 1, 1)
    world.reported("fail", 1, 1, phase=FAIL, sqlstate="FL001")
    world.job(1, "t")
    yield
    world.calls[-1].phase, world.calls[-1].value, world.calls[-1].sqlstate = "ok", "ok", None


@breaks((4, "accepted twice"))
def a_report_was_accepted_and_accepted_again(world: World) -> Iterator[None]:
    world.asked("t", 1)
    world.call("claim", [[1, 1]], runner="a")
    world.reported("complete", 1, 1)
    world.reported("complete", 1, 1, "repeat")
    world.job(1, "t")
    yield
    world.calls[-1].value = "ok"


@breaks((4, "accepted twice"))
def an_entry_was_created_twice(world: World) -> Iterator[None]:
    world.transfer("x", 1)
    for _ in range(2):
        world.call("apply", {"entry_id": 1, "created": False}, job_id=1, attempt=1, transaction="x")
    world.calls[-1].value["created"] = True
    yield
    world.calls[-2].value["created"] = True


@breaks((4, "repeat of nothing"))
def a_report_is_said_to_be_a_repeat_and_is_not_on_record(world: World) -> Iterator[None]:
    world.done(1, "t", attempts=2)
    world.reported("fail", 1, 1, "stale")
    yield
    world.calls[-1].value = "repeat"


@breaks((4, "repeat of nothing"))
def a_report_was_accepted_after_it_had_been_called_a_repeat(world: World) -> Iterator[None]:
    world.asked("t", 1)
    world.call("claim", [[1, 1]], runner="a")
    first = world.reported("complete", 1, 1)
    second = world.reported("complete", 1, 1, "repeat")
    world.job(1, "t")
    yield
    first.value, second.value = second.value, first.value


@breaks((4, "other answer"), (1, "lost"))
def a_transaction_that_was_submitted_again_is_another_job(world: World) -> Iterator[None]:
    world.transfer("x", 1)
    again = world.call("submit", {"job_id": 1}, transaction="x", kind="transfer", amount=5, to="b", **FROM)
    yield
    again.value = {"job_id": 2}


@breaks((4, "other answer"))
def a_verb_of_an_operator_that_was_asked_again_says_something_else(world: World) -> Iterator[None]:
    again = world.call("again", "queued", query="select faultline.retry_job(7)", answers=["queued"])
    world.call("again", {"any": "thing"}, query="select faultline.maintain()", answers=[])
    yield
    again.value = "discarded"


# 5


@breaks((5, "failures miscounted"))
def a_crash_was_not_charged(world: World) -> Iterator[None]:
    world.done(1, "t", attempts=3)
    yield
    world.change("jobs", failures=1)


@keeps
def releases_and_snoozes_are_not_charged_and_a_retry_starts_afresh(world: World) -> Iterator[None]:
    world.asked("t", 1)
    for attempt, verb in enumerate(("release", "snooze", "fail"), 1):
        world.handled(1, attempt, phase=FAIL)
        world.event(1, attempt, verb)
    world.event(1, 3, "retry")
    world.handled(1, 4, phase=FAIL)
    world.event(1, 4, "fail")
    world.job(1, "t", state="failed", attempt=4, failures=1)
    yield


@breaks((5, "too many failures"))
def a_job_failed_more_often_than_it_may(world: World) -> Iterator[None]:
    world.done(1, "t", attempts=3)
    world.change("jobs", max_attempts=2)
    yield
    world.change("jobs", max_attempts=1)


@breaks((5, "given up too early"))
def a_job_was_given_up_before_its_attempts_were_used_up(world: World) -> Iterator[None]:
    world.asked("t", 1)
    world.handled(1, phase=UNKNOWN)
    world.event(1, 1, "expire")
    world.job(1, "t", state="failed", failures=1, max_attempts=1)
    yield
    world.change("jobs", max_attempts=2)


@keeps
def a_failure_that_is_not_to_be_retried_gives_up_at_once(world: World) -> Iterator[None]:
    world.asked("t", 1)
    world.handled(1, phase=FAIL)
    world.event(1, 1, "fail")
    world.job(1, "t", state="discarded", from_state="failed", failures=1)
    yield


# 6


@keeps
def a_key_was_asked_for_again_by_several_and_answered_alike(world: World) -> Iterator[None]:
    world.done(1, "t", key="k")
    world.asked("t", 1, key="k", created=False)
    world.asked("t", 1, key="k", phase=UNKNOWN)
    world.asked("other", 1, key="k", phase=FAIL, sqlstate="FL002")
    yield


@breaks((6, "NULL"))
def a_call_with_a_key_was_answered_without_a_job(world: World) -> Iterator[None]:
    world.done(1, "t", key="k")
    again = world.asked("t", 1, key="k", created=False)
    yield
    again.value = {"job_id": None, "created": False}


@breaks((6, "NULL"))
def a_submit_was_answered_without_a_job(world: World) -> Iterator[None]:
    world.charge("x", 1)
    world.call("submit", {"job_id": 1}, transaction="x", amount=7)
    yield
    world.calls[-1].value["job_id"] = None


@breaks((6, "NULL"))
def a_trigger_was_answered_without_a_run(world: World) -> Iterator[None]:
    world.run(1, "t")
    world.call("trigger", {"run_id": 1}, workflow="w", key="key-t", token="t")
    yield
    world.calls[-1].value["run_id"] = None


@breaks((6, "two answers"), (1, "lost"))
def a_key_was_answered_with_two_jobs(world: World) -> Iterator[None]:
    world.done(1, "t", key="k")
    again = world.asked("t", 1, key="k", created=False)
    yield
    again.value = {"job_id": 2, "created": False}


@breaks((6, "created twice"))
def two_calls_with_a_key_made_the_job(world: World) -> Iterator[None]:
    world.done(1, "t", key="k")
    again = world.asked("t", 1, key="k", created=False)
    yield
    again.value["created"] = True


@breaks((6, "other arguments"), (1, "lost"))
def a_key_with_other_arguments_was_taken_for_the_same(world: World) -> Iterator[None]:
    world.done(1, "t", key="k")
    again = world.asked("other", 1, key="k", phase=FAIL, sqlstate="FL002")
    yield
    again.phase, again.value, again.sqlstate = "ok", {"job_id": 1, "created": False}, None


@breaks((6, "refused for nothing"))
def a_key_with_the_same_arguments_was_refused(world: World) -> Iterator[None]:
    world.done(1, "t", key="k")
    again = world.asked("t", 1, key="k", created=False)
    yield
    again.phase, again.value, again.sqlstate = FAIL, None, "FL002"


@breaks((6, "two jobs"))
def two_jobs_bear_a_key(world: World) -> Iterator[None]:
    world.done(1, "t", key="k")
    world.asked("t", 2, key="k", phase=UNKNOWN)
    yield
    world.handled(2)
    world.job(2, "t", key="k")


@breaks((6, "wrong job"))
def a_key_names_a_job_that_does_not_bear_it(world: World) -> Iterator[None]:
    world.done(1, "t", key="k")
    world.done(2, "u")
    yield
    world.facts.keys[:] = [Key("q", "k", 2)]


@breaks((6, "two runs"))
def a_key_stands_for_two_runs(world: World) -> Iterator[None]:
    world.run(1, "t")
    world.run(2, "u")
    yield
    for call in world.calls:
        if call.name == "trigger":
            call.args["key"] = "k"


# 7


@breaks((7, "applied twice"), (7, "not as submitted"))
def a_transaction_has_two_entries(world: World) -> Iterator[None]:
    world.transfer("x", 1)
    world.done(2, "t")
    yield
    world.facts.entries.append(Entry(2, "x", 1, 1))
    world.entry("x", 1, {"a": -5, "b": 5})


@breaks((7, "applied twice"), (7, "entry of another job"))
def a_job_has_two_entries(world: World) -> Iterator[None]:
    world.charge("x", 1)
    world.charge("y", 2)
    yield
    world.change("entries", job_id=1)


@breaks((7, "no entry"), (7, "not atomic"))
def a_transaction_is_settled_without_an_entry(world: World) -> Iterator[None]:
    world.charge("x", 1)
    yield
    world.facts.entries.clear()


@breaks((7, "entry too early"), (9, "unsettled"))
def a_transaction_has_an_entry_and_is_still_init(world: World) -> Iterator[None]:
    world.charge("x", 1)
    yield
    world.change("transactions", state="INIT")


@breaks((7, "entry of nothing"), (7, "posting of nothing"))
def the_entry_of_postings_is_gone(world: World) -> Iterator[None]:
    world.transfer("x", 1)
    yield
    world.facts.postings.append(Posting(9, "a", "EUR", "1"))
    world.facts.postings.append(Posting(9, "b", "EUR", "-1"))
    world.balance()
    world.facts.entries.append(Entry(8, "nobody's", 1, 1))
    world.facts.entries[-1] = world.facts.entries[-1]._replace(job_id=77)


@breaks((7, "entry of another attempt"))
def an_entry_is_of_an_attempt_that_never_was(world: World) -> Iterator[None]:
    world.charge("x", 1)
    yield
    world.change("entries", attempt=2)


@breaks((7, "not as submitted"))
def a_transfer_moved_another_amount(world: World) -> Iterator[None]:
    world.transfer("x", 1, 5)
    yield
    world.facts.postings[:] = [Posting(1, "a", "EUR", "-6"), Posting(1, "b", "EUR", "6")]
    world.balance()


@breaks((7, "not as submitted"))
def another_amount_was_charged(world: World) -> Iterator[None]:
    world.charge("x", 1, 7)
    yield
    world.receipts[1] = world.receipts[1]._replace(amount="8")


@breaks((7, "not atomic"))
def a_job_succeeded_and_its_transaction_did_not(world: World) -> Iterator[None]:
    world.burnt("x", 1)
    yield
    world.facts.events.clear()
    world.change("jobs", state="succeeded", from_state="running", failures=0)
    world.change("transactions", job_state="succeeded")
    world.calls[-1].phase = "ok"


@breaks((7, "not charged"))
def a_transaction_is_settled_and_was_never_charged(world: World) -> Iterator[None]:
    world.charge("x", 1)
    yield
    world.receipts.pop()


@breaks((7, "unbalanced"), (7, "money made"), (7, "not as submitted"))
def an_entry_makes_money(world: World) -> Iterator[None]:
    world.transfer("x", 1)
    yield
    world.change("postings", amount="6")
    world.balance()


@breaks((7, "balance wrong"), (7, "money made"))
def a_balance_is_not_the_sum_of_its_postings(world: World) -> Iterator[None]:
    world.transfer("x", 1)
    yield
    world.change("balances", amount="6")


@breaks((7, "balance wrong"))
def two_balances_are_wrong_and_add_up_to_nothing(world: World) -> Iterator[None]:
    world.transfer("x", 1)
    yield
    world.facts.balances[:] = [Balance("a", "EUR", "-6"), Balance("b", "EUR", "6")]


@breaks((7, "charged twice"))
def a_key_was_charged_twice(world: World) -> Iterator[None]:
    world.charge("x", 1)
    world.receive("received", "x", amount=7)
    world.receive("repeated", None, key="key-x")
    yield
    world.receive("charged", "x", amount=7)


@breaks((7, "charged twice"), (7, "sent before it was said"))
def a_transaction_was_charged_under_two_keys(world: World) -> Iterator[None]:
    world.charge("x", 1)
    yield
    world.receive("charged", "x", key="of attempt 2", amount=7)


@breaks((7, "sent before it was said"))
def a_request_left_before_that_was_on_record(world: World) -> Iterator[None]:
    world.burnt("x", 1, "ABSENT")
    world.receive("received", "x", amount=7)
    world.receive("late", None, key="key-x")
    yield
    world.change("effects", state="INIT")


@breaks((7, "key of another"))
def a_request_bore_the_key_of_another_transaction(world: World) -> Iterator[None]:
    world.burnt("x", 1, "ABSENT")
    world.burnt("y", 2, "ABSENT")
    world.receive("received", "x", amount=7)
    yield
    world.receipts[0] = world.receipts[0]._replace(key="key-y")


@breaks((7, "entry lost"))
def an_entry_that_was_acknowledged_is_gone(world: World) -> Iterator[None]:
    world.transfer("x", 1)
    apply = world.call("apply", {"entry_id": 1, "created": False}, job_id=1, attempt=1, transaction="x")
    yield
    apply.value = {"entry_id": 2, "created": False}


# 8


@keeps
def a_transaction_that_failed_left_nothing(world: World) -> Iterator[None]:
    world.burnt("x", 1)
    world.burnt("y", 2, "INIT")
    world.burnt("z", 3, "ABSENT")
    world.receive("received", "z", amount=7)
    world.receive("refused", None, key="key-z")
    world.receive("late", None, key="key-z")
    world.call("submit", phase=FAIL, sqlstate="FL006", transaction="x", amount=7)
    yield


@breaks((8, "failed, yet applied"))
def a_transaction_failed_and_has_an_entry(world: World) -> Iterator[None]:
    world.burnt("x", 1)
    yield
    world.entry("x", 1, {})


@breaks((8, "failed, yet applied"))
def a_transaction_failed_while_its_request_may_still_land(world: World) -> Iterator[None]:
    world.burnt("x", 1, "ABSENT")
    yield
    world.change("effects", state="SENT")


@breaks((8, "failed, yet charged"), (8, "absent, yet charged"))
def a_transaction_failed_and_was_charged(world: World) -> Iterator[None]:
    world.burnt("x", 1, "ABSENT")
    yield
    world.receive("charged", "x", amount=7)


@breaks((8, "failed, then not"))
def somebody_was_told_that_a_transaction_had_failed_and_it_was_applied(world: World) -> Iterator[None]:
    world.charge("x", 1)
    again = world.call("submit", {"job_id": 1}, transaction="x", amount=7)
    yield
    again.phase, again.value, again.sqlstate = FAIL, None, "FL006"


@breaks((8, "refused, yet charged"))
def the_receiver_charged_a_key_that_it_refuses(world: World) -> Iterator[None]:
    world.charge("x", 1)
    yield
    world.receive("refused", None, key="key-x")


# 9


@keeps
def reconcile_had_a_last_thing_to_do(world: World) -> Iterator[None]:
    world.transfer("x", 1)
    world.facts.passes.append(Pass(1, "x", "APPLIED", "RECONCILED"))
    yield


@breaks((9, "does not converge"))
def reconcile_moves_a_transaction_back_and_forth(world: World) -> Iterator[None]:
    world.transfer("x", 1)
    world.facts.passes.append(Pass(1, "x", "APPLIED", "RECONCILED"))
    yield
    world.facts.passes.append(Pass(2, "x", "RECONCILED", "RECONCILED"))


@breaks((9, "not told"))
def a_transaction_believes_that_its_job_ended_otherwise(world: World) -> Iterator[None]:
    world.transfer("x", 1)
    yield
    world.change("transactions", job_state="cancelled")


@breaks((9, "unsettled"))
def a_transaction_is_still_applied(world: World) -> Iterator[None]:
    world.transfer("x", 1)
    yield
    world.change("transactions", state="APPLIED")


@breaks((9, "unsettled"))
def a_transaction_is_still_init_though_its_job_is_over(world: World) -> Iterator[None]:
    world.burnt("x", 1)
    yield
    world.change("transactions", state="INIT", job_state=None)


@keeps
def a_transaction_stays_init_while_its_job_is_a_dead_letter(world: World) -> Iterator[None]:
    world.burnt("x", 1, "SENT")
    world.change("transactions", state="INIT", job_state=None)
    world.change("jobs", state="failed", from_state=None)
    yield


# 10


@breaks((10, "unfinished"))
def a_run_never_ended(world: World) -> Iterator[None]:
    world.run(1, "t")
    yield
    world.change("runs", state="running")


@breaks((10, "other tasks"))
def a_run_lacks_a_task_of_its_version(world: World) -> Iterator[None]:
    world.run(1, "t")
    yield
    del world.facts.tasks[-1]


@breaks((10, "wrong outcome"))
def a_run_succeeded_though_a_task_failed(world: World) -> Iterator[None]:
    world.run(1, "t", whens=("success", "success", "always"))
    world.change("tasks", state="failed", result=None)
    world.change("jobs", state="failed", failures=1, result=None)
    world.event(1003, 1, "fail")
    world.change("runs", state="failed")
    yield
    world.change("runs", state="succeeded")


@breaks((10, "done twice"))
def a_task_was_done_twice(world: World) -> Iterator[None]:
    world.run(1, "t")
    yield
    world.handled(1004, type="step")
    world.job(1004, type="step", run_id=1, task="join")


@breaks((10, "stranded"))
def a_task_was_forgotten(world: World) -> Iterator[None]:
    world.run(1, "t")
    del world.facts.jobs[-1], world.calls[-1]
    world.change("tasks", state="skipped", job_id=None, result=None)
    yield
    world.change("tasks", state="waiting")


@breaks((10, "job lost"))
def the_job_of_a_task_is_gone(world: World) -> Iterator[None]:
    world.run(1, "t")
    yield
    del world.facts.jobs[-1], world.calls[-1]


@breaks((10, "other result"), (3, "result of another attempt"))
def a_task_has_another_result_than_its_job(world: World) -> Iterator[None]:
    world.run(1, "t")
    yield
    world.change("jobs", result={"of": "somebody else"})


@breaks((10, "too early"), (10, "wrong outcome"), (10, "other result"))
def a_task_ran_though_what_it_needs_failed(world: World) -> Iterator[None]:
    world.run(1, "t")
    yield
    world.change("tasks", 1, state="failed")
    world.change("jobs", 1, result=None)
    world.change("tasks", 1, state="succeeded")
    world.change("jobs", 1, result={"of": "left"})
    world.change("tasks", 0, state="failed")
    world.change("jobs", 3, result={"of": "join", "late": True})
    world.calls[4].value = {"of": "join", "late": True}


@keeps
def a_task_runs_on_failure_if_one_that_it_needs_failed(world: World) -> Iterator[None]:
    world.run(1, "t", whens=("success", "success", "failure"))
    world.change("tasks", 1, state="failed", result=None)
    world.change("jobs", 1, state="failed", failures=1, result=None)
    world.event(1001, 1, "fail")
    world.calls[2].phase, world.calls[2].value = FAIL, None
    world.change("runs", state="failed")
    yield


@breaks((10, "too early"))
def a_task_ran_on_failure_and_nothing_had_failed(world: World) -> Iterator[None]:
    world.run(1, "t", whens=("success", "success", "always"))
    yield
    world.change("definitions", when="failure")


@breaks((10, "too early"))
def a_handler_began_before_that_of_what_it_needs_had_returned(world: World) -> Iterator[None]:
    world.run(1, "t")
    yield
    left = world.calls[2]
    left.ended = world.calls[4].began + 0.5


@keeps
def what_succeeded_stays_while_a_resumed_run_tries_the_failure_again(world: World) -> Iterator[None]:
    world.run(1, "t", whens=("success", "success", "always"))
    world.handled(1009, 1, {"of": "left"}, type="step", results={"extract": {"of": "extract"}})
    world.change("jobs", 1, state="discarded", from_state="failed", failures=1, result=None)
    world.event(1001, 1, "fail")
    world.job(1009, type="step", run_id=1, task="left", result={"of": "left"})
    world.change("tasks", 1, job_id=1009, generation=2)
    world.calls[4].args["results"] = {"left": None, "right": {"of": "right"}}
    yield


@breaks((10, "other results"))
def a_fan_in_lacks_a_branch(world: World) -> Iterator[None]:
    world.run(1, "t")
    yield
    del world.calls[4].args["results"]["left"]


@breaks((10, "task of nothing"))
def the_run_of_a_task_is_gone(world: World) -> Iterator[None]:
    world.run(1, "t")
    yield
    world.facts.tasks.append(Task(2, "extract", -1, 1, "succeeded", None, None, None))


# 11

TICKS = (90, 80, 70, 60, 50, 40, 30, 20, 10, 0)


@breaks((11, "tick twice"))
def a_tick_happened_twice(world: World) -> Iterator[None]:
    world.schedule(*TICKS)
    yield
    world.tick(0, job_id=None, kind="now", outcome="skipped")


@breaks((11, "two ticks"))
def two_ticks_made_one_job(world: World) -> Iterator[None]:
    world.schedule(*TICKS)
    yield
    world.change("ticks", job_id=TICKS_FROM + 10)
    world.facts.jobs.pop()
    world.calls.pop()


@breaks((11, "tick without job"))
def a_tick_was_made_and_has_no_job(world: World) -> Iterator[None]:
    world.schedule(*TICKS)
    yield
    world.change("ticks", job_id=None)
    world.facts.jobs.pop()
    world.calls.pop()


@breaks((11, "tick without job"))
def the_job_of_a_tick_is_gone(world: World) -> Iterator[None]:
    world.schedule(*TICKS)
    yield
    world.facts.jobs.pop()
    world.calls.pop()


@breaks((11, "no tick"))
def a_tick_is_none_of_its_calendar(world: World) -> Iterator[None]:
    world.schedule(*TICKS)
    yield
    world.tick(5)


@breaks((11, "tick missing"))
def a_tick_between_two_is_missing(world: World) -> Iterator[None]:
    world.schedule(*TICKS)
    yield
    del world.facts.ticks[4], world.facts.jobs[4]
    world.calls.remove(next(call for call in world.calls if call.args.get("job_id") == TICKS_FROM + 50))


@breaks((11, "tick missing"))
def the_last_ticks_are_missing(world: World) -> Iterator[None]:
    world.schedule(90, 80, 70, 60)  # those of the last minute may still come
    yield
    world.facts.ticks[-2:] = []
    world.facts.jobs[-2:] = []
    world.calls[-2:] = []


@keeps
def nobody_looked_for_more_than_a_minute_and_the_newest_was_made(world: World) -> Iterator[None]:
    world.schedule(90)
    world.tick(10, late=5, missed=7)
    world.facts.ticks[-1] = world.facts.ticks[-1]._replace(fired_at=NOON + 41 * SECOND)
    world.tick(0)
    yield


@breaks((11, "tick missing"))
def a_tick_was_dropped_that_was_late_by_less_than_a_minute(world: World) -> Iterator[None]:
    world.schedule(90)
    world.tick(10, missed=7, late=50)
    world.tick(0)
    yield
    world.change("ticks", -2, fired_at=NOON - 10 * SECOND + 49 * SECOND)


@breaks((11, "tick missing"))
def a_tick_was_dropped_though_all_are_to_be_made(world: World) -> Iterator[None]:
    world.schedule(90, missed="all", missed_window=70 * SECOND)
    world.tick(10, missed=7, late=60)
    world.tick(0)
    yield
    world.change("ticks", -2, fired_at=NOON + 49 * SECOND)


@keeps
def the_last_of_those_that_were_dropped_counts_itself(world: World) -> Iterator[None]:
    world.schedule(90)
    world.tick(60, late=60, outcome="missed", job_id=None, missed=3)
    for before in (50, 40, 30, 20, 10, 0):
        world.tick(before)
    yield


@breaks((11, "tick missing"))
def a_schedule_by_cron_lacks_a_tick(world: World) -> Iterator[None]:
    world.schedule(*TICKS, every=None, cron="*/10 * * * * *", timezone="Europe/Berlin")
    yield
    world.change("schedules", cron="*/5 * * * * *")


@keeps
def a_calendar_ends_where_its_schedule_was_paused(world: World) -> Iterator[None]:
    world.schedule(90, paused_at=NOON - 20 * SECOND)
    world.change("about", read_at=NOON + 3600 * SECOND)
    yield


@breaks((12, "verify: partitions_run_out"))
def the_database_finds_something_wrong_with_itself(world: World) -> Iterator[None]:
    world.done(1, "t")
    yield
    world.facts.findings.append(Finding(12, "partitions_run_out", "jobs_done", "no partition for tomorrow"))


@breaks((2, "two leases"))
def cancel_run_takes_only_the_last_attempt_away(world: World) -> Iterator[None]:
    world.run(1, "t")
    del world.facts.jobs[-1], world.facts.tasks[-1]
    world.event(1003, 1, "release")
    world.job(1003, type="step", run_id=1, task="join", state="cancelled", from_state="queued")
    world.facts.tasks.append(Task(1, "join", -1, 1, "cancelled", 1003, None, None))
    world.change("runs", state="cancelled")
    yield
    world.facts.events.clear()


@breaks((6, "two runs"))
def a_key_has_two_runs_one_of_them_without_an_answer(world: World) -> Iterator[None]:
    world.run(1, "t")
    world.facts.runs += [Run(place, "empty", 1, "succeeded", None, None, 1) for place in (7, 8)]
    world.call("trigger", phase=UNKNOWN, workflow="empty", key="k", token="u")
    world.call("trigger", phase=UNKNOWN, workflow="empty", key="k", token="u")
    world.facts.runs.append(Run(9, "empty", 1, "succeeded", "u", "k", None))
    yield
    world.facts.runs.append(Run(10, "empty", 1, "succeeded", "u", "k", None))


@breaks((7, "entry of nothing"))
def the_transaction_of_an_entry_is_gone(world: World) -> Iterator[None]:
    world.done(1, "t")
    yield
    world.entry("nobody's", 1, {})


@breaks((7, "entry of nothing"))
def the_job_of_an_entry_is_gone(world: World) -> Iterator[None]:
    world.charge("x", 1)
    yield
    world.change("entries", job_id=77)


@keeps
def a_submitted_job_that_a_session_completed_has_no_entry_and_fails(world: World) -> Iterator[None]:
    world.call("submit", {"job_id": 1}, transaction="x", kind="charge", amount=7)
    world.call("claim", [[1, 1]], runner="a")
    world.reported("complete", 1, 1)
    world.job(1, "x", type="charge")
    world.facts.transactions.append(Transaction("x", "charge", "FAILED", 1, "succeeded"))
    yield


@keeps
def a_timer_is_a_task_without_a_job(world: World) -> Iterator[None]:
    world.run(1, "t")
    del world.facts.jobs[-1], world.calls[-1]
    world.change("tasks", job_id=None)
    yield


@breaks((11, "tick missing"))
def more_ticks_were_dropped_than_are_counted(world: World) -> Iterator[None]:
    world.schedule(90)
    world.tick(10, missed=7, fired_at=NOON + 60 * SECOND)
    world.tick(0)
    yield
    world.change("ticks", -2, missed=6)


@keeps
def a_schedule_whose_put_was_not_answered_may_not_be_there(world: World) -> Iterator[None]:
    world.call("put_schedule", phase=UNKNOWN, schedule="s")
    yield


@keeps
def a_run_may_be_that_of_a_tick(world: World) -> Iterator[None]:
    world.schedule(*TICKS)
    world.change("ticks", job_id=None, run_id=5)
    world.facts.jobs.pop()
    world.calls.pop()
    world.facts.runs.append(Run(5, "empty", 1, "succeeded", None, None, None))
    yield


@keeps
def an_entry_is_refused_to_an_attempt_that_is_over(world: World) -> Iterator[None]:
    world.charge("x", 1)
    world.call("apply", phase=FAIL, sqlstate="FL001", job_id=1, attempt=1, transaction="x")
    world.event(1, 1, "expire")
    world.handled(1, 2, type="charge")
    world.change("jobs", attempt=2, failures=1)
    world.change("entries", attempt=2)
    yield


@breaks((1, "lost"), (3, "accepted, not done"))
def a_report_was_accepted_of_a_job_that_is_gone(world: World) -> Iterator[None]:
    world.asked("t", 1)
    world.reported("complete", 1, 1)
    world.job(1, "t")
    yield
    world.facts.jobs.clear()


@keeps
def an_entry_brings_the_result_of_its_job(world: World) -> Iterator[None]:
    world.transfer("x", 1)
    world.change("jobs", result={"from tx.result": 1})
    yield


@breaks((1, "lost"), (4, "two outcomes"))
def a_job_is_gone_that_ended_twice(world: World) -> Iterator[None]:
    world.asked("t", 1)
    world.event(1, 1, "release")
    world.job(1, "t", state="cancelled", from_state="queued")
    yield
    world.facts.jobs.clear()
    world.event(1, 1, "release")


@breaks((5, "given up too early"))
def a_job_was_discarded_before_its_attempts_were_used_up(world: World) -> Iterator[None]:
    world.asked("t", 1)
    world.event(1, 1, "expire")
    world.job(1, "t", state="discarded", from_state="failed", failures=1, max_attempts=1)
    yield
    world.change("jobs", max_attempts=2)


@breaks((6, "wrong job"), (1, "lost"))
def a_key_names_a_job_that_is_gone(world: World) -> Iterator[None]:
    world.asked("t", 1, key="k")
    world.job(1, "t", state="cancelled", from_state="queued", attempt=0, key="k")
    world.facts.keys.append(Key("q", "k", 1))
    yield
    world.facts.jobs.clear()


@keeps
def runs_without_a_key_are_as_many_as_were_asked_for(world: World) -> Iterator[None]:
    for run_id in (1, 2):
        world.call("trigger", {"run_id": run_id}, workflow="empty", key=None, token=f"t-{run_id}")
        world.facts.runs.append(Run(run_id, "empty", 1, "succeeded", f"t-{run_id}", None, None))
    yield


@breaks((7, "applied twice"), (7, "entry of another job"))
def two_jobs_have_an_entry_of_one_transaction(world: World) -> Iterator[None]:
    world.charge("x", 1)
    world.done(2, "t")
    yield
    world.entry("x", 2, {})


@keeps
def the_handler_of_what_a_task_needs_may_die_once_its_entry_is_committed(world: World) -> Iterator[None]:
    world.run(1, "t")
    world.facts.transactions.append(Transaction("made up", "step", "RECONCILED", 1000, "succeeded"))
    world.entry("made up", 1000, {})
    world.calls[1].phase, world.calls[1].ended = UNKNOWN, float("inf")
    yield


@keeps
def a_handler_need_not_say_what_it_was_given(world: World) -> Iterator[None]:
    world.run(1, "t")
    for call in world.calls:
        call.args.pop("results", None)
    yield


@breaks((10, "other results"))
def a_fan_in_saw_another_result(world: World) -> Iterator[None]:
    world.run(1, "t")
    yield
    world.calls[4].args["results"]["left"] = {"of": "an earlier attempt"}


@keeps
def a_handler_may_begin_in_the_moment_in_which_another_returns(world: World) -> Iterator[None]:
    world.run(1, "t")
    world.calls[3].ended = world.calls[4].began
    yield


@keeps
def a_calendar_begins_with_its_schedule_or_where_it_was_resumed(world: World) -> Iterator[None]:
    world.schedule(90, starts_at=NOON - 30 * SECOND, ticks_after=NOON - 80 * SECOND)
    for before in (30, 20, 10, 0):
        world.tick(before)
    world.tick(85, kind="backfill")
    world.tick(57, kind="now")
    yield


@breaks((11, "tick missing"))
def the_first_tick_of_a_calendar_is_missing(world: World) -> Iterator[None]:
    world.schedule(starts_at=NOON - 30 * SECOND)
    for before in (30, 20, 10, 0):
        world.tick(before)
    yield
    world.change("schedules", starts_at=NOON - 40 * SECOND)


@breaks((1, "cancel lost"), (1, "lost"))
def a_job_that_was_cancelled_is_gone(world: World) -> Iterator[None]:
    world.asked("t", 1)
    world.call("cancel", "cancelled", job_id=1)
    world.job(1, "t", state="cancelled", from_state="queued", attempt=0)
    yield
    world.facts.jobs.clear()


@keeps
def two_things_at_the_same_moment_may_have_happened_in_either_order(world: World) -> Iterator[None]:
    world.asked("t", 1)
    world.call("claim", [[1, 1]], runner="a", at=(4, 5))
    world.reported("release", 1, 1, "repeat", at=(6, 7))
    world.reported("release", 1, 1, at=(7, 8))
    world.reported("release", 1, 1, "repeat", at=(9, 10))
    world.event(1, 1, "release")
    world.call("claim", [[1, 2]], runner="a", at=(7, 7))
    world.reported("complete", 1, 2)
    world.job(1, "t", attempt=2)
    yield


@breaks((2, "two leases"), (5, "given up too early"))
def a_dead_letter_never_failed(world: World) -> Iterator[None]:
    world.asked("t", 1)
    world.job(1, "t", state="cancelled", from_state="queued", attempt=0)
    yield
    world.change("jobs", state="failed", from_state=None, attempt=1)


@breaks((7, "not charged"), (9, "unsettled"))
def a_transaction_is_applied_and_was_never_charged(world: World) -> Iterator[None]:
    world.charge("x", 1)
    yield
    world.receipts.pop()
    world.change("transactions", state="APPLIED")


@keeps
def of_two_effects_one_may_be_absent(world: World) -> Iterator[None]:
    world.burnt("x", 1, "ABSENT")
    world.change("transactions", state="INIT", job_state=None)
    world.change("jobs", state="failed", from_state=None)
    world.change("effects", name="other", key="other key")
    world.facts.effects.append(Effect("x", "charge", "key-x", "APPLIED", 1))
    world.receive("charged", "x", amount=7)
    yield


@breaks((8, "failed, then not"))
def a_transaction_is_said_to_have_failed_and_is_not_there(world: World) -> Iterator[None]:
    refused = world.call("submit", phase=FAIL, sqlstate="FL002", transaction="x", amount=7)
    yield
    refused.sqlstate = "FL006"


@breaks((8, "failed, yet applied"))
def a_transaction_failed_whose_effect_has_happened(world: World) -> Iterator[None]:
    world.burnt("x", 1, "ABSENT")
    yield
    world.change("effects", state="APPLIED")


@breaks((10, "wrong outcome"))
def a_run_failed_though_no_task_did(world: World) -> Iterator[None]:
    world.run(1, "t")
    yield
    world.change("runs", state="failed")


@breaks((10, "too early"))
def a_task_failed_that_should_not_have_run(world: World) -> Iterator[None]:
    world.run(1, "t", whens=("success", "success", "failure"))
    world.change("tasks", 1, state="failed", result=None)
    world.change("jobs", 1, state="failed", failures=1, result=None)
    world.event(1001, 1, "fail")
    world.calls[2].phase, world.calls[2].value = FAIL, None
    world.change("tasks", state="failed", result=None)
    world.change("jobs", state="failed", failures=1, result=None)
    world.event(1003, 1, "fail")
    world.change("runs", state="failed")
    yield
    world.change("definitions", when="success")


@breaks((10, "other tasks"))
def a_run_lacks_a_task_that_others_need(world: World) -> Iterator[None]:
    world.run(1, "t")
    yield
    del world.facts.tasks[0]


@keeps
def a_session_may_have_completed_what_it_had_no_answer_for(world: World) -> Iterator[None]:
    world.done(1, "t")
    world.asked("u", 2)
    world.call("claim", [[2, 1]], runner="a")
    world.reported("complete", 2, 1, phase=UNKNOWN)
    world.job(2, "u")
    yield


@breaks((3, "result of another attempt"), (4, "repeat of nothing"))
def a_session_was_told_that_it_repeats_what_nobody_had_done(world: World) -> Iterator[None]:
    world.done(1, "t")
    world.asked("u", 2)
    world.call("claim", [[2, 1]], runner="a")
    first = world.reported("complete", 2, 1)
    second = world.reported("complete", 2, 1, "repeat")
    world.job(2, "u")
    yield
    first.phase, first.value, first.sqlstate = FAIL, None, "40P01"
    second.value = "repeat"
    world.change("jobs", attempt=2)
    world.facts.events.append(world.event(2, 1, "release"))
    world.facts.events.pop()


@keeps
def the_elements_of_a_task_have_jobs_of_their_own(world: World) -> Iterator[None]:
    world.run(1, "t")
    del world.facts.jobs[-1], world.calls[-1]
    world.change("tasks", job_id=None, result=[1, 2])
    for item in (0, 1):
        world.handled(20 + item, 1, item + 1, type="step", results={"left": {"of": "left"}, "right": {"of": "right"}})
        world.job(20 + item, type="step", run_id=1, task=f"join[{item}]", result=item + 1)
        world.facts.tasks.append(Task(1, "join", item, 1, "succeeded", 20 + item, None, item + 1))
    yield


@breaks((10, "too early"))
def an_element_began_before_what_its_task_needs_had_returned(world: World) -> Iterator[None]:
    world.run(1, "t")
    del world.facts.jobs[-1], world.calls[-1]
    world.change("tasks", job_id=None, result=[1])
    element = world.handled(20, 1, 1, type="step")
    world.job(20, type="step", run_id=1, task="join[0]", result=1)
    world.facts.tasks.append(Task(1, "join", 0, 1, "succeeded", 20, None, 1))
    yield
    element.began = 2.0


@breaks((1, "lost"), (2, "unknown attempt"))
def a_job_that_was_acknowledged_and_handled_is_gone(world: World) -> Iterator[None]:
    world.asked("t", 1)
    world.handled(1, token="t")
    world.job(1, "t")
    yield
    world.facts.jobs.clear()


@breaks((7, "not as submitted"))
def a_transfer_moved_the_amount_of_a_request_that_was_refused(world: World) -> Iterator[None]:
    world.transfer("x", 1, 5)
    world.call("submit", phase=FAIL, sqlstate="FL002", transaction="x", amount=6, to="b", **FROM)
    world.call("submit", phase=UNKNOWN, transaction="x", amount=6, to="b", **FROM)
    yield
    world.facts.postings[:] = [Posting(1, "a", "EUR", "-6"), Posting(1, "b", "EUR", "6")]
    world.balance()


@breaks((7, "not as submitted"))
def a_transfer_without_an_answer_moved_the_amount_of_a_request_that_was_refused(world: World) -> Iterator[None]:
    world.transfer("x", 1, 5)
    world.calls[0].phase, world.calls[0].value = UNKNOWN, None
    world.call("submit", phase=FAIL, sqlstate="FL002", transaction="x", amount=6, to="b", **FROM)
    yield
    world.facts.postings[:] = [Posting(1, "a", "EUR", "-6"), Posting(1, "b", "EUR", "6")]
    world.balance()


@keeps
def a_transaction_may_be_that_of_the_job_of_a_tick(world: World) -> Iterator[None]:
    world.schedule(*TICKS)
    world.facts.transactions.append(Transaction("made up", "tick", "RECONCILED", TICKS_FROM, "succeeded"))
    world.entry("made up", TICKS_FROM, {})
    yield


@keeps
def of_two_claims_at_the_same_moment_either_may_have_been_the_first(world: World) -> Iterator[None]:
    world.asked("t", 1)
    world.call("claim", [[1, 2]], runner="a", at=(4, 5))
    world.call("claim", [[1, 1]], runner="b", at=(5, 6))
    world.event(1, 1, "release")
    world.reported("complete", 1, 2)
    world.job(1, "t", attempt=2)
    yield


@breaks((10, "wrong outcome"))
def a_run_succeeded_though_a_task_was_cancelled(world: World) -> Iterator[None]:
    world.run(1, "t")
    del world.facts.jobs[-1], world.calls[-1]
    world.job(1003, type="step", run_id=1, task="join", state="cancelled", from_state="queued", attempt=0)
    world.change("tasks", state="cancelled", result=None)
    world.change("runs", state="failed")
    yield
    world.change("runs", state="succeeded")


@breaks((6, "key lost"))
def a_key_is_free_for_another_job(world: World) -> Iterator[None]:
    world.done(1, "t", key="k")
    yield
    world.facts.keys.clear()


@breaks((1, "other payload"))
def a_handler_was_given_the_payload_of_another_job(world: World) -> Iterator[None]:
    world.asked("t", 1)
    world.handled(1, token="t")
    world.job(1, "t")
    yield
    world.calls[-1].args["token"] = "u"


@keeps
def the_handler_of_a_task_is_given_the_token_of_its_run(world: World) -> Iterator[None]:
    world.run(1, "t")
    world.change("jobs", token="of the payload")
    world.calls[-1].args["token"] = "t"
    world.done(5, "v")
    world.calls[-1].args["token"] = None
    yield


@breaks((1, "invented"))
def what_was_rolled_back_happened_though_nobody_heard_of_the_rollback(world: World) -> Iterator[None]:
    world.call("rolled_back", phase=UNKNOWN, token="t")
    yield
    world.job(1, "t", state="cancelled", from_state="queued", attempt=0)


@keeps
def a_task_may_begin_before_a_handler_returns_whose_entry_is_committed(world: World) -> Iterator[None]:
    world.run(1, "t")
    world.facts.transactions.append(Transaction("made up", "step", "RECONCILED", 1000, "succeeded"))
    world.entry("made up", 1000, {})
    world.calls[1].ended = 100
    yield


@keeps
def a_task_may_begin_before_a_handler_returns_whose_attempt_a_session_completed(world: World) -> Iterator[None]:
    world.run(1, "t")
    world.reported("complete", 1000, 1)
    world.calls[1].ended = 100
    yield


@breaks((6, "other arguments"))
def a_transaction_with_another_request_was_taken_for_the_same(world: World) -> Iterator[None]:
    other = world.call(
        "submit", phase=FAIL, sqlstate="FL002", transaction="x", kind="transfer", amount=6, to="b", **FROM
    )
    world.transfer("x", 1, 5)
    yield
    other.phase, other.value, other.sqlstate = "ok", {"job_id": 1}, None


@keeps
def of_two_submits_without_an_answer_either_may_have_been_the_first(world: World) -> Iterator[None]:
    for number, request in enumerate((5, 6), 1):
        world.transfer(f"x-{number}", number, request)
        world.charge(f"y-{number}", number + 2, request)
    for call in [call for call in world.calls if call.name == "submit"]:
        call.phase, call.value = UNKNOWN, None
        for other in (5, 6):
            world.call("submit", phase=UNKNOWN, **{**call.args, "amount": other})
    yield


# And all of them


@pytest.mark.parametrize(("case", "rules"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_rule_finds_what_breaks_it_and_nothing_else(case: Story, rules: Rules) -> None:
    world = World()
    story = case(world)
    next(story)
    assert checker.check(world.evidence()).violations == []
    assert next(story, "the end") == "the end"
    assert found(world) == rules


def test_there_is_a_case_for_every_place_where_a_rule_is_broken() -> None:
    source = inspect.getsource(checker)
    places = Counter(re.findall(r'Violation\(\s*(\d+), "([^"]+)"', source))
    cases = Counter((str(promise), rule) for _, _, rules in CASES for promise, rule in rules)
    assert {rule for rule, number in places.items() if cases[rule] < number} == set()
    assert len(places) > 60


def test_what_a_drill_tolerates_is_no_violation_and_is_told() -> None:
    world = World()
    world.facts.findings.append(Finding(11, "tick_in_future", "schedule s", "the clock was set back"))
    report = checker.check(world.evidence(), ["tick_in_future"])
    assert report.violations == []
    assert [violation.rule for violation in report.tolerated] == ["verify: tick_in_future"]
    assert checker.check(world.evidence(), ["other"]).tolerated == []
    assert [v.rule for v in checker.check(world.evidence(), ["other"]).violations] == ["verify: tick_in_future"]


@pytest.mark.parametrize("promise", checker.PROMISES)
def test_a_promise_says_what_it_proves(promise: int) -> None:
    assert len(checker.PROMISES[promise][1].__doc__ or "") > 200


def test_a_violation_says_what_became_of_the_calls() -> None:
    world = World()
    world.asked("t", 1, phase=UNKNOWN)
    world.asked("t", 1, phase=FAIL, sqlstate="57014")
    world.call("rolled_back", token="t")
    for job_id in (7, 8):
        world.job(job_id, "t", state="cancelled", from_state="queued", attempt=0)
    (violation,) = checker.check(world.evidence()).violations
    assert violation.detail == "there is 7, 8, of calls that ended: 1 fail, 1 rolled back, 1 unknown"


def test_a_violation_names_the_lines_that_prove_it() -> None:
    world = World()
    world.done(1, "t")
    world.handled(1, 1, phase=UNKNOWN, process="other")
    (violation,) = checker.check(world.evidence()).violations
    assert violation == (
        2,
        "two holders",
        "attempt 1 of job 1",
        "2 handlers of it began, in other, p",
        ("history-p.jsonl:3", "history-other.jsonl:5"),
    )
