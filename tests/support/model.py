"""What the verbs of jobs have to do, in plain Python: no clock, no locks, one caller at a time.

Each method of Model answers what the function of the same name answers, an error by its SQLSTATE. Time is a counter:
`due` and `expired` tell the order in which jobs became claimable and leases passed, not when.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

STALE, ILLEGAL, INVALID, UNKNOWN, OTHER_ARGUMENTS = "FL001", "FL003", "FL004", "FL005", "FL002"
LEVELS = (1, 2, 3, 4)
DEFAULT_ATTEMPTS = 5

Fence: TypeAlias = tuple[int, int]


class Request(NamedTuple):
    """The arguments of enqueue that matter here."""

    type: str = "work"
    size: int = 0
    queue: str = "default"
    priority: int = 2
    max_attempts: int | None = None
    key: str | None = None
    later: bool = False


class Event(NamedTuple):
    """What job_events keeps; `report` is what was refused, if the verb is stale. What is no attempt's has none."""

    job: int
    attempt: int | None
    verb: str
    report: str | None = None


@dataclass
class Job:
    """One job. `due` None: it waits for a time. `expired` None: its lease has not passed."""

    id: int
    request: Request
    max_attempts: int
    due: int | None
    state: str = "queued"
    attempt: int = 0
    failures: int = 0
    owner: str | None = None
    expired: int | None = None
    cancel_requested: bool = False

    @property
    def live(self) -> bool:
        return self.state in {"queued", "running", "failed"}

    def runs(self, attempt: int) -> bool:
        return self.state == "running" and self.attempt == attempt


@dataclass
class Key:
    job: int
    arguments: tuple[str, int]
    expired: bool = False


@dataclass
class Queue:
    paused: bool = False
    max_running: int | None = None
    max_attempts: int | None = None


