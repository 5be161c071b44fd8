"""What clients do that are not ours: they report twice, too late and in the wrong order, and come all at once."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import threading
import uuid
from collections import Counter
from typing import TYPE_CHECKING, Any, ClassVar, Final, LiteralString

import psycopg

from faultline.drill import tools
from faultline.drill.faults.fault import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from faultline.drill.arena import Arena
    from faultline.drill.history import Recorder
    from faultline.processes import RunnerProcess

    Connection = psycopg.Connection[tuple[Any, ...]]

QUEUE: Final = "raw"
"""No runner serves it: its jobs are those of the clients here."""
CLAIM_SECONDS: Final = 3.0
ENQUEUE: Final = """
select job_id, created
from faultline.enqueue_many(jsonb_build_array(jsonb_build_object(
  'type', %s::text, 'queue', %s::text, 'payload', %s::jsonb, 'idempotency_key', %s::text, 'max_attempts', 20)))
"""
CLAIM: Final = "select job_id, attempt from faultline.claim_job(%s::text, %s::uuid, 1)"
REPORTS: Final[dict[str, LiteralString]] = {
    "complete": "select faultline.complete_job(%s, %s, %s::jsonb)",
    "fail": """select faultline.fail_job(%s, %s, '{"type": "Raw"}', retry_in => '0')""",
    "release": "select faultline.release_job(%s, %s)",
    "snooze": "select faultline.snooze_job(%s, %s, '1 ms')",
}
FAIL_FOR_GOOD: Final = """select faultline.fail_job(%s, %s, '{"type": "Raw"}', retryable => false)"""
APPLY: Final = """
select entry_id, created
from faultline.apply_ledger(%s, %s, %s, '{}', '[{"account": "raw-1", "amount": -0.01, "currency": "EUR"},
                                                {"account": "raw-2", "amount": 0.01, "currency": "EUR"}]')
