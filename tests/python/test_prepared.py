"""What an AsyncClient sends again and again goes past the cursor: the same answers, the same errors."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from faultline import AsyncClient, InvalidArgument, KeyConflict, OutcomeUnknown, SchemaMissing
from faultline.database import PREPARE_THRESHOLD
from faultline.drill.proxy import Proxy
from faultline.prepared import STATEMENTS_MOST, Prepared
from tests.support.running import until

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.support.database import Database

CLIENTS = "from pg_stat_activity where application_name = 'faultline client' and datname = current_database()"
TERMINATE = f"select pg_terminate_backend(pid) {CLIENTS}"
WAITING = f"select count(*) {CLIENTS} and wait_event_type = 'Lock'"
QUERY = "select faultline.enqueue(type => %(type)s::text)"


@pytest.fixture
def skipped(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The queries that went past the cursor."""
    seen: list[str] = []
    fetch = Prepared.fetch

    async def watched(self: Prepared, query: str, parameters: Any) -> Any:
        rows = await fetch(self, query, parameters)
        if rows is not None:
            seen.append(query)
        return rows

    monkeypatch.setattr(Prepared, "fetch", watched)
    return seen


def with_client(dsn: str, work: Callable[[AsyncClient], Awaitable[Any]]) -> Any:
    async def main() -> Any:
        async with AsyncClient(dsn) as client:
            return await work(client)

    return asyncio.run(main())


async def warm(client: AsyncClient, **options: Any) -> None:
    """Calls until this statement goes past the cursor."""
    for _ in range(PREPARE_THRESHOLD + 1):
        await client.enqueue("warm", {}, **options)


def test_what_is_repeated_goes_past_the_cursor_and_makes_the_same_jobs(db: Database, skipped: list[str]) -> None:
    async def work(client: AsyncClient) -> list[int]:
        made = [await client.enqueue("t", {"n": n, "t": 'ä€😀\\"\n'}, priority=n % 4 + 1) for n in range(6)]
        made += await asyncio.gather(*(client.enqueue("t", {"n": n}, priority=1) for n in range(6, 10)))
        return made

    ids = with_client(db.dsn, work)
    assert len(skipped) == 10 - PREPARE_THRESHOLD
    rows = db.rows("select job_id, payload, priority from faultline.jobs order by job_id")
    assert rows == [
        *((ids[n], {"n": n, "t": 'ä€😀\\"\n'}, n % 4 + 1) for n in range(6)),
        *((ids[n], {"n": n}, 1) for n in range(6, 10)),
    ]


def test_all_that_answers_with_ids_may_and_nothing_else(db: Database, skipped: list[str]) -> None:
    db.execute("""select faultline.put_workflow('{"name": "w", "tasks": {"a": {"type": "t"}}}')""")

    async def work(client: AsyncClient) -> None:
        for n in range(PREPARE_THRESHOLD + 1):
            await client.submit_transaction(f"tx {n}", "pay", {"n": n})
            await client.trigger_workflow("w", {"n": n})
            made = await client.enqueue_many([{"type": "t", "payload": {"n": k}} for k in range(1000)])
            assert [one.ordinal for one in made] == list(range(1, 1001))
            assert len({one.job_id for one in made}) == 1000
            await client.enqueue_many([{"type": "t", "idempotency_key": "k"}])
            assert await client.status(made[0].job_id) is not None

    with_client(db.dsn, work)
    assert [query.partition("(")[0] for query in skipped] == [
        "select faultline.submit_transaction",
        "select faultline.trigger_workflow",
        "select faultline.enqueue_bulk",
    ]
    assert db.scalar("select count(*) from faultline.jobs") == 3 * 1002 + 1


def test_large_payloads_are_sent_in_as_many_pieces_as_it_takes(db: Database, skipped: list[str]) -> None:
    async def work(client: AsyncClient) -> None:
        await warm(client)
        text = "x" * 262_100
        await asyncio.gather(*(client.enqueue("t", {"text": text}) for _ in range(3)))
        await client.enqueue_many([{"type": "t", "payload": {"text": text}} for _ in range(30)])
        for _ in range(PREPARE_THRESHOLD):
            await client.enqueue_many([{"type": "t", "payload": {"text": text}} for _ in range(30)])

    with_client(db.dsn, work)
    assert len(skipped) == 5
    assert db.scalar("select count(*) from faultline.jobs where length(payload ->> 'text') = 262100") == 93


def test_parameters_of_other_kinds_take_the_usual_way(db: Database, skipped: list[str]) -> None:
    async def work(client: AsyncClient) -> None:
        for _ in range(PREPARE_THRESHOLD + 2):
            await client.enqueue("t", {}, tags=["a", "b"])

    with_client(db.dsn, work)
    assert skipped == []
    assert db.rows("select distinct tags from faultline.jobs") == [(["a", "b"],)]


def test_errors_are_the_same_and_the_connection_goes_on(db: Database, skipped: list[str]) -> None:
    async def work(client: AsyncClient) -> None:
        await warm(client, priority=1)
        with pytest.raises(InvalidArgument, match="priority 9 is out of bounds"):
            await client.enqueue("t", {}, priority=9)
        with pytest.raises(InvalidArgument, match="the payload of 't' is 3"):
            await client.enqueue("t", 3, priority=1)  # type: ignore[arg-type]
        await client.enqueue("t", {}, priority=1)
        for n in range(PREPARE_THRESHOLD):
            await client.enqueue("t", {}, idempotency_key=f"k{n}")
        with pytest.raises(KeyConflict):
            await client.enqueue("t", {"other": True}, idempotency_key="k0")
        await client.enqueue("t", {}, idempotency_key="k0")

    with_client(db.dsn, work)
    assert len(skipped) == 3
    until(lambda: db.scalar(f"select count(*) {CLIENTS}") == 0, "the client is closed")


