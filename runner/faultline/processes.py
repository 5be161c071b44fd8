"""Runners as processes of their own that run the real command, and the signals that befall them."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

END_SECONDS: Final = 20.0
PR_SET_PDEATHSIG: Final = 1
TIE: Final = """
import ctypes, os, sys
parent, number, *command = sys.argv[1:]
ctypes.CDLL(None).prctl(1, int(number))
if os.getppid() != int(parent):
    sys.exit(1)
os.execvp(command[0], command)
"""


class RunnerProcess:
    """One `faultline run` with these arguments, in a session of its own, so that only its maker sends it signals.

    On Linux it ends when the thread that made it does, however that happens.
    """

    def __init__(
        self,
        number: int,
        dsn: str,
        directory: Path,
        arguments: Sequence[str],
        environment: Mapping[str, str] | None = None,
        within: Sequence[str] = (),
    ) -> None:
        """`within`: a command that runs the runner."""
        self.number = number
        self.name = f"runner {number}"
        self.log = directory / f"runner-{number}.log"
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                tied([*within, sys.executable, "-m", "faultline.cli", "run", *arguments]),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=directory,
                env={**clean_environment(), "FAULTLINE_DSN": dsn, **(environment or {})},
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """As waitpid tells it: negative for a signal, None while it lives."""
        return self._process.poll()

    def kill(self) -> int:
        """SIGKILL; returns what waitpid says."""
        self._process.send_signal(signal.SIGKILL)
        return self._process.wait(END_SECONDS)

    def freeze(self) -> str:
        """SIGSTOP; returns the state that the system shows then."""
        self._process.send_signal(signal.SIGSTOP)
        deadline = time.monotonic() + END_SECONDS
        while (state := process_state(self.pid)) != "T" and time.monotonic() < deadline:
            time.sleep(0.001)
        return state

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def ask_to_end(self) -> None:
        """SIGTERM, the gentle end."""
        self._process.send_signal(signal.SIGTERM)

    def ended(self) -> int:
        """What waitpid says in the end; one that does not come to it is killed."""
        try:
            return self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            return self.kill()

    def terminate(self) -> int:
        self.ask_to_end()
        return self.ended()

    def destroy(self) -> None:
        if self._process.poll() is None:
            self.kill()

    def last_words(self) -> str:
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"


def process_state(pid: int) -> str:
    """The letter of /proc/PID/stat (T: stopped); of ps, where there is no /proc."""
    if fields := stat_fields(pid):
        return fields[0]
    shown = subprocess.run(["ps", "-o", "state=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return shown.stdout.strip()[:1]


def stat_fields(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on; none if the process is over, or there is no /proc."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


def all_stat_fields() -> dict[int, list[str]]:
    """Those of every process that there is, by its pid."""
    pids = (int(entry.name) for entry in Path("/proc").glob("[0-9]*"))
    return {pid: fields for pid in pids if (fields := stat_fields(pid))}


def clean_environment() -> dict[str, str]:
    """Ours without what is set for runners of another database."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("FAULTLINE_", "PG"))}


def tied(command: Sequence[str], number: signal.Signals = signal.SIGKILL) -> list[str]:
    """The command, run so that on Linux it gets this signal when the thread that started it ends.

    By a program that becomes the command: with a preexec_fn Python runs hooks around its fork, in which an exception
    that a handler of signals raises is lost, and with it the end that somebody has asked for.
    """
    if sys.platform != "linux":
        return list(command)
    return [sys.executable, "-ISc", TIE, str(os.getpid()), str(int(number)), *command]


def die_with_parent(number: signal.Signals) -> Callable[[], None] | None:
    """For a child, after it has changed its user (which would undo it): a signal when its maker's thread ends."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    parent = os.getpid()

    def set_death_signal() -> None:
        prctl(PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:
            os._exit(1)

    return set_death_signal
