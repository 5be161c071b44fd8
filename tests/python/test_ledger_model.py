"""Any sequence of the ledger's verbs does on the database what it does in the plain model: stale attempts, repeats,
duplicates, retention and restores that lose a job included.

FAULTLINE_MODEL_EXAMPLES=2000 and FAULTLINE_MODEL_STEPS=100 search for longer, FAULTLINE_SEED=N repeats a search.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING, Any, ClassVar

import psycopg
import pytest
from hypothesis import Phase
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.support.ledger_model import LedgerModel
from tests.support.ledger_verbs import LedgerVerbs
from tests.support.model import Request
from tests.support.mutants import break_function
from tests.support.proofs import SEED, search
from tests.support.share import share

if TYPE_CHECKING:
    from tests.support.database import Database
    from tests.support.model import Fence

pytestmark = pytest.mark.every_version

EXAMPLES = int(os.environ.get("FAULTLINE_MODEL_EXAMPLES", "40"))
STEPS = int(os.environ.get("FAULTLINE_MODEL_STEPS", "50"))
CONTROL_SEED = 20
NO_JOB = 999_999
ANY_JOB = 8

names = st.sampled_from(("t1", "t2", "t3", "t4"))
kinds = st.sampled_from(("work", "work", "work", "play"))
sizes = st.sampled_from((0, 0, 0, 1))
effects = st.sampled_from(("charge", "charge", "mail"))
outcomes = st.sampled_from(("APPLIED", "APPLIED", "ABSENT", "UNKNOWN"))
states = st.sampled_from(("INIT", "SENT", "APPLIED"))
picks = st.integers(0, 9)
# How far from the job's attempt: mostly its own, sometimes an old one or one that is still to come.
offsets = st.sampled_from((0, 0, 0, 0, 0, -1, 1))
# Mostly the transaction of the job; sometimes any.
others = st.one_of(st.none(), st.none(), st.none(), names)
fences = st.tuples(picks, offsets)

# What a search has to come upon to be worth anything. No more than what it meets many times: its paths are random.
REACHED = {
    "apply → True",
    "apply → FL001",
    "begin_effect → INIT",
    "effect_sent → SENT",
    "fail_transaction → FAILED",
    "prune",
    "reconcile",
    "submit",
}


class Machine(RuleBasedStateMachine):
    """Calls each verb on both, and compares the answers, then all jobs, transactions, entries, effects and events."""

    verbs: ClassVar[LedgerVerbs]
    made: ClassVar[Counter[str]]

    def __init__(self) -> None:
        super().__init__()
        self.model = LedgerModel()
        self.verbs.start()
        self.calls: list[tuple[str, tuple[Any, ...]]] = []

    def call(self, verb: str, *arguments: Any) -> Any:
        self.calls.append((verb, arguments))
        expected = getattr(self.model, verb)(*arguments)
        answer = getattr(self.verbs, verb)(*arguments)
        assert answer == expected, f"{verb}{arguments} answers {answer}, and {expected} in the model"
        self.made[f"{verb} → {answer}" if isinstance(answer, str | bool) else verb] += 1
        return answer

    def pick(self, number: int, *likely: str) -> int:
        """Mostly a job in a state in which the verb is legal; sometimes any job, or one that never was."""
        jobs = sorted(self.model.jobs.values(), key=lambda job: -job.id)
        found = [job.id for job in jobs if job.state in likely] if number < ANY_JOB else []
        found = found or [job.id for job in jobs]
        return found[number % len(found)] if found and number <= ANY_JOB else NO_JOB

    def fence(self, picked: tuple[int, int], *likely: str) -> Fence:
        """Mostly a running attempt; brings one there if there is none."""
        if not any(job.state == "running" for job in self.model.jobs.values()):
            self.bring_running()
        job_id = self.pick(picked[0], *likely or ("running",))
        attempt = self.model.jobs[job_id].attempt if job_id in self.model.jobs else 1
        return job_id, max(0, attempt + picked[1])

    def bring_running(self) -> int:
        """A new transaction whose job runs; what else waits runs too."""
        job_id = self.call("submit", f"n{len(self.model.transactions)}", "work", 0)
        self.call("claim", ("default",), "alice", 100)
        return int(job_id)

    def with_effect(self, picked: tuple[int, int], name: str, state: str) -> Fence:
        """Mostly a running attempt with an effect in this state; brings one there if there is none."""
        if picked[0] >= ANY_JOB:
            return self.fence(picked)
        found = [
            job.id
            for job in self.model.jobs.values()
            if job.state == "running" and self.state_of(job.id, name) == state
        ]
        if not found:
            found = [self.bring_running()]
            self.begin(found[0], name, state)
        job_id = found[-1 - picked[0] % len(found)]
        return job_id, max(0, self.model.jobs[job_id].attempt + picked[1])

    def begin(self, job_id: int, name: str, state: str) -> None:
        fence = (job_id, self.model.jobs[job_id].attempt, self.of(job_id, None), name)
        self.call("begin_effect", *fence, 0)
        if state != "INIT":
            self.call("effect_sent", *fence)
        if state == "APPLIED":
            self.call("settle_effect", *fence, state)

    def state_of(self, job_id: int, name: str) -> str | None:
        t = self.model.transactions.get(self.of(job_id, None))
        return t.effects[name].state if t is not None and name in t.effects else None

    def of(self, job_id: int, other: str | None) -> str:
        return other or self.model.carries_out.get(job_id, "t1")

    # Producers

    @rule(name=names, kind=kinds, size=sizes)
    def submit(self, name: str, kind: str, size: int) -> None:
        self.call("submit", name, kind, size)

    @rule(kind=kinds, size=sizes)
    def enqueue(self, kind: str, size: int) -> None:
        self.call("enqueue", Request(kind, size))

    # Runners

    @rule(batch=st.integers(1, 3))
    def claim(self, batch: int) -> None:
        self.call("claim", ("default",), "alice", batch)

    @rule(picked=fences, other=others)
    def apply(self, picked: tuple[int, int], other: str | None) -> None:
        job_id, attempt = self.fence(picked)
        self.call("apply", job_id, attempt, self.of(job_id, other))

    @rule(picked=fences, other=others)
    def apply_and_complete(self, picked: tuple[int, int], other: str | None) -> None:
        job_id, attempt = self.fence(picked)
        self.call("apply_and_complete", job_id, attempt, self.of(job_id, other))

    @rule(picked=fences, other=others)
    def find_entry(self, picked: tuple[int, int], other: str | None) -> None:
        job_id, attempt = self.fence(picked, "running", "succeeded")
        self.call("find_entry", job_id, attempt, self.of(job_id, other))

    @rule(picked=fences)
    def complete(self, picked: tuple[int, int]) -> None:
        self.call("complete", *self.fence(picked))

    @rule(group=st.lists(fences, max_size=3))
    def complete_many(self, group: list[tuple[int, int]]) -> None:
        self.call("complete_many", tuple(self.fence(picked) for picked in group))

    @rule(picked=fences, retryable=st.booleans())
    def fail(self, picked: tuple[int, int], retryable: bool) -> None:
        self.call("fail", *self.fence(picked), retryable, True)

    @rule(picked=fences)
    def fail_and_claim_again(self, picked: tuple[int, int]) -> None:
        self.call("fail", *self.fence(picked), True, True)
        self.call("claim", ("default",), "alice", 1)

    @rule(picked=fences)
    def cancelled(self, picked: tuple[int, int]) -> None:
        self.call("cancelled", *self.fence(picked))

    @rule(picked=fences)
    def expire_and_reap(self, picked: tuple[int, int]) -> None:
        self.call("let_expire", self.pick(picked[0], "running"))
        self.call("reap", 1000)

    @rule(picked=fences, other=others, effect=effects, size=sizes)
    def begin_effect(self, picked: tuple[int, int], other: str | None, effect: str, size: int) -> None:
        job_id, attempt = self.fence(picked)
        self.call("begin_effect", job_id, attempt, self.of(job_id, other), effect, size)

    @rule(picked=fences, other=others, effect=effects)
    def effect_sent(self, picked: tuple[int, int], other: str | None, effect: str) -> None:
        job_id, attempt = self.with_effect(picked, effect, "INIT")
        self.call("effect_sent", job_id, attempt, self.of(job_id, other), effect)

    @rule(picked=fences, other=others, effect=effects, state=outcomes)
    def settle_effect(self, picked: tuple[int, int], other: str | None, effect: str, state: str) -> None:
        job_id, attempt = self.with_effect(picked, effect, "SENT")
        self.call("settle_effect", job_id, attempt, self.of(job_id, other), effect, state)

    @rule(picked=fences, effect=effects, state=states, send=st.booleans())
    def apply_beside_an_effect(self, picked: tuple[int, int], effect: str, state: str, send: bool) -> None:
        job_id, attempt = self.with_effect(picked, effect, state)
        self.call("apply", job_id, attempt, self.of(job_id, None))
        if send:
            self.call("effect_sent", job_id, attempt, self.of(job_id, None), effect)

    @rule(effect=effects, state=states, end=st.sampled_from(("complete", "fail", "fail_transaction")))
    def end_beside_an_effect(self, effect: str, state: str, end: str) -> None:
        job_id, attempt = self.with_effect((0, 0), effect, state)
        if end == "fail_transaction":
            self.call(end, self.of(job_id, None))
        else:
            self.call(end, job_id, attempt, *((False, True) if end == "fail" else ()))

    @rule(name=names, effect=effects, state=outcomes)
    def answer_effect(self, name: str, effect: str, state: str) -> None:
        open_ = [t.id for t in self.model.transactions.values() if t.job_state and t.has("SENT")]
        self.call("answer_effect", (open_ or [name])[0], effect, state)

    @rule(sweep=st.booleans())
    def reconcile(self, sweep: bool) -> None:
        """A second pass changes nothing."""
        self.call("reconcile", sweep)
        assert self.call("reconcile", sweep) == []

    # Operators

    @rule(number=picks)
    def cancel(self, number: int) -> None:
        self.call("cancel", self.pick(number, "queued", "running"))

    @rule(number=picks)
    def retry(self, number: int) -> None:
        self.call("retry", self.pick(number, "failed"))

    @rule(number=picks)
    def discard(self, number: int) -> None:
        self.call("discard", self.pick(number, "failed"))

    @rule(name=names, picked=fences)
    def fail_transaction(self, name: str, picked: tuple[int, int]) -> None:
        self.call("fail_transaction", name if picked[0] > 4 else self.of(self.fence(picked)[0], None))

    # What a story of several calls leads to is rarely come upon by single ones

    @rule(picked=fences, other=others)
    def burn_and_apply(self, picked: tuple[int, int], other: str | None) -> None:
        job_id, attempt = self.fence(picked)
        self.call("fail_transaction", self.of(job_id, other))
        self.call("apply", job_id, attempt, self.of(job_id, other))

    @rule(picked=fences, retryable=st.booleans(), sweep=st.booleans())
    def apply_fail_and_reconcile(self, picked: tuple[int, int], retryable: bool, sweep: bool) -> None:
        job_id, attempt = self.fence(picked)
        self.call("apply", job_id, attempt, self.of(job_id, None))
        self.call("fail", job_id, attempt, retryable, True)
        self.call("reconcile", sweep)

    @rule(effect=effects, state=states, answer=outcomes)
    def give_up_beside_an_effect(self, effect: str, state: str, answer: str) -> None:
        job_id, attempt = self.with_effect((0, 0), effect, state)
        self.call("fail", job_id, attempt, False, True)
        self.call("discard", job_id)
        self.call("reconcile", False)
        self.call("answer_effect", self.of(job_id, None), effect, answer)

    # Retention, restores, lost replies

    @rule()
    def prune(self) -> None:
        self.call("prune")

    @rule(number=picks)
    def lose(self, number: int) -> None:
        """One at a time: which of two would be the first to be given its job again is nobody's promise."""
        self.call("reconcile", True)
        self.call("lose", self.pick(number, "queued", "running"))

    @precondition(lambda self: bool(self.calls))
    @rule(back=st.integers(0, 15))
    def repeat_an_earlier_call(self, back: int) -> None:
        verb, arguments = self.calls[-1 - back % len(self.calls)]
        if verb != "lose":
            self.call(verb, *arguments)

    @invariant()
    def everything_is_the_same_in_both(self) -> None:
        transactions = sorted(self.model.transactions.values(), key=lambda t: t.id)
        assert self.verbs.transactions() == [
            (t.id, t.kind, t.size, t.job, t.state, t.job_state, t.due, *(t.entry or (None, None))) for t in transactions
        ]
        assert self.verbs.effects() == [
            (t.id, name, e.size, e.attempt, e.state, e.asks, e.to_ask)
            for t in transactions
            for name, e in sorted(t.effects.items())
        ]
        assert [(job.id, job.state, job.attempt, job.failures) for job in self.model.jobs.values()] == [
            (job.id, job.state, job.attempt, job.failures) for job in self.verbs.jobs()
        ]
        assert self.verbs.events() == sorted(self.model.events, key=lambda event: event.job)

    def teardown(self) -> None:
        assert self.verbs.violations() == []


