"""DBOS Transact, by https://docs.dbos.dev/python/tutorials/queue-tutorial: a queue, `worker_concurrency`, fast polling.

A job is a workflow of one function, which is durable as a whole; clients enqueue through DBOSClient. It has no bulk
enqueue, and its client is synchronous: one a thread.
"""

from __future__ import annotations

import asyncio
import signal
from concurrent.futures import ThreadPoolExecutor

from dbos import DBOS, DBOSClient

from bench.peers.adapters import meter

CONCURRENCY = 100
POLLING = 0.05
VERSION = "bench"


def launched(dsn: str, counts: meter.Meter | None = None) -> None:
    """The library, with its one queue."""
    DBOS(
        config={
            "name": "bench",
            "system_database_url": dsn,
            "application_version": VERSION,
            "log_level": "ERROR",
            "scheduler_polling_interval_sec": 30.0,
        }
    )

    @DBOS.workflow(name="noop")
    async def noop(payload: meter.Payload) -> None:
        assert counts is not None
        counts.ran(payload)

    DBOS.launch()
    DBOS.register_queue("default", worker_concurrency=CONCURRENCY, polling_interval_sec=POLLING)


class Producer:
    def __init__(self, dsn: str) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._client = DBOSClient(system_database_url=dsn)
        self._options = {"queue_name": "default", "workflow_name": "noop", "app_version": VERSION}

    async def one(self, payload: meter.Payload) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._enqueue, [payload])

    async def many(self, payloads: list[meter.Payload]) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._enqueue, payloads)

    async def close(self) -> None:
        self._client.destroy()
        self._thread.shutdown()

    def _enqueue(self, payloads: list[meter.Payload]) -> None:
        for payload in payloads:
            self._client.enqueue(self._options, payload)


class Adapter:
    async def install(self, dsn: str) -> None:
        await asyncio.to_thread(launched, dsn)
        await asyncio.to_thread(DBOS.destroy)

    async def producer(self, dsn: str) -> Producer:
        return Producer(dsn)

    async def work(self, dsn: str, counter: meter.Meter) -> None:
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        await asyncio.to_thread(launched, dsn, counter)
        await stop.wait()
        await asyncio.to_thread(DBOS.destroy)


if __name__ == "__main__":
    meter.run(Adapter())
