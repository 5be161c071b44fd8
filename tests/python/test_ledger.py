"""job.ledger and faultline.ledger: what a handler does in its block, the entry, the completion: one transaction."""

from __future__ import annotations

import asyncio
import signal
import threading
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

import faultline
from faultline import AlreadyApplied, App, InvalidArgument, Job, OutcomeUnknown, StaleAttempt, TransactionBurnt
from faultline.drill.proxy import AFTER, Proxy, Strike
from tests.support.bank import ACCOUNTS, MOVE, bank
from tests.support.running import Running, as_runner, assert_sound, drain, enqueue, events, job, process, state, until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.database import Database

RUNNER = "11111111-1111-1111-1111-111111111111"


@pytest.fixture
def db(emptied: Database) -> Database:
    emptied.execute("drop schema if exists bank cascade")
    emptied.execute(ACCOUNTS)
    return emptied


def app_of(**handlers: Callable[[Job], Any]) -> App:
    app = App()
    for name, function in handlers.items():
        app.handler(name)(function)
    return app


def submit(db: Database, transaction: str, kind: str = "transfer", **options: Any) -> int:
    names = "".join(f", {name} => %s" for name in options)
    query = f"select faultline.submit_transaction(%s, %s{names})"
    return int(db.scalar(query, transaction, kind, *options.values()))


def balances(db: Database) -> dict[str, int]:
    return dict(db.rows("select name, balance::int from bank.accounts"))


def status(db: Database, transaction: str) -> dict[str, Any]:
    found: dict[str, Any] = db.scalar("select faultline.transaction_status(%s)", transaction)
    return found


def claim(db: Database, lease: str = "1 hour") -> tuple[int, int]:
    (row,) = db.rows("select job_id, attempt from faultline.claim_job('default', %s, lease => %s)", RUNNER, lease)
    return row[0], row[1]


# In a runner.


@pytest.mark.parametrize("kind", ["transfer", "async-transfer"])
def test_the_work_its_entry_and_the_completion_are_one_transaction(db: Database, kind: str) -> None:
    job_id = submit(db, "t", kind)
    runner = drain(bank(), db)
    assert balances(db) == {"alice": -1, "bob": 1}
    assert (state(db, job_id), job(db, job_id)["result"]) == ("succeeded", {"moved": 1})
    entry = status(db, "t")["entry"]
    assert [(p["account"], p["amount"], p["currency"]) for p in entry["postings"]] == [
        ("alice", -1, "EUR"),
        ("bob", 1, "EUR"),
    ]
    rows = db.rows(
        "select (select xmin::text from faultline.ledger_entries), (select xmin::text from faultline.jobs_done),"
        " (select array_agg(distinct xmin::text) from bank.accounts)"
    )
    assert rows[0][0] == rows[0][1] == rows[0][2][0], "one transaction wrote all three"
    assert runner.metrics.series["default", kind].succeeded == 1
    assert_sound(db)


@pytest.mark.parametrize("kind", ["plain", "coroutine"])
def test_after_an_error_nothing_of_the_block_remains(db: Database, kind: str) -> None:
    def plain(job: Job) -> None:
        with job.ledger() as tx:
            tx.execute(MOVE, (5, "bob"))
            if job.attempt == 1:
                raise RuntimeError("in the middle")

    async def coroutine(job: Job) -> None:
        async with job.ledger() as tx:
            await tx.execute(MOVE, (5, "bob"))
            if job.attempt == 1:
                raise RuntimeError("in the middle")

    job_id = submit(db, "t", kind, backoff='{"delay": "1ms"}')
    drain(app_of(plain=plain, coroutine=coroutine), db)
    assert balances(db) == {"alice": 0, "bob": 5}
    assert (state(db, job_id), job(db, job_id)["attempt"]) == ("succeeded", 2)
    assert [detail["error"]["message"] for _, _, detail in events(db, "fail")] == ["in the middle"]
    assert_sound(db)


def test_postings_that_do_not_balance_roll_the_block_back(db: Database) -> None:
    def crooked(job: Job) -> None:
        with job.ledger() as tx:
            tx.execute(MOVE, (5, "bob"))
            tx.post("bob", 5, "EUR")

    job_id = submit(db, "t", "crooked", max_attempts=1)
    drain(app_of(crooked=crooked), db)
    assert balances(db) == {"alice": 0, "bob": 0}
    assert job(db, job_id)["error"]["type"] == "InvalidArgument"
    assert "the postings in EUR add up to 5" in job(db, job_id)["error"]["message"]
    assert status(db, "t")["state"] == "INIT"


