"""Worker processes of a peer: started, stopped in their tracks, told to go on, counted, and what they used.

They are started on an empty queue. Before a measurement they are stopped (SIGSTOP) while the jobs are enqueued, and
then go on all at once: so neither the start of an interpreter nor an order of starting is part of what is measured.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from bench import driver
from faultline.processes import all_stat_fields

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from bench.peers.catalogue import Peer

START_SECONDS: Final = 120.0
STOP_SECONDS: Final = 60.0
SETTLE_SECONDS: Final = 1.5
TICK_SECONDS: Final = 0.01
TICK_PROCESSES: Final = 4
"""So many processes tell what they have run every TICK_SECONDS; more of them less often, or that would be measured."""
TICKS: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Count:
    """What the handlers of all processes have run of one wave."""

    jobs: int
    numbers: int
    """The sum of their numbers."""
    first: float
    """When the first began; 0 if none has."""


def counted(states: list[str], wave: int) -> Count:
    """The sum over the files of state. One that is just being written, or of another wave, says nothing."""
    jobs, numbers, firsts = 0, 0, []
    for state in states:
        fields = state.split()
        if len(fields) == 4 and int(fields[0]) == wave and int(fields[1]):
            jobs += int(fields[1])
            numbers += int(fields[2])
            firsts.append(float(fields[3]))
    return Count(jobs, numbers, min(firsts, default=0.0))


@dataclass
class Crew:
    """`with Crew(peer, environment, directory, processes) as crew:`"""

    peer: Peer
    environment: dict[str, str]
    directory: Path
    processes: int
    _started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def _tick(self) -> float:
        return TICK_SECONDS * max(1.0, self.processes / TICK_PROCESSES)

    def __enter__(self) -> Self:
        for number, command in enumerate(self.peer.workers(self.processes)):
            with (self.directory / f"worker-{number}.log").open("wb") as log:
                process = subprocess.Popen(
                    command,
                    cwd=driver.ROOT,
                    env=self.environment | {"BENCH_TICK": f"{self._tick:.3f}"},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            self._started.append(process)
        try:
            self.wait(lambda: len(list(self.directory.glob("*.state"))) >= self.processes, START_SECONDS, "start")
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def pause(self) -> None:
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._signal(signal.SIGCONT)

    def stop(self) -> None:
        """SIGTERM, and what does not end by that is killed: the measurements are over."""
        self._signal(signal.SIGCONT)
        self._signal(signal.SIGTERM)
        until = time.monotonic() + STOP_SECONDS
        for process in self._started:
            try:
                process.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                for pid in self._family():
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                process.wait()
        self._started.clear()

    def count(self, wave: int) -> Count:
        return counted([file.read_text() for file in self.directory.glob("*.state")], wave)

    def late(self) -> list[float]:
        """How long after its enqueue each handler began, in seconds."""
        return [float(line) for file in self.directory.glob("*.late") for line in file.read_text().split()]

    def cpu(self) -> float:
        """Seconds of CPU of all processes so far, those that are over included."""
        return sum(sum(map(int, fields[11:15])) for fields in self._family().values()) / TICKS

    def memory(self) -> float:
        """The most that each process ever had resident, added up, in MB."""
        total = 0
        for pid in self._family():
            for line in _read(Path(f"/proc/{pid}/status")).splitlines():
                if line.startswith("VmHWM:"):
                    total += int(line.split()[1])
        return total / 1024

    def wait(self, until: Callable[[], bool], seconds: float, what: str) -> None:
        """Until it is so; BenchError when that takes too long, or a worker has ended."""
        deadline = time.monotonic() + seconds
        while not until():
            for number, process in enumerate(self._started):
                if (code := process.poll()) is not None:
                    message = f"{self.peer.title}: a worker ended with {code}: {self._words(number)}"
                    raise driver.BenchError(message)
            if time.monotonic() > deadline:
                message = f"{self.peer.title}: {what}: not within {seconds:.0f} s: {self._words(0)}"
                raise driver.BenchError(message)
            time.sleep(self._tick / 2)

    def _words(self, number: int) -> str:
        return (self.directory / f"worker-{number}.log").read_text(errors="replace")[-2000:].strip()

    def _signal(self, which: signal.Signals) -> None:
        for pid in self._family() if which in {signal.SIGSTOP, signal.SIGCONT} else [p.pid for p in self._started]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, which)

    def _family(self) -> dict[int, list[str]]:
        """What was started and its descendants, each with the fields of its /proc/PID/stat from the state on."""
        stats = all_stat_fields()
        found = {process.pid for process in self._started if process.poll() is None}
        new = found
        while new:
            new = {pid for pid, fields in stats.items() if int(fields[1]) in new} - found
            found |= new
        return {pid: stats[pid] for pid in sorted(found) if pid in stats}


def _read(file: Path) -> str:
    """Of /proc; nothing if the process is over."""
    try:
        return file.read_text()
    except OSError:
        return ""
