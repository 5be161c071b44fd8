"""Late commits and the floor, all at once: no job ever stays behind a floor, without any sweep.

Writers keep transactions open after their enqueue, use savepoints, roll back, prepare. Runners with tokens of their own
claim, fail, release, snooze, lose their claims by rollback or leave them to expire. When the writers are done, runners
that only use their tokens have to reach every job that was committed.

FAULTLINE_SIMULATION_SECONDS makes it longer than 4 s, FAULTLINE_SIMULATION_SEED repeats one.
"""

from __future__ import annotations

import os
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psycopg

from tests.hotpath.test_floor import change
from tests.hotpath.workload import Runner

if TYPE_CHECKING:
    from tests.support.database import Database

SECONDS = float(os.environ.get("FAULTLINE_SIMULATION_SECONDS", "4"))
SEED = int(os.environ.get("FAULTLINE_SIMULATION_SEED", str(random.randrange(1_000_000))))
WRITERS, RUNNERS = 8, 3
PATIENCE = 25  # rounds in which no runner finds anything although jobs are due

ENQUEUE = """
    select faultline.enqueue('x', queue => 'q', priority => %s, max_attempts => 100,
                             run_at => clock_timestamp() + make_interval(secs => %s))
"""
DUE = "select count(*) from faultline.jobs_live where state = 'queued' and ready_at <= clock_timestamp()"


@dataclass
class World:
    db: Database
    writing: threading.Event = field(default_factory=threading.Event)
    committed: set[int] = field(default_factory=set)
    checkpoints: int = 0
    claims: int = 0


def write(world: World, seed: int) -> None:
    """One writer: transactions that stay open for a while after the clock was read for ready_at."""
    dice = random.Random(seed)
    connection = world.db.connect(autocommit=False)
    number = 0
    while world.writing.is_set():
        number += 1
        time.sleep(dice.random() * 0.01)
        jobs = _some_jobs(connection, dice)
        if dice.random() < 0.3:
            connection.execute("savepoint s")
            more = _some_jobs(connection, dice)
            if dice.random() < 0.5:
                connection.execute("rollback to s")
            else:
                jobs += more
        time.sleep(dice.choice([0, 0.001, 0.005, 0.02, 0.1]) * dice.random())
        _end(world, connection, dice, jobs, f"{world.db.name} {seed} {number}")


def _some_jobs(connection: psycopg.Connection[Any], dice: random.Random) -> list[int]:
    jobs = []
    for _ in range(dice.randint(1, 3)):
        row = connection.execute(ENQUEUE, (dice.randint(1, 4), dice.choice([0, 0, 0, 0.01, 0.05]))).fetchone()
        assert row is not None
        jobs.append(int(row[0]))
    return jobs


def _end(world: World, connection: psycopg.Connection[Any], dice: random.Random, jobs: list[int], name: str) -> None:
    how = dice.random()
    if how < 0.1:
        connection.rollback()
        return
    if how < 0.2:
        try:
            connection.execute(f"prepare transaction '{name}'".encode())
        except psycopg.errors.FeatureNotSupported:
            connection.rollback()  # it rang a bell at which another writer was just looking
            return
        connection.rollback()
        time.sleep(dice.random() * 0.03)
        connection.autocommit = True
        connection.execute(f"commit prepared '{name}'".encode())
        connection.autocommit = False
    else:
        connection.commit()
    world.committed.update(jobs)


def write_for_long(world: World) -> None:
    """A transaction that enqueues first and commits much later, again and again."""
    connection = world.db.connect(autocommit=False)
    dice = random.Random(SEED)
    while world.writing.is_set():
        jobs = _some_jobs(connection, dice)
        time.sleep(0.4)
        connection.commit()
        world.committed.update(jobs)
        time.sleep(0.2)


def run(world: World, seed: int) -> Runner:
    """One runner: it never looks without its token."""
    dice = random.Random(seed)
    runner = Runner(world.db)
    advanced = 0.0
    while world.writing.is_set():
        if time.monotonic() - advanced > 0.01:
            advanced = time.monotonic()
            runner.advance()
            world.checkpoints += 1
        if dice.random() < 0.05:
            with runner.connection.transaction(force_rollback=True):
                runner.claim(5)
        for job, attempt in runner.claim(dice.choice([1, 5, 50]), lease="1 second"):
            world.claims += 1
            _report(runner, dice, job, attempt)
        runner.connection.execute("select faultline.reap_expired(100, %s)", (runner.token,))
    return runner


def _report(runner: Runner, dice: random.Random, job: int, attempt: int) -> None:
    verbs = {
        "select faultline.complete_job(%s, %s)": 10,
        "select faultline.fail_job(%s, %s, '{}', retry_in => '0')": 1,
        "select faultline.fail_job(%s, %s, '{}', retry_in => '10 ms')": 1,
        "select faultline.release_job(%s, %s)": 1,
        "select faultline.snooze_job(%s, %s, '5 ms')": 1,
        "select faultline.fail_job(%s, %s, '{}', false)": 1,
        "": 0.2,
    }
    verb = dice.choices(list(verbs), list(verbs.values()))[0]
    if not verb:
        return  # left for the reaper
    runner.connection.execute(verb.encode(), (job, attempt))
    if "false" in verb:
        runner.connection.execute("select faultline.retry_job(%s)", (job,))


def drain(world: World, runners: list[Runner]) -> int:
    """Finish what the tokens still reach; how many jobs are due and never reached."""
    idle = 0
    while world.db.scalar("select count(*) from faultline.jobs_live") > 0:
        reached = 0
        for runner in runners:
            runner.advance()
            runner.connection.execute("select faultline.reap_expired(1000, %s)", (runner.token,))
            claimed = runner.claim(500)
            runner.complete(claimed)
            reached += len(claimed)
        due = world.db.scalar(DUE)
        idle = 0 if reached or not due else idle + 1
        if idle == PATIENCE:
            return int(due)
        if not reached:
            time.sleep(0.02)
    return 0


def simulate(db: Database, seconds: float, seed: int) -> tuple[World, int]:
    world = World(db)
    world.writing.set()
    with ThreadPoolExecutor(WRITERS + RUNNERS + 1) as pool:
        writers = [pool.submit(write, world, seed + n) for n in range(WRITERS)]
        writers.append(pool.submit(write_for_long, world))
        running = [pool.submit(run, world, seed + 100 + n) for n in range(RUNNERS)]
        time.sleep(seconds)
        world.writing.clear()
        for writer in writers:
            writer.result()
        runners = [runner.result() for runner in running]
    behind = drain(world, runners)
    print(
        f"seed {seed}: {len(world.committed)} jobs committed, {world.claims} claimed, "
        f"{world.checkpoints} checkpoints, {behind} left behind"
    )
    return world, behind


def test_no_job_ever_stays_behind_the_floor(db: Database) -> None:
    world, behind = simulate(db, SECONDS, SEED)
    assert behind == 0
    done = {job for (job,) in db.rows("select job_id from faultline.jobs_done where state = 'succeeded'")}
    assert done == world.committed
    assert world.checkpoints > 5 * SECONDS
    assert len(world.committed) > 20 * SECONDS


def test_behind_a_floor_without_proof_some_do(db: Database) -> None:
    proof = "pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot()) >= (token ->> 'next_xid')::xid8"
    change(db, "advance_floor", (proof, "true"))
    _, behind = simulate(db, 1, SEED)
    assert behind > 0
