"""All that a fault can hurt: a durable server of one's own, a proxy, runners, the receiver, producers."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Final, LiteralString

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from faultline import schema
from faultline.drill.borrowed import Borrowed
from faultline.drill.history import Recorder
from faultline.drill.load import SCHEDULES, WORKFLOW, Load, Producer
from faultline.drill.processes import ReceiverProcess
from faultline.drill.proxy import Proxy
from faultline.drill.work import DIRECTORY, RECEIVER
from faultline.embedded import EmbeddedError, Server
from faultline.logs import plural
from faultline.processes import RunnerProcess, process_state

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from random import Random

    from faultline.demo.narrator import Narrator

DATABASE: Final = "faultline"
PRODUCER: Final = "drill_producer"
RUNNER: Final = "drill_runner"
ROLES: Final = {PRODUCER: ("faultline_producer", "faultline_operator"), RUNNER: ("faultline_runner",)}
LEASE_SECONDS: Final = 2.0
ARGUMENTS: Final = (
    "faultline.drill.work:app",
    "--queue=default",
    "--queue=many",
    f"--lease={LEASE_SECONDS:g}s",
    "--poll=200ms",
    "--grace=5s",
    "--handler-connections=4",
)
GLANCE_SECONDS: Final = 0.02
TICK_SECONDS: Final = 0.2
PATIENCE_SECONDS: Final = 60.0
THROTTLE_SECONDS: Final = 1.0

UNFINISHED: Final = """
select (select count(*) from faultline.jobs where state in ('queued', 'running')),
       (select count(*) from faultline.transaction_log where state in ('INIT', 'APPLIED')),
       (select count(*) from faultline.run_log where state = 'running')
"""
DONE: Final = "select count(*) from faultline.jobs_done where state = 'succeeded'"
RUNNER_ID: Final = "select runner::text from faultline.runner_overview where pid = %s order by started_at desc limit 1"
HELD: Final = "select job_id, attempt from faultline.jobs where lease_owner = %s::uuid and state = 'running'"

Rows = list[tuple[Any, ...]]
Attempt = tuple[int, int]


class DrillError(Exception):
    """The drill could not go on; the message says where it stood."""


@dataclass(frozen=True)
class Death:
    """A runner that has ended, as waitpid told it."""

    name: str
    pid: int
    exit_code: int
    on_purpose: bool
    """Somebody has ended it, and had said so before."""
    began: bool
    """It had found the database. One that finds none says so and ends with 1: whoever started it starts it again."""

    @property
    def explained(self) -> bool:
        return not self.began and self.exit_code == 1


@dataclass
class Setting:
    """What an arena is made for."""

    directory: Path
    seed: int
    random: Random
    narrator: Narrator
    load: Load = field(default_factory=Load)
    producers: int = 2
    borrowed: Borrowed | None = None
    """The database that was lent, in place of a server of the drill's own."""
    prepare: Sequence[Callable[[str], None]] = ()
    """What is done to the database, whose DSN is a superuser's, before anybody works with it."""
    config: Mapping[str, str] = field(default_factory=dict)


