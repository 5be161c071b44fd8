"""The way to the database: a pool, a time limit for each statement, and one word for all that can break."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Final, LiteralString

import psycopg
from psycopg_pool import AsyncConnectionPool, PoolTimeout, TooManyRequests

from faultline import database
from faultline.api import problems
from faultline.api.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WAIT_SECONDS: Final = 5.0
WAIT_FIRST: Final = 0.5
WAITING_MOST: Final = 1000
MARGIN_SECONDS: Final = 2.0
"""How much later than the server we give up: COMMIT is not bounded by statement_timeout, nor is a dead peer."""
CLOSE_SECONDS: Final = 2.0
_SESSION: Final = """
select set_config('statement_timeout', %s, false), set_config('default_transaction_isolation', 'read committed', false)
"""
_LOCAL: Final = "select set_config('statement_timeout', %s, true)"


class Gateway:
    """For one event loop. Whatever it raises is a Problem, or a mistake of ours."""

    def __init__(self, dsn: str | None, most: int, timeout: float) -> None:
        self._dsn = database.resolve_dsn(dsn)
        self._most = most
        self._timeout = timeout
        self._pooled = False
        self._held = 0
        self._failures = 0
        self.state = database.DatabaseState()
        # No connection is kept trying for: the next request does that, so one that is back is found at once.
        self._pool = AsyncConnectionPool(
            "",
            connection_class=psycopg.AsyncConnection[Any],
            kwargs={**database.connect_parameters(dsn, "api"), "autocommit": True, "prepare_threshold": None},
            min_size=0,
            max_size=most,
            timeout=WAIT_SECONDS,
            max_waiting=WAITING_MOST,
            reconnect_timeout=0.1,
            configure=self._configure,
            check=_check,
            reconnect_failed=self._failed,
            open=False,
            name="faultline-api",
        )

    async def open(self) -> None:
        await self._pool.open()

    async def close(self) -> None:
        await self._pool.close(CLOSE_SECONDS)

    async def document(self, query: LiteralString, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> str | None:
        """The only value of the only row: a JSON document as text, or None."""
        rows = await self.rows(query, parameters)
        return None if not rows or rows[0][0] is None else str(rows[0][0])

    async def rows(
        self,
        query: LiteralString,
        parameters: Sequence[Any] | Mapping[str, Any] = (),
        *,
        seconds: float | None = None,
    ) -> database.Rows:
        """The rows of one statement in a transaction of its own; the server ends it after `seconds`.

        With `seconds` it waits no longer than that for a connection, either.
        """
        limit = seconds or self._timeout
        connection = await self._take(min(WAIT_SECONDS, seconds or WAIT_SECONDS))
        cut = asyncio.get_running_loop().call_later(limit + MARGIN_SECONDS, database.cut, connection)
        started = time.monotonic()
        try:
            if self._pooled or seconds is not None:
                async with connection.transaction():
                    await connection.execute(_LOCAL, (f"{limit:.3f}s",))
                    rows = await _fetch(connection, query, parameters)
            else:
                rows = await _fetch(connection, query, parameters)
        except (psycopg.Error, OSError) as error:
            problem = await self._problem(connection, error, late=time.monotonic() - started > limit)
            if problem is None:
                raise
            raise problem from error
        finally:
            cut.cancel()
            await self._give(connection)
        self.state.back("api")
        return rows

    async def _take(self, seconds: float) -> psycopg.AsyncConnection[Any]:
        """A connection of the pool, which by itself lets wait to the end, though it has seen that none can be made."""
        failures = self._failures
        try:
            try:
                connection = await self._pool.getconn(WAIT_FIRST)
            except PoolTimeout:
                if self._failures > failures or not self.state.up:
                    raise
                connection = await self._pool.getconn(seconds)
        except TooManyRequests as error:
            raise Problem("database-busy", f"{WAITING_MOST} requests wait for a connection already") from error
        except PoolTimeout as error:
            if self._held >= self._most:
                raise Problem("database-busy", f"all {self._most} connections are in use (--connections)") from error
            self.state.lost("api", "no connection could be made")
            raise problems.unavailable(f"no connection to {database.redact(self._dsn)}") from error
        self._held += 1
        return connection

    def _failed(self, _: AsyncConnectionPool[Any]) -> None:
        self._failures += 1

    async def _give(self, connection: psycopg.AsyncConnection[Any]) -> None:
        self._held -= 1
        await self._pool.putconn(connection)

    async def _problem(
        self, connection: psycopg.AsyncConnection[Any], error: psycopg.Error | OSError, *, late: bool
    ) -> Problem | None:
        if isinstance(error, OSError) or database.broke(connection, error):
            await connection.close()
            if late:
                return Problem(
                    "timeout", "the database gave no answer in time: what was asked may have happened, or not"
                )
            self.state.lost("api", database.reason(error))
            return problems.unavailable("the connection to the database broke", sent=True)
        return problems.from_database(error)

    async def _configure(self, connection: psycopg.AsyncConnection[Any]) -> None:
        await connection.set_isolation_level(psycopg.IsolationLevel.READ_COMMITTED)
        # What a pooler hands out is somebody else's session next: there each statement brings its limits along.
        self._pooled = not await database.is_direct_async(connection)
        if not self._pooled:
            await connection.execute(_SESSION, (f"{self._timeout:.3f}s",))
            connection.prepare_threshold = database.PREPARE_THRESHOLD


async def _fetch(
    connection: psycopg.AsyncConnection[Any], query: LiteralString, parameters: Sequence[Any] | Mapping[str, Any]
) -> database.Rows:
    cursor = await connection.execute(query, parameters)
    return await cursor.fetchall()


async def _check(connection: psycopg.AsyncConnection[Any]) -> None:
    if not database.alive(connection):
        await connection.close()
        raise psycopg.OperationalError("the connection is gone")
