"""Runners that are killed, a server that crashes: each tick has exactly one job, and none is missing."""

from __future__ import annotations

import json
import random
import signal
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import psycopg

from faultline.embedded import Server
from faultline.schema import install
from tests.support.database import Database
from tests.support.proofs import FULL, SEED
from tests.support.running import Process, assert_sound, until

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

RUNNERS = 8 if FULL else 3
SECONDS = 60 if FULL else 8
KILLS = 3
REFUSED = "faultline: cannot connect to "
MODULE = """
from faultline import App, Job

app = App()

@app.handler("tick")
def tick(job: Job):
    return job.payload["tick_at"]
"""
SCHEDULES = {
    "all": {"every": "1s", "missed": "all", "missed_window": "5m"},
    "skip": {"every": "1s", "missed": "skip"},
    "cron": {"cron": "* * * * * *", "timezone": "Europe/Berlin", "missed": "all", "missed_window": "5m"},
}
MADE = """
select t.tick_at
from faultline.schedule_tick_log t
join faultline.jobs j on j.job_id = t.job_id and (j.payload ->> 'tick_at')::timestamptz = t.tick_at
where t.schedule = %s and t.outcome = 'made'
order by t.tick_at
"""
CURSORS = "select min(cursor) from faultline.schedule_list"


def test_each_tick_has_one_job_whatever_is_killed(tmp_path: Path) -> None:
    print(f"FAULTLINE_SEED={SEED}")
    dice = random.Random(SEED)
    (tmp_path / "ticks.py").write_text(MODULE)
    with Server(fsync=False, config={"synchronous_commit": "on"}) as server, ExitStack() as stack:
        with psycopg.connect(server.dsn(), autocommit=True) as connection:
            connection.execute("create database kills")
        install(server.dsn("kills"))
        db = Database(server, "kills")
        since = {name: put(db, name) for name in SCHEDULES}

        def start() -> Process:
            started = Process(tmp_path, db.dsn, "ticks:app", "--lease", "1s")
            stack.callback(started.close)
            return started

        runners = [start() for _ in range(RUNNERS)]
        until(lambda: db.rows(MADE, "all"), "the first tick has been made")
        began = time.monotonic()
        blows = sorted(dice.uniform(0.2, SECONDS * 0.8) for _ in range(KILLS))
        crash = dice.uniform(SECONDS * 0.3, SECONDS * 0.7)
        for at, what in sorted([*((blow, "kill") for blow in blows), (crash, "crash")]):
            time.sleep(max(0.0, began + at - time.monotonic()))
            if what == "crash":
                db.close()
                server.stop("immediate")
                server.start()
                continue
            number = dice.randrange(RUNNERS)
            runners[number].signal(signal.SIGKILL)
            runners[number].wait()
            runners[number] = start()
        time.sleep(max(0.0, began + SECONDS - time.monotonic()))
        end: datetime = db.scalar("select clock_timestamp()")
        until(lambda: db.scalar(CURSORS) >= end, "every tick up to then has been dealt with")

        for name, first in since.items():
            made = [int(tick.timestamp()) for (tick,) in db.rows(MADE, name) if tick <= end]
            assert made == list(range(int(first.timestamp()) + 1, int(end.timestamp()) + 1)), name
        for name in SCHEDULES:
            db.execute("select faultline.pause_schedule(%s)", name)
        tied = "select count(*), count(distinct job_id) from faultline.schedule_tick_log where job_id is not null"
        ((ticks, jobs),) = db.rows(tied)
        assert ticks == jobs == db.scalar("select count(*) from faultline.jobs")
        unfinished = "select count(*) from faultline.jobs_live"
        until(lambda: db.scalar(unfinished) == 0, "all of them have run")
        for runner in runners:
            runner.signal(signal.SIGTERM)
        for runner in runners:
            # One that was about to connect for the first time when the server crashed has said so, and ended.
            code = runner.wait()
            assert code in {0, -signal.SIGTERM} or (code == 1 and REFUSED in runner.output()), runner.output()
        assert_sound(db)
        db.close()


def put(db: Database, name: str) -> datetime:
    definition = {"name": name, "type": "tick", **SCHEDULES[name]}
    db.execute("select faultline.put_schedule(%s::jsonb)", json.dumps(definition))
    cursor: datetime = db.scalar("select cursor from faultline.schedule_list where schedule = %s", name)
    return cursor
