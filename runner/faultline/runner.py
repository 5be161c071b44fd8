"""One runner process: puts the roles together, starts them, and ends them in the right order."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import threading
import time
import uuid
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from faultline import __version__, database, logs, tracing
from faultline.asker import Asker
from faultline.background import Background
from faultline.claimer import Claimer
from faultline.completer import Completer
from faultline.connections import Connections
from faultline.database import DatabaseState, Link
from faultline.doorbell import Doorbell
from faultline.durations import show
from faultline.errors import InvalidArgument
from faultline.executor import CANCELLED, STALE, Executor
from faultline.heartbeat import Heartbeat
from faultline.housekeeper import Housekeeper
from faultline.metrics import Metrics
from faultline.services import Services
from faultline.signals import heard
from faultline.status_server import StatusServer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from faultline.app import App
    from faultline.job import Job
    from faultline.metrics import DatabaseValue
    from faultline.settings import RunnerOptions
    from faultline.status_server import Answer

log = logging.getLogger("faultline")

SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
REPORT_SECONDS: Final = 10.0
"""After the handlers have ended: how long the last results may take to reach the database."""
UNWIND_SECONDS: Final = 2.0
LOOP_SILENT_SECONDS: Final = 30.0
SCRAPE_SECONDS: Final = 2.5
GARBAGE: Final = (20_000, 20, 20)
GARBAGE_DEFAULTS: Final = {(700, 10, 10), (2_000, 10, 10), (2_000, 10, 0)}  # of the Pythons so far


def run(app: App, options: RunnerOptions) -> int:
    """Run one process until it is told to stop by a signal or, with `until_empty`, until the work is done.

    Returns the exit code: 0, or 1 if results could not be reported. Raises FaultlineError if it cannot start.
    """
    logs.setup(label="" if options.process is None else f"[{options.process}]")
    _collect_less_often()
    return Runner(app, options).run()


def _collect_less_often() -> None:
    """Jobs come and go by the thousand, and none is a cycle: at its defaults the collector walks over them in vain.

    That took a tenth of the runner's CPU under load. Who has set thresholds in the App's module keeps them.
    """
    if gc.get_threshold() in GARBAGE_DEFAULTS:
        gc.set_threshold(*GARBAGE)
    gc.freeze()  # what was imported stays; no collection needs to look at it


class Runner:
    """One process. `run` blocks; `stop` may be called from any thread."""

    def __init__(self, app: App, options: RunnerOptions) -> None:
        if not app.handlers:
            raise InvalidArgument("the App has no handler: write one under @app.handler('type')")
        self.id = uuid.uuid4()
        self.app = app
        self.options = options
        self.metrics = Metrics()
        self.metrics.types = app.handlers
        self.port: int | None = None
        self.started = threading.Event()
        self.housekeeper: Housekeeper | None = None
        self._dsn = database.resolve_dsn(options.dsn or app.dsn)
        self._state = DatabaseState()
        self._stops = 0
        self._stop_events: list[asyncio.Event] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._code = 0
        self._pinged = time.monotonic()
        self.stopping = False

    def run(self) -> int:
        """See `faultline.runner.run`."""
        database.check_dsn(self.options.listen_dsn)
        if self.options.tracing:
            tracing.enable()
        with database.connect(self._dsn, "check") as connection:
            database.check_schema(connection)
        loop = self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        try:
            main = loop.create_task(self._main())
            while not main.done():
                try:
                    loop.run_until_complete(main)
                except (SystemExit, KeyboardInterrupt) as error:
                    if main.done():
                        raise
                    # A task of a handler's own: asyncio lets these through; they are the handler's affair all the same.
                    log.error("a task of a handler raised %s: ignored", type(error).__name__)
            return main.result()
        finally:
            self._clean_up(loop)

    def stop(self) -> None:
        """End: claim no more, let handlers finish. A second time: do not wait for handlers any longer."""
        if self._loop is not None and not self._loop.is_closed():
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._stopped)

    def _stopped(self) -> None:
        if self._stops < len(self._stop_events):
            self._stop_events[self._stops].set()
            self._stops += 1
            if self._stops == 1:
                log.info(
                    "stopping: handlers have %s to finish; a second signal cuts that short", show(self.options.grace)
                )

    def _hung_up(self) -> None:
        """The terminal is gone: end, but in no hurry, as the shell and the kernel may each say so."""
        if self._stops == 0:
            self._stopped()

    # The life of a runner.

    async def _main(self) -> int:
        first, second = asyncio.Event(), asyncio.Event()
        self._stop_events = [first, second]
        background = Background("faultline-heartbeat")
        roles = self._roles()
        heartbeat, housekeeper = background.call(lambda: self._in_background(roles))
        self.housekeeper = housekeeper
        server = None
        try:
            server = self._serve(roles, housekeeper, background)
            self._handle_signals()
            beating = [background.start(heartbeat.run()), background.start(housekeeper.run())]
            claiming = asyncio.create_task(roles.claimer.run())
            reporting = asyncio.create_task(roles.completer.run())
            asking = asyncio.create_task(roles.asker.run())
            pinging = asyncio.create_task(self._ping())
            log.info("%s", self._greeting(), extra=logs.fields(runner=str(self.id)))
            self.started.set()
            await _first_of(first.wait(), claiming, reporting, asking, *beating)
            self.stopping = True
            await self._wind_down(roles, claiming, reporting, second)
            pinging.cancel()
            roles.asker.stop()
            if not await _within(UNWIND_SECONDS, asking):
                asking.cancel()  # an answer that is missed is asked for again
            await background.join(_call(heartbeat.stop))
            await background.join(_call(housekeeper.stop))
            await background.join(housekeeper.leave())
            await asyncio.gather(claiming, reporting, *beating)  # raises what a role that died had raised
            await asyncio.wait([asking])
            if not asking.cancelled():
                asking.result()
            await roles.services.connections.close()
        finally:
            if server is not None:
                server.close()
            background.close()
        log.info("stopped after %s", logs.plural(self.metrics.finished(), "attempt"))
        return self._code

    def _roles(self) -> _Roles:
        options, metrics = self.options, self.metrics
        completer = Completer(Link(self._dsn, "report", self._state), metrics)
        handlers = tracing.traced(self.app.handlers)
        executor = Executor(handlers, completer, metrics, concurrency=options.concurrency, lease=options.lease)
        listen = None
        if options.doorbell:
            # A state of its own: a runner without a doorbell is as healthy as any.
            listen = Link(options.listen_dsn or self._dsn, "listen", DatabaseState("the doorbell"))
        doorbell = Doorbell(listen, options.queues)
        claim = Link(self._dsn, "claim", self._state)
        services = Services(Connections(self._dsn, options.handler_connections), self.app.effects, completer, metrics)
        claimer = Claimer(claim, executor, completer, doorbell, metrics, options, self.id, services)
        asker = Asker(Link(self._dsn, "ask", self._state), services, self.app.effects, metrics)
        doorbell.on_ring = claimer.wake
        metrics.slots = executor.slots
        metrics.unreported = lambda: completer.backlog
        metrics.database_up = lambda: self._state.up
        metrics.info = {"runner": str(self.id), "version": __version__}
        return _Roles(claimer, executor, completer, doorbell, claim, services, asker)

    def _in_background(self, roles: _Roles) -> tuple[Heartbeat, Housekeeper]:
        """Heartbeat and housekeeper; called in the loop they will live in."""
        loop = asyncio.get_running_loop() if self._loop is None else self._loop

        def tell(job: Job, stale: bool) -> None:
            loop.call_soon_threadsafe(self._told, roles.executor, job, stale)

        def over() -> None:
            loop.call_soon_threadsafe(roles.completer.beaten)

        heartbeat = Heartbeat(
            Link(self._dsn, "heartbeat", self._state),
            roles.completer.held,
            roles.executor,
            tell,
            over,
            runner=self.id,
            lease=self.options.lease,
        )
        housekeeper = Housekeeper(
            Link(self._dsn, "housekeeping", self._state),
            self.metrics,
            lambda: roles.claimer.floor,
            runner=self.id,
            queues=self.options.queues,
            until_empty=self.options.until_empty,
        )
        return heartbeat, housekeeper

    def _told(self, executor: Executor, job: Job, stale: bool) -> None:
        """The heartbeat brought news of a job."""
        if not stale:
            executor.stop(job, CANCELLED)
            return
        if executor.has(job):
            self.metrics.stale["heartbeat"] += 1
            log.warning(
                "job %d (%s): attempt %d lost its lease and is told to stop",
                job.id,
                job.type,
                job.attempt,
                extra=logs.fields(job_id=job.id, attempt=job.attempt),
            )
            executor.stop(job, STALE)

    async def _wind_down(
        self,
        roles: _Roles,
        claiming: asyncio.Task[None],
        reporting: asyncio.Task[None],
        hurry: asyncio.Event,
    ) -> None:
        """No more claims; what has not started is given back, what runs may finish, the rest is given back too."""
        deadline = time.monotonic() + self.options.grace
        executor, completer = roles.executor, roles.completer
        roles.claimer.stop()
        if not await _within(min(self.options.grace, REPORT_SECONDS), claiming, hurry.wait()):
            roles.claim.give_up()
            roles.claim.cut()
        await _within(REPORT_SECONDS, claiming)
        await roles.doorbell.close()
        executor.give_back(0)
        await executor.idle(max(0.0, deadline - time.monotonic()), hurry)
        if executor.interrupt():
            await executor.idle(UNWIND_SECONDS, asyncio.Event())
            if left := executor.abandon():
                log.warning("%s did not stop: given back while still running", logs.plural(left, "handler"))
        executor.close()
        completer.close()
        if not await _within(REPORT_SECONDS, reporting):
            completer.give_up()
            await _within(REPORT_SECONDS, reporting)
        if completer.backlog:
            log.error("could not report %s: that work will run again", logs.plural(completer.backlog, "result"))
            self._code = 1
        await roles.claim.close()

    async def _ping(self) -> None:
        """So that others can see that this loop turns."""
        while True:
            self._pinged = time.monotonic()
            await asyncio.sleep(1.0)

    def _handle_signals(self) -> None:
        if threading.current_thread() is threading.main_thread() and self._loop is not None:
            for number in SIGNALS:
                self._loop.add_signal_handler(number, self._stopped)
            for number in heard(signal.SIGHUP):
                self._loop.add_signal_handler(number, self._hung_up)

    def _clean_up(self, loop: asyncio.AbstractEventLoop) -> None:
        """What handlers may have left in the loop."""
        try:
            left = asyncio.all_tasks(loop)
            for task in left:
                task.cancel()
            if left:
                loop.run_until_complete(asyncio.wait(left, timeout=1.0))
            loop.run_until_complete(loop.shutdown_asyncgens())
        finally:
            asyncio.set_event_loop(None)
            loop.close()

    # What it shows.

    def _greeting(self) -> str:
        options = self.options
        serves = "all queues" if options.queues is None else f"queue {', '.join(options.queues)}"
        types = ", ".join(sorted(self.app.handlers))
        shown = types if len(types) <= 200 else f"{types[:200]}…"
        where = f", metrics on http://{options.metrics_host}:{self.port}/metrics" if self.port else ""
        return (
            f"runner {self.id} serves {serves} of {database.redact(self._dsn)}: "
            f"{options.concurrency} handlers at a time, lease {show(options.lease)}, types {shown}{where}"
        )

    def _serve(self, roles: _Roles, housekeeper: Housekeeper, background: Background) -> StatusServer | None:
        options = self.options
        if options.metrics_port is None:
            return None

        def values() -> Iterable[DatabaseValue]:
            try:
                return background.run(housekeeper.database_metrics(), SCRAPE_SECONDS)
            except (TimeoutError, CancelledError, RuntimeError):  # busy with a long chore, or closed
                return housekeeper.values

        self.metrics.database = values
        self.metrics.database_read = lambda: housekeeper.values_read
        port = options.metrics_port + (options.process or 0) if options.metrics_port else 0
        server = StatusServer(
            options.metrics_host,
            port,
            self.metrics.registry,
            lambda: self._health(roles),
            lambda: self._ready(roles),
        )
        self.port = server.port
        return server

    def _health(self, roles: _Roles) -> Answer:
        """Good as long as the process works, even while it waits for the database: a restart would not help."""
        silent = time.monotonic() - self._pinged
        good = silent < LOOP_SILENT_SECONDS
        return good, {
            "status": "ok" if good else "blocked",
            "runner": str(self.id),
            "version": __version__,
            "queues": self.options.queues,
            "database": self._state.describe(),
            "slots": roles.executor.slots(),
            "held": len(roles.completer.held),
            "unreported": roles.completer.backlog,
            "loop_silent_seconds": round(silent, 1),
        }

    def _ready(self, roles: _Roles) -> Answer:
        """Good while it claims and runs jobs."""
        if self.stopping:
            return False, {"ready": False, "why": "stopping"}
        if not self._state.up:
            return False, {"ready": False, "why": "the database does not answer", "database": self._state.describe()}
        if not roles.claim.connected:
            return False, {"ready": False, "why": "not connected yet"}
        return True, {"ready": True}


class _Roles(NamedTuple):
    """The roles of the main loop."""

    claimer: Claimer
    executor: Executor
    completer: Completer
    doorbell: Doorbell
    claim: Link
    services: Services
    asker: Asker


async def _call(function: Callable[[], None]) -> None:
    function()


async def _first_of(*waits: Awaitable[Any]) -> None:
    """Until one of them is over. Those that are not tasks are cancelled then."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task, wait in zip(tasks, waits, strict=True):
        if task is not wait:
            task.cancel()


async def _within(seconds: float, work: asyncio.Future[None], *or_else: Awaitable[Any]) -> bool:
    """Whether `work` is over, after at most `seconds`, or as soon as something of `or_else` is."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(_first_of(work, *or_else), seconds)
    return work.done()