@pytest.mark.parametrize(
    ("amount", "complaint"),
    [
        (0.1, "a float is never exact"),
        (True, "an int, a Decimal or a text"),
        (None, "an int, a Decimal or a text"),
        ("ten", 'amount "ten" is not a number'),
        (Decimal("NaN"), "is out of bounds"),
        ("1e20", "is out of bounds"),
        ("0.0000000000000000001", "is out of bounds"),
        (0, "amount is 0"),
    ],
)
def test_an_amount_that_is_none_is_refused_by_name(db: Database, amount: Any, complaint: str) -> None:
    def bad(job: Job) -> None:
        with job.ledger() as tx:
            tx.post("alice", amount, "EUR")
            tx.post("bob", 1, "EUR")

    job_id = submit(db, "t", "bad", max_attempts=1)
    drain(app_of(bad=bad), db)
    assert complaint in job(db, job_id)["error"]["message"]
    assert db.scalar("select count(*) from faultline.ledger_entries") == 0


def test_a_thousand_postings_are_the_most(db: Database) -> None:
    def many(job: Job) -> None:
        with job.ledger() as tx:
            for number in range(500):
                tx.post(f"a{number}", -1, "EUR")
                tx.post(f"b{number}", 1, "EUR")
            with pytest.raises(InvalidArgument, match="at most 1000 postings"):
                tx.post("c", 1, "EUR")

    submit(db, "t", "many")
    drain(app_of(many=many), db)
    assert db.scalar("select count(*) from faultline.postings") == 1000
    assert_sound(db)


@pytest.mark.parametrize("kind", ["plain", "coroutine"])
def test_a_transaction_that_was_applied_before_does_not_run_again(db: Database, kind: str) -> None:
    """A worker applied it, and died before it completed the job."""
    ran: list[int] = []

    def plain(job: Job) -> None:
        with job.ledger():
            ran.append(1)
        ran.append(2)

    async def coroutine(job: Job) -> None:
        async with job.ledger():
            ran.append(1)
        ran.append(2)

    job_id = submit(db, "t", kind)
    claim(db)
    entry = db.scalar("select entry_id from faultline.apply_ledger(%s, 1, 't', '{}')", job_id)
    db.execute("update faultline.jobs_live set lease_expires_at = now()")
    db.execute("select faultline.reap_expired()")
    db.execute("update faultline.jobs_live set ready_at = now()")
    runner = drain(app_of(plain=plain, coroutine=coroutine), db)
    assert ran == []
    assert (state(db, job_id), job(db, job_id)["attempt"]) == ("succeeded", 2)
    assert status(db, "t")["entry"]["entry_id"] == entry
    assert runner.metrics.series["default", kind].succeeded == 1
    assert_sound(db)


def test_a_handler_may_ask_whether_it_was_applied_before(db: Database) -> None:
    told: list[Any] = []

    def asks(job: Job) -> str:
        try:
            with job.ledger("shared"):
                pass
        except AlreadyApplied as applied:
            told.append(applied.entry_id)
        return "dropped"

    enqueue(db, "asks", '{"order": 1}', 2)
    drain(app_of(asks=asks), db, concurrency=1)
    assert told == [db.scalar("select entry_id from faultline.ledger_entries")]
    assert db.rows("select distinct state, result from faultline.jobs") == [("succeeded", None)]
    assert_sound(db)


def test_of_two_blocks_of_one_transaction_at_once_one_is_rolled_back(db: Database) -> None:
    """Two jobs, enqueued twice by mistake, with one id: both are in their blocks when the first one ends."""
    both = threading.Barrier(2)

    def pay(job: Job) -> None:
        with job.ledger(job.payload["id"]) as tx:
            tx.execute("insert into bank.accounts values (%s, 1)", (str(job.id),))
            both.wait(10)

    db.execute("grant insert on bank.accounts to faultline_runner")
    enqueue(db, "pay", '{"id": "order-7"}', 2)
    drain(app_of(pay=pay), db)
    assert db.scalar("select count(*) from bank.accounts where balance = 1") == 1
    assert db.scalar("select count(*) from faultline.ledger_entries") == 1
    assert db.rows("select distinct state from faultline.jobs") == [("succeeded",)]
    assert_sound(db)


