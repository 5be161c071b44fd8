"""Every point at which a transfer or a charge can be cut off: it is applied exactly once all the same.

Two ways to die, at every message that the handler's connection sends to the server, before the server has it and after
it has acted upon it: the connection breaks (so the reply of COMMIT is lost, too), or the whole process is killed. For
charges also at every moment of the provider's. Then another runner gets the job, as after an expired lease.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import random
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import psycopg
import pytest

from faultline.drill.proxy import AFTER, BEFORE, Proxy, Strike
from tests.support.bank import ACCOUNTS, bank, work
from tests.support.proofs import FULL, SEED
from tests.support.provider import ANSWERED, ASKED, CHARGED, RECEIVED, Cut, Provider
from tests.support.running import Running, as_runner, assert_sound, events, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.context import ForkServerProcess

    from tests.support.database import Database

pytestmark = pytest.mark.every_version

FORKSERVER = multiprocessing.get_context("forkserver")
FORKSERVER.set_forkserver_preload(["tests.support.bank"])
HANDLER = "faultline handler"
KILLS, CUTS = 8, 12
"""How many points of a kind a reduced run tries; FAULTLINE_FULL=1, as in `make proofs`, tries all."""
NO_BACKOFF = '{"kind": "fixed", "delay": "1ms"}'
SUBMIT = f"select faultline.submit_transaction(%s, %s, queue => %s, backoff => '{NO_BACKOFF}')"
# What a crashed runner held, after its lease, comes to those who work on the queue `rescue`.
RESCUE = """
    update faultline.jobs_live set lease_expires_at = clock_timestamp() where state = 'running' and queue = 'victim';
    select faultline.reap_expired();
    update faultline.jobs_live set queue = 'rescue', ready_at = clock_timestamp() where queue = 'victim';
"""
STATUS = "select faultline.transaction_status(%s)"


class Point(NamedTuple):
    """A message of the handler's connection, or a moment of the provider."""

    where: int | str
    when: str = AFTER

    def __str__(self) -> str:
        return f"{self.when} message {self.where}" if isinstance(self.where, int) else f"provider {self.where}"


@pytest.fixture
def db(emptied: Database) -> Database:
    emptied.execute("drop schema if exists bank cascade")
    emptied.execute(ACCOUNTS)
    return emptied


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as made:
        yield made


_ids = (f"tx-{number}" for number in itertools.count(1))


def submit(db: Database, kind: str, queue: str) -> str:
    transaction = next(_ids)
    db.rows(SUBMIT, transaction, kind, queue)
    return transaction


def settled(db: Database, transaction: str, states: tuple[str, ...] = ("RECONCILED", "FAILED")) -> dict[str, Any]:
    """Wait until it is over, and return its status."""

    def over() -> dict[str, Any] | None:
        db.rows("select * from faultline.reconcile()")
        status: dict[str, Any] = db.scalar(STATUS, transaction)
        return status if status["state"] in states else None

    found: dict[str, Any] = until(over, f"transaction {transaction} is settled")
    return found


def points_of(messages: list[str], moments: tuple[str, ...]) -> list[Point]:
    along_the_wire = [Point(number, when) for number in range(1, len(messages) + 1) for when in (BEFORE, AFTER)]
    return [*along_the_wire, *(Point(moment) for moment in moments)]


def some(points: list[Point], most: int) -> list[Point]:
    """All points, or in a reduced run a sample: the last messages, COMMIT among them, are always in it."""
    if FULL or len(points) <= most:
        return points
    first, last = points[:-6], points[-6:]
    return sorted(random.Random(SEED).sample(first, most - 6), key=points.index) + last


@contextmanager
def struck(proxy: Proxy, provider: Provider, point: Point, action: Callable[[], None]) -> Iterator[Callable[[], bool]]:
    """What happens at the point; yields whether it has."""
    if isinstance(point.where, int):
        strike = proxy.arm(Strike(HANDLER, point.where, point.when, action))
        yield strike.struck.is_set
        return
    fell: list[bool] = []
    outer = provider.at.get(point.where)

    def cut() -> None:
        if outer is not None:
            outer()
        if not fell:
            fell.append(True)
            action()
            raise Cut

    provider.at[point.where] = cut
    yield lambda: bool(fell)
    if outer is None:
        provider.at.pop(point.where)
    else:
        provider.at[point.where] = outer


def assert_applied_once(db: Database, provider: Provider, transactions: list[str], kind: str) -> None:
    """Each of them has one entry, and has happened once; nothing else has."""
    assert db.scalar("select count(*) from faultline.ledger_entries") == len(transactions)
    assert db.scalar("select count(*) from faultline.transactions where state <> 'RECONCILED'") == 0
    if kind.endswith("transfer"):
        assert dict(db.rows("select name, balance::int from bank.accounts")) == {
            "alice": -len(transactions),
            "bob": len(transactions),
        }
        assert db.scalar("select faultline.account_balance('bob')") == len(transactions)
    else:
        keys = {db.scalar(STATUS, one)["effects"][0]["key"] for one in transactions}
        assert set(provider.charges) == keys
        assert set(provider.times.values()) == {1}
    assert db.rows("select job_id from faultline.jobs where state <> 'succeeded'") == []
    assert_sound(db)


@contextmanager
def victim(proxy: Proxy, provider: Provider) -> Iterator[ForkServerProcess]:
    """A runner process that works on the queue `victim` through the proxy; it is gone after the block."""
    process = FORKSERVER.Process(target=work, args=(proxy.dsn, provider.port, "victim"), daemon=True)
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join()


