"""Tells the database how attempts ended: successes in groups, everything else in groups too, one by one if it must be.

A group leaves as soon as the connection is free; meanwhile the next one gathers. A report is kept until there is a
verdict on it: when the connection breaks the same call is made again, and the database answers `repeat` for what it had
accepted. While a report waits, its job counts as held and keeps its lease.
"""

# ruff: noqa: SLF001 - what is private in a Job is private to the runner, not to its module

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final, LiteralString

import psycopg

from faultline import database, reports
from faultline.database import GivenUp, Lost
from faultline.errors import ResultError
from faultline.logs import Limiter, fields
from faultline.reports import Report

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faultline.database import Link
    from faultline.job import Job
    from faultline.metrics import Metrics

log = logging.getLogger("faultline")

GROUP_MOST: Final = 1_000
GROUP_BYTES: Final = 4 * 1024 * 1024
REPORTS_MOST: Final = 200
POISON: Final = {"22", "23", "54"}
PAUSE_MOST: Final = 2.0
BEAT_WAIT: Final = 0.02

_COMPLETE: Final = (
    "select job_id, verdict from faultline.complete_jobs(%s::bigint[], %s::int[], %s::jsonb[]) where verdict <> 'ok'"
)
_FAIL: Final = (
    "select job_id from faultline.fail_jobs(%s::bigint[], %s::int[], %s::jsonb[], %s::bool[],"
    " array(select make_interval(secs => s) from unnest(%s::float8[]) s)) where verdict = 'stale'"
)
# unnest keeps the order of its arrays, which are sorted, so that two groups cannot deadlock.
_REPORT: Final[dict[str, LiteralString]] = {
    "release": (
        "select faultline.release_job(r.id, r.attempt, make_interval(secs => r.seconds))"
        " from unnest(%(ids)s::bigint[], %(attempts)s::int[], %(seconds)s::float8[]) as r (id, attempt, seconds)"
    ),
    "snooze": (
        "select faultline.snooze_job(r.id, r.attempt, make_interval(secs => r.seconds))"
        " from unnest(%(ids)s::bigint[], %(attempts)s::int[], %(seconds)s::float8[]) as r (id, attempt, seconds)"
    ),
    "cancelled": (
        "select faultline.cancelled(r.id, r.attempt)"
        " from unnest(%(ids)s::bigint[], %(attempts)s::int[]) as r (id, attempt)"
    ),
}
_STALE: Final = "select faultline.report_stale(%s::bigint, %s::int, %s)"

Success = tuple["Job", str | None]
Call = Callable[[list[Any]], Awaitable[None]]


