"""What a runner offers to the handlers that it runs: connections, the ledger, effects outside.

Handlers run in threads and on the event loop; what they do here in a thread reaches the loop by call_soon_threadsafe.
"""

# ruff: noqa: SLF001 - what is private in a Job is private to the runner, not to its module

from __future__ import annotations

import asyncio
import contextlib
import inspect
import logging
import time
from typing import TYPE_CHECKING, Any, Final

import psycopg
from psycopg.rows import tuple_row

from faultline import database, effects, reports
from faultline.bookkeeping import STALE, Ledger
from faultline.effects import Effect, OutsideEffect, Unknown, as_answer
from faultline.errors import DatabaseUnavailable, InvalidArgument, from_psycopg
from faultline.logs import fields

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractAsyncContextManager, AbstractContextManager

    from faultline.completer import Completer
    from faultline.connections import Connections
    from faultline.job import Job
    from faultline.metrics import Metrics

log = logging.getLogger("faultline")

TRIES: Final = 8
ASK_SECONDS: Final = 30.0
OVERTAKEN: Final = "stale"


class Services:
    """One a runner; made in its main loop."""

    def __init__(
        self, connections: Connections, known: Mapping[str, Effect], completer: Completer, metrics: Metrics
    ) -> None:
        self.connections = connections
        self.metrics = metrics
        self._effects = known
        self._completer = completer
        self._loop = asyncio.get_running_loop()

    def ledger(self, job: Job, transaction_id: str | None) -> Ledger:
        """See Job.ledger."""
        tx = transaction_id if transaction_id is not None else job.transaction_id
        if tx is None:
            raise InvalidArgument(
                f"job {job.id} was not submitted as a transaction: give its id, as in job.ledger('order-17')"
            )
        job._accounted = True
        return Ledger(_Host(self, job), (job.id, job.attempt), tx)

    def effect(self, job: Job, name: str, request: Any, transaction_id: str | None, *, completing: bool = False) -> Any:
        """See Job.effect: the response, to be awaited on an event loop."""
        effect = self._effects.get(name)
        if effect is None:
            known = ", ".join(sorted(self._effects)) or "none"
            raise InvalidArgument(f"the App has no effect {name!r}: it has {known} (@app.effect)")
        job._accounted = True
        steps = effects.perform(job, effect, request, transaction_id, completing=completing)
        if _on_loop():
            return self._drive_async(job, steps)
        return self._drive(job, steps)

    # Steps in a thread.

    def _drive(self, job: Job, steps: effects.Steps) -> Any:
        value: Any = None
        error: BaseException | None = None
        try:
            while True:
                what, *arguments = steps.throw(error) if error is not None else steps.send(value)
                value = error = None
                try:
                    if what in {"call", "complete"}:
                        value = self._call(job, *arguments, completing=what == "complete")
                    elif what == "ask":
                        value = asyncio.run_coroutine_threadsafe(self.ask(*arguments), self._loop).result()
                    else:
                        effect, *given = arguments
                        value = self._resolved(effect.send(*given))
                except BaseException as raised:  # noqa: BLE001 - the steps decide
                    error = raised
        except StopIteration as stop:
            return stop.value

    def _call(self, job: Job, query: Any, parameters: tuple[Any, ...], *, completing: bool) -> Any:
        """Make a call whose repetition changes nothing, until there is an answer."""
        host = _Host(self, job)
        for attempt in range(TRIES):
            while completing and not host.leaving():
                time.sleep(0.002)
            try:
                with self.connections.sync() as connection:
                    try:
                        with connection.transaction(), psycopg.Cursor(connection, row_factory=tuple_row) as cursor:
                            row = cursor.execute(query, parameters, prepare=True).fetchone()
                    except psycopg.Error as error:
                        if not database.broke(connection, error):
                            if error.sqlstate == "FL001":
                                with contextlib.suppress(psycopg.Error):
                                    connection.execute(STALE, (job.id, job.attempt))
                            raise
                        connection.close()
                        lost: Exception = error
                    else:
                        if completing:
                            host.completed()
                        return row
            except psycopg.Error as error:
                self._refused(host, error, completing=completing)
            except DatabaseUnavailable as error:
                lost = error
            time.sleep(database.backoff(attempt))
        host.stayed()
        raise DatabaseUnavailable(f"the database did not answer: {database.reason(lost)}") from lost

    def _resolved(self, value: Any) -> Any:
        """What an async function of the App returned to a thread is awaited on the loop."""
        if inspect.iscoroutine(value):
            return asyncio.run_coroutine_threadsafe(value, self._loop).result()
        return value

    # Steps on the loop.

    async def _drive_async(self, job: Job, steps: effects.Steps) -> Any:
        value: Any = None
        error: BaseException | None = None
        while True:
            try:
                what, *arguments = steps.throw(error) if error is not None else steps.send(value)
            except StopIteration as stop:
                return stop.value
            value = error = None
            try:
                if what in {"call", "complete"}:
                    value = await self._call_async(job, *arguments, completing=what == "complete")
                elif what == "ask":
                    value = await self.ask(*arguments)
                else:
                    effect, *given = arguments
                    value = await self._awaited(effect.send, *given)
            except BaseException as raised:  # noqa: BLE001
                error = raised

    async def _call_async(self, job: Job, query: Any, parameters: tuple[Any, ...], *, completing: bool) -> Any:
        host = _Host(self, job)
        for attempt in range(TRIES):
            while completing and not host.leaving():  # noqa: ASYNC110 - for the heartbeat, in its thread
                await asyncio.sleep(0.002)
            try:
                async with self.connections.asynchronous() as connection:
                    try:
                        async with (
                            connection.transaction(),
                            psycopg.AsyncCursor(connection, row_factory=tuple_row) as cursor,
                        ):
                            await cursor.execute(query, parameters, prepare=True)
                            row = await cursor.fetchone()
                    except psycopg.Error as error:
                        if not database.broke(connection, error):
                            if error.sqlstate == "FL001":
                                with contextlib.suppress(psycopg.Error):
                                    await connection.execute(STALE, (job.id, job.attempt))
                            raise
                        await connection.close()
                        lost: Exception = error
                    else:
                        if completing:
                            host.completed()
                        return row
            except psycopg.Error as error:
                self._refused(host, error, completing=completing)
            except DatabaseUnavailable as error:
                lost = error
            await asyncio.sleep(database.backoff(attempt))
        host.stayed()
        raise DatabaseUnavailable(f"the database did not answer: {database.reason(lost)}") from lost

    async def ask(self, effect: Effect, outside: OutsideEffect) -> Any:
        """What the App's `reconcile` says; Unknown if it raises, or takes longer than 30 s."""
        try:
            async with asyncio.timeout(ASK_SECONDS):
                return as_answer(await self._awaited(effect.reconcile, outside), effect.name)
        except Exception as error:  # noqa: BLE001 - whatever went wrong, nobody knows
            return self._unknown(effect, outside, error)

    async def _awaited(self, function: Any, *arguments: Any) -> Any:
        """Call a function of the App: a coroutine on the loop, a plain one in a thread."""
        if effects.is_async(function):
            return await function(*arguments)
        value = await asyncio.to_thread(function, *arguments)
        return await value if inspect.isawaitable(value) else value

    # Both.

    def _refused(self, host: _Host, error: psycopg.Error, *, completing: bool) -> None:
        """Raises what the database said no with."""
        if completing:
            host.stayed()
        if error.sqlstate == "FL001":
            host.overtaken()
        raise from_psycopg(error) or error from error

    def _unknown(self, effect: Effect, outside: OutsideEffect, error: BaseException) -> Unknown:
        said = reports.said(error)
        log.warning(
            "nobody knows what became of effect %s of transaction %s: %s",
            effect.name,
            outside.transaction_id,
            said[:500],
            extra=fields(effect=effect.name, transaction=outside.transaction_id, job_id=outside.job_id),
        )
        return Unknown(said[:1000])

    def on_loop(self, function: Any, *arguments: Any) -> None:
        """Now, if this is the loop's thread; else as soon as it gets to it."""
        if _on_loop():
            function(*arguments)
        else:
            with contextlib.suppress(RuntimeError):  # the loop is closed: the process is ending
                self._loop.call_soon_threadsafe(function, *arguments)

    def completed(self, job: Job) -> None:
        job._completed = True
        self.on_loop(self._completer.completed, job)

    def overtaken(self, job: Job) -> None:
        if job._why != OVERTAKEN:
            job._why = OVERTAKEN
            self.metrics.leases_expired += 1
        self.metrics.stale["apply"] += 1


class _Host:
    """A runner's side of a ledger's block."""

    reconnects = True
    prepare: bool | None = True

    def __init__(self, services: Services, job: Job) -> None:
        self._services = services
        self._job = job

    def sync(self) -> AbstractContextManager[psycopg.Connection[Any]]:
        return self._services.connections.sync()

    def asynchronous(self) -> AbstractAsyncContextManager[psycopg.AsyncConnection[Any]]:
        return self._services.connections.asynchronous()

    def leaving(self) -> bool:
        """Not while a heartbeat has the job: it would find it gone, and stale. See Heartbeat."""
        job = self._job
        job._sent = time.monotonic()
        if job._beating:
            job._sent = 0.0
            return False
        return True

    def stayed(self) -> None:
        self._job._sent = 0.0

    def completed(self) -> None:
        self._services.completed(self._job)

    def overtaken(self) -> None:
        self._services.overtaken(self._job)


def _on_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
