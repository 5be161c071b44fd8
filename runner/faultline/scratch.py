"""Temporary directories that go away in the end, also those of a process that was killed.

A directory is locked as long as its maker lives. Whoever makes one first removes what nobody holds any more, unless a
server still runs in it: after its parent was killed it takes a moment to end.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

LOCK: Final = ".maker"

_held: dict[Path, tuple[int, int]] = {}  # the lock's descriptor, and whose it is: a forked child must not remove


def make(prefix: str, parent: str | None = None) -> Path:
    """A new directory, only for this user."""
    where = Path(parent or tempfile.gettempdir())
    for other in where.glob(f"{prefix}*"):
        with suppress(OSError):
            _remove_if_abandoned(other)
    made = Path(tempfile.mkdtemp(prefix=prefix, dir=where))
    # It has its name only once it is locked: an unlocked one counts as abandoned.
    lock = os.open(made / f"{LOCK}.new", os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    (made / f"{LOCK}.new").rename(made / LOCK)
    _held[made] = (lock, os.getpid())
    return made


def remove(made: Path) -> None:
    """Remove what `make` made; nothing happens in a forked child, or the second time."""
    lock, maker = _held.get(made, (-1, -1))
    if maker != os.getpid():
        return
    del _held[made]
    shutil.rmtree(made, ignore_errors=True)
    os.close(lock)


def _remove_if_abandoned(directory: Path) -> None:
    status = directory.lstat()
    if not stat.S_ISDIR(status.st_mode) or (os.geteuid() != 0 and status.st_uid != os.geteuid()):
        return
    lock = os.open(directory / LOCK, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not any(_alive(path) for path in directory.glob(".s.PGSQL.*.lock")):
            shutil.rmtree(directory, ignore_errors=True)
    finally:
        os.close(lock)


def _alive(server_lock: Path) -> bool:
    """Its first line is the server's process id."""
    try:
        os.kill(int(server_lock.read_text().split()[0]), 0)
    except (ProcessLookupError, ValueError, IndexError):
        return False
    except PermissionError:
        return True
    return True
