"""What a checker looks things up in: the history, the facts and the journal of the receiver, by what they are about.

Nothing is judged here. Every index is built when it is first asked for.
"""

from __future__ import annotations

import gc
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from faultline.drill import history
from faultline.drill.facts import FILE, load
from faultline.drill.history import FAIL, OK, UNKNOWN
from faultline.drill.receiver import CHARGED, JOURNAL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from faultline.drill.facts import Effect, Entry, Event, Facts, Job, Posting, Run, Task, Tick, Transaction
    from faultline.drill.history import Call

ENDS: Final = frozenset({"fail", "expire", "release", "snooze", "cancelled"})
"""The verbs of job_events with which an attempt ends; a success leaves its trace in jobs_done instead."""
REPORTS: Final = ("complete", "fail", "release", "snooze", "cancelled")

ARGUMENTS: Final = {
    "enqueue": {"token", "queue", "type"},
    "rolled_back": {"token"},
    "submit": {"transaction", "amount"},
    "trigger": {"token", "workflow"},
    "put_schedule": {"schedule"},
    "cancel": {"job_id"},
    "handle": {"job_id", "attempt", "type"},
    "apply": {"job_id", "attempt", "transaction"},
    **{report: {"job_id", "attempt"} for report in (*REPORTS, "heartbeat")},
}
"""What a call has to say to be judged."""
ANSWERS: Final = {
    "enqueue": {"job_id", "created"},
    "submit": {"job_id"},
    "trigger": {"run_id"},
    "apply": {"entry_id", "created"},
}

Subject = TypeVar("Subject")
Key = TypeVar("Key")


class Receipt(NamedTuple):
    """A line of the receiver's journal."""

    event: str
    key: str
    token: str | None
    amount: Any
    where: str


class Begun(NamedTuple):
    """Proof that an attempt had been claimed at `known`, and not before `since` (both CLOCK_MONOTONIC)."""

    attempt: int
    since: float
    known: float
    claim: bool  # a claim that was answered; else a handler that began
    where: str


