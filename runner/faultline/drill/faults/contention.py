"""What others do in the same database: locks on the tables, deadlocks, an old snapshot, every connection taken."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Any, ClassVar, Final, LiteralString

import psycopg

from faultline.drill.faults.fault import Fault, LoggedFault

if TYPE_CHECKING:
    from faultline.drill.arena import Arena

    Connection = psycopg.Connection[tuple[Any, ...]]

WAITING: Final = """
select count(*)
from pg_locks w
join pg_stat_activity a on a.pid = w.pid
where not w.granted and a.application_name <> 'drill'
"""
HELD_AGE: Final = "select age(backend_xmin) from pg_stat_activity where pid = %s and backend_xmin is not null"
RUNNING: Final = "select job_id from faultline.jobs where state = 'running' order by job_id"
LOCKS: Final[tuple[LiteralString, ...]] = (
    "lock table faultline.jobs_live in access exclusive mode",
    "lock table faultline.jobs_done in access exclusive mode",
    "lock table faultline.job_events in share mode",
    "lock table faultline.transactions in access exclusive mode",
    "lock table faultline.ledger_entries, faultline.postings in share row exclusive mode",
    "lock table faultline.runs, faultline.tasks in access exclusive mode",
    "lock table faultline.schedules in access exclusive mode",
)


class TableLocked(Fault):
    """Each injection takes the next of the tables, and bites if somebody waits for it."""

    name = "tables-locked"
    title = "a table is locked for longer than a lease"
    hold_seconds: ClassVar[float] = 2.5

    def inject(self, arena: Arena) -> None:
        lock = LOCKS[(self.injected - 1) % len(LOCKS)]
        with arena.connect() as connection, connection.transaction():
            connection.execute(lock)
            most = 0

            def look() -> bool:
                nonlocal most
                most = max(most, arena.scalar(WAITING))
                return False

            arena.wait(look, self.hold_seconds)
        if most:
            self.saw(lock=lock.removeprefix("lock table faultline."), waiting=most)


class Deadlocks(LoggedFault):
    name = "deadlocks"
    title = "others lock jobs in the opposite order"
    seconds = 5.0
    line = "deadlock detected"

    def inject(self, arena: Arena) -> None:
        self.mark(arena)
        arena.wait(lambda: self._cross(arena), 10.0)

    def _cross(self, arena: Arena) -> bool:
        """Two sessions go through the same jobs, upwards and downwards, beside all those who do it upwards only."""
        jobs = [job for (job,) in arena.rows(RUNNING)]
        if len(jobs) >= 2:
            threads = [
                threading.Thread(target=self._lock, args=(arena, order), daemon=True) for order in (jobs, jobs[::-1])
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        return bool(self.said(arena))

    def _lock(self, arena: Arena, jobs: list[int]) -> None:
        with contextlib.suppress(psycopg.Error), arena.connect() as connection, connection.transaction():
            for job in jobs:
                connection.execute("select from faultline.jobs_live where job_id = %s for no key update", (job,))
                time.sleep(0.02)

    def look(self, arena: Arena) -> None:
        lines = self.said(arena)
        if lines:
            self.mark(arena)
            self.saw(sqlstate="40P01", deadlocks=len(lines), log=lines[:1])


class SnapshotHeld(Fault):
    """From the first injection to the end of the drain; what it was worth shows at the end."""

    name = "snapshot-held"
    title = "a snapshot is held for all of the drill"
    lasting = True
    least_age: ClassVar[int] = 200

    def __init__(self) -> None:
        super().__init__()
        self._connection: Connection | None = None

    def inject(self, arena: Arena) -> None:
        self._connection = arena.connect()
        self._connection.execute("begin isolation level repeatable read")
        self._connection.execute("select 1")  # no lock: who waits for one would wait for all of the drill

    def settle(self, arena: Arena) -> None:
        if self._connection is None:
            return
        age = arena.rows(HELD_AGE, self._connection.info.backend_pid)
        if age and age[0][0] >= self.least_age:
            self.saw(pid=self._connection.info.backend_pid, transactions_behind=age[0][0])
        self._connection.close()


class ConnectionsExhausted(Fault):
    own_server = True
    name = "connections-exhausted"
    title = "the server has no connection left"

    def __init__(self) -> None:
        super().__init__()
        self._taken: list[Connection] = []

    def inject(self, arena: Arena) -> None:
        since = arena.log_size()
        arena.scalar("select 1")  # ours is open before the others are taken
        with contextlib.suppress(psycopg.OperationalError):
            while True:
                self._taken.append(arena.connect())
        arena.proxy.cut_all()
        with contextlib.suppress(psycopg.OperationalError):
            while True:
                self._taken.append(arena.connect())
        refused = arena.wait(lambda: self._refused(arena, since), 4.0)
        if refused:
            self.saw(sqlstate="53300", taken=len(self._taken), refused=len(refused), log=refused[:1])

    @staticmethod
    def _refused(arena: Arena, since: int) -> list[str]:
        lines = arena.log_lines(since, "remaining connection slots are reserved")
        lines += arena.log_lines(since, "too many clients already")
        return lines if len(lines) > 2 else []  # two of them may be our own

    def heal(self, arena: Arena) -> None:
        for connection in self._taken:
            connection.close()
        self._taken.clear()


ALL: Final = (TableLocked, Deadlocks, SnapshotHeld, ConnectionsExhausted)
