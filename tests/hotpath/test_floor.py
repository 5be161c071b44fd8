"""The floor never passes a job that can still come: late commits, prepared transactions, claims that roll back.

Each scenario is stepped by hand. The same steps are taken with a broken advance_floor (or enqueue), and then they do
lose the job: so they can tell.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.hotpath.workload import Runner, enqueue
from tests.support.stepping import Session

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

    from tests.support.database import Database

ENQUEUE = "select faultline.enqueue('late', queue => 'q')"
GATE = "perform pg_catalog.pg_advisory_xact_lock(4711);"
XID = "own := pg_catalog.pg_current_xact_id();"
CLOCK = "read_at := pg_catalog.clock_timestamp();"


def change(db: Database, function: str, *replacements: tuple[str, str]) -> None:
    """Break a function, in this database only."""
    source: str = db.scalar("select pg_get_functiondef(%s::regproc)", f"faultline.{function}")
    for old, new in replacements:
        assert source.count(old) >= 1, f"{old!r} is not in {function}"
        source = source.replace(old, new)
    db.connect().execute(source.encode())


def writer(db: Database) -> psycopg.Connection[Any]:
    """A transaction that has enqueued one job and is still open."""
    connection = db.connect(autocommit=False)
    connection.execute(ENQUEUE)
    return connection


def found(runner: Runner, count: int = 1) -> bool:
    """Whether the runner's claims, with its token, reach so many jobs."""
    return len(runner.claim(100)) == count


# Two writers are open when the floor is advanced, and end one after the other: no snapshot has an xmax beyond them.


def two_writers(db: Database) -> bool:
    first, second = writer(db), writer(db)
    runner = Runner(db)
    runner.advance()
    first.commit()
    runner.advance()
    seen = len(runner.claim(100))
    second.commit()
    runner.advance()
    return seen + len(runner.claim(100)) == 2


def test_jobs_of_two_writers_that_were_open_are_found_when_they_commit(db: Database) -> None:
    assert two_writers(db)


def test_a_proof_by_the_snapshots_xmax_would_lose_one(db: Database) -> None:
    change(db, "advance_floor", (XID, "own := pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot());"))
    assert not two_writers(db)


# A writer gets its xid and its ready_at while the floor is between its two readings.


def writer_in_between(db: Database) -> bool:
    gate = db.connect(autocommit=False)
    gate.execute("select pg_advisory_xact_lock(4711)")
    runner = Runner(db)
    with Session(db.dsn) as session:
        session.start("select faultline.advance_floor(array['q'])")
        assert session.blocked()
        late = writer(db)
        gate.commit()
        ((runner.token,),) = session.result()
    runner.advance()
    late.commit()
    return found(runner)


def test_a_writer_between_the_readings_is_found(db: Database) -> None:
    change(db, "advance_floor", (XID, f"{GATE} {XID}"))
    assert writer_in_between(db)


def test_reading_the_xid_before_the_time_would_lose_it(db: Database) -> None:
    change(db, "advance_floor", (CLOCK, f"{XID} {GATE} {CLOCK}"), (f"{CLOCK}\n  {XID}", CLOCK))
    assert not writer_in_between(db)


# A claim holds the first job while the floor is moved, and then rolls back.


def claim_that_rolls_back(db: Database) -> bool:
    enqueue(db, 1)
    runner, other = Runner(db), db.connect(autocommit=False)
    runner.advance()
    runner.advance()
    other.execute("select * from faultline.claim_job('q', gen_random_uuid())")
    runner.advance()
    other.rollback()
    return found(runner)


def test_a_job_whose_claim_rolls_back_is_not_jumped(db: Database) -> None:
    assert claim_that_rolls_back(db)


def test_skipping_locked_rows_would_jump_it(db: Database) -> None:
    first_live = "order by j.ready_at, j.job_id\n        limit 1"
    change(db, "advance_floor", (first_live, f"{first_live} for no key update skip locked"))
    assert not claim_that_rolls_back(db)


# An enqueue has read the clock and is not yet done when the floor is proven.


def slow_enqueue(db: Database) -> bool:
    enqueue(db, 1, queue="other")  # a nextval that writes WAL takes an xid too: the first, and then every 33rd
    gate = db.connect(autocommit=False)
    gate.execute("select pg_advisory_xact_lock(4711)")
    runner = Runner(db)
    with Session(db.dsn) as session:
        session.start(ENQUEUE)
        assert session.blocked()
        runner.advance()
        gate.commit()
        session.result()
    runner.advance()
    return found(runner)


BEFORE_INSERT = "  insert into faultline.jobs_live"


def test_an_enqueue_that_has_read_the_clock_holds_the_floor(db: Database) -> None:
    change(db, "_add_job", (BEFORE_INSERT, f"  {GATE}\n{BEFORE_INSERT}"))
    assert slow_enqueue(db)


def test_an_enqueue_that_reads_the_clock_before_it_has_an_xid_would_be_lost(db: Database) -> None:
    change(db, "_add_job", (BEFORE_INSERT, f"  {GATE}\n{BEFORE_INSERT}"))
    xid_first = "case when pg_catalog.pg_current_xact_id() is not null then pg_catalog.clock_timestamp() end"
    change(db, "_add_job", (xid_first, "pg_catalog.clock_timestamp()"))
    assert not slow_enqueue(db)


