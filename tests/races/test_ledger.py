"""The ledger under races stepped by hand: frozen workers, lost replies, and verbs in any order from many sessions."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from random import Random, randrange
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.support import ledger_scenarios as scenarios
from tests.support.jobs import ALICE
from tests.support.ledger import (
    ANSWER,
    APPLY,
    APPLY_AND_COMPLETE,
    BEGIN_EFFECT,
    EFFECT,
    FAIL_TRANSACTION,
    FIND,
    RECONCILE,
    SENT,
    SET_ACCOUNT,
    SETTLE,
    Books,
    Ledger,
    transfer,
)
from tests.support.scenarios import REAP

if TYPE_CHECKING:
    from tests.support.database import Database
    from tests.support.scenarios import Open

RUNNER, OPERATOR = "faultline_runner", "faultline_operator"
COMMIT_OR_NOT = pytest.mark.parametrize("ending", ["commit", "rollback"])


@pytest.mark.parametrize("before_the_other", [True, False])
def test_of_two_workers_with_one_job_the_one_that_was_frozen_leaves_nothing(
    before_the_other: bool, ledger: Ledger, connect: Open
) -> None:
    seen = scenarios.frozen_worker_wakes(ledger, connect, before_the_other=before_the_other)
    assert seen == ("FL001", True, [(1, 2)])
    ledger.assert_converges()
    ledger.assert_sound()


def test_a_worker_frozen_in_the_middle_of_its_transaction_can_not_apply(ledger: Ledger, connect: Open) -> None:
    assert scenarios.frozen_in_its_transaction(ledger, connect) == ("FL001", True, [(1, 2)])
    ledger.assert_sound()


def test_a_worker_whose_apply_was_committed_before_its_lease_was_lost_is_told_its_entry(
    ledger: Ledger, connect: Open
) -> None:
    """The lost reply of apply_ledger, asked again after the next attempt has begun: nobody applies twice."""
    work = ledger.lost()
    assert ledger.apply(work) is True
    ledger.db.execute(REAP)
    ledger.make_ready(work.job)
    assert ledger.claim() == [(work.job, 2)]
    late, current = connect(RUNNER), connect(RUNNER)
    assert late.call(APPLY, work.job, 1, work.transaction, None) is False
    assert late.call(APPLY_AND_COMPLETE, work.job, 1, work.transaction, None) == "FL001"
    assert current.call(APPLY_AND_COMPLETE, work.job, 2, work.transaction, None) is False
    ledger.assert_converges()
    assert ledger.books(work) == Books("succeeded", "RECONCILED", 1)
    ledger.assert_sound()


def test_who_submits_what_somebody_has_submitted_and_not_committed_waits_for_that(
    ledger: Ledger, connect: Open
) -> None:
    assert scenarios.submitted_twice_at_once(ledger, connect) == (True, True, 1)
    ledger.assert_sound()


def test_eight_that_submit_one_id_at_once_make_one_job_and_eight_that_apply_it_one_entry(ledger: Ledger) -> None:
    seen = scenarios.eight_submit_and_eight_apply(ledger)
    assert (len(seen.jobs), seen.live, seen.entries) == (1, 1, 1)
    assert Counter(seen.created) == {True: 1, False: 7}
    assert ledger.balance("bob") == 7
    ledger.assert_sound()


@pytest.mark.parametrize(
    ("verb", "more", "ending", "answer"),
    [
        (APPLY, (None,), "commit", False),
        (APPLY, (None,), "rollback", True),
        (BEGIN_EFFECT, (EFFECT,), "commit", "FL002"),
        (BEGIN_EFFECT, (EFFECT,), "rollback", "INIT"),
    ],
)
def test_of_two_jobs_that_make_one_transaction_at_once_the_second_waits_and_is_told_whose_it_is(
    verb: str, more: tuple[object, ...], ending: str, answer: object, ledger: Ledger, connect: Open
) -> None:
    work = ledger.twins()
    first, second = connect(RUNNER), connect(RUNNER)
    first.begin()
    assert first.call(APPLY, work.job, 1, work.transaction, None) is True
    second.start(verb, work.other, 1, work.transaction, *more)
    assert second.blocked()
    first.run(ending)
    assert second.outcome() == answer
    carried = ledger.db.scalar("select transaction_id from faultline.jobs_live where job_id = %s", work.other)
    assert carried == (None if ending == "commit" else work.transaction)
    ledger.assert_sound()


@COMMIT_OR_NOT
@pytest.mark.parametrize("apply", [APPLY, APPLY_AND_COMPLETE], ids=["apply", "apply_and_complete"])
def test_find_entry_waits_for_a_commit_in_flight(apply: str, ending: str, ledger: Ledger, connect: Open) -> None:
    work = ledger.working()
    worker, asking = connect(RUNNER), connect(RUNNER)
    worker.begin()
    assert worker.call(apply, work.job, 1, work.transaction, None) is True
    asking.start(FIND, work.job, 1, work.transaction)
    assert asking.blocked()
    worker.run(ending)
    assert asking.outcome() == (1 if ending == "commit" else None)
    assert asking.call(FIND, work.job, 2, work.transaction) is None
    ledger.assert_sound()


def test_find_entry_refuses_a_snapshot_that_would_not_see_what_it_waited_for(ledger: Ledger, connect: Open) -> None:
    work = ledger.working()
    asking = connect(RUNNER)
    asking.begin("repeatable read")
    assert asking.call(FIND, work.job, 1, work.transaction) == "FL004"


def test_an_operator_waits_for_the_job_before_it_locks_the_transaction(ledger: Ledger, connect: Open) -> None:
    """The other order would deadlock with a worker that has its job and comes for the transaction."""
    assert scenarios.fail_beside_a_worker_that_has_only_its_job(ledger, connect) == (True, True, "FL003")
    ledger.assert_sound()


@COMMIT_OR_NOT
def test_reconcile_passes_by_a_transaction_that_somebody_holds(ending: str, ledger: Ledger, connect: Open) -> None:
    held, free = ledger.given_up("held"), ledger.given_up("free")
    operator, runner = connect(OPERATOR), connect(RUNNER)
    operator.begin()
    assert operator.call(FAIL_TRANSACTION, held.transaction) == "FAILED"
    runner.start(RECONCILE)
    assert not runner.blocked()
    assert runner.result() == [(free.transaction, "INIT", "FAILED")]
    operator.run(ending)
    assert runner.run(RECONCILE) == ([] if ending == "commit" else [(held.transaction, "INIT", "FAILED")])
    ledger.assert_sound()


@pytest.mark.parametrize(("verb", "more"), [(SENT, ()), (SETTLE, ("APPLIED",)), (BEGIN_EFFECT, ())])
def test_an_attempt_that_is_over_says_nothing_of_an_effect_any_more(
    verb: str, more: tuple[str, ...], ledger: Ledger, connect: Open
) -> None:
    """Its transaction may have failed since: what is sent now would belong to nothing that has happened."""
    assert scenarios.effect_of_an_attempt_that_is_over(ledger, connect, verb, *more) == ("FL001", "INIT")
    ledger.assert_sound()


def test_an_attempt_that_is_over_says_nothing_of_the_effects_of_another_transaction(
    ledger: Ledger, connect: Open
) -> None:
    done, other = ledger.working("done"), ledger.begun("other")
    worker = connect(RUNNER)
    assert worker.call(APPLY_AND_COMPLETE, done.job, 1, done.transaction, None) is True
    assert worker.call(SENT, done.job, 1, other.transaction, EFFECT) == "FL005"
    assert ledger.books(other) == Books("running", "INIT", 0, "INIT")
    ledger.assert_sound()


def test_nothing_is_sent_after_the_entry(ledger: Ledger, connect: Open) -> None:
    work = ledger.begun()
    worker = connect(RUNNER)
    assert worker.call(APPLY, work.job, 1, work.transaction, None) is True
    assert worker.call(SENT, work.job, 1, work.transaction, EFFECT) == "FL003"
    assert worker.call(BEGIN_EFFECT, work.job, 1, work.transaction, EFFECT) == "INIT"
    assert worker.call("select faultline.complete_job(%s, 1)", work.job) == "ok"
    assert worker.call(SENT, work.job, 1, work.transaction, EFFECT) == "FL003"
    assert ledger.books(work) == Books("succeeded", "APPLIED", 1, "INIT")
    ledger.assert_sound()


# Any verb, from eight sessions, on a handful of transactions

CALLS_EACH = 500
TRANSACTIONS = 12
ACCOUNTS = ("alice", "bob", "carol", "dave")
FENCED = {
    "apply": (APPLY, True),
    "apply_and_complete": (APPLY_AND_COMPLETE, True),
    "complete": ("select faultline.complete_job(%s, %s)", False),
    "complete many": (
        "select array_agg(verdict) from faultline.complete_jobs(array[%s, 1, 2, 3]::bigint[], array[%s, 1, 1, 1])",
        False,
    ),
    "fail": ("select faultline.fail_job(%s, %s, '{}', retry_in => '0')", False),
    "fail for good": ("select faultline.fail_job(%s, %s, '{}', false)", False),
    "find": (FIND, True),
}
VERBS = ("fenced", "fenced", "together", "effect", "operator", "submit", "submit", "claim", "sweep", "burn", "answer")
OPERATORS = ("cancel_job", "discard_job", "retry_job")
SUBMIT = "select faultline.submit_transaction(%s, 'pay', max_attempts => 100)"
CLAIM = "select job_id, attempt from faultline.claim_job('default', %s, 4, '1 second')"
ATTEMPT = (
    "select job_id, attempt, transaction_id from faultline.jobs_live where state = 'running' order by random() limit 1"
)


class Caller:
    """One session that calls what its dice say. A deadlock, or any error that is not ours, ends it."""

    def __init__(self, db: Database, seed: int) -> None:
        self.connection = db.connect()
        self.dice = Random(seed)
        self.told: Counter[str] = Counter()

    def run(self) -> Counter[str]:
        for _ in range(CALLS_EACH):
            verb = self.dice.choice(VERBS)
            try:
                getattr(self, verb)()
            except psycopg.Error as error:
                if error.sqlstate is None or not error.sqlstate.startswith("FL"):
                    raise
                self.told[error.sqlstate] += 1
        return self.told

    def value(self, query: str, *arguments: object) -> Any:
        row = self.connection.execute(query.encode(), arguments).fetchone()
        return row[0] if row else None

    def any_transaction(self) -> str:
        return f"t-{self.dice.randrange(TRANSACTIONS)}-{self.told['submit'] // 8}"

    def any_attempt(self) -> tuple[int, int, str]:
        job, attempt, transaction = self.connection.execute(ATTEMPT).fetchone() or (1, 1, "t-0-0")
        return job, attempt, transaction

    def fenced(self) -> None:
        self.told[self.report(*self.any_attempt(), self.dice.choice(list(FENCED)))] += 1

    def report(self, job: int, attempt: int, transaction: str, name: str) -> str:
        query, with_transaction = FENCED[name]
        arguments: list[object] = [job, max(1, attempt - (self.dice.random() < 0.1))]
        if with_transaction:
            arguments.append(transaction)
        if name.startswith("apply"):
            payer, payee = self.dice.sample(ACCOUNTS, 2)
            arguments.append(transfer(payer, payee, self.dice.randint(1, 60)))
        answer = self.value(query, *arguments)
        return name if name in {"find", "complete many"} else f"{name} → {answer}"

    def together(self) -> None:
        """Two verbs of one attempt in one transaction, as a worker of one's own may do it."""
        attempt = self.any_attempt()
        with self.connection.transaction():
            told = [self.report(*attempt, self.dice.choice(("apply", "complete", "fail"))) for _ in range(2)]
        self.told.update(told)

    def effect(self) -> None:
        job, attempt, transaction = self.any_attempt()
        effect = (job, attempt, transaction, self.dice.choice(("charge", "mail")))
        self.value(BEGIN_EFFECT, *effect)
        self.told[f"send → {self.value(SENT, *effect)}"] += 1
        if self.dice.random() < 0.7:
            self.told[f"settle → {self.value(SETTLE, *effect, self.dice.choice(('APPLIED', 'ABSENT')))}"] += 1

    def operator(self) -> None:
        row = self.connection.execute("select job_id from faultline.jobs_live order by random() limit 1").fetchone()
        self.value(f"select faultline.{self.dice.choice(OPERATORS)}(%s)", row[0] if row else 1)

    def submit(self) -> None:
        self.told["submit"] += 1
        self.value(SUBMIT, self.any_transaction())

    def claim(self) -> None:
        self.value(CLAIM, ALICE)

    def sweep(self) -> None:
        self.value(self.dice.choice((RECONCILE, "select faultline.reap_expired()", "select faultline.maintain()")))

    def burn(self) -> None:
        if self.dice.random() < 0.2:
            self.told[f"burn → {self.value(FAIL_TRANSACTION, self.any_transaction())}"] += 1

    def answer(self) -> None:
        asked = "select transaction_id, name from faultline.effects where ask_at is not null order by random() limit 1"
        row = self.connection.execute(asked).fetchone()
        if row:
            self.value(ANSWER, *row, self.dice.choice(("APPLIED", "ABSENT")))


