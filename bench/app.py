"""What the measured runners run: nothing, and a look at the clock."""

from __future__ import annotations

import time
from functools import cache
from typing import TYPE_CHECKING

from faultline import App, AsyncClient, BelowFloor

if TYPE_CHECKING:
    from faultline import Job

app = App()


@app.handler("noop")
async def noop(job: Job) -> None:
    """Nothing at all: what is left is the price of the queue."""


@app.handler("list")
async def numbers(job: Job) -> list[int]:
    """What a for_each runs over."""
    return list(range(job.input["n"]))


@app.handler("relay")
async def relay(job: Job) -> None:
    """Enqueues the next one, as a chain of jobs does that is no workflow."""
    if left := job.payload["left"]:
        await _client().enqueue("relay", {"left": left - 1})


@cache
def _client() -> AsyncClient:
    return AsyncClient()


@app.handler("clock")
async def clock(job: Job) -> dict[str, float]:
    """How long ago it was enqueued, in seconds. Producer and runner share a machine, so they share a clock."""
    return {"late": time.time() - job.payload["sent"]}


@app.handler("transfer")
async def transfer(job: Job) -> None:
    """From one account to another; recorded as refused, without postings, if the first has not got so much."""
    order = job.payload
    try:
        async with job.ledger() as tx:
            tx.post(order["from"], -order["amount"], "EUR")
            tx.post(order["to"], order["amount"], "EUR")
    except BelowFloor:
        async with job.ledger() as tx:
            tx.effect = {"refused": "the account has not got so much"}
