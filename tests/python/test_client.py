"""Producers: in the transaction of one's own connection, or with a client that has one."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.rows import dict_row

import faultline
from faultline import (
    AsyncClient,
    Client,
    DatabaseUnavailable,
    Enqueued,
    InvalidArgument,
    KeyConflict,
    OutcomeUnknown,
    SchemaMissing,
)
from faultline.drill.proxy import Proxy

if TYPE_CHECKING:
    from tests.support.database import Database


def as_producer(db: Database) -> str:
    return psycopg.conninfo.make_conninfo(db.dsn, options="-c role=faultline_producer")


def count(db: Database) -> int:
    return int(db.scalar("select count(*) from faultline.jobs"))


@pytest.fixture
def db(emptied: Database) -> Database:
    return emptied


# In the caller's transaction.


def test_the_job_exists_if_and_only_if_the_callers_transaction_commits(db: Database) -> None:
    with psycopg.connect(as_producer(db)) as connection:
        lost = faultline.enqueue(connection, "greet", {"n": 1})
        connection.rollback()
        kept = faultline.enqueue(connection, "greet", {"n": 2})
        assert count(db) == 0
    assert kept != lost
    assert [tuple(row) for row in db.rows("select job_id, payload from faultline.jobs")] == [(kept, {"n": 2})]


def test_every_option_arrives(db: Database) -> None:
    connection = db.connect("faultline_producer")
    at = datetime(2100, 1, 1, 12, tzinfo=UTC)
    job_id = faultline.enqueue(
        connection,
        "greet",
        {"text": 'ä "quoted" \\ {} ☃', "none": None},
        queue="mail",
        run_at=at,
        priority=1,
        max_attempts=7,
        idempotency_key="k'1",
        idempotency_ttl="1h",
        backoff={"kind": "fixed", "delay": "2s"},
        timeout=1.5,
        tags=["a", "b"],
        headers={"trace": "x"},
    )
    ((row),) = db.execute("select to_jsonb(j) from faultline.jobs_live j where job_id = %s", job_id).fetchall()
    stored = row[0]
    assert stored["payload"] == {"text": 'ä "quoted" \\ {} ☃', "none": None}
    assert (stored["queue"], stored["priority"], stored["max_attempts"]) == ("mail", 1, 7)
    assert (stored["backoff"], stored["headers"]) == ({"kind": "fixed", "delay": "2s"}, {"trace": "x"})
    assert (stored["timeout"], stored["tags"], stored["idempotency_key"]) == ("00:00:01.5", ["a", "b"], "k'1")
    assert datetime.fromisoformat(stored["ready_at"]) == at
    ((ttl,),) = db.rows("select expires_at - created_at from faultline.idempotency_keys")
    assert round(ttl.total_seconds()) == 3600


def test_works_whatever_the_callers_connection_makes_of_rows_and_parameters(db: Database) -> None:
    with psycopg.connect(as_producer(db), row_factory=dict_row, cursor_factory=psycopg.RawCursor) as connection:
        job_id = faultline.enqueue(connection, "greet")
        assert faultline.enqueue_many(connection, [{"type": "greet"}]) == [Enqueued(1, job_id + 1, True)]


TEXT = 'Käse, "☃" \\ 日本 😀'


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII", "EUC_JP", "UTF8"])
def test_any_text_arrives_whatever_the_connections_encoding_is(db: Database, encoding: str) -> None:
    connection = db.connect("faultline_producer")
    job_id = faultline.enqueue(connection, "greet", {TEXT: TEXT}, headers={"h": TEXT}, idempotency_key=TEXT)
    connection.execute(f"set client_encoding to {encoding}")
    assert faultline.enqueue(connection, "greet", {TEXT: TEXT}, idempotency_key=TEXT) == job_id
    ids = [faultline.enqueue(connection, "greet", {TEXT: TEXT}, headers={"h": TEXT})]
    again, new = faultline.enqueue_many(
        connection,
        [
            {"type": "greet", "payload": {TEXT: TEXT}, "idempotency_key": TEXT},
            {"type": "greet", "payload": {TEXT: TEXT}, "headers": {"h": TEXT}},
        ],
    )
    assert (again.job_id, again.created) == (job_id, False)
    ids.append(new.job_id)
    same = "select distinct payload, headers from faultline.jobs_live where job_id = any (%s)"
    assert db.rows(same, [job_id, *ids]) == [({TEXT: TEXT}, {"h": TEXT})]
    for bad, complaint in (({"s": "\udcff"}, "lone surrogate"), ({"s": "ä" * 131_068}, "262145 bytes")):
        with pytest.raises(InvalidArgument, match=complaint):
            faultline.enqueue(connection, "greet", bad)
    faultline.enqueue(connection, "greet", {"s": "ä" * 131_067})  # as \u00e4 it is three times as long


def test_any_text_arrives_on_an_async_connection_too(db: Database) -> None:
    async def main() -> int:
        async with await psycopg.AsyncConnection.connect(as_producer(db), client_encoding="LATIN1") as connection:
            return await faultline.enqueue(connection, "greet", {TEXT: TEXT}, idempotency_key=TEXT)

    job_id = asyncio.run(main())
    assert db.rows("select payload, idempotency_key from faultline.jobs_live where job_id = %s", job_id) == [
        ({TEXT: TEXT}, TEXT)
    ]


def test_a_client_reads_and_writes_any_text_whatever_encoding_is_asked_for(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    with Client(as_producer(db)) as client:
        status = client.status(client.enqueue("greet", {TEXT: TEXT}))
    assert status is not None
    assert status["payload"] == {TEXT: TEXT}


def test_on_an_async_connection_it_is_awaited(db: Database) -> None:
    async def main() -> tuple[int, list[Enqueued]]:
        async with await psycopg.AsyncConnection.connect(as_producer(db)) as connection:
            one = await faultline.enqueue(connection, "greet", {"n": 1})
            many = await faultline.enqueue_many(connection, [{"type": "greet"}, {"type": "greet"}])
            return one, many

    one, many = asyncio.run(main())
    assert [item.job_id for item in many] == [one + 1, one + 2]
    assert count(db) == 3


def test_one_key_one_job(db: Database) -> None:
    connection = db.connect("faultline_producer")
    first = faultline.enqueue(connection, "greet", {"n": 1}, idempotency_key="k")
    assert faultline.enqueue(connection, "greet", {"n": 1.0}, idempotency_key="k") == first
    with pytest.raises(KeyConflict, match="another type or payload") as caught:
        faultline.enqueue(connection, "greet", {"n": 2}, idempotency_key="k")
    assert caught.value.sqlstate == "FL002"
    assert isinstance(caught.value.__cause__, psycopg.Error)


def test_many_jobs_are_all_made_or_none(db: Database) -> None:
    connection = db.connect("faultline_producer")
    jobs: list[dict[str, Any]] = [
        {"type": "a", "payload": {"n": 1}, "run_at": datetime(2100, 1, 1, tzinfo=UTC), "timeout": "5s"},
        {"type": "b", "idempotency_key": "k", "tags": ("x",), "backoff": {"kind": "fixed"}},
        {"type": "b", "idempotency_key": "k"},
    ]
    made = faultline.enqueue_many(connection, jobs)
    assert [(item.ordinal, item.created) for item in made] == [(1, True), (2, True), (3, False)]
    assert made[1].job_id == made[2].job_id
    assert faultline.enqueue_many(connection, []) == []
    with pytest.raises(InvalidArgument, match=r"job 2: .*priority"):
        faultline.enqueue_many(connection, [{"type": "a"}, {"type": "a", "priority": 9}])
    assert count(db) == 2


ALIKE: dict[str, Any] = {
    "type": "a",
    "queue": "mail",
    "run_at": datetime(2100, 1, 1, tzinfo=UTC),
    "priority": 3,
    "max_attempts": 7,
    "timeout": "5s",
    "backoff": {"kind": "fixed", "delay": "5s"},
    "tags": ["x", "y"],
    "headers": {"tenant": 7},
}
SENT = "select pg_stat_activity.query from pg_stat_activity where application_name = 'alike'"
MADE = "select to_jsonb(j) - '{job_id,ready_at,created_at}'::text[] from faultline.jobs_live j order by job_id"


@pytest.mark.parametrize("options", [{"type": "a"}, ALIKE])
def test_jobs_that_differ_in_their_payloads_only_are_sent_as_such_and_made_alike(
    db: Database, options: dict[str, Any]
) -> None:
    payloads: list[dict[str, Any] | None] = [{"n": 0, TEXT: TEXT}, {}, None, {"n": 3}]
    jobs = [options | ({} if payload is None else {"payload": payload}) for payload in payloads]
    with psycopg.connect(as_producer(db), application_name="alike", autocommit=True) as connection:
        made = faultline.enqueue_many(connection, jobs)
        assert "enqueue_bulk" in db.scalar(SENT)
        rows = db.rows(MADE)
        assert [item.ordinal for item in made] == [1, 2, 3, 4]
        assert all(item.created for item in made)
        ids = "select array_agg(job_id order by job_id) from faultline.jobs_live"
        assert [item.job_id for item in made] == db.scalar(ids)
        db.execute("delete from faultline.jobs_live")
        # One that says what it has by default takes the other way, and makes the same.
        faultline.enqueue_many(connection, [*jobs[:3], jobs[3] | {"idempotency_ttl": None}])
        assert "enqueue_many" in db.scalar(SENT)
    assert db.rows(MADE) == rows
    assert [row["payload"] for (row,) in rows] == [payload or {} for payload in payloads]


@pytest.mark.parametrize(
    "other",
    [
        {"type": "b"},
        {"queue": "other"},
        {"priority": 2},
        {"timeout": 5},
        {"run_at": datetime(2100, 1, 2, tzinfo=UTC)},
        {"backoff": {"kind": "fixed", "delay": "5s"}},
        {"tags": ["x", "y"]},
        {"headers": {"tenant": 7.0}},
        {"idempotency_key": "k"},
        {"idempotency_key": None},
    ],
)
def test_one_that_differs_otherwise_is_sent_otherwise(db: Database, other: dict[str, Any]) -> None:
    with psycopg.connect(as_producer(db), application_name="alike", autocommit=True) as connection:
        faultline.enqueue_many(connection, [ALIKE | {"payload": {"n": 0}}, ALIKE | {"payload": {"n": 1}} | other])
        assert "enqueue_many" in db.scalar(SENT)
    assert count(db) == 2


class Incomparable(list[str]):
    """Like an array of numpy: what == says of two is neither true nor false."""

    __hash__ = None

    def __eq__(self, other: object) -> bool:
        raise ValueError("ambiguous")


def test_values_that_can_not_be_compared_are_looked_at_one_by_one(db: Database) -> None:
    jobs = [{"type": "a", "tags": Incomparable(["x"]), "payload": {"n": n}} for n in range(2)]
    assert len(faultline.enqueue_many(db.connect("faultline_producer"), jobs)) == 2


@pytest.mark.parametrize("other", [{"priority": True}, {"priority": 3.0}, {"ququeue": "x"}])
def test_what_only_equals_the_others_is_looked_at(db: Database, other: dict[str, Any]) -> None:
    jobs = [ALIKE | {"priority": 1} | {"payload": {"n": n}} for n in range(2)]
    with pytest.raises((InvalidArgument, TypeError), match=r"job 2: .*(priority|ququeue)"):
        faultline.enqueue_many(db.connect("faultline_producer"), [jobs[0], jobs[1] | other])
    assert count(db) == 0


def test_a_mapping_that_is_no_dict_is_taken_too(db: Database) -> None:
    jobs = [{"type": "a"}, MappingProxyType({"type": "a", "payload": {"n": 1}})]
    for order in (jobs, jobs[::-1], tuple(jobs), iter(jobs)):
        assert len(faultline.enqueue_many(db.connect("faultline_producer"), order)) == 2  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("jobs", "complaint"),
    [
        ([{"type": "a", "priority": 9}] * 2, "priority 9"),
        ([{"type": "a b"}] * 2, "job 1: type is 'a b'"),
        ([{"type": "a", "timeout": -1}] * 2, "job 1: timeout"),
        ([{"type": "a", "payload": {}}, {"type": "a", "payload": {"n": {1}}}], "job 2: the payload of 'a' is not JSON"),
        ([{"type": "a", "payload": {"s": "x" * 262_144}}] * 2, "job 1: the payload of 'a' has 262153 bytes"),
        ([{"type": "a"}] * 10_001, "10001 elements"),
    ],
)
def test_what_is_wrong_with_jobs_of_one_kind_is_named(db: Database, jobs: list[Any], complaint: str) -> None:
    with pytest.raises(InvalidArgument, match=complaint):
        faultline.enqueue_many(db.connect("faultline_producer"), jobs)
    assert count(db) == 0


# Bad input: one clear error, nothing changed.


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"payload": [1]}, r"payload of 'greet' is \[1\]: it has to be an object"),
        ({"payload": "text"}, "has to be an object"),
        ({"payload": {"n": float("nan")}}, "payload of 'greet' is not JSON"),
        ({"payload": {"s": "a\0"}}, "NUL"),
        ({"payload": {"s": "\udcff"}}, "lone surrogate"),
        ({"payload": {"s": "x" * 262_144}}, "262153 bytes"),
        ({"payload": {"at": datetime(2100, 1, 1, tzinfo=UTC)}}, "datetime"),
        ({"type": "a b"}, "type is 'a b'"),
        ({"type": None}, "type is None"),
        ({"queue": "a/b"}, "queue is 'a/b'"),
        ({"run_at": datetime(2100, 1, 1)}, "without a time zone"),  # noqa: DTZ001
        ({"run_at": "tomorrow"}, "run_at is 'tomorrow'"),
        ({"priority": 0}, "priority 0"),
        ({"priority": 5}, "priority 5"),
        ({"priority": 10**12}, "priority is 1000000000000"),
        ({"priority": 1.5}, "priority is 1.5"),
        ({"max_attempts": 0}, "max_attempts 0"),
        ({"max_attempts": 101}, "max_attempts 101"),
        ({"timeout": -1}, "timeout is -1: it lies between 1ms and 366d$"),
        ({"timeout": 0}, "timeout is 0: it lies between 1ms and 366d$"),
        ({"timeout": float("inf")}, "timeout"),
        ({"timeout": "1e9s"}, "'1e9s' is not a duration"),
        ({"timeout": "366.1d"}, "timeout is '366.1d': it lies between 1ms and 366d$"),
        ({"timeout": 1e12}, "timeout"),
        ({"idempotency_ttl": 0.9, "idempotency_key": "k"}, "idempotency_ttl is 0.9: it lies between 1s and 3660d$"),
        ({"idempotency_ttl": "3661d", "idempotency_key": "k"}, "idempotency_ttl is '3661d': it lies"),
        ({"idempotency_key": "x" * 256}, "the idempotency key has 256 characters"),
        ({"idempotency_key": "a\0b"}, "NUL"),
        ({"idempotency_key": 7}, "idempotency_key is 7"),
        ({"backoff": {"kind": "linear"}}, "backoff kind 'linear'"),
        ({"backoff": "1s"}, "backoff is '1s'"),
        ({"tags": "ab"}, "tags is 'ab'"),
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
        faultline.enqueue(connection, **{"type": "greet", **arguments})
    assert count(db) == 0


def test_an_unknown_option_is_named(db: Database) -> None:
    connection = db.connect("faultline_producer")
    with pytest.raises(TypeError, match="'ququeue'"):
        faultline.enqueue(connection, "greet", {}, ququeue="x")  # type: ignore[call-overload]
    with pytest.raises(InvalidArgument, match=r"job 1: .*'ququeue'"):
        faultline.enqueue_many(connection, [{"type": "greet", "ququeue": "x"}])


@pytest.mark.parametrize(
    ("jobs", "complaint"),
    [
        ({"type": "a"}, "list of mappings"),
        (["a"], "job 1: 'a' is not a mapping"),
        ([{"payload": {}}], "job 1: it has no type"),
        ([{"type": "a"}, {"type": "a", "payload": 3}], "job 2: the payload"),
    ],
)
def test_a_bad_list_is_refused_with_the_place(db: Database, jobs: Any, complaint: str) -> None:
    with pytest.raises(InvalidArgument, match=complaint):
        faultline.enqueue_many(db.connect(), jobs)
    assert count(db) == 0


def test_what_is_no_connection_is_refused() -> None:
    with pytest.raises(TypeError, match=r"psycopg\.Connection"):
        faultline.enqueue("postgresql://host/db", "greet")  # type: ignore[call-overload]


def test_a_database_without_the_schema_says_how_to_get_it(db: Database) -> None:
    with (
        psycopg.connect(db.server.dsn()) as connection,
        pytest.raises(SchemaMissing, match="faultline install"),
    ):
        faultline.enqueue(connection, "greet")


def test_what_is_not_ours_stays_what_it_was(db: Database) -> None:
    with psycopg.connect(db.dsn) as connection:
        with pytest.raises(psycopg.errors.DivisionByZero):
            connection.execute("select 1/0")
        with pytest.raises(psycopg.errors.InFailedSqlTransaction):
            faultline.enqueue(connection, "greet")


# Clients.


def test_a_client_enqueues_and_tells_what_became_of_it(db: Database) -> None:
    with Client(as_producer(db)) as client:
        job_id = client.enqueue("greet", {"n": 1}, queue="mail")
        many = client.enqueue_many([{"type": "greet"}])
        status = client.status(job_id)
        assert client.status(12345) is None
    assert status is not None
    assert (status["state"], status["queue"], status["payload"]) == ("queued", "mail", {"n": 1})
    assert many[0].created


def test_a_status_that_can_not_be_decoded_is_a_clear_error(db: Database) -> None:
    job_id = db.scalar("select faultline.enqueue('greet', %s::jsonb)", f'{{"deep": {"[" * 3000}{"]" * 3000}}}')
    with Client(as_producer(db)) as client, pytest.raises(faultline.PayloadError, match="can't be decoded"):
        client.status(job_id)


def test_an_async_client_does_the_same(db: Database) -> None:
    async def main() -> dict[str, Any] | None:
        async with AsyncClient(as_producer(db)) as client:
            job_id = await client.enqueue("greet", {"n": 1})
            await client.enqueue_many([{"type": "greet"}])
            await asyncio.gather(*(client.enqueue("greet") for _ in range(5)))
            return await client.status(job_id)

    status = asyncio.run(main())
    assert status is not None
    assert status["state"] == "queued"
    assert count(db) == 7


TERMINATE = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'faultline client'"


def test_a_connection_that_broke_while_idle_is_replaced_unseen(db: Database) -> None:
    with Client(as_producer(db)) as client:
        client.enqueue("greet")
        assert db.rows(TERMINATE) == [(True,)]
        while db.rows("select from pg_stat_activity where application_name = 'faultline client'"):
            pass
        client.enqueue("greet")
    assert count(db) == 2


def test_a_lost_reply_is_asked_for_again_if_there_is_a_key(db: Database) -> None:
    with Proxy(db.dsn) as proxy, Client(proxy.dsn) as client:
        client.status(1)
        proxy.swallow("faultline client")
        job_id = client.enqueue("greet", {"n": 1}, idempotency_key="k")
        proxy.swallow("faultline client")
        many = client.enqueue_many([{"type": "greet", "idempotency_key": "l"}])
        assert proxy.swallowed == ["faultline client"] * 2
    assert db.rows("select job_id from faultline.jobs order by 1") == [(job_id,), (many[0].job_id,)]
    assert many[0].created is False  # it was made by the call whose reply was lost


def test_a_lost_reply_without_a_key_is_an_outcome_nobody_knows(db: Database) -> None:
    with Proxy(db.dsn) as proxy, Client(proxy.dsn) as client:
        client.status(1)
        proxy.swallow("faultline client")
        with pytest.raises(OutcomeUnknown, match=r"a job of type 'greet' was being enqueued.*idempotency_key"):
            client.enqueue("greet")
        client.enqueue("greet")
    assert count(db) == 2  # that time it had happened


def test_a_lost_reply_is_asked_for_again_by_the_async_client_too(db: Database) -> None:
    async def main(proxy: Proxy) -> int:
        async with AsyncClient(proxy.dsn) as client:
            await client.status(1)
            proxy.swallow("faultline client")
            job_id = await client.enqueue("greet", idempotency_key="k")
            proxy.swallow("faultline client")
            with pytest.raises(OutcomeUnknown):
                await client.enqueue("greet")
            return job_id

    with Proxy(db.dsn) as proxy:
        job_id = asyncio.run(main(proxy))
    assert db.rows("select min(job_id), count(*) from faultline.jobs") == [(job_id, 2)]


def test_a_dsn_that_does_not_answer_is_named_without_its_password() -> None:
    with pytest.raises(DatabaseUnavailable, match=r"127\.0\.0\.1") as caught:
        Client("postgresql://me:s3cret@127.0.0.1:1/nowhere").enqueue("greet")
    assert "s3cret" not in repr(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("dsn", ["postgres//me:s3cret@host", "host=a s3cret", "postgresql://me:s3cret@[::1/x"])
def test_a_dsn_that_can_not_be_read_is_refused_without_repeating_it(dsn: str) -> None:
    with pytest.raises(InvalidArgument, match="not a connection string") as caught:
        Client(dsn).enqueue("greet")
    assert "s3cret" not in str(caught.value)


def test_payloads_of_many_are_what_json_makes_of_them(db: Database) -> None:
    payload = {"deep": [{"a": "\\u0000 is text", "b": '"'}], "int": 10**20, "float": 0.1, "☃": True}
    (made,) = faultline.enqueue_many(db.connect(), [{"type": "a", "payload": payload}])
    assert json.loads(db.scalar("select payload::text from faultline.jobs where job_id = %s", made.job_id)) == payload
