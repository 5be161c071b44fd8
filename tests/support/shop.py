"""Handlers of a shop, some of them careless: what a drill of somebody's own handlers has to find, and what it must not.

The lines that it has to name bear a comment with a name.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import psycopg

import faultline
from faultline import Absent, App, Applied, Job, OutsideEffect
from tests.support.provider import ask

HOME = "SHOP_HOME"
PORT = "SHOP_PORT"
DATABASE = "SHOP_DATABASE"
TABLES = """
create table accounts (name text primary key, balance int not null, touched_at timestamptz default clock_timestamp());
create table payments (id serial primary key, reference text not null);
create table lines (payment int references payments (id), text text);
insert into accounts (name, balance) values ('alice', 100), ('bob', 0);
"""

app = App()


def prepare(dsn: str) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute(TABLES)


def port() -> int:
    return int(os.environ[PORT])


def database() -> str:
    return os.environ[DATABASE]


# As it should be.


@app.handler("transfer")
def transfer(job: Job) -> None:
    with job.ledger("transfer-1") as tx:
        tx.execute("update accounts set balance = balance - 10, touched_at = default where name = 'alice'")
        tx.execute("update accounts set balance = balance + 10, touched_at = default where name = 'bob'")
        tx.execute("with p as (insert into payments (reference) values ('1') returning id) insert into lines table p")
        tx.post("alice", -10, "EUR")
        tx.post("bob", 10, "EUR")


async def find_charge(effect: OutsideEffect) -> Applied | Absent:
    status, answer = await asyncio.to_thread(ask, port(), "GET", f"/charges/{effect.key}")
    return Applied(answer) if status == 200 else Absent()


@app.effect("charge", reconcile=find_charge)
async def charge(job: Job, effect: OutsideEffect) -> Any:
    return (await asyncio.to_thread(ask, port(), "POST", "/charges", effect.request, effect.key))[1]


@app.handler("careful")
def careful(job: Job) -> None:
    """Without the ledger, and all the same nothing of it happens twice."""
    ask(port(), "GET", "/charges/none")
    ask(port(), "POST", "/charges", {}, f"careful-{job.payload['order']}")
    with tempfile.TemporaryFile() as file:
        file.write(b"for a while")
    with psycopg.connect(database()) as connection:
        faultline.enqueue(connection, "mail", {"to": "ada"}, idempotency_key=f"mail-{job.id}")
        connection.execute("insert into accounts (name, balance) values ('eve', 5) on conflict (name) do nothing")
    (Path(os.environ[HOME]) / "receipt.txt").write_text("paid")


# As it should not be.


@app.handler("by-hand")
def by_hand(job: Job) -> None:
    with psycopg.connect(database()) as connection:
        connection.execute("update accounts set balance = balance - 10 where name = 'alice'")  # by-hand: balance
        connection.execute("insert into payments (reference) values ('1')")  # by-hand: payment


@app.handler("by-hand-async")
async def by_hand_async(job: Job) -> None:
    async with await psycopg.AsyncConnection.connect(database()) as connection:
        await connection.execute("insert into payments (reference) values ('1')")  # by-hand-async: payment


@app.handler("post")
def post(job: Job) -> None:
    ask(port(), "POST", "/charges", {"amount": 10})  # post: request


async def find_payment(effect: OutsideEffect) -> Applied | Absent:
    return Absent()


@app.effect("keyed-by-attempt", reconcile=find_payment)
async def keyed_by_attempt(job: Job, effect: OutsideEffect) -> Any:
    key = f"{effect.key}-{job.attempt}"
    return (await asyncio.to_thread(ask, port(), "POST", "/charges", {}, key))[1]  # keyed-by-attempt: request


def believe(effect: OutsideEffect) -> Applied:
    return Applied()


@app.effect("believed", reconcile=believe)
def believed(job: Job, effect: OutsideEffect) -> Any:
    return ask(port(), "POST", "/charges", {}, effect.key)[1]  # believed: request


@app.handler("follow-up")
def follow_up(job: Job) -> None:
    with psycopg.connect(database()) as connection:
        faultline.enqueue(connection, "mail", {"to": "ada"})  # follow-up: job


@app.handler("stuck")
def stuck(job: Job) -> None:
    with psycopg.connect(database()) as connection:
        connection.execute("insert into accounts (name, balance) values ('eve', 5)")  # stuck: account


@app.handler("afterwards")
def afterwards(job: Job) -> None:
    with job.ledger("afterwards-1") as tx:
        tx.execute("insert into payments (reference) values ('0')")
    with psycopg.connect(database()) as connection:
        connection.execute("insert into payments (reference) values ('1')")  # afterwards: payment
    ask(port(), "POST", "/charges", {})  # afterwards: request


@app.handler("outside")
def outside(job: Job) -> None:
    subprocess.run(["true"], check=True)  # outside: program
    with (Path(os.environ[HOME]) / "log.txt").open("a") as log:  # outside: file
        log.write("done\n")


@app.handler("counting")
def counting(job: Job) -> None:
    with job.ledger("counting-1") as tx:
        tx.execute("insert into payments (reference) values (%s)", (f"attempt {job.attempt}",))


# What no drill lets happen.


@app.handler("production")
def production(job: Job) -> None:
    psycopg.connect("host=localhost dbname=production").close()


@app.handler("abroad")
def abroad(job: Job) -> None:
    socket.create_connection(("192.0.2.1", 443), timeout=1).close()


@app.handler("flaky")
def flaky(job: Job) -> None:
    raise RuntimeError("not today")


@app.handler("patient")
def patient(job: Job) -> None:
    if job.attempt == 1:
        raise faultline.Snooze(0.01)
