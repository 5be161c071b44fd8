"""Absurd, by its SDK's `start_worker`: the asynchronous client, many tasks claimed at a time and run at once.

The schema is the one that its absurdctl carries. The SDK has no bulk spawn.
"""

from __future__ import annotations

import asyncio
import signal

import psycopg
from absurd_sdk import AsyncAbsurd
from absurdctl import BUNDLED_SCHEMA_SQL

from bench.peers.adapters import meter

CONCURRENCY = 100


class Producer:
    def __init__(self, client: AsyncAbsurd) -> None:
        self._client = client

    async def one(self, payload: meter.Payload) -> None:
        await self._client.spawn("noop", payload, max_attempts=5, queue="default")

    async def many(self, payloads: list[meter.Payload]) -> None:
        for payload in payloads:
            await self.one(payload)

    async def close(self) -> None:
        await self._client.close()


class Adapter:
    async def install(self, dsn: str) -> None:
        async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
            await connection.execute(BUNDLED_SCHEMA_SQL.encode())
        client = AsyncAbsurd(dsn)
        await client.create_queue("default")
        await client.close()

    async def producer(self, dsn: str) -> Producer:
        return Producer(AsyncAbsurd(dsn))

    async def work(self, dsn: str, counter: meter.Meter) -> None:
        client = AsyncAbsurd(dsn, queue_name="default")

        @client.register_task("noop")
        async def noop(payload: meter.Payload, context: object) -> None:
            counter.ran(payload)

        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, client.stop_worker)
        await client.start_worker(concurrency=CONCURRENCY, poll_interval=0.05)
        await client.close()


if __name__ == "__main__":
    meter.run(Adapter())
