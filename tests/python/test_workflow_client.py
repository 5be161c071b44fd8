"""Runs begun by producers: in the transaction of one's own connection, or with a client that has one."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

import faultline
from faultline import AsyncClient, Client, InvalidArgument, KeyConflict, NotFound, OutcomeUnknown
from faultline.drill.proxy import Proxy

if TYPE_CHECKING:
    from tests.support.database import Database

SPEC = {"name": "greet-all", "tasks": {"greet": {"type": "greet", "for_each": "input.names"}}}


def as_producer(db: Database) -> str:
    return psycopg.conninfo.make_conninfo(db.dsn, options="-c role=faultline_producer")


def put(db: Database, spec: dict[str, Any]) -> None:
    db.execute("select faultline.put_workflow(%s::jsonb)", json.dumps(spec))


def runs(db: Database) -> int:
    return int(db.scalar("select count(*) from faultline.run_log"))


def test_the_run_exists_if_and_only_if_the_callers_transaction_commits(db: Database) -> None:
    put(db, SPEC)
    with psycopg.connect(as_producer(db)) as connection:
        faultline.trigger_workflow(connection, "greet-all", {"names": ["Ada"]})
        connection.rollback()
        kept = faultline.trigger_workflow(connection, "greet-all", {"names": ["Ada", "Grace"]})
        assert runs(db) == 0
    assert db.rows("select run_id, input from faultline.run_log") == [(kept, {"names": ["Ada", "Grace"]})]


def test_on_an_async_connection_it_is_awaited(db: Database) -> None:
    put(db, SPEC)

    async def trigger() -> tuple[int, int]:
        connection = await psycopg.AsyncConnection.connect(as_producer(db), autocommit=True)
        async with connection:
            first = await faultline.trigger_workflow(connection, "greet-all", {"names": []}, "today")
            return first, await faultline.trigger_workflow(connection, "greet-all", {"names": []}, "today")

    first, second = asyncio.run(trigger())
    assert first == second


def test_a_client_begins_a_run_and_sees_how_it_is(db: Database) -> None:
    put(db, SPEC)
    with Client(as_producer(db)) as client:
        run = client.trigger_workflow("greet-all", {"names": ["Ada"]}, idempotency_key="k")
        assert client.trigger_workflow("greet-all", {"names": ["Ada"]}, "k") == run
        status = client.run_status(run)
        assert status is not None
        assert (status["run_id"], status["state"], status["input"]) == (run, "running", {"names": ["Ada"]})
        assert [task["name"] for task in status["tasks"]] == ["greet", "greet[0]"]
        assert client.run_status(run + 1) is None
        with pytest.raises(KeyConflict, match="another input"):
            client.trigger_workflow("greet-all", {"names": []}, "k")
        with pytest.raises(NotFound, match="there is no workflow nobody"):
            client.trigger_workflow("nobody")
        with pytest.raises(InvalidArgument, match=r"input\.names is no list"):
            client.trigger_workflow("greet-all", {"names": "Ada"})


def test_an_async_client_does_the_same(db: Database) -> None:
    put(db, SPEC)

    async def trigger() -> dict[str, Any] | None:
        async with AsyncClient(as_producer(db)) as client:
            return await client.run_status(await client.trigger_workflow("greet-all", {"names": []}))

    status = asyncio.run(trigger())
    assert status is not None
    assert status["state"] == "succeeded"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("a b",), "name is 'a b'"),
        (("w", [1]), "the input of workflow 'w' is"),
        (("w", {"x": object()}), "is not JSON"),
        (("w", {"x": "y" * 262_144}), "more than 262144"),
        (("w", {}, 5), "idempotency_key is 5"),
    ],
)
def test_what_can_not_be_is_refused_before_anything_is_sent(arguments: tuple[Any, ...], said: str) -> None:
    with pytest.raises(InvalidArgument, match=said):
        Client("host=nowhere.invalid").trigger_workflow(*arguments)


def test_a_lost_answer_is_asked_for_again_only_with_a_key(db: Database) -> None:
    put(db, SPEC)
    with Proxy(db.dsn) as proxy, Client(proxy.dsn) as client:
        client.trigger_workflow("greet-all", {"names": []})
        proxy.swallow("faultline client")
        with pytest.raises(OutcomeUnknown, match="a run of workflow 'greet-all'"):
            client.trigger_workflow("greet-all", {"names": []})
        before = runs(db)
        client.run_status(1)
        proxy.swallow("faultline client")
        run = client.trigger_workflow("greet-all", {"names": []}, "k")
        assert runs(db) == before + 1
        assert client.trigger_workflow("greet-all", {"names": []}, "k") == run
