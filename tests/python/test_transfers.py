"""Many transfers at once, by several runners of which one is killed: no money comes or goes, no floor gives way."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from bench import driver, transfers
from faultline import App, BelowFloor, Job
from tests.support.running import Running, as_runner, drain, process, until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.database import Database

ACCOUNTS, CREDIT, TRANSFERS = 50, 30, 2_000
HELD = """
    select count(*) from faultline.jobs_live j join faultline.runners r on r.runner = j.lease_owner where r.pid = %s
"""
ENTRIES = "select count(*) from faultline.ledger_entries"


@pytest.fixture
def db(emptied: Database) -> Database:
    return emptied


def in_threads() -> App:
    """What bench.app does on an event loop, in threads."""
    app = App()

    @app.handler("transfer")
    def transfer(job: Job) -> None:
        order = job.payload
        try:
            with job.ledger() as tx:
                tx.post(order["from"], -order["amount"], "EUR")
                tx.post(order["to"], order["amount"], "EUR")
        except BelowFloor:
            with job.ledger() as tx:
                tx.effect = {"refused": "the account has not got so much"}

    return app


def opened(db: Database) -> None:
    """Accounts with a floor of 0, and a credit from a bank that has none."""
    db.connect().execute(transfers.OPEN.format(accounts=ACCOUNTS, credit=CREDIT).encode())
    drain(in_threads(), db)


def complaints(db: Database) -> list[str]:
    connection = db.connect()
    transfers.settle(connection)
    return list(transfers.complaints(connection, transfers.CHECKS))


def test_transfers_by_threads_loops_and_a_killed_process_add_up(db: Database, tmp_path: Path) -> None:
    opened(db)
    db.connect().execute(transfers.SUBMIT.format(name="t", count=TRANSFERS, accounts=ACCOUNTS).encode())
    options = ("bench.app:app", "--queue", "default", "--lease", "1s")
    root = {"PYTHONPATH": str(driver.ROOT)}
    with (
        process(tmp_path, as_runner(db.dsn), *options, env=root) as victim,
        process(tmp_path, as_runner(db.dsn), *options, env=root),
        Running(in_threads(), db, lease=1.0),
    ):
        until(lambda: db.scalar(HELD, victim.process.pid) > 0, "the victim holds jobs")
        victim.signal(signal.SIGKILL)
        until(lambda: not db.scalar("select count(*) from faultline.jobs_live"), "all transfers are done")
    assert complaints(db) == []
    assert db.scalar(ENTRIES) == ACCOUNTS + TRANSFERS
    assert db.scalar("select count(*) from faultline.job_events where verb = 'expire'") > 0, "the victim held some"
    refused = db.scalar("select count(*) from faultline.ledger_entries where effect ? 'refused'")
    assert 0 < refused < TRANSFERS, "the floors were in the way, and not of all"


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        ("update faultline.postings set amount = amount + 1 where posting_id = 1", "money has come or gone"),
        (
            """
            insert into faultline.postings (entry_id, account, currency, amount)
            values (1, 'account-1', 'EUR', -100), (1, 'bank', 'EUR', 100)
            """,
            "an account is below its floor",
        ),
        ("delete from faultline.ledger_entries where entry_id = 1", "a transaction has not one entry"),
        (
            "update faultline.transactions set state = 'APPLIED', settled_at = null where transaction_id = 'credit-1'",
            "a transaction is not settled",
        ),
        ("delete from faultline.postings where entry_id = 1", "a transfer was neither booked nor refused"),
    ],
)
def test_the_benchmark_sees_what_does_not_add_up(db: Database, damage: str, complaint: str) -> None:
    opened(db)
    assert complaints(db) == []
    connection = db.connect()
    connection.execute("set session_replication_role = replica")
    connection.execute(damage.encode())
    said = list(transfers.complaints(connection, transfers.CHECKS))
    assert complaint in [one.split(":")[0] for one in said]
