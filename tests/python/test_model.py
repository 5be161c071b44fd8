"""Any sequence of verbs does on the database what it does in the plain model, stale and repeated calls included.

FAULTLINE_MODEL_EXAMPLES=2000 and FAULTLINE_MODEL_STEPS=100 search for longer, FAULTLINE_SEED=N repeats a search.
"""

from __future__ import annotations

import os
from collections import Counter
from itertools import permutations
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from hypothesis import Phase
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from psycopg.errors import CheckViolation

from tests.support.model import Event, Model, Request
from tests.support.mutants import break_function
from tests.support.proofs import SEED, search
from tests.support.share import share
from tests.support.verbs import Verbs

if TYPE_CHECKING:
    from tests.support.database import Database
    from tests.support.model import Fence, Job

pytestmark = pytest.mark.every_version

EXAMPLES = int(os.environ.get("FAULTLINE_MODEL_EXAMPLES", "40"))
STEPS = int(os.environ.get("FAULTLINE_MODEL_STEPS", "50"))
CONTROL_SEED = 6
NO_JOB = 999_999
ANY_JOB = 10

QUEUES = ("default", "mail", "narrow")
REPORTS = ("complete", "fail", "release", "snooze", "cancelled", "heartbeat")

queues = st.sampled_from(QUEUES)
runners = st.sampled_from(("alice", "bob"))
keys = st.sampled_from(("k1", "k2"))
requests = st.builds(
    Request,
    type=st.sampled_from(("work", "play")),
    size=st.integers(0, 1),
    queue=queues,
    priority=st.integers(1, 4),
    max_attempts=st.sampled_from((None, 1, 2, 3)),
    key=st.one_of(st.none(), st.none(), keys),
    later=st.sampled_from((False, False, False, True)),
)
# Which of the jobs: see pick().
picks = st.integers(0, ANY_JOB + 1)
# How far from the job's attempt: mostly its own, sometimes an old one or one that is still to come.
offsets = st.sampled_from((0, 0, 0, 0, -1, 1))
fence_picks = st.tuples(picks, offsets)

# What a search has to come upon to be worth anything. No more than what it meets many times: its paths are random.
REACHED = {
    "claim",
    "enqueue",
    "enqueue_many",
    "heartbeat",
    "maintain",
    "reap",
    "complete → ok",
    "complete → FL001",
    "fail → ok",
    "fail_many",
}


