"""What is measured, and how. Each measurement has a database of its own, a copy of one with the peer installed."""

from __future__ import annotations

import json
import resource
import shutil
import statistics
import subprocess
import tempfile
import threading
import time
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psycopg

from bench import driver
from bench.peers.catalogue import BATCH, FAULTLINE, Peer, Script
from bench.peers.crew import Crew
from bench.workflows import server_cpu

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from faultline.embedded import Server

Contenders = Peer | Script

WARM_UP: Final = 200
SETTLE_SECONDS: Final = 1.5
WAVE_SECONDS: Final = 300.0
DATABASE: Final = "bench_peer"
BESIDE_SECONDS: Final = 6.0
BESIDE_LEASE: Final = "10s"
FAREWELL_SECONDS: Final = 5.0
BESIDE_WAIT: Final = 60.0
ENQUEUE_BESIDE: Final = "select faultline.enqueue('beside', %s::jsonb, 'beside')"
# What must have been done beside the waves; the second is longer than a third of its lease.
BESIDE: Final = {
    "retry": "select exists (select from faultline.jobs_done where type = 'beside' and failures > 0)",
    "heartbeat": "select exists (select from faultline.jobs_done where payload ? 'seconds')",
    "run of the workflow": "select exists (select from faultline.runs where state = 'succeeded')",
    "tick of the schedule": "select exists (select from faultline.schedule_ticks)",
}
OTHERS: Final = (
    "select exists (select from pg_stat_activity where datname = current_database()"
    " and backend_type = 'client backend' and pid <> pg_backend_pid())"
)
DEAD: Final = "select coalesce(sum(n_tup_upd + n_tup_del), 0)::bigint from pg_stat_user_tables"


@dataclass(frozen=True)
class Size:
    """How much of everything; the smaller one only shows that it works."""

    jobs: int = 100_000
    seconds: float = 5.0
    rate: int = 50
    rate_seconds: float = 30.0
    waves: int = 20
    wave: int = 25_000
    ballast: int = 10_000_000
    queues: int = 10_000
    idle_seconds: float = 20.0
    many: int = 32
    mixed_seconds: float = 600.0


SMALL: Final = Size(2_000, 1.0, 50, 4.0, 4, 1_000, 20_000, 100, 3.0, 4, 5.0)


@dataclass
class Sample:
    """One measurement. `values` are what the workload is about, by name; the rest is what it took, a job."""

    values: dict[str, float]
    jobs: int
    client_cpu: float | None = None
    """Seconds of CPU a 1000 jobs."""
    server_cpu: float | None = None
    wal: float | None = None
    """Bytes a job."""
    dead: float | None = None
    """Row versions a job that were made dead: rows updated and deleted."""
    memory: float | None = None
    """The most that the client's processes had resident, in MB."""


@dataclass(frozen=True)
class Workload:
    """`measure` returns one sample of one contender, or None if that can't do such a thing.

    `values` names what it measures, each with its unit and whether higher is better; the first is the one in the plot.
    """

    name: str
    title: str
    values: dict[str, tuple[str, bool]]
    measure: Callable[[Server, Contenders, Size], Sample | None]