def test_any_verbs_from_eight_sessions_never_deadlock_and_leave_the_books_right(
    ledger: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    for account in ACCOUNTS:
        ledger.transferred("bank", account, 100)
        ledger.db.execute(SET_ACCOUNT, account, 0)
    seed = randrange(1_000_000)
    callers = [Caller(ledger.db, seed + number) for number in range(8)]
    with ThreadPoolExecutor(len(callers)) as pool:
        told = sum((future.result() for future in [pool.submit(caller.run) for caller in callers]), Counter())
    with capsys.disabled():
        print(f"\nstorm of seed {seed}: {len(callers) * CALLS_EACH} calls, {dict(sorted(told.items()))}", end=" ")
    for reached in (
        "apply → True",
        "apply_and_complete → True",
        "send → SENT",
        "burn → FAILED",
        "FL001",
        "FL003",
        "FL006",
    ):
        assert told[reached], f"{reached} never happened"
    ledger.assert_converges()
    entries = sum(count for what, count in told.items() if what.startswith("apply") and what.endswith("True"))
    by_workers = (
        "select count(*) from faultline.ledger_entries where not effect ? 'settled_by' and transaction_id ~ '^t-'"
    )
    assert ledger.db.scalar(by_workers) == entries
    assert ledger.db.scalar("select sum(balance) from faultline.account_balances") == 0
    ledger.assert_sound()