class Completer:
    """Owns `held`: every job of this process that the database may still believe to be running here."""

    def __init__(self, link: Link, metrics: Metrics) -> None:
        self.held: dict[int, Job] = {}
        self.on_accepted: Callable[[bool], None] = lambda _: None
        self._link = link
        self._metrics = metrics
        self._successes: deque[Success] = deque()
        self._reports: deque[Report] = deque()
        self._sending = 0
        self._work = asyncio.Event()
        self._closing = False
        self._stale_log = Limiter(10.0)
        self._waiting_log = Limiter(30.0)

    @property
    def backlog(self) -> int:
        """Results that have no verdict yet."""
        return len(self._successes) + len(self._reports) + self._sending

    def beaten(self) -> None:
        """A heartbeat is over: what it held up may go."""
        self._work.set()

    def succeeded(self, job: Job, result: str | None) -> None:
        """The handler returned; `result` is JSON text that is known to be good, or None."""
        self._successes.append((job, result))
        self._work.set()

    def completed(self, job: Job) -> None:
        """Its ledger has completed the job; there is nothing to report."""
        job._series.succeeded += 1
        if self.held.get(job.id) is job:
            del self.held[job.id]
        self.on_accepted(False)

    def report(self, report: Report) -> None:
        """The attempt ended otherwise. Nothing is said of one that its ledger has completed."""
        if report.job._completed:
            return
        self._reports.append(report)
        self._work.set()

    def dropped(self, job: Job) -> None:
        """Nothing is to be reported: the attempt lost its lease, and that is on record."""
        self._settle(job, "stale")

    async def run(self) -> None:
        """Until `close` was called and everything has its verdict, or the link was given up."""
        with contextlib.suppress(GivenUp):
            while True:
                if not self._successes and not self._reports:
                    if self._closing:
                        break
                    self._work.clear()
                    await self._work.wait()
                successes = self._take_successes()
                await self._deliver(successes, self._complete)
                reports = self._take_reports()
                await self._deliver(reports, self._tell)
                if successes or reports:
                    self.on_accepted(bool(reports))
                else:
                    await self._wait_for_beat()
        await self._link.close()

    def close(self) -> None:
        """Send what there is, then end."""
        self._closing = True
        self._work.set()

    def give_up(self) -> None:
        """Wait for the database no longer: what has no verdict yet stays without."""
        self._link.give_up()
        self._link.cut()

    # Groups.

    def _take_successes(self) -> list[Success]:
        group: list[Success] = []
        kept: list[Success] = []
        waiting = self._successes
        room = GROUP_BYTES
        now = time.monotonic()
        while waiting and len(group) < GROUP_MOST and room > 0:
            one = waiting.popleft()
            job, result = one
            job._sent = now
            if job._beating:
                job._sent = 0.0
                kept.append(one)
                continue
            group.append(one)
            if result is not None:
                room -= len(result)
        waiting.extendleft(kept)
        return group

    def _take_reports(self) -> list[Report]:
        """Reports of one verb. What is told one by one goes alone if it is a task: its run is locked before its job."""
        group: list[Report] = []
        kept: list[Report] = []
        most = GROUP_MOST
        room = GROUP_BYTES
        now = time.monotonic()
        while self._reports and len(group) < most and room > 0:
            one = self._reports.popleft()
            one.job._sent = now
            if one.job._beating or (group and not _together(group[0], one)):
                one.job._sent = 0.0
                kept.append(one)
                continue
            group.append(one)
            if one.verb != "fail":
                most = REPORTS_MOST
            room -= len(one.error or "")
        self._reports.extendleft(reversed(kept))
        return group

    async def _deliver(self, group: list[Any], call: Call) -> None:
        if group:
            self._sending = len(group)
            await self._send(group, call)
            self._sending = 0

    async def _wait_for_beat(self) -> None:
        """All that waits is in a heartbeat at this moment, which would take it for stale if it were reported now."""
        self._work.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._work.wait(), BEAT_WAIT)

    async def _send(self, group: list[Any], call: Call) -> None:
        """Make the call until there is an answer; a group that is refused as a whole goes one by one."""
        pause = 0.05
        while True:
            try:
                if not self._link.connected:
                    await self._link.open()
                await call(group)
                break
            except Lost:
                continue
            except psycopg.Error as error:
                if not database.passing(error):
                    await self._divide(group, call, error)
                    break
                if self._waiting_log.allow(error.sqlstate, time.monotonic()) is not None:
                    log.warning("reports have to wait: %s", database.reason(error))
                await asyncio.sleep(pause)
                pause = min(PAUSE_MOST, pause * 2)

    async def _divide(self, group: list[Any], call: Call, error: psycopg.Error) -> None:
        if len(group) > 1:
            for one in group:
                await self._send([one], call)
        elif isinstance(group[0], Report):
            await self._refused(group[0], error)
        else:
            self._unstorable(group[0][0], error)

    # Calls.

    async def _complete(self, group: list[Success]) -> None:
        group.sort(key=_by_id)
        rows = await self._link.fetch(
            _COMPLETE,
            (*_fences([job for job, _ in group]), _json_array([result for _, result in group])),
        )
        held = self.held
        stale = {job_id for job_id, verdict in rows if verdict == "stale"} if rows else ()
        for job, _ in group:
            if job.id in stale:
                self._stale(job, "complete")
                continue
            job._series.succeeded += 1
            if held.get(job.id) is job:
                del held[job.id]

    async def _tell(self, group: list[Report]) -> None:
        verb = group[0].verb
        if verb == "fail":
            await self._fail(group)
            return
        group.sort(key=lambda one: one.job.id)
        columns: dict[str, list[Any]] = {
            "ids": [one.job.id for one in group],
            "attempts": [one.job.attempt for one in group],
            "seconds": [one.seconds for one in group],
        }
        await self._link.fetch(_REPORT[verb], columns)
        for one in group:
            self._settle(one.job, one.outcome)

    async def _fail(self, group: list[Report]) -> None:
        rows = await self._link.fetch(
            _FAIL,
            (
                *_fences([one.job for one in group]),
                _json_array([one.error for one in group]),
                f"{{{','.join(['t' if one.retryable else 'f' for one in group])}}}",
                f"{{{','.join(['NULL' if one.seconds is None else repr(one.seconds) for one in group])}}}",
            ),
        )
        stale = {job_id for (job_id,) in rows}
        for one in group:
            if one.job.id in stale:
                self._stale(one.job, "fail")
            else:
                self._settle(one.job, one.outcome)

    async def _refused(self, report: Report, error: psycopg.Error) -> None:
        """What the database says no to, for good."""
        job = report.job
        if error.sqlstate == "FL001":
            await self._send([(job, report.verb)], self._record_stale)
            self._stale(job, report.verb)
        elif error.sqlstate == "FL005":
            self._stale(job, report.verb)
        elif error.sqlstate == "FL003" and report.verb == "cancelled":
            await self._send([Report(job, "release", "released")], self._tell)
        else:
            self._give_up(job, f"its {report.verb}", error)

    async def _record_stale(self, group: list[tuple[Job, str]]) -> None:
        ((job, verb),) = group
        try:
            await self._link.fetch(_STALE, (job.id, job.attempt, verb))
        except psycopg.Error as error:
            if database.passing(error):
                raise
            log.warning("a refusal could not be recorded: %s", database.reason(error))

    def _unstorable(self, job: Job, error: psycopg.Error) -> None:
        """A result that passed our own checks but not the database's: it would not pass next time either."""
        state = error.sqlstate or ""
        if state == "FL004" or state[:2] in POISON:
            detail = ResultError(f"the result of {job.type!r} can't be stored: {database.reason(error)}")
            self.report(reports.broken(job, detail))
        else:
            self._give_up(job, "its result", error)

    def _give_up(self, job: Job, what: str, error: psycopg.Error) -> None:
        log.error(
            "job %d (%s, attempt %d): %s was refused, its lease will have to expire: %s",
            job.id,
            job.type,
            job.attempt,
            what,
            database.reason(error),
            extra=fields(job_id=job.id, attempt=job.attempt),
        )
        self._settle(job, "unreported")

    # Verdicts.

    def _stale(self, job: Job, verb: str) -> None:
        self._metrics.stale[verb] += 1
        if (kept := self._stale_log.allow(verb, time.monotonic())) is not None:
            log.warning(
                "job %d (%s): the report of attempt %d (%s) was refused as stale: its lease was lost%s",
                job.id,
                job.type,
                job.attempt,
                verb,
                f"; {kept} more since the last message" if kept else "",
                extra=fields(job_id=job.id, attempt=job.attempt, verb=verb),
            )
        self._settle(job, "stale")

    def _settle(self, job: Job, outcome: str) -> None:
        job._series.count(outcome)
        if self.held.get(job.id) is job:
            del self.held[job.id]


def _together(first: Report, other: Report) -> bool:
    if first.verb != other.verb:
        return False
    return first.verb == "fail" or (first.job.run_id is None and other.job.run_id is None)


def _fences(jobs: Sequence[Job]) -> tuple[str, str]:
    """A bigint[] and an int[] in text form."""
    ids = ",".join([str(job.id) for job in jobs])
    attempts = ",".join([str(job.attempt) for job in jobs])
    return f"{{{ids}}}", f"{{{attempts}}}"


def _by_id(success: Success) -> int:
    return success[0].id


def _json_array(documents: Sequence[str | None]) -> str | None:
    """A jsonb[] in text form; None if there is nothing in it."""
    if not any(documents):
        return None
    return "{" + ",".join(["NULL" if text is None else _quoted(text) for text in documents]) + "}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
