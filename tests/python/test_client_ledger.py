"""Producers of transactions: submitted once, whatever is repeated, and asked about."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.rows import dict_row

import faultline
from faultline import App, AsyncClient, BelowFloor, Client, InvalidArgument, KeyConflict, NotFound, TransactionBurnt
from faultline.drill.proxy import Proxy
from faultline.errors import from_psycopg
from tests.support.transactions import Transactions

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from tests.support.database import Database


@pytest.fixture
def db(emptied: Database) -> Database:
    return emptied


@pytest.fixture
def transactions(db: Database) -> Transactions:
    return Transactions(db)


def as_producer(db: Database) -> str:
    return psycopg.conninfo.make_conninfo(db.dsn, options="-c role=faultline_producer")


def everything(db: Database) -> list[tuple[Any, ...]]:
    return [
        *db.rows("select transaction_id, kind, request, state, job_id from faultline.transaction_log order by 1"),
        *db.rows("select job_id, type, payload, state from faultline.jobs order by 1"),
    ]


# In the caller's transaction.


def test_transaction_and_job_exist_if_and_only_if_the_callers_transaction_commits(db: Database) -> None:
    with psycopg.connect(as_producer(db)) as connection:
        faultline.submit_transaction(connection, "t-1", "transfer", {"cents": 1})
        connection.rollback()
        assert everything(db) == []
        job = faultline.submit_transaction(connection, "t-1", "transfer", {"cents": 2})
        assert everything(db) == []
    assert everything(db) == [
        ("t-1", "transfer", {"cents": 2}, "INIT", job),
        (job, "transfer", {"cents": 2}, "queued"),
    ]


def test_every_option_arrives(db: Database) -> None:
    at = datetime(2100, 1, 1, 12, tzinfo=UTC)
    job = faultline.submit_transaction(
        db.connect("faultline_producer"),
        "t-1",
        "transfer",
        queue="ledger",
        run_at=at,
        priority=1,
        max_attempts=7,
        backoff={"kind": "fixed", "delay": "2s"},
        timeout=1.5,
        tags=["a", "b"],
        headers={"trace": "x"},
    )
    query = """
        select queue, ready_at, priority, max_attempts, backoff, timeout, tags, headers, payload, transaction_id
        from faultline.jobs_live where job_id = %s"""
    assert db.rows(query, job) == [
        (
            *("ledger", at, 1, 7, {"kind": "fixed", "delay": "2s"}),
            *(timedelta(seconds=1.5), ["a", "b"], {"trace": "x"}, {}, "t-1"),
        )
    ]


def test_works_whatever_the_callers_connection_makes_of_rows_and_parameters(db: Database) -> None:
    with psycopg.connect(as_producer(db), row_factory=dict_row, cursor_factory=psycopg.RawCursor) as connection:
        job = faultline.submit_transaction(connection, "t-1", "transfer")
        assert faultline.submit_transaction(connection, "t-1", "transfer") == job


def test_on_an_async_connection_it_is_awaited(db: Database) -> None:
    async def main() -> int:
        async with await psycopg.AsyncConnection.connect(as_producer(db)) as connection:
            return await faultline.submit_transaction(connection, "t-1", "transfer", {"cents": 1})

    job = asyncio.run(main())
    assert db.rows("select transaction_id, job_id from faultline.transaction_log") == [("t-1", job)]


# One id, one transaction.


@pytest.mark.parametrize("transaction_id", ["t", "x" * 255, "☃" * 255, " ", "a'b\"c\\d\n%s"])
def test_the_same_id_and_request_is_the_same_job_whatever_became_of_it(
    db: Database, transactions: Transactions, transaction_id: str
) -> None:
    connection = db.connect("faultline_producer")
    job = transactions.applied(transaction_id)
    before = everything(db)
    assert faultline.submit_transaction(connection, transaction_id, "transfer", priority=1) == job
    assert everything(db) == before


def test_the_id_of_other_work_is_refused(db: Database) -> None:
    connection = db.connect("faultline_producer")
    faultline.submit_transaction(connection, "t-1", "transfer", {"cents": 1})
    before = everything(db)
    for kind, request in (("transfer", {"cents": 2}), ("refund", {"cents": 1})):
        with pytest.raises(KeyConflict, match="'t-1' stands for job 1, which has another kind or request") as caught:
            faultline.submit_transaction(connection, "t-1", kind, request)
        assert caught.value.sqlstate == "FL002"
    assert everything(db) == before


def test_a_burnt_id_is_refused_with_its_reason(db: Database, transactions: Transactions) -> None:
    transactions.burnt("t-1")
    before = everything(db)
    with pytest.raises(TransactionBurnt, match="'t-1' has failed: by mistake"):
        faultline.submit_transaction(db.connect("faultline_producer"), "t-1", "transfer")
    with Client(as_producer(db)) as client, pytest.raises(TransactionBurnt):
        client.submit_transaction("t-1", "transfer")
    assert everything(db) == before


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"transaction_id": ""}, "the transaction id has 0 characters"),
        ({"transaction_id": "x" * 256}, "the transaction id has 256 characters"),
        ({"transaction_id": None}, "transaction_id is None: it has to be a text"),
        ({"transaction_id": 7}, "transaction_id is 7: it has to be a text"),
        ({"transaction_id": "a\0b"}, "NUL"),
        ({"transaction_id": "\udcff"}, "lone surrogate"),
        ({"kind": "a b"}, "kind is 'a b'"),
        ({"kind": None}, "kind is None"),
        ({"request": [1]}, r"the request of transaction 't-1' is \[1\]: it has to be an object"),
        ({"request": "text"}, "has to be an object"),
        ({"request": {"n": float("nan")}}, "not JSON"),
        ({"request": {"s": "x" * 262_144}}, "262153 bytes"),
        ({"queue": "a/b"}, "queue is 'a/b'"),
        ({"run_at": datetime(2100, 1, 1)}, "without a time zone"),  # noqa: DTZ001
        ({"priority": 5}, "priority 5"),
        ({"max_attempts": 0}, "max_attempts 0"),
        ({"timeout": 0}, "timeout"),
        ({"backoff": {"kind": "linear"}}, "backoff kind 'linear'"),
        ({"tags": ["a b"]}, "'a b'"),
        ({"headers": ["x"]}, "headers is"),
    ],
)
def test_bad_input_is_one_clear_error_and_nothing_is_changed(
    db: Database, arguments: dict[str, Any], complaint: str
) -> None:
    with (
        psycopg.connect(as_producer(db), autocommit=True) as connection,
        pytest.raises(InvalidArgument, match=complaint),
    ):
        faultline.submit_transaction(connection, **{"transaction_id": "t-1", "kind": "transfer", **arguments})
    assert everything(db) == []


@pytest.mark.parametrize("request_", ["[1]", '"text"', "null"])
def test_a_request_that_is_no_object_is_called_one(db: Database, request_: str) -> None:
    with pytest.raises(psycopg.Error) as caught:
        db.execute("select faultline.submit_transaction('t-1', 'transfer', %s)", request_)
    assert caught.value.sqlstate == "FL004"
    assert str(caught.value.diag.message_primary).startswith("the request is not an object but of type ")
    assert caught.value.diag.message_hint == 'Put the value under a name, as in {"value": …}'
    assert everything(db) == []


def test_a_request_that_is_too_big_is_to_be_passed_as_a_reference(db: Database) -> None:
    with pytest.raises(psycopg.Error) as caught:
        db.execute(
            "select faultline.submit_transaction('t-1', 'transfer', jsonb_build_object('a', repeat('x', 262144)))"
        )
    assert caught.value.diag.message_primary == "the request has 262153 bytes as text"
    assert str(caught.value.diag.message_hint).endswith("store the data elsewhere and pass a reference")


def test_tags_of_a_transaction_are_one_list(db: Database) -> None:
    with pytest.raises(psycopg.Error, match="tags is an array of arrays"):
        db.execute("select faultline.submit_transaction('t-1', 'transfer', tags => array[['a', 'b'], ['c', 'd']])")


def test_any_text_arrives_whatever_the_connections_encoding_is(db: Database) -> None:
    text = 'Käse, "☃" \\ 日本 😀'
    connection = db.connect("faultline_producer")
    job_id = faultline.submit_transaction(connection, text, "transfer", {text: text})
    connection.execute("set client_encoding to LATIN1")
    assert faultline.submit_transaction(connection, text, "transfer", {text: text}) == job_id
    assert db.rows("select transaction_id, request from faultline.transactions") == [(text, {text: text})]


@pytest.mark.parametrize("option", ["idempotency_key", "idempotency_ttl", "ququeue"])
def test_an_unknown_option_is_named(db: Database, option: str) -> None:
    with pytest.raises(TypeError, match=f"submit_transaction has no option '{option}': it has queue, run_at, "):
        faultline.submit_transaction(db.connect(), "t-1", "transfer", {}, **{option: "x"})  # type: ignore[call-overload]


def test_what_is_no_connection_is_refused() -> None:
    with pytest.raises(TypeError, match=r"psycopg\.Connection"):
        faultline.submit_transaction("postgresql://host/db", "t-1", "transfer")  # type: ignore[call-overload]


def test_only_a_producer_may_submit(db: Database) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        faultline.submit_transaction(db.connect("faultline_observer"), "t-1", "transfer")
    for role in ("faultline_producer", "faultline_runner", "faultline_operator"):
        faultline.submit_transaction(db.connect(role), "t-1", "transfer")


# Through an App.


def test_one_submitted_through_the_app_has_its_handlers_defaults(db: Database) -> None:
    app = App()
    app.handler("transfer", queue="ledger", max_attempts=3, timeout=timedelta(seconds=90))(lambda _: None)
    connection = db.connect("faultline_producer")
    default = app.submit_transaction(connection, "t-1", "transfer", {"n": 1})
    own = app.submit_transaction(connection, "t-2", "transfer", {"n": 1}, max_attempts=7, queue="other", timeout=None)
    unknown = app.submit_transaction(connection, "t-3", "elsewhere")
    query = "select queue, max_attempts, timeout from faultline.jobs_live where job_id = %s"
    assert db.rows(query, default) == [("ledger", 3, timedelta(seconds=90))]
    assert db.rows(query, own) == [("other", 7, timedelta(seconds=90))]
    assert db.rows(query, unknown) == [("default", 5, None)]


def _types_are_right(app: App, one: psycopg.Connection, other: psycopg.AsyncConnection) -> tuple[int, Awaitable[int]]:
    faultline.submit_transaction(one, "t", "transfer", {}, queue="ledger", timeout="5s")
    faultline.submit_transaction(one, "t", "transfer", {}, priority="high")  # type: ignore[call-overload]
    return app.submit_transaction(one, "t", "transfer"), app.submit_transaction(other, "t", "transfer")


# Clients.


def test_a_client_tells_what_became_of_a_transaction(db: Database, transactions: Transactions) -> None:
    with Client(as_producer(db)) as client:
        job = client.submit_transaction("t-1", "transfer", {"rate": 0.1}, queue="later")
        fresh = client.transaction("t-1")
        transactions.applied("t-2")
        applied = client.transaction("t-2")
        assert client.transaction("nobody's") is None
    assert fresh is not None
    assert (fresh["state"], fresh["job_id"], fresh["request"]) == ("INIT", job, {"rate": 0.1})
    assert (fresh["entry"], fresh["effects"]) == (None, [])
    assert applied is not None
    assert (applied["state"], applied["job_state"]) == ("APPLIED", "succeeded")
    assert applied["entry"]["effect"] == {"by": "test"}


def test_amounts_stay_exact(db: Database, transactions: Transactions) -> None:
    amount = "10000000000000000000.000000000000000001"
    transactions.applied(
        "t-1",
        [
            {"account": "alice", "amount": f"-{amount}", "currency": "EUR"},
            {"account": "bob", "amount": amount, "currency": "EUR"},
        ],
    )
    with Client(as_producer(db)) as client:
        shown = client.transaction("t-1")
    assert shown is not None
    amounts = [posting["amount"] for posting in shown["entry"]["postings"]]
    assert amounts == [Decimal(f"-{amount}"), Decimal(amount)]
    assert shown["entry"]["attempt"] == 1
    assert type(shown["entry"]["attempt"]) is int


def test_a_transaction_that_can_not_be_decoded_is_a_clear_error(db: Database) -> None:
    deep = f'{{"deep": {"[" * 3000}{"]" * 3000}}}'
    db.execute("select faultline.submit_transaction('t-1', 'transfer', %s::jsonb)", deep)
    with Client(as_producer(db)) as client, pytest.raises(faultline.PayloadError, match="the transaction's request"):
        client.transaction("t-1")


def test_what_names_no_transaction_is_refused_without_asking(db: Database) -> None:
    with Client(as_producer(db)) as client:
        for nonsense in ("a\0b", "\udcff", None):
            with pytest.raises(InvalidArgument, match="transaction_id"):
                client.transaction(nonsense)  # type: ignore[arg-type]


def test_a_lost_reply_is_asked_for_again(db: Database) -> None:
    with Proxy(db.dsn) as proxy, Client(proxy.dsn) as client:
        client.status(1)
        proxy.swallow("faultline client")
        job = client.submit_transaction("t-1", "transfer", {"cents": 1})
        proxy.swallow("faultline client")
        shown = client.transaction("t-1")
        assert proxy.swallowed == ["faultline client"] * 2
    assert everything(db) == [
        ("t-1", "transfer", {"cents": 1}, "INIT", job),
        (job, "transfer", {"cents": 1}, "queued"),
    ]
    assert shown is not None


def test_an_async_client_does_the_same(db: Database) -> None:
    async def main(proxy: Proxy) -> int:
        async with AsyncClient(proxy.dsn) as client:
            await client.status(1)
            proxy.swallow("faultline client")
            job = await client.submit_transaction("t-1", "transfer", {"cents": 1}, max_attempts=2)
            again = await asyncio.gather(
                *(client.submit_transaction("t-1", "transfer", {"cents": 1}) for _ in range(5))
            )
            assert again == [job] * 5
            shown = await client.transaction("t-1")
            assert shown is not None
            assert shown["job_id"] == job
            assert await client.transaction("nobody's") is None
            return job

    with Proxy(db.dsn) as proxy:
        job = asyncio.run(main(proxy))
        assert proxy.swallowed == ["faultline client"]
    assert db.rows("select job_id from faultline.jobs") == [(job,)]


# What the database says of the ledger has a name here.


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("select faultline.fail_transaction('nobody''s', 'no')", NotFound),
        ("select faultline.answer_effect('nobody''s', 'charge', 'ABSENT')", NotFound),
        ("select faultline.apply_ledger(%(job)s, 1, 't-1', '{}', %(postings)s)", BelowFloor),
    ],
)
def test_its_errors_are_ours(db: Database, transactions: Transactions, query: str, kind: type[Exception]) -> None:
    job = transactions.running("t-1")
    db.execute("select faultline.set_account('alice', 'EUR', 0)")
    postings = (
        '[{"account": "alice", "amount": -1, "currency": "EUR"}, {"account": "b", "amount": 1, "currency": "EUR"}]'
    )
    with pytest.raises(psycopg.Error) as caught:
        db.connect().execute(query.encode(), {"job": job, "postings": postings})
    assert type(from_psycopg(caught.value)) is kind
