"""Statements that one connection sends again and again, without a cursor: half of the CPU of a call is the cursor's.

Only for what is sent as texts and whole numbers and answered by whole numbers. On a connection of psycopg in
autocommit, which is psycopg's again between two calls; nothing here is known to it.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import psycopg
from psycopg import pq
from psycopg.errors import error_from_result

if TYPE_CHECKING:
    from collections.abc import Mapping

STATEMENTS_MOST: Final = 50
"""What has more variants than so many goes the usual way."""
_PLACE: Final = re.compile(r"%\((\w+)\)s")


class Prepared:
    """The statements of one direct connection. One call at a time."""

    def __init__(self, connection: psycopg.AsyncConnection[Any], threshold: int) -> None:
        self._connection = connection
        self._threshold = threshold
        self._calls: Counter[str] = Counter()
        self._known: dict[str, tuple[bytes, list[str]]] = {}

    async def fetch(self, query: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]] | None:
        """The rows of a statement that returns one column of whole numbers, in its own transaction.

        None if nothing was sent: the statement is too new here, or has parameters that are neither text nor int.
        Raises what psycopg raises. If it is cancelled the server is told so, and the connection is of no more use.
        """
        known = self._known.get(query)
        if known is None:
            if not self._worth_it(query):
                return None
            known = await self._prepare(query)
        name, order = known
        values = []
        for place in order:
            value = parameters[place]
            if type(value) is int:
                value = str(value)
            elif type(value) is not str:
                return None
            values.append(value.encode())
        self._connection.pgconn.send_query_prepared(name, values)
        result = await self._answer()
        return [(int(result.get_value(row, 0) or 0),) for row in range(result.ntuples)]

    def _worth_it(self, query: str) -> bool:
        if len(self._known) >= STATEMENTS_MOST or len(self._calls) > 10 * STATEMENTS_MOST:
            return False
        self._calls[query] += 1
        return self._calls[query] > self._threshold

    async def _prepare(self, query: str) -> tuple[bytes, list[str]]:
        order: list[str] = []

        def place(found: re.Match[str]) -> str:
            order.append(found[1])
            return f"${len(order)}"

        name = f"faultline_{len(self._known)}".encode()
        self._connection.pgconn.send_prepare(name, _PLACE.sub(place, query).encode())
        await self._answer()
        self._known[query] = name, order
        return name, order

    async def _answer(self) -> pq.abc.PGresult:
        """Send what is there to be sent, and wait for the one result of it."""
        pgconn = self._connection.pgconn
        try:
            while pgconn.flush():
                await _ready(pgconn.socket, write=True)
                pgconn.consume_input()
            result = await self._result()
            assert result is not None  # noqa: S101 - there is one for each statement
            while await self._result() is not None:
                pass
        except BaseException:
            if pgconn.transaction_status == pq.TransactionStatus.ACTIVE:
                with contextlib.suppress(psycopg.Error, OSError):
                    await self._connection.cancel_safe(timeout=5.0)
            raise
        if result.status not in {pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK}:
            raise error_from_result(result)
        return result

    async def _result(self) -> pq.abc.PGresult | None:
        pgconn = self._connection.pgconn
        while pgconn.is_busy():
            await _ready(pgconn.socket)
            pgconn.consume_input()
        return pgconn.get_result()


async def _ready(socket: int, *, write: bool = False) -> None:
    """Until there is something to read; or to write, if that is asked for."""
    loop = asyncio.get_running_loop()
    waiter: asyncio.Future[None] = loop.create_future()
    loop.add_reader(socket, _wake, waiter)
    if write:
        loop.add_writer(socket, _wake, waiter)
    try:
        await waiter
    finally:
        loop.remove_reader(socket)
        if write:
            loop.remove_writer(socket)


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