"""
BEAT: Final = "select verdict from faultline.heartbeat(%s::uuid, array[%s::bigint], array[%s::int])"


class Client:
    """One session that speaks SQL, each call on record. What it is answered, or the SQLSTATE of the refusal."""

    def __init__(self, arena: Arena, recorder: Recorder | None = None, dsn: str | None = None) -> None:
        self.connection: Connection = arena.connect() if dsn is None else psycopg.connect(dsn, autocommit=True)
        self.runner = uuid.uuid4()
        self.seen: Counter[str] = Counter()
        self._recorder = recorder or arena.recorder

    def enqueue(self, token: str, key: str | None = None, type_: str = "raw", queue: str = QUEUE) -> int:
        payload = json.dumps({"token": token})
        with self._recorder.call("enqueue", type=type_, queue=queue, key=key, token=token) as call:
            row = self.connection.execute(ENQUEUE, (type_, queue, payload, key)).fetchone()
            job, created = row or (0, False)
            call.ok({"job_id": job, "created": created})
        self.seen["created" if created else "known"] += 1
        return int(job)

    def submit(self, transaction: str, amount: int) -> str | int:
        """The id of the job, or the SQLSTATE."""
        request = {"token": transaction, "from": "raw-1", "to": "raw-2", "amount": amount}
        try:
            with self._recorder.call(
                "submit", transaction=transaction, kind="transfer", amount=amount, **{"from": "raw-1", "to": "raw-2"}
            ) as call:
                row = self.connection.execute(
                    "select faultline.submit_transaction(%s, 'transfer', %s::jsonb, max_attempts => 100)",
                    (transaction, json.dumps(request)),
                ).fetchone()
                job = int(row[0]) if row else 0
                call.ok({"job_id": job})
                return job
        except psycopg.Error as error:
            return self._refused(error)

    def claim(self, queue: str = QUEUE) -> tuple[int, int] | None:
        with self._recorder.call("claim", runner=str(self.runner), queues=[queue], batch=1) as call:
            rows = self.connection.execute(CLAIM, (queue, self.runner)).fetchall()
            call.ok([list(row) for row in rows])
        return (rows[0][0], rows[0][1]) if rows else None

    def claim_and_wait(self, queue: str, meanwhile: Callable[[], bool]) -> tuple[tuple[int, int] | None, bool]:
        """A claim that is committed only after `meanwhile`; and what that said."""
        with self._recorder.call("claim", runner=str(self.runner), queues=[queue], batch=1) as call:
            with self.connection.transaction():
                rows = self.connection.execute(CLAIM, (queue, self.runner)).fetchall()
                said = meanwhile()
            call.ok([list(row) for row in rows])
        return ((rows[0][0], rows[0][1]) if rows else None), said

    def report(self, verb: str, job: int, attempt: int) -> str:
        parameters: tuple[Any, ...] = (job, attempt)
        if verb == "complete":
            parameters += (json.dumps({"attempt": attempt}),)
        try:
            with self._recorder.call(verb, job_id=job, attempt=attempt) as call:
                row = self.connection.execute(REPORTS[verb], parameters).fetchone()
                verdict = str(row[0]) if row else "nothing"
                call.ok(verdict)
        except psycopg.Error as error:
            return self._refused(error)
        self.seen[verdict] += 1
        return verdict

    def fail_for_good(self, job: int, attempt: int) -> None:
        with self._recorder.call("fail", job_id=job, attempt=attempt) as call:
            row = self.connection.execute(FAIL_FOR_GOOD, (job, attempt)).fetchone()
            call.ok(row and row[0])

    def apply(self, job: int, attempt: int, transaction: str) -> None:
        """An entry that moves a cent."""
        with (
            contextlib.suppress(psycopg.Error),
            self._recorder.call("apply", job_id=job, attempt=attempt, transaction=transaction) as call,
        ):
            row = self.connection.execute(APPLY, (job, attempt, transaction)).fetchone()
            entry, created = row or (0, False)
            call.ok({"entry_id": entry, "created": created})

    def beat(self, job: int, attempt: int) -> str:
        with self._recorder.call("heartbeat", job_id=job, attempt=attempt) as call:
            row = self.connection.execute(BEAT, (self.runner, job, attempt)).fetchone()
            verdict = str(row[0]) if row else "nothing"
            call.ok(verdict)
        self.seen[verdict] += 1
        return verdict

    def close(self) -> None:
        self.connection.close()

    def _refused(self, error: psycopg.Error) -> str:
        state = error.sqlstate or "lost"
        self.seen[state] += 1
        return state


class Repeated(Fault):
    """One job through four attempts, with every report twice, and those of older attempts in between."""

    name = "reports-repeated"
    title = "reports twice, too late, out of order"
    seconds = 2.0
    expected: ClassVar[dict[str, int]] = {"ok": 5, "repeat": 5, "FL001": 8, "stale": 2, "FL002": 1, "known": 3}

    def inject(self, arena: Arena) -> None:
        client = Client(arena)
        try:
            self._play(arena, client, f"{self.name}-{self.injected}")
        finally:
            client.close()
        if all(client.seen[what] >= number for what, number in self.expected.items()):
            self.saw(**client.seen)

    def _play(self, arena: Arena, client: Client, token: str) -> None:
        for _ in range(4):
            job = client.enqueue(token, f"key-{token}")
        old: list[int] = []
        for verb in ("release", "snooze", "fail", "complete"):
            claimed = arena.wait(client.claim, CLAIM_SECONDS)
            if claimed is None or claimed[0] != job:
                return
            attempt = claimed[1]
            client.beat(job, attempt)
            for before in old:
                client.report("complete", job, before)
                client.report("fail", job, before)
            if old:
                client.beat(job, old[-1])
            client.report(verb, job, attempt)
            client.report(verb, job, attempt)
            old.append(attempt)
        client.report("release", job, old[-1])
        client.report("complete", job, old[0])
        client.submit(f"tx-{token}", 7)
        if client.submit(f"tx-{token}", 7) == client.submit(f"tx-{token}", 7):
            client.seen["repeat"] += 1
        client.submit(f"tx-{token}", 8)


class Crowd(Fault):
    """They all claim at the same moment; then all of them complete what one of them has claimed."""

    name = "crowd"
    title = "200 connections on one job"
    connections = 270
    seconds = 2.0
    number: ClassVar[int] = 200

    def inject(self, arena: Arena) -> None:
        token = f"{self.name}-{self.injected}"
        clients: list[Client] = []
        try:
            clients.extend(Client(arena, arena.recorder) for _ in range(self.number))
            job = clients[0].enqueue(token, queue="crowd")
            claims = self._at_once(clients, lambda client: client.claim("crowd"))
            won = [claim for claim in claims if claim is not None]
            if [claimed for claimed, _ in won] != [job]:
                return
            verdicts = Counter(self._at_once(clients, lambda client: client.report("complete", *won[0])))
        finally:
            for client in clients:
                client.close()
        if verdicts["ok"] == 1 and verdicts["repeat"] == self.number - 1:
            self.saw(connections=self.number, claims=len(won), verdicts=dict(verdicts))

    @staticmethod
    def _at_once(clients: list[Client], act: Any) -> list[Any]:
        answers: list[Any] = [None] * len(clients)
        barrier = threading.Barrier(len(clients))

        def run(place: int) -> None:
            barrier.wait()
            with contextlib.suppress(psycopg.Error):
                answers[place] = act(clients[place])

        threads = [threading.Thread(target=run, args=(place,), daemon=True) for place in range(len(clients))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return answers


class OpenClaim(Fault):
    """A claim in a transaction that stays open is passed by: nobody waits for it, nobody gets its job."""

    name = "claim-left-open"
    title = "a claim is left open, others come"
    seconds = 2.0
    others: ClassVar[int] = 5
    wait_seconds: ClassVar[float] = 2.0

    def inject(self, arena: Arena) -> None:
        token, queue = f"{self.name}-{self.injected}", "open"
        clients: list[Client] = []
        try:
            clients.extend(Client(arena) for _ in range(self.others + 1))
            first, *others = clients
            job = first.enqueue(token, queue=queue)
            claims: list[tuple[int, int] | None] = []
            threads = [
                threading.Thread(target=lambda client=client: claims.append(client.claim(queue)), daemon=True)
                for client in others
            ]
            claimed, passed = first.claim_and_wait(queue, lambda: self._besides(arena, threads, claims))
            for thread in threads:
                thread.join()
            for attempt in sorted(attempt for found in (claimed, *claims) if found for attempt in found[1:]):
                first.report("complete", job, attempt)
        finally:
            for client in clients:
                client.close()
        if passed and claimed is not None and claims == [None] * self.others:
            self.saw(job=job, passed_by=self.others)

    def _besides(self, arena: Arena, threads: list[threading.Thread], claims: list[Any]) -> bool:
        """Whether the others were answered at once."""
        for thread in threads:
            thread.start()
        return bool(arena.wait(lambda: len(claims) == self.others, self.wait_seconds))


class SameKey(Crowd):
    """Each of them enqueues the same job under the same key; then the same transaction."""

    name = "same-key"
    title = "20 connections with one key at once"
    number = 20

    def inject(self, arena: Arena) -> None:
        token = f"{self.name}-{self.injected}"
        clients: list[Client] = []
        try:
            clients.extend(Client(arena, arena.recorder) for _ in range(self.number))
            jobs = set(self._at_once(clients, lambda client: client.enqueue(token, f"key-{token}", "job", "default")))
            transfers = set(self._at_once(clients, lambda client: client.submit(f"tx-{token}", 1)))
        finally:
            for client in clients:
                client.close()
        created = sum(client.seen["created"] for client in clients)
        if len(jobs) == len(transfers) == created == 1:
            self.saw(connections=self.number, jobs=len(jobs), transactions=len(transfers))


class Poison(Fault):
    """Payloads that the server keeps and a decoder breaks on: each fails alone."""

    name = "poison"
    title = "payloads that no decoder can read"
    seconds = 20.0
    poisons: ClassVar[dict[str, str]] = {
        "deep": '{{"token": "{token}", "deep": ' + "[" * 5000 + "]" * 5000 + "}}",
        "long": '{{"token": "{token}", "n": 1e100000}}',
    }
    ended: ClassVar[LiteralString] = """
        select state, error ->> 'type' from faultline.jobs where job_id = any (%s) and state in ('failed', 'succeeded')
    """

    def __init__(self) -> None:
        super().__init__()
        self._jobs: list[int] = []

    def inject(self, arena: Arena) -> None:
        self._jobs = []
        for name, text in self.poisons.items():
            token = f"{self.name}-{name}-{self.injected}"
            payload = text.format(token=token)
            with arena.recorder.call("enqueue", type="job", queue="default", key=None, token=token) as call:
                job = arena.ask("select faultline.enqueue('job', %s::jsonb, priority => 1, max_attempts => 1)", payload)
                call.ok({"job_id": job, "created": True})
            self._jobs.append(job)

    def look(self, arena: Arena) -> None:
        ends = arena.rows(self.ended, self._jobs)
        failed = [error for state, error in ends if state == "failed"]
        if self._jobs and len(ends) == len(self._jobs) and failed:
            self.saw(jobs=self._jobs, errors=failed)
            self._jobs = []


class SameHost(Fault):
    """Nothing has to be done for it: all runners here have the name of this host. It bites while they work."""

    name = "same-host"
    title = "runners with the same host name"
    seconds = 10.0
    overview: ClassVar[LiteralString] = """
        select host, array_agg(pid), array_agg(runner::text)
        from faultline.runner_overview
        where running > 0 and last_seen_at > clock_timestamp() - interval '30 s'
        group by host
        having count(*) >= 2
    """

    def inject(self, arena: Arena) -> None:
        rows = arena.wait(lambda: arena.rows(self.overview), self.seconds)
        for host, pids, runners in rows:
            self.saw(host=host, pids=pids, runners=runners)


class SamePid(Fault):
    """As in containers: each of two runners is process 1 of a namespace of its own. In the end they get SIGKILL."""

    name = "same-pid"
    title = "runners with the same host name and pid"
    seconds = 1.0
    wait_seconds: ClassVar[float] = 30.0
    within: ClassVar[tuple[str, ...]] = ("unshare", "--pid", "--fork", "--kill-child=KILL")
    overview: ClassVar[LiteralString] = """
        select host, pid, array_agg(runner::text), sum(running)::int
        from faultline.runner_overview
        where running > 0 and pid = 1 and last_seen_at > clock_timestamp() - interval '30 s'
        group by host, pid
        having count(*) >= 2
    """

    def __init__(self) -> None:
        super().__init__()
        self._runners: list[RunnerProcess] = []

    @classmethod
    def needs(cls) -> str | None:
        if not tools.root() or shutil.which("unshare") is None:
            return "namespaces of processes take root, and unshare"
        tried = subprocess.run([*cls.within, "true"], check=False, capture_output=True)
        return None if tried.returncode == 0 else f"no namespaces here: {tried.stderr.decode().strip()[:80]}"

    def inject(self, arena: Arena) -> None:
        self._runners = [arena.extra_runner(self.within) for _ in range(2)]
        for host, pid, runners, running in arena.wait(lambda: arena.rows(self.overview), self.wait_seconds):
            self.saw(host=host, pid=pid, runners=runners, leases=running)

    def heal(self, arena: Arena) -> None:
        for runner in self._runners:
            runner.destroy()
        self._runners = []


ALL: Final = (Repeated, Crowd, OpenClaim, SameKey, Poison, SameHost, SamePid)