def test_a_job_without_a_transaction_says_what_is_missing(db: Database) -> None:
    def none(job: Job) -> None:
        with job.ledger():
            pass

    (job_id,) = enqueue(db, "none", max_attempts=1)
    drain(app_of(none=none), db)
    assert "was not submitted as a transaction: give its id" in job(db, job_id)["error"]["message"]


@pytest.mark.parametrize("transaction", ["", "x" * 256, "a\0b", 7])
def test_an_id_that_can_name_no_transaction_is_refused(db: Database, transaction: Any) -> None:
    def bad(job: Job) -> None:
        job.ledger(transaction)

    (job_id,) = enqueue(db, "bad", max_attempts=1)
    drain(app_of(bad=bad), db)
    assert "it is a text of 1 to 255 characters" in job(db, job_id)["error"]["message"]


def test_a_burnt_transaction_ends_its_job_at_once(db: Database) -> None:
    def late(job: Job) -> None:
        db.execute("select faultline.fail_transaction('t', 'not wanted any more')")
        with job.ledger() as tx:
            tx.execute(MOVE, (5, "bob"))

    job_id = submit(db, "t", "late")
    drain(app_of(late=late), db)
    assert balances(db)["bob"] == 0
    assert state(db, job_id) == "cancelled"
    assert job(db, job_id)["error"]["type"] == "TransactionBurnt"
    assert_sound(db)


def test_what_comes_after_the_block_changes_nothing(db: Database, caplog: pytest.LogCaptureFixture) -> None:
    async def returns(job: Job) -> str:
        async with job.ledger():
            pass
        return "too late"

    async def raises(job: Job) -> None:
        async with job.ledger():
            pass
        raise RuntimeError("too late")

    jobs = submit(db, "t1", "returns"), submit(db, "t2", "raises")
    drain(app_of(returns=returns, raises=raises), db)
    assert [state(db, one) for one in jobs] == ["succeeded", "succeeded"]
    assert job(db, jobs[0])["result"] is None
    said = [record.getMessage() for record in caplog.records]
    assert any("returned a result, which is dropped" in one for one in said)
    assert any("completed by its ledger when its handler raised RuntimeError: too late" in one for one in said)
    assert_sound(db)


def test_a_long_block_keeps_its_lease_and_is_never_told_that_it_is_stale(db: Database) -> None:
    """Blocks end at random moments of the heartbeat's; none is taken for lost because its job is gone."""

    async def nap(job: Job) -> None:
        await asyncio.sleep(1.5 + 0.02 * (job.id % 40))
        async with job.ledger() as tx:
            await tx.execute("select pg_sleep(0.01)")
        await asyncio.sleep(0.5)
        assert not job.cancelled

    for number in range(60):
        submit(db, f"t{number}", "nap")
    with Running(app_of(nap=nap), db, lease=2.0, concurrency=60, until_empty=True) as running:
        running.join()
    assert db.rows("select distinct state, attempt from faultline.jobs") == [("succeeded", 1)]
    assert running.runner.metrics.leases_expired == 0
    assert set(running.runner.metrics.stale.values()) == {0}
    assert events(db, "stale") == []
    assert_sound(db)


def test_more_handlers_than_connections_wait_for_each_other(db: Database) -> None:
    def slow(job: Job) -> None:
        with job.ledger() as tx:
            tx.execute("select pg_sleep(0.02)")

    for number in range(20):
        submit(db, f"t{number}", "slow")
    drain(app_of(slow=slow), db, concurrency=20, handler_connections=2)
    assert db.scalar("select count(*) from faultline.ledger_entries") == 20
    assert_sound(db)


