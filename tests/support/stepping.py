"""Races stepped by hand: sessions that each do one step when told, and every order in which steps can fall.

first, second = Session(db.dsn), Session(db.dsn)
first.begin()
first.run("select … for update")
second.start("update …")
assert second.blocked()
first.commit()
second.result()
"""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Self, TypeVar

import psycopg
from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

T = TypeVar("T")
Rows = list[tuple[Any, ...]]

STEP_SECONDS = 30.0
LOCK_WAITS = """
    select wait_event_type = 'Lock' and cardinality(pg_blocking_pids(pid)) > 0
    from pg_stat_activity
    where pid = %s
"""


class Session:
    """A real connection with a thread of its own, in autocommit until `begin`."""

    def __init__(self, dsn: str, role: str | None = None) -> None:
        self._connection: psycopg.Connection[Any] = psycopg.connect(dsn, autocommit=True)
        self._monitor: psycopg.Connection[Any] = psycopg.connect(dsn, autocommit=True)
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._step: Future[Rows] | None = None
        if role is not None:
            self._connection.execute(sql.SQL("set role {}").format(sql.Identifier(role)))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pid(self) -> int:
        return self._connection.info.backend_pid

    def start(self, query: str, *arguments: object) -> None:
        """Send a statement and do not wait; `blocked` or `result` comes next."""
        assert self._step is None, "the last step has to be over, and its result taken, before the next one"
        self._step = self._thread.submit(self._execute, query, arguments)

    def run(self, query: str, *arguments: object) -> Rows:
        """Run a statement to its end and return its rows."""
        self.start(query, *arguments)
        return self.result()

    def blocked(self) -> bool:
        """Wait until the step either waits for somebody's lock (True) or is over (False)."""
        assert self._step is not None, "no step was started"
        deadline = time.monotonic() + STEP_SECONDS
        seen = 0
        while time.monotonic() < deadline:
            if self._step.done():
                return False
            row = self._monitor.execute(LOCK_WAITS, (self.pid,)).fetchone()
            # Twice in a row: a lock that is held for microseconds blocks nobody.
            seen = seen + 1 if row is not None and row[0] else 0
            if seen == 2:
                return True
            time.sleep(0.01)
        message = f"the step is neither blocked nor over after {STEP_SECONDS:.0f} s"
        raise AssertionError(message)

    def result(self) -> Rows:
        """Wait for the step and return its rows, or raise what it raised."""
        assert self._step is not None, "no step was started"
        step, self._step = self._step, None
        return step.result(STEP_SECONDS)

    def begin(self, isolation: str = "read committed") -> None:
        self.run(f"begin isolation level {isolation}")

    def commit(self) -> None:
        self.run("commit")

    def rollback(self) -> None:
        self.run("rollback")

    def close(self) -> None:
        """Also in the middle of a step, which is cancelled."""
        if self._step is not None and not self._step.done():
            self._connection.cancel_safe(timeout=STEP_SECONDS)
        self._thread.shutdown()
        self._connection.close()
        self._monitor.close()

    def _execute(self, query: str, arguments: tuple[object, ...]) -> Rows:
        cursor = self._connection.execute(query.encode(), arguments or None)
        return cursor.fetchall() if cursor.description is not None else []


def all_merges(*lists: Sequence[T]) -> Iterator[list[T]]:
    """Every way to merge the lists into one, each keeping its own order."""
    rest = [steps for steps in lists if steps]
    if not rest:
        yield []
        return
    for position, steps in enumerate(rest):
        others = [*rest[:position], steps[1:], *rest[position + 1 :]]
        for merged in all_merges(*others):
            yield [steps[0], *merged]
