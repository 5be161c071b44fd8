"""An application: its handlers, by the type of job each one runs."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, overload

from faultline import client, durations, effects
from faultline.errors import InvalidArgument

if TYPE_CHECKING:
    from datetime import timedelta

    import psycopg

    from faultline.job import Job

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Handler:
    """One handler: what runs, and what a job gets that is enqueued through its App and says nothing else."""

    type: str
    function: Callable[[Job], Any]
    is_async: bool
    queue: str | None = None
    max_attempts: int | None = None
    timeout: float | None = None

    def defaults(self) -> dict[str, Any]:
        """The options of `enqueue` that this handler sets."""
        options = {"queue": self.queue, "max_attempts": self.max_attempts, "timeout": self.timeout}
        return {name: value for name, value in options.items() if value is not None}


class App:
    """The handlers of one application, and the database they work on (by default what the environment says)."""

    def __init__(self, dsn: str | None = None) -> None:
        self.dsn = dsn
        self.handlers: dict[str, Handler] = {}
        self.effects: dict[str, effects.Effect] = {}

    def handler(
        self,
        type: str,  # noqa: A002 - the contract's name
        *,
        queue: str | None = None,
        max_attempts: int | None = None,
        timeout: float | timedelta | str | None = None,
    ) -> Callable[[Function], Function]:
        """Run jobs of `type` with the decorated function, which is given a Job and returns what JSON can hold, or None.

        An `async def` runs on the event loop, a plain `def` in a thread. `timeout` (seconds, or "30s") bounds an
        attempt of a job that has no timeout of its own. Raises InvalidArgument if the type has a handler already.
        """
        client.check_name(type, "type")
        if queue is not None:
            client.check_name(queue, "queue")
        if max_attempts is not None and not 1 <= max_attempts <= 100:
            raise InvalidArgument(f"max_attempts is {max_attempts!r}: it lies between 1 and 100")
        limit = None if timeout is None else durations.seconds(timeout, what="timeout", least=0.001)

        def register(function: Function) -> Function:
            if type in self.handlers:
                raise InvalidArgument(f"type {type!r} has a handler already: {self.handlers[type].function!r}")
            self.handlers[type] = Handler(type, function, _is_async(type, function), queue, max_attempts, limit)
            return function

        return register

    def effect(
        self,
        name: str,
        *,
        reconcile: Callable[[effects.OutsideEffect], Any],
        queue: str | None = None,
        max_attempts: int | None = None,
        timeout: float | timedelta | str | None = None,
    ) -> Callable[[Function], Function]:
        """Carry out an effect outside the database with the decorated function, at most once for each transaction.

        The function is given the Job and an OutsideEffect; it sends `effect.key` as idempotency key, and returns what
        came back (anything that JSON can hold). `reconcile` is given the OutsideEffect when a request may have arrived
        whose answer was lost, and returns Applied(response), Absent() or Unknown(why); what it raises is Unknown. Both
        may be `async def` or plain.

        Jobs of the type `name` are this effect, with their payload as its request (submit_transaction makes them);
        other handlers carry it out with job.effect(name, request).
        """

        def register(function: Function) -> Function:
            is_async = _is_async(name, function)
            if not callable(reconcile):
                raise InvalidArgument(f"reconcile of effect {name!r} is not a function but {reconcile!r}")

            def plain(job: Job) -> None:
                job._services.effect(job, name, job.payload, None, completing=True)  # noqa: SLF001

            async def on_loop(job: Job) -> None:
                await job._services.effect(job, name, job.payload, None, completing=True)  # noqa: SLF001

            runs: Callable[[Job], Any] = on_loop if is_async else plain
            self.handler(name, queue=queue, max_attempts=max_attempts, timeout=timeout)(runs)
            self.effects[name] = effects.Effect(name, function, reconcile, is_async)
            return function

        return register

    @overload
    def enqueue(
        self,
        connection: psycopg.Connection[Any],
        type: str,
        payload: dict[str, Any] | None = None,
        **options: Any,
    ) -> int: ...
    @overload
    def enqueue(
        self,
        connection: psycopg.AsyncConnection[Any],
        type: str,
        payload: dict[str, Any] | None = None,
        **options: Any,
    ) -> Awaitable[int]: ...
    def enqueue(
        self,
        connection: psycopg.Connection[Any] | psycopg.AsyncConnection[Any],
        type: str,  # noqa: A002
        payload: dict[str, Any] | None = None,
        **options: Any,
    ) -> int | Awaitable[int]:
        """`faultline.enqueue` with the defaults of the type's handler. The type needs no handler here."""
        return client.enqueue(connection, type, payload, **self._with_defaults(type, options))

    @overload
    def submit_transaction(
        self,
        connection: psycopg.Connection[Any],
        transaction_id: str,
        kind: str,
        request: dict[str, Any] | None = None,
        **options: Any,
    ) -> int: ...
    @overload
    def submit_transaction(
        self,
        connection: psycopg.AsyncConnection[Any],
        transaction_id: str,
        kind: str,
        request: dict[str, Any] | None = None,
        **options: Any,
    ) -> Awaitable[int]: ...
    def submit_transaction(
        self,
        connection: psycopg.Connection[Any] | psycopg.AsyncConnection[Any],
        transaction_id: str,
        kind: str,
        request: dict[str, Any] | None = None,
        **options: Any,
    ) -> int | Awaitable[int]:
        """`faultline.submit_transaction` with the defaults of the kind's handler. The kind needs no handler here."""
        return client.submit_transaction(
            connection, transaction_id, kind, request, **self._with_defaults(kind, options)
        )

    def _with_defaults(self, type_: str, options: dict[str, Any]) -> dict[str, Any]:
        handler = self.handlers.get(type_)
        if handler is None:
            return options
        return {**handler.defaults(), **{name: value for name, value in options.items() if value is not None}}


def _is_async(type_: str, function: object) -> bool:
    if inspect.isasyncgenfunction(function) or inspect.isgeneratorfunction(function):
        raise InvalidArgument(f"the handler of {type_!r} is a generator: a handler returns one result")
    if not callable(function):
        raise InvalidArgument(f"the handler of {type_!r} is not a function but {function!r}")
    call = getattr(function, "__call__", None)  # noqa: B004 - an object with an async __call__
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(call)
