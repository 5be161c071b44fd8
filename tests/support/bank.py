"""What the tests of the ledger run: transfers between accounts of a table of their own, and charges at a provider."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from faultline import Absent, App, Applied, Refused
from faultline.runner import Runner
from faultline.settings import RunnerOptions
from tests.support.provider import ask

if TYPE_CHECKING:
    from faultline import Job, OutsideEffect

ACCOUNTS = """
    create schema bank;
    create table bank.accounts (name text primary key, balance numeric not null);
    insert into bank.accounts values ('alice', 0), ('bob', 0);
    grant usage on schema bank to faultline_runner;
    grant select, update on bank.accounts to faultline_runner;
"""
MOVE = "update bank.accounts set balance = balance + %s where name = %s"


def bank(port: int | None = None) -> App:
    """An App whose transfers move 1 EUR from alice to bob, and whose charges go to the provider at this port."""
    app = App()

    @app.handler("transfer")
    def transfer(job: Job) -> None:
        with job.ledger() as tx:
            tx.execute(MOVE, (-1, "alice"))
            tx.execute(MOVE, (1, "bob"))
            tx.post("alice", -1, "EUR")
            tx.post("bob", 1, "EUR")
            tx.result = {"moved": 1}

    @app.handler("async-transfer")
    async def async_transfer(job: Job) -> None:
        async with job.ledger() as tx:
            await tx.execute(MOVE, (-1, "alice"))
            await tx.execute(MOVE, (1, "bob"))
            tx.post("alice", -1, "EUR")
            tx.post("bob", 1, "EUR")
            tx.result = {"moved": 1}

    if port is None:
        return app

    def find(effect: OutsideEffect) -> Any:
        status, charge = ask(port, "GET", f"/charges/{effect.key}")
        if status == 404 and effect.closing:
            status, charge = ask(port, "DELETE", f"/charges/{effect.key}")
            return Absent() if status == 200 else Applied(charge)
        return Applied(charge) if status == 200 else Absent()

    def send(job: Job, effect: OutsideEffect) -> Any:
        status, charge = ask(port, "POST", "/charges", job.payload, effect.key)
        if status == 410:
            raise Refused("the key is refused")
        return charge

    async def async_send(job: Job, effect: OutsideEffect) -> Any:
        return await asyncio.to_thread(send, job, effect)

    app.effect("charge", reconcile=find)(send)
    app.effect("async-charge", reconcile=find)(async_send)
    return app


def work(dsn: str, port: int, queue: str) -> None:
    """A runner process, until it is killed."""
    options: dict[str, Any] = {"queues": (queue,), "concurrency": 1, "doorbell": False, "poll": 0.02, "lease": 60.0}
    Runner(bank(port), RunnerOptions(dsn=dsn, **options)).run()
