"""Every interleaving of two transactions about one transaction of the ledger, on real connections, in their own roles.

Each side begins, calls its verb, and commits or rolls back. For each way the two may end, the outcomes that were
observed over all merges have to be exactly those listed: nothing else happens, and each of them does. After each merge
no promise is broken, and reconcile has nothing left to do after one pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from tests.support.ledger import (
    ANSWER,
    APPLY,
    APPLY_AND_COMPLETE,
    DISCARD,
    EFFECT,
    FAIL_TRANSACTION,
    SENT,
    SETTLE,
    Books,
    Ledger,
    Work,
)
from tests.support.scenarios import REAP, Open
from tests.support.share import share
from tests.support.stepping import BEGIN, COMMIT, ROLLBACK, Step, explore

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Outcome: TypeAlias = tuple[Any, Any, Books]
Ending: TypeAlias = tuple[Step, Step]

BOTH = (COMMIT, COMMIT)
ONLY_FIRST = (COMMIT, ROLLBACK)
ONLY_SECOND = (ROLLBACK, COMMIT)
NEITHER = (ROLLBACK, ROLLBACK)
ENDINGS = (BOTH, ONLY_FIRST, ONLY_SECOND, NEITHER)

RUNNER, OPERATOR, PRODUCER = "faultline_runner", "faultline_operator", "faultline_producer"
# A submit answers the number of its job: whether that is the job of the transaction in the end is what matters.
SUBMIT = "select faultline.submit_transaction(%s, 'work', %s::jsonb)"
RECONCILE = "select to_state from faultline.reconcile() where transaction_id = %s"


@dataclass(frozen=True)
class Verb:
    role: str
    query: str
    arguments: Callable[[Work], tuple[object, ...]]

    def step(self, work: Work) -> Step:
        return Step("verb", self.query, self.arguments(work))


def _of_effect(*more: object) -> Callable[[Work], tuple[object, ...]]:
    return lambda work: (work.job, 1, work.transaction, EFFECT, *more)


VERBS = {
    "apply": Verb(RUNNER, APPLY, lambda work: (work.job, 1, work.transaction, None)),
    "apply by its twin": Verb(RUNNER, APPLY, lambda work: (work.other, 1, work.transaction, None)),
    "apply and complete": Verb(RUNNER, APPLY_AND_COMPLETE, lambda work: (work.job, 1, work.transaction, None)),
    "reconcile": Verb(RUNNER, RECONCILE, lambda work: (work.transaction,)),
    "fail": Verb(OPERATOR, FAIL_TRANSACTION, lambda work: (work.transaction,)),
    "reap": Verb(RUNNER, REAP, lambda _: ()),
    "submit": Verb(PRODUCER, SUBMIT, lambda work: (work.transaction, "{}")),
    "submit other work": Verb(PRODUCER, SUBMIT, lambda work: (work.transaction, '{"n": 1}')),
    "discard": Verb(OPERATOR, DISCARD, lambda work: (work.job,)),
    "send": Verb(RUNNER, SENT, _of_effect()),
    "settle": Verb(RUNNER, SETTLE, _of_effect("APPLIED")),
    "answer APPLIED": Verb(RUNNER, ANSWER, lambda work: (work.transaction, EFFECT, "APPLIED")),
    "answer ABSENT": Verb(OPERATOR, ANSWER, lambda work: (work.transaction, EFFECT, "ABSENT")),
}


@dataclass(frozen=True)
class Pair:
    """Two verbs, what they are about, and what may come of it: (answer, answer, how the books stand)."""

    first: str
    second: str
    work: Callable[[Ledger, str], Work]
    legal: Mapping[Ending, set[Outcome]]

    def __str__(self) -> str:
        return f"{self.first}/{self.second} ({self.work.__name__})"


def nothing(ledger: Ledger, queue: str) -> Work:
    return Work(0, f"t-{queue}")


def applied_and_requeued(ledger: Ledger, queue: str) -> Work:
    """Applied, and its attempt lost: reconcile has something to do."""
    work = ledger.working(queue)
    assert ledger.apply(work) is True
    assert ledger.db.scalar("select faultline.fail_job(%s, 1, '{}')", work.job) == "ok"
    return work


NO_NO = Books(None, None, 0)
CANCELLED_FAILED = Books("cancelled", "FAILED", 0)
DISCARDED_FAILED = Books("discarded", "FAILED", 0)
DISCARDED_FAILED_ABSENT = Books("discarded", "FAILED", 0, "ABSENT")
DISCARDED_INIT = Books("discarded", "INIT", 0)
DISCARDED_INIT_SENT = Books("discarded", "INIT", 0, "SENT")
DISCARDED_RECONCILED_APPLIED = Books("discarded", "RECONCILED", 1, "APPLIED")
FAILED_INIT = Books("failed", "INIT", 0)
QUEUED_APPLIED = Books("queued", "APPLIED", 1)
QUEUED_INIT = Books("queued", "INIT", 0)
QUEUED_INIT_APPLIED = Books("queued", "INIT", 0, "APPLIED")
QUEUED_INIT_SENT = Books("queued", "INIT", 0, "SENT")
QUEUED_RECONCILED = Books("queued", "RECONCILED", 1)
RUNNING_APPLIED = Books("running", "APPLIED", 1)
RUNNING_FAILED = Books("running", "FAILED", 0)
RUNNING_FAILED_INIT = Books("running", "FAILED", 0, "INIT")
RUNNING_INIT = Books("running", "INIT", 0)
RUNNING_INIT_APPLIED = Books("running", "INIT", 0, "APPLIED")
RUNNING_INIT_INIT = Books("running", "INIT", 0, "INIT")
RUNNING_INIT_SENT = Books("running", "INIT", 0, "SENT")
RUNNING_NO = Books("running", None, 0)
SUCCEEDED_APPLIED = Books("succeeded", "APPLIED", 1)
SUCCEEDED_RECONCILED = Books("succeeded", "RECONCILED", 1)

PAIRS = [
    Pair(
        "apply",
        "apply",
        Ledger.working,
        {
            BOTH: {(False, True, RUNNING_APPLIED), (True, False, RUNNING_APPLIED)},
            ONLY_FIRST: {(True, False, RUNNING_APPLIED), (True, True, RUNNING_APPLIED)},
            ONLY_SECOND: {(False, True, RUNNING_APPLIED), (True, True, RUNNING_APPLIED)},
            NEITHER: {(True, True, RUNNING_INIT)},
        },
    ),
    Pair(
        "apply",
        "apply by its twin",
        Ledger.twins,
        {
            BOTH: {(False, True, RUNNING_APPLIED), (True, False, RUNNING_APPLIED)},
            ONLY_FIRST: {(True, False, RUNNING_APPLIED), (True, True, RUNNING_APPLIED)},
            ONLY_SECOND: {(False, True, RUNNING_APPLIED), (True, True, RUNNING_APPLIED)},
            NEITHER: {(True, True, RUNNING_NO)},
        },
    ),
    Pair(
        "apply",
        "reconcile",
        Ledger.working,
        {
            BOTH: {(True, None, RUNNING_APPLIED)},
            ONLY_FIRST: {(True, None, RUNNING_APPLIED)},
            ONLY_SECOND: {(True, None, RUNNING_INIT)},
            NEITHER: {(True, None, RUNNING_INIT)},
        },
    ),
    Pair(
        "apply and complete",
        "reconcile",
        Ledger.working,
        {
            BOTH: {(True, "RECONCILED", SUCCEEDED_RECONCILED), (True, None, SUCCEEDED_APPLIED)},
            ONLY_FIRST: {(True, "RECONCILED", SUCCEEDED_APPLIED), (True, None, SUCCEEDED_APPLIED)},
            ONLY_SECOND: {(True, None, RUNNING_INIT)},
            NEITHER: {(True, None, RUNNING_INIT)},
        },
    ),
    Pair(
        "apply",
        "fail",
        Ledger.working,
        {
            BOTH: {("FL006", "FAILED", RUNNING_FAILED), (True, "FL003", RUNNING_APPLIED)},
            ONLY_FIRST: {(True, "FAILED", RUNNING_APPLIED), (True, "FL003", RUNNING_APPLIED)},
            ONLY_SECOND: {("FL006", "FAILED", RUNNING_FAILED), (True, "FAILED", RUNNING_FAILED)},
            NEITHER: {(True, "FAILED", RUNNING_INIT)},
        },
    ),
    Pair(
        "reconcile",
        "reconcile",
        applied_and_requeued,
        {
            BOTH: {("RECONCILED", None, QUEUED_RECONCILED), (None, "RECONCILED", QUEUED_RECONCILED)},
            ONLY_FIRST: {
                ("RECONCILED", "RECONCILED", QUEUED_RECONCILED),
                ("RECONCILED", None, QUEUED_RECONCILED),
                (None, "RECONCILED", QUEUED_APPLIED),
            },
            ONLY_SECOND: {
                ("RECONCILED", "RECONCILED", QUEUED_RECONCILED),
                ("RECONCILED", None, QUEUED_APPLIED),
                (None, "RECONCILED", QUEUED_RECONCILED),
            },
            NEITHER: {
                ("RECONCILED", "RECONCILED", QUEUED_APPLIED),
                ("RECONCILED", None, QUEUED_APPLIED),
                (None, "RECONCILED", QUEUED_APPLIED),
            },
        },
    ),
    Pair(
        "reconcile",
        "reconcile",
        Ledger.given_up,
        {
            BOTH: {("FAILED", None, DISCARDED_FAILED), (None, "FAILED", DISCARDED_FAILED)},
            ONLY_FIRST: {
                ("FAILED", "FAILED", DISCARDED_FAILED),
                ("FAILED", None, DISCARDED_FAILED),
                (None, "FAILED", DISCARDED_INIT),
            },
            ONLY_SECOND: {
                ("FAILED", "FAILED", DISCARDED_FAILED),
                ("FAILED", None, DISCARDED_INIT),
                (None, "FAILED", DISCARDED_FAILED),
            },
            NEITHER: {
                ("FAILED", "FAILED", DISCARDED_INIT),
                ("FAILED", None, DISCARDED_INIT),
                (None, "FAILED", DISCARDED_INIT),
            },
        },
    ),
    Pair(
        "apply",
        "reap",
        Ledger.lost,
        {
            BOTH: {("FL001", 1, QUEUED_INIT), (True, 0, RUNNING_APPLIED), (True, 1, QUEUED_APPLIED)},
            ONLY_FIRST: {(True, 0, RUNNING_APPLIED), (True, 1, RUNNING_APPLIED)},
            ONLY_SECOND: {("FL001", 1, QUEUED_INIT), (True, 0, RUNNING_INIT), (True, 1, QUEUED_INIT)},
            NEITHER: {(True, 0, RUNNING_INIT), (True, 1, RUNNING_INIT)},
        },
    ),
    Pair(
        "apply and complete",
        "reap",
        Ledger.lost,
        {
            BOTH: {("FL001", 1, QUEUED_INIT), (True, 0, SUCCEEDED_APPLIED)},
            ONLY_FIRST: {(True, 0, SUCCEEDED_APPLIED), (True, 1, SUCCEEDED_APPLIED)},
            ONLY_SECOND: {("FL001", 1, QUEUED_INIT), (True, 0, RUNNING_INIT), (True, 1, QUEUED_INIT)},
            NEITHER: {(True, 0, RUNNING_INIT), (True, 1, RUNNING_INIT)},
        },
    ),
    Pair(
        "submit",
        "submit",
        nothing,
        {
            BOTH: {("its job", "its job", QUEUED_INIT)},
            ONLY_FIRST: {("its job", "a job that never was", QUEUED_INIT), ("its job", "its job", QUEUED_INIT)},
            ONLY_SECOND: {("a job that never was", "its job", QUEUED_INIT), ("its job", "its job", QUEUED_INIT)},
            NEITHER: {("a job that never was", "a job that never was", NO_NO)},
        },
    ),
    Pair(
        "submit",
        "submit other work",
        nothing,
        {
            BOTH: {("FL002", "its job", QUEUED_INIT), ("its job", "FL002", QUEUED_INIT)},
            ONLY_FIRST: {("its job", "FL002", QUEUED_INIT), ("its job", "a job that never was", QUEUED_INIT)},
            ONLY_SECOND: {("FL002", "its job", QUEUED_INIT), ("a job that never was", "its job", QUEUED_INIT)},
            NEITHER: {("a job that never was", "a job that never was", NO_NO)},
        },
    ),
    Pair(
        "submit",
        "fail",
        nothing,
        {
            BOTH: {("its job", "FAILED", CANCELLED_FAILED), ("its job", "FL005", QUEUED_INIT)},
            ONLY_FIRST: {("its job", "FAILED", QUEUED_INIT), ("its job", "FL005", QUEUED_INIT)},
            ONLY_SECOND: {("a job that never was", "FL005", NO_NO)},
            NEITHER: {("a job that never was", "FL005", NO_NO)},
        },
    ),
    Pair(
        "submit",
        "fail",
        Ledger.submitted,
        {
            BOTH: {("FL006", "FAILED", CANCELLED_FAILED), ("its job", "FAILED", CANCELLED_FAILED)},
            ONLY_FIRST: {("its job", "FAILED", QUEUED_INIT)},
            ONLY_SECOND: {("FL006", "FAILED", CANCELLED_FAILED), ("its job", "FAILED", CANCELLED_FAILED)},
            NEITHER: {("its job", "FAILED", QUEUED_INIT)},
        },
    ),
    Pair(
        "send",
        "fail",
        Ledger.begun,
        {
            BOTH: {("FL006", "FAILED", RUNNING_FAILED_INIT), ("SENT", "FL003", RUNNING_INIT_SENT)},
            ONLY_FIRST: {("SENT", "FAILED", RUNNING_INIT_SENT), ("SENT", "FL003", RUNNING_INIT_SENT)},
            ONLY_SECOND: {("FL006", "FAILED", RUNNING_FAILED_INIT), ("SENT", "FAILED", RUNNING_FAILED_INIT)},
            NEITHER: {("SENT", "FAILED", RUNNING_INIT_INIT)},
        },
    ),
    Pair(
        "answer APPLIED",
        "answer APPLIED",
        Ledger.left_open,
        {
            BOTH: {("RECONCILED", "RECONCILED", DISCARDED_RECONCILED_APPLIED)},
            ONLY_FIRST: {("RECONCILED", "RECONCILED", DISCARDED_RECONCILED_APPLIED)},
            ONLY_SECOND: {("RECONCILED", "RECONCILED", DISCARDED_RECONCILED_APPLIED)},
            NEITHER: {("RECONCILED", "RECONCILED", DISCARDED_INIT_SENT)},
        },
    ),
    Pair(
        "answer APPLIED",
        "answer ABSENT",
        Ledger.left_open,
        {
            BOTH: {("FL003", "FAILED", DISCARDED_FAILED_ABSENT), ("RECONCILED", "FL003", DISCARDED_RECONCILED_APPLIED)},
            ONLY_FIRST: {
                ("RECONCILED", "FAILED", DISCARDED_RECONCILED_APPLIED),
                ("RECONCILED", "FL003", DISCARDED_RECONCILED_APPLIED),
            },
            ONLY_SECOND: {
                ("FL003", "FAILED", DISCARDED_FAILED_ABSENT),
                ("RECONCILED", "FAILED", DISCARDED_FAILED_ABSENT),
            },
            NEITHER: {("RECONCILED", "FAILED", DISCARDED_INIT_SENT)},
        },
    ),
    Pair(
        "answer ABSENT",
        "reconcile",
        Ledger.left_open,
        {
            BOTH: {("FAILED", None, DISCARDED_FAILED_ABSENT)},
            ONLY_FIRST: {("FAILED", None, DISCARDED_FAILED_ABSENT)},
            ONLY_SECOND: {("FAILED", None, DISCARDED_INIT_SENT)},
            NEITHER: {("FAILED", None, DISCARDED_INIT_SENT)},
        },
    ),
    Pair(
        "discard",
        "reconcile",
        Ledger.dead_letter,
        {
            BOTH: {("discarded", "FAILED", DISCARDED_FAILED), ("discarded", None, DISCARDED_INIT)},
            ONLY_FIRST: {("discarded", "FAILED", DISCARDED_INIT), ("discarded", None, DISCARDED_INIT)},
            ONLY_SECOND: {("discarded", None, FAILED_INIT)},
            NEITHER: {("discarded", None, FAILED_INIT)},
        },
    ),
    Pair(
        "settle",
        "reap",
        Ledger.sent_and_lost,
        {
            BOTH: {
                ("APPLIED", 0, RUNNING_INIT_APPLIED),
                ("APPLIED", 1, QUEUED_INIT_APPLIED),
                ("FL001", 1, QUEUED_INIT_SENT),
            },
            ONLY_FIRST: {("APPLIED", 0, RUNNING_INIT_APPLIED), ("APPLIED", 1, RUNNING_INIT_APPLIED)},
            ONLY_SECOND: {
                ("APPLIED", 0, RUNNING_INIT_SENT),
                ("APPLIED", 1, QUEUED_INIT_SENT),
                ("FL001", 1, QUEUED_INIT_SENT),
            },
            NEITHER: {("APPLIED", 0, RUNNING_INIT_SENT), ("APPLIED", 1, RUNNING_INIT_SENT)},
        },
    ),
]


@pytest.mark.parametrize("pair", share(PAIRS), ids=str)
def test_every_interleaving_ends_in_a_legal_outcome_and_each_of_those_is_reached(
    pair: Pair, ledger: Ledger, connect: Open, capsys: pytest.CaptureFixture[str]
) -> None:
    verbs = {"first": VERBS[pair.first], "second": VERBS[pair.second]}
    sessions = {who: connect(verb.role) for who, verb in verbs.items()}
    queues = (f"queue-{number}" for number in range(10_000))
    ran_in_all = waited = 0

    def arrange() -> Work:
        # What an earlier merge left running must not look expired to this one's reaper.
        ledger.db.execute("update faultline.jobs_live set lease_expires_at = 'tomorrow' where lease_expires_at < now()")
        return pair.work(ledger, next(queues))

    for ending in ENDINGS:
        observed: dict[Outcome, str] = {}

        def plan(work: Work, ending: Ending = ending) -> dict[str, list[Step]]:
            return {who: [BEGIN, verb.step(work), end] for (who, verb), end in zip(verbs.items(), ending, strict=True)}

        for work, ran in explore(sessions, arrange=arrange, plan=plan):
            of = ledger.db.rows("select job_id from faultline.transactions where transaction_id = %s", work.transaction)
            found = of[0][0] if of else 0
            books = ledger.books(work._replace(job=work.job or found))
            outcome = (
                _told(pair.first, ran["first.verb"], found),
                _told(pair.second, ran["second.verb"], found),
                books,
            )
            assert outcome in pair.legal[ending], f"{work}: {outcome} is not legal: {ran}"
            observed[outcome] = str(ran)
            ledger.assert_converges()
            ran_in_all += 1
            waited += bool(ran.waited)
        assert set(observed) == pair.legal[ending]
    ledger.assert_sound()
    with capsys.disabled():
        print(f"\n{pair}: {ran_in_all} interleavings, a wait in {waited} of them", end=" ")


def _told(verb: str, answer: Any, job: int) -> Any:
    """The number of a job as what it is: that of the transaction, or of a job that was rolled back."""
    if "submit" in verb and isinstance(answer, int):
        return "its job" if answer == job else "a job that never was"
    return answer
