"""Keeps the leases of all held jobs, and learns which attempts are stale and which somebody wants cancelled.

It lives in a thread and a loop of its own, with a connection of its own: a handler that keeps the main loop busy, or a
statement that waits for a lock, does not cost the other jobs their leases.
"""

# ruff: noqa: SLF001 - what is private in a Job is private to the runner, not to its module

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import TYPE_CHECKING, Final

import psycopg

from faultline import database
from faultline.database import CALL_SECONDS, GivenUp, Lost

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from uuid import UUID

    from faultline.database import Link
    from faultline.executor import Executor
    from faultline.job import Job

log = logging.getLogger("faultline")

BEAT_MOST: Final = 5_000
BLOCKED_SECONDS: Final = 2.0

_BEAT: Final = (
    "select job_id, verdict, cancel_requested from faultline.heartbeat(runner => %s, job_ids => %s::bigint[],"
    " attempts => %s::int[], lease => make_interval(secs => %s))"
)


class Heartbeat:
    """Calls, in its own thread, `tell(job, stale)` for a job that has to stop (stale, or somebody cancelled it), and
    `over()` after each beat.
    """

    def __init__(
        self,
        link: Link,
        held: Mapping[int, Job],
        executor: Executor,
        tell: Callable[[Job, bool], None],
        over: Callable[[], None],
        *,
        runner: UUID,
        lease: float,
    ) -> None:
        self._link = link
        self._held = held
        self._executor = executor
        self._tell = tell
        self._over = over
        self._runner = runner
        self._lease = lease
        self._stopping = asyncio.Event()
        self._blocked_by: Job | None = None

    def stop(self) -> None:
        self._stopping.set()
        self._link.give_up()

    async def run(self) -> None:
        """Beat every third of a lease until `stop`. After a broken connection, as soon as there is another."""
        with contextlib.suppress(GivenUp):
            while not self._stopping.is_set():
                try:
                    if not self._link.connected:
                        await self._link.open()
                    await self.beat()
                except Lost:
                    continue
                except psycopg.Error as error:
                    log.warning("a heartbeat failed, the next one will do: %s", database.reason(error))
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), self._lease / 3)
        await self._link.close()

    async def beat(self) -> None:
        """Renew what was not renewed a moment ago."""
        now = time.monotonic()
        self._watch_loop(now)
        due = [job for job in self._snapshot() if self._due(job, now)]
        for start in range(0, len(due), BEAT_MOST):
            part = due[start : start + BEAT_MOST]
            try:
                await self._renew([job for job in part if self._take(job, now)])
            finally:
                for job in part:
                    job._beating = False
                self._over()

    def _take(self, job: Job, now: float) -> bool:
        """Whether to beat for the job now. Not while its report is under way: the beat would find it gone, and stale.

        The completer does the same the other way round: each says what it does, and then looks at what the other does.
        """
        job._beating = True
        sent = job._sent
        return not sent or now - sent > self._lease / 3

    def _snapshot(self) -> list[Job]:
        while True:
            try:
                return list(self._held.values())
            except RuntimeError:  # it changed meanwhile, in the other thread
                continue

    def _due(self, job: Job, now: float) -> bool:
        """Not if the claim or the last beat is younger than a sixth of the lease; nor a stale one."""
        if job._why == "stale" or now - job._renewed < self._lease / 6:
            return False
        return job is not self._blocked_by or not self._overdue(job, now)

    async def _renew(self, jobs: list[Job]) -> None:
        if not jobs:
            return
        sent = time.monotonic()
        rows = await self._link.fetch(
            _BEAT,
            (self._runner, [job.id for job in jobs], [job.attempt for job in jobs], self._lease),
            seconds=min(CALL_SECONDS, max(1.0, self._lease / 3)),
        )
        said = {job_id: (verdict, cancel) for job_id, verdict, cancel in rows}
        for job in jobs:
            verdict, cancel = said.get(job.id, (None, False))  # left out: somebody holds its row
            if verdict == "ok":
                job._renewed = sent
            if (
                (cancel or verdict == "stale") and self._held.get(job.id) is job and not job._completed
            ):  # else it was reported meanwhile
                self._tell(job, verdict == "stale")

    # A coroutine that never waits cannot be stopped, nor can its loop do anything about it. At least say who it is.

    def _watch_loop(self, now: float) -> None:
        current = self._executor.current
        if current is None or now - current[1] < BLOCKED_SECONDS:
            self._blocked_by = None
            return
        job, since = current
        if self._blocked_by is not job:
            self._blocked_by = job
            log.warning(
                "the event loop has been blocked for %.0f s by job %d (%s): an async handler has to await, "
                "blocking work belongs into a plain def",
                now - since,
                job.id,
                job.type,
            )

    def _overdue(self, job: Job, now: float) -> bool:
        """It blocks the loop beyond its timeout and another lease: let somebody else have it."""
        current = self._executor.current
        seconds = self._executor.timeout_of(job)
        return current is not None and seconds is not None and now - current[1] > seconds + self._lease
