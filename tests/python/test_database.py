"""Connections: what is shown of them, which errors mean what, and what is found out about a pooler."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg import errors as pg
from psycopg.pq import TransactionStatus

from faultline import AsyncClient, Client, database
from faultline.database import DatabaseState, GivenUp, Link, Lost
from faultline.drill.pooler import pooled
from tests.support.running import as_runner, until

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.support.database import Database

pytestmark = pytest.mark.every_version
PREPARED = "select count(*) from pg_prepared_statements where statement like 'select faultline.job_status%'"


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://me:s3cret@host:5432/db?sslpassword=s3cret",
        "host=h password=s3cret user=me dbname=db",
        "postgresql://me:s3cret%40x@h/db",
    ],
)
def test_a_dsn_is_shown_without_its_secrets(dsn: str) -> None:
    shown = database.redact(dsn)
    assert "s3cret" not in shown
    assert "user=me" in shown
    assert "dbname=db" in shown


def test_what_can_not_be_read_is_not_shown_at_all() -> None:
    assert "s3cret" not in database.redact("postgres//me:s3cret@h")
    assert database.redact("") == "(libpq's defaults)"


def test_the_pause_grows_to_ten_seconds_and_is_jittered() -> None:
    for tries in (0, 1, 5, 50, 5000):
        pauses = {database.backoff(tries) for _ in range(50)}
        assert len(pauses) > 10
        most = min(10.0, 0.1 * 2 ** min(tries, 10))
        assert all(most / 2 <= pause <= most for pause in pauses)


@pytest.mark.parametrize(
    ("error", "passing"),
    [
        (pg.SerializationFailure, True),
        (pg.DeadlockDetected, True),
        (pg.LockNotAvailable, True),
        (pg.QueryCanceled, True),
        (pg.DiskFull, True),
        (pg.TooManyConnections, True),
        (pg.IoError, True),
        (pg.UndefinedFunction, True),
        (pg.InsufficientPrivilege, True),
        (pg.InvalidTextRepresentation, False),
        (pg.CheckViolation, False),
        (pg.StatementTooComplex, False),
        (pg.InternalError_, False),
    ],
)
def test_what_passes_by_itself_is_told_from_what_does_not(error: type[psycopg.Error], passing: bool) -> None:
    assert database.passing(error("x")) is passing


def test_a_function_that_an_upgrade_drops_in_the_middle_of_a_call_comes_back(db: Database) -> None:
    connection = db.connect()
    connection.execute("create function called() returns int language plpgsql as 'begin return 1; end'")
    connection.execute(
        "create function upgrade() returns int language plpgsql as 'begin drop function called(); return 1; end'"
    )
    with pytest.raises(pg.InternalError_, match="cache lookup failed for function") as caught:
        connection.execute("select called() from (select upgrade() as done offset 0) u where u.done = 1")
    assert database.passing(caught.value)


def run_with(dsn: str, work: Callable[[Link], Awaitable[Any]]) -> Any:
    async def main() -> Any:
        link = Link(dsn, "test", DatabaseState())
        try:
            await link.open()
            return await work(link)
        finally:
            await link.close()

    return asyncio.run(main())


def test_notices_are_known_by_their_sqlstate(db: Database) -> None:
    async def noticed(link: Link) -> set[str]:
        await link.fetch("do $$begin raise notice using errcode = '01FL1', message = 'wait'; end$$")
        return link.noticed

    assert run_with(db.dsn, noticed) == {"01FL1"}


def test_a_direct_connection_prepares_statements_and_a_pooled_one_never_does(db: Database) -> None:
    async def prepared(link: Link) -> tuple[bool, int]:
        for _ in range(10):
            await link.fetch("select %s::int8", (1,))
        ((count,),) = await link.fetch("select count(*) from pg_prepared_statements where statement like 'select $1%%'")
        return link.pooled, count

    assert run_with(db.dsn, prepared) == (False, 1)
    with pooled(db.dsn, "postgres") as dsn:
        assert run_with(dsn, prepared) == (True, 0)


def test_a_client_too_prepares_what_it_repeats_unless_it_is_pooled(db: Database) -> None:
    def prepared(dsn: str) -> tuple[int, int]:
        async def asynchronous() -> int:
            async with AsyncClient(dsn) as client:
                for _ in range(4):
                    await client.status(0)
                return await _prepared(client._connection)

        with Client(dsn) as client:
            for _ in range(4):
                client.status(0)
            assert client._connection is not None
            (count,) = client._connection.execute(PREPARED).fetchone() or (-1,)
        return count, asyncio.run(asynchronous())

    assert prepared(db.dsn) == (1, 1)
    with pooled(db.dsn, "postgres") as dsn:
        assert prepared(dsn) == (0, 0)


async def _prepared(connection: psycopg.AsyncConnection[Any] | None) -> int:
    assert connection is not None
    (count,) = await (await connection.execute(PREPARED)).fetchone() or (-1,)
    return int(count)


@pytest.mark.parametrize("through_pooler", [False, True])
def test_every_statement_runs_in_read_committed_whatever_the_default_is(db: Database, through_pooler: bool) -> None:
    db.execute(f"alter database {db.name} set default_transaction_isolation to 'serializable'")

    async def isolation(link: Link) -> Any:
        return await link.fetch("select current_setting('transaction_isolation')")

    if through_pooler:
        with pooled(db.dsn, "postgres") as dsn:
            assert run_with(dsn, isolation) == [("read committed",)]
    else:
        assert run_with(db.dsn, isolation) == [("read committed",)]


def test_a_call_that_gets_no_answer_ends_as_lost(db: Database) -> None:
    async def hang(link: Link) -> bool:
        with pytest.raises(Lost):
            await link.fetch("select pg_sleep(60)", seconds=0.1)
        assert not link.connected
        await link.open()
        return bool((await link.fetch("select true"))[0][0])

    assert run_with(db.dsn, hang) is True


def test_a_statement_can_be_given_a_limit_by_the_server(db: Database) -> None:
    async def limited(link: Link) -> Any:
        with pytest.raises(pg.QueryCanceled):
            await link.fetch("select pg_sleep(60)", limit=0.05)
        return await link.fetch("select current_setting('statement_timeout')")

    assert run_with(db.dsn, limited) == [("0",)]


def test_the_next_statement_may_be_sent_before_the_rows_of_the_last_are_decoded(db: Database) -> None:
    async def two(link: Link) -> Any:
        counts: list[int] = []
        following: list[asyncio.Task[database.Rows]] = []

        def answered(count: int) -> None:
            counts.append(count)
            following.append(asyncio.create_task(link.fetch("select 'the next'")))

        rows = await link.fetch("select generate_series(1, 3)", answered=answered)
        status = link.connection.pgconn.transaction_status
        return counts, rows, status, await following[0]

    assert run_with(db.dsn, two) == ([3], [(1,), (2,), (3,)], TransactionStatus.ACTIVE, [("the next",)])


def test_an_error_of_a_statement_keeps_the_connection(db: Database) -> None:
    async def divide(link: Link) -> Any:
        with pytest.raises(pg.DivisionByZero):
            await link.fetch("select 1/0")
        return await link.fetch("select 1")

    assert run_with(db.dsn, divide) == [(1,)]


def test_a_server_that_is_read_only_is_waited_for(db: Database) -> None:
    db.execute(f"alter database {db.name} set default_transaction_read_only to on")

    async def main() -> str:
        state = DatabaseState()
        link = Link(as_runner(db.dsn), "test", state)
        opening = asyncio.create_task(link.open())
        await asyncio.to_thread(until, lambda: state.describe()["waiting"], "it waits")
        why = str(state.describe()["waiting"]["test"])
        writable = db.connect()
        writable.execute("set default_transaction_read_only to off")
        writable.execute(f"alter database {db.name} reset default_transaction_read_only".encode())
        await opening
        assert state.describe()["up"] is True
        await link.close()
        return why

    assert "read-only" in asyncio.run(main())


def test_nobody_waits_for_a_connection_that_was_given_up() -> None:
    async def main() -> None:
        link = Link("host=/nonexistent dbname=x", "test", DatabaseState())
        opening = asyncio.create_task(link.open())
        await asyncio.sleep(0.05)
        link.give_up()
        with pytest.raises(GivenUp):
            await opening

    asyncio.run(main())


def test_a_change_of_state_is_logged_once_however_many_connections_notice(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "faultline")
    state = DatabaseState()
    for role in ("claim", "report", "claim"):
        state.lost(role, "gone")
    assert state.describe()["up"] is False
    for role in ("claim", "report", "report"):
        state.back(role)
    assert state.describe()["up"] is True
    assert len(caplog.records) == 2


def test_the_first_of_several_hosts_that_can_write_is_taken(db: Database) -> None:
    several = database.connect_parameters("host=a,b dbname=x", "test")
    assert several["target_session_attrs"] == "read-write"
    assert "target_session_attrs" not in database.connect_parameters("host=a dbname=x", "test")
    assert database.connect_parameters("host=a,b target_session_attrs=any", "test")["target_session_attrs"] == "any"