def test_a_worker_that_was_frozen_beyond_its_lease_leaves_nothing(db: Database, tmp_path: Path) -> None:
    """It is stopped in its block; another runner applies the transaction; then it wakes up and goes on."""
    (tmp_path / "frozen.py").write_text(
        "import time\nfrom faultline import App\napp = App()\n\n\n"
        "@app.handler('transfer')\ndef transfer(job):\n    with job.ledger() as tx:\n"
        "        tx.execute(\"select 'the block has begun'\")\n        time.sleep(1.5)\n"
        "        tx.execute(\"insert into bank.accounts values ('frozen', 1)\")\n"
    )
    db.execute("grant insert on bank.accounts to faultline_runner")
    job_id = submit(db, "t")
    begun = (
        "select count(*) from pg_stat_activity where query like '%%the block has begun%%' and state like 'idle in%%'"
    )
    with process(tmp_path, as_runner(db.dsn), "frozen:app", "--lease", "1s", "--no-doorbell") as frozen:
        until(lambda: db.scalar(begun), "it is in its block")
        frozen.signal(signal.SIGSTOP)
        until(lambda: state(db, job_id) == "running", "it is claimed")
        with Running(bank(), db, until_empty=True) as running:
            running.join()
        assert status(db, "t")["state"] in {"APPLIED", "RECONCILED"}
        frozen.signal(signal.SIGCONT)
        until(lambda: events(db, "stale"), "its report is refused, and recorded")
        frozen.signal(signal.SIGTERM)
        assert frozen.wait() == 0
    assert ("frozen", 1) not in db.rows("select name, balance::int from bank.accounts")
    assert balances(db) == {"alice": -1, "bob": 1}
    assert {detail["verb"] for _, _, detail in events(db, "stale")} <= {"apply", "heartbeat"}
    assert db.scalar("select count(*) from faultline.ledger_entries") == 1
    assert_sound(db)


def test_every_runner_reconciles(db: Database) -> None:
    """What was told by an event, and what nobody told of: a transaction whose job was lost in a partial restore."""
    submit(db, "t1")
    lost = submit(db, "t2")
    db.execute("delete from faultline.jobs_live where job_id = %s", lost)
    with Running(bank(), db) as running:
        until(lambda: status(db, "t1")["state"] == "RECONCILED", "t1 is reconciled")
        housekeeper = running.runner.housekeeper
        assert housekeeper is not None
        housekeeper.walk_soon()
        until(lambda: status(db, "t2")["state"] == "RECONCILED", "t2 has a job again, and is reconciled")
    assert balances(db) == {"alice": -2, "bob": 2}
    assert_sound(db)


# In a worker of the user's own.


def test_a_worker_of_ones_own_has_the_same(db: Database) -> None:
    submit(db, "t")
    job_id, attempt = claim(db)
    with psycopg.connect(as_runner(db.dsn), autocommit=True) as connection:
        with faultline.ledger(connection, job_id=job_id, attempt=attempt, transaction_id="t") as tx:
            tx.execute(MOVE, (1, "bob"))
            tx.post("alice", "-1.50", "EUR")
            tx.post("bob", Decimal("1.50"), "EUR")
            tx.effect = {"note": "by hand"}
            tx.result = [1]
        assert tx.entry_id == status(db, "t")["entry"]["entry_id"]
        with (
            pytest.raises(AlreadyApplied) as applied,
            faultline.ledger(connection, job_id=job_id, attempt=attempt, transaction_id="t"),
        ):
            raise AssertionError("the block must not run")
        assert applied.value.entry_id == tx.entry_id
    assert balances(db)["bob"] == 1
    assert status(db, "t")["entry"]["effect"] == {"note": "by hand"}
    assert job(db, job_id)["result"] == [1]
    assert_sound(db)


def test_the_same_for_asyncio(db: Database) -> None:
    submit(db, "t")
    job_id, attempt = claim(db)

    async def work() -> None:
        async with (
            await psycopg.AsyncConnection.connect(as_runner(db.dsn), autocommit=True) as connection,
            faultline.ledger(connection, job_id=job_id, attempt=attempt, transaction_id="t") as tx,
        ):
            await tx.execute(MOVE, (1, "bob"))

    asyncio.run(work())
    assert (balances(db)["bob"], state(db, job_id)) == (1, "succeeded")
    assert_sound(db)


def test_within_a_transaction_of_the_callers_the_callers_commit_decides(db: Database) -> None:
    submit(db, "t")
    job_id, attempt = claim(db)
    with psycopg.connect(as_runner(db.dsn)) as connection:
        connection.execute("select 'now a transaction is open'")
        with faultline.ledger(connection, job_id=job_id, attempt=attempt, transaction_id="t") as tx:
            tx.execute(MOVE, (1, "bob"))
        connection.rollback()
        assert (state(db, job_id), status(db, "t")["state"], balances(db)["bob"]) == ("running", "INIT", 0)
        with faultline.ledger(connection, job_id=job_id, attempt=attempt, transaction_id="t") as tx:
            tx.execute(MOVE, (1, "bob"))
        connection.commit()
    assert (state(db, job_id), balances(db)["bob"]) == ("succeeded", 1)
    assert_sound(db)


