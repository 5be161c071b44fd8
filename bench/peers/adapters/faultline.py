"""Faultline as its users run it: `faultline run`, and its own client."""

from __future__ import annotations

import asyncio

from bench.peers.adapters import meter
from faultline import App, AsyncClient, Job, schema

app = App()
# `faultline run` imports this module and gives no other sign; the programs that enqueue count nothing.
counts = meter.Meter() if __name__ != "__main__" else None


@app.handler("noop")
async def noop(job: Job) -> None:
    assert counts is not None
    counts.begin(job.payload, again=job.attempt > 1)


@app.handler("beside")
async def beside(job: Job) -> None:
    """What runs beside that which is measured: it may take its time, and fail at first."""
    await asyncio.sleep(job.payload.get("seconds", 0.0))
    if "fail" in job.payload and job.attempt == 1:
        raise meter.MeantToFailError


class Producer:
    def __init__(self, dsn: str) -> None:
        self._client = AsyncClient(dsn)

    async def one(self, payload: meter.Payload) -> None:
        await self._client.enqueue("noop", payload)

    async def many(self, payloads: list[meter.Payload]) -> None:
        await self._client.enqueue_many([{"type": "noop", "payload": payload} for payload in payloads])

    async def close(self) -> None:
        await self._client.close()


class Faultline:
    async def install(self, dsn: str) -> None:
        schema.install(dsn)

    async def producer(self, dsn: str) -> Producer:
        producer = Producer(dsn)
        await producer._client.status(0)  # noqa: SLF001 - it connects when it is first asked
        return producer

    async def work(self, dsn: str, counter: meter.Meter) -> None:
        message = "Faultline's workers are `faultline run`"
        raise NotImplementedError(message)


if __name__ == "__main__":
    meter.run(Faultline())
