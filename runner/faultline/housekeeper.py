"""What every runner does for all: takes back expired leases, makes ticks of schedules, maintains partitions, …

Leaderless: each of these calls is safe from any number of runners at once. Where there are many runners, each does its
share: what has to be done every second is done SHARERS times a second by all of them together, however many they are.

It shares the heartbeat's thread and loop, but has a connection of its own, so that nothing slow here ever delays a
beat.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import random
import socket
import time
from typing import TYPE_CHECKING, Any, Final

import psycopg

from faultline import __version__, database
from faultline.database import GivenUp, Lost
from faultline.encoding import decode_jsonb
from faultline.logs import Limiter, clean, plural
from faultline.schedules.board import Board, Pass

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from uuid import UUID

    from faultline.database import Link
    from faultline.metrics import DatabaseValue, Metrics
    from faultline.schedules.board import Call, Calls

log = logging.getLogger("faultline")

SHARERS: Final = 8
"""More runners than this do every second's chores less often each."""
SHARE_MOST: Final = 10.0
"""But at least every so many seconds: all the others may have crashed, and still be counted for a while."""
REAP_SECONDS: Final = 1.0
REAP_MOST: Final = 1_000
WAKE_SECONDS: Final = 1.0
WAKE_MOST: Final = 1_000
SWEEP_SECONDS: Final = 30.0
RECONCILE_SECONDS: Final = 1.0
RECONCILE_MOST: Final = 1_000
PROPOSE_SECONDS: Final = 1.0
UNSETTLED_SECONDS: Final = 60.0
UNSETTLED_SHARE: Final = 100.0
"""The walk over all that is not settled may take this part of a runner's time, however much there is."""
REGISTER_SECONDS: Final = 10.0
REGISTER_AGAIN: Final = 2.0
"""A fleet that starts at once is counted when all of it is there."""
MAINTAIN_SECONDS: Final = 60.0
VERIFY_SECONDS: Final = 300.0
VERIFY_LIMIT: Final = 30.0
LEAVE_SECONDS: Final = 2.0
METRICS_LIMIT: Final = 2.0
METRICS_FRESH: Final = 5.0
METRICS_KEPT: Final = 60.0
"""While another chore takes long, what the database said last is good for so long."""

_REAP: Final = "select faultline.reap_expired(max => %s, floor => %s)"
_WAKE: Final = "select faultline.wake_tasks(max => %s, floor => %s)"
_RECONCILE: Final = (
    "select transaction_id, from_state, to_state from faultline.reconcile(max => %s, floor => %s, sweep => %s)"
)
_REGISTER: Final = "select faultline.register_runner(runner => %s, host => %s, pid => %s, version => %s, queues => %s)"
_REMOVE: Final = "select faultline.remove_runner(runner => %s)"
_MAINTAIN: Final = "select faultline.maintain()"
_VERIFIES: Final = "select faultline.verifies(runner => %s)"
_VERIFY: Final = "select promise, check_name, subject, detail from faultline.verify() limit 1000"
_METRICS: Final = "select name, labels, value from faultline.metrics(floor => %s)"


