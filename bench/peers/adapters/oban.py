"""Oban for Python, by https://oban.pro/docs/py: one queue with a high limit, a pool, PostgreSQL's notifier."""

from __future__ import annotations

import asyncio
import signal
from typing import Any

import psycopg
from oban import Job, Oban, worker
from oban.schema import install_sql

from bench.peers.adapters import meter

LIMIT = 100
counts: meter.Meter | None = None


@worker(queue="default", max_attempts=5)
class Noop:
    async def process(self, job: Job) -> None:
        assert counts is not None
        counts.begin(job.args, again=job.attempt > 1)

    def backoff(self, job: Job) -> int:
        return 0


def made(payload: meter.Payload) -> Job:
    return Noop.new(payload)  # type: ignore[attr-defined] # what the decorator adds


class Producer:
    def __init__(self, oban: Oban, pool: Any) -> None:
        self._oban = oban
        self._pool = pool

    async def one(self, payload: meter.Payload) -> None:
        await self._oban.enqueue(made(payload))

    async def many(self, payloads: list[meter.Payload]) -> None:
        await self._oban.enqueue_many([made(payload) for payload in payloads])

    async def close(self) -> None:
        await self._pool.close()


class Adapter:
    async def install(self, dsn: str) -> None:
        async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
            await connection.execute(install_sql().encode())

    async def producer(self, dsn: str) -> Producer:
        pool = await Oban.create_pool(dsn, min_size=1, max_size=1)
        return Producer(Oban(pool=pool), pool)

    async def work(self, dsn: str, counter: meter.Meter) -> None:
        global counts  # noqa: PLW0603 - Oban makes a worker of its own for each job
        counts = counter
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        pool = await Oban.create_pool(dsn, min_size=4, max_size=10)
        async with Oban(pool=pool, queues={"default": LIMIT}):
            await stop.wait()
        await pool.close()


if __name__ == "__main__":
    # Under its own name, which is the one that its jobs have.
    from bench.peers.adapters import oban as itself

    meter.run(itself.Adapter())
