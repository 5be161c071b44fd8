"""Procrastinate, by howto/production/concurrency and howto/basics/batch_defer of its documentation.

One worker runs many asynchronous jobs at a time (`concurrency`), with a pool that is large enough for them, and LISTEN
on. It has no claim of many jobs in one statement.
"""

from __future__ import annotations

from procrastinate import App, JobContext, PsycopgConnector, RetryStrategy

from bench.peers.adapters import meter

CONCURRENCY = 30


def make(dsn: str, most: int, counts: meter.Meter | None = None) -> App:
    app = App(connector=PsycopgConnector(conninfo=dsn, min_size=most, max_size=most))

    @app.task(name="noop", pass_context=True, retry=RetryStrategy(max_attempts=5))
    async def noop(context: JobContext, **payload: object) -> None:
        assert counts is not None
        counts.begin(payload, again=context.job.attempts > 0)

    return app


class Producer:
    def __init__(self, app: App) -> None:
        self._app = app
        self._task = app.tasks["noop"]

    async def one(self, payload: meter.Payload) -> None:
        await self._task.defer_async(**payload)

    async def many(self, payloads: list[meter.Payload]) -> None:
        await self._task.batch_defer_async(*payloads)

    async def close(self) -> None:
        await self._app.close_async()


class Procrastinate:
    async def install(self, dsn: str) -> None:
        app = make(dsn, 1)
        async with app.open_async():
            await app.schema_manager.apply_schema_async()

    async def producer(self, dsn: str) -> Producer:
        app = make(dsn, 1)
        await app.open_async()
        return Producer(app)

    async def work(self, dsn: str, counter: meter.Meter) -> None:
        app = make(dsn, CONCURRENCY + 2, counter)
        async with app.open_async():
            await app.run_worker_async(concurrency=CONCURRENCY)


if __name__ == "__main__":
    meter.run(Procrastinate())
