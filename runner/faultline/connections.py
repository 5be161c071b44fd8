"""Connections for the SQL of handlers: made when first needed, kept, and checked before they are handed out.

One pool for plain handlers, which run in threads, and one for coroutines; each of at most `most` connections, so that a
runner of a thousand handlers does not exhaust the server. Whoever finds none free waits for one.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING, Any, Final

import psycopg
from psycopg_pool import AsyncConnectionPool, ConnectionPool, PoolTimeout

from faultline import database
from faultline.errors import DatabaseUnavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

WAIT_SECONDS: Final = 30.0
PREPARE_ASKED_FOR: Final = 2**31 - 1
"""A prepare_threshold that is never reached: what is executed with prepare=True is prepared, the user's SQL is not."""
CLOSE_SECONDS: Final = 2.0


class Connections:
    """`sync` may be called from any thread, `asynchronous` in one event loop."""

    def __init__(self, dsn: str, most: int) -> None:
        self._parameters = database.connect_parameters(dsn, "handler")
        self._dsn = dsn
        self._most = most
        self._lock = threading.Lock()
        self._pool: ConnectionPool[psycopg.Connection[Any]] | None = None
        self._async_pool: AsyncConnectionPool[psycopg.AsyncConnection[Any]] | None = None
        self._opening = asyncio.Lock()

    @contextlib.contextmanager
    def sync(self) -> Iterator[psycopg.Connection[Any]]:
        """A connection in autocommit, READ COMMITTED. Raises DatabaseUnavailable if there is none in 30 s."""
        with self._lock:
            if self._pool is None:
                self._pool = ConnectionPool(
                    "",
                    connection_class=psycopg.Connection[Any],
                    kwargs={**self._parameters, "autocommit": True, "prepare_threshold": None},
                    min_size=0,
                    max_size=self._most,
                    timeout=WAIT_SECONDS,
                    configure=_configure,
                    check=_check,
                    open=True,
                    name="faultline-handlers",
                )
            pool = self._pool
        try:
            connection = pool.getconn()
        except PoolTimeout as error:
            raise self._unavailable() from error
        try:
            yield connection
        finally:
            pool.putconn(connection)

    @contextlib.asynccontextmanager
    async def asynchronous(self) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        """The same for asyncio."""
        async with self._opening:
            if self._async_pool is None:
                self._async_pool = AsyncConnectionPool(
                    "",
                    connection_class=psycopg.AsyncConnection[Any],
                    kwargs={**self._parameters, "autocommit": True, "prepare_threshold": None},
                    min_size=0,
                    max_size=self._most,
                    timeout=WAIT_SECONDS,
                    configure=_configure_async,
                    check=_check_async,
                    open=False,
                    name="faultline-handlers",
                )
                await self._async_pool.open()
        pool = self._async_pool
        try:
            connection = await pool.getconn()
        except PoolTimeout as error:
            raise self._unavailable() from error
        try:
            yield connection
        finally:
            await pool.putconn(connection)

    async def close(self) -> None:
        """Close what is not in use, and what is as soon as it comes back."""
        if self._async_pool is not None:
            await self._async_pool.close(CLOSE_SECONDS)
        if self._pool is not None:
            await asyncio.to_thread(self._pool.close, CLOSE_SECONDS)

    def _unavailable(self) -> DatabaseUnavailable:
        return DatabaseUnavailable(
            f"no connection to {database.redact(self._dsn)} for a handler within {WAIT_SECONDS:.0f} s: the database "
            f"does not answer, or all {self._most} are in use (--handler-connections)"
        )


def _configure(connection: psycopg.Connection[Any]) -> None:
    connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
    if database.is_direct(connection):
        connection.prepare_threshold = PREPARE_ASKED_FOR


async def _configure_async(connection: psycopg.AsyncConnection[Any]) -> None:
    await connection.set_isolation_level(psycopg.IsolationLevel.READ_COMMITTED)
    if await database.is_direct_async(connection):
        connection.prepare_threshold = PREPARE_ASKED_FOR


# One that is gone is closed here: the pool takes libpq's word, which does not know it yet, and would hand it out again.


def _check(connection: psycopg.Connection[Any]) -> None:
    if not database.alive(connection):
        connection.close()
        raise psycopg.OperationalError("the connection is gone")


async def _check_async(connection: psycopg.AsyncConnection[Any]) -> None:
    if not database.alive(connection):
        await connection.close()
        raise psycopg.OperationalError("the connection is gone")