@dataclass
class Bench:
    """One contender on one fresh database."""

    server: Server
    peer: Contenders
    connection: psycopg.Connection[Any]
    directory: Path
    environment: dict[str, str]
    _before: dict[str, float] = field(default_factory=dict)

    def ask(self, query: str, *arguments: object) -> Any:
        """The one value of a query with $1, …"""
        row = psycopg.RawCursor(self.connection).execute(query.encode(), arguments).fetchone()
        return None if row is None else row[0]

    def run(self, query: str, *arguments: object) -> None:
        psycopg.RawCursor(self.connection).execute(query.encode(), arguments)

    def begin(self) -> None:
        """From here on it is measured."""
        self._before = {"cpu": server_cpu(self.server), "wal": self._wal()}

    def spent(self, jobs: int, client_cpu: float, memory: float | None = None) -> dict[str, Any]:
        """What it took since `begin`, a job."""
        return {
            "jobs": jobs,
            "client_cpu": 1000 * client_cpu / jobs,
            "server_cpu": 1000 * (server_cpu(self.server) - self._before["cpu"]) / jobs,
            "wal": (self._wal() - self._before["wal"]) / jobs,
            "memory": memory,
        }

    def dead(self) -> int:
        """How many row versions were made dead in this database. Sessions tell it at their end: wait for that."""
        deadline = time.monotonic() + FAREWELL_SECONDS
        while self.ask(OTHERS) and time.monotonic() < deadline:
            time.sleep(0.01)
        return int(self.ask(DEAD))

    def produce(self, **options: Any) -> dict[str, float]:
        """The adapter's `produce`, to its end."""
        return self.producing(**options)()

    def producing(self, **options: Any) -> Callable[[], dict[str, float]]:
        """Starts it; what is returned waits for what it says."""
        assert isinstance(self.peer, Peer)
        command = self.peer.command("produce", json.dumps(options))
        process = subprocess.Popen(
            command, cwd=driver.ROOT, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

        def told() -> dict[str, float]:
            out, error = process.communicate(timeout=3600)
            if process.returncode != 0:
                message = f"{self.peer.title}: its producer ended with {process.returncode}: {error[-2000:]}"
                raise driver.BenchError(message)
            answer: dict[str, float] = json.loads(out.strip().splitlines()[-1])
            return answer

        return told

    def _wal(self) -> float:
        return float(self.ask("select pg_current_wal_insert_lsn() - '0/0'::pg_lsn"))


@contextmanager
def bench(server: Server, peer: Contenders, **environment: str) -> Iterator[Bench]:
    """A new database in which the peer is installed."""
    template = f"{DATABASE}_{peer.name}"
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute(f"drop database if exists {DATABASE} with (force)".encode())
        if connection.execute("select from pg_database where datname = %s", (template,)).fetchone() is None:
            connection.execute(f"create database {template}".encode())
            _install(server, peer, template)
        connection.execute(f"create database {DATABASE} template {template}".encode())
        connection.execute("checkpoint")
    directory = Path(tempfile.mkdtemp(prefix="bench-peers-"))
    try:
        with psycopg.connect(server.dsn(DATABASE), autocommit=True) as connection:
            connection.execute("set enable_seqscan = off")  # what is asked here must not read what is long finished
            yield Bench(server, peer, connection, directory, _environment(server, DATABASE, directory) | environment)
    finally:
        shutil.rmtree(directory)


def _install(server: Server, peer: Contenders, dbname: str) -> None:
    if isinstance(peer, Script):
        peer.install(server.dsn(dbname))
        return
    result = subprocess.run(
        peer.command("install"),
        check=False,
        capture_output=True,
        text=True,
        cwd=driver.ROOT,
        env=_environment(server, dbname, Path(tempfile.gettempdir())),
    )
    if result.returncode != 0:
        message = f"{peer.title}: its schema could not be installed: {result.stderr[-2000:] or result.stdout[-2000:]}"
        raise driver.BenchError(message)


def _environment(server: Server, dbname: str, directory: Path) -> dict[str, str]:
    """For adapters: a DSN, the variables of libpq for who wants those, and where to leave their state."""
    dsn = server.dsn(dbname)
    return driver.environment(dsn) | {
        "BENCH_DSN": dsn,
        "BENCH_STATE": str(directory),
        "PGHOST": str(server.socket_dir),
        "PGPORT": str(server.port),
        "PGUSER": "postgres",
        "PGDATABASE": dbname,
        "NODE_ENV": "production",
    }


@contextmanager
def crew(on: Bench, processes: int) -> Iterator[Crew]:
    """Workers that have run a few jobs and now find the queue empty."""
    assert isinstance(on.peer, Peer)
    with Crew(on.peer, on.environment, on.directory, processes) as workers:
        on.produce(jobs=WARM_UP, bulk=True, wave=0)
        finish(on, workers, 0, WARM_UP)
        time.sleep(SETTLE_SECONDS)
        yield workers


def finish(on: Bench, workers: Crew, wave: int, jobs: int, mark: int = 0) -> float:
    """Waits until every job of the wave was run and is finished in the database; when that was, by the clock."""
    assert isinstance(on.peer, Peer)
    left = on.peer.left
    workers.wait(lambda: workers.count(wave).jobs >= jobs, WAVE_SECONDS, f"running {jobs} jobs")
    asked = time.time()

    def empty() -> bool:
        nonlocal asked
        asked = time.time()
        return not on.ask(left, mark)

    workers.wait(empty, WAVE_SECONDS, "finishing what was run")
    count = workers.count(wave)
    if (count.jobs, count.numbers) != (jobs, jobs * (jobs - 1) // 2):
        message = f"{on.peer.title} ran {count.jobs} of {jobs} jobs, with numbers that add up to {count.numbers}"
        raise driver.BenchError(message)
    return asked


def drained(
    on: Bench, workers: Crew, wave: int, jobs: int, *, analyze: bool = True, queues: int = 0, **options: Any
) -> Sample:
    """A wave of jobs that are all there when the workers begin. The clock runs from the first handler.

    As autovacuum would within a minute, ANALYZE tells their plans, which were made on an empty queue, what is there.
    """
    assert isinstance(on.peer, Peer)
    workers.pause()
    mark = on.ask(on.peer.mark)
    on.produce(jobs=jobs, bulk=True, wave=wave, **options)
    if queues:
        on.run(on.peer.spread, queues)
        on.run("vacuum")
    if analyze:
        on.run("analyze")
    cpu = workers.cpu()
    on.begin()
    workers.go_on()
    end = finish(on, workers, wave, jobs, mark)
    spent = on.spent(jobs, workers.cpu() - cpu, workers.memory())
    seconds = end - workers.count(wave).first
    return Sample({"rate": jobs / seconds}, **spent)


def drain(processes: int, **options: Any) -> Callable[[Server, Contenders, Size], Sample | None]:
    """Jobs that do nothing."""

    def measure(server: Server, peer: Contenders, size: Size) -> Sample | None:
        if isinstance(peer, Script):
            return None if options or not processes else _scripted_drain(server, peer, size.jobs, processes)
        if ("failing" in options and not peer.retries) or ("queues" in options and not peer.spread):
            return None
        jobs = max(100, size.jobs * options.get("more", 1) // peer.share // options.get("fewer", 1))
        made = {name: value for name, value in options.items() if name not in {"fewer", "more", "queues"}}
        with bench(server, peer, **({"BENCH_FAILING": "1"} if "failing" in made else {})) as on:
            with crew(on, processes or size.many) as workers:
                sample = drained(on, workers, 1, jobs, queues=options.get("queues", 0), **made)
            sample.dead = on.dead() / (jobs + WARM_UP)
            return sample

    return measure


def _scripted_drain(server: Server, script: Script, jobs: int, clients: int) -> Sample:
    with bench(server, script) as on:
        on.ask(script.fill, jobs) if "select count" in script.fill else on.run(script.fill, jobs)
        on.run("analyze")
        times = jobs // script.claim // clients
        on.begin()
        used = _children()
        rate = script.claim * driver.pgbench(server, DATABASE, script.drain, clients=clients, times=times, simple=True)
        spent = on.spent(jobs, _children() - used)
        if on.ask(script.left):
            message = f"{script.title}: jobs are left"
            raise driver.BenchError(message)
        return Sample({"rate": rate}, **spent, dead=on.dead() / jobs)


def enqueue(clients: int, *, bulk: bool = False) -> Callable[[Server, Contenders, Size], Sample | None]:
    """One by one, or BATCH at a time, by so many clients in one process."""

    def measure(server: Server, peer: Contenders, size: Size) -> Sample | None:
        with bench(server, peer) as on:
            on.begin()
            if isinstance(peer, Script):
                used = _children()
                rate = driver.pgbench(
                    server, DATABASE, peer.bulk if bulk else peer.enqueue, clients=clients, seconds=round(size.seconds)
                ) * (BATCH if bulk else 1)
                jobs = max(1, round(rate * round(size.seconds)))
                return Sample({"rate": rate}, **on.spent(jobs, _children() - used))
            told = on.produce(seconds=size.seconds, clients=clients, bulk=bulk, wave=1)
            jobs = int(told["jobs"])
            spent = on.spent(jobs, told["cpu"], told["memory"])
            return Sample({"rate": jobs / told["seconds"]}, **spent)

    return measure


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def percentiles(late: list[float]) -> dict[str, float]:
    """In milliseconds."""
    values = sorted(1000 * seconds for seconds in late)
    return {"p50": values[len(values) // 2], "p99": values[len(values) * 99 // 100]}


def latency(server: Server, peer: Contenders, size: Size) -> Sample | None:
    """From before the enqueue to the beginning of the handler, at an even rate."""
    if isinstance(peer, Script):
        return None
    with bench(server, peer) as on, crew(on, 1) as workers:
        return _lateness(on, workers, 1, round(size.rate * size.rate_seconds), rate=size.rate)


def busy_latency(server: Server, peer: Contenders, size: Size) -> Sample | None:
    """As `latency`, at half of the rate at which one worker keeps up with four clients that enqueue one by one."""
    if isinstance(peer, Script):
        return None
    with bench(server, peer) as on, crew(on, 1) as workers:
        mark = on.ask(peer.mark)
        started = time.time()
        most = int(on.produce(seconds=size.seconds, clients=4, wave=1)["jobs"])
        rate = max(1.0, most / (finish(on, workers, 1, most, mark) - started) / 2)
        on.run("analyze")
        time.sleep(SETTLE_SECONDS)
        jobs = max(1, round(rate * size.rate_seconds / 3))
        sample = _lateness(on, workers, 2, jobs, rate=rate, clients=4)
        sample.values["rate"] = rate
        return sample


def _lateness(on: Bench, workers: Crew, wave: int, jobs: int, **options: Any) -> Sample:
    """The percentiles of one wave that is enqueued at a rate."""
    assert isinstance(on.peer, Peer)
    mark = on.ask(on.peer.mark)
    cpu = workers.cpu()
    on.begin()
    told = on.produce(jobs=jobs, wave=wave, **options)
    finish(on, workers, wave, jobs, mark)
    spent = on.spent(jobs, workers.cpu() - cpu + told["cpu"], workers.memory())
    workers.wait(lambda: len(workers.late()) >= jobs, 10, "telling when handlers began")
    return Sample(percentiles(workers.late()), **spent)


@contextmanager
def company(on: Bench) -> Iterator[None]:
    """What else there is to do, of Faultline: a schedule, runs of a workflow, jobs that beat, and some that fail.

    BenchError at the end unless each of these has been done.
    """
    step = {"type": "beside", "queue": "beside"}
    tasks = {"one": step, "two": step | {"needs": "one"}, "three": step | {"needs": "one"}}
    on.ask("select faultline.put_workflow($1)", json.dumps({"name": "beside", "tasks": tasks}))
    on.ask("select faultline.put_schedule($1)", json.dumps({"name": "beside", "every": "1s"} | step))
    over = threading.Event()

    def traffic() -> None:
        with psycopg.connect(on.connection.info.dsn, autocommit=True) as connection:
            while not over.wait(0.1):
                connection.execute("select faultline.trigger_workflow('beside')")
                for payload in ({"fail": True}, {"seconds": BESIDE_SECONDS}):
                    connection.execute(ENQUEUE_BESIDE, (json.dumps(payload),))

    thread = threading.Thread(target=traffic, name="beside")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    until = time.monotonic() + BESIDE_WAIT
    while missing := [what for what, query in BESIDE.items() if not on.ask(query)]:
        if time.monotonic() > until:
            message = f"beside the waves there was not one {', not one '.join(missing)}"
            raise driver.BenchError(message)
        time.sleep(0.1)


def held_snapshot(*, busy: bool = False) -> Callable[[Server, Contenders, Size], Sample | None]:
    """Waves under a held snapshot; `busy`: with `company`."""

    def measure(server: Server, peer: Contenders, size: Size) -> Sample | None:
        if isinstance(peer, Script) or (busy and peer.name != FAULTLINE.name):
            return None
        with bench(server, peer, **({"FAULTLINE_LEASE": BESIDE_LEASE} if busy else {})) as on:
            return _waves(server, on, size, company(on) if busy else nullcontext())

    return measure


def _waves(server: Server, on: Bench, size: Size, beside: AbstractContextManager[None]) -> Sample:
    """Waves, while another session holds a snapshot; one ANALYZE of the empty tables after half of them."""
    assert isinstance(on.peer, Peer)
    jobs = max(100, size.wave // on.peer.share)
    rates: list[float] = []
    on.run("alter system set autovacuum = off")
    on.run("select pg_reload_conf()")
    try:
        with (
            crew(on, 1) as workers,
            psycopg.connect(server.dsn(DATABASE)) as holder,
            ExitStack() as stack,
        ):
            holder.execute("set transaction isolation level repeatable read")
            holder.execute("select count(*) from pg_class")
            stack.enter_context(beside)
            for wave in range(1, size.waves + 1):
                sample = drained(on, workers, wave, jobs, analyze=False)
                rates.append(sample.values["rate"])
                if wave == size.waves // 2:
                    on.run("analyze")
        sample.dead = on.dead() / (jobs * size.waves + WARM_UP)
    finally:
        on.run("alter system reset autovacuum")
        on.run("select pg_reload_conf()")
    few = max(1, size.waves // 5)
    first, last = statistics.median(rates[:few]), statistics.median(rates[-few:])
    sample.values = {"last": 100 * last / first, "first_rate": first, "last_rate": last}
    return sample


def ballast(kind: str) -> Callable[[Server, Contenders, Size], Sample | None]:
    """A drain beside so many jobs: `finished` ones, or `queued` ones behind those that are measured.

    And the same with few, likewise after a CHECKPOINT: the first change of each page after one is a page of WAL.
    """

    def measure(server: Server, peer: Contenders, size: Size) -> Sample | None:
        if isinstance(peer, Script) or not (copies := getattr(peer, kind)):
            return None
        jobs = max(100, size.jobs // peer.share)
        few = _beside(server, peer, kind, copies, jobs, max(2 * jobs, BATCH))
        sample = _beside(server, peer, kind, copies, jobs, size.ballast)
        sample.values["few"] = few.values["rate"]
        return sample

    return measure


def _beside(server: Server, peer: Peer, kind: str, copies: str, jobs: int, others: int) -> Sample:
    with bench(server, peer) as on, crew(on, 1) as workers:
        if kind == "queued":
            workers.pause()
            on.produce(jobs=BATCH, bulk=True, wave=1)
            others //= BATCH  # copies of each
        on.run(copies, others)
        on.run("vacuum analyze")
        on.run("checkpoint")
        return drained(on, workers, 1, jobs) if kind == "finished" else _drain_of_some(on, workers, jobs)


def _drain_of_some(on: Bench, workers: Crew, jobs: int) -> Sample:
    """The time in which so many of a long queue are run."""
    cpu = workers.cpu()
    on.begin()
    workers.go_on()
    workers.wait(lambda: workers.count(1).jobs >= jobs, WAVE_SECONDS, f"running {jobs} jobs")
    end = time.time()
    count = workers.count(1)
    spent = on.spent(count.jobs, workers.cpu() - cpu, workers.memory())
    return Sample({"rate": count.jobs / (end - count.first)}, **spent)


def mixed(server: Server, peer: Contenders, size: Size) -> Sample | None:
    """Four clients enqueue one by one as fast as they can, while two processes run what is there."""
    if isinstance(peer, Script):
        return None
    with bench(server, peer) as on:
        with crew(on, 2) as workers:
            mark = on.ask(peer.mark)
            cpu = workers.cpu()
            on.begin()
            started = time.time()
            told = on.produce(seconds=size.mixed_seconds, clients=4, wave=1)
            jobs = int(told["jobs"])
            behind = jobs - workers.count(1).jobs
            end = finish(on, workers, 1, jobs, mark)
            spent = on.spent(jobs, workers.cpu() - cpu + told["cpu"], workers.memory() + told["memory"])
        sample = Sample({"rate": jobs / (end - started), "behind": float(behind)}, **spent)
        sample.dead = on.dead() / (jobs + WARM_UP)
        return sample


def idle(server: Server, peer: Contenders, size: Size) -> Sample | None:
    """What a worker costs that has nothing to do: with one queue, and with many, each of which has had a job."""
    if isinstance(peer, Script) or not peer.queues:
        return None
    with bench(server, peer) as on, crew(on, 1) as workers:
        one = _idling(on, workers, size.idle_seconds)
        workers.pause()
        mark = on.ask(peer.mark)
        on.produce(jobs=size.queues, bulk=True, wave=1)
        on.run(peer.queues)
        on.run("analyze")
        workers.go_on()
        finish(on, workers, 1, size.queues, mark)
        time.sleep(SETTLE_SECONDS)
        many = _idling(on, workers, size.idle_seconds)
    return Sample({"many": many, "one": one}, 0)


def _idling(on: Bench, workers: Crew, seconds: float) -> float:
    """Milliseconds of CPU a second, of the workers and of the server."""
    before, started = workers.cpu() + server_cpu(on.server), time.monotonic()
    time.sleep(seconds)
    return 1000 * (workers.cpu() + server_cpu(on.server) - before) / (time.monotonic() - started)


RATE: Final = {"rate": ("jobs/s", True)}
BALLAST: Final = RATE | {"few": ("jobs/s, with few", True)}

WORKLOADS: Final = [
    Workload("drain-1", "Drain of no-op jobs, 1 process", RATE, drain(1)),
    Workload("drain-2", "Drain of no-op jobs, 2 processes", RATE, drain(2)),
    Workload("drain-4", "Drain of no-op jobs, 4 processes", RATE, drain(4)),
    Workload("enqueue-1", "Enqueue one by one, 1 client", RATE, enqueue(1)),
    Workload("enqueue-16", "Enqueue one by one, 16 clients", RATE, enqueue(16)),
    Workload("enqueue-bulk", f"Enqueue in bulk, {BATCH:,} at a time", RATE, enqueue(1, bulk=True)),
    Workload(
        "latency",
        "From enqueue to the start of the handler, at 50 jobs/s",
        {"p50": ("ms, p50", False), "p99": ("ms, p99", False)},
        latency,
    ),
    Workload(
        "latency-half",
        "From enqueue to the start of the handler, at half of the rate that one worker keeps up with",
        {"p50": ("ms, p50", False), "p99": ("ms, p99", False), "rate": ("jobs/s", True)},
        busy_latency,
    ),
    Workload(
        "snapshot",
        "Under a held snapshot: the last waves, in % of the first",
        {"last": ("%", True), "first_rate": ("jobs/s, first waves", True), "last_rate": ("jobs/s, last waves", True)},
        held_snapshot(),
    ),
    Workload(
        "beside-snapshot",
        "Under a held snapshot, with retries, heartbeats, a schedule and workflows beside the waves",
        {"last": ("%", True), "first_rate": ("jobs/s, first waves", True), "last_rate": ("jobs/s, last waves", True)},
        held_snapshot(busy=True),
    ),
    Workload("payload-100", "Drain, payloads of 100 B", RATE, drain(1, size=100)),
    Workload("payload-2k", "Drain, payloads of 2 kB", RATE, drain(1, size=2_000)),
    Workload("payload-100k", "Drain, payloads of 100 kB", RATE, drain(1, size=100_000, fewer=50)),
    Workload("queued", "Drain of the head of 10 million queued jobs", BALLAST, ballast("queued")),
    Workload("finished", "Drain beside 10 million finished jobs", BALLAST, ballast("finished")),
    Workload("queues-100", "Drain of 100 queues", RATE, drain(1, queues=100)),
    Workload("queues-10k", "Drain of 10,000 queues", RATE, drain(1, queues=10_000)),
    Workload("retries", "Drain, 30 % of the jobs fail once", RATE, drain(1, failing=30)),
    Workload("many", "Drain, 32 processes on one queue", RATE, drain(0, more=3)),
    Workload(
        "idle",
        "An idle worker, after a job on each of 10 000 queues",
        {"many": ("ms of CPU a second", False), "one": ("ms of CPU a second with one queue", False)},
        idle,
    ),
    Workload(
        "mixed",
        "Enqueue and run at once",
        {"rate": ("jobs/s", True), "behind": ("jobs behind at the end", False)},
        mixed,
    ),
]
