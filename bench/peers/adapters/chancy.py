"""Chancy, by the reference of its Queue: the executor for asyncio, a high concurrency, polling right after each job.

https://tkte.ch/chancy/: `Chancy.Executor.Async` for jobs that don't block, `eager_polling` for queues that are busy.
"""

import logging

from chancy import Chancy, Queue, QueuedJob, Worker, job

from bench.peers.adapters import meter

CONCURRENCY = 100
QUIET = logging.getLogger("quiet")
counts: meter.Meter | None = None


@job(queue="default", max_attempts=5)
async def noop(*, payload: meter.Payload, context: QueuedJob) -> None:
    assert counts is not None
    counts.begin(payload, again=context.attempts > 0)


class Producer:
    def __init__(self, chancy: Chancy) -> None:
        self._chancy = chancy

    async def one(self, payload: meter.Payload) -> None:
        await self._chancy.push(noop.job.with_kwargs(payload=payload))

    async def many(self, payloads: list[meter.Payload]) -> None:
        async for _ in self._chancy.push_many([noop.job.with_kwargs(payload=payload) for payload in payloads]):
            pass

    async def close(self) -> None:
        await self._chancy.__aexit__(None, None, None)


class Adapter:
    async def install(self, dsn: str) -> None:
        async with Chancy(dsn, log=QUIET) as chancy:
            await chancy.migrate()
            queue = Queue(
                "default",
                concurrency=CONCURRENCY,
                executor=Chancy.Executor.Async,
                polling_interval=1,
                eager_polling=True,
            )
            await chancy.declare(queue, upsert=True)

    async def producer(self, dsn: str) -> Producer:
        chancy = Chancy(dsn, log=QUIET, min_connection_pool_size=1, max_connection_pool_size=1)
        await chancy.__aenter__()
        return Producer(chancy)

    async def work(self, dsn: str, counter: meter.Meter) -> None:
        global counts  # noqa: PLW0603 - jobs are named by the path of their function
        counts = counter
        async with Chancy(dsn, log=QUIET) as chancy, Worker(chancy) as worker:
            await worker.wait_for_shutdown()


if __name__ == "__main__":
    # Under its own name, which is the one that its jobs have.
    from bench.peers.adapters import chancy as itself

    meter.run(itself.Adapter())