# What else may be late.


def _commits(connection: psycopg.Connection[Any]) -> None:
    connection.commit()


def _rolls_back_to_a_savepoint(connection: psycopg.Connection[Any]) -> None:
    connection.execute("savepoint s")
    connection.execute(ENQUEUE)
    connection.execute("rollback to s")
    connection.commit()


def _prepares(connection: psycopg.Connection[Any]) -> None:
    name = f"late {connection.info.dbname}"
    connection.execute(f"prepare transaction '{name}'".encode())
    connection.rollback()
    connection.autocommit = True
    connection.execute(f"commit prepared '{name}'".encode())


@pytest.mark.parametrize("end", [_commits, _rolls_back_to_a_savepoint, _prepares])
def test_a_job_that_commits_late_is_found_however_its_transaction_ends(
    db: Database, end: Callable[[psycopg.Connection[Any]], None]
) -> None:
    late, runner = writer(db), Runner(db)
    enqueue(db, 1)
    for _ in range(3):
        runner.advance()
    assert found(runner), "the job that came later, and was committed first"
    end(late)
    runner.advance()
    assert found(runner)


def test_a_job_in_a_savepoint_of_a_prepared_transaction_is_found(db: Database) -> None:
    late = db.connect(autocommit=False)
    late.execute("savepoint s")
    late.execute(ENQUEUE)
    late.execute(f"prepare transaction 'held {db.name}'".encode())
    late.rollback()
    runner = Runner(db)
    for _ in range(3):
        runner.advance()
    db.execute(f"commit prepared 'held {db.name}'")
    runner.advance()
    assert found(runner)


@pytest.mark.parametrize(
    "requeue",
    [
        "select faultline.fail_job(%s, %s, '{}', retry_in => '0')",
        "select faultline.release_job(%s, %s)",
        "select faultline.snooze_job(%s, %s, '1 millisecond')",
        "select faultline.fail_job(%s, %s, '{}', false), faultline.retry_job(%s)",
    ],
)
def test_a_job_that_is_queued_again_by_a_late_commit_is_found(db: Database, requeue: str) -> None:
    enqueue(db, 1)
    runner, late = Runner(db), db.connect(autocommit=False)
    ((job, attempt),) = runner.claim(1)
    late.execute(requeue.encode(), (job, attempt, job)[: requeue.count("%s")])
    for _ in range(3):
        runner.advance()
    late.commit()
    runner.advance()
    assert found(runner)


def test_a_lease_that_commits_late_is_reaped(db: Database) -> None:
    enqueue(db, 1)
    runner, late = Runner(db), db.connect(autocommit=False)
    late.execute("select * from faultline.claim_job('q', gen_random_uuid(), lease => '1 second')")
    late.execute("select pg_sleep(1.1)")
    for _ in range(3):
        runner.advance()
    late.commit()
    runner.advance()
    assert db.scalar("select faultline.reap_expired(10, %s)", runner.token) == 1


def test_a_proven_floor_lies_behind_what_was_finished(db: Database) -> None:
    """The other tests would pass with a floor that never moves."""
    enqueue(db, 10)
    runner = Runner(db)
    runner.drain(10)
    finished = db.scalar("select max(finished_at) from faultline.jobs_done")
    runner.advance()
    runner.advance()
    floors = json.loads(runner.token or "{}")["queues"]["q"]
    assert len(floors) == 4
    assert db.scalar("select bool_and(f::timestamptz > %s) from unnest(%s::text[]) f", finished, floors)


def test_a_long_reader_does_not_hold_the_floor_and_a_long_writer_does(db: Database) -> None:
    reader = db.connect(autocommit=False)
    reader.execute("select count(*) from faultline.jobs")
    runner = Runner(db)
    runner.advance()
    with_reader = runner.token
    runner.advance()
    assert runner.token != with_reader
    writing = db.connect(autocommit=False)
    writing.execute("select pg_current_xact_id()")
    runner.advance()
    held = runner.token
    runner.advance()
    assert runner.token == held
    writing.rollback()
    runner.advance()
    assert runner.token != held


def test_a_token_ahead_of_the_clock_is_not_believed(db: Database) -> None:
    """The clock stepped back, or the token is another server's."""
    enqueue(db, 1)
    runner = Runner(db)
    runner.advance()
    ahead = db.scalar("select clock_timestamp() + interval '1 hour'").isoformat()
    runner.token = json.dumps(
        {"read_at": ahead, "next_at": ahead, "next_xid": "1", "queues": {"q": [ahead] * 4}, "lease": ahead}
    )
    lost = runner.token
    assert found(runner)
    assert db.scalar("select faultline.unfinished(array['q'], %s)", lost)
    runner.advance()
    assert json.loads(runner.token)["read_at"] < ahead


def test_in_a_transaction_with_an_xid_the_floor_stays_where_it_was(db: Database) -> None:
    """Its X would be older than its T."""
    runner = Runner(db)
    runner.advance()
    before = runner.token
    with runner.connection.transaction():
        runner.connection.execute("select pg_current_xact_id()")
        runner.advance()
    assert runner.token == before


def test_a_runner_of_new_queues_starts_them_without_a_floor(db: Database) -> None:
    enqueue(db, 3, queue="new")
    runner = Runner(db)
    runner.advance()
    runner.queue = "new"
    assert found(runner, 3)
