"""What befalls the disk: it is full, it is slow, it fails. The first wants a small one of its own, the rest strace."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final, cast

import psycopg

from faultline.drill import tools
from faultline.drill.arena import Arena
from faultline.drill.faults.fault import Fault
from faultline.drill.processes import children
from faultline.embedded import Server
from faultline.processes import die_with_parent

if TYPE_CHECKING:
    from faultline.drill.arena import Setting

SIZE: Final = "400m"
CLONE_NEWNS: Final = 0x20000
CHUNK: Final = bytes(1 << 20)
TRACED_SECONDS: Final = 5.0


class SmallDiskServer(Server):
    """Its log lies elsewhere: a full disk keeps no record of being full."""

    @property
    def log(self) -> Path:
        return self.socket_dir / "server.log"


class SmallDisk(Arena):
    """The data directory is a file system of its own that only our processes see: it is gone when they are."""

    config: ClassVar[dict[str, str]] = Arena.config | {"max_wal_size": "64MB", "min_wal_size": "32MB"}

    def __init__(self, setting: Setting) -> None:
        self.disk = Path(tempfile.mkdtemp(prefix="faultline-disk-"))
        super().__init__(setting)

    def _make_server(self) -> Server:
        if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS) != 0:
            raise OSError(ctypes.get_errno(), "unshare")
        subprocess.run(["mount", "--make-rprivate", "/"], check=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=755", "tmpfs", self.disk], check=True)
        self._stack.callback(self._unmount)
        self.disk.chmod(0o711)
        return SmallDiskServer(self.disk / "data", config=self.config)

    def _unmount(self) -> None:
        subprocess.run(["umount", "--lazy", self.disk], check=True)
        shutil.rmtree(self.disk)


class Full(Fault):
    name = "disk-full"
    title = "the disk is full, the WAL's too, and has room again"
    seconds = 10.0

    def __init__(self) -> None:
        super().__init__()
        self._ballast: Path | None = None

    @classmethod
    def needs(cls) -> str | None:
        return None if tools.linux() and tools.root() else "a small file system of its own takes root, on Linux"

    def inject(self, arena: Arena) -> None:
        since = arena.log_size()
        self._ballast = cast("SmallDisk", arena).disk / "ballast"
        self._fill(self._ballast)
        arena.wait(lambda: len(arena.log_lines(since, "No space left on device")) >= 3, 6.0)
        with contextlib.suppress(psycopg.Error), arena.connect() as connection:
            for _ in range(4):  # the WAL wants a new segment
                connection.execute("select pg_switch_wal()")
                connection.execute("select pg_logical_emit_message(false, 'drill', 'ballast')")
        full = arena.log_lines(since, "No space left on device")
        panics = arena.log_lines(since, "PANIC")
        if full:
            self.saw(sqlstate="53100", refused=len(full), panics=len(panics), log=full[:1] + panics[:1])

    @staticmethod
    def _fill(ballast: Path) -> None:
        with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
            while True:
                file.write(CHUNK)

    def heal(self, arena: Arena) -> None:
        if self._ballast is not None:
            self._ballast.unlink(missing_ok=True)
        arena.revive()


class Traced(Fault):
    """strace stands between the server and its disk for a while."""

    inject_what: ClassVar[str]
    mark: ClassVar[str]
    seconds = 3.0

    @classmethod
    def needs(cls) -> str | None:
        strace = shutil.which("strace")
        if strace is None or not tools.linux():
            return "it takes strace, on Linux"
        tried = subprocess.run(
            [strace, "-qq", "-e", "inject=fsync:error=EIO", "true"], check=False, capture_output=True
        )
        return None if tried.returncode == 0 else f"strace may not trace here: {tried.stderr.decode().strip()[:80]}"

    def __init__(self) -> None:
        super().__init__()
        self._since = 0
        self._trace = Path(os.devnull)

    def inject(self, arena: Arena) -> None:
        self._since = arena.log_size()
        self._trace = arena.directory / f"strace-{self.name}-{self.injected}.log"
        main = arena.server.pid
        pids = ",".join(map(str, [main, *children(main)]))
        arguments = ["-f", "-qq", "-e", "trace=fsync,fdatasync", "-e", self.inject_what, "-o", str(self._trace)]
        with (arena.directory / "strace.log").open("ab") as log:
            tracer = subprocess.Popen(
                ["strace", *arguments, "-p", pids],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 - async-signal-safe
            )
        try:
            arena.wait(lambda: self.enough(arena), TRACED_SECONDS)
        finally:
            tracer.send_signal(signal.SIGTERM)
            tracer.wait()

    def marked(self) -> list[str]:
        """The calls that strace has meddled with."""
        return [line for line in self._trace.read_text(errors="replace").splitlines() if self.mark in line]

    def enough(self, arena: Arena) -> bool:
        raise NotImplementedError

    def heal(self, arena: Arena) -> None:
        arena.revive()


class SlowSync(Traced):
    name = "fsync-slow"
    title = "each fsync of the server takes a second longer"
    inject_what = "inject=fsync,fdatasync:delay_exit=1s"
    mark = "(DELAYED)"

    def enough(self, arena: Arena) -> bool:
        return False

    def look(self, arena: Arena) -> None:
        if calls := self.marked():
            self.saw(delayed=len(calls), call=calls[0])
            self._trace = Path(os.devnull)


class FailingSync(Traced):
    name = "fsync-fails"
    title = "an fsync of the server's WAL fails with EIO"
    inject_what = "inject=fsync,fdatasync:error=EIO:when=1"
    mark = "(INJECTED)"
    seconds = 10.0

    def enough(self, arena: Arena) -> bool:
        return bool(arena.log_lines(self._since, "PANIC"))

    def look(self, arena: Arena) -> None:
        calls, panics = self.marked(), arena.log_lines(self._since, "PANIC")
        if calls and panics:
            self.saw(failed=len(calls), call=calls[0], log=panics[:1])
            self._trace = Path(os.devnull)


SMALL: Final = (Full,)
SYNC: Final = (SlowSync, FailingSync)