class Machine(RuleBasedStateMachine):
    """Calls each verb on both, and compares the answers, then all jobs, keys and events."""

    verbs: ClassVar[Verbs]
    made: ClassVar[Counter[str]]

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.verbs.start()
        self.calls: list[tuple[str, tuple[Any, ...]]] = []

    def call(self, verb: str, *arguments: Any) -> None:
        self.calls.append((verb, arguments))
        expected = getattr(self.model, verb)(*arguments)
        answer = getattr(self.verbs, verb)(*arguments)
        assert answer == expected, f"{verb}{arguments} answers {answer}, and {expected} in the model"
        self.made[f"{verb} → {answer}" if isinstance(answer, str) else verb] += 1

    def pick(self, number: int, likely: str) -> int:
        """Mostly a job in the state in which the verb is legal; sometimes any job, or one that never was."""
        if number > ANY_JOB:
            return NO_JOB
        jobs = self.jobs_in(likely) if number < ANY_JOB else []
        jobs = jobs or sorted(self.model.jobs, reverse=True)
        return jobs[number % len(jobs)] if jobs else NO_JOB

    def jobs_in(self, state: str) -> list[int]:
        """The jobs in this state, the newest first; brings one there if there is none, unless a queue forbids it."""
        if not self.now_in(state):
            getattr(self, f"bring_{state}")()
        return self.now_in(state)

    def now_in(self, state: str) -> list[int]:
        jobs = sorted(self.model.jobs.values(), key=lambda job: -job.id)
        if state == "cancelling":
            return [job.id for job in jobs if job.state == "running" and job.cancel_requested]
        return [job.id for job in jobs if job.state == state]

    def bring_queued(self) -> None:
        self.call("enqueue", Request())

    def bring_running(self) -> None:
        self.jobs_in("queued")
        self.call("claim", QUEUES, "alice", 2)

    def bring_cancelling(self) -> None:
        for job_id in self.jobs_in("running")[:1]:
            self.call("cancel", job_id)

    def bring_failed(self) -> None:
        for job_id in self.jobs_in("running")[:1]:
            self.call("fail", job_id, self.model.jobs[job_id].attempt, False, False)

    def fence(self, picked: tuple[int, int], likely: str = "running") -> Fence:
        number, offset = picked
        job_id = self.pick(number, likely)
        attempt = self.model.jobs[job_id].attempt if job_id in self.model.jobs else 1
        return job_id, max(0, attempt + offset)

    # Producers

    @rule(request=requests)
    def enqueue(self, request: Request) -> None:
        self.call("enqueue", request)

    @rule(request=requests, key=keys)
    def enqueue_with_a_key(self, request: Request, key: str) -> None:
        self.call("enqueue", request._replace(key=key))

    @rule(batch=st.lists(requests, max_size=5))
    def enqueue_many(self, batch: list[Request]) -> None:
        self.call("enqueue_many", tuple(batch))

    # Runners

    @rule(queue=queues, runner=runners, batch=st.integers(1, 3))
    def claim_one_queue(self, queue: str, runner: str, batch: int) -> None:
        self.call("claim", (queue,), runner, batch)

    @rule(order=st.sampled_from(list(permutations(QUEUES))), runner=runners, batch=st.integers(1, 6))
    def claim_many_queues(self, order: tuple[str, ...], runner: str, batch: int) -> None:
        self.call("claim", order, runner, batch)

    @rule(picked=fence_picks)
    def complete(self, picked: tuple[int, int]) -> None:
        self.call("complete", *self.fence(picked))

    @rule(group=st.lists(fence_picks, max_size=5))
    def complete_many(self, group: list[tuple[int, int]]) -> None:
        self.call("complete_many", tuple(self.fence(picked) for picked in group))

    @rule(picked=fence_picks, retryable=st.sampled_from((True, True, False)), at_once=st.booleans())
    def fail(self, picked: tuple[int, int], retryable: bool, at_once: bool) -> None:
        self.call("fail", *self.fence(picked), retryable, at_once)

    @rule(group=st.lists(st.tuples(fence_picks, st.booleans(), st.booleans()), max_size=5))
    def fail_many(self, group: list[tuple[tuple[int, int], bool, bool]]) -> None:
        self.call("fail_many", tuple((*self.fence(picked), retryable, at_once) for picked, retryable, at_once in group))

    @rule(picked=fence_picks, later=st.booleans())
    def release(self, picked: tuple[int, int], later: bool) -> None:
        self.call("release", *self.fence(picked), later)

    @rule(picked=fence_picks)
    def snooze(self, picked: tuple[int, int]) -> None:
        self.call("snooze", *self.fence(picked))

    @rule(picked=fence_picks)
    def cancelled(self, picked: tuple[int, int]) -> None:
        self.call("cancelled", *self.fence(picked, "cancelling"))

    @rule(runner=runners, group=st.lists(fence_picks, max_size=5, unique=True))
    def heartbeat(self, runner: str, group: list[tuple[int, int]]) -> None:
        self.call("heartbeat", runner, tuple(dict.fromkeys(self.fence(picked) for picked in group)))

    @rule(runner=runners, known=st.lists(picks, max_size=4))
    def release_unknown(self, runner: str, known: list[int]) -> None:
        self.call("release_unknown", runner, tuple(self.pick(number, "running") for number in known))

    @rule(picked=fence_picks, report=st.sampled_from(REPORTS))
    def report_stale(self, picked: tuple[int, int], report: str) -> None:
        self.call("report_stale", *self.fence(picked), report)

    @rule(most=st.sampled_from((1, 2, 1000)))
    def reap(self, most: int) -> None:
        self.call("reap", most)

    # Operators

    @rule(number=picks, likely=st.sampled_from(("queued", "running", "cancelling")))
    def cancel(self, number: int, likely: str) -> None:
        self.call("cancel", self.pick(number, likely))

    @rule(number=picks)
    def retry(self, number: int) -> None:
        self.call("retry", self.pick(number, "failed"))

    @rule(number=picks)
    def discard(self, number: int) -> None:
        self.call("discard", self.pick(number, "failed"))

    @rule(queue=queues)
    def pause(self, queue: str) -> None:
        self.call("pause", queue)

    @rule(queue=queues)
    def resume(self, queue: str) -> None:
        self.call("resume", queue)

    @rule(queue=queues, max_running=st.sampled_from((None, 1, 2, 3)))
    def limit(self, queue: str, max_running: int | None) -> None:
        self.call("limit", queue, max_running)

    @rule(queue=queues, max_attempts=st.sampled_from((None, 1, 2)))
    def default_attempts(self, queue: str, max_attempts: int | None) -> None:
        self.call("default_attempts", queue, max_attempts)

    @rule()
    def maintain(self) -> None:
        self.call("maintain")

    # Time and lost replies

    @rule(number=picks)
    def let_expire(self, number: int) -> None:
        self.call("let_expire", self.pick(number, "running"))

    @rule(number=picks)
    def let_be_due(self, number: int) -> None:
        self.call("let_be_due", self.pick(number, "queued"))

    @rule(queue=queues, key=keys)
    def let_key_expire(self, queue: str, key: str) -> None:
        self.call("let_key_expire", queue, key)

    @precondition(lambda self: bool(self.calls))
    @rule(back=st.integers(0, 15))
    def repeat_an_earlier_call(self, back: int) -> None:
        verb, arguments = self.calls[-1 - back % len(self.calls)]
        self.call(verb, *arguments)

    @invariant()
    def everything_is_the_same_in_both(self) -> None:
        stored = self.verbs.jobs()
        assert [_essence(job) for job in self.model.jobs.values()] == [
            (*job[:-1], job.cancel_requested or False) for job in stored
        ]
        assert self.verbs.viewed() == [(job.id, job.state, job.attempt) for job in stored]
        assert self.verbs.keys() == {place: (key.job, key.expired) for place, key in self.model.keys.items()}
        assert self.verbs.events() == sorted(self.model.events, key=_job_of)

    def teardown(self) -> None:
        assert self.verbs.violations() == []


