"""Every interleaving of two transactions about one job, on real connections.

Each side begins, calls its verb, and commits or rolls back. For each way the two may end, the outcomes that were
observed over all merges have to be exactly those listed: nothing else happens, and each of them does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from tests.support.jobs import ALICE, Jobs, Shape
from tests.support.scenarios import BEAT, COMPLETE, FAIL, REAP, Open
from tests.support.share import share
from tests.support.stepping import BEGIN, COMMIT, ROLLBACK, Step, explore

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Outcome: TypeAlias = tuple[Any, Any, Shape]
Ending: TypeAlias = tuple[Step, Step]

QUEUED, RUNNING, RETRY = Shape("queued", 0, 0), Shape("running", 1, 0), Shape("queued", 1, 1)
SUCCEEDED, DEAD = Shape("succeeded", 1, 0), Shape("failed", 1, 1)
BOTH = (COMMIT, COMMIT)
ONLY_FIRST = (COMMIT, ROLLBACK)
ONLY_SECOND = (ROLLBACK, COMMIT)
NEITHER = (ROLLBACK, ROLLBACK)
ENDINGS = (BOTH, ONLY_FIRST, ONLY_SECOND, NEITHER)

# The backoff is over as soon as the reap is committed.
NO_BACKOFF = "update faultline.jobs_live set ready_at = clock_timestamp() where job_id = %s and state = 'queued'"
CLAIM = "select coalesce(max(attempt), 0) from faultline.claim_job(%s, %s)"
VERBS: dict[str, Callable[[int, str], list[Step]]] = {
    "complete": lambda job, _: [Step("verb", COMPLETE, (job, 1))],
    "fail": lambda job, _: [Step("verb", FAIL, (job, 1))],
    "beat": lambda job, _: [Step("verb", BEAT, (ALICE, job, 1))],
    "reap": lambda *_: [Step("verb", REAP)],
    "reap, no backoff": lambda job, _: [Step("verb", REAP), Step("backoff", NO_BACKOFF, (job,))],
    "cancel": lambda job, _: [Step("verb", "select faultline.cancel_job(%s)", (job,))],
    "retry": lambda job, _: [Step("verb", "select faultline.retry_job(%s)", (job,))],
    "discard": lambda job, _: [Step("verb", "select faultline.discard_job(%s)", (job,))],
    "claim": lambda _, queue: [Step("verb", CLAIM, (queue, ALICE))],
}


@dataclass(frozen=True)
class Pair:
    """Two verbs, the job they are about, and what may come of it: (answer, answer, how the job ends)."""

    first: str
    second: str
    job: Callable[[Jobs, str], int]
    legal: Mapping[Ending, set[Outcome]]

    def __str__(self) -> str:
        return f"{self.first}/{self.second}"


PAIRS = [
    Pair(
        "complete",
        "reap",
        Jobs.expired,
        {
            BOTH: {("ok", 0, SUCCEEDED), ("FL001", 1, RETRY)},
            ONLY_FIRST: {("ok", 0, SUCCEEDED), ("ok", 1, SUCCEEDED)},
            # The reaper passes by a job that is locked, even if the lock comes to nothing: it is back in a second.
            ONLY_SECOND: {("ok", 0, RUNNING), ("ok", 1, RETRY), ("FL001", 1, RETRY)},
            NEITHER: {("ok", 0, RUNNING), ("ok", 1, RUNNING)},
        },
    ),
    Pair(
        "complete",
        "complete",
        Jobs.running,
        {
            BOTH: {("ok", "repeat", SUCCEEDED), ("repeat", "ok", SUCCEEDED)},
            ONLY_FIRST: {("ok", "repeat", SUCCEEDED), ("ok", "ok", SUCCEEDED)},
            ONLY_SECOND: {("repeat", "ok", SUCCEEDED), ("ok", "ok", SUCCEEDED)},
            NEITHER: {("ok", "ok", RUNNING)},
        },
    ),
    Pair(
        "fail",
        "reap",
        Jobs.expired,
        {
            BOTH: {("ok", 0, RETRY), ("FL001", 1, RETRY)},
            ONLY_FIRST: {("ok", 0, RETRY), ("ok", 1, RETRY)},
            ONLY_SECOND: {("ok", 0, RUNNING), ("ok", 1, RETRY), ("FL001", 1, RETRY)},
            NEITHER: {("ok", 0, RUNNING), ("ok", 1, RUNNING)},
        },
    ),
    Pair(
        "beat",
        "reap",
        Jobs.expired,
        {
            BOTH: {("ok", 0, RUNNING), (None, 1, RETRY), ("stale", 1, RETRY)},
            ONLY_FIRST: {("ok", 0, RUNNING), (None, 1, RUNNING), ("ok", 1, RUNNING)},
            ONLY_SECOND: {("ok", 0, RUNNING), ("ok", 1, RETRY), (None, 1, RETRY), ("stale", 1, RETRY)},
            NEITHER: {("ok", 0, RUNNING), (None, 1, RUNNING), ("ok", 1, RUNNING)},
        },
    ),
    Pair(
        "cancel",
        "complete",
        Jobs.running,
        {
            BOTH: {("requested", "ok", SUCCEEDED), ("FL003", "ok", SUCCEEDED)},
            ONLY_FIRST: {("requested", "ok", RUNNING)},
            ONLY_SECOND: {("requested", "ok", SUCCEEDED), ("FL003", "ok", SUCCEEDED)},
            NEITHER: {("requested", "ok", RUNNING)},
        },
    ),
    Pair(
        "cancel",
        "fail",
        Jobs.running,
        {
            BOTH: {("requested", "ok", Shape("cancelled", 1, 1)), ("cancelled", "ok", Shape("cancelled", 1, 1))},
            ONLY_FIRST: {("requested", "ok", RUNNING)},
            ONLY_SECOND: {("requested", "ok", RETRY), ("cancelled", "ok", RETRY)},
            NEITHER: {("requested", "ok", RUNNING)},
        },
    ),
    Pair(
        "claim",
        "reap, no backoff",
        Jobs.expired,
        {
            BOTH: {(0, 1, RETRY), (2, 1, Shape("running", 2, 1))},
            ONLY_FIRST: {(0, 1, RUNNING)},
            ONLY_SECOND: {(0, 1, RETRY), (2, 1, RETRY)},
            NEITHER: {(0, 1, RUNNING)},
        },
    ),
    Pair(
        "claim",
        "cancel",
        Jobs.queued,
        {
            BOTH: {(1, "requested", RUNNING), (0, "cancelled", Shape("cancelled", 0, 0))},
            ONLY_FIRST: {(1, "requested", RUNNING), (1, "cancelled", RUNNING), (0, "cancelled", QUEUED)},
            ONLY_SECOND: {(1, "cancelled", Shape("cancelled", 0, 0)), (0, "cancelled", Shape("cancelled", 0, 0))},
            NEITHER: {(1, "cancelled", QUEUED), (0, "cancelled", QUEUED)},
        },
    ),
    Pair(
        "claim",
        "claim",
        Jobs.queued,
        {
            BOTH: {(1, 0, RUNNING), (0, 1, RUNNING)},
            ONLY_FIRST: {(1, 0, RUNNING), (1, 1, RUNNING), (0, 1, QUEUED)},
            ONLY_SECOND: {(0, 1, RUNNING), (1, 1, RUNNING), (1, 0, QUEUED)},
            NEITHER: {(1, 0, QUEUED), (0, 1, QUEUED), (1, 1, QUEUED)},
        },
    ),
    Pair(
        "retry",
        "discard",
        Jobs.dead,
        {
            BOTH: {("queued", "FL003", Shape("queued", 1, 0)), ("FL003", "discarded", Shape("discarded", 1, 1))},
            ONLY_FIRST: {("queued", "FL003", Shape("queued", 1, 0)), ("queued", "discarded", Shape("queued", 1, 0))},
            ONLY_SECOND: {
                ("FL003", "discarded", Shape("discarded", 1, 1)),
                ("queued", "discarded", Shape("discarded", 1, 1)),
            },
            NEITHER: {("queued", "discarded", DEAD)},
        },
    ),
]


@pytest.mark.parametrize("pair", share(PAIRS), ids=str)
def test_every_interleaving_ends_in_a_legal_outcome_and_each_of_those_is_reached(
    pair: Pair, jobs: Jobs, connect: Open, capsys: pytest.CaptureFixture[str]
) -> None:
    sessions = {"first": connect(), "second": connect()}
    subjects = (f"queue-{number}" for number in range(10_000))
    ran_in_all = waited = 0

    def arrange() -> tuple[int, str]:
        # What an earlier merge left running must not look expired to this one's reaper.
        jobs.db.execute("update faultline.jobs_live set lease_expires_at = 'tomorrow' where lease_expires_at < now()")
        queue = next(subjects)
        return pair.job(jobs, queue), queue

    for ending in ENDINGS:
        observed: dict[Outcome, str] = {}

        def plan(subject: tuple[int, str], ending: Ending = ending) -> dict[str, list[Step]]:
            return {
                who: [BEGIN, *VERBS[verb](*subject), end]
                for who, verb, end in zip(sessions, (pair.first, pair.second), ending, strict=True)
            }

        for (job, _), ran in explore(sessions, arrange=arrange, plan=plan):
            outcome = (ran["first.verb"], ran["second.verb"], jobs.shape(job))
            assert outcome in pair.legal[ending], f"job {job}: {outcome} is not legal: {ran}"
            observed[outcome] = str(ran)
            ran_in_all += 1
            waited += bool(ran.waited)
        assert set(observed) == pair.legal[ending]
    jobs.assert_sound()
    with capsys.disabled():
        print(f"\n{pair}: {ran_in_all} interleavings, a wait in {waited} of them", end=" ")
