"""The play: two runners share the work, one is killed, one is frozen, one takes over, the frozen one wakes up late."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import psycopg

from faultline.client import enqueue_many
from faultline.demo.evidence import COUNTS, EXPIRED, HELD, REFUSED, RUNNER, Counts, Evidence, Fault, pairs
from faultline.demo.processes import ARGUMENTS, CONCURRENCY, QUEUE
from faultline.demo.work import TYPE
from faultline.logs import plural
from faultline.processes import RunnerProcess, process_state

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from random import Random

    from faultline.demo.evidence import Attempt
    from faultline.demo.narrator import Narrator

PATIENCE_SECONDS: Final = 60.0
REPORT_SECONDS: Final = 10.0
GLANCE_SECONDS: Final = 0.02
IN_FLIGHT_SECONDS: Final = 0.1
BATCH: Final = 1000
TRIES: Final = 5
SLOTS: Final = 2 * CONCURRENCY
BACKOFF: Final = {"kind": "fixed", "delay": "250ms"}
MAX_ATTEMPTS: Final = 20


class DemoError(Exception):
    """The demo could not go on; the message says where it stood."""


class FaultMissed(Exception):  # noqa: N818 - not an error: one tries again
    """The work was done before a fault caught anybody at it."""


@dataclass(frozen=True)
class Setting:
    """What a play needs to know."""

    dsn: str
    directory: Path
    files: list[str]  # URIs
    hold_seconds: float
    random: Random
    narrator: Narrator


class Play:
    """One performance on an empty database. `perform` returns the evidence; `close` ends every process."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._say = setting.narrator.say
        self._connection = psycopg.connect(setting.dsn, autocommit=True)
        self._runners: list[RunnerProcess] = []
        self._uuids: dict[int, str] = {}
        self._ended: set[int] = set()
        self._total = len(setting.files)

    def close(self) -> None:
        for runner in self._runners:
            runner.destroy()
        self._connection.close()

    def perform(self) -> Evidence:
        enqueued = self._enqueue()
        first, second = self._start(), self._start()
        threshold = self._threshold()
        self._until("half of the jobs", lambda: self._counts().done >= threshold)
        victim, other = self._setting.random.sample((first, second), 2)
        killed, other = self._kill(victim, other)
        frozen = self._freeze(other)
        replacement = self._start()
        self._until(
            f"the leases of {other.name} to run out",
            lambda: not self._held(other) and self._count(EXPIRED, frozen.held) > 0,
        )
        self._thaw(other, frozen)
        self._until("the rest of the jobs", lambda: self._counts().unfinished == 0)
        self._await_late_reports(frozen)
        exit_codes = {runner.name: self._terminate(runner) for runner in (other, replacement)}
        found = Evidence(enqueued, killed, frozen, exit_codes)
        found.collect(self._connection)
        return found

    def _enqueue(self) -> dict[str, int]:
        jobs: list[dict[str, Any]] = [
            {
                "type": TYPE,
                "queue": QUEUE,
                "payload": {"file": file, "hold_seconds": self._setting.hold_seconds},
                "max_attempts": MAX_ATTEMPTS,
                "backoff": BACKOFF,
            }
            for file in self._setting.files
        ]
        ids: list[int] = []
        with self._connection.transaction():
            for start in range(0, self._total, BATCH):
                ids += [made.job_id for made in enqueue_many(self._connection, jobs[start : start + BATCH])]
        self._say(f"enqueued {plural(self._total, 'job')} in one transaction: one a file")
        return {job["payload"]["file"]: job_id for job, job_id in zip(jobs, ids, strict=True)}

    def _threshold(self) -> int:
        """About half of the jobs; fewer where so few are left then that they may all end at once."""
        halfway = int(self._total * self._setting.random.uniform(0.4, 0.6))
        return max(0, min(halfway, self._total - 2 * SLOTS))

    def _start(self) -> RunnerProcess:
        runner = RunnerProcess(len(self._runners) + 1, self._setting.dsn, self._setting.directory, ARGUMENTS)
        self._runners.append(runner)
        self._until(f"{runner.name} to register", lambda: self._registered(runner))
        self._say(f"started {runner.name} (pid {runner.pid})")
        return runner

    def _kill(self, victim: RunnerProcess, other: RunnerProcess) -> tuple[Fault, RunnerProcess]:
        """SIGKILL a runner that holds leases. Returns what it held when it was dead, and the runner that is left."""
        for _ in range(TRIES):
            self._until("a runner at work", lambda: bool(self._held(victim) or self._held(other)) or self._over())  # noqa: B023
            if not self._held(victim):  # the other one was faster and has all the jobs
                victim, other = other, victim
            self._ended.add(victim.pid)
            exit_code = victim.kill()
            held = self._held_for_good(victim)
            if held:
                self._say(f"KILLED {victim.name} (SIGKILL, exit code {exit_code}): it held {plural(len(held), 'job')}")
                return Fault(victim.name, victim.pid, self._uuids[victim.pid], held, exit_code=exit_code), other
            if self._over():
                break
            self._say(f"killed {victim.name}, but it held no job at that moment: once more")
            victim = self._start()
        raise FaultMissed("every job was done before a runner could be killed at it")

    def _freeze(self, runner: RunnerProcess) -> Fault:
        """SIGSTOP a runner that holds leases; if it turns out to hold none, it goes on and we try again."""
        while not self._over():
            self._until(f"{runner.name} to have jobs", lambda: bool(self._held(runner)) or self._over())
            state = runner.freeze()
            since = time.monotonic()
            held = self._held_for_good(runner)
            if held:
                self._say(f"FROZE {runner.name} (SIGSTOP, state {state}): it holds {plural(len(held), 'job')}")
                return Fault(runner.name, runner.pid, self._uuids[runner.pid], held, state=state, since=since)
            runner.thaw()
        raise FaultMissed("every job was done before a runner could be frozen at it")

    def _thaw(self, runner: RunnerProcess, frozen: Fault) -> None:
        frozen.state_before_waking = process_state(runner.pid)
        frozen.seconds = time.monotonic() - frozen.since
        lost = self._count(EXPIRED, frozen.held)
        runner.thaw()
        self._say(
            f"WOKE {runner.name} (SIGCONT) after {frozen.seconds:.1f} s in state {frozen.state_before_waking}: "
            f"{plural(lost, 'lease')} of its own had run out meanwhile"
        )

    def _await_late_reports(self, frozen: Fault) -> None:
        deadline = time.monotonic() + REPORT_SECONDS
        while not (refused := self._count(REFUSED, frozen.held)):
            if time.monotonic() > deadline:
                raise FaultMissed(f"{frozen.name} was frozen between two jobs: it had nothing to report late")
            time.sleep(GLANCE_SECONDS)
        self._say(f"{plural(refused, 'late report')} of {frozen.name} refused")

    def _terminate(self, runner: RunnerProcess) -> int:
        self._ended.add(runner.pid)
        code = runner.terminate()
        self._say(f"ended {runner.name} (SIGTERM): exit code {code}")
        return code

    def _until(self, what: str, condition: Callable[[], bool]) -> None:
        """Wait for it, as long as anything moves."""
        seen: Counts | None = None
        deadline = 0.0
        while not condition():
            counts = self._counts()
            if counts != seen:
                seen, deadline = counts, time.monotonic() + PATIENCE_SECONDS
            if time.monotonic() > deadline:
                raise DemoError(f"nothing has moved for {PATIENCE_SECONDS:.0f} s while waiting for {what}: {counts}")
            self._nobody_ended()
            self._setting.narrator.progress("jobs done", counts.done, self._total)
            time.sleep(GLANCE_SECONDS)
        self._setting.narrator.progress("jobs done", self._counts().done, self._total)

    def _nobody_ended(self) -> None:
        for runner in self._runners:
            if runner.pid not in self._ended and runner.exit_code is not None:
                raise DemoError(f"{runner.name} ended by itself with {runner.exit_code}: {runner.last_words()}")

    def _counts(self) -> Counts:
        row = self._connection.execute(COUNTS, {"queue": QUEUE}).fetchone() or (0, 0, 0)
        return Counts(*row)

    def _over(self) -> bool:
        return self._counts().unfinished == 0

    def _registered(self, runner: RunnerProcess) -> bool:
        row = self._connection.execute(RUNNER, (runner.pid,)).fetchone()
        if row is not None:
            self._uuids[runner.pid] = row[0]
        return row is not None

    def _held(self, runner: RunnerProcess) -> frozenset[Attempt]:
        rows = self._connection.execute(HELD, (self._uuids[runner.pid],)).fetchall()
        return frozenset((row[0], row[1]) for row in rows)

    def _held_for_good(self, runner: RunnerProcess) -> frozenset[Attempt]:
        """What a runner holds that can't act any more, once the server is through with what it sent before."""
        deadline = time.monotonic() + IN_FLIGHT_SECONDS
        held = self._held(runner)
        while held and time.monotonic() < deadline:
            time.sleep(GLANCE_SECONDS)
            held = self._held(runner)
        return held

    def _count(self, query: str, attempts: frozenset[Attempt]) -> int:
        row = self._connection.execute(query, pairs(attempts)).fetchone()
        return int(row[0]) if row else 0