def _essence(job: Job) -> tuple[Any, ...]:
    """A job of the model as the tables have it."""
    request = job.request
    due = job.state != "queued" or job.due is not None
    cancel = job.live and job.cancel_requested
    return (
        *(job.id, request.type, request.queue, request.priority, job.max_attempts, request.key),
        *(job.state, job.attempt, job.failures, job.owner, due, job.expired is not None, cancel),
    )


def _job_of(event: Event) -> int:
    return event.job


@pytest.mark.timeout(0)
def test_every_sequence_of_verbs_does_what_the_model_says(db: Database, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(f"\nmodel: FAULTLINE_SEED={SEED}", end=" ", flush=True)
        calls = search(Machine, Verbs(db.connect()), SEED, EXAMPLES, STEPS, reach=REACHED)
        print(f"{calls.total()} calls in {EXAMPLES} runs", end=" ")
    missing = REACHED - set(calls)
    assert not missing, f"the search never saw {sorted(missing)}"


@pytest.mark.parametrize(
    ("function", "old", "new"),
    share(
        [
            ("complete_job", "and j.attempt = complete_job.attempt and j.state", "and j.state"),
            ("_end_attempt", "wait is null and charge", "wait is null and not retryable"),
            ("fail_jobs", "j.failures + 1 < j.max_attempts", "j.failures < j.max_attempts"),
            ("claim_jobs", "order by c.ready_at, c.job_id\n        limit", "order by c.job_id desc\n        limit"),
            ("retry_job", "failures = 0, ", ""),
            ("release_unknown", "and j.job_id <> all (known)", ""),
        ]
    ),
)
def test_the_search_finds_a_function_that_is_broken(function: str, old: str, new: str, db: Database) -> None:
    break_function(db, function, (old, new))
    with pytest.raises((AssertionError, CheckViolation)):
        search(Machine, Verbs(db.connect()), CONTROL_SEED, examples=300, steps=50, phases=[Phase.generate])
