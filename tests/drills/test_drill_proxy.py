"""The proxy loses the reply of a transaction that has committed, and no other; and what it freezes it lets go."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from faultline.drill.proxy import Proxy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.database import Database

MAKE = "select faultline.enqueue('made', %s::jsonb)"
COUNT = "select count(*) from faultline.jobs"


@pytest.fixture
def proxy(db: Database) -> Iterator[Proxy]:
    with Proxy(db.dsn) as through:
        yield through


@pytest.fixture
def connection(proxy: Proxy) -> Iterator[psycopg.Connection[Any]]:
    made: psycopg.Connection[Any] = psycopg.connect(proxy.dsn, autocommit=True, application_name="maker")
    yield made
    made.close()


def lost(proxy: Proxy) -> list[tuple[str, str]]:
    return [(one.verb, one.application) for one in proxy.lost]


def test_the_reply_of_the_verb_is_lost_and_what_it_did_is_there(
    db: Database, proxy: Proxy, connection: psycopg.Connection[Any]
) -> None:
    proxy.lose("enqueue")
    with pytest.raises(psycopg.OperationalError):
        connection.execute(MAKE, ("{}",))
    assert lost(proxy) == [("enqueue", "maker")]
    assert db.scalar(COUNT) == 1


def test_it_is_lost_once(db: Database, proxy: Proxy, connection: psycopg.Connection[Any]) -> None:
    proxy.lose("enqueue")
    with pytest.raises(psycopg.OperationalError):
        connection.execute(MAKE, ("{}",))
    with psycopg.connect(proxy.dsn, autocommit=True) as again:
        again.execute(MAKE, ("{}",))
    assert len(proxy.lost) == 1
    assert db.scalar(COUNT) == 2


def test_an_error_arrives_for_nothing_was_committed(proxy: Proxy, connection: psycopg.Connection[Any]) -> None:
    proxy.lose("enqueue")
    with pytest.raises(psycopg.errors.InvalidTextRepresentation):
        connection.execute(MAKE, ("{",))
    assert proxy.lost == []
    with pytest.raises(psycopg.OperationalError):
        connection.execute(MAKE, ("{}",))
    assert lost(proxy) == [("enqueue", "maker")]


def test_an_error_that_arrives_before_all_is_said_is_no_commit_either(
    proxy: Proxy, connection: psycopg.Connection[Any]
) -> None:
    """The server says it as soon as it knows; that it is ready again only when the client has said all."""
    proxy.lose("enqueue")
    proxy.delay = 0.05
    with pytest.raises(psycopg.errors.InvalidTextRepresentation):
        connection.execute(MAKE, ("{",))
    assert proxy.lost == []


def test_what_is_rolled_back_is_no_commit(proxy: Proxy, connection: psycopg.Connection[Any]) -> None:
    proxy.lose("enqueue")
    for number in (1, 0):
        connection.execute("begin")
        connection.execute(MAKE, ("{}",))
        with contextlib.suppress(psycopg.errors.DivisionByZero):
            connection.execute("select 1 / %s", (number,))
        connection.execute("rollback")
    assert proxy.lost == []
    with pytest.raises(psycopg.OperationalError):
        connection.execute(MAKE, ("{}",))
    assert lost(proxy) == [("enqueue", "maker")]


def test_other_verbs_pass(proxy: Proxy, connection: psycopg.Connection[Any]) -> None:
    proxy.lose("enqueue")
    assert connection.execute("select faultline.job_status(1)").fetchone() == (None,)
    assert proxy.lost == []


def test_in_a_transaction_it_is_the_reply_of_commit(
    db: Database, proxy: Proxy, connection: psycopg.Connection[Any]
) -> None:
    proxy.lose("enqueue")
    connection.execute("begin")
    assert connection.execute(MAKE, ("{}",)).fetchone() is not None
    assert proxy.lost == []
    with pytest.raises(psycopg.OperationalError):
        connection.execute("commit")
    assert lost(proxy) == [("enqueue", "maker")]
    assert db.scalar(COUNT) == 1


def test_a_transaction_that_has_called_it_no_more_is_none_of_its(
    proxy: Proxy, connection: psycopg.Connection[Any]
) -> None:
    connection.execute(MAKE, ("{}",))
    proxy.lose("enqueue")
    connection.execute("select 1")
    assert proxy.lost == []


def test_a_prepared_statement_is_known_by_what_it_was_prepared_from(
    db: Database, proxy: Proxy, connection: psycopg.Connection[Any]
) -> None:
    for _ in range(3):
        connection.execute(MAKE, ("{}",), prepare=True)
    proxy.lose("enqueue")
    with pytest.raises(psycopg.OperationalError):
        connection.execute(MAKE, ("{}",), prepare=True)
    assert lost(proxy) == [("enqueue", "maker")]
    assert db.scalar(COUNT) == 4


def test_nothing_is_lost_any_more_after_keep(proxy: Proxy, connection: psycopg.Connection[Any]) -> None:
    proxy.lose("enqueue")
    proxy.keep()
    connection.execute(MAKE, ("{}",))
    assert proxy.lost == []


def test_a_long_answer_arrives_whole_while_a_loss_is_waited_for(
    proxy: Proxy, connection: psycopg.Connection[Any]
) -> None:
    proxy.lose("enqueue")
    query = "select repeat('x', 1000000), faultline.job_status(1)"
    assert connection.execute(query).fetchone() == ("x" * 1_000_000, None)
    connection.execute("begin")
    connection.execute(MAKE, ("{}",))
    assert connection.execute("select repeat('y', 1000000)").fetchone() == ("y" * 1_000_000,)
    assert proxy.lost == []


def test_what_is_late_is_counted(proxy: Proxy, connection: psycopg.Connection[Any]) -> None:
    connection.execute("select 1")
    assert proxy.delayed == 0
    proxy.delay = 0.001
    connection.execute("select 1")
    assert proxy.delayed >= 2


def test_all_connections_are_cut_and_counted(proxy: Proxy, connection: psycopg.Connection[Any]) -> None:
    victims = proxy.cut_all()
    assert [line.application for line in victims] == ["maker"]
    assert proxy.cuts == 1
    assert proxy.lines() == []
    with pytest.raises(psycopg.OperationalError):
        connection.execute("select 1")


def test_a_frozen_connection_is_closed_by_thaw(proxy: Proxy, connection: psycopg.Connection[Any]) -> None:
    proxy.freeze("maker")
    connection.pgconn.send_query(b"select 1")
    connection.pgconn.flush()
    while not proxy.frozen:
        pass
    assert [(one.application, one.given_up) for one in proxy.frozen] == [("maker", False)]
    proxy.thaw()
    with pytest.raises(psycopg.OperationalError):
        connection.execute("select 1")


def test_a_frozen_connection_that_its_client_closes_is_given_up(
    proxy: Proxy, connection: psycopg.Connection[Any]
) -> None:
    proxy.freeze("maker")
    connection.pgconn.send_query(b"select 1")
    connection.pgconn.flush()
    while not proxy.frozen:
        pass
    connection.close()
    while not proxy.frozen[0].given_up:
        pass