@dataclass
class Model:
    """All jobs, keys, queues and events."""

    jobs: dict[int, Job] = field(default_factory=dict)
    keys: dict[tuple[str, str], Key] = field(default_factory=dict)
    queues: dict[str, Queue] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    last_id: int = 0
    ticks: int = 0

    # Producers

    def enqueue(self, request: Request) -> int | str:
        made = self._enqueue(request, self._tick())
        return made if isinstance(made, str) else made[0]

    def enqueue_many(self, requests: Sequence[Request]) -> list[tuple[int, int, bool]] | str:
        """Keyed ones first, in the order of their keys; all or nothing, except that ids are spent."""
        before = {place: replace(key) for place, key in self.keys.items()}
        jobs_before = dict(self.jobs)
        made: dict[int, tuple[int, bool]] = {}
        tick = self._tick()
        keyed = [(request.queue, request.key, place) for place, request in enumerate(requests) if request.key]
        unkeyed = [place for place, request in enumerate(requests) if not request.key]
        for _, _, place in sorted(keyed):
            answer = self._enqueue(requests[place], self._tick())
            if isinstance(answer, str):
                self.keys, self.jobs = before, jobs_before
                return answer
            made[place] = answer
        for place in unkeyed:
            answer = self._enqueue(requests[place], tick)
            assert not isinstance(answer, str)
            made[place] = answer
        return [(place + 1, *made[place]) for place in range(len(requests))]

    def _enqueue(self, request: Request, tick: int) -> tuple[int, bool] | str:
        self.last_id += 1
        if request.key is not None:
            place, arguments = (request.queue, request.key), (request.type, request.size)
            key = self.keys.get(place)
            if key is not None and (not key.expired or self.jobs[key.job].live):
                return (key.job, False) if key.arguments == arguments else OTHER_ARGUMENTS
            self.keys[place] = Key(self.last_id, arguments)
        most = request.max_attempts or self._queue(request.queue).max_attempts or DEFAULT_ATTEMPTS
        self.jobs[self.last_id] = Job(self.last_id, request, most, None if request.later else tick)
        return self.last_id, True

    # Runners

    def claim(self, queues: Sequence[str], runner: str, batch: int) -> list[Fence]:
        claimed: list[Fence] = []
        room = {queue: self._room(queue) for queue in queues}
        for level in LEVELS:
            for queue in room:
                ready = [
                    (job.due, job.id)
                    for job in self.jobs.values()
                    if job.state == "queued" and job.request[2:4] == (queue, level) and job.due is not None
                ]
                for _, job_id in sorted(ready)[: min(room[queue], batch - len(claimed))]:
                    job = self.jobs[job_id]
                    job.state, job.owner, job.expired = "running", runner, None
                    job.attempt += 1
                    room[queue] -= 1
                    claimed.append((job.id, job.attempt))
        return claimed

    def complete(self, job_id: int, attempt: int) -> str:
        job = self.jobs.get(job_id)
        if job is not None and job.runs(attempt):
            self._finish(job, "succeeded")
            return "ok"
        return self._refusal(job_id, attempt, "complete")

    def complete_many(self, fences: Sequence[Fence]) -> list[tuple[int, str]]:
        accepted = {(job, attempt) for job, attempt in fences if job in self.jobs and self.jobs[job].runs(attempt)}
        for job, _ in accepted:
            self._finish(self.jobs[job], "succeeded")
        return [(fence[0], self._verdict(fence, "complete", accepted)) for fence in fences]

    def _verdict(self, fence: Fence, verb: str, accepted: Collection[Fence]) -> str:
        """Of one report of a group."""
        verdict = "ok" if fence in accepted else self._refusal(*fence, verb)
        if verdict not in {"ok", "repeat"}:
            verdict = "stale"
            self._record_stale(*fence, verb)
        return verdict

    def fail(self, job_id: int, attempt: int, retryable: bool, at_once: bool) -> str:
        if self._end_attempt(job_id, attempt, "fail", charge=True, retryable=retryable, later=not at_once):
            return "ok"
        return self._refusal(job_id, attempt, "fail")

    def fail_many(self, reports: Sequence[tuple[int, int, bool, bool]]) -> list[tuple[int, str]]:
        wanted: dict[Fence, tuple[bool, bool]] = {}
        for job, attempt, *how in reversed(reports):  # of a report that is there twice, the first
            if job in self.jobs and self.jobs[job].runs(attempt):
                wanted[job, attempt] = (how[0], how[1])
        for (job, attempt), (retryable, at_once) in sorted(wanted.items()):
            self._end_attempt(job, attempt, "fail", charge=True, retryable=retryable, later=not at_once)
        return [(job, self._verdict((job, attempt), "fail", wanted)) for job, attempt, *_ in reports]

    def release(self, job_id: int, attempt: int, later: bool) -> str:
        if self._end_attempt(job_id, attempt, "release", later=later):
            return "ok"
        return self._refusal(job_id, attempt, "release")

    def snooze(self, job_id: int, attempt: int) -> str:
        if self._end_attempt(job_id, attempt, "snooze", later=True):
            return "ok"
        return self._refusal(job_id, attempt, "snooze")

    def cancelled(self, job_id: int, attempt: int) -> str:
        job = self.jobs.get(job_id)
        if job is not None and job.runs(attempt) and not job.cancel_requested:
            return ILLEGAL
        if self._end_attempt(job_id, attempt, "cancelled"):
            return "ok"
        return self._refusal(job_id, attempt, "cancelled")

    def heartbeat(self, runner: str, fences: Sequence[Fence]) -> list[tuple[int, str, bool]]:
        answers = []
        for job_id, attempt in fences:
            job = self.jobs.get(job_id)
            if job is not None and job.runs(attempt) and job.owner == runner:
                job.expired = None
                answers.append((job_id, "ok", job.cancel_requested))
            else:
                self._record_stale(job_id, attempt, "heartbeat")
                answers.append((job_id, "stale", False))
        return answers

    def release_unknown(self, runner: str, known: Iterable[int]) -> int:
        held = [job for job in self.jobs.values() if job.state == "running" and job.owner == runner]
        unknown = [job for job in held if job.id not in set(known)]
        # All of them are ready at once, in the order of their ids.
        for job in sorted(unknown, key=lambda job: job.id):
            self._end_attempt(job.id, job.attempt, "release")
        return len(unknown)

    def report_stale(self, job_id: int, attempt: int, report: str) -> str | None:
        if job_id in self.jobs and self.jobs[job_id].runs(attempt):
            return INVALID
        refusal = self._refusal(job_id, attempt, report)
        if refusal == STALE:
            self._record_stale(job_id, attempt, report)
        return UNKNOWN if refusal == UNKNOWN else None

    def reap(self, most: int) -> int:
        expired = sorted((job.expired, job.id) for job in self.jobs.values() if job.expired is not None)[:most]
        for job_id in sorted(job_id for _, job_id in expired):
            self._end_attempt(job_id, self.jobs[job_id].attempt, "expire", charge=True, later=True)
        return len(expired)

    # Operators

    def cancel(self, job_id: int) -> str:
        job = self.jobs.get(job_id)
        if job is None:
            return UNKNOWN
        if job.state == "queued":
            self._finish(job, "cancelled")
            self.events.append(Event(job_id, job.attempt, "cancel"))
        elif job.state == "running":
            if not job.cancel_requested:
                job.cancel_requested = True
                self.events.append(Event(job_id, job.attempt, "cancel_requested"))
            return "requested"
        return "cancelled" if job.state == "cancelled" else ILLEGAL

    def retry(self, job_id: int) -> str:
        job = self.jobs.get(job_id)
        if job is None:
            return UNKNOWN
        if job.state == "failed":
            job.state, job.failures, job.due, job.cancel_requested = "queued", 0, self._tick(), False
            self.events.append(Event(job_id, job.attempt, "retry"))
        return "queued" if job.state == "queued" else ILLEGAL

    def discard(self, job_id: int) -> str:
        job = self.jobs.get(job_id)
        if job is None:
            return UNKNOWN
        if job.state == "failed":
            self._finish(job, "discarded")
            self.events.append(Event(job_id, job.attempt, "discard"))
        return "discarded" if job.state == "discarded" else ILLEGAL

    def pause(self, queue: str) -> None:
        self._queue(queue).paused = True

    def resume(self, queue: str) -> None:
        self._queue(queue).paused = False

    def limit(self, queue: str, max_running: int | None) -> None:
        self._queue(queue).max_running = max_running

    def default_attempts(self, queue: str, max_attempts: int | None) -> None:
        self._queue(queue).max_attempts = max_attempts

    def maintain(self) -> int:
        free = [place for place, key in self.keys.items() if key.expired and not self.jobs[key.job].live]
        for place in free:
            del self.keys[place]
        return len(free)

    # Time, which passes only here

    def let_expire(self, job_id: int) -> None:
        job = self.jobs.get(job_id)
        if job is not None and job.state == "running":
            job.expired = self._tick()

    def let_be_due(self, job_id: int) -> None:
        job = self.jobs.get(job_id)
        if job is not None and job.state == "queued" and job.due is None:
            job.due = self._tick()

    def let_key_expire(self, queue: str, key: str) -> None:
        if (queue, key) in self.keys:
            self.keys[queue, key].expired = True

    # Inside

    def _end_attempt(
        self, job_id: int, attempt: int, verb: str, *, charge: bool = False, retryable: bool = True, later: bool = False
    ) -> bool:
        job = self.jobs.get(job_id)
        if job is None or not job.runs(attempt):
            return False
        job.failures += charge
        if job.cancel_requested:
            self._finish(job, "cancelled")
        else:
            final = charge and (not retryable or job.failures >= job.max_attempts)
            job.state, job.owner, job.expired = "failed" if final else "queued", None, None
            job.due = None if final or later else self._tick()
        self.events.append(Event(job_id, attempt, verb))
        return True

    def _finish(self, job: Job, state: str) -> None:
        """`owner` stays: it tells who ran the last attempt."""
        job.state, job.expired = state, None

    def _refusal(self, job_id: int, attempt: int, verb: str) -> str:
        job = self.jobs.get(job_id)
        if verb == "complete":
            if job is not None and (job.state, job.attempt) == ("succeeded", attempt):
                return "repeat"
        elif Event(job_id, attempt, verb) in self.events:
            return "repeat"
        return UNKNOWN if job is None else STALE

    def _record_stale(self, job_id: int, attempt: int, report: str) -> None:
        event = Event(job_id, attempt, "stale", report)
        if event not in self.events:
            self.events.append(event)

    def _queue(self, queue: str) -> Queue:
        return self.queues.setdefault(queue, Queue())

    def _room(self, queue: str) -> int:
        settings = self._queue(queue)
        if settings.paused:
            return 0
        if settings.max_running is None:
            return len(self.jobs)
        running = Counter(job.request.queue for job in self.jobs.values() if job.state == "running")[queue]
        return max(0, settings.max_running - running)

    def _tick(self) -> int:
        self.ticks += 1
        return self.ticks
