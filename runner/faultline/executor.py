"""Runs handlers: coroutines on the event loop, plain functions in threads, at most `concurrency` at a time.

A coroutine that never suspends costs no task of its own: one task, the pump, drives one after the other, each in a
context of its own. When one suspends, the pump is its task from then on, and ends with it; another pump goes on with
the rest. So `asyncio.current_task()`, `asyncio.timeout()` and context variables mean in a handler what they always do.
"""

# ruff: noqa: SLF001 - what is private in a Job is private to the runner, not to its module

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import inspect
import logging
import random
import time
import types
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from faultline import reports
from faultline.durations import show
from faultline.encoding import decode_jsonb, encode
from faultline.errors import (
    AlreadyApplied,
    ContextError,
    Discard,
    Outcome,
    PayloadError,
    ResultError,
    RetryLater,
    Snooze,
    StaleAttempt,
    TransactionBurnt,
)
from faultline.job import Job
from faultline.logs import Limiter, clean, fields
from faultline.reports import Report
from faultline.threads import Threads

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping

    from faultline.app import Handler
    from faultline.completer import Completer
    from faultline.metrics import Metrics

log = logging.getLogger("faultline")

SLICE_SECONDS: Final = 0.004
"""How long handlers that never suspend may keep the loop from everything else."""
UNWIND_SECONDS: Final = 5.0
"""How long a coroutine may take to end after its timeout cancelled it, before it is reported and its slot is stuck."""
CONTEXT_DELAY: Final = 2.0
UNKNOWN_FIRST: Final = 5.0
UNKNOWN_MOST: Final = 300.0

# Why a handler should stop, in `Job._why`. The first reason stands, but for STALE, which overrules the others.
TIMEOUT: Final = "timeout"
CANCELLED: Final = "cancelled"
SHUTDOWN: Final = "shutdown"
STALE: Final = "stale"


class Attempt:
    """A handler that could not be run in one go: a coroutine that suspended, or a function in its thread."""

    __slots__ = ("job", "seconds", "started", "stuck", "task", "timer")

    def __init__(self, job: Job, started: float, seconds: float | None, task: asyncio.Task[None] | None) -> None:
        self.job = job
        self.started = started
        self.seconds = seconds
        self.task = task
        self.timer: asyncio.TimerHandle | None = None
        self.stuck = False


