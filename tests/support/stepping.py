"""Races stepped by hand: sessions that each do one step when told, and every order in which steps can fall.

first, second = Session(db.dsn), Session(db.dsn)
first.begin()
first.run("select … for update")
second.start("update …")
assert second.blocked()
first.commit()
second.result()

`explore` runs every merge of the steps of several sessions on real connections, each merge on a subject of its own:

def plan(job):
    return {"a": [BEGIN, Step("done", "select …", (job,)), COMMIT], "b": [BEGIN, Step("reap", "select …"), COMMIT]}
for job, ran in explore({"a": first, "b": second}, arrange=make_job, plan=plan):
    assert (ran["a.done"], ran["b.reap"]) in legal
"""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self, TypeVar

import psycopg
from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

T = TypeVar("T")
Rows = list[tuple[Any, ...]]

STEP_SECONDS = 30.0
LOOK_SECONDS = 0.003
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
        self.notices: list[str | None] = []
        self._connection.add_notice_handler(lambda notice: self.notices.append(notice.sqlstate))
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
            if self._over(self._step):
                return False
            row = self._monitor.execute(LOCK_WAITS, (self.pid,)).fetchone()
            # Twice in a row: a lock that is held for microseconds blocks nobody.
            seen = seen + 1 if row is not None and row[0] else 0
            if seen == 2:
                return True
        message = f"the step is neither blocked nor over after {STEP_SECONDS:.0f} s"
        raise AssertionError(message)

    def result(self) -> Rows:
        """Wait for the step and return its rows, or raise what it raised."""
        assert self._step is not None, "no step was started"
        step, self._step = self._step, None
        return step.result(STEP_SECONDS)

    def outcome(self) -> Any:
        """Wait for the step and return its one value (None: no row), or the SQLSTATE of the error it raised."""
        try:
            rows = self.result()
        except psycopg.Error as error:
            return error.sqlstate
        return rows[0][0] if rows else None

    def call(self, query: str, *arguments: object) -> Any:
        """Run a statement to its end and return its `outcome`."""
        self.start(query, *arguments)
        return self.outcome()

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

    @staticmethod
    def _over(step: Future[Rows]) -> bool:
        try:
            step.exception(LOOK_SECONDS)
        except NotYet:
            return False
        return True

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


@dataclass(frozen=True)
class Step:
    """One statement of a session's list, under the name by which its answer is found."""

    name: str
    query: str
    arguments: tuple[object, ...] = ()


BEGIN = Step("begin", "begin")
COMMIT = Step("commit", "commit")
ROLLBACK = Step("rollback", "rollback")


@dataclass
class Ran:
    """What one merge did: the order in which the steps ended, what each answered, and which of them had to wait."""

    order: list[str] = field(default_factory=list)
    waited: list[str] = field(default_factory=list)
    answers: dict[str, Any] = field(default_factory=dict)

    def __getitem__(self, step: str) -> Any:
        return self.answers[step]

    def __str__(self) -> str:
        steps = (f"{step}{' (waited)' if step in self.waited else ''} → {self.answers[step]}" for step in self.order)
        return ", ".join(steps)


def run_merge(sessions: Mapping[str, Session], merge: Sequence[tuple[str, Step]]) -> Ran:
    """Run steps in this order. A step that blocks goes on when another session lets it; its next steps wait for it."""
    ran = Ran()
    lanes = {who: _Lane(who, session, ran) for who, session in sessions.items()}
    for who, step in merge:
        lanes[who].todo.append(step)
        while any(lane.advance() for lane in lanes.values()):
            pass
    stuck = [lane.who for lane in lanes.values() if lane.current or lane.todo]
    assert not stuck, f"{stuck} never went on: {ran}"
    return ran


def explore(
    sessions: Mapping[str, Session], *, arrange: Callable[[], T], plan: Callable[[T], Mapping[str, Sequence[Step]]]
) -> Iterator[tuple[T, Ran]]:
    """Run every merge of the sessions' steps, each on what `arrange` has made for it."""
    names = {who: range(len(steps)) for who, steps in plan(arrange()).items()}
    for merge in all_merges(*([(who, place) for place in places] for who, places in names.items())):
        subject = arrange()
        steps = plan(subject)
        yield subject, run_merge(sessions, [(who, steps[who][place]) for who, place in merge])


class _Lane:
    """One session in a merge: the step it is at, and those it has still to do."""

    def __init__(self, who: str, session: Session, ran: Ran) -> None:
        self.who = who
        self.session = session
        self.ran = ran
        self.todo: deque[Step] = deque()
        self.current: str | None = None

    def advance(self) -> bool:
        """Go on if that is possible; False if there is nothing to do, or it has to wait."""
        if self.current is None:
            if not self.todo:
                return False
            step = self.todo.popleft()
            self.current = f"{self.who}.{step.name}"
            self.session.start(step.query, *step.arguments)
        if self.session.blocked():
            if self.current not in self.ran.waited:
                self.ran.waited.append(self.current)
            return False
        self.ran.order.append(self.current)
        self.ran.answers[self.current] = self.session.outcome()
        self.current = None
        return True
