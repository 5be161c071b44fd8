"""The receiver as a process, and the processes of the server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import IO, TYPE_CHECKING, Final, cast

from faultline.processes import all_stat_fields, clean_environment, tied

if TYPE_CHECKING:
    from pathlib import Path

END_SECONDS: Final = 20.0


class ReceiverProcess:
    """The outside world. It may be killed, and started again where it was."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._port = "0"
        self._process: subprocess.Popen[bytes]
        self.url = ""
        self.start()

    def start(self) -> None:
        """Start it, at the address that it had before."""
        with (self._directory / "receiver.log").open("ab") as log:
            self._process = subprocess.Popen(
                tied(
                    [
                        *(sys.executable, "-m", "faultline.drill.receiver"),
                        *("--directory", str(self._directory), "--port", self._port),
                    ]
                ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                env=clean_environment(),
                start_new_session=True,
            )
        self.url = cast("IO[bytes]", self._process.stdout).readline().decode().strip()
        self._port = self.url.rpartition(":")[2]

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        return self._process.poll()

    def destroy(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(END_SECONDS)
        if self._process.stdout is not None:
            self._process.stdout.close()


def children(pid: int) -> list[int]:
    """The processes that a process has started and that live, as Linux shows them."""
    return [child for child, fields in all_stat_fields().items() if int(fields[1]) == pid]


def signal_all(pids: list[int], number: signal.Signals) -> None:
    """Those of them that are still there."""
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue
