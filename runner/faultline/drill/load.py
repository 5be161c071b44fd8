"""The producers of a drill: jobs, keyed jobs, transfers, charges, runs and cancels, each call on record.

Every producer has a connection of its own, through the proxy, and makes one call at a time. What its calls are follows
from the seed; when they are, and what becomes of them, does not.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any, Final

import psycopg

from faultline import database
from faultline.client import enqueue, enqueue_many, submit_transaction, trigger_workflow
from faultline.drill.history import Recorder
from faultline.errors import DatabaseUnavailable, FaultlineError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ACCOUNTS: Final = [f"account-{number}" for number in range(10)]
WORKFLOW: Final = {
    "name": "diamond",
    "defaults": {"retry": {"max_attempts": 100, "backoff": {"kind": "fixed", "delay": "100ms"}}},
    "tasks": {
        "top": {"type": "step"},
        "left": {"type": "step", "needs": "top"},
        "right": {"type": "step", "needs": "top"},
        "bottom": {"type": "step", "needs": ["left", "right"]},
    },
}
SCHEDULES: Final = [
    {"name": "every-second", "every": "1s", "type": "tick", "missed": "all", "missed_window": "1h"},
    {
        "name": "by-cron",
        "cron": "*/2 * * * * *",
        "timezone": "Europe/Berlin",
        "type": "tick",
        "missed": "all",
        "missed_window": "1h",
    },
]
QUICKLY: Final = {"kind": "fixed", "delay": "100ms"}
MOST_ATTEMPTS: Final = 100
REMEMBERED: Final = 50
RECONNECT_SECONDS: Final = 0.1


@dataclass(frozen=True)
class Load:
    """How much there is to do in a drill, and who is there to do it."""

    rate: float = 15.0
    """Calls a second of each producer."""
    batch: tuple[int, int] = (2, 8)
    """So many jobs one call of enqueue_many makes, at least and at most."""
    hold_seconds: float = 0.1
    """So long a job takes at most."""
    most_unfinished: int = 300
    """While more is left to do, nothing new is asked for."""
    runners: int = 3
    concurrency: int = 6
    kill_seconds: float | None = None
    """A runner gets SIGKILL about so often, whatever else befalls it."""


HEAVY: Final = Load(
    rate=25.0,
    batch=(100, 500),
    hold_seconds=0.02,
    most_unfinished=2000,
    runners=4,
    concurrency=16,
    kill_seconds=2.0,
)
"""A million jobs and more than a thousand kills in an hour, on two cores; nearly all of them come in batches."""


class Producer(threading.Thread):
    """One of them. `gate` is open while there is not too much left to do."""

    def __init__(self, number: int, dsn: str, directory: Path, seed: int, load: Load, gate: threading.Event) -> None:
        super().__init__(name=f"producer-{number}", daemon=True)
        self.calls = 0
        self._dsn = dsn
        self._recorder = Recorder(directory, self.name)
        self._random = Random(f"{seed}/{self.name}")  # noqa: S311
        self._load = load
        self._gate = gate
        self._stopping = threading.Event()
        self._connection: psycopg.Connection[Any] | None = None
        self._tokens = 0
        self._keyed: list[tuple[str, str, str]] = []
        self._submitted: list[tuple[str, str, dict[str, Any]]] = []
        self._jobs: list[int] = []
        self._acts: dict[Callable[[], None], int] = {
            self._enqueue: 30,
            self._enqueue_keyed: 12,
            self._enqueue_again: 5,
            self._enqueue_many: 5,
            self._roll_back: 4,
            self._transfer: 20,
            self._submit_again: 5,
            self._burn: 5,
            self._charge: 10,
            self._trigger: 5,
            self._cancel: 6,
        }

    def stop(self) -> None:
        self._stopping.set()

    def run(self) -> None:
        while not self._stopping.wait(self._random.uniform(0.5, 1.5) / self._load.rate):
            if not self._gate.wait(0.1):
                continue
            (act,) = self._random.choices(list(self._acts), list(self._acts.values()))
            try:
                act()
                self.calls += 1
            except (psycopg.Error, FaultlineError, OSError):  # it is on record
                self._look()
        if self._connection is not None:
            self._connection.close()
        self._recorder.close()

    def _look(self) -> None:
        """Let go of a connection that is of no more use."""
        if self._connection is not None and (self._connection.closed or not database.alive(self._connection)):
            self._connection.close()
            self._connection = None
            self._stopping.wait(RECONNECT_SECONDS)

    @property
    def _open(self) -> psycopg.Connection[Any]:
        """A connection, before the call is on record: one that can't be had has asked for nothing."""
        while self._connection is None:
            try:
                self._connection = database.connect(self._dsn, self.name)
            except DatabaseUnavailable:
                if self._stopping.wait(RECONNECT_SECONDS):
                    raise
        return self._connection

    def _token(self) -> str:
        self._tokens += 1
        return f"{self.name}-{self._tokens}"

    def _payload(self, token: str) -> dict[str, Any]:
        payload: dict[str, Any] = {"token": token, "hold": round(self._random.uniform(0.0, self._load.hold_seconds), 3)}
        kind = self._random.random()
        if kind < 0.05:
            payload["fails"] = self._random.randint(1, 2)
        elif kind < 0.08:
            payload["snoozes"] = True
        elif kind < 0.09:
            payload["hopeless"] = True
        return payload

    def _type(self) -> str:
        return self._random.choice(["job", "async-job"])

    # What they do.

    def _enqueue(self) -> None:
        token, type_, connection = self._token(), self._type(), self._open
        with self._recorder.call("enqueue", type=type_, queue="default", key=None, token=token) as call:
            job_id = enqueue(connection, type_, self._payload(token), max_attempts=MOST_ATTEMPTS, backoff=QUICKLY)
            call.ok({"job_id": job_id, "created": True})
        self._remember(self._jobs, job_id)

    def _enqueue_keyed(self) -> None:
        token = self._token()
        self._remember(self._keyed, (token, self._type(), f"key-{token}"))
        self._ask_for(*self._keyed[-1])

    def _enqueue_again(self) -> None:
        """A key that is known: a client that repeats what it has asked for, or a second one that does."""
        if self._keyed:
            self._ask_for(*self._random.choice(self._keyed))

    def _ask_for(self, token: str, type_: str, key: str) -> None:
        connection = self._open
        job = {
            "type": type_,
            "payload": {"token": token},
            "idempotency_key": key,
            "max_attempts": MOST_ATTEMPTS,
            "backoff": QUICKLY,
        }
        with self._recorder.call("enqueue", type=type_, queue="default", key=key, token=token) as call:
            ((_, job_id, created),) = enqueue_many(connection, [job])
            call.ok({"job_id": job_id, "created": created})

    def _enqueue_many(self) -> None:
        """Several jobs in one statement: all of them, or none."""
        connection = self._open
        tokens = [self._token() for _ in range(self._random.randint(*self._load.batch))]
        calls = [self._recorder.invoke("enqueue", type="job", queue="many", key=None, token=token) for token in tokens]
        jobs = [
            {"type": "job", "queue": "many", "payload": self._payload(token), "max_attempts": 100, "backoff": QUICKLY}
            for token in tokens
        ]
        try:
            made = enqueue_many(connection, jobs)
        except BaseException as error:
            for call in calls:
                call.failed(error)
            raise
        for call, job in zip(calls, made, strict=True):
            call.ok({"job_id": job.job_id, "created": job.created})

    def _roll_back(self) -> None:
        token, connection = self._token(), self._open
        payload = self._payload(token)
        with self._recorder.call("rolled_back", token=token) as call:
            connection.execute("begin")
            enqueue(connection, "job", payload)
            connection.rollback()
            call.ok(None)

    def _transfer(self) -> None:
        source, target = self._random.sample(ACCOUNTS, 2)
        token = self._token()
        request = {"token": token, "from": source, "to": target, "amount": self._random.randint(1, 1000)}
        self._remember(self._submitted, (token, "transfer", request))
        self._submit(*self._submitted[-1])

    def _charge(self) -> None:
        token = self._token()
        request = {"token": token, "amount": self._random.randint(1, 1000), "last": self._random.random() < 0.25}
        self._remember(self._submitted, (token, "charge", request))
        self._submit(*self._submitted[-1])

    def _submit_again(self) -> None:
        if self._submitted:
            self._submit(*self._random.choice(self._submitted))

    def _submit(self, transaction: str, kind: str, request: dict[str, Any]) -> None:
        connection = self._open
        with self._recorder.call(
            "submit",
            transaction=transaction,
            kind=kind,
            amount=request["amount"],
            **{name: request[name] for name in ("from", "to") if name in request},
        ) as call:
            most = 1 if request.get("last") else MOST_ATTEMPTS
            job_id = submit_transaction(connection, transaction, kind, request, max_attempts=most, backoff=QUICKLY)
            call.ok({"job_id": job_id})

    def _burn(self) -> None:
        """An operator gives a transaction up, which may be applied at this moment."""
        if not self._submitted:
            return
        (transaction, *_), connection = self._random.choice(self._submitted[-5:]), self._open
        with self._recorder.call("burn", transaction=transaction) as call:
            row = connection.execute("select faultline.fail_transaction(%s, 'given up')", (transaction,)).fetchone()
            call.ok(row and row[0])

    def _trigger(self) -> None:
        token, connection = self._token(), self._open
        name, key = str(WORKFLOW["name"]), f"run-{token}"
        with self._recorder.call("trigger", workflow=name, key=key, token=token) as call:
            call.ok({"run_id": trigger_workflow(connection, name, {"token": token}, key)})

    def _cancel(self) -> None:
        if not self._jobs:
            return
        job_id, connection = self._random.choice(self._jobs), self._open
        with self._recorder.call("cancel", job_id=job_id) as call:
            row = connection.execute("select faultline.cancel_job(%s)::text", (job_id,)).fetchone()
            call.ok(row and row[0])

    def _remember(self, memory: list[Any], what: Any) -> None:
        memory.append(what)
        if len(memory) > REMEMBERED:
            del memory[0]