def killed_at(point: Point, proxy: Proxy, provider: Provider) -> None:
    """Let a runner process be killed when it gets to this point."""
    processes: list[ForkServerProcess] = []

    def kill() -> None:
        os.kill(processes[0].pid or 0, signal.SIGKILL)

    with struck(proxy, provider, point, kill) as happened, victim(proxy, provider) as process:
        processes.append(process)
        process.join(20)
        until(happened, f"the process is killed {point}")
        assert process.exitcode == -signal.SIGKILL


@pytest.mark.parametrize(
    ("kind", "moments", "trouble"),
    [
        ("transfer", (), None),
        ("async-transfer", (), None),
        ("charge", (RECEIVED, CHARGED, ANSWERED), None),
        ("async-charge", (RECEIVED, CHARGED, ANSWERED), None),
        # The first attempt is cut off at the provider; the points of the second, which has to ask, come on top.
        ("charge", (ASKED,), CHARGED),
        ("async-charge", (ASKED, RECEIVED), RECEIVED),
    ],
)
def test_a_connection_that_is_cut_at_any_message_leaves_the_effect_applied_once(
    db: Database,
    provider: Provider,
    kind: str,
    moments: tuple[str, ...],
    trouble: str | None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with (
        Proxy(as_runner(db.dsn)) as proxy,
        Running(bank(provider.port), db, dsn=proxy.dsn, queues=("victim",), poll=0.02, handler_connections=1),
    ):
        listing = proxy.arm(Strike(HANDLER))
        with struck(proxy, provider, Point(trouble or ""), lambda: None):
            transactions = [submit(db, kind, "victim")]
            settled(db, transactions[0])
        every = points_of(list(listing.messages), moments)
        points = some(every, CUTS)
        for point in points:
            proxy.cut(HANDLER)  # a new connection, as in the listing: the ledger's statements are prepared once on each
            with (
                struck(proxy, provider, Point(trouble or ""), lambda: None),
                struck(proxy, provider, point, lambda: None) as happened,
            ):
                transactions.append(submit(db, kind, "victim"))
                settled(db, transactions[-1])
                until(happened, f"the connection is cut {point}")  # the server may be through before the proxy is
    assert_applied_once(db, provider, transactions, kind)
    assert events(db, "stale") == [], "a runner that lives finds out that its commit went through"
    with capsys.disabled():
        also = f" after one was cut off at {trouble}" if trouble else ""
        print(f"\n{kind}{also}: cut at {len(points)} of {len(every)} points, seed {SEED}", end=" ")


@pytest.mark.parametrize(("kind", "moments"), [("transfer", ()), ("charge", (RECEIVED, CHARGED, ANSWERED))])
def test_a_process_that_is_killed_at_any_point_leaves_the_effect_applied_once(
    db: Database,
    provider: Provider,
    kind: str,
    moments: tuple[str, ...],
    capsys: pytest.CaptureFixture[str],
) -> None:
    with (
        Proxy(as_runner(db.dsn)) as proxy,
        Running(bank(provider.port), db, queues=("rescue",), doorbell=False, poll=0.02),
    ):
        transactions = [submit(db, kind, "victim")]
        listing = proxy.arm(Strike(HANDLER))
        with victim(proxy, provider):
            settled(db, transactions[0])
        every = points_of(list(listing.messages), moments)
        points = some(every, KILLS)
        for point in points:
            transactions.append(submit(db, kind, "victim"))
            killed_at(point, proxy, provider)
            db.execute(RESCUE)
            settled(db, transactions[-1])
    assert_applied_once(db, provider, transactions, kind)
    with capsys.disabled():
        print(f"\n{kind}: killed at {len(points)} of {len(every)} points, seed {SEED}", end=" ")


def test_a_request_that_arrives_after_its_transaction_has_failed_is_refused(db: Database, provider: Provider) -> None:
    """The sender dies while its request is on the way; the job is given up, and the key with it, before it arrives."""
    arrive = threading.Event()

    def on_its_way() -> None:
        arrive.wait(30)

    provider.at[RECEIVED] = on_its_way
    with Proxy(as_runner(db.dsn)) as proxy:
        transaction = submit(db, "charge", "victim")
        with victim(proxy, provider) as process:
            until(lambda: db.scalar("select count(*) from faultline.effect_log where state = 'SENT'"), "it is sent")
            until(lambda: provider.waiting, "the request is on its way")
            process.kill()
    db.execute("update faultline.jobs_live set lease_expires_at = clock_timestamp(), max_attempts = 1")
    assert db.scalar("select faultline.reap_expired()") == 1
    (job,) = db.rows("select job_id from faultline.jobs where state = 'failed'")
    assert db.rows("select * from faultline.reconcile()") == [], "an operator may still retry it"
    db.rows("select faultline.discard_job(%s)", job[0])
    with Running(bank(provider.port), db, queues=("rescue",)):
        status = settled(db, transaction)
    assert (status["state"], status["effects"][0]["state"]) == ("FAILED", "ABSENT")
    arrive.set()
    until(lambda: provider.late, "the delayed request arrives")
    assert provider.charges == {}
    with pytest.raises(psycopg.Error) as refused:
        db.rows("select faultline.submit_transaction(%s, 'charge')", transaction)
    assert refused.value.sqlstate == "FL006"
    assert_sound(db)
