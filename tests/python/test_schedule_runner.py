"""Runners make ticks, also while a handler has the loop, and after the database was another one."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from faultline import App, Job
from tests.support.running import Running, assert_sound, enqueue, sample, states, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.database import Database

MADE = "select count(*) from faultline.schedule_tick_log where schedule = %s and outcome = 'made'"


@pytest.fixture
def db(db: Database) -> Iterator[Database]:
    yield db
    assert_sound(db)


def app_of(**handlers: Any) -> App:
    app = App()
    for name, handler in handlers.items():
        app.handler(name)(handler)
    return app


def tick(job: Job) -> str:
    return str(job.payload["tick_at"])


def put(db: Database, name: str, **given: Any) -> None:
    definition = {"name": name, "type": "tick", **given}
    db.execute("select faultline.put_schedule(%s::jsonb)", json.dumps(definition))


def made(db: Database, name: str) -> int:
    return int(db.scalar(MADE, name))


def stop(db: Database, name: str) -> None:
    """No more ticks, and those that were made are over."""
    db.execute("select faultline.pause_schedule(%s)", name)
    until(lambda: set(states(db)) <= {"succeeded"}, "all have run")


def test_ticks_are_made_and_run(db: Database) -> None:
    put(db, "s", every="1s")
    put(db, "c", cron="* * * * * *", timezone="Europe/Berlin")
    with Running(app_of(tick=tick), db):
        until(lambda: made(db, "s") >= 2 and made(db, "c") >= 2, "ticks of both")
        for name in ("s", "c"):
            stop(db, name)
    results = "select count(*) from faultline.jobs where result #>> '{}' = payload ->> 'tick_at'"
    assert db.scalar(results) == made(db, "s") + made(db, "c")


def test_a_handler_that_has_the_loop_keeps_no_tick(db: Database) -> None:
    put(db, "s", every="1s", queue="nobody")

    async def block(job: Job) -> None:
        before = made(db, "s")
        deadline = time.monotonic() + 20
        while made(db, "s") < before + 2:
            assert time.monotonic() < deadline
            time.sleep(0.05)  # noqa: ASYNC251 - that is the point

    enqueue(db, "block")
    with Running(app_of(block=block), db, queues=("default",), lease=30.0):
        until(lambda: states(db).get("succeeded") == 1, "the handler saw ticks")


def test_what_was_missed_is_a_metric(db: Database) -> None:
    put(db, "s", every="20m", missed="skip", queue="nobody")
    db.execute("update faultline.schedules set ticks_after = now() - interval '10 hours'")
    with Running(app_of(tick=tick), db, metrics_port=0) as running:
        count = until(lambda: sample(running.get("/metrics")[1], "faultline_schedule_missed_total"), "it is counted")
    assert count in {29.0, 30.0}


def test_after_a_new_connection_all_schedules_are_read_anew(db: Database) -> None:
    """As after a failover to a server that is a little behind: what it has changed no mark tells."""
    put(db, "s", every="1h", queue="nobody")
    put(db, "seen", every="1s", queue="nobody")
    with Running(app_of(tick=tick), db, queues=("default",)):
        until(lambda: made(db, "seen") >= 1, "they have been read")
        db.execute("update faultline.schedules set every = 1 where schedule = 's'")
        gone = (
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'faultline housekeeping'"
        )
        assert (True,) in db.rows(gone)
        until(lambda: made(db, "s") >= 2, "it is read again")
