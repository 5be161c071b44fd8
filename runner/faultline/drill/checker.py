"""Judges a drill: did what happened keep what is promised?

    python -m faultline.drill.checker DIR [--json]

It reads three kinds of files that others wrote while they ran, and nothing else: the history of every call
(history-*.jsonl), the journal of the receiver (receiver.jsonl), and what the database held in the end (facts.jsonl).
It knows nothing of what was meant to be broken. Below there is a function for each promise of docs/guarantees.md: it
says what it proves, from what, and why that is sound.

Two rules make it sound, whatever was broken:

  Unknown is unknown. A call whose answer was lost may have happened or not, so each of the two is accepted, and the
  facts tell which; nothing else may follow from it. `fail` is only what an ERROR of the server said: that did not
  happen.

  No clock of the database is compared with another. The order of events is either the order in which the database
  numbered them under the lock of their job (event_id), or that of CLOCK_MONOTONIC, which all processes of the host
  share and nobody can set: a call happened between its invoke and its answer, so of two calls the second came later
  only if it began after the first had ended.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from cronsim import CronSim

from faultline.drill.evidence import (
    REPORTS,
    Evidence,
    add_up,
    answers,
    fence,
    places,
    unknown,
    was_accepted,
    was_refused,
)
from faultline.drill.history import OK, UNKNOWN, BadHistory
from faultline.drill.receiver import CHARGED, RECEIVED, REFUSED
from faultline.drill.verdict import Report, Violation, count, text
from faultline.schedules.ticks import expand

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from faultline.drill.evidence import Begun, Receipt
    from faultline.drill.facts import Definition, Entry, Job, Run, Schedule, Task, Tick, Transaction
    from faultline.drill.history import Call

OVER: Final = frozenset({"succeeded", "failed", "cancelled", "skipped"})  # of runs and their tasks
ON_TIME: Final = 60_000_000  # µs: so late a tick may be before it counts as missed
MOST_COUNTED: Final = 10_000  # missed ticks that one row counts at most
SECOND: Final = 1_000_000


# 1


def promise_1(evidence: Evidence) -> Iterator[Violation]:
    """An enqueue that returned is never lost; one that was rolled back, or refused, never happened.

    Every job carries the token of what asked for it, every transaction its id, every run its token: so what is in the
    database in the end can be told from what is not, whoever lost an answer.

    Lost: a call was answered, and the job, transaction or run that it named is not there, or another one bears its
    token. Nothing is removed within a drill (retention takes days), so absence is loss.

    Invented: it is there more often than it was asked for. Of an answered call exactly the one that it named may exist,
    of an unknown one at most one, of one that was refused or rolled back none; so what exists beyond the answered ones
    is at most as many as there are unknown calls. And what bears no token that was ever asked for must come from a
    transaction, a run or a tick.

    What a handler was given is what was asked for: its token is that of its job.
    """
    yield from _each_in_one_place(evidence)
    for token, calls in evidence.asked.items():
        found = {job.job_id for job in evidence.jobs_of_token.get(token, ())}
        yield from _as_asked("job", token, calls, found, answers(calls, "job_id"))
    for transaction_id, calls in evidence.submitted.items():
        transaction = evidence.transactions.get(transaction_id)
        found = set() if transaction is None else {transaction.job_id}
        yield from _as_asked("transaction", transaction_id, calls, found, answers(calls, "job_id"))
    for token, calls in evidence.triggered.items():
        found = {run.run_id for run in evidence.runs_of_token.get(token, ())}
        yield from _as_asked("run", token, calls, found, answers(calls, "run_id"))
    yield from _none_without_origin(evidence)
    yield from _acts_are_kept(evidence)
    for call in evidence.called("handle"):
        job, given = evidence.jobs.get(call.args["job_id"]), call.args.get("token")
        if job is not None and None not in {given, job.token} and given != job.token and job.run_id is None:
            detail = f"its handler was given the token {given}, it bears {job.token}"
            yield Violation(1, "other payload", f"job {job.job_id}", detail, (call.where,))


def _acts_are_kept(evidence: Evidence) -> Iterator[Violation]:
    schedules = {schedule.schedule for schedule in evidence.facts.schedules}
    for call in evidence.called("put_schedule"):
        if call.phase == OK and call.args["schedule"] not in schedules:
            subject = f"schedule {call.args['schedule']}"
            yield Violation(1, "lost", subject, "it was put, and is not there", (call.where,))
    for call in evidence.called("cancel"):
        job = evidence.jobs.get(call.args["job_id"])
        if (call.phase, call.value) == (OK, "cancelled") and (job is None or job.state != "cancelled"):
            detail = f"it was cancelled, and is {'gone' if job is None else job.state}"
            yield Violation(1, "cancel lost", f"job {call.args['job_id']}", detail, (call.where,))


def _as_asked(what: str, token: str, calls: Sequence[Call], found: set[int], answered: set[Any]) -> Iterator[Violation]:
    for lost in answered - found:
        detail = f"the call was answered {lost}; there is {_ids(found) or 'none'}"
        yield Violation(1, "lost", f"{what} {token}", detail, places(calls))
    extra, lost_answers = found - answered, unknown(calls)
    if len(extra) > lost_answers:
        what_became = ", ".join(f"{number} {phase}" for phase, number in sorted(_phases(calls).items()))
        detail = f"there is {_ids(extra)}, of calls that ended: {what_became}"
        yield Violation(1, "invented", f"{what} {token}", detail, places(calls))


def _phases(calls: Iterable[Call]) -> Counter[str]:
    return Counter("rolled back" if call.name == "rolled_back" else call.phase for call in calls)


def _each_in_one_place(evidence: Evidence) -> Iterator[Violation]:
    for job_id, number in Counter(job.job_id for job in evidence.facts.jobs).items():
        if number > 1:
            yield Violation(1, "twice", f"job {job_id}", f"it has {number} rows in jobs_live and jobs_done")


def _none_without_origin(evidence: Evidence) -> Iterator[Violation]:
    jobs, runs = evidence.made_by_ticks
    for job in evidence.facts.jobs:
        if (
            job.token not in evidence.asked
            and job.run_id is None
            and job.job_id not in evidence.transaction_of_job
            and job.job_id not in jobs
        ):
            yield Violation(1, "invented", f"job {job.job_id}", f"nobody asked for its token, {job.token}")
    for transaction in evidence.facts.transactions:
        of_job = evidence.jobs.get(transaction.job_id)
        if of_job is None:
            detail = f"its job {transaction.job_id} is not there"
            yield Violation(1, "lost", f"transaction {transaction.transaction_id}", detail)
        elif transaction.transaction_id not in evidence.submitted and not (
            of_job.token in evidence.asked or of_job.run_id is not None or of_job.job_id in jobs
        ):
            yield Violation(1, "invented", f"transaction {transaction.transaction_id}", "nobody submitted it")
    for run in evidence.facts.runs:
        if run.token not in evidence.triggered and run.parent_run_id is None and run.run_id not in runs:
            yield Violation(1, "invented", f"run {run.run_id}", f"nobody asked for its token, {run.token}")


# 2


def promise_2(evidence: Evidence) -> Iterator[Violation]:
    """At most one attempt of a job holds a valid lease; a crashed attempt's job runs again, without anyone's help.

    An attempt begins with a claim, which raises the job's `attempt` by one, and must end before the next one begins.
    Its end leaves exactly one trace: an event (fail, expire, release, snooze, cancelled), or the job in jobs_done.
    Both are written under the lock of the job's row. So if the last attempt was A, the attempts 1 to A - 1 have each
    one end, and A has one unless it succeeded or runs: an attempt that has none was still alive when a later one was
    claimed, which is two leases at a time. (cancel_run takes the job of a running task away without an event: that
    last attempt needs none.) The ends of a job, in the order of event_id, are those of rising attempts: the number is
    taken under the lock of the job's row, so no clock is in it.

    Two claims, or two handlers, of one (job, attempt) are two holders of one lease. An attempt that somebody has seen
    is never beyond the job's last. Of two claims the later one, by CLOCK_MONOTONIC, has the higher attempt.

    Liveness: the facts are read after the deadline by which everything that was broken has healed, so a job that is
    queued or running then is stuck.
    """
    for job in evidence.facts.jobs:
        if job.state in {"queued", "running"}:
            yield Violation(2, "unfinished", f"job {job.job_id}", f"it is still {job.state}, at attempt {job.attempt}")
        yield from _every_attempt_ends(job, [event.attempt or 0 for event in evidence.ends.get(job.job_id, ())])
    for (job_id, attempt), calls in evidence.handled.items():
        if len(calls) > 1:
            detail = f"{len(calls)} handlers of it began, in {', '.join(sorted({call.process for call in calls}))}"
            yield Violation(2, "two holders", _attempt(job_id, attempt), detail, places(calls))
    for job_id in {job_id for call in evidence.called("claim") for job_id, _ in call.value or ()}:
        yield from _claims_rise(job_id, evidence.begun[job_id])
    for job_id, begun in evidence.begun.items():
        last = evidence.jobs[job_id].attempt if job_id in evidence.jobs else 0
        for seen in begun:
            if seen.attempt > last:
                detail = f"it had begun, but the job is at attempt {last}"
                yield Violation(2, "unknown attempt", _attempt(job_id, seen.attempt), detail, (seen.where,))


def _every_attempt_ends(job: Job, ended: list[int]) -> Iterator[Violation]:
    must = job.attempt - (job.state in {"succeeded", "running"})
    if len(ended) == must and all(attempt == place for place, attempt in enumerate(ended, 1)):
        return
    taken_away = job.from_state == "running" and job.run_id is not None
    seen = set(ended)
    for attempt in range(1, must + 1):
        if attempt not in seen and not (taken_away and attempt == job.attempt):
            detail = f"it never ended, yet the job is {job.state} at attempt {job.attempt}"
            yield Violation(2, "two leases", _attempt(job.job_id, attempt), detail)
    for earlier, later in pairwise(ended):
        if later < earlier:
            detail = f"it ended after attempt {earlier} had"
            yield Violation(2, "out of order", _attempt(job.job_id, later), detail)
    if ended and max(ended) > job.attempt:
        detail = f"it ended, but the job is at attempt {job.attempt}"
        yield Violation(2, "unknown attempt", _attempt(job.job_id, max(ended)), detail)


def _claims_rise(job_id: int, begun: list[Begun]) -> Iterator[Violation]:
    """Of a job that a raw session claimed; what else began may be a handler."""
    for place, claim in enumerate(begun):
        if not claim.claim:
            continue
        for other_place, other in enumerate(begun):
            if other.attempt == claim.attempt and (other_place < place or not other.claim):
                where = (other.where, claim.where)
                yield Violation(2, "two holders", _attempt(job_id, claim.attempt), "it was given out twice", where)
            elif other.attempt > claim.attempt and other.known < claim.since:
                detail = f"it was claimed after attempt {other.attempt} had been"
                yield Violation(2, "went back", _attempt(job_id, claim.attempt), detail, (other.where, claim.where))


# 3


def promise_3(evidence: Evidence) -> Iterator[Violation]:
    """A stale attempt changes nothing: every report of it is refused, and what was refused left no trace.

    What a report says and what is on record in the end have to agree, for every (job, attempt, verb): one that was
    accepted is on record under its own attempt; one that was refused (FL001, stale) is not, now or ever, as an
    attempt that is over never runs again. The refusals that the database recorded itself are held against its own
    records too.

    By CLOCK_MONOTONIC: no report is accepted that began after a later attempt had been claimed, which shows in a claim
    that was answered or a handler that had begun. A report of an unknown outcome proves nothing and is left out.

    The result of a job is that of its last attempt: a handler writes into the history what it returns before the
    runner can report it. So the attempt on record has a handler that returned, and returned this. (Unless a raw
    session completed it, or its ledger entry did, whose commit carries a result of its own.)
    """
    for call in evidence.reports:
        yield from _report_is_on_record(evidence, call)
    for call in evidence.called("apply"):
        if was_refused(call) and evidence.recorded(*fence(call), "apply"):
            detail = "its entry was refused, and is there"
            yield Violation(3, "refused, yet done", _attempt(*fence(call)), detail, (call.where,))
    for call in evidence.called(*REPORTS, "heartbeat", "apply"):
        if was_accepted(call):
            yield from _none_later(evidence, call)
    for event in evidence.facts.events:
        of = (event.job_id, event.attempt or 0)
        if event.report is not None and evidence.recorded(*of, event.report):
            detail = f"its {event.report} is recorded as refused (event {event.event_id}), and as accepted"
            yield Violation(3, "refused, yet done", _attempt(*of), detail)
    yield from _results_are_of_the_attempt(evidence)


def _report_is_on_record(evidence: Evidence, call: Call) -> Iterator[Violation]:
    recorded = evidence.recorded(*fence(call), call.name)
    if was_accepted(call) and not recorded:
        job = evidence.jobs.get(call.args["job_id"])
        state = "is gone" if job is None else f"is {job.state} at attempt {job.attempt}"
        detail = f"its {call.name} was accepted, but not on record; the job {state}"
        yield Violation(3, "accepted, not done", _attempt(*fence(call)), detail, (call.where,))
    elif was_refused(call) and recorded:
        detail = f"its {call.name} was refused, and is on record"
        yield Violation(3, "refused, yet done", _attempt(*fence(call)), detail, (call.where,))


def _none_later(evidence: Evidence, call: Call) -> Iterator[Violation]:
    job_id, attempt = fence(call)
    for seen in evidence.begun.get(job_id, ()):
        if seen.attempt > attempt and seen.known < call.began:
            detail = f"its {call.name} was accepted after attempt {seen.attempt} had begun"
            yield Violation(3, "stale accepted", _attempt(job_id, attempt), detail, (seen.where, call.where))
            return


def _results_are_of_the_attempt(evidence: Evidence) -> Iterator[Violation]:
    types = {call.args["type"] for call in evidence.called("handle")}
    by_hand = evidence.completed_by_hand
    for job in evidence.facts.jobs:
        of = (job.job_id, job.attempt)
        if job.state != "succeeded" or job.type not in types or of in by_hand or job.job_id in evidence.entries_of_job:
            continue
        calls = evidence.handled.get(of, [])
        returned = [call for call in calls if call.phase == OK]
        if not returned:
            detail = "it is said to have succeeded, but no handler of it has returned"
            yield Violation(3, "result of another attempt", _attempt(*of), detail, places(calls))
        elif all(call.value != job.result for call in returned):
            detail = f"its handler returned {_short(returned[0].value)}, the job has {_short(job.result)}"
            yield Violation(3, "result of another attempt", _attempt(*of), detail, places(returned))


# 4


def promise_4(evidence: Evidence) -> Iterator[Violation]:
    """Repeating any report or keyed call with the same arguments gives the same answer and changes nothing.

    An attempt has one outcome: among its events and the row of a success there is one, however often it was reported.
    Of the reports of one attempt at most one is answered `ok`; all others are `repeat` or refused, in any order and
    with any answer lost. `repeat` means that it had been accepted before: then it is on record, and no `ok` can
    follow it (begun after the repeat was answered). A transaction that is submitted again is the same job, whenever
    and by whomever; so all answers are the same. An entry is created once. Whoever asked an operator's verb again had
    one of the answers that it may give then.
    """
    yield from _one_outcome(evidence)
    reports: dict[tuple[int, int], list[Call]] = defaultdict(list)
    for call in evidence.reports:
        reports[fence(call)].append(call)
    for of, calls in reports.items():
        yield from _accepted_once(_attempt(*of), "were accepted", calls)
        accepted = [call for call in calls if was_accepted(call)]
        for call in calls:
            if (call.phase, call.value) == (OK, "repeat"):
                yield from _is_a_repeat(evidence, call, accepted)
    applied: dict[str, list[Call]] = defaultdict(list)
    for call in evidence.called("apply"):
        applied[call.args["transaction"]].append(call)
    for transaction_id, calls in applied.items():
        yield from _accepted_once(f"transaction {transaction_id}", "created its entry", calls)
    for transaction_id, calls in evidence.submitted.items():
        if len(jobs := answers(calls, "job_id")) > 1:
            detail = f"it was answered {_ids(jobs)}"
            yield Violation(4, "other answer", f"transaction {transaction_id}", detail, places(calls))
    yield from _asked_again(evidence)


def _asked_again(evidence: Evidence) -> Iterator[Violation]:
    for call in evidence.called("again"):
        if call.phase == OK and call.args["answers"] and call.value not in call.args["answers"]:
            detail = f"it was answered {_short(call.value)}, not {' or '.join(map(_short, call.args['answers']))}"
            yield Violation(4, "other answer", " ".join(call.args["query"].split()), detail, (call.where,))


def _one_outcome(evidence: Evidence) -> Iterator[Violation]:
    for job_id, events in evidence.ends.items():
        job = evidence.jobs.get(job_id)
        verbs: dict[int, list[str]] = defaultdict(list)
        for event in events:
            verbs[event.attempt or 0].append(event.verb)
        if job is not None and job.state == "succeeded":
            verbs[job.attempt].append("complete")
        for attempt, outcomes in verbs.items():
            if len(outcomes) > 1:
                yield Violation(
                    4, "two outcomes", _attempt(job_id, attempt), f"it ended by {' and by '.join(outcomes)}"
                )


def _accepted_once(subject: str, what: str, calls: Iterable[Call]) -> Iterator[Violation]:
    accepted = [call for call in calls if was_accepted(call)]
    if len(accepted) > 1:
        detail = f"{' and '.join(call.name for call in accepted)} {what}"
        yield Violation(4, "accepted twice", subject, detail, places(accepted))


def _is_a_repeat(evidence: Evidence, call: Call, accepted: list[Call]) -> Iterator[Violation]:
    if not evidence.recorded(*fence(call), call.name):
        detail = f"its {call.name} was answered `repeat`, but is not on record"
        yield Violation(4, "repeat of nothing", _attempt(*fence(call)), detail, (call.where,))
    for other in accepted:
        if call.ended < other.began:
            detail = f"its {call.name} was answered `repeat`, and `ok` after that"
            yield Violation(4, "repeat of nothing", _attempt(*fence(call)), detail, (call.where, other.where))


# 5


def promise_5(evidence: Evidence) -> Iterator[Violation]:
    """Attempts are bounded and crashes count; nothing retries for ever.

    What is charged are the events `fail` and `expire`: since the last `retry` of an operator there are as many as the
    job counts failures, and never more than its max_attempts. A crash leaves `expire`, as its runner can say nothing;
    that it left something is promise 2. A dead letter has used all of its attempts up, or its last attempt said that
    it was not to be retried, which only `fail` can. That nothing retries in a hot loop is a check of verify(), which
    has the times.
    """
    retried = {event.job_id: event.event_id for event in evidence.facts.events if event.verb == "retry"}
    for job in evidence.facts.jobs:
        ends = evidence.ends.get(job.job_id, [])
        since = retried.get(job.job_id, 0)
        charged = sum(event.verb in {"fail", "expire"} and event.event_id > since for event in ends)
        if charged != job.failures:
            detail = f"it counts {job.failures}, its events show {charged}"
            yield Violation(5, "failures miscounted", f"job {job.job_id}", detail)
        if max(job.failures, charged) > job.max_attempts:
            detail = f"it has {max(job.failures, charged)} failures of at most {job.max_attempts}"
            yield Violation(5, "too many failures", f"job {job.job_id}", detail)
        dead = job.state == "failed" or job.from_state == "failed"
        if dead and job.failures < job.max_attempts and (not ends or ends[-1].verb != "fail"):
            detail = f"it is a dead letter after {job.failures} of {job.max_attempts} failures, and nobody gave it up"
            yield Violation(5, "given up too early", f"job {job.job_id}", detail)


# 6


def promise_6(evidence: Evidence) -> Iterator[Violation]:
    """One idempotency key, one job: same arguments give the same job, others are an error, nobody gets NULL.

    A key lives for days, and never shorter than its job: within a drill none expires. So for each key of a queue all
    answered calls name one job, whichever answers were lost, one at most was told that it created it, and at most one
    job bears the key. The payload carries the token, so calls with one key and other tokens have other arguments: of
    those tokens one has the job, and the others are refused (FL002) and leave nothing. FL002 needs such another call:
    with the same arguments it would be wrong. The keys that the database keeps name the jobs that bear them, all of
    them. For the keys of runs the same holds, and for the ids of transactions, whose request must be the same.
    """
    for (queue, key), calls in evidence.keyed.items():
        yield from _answered_alike(f"key {key} of {queue}", calls)
    for call in evidence.called("enqueue", "submit", "trigger"):
        if call.phase == OK and None in call.value.values():
            yield Violation(6, "NULL", f"{call.name} {call.args}", f"it was answered {call.value}", (call.where,))
    for transaction_id, calls in evidence.submitted.items():
        if len(_requests([call for call in calls if call.phase == OK])) > 1:
            detail = "calls with other requests were accepted"
            yield Violation(6, "other arguments", f"transaction {transaction_id}", detail, places(calls))
    yield from _one_job_a_key(evidence)
    yield from _one_run_a_key(evidence)


def _answered_alike(subject: str, calls: Sequence[Call]) -> Iterator[Violation]:
    answered = answers(calls, "job_id")
    if len(answered) > 1:
        yield Violation(6, "two answers", subject, f"it was answered {_ids(answered)}", places(calls))
    if sum(call.phase == OK and bool(call.value["created"]) for call in calls) > 1:
        yield Violation(6, "created twice", subject, "two calls were told that they made the job", places(calls))
    tokens = {call.args["token"] for call in calls if call.phase == OK}
    if len(tokens) > 1:
        detail = f"calls with the tokens {', '.join(sorted(tokens))} were accepted"
        yield Violation(6, "other arguments", subject, detail, places(calls))
    refused = [call for call in calls if call.sqlstate == "FL002"]
    if refused and len({(call.args["type"], call.args["token"]) for call in calls}) == 1:
        yield Violation(6, "refused for nothing", subject, "all arguments were the same", places(refused))


def _one_job_a_key(evidence: Evidence) -> Iterator[Violation]:
    for (queue, key), jobs in evidence.jobs_of_key.items():
        if len({job.job_id for job in jobs}) > 1:
            detail = f"{_ids({job.job_id for job in jobs})} bear it"
            yield Violation(6, "two jobs", f"key {key} of {queue}", detail)
    names = {(kept.queue, kept.key) for kept in evidence.facts.keys}
    for queue, key in evidence.jobs_of_key.keys() - names:
        yield Violation(6, "key lost", f"key {key} of {queue}", "a job bears it, and it is free for another one")
    for kept in evidence.facts.keys:
        job = evidence.jobs.get(kept.job_id)
        if job is None or (job.queue, job.key) != (kept.queue, kept.key):
            detail = f"it names job {kept.job_id}, which {'is not there' if job is None else 'does not bear it'}"
            yield Violation(6, "wrong job", f"key {kept.key} of {kept.queue}", detail)


def _one_run_a_key(evidence: Evidence) -> Iterator[Violation]:
    runs: dict[tuple[str, str], set[int]] = defaultdict(set)
    for run in evidence.facts.runs:
        if run.key is not None:
            runs[run.workflow, run.key].add(run.run_id)
    for call in evidence.called("trigger"):
        if call.args.get("key") is not None:
            runs[call.args["workflow"], call.args["key"]] |= answers([call], "run_id")
    for (workflow, key), ids in runs.items():
        if len(ids) > 1:
            yield Violation(6, "two runs", f"key {key} of workflow {workflow}", f"it stands for {_ids(ids)}")


# 7


def promise_7(evidence: Evidence) -> Iterator[Violation]:
    """An effect is applied at most once per transaction id, atomically with its ledger entry and the job's completion.

    Inside: a transaction has one entry exactly if it is APPLIED or RECONCILED, by its own job, and a job has one at
    most. A transfer that has its entry has moved what was submitted, no more and no less; the amounts of an entry add
    up to zero in each currency, so do all balances, and each balance is the sum of the postings to its account. A
    submitted job that succeeded has its entry, unless a raw session completed it.

    Outside: the journal of the receiver is the effect itself, a line on the disk for each charge. For each
    transaction there is at most one, under at most one key, whatever was sent how often; exactly one if the
    transaction is APPLIED or RECONCILED and was to be charged; and it has the amount that was submitted. Every key
    the receiver has seen belongs to an effect whose SENT was committed before: no effect that it has heard of is
    still INIT.
    """
    yield from _one_entry(evidence)
    for transaction_id, calls in evidence.submitted.items():
        transaction = evidence.transactions.get(transaction_id)
        if transaction is not None:
            yield from _as_submitted(evidence, transaction, calls)
    yield from _balanced(evidence)
    yield from _charged_once(evidence)
    yield from _said_before_it_was_sent(evidence)
    for call in evidence.called("apply"):
        of_call = [entry.entry_id for entry in evidence.entries.get(call.args["transaction"], ())]
        if call.phase == OK and call.value["entry_id"] not in of_call:
            detail = f"it was answered with entry {call.value['entry_id']}; there is {_ids(of_call) or 'none'}"
            yield Violation(7, "entry lost", f"transaction {call.args['transaction']}", detail, (call.where,))


def _one_entry(evidence: Evidence) -> Iterator[Violation]:
    for transaction in evidence.facts.transactions:
        subject = f"transaction {transaction.transaction_id}"
        entries = evidence.entries.get(transaction.transaction_id, [])
        if len(entries) > 1:
            yield Violation(7, "applied twice", subject, f"it has entries {_ids(e.entry_id for e in entries)}")
        if not entries and transaction.state in {"APPLIED", "RECONCILED"}:
            yield Violation(7, "no entry", subject, f"it is {transaction.state} without an entry")
        if entries and transaction.state == "INIT":
            yield Violation(7, "entry too early", subject, f"it is INIT with entry {entries[0].entry_id}")
    for job_id, entries in evidence.entries_of_job.items():
        if len(entries) > 1:
            yield Violation(7, "applied twice", f"job {job_id}", f"it has entries {_ids(e.entry_id for e in entries)}")
    for entry in evidence.facts.entries:
        yield from _entry_of_its_job(evidence, entry)


def _entry_of_its_job(evidence: Evidence, entry: Entry) -> Iterator[Violation]:
    subject = f"entry {entry.entry_id}"
    transaction, job = evidence.transactions.get(entry.transaction_id), evidence.jobs.get(entry.job_id)
    if transaction is None or job is None:
        missing = f"transaction {entry.transaction_id}" if transaction is None else f"job {entry.job_id}"
        yield Violation(7, "entry of nothing", subject, f"its {missing} is not there")
    elif transaction.job_id != entry.job_id:
        detail = f"it is of job {entry.job_id}, its transaction {entry.transaction_id} of job {transaction.job_id}"
        yield Violation(7, "entry of another job", subject, detail)
    elif entry.attempt > job.attempt:
        detail = f"it is of attempt {entry.attempt}, its job {entry.job_id} is at attempt {job.attempt}"
        yield Violation(7, "entry of another attempt", subject, detail)


def _as_submitted(evidence: Evidence, transaction: Transaction, calls: Sequence[Call]) -> Iterator[Violation]:
    subject = f"transaction {transaction.transaction_id}"
    entries = evidence.entries.get(transaction.transaction_id, [])
    job = evidence.jobs.get(transaction.job_id)
    by_hand = job is not None and (job.job_id, job.attempt) in evidence.completed_by_hand
    if job is not None and job.state == "succeeded" and not entries and not by_hand:
        detail = f"its job {job.job_id} has succeeded, and it has no entry"
        yield Violation(7, "not atomic", subject, detail, places(calls))
    requests = _requests(calls)
    if all(to is None for _, _, to in requests):
        yield from _charged_as_submitted(evidence, transaction, calls, {amount for amount, _, _ in requests})
        return
    wanted = [sorted([(source, -amount), (target, amount)]) for amount, source, target in requests]
    for entry in entries:
        moved = sorted((p.account, Decimal(p.amount)) for p in evidence.postings.get(entry.entry_id, ()))
        if moved not in wanted:
            detail = f"entry {entry.entry_id} moved {_moves(moved)}; submitted was {' or '.join(map(_moves, wanted))}"
            yield Violation(7, "not as submitted", subject, detail, places(calls))


def _requests(calls: Sequence[Call]) -> set[tuple[Decimal, Any, Any]]:
    """What may have been submitted, as amount, from, to: what was accepted, else whatever was not refused."""
    accepted = [call for call in calls if call.phase == OK] or [call for call in calls if call.phase == UNKNOWN]
    return {(Decimal(str(c.args["amount"])), c.args.get("from"), c.args.get("to")) for c in accepted}


def _charged_as_submitted(
    evidence: Evidence, transaction: Transaction, calls: Sequence[Call], amounts: set[Decimal]
) -> Iterator[Violation]:
    subject = f"transaction {transaction.transaction_id}"
    charges = evidence.charges.get(transaction.transaction_id, [])
    if not charges and transaction.state in {"APPLIED", "RECONCILED"}:
        detail = f"it is {transaction.state}, and was never charged"
        yield Violation(7, "not charged", subject, detail, places(calls))
    for charge in charges:
        if Decimal(str(charge.amount)) not in amounts:
            detail = f"{charge.amount} was charged; submitted was {' or '.join(map(str, sorted(amounts)))}"
            yield Violation(7, "not as submitted", subject, detail, (*places(calls), charge.where))


def _balanced(evidence: Evidence) -> Iterator[Violation]:
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for entry_id, postings in evidence.postings.items():
        in_entry: dict[str, Decimal] = defaultdict(Decimal)
        for posting in postings:
            in_entry[posting.currency] += Decimal(posting.amount)
            sums[posting.account, posting.currency] += Decimal(posting.amount)
        for currency, total in in_entry.items():
            if total:
                yield Violation(7, "unbalanced", f"entry {entry_id}", f"its amounts add up to {total} {currency}")
    entries = {entry.entry_id for entry in evidence.facts.entries}
    for entry_id in evidence.postings.keys() - entries:
        yield Violation(7, "posting of nothing", f"entry {entry_id}", "it is not there, its postings are")
    balances = {(b.account, b.currency): Decimal(b.amount) for b in evidence.facts.balances}
    for account, currency in sorted(sums.keys() | balances.keys()):
        balance, total = balances.get((account, currency), Decimal()), sums[account, currency]
        if balance != total:
            detail = f"its balance is {balance} {currency}, its postings add up to {total}"
            yield Violation(7, "balance wrong", f"account {account}", detail)
    for currency, total in add_up(evidence).items():
        if total:
            yield Violation(7, "money made", currency, f"all balances add up to {total}")


def _charged_once(evidence: Evidence) -> Iterator[Violation]:
    made = [receipt for receipt in evidence.receipts if receipt.event == CHARGED]
    by_key: dict[str, list[Receipt]] = defaultdict(list)
    for receipt in made:
        by_key[receipt.key].append(receipt)
    for key, receipts in by_key.items():
        if len(receipts) > 1:
            where = tuple(receipt.where for receipt in receipts)
            yield Violation(7, "charged twice", f"key {key}", f"it was charged {len(receipts)} times", where)
    for token, receipts in evidence.charges.items():
        if len(keys := {receipt.key for receipt in receipts}) > 1:
            where = tuple(receipt.where for receipt in receipts)
            detail = f"it was charged under the keys {', '.join(sorted(keys))}"
            yield Violation(7, "charged twice", f"transaction {token}", detail, where)


def _said_before_it_was_sent(evidence: Evidence) -> Iterator[Violation]:
    heard: dict[str, Receipt] = {}
    for receipt in evidence.receipts:
        if receipt.event in {RECEIVED, CHARGED}:
            heard.setdefault(receipt.key, receipt)
    for key, receipt in heard.items():
        effect = evidence.effect_of_key.get(key)
        if effect is None or effect.state == "INIT":
            detail = f"a request came whose effect is {'not there' if effect is None else 'INIT'}"
            yield Violation(7, "sent before it was said", f"key {key}", detail, (receipt.where,))
        elif receipt.token != effect.transaction_id:
            detail = f"it is of transaction {effect.transaction_id}, its request was of {receipt.token}"
            yield Violation(7, "key of another", f"key {key}", detail, (receipt.where,))


# 8


def promise_8(evidence: Evidence) -> Iterator[Violation]:
    """FAILED is final and true: a transaction that failed can never be applied later.

    Read in the end, when nothing is on its way any more: a FAILED transaction has no entry, no effect of it is
    APPLIED or may still land (SENT), and the receiver has no charge for it, under any key, early or late. An effect
    that is ABSENT was never charged. Whoever was told that the id is burnt (FL006) was told the truth: FAILED is
    final, so it is FAILED now. A key that the receiver refuses it has not charged, before or after.
    """
    for transaction in evidence.facts.transactions:
        if transaction.state == "FAILED":
            yield from _nothing_of_it(evidence, transaction)
    for effect in evidence.facts.effects:
        charges = [c for c in evidence.charges.get(effect.transaction_id, ()) if c.key == effect.key]
        if effect.state == "ABSENT" and charges:
            where = tuple(charge.where for charge in charges)
            yield Violation(8, "absent, yet charged", f"key {effect.key}", "it is ABSENT, and was charged", where)
    for call in evidence.called("submit", "apply"):
        transaction_id = call.args["transaction"]
        burnt = evidence.transactions.get(transaction_id)
        if call.sqlstate == "FL006" and (burnt is None or burnt.state != "FAILED"):
            detail = f"a call was told that it has failed; it is {'not there' if burnt is None else burnt.state}"
            yield Violation(8, "failed, then not", f"transaction {transaction_id}", detail, (call.where,))
    refused: dict[str, Receipt] = {}
    charged: dict[str, Receipt] = {}
    for receipt in evidence.receipts:
        if receipt.event in {REFUSED, CHARGED}:
            (refused if receipt.event == REFUSED else charged)[receipt.key] = receipt
    for key in refused.keys() & charged.keys():
        where = (refused[key].where, charged[key].where)
        yield Violation(8, "refused, yet charged", f"key {key}", "the receiver refuses it, and has charged it", where)


def _nothing_of_it(evidence: Evidence, transaction: Transaction) -> Iterator[Violation]:
    subject = f"transaction {transaction.transaction_id}"
    for entry in evidence.entries.get(transaction.transaction_id, ()):
        yield Violation(8, "failed, yet applied", subject, f"it is FAILED, and has entry {entry.entry_id}")
    for effect in evidence.effects.get(transaction.transaction_id, ()):
        if effect.state in {"SENT", "APPLIED"}:
            yield Violation(8, "failed, yet applied", subject, f"it is FAILED, and its {effect.name} is {effect.state}")
    for charge in evidence.charges.get(transaction.transaction_id, ()):
        detail = f"it is FAILED, and {charge.amount} was charged"
        yield Violation(8, "failed, yet charged", subject, detail, (charge.where,))


# 9


def promise_9(evidence: Evidence) -> Iterator[Violation]:
    """Reconciliation converges; a second pass changes nothing.

    When the facts were read reconcile() ran until a pass moved nothing: no transaction moved twice in that, and it
    came to an end. What is left is settled, after the deadline of liveness: nothing is APPLIED, and INIT is only what
    has a dead letter, which an operator may retry. What a transaction says of how its job ended is how it ended.
    """
    moved = Counter(step.transaction_id for step in evidence.facts.passes)
    for transaction_id, number in moved.items():
        if number > 1:
            steps = [
                f"{p.from_state} to {p.to_state}" for p in evidence.facts.passes if p.transaction_id == transaction_id
            ]
            detail = f"passes of reconcile moved it {number} times: {', '.join(steps[:4])}"
            yield Violation(9, "does not converge", f"transaction {transaction_id}", detail)
    for transaction in evidence.facts.transactions:
        subject = f"transaction {transaction.transaction_id}"
        job = evidence.jobs.get(transaction.job_id)
        if job is None:
            continue
        ended = job.state if job.state in {"succeeded", "cancelled", "discarded"} else None
        if transaction.job_state is not None and transaction.job_state != ended:
            detail = f"its job {job.job_id} is {job.state}, it says {transaction.job_state}"
            yield Violation(9, "not told", subject, detail)
        if transaction.state == "APPLIED":
            yield Violation(9, "unsettled", subject, f"it is still APPLIED, its job is {job.state}")
        if transaction.state == "INIT" and ended is not None:
            yield Violation(9, "unsettled", subject, f"it is still INIT, its job {job.job_id} has {ended}")


# 10


def promise_10(evidence: Evidence) -> Iterator[Violation]:
    """A task of a workflow runs only after what it needs; no task is stranded; a finished run has no live task.

    After the deadline every run is over, and so is each of its tasks; each task of the version is there once. A run
    has failed exactly if a task failed or was cancelled. A task that ran had what it needs: all of it succeeded, or
    with `when: failure` one did not and with `when: always` anything. A task has one job that succeeded, and its
    result.

    By CLOCK_MONOTONIC: the handler of a task began after that of what it needs had returned, in the attempt on record,
    whose completion released it. (Unless a raw session completed that attempt, or its ledger entry did, whose commit
    comes before the handler returns.) What a handler was given as results is what the tasks it needs ended with, so a
    fan-in saw all of its branches, and each of them finished.
    """
    definitions: dict[tuple[str, int], dict[str, Definition]] = defaultdict(dict)
    for definition in evidence.facts.definitions:
        definitions[definition.workflow, definition.version][definition.task] = definition
    for run in evidence.facts.runs:
        yield from _run_is_complete(evidence, run, definitions[run.workflow, run.version])
    for run_id in evidence.tasks.keys() - {run.run_id for run in evidence.facts.runs}:
        yield Violation(10, "task of nothing", f"run {run_id}", "it is not there, its tasks are")


def _run_is_complete(evidence: Evidence, run: Run, wanted: dict[str, Definition]) -> Iterator[Violation]:
    subject, tasks = f"run {run.run_id}", evidence.tasks.get(run.run_id, {})
    if run.state not in OVER:
        yield Violation(10, "unfinished", subject, f"it is still {run.state}")
    if missing := wanted.keys() ^ tasks.keys():
        detail = f"{', '.join(sorted(missing))}: of the version or of the run, not of both"
        yield Violation(10, "other tasks", subject, detail)
    broken = sorted(task.name for task in tasks.values() if task.state in {"failed", "cancelled"})
    if (run.state == "failed") != bool(broken) and run.state in {"failed", "succeeded"}:
        yield Violation(
            10, "wrong outcome", subject, f"it has {run.state}, and of its tasks {broken or 'none'} did not"
        )
    succeeded = Counter(job.task for job in evidence.jobs_of_run.get(run.run_id, ()) if job.state == "succeeded")
    for name, number in succeeded.items():
        if number > 1:
            yield Violation(10, "done twice", _task(run, str(name)), f"{number} jobs of it have succeeded")
    for name in wanted.keys() & tasks.keys():
        task = tasks[name]
        if task.state not in OVER:
            yield Violation(10, "stranded", _task(run, name), f"it is still {task.state}")
        if task.state in {"succeeded", "failed"}:
            yield from _after_its_needs(evidence, run, wanted[name], tasks)
        yield from _result_is_that_of_its_job(evidence, run, task)


def _result_is_that_of_its_job(evidence: Evidence, run: Run, task: Task) -> Iterator[Violation]:
    job = None if task.job_id is None else evidence.jobs.get(task.job_id)
    if task.job_id is not None and job is None:
        yield Violation(10, "job lost", _task(run, task.name), f"its job {task.job_id} is not there")
    elif job is not None and task.state == "succeeded" and (job.state, job.result) != ("succeeded", task.result):
        detail = f"it has {_short(task.result)}, its job {job.job_id} is {job.state} with {_short(job.result)}"
        yield Violation(10, "other result", _task(run, task.name), detail)


def _after_its_needs(
    evidence: Evidence, run: Run, definition: Definition, tasks: dict[str, Task]
) -> Iterator[Violation]:
    task = tasks[definition.task]
    # What succeeded after a failure stays, while a resumed run tries that failure again.
    needs = [tasks[name] for name in definition.needs if name in tasks and tasks[name].generation <= task.generation]
    states = {need.name: need.state for need in needs}
    unmet = {name: state for name, state in states.items() if state not in OVER}
    if definition.when == "success":
        unmet = {name: state for name, state in states.items() if state != "succeeded"}
    elif definition.when == "failure" and set(states.values()) == {"succeeded"}:
        unmet = states
    if unmet:
        detail = f"it ran on {definition.when}, and needs {', '.join(f'{n} ({s})' for n, s in sorted(unmet.items()))}"
        yield Violation(10, "too early", _task(run, task.name), detail)
    handlers = [
        call
        for job in evidence.jobs_of_task.get((run.run_id, task.name), ())
        for attempt in range(1, job.attempt + 1)
        for call in evidence.handled.get((job.job_id, attempt), ())
    ]
    for need in needs:
        if need.state == "succeeded":
            yield from _began_after(evidence, run, task, need, handlers)


def _began_after(evidence: Evidence, run: Run, task: Task, need: Task, handlers: list[Call]) -> Iterator[Violation]:
    returned = [
        call
        for job in evidence.jobs_of_task.get((run.run_id, need.name), ())
        if (of := (job.job_id, job.attempt)) not in evidence.completed_by_hand
        and job.job_id not in evidence.entries_of_job
        for call in evidence.handled.get(of, ())
        if call.phase == OK
    ]
    for call in handlers:
        for before in returned:
            if call.began < before.ended:
                detail = f"its handler began before one of {need.name}, which it needs, had returned"
                yield Violation(10, "too early", _task(run, task.name), detail, (call.where, before.where))
        given = call.args.get("results")
        if given is not None and (need.name not in given or given[need.name] != need.result):
            detail = f"it was given {_short(given.get(need.name))} for {need.name}, which has {_short(need.result)}"
            yield Violation(10, "other results", _task(run, task.name), detail, (call.where,))


# 11


def promise_11(evidence: Evidence) -> Iterator[Violation]:
    """A tick of a schedule makes at most one job, however many runners, restarts or clock steps; none is missing.

    A tick is a row: there is one at most for each moment of a schedule; it has its job or run exactly if it was made;
    the job or run is there, and no other tick's.

    None is missing that the rule says must be there: between two rows of the calendar all ticks in between are
    counted as missed by the second, neither more nor less, and only what was late by more than a minute may be missed
    (with `missed: all`, more than the window). How late is fired_at - tick_at, both by the clock of the database at
    that moment: a clock that leaps makes ticks late, and they are missed then by the rule; one that is set back makes
    none, as the next row is later than the last. The end of the calendar is where the schedule was paused, or the
    facts were read. The ticks are those of `every`, and those that cronsim finds on the clock of the zone; a cron
    schedule whose zone changes its clocks within the drill is not counted.
    """
    for schedule, ticks in evidence.ticks.items():
        for tick_at, number in Counter(tick.tick_at for tick in ticks).items():
            if number > 1:
                yield Violation(11, "tick twice", _tick(schedule, tick_at), f"it has {number} rows")
    yield from _made_once(evidence)
    read_at = evidence.facts.about[0].read_at if evidence.facts.about else 0
    for definition in evidence.facts.schedules:
        calendar = [tick for tick in evidence.ticks.get(definition.schedule, ()) if tick.kind == "calendar"]
        yield from _none_missing(definition, sorted(calendar, key=lambda tick: tick.tick_at), read_at)


def _made_once(evidence: Evidence) -> Iterator[Violation]:
    there = {"job": evidence.jobs.keys(), "run": {run.run_id for run in evidence.facts.runs}}
    made: Counter[tuple[str, int]] = Counter()
    for tick in evidence.facts.ticks:
        subject = _tick(tick.schedule, tick.tick_at)
        ids = [(what, id_) for what, id_ in (("job", tick.job_id), ("run", tick.run_id)) if id_ is not None]
        made.update(ids)
        if len(ids) != (tick.outcome == "made"):
            detail = f"it is {tick.outcome}, with job {tick.job_id} and run {tick.run_id}"
            yield Violation(11, "tick without job", subject, detail)
        for what, id_ in ids:
            if id_ not in there[what]:
                yield Violation(11, "tick without job", subject, f"its {what} {id_} is not there")
    for (what, id_), number in made.items():
        if number > 1:
            yield Violation(11, "two ticks", f"{what} {id_}", f"{number} ticks say that they made it")


def _none_missing(schedule: Schedule, rows: list[Tick], read_at: int) -> Iterator[Violation]:
    start = max(schedule.ticks_after, (schedule.starts_at or 1) - 1)
    rows = [row for row in rows if row.tick_at > start]
    end = min(x for x in (read_at, schedule.paused_at, schedule.ends_at) if x is not None)
    calendar = _calendar(schedule, start, max(end, rows[-1].tick_at if rows else end))
    if calendar is None:
        return
    places_ = {tick_at: place for place, tick_at in enumerate(calendar)}
    before = -1
    for row in rows:
        place = places_.get(row.tick_at)
        if place is None:
            yield Violation(11, "no tick", _tick(schedule.schedule, row.tick_at), "the calendar has none then")
            continue
        yield from _missed_by_the_rule(schedule, row, calendar[before + 1 : place])
        before = place
    overdue = [tick_at for tick_at in calendar[before + 1 :] if tick_at < end - ON_TIME]
    if overdue:
        detail = f"{len(overdue)} ticks from here on have no row, by more than a minute"
        yield Violation(11, "tick missing", _tick(schedule.schedule, overdue[0]), detail)


def _missed_by_the_rule(schedule: Schedule, row: Tick, between: Sequence[int]) -> Iterator[Violation]:
    subject = _tick(schedule.schedule, row.tick_at)
    dropped = [*between, row.tick_at] if row.outcome == "missed" else list(between)
    if row.missed != min(len(dropped), MOST_COUNTED):
        detail = f"{len(dropped)} ticks before it have no row, it counts {row.missed} of them as missed"
        yield Violation(11, "tick missing", subject, detail)
    patience = max(ON_TIME, schedule.missed_window if schedule.missed == "all" else 0)
    if dropped and row.fired_at - dropped[-1] < patience:
        late = (row.fired_at - dropped[-1]) / SECOND
        detail = f"the tick of {_moment(dropped[-1])} was dropped, though it was late by only {late:.1f} s"
        yield Violation(11, "tick missing", subject, detail)


def _calendar(schedule: Schedule, after: int, until: int) -> list[int] | None:
    """All ticks later than `after` up to `until`; None if they can't be told here."""
    if schedule.every is not None:
        step = schedule.every * SECOND
        return list(range((after // step + 1) * step, until + 1, step))
    zone = ZoneInfo(str(schedule.timezone))
    first, last = (datetime.fromtimestamp(moment // SECOND, UTC).astimezone(zone) for moment in (after, until))
    if first.utcoffset() != last.utcoffset():
        return None
    offset = first.utcoffset() or timedelta()
    ticks = []
    for wall in CronSim(expand(str(schedule.cron)), first.replace(tzinfo=None)):
        tick_at = int((wall - offset).replace(tzinfo=UTC).timestamp()) * SECOND
        if tick_at > until:
            break
        ticks.append(tick_at)
    return ticks


# All


def what_verify_finds(evidence: Evidence) -> Iterator[Violation]:
    """What the database finds wrong with itself, on whatever promise; 12 and 13 are judged by it alone."""
    for finding in evidence.facts.findings:
        yield Violation(finding.promise, f"verify: {finding.check}", finding.subject, finding.detail)


PROMISES: Final[dict[int, tuple[str, Callable[[Evidence], Iterator[Violation]]]]] = {
    1: ("nothing lost, nothing invented", promise_1),
    2: ("one lease at a time, and all end", promise_2),
    3: ("a stale attempt changes nothing", promise_3),
    4: ("a repetition changes nothing", promise_4),
    5: ("attempts are bounded", promise_5),
    6: ("one key, one job", promise_6),
    7: ("an effect at most once", promise_7),
    8: ("FAILED is final and true", promise_8),
    9: ("reconciliation converges", promise_9),
    10: ("runs are complete, in order", promise_10),
    11: ("each tick once, none missing", promise_11),
}
BY_VERIFY: Final = {12: "an old snapshot slows nothing (by verify)", 13: "no role can touch a table (by verify)"}


# How things are called


def _attempt(job_id: int, attempt: int) -> str:
    return f"attempt {attempt} of job {job_id}"


def _task(run: Run, name: str) -> str:
    return f"task {name} of run {run.run_id}"


def _tick(schedule: str, tick_at: int) -> str:
    return f"tick {_moment(tick_at)} of {schedule}"


def _moment(microseconds: int) -> str:
    return f"{datetime.fromtimestamp(microseconds // SECOND, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _ids(ids: Iterable[Any]) -> str:
    """The ids in order; of many the first."""
    shown = sorted(ids)
    return ", ".join(str(id_) for id_ in shown[:5]) + (f" and {len(shown) - 5} more" if len(shown) > 5 else "")


def _short(value: Any) -> str:
    said = json.dumps(value, ensure_ascii=False, default=str)
    return said if len(said) <= 60 else f"{said[:59]}…"


def _moves(moves: Sequence[tuple[str, Decimal]]) -> str:
    return ", ".join(f"{account} {amount:+}" for account, amount in moves) or "nothing"


# How it is asked


def check(evidence: Evidence, tolerated: Iterable[str] = ()) -> Report:
    """Judge the evidence. `tolerated` are checks of verify() whose findings are no violations in this drill: they are
    documented consequences of what was broken, such as tick_in_future of a clock that was set back.
    """
    allowed = {f"verify: {name}" for name in tolerated}
    found = [violation for _, promise in PROMISES.values() for violation in promise(evidence)]
    found += what_verify_finds(evidence)
    violations = sorted(v for v in found if v.rule not in allowed)
    by_promise = Counter(violation.promise for violation in violations)
    titles = {number: title for number, (title, _) in PROMISES.items()} | BY_VERIFY
    judged = [(number, title, by_promise[number]) for number, title in titles.items()]
    return Report(violations, count(evidence), judged, sorted(v for v in found if v.rule in allowed))


def judge(directory: Path, tolerated: Iterable[str] = ()) -> Report:
    """Judge the files of a drill. Raises BadHistory for what can't be read."""
    return check(Evidence.read(directory), tolerated)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m faultline.drill.checker",
        description="Did what happened in a drill keep what is promised? Exit code 0: yes, 1: no, 2: it can't be read.",
    )
    parser.add_argument("directory", type=Path, metavar="DIR", help="the report directory of a drill")
    parser.add_argument("--json", action="store_true", help="everything that was found, as one JSON document")
    parser.add_argument(
        "--tolerate", action="append", default=[], metavar="CHECK", help="a check of verify() that may find something"
    )
    options = parser.parse_args(arguments)
    try:
        report = judge(options.directory, options.tolerate)
    except BadHistory as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2
    print(json.dumps(report.as_dict(), ensure_ascii=False) if options.json else text(report))
    return 1 if report.violations else 0


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # as `… | head` expects
    sys.exit(main())
