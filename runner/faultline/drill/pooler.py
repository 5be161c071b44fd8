"""PgBouncer in transaction mode, as a process of its own; never installed, never configured but here."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from faultline import scratch
from faultline.drill import tools
from faultline.processes import die_with_parent

if TYPE_CHECKING:
    from collections.abc import Iterator

START_SECONDS: Final = 10.0
PORT: Final = 6432
CONFIG: Final = """
[databases]
* = host={host} port={port} user={user}
[pgbouncer]
unix_socket_dir = {directory}
listen_addr =
listen_port = {own_port}
auth_type = any
admin_users = {user}
pool_mode = transaction
default_pool_size = {size}
logfile = {directory}/log
server_fast_close = 1
{settings}
"""


class Pooler:
    """`dsn` leads to the same database through PgBouncer, with a few connections of `user` for everybody.

    `settings` are lines for its file, after ours.
    """

    def __init__(self, dsn: str, user: str, size: int = 3, settings: str = "") -> None:
        program = tools.pgbouncer()
        if program is None:
            raise RuntimeError("there is no PgBouncer: install it, or `make setup` in the source tree")
        parts = conninfo_to_dict(dsn)
        # Who may use the server's socket; never root, which PgBouncer refuses to be.
        self._owner = Path(str(parts["host"])).stat()
        self._directory = scratch.make("faultline-bouncer-")
        for file in (program, *program.parents[1].glob("lib/*/lib*.so.*")):
            shutil.copy(file, self._directory)  # to where that user can reach it
        config = CONFIG.format(
            host=parts["host"],
            port=parts["port"],
            user=user,
            directory=self._directory,
            own_port=PORT,
            size=size,
            settings=settings,
        )
        (self._directory / "ini").write_text(config)
        os.chown(self._directory, self._owner.st_uid, self._owner.st_gid)
        self.dsn = make_conninfo(dsn, host=str(self._directory), port=PORT, user=user)
        self._process: subprocess.Popen[bytes]
        self.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def start(self) -> None:
        as_root = os.getuid() == 0
        self._process = subprocess.Popen(
            [self._directory / "pgbouncer", "-q", self._directory / "ini"],
            env={"LD_LIBRARY_PATH": str(self._directory), "PATH": os.environ["PATH"]},
            user=self._owner.st_uid if as_root else None,
            group=self._owner.st_gid if as_root else None,
            extra_groups=[] if as_root else None,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGKILL),  # noqa: PLW1509 - async-signal-safe
        )
        self._wait()

    def kill(self) -> int:
        """SIGKILL; what waitpid says."""
        self._process.kill()
        return self._process.wait()

    def show(self, what: str) -> list[dict[str, Any]]:
        """What its console says to SHOW."""
        console = make_conninfo(self.dsn, dbname="pgbouncer")
        with psycopg.connect(console, autocommit=True, row_factory=psycopg.rows.dict_row) as connection:
            return connection.execute(f"show {what}".encode(), prepare=False).fetchall()

    def close(self) -> None:
        self.kill()  # it has nothing to lose, and its versions differ in which signal ends them at once
        scratch.remove(self._directory)

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                psycopg.connect(self.dsn).close()
            except psycopg.OperationalError as error:
                log = self._directory / "log"
                said = log.read_text() if log.exists() else ""
                if self._process.poll() is not None:
                    raise RuntimeError(f"pgbouncer ended with {self._process.returncode}: {said}") from error
                if time.monotonic() > deadline:
                    raise RuntimeError(f"pgbouncer does not answer: {error} {said}") from error
                time.sleep(0.05)
            else:
                return


@contextmanager
def pooled(dsn: str, user: str, settings: str = "") -> Iterator[str]:
    """A DSN that leads through one, with three connections."""
    pooler = Pooler(dsn, user, settings=settings)
    try:
        yield pooler.dsn
    finally:
        pooler.close()