class Arena:
    """Everything that takes part. Start and close it from the same thread; what it started never outlives that."""

    schedules: ClassVar[list[dict[str, Any]]] = SCHEDULES
    tolerated: ClassVar[tuple[str, ...]] = ()
    """Checks of verify() that may find something in the end, as this arena explains it."""
    config: ClassVar[dict[str, str]] = {"max_connections": "120", "deadlock_timeout": "100ms"}

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.directory = setting.directory
        self.random = setting.random
        self.say = setting.narrator.say
        self.deaths: list[Death] = []
        self.excused: set[int] = set()
        """Runners that were ended on purpose, or that had a fault at work in them."""
        self.runners: list[RunnerProcess] = []
        self.wanted = 0
        self.expecting_deaths = False
        self.sparing = False
        """No runner is killed but by the fault itself."""
        self.recorder = Recorder(self.directory, "director")
        self._started = 0
        self._gate = threading.Event()
        self._producers: list[Producer] = []
        self._admin: psycopg.Connection[Any] | None = None
        self._ticked = self._throttled = 0.0
        self._loaded = False
        self._kill_at = 0.0
        self._stack = contextlib.ExitStack()
        self._stack.callback(self.recorder.close)
        self.host: Server | Borrowed = self.setting.borrowed or self._make_server()
        self.proxy: Proxy
        self.receiver: ReceiverProcess

    # Its life.

    def _make_server(self) -> Server:
        return Server(config={**self.config, **self.setting.config})

    @property
    def server(self) -> Server:
        """Of faults that say that they take the drill's own."""
        if isinstance(self.host, Borrowed):
            raise TypeError("the server is not the drill's own")
        return self.host

    def start(self) -> None:
        self.host.start()
        self._stack.callback(self.host.close)
        self._prepare()
        self.proxy = self._stack.enter_context(Proxy(self.host.dsn(DATABASE)))
        self.receiver = ReceiverProcess(self.directory)
        self._stack.callback(self.receiver.destroy)
        self._stack.callback(self._end_runners)
        self.wanted = self.setting.load.runners
        for _ in range(self.wanted):
            self.start_runner()
        self._stack.callback(self.stop_load)
        for number in range(1, self.setting.producers + 1):
            producer = Producer(
                number,
                self.dsn_of(PRODUCER),
                self.directory,
                self.setting.seed,
                self.setting.load,
                self._gate,
            )
            self._producers.append(producer)
            producer.start()
        self._loaded = True
        self._gate.set()

    def close(self) -> None:
        with contextlib.suppress(psycopg.Error):
            if self._admin is not None:
                self._admin.close()
        self._stack.close()

    def revive(self) -> None:
        """The server, if it is down, or on its way down, by what was done to it."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            try:
                self.host.start()
                psycopg.connect(self.host.dsn()).close()
            except (psycopg.OperationalError, EmbeddedError):
                time.sleep(GLANCE_SECONDS)
            else:
                return
        raise DrillError(f"the server has not come back within {PATIENCE_SECONDS:.0f} s: see its log")

    def _prepare(self) -> None:
        if not isinstance(self.host, Borrowed):
            with psycopg.connect(self.host.dsn(), autocommit=True) as connection:
                connection.execute(sql.SQL("create database {}").format(sql.Identifier(DATABASE)))
        schema.install(self.host.dsn(DATABASE))
        with psycopg.connect(self.host.dsn(DATABASE), autocommit=True) as connection:
            for role, memberships in ROLES.items():
                named = sql.SQL(", ").join(map(sql.Identifier, memberships))
                connection.execute(sql.SQL("create role {} login in role {}").format(sql.Identifier(role), named))
            connection.execute("select faultline.put_workflow(%s::jsonb)", (json.dumps(WORKFLOW),))
            for schedule in self.schedules:
                with self.recorder.call("put_schedule", schedule=schedule["name"]):
                    connection.execute("select faultline.put_schedule(%s::jsonb)", (json.dumps(schedule),))
        for prepare in self.setting.prepare:
            prepare(self.host.dsn(DATABASE))

    # Runners.

    def dsn_of(self, role: str, **options: str) -> str:
        """Through the proxy."""
        return self.proxy.through(make_conninfo(self.host.dsn(DATABASE, role), **options))

    def direct_dsn(self, role: str | None = None) -> str:
        """Past the proxy; of a superuser, if it is nobody's."""
        return self.host.dsn(DATABASE, role)

    def runner_dsn(self) -> str:
        return self.dsn_of(RUNNER)

    def runner_arguments(self) -> tuple[str, ...]:
        return (*ARGUMENTS, f"--concurrency={self.setting.load.concurrency}")

    def start_runner(self) -> RunnerProcess:
        runner = self.extra_runner()
        self.runners.append(runner)
        return runner

    def extra_runner(self, within: Sequence[str] = ()) -> RunnerProcess:
        """One that is not replaced when it ends: whoever wanted it sees to that."""
        self._started += 1
        environment = {DIRECTORY: str(self.directory), RECEIVER: self.receiver.url}
        return RunnerProcess(
            self._started, self.runner_dsn(), self.directory, self.runner_arguments(), environment, within
        )

    def runner_at_work(self) -> tuple[RunnerProcess, frozenset[Attempt]]:
        """One that holds leases, and which. Chosen by chance."""
        found: list[tuple[RunnerProcess, frozenset[Attempt]]] = []

        def look() -> bool:
            found[:] = [(runner, held) for runner in self.runners if (held := self.held(runner))]
            return bool(found)

        self.until(look, "a runner at work")
        return self.random.choice(found)

    def held(self, runner: RunnerProcess) -> frozenset[Attempt]:
        """The attempts whose leases it has, as the database knows them."""
        rows = self.rows(RUNNER_ID, runner.pid)
        if not rows:
            return frozenset()
        return frozenset((job_id, attempt) for job_id, attempt in self.rows(HELD, rows[0][0]))

    def held_by_dead(self, runner: RunnerProcess) -> frozenset[Attempt]:
        """The same of one that can't act any more, once the server is through with what it had sent before."""
        deadline = time.monotonic() + 0.1
        held = self.held(runner)
        while held and time.monotonic() < deadline:
            time.sleep(GLANCE_SECONDS)
            held = self.held(runner)
        return held

    def excuse(self, runner: RunnerProcess) -> None:
        """It is ended on purpose."""
        self.excused.add(runner.pid)

    def unexplained(self) -> list[Death]:
        """Runners that ended by themselves, without anything that was done to them."""
        return [death for death in self.deaths if death.pid not in self.excused and not death.explained]

    def _bury(self) -> None:
        for runner in list(self.runners):
            code = runner.exit_code
            if code is None:
                continue
            self.runners.remove(runner)
            began = " serves " in runner.log.read_text(errors="replace")
            self.deaths.append(Death(runner.name, runner.pid, code, runner.pid in self.excused, began))
            if self.expecting_deaths:
                self.excused.add(runner.pid)

    def end_runners(self) -> dict[str, int]:
        """SIGTERM for all; their exit codes. None is started any more."""
        self._bury()
        while len(self.runners) < self.wanted:
            self.start_runner()
        # One that has only just begun knows no gentle end yet.
        self.until(lambda: all(self.rows(RUNNER_ID, runner.pid) for runner in self.runners), "each runner has begun")
        self.wanted = 0
        self._bury()
        codes = {}
        for runner in self.runners:
            self.excuse(runner)
            runner.ask_to_end()
        for runner in self.runners:
            codes[runner.name] = runner.ended()
        self._bury()
        return codes

    def _end_runners(self) -> None:
        for runner in self.runners:
            runner.destroy()

    # The load.

    def stop_load(self) -> None:
        """Nothing new is asked for."""
        self._loaded = False
        self._gate.clear()
        for producer in self._producers:
            producer.stop()

    def join_load(self) -> None:
        """Until the producers have ended, and every tick up to then is made; the schedules pause."""
        for producer in self._producers:
            producer.join(PATIENCE_SECONDS)
            if producer.is_alive():
                raise DrillError(f"{producer.name} has not ended within {PATIENCE_SECONDS:.0f} s")
        now = self.scalar("select clock_timestamp()")
        cursor = "select min(cursor) from faultline.schedule_list"
        self.until(lambda: self.scalar(cursor) >= now, "every tick up to now is made")
        for schedule in self.schedules:
            self.rows("select faultline.pause_schedule(%s)", schedule["name"])

    # The database, past the proxy and with all rights.

    def rows(self, query: LiteralString, *parameters: Any) -> Rows:
        """Of a statement that may be repeated: it is, while the server does not answer."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                if self._admin is None or self._admin.closed:
                    self._admin = self.connect()
                cursor = self._admin.execute(query, parameters or None)
                return cursor.fetchall() if cursor.description else []
            except psycopg.OperationalError as error:
                if self._admin is not None:
                    self._admin.close()
                if time.monotonic() > deadline:
                    raise DrillError(f"the server does not answer for {PATIENCE_SECONDS:.0f} s: {error}") from error
                time.sleep(GLANCE_SECONDS)

    def connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        """Another session, in autocommit."""
        return psycopg.connect(self.direct_dsn(), autocommit=True, application_name="drill")

    def ask(self, query: LiteralString, *parameters: Any) -> Any:
        """The one value of a statement that may not be repeated."""
        with contextlib.closing(self.connect()) as connection:
            row = connection.execute(query, parameters).fetchone()
        return row[0] if row else None

    def scalar(self, query: LiteralString, *parameters: Any) -> Any:
        return self.rows(query, *parameters)[0][0]

    def log_size(self) -> int:
        try:
            return self.server.log.stat().st_size
        except (OSError, EmbeddedError):
            return 0

    def log_lines(self, since: int, words: str) -> list[str]:
        """What the server has logged with these words in it, after it was so long."""
        try:
            with self.server.log.open("rb") as log:
                log.seek(since)
                lines = log.read().decode(errors="replace").splitlines()
        except OSError:
            return []
        return [line for line in lines if words in line]

    # Time goes on.

    def tick(self) -> None:
        """What has to be done all the time: dead runners are replaced, and the load waits if it is too far ahead."""
        now = time.monotonic()
        if now - self._ticked >= TICK_SECONDS:
            self._ticked = now
            self._bury()
            while len(self.runners) < self.wanted:
                self.start_runner()
        kill_seconds = self.setting.load.kill_seconds
        if self._loaded and not self.sparing and kill_seconds is not None and now >= self._kill_at:
            self._kill_at = now + self.random.uniform(0.5, 1.5) * kill_seconds
            self._kill_one()
        if now - self._throttled >= THROTTLE_SECONDS:
            self._throttled = now
            self._throttle()

    def _kill_one(self) -> None:
        runner = self.random.choice(self.runners)
        if runner.exit_code is None:
            self.excuse(runner)
            runner.kill()

    def _throttle(self) -> None:
        """A look that waits for nobody: who holds a lock here may be ourselves."""
        try:
            with psycopg.connect(
                self.direct_dsn(), autocommit=True, options="-c lock_timeout=50ms", connect_timeout=2
            ) as connection:
                row = connection.execute(UNFINISHED).fetchone()
        except psycopg.Error:
            return
        if self._loaded and sum(row or ()) <= self.setting.load.most_unfinished:
            self._gate.set()
        else:
            self._gate.clear()

    @property
    def killed(self) -> int:
        """How many runners have ended by SIGKILL, as their exit codes say."""
        return sum(death.exit_code == -9 for death in self.deaths)

    def unfinished(self) -> tuple[int, int, int]:
        """Jobs, transactions and runs that have not come to their end."""
        jobs, transactions, runs = self.rows(UNFINISHED)[0]
        return jobs, transactions, runs

    def until(self, condition: Callable[[], Any], what: str, seconds: float = PATIENCE_SECONDS) -> Any:
        """Wait for it; DrillError if it does not come."""
        found = self.wait(condition, seconds)
        if not found:
            raise DrillError(f"after {seconds:.0f} s still not: {what}; {self.where_it_stands()}")
        return found

    def wait(self, condition: Callable[[], Any], seconds: float) -> Any:
        """Wait for it for so long; what it was last."""
        deadline = time.monotonic() + seconds
        while not (found := condition()) and time.monotonic() < deadline:
            self.tick()
            time.sleep(GLANCE_SECONDS)
        return found

    def where_it_stands(self) -> str:
        states = {runner.name: process_state(runner.pid) for runner in self.runners}
        try:
            jobs, transactions, runs = self.unfinished()
        except DrillError as error:
            return f"runners {states}, {error}"
        return (
            f"unfinished: {plural(jobs, 'job')}, {plural(transactions, 'transaction')}, {plural(runs, 'run')}; "
            f"runners {states}"
        )
