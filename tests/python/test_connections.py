"""Connections for the SQL of handlers: replaced when they broke while idle, and what is prepared on them."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import pytest

from faultline.connections import Connections
from faultline.drill.pooler import pooled
from faultline.drill.proxy import Proxy

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.database import Database

HANDLER = "faultline handler"
PREPARED = "select statement from pg_prepared_statements"
OURS, THEIRS = "select 'ours'", "select 'theirs'"


@pytest.fixture
def db(emptied: Database) -> Database:
    return emptied


def in_a_thread(dsn: str, between: Callable[[], None]) -> list[tuple[Any, ...]]:
    """What is prepared on a connection that was used, given back, and taken again."""
    connections = Connections(dsn, 1)
    try:
        for turn in range(2):
            with connections.sync() as connection:
                for _ in range(10):
                    connection.execute(OURS, prepare=True)
                    connection.execute(THEIRS)
                prepared = connection.execute(PREPARED).fetchall()
            if turn == 0:
                between()
        return prepared
    finally:
        asyncio.run(connections.close())


def on_a_loop(dsn: str, between: Callable[[], None]) -> list[tuple[Any, ...]]:
    async def use() -> list[tuple[Any, ...]]:
        connections = Connections(dsn, 1)
        try:
            for turn in range(2):
                async with connections.asynchronous() as connection:
                    for _ in range(10):
                        await connection.execute(OURS, prepare=True)
                        await connection.execute(THEIRS)
                    prepared = await (await connection.execute(PREPARED)).fetchall()
                if turn == 0:
                    between()
            return prepared
        finally:
            await connections.close()

    return asyncio.run(use())


@pytest.mark.parametrize("use", [in_a_thread, on_a_loop])
def test_a_connection_that_broke_while_nobody_used_it_is_replaced_at_once(
    db: Database, use: Callable[[str, Callable[[], None]], object]
) -> None:
    with Proxy(db.dsn) as proxy:
        started = time.monotonic()
        use(proxy.dsn, lambda: proxy.cut(HANDLER))
        assert time.monotonic() - started < 5.0


@pytest.mark.parametrize("use", [in_a_thread, on_a_loop])
def test_only_what_asks_for_it_is_prepared_and_nothing_behind_a_pooler(
    db: Database, use: Callable[[str, Callable[[], None]], list[tuple[Any, ...]]]
) -> None:
    assert use(db.dsn, lambda: None) == [(OURS,)]
    with pooled(db.dsn, "postgres") as dsn:
        assert use(dsn, lambda: None) == []
