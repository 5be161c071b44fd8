"""What befalls sessions at the server: they are terminated, and their statements cancelled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from faultline.drill.faults.fault import LoggedFault

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


class Terminated(LoggedFault):
    name = "backend-terminate"
    title = "pg_terminate_backend on sessions"
    seconds = 5.0
    line = "terminating connection due to administrator command"

    def __init__(self) -> None:
        super().__init__()
        self._pids: dict[int, str] = {}

    def inject(self, arena: Arena) -> None:
        self.mark(arena)
        sessions = arena.wait(lambda: arena.rows(OURS), self.seconds)
        for pid, application, _ in arena.random.sample(sessions, min(4, len(sessions))):
            if arena.scalar("select pg_terminate_backend(%s)", pid):
                self._pids[pid] = application

    def look(self, arena: Arena) -> None:
        lines = self.said(arena)
        there = {pid for pid, *_ in arena.rows(OURS)}
        gone = {pid: application for pid, application in self._pids.items() if pid not in there}
        if lines and gone:
            self.saw(sqlstate="57P01", sessions=gone, log=lines[:3])
            self._pids.clear()


class Cancelled(LoggedFault):
    name = "statement-cancel"
    title = "pg_cancel_backend on whatever runs"
    seconds = 5.0
    line = "canceling statement due to user request"

    def inject(self, arena: Arena) -> None:
        self.mark(arena)
        arena.wait(lambda: self._cancel(arena), 3.0)

    def _cancel(self, arena: Arena) -> bool:
        for pid, _ in arena.rows(ACTIVE):
            arena.rows("select pg_cancel_backend(%s)", pid)
        return len(self.said(arena)) >= 3

    def look(self, arena: Arena) -> None:
        lines = self.said(arena)
        if lines:
            self.mark(arena)
            self.saw(sqlstate="57014", cancelled=len(lines), log=lines[:3])


ALL: Final = (Terminated, Cancelled)
