"""The runners: real processes that run the real command, and the signals that befall them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

QUEUE: Final = "demo"
CONCURRENCY: Final = 4
LEASE_SECONDS: Final = 2.0
END_SECONDS: Final = 20.0
COMMAND: Final = (
    "run",
    "faultline.demo.work:app",
    f"--queue={QUEUE}",
    f"--concurrency={CONCURRENCY}",
    f"--lease={LEASE_SECONDS:g}s",
    "--poll=200ms",
    "--grace=10s",
)


class RunnerProcess:
    """One `faultline run`, in a session of its own, so that only the demo sends it signals."""

    def __init__(self, number: int, dsn: str, directory: Path) -> None:
        self.number = number
        self.name = f"runner {number}"
        self.log = directory / f"runner-{number}.log"
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "faultline.cli", *COMMAND],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=directory,
                env=_environment(dsn),
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

    def terminate(self) -> int:
        """SIGTERM, the gentle end; returns what waitpid says."""
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            return self.kill()

    def destroy(self) -> None:
        if self._process.poll() is None:
            self.kill()

    def last_words(self) -> str:
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"


def process_state(pid: int) -> str:
    """The letter of /proc/PID/stat (T: stopped); of ps, where there is no /proc."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[0]
    except OSError:
        shown = subprocess.run(["ps", "-o", "state=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return shown.stdout.strip()[:1]


def _environment(dsn: str) -> dict[str, str]:
    """Nothing that is set for runners of another database may reach these."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FAULTLINE_", "PG"))}
    return kept | {"FAULTLINE_DSN": dsn}