def test_a_stale_attempt_is_refused_before_its_block_and_at_its_end(db: Database) -> None:
    submit(db, "t")
    job_id, attempt = claim(db)

    def work(connection: psycopg.Connection[Any]) -> None:
        with faultline.ledger(connection, job_id=job_id, attempt=attempt, transaction_id="t") as tx:
            tx.execute(MOVE, (1, "bob"))
            assert state(db, job_id) == "running", "the block must not run once the lease is lost"
            db.execute("update faultline.jobs_live set lease_expires_at = now()")
            db.execute("select faultline.reap_expired()")

    with psycopg.connect(as_runner(db.dsn), autocommit=True) as connection:
        for _ in range(2):
            with pytest.raises(StaleAttempt):
                work(connection)
    assert balances(db)["bob"] == 0
    assert [(one, number, detail["verb"]) for one, number, detail in events(db, "stale")] == [(job_id, 1, "apply")]
    assert_sound(db)


def test_after_a_lost_commit_the_same_block_says_what_became_of_it(db: Database) -> None:
    submit(db, "t")
    job_id, attempt = claim(db)
    submit(db, "warm-up")
    other, _ = claim(db)

    def work(proxy: Proxy, job_id: int, transaction: str) -> None:
        with (
            psycopg.connect(proxy.dsn, autocommit=True, application_name="own worker") as connection,
            faultline.ledger(connection, job_id=job_id, attempt=attempt, transaction_id=transaction) as tx,
        ):
            tx.execute(MOVE, (1, "bob"))

    with Proxy(as_runner(db.dsn)) as proxy:
        listing = proxy.arm(Strike("own worker"))
        work(proxy, other, "warm-up")
        commit = max(number for number, kind in enumerate(listing.messages, 1) if kind == "Q")
        proxy.arm(Strike("own worker", commit, AFTER))
        with pytest.raises(OutcomeUnknown, match="it is applied, or not"):
            work(proxy, job_id, "t")
        with pytest.raises(AlreadyApplied):
            work(proxy, job_id, "t")
    assert balances(db)["bob"] == 2, "once for each transaction"
    assert state(db, job_id) == "succeeded"
    assert_sound(db)


@pytest.mark.parametrize("wrong", ["with", "async with"])
def test_the_wrong_kind_of_connection_is_said_to_be_wrong(db: Database, wrong: str) -> None:
    async def enter() -> None:
        async with await psycopg.AsyncConnection.connect(db.dsn, autocommit=True) as connection:
            with faultline.ledger(connection, job_id=1, attempt=1, transaction_id="t"):
                pass

    async def enter_async() -> None:
        with psycopg.connect(db.dsn, autocommit=True) as connection:
            async with faultline.ledger(connection, job_id=1, attempt=1, transaction_id="t"):
                pass

    with pytest.raises(TypeError, match=r"enter the ledger with `(async )?with`"):
        asyncio.run(enter() if wrong == "with" else enter_async())


def test_burnt_ids_are_refused_before_the_block(db: Database) -> None:
    submit(db, "t")
    job_id, attempt = claim(db)
    db.execute("select faultline.fail_transaction('t', 'no')")
    with (
        psycopg.connect(as_runner(db.dsn), autocommit=True) as connection,
        pytest.raises(TransactionBurnt, match="has failed: no"),
        faultline.ledger(connection, job_id=job_id, attempt=attempt, transaction_id="t"),
    ):
        raise AssertionError("the block must not run")


def test_a_success_without_an_entry_is_said_aloud(db: Database, caplog: pytest.LogCaptureFixture) -> None:
    submit(db, "t", "forgets")
    runner = drain(app_of(forgets=lambda _: None), db)
    assert any("transaction t has no entry and will fail" in record.getMessage() for record in caplog.records)
    assert status(db, "t")["state"] == "FAILED", "a runner that ends with the last job has settled it"
    assert runner.metrics.series["default", "forgets"].succeeded == 1
    assert_sound(db)


def test_a_second_ledger_of_one_job_is_refused_before_its_block(db: Database) -> None:
    def twice(job: Job) -> None:
        with job.ledger():
            pass
        with job.ledger("another"):
            raise AssertionError("the block must not run")

    job_id = submit(db, "t", "twice")
    drain(app_of(twice=twice), db)
    assert state(db, job_id) == "succeeded"
    assert db.scalar("select count(*) from faultline.transactions") == 1
    assert_sound(db)