@pytest.mark.timeout(0)
def test_every_sequence_of_the_ledgers_verbs_does_what_the_model_says(
    db: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        print(f"\nledger model: FAULTLINE_SEED={SEED}", end=" ", flush=True)
        calls = search(Machine, LedgerVerbs(db.connect()), SEED, EXAMPLES, STEPS, reach=REACHED)
        print(f"{calls.total()} calls in {EXAMPLES} runs", end=" ")
    missing = REACHED - set(calls)
    assert not missing, f"the search never saw {sorted(missing)}"


@pytest.mark.parametrize(
    ("function", "old", "new"),
    share(
        [
            ("_lock_attempt", "and j.attempt = _lock_attempt.attempt and j.state", "and j.state"),
            ("_apply", "where e.transaction_id = _apply.transaction_id and e.state = 'SENT'", "where false"),
            ("_settle", "having bool_or(e.state = 'APPLIED')", "having false"),
            ("_tell_transaction", "then t.state = 'APPLIED'", "then false"),
            ("_lock_transaction", "if t.state = 'FAILED' then", "if false then"),
            ("effect_sent", "if e.state = 'INIT' and exists", "if false and exists"),
            ("fail_transaction", "e.state in ('SENT', 'APPLIED')", "e.state in ('SENT')"),
        ]
    ),
)
def test_the_search_finds_a_function_that_is_broken(function: str, old: str, new: str, db: Database) -> None:
    break_function(db, function, (old, new))
    with pytest.raises((AssertionError, psycopg.Error)):
        search(Machine, LedgerVerbs(db.connect()), CONTROL_SEED, examples=300, steps=50, phases=[Phase.generate])
