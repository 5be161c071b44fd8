"""A synchronous standby: it is paused, and commits wait for it; the primary crashes, and it is promoted."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, ClassVar, Final, cast

import psycopg

from faultline import scratch
from faultline.drill.arena import DATABASE, Arena
from faultline.drill.faults.fault import Fault
from faultline.drill.processes import children, signal_all
from faultline.embedded import EmbeddedError, Server

if TYPE_CHECKING:
    from faultline.drill.arena import Setting

NAME: Final = "drill_standby"
WAITING: Final = "select count(*) from pg_stat_activity where wait_event = 'SyncRep'"
STREAMING: Final = "select count(*) from pg_stat_replication where sync_state = 'sync' and state = 'streaming'"


class Replicated(Arena):
    """No commit is acknowledged before the standby has it."""

    standby: Server

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self._home = scratch.make("faultline-standby-")
        self._home.chmod(0o711)
        self._stack.callback(scratch.remove, self._home)

    def _prepare(self) -> None:
        super()._prepare()
        self._copy()
        self.standby = Server(self._home / "data", config=self.config)
        self.standby.start()
        self._stack.callback(self.standby.close)
        with psycopg.connect(self.server.dsn(), autocommit=True) as connection:
            connection.execute("alter system set synchronous_standby_names = 'drill_standby'")
            connection.execute("select pg_reload_conf()")
        self.until(lambda: self.scalar(STREAMING), "the standby is synchronous")

    def _copy(self) -> None:
        self.server.account.own(self._home)
        source = f"host={self.server.socket_dir} port={self.server.port} user=postgres application_name={NAME}"
        done = self.server.account.run(
            [
                *(self.server.bin / "pg_basebackup", "--pgdata", self._home / "data", "--write-recovery-conf"),
                *("--checkpoint=fast", "--no-sync", "--dbname", source),
            ]
        )
        if done.returncode != 0:
            raise EmbeddedError(f"pg_basebackup: {done.stderr.strip()}")

    def promote(self) -> None:
        """The standby takes over; whoever connects from now on reaches it."""
        with psycopg.connect(self.standby.dsn(), autocommit=True) as connection:
            connection.execute("select pg_promote()")
        self.host = self.standby
        self.proxy.lead_to(self.standby.dsn(DATABASE))


class Standby(Fault):
    own_server = True

    @classmethod
    def needs(cls) -> str | None:
        return None if (Server().bin / "pg_basebackup").exists() else "it takes pg_basebackup"


class Paused(Standby):
    name = "standby-paused"
    title = "the synchronous standby stands still"
    hold_seconds: ClassVar[float] = 4.0

    def inject(self, arena: Arena) -> None:
        main = cast("Replicated", arena).standby.pid
        pids = [main, *children(main)]
        signal_all(pids, signal.SIGSTOP)
        most = 0
        try:

            def look() -> bool:
                nonlocal most
                most = max(most, arena.scalar(WAITING))
                return False

            arena.wait(look, self.hold_seconds)
        finally:
            signal_all(pids, signal.SIGCONT)
        if most:
            self.saw(stopped=len(pids), commits_waiting=most)


class Promoted(Standby):
    name = "standby-promoted"
    title = "the primary crashes, its standby takes over"
    last = True

    def inject(self, arena: Arena) -> None:
        replicated = cast("Replicated", arena)
        old = replicated.server.pid
        code = replicated.server.stop("immediate")
        replicated.promote()
        timeline = int(arena.scalar("select left(pg_walfile_name(pg_current_wal_lsn()), 8)"), 16)
        if not arena.scalar("select pg_is_in_recovery()"):
            self.saw(old_pid=old, exit_code=code, new_pid=arena.server.pid, timeline=timeline)


ALL: Final = (Paused, Promoted)