def test_a_schema_that_goes_away_between_two_calls_is_named(db: Database) -> None:
    async def work(client: AsyncClient) -> None:
        await warm(client)
        db.execute("alter schema faultline rename to elsewhere")
        try:
            with pytest.raises(SchemaMissing):
                await client.enqueue("t", {})
        finally:
            db.execute("alter schema elsewhere rename to faultline")
        await client.enqueue("t", {})

    with_client(db.dsn, work)


def test_more_variants_than_are_kept_take_the_usual_way(db: Database) -> None:
    async def main() -> None:
        async with await psycopg.AsyncConnection.connect(db.dsn, autocommit=True) as connection:
            prepared = Prepared(connection, threshold=0)
            variants = [f"{QUERY} /* {n} */" for n in range(STATEMENTS_MOST + 1)]
            answers = [await prepared.fetch(query, {"type": "t"}) for query in variants]
            assert answers[-1] is None
            assert None not in answers[:-1]
            assert await prepared.fetch(variants[0], {"type": "t"}) is not None
            found = await connection.execute("select count(*) from pg_prepared_statements where name ~ '^faultline_'")
            assert await found.fetchone() == (STATEMENTS_MOST,)

    asyncio.run(main())


def test_variants_that_are_never_repeated_are_not_counted_for_ever(db: Database) -> None:
    async def main() -> None:
        async with await psycopg.AsyncConnection.connect(db.dsn, autocommit=True) as connection:
            prepared = Prepared(connection, threshold=1)
            for n in range(20 * STATEMENTS_MOST):
                assert await prepared.fetch(f"{QUERY} /* {n} */", {"type": "t"}) is None
            assert len(prepared._calls) <= 10 * STATEMENTS_MOST + 1

    asyncio.run(main())


def test_a_connection_that_broke_while_idle_is_replaced_unseen(db: Database, skipped: list[str]) -> None:
    async def work(client: AsyncClient) -> None:
        await warm(client)
        assert db.rows(TERMINATE) == [(True,)]
        until(lambda: db.scalar(f"select count(*) {CLIENTS}") == 0, "the server has ended the session")
        for _ in range(PREPARE_THRESHOLD + 1):
            await client.enqueue("t", {})

    with_client(db.dsn, work)
    assert len(skipped) == 2
    assert db.scalar("select count(*) from faultline.jobs") == 2 * (PREPARE_THRESHOLD + 1)


def test_a_lost_reply_is_told_or_asked_for_again(db: Database) -> None:
    async def work(client: AsyncClient, proxy: Proxy) -> int:
        await warm(client)
        proxy.swallow("faultline client")
        with pytest.raises(OutcomeUnknown, match="a job of type 't' was being enqueued"):
            await client.enqueue("t", {})
        for n in range(PREPARE_THRESHOLD + 1):
            await client.enqueue("t", {}, idempotency_key=str(n))
        proxy.swallow("faultline client")
        return await client.enqueue("t", {}, idempotency_key="k")

    with Proxy(db.dsn) as proxy:
        made = with_client(proxy.dsn, lambda client: work(client, proxy))
        assert proxy.swallowed == ["faultline client"] * 2
    assert db.rows("select job_id from faultline.jobs where idempotency_key = 'k'") == [(made,)]
    assert db.scalar("select count(*) from faultline.jobs") == 2 * (PREPARE_THRESHOLD + 2)


def test_a_session_that_is_ended_in_the_middle_of_a_call(db: Database) -> None:
    """It waits for the transaction of somebody else with its key; with that key it may be asked again."""

    async def work(client: AsyncClient) -> int:
        for n in range(PREPARE_THRESHOLD):
            await client.enqueue("t", {}, idempotency_key=str(n))
        other = db.connect(autocommit=False)
        other.execute("select faultline.enqueue('t', '{}', idempotency_key => 'k')")
        call = asyncio.create_task(client.enqueue("t", {}, idempotency_key="k"))
        await until_waiting(db)
        assert db.rows(TERMINATE) == [(True,)]
        await until_waiting(db)
        other.commit()
        return await call

    made = with_client(db.dsn, work)
    assert db.rows("select job_id from faultline.jobs where idempotency_key = 'k'") == [(made,)]


async def until_waiting(db: Database) -> None:
    while not db.scalar(WAITING):  # noqa: ASYNC110
        await asyncio.sleep(0.01)


def test_a_call_that_is_cancelled_ends_in_the_server_too(db: Database) -> None:
    async def work(client: AsyncClient) -> None:
        for n in range(PREPARE_THRESHOLD):
            await client.enqueue("t", {}, idempotency_key=str(n))
        other = db.connect(autocommit=False)
        other.execute("select faultline.enqueue('t', '{}', idempotency_key => 'k')")
        call = asyncio.create_task(client.enqueue("t", {}, idempotency_key="k"))
        await until_waiting(db)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        until(lambda: db.scalar(WAITING) == 0, "nobody waits any more")
        other.rollback()
        await client.enqueue("t", {"after": True})

    with_client(db.dsn, work)
    assert db.scalar("select count(*) from faultline.jobs") == PREPARE_THRESHOLD + 1
