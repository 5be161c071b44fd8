"""PgBouncer in transaction mode, from Debian's package, unpacked into .tools and never installed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
UNPACKED = ROOT / ".tools/pgbouncer"
CONFIG = """
[databases]
* = host={host} port={port} user={user}
[pgbouncer]
unix_socket_dir = {directory}
listen_addr =
listen_port = 6432
auth_type = any
pool_mode = transaction
default_pool_size = 3
logfile = {directory}/log
server_fast_close = 1
{settings}
"""


@contextmanager
def pooled(dsn: str, user: str, settings: str = "") -> Iterator[str]:
    """A DSN that leads to the same database through PgBouncer, with three connections of `user` for everybody.

    `settings` are lines for its file, after ours.
    """
    parts = conninfo_to_dict(dsn)
    # Who may use the server's socket; never root, which PgBouncer refuses to be.
    owner = Path(str(parts["host"])).stat()
    with tempfile.TemporaryDirectory(prefix="faultline-bouncer-") as name:
        directory = Path(name)
        for file in (UNPACKED / "usr/sbin/pgbouncer", *UNPACKED.glob("usr/lib/*/lib*.so.*")):
            shutil.copy(file, directory)  # to where that user can reach it
        config = directory / "ini"
        config.write_text(
            CONFIG.format(host=parts["host"], port=parts["port"], user=user, directory=directory, settings=settings)
        )
        os.chown(directory, owner.st_uid, owner.st_gid)
        as_root = os.getuid() == 0
        process = subprocess.Popen(
            [directory / "pgbouncer", "-q", config],
            env={"LD_LIBRARY_PATH": name, "PATH": os.environ["PATH"]},
            user=owner.st_uid if as_root else None,
            group=owner.st_gid if as_root else None,
            extra_groups=[] if as_root else None,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            through = make_conninfo(dsn, host=name, port=6432, user=user)
            _wait(through, process, directory / "log")
            yield through
        finally:
            process.send_signal(signal.SIGQUIT)
            process.wait(10)


def _wait(dsn: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            psycopg.connect(dsn).close()
        except psycopg.OperationalError as error:
            said = log.read_text() if log.exists() else ""
            if process.poll() is not None:
                raise RuntimeError(f"pgbouncer ended with {process.returncode}: {said}") from error
            if time.monotonic() > deadline:
                raise RuntimeError(f"pgbouncer does not answer: {error} {said}") from error
            time.sleep(0.05)
        else:
            return