class Executor:
    """Owns the jobs between claim and report. All of it belongs to the event loop, unless it says otherwise."""

    def __init__(
        self,
        handlers: Mapping[str, Handler],
        completer: Completer,
        metrics: Metrics,
        *,
        concurrency: int,
        lease: float,
    ) -> None:
        self.concurrency = concurrency
        self.running = 0
        self.stuck = 0
        self.ended = 0
        self.ready: deque[Job] = deque()
        self.current: tuple[Job, float] | None = None  # what the loop is busy with; read by the heartbeat's thread
        self.on_room: Callable[[], None] = lambda: None
        self._handlers = handlers
        self._completer = completer
        self._metrics = metrics
        self._held = completer.held
        self._lease = lease
        self._attempts: dict[int, Attempt] = {}
        self._pumping = False
        self._loop = asyncio.get_running_loop()
        self._context = contextvars.copy_context()
        self._threads = Threads(concurrency, "faultline-handler")
        self._returned: deque[tuple[Attempt, Any, BaseException | None]] = deque()
        self._collecting = False
        self._unknown = Limiter(60.0)
        self._failures = Limiter(1.0)
        self._late = Limiter(1.0)
        self._tasks: set[asyncio.Task[None]] = set()
        self._quiet = asyncio.Event()

    # What comes in.

    def deliver(self, jobs: Iterable[Job]) -> None:
        """Take over jobs that were just claimed."""
        for job in jobs:
            if (earlier := self._held.get(job.id)) is not None:
                self.stop(earlier, STALE)  # this runner has it again: the earlier attempt has lost its lease
            self._held[job.id] = job
            self.ready.append(job)
        self._kick()

    def stop(self, job: Job, why: str) -> None:
        """Tell a handler to stop: `job.cancelled`, and for a coroutine CancelledError where it waits. Once a job."""
        told = job._why is not None
        if why == STALE and job._why != STALE:
            self._metrics.leases_expired += 1
        if not told or why == STALE:
            job._why = why
        attempt = self._attempts.get(id(job))
        if not told and attempt is not None and attempt.task is not None:
            attempt.task.cancel()

    def give_back(self, keep: int) -> None:
        """Let others have the jobs that have not started, but for the first `keep`."""
        while len(self.ready) > keep:
            job = self.ready.pop()
            if job._why == STALE:
                self._completer.dropped(job)
            else:
                self._completer.report(Report(job, "release", "released"))

    def interrupt(self) -> int:
        """Tell all handlers that still run to stop, because the runner ends. Returns how many there are."""
        for attempt in list(self._attempts.values()):
            self.stop(attempt.job, attempt.job._why or SHUTDOWN)
        return len(self._attempts)

    def abandon(self) -> int:
        """Give back the jobs of handlers that did not stop. Returns how many there are."""
        attempts = [attempt for attempt in self._attempts.values() if not attempt.stuck]
        for attempt in attempts:
            attempt.stuck = True
            self.stuck += 1
            if attempt.job._why != STALE:
                self._completer.report(Report(attempt.job, "release", "released"))
        return len(attempts)

    def has(self, job: Job) -> bool:
        """Whether the attempt has yet to end: it waits here, or its handler runs."""
        return id(job) in self._attempts or job in self.ready or (self.current is not None and self.current[0] is job)

    async def idle(self, seconds: float, hurry: asyncio.Event) -> None:
        """Wait until no handler runs, at most so long, or until somebody is in a hurry. Stuck ones don't count."""
        deadline = time.monotonic() + seconds
        while self.running > self.stuck and not hurry.is_set() and time.monotonic() < deadline:
            self._quiet.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._quiet.wait(), min(0.1, seconds))

    def close(self) -> None:
        self._threads.close()

    def timeout_of(self, job: Job) -> float | None:
        """Seconds an attempt may run: what the job says, else its handler. Any thread."""
        seconds = job.timeout_seconds
        if seconds is None and (handler := self._handlers.get(job.type)) is not None:
            seconds = handler.timeout
        return seconds

    def slots(self) -> dict[str, int]:
        """For the gauge; any thread."""
        running = self.running
        return {
            "busy": running,
            "idle": max(0, self.concurrency - running),
            "stuck": self.stuck,
            "prefetched": len(self.ready),
        }

    # The pump.

    def _kick(self) -> None:
        if not self._pumping and self.ready and self.running < self.concurrency:
            self._pumping = True
            # In a context of its own, or it would inherit that of whichever handler ended last.
            task = self._loop.create_task(self._pump(), context=self._context.copy())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pump(self) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101
        try:
            if await self._turns(task):
                return  # it was a handler's own task, and another pump took over
        except asyncio.CancelledError:
            pass  # a handler that is over still had hold of the task, and cancelled it
        except Exception:
            log.exception("a defect of the executor")
        self._pumping = False
        self._kick()

    async def _turns(self, task: asyncio.Task[None]) -> bool:
        """Run what is ready. True if the task became a handler's own, and this is its end."""
        ready, prepare, clock, copy = self.ready, self._prepare, time.monotonic, self._context.copy
        now = clock()
        pause = now + SLICE_SECONDS
        while ready and self.running < self.concurrency:
            job = ready.popleft()
            handler = prepare(job, now)
            if handler is None:
                continue
            self.current = (job, now)
            context = copy()
            try:
                coroutine = handler.function(job)
                yielded = context.run(coroutine.send, None)
            except StopIteration as stop:
                ended = clock()
                job._series.run.observe(ended - now)
                now = ended
                self._succeeded(job, stop.value)
            except BaseException as error:  # noqa: BLE001 - SystemExit too ends the job, never the runner
                ended = clock()
                job._series.run.observe(ended - now)
                now = ended
                self._raised(job, error, skip=1)
            else:
                self.current = None
                await self._suspended(task, job, _drive(context, coroutine, yielded), now)
                return True
            self.ended += 1
            if task.cancelling():
                break  # it cancelled its own task, and is over: the task is spoilt
            if now > pause:
                self.current = None
                self.on_room()
                await asyncio.sleep(0)
                now = clock()
                pause = now + SLICE_SECONDS
        self.current = None
        self.on_room()
        return False

    def _prepare(self, job: Job, now: float) -> Handler | None:
        """The handler to run on the loop; None if the job was refused, or a thread has it."""
        handler = self._handlers.get(job.type)
        if handler is None or job._why is not None or now - job._renewed > self._lease:
            self._refuse(job, handler, now)
            return None
        raw = job._raw
        if raw[7] is not None and not self._unpack(job):
            return None
        try:
            job.payload = decode_jsonb(raw[4])
        except Exception as error:  # noqa: BLE001 - whatever a decoder raises, it is this job's fault alone
            self._undecodable(job, error)
            return None
        series = job._series
        series.wait.observe((raw[10] - raw[9]) / 1e6)
        if raw[6]:
            series.retries += 1
        if handler.is_async:
            return handler
        self._start_thread(job, handler, now)
        return None

    def _unpack(self, job: Job) -> bool:
        """Decode what a task is given besides its payload. False if it can't run: that is reported then."""
        if job._context is None:
            delay = CONTEXT_DELAY * random.uniform(0.5, 1.0)  # noqa: S311
            self._completer.report(Report(job, "release", "released", seconds=delay))
            return False
        try:
            job._context.decode()
            job._item = None if job._item is None else decode_jsonb(job._item)
        except ContextError as error:
            self._log_failure(job, error)
            self._completer.report(reports.broken(job, error))
            return False
        except Exception as error:  # noqa: BLE001
            self._undecodable(job, error, "what the task is given")
            return False
        return True

    async def _suspended(
        self,
        task: asyncio.Task[None],
        job: Job,
        rest: Awaitable[Any],
        started: float,
    ) -> None:
        """The handler waits for something: from here on the task is its own, and others run beside it."""
        attempt = self._begin(job, started, task)
        self._pumping = False
        self._kick()
        result: Any = None
        error: BaseException | None = None
        try:
            result = await rest
        except BaseException as raised:  # noqa: BLE001
            error = raised
        self._end(attempt, result, error, skip=2)
        error = None  # its traceback holds this frame

    # Threads.

    def _start_thread(self, job: Job, handler: Handler, now: float) -> None:
        attempt = self._begin(job, now, None)
        context = self._context.copy()

        def work() -> None:
            result: Any = None
            error: BaseException | None = None
            try:
                result = context.run(handler.function, job)
            except BaseException as raised:  # noqa: BLE001
                error = raised
            self._returned.append((attempt, result, error))
            if not self._collecting:
                self._collecting = True
                try:
                    self._loop.call_soon_threadsafe(self._collect)
                except RuntimeError:  # the loop is closed: the process is ending, and has given the job back
                    return

        self._threads.submit(work)

    def _collect(self) -> None:
        self._collecting = False
        while self._returned:
            attempt, result, error = self._returned.popleft()
            if error is None and inspect.isawaitable(result):
                if inspect.iscoroutine(result):
                    result.close()
                name = attempt.job.type
                error = TypeError(
                    f"the handler of {name!r} is a plain def that returned an awaitable: make it async def"
                )
            self._end(attempt, result, error, skip=1)

    # Attempts that take their time.

    def _begin(self, job: Job, started: float, task: asyncio.Task[None] | None) -> Attempt:
        self.running += 1
        seconds = self.timeout_of(job)
        attempt = Attempt(job, started, seconds, task)
        self._attempts[id(job)] = attempt
        if seconds is not None:
            left = max(0.0, started + seconds - time.monotonic())
            self._arm(attempt, left, self._timed_out)
        return attempt

    def _arm(self, attempt: Attempt, seconds: float, then: Callable[[Attempt], None]) -> None:
        if attempt.timer is not None:
            attempt.timer.cancel()
        attempt.timer = self._loop.call_later(seconds, then, attempt)

    def _timed_out(self, attempt: Attempt) -> None:
        if attempt.job._why is not None:
            return
        self.stop(attempt.job, TIMEOUT)
        if attempt.task is not None:
            self._arm(attempt, UNWIND_SECONDS, self._give_up)
        else:
            self._give_up(attempt)

    def _give_up(self, attempt: Attempt) -> None:
        """Its time is over and it has not ended: report that now; its slot stays taken until it does."""
        attempt.stuck = True
        self.stuck += 1
        job = attempt.job
        log.warning(
            "job %d (%s, attempt %d) does not stop: its slot stays taken until it does", job.id, job.type, job.attempt
        )
        self._report_raised(job, _Unfinished(), attempt)

    def _end(self, attempt: Attempt, result: Any, error: BaseException | None, *, skip: int) -> None:
        job = attempt.job
        if attempt.timer is not None:
            attempt.timer.cancel()
        self._attempts.pop(id(job), None)
        self.running -= 1
        self.ended += 1
        self._quiet.set()
        if attempt.stuck:
            self.stuck -= 1
        else:
            job._series.run.observe(time.monotonic() - attempt.started)
            if error is not None:
                self._report_raised(job, error, attempt, skip=skip)
            else:
                self._succeeded(job, result)
        self._kick()
        self.on_room()

    # How it ended.

    def _succeeded(self, job: Job, value: object) -> None:
        if job._completed:
            if value is not None:
                self._after_completion(job, "returned a result, which is dropped: set it in the block, as tx.result")
            return
        if job.transaction_id is not None and not job._accounted:
            self._unaccounted(job)
        if value is None:
            self._completer.succeeded(job, None)
            return
        try:
            text = encode(value, f"the result of {job.type!r}")
        except ValueError as error:
            self._log_failure(job, error)
            self._completer.report(reports.broken(job, ResultError(str(error))))
            return
        self._completer.succeeded(job, text)

    def _report_raised(self, job: Job, error: BaseException, attempt: Attempt, *, skip: int = 0) -> None:
        if job._why == TIMEOUT and not isinstance(error, Outcome):
            limit = show(attempt.seconds or 0.0)
            late = TimeoutError(f"the handler ran longer than its timeout of {limit}")
            if not isinstance(error, _Unfinished):
                late.__cause__ = error.with_traceback(reports.without(error.__traceback__, skip))
            self._log_failure(job, late)
            self._completer.report(reports.failed(job, late, outcome="timed_out"))
        else:
            self._raised(job, error, skip=skip)

    def _raised(self, job: Job, error: BaseException, *, skip: int = 0) -> None:
        why = job._why
        if job._completed:
            if not isinstance(error, AlreadyApplied):
                self._after_completion(job, f"raised {reports.said(error)}"[:500])
        elif why == STALE and isinstance(error, asyncio.CancelledError | StaleAttempt | _Unfinished):
            self._completer.dropped(job)  # it ended because it was told to; there is nothing to report
        elif why == CANCELLED:
            self._completer.report(Report(job, "cancelled", "cancelled"))
        elif isinstance(error, Snooze):
            self._completer.report(Report(job, "snooze", "snoozed", seconds=error.seconds))
        elif isinstance(error, RetryLater):
            text = reports.describe(error, with_traceback=False)
            self._completer.report(Report(job, "fail", "retry_later", error=text, seconds=error.seconds))
        elif isinstance(error, Discard | TransactionBurnt):
            self._completer.report(reports.broken(job, error))
        elif why == SHUTDOWN:
            self._completer.report(Report(job, "release", "released"))
        else:
            self._log_failure(job, error)
            self._completer.report(reports.failed(job, error, skip=skip))

    def _unaccounted(self, job: Job) -> None:
        if (kept := self._failures.allow((job.type, "unaccounted"), time.monotonic())) is not None:
            log.warning(
                "job %d (%s) succeeded without job.ledger or an effect: transaction %s has no entry and will fail%s",
                job.id,
                job.type,
                clean(job.transaction_id or ""),
                f"; {kept} more since the last message" if kept else "",
                extra=fields(job_id=job.id, attempt=job.attempt, type=job.type, queue=job.queue),
            )

    def _after_completion(self, job: Job, what: str) -> None:
        if self._failures.allow((job.type, what[:20]), time.monotonic()) is not None:
            log.warning(
                "job %d (%s) had been completed by its ledger when its handler %s",
                job.id,
                job.type,
                what,
                extra=fields(job_id=job.id, attempt=job.attempt, type=job.type, queue=job.queue),
            )

    def _refuse(self, job: Job, handler: Handler | None, now: float) -> None:
        """A job that must not start: cancelled or lost while it waited, too late, or of a type nobody here knows."""
        if job._why == STALE:
            self._completer.dropped(job)
        elif job._why == CANCELLED:
            self._completer.report(Report(job, "cancelled", "cancelled"))
        elif handler is None:
            self._unknown_type(job, now)
        else:
            self._not_started(job, now)
            self._completer.report(Report(job, "release", "released"))

    def _not_started(self, job: Job, now: float) -> None:
        if (kept := self._late.allow(None, now)) is not None:
            log.warning(
                "job %d (%s) is not started: its lease may be lost%s",
                job.id,
                job.type,
                f"; {kept} more since the last message" if kept else "",
                extra=fields(job_id=job.id, attempt=job.attempt, type=job.type, queue=job.queue),
            )

    def _unknown_type(self, job: Job, now: float) -> None:
        delay = min(UNKNOWN_MOST, UNKNOWN_FIRST * 2.0 ** min(job.attempt - 1, 10)) * random.uniform(0.8, 1.0)  # noqa: S311
        self._completer.report(Report(job, "release", "unknown_type", seconds=delay))
        if (kept := self._unknown.allow(job.type, now)) is not None:
            log.warning(
                "no handler for type %r here (job %d, queue %s): released, next try in %s%s",
                clean(job.type),
                job.id,
                job.queue,
                show(round(delay)),
                f"; {kept} more since the last message" if kept else "",
                extra=fields(job_id=job.id, type=job.type, queue=job.queue),
            )

    def _undecodable(self, job: Job, error: BaseException, what: str = "the payload") -> None:
        reason = PayloadError(f"{what} can't be decoded: {type(error).__name__}: {error}")
        self._log_failure(job, reason)
        self._completer.report(reports.broken(job, reason))

    def _log_failure(self, job: Job, error: BaseException) -> None:
        kept = self._failures.allow((job.type, type(error)), time.monotonic())
        if kept is None:
            return
        log.warning(
            "job %d (%s, attempt %d) failed: %s%s",
            job.id,
            job.type,
            job.attempt,
            reports.said(error)[:500],
            f" ({kept} more of this kind since the last message)" if kept else "",
            extra=fields(job_id=job.id, attempt=job.attempt, type=job.type, queue=job.queue),
        )


class _Unfinished(Exception):  # noqa: N818
    """Stands for what a handler that does not stop might have raised."""


@types.coroutine
def _drive(
    context: contextvars.Context, coroutine: types.CoroutineType[Any, Any, Any], yielded: Any
) -> Generator[Any, Any, Any]:
    """The rest of a coroutine that has yielded once: hands on what goes in and out, in the coroutine's own context."""
    send, throw, run = coroutine.send, coroutine.throw, context.run
    while True:
        try:
            value = yield yielded
        except BaseException as error:  # noqa: BLE001 - CancelledError above all
            step: Callable[..., Any] = throw
            trace = error.__traceback__
            value = error.with_traceback(trace.tb_next if trace is not None else None)  # without this frame
        else:
            step = send
        try:
            yielded = run(step, value)
        except StopIteration as stop:
            return stop.value
