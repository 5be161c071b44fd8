"""POST /jobs and GET /jobs/{id}/status by 32 clients, against the same SQL from as many connections.

Both sides are driven by one event loop in this process, with nothing between it and the sockets, and each client asks
again as soon as it has its answer.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from typing import TYPE_CHECKING, Final

import psycopg

from bench import driver
from faultline.api.routes import jobs

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from faultline.embedded import Server

    Ask = Callable[[], Awaitable[None]]

CLIENTS: Final = 32
BODY: Final = '{"type": "noop", "payload": {"n": 1}}'
HEAD: Final = "POST /jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
POST: Final = f"{HEAD}Content-Length: {len(BODY)}\r\n\r\n{BODY}".encode()
GET: Final = "GET /jobs/{}/status HTTP/1.1\r\nHost: localhost\r\n\r\n"
DEFAULT: Final = 1_000
"""How many jobs there are to ask about."""

_last: dict[tuple[str, str], dict[str, float]] = {}


def by_http(server: Server, dbname: str, what: str, percentile: str, requests: int) -> float:
    """The percentile of one request over HTTP, in ms."""
    return of_one_measurement(
        ("http", what), percentile, lambda: asyncio.run(_http(server.dsn(dbname), what, requests))
    )


def by_sql(server: Server, dbname: str, what: str, percentile: str, requests: int) -> float:
    """The same of the statement that the route sends."""
    return of_one_measurement(("sql", what), percentile, lambda: asyncio.run(_sql(server.dsn(dbname), what, requests)))


def of_one_measurement(key: tuple[str, str], percentile: str, measure: Callable[[], list[float]]) -> float:
    """p50 and p99 are of one measurement, where they are asked for one after the other."""
    if percentile not in _last.get(key, {}):
        values = sorted(measure())
        _last[key] = {"p50": values[len(values) // 2], "p99": values[len(values) * 99 // 100]}
    return _last[key].pop(percentile)


async def _http(dsn: str, what: str, requests: int) -> list[float]:
    first = _fill(dsn)
    with driver.serving(dsn, CLIENTS) as port:
        numbers = itertools.count()
        streams = [await asyncio.open_connection("127.0.0.1", port) for _ in range(CLIENTS)]

        def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Ask:
            async def ask() -> None:
                sent = POST if what == "post" else GET.format(first + next(numbers) % DEFAULT).encode()
                writer.write(sent)
                head = await reader.readuntil(b"\r\n\r\n")
                if not head.startswith((b"HTTP/1.1 201", b"HTTP/1.1 200")):
                    message = f"the API answered {head[:200]!r}"
                    raise driver.BenchError(message)
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                await reader.readexactly(length)

            return ask

        try:
            return await _drive([client(*stream) for stream in streams], requests)
        finally:
            for _, writer in streams:
                writer.close()


async def _sql(dsn: str, what: str, requests: int) -> list[float]:
    first = _fill(dsn)
    numbers = itertools.count()
    connections = [await psycopg.AsyncConnection.connect(dsn, autocommit=True) for _ in range(CLIENTS)]

    def client(connection: psycopg.AsyncConnection[tuple[object, ...]]) -> Ask:
        async def ask() -> None:
            if what == "post":
                cursor = await connection.execute(jobs.ENQUEUE, (BODY, "{}"), prepare=True)
            else:
                cursor = await connection.execute(jobs.STATUS, (first + next(numbers) % DEFAULT,), prepare=True)
            await cursor.fetchall()

        return ask

    try:
        return await _drive([client(connection) for connection in connections], requests)
    finally:
        for connection in connections:
            await connection.close()


async def _drive(clients: list[Ask], requests: int) -> list[float]:
    """What each request took, in ms; the first ones, which find everything cold, are left out."""
    taken: list[float] = []
    left = itertools.count()

    async def go_on(ask: Ask) -> None:
        while next(left) < requests:
            started = time.perf_counter()
            await ask()
            taken.append(1000 * (time.perf_counter() - started))

    for ask in clients:
        await ask()
        await ask()
    await asyncio.gather(*(go_on(ask) for ask in clients))
    return taken


def _fill(dsn: str) -> int:
    """The first of DEFAULT jobs in a row."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        query = f"""select min(job_id) from faultline.enqueue_many((
          select jsonb_agg('{BODY}'::jsonb) from generate_series(1, {DEFAULT})))"""
        row = connection.execute(query.encode()).fetchone()
        assert row is not None
        return int(row[0])
