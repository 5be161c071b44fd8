"""Several runner processes under one: starts them, restarts those that crash, hands on signals, reloads on changes.

A child is this module run as a program. It gets its options on stdin, where a password stays out of `ps`, and sees the
end of stdin when the supervisor is gone: then it stops as after SIGTERM.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from faultline import database, logs
from faultline.settings import RunnerOptions
from faultline.signals import heard

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import FrameType

log = logging.getLogger("faultline")

WRONG_USAGE: Final = 2
RESTART_FIRST: Final = 0.5
RESTART_MOST: Final = 30.0
HEALTHY_SECONDS: Final = 60.0
WATCH_SECONDS: Final = 0.5
WATCH_MOST: Final = 20_000
TICK_SECONDS: Final = 1.0
KILL_AFTER: Final = 20.0
"""Beyond the grace period: how long a child may take to end before it is killed."""
_NOT_WATCHED: Final = {"node_modules", "__pycache__", "site-packages", "venv"}


def run(target: str, options: RunnerOptions) -> int:
    """Run `options.processes` children with the App that `target` (module:app) names, until they are told to stop.

    Returns the exit code: 0; 2 if the children cannot start; 1 if one did not end well after a signal or `until_empty`.
    Raises FaultlineError if the database does not answer or has no schema: no child would fare better.
    """
    logs.setup()
    with database.connect(options.dsn, "check") as connection:
        database.check_schema(connection)
    return _Supervisor(target, options).run()


@dataclass
class _Child:
    """One place for a process: its number, the process that has it now, and when it may be started again."""

    number: int
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    failures: int = 0
    restart_at: float | None = 0.0
    code: int | None = None
    kill_at: float | None = None


@dataclass
class _Supervisor:
    target: str
    options: RunnerOptions
    children: list[_Child] = field(default_factory=list)
    stops: int = 0
    reloading: bool = False
    waiting_for_change: bool = False

    def run(self) -> int:
        self.children = [_Child(number) for number in range(self.options.processes)]
        watcher = _Watcher(Path.cwd()) if self.options.reload else None
        with _signals() as wakeup:
            try:
                while True:
                    self._collect()
                    if self._over():
                        return self._code()
                    if watcher is not None and not self.stops and watcher.changed():
                        self._reload()
                    self._start_due()
                    for number in wakeup.wait(WATCH_SECONDS if watcher else TICK_SECONDS):
                        self._signalled(number)
            finally:
                self._kill_all()

    # Children.

    def _start_due(self) -> None:
        if self.stops or self.waiting_for_change:
            return
        now = time.monotonic()
        for child in self.children:
            if child.process is None and child.restart_at is not None and child.restart_at <= now:
                self._start(child)

    def _start(self, child: _Child) -> None:
        options = replace(self.options, process=child.number, reload=False)
        process = subprocess.Popen(
            [sys.executable, "-m", "faultline.supervisor"],
            stdin=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C reaches only the supervisor, which hands it on once
        )
        assert process.stdin is not None  # noqa: S101
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(json.dumps({"target": self.target, "options": asdict(options)}).encode() + b"\n")
            process.stdin.flush()
        child.process, child.started, child.restart_at, child.kill_at = process, time.monotonic(), None, None

    def _collect(self) -> None:
        now = time.monotonic()
        for child in self.children:
            process = child.process
            if process is None:
                continue
            code = process.poll()
            if code is None:
                if child.kill_at is not None and now > child.kill_at:
                    log.error("process %d does not end: killed", child.number)
                    process.kill()
                continue
            if process.stdin is not None:
                with contextlib.suppress(BrokenPipeError):
                    process.stdin.close()
            child.process, child.code = None, code
            self._ended(child, code, now)

    def _ended(self, child: _Child, code: int, now: float) -> None:
        if self.stops or (code == 0 and self.options.until_empty):
            return
        if self.reloading:
            child.restart_at = now
            self.reloading = any(other.process is not None for other in self.children)
        elif self.options.reload and code != 0:
            log.error("process %d ended with %d: waiting for a change of the source", child.number, code)
            self.waiting_for_change = True
            child.restart_at = now
        elif code == WRONG_USAGE:
            log.error("process %d can't start: giving up", child.number)
            self.stop()
        else:
            child.failures = 0 if now - child.started > HEALTHY_SECONDS else child.failures + 1
            pause = min(RESTART_MOST, RESTART_FIRST * 2.0 ** min(child.failures - 1, 10)) if child.failures else 0.0
            child.restart_at = now + pause
            log.error("process %d ended with %s: started again in %.1f s", child.number, _say(code), pause)

    def _over(self) -> bool:
        if any(child.process is not None for child in self.children):
            return False
        return self.stops > 0 or all(child.restart_at is None for child in self.children)

    def _code(self) -> int:
        codes = [child.code for child in self.children if child.code is not None]
        if WRONG_USAGE in codes:
            return WRONG_USAGE
        # Only a child that has not begun to run dies of SIGTERM: it holds no job.
        return 0 if all(code in {0, -signal.SIGTERM} for code in codes) else 1

    # Signals and changes.

    def _signalled(self, number: int) -> None:
        # A terminal that is gone may be told twice, by the shell and by the kernel: that is no hurry.
        if number in {signal.SIGTERM, signal.SIGINT} or (number == signal.SIGHUP and not self.stops):
            self.stop()

    def stop(self) -> None:
        """SIGTERM to all children; a second time again, which hurries them."""
        self.stops += 1
        self._terminate()

    def _terminate(self) -> None:
        for child in self.children:
            if child.process is not None:
                child.process.send_signal(signal.SIGTERM)
                if child.kill_at is None:
                    child.kill_at = time.monotonic() + self.options.grace + KILL_AFTER
            elif self.stops:
                child.restart_at = None

    def _reload(self) -> None:
        log.info("the source has changed: starting anew")
        self.waiting_for_change = False
        self.reloading = any(child.process is not None for child in self.children)
        self._terminate()

    def _kill_all(self) -> None:
        for child in self.children:
            if child.process is not None:
                child.process.kill()
                child.process.wait()


def _say(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    with contextlib.suppress(ValueError):
        return signal.Signals(-code).name
    return f"signal {-code}"


class _Wakeup:
    """Signals as a file to wait for, so that none is missed between a check and a sleep."""

    def __init__(self) -> None:
        self._read, self.write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(self.write, False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._read, selectors.EVENT_READ)

    def wait(self, seconds: float) -> list[int]:
        """The numbers of the signals that came, after at most so many seconds."""
        if not self._selector.select(seconds):
            return []
        return list(os.read(self._read, 256))

    def close(self) -> None:
        self._selector.close()
        os.close(self._read)
        os.close(self.write)


@contextlib.contextmanager
def _signals() -> Iterator[_Wakeup]:
    """SIGTERM, SIGINT, SIGHUP and SIGCHLD wake the supervisor, as long as it runs."""
    wakeup = _Wakeup()

    def noted(number: int, frame: FrameType | None) -> None:
        """The byte in the pipe says it."""

    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD, *heard(signal.SIGHUP))
    before = {number: signal.signal(number, noted) for number in numbers}
    previous = signal.set_wakeup_fd(wakeup.write, warn_on_full_buffer=False)
    try:
        yield wakeup
    finally:
        signal.set_wakeup_fd(previous)
        for number, handler in before.items():
            signal.signal(number, handler)
        wakeup.close()


class _Watcher:
    """Looks whether a source file below a directory was written, made or removed."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._seen = self._look()

    def changed(self) -> bool:
        now = self._look()
        changed, self._seen = now != self._seen, now
        return changed

    def _look(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for directory, names, files in os.walk(self._root):
            names[:] = [name for name in names if not name.startswith(".") and name not in _NOT_WATCHED]
            for path in _sources(directory, files):
                with contextlib.suppress(OSError):
                    found[path] = os.stat(path).st_mtime_ns  # noqa: PTH116 - thousands of them, twice a second
            if len(found) >= WATCH_MOST:
                break
        return found


def _sources(directory: str, files: Iterable[str]) -> Iterator[str]:
    return (f"{directory}/{name}" for name in files if name.endswith(".py") or name == ".env")


# The child.


def child_main() -> int:
    """Run one runner with the options on stdin; stop when stdin ends."""
    from faultline import runner  # noqa: PLC0415 - the supervisor itself needs none of it
    from faultline.cli.failures import WrongUsage  # noqa: PLC0415
    from faultline.cli.loading import load_app  # noqa: PLC0415
    from faultline.errors import FaultlineError, InvalidArgument, SchemaMismatch, SchemaMissing  # noqa: PLC0415

    stdin = sys.stdin.buffer
    order = json.loads(stdin.readline())
    given = order["options"]
    options = RunnerOptions(**{**given, "queues": tuple(given["queues"]) if given["queues"] is not None else None})
    logs.setup(label=f"[{options.process}]")
    _stop_with(stdin.fileno())
    try:
        return runner.run(load_app(order["target"]), options)
    except WrongUsage as error:
        log.error("%s", error.format_message())
        return WRONG_USAGE
    except (InvalidArgument, SchemaMissing, SchemaMismatch) as error:
        log.error("%s", error)
        return WRONG_USAGE
    except FaultlineError as error:
        log.error("%s", error)
        return 1


def _stop_with(stdin: int) -> None:
    """SIGTERM to oneself when the supervisor is gone. Handlers find nothing on stdin."""
    watched = os.dup(stdin)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, stdin)
    os.close(null)

    def watch() -> None:
        while os.read(watched, 4096):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="faultline-supervisor-watch", daemon=True).start()


if __name__ == "__main__":
    sys.exit(child_main())
