"""The plans of the ledger's functions do not depend on what the planner believes of the tables: see test_plans."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.hotpath.bookkeeping import post_many, settle_many
from tests.hotpath.plans import Explained
from tests.hotpath.test_plans import ROUNDS, Plans, complaints, conditions, indexes, statement
from tests.hotpath.workload import enqueue
from tests.support.ledger import ANSWER, BEGIN_EFFECT, FAIL_TRANSACTION, FIND, SENT, SETTLE, transfer

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.database import Database

SUBMIT = "select faultline.submit_transaction(%s, 'work', queue => 'ledger')"
CLAIM = "select job_id, attempt from faultline.claim_job('ledger', %s, 100)"
APPLY = "select * from faultline.apply_ledger(%s, %s, %s, '{}', %s)"
APPLY_AND_COMPLETE = "select * from faultline.apply_and_complete(%s, %s, %s, '{}', %s)"


def empty(db: Database) -> None:
    """As deployed."""


def fresh(db: Database) -> None:
    grow(db, 2_000)


def large(db: Database) -> None:
    grow(db, 20_000)
    db.execute("analyze")


def analysed_while_empty(db: Database) -> None:
    db.execute("vacuum analyze")
    grow(db, 20_000)


def grow(db: Database, count: int) -> None:
    settle_many(db, count, 1)
    post_many(db, count)
    enqueue(db, count)


def observe(db: Database, explained: Explained, first: int = 0, rounds: int = ROUNDS) -> Plans:
    """Run every function so many times, in one session, and keep the plans of its last run."""
    plans: Plans = {}
    token: str | None = None

    def run(name: str, call: str, *arguments: object) -> list[tuple[Any, ...]]:
        rows = explained.run(call, *arguments)
        plans[name] = list(explained.plans)
        return rows

    db.execute("select faultline.set_account('alice', 'EUR', -1000000)")
    for turn in range(first, first + rounds):
        names = [f"{what} {turn}" for what in ("applied", "completed", "sent", "asked", "burnt", "told")]
        for name in names:
            run("submit_transaction", SUBMIT, name)
        run("submit_transaction again", SUBMIT, names[0])
        fences = dict(zip(names, db.rows(CLAIM, uuid.uuid4()), strict=True))
        applied, completed, sent, asked, burnt, told = ((*fences[name], name) for name in names)
        postings = transfer("alice", "bob", 1)
        run("open_ledger", "select faultline.open_ledger(%s, %s, %s)", *applied)
        run("apply_ledger", APPLY, *applied, postings)
        run("apply_ledger again", APPLY, *applied, postings)
        run("apply_and_complete", APPLY_AND_COMPLETE, *completed, postings)
        run("apply_and_complete again", APPLY_AND_COMPLETE, *completed, postings)
        run("find_entry", FIND, *completed)
        run("complete_job", "select faultline.complete_job(%s, %s)", *applied[:2])
        run("complete_jobs", "select * from faultline.complete_jobs(array[%s], array[%s])", *told[:2])
        run("begin_effect", BEGIN_EFFECT, *sent, "charge")
        run("effect_sent", SENT, *sent, "charge")
        run("settle_effect", SETTLE, *sent, "charge", "APPLIED")
        run("fail_transaction", FAIL_TRANSACTION, burnt[2])
        db.execute(BEGIN_EFFECT, *asked, "charge")
        db.execute(SENT, *asked, "charge")
        run("fail_job for good", "select faultline.fail_job(%s, %s, '{}', false)", *asked[:2])
        run("discard_job", "select faultline.discard_job(%s)", asked[0])
        for _ in range(2):
            (token,) = run("advance_floor", "select faultline.advance_floor(array['ledger'], %s)", token)[0]
        settled = run("reconcile", "select * from faultline.reconcile(1000, %s, false)", token)
        assert len(settled) == 3, "applied, completed and told"
        run("reconcile with a sweep", "select * from faultline.reconcile()")
        assert len(run("effects_to_ask", "select * from faultline.effects_to_ask()")) == 1
        run("answer_effect", ANSWER, asked[2], "charge", "ABSENT")
        run("transaction_status", "select faultline.transaction_status(%s)", completed[2])
        run("account_balance", "select faultline.account_balance('alice', 'EUR')")
        run("account_balance of its only currency", "select faultline.account_balance('alice')")
        run("set_account", "select faultline.set_account('bob', 'EUR', %s)", -1 - turn)
        run("maintain", "select faultline.maintain()")
    return plans


def check_all(plans: Plans) -> None:
    found = complaints({name: of for name, of in plans.items() if name != "maintain"})
    assert not found, "\n".join(found)
    assert indexes(plans["reconcile"], "transactions") == {"transactions_due", "transactions_pkey"}
    due = conditions(statement(plans["reconcile"], "from faultline.transactions d"), "transactions_due")
    assert "due_at >=" in due
    assert "due_at <=" in due
    assert indexes(plans["advance_floor"], "transactions") == {"transactions_due"}
    balance = conditions(statement(plans["account_balance"], "account_checkpoints"), "postings_account")
    for bound in ("account =", "currency =", "posting_id >"):
        assert bound in balance
    folding = complaints({"maintain": [plan for plan in plans["maintain"] if "faultline.postings" in plan.query]})
    assert not folding, "\n".join(folding)
    for name in ("apply_ledger", "apply_and_complete"):
        (at_commit, *_) = [plan for plan in plans[name] if "p.entry_id = new.entry_id" in plan.query]
        assert {node.index for node in at_commit.on("postings")} == {"postings_entry"}, "the check at commit"


@pytest.mark.parametrize("state", [empty, fresh, large, analysed_while_empty])
def test_plans_of_the_ledger_are_the_same_whatever_the_statistics_say(
    db: Database, state: Callable[[Database], None]
) -> None:
    state(db)
    check_all(observe(db, Explained(db.connect())))


def test_plans_kept_from_when_all_tables_were_vacuumed_empty_serve_a_long_history_too(db: Database) -> None:
    """A table of no pages looks free to scan, and a session keeps the plan that it made then."""
    db.execute("vacuum analyze")
    explained = Explained(db.connect())
    observe(db, explained)
    grow(db, 20_000)
    check_all(observe(db, explained, first=100, rounds=2))


@pytest.mark.parametrize("setting", ["enable_seqscan", "enable_bitmapscan"])
def test_a_check_at_commit_with_plans_of_its_sessions_choice_would_be_caught(db: Database, setting: str) -> None:
    """It runs outside of every function of ours, and so under the settings of whoever commits."""
    db.execute(f"alter function faultline._check_balanced() reset {setting}")
    if setting == "enable_seqscan":
        db.execute("vacuum analyze")
    with pytest.raises(AssertionError, match=r"new\.entry_id"):
        check_all(observe(db, Explained(db.connect())))
