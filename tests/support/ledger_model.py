"""What the verbs of the ledger have to do, in plain Python, on top of the model of jobs.

Each method answers what the function of the same name answers, an error by its SQLSTATE; an error leaves no trace.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

from tests.support.model import (
    DEFAULT_ATTEMPTS,
    ILLEGAL,
    OTHER_ARGUMENTS,
    STALE,
    UNKNOWN,
    Event,
    Job,
    Model,
    Request,
)

if TYPE_CHECKING:
    from collections.abc import Callable

BURNT = "FL006"
F = TypeVar("F", bound="Callable[..., Any]")


class Entry(NamedTuple):
    job: int
    attempt: int


@dataclass
class Effect:
    size: int
    attempt: int
    state: str = "INIT"
    asks: int = 0
    to_ask: bool = False


@dataclass
class Transaction:
    """`due`: something has told reconcile to look. `job_state`: how its job ended."""

    id: str
    kind: str
    size: int
    job: int
    state: str = "INIT"
    job_state: str | None = None
    due: bool = False
    entry: Entry | None = None
    effects: dict[str, Effect] = field(default_factory=dict)

    @property
    def settled(self) -> bool:
        return self.state in {"RECONCILED", "FAILED"}

    def has(self, *states: str) -> bool:
        return any(effect.state in states for effect in self.effects.values())


class Refused(Exception):  # noqa: N818 (it is an answer)
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def all_or_nothing(verb: F) -> F:
    """A refusal is answered by its code, and leaves the ledger as it was."""

    @wraps(verb)
    def call(model: LedgerModel, *arguments: Any) -> Any:
        before = deepcopy(model.transactions), dict(model.carries_out)
        try:
            return verb(model, *arguments)
        except Refused as refused:
            model.transactions, model.carries_out = before
            return refused.code

    return cast("F", call)


@dataclass
class LedgerModel(Model):
    """`carries_out`: the transaction of each job that has one."""

    transactions: dict[str, Transaction] = field(default_factory=dict)
    carries_out: dict[int, str] = field(default_factory=dict)

    # Producers

    def submit(self, name: str, kind: str, size: int) -> int | str:
        t = self.transactions.get(name)
        if t is None:
            self.last_id += 1
            t = self.transactions[name] = Transaction(name, kind, size, self.last_id)
            self._give_job(t)
        elif (t.kind, t.size) != (kind, size):
            return OTHER_ARGUMENTS
        elif t.state == "FAILED":
            return BURNT
        return t.job

    # Runners

    @all_or_nothing
    def apply(self, job_id: int, attempt: int, name: str) -> bool:
        return self._apply(job_id, attempt, name)

    @all_or_nothing
    def apply_and_complete(self, job_id: int, attempt: int, name: str) -> bool:
        created = self._apply(job_id, attempt, name)
        answer = self.complete(job_id, attempt)
        if answer not in {"ok", "repeat"}:
            raise Refused(answer)
        return created

    @all_or_nothing
    def begin_effect(self, job_id: int, attempt: int, name: str, effect: str, size: int) -> str:
        job = self._running(job_id, attempt)
        if job is None:
            e = self._effect(job_id, attempt, name, effect)[1]
            self._may_say(job_id, attempt, e, "INIT", "SENT")
        else:
            t = self._transaction(job, name)
            if t.job != job_id:
                raise Refused(OTHER_ARGUMENTS)
            if effect not in t.effects and t.state != "INIT":
                raise Refused(ILLEGAL)
            e = t.effects.setdefault(effect, Effect(size, attempt))
        if e.size != size:
            raise Refused(OTHER_ARGUMENTS)
        return e.state

    @all_or_nothing
    def effect_sent(self, job_id: int, attempt: int, name: str, effect: str) -> str:
        t, e = self._effect(job_id, attempt, name, effect)
        if e.state not in {"INIT", "SENT"}:
            raise Refused(ILLEGAL)
        self._may_say(job_id, attempt, e, "INIT")
        if e.state == "INIT" and t.entry:
            raise Refused(ILLEGAL)
        if self._running(job_id, attempt) is not None:
            e.state, e.attempt = "SENT", attempt
        return "SENT"

    @all_or_nothing
    def settle_effect(self, job_id: int, attempt: int, name: str, effect: str, state: str) -> str:
        e = self._effect(job_id, attempt, name, effect)[1]
        self._may_say(job_id, attempt, e, "INIT", "SENT")
        return self._become(e, state)

    @all_or_nothing
    def answer_effect(self, name: str, effect: str, state: str) -> str:
        t = self.transactions.get(name)
        if t is None or effect not in t.effects:
            raise Refused(UNKNOWN)
        if t.job_state is None and t.effects[effect].state != state:
            raise Refused(ILLEGAL)
        self._become(t.effects[effect], state)
        self._settle(t)
        return t.state

    def find_entry(self, job_id: int, attempt: int, name: str) -> bool:
        t = self.transactions.get(name)
        return t is not None and t.entry == Entry(job_id, attempt)

    def reconcile(self, sweep: bool) -> list[tuple[str, str, str]]:
        moved = []
        for t in self.transactions.values():
            if t.due or (sweep and self._unsettled(t)):
                before = t.state
                after = self._settle(t)
                if after is not None:
                    moved.append((t.id, before, after))
        return sorted(moved)

    # Operators

    @all_or_nothing
    def fail_transaction(self, name: str) -> str:
        t = self.transactions.get(name)
        if t is None:
            raise Refused(UNKNOWN)
        if t.state == "FAILED":
            return "FAILED"
        if t.entry or t.has("SENT", "APPLIED"):
            raise Refused(ILLEGAL)
        job = self.jobs.get(t.job)
        if job is not None and job.state == "running":
            job.cancel_requested = True
        elif job is not None and job.live:
            self._finish(job, "cancelled" if job.state == "queued" else "discarded")
        t.state, t.due = "FAILED", False
        self.events.append(Event(t.job, None, "fail_transaction"))
        return "FAILED"

    # Retention, and restores that bring only a part back

    def prune(self) -> None:
        self.jobs = {job.id: job for job in self.jobs.values() if job.live}

    def lose(self, job_id: int) -> None:
        if job_id in self.jobs and self.jobs[job_id].live:
            del self.jobs[job_id]

    # Inside

    def _give_job(self, t: Transaction) -> None:
        t.job = self.last_id
        self.carries_out[t.job] = t.id
        self.jobs[t.job] = Job(t.job, Request(t.kind, t.size), DEFAULT_ATTEMPTS, self._tick())

    def _apply(self, job_id: int, attempt: int, name: str) -> bool:
        job = self._running(job_id, attempt)
        if job is None:
            t = self.transactions.get(name)
            if t is None or t.entry is None or not (t.job == job_id or self._did(job_id, t)):
                raise Refused(OTHER_ARGUMENTS)
            return False
        t = self._transaction(job, name)
        if t.entry:
            return False
        if t.job != job_id:
            raise Refused(OTHER_ARGUMENTS)
        if t.has("SENT"):
            raise Refused(ILLEGAL)
        t.entry, t.state = Entry(job_id, attempt), "APPLIED"
        return True

    def _did(self, job_id: int, t: Transaction) -> bool:
        """Whether a finished job was one of the same work."""
        job = self.jobs.get(job_id)
        return job is not None and not job.live and job.request[:2] == (t.kind, t.size)

    def _running(self, job_id: int, attempt: int) -> Job | None:
        """The job of a running attempt; None if the attempt is over, and this is a repeat of what it said."""
        job = self.jobs.get(job_id)
        if job is not None and job.runs(attempt):
            return job
        if self._refusal(job_id, attempt, "complete") != "repeat" and not self._entered(job_id, attempt):
            raise Refused(UNKNOWN if job is None else STALE)
        return None

    def _entered(self, job_id: int, attempt: int) -> bool:
        return any(t.entry == Entry(job_id, attempt) for t in self.transactions.values())

    def _transaction(self, job: Job, name: str) -> Transaction:
        """The transaction of a running job; made, if nobody has submitted it."""
        own = self.carries_out.get(job.id)
        t = self.transactions.get(name)
        if t is None:
            if own is not None:
                raise Refused(OTHER_ARGUMENTS)
            self.carries_out[job.id] = name
            t = self.transactions[name] = Transaction(name, *job.request[:2], job.id)
        if t.job != job.id and (own is not None or (t.kind, t.size) != job.request[:2]):
            raise Refused(OTHER_ARGUMENTS)
        if t.state == "FAILED":
            raise Refused(BURNT)
        return t

    def _effect(self, job_id: int, attempt: int, name: str, effect: str) -> tuple[Transaction, Effect]:
        job = self._running(job_id, attempt)
        if job is not None:
            t = self._transaction(job, name)
            if t.job == job_id and effect in t.effects:
                return t, t.effects[effect]
            raise Refused(UNKNOWN)
        over = self.transactions.get(name)
        if over is not None and over.job == job_id and effect in over.effects:
            return over, over.effects[effect]
        raise Refused(UNKNOWN if self._entered(job_id, attempt) else STALE)

    def _may_say(self, job_id: int, attempt: int, e: Effect, *unsettled: str) -> None:
        """An attempt that is over without an entry says nothing new of an effect; what it repeats is answered."""
        if e.state in unsettled and self._running(job_id, attempt) is None and not self._entered(job_id, attempt):
            raise Refused(STALE)

    def _become(self, e: Effect, state: str) -> str:
        if e.state == state:
            return state
        if e.state != "SENT":
            raise Refused(ILLEGAL)
        if state == "UNKNOWN":
            e.asks += 1
        else:
            e.state, e.to_ask = state, False
        return e.state

    def _unsettled(self, t: Transaction) -> bool:
        job = self.jobs.get(t.job)
        if t.settled:
            return False
        if t.entry:
            return t.state == "INIT" or job is None or job.state != "running"
        if t.job_state is None:
            return job is None
        return not any(effect.to_ask for effect in t.effects.values() if effect.state == "SENT")

    def _settle(self, t: Transaction) -> str | None:
        if t.settled:
            return None
        t.due = False
        job = self.jobs.get(t.job)
        if t.entry is None and t.job_state is not None:
            self._settle_without_entry(t)
        if t.entry is not None and (job is None or job.state != "running"):
            t.state = "RECONCILED"
        if t.entry is None and t.job_state is None and job is None:
            self.last_id += 1
            self._give_job(t)
            return "INIT"
        return t.state if t.settled else None

    def _settle_without_entry(self, t: Transaction) -> None:
        """Its job is over: what was sent is asked for; else what has happened has happened, and the rest has failed."""
        if t.has("SENT"):
            for effect in t.effects.values():
                effect.to_ask = effect.to_ask or effect.state == "SENT"
        elif t.has("APPLIED"):
            t.entry = Entry(t.job, max(effect.attempt for effect in t.effects.values()))
        else:
            t.state = "FAILED"

    def _finish(self, job: Job, state: str) -> None:
        super()._finish(job, state)
        t = self.transactions.get(self.carries_out.get(job.id, ""))
        if t is not None:
            t.job_state, t.due = state, not t.settled

    def _end_attempt(
        self, job_id: int, attempt: int, verb: str, *, charge: bool = False, retryable: bool = True, later: bool = False
    ) -> bool:
        ended = super()._end_attempt(job_id, attempt, verb, charge=charge, retryable=retryable, later=later)
        t = self.transactions.get(self.carries_out.get(job_id, ""))
        if ended and t is not None and t.state == "APPLIED":
            t.due = True
        return ended