@dataclass
class Evidence:
    """All there is to judge a drill by."""

    history: list[Call]
    facts: Facts
    receipts: list[Receipt]

    @classmethod
    def read(cls, directory: Path) -> Evidence:
        """From the files of a drill. Raises BadHistory for what can't be read, and if there are no facts."""
        if not (directory / FILE).exists():
            raise history.BadHistory(
                f"{directory} has no {FILE}: the drill was cut off, or this is no drill's directory"
            )
        with _kept():
            calls = history.read(directory)
            for call in calls:
                _check_call(call)
            return cls(calls, load(directory), read_journal(directory))

    # The history

    @cached_property
    def calls(self) -> dict[str, list[Call]]:
        return _group(self.history, lambda call: call.name)

    def called(self, *names: str) -> list[Call]:
        return [call for name in names for call in self.calls.get(name, [])]

    @cached_property
    def asked(self) -> dict[str, list[Call]]:
        """Who asked for a job, by its token; those too who took it back."""
        return _group(self.called("enqueue", "rolled_back"), lambda call: call.args["token"])

    @cached_property
    def keyed(self) -> dict[tuple[str, str], list[Call]]:
        """Who asked for a job by a key, by queue and key."""
        keyed = [call for call in self.called("enqueue") if call.args.get("key") is not None]
        return _group(keyed, lambda call: (call.args["queue"], call.args["key"]))

    @cached_property
    def submitted(self) -> dict[str, list[Call]]:
        return _group(self.called("submit"), lambda call: call.args["transaction"])

    @cached_property
    def triggered(self) -> dict[str, list[Call]]:
        return _group(self.called("trigger"), lambda call: call.args["token"])

    @cached_property
    def reports(self) -> list[Call]:
        """Reports of raw sessions on how an attempt ended; of runners the database tells."""
        return self.called(*REPORTS)

    @cached_property
    def completed_by_hand(self) -> set[tuple[int, int]]:
        """The attempts whose success a raw session reported, or may have."""
        complete = self.called("complete")
        return {fence(call) for call in complete if call.phase == UNKNOWN or (call.phase, call.value) == (OK, "ok")}

    @cached_property
    def handled(self) -> dict[tuple[int, int], list[Call]]:
        """The handlers that began, by job and attempt."""
        return _group(self.called("handle"), fence)

    @cached_property
    def begun(self) -> dict[int, list[Begun]]:
        """What shows that attempts of a job had been claimed. A handler begins after its claim was answered."""
        begun: dict[int, list[Begun]] = defaultdict(list)
        for call in self.called("handle"):
            begun[call.args["job_id"]].append(
                Begun(call.args["attempt"], float("-inf"), call.began, claim=False, where=call.where)
            )
        for call in self.called("claim"):
            for job_id, attempt in call.value or ():
                begun[job_id].append(Begun(attempt, call.began, call.ended, claim=True, where=call.where))
        return begun

    # The facts

    @cached_property
    def jobs(self) -> dict[int, Job]:
        return {job.job_id: job for job in self.facts.jobs}

    @cached_property
    def jobs_of_token(self) -> dict[str, list[Job]]:
        return _group((job for job in self.facts.jobs if job.token is not None), lambda job: str(job.token))

    @cached_property
    def jobs_of_key(self) -> dict[tuple[str, str], list[Job]]:
        return _group((job for job in self.facts.jobs if job.key is not None), lambda job: (job.queue, str(job.key)))

    @cached_property
    def ends(self) -> dict[int, list[Event]]:
        """How attempts ended that did not succeed, by job, in the order in which the database wrote it."""
        return _group((event for event in self.facts.events if event.verb in ENDS), lambda event: event.job_id)

    @cached_property
    def transactions(self) -> dict[str, Transaction]:
        return {transaction.transaction_id: transaction for transaction in self.facts.transactions}

    @cached_property
    def transaction_of_job(self) -> dict[int, Transaction]:
        return {transaction.job_id: transaction for transaction in self.facts.transactions}

    @cached_property
    def entries(self) -> dict[str, list[Entry]]:
        return _group(self.facts.entries, lambda entry: entry.transaction_id)

    @cached_property
    def entries_of_job(self) -> dict[int, list[Entry]]:
        return _group(self.facts.entries, lambda entry: entry.job_id)

    @cached_property
    def postings(self) -> dict[int, list[Posting]]:
        return _group(self.facts.postings, lambda posting: posting.entry_id)

    @cached_property
    def effects(self) -> dict[str, list[Effect]]:
        return _group(self.facts.effects, lambda effect: effect.transaction_id)

    @cached_property
    def effect_of_key(self) -> dict[str, Effect]:
        return {effect.key: effect for effect in self.facts.effects}

    @cached_property
    def runs_of_token(self) -> dict[str, list[Run]]:
        return _group((run for run in self.facts.runs if run.token is not None), lambda run: str(run.token))

    @cached_property
    def tasks(self) -> dict[int, dict[str, Task]]:
        """The tasks of each run by name, without the elements of a for_each."""
        tasks: dict[int, dict[str, Task]] = defaultdict(dict)
        for task in self.facts.tasks:
            if task.item < 0:
                tasks[task.run_id][task.name] = task
        return tasks

    @cached_property
    def jobs_of_task(self) -> dict[tuple[int, str], list[Job]]:
        """The jobs on record of a task, or of its elements."""
        jobs: dict[tuple[int, str], list[Job]] = defaultdict(list)
        for task in self.facts.tasks:
            if task.job_id is not None and task.job_id in self.jobs:
                jobs[task.run_id, task.name].append(self.jobs[task.job_id])
        return jobs

    @cached_property
    def jobs_of_run(self) -> dict[int, list[Job]]:
        return _group((job for job in self.facts.jobs if job.run_id is not None), lambda job: int(job.run_id or 0))

    @cached_property
    def ticks(self) -> dict[str, list[Tick]]:
        return _group(self.facts.ticks, lambda tick: tick.schedule)

    @cached_property
    def made_by_ticks(self) -> tuple[set[int], set[int]]:
        """The ids of the jobs and of the runs that schedules made."""
        return (
            {tick.job_id for tick in self.facts.ticks if tick.job_id is not None},
            {tick.run_id for tick in self.facts.ticks if tick.run_id is not None},
        )

    def recorded(self, job_id: int, attempt: int, verb: str) -> bool:
        """Whether the database has it on record that this attempt ended so, or wrote this entry."""
        if verb == "complete":
            job = self.jobs.get(job_id)
            return job is not None and (job.state, job.attempt) == ("succeeded", attempt)
        if verb == "apply":
            entries = self.entries_of_job.get(job_id, ())
            return any(entry.attempt == attempt and not entry.by_reconcile for entry in entries)
        return any((event.attempt, event.verb) == (attempt, verb) for event in self.ends.get(job_id, ()))

    # The receiver

    @cached_property
    def charges(self) -> dict[str, list[Receipt]]:
        """The charges that were made, by the token of what was charged."""
        made = (receipt for receipt in self.receipts if receipt.event == CHARGED)
        return _group(made, lambda receipt: str(receipt.token))


