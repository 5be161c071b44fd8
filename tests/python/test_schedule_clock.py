"""The clock of the database server is set back ten minutes, and an hour ahead, while a runner proposes ticks."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from faultline import App
from faultline.drill.clock import moved_server
from faultline.schema import install
from tests.support.database import Database
from tests.support.running import Running, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from faultline.drill.clock import MovedServer

pytestmark = pytest.mark.every_version

RARE = 420
RULES: dict[str, dict[str, Any]] = {
    "skip": {"every": "1s", "missed": "skip"},
    "latest": {"every": "1s", "missed": "latest"},
    "all": {"every": "1s", "missed": "all", "missed_window": "5m", "missed_limit": 200},
    "rare": {"every": RARE, "missed": "latest"},
    "cron": {"cron": "* * * * * *", "timezone": "Europe/Berlin", "missed": "skip"},
}
TICKS = "select count(*) from faultline.schedule_tick_log where schedule = %s"
DEALT_WITH = """
select count(*) = 0
from faultline.schedule_list s
where s.cursor < %s::timestamptz - case s.schedule when 'rare' then interval '7 minutes' else interval '0' end
"""
ACCOUNT = """
select s.schedule, s.missed_ticks::int, s.cursor,
  (select count(*) from faultline.schedule_tick_log t where t.schedule = s.schedule and t.outcome = 'made')::int
from faultline.schedule_list s
"""
MADE_LATE = """
select t.tick_at
from faultline.schedule_tick_log t
where t.schedule = %s and t.outcome = 'made'
  and t.tick_at between %s::timestamptz - interval '58 minutes' and %s::timestamptz - interval '2 minutes'
"""
DOUBLED = """
select headers -> 'faultline.tick' ->> 'schedule', payload ->> 'tick_at', count(*)
from faultline.jobs_live
group by 1, 2
having count(*) > 1
"""


@pytest.fixture(scope="module")
def server() -> Iterator[MovedServer]:
    with moved_server() as started:
        yield started


@pytest.fixture
def db(server: MovedServer) -> Iterator[Database]:
    server.move("+0")
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute("drop database if exists clock with (force)")
        connection.execute("create database clock")
    install(server.dsn("clock"))
    made = Database(server, "clock")
    yield made
    made.close()


def put(db: Database, name: str, **given: Any) -> datetime:
    definition = {"name": name, "type": "t", "queue": "nobody", **given}
    db.execute("select faultline.put_schedule(%s::jsonb)", json.dumps(definition))
    cursor: datetime = db.scalar("select cursor from faultline.schedule_list where schedule = %s", name)
    return cursor


def ticks(db: Database, name: str) -> int:
    return int(db.scalar(TICKS, name))


def passes(db: Database, name: str) -> None:
    """Wait until ticks of a schedule that is put now have been made: the runner has looked at all of them."""
    put(db, name, every="1s")
    until(lambda: ticks(db, name) >= 2, f"{name} has ticks")


def nobody(job: Any) -> None: ...


def test_no_tick_is_made_twice_and_the_rule_holds_whatever_the_clock_does(db: Database, server: MovedServer) -> None:
    app = App()
    app.handler("none")(nobody)
    since = {name: put(db, name, **rule) for name, rule in RULES.items()}
    with Running(app, db, queues=("other",)):
        until(lambda: all(ticks(db, name) >= 3 for name in RULES if name != "rare"), "there are ticks")
        assert db.rows("select * from faultline.verify()") == []

        server.move("-10m")
        passes(db, "back")
        before = {name: ticks(db, name) for name in RULES}
        passes(db, "still-back")
        assert {name: ticks(db, name) for name in RULES} == before, "all of these ticks were there before"

        server.move("+1h")
        ahead = db.scalar("select clock_timestamp()")
        until(lambda: db.scalar(DEALT_WITH, ahead), "all of the leap has been dealt with")
        for name, missed, cursor, made in db.rows(ACCOUNT):
            if name in RULES:
                step = RARE if name == "rare" else 1
                due = int(cursor.timestamp()) // step - int(since[name].timestamp()) // step
                assert made + missed == due, f"each tick of {name} was made, or counted as missed"
        for name in ("skip", "latest", "cron"):
            assert db.rows(MADE_LATE, name, ahead, ahead) == [], f"what {name} had missed"
        late = [tick for (tick,) in db.rows(MADE_LATE, "all", ahead, ahead)]
        assert 170 <= len(late) <= 182, "three of the five minutes of the window are not on time"
        assert ahead - min(late) < timedelta(seconds=301)
        assert len(db.rows(MADE_LATE, "rare", ahead, ahead)) <= 1, "the latest alone"

        server.move("+0")
        passes(db, "back-again")
        before = {name: ticks(db, name) for name in RULES}
        passes(db, "and-again")
        assert {name: ticks(db, name) for name in RULES} == before
    assert db.rows(DOUBLED) == []
    jobs = db.scalar("select count(*) from faultline.jobs_live where headers ? 'faultline.tick'")
    assert jobs == db.scalar("select count(*) from faultline.schedule_tick_log where outcome = 'made'")
