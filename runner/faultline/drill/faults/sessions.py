"""What befalls sessions at the server: they are terminated, and their statements cancelled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from faultline.drill.faults.fault import Fault

if TYPE_CHECKING:
    from faultline.drill.arena import Arena

OURS: Final = """
select pid, application_name, state
from pg_stat_activity
where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()
"""
ACTIVE: Final = """
select pid, application_name
from pg_stat_activity
where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()
  and (state = 'active' or state = 'idle in transaction') and query like '%faultline%'
"""


class Terminated(Fault):
    name = "backend-terminate"
    title = "pg_terminate_backend on sessions"
    seconds = 5.0

    def __init__(self) -> None:
        super().__init__()
        self._since = 0
        self._pids: dict[int, str] = {}

    def inject(self, arena: Arena) -> None:
        self._since = arena.log_size()
        sessions = arena.wait(lambda: arena.rows(OURS), self.seconds)
        for pid, application, _ in arena.random.sample(sessions, min(4, len(sessions))):
            if arena.scalar("select pg_terminate_backend(%s)", pid):
                self._pids[pid] = application

    def look(self, arena: Arena) -> None:
        lines = arena.log_lines(self._since, "terminating connection due to administrator command")
        there = {pid for pid, *_ in arena.rows(OURS)}
        gone = {pid: application for pid, application in self._pids.items() if pid not in there}
        if lines and gone:
            self.saw(sqlstate="57P01", sessions=gone, log=lines[:3])
            self._pids.clear()


class Cancelled(Fault):
    name = "statement-cancel"
    title = "pg_cancel_backend on whatever runs"
    seconds = 5.0

    def __init__(self) -> None:
        super().__init__()
        self._since = 0

    def inject(self, arena: Arena) -> None:
        self._since = arena.log_size()
        arena.wait(lambda: self._cancel(arena), 3.0)

    def _cancel(self, arena: Arena) -> bool:
        for pid, _ in arena.rows(ACTIVE):
            arena.rows("select pg_cancel_backend(%s)", pid)
        return len(arena.log_lines(self._since, "canceling statement due to user request")) >= 3

    def look(self, arena: Arena) -> None:
        lines = arena.log_lines(self._since, "canceling statement due to user request")
        if lines:
            self._since = arena.log_size()
            self.saw(sqlstate="57014", cancelled=len(lines), log=lines[:3])


ALL: Final = (Terminated, Cancelled)