def fence(call: Call) -> tuple[int, int]:
    return call.args["job_id"], call.args["attempt"]


def answers(calls: Iterable[Call], member: str) -> set[int]:
    """What those of the calls that were answered were answered; NULL is no answer."""
    given = (call.value[member] for call in calls if call.phase == OK and isinstance(call.value, dict))
    return {id_ for id_ in given if id_ is not None}


def was_accepted(call: Call) -> bool:
    """Whether this very call changed something."""
    if call.name == "apply":
        return call.phase == OK and bool(call.value["created"])
    return call.phase == OK and call.value == "ok"


def was_refused(call: Call) -> bool:
    return call.sqlstate == "FL001" if call.phase == FAIL else (call.phase, call.value) == (OK, "stale")


def add_up(evidence: Evidence) -> dict[str, Decimal]:
    """All balances of each currency, added up."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for balance in evidence.facts.balances:
        sums[balance.currency] += Decimal(balance.amount)
    return dict(sums)


def unknown(calls: Iterable[Call]) -> int:
    """How many of the calls may have happened: not one that was rolled back, whose COMMIT was never sent."""
    return sum(call.phase == UNKNOWN and call.name != "rolled_back" for call in calls)


def places(calls: Iterable[Call]) -> tuple[str, ...]:
    return tuple(call.where for call in calls)


def read_journal(directory: Path) -> list[Receipt]:
    """What the receiver did; nothing, if there was none."""
    path = directory / JOURNAL
    if not path.exists():
        return []
    try:
        return [_receipt(number, line) for number, line in history.lines(path) if "key" in line]
    except KeyError as error:
        raise history.BadHistory(f"{JOURNAL}: a line has no member {error}") from None


@contextmanager
def _kept() -> Iterator[None]:
    """All that is read stays: the collector of cycles would walk through millions of objects again and again."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def _check_call(call: Call) -> None:
    if missing := ARGUMENTS.get(call.name, set()) - call.args.keys():
        raise history.BadHistory(f"{call.where}: {call.name} does not say its {', '.join(sorted(missing))}")
    wanted = ANSWERS.get(call.name)
    if call.phase == OK and wanted and not (isinstance(call.value, dict) and wanted <= call.value.keys()):
        raise history.BadHistory(f"{call.where}: {call.name} was answered {call.value!r}, without {sorted(wanted)}")


def _receipt(number: int, line: Mapping[str, Any]) -> Receipt:
    return Receipt(line["event"], line["key"], line.get("token"), line.get("amount"), f"{JOURNAL}:{number}")


def _group(subjects: Iterable[Subject], key: Callable[[Subject], Key]) -> dict[Key, list[Subject]]:
    groups: dict[Key, list[Subject]] = {}
    for subject in subjects:
        groups.setdefault(key(subject), []).append(subject)
    return groups
