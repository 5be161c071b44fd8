"""maintain() beside long readers: pg_dump or a report may hold every partition, and completions go on all the same.

A completion that would wait for a second fails here (lock_timeout), so nothing is judged by how long it took.
"""

from __future__ import annotations

import re
import subprocess
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.hotpath.workload import Runner, enqueue
from tests.support.stepping import Session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.database import Database

# Days far back have partitions and rows, half of them with payloads that stand apart, and some of the days ahead have
# none.
HISTORY = """
    insert into faultline.jobs_done (job_id, finished_at, created_at, ready_at, attempt, failures, max_attempts,
                                     priority, from_state, state, type, queue, payload, tags)
    select -n, now() - n %% %s * interval '1 day' - interval '40 days', now(), now(), 1, 0, 5, 2, 'running',
           'succeeded', 'old', 'q', case n %% 2 when 1 then jsonb_build_object('text', repeat('x', 500)) end, '{}'
    from generate_series(1, %s) n
"""
LARGE = """
    insert into faultline.payloads
    select d.job_id, jsonb_build_object('text', repeat('x', 3000)) from faultline.jobs_done d where d.payload is null
"""
KEPT = "select count(*) from faultline.payloads"
PARTITION = "select to_regclass('faultline.jobs_done_' || to_char((now() at time zone 'UTC') + %s, 'YYYYMMDD'))::text"
HELD_BY = """
    select count(*) from pg_locks l join pg_stat_activity a using (pid)
    where a.application_name = %s and l.relation = 'faultline.jobs_done'::regclass and l.granted
      and a.datname = current_database() and a.wait_event = 'ClientWrite'
"""


def history(db: Database, days: int, rows: int) -> None:
    db.execute('select faultline.set_settings(\'{"retention": "3650 days"}\')')
    db.execute(HISTORY, days, rows)
    db.execute(LARGE)
    assert maintain(db)["created"] == days


def fall_due(db: Database) -> str:
    """Retention wants the old days gone, and a day ahead has lost its partition. Returns its name."""
    db.execute('select faultline.set_settings(\'{"retention": "30 days"}\')')
    ahead: str = db.scalar(PARTITION, "7 days")
    db.execute(f"drop table {ahead}")
    return ahead


def maintain(db: Database) -> dict[str, Any]:
    done: dict[str, Any] = db.scalar("select faultline.maintain()")
    return done


class Completions:
    """Jobs that are claimed and completed one after the other, as long as the block lasts."""

    def __init__(self, db: Database) -> None:
        self.count = 0
        self._runner = Runner(db)
        self._runner.connection.execute("set lock_timeout = '1s'")
        self._ending = threading.Event()

    @contextmanager
    def going_on(self) -> Iterator[None]:
        with ThreadPoolExecutor(1) as pool:
            ended: Future[None] = pool.submit(self._run)
            try:
                yield
            finally:
                self._ending.set()
                ended.result()

    def more(self, count: int) -> None:
        """Wait until so many more were completed."""
        target = self.count + count
        while self.count < target and not self._ending.wait(0.01):
            assert threading.active_count() > 1

    def _run(self) -> None:
        try:
            while not self._ending.is_set():
                claimed = self._runner.claim(2)
                self._runner.complete(claimed)
                self.count += len(claimed)
        finally:
            self._ending.set()


def test_completions_go_on_while_a_report_is_open_and_maintain_works(db: Database) -> None:
    history(db, days=4, rows=400)
    enqueue(db, 20_000)
    ahead = fall_due(db)
    report = db.connect(autocommit=False)
    report.execute("select count(*) from faultline.jobs")
    completions = Completions(db)
    with completions.going_on():
        first = maintain(db)
        completions.more(20)
        for _ in range(3):
            again = maintain(db)
            completions.more(20)
    # Of two days the payloads went first, and the days themselves had to wait for nobody yet.
    for done, payloads, waiting in ((first, 200, 2), (again, 0, 4)):
        assert (done["created"], done["payloads"], done["truncated"], done["dropped"]) == (0, payloads, 0, 0)
        assert len(done["postponed"]) == 1 + waiting
        assert f"create {ahead.removeprefix('faultline.')}" in done["postponed"]
    report.rollback()
    done = maintain(db)
    assert (done["created"], done["truncated"], done["dropped"], done["postponed"]) == (1, 4, 4, [])
    assert db.scalar(KEPT) == 0
    assert db.scalar("select to_regclass(%s) is not null", ahead)
    assert db.scalar("select count(*) from faultline.jobs_done where state = 'succeeded'") == completions.count


def test_completions_go_on_while_pg_dump_runs_and_maintain_works(db: Database) -> None:
    history(db, days=4, rows=8_000)
    enqueue(db, 20_000)
    fall_due(db)
    completions = Completions(db)
    with completions.going_on():
        for _ in range(2):
            dump = _stalled_dump(db)
            assert maintain(db)["dropped"] == 0
            completions.more(20)
            assert db.scalar(HELD_BY, "pg_dump") > 0, "it is still at it"
            output, errors = dump.communicate()
            assert dump.returncode == 0, errors
            assert output.count(b"xxxxxxxxxx") > 0
    done = maintain(db)
    assert (done["dropped"], done["postponed"]) == (4, [])


def test_a_plain_drop_behind_a_reader_would_stop_them(db: Database) -> None:
    history(db, days=1, rows=1)
    enqueue(db, 100)
    runner = Runner(db)
    runner.connection.execute("set lock_timeout = '1s'")
    claimed = runner.claim(1)
    report = db.connect(autocommit=False)
    report.execute("select count(*) from faultline.jobs")
    old = db.scalar("select tableoid::regclass::text from faultline.jobs_done limit 1")
    with Session(db.dsn) as naive:
        naive.start(f"drop table {old}")
        assert naive.blocked()
        with pytest.raises(psycopg.errors.LockNotAvailable):
            runner.complete(claimed)
        report.rollback()
        naive.result()
    runner.complete(claimed)


def _stalled_dump(db: Database) -> subprocess.Popen[bytes]:
    """A pg_dump that holds all its locks, not only the first ones, and waits for somebody to read what it writes."""
    dump = subprocess.Popen(
        [db.server.bin / "pg_dump", "--data-only", f"--dbname={db.dsn}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    while db.scalar(HELD_BY, "pg_dump") == 0:
        assert dump.poll() is None, dump.communicate()
    return dump


LOCKS = """
    select array_agg(relation::regclass::text) from pg_locks
    where pid = pg_backend_pid() and locktype = 'relation' and relation::regclass::text like 'faultline.%'
"""


def test_the_status_of_a_live_job_locks_a_handful_of_relations_whatever_the_history(db: Database) -> None:
    history(db, days=200, rows=200)
    enqueue(db, 2)
    runner = Runner(db)
    runner.complete(claimed := runner.claim(1))
    live = db.scalar("select job_id from faultline.jobs_live")
    connection = db.connect(autocommit=False)
    locks = {}
    for job in (live, claimed[0][0]):
        for _ in range(7):
            connection.execute("select faultline.job_status(%s)", (job,))
            row = connection.execute(LOCKS).fetchone()
            connection.rollback()
        assert row is not None
        locks[job] = row[0]
    assert [name for name in locks[live] if re.search("jobs_done|job_events", name)] == []
    assert len(locks[live]) <= 6
    assert len(locks[claimed[0][0]]) > 400, "each partition and its index: what a status by the view would take"
