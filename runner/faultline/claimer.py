"""Claims jobs in batches, a little ahead of the executor, and sleeps when there is nothing to claim.

How far ahead: as many jobs as this process finishes in a fifth of a second and in the time that a claim takes. So slow
jobs are not hoarded, fast ones never wait for a round trip, and a job that was prefetched waits a moment, not a lease.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from collections import Counter, deque
from typing import TYPE_CHECKING, Final, NamedTuple

import psycopg

from faultline import database, tasks
from faultline.database import CALL_SECONDS, GivenUp, Lost
from faultline.job import COLUMNS, Job
from faultline.logs import plural

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from faultline.completer import Completer
    from faultline.database import Link
    from faultline.doorbell import Doorbell
    from faultline.executor import Executor
    from faultline.metrics import Metrics
    from faultline.services import Services
    from faultline.settings import RunnerOptions

log = logging.getLogger("faultline")

BATCH_MOST: Final = 2_000
BATCH_IN_TURN: Final = 1_000
"""How many jobs a claim takes if the last one had to wait for its turn: all wait for each of them."""
REST: Final = 4.0
REST_MOST: Final = 1.0
REST_AFTER: Final = 0.05
"""A runner rests so many times as long as its claim had to wait for its turn: most of the time between two claims it
should be no burden to others. Up to so long, and not for a wait that is shorter than REST_AFTER."""
BATCH_BYTES: Final = 16 * 1024 * 1024
PREFETCH_MOST: Final = 4_000
PREFETCH_BYTES: Final = 64 * 1024 * 1024
PREFETCH_SECONDS: Final = 0.2
PREFETCH_SECONDS_MOST: Final = 0.9
PACE_SECONDS: Final = 0.5
PACE_STEP: Final = 0.01
PACE_LEAST: Final = 0.05
UNREPORTED_MOST: Final = 5_000
QUEUES_AT_A_TIME: Final = 64
DISCOVER_SECONDS: Final = 2.0
FLOOR_SECONDS: Final = 1.0
FLOOR_CLAIMS: Final = 5_000
SWEEP_SECONDS: Final = 30.0
BUSY_SECONDS: Final = 0.05
PROOF_SECONDS: Final = 0.2
WAKES_WINDOW: Final = 20
WAKES_SECONDS: Final = 0.1
FAST_POLL: Final = 0.003
FAST_POLL_SECONDS: Final = 0.25
ACCEPT_WAKE_SECONDS: Final = 0.1
UNTIL_EMPTY_POLL: Final = 0.25
SURPLUS_SECONDS: Final = 1.0
FLOOR_QUEUES: Final = 256
FLOOR_JOBS: Final = 1_000
FLOOR_JOBS_SECONDS: Final = 60.0
"""A queue that was found gets a floor if it gave so many jobs in so long: in others there is little to walk over, and
the floors of hundreds that are idle would cost more than that."""
IDLE_SHARE: Final = 10.0
"""An idle runner sleeps at least so many times as long as it took to find out that it is idle."""
LATE_SECONDS: Final = 0.25
"""But that does not make a job that becomes ready wait longer than so."""
GIVE_BACK_AGAIN: Final = (2.0, 15.0)

_WAITED: Final = "01FL1"  # the notice of a claim that had to wait for its turn
_CLAIM: Final = (
    f"select {', '.join(COLUMNS)} from faultline.claim_jobs("  # noqa: S608 - our own column names
    "queues => %s, runner => %s, batch => %s, lease => make_interval(secs => %s), floor => %s)"
)
_FLOOR: Final = "select faultline.advance_floor(queues => %s, floor => %s)"
_READY_QUEUES: Final = "select faultline.ready_queues(floor => %s)"
_NEXT_READY: Final = "select date_part('epoch', faultline.next_ready(queues => %s))"
_UNFINISHED: Final = "select faultline.unfinished(queues => %s, floor => %s)"
_RELEASE_UNKNOWN: Final = "select faultline.release_unknown(runner => %s, known => %s::bigint[])"


class Pace:
    """How many jobs a second this process finishes, as seen over the last half second, or since there are any again."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int]] = deque([(time.monotonic(), 0)])
        self.batch_most = BATCH_MOST
        self._between = 0.0

    def begin(self, ended: int) -> None:
        """There was nothing to do until now: that says nothing about the pace of what comes."""
        self._samples.clear()
        self._samples.append((time.monotonic(), ended))

    def claimed(self, seconds: float, lease: float, *, waited: bool, full: bool) -> float:
        """A claim took so long, and had to wait for its turn or not: how long to rest before the next.

        Only after a full one: else there is nothing left to stand in line for.
        """
        rest = min(REST_MOST, lease / 10, REST * max(0.0, seconds - REST_AFTER)) if waited and full else 0.0
        self.batch_most = BATCH_IN_TURN if waited else BATCH_MOST
        self._between = seconds + rest
        return rest

    def prefetch(self, ended: int, lease: float) -> int:
        """How many jobs to hold beyond those that run, given how many have ended so far."""
        seconds = min(PREFETCH_SECONDS + self._between, PREFETCH_SECONDS_MOST, lease / 10)
        now = time.monotonic()
        samples = self._samples
        if now - samples[-1][0] >= PACE_STEP:
            samples.append((now, ended))
        while len(samples) > 1 and now - samples[1][0] >= PACE_SECONDS:
            samples.popleft()
        since, before = samples[0]
        rate = (ended - before) / max(now - since, PACE_LEAST)
        return min(PREFETCH_MOST, int(rate * seconds))


