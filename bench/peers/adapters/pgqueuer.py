"""PgQueuer, by docs/guides/performance-tuning.md of its repository.

From there: durability `durable`, the settings of `pgq autovac`, one connection for the QueueManager and a connection
each for producers, asyncpg. `batch_size` is raised as it says for short jobs.
"""

from __future__ import annotations

import asyncio
import json
import signal
from datetime import timedelta

import asyncpg
from pgqueuer import AsyncpgDriver, Job, PgQueuer, Queries, RetryRequested

from bench.peers.adapters import meter

BATCH = 1000


class Producer:
    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self._queries = Queries(AsyncpgDriver(connection))

    async def one(self, payload: meter.Payload) -> None:
        await self._queries.enqueue("noop", json.dumps(payload).encode())

    async def many(self, payloads: list[meter.Payload]) -> None:
        count = len(payloads)
        await self._queries.enqueue(["noop"] * count, [json.dumps(p).encode() for p in payloads], [0] * count)

    async def close(self) -> None:
        await self._connection.close()


class Pgqueuer:
    async def install(self, dsn: str) -> None:
        connection = await asyncpg.connect(dsn)
        queries = Queries(AsyncpgDriver(connection))
        await queries.install()
        await queries.optimize_autovacuum()
        await connection.close()

    async def producer(self, dsn: str) -> Producer:
        return Producer(await asyncpg.connect(dsn))

    async def work(self, dsn: str, counter: meter.Meter) -> None:
        queue = PgQueuer(AsyncpgDriver(await asyncpg.connect(dsn)))

        @queue.entrypoint("noop")
        async def noop(job: Job) -> None:
            payload = json.loads(job.payload or b"{}")
            if "fail" in payload and job.attempts == 0:
                raise RetryRequested(delay=timedelta(0), reason="meant to fail")
            counter.ran(payload)

        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, queue.shutdown.set)
        await queue.run(batch_size=BATCH)


if __name__ == "__main__":
    meter.run(Pgqueuer())