class Housekeeper:
    """Runs each chore when it is due, one at a time. `floor` gives the claimer's token."""

    def __init__(
        self,
        link: Link,
        metrics: Metrics,
        floor: Callable[[], str | None],
        *,
        runner: UUID,
        queues: tuple[str, ...] | None,
        until_empty: bool = False,
    ) -> None:
        self._link = link
        self._metrics = metrics
        self._floor = floor
        self._runner = runner
        self._queues = queues
        self._until_empty = until_empty
        self._stopping = asyncio.Event()
        self._lock = asyncio.Lock()
        self._swept = time.monotonic()
        self._wake_swept = time.monotonic()
        self._walk_at = time.monotonic() + UNSETTLED_SECONDS * random.uniform(0.1, 1.0)  # noqa: S311
        self._values: tuple[float, list[DatabaseValue]] = (float("-inf"), [])
        self._complaints = Limiter(VERIFY_SECONDS)
        self._board = Board()
        self._share = 1.0
        self._registered = False
        self._shared = {self.reap, self.wake, self.reconcile, self.propose}
        now = time.monotonic()
        # The first verification waits until the runner is at work; several runners don't do it at the same time.
        self._due: dict[Callable[[], Awaitable[None]], tuple[float, float]] = {
            self.register: (now, REGISTER_SECONDS),
            self.reap: (now, REAP_SECONDS),
            self.wake: (now, WAKE_SECONDS),
            self.reconcile: (now, RECONCILE_SECONDS),
            self.propose: (now, PROPOSE_SECONDS),
            self.maintain: (now + random.uniform(0.0, MAINTAIN_SECONDS), MAINTAIN_SECONDS),  # noqa: S311
            self.verify: (now + VERIFY_SECONDS * random.uniform(0.05, 1.0), VERIFY_SECONDS),  # noqa: S311
        }

    def stop(self) -> None:
        self._stopping.set()

    def walk_soon(self) -> None:
        """Look at all that is not settled the next time. Any thread."""
        self._walk_at = float("-inf")

    async def run(self) -> None:
        """Until `stop`. A chore that fails is tried again when it is next due; none stops the others."""
        with contextlib.suppress(GivenUp):
            while not self._stopping.is_set():
                await self._work()
                soonest = min(due for due, _ in self._due.values())
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), max(0.01, soonest - time.monotonic()))

    async def leave(self) -> None:
        """Take the runner off the list; the connection is of no more use after it.

        A chore that takes long is cut off: each of them may end anywhere. Then maintain() forgets the runner.
        """
        self._link.give_up()
        try:
            await asyncio.wait_for(self._lock.acquire(), LEAVE_SECONDS)
        except TimeoutError:
            self._link.cut()
            await self._lock.acquire()
        with contextlib.suppress(Lost, psycopg.Error):
            if self._until_empty:  # whoever looks at the outcome now finds it settled
                await self._link.fetch(_RECONCILE, (RECONCILE_MOST, None, False), seconds=LEAVE_SECONDS)
            await self._link.fetch(_REMOVE, (self._runner,), seconds=LEAVE_SECONDS)
        await self._link.close()

    async def _work(self) -> None:
        for chore, (due, interval) in list(self._due.items()):
            if time.monotonic() < due or self._stopping.is_set():
                continue
            share = self._share if chore in self._shared else 1.0
            self._due[chore] = (time.monotonic() + share * interval * random.uniform(0.8, 1.2), interval)  # noqa: S311
            try:
                async with self._lock:
                    if not self._link.connected:
                        await self._link.open()
                        self._board.forget()
                    await chore()
            except Lost:
                continue
            except psycopg.Error as error:
                log.warning("%s failed: %s", chore.__name__, database.reason(error))

    # Chores.

    async def reap(self) -> None:
        """Give the jobs of crashed runners back, charging each a failure."""
        while not self._stopping.is_set():
            now = time.monotonic()
            floor = self._floor()
            if now - self._swept > SWEEP_SECONDS:
                self._swept = now
                floor = None
            ((reaped,),) = await self._link.fetch(_REAP, (REAP_MOST, floor))
            self._metrics.leases_recovered += reaped
            if reaped:
                log.info("took back %s whose lease had expired", plural(reaped, "job"))
            if reaped < REAP_MOST:
                return

    async def wake(self) -> None:
        """End the timers of workflows that are over, and the waits for signals that never came."""
        while not self._stopping.is_set():
            now = time.monotonic()
            floor = self._floor()
            if now - self._wake_swept > SWEEP_SECONDS:
                self._wake_swept = now
                floor = None
            # What follows from a timer happens in the same call, and may be ten thousand jobs.
            ((woken,),) = await self._link.fetch(_WAKE, (WAKE_MOST, floor), seconds=120.0)
            if woken < WAKE_MOST:
                return

    async def reconcile(self) -> None:
        """Settle transactions: every second those that something happened to, now and then all that could be."""
        walk = time.monotonic() >= self._walk_at
        more = True
        while more and not self._stopping.is_set():
            started = time.monotonic()
            floor = None if walk else self._floor()
            rows = await self._link.fetch(_RECONCILE, (RECONCILE_MOST, floor, walk), seconds=120.0)
            if walk:
                pause = max(UNSETTLED_SECONDS, UNSETTLED_SHARE * (time.monotonic() - started))
                self._walk_at = time.monotonic() + pause * random.uniform(0.8, 1.2)  # noqa: S311
            for transaction_id, _, to_state in rows:
                if to_state == "FAILED":
                    log.warning("transaction %s has failed: its job ended without an entry", clean(transaction_id))
                elif to_state == "INIT":
                    log.warning("transaction %s had no job: it has one again", clean(transaction_id))
            more = len(rows) >= RECONCILE_MOST

    async def propose(self) -> None:
        """Make the ticks of schedules that are due: of all runners, the first to come makes each of them."""
        calls = self._board.propose()
        rows: Any = None
        error: psycopg.Error | None = None
        while True:
            # In a thread: what was missed may be many ticks, and the heartbeat has this loop.
            call, done = await asyncio.to_thread(_step, calls, rows, error)
            if call is None:
                break
            rows = error = None
            try:
                rows = await self._link.fetch(*call, seconds=120.0)
            except psycopg.Error as raised:
                error = raised
        for fired in done.fired:
            if fired.outcome == "missed":
                log.warning("schedule %s: ticks up to %s were missed", clean(fired.schedule), fired.tick_at.isoformat())
        if done.more:
            self._due[self.propose] = (time.monotonic(), PROPOSE_SECONDS)

    async def register(self) -> None:
        """Say that this runner is there, and what it serves."""
        queues = None if self._queues is None else list(self._queues)
        who = (self._runner, socket.gethostname(), os.getpid(), __version__, queues)
        ((runners,),) = await self._link.fetch(_REGISTER, who)
        self._share = min(SHARE_MOST, max(1.0, runners / SHARERS))
        if not self._registered:
            self._registered = True
            self._due[self.register] = (time.monotonic() + REGISTER_AGAIN, REGISTER_SECONDS)

    async def maintain(self) -> None:
        """Partitions ahead, retention, expired keys."""
        await self._link.fetch(_MAINTAIN, seconds=120.0)

    async def verify(self) -> None:
        """Count what breaks a promise, for the gauge; each kind is logged too. One runner does it for all."""
        metrics = self._metrics
        ((ours,),) = await self._link.fetch(_VERIFIES, (self._runner,))
        if not ours:
            metrics.violations = metrics.verified = None
            return
        if metrics.verified is None:
            metrics.verified = time.monotonic()
        rows = await self._link.fetch(_VERIFY, seconds=VERIFY_LIMIT + 5.0, limit=VERIFY_LIMIT)
        violations: dict[int, int] = {}
        for promise, check, subject, detail in rows:
            violations[promise] = violations.get(promise, 0) + 1
            if self._complaints.allow((promise, check), time.monotonic()) is not None:
                log.error("promise %d is broken (%s): %s: %s", promise, check, subject, clean(str(detail)))
        metrics.violations = violations
        metrics.verified = time.monotonic()

    # For the scrape.

    @property
    def values(self) -> list[DatabaseValue]:
        """What metrics() said last; nothing if that was long ago. Any thread.

        Nothing without the database: what was true before it went away may not be true now.
        """
        asked, values = self._values
        return values if self._link.connected and time.monotonic() - asked < METRICS_KEPT else []

    @property
    def values_read(self) -> float | None:
        """When that was, if there is anything. Any thread."""
        return self._values[0] if self.values else None

    def _fresh(self) -> bool:
        """Whether not to ask again: also without the database, as whoever opens it has the lock."""
        return not self._link.connected or time.monotonic() - self._values[0] < METRICS_FRESH

    async def database_metrics(self) -> list[DatabaseValue]:
        """What metrics() says, at most five seconds old; nothing if it does not answer in two seconds."""
        if self._fresh():
            return self.values
        async with self._lock:
            if not self._link.connected:
                return []
            values: list[DatabaseValue] = []
            try:
                rows = await self._link.fetch(
                    _METRICS, (self._floor(),), seconds=METRICS_LIMIT + 2.0, limit=METRICS_LIMIT
                )
                values = [(name, _labels(labels), value) for name, labels, value in rows]
            except (Lost, psycopg.Error) as error:
                log.warning("the database's metrics are missing: %s", database.reason(error))
            self._values = (time.monotonic(), values)
        return values


def _step(calls: Calls[Pass], rows: Any, error: psycopg.Error | None) -> tuple[Call, Pass] | tuple[None, Pass]:
    """The next call, or None and what became of the pass."""
    try:
        return (calls.throw(error) if error is not None else calls.send(rows)), _NOTHING
    except StopIteration as stop:
        return None, stop.value


_NOTHING: Final = Pass()


def _labels(raw: bytes) -> dict[str, str]:
    labels: dict[str, Any] = decode_jsonb(raw)
    return {str(name): str(value) for name, value in labels.items()}