class _Claim(NamedTuple):
    """A claim that was sent, and what will be its answer."""

    queues: list[str]
    batch: int
    sent: float
    rows: asyncio.Task[database.Rows]


class Claimer:
    """The only one in its process that claims. `wake` and `stop` may be called at any time, from its loop."""

    def __init__(
        self,
        link: Link,
        executor: Executor,
        completer: Completer,
        doorbell: Doorbell,
        metrics: Metrics,
        options: RunnerOptions,
        runner: UUID,
        services: Services,
    ) -> None:
        self.floor: str | None = None
        self._link = link
        self._executor = executor
        self._completer = completer
        self._doorbell = doorbell
        self._metrics = metrics
        self._services = services
        self._options = options
        self._runner = runner
        self._stopping = asyncio.Event()
        self._rest_until = float("-inf")
        self._wakened = asyncio.Event()
        self._room = asyncio.Event()
        self._pace = Pace()
        self._queues: deque[str] = deque(options.queues or ())
        self._discovered = float("-inf")
        self._floor_at = float("-inf")
        self._floor_claims = 0
        self._sweep_at = time.monotonic()
        self._discover_sweep_at = time.monotonic()
        self._mean_bytes = 0.0
        self._slept_at = time.monotonic()
        self._wakes: deque[float] = deque(maxlen=WAKES_WINDOW)
        self._fast_until = float("-inf")
        self._rung = False
        self._sleeping = False
        self._accept_woke = float("-inf")
        self._by_accept = False
        self._limited = False
        self._next_ready_at: float | None = None
        self._some_wait = False
        self._was_idle = False
        self._give_back_at: deque[float] = deque()
        self._found: list[str] = []
        self._floored: dict[str, None] = dict.fromkeys(options.queues or ())
        self._gave: Counter[str] = Counter()
        self._gave_since = time.monotonic()
        self._claimed_at = time.monotonic()
        self._looking_since: float | None = None
        self._drained = False
        self._ahead: _Claim | None = None
        executor.on_room = self._room.set
        completer.on_accepted = self._accepted

    def wake(self, queue: str = "") -> None:
        """The doorbell: there may be a job in this queue, or (without a name) in any."""
        served = self._options.queues
        if queue and served is not None and queue not in served:
            return  # another queue on the same bell
        if queue and served is None and queue not in self._queues:
            self._queues.append(queue)
        self._rung = True
        self._wakened.set()

    def stop(self) -> None:
        """Claim nothing more."""
        self._stopping.set()
        self._wakened.set()
        self._room.set()

    async def run(self) -> None:
        """Until `stop`, or, if the options say so, until the queues are empty."""
        with contextlib.suppress(GivenUp):
            pause = 0.0
            while not self._stopping.is_set():
                try:
                    if not self._link.connected:
                        await self._connect()
                    if await self._turn():
                        return
                    pause = 0.0
                except Lost:
                    continue
                except psycopg.Error as error:
                    pause = min(10.0, max(0.25, pause * 2))
                    log.error("claiming failed, next try in %.1f s: %s", pause, database.reason(error))
                    await self._sleep(pause)
            await self._finish()

    async def _finish(self) -> None:
        """What is claimed already goes the way of all that has not started."""
        claim, self._ahead = self._ahead, None
        if claim is not None:
            with contextlib.suppress(Lost, psycopg.Error):
                self._executor.deliver(await self._take(claim))

    # One turn.

    async def _turn(self) -> bool:
        """Claim once, or wait for a reason to. True when the work is done and the runner may end."""
        if (rest := self._rest_until - time.monotonic()) > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), rest)
                return False
        room = self._wanted()
        if room <= 0 and self._ahead is None:
            await self._wait_for_room()
            return False
        now = time.monotonic()
        if self._looking_since is None:
            self._looking_since = now
        if self._doorbell.armed and now - self._slept_at > BUSY_SECONDS:
            await self._doorbell.disarm()
        if self._ahead is None:
            await self._upkeep(now)
            if self._was_idle:
                await self._foresee()
        if await self._look(min(room, self._pace.batch_most)):
            self._looking_since = None
            self._was_idle = False
            await asyncio.sleep(0)  # let them start before the next claim is sent
            if not (self._drained and self._doorbell.armed):
                return False
        if self._options.queues is None and self._queues:
            return False  # others that were found have not been asked yet
        return await self._idle()

    async def _look(self, batch: int) -> bool:
        """Claim from the next queues. Whether there was anything."""
        claim, self._ahead = self._ahead or self._send(batch), None
        jobs = await self._take(claim) if claim is not None else []
        # While the bells are held, what comes after this look rings: no need to look twice.
        self._drained = claim is None or len(jobs) < claim.batch
        if self._drained and claim is not None:
            self._forget_empty(claim.queues, jobs)
        self._learn(found=bool(jobs))
        if jobs:
            if self._options.queues is None:
                self._count(jobs)
            self._executor.deliver(jobs)
        return bool(jobs)

    def _count(self, jobs: Sequence[Job]) -> None:
        """Which of the queues that were found are busy enough for a floor; the latest of them, if there are many."""
        if self._claimed_at - self._gave_since > FLOOR_JOBS_SECONDS:
            self._gave.clear()
            self._gave_since = self._claimed_at
        queues = [job.queue for job in jobs]
        self._gave.update(queues)
        for queue in set(queues):
            if self._gave[queue] >= FLOOR_JOBS:
                self._floored.pop(queue, None)
                self._floored[queue] = None
        while len(self._floored) > FLOOR_QUEUES:
            del self._floored[next(iter(self._floored))]

    def _learn(self, *, found: bool) -> None:
        """What this look says about the reason for it."""
        if self._rung:
            self._rung = False
            self._doorbell.learn(found)
        if self._by_accept:
            self._by_accept = False
            self._limited = found  # a queue at its limit: each job that ends makes room for the next

    def _wanted(self, coming: int = 0) -> int:
        """How many jobs to claim now; 0 while there are enough. `coming` are here, but not yet delivered."""
        executor = self._executor
        prefetch = self._pace.prefetch(executor.ended, self._options.lease)
        if self._mean_bytes:
            prefetch = min(prefetch, int(PREFETCH_BYTES / self._mean_bytes))
        ready = len(executor.ready) + coming
        if ready > prefetch // 2 or self._completer.backlog > UNREPORTED_MOST:
            return 0
        wanted = executor.concurrency - executor.running + prefetch - ready
        if self._mean_bytes:
            wanted = min(wanted, max(1, int(BATCH_BYTES / self._mean_bytes)))
        return wanted

    async def _wait_for_room(self) -> None:
        self._room.clear()
        if self._wanted() > 0 or self._stopping.is_set():
            return
        self._give_back_surplus()
        if self._doorbell.armed:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._room.wait(), BUSY_SECONDS)
                return
            await self._doorbell.disarm()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._room.wait(), SURPLUS_SECONDS)

    def _give_back_surplus(self) -> None:
        """Jobs that were prefetched at the pace of fast ones, when slow ones came: others may be free for them."""
        if time.monotonic() - self._claimed_at > SURPLUS_SECONDS:
            self._executor.give_back(2 * self._pace.prefetch(self._executor.ended, self._options.lease))

    def _send(self, batch: int) -> _Claim | None:
        """Ask for the next jobs; None if there is no queue to ask."""
        queues = self._next_queues()
        if not queues:
            return None
        now = time.monotonic()
        return _Claim(queues, batch, now, asyncio.create_task(self._ask(queues, batch, now)))

    async def _ask(self, queues: list[str], batch: int, now: float) -> database.Rows:
        floor = self.floor
        if now - self._sweep_at > SWEEP_SECONDS:
            self._sweep_at = now
            floor = None  # whatever a token might hide, a clock that stepped for instance, is found here
        lease = self._options.lease
        self._link.noticed.clear()
        rows = await self._link.fetch(
            _CLAIM,
            (queues, self._runner, batch, lease, floor),
            seconds=min(CALL_SECONDS, max(5.0, lease)),
            answered=lambda count: self._send_ahead(count) if count == batch else None,
        )
        self._claimed_at = time.monotonic()
        seconds = self._claimed_at - now
        self._metrics.claim.observe(seconds)
        waited = _WAITED in self._link.noticed
        self._rest_until = self._claimed_at + self._pace.claimed(seconds, lease, waited=waited, full=len(rows) == batch)
        return rows

    def _send_ahead(self, coming: int) -> None:
        """Claim again before what has just come is decoded and started: the server need not wait for that.

        Not if this claim had to wait for its turn. Nor when upkeep is due: whatever was claimed must be held before
        `_give_back` asks what is.
        """
        if self._ahead is not None or self._stopping.is_set() or _WAITED in self._link.noticed:
            return
        if self._upkeep_due(time.monotonic()):
            return
        if (room := self._wanted(coming)) > 0:
            self._ahead = self._send(min(room, self._pace.batch_most))

    async def _take(self, claim: _Claim) -> list[Job]:
        rows = await claim.rows
        if not rows:
            return []
        self._floor_claims += len(rows)
        of = self._metrics.of
        services = self._services
        jobs = [Job(row, claim.sent, of(row[3], row[2]), services) for row in rows]
        size = sum([len(row[4]) for row in rows])
        if of_runs := [job for job in jobs if job.run_id is not None]:
            size += await self._fetch_contexts(of_runs)
        # Those without a context are not in the size: an answer with all of theirs would have been too large.
        mean = size / max(1, len(rows) - sum([job._context is None for job in of_runs]))  # noqa: SLF001
        self._mean_bytes = max(mean, (self._mean_bytes + mean) / 2)
        return jobs

    async def _fetch_contexts(self, jobs: list[Job]) -> int:
        """Give these tasks what they need besides their payload; how many bytes that is.

        If the connection breaks meanwhile they are given back, as after any lost claim. Those without a context are
        given back by the executor: the task was cancelled, the database refused, or all together are too large.
        """
        rows: database.Rows = []
        try:
            rows = await self._link.fetch(
                tasks.CONTEXTS,
                ([job.id for job in jobs],),
                seconds=min(CALL_SECONDS, max(5.0, self._options.lease)),
            )
        except psycopg.Error as error:
            log.error("%d tasks have to wait for their input and results: %s", len(jobs), database.reason(error))
        return tasks.attach(jobs, rows)

    # Queues.

    def _next_queues(self) -> list[str]:
        """The queues of the next claim. Those named in the options keep their order; those found take turns."""
        queues = self._queues
        if self._options.queues is not None:
            return list(queues)
        taken = [queues[i] for i in range(min(len(queues), QUEUES_AT_A_TIME))]
        queues.rotate(-len(taken) if len(taken) < len(queues) else -1)
        return taken

    def _forget_empty(self, asked: Sequence[str], jobs: Sequence[Job]) -> None:
        """Queues that gave nothing although there was room are asked again when they are found, or ring."""
        if self._options.queues is not None:
            return
        gave = {job.queue for job in jobs}
        empty = set(asked) if self._doorbell.armed else set(asked) - gave
        self._queues = deque(queue for queue in self._queues if queue not in empty)

    async def _discover(self) -> None:
        now = time.monotonic()
        floor = self.floor
        if now - self._discover_sweep_at > SWEEP_SECONDS:
            self._discover_sweep_at = now
            floor = None
        rows = await self._link.fetch(_READY_QUEUES, (floor,))
        known = set(self._queues)
        self._found = [row[0] for row in rows]
        self._queues.extend(queue for queue in self._found if queue not in known)
        self._discovered = time.monotonic() + random.uniform(0.0, DISCOVER_SECONDS / 4)  # noqa: S311

    # Floor, discovery, jobs whose claim was lost.

    async def _upkeep(self, now: float) -> None:
        if self._give_back_due(now):
            self._give_back_at.popleft()
            await self._give_back()
        if self._discover_due(now):
            await self._discover()
        if self._floor_due(now):
            self._floor_at = now
            self._floor_claims = 0
            ((self.floor,),) = await self._link.fetch(_FLOOR, (list(self._floored), self.floor))

    def _upkeep_due(self, now: float) -> bool:
        return self._give_back_due(now) or self._discover_due(now) or self._floor_due(now)

    def _give_back_due(self, now: float) -> bool:
        return bool(self._give_back_at) and now >= self._give_back_at[0]

    def _discover_due(self, now: float) -> bool:
        return self._options.queues is None and (not self._queues or now - self._discovered > DISCOVER_SECONDS)

    def _floor_due(self, now: float) -> bool:
        return bool(self._floored) and (now - self._floor_at > FLOOR_SECONDS or self._floor_claims > FLOOR_CLAIMS)

    async def _connect(self) -> None:
        if self._ahead is not None:
            # If it claimed anything, that is given back below.
            await asyncio.gather(self._ahead.rows, return_exceptions=True)
            self._ahead = None
        self.floor = None  # it is of the connection: after a failover the ids and the clock may have gone back
        await self._link.open()
        self._next_ready_at = None
        await self._give_back()
        # The backend of a connection that was cut may still be busy with our claim, and commit it later.
        now = time.monotonic()
        self._give_back_at = deque(now + later for later in GIVE_BACK_AGAIN)

    async def _give_back(self) -> None:
        known = list(self._completer.held)
        ((released,),) = await self._link.fetch(_RELEASE_UNKNOWN, (self._runner, known))
        if released:
            log.info("gave back %s whose claim had been answered into the void", plural(released, "job"))

    # Nothing to do.

    async def _idle(self) -> bool:
        """Sleep until something may have changed. True when the work is done and the runner may end."""
        if self._options.until_empty and not self._completer.held and not await self._unfinished():
            return True
        if time.monotonic() < self._fast_until:
            await self._sleep(FAST_POLL)
        elif self._doorbell.armed or not await self._arm():
            await self._sleep(self._sleep_seconds())
        self._looking_since = None
        self._was_idle = True
        return False

    async def _unfinished(self) -> bool:
        queues = None if self._options.queues is None else list(self._options.queues)
        # The floor is a hint: what it says is worth waiting for, not worth ending for.
        for floor in (self.floor, None):
            ((unfinished,),) = await self._link.fetch(_UNFINISHED, (queues, floor))
            if unfinished:
                return True
        return False

    async def _arm(self) -> bool:
        """Hold the bells, then look again until no job can have come unheard. Whether there was one."""
        xid = await self._doorbell.arm()
        if xid is None:
            return False
        deadline = time.monotonic() + PROOF_SECONDS
        pause = 0.001
        while not self._stopping.is_set():
            proven = await self._doorbell.proven(xid)
            if self._options.queues is None:
                await self._discover()
            await self._foresee()
            if await self._look(max(1, min(self._wanted(), self._pace.batch_most))):
                return True
            if proven or time.monotonic() > deadline:
                return False
            await asyncio.sleep(pause)
            pause *= 2
        return True

    async def _foresee(self) -> None:
        """When the next job becomes ready. Asked before a look: what becomes ready between the two is found by it."""
        if self._next_ready_at is not None and time.monotonic() < self._next_ready_at:
            return
        queues = list(self._options.queues or self._found[:FLOOR_QUEUES])
        ((seconds,),) = await self._link.fetch(_NEXT_READY, (queues,)) if queues else [(None,)]
        poll = self._poll_seconds()
        self._some_wait = seconds is not None
        self._next_ready_at = time.monotonic() + (poll if seconds is None else min(poll, max(0.0, seconds)))

    def _poll_seconds(self) -> float:
        options = self._options
        poll = min(options.poll, UNTIL_EMPTY_POLL) if options.until_empty else options.poll
        return poll * random.uniform(0.8, 1.2)  # noqa: S311

    def _sleep_seconds(self) -> float:
        """The poll interval, jittered; less if a job becomes ready earlier; more if looking takes long."""
        now = time.monotonic()
        rest = IDLE_SHARE * (now - (self._looking_since or now))
        if self._some_wait or self._next_ready_at is None:
            rest = min(rest, LATE_SECONDS)
        ready_in = 0.0 if self._next_ready_at is None else self._next_ready_at - now
        return max(0.001, rest, min(self._poll_seconds(), ready_in))

    async def _sleep(self, seconds: float) -> None:
        self._sleeping = True
        if not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wakened.wait(), seconds)
        self._sleeping = False
        self._wakened.clear()
        self._slept_at = time.monotonic()
        self._pace.begin(self._executor.ended)
        if self._rung and not self._stopping.is_set():
            await self._after_ring(self._slept_at)

    async def _after_ring(self, now: float) -> None:
        self._metrics.wakeups += 1
        self._wakes.append(now)
        if len(self._wakes) == WAKES_WINDOW and now - self._wakes[0] < WAKES_SECONDS:
            # Ringing has a price for those who enqueue: at this rate, looking is cheaper.
            self._wakes.clear()
            self._fast_until = now + FAST_POLL_SECONDS
            await self._doorbell.disarm()
        if delay := self._doorbell.delay():
            await asyncio.sleep(delay)

    def _accepted(self, requeued: bool) -> None:
        """Reports were accepted: a limit may have room again, a retry may be due, the work may be done."""
        if requeued:
            self._next_ready_at = None
        self._room.set()
        if not self._sleeping:
            return
        now = time.monotonic()
        if self._limited or now - self._accept_woke > ACCEPT_WAKE_SECONDS or self._options.until_empty:
            self._accept_woke = now
            self._by_accept = True
            self._wakened.set()
