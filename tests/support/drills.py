"""Drills that never took place: what their history, their facts and their receiver would say, put down call by call."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from faultline.drill.evidence import Evidence, Receipt
from faultline.drill.facts import (
    FILE,
    KINDS,
    About,
    Balance,
    Definition,
    Effect,
    Entry,
    Event,
    Facts,
    Job,
    Key,
    Posting,
    Run,
    Schedule,
    Task,
    Tick,
    Transaction,
)
from faultline.drill.history import FAIL, INVOKE, OK, UNKNOWN, Call
from faultline.drill.receiver import JOURNAL

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NOON = 1_800_000_000 * 10**6  # µs
SECOND = 10**6
TICKS_FROM = 10**8  # ids of the jobs of ticks
ENDS_WITH = {"fail": "queued", "expire": "queued", "release": "queued", "snooze": "queued", "cancelled": "cancelled"}


class World:
    """Calls follow one after the other unless they are told when. Every method leaves a valid drill behind."""

    def __init__(self) -> None:
        self.now = 0.0
        self.calls: list[Call] = []
        self.facts = Facts(about=[About(NOON, "18.6")])
        self.receipts: list[Receipt] = []

    def evidence(self) -> Evidence:
        return Evidence(self.calls, self.facts, self.receipts)

    # The history

    def call(
        self,
        name: str,
        value: Any = None,
        *,
        phase: str = OK,
        sqlstate: str | None = None,
        at: tuple[float, float] | None = None,
        process: str = "p",
        **args: Any,
    ) -> Call:
        began, ended = at or (self.now + 1, self.now + 2)
        self.now = max(self.now, began, ended if ended != float("inf") else began)
        where = f"history-{process}.jsonl:{2 * len(self.calls) + 1}"
        closed = phase != UNKNOWN
        call = Call(name, process, args, began, where, ended, phase, value if phase == OK else None, sqlstate, closed)
        self.calls.append(call)
        return call

    def asked(self, token: str, job_id: int, *, key: str | None = None, created: bool = True, **options: Any) -> Call:
        answer = {"job_id": job_id, "created": created}
        return self.call("enqueue", answer, type="work", queue="q", key=key, token=token, **options)

    def handled(self, job_id: int, attempt: int = 1, value: Any = None, **options: Any) -> Call:
        return self.call("handle", value, **{"type": "work", "job_id": job_id, "attempt": attempt, **options})

    def reported(self, verb: str, job_id: int, attempt: int, verdict: str = "ok", **options: Any) -> Call:
        return self.call(verb, verdict, job_id=job_id, attempt=attempt, **options)

    # The facts

    def job(self, job_id: int, token: str | None = None, **members: Any) -> Job:
        defaults: dict[str, Any] = {
            "job_id": job_id,
            "type": "work",
            "queue": "q",
            "state": "succeeded",
            "from_state": None,
            "attempt": 1,
            "failures": 0,
            "max_attempts": 5,
            "key": None,
            "token": token,
            "result": None,
            "error_type": None,
            "run_id": None,
            "task": None,
            "runner": "r",
        }
        job = Job(**{**defaults, **members})
        self.facts.jobs.append(job)
        return job

    def event(self, job_id: int, attempt: int | None, verb: str, report: str | None = None) -> Event:
        outcome = ENDS_WITH.get(verb)
        event = Event(len(self.facts.events) + 1, job_id, attempt, verb, "r", report, outcome)
        self.facts.events.append(event)
        return event

    def change(self, table: str, place: int = -1, **members: Any) -> None:
        rows = getattr(self.facts, table)
        rows[place] = rows[place]._replace(**members)

    # Whole stories

    def done(self, job_id: int, token: str, *, attempts: int = 1, key: str | None = None) -> None:
        """A job that was asked for, failed a few times, and succeeded."""
        self.asked(token, job_id, key=key)
        for attempt in range(1, attempts):
            self.handled(job_id, attempt, phase=UNKNOWN)
            self.event(job_id, attempt, "expire")
        self.handled(job_id, attempts, {"attempt": attempts})
        self.job(
            job_id,
            token,
            attempt=attempts,
            failures=attempts - 1,
            max_attempts=100,
            key=key,
            result={"attempt": attempts},
        )
        if key is not None:
            self.facts.keys.append(Key("q", key, job_id))

    def transfer(self, transaction_id: str, job_id: int, amount: int = 5) -> None:
        request: dict[str, Any] = {"kind": "transfer", "amount": amount, "from": "a", "to": "b"}
        self.call("submit", {"job_id": job_id}, transaction=transaction_id, **request)
        self.handled(job_id, type="transfer")
        self.job(job_id, transaction_id, type="transfer")
        self.facts.transactions.append(Transaction(transaction_id, "transfer", "RECONCILED", job_id, "succeeded"))
        self.entry(transaction_id, job_id, {"a": -amount, "b": amount})

    def entry(self, transaction_id: str, job_id: int, amounts: dict[str, int], attempt: int = 1) -> Entry:
        entry = Entry(len(self.facts.entries) + 1, transaction_id, job_id, attempt)
        self.facts.entries.append(entry)
        for account, amount in amounts.items():
            self.facts.postings.append(Posting(entry.entry_id, account, "EUR", str(amount)))
        self.balance()
        return entry

    def balance(self) -> None:
        sums: dict[str, int] = {}
        for posting in self.facts.postings:
            sums[posting.account] = sums.get(posting.account, 0) + int(posting.amount)
        self.facts.balances[:] = [Balance(account, "EUR", str(total)) for account, total in sums.items()]

    def charge(self, transaction_id: str, job_id: int, amount: int = 7) -> None:
        self.call("submit", {"job_id": job_id}, transaction=transaction_id, kind="charge", amount=amount)
        self.handled(job_id, type="charge")
        self.receive("received", transaction_id, amount=amount)
        self.receive("charged", transaction_id, amount=amount)
        self.job(job_id, transaction_id, type="charge")
        self.facts.transactions.append(Transaction(transaction_id, "charge", "RECONCILED", job_id, "succeeded"))
        self.facts.effects.append(Effect(transaction_id, "charge", f"key-{transaction_id}", "APPLIED", 1))
        self.entry(transaction_id, job_id, {})

    def burnt(self, transaction_id: str, job_id: int, effect: str | None = None) -> None:
        """A charge whose job was given up before anything of it happened."""
        self.call("submit", {"job_id": job_id}, transaction=transaction_id, kind="charge", amount=7)
        self.handled(job_id, type="charge", phase="fail")
        self.event(job_id, 1, "fail")
        self.job(job_id, transaction_id, type="charge", state="discarded", from_state="failed", failures=1)
        self.facts.transactions.append(Transaction(transaction_id, "charge", "FAILED", job_id, "discarded"))
        if effect is not None:
            self.facts.effects.append(Effect(transaction_id, "charge", f"key-{transaction_id}", effect, 1))

    def receive(self, event: str, token: str | None, *, key: str | None = None, amount: Any = None) -> None:
        where = f"receiver.jsonl:{len(self.receipts) + 1}"
        self.receipts.append(Receipt(event, key or f"key-{token}", token, amount, where))

    def run(self, run_id: int, token: str, whens: Sequence[str] = ("success", "success", "success")) -> None:
        """extract, then left and right, then join, which needs both."""
        needs: dict[str, list[str]] = {
            "extract": [],
            "left": ["extract"],
            "right": ["extract"],
            "join": ["left", "right"],
        }
        self.call("trigger", {"run_id": run_id}, workflow="w", key=f"key-{token}", token=token)
        self.facts.runs.append(Run(run_id, "w", 1, "succeeded", token, f"key-{token}", None))
        new = not self.facts.definitions
        for place, (name, needed) in enumerate(needs.items()):
            when = ("success", *whens)[place]
            if new:
                self.facts.definitions.append(Definition("w", 1, name, when, list(needed)))
            job_id, results = 1000 * run_id + place, {need: {"of": need} for need in needed}
            self.handled(job_id, 1, {"of": name}, type="step", results=results)
            self.job(job_id, type="step", run_id=run_id, task=name, result={"of": name})
            self.facts.tasks.append(Task(run_id, name, -1, 1, "succeeded", job_id, None, {"of": name}))

    def schedule(self, *seconds: int, missed: str = "latest", **members: Any) -> None:
        """Every ten seconds, from a minute and a half ago until now; ticks at these seconds before the end."""
        defaults: dict[str, Any] = {
            "schedule": "s",
            "every": 10,
            "cron": None,
            "timezone": None,
            "missed": missed,
            "missed_window": 3600 * SECOND,
            "ticks_after": NOON - 91 * SECOND,
            "starts_at": None,
            "ends_at": None,
            "paused_at": None,
        }
        self.facts.schedules.append(Schedule(**{**defaults, **members}))
        self.call("put_schedule", schedule="s")
        for before in seconds:
            self.tick(before)

    def tick(self, before: int, late: int = 0, **members: Any) -> None:
        job_id = TICKS_FROM + before
        tick_at = NOON - before * SECOND
        defaults: dict[str, Any] = {
            "schedule": "s",
            "tick_at": tick_at,
            "kind": "calendar",
            "outcome": "made",
            "job_id": job_id,
            "run_id": None,
            "missed": 0,
            "fired_at": tick_at + late * SECOND,
        }
        tick = Tick(**{**defaults, **members})
        self.facts.ticks.append(tick)
        if tick.job_id == job_id:
            self.handled(job_id, type="tick")
            self.job(job_id, type="tick")


def write(world: World, directory: Path) -> None:
    """The files that such a drill would leave."""
    by_process: dict[str, list[tuple[float, dict[str, Any]]]] = {}
    for number, call in enumerate(world.calls):
        about = {"process": call.process, "call": call.name, "id": f"{call.process}/{number}"}
        file = by_process.setdefault(call.process, [])
        file.append((call.began, {**about, "at": call.began, "phase": INVOKE, "args": call.args}))
        if call.closed:
            end: dict[str, Any] = {**about, "at": call.ended, "phase": call.phase}
            end |= {OK: {"value": call.value}, FAIL: {"error": {"sqlstate": call.sqlstate, "message": "no"}}}[
                call.phase
            ]
            file.append((call.ended, end))
    for process, lines in by_process.items():
        ordered = [line for _, line in sorted(lines, key=lambda line: line[0])]
        _write(directory / f"history-{process}.jsonl", [{"n": n, **line} for n, line in enumerate(ordered, 1)])
    _write(directory / FILE, [{"table": table, "rows": getattr(world.facts, table)} for table in KINDS])
    receipts = [receipt._asdict() | {"n": n} for n, receipt in enumerate(world.receipts, 1)]
    _write(directory / JOURNAL, [{"n": 1, "event": "started"}, *receipts])


def _write(path: Path, lines: Sequence[Any]) -> None:
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
