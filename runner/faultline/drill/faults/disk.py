"""What befalls the disk: it is full, it is slow, it fails. The first wants a small one of its own, the rest strace."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final, cast

import psycopg

from faultline import scratch
from faultline.drill import tools
from faultline.drill.arena import Arena
from faultline.drill.faults.fault import Fault
from faultline.drill.processes import children, signal_all
from faultline.embedded import Server
from faultline.processes import process_state, tied

if TYPE_CHECKING:
    from collections.abc import Callable

    from faultline.drill.arena import Setting

SIZE: Final = "400m"
CLONE_NEWNS: Final = 0x20000
CHUNK: Final = bytes(1 << 20)
TRACED_SECONDS: Final = 5.0
CALLED: Final = re.compile(r"(?:fsync|fdatasync)\(\d+<([^>]+)>")


class SmallDiskServer(Server):
    """Its log lies elsewhere: a full disk keeps no record of being full."""

    @property
    def log(self) -> Path:
        return self.socket_dir / "server.log"


class SmallDisk(Arena):
    """The data directory is a file system of its own that only our processes see: it is gone when they are."""

    config: ClassVar[dict[str, str]] = Arena.config | {"max_wal_size": "64MB", "min_wal_size": "32MB"}

    def __init__(self, setting: Setting) -> None:
        self._home = scratch.make("faultline-disk-")
        self._home.chmod(0o711)
        self.disk = self._home / "disk"
        self.disk.mkdir()
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
        scratch.remove(self._home)


class Full(Fault):
    own_server = True
    name = "disk-full"
    title = "the disk is full, the WAL's too"
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

    own_server = True
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
        pids = [main, *children(main)]
        tracer = _strace(arena, self._trace, pids, "-e", "trace=fsync,fdatasync", "-e", self.inject_what)
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
    title = "each fsync takes a second longer"
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
    title = "an fsync fails with EIO"
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


class MachineCrash(Fault):
    """The machine loses what is not on its disk, as an operating system that goes down does.

    All processes of the server stand still for a copy of its files: what the disk is taken to hold. Then strace notes
    which files the server has had synced. At the crash all processes get SIGKILL, and each file that was not synced
    since is put back to the copy.
    """

    own_server = True
    name = "machine-crash"
    title = "the machine crashes: the unsynced is gone"
    seconds = 5.0
    watched_seconds: ClassVar[float] = 3.0

    def __init__(self) -> None:
        super().__init__()
        self._copy: Path | None = None

    @classmethod
    def needs(cls) -> str | None:
        return Traced.needs()

    def inject(self, arena: Arena) -> None:
        since = arena.log_size()
        data = arena.server.data
        self._copy = data.with_name("disk")
        trace = arena.directory / f"strace-{self.name}-{self.injected}.log"
        pids = _stop_all(arena.server.pid)
        tracer = _strace(arena, trace, pids, "-y", "-e", "trace=fsync,fdatasync")
        try:
            _until(lambda: all(_traced(pid) for pid in pids))
            subprocess.run(["cp", "-a", data, self._copy], check=True)
        finally:
            signal_all(pids, signal.SIGCONT)
        arena.wait(lambda: False, self.watched_seconds)
        main = arena.server.pid
        crashed = _stop_all(main)
        signal_all([pid for pid in crashed if pid != main], signal.SIGKILL)
        code = arena.server.kill()
        tracer.wait()
        lost = self._lose(data, _synced(trace))
        arena.server.start()
        if code == -9:
            recovery = arena.log_lines(since, "automatic recovery in progress")
            self.saw(exit_code=code, processes=len(crashed), files_lost=lost, log=recovery)

    def _lose(self, data: Path, synced: set[Path]) -> int:
        """How many files are as they were at the copy."""
        if self._copy is None:
            return 0
        lost = 0
        for root, _, names in os.walk(data):
            for name in names:
                path = Path(root, name)
                if path in synced or path == data / "server.log":
                    continue
                before = self._copy / path.relative_to(data)
                if not before.exists():
                    path.unlink()
                elif before.stat().st_mtime_ns != path.stat().st_mtime_ns:
                    subprocess.run(["cp", "-a", before, path], check=True)
                else:
                    continue
                lost += 1
        return lost

    def heal(self, arena: Arena) -> None:
        if self._copy is not None:
            shutil.rmtree(self._copy, ignore_errors=True)
        arena.revive()


def _stop_all(main: int) -> list[int]:
    """SIGSTOP the server's main process, and then all that it had started by then."""
    signal_all([main], signal.SIGSTOP)
    _until(lambda: process_state(main) in "Tt")
    pids = [main, *children(main)]
    signal_all(pids, signal.SIGSTOP)
    _until(lambda: all(process_state(pid) in "TtZ" for pid in pids))
    return pids


def _strace(arena: Arena, trace: Path, pids: list[int], *arguments: str) -> subprocess.Popen[bytes]:
    with (arena.directory / "strace.log").open("ab") as log:
        return subprocess.Popen(
            tied(["strace", "-f", "-qq", *arguments, "-o", str(trace), "-p", ",".join(map(str, pids))], signal.SIGTERM),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _traced(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return True
    return "TracerPid:\t0\n" not in status


def _synced(trace: Path) -> set[Path]:
    """The files that a call of the trace has synced: it has to have returned with 0."""
    synced = set()
    under_way: dict[str, Path] = {}
    for line in trace.read_text(errors="replace").splitlines():
        pid = line.partition(" ")[0]
        if found := CALLED.search(line):
            under_way[pid] = Path(found[1])
        if line.endswith("= 0") and pid in under_way:
            synced.add(under_way.pop(pid))
    return synced


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TRACED_SECONDS
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.005)


SMALL: Final = (Full,)
SYNC: Final = (SlowSync, FailingSync, MachineCrash)
