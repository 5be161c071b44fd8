"""Whoever works in a snapshot that is older than what others have committed is told so; nothing is decided by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.ledger import APPLY_AND_COMPLETE, EFFECT, FAIL_TRANSACTION, SENT

if TYPE_CHECKING:
    from tests.support.database import Database
    from tests.support.ledger import Ledger
    from tests.support.scenarios import Open

RUNNER, OPERATOR = "faultline_runner", "faultline_operator"
SERIALIZATION = "40001"


def test_nothing_is_burnt_over_an_effect_that_the_snapshot_does_not_see(ledger: Ledger, connect: Open) -> None:
    work = ledger.begun()
    worker, operator = connect(RUNNER), connect(OPERATOR)
    worker.begin()
    assert worker.call(SENT, work.job, 1, work.transaction, EFFECT) == "SENT"
    operator.run("set default_transaction_isolation to 'repeatable read'")
    operator.start(FAIL_TRANSACTION, work.transaction)
    assert operator.blocked()
    worker.commit()
    assert operator.outcome() == SERIALIZATION
    assert operator.call(FAIL_TRANSACTION, work.transaction) == "FL003", "it sees now that the request may land"
    ledger.assert_sound()


def test_no_entry_is_written_over_an_effect_that_the_snapshot_does_not_see(ledger: Ledger, connect: Open) -> None:
    work = ledger.begun()
    old, worker = connect(RUNNER), connect(RUNNER)
    old.begin("repeatable read")
    old.run("select 1")
    assert worker.call(SENT, work.job, 1, work.transaction, EFFECT) == "SENT"
    assert old.call(APPLY_AND_COMPLETE, work.job, 1, work.transaction, None) == SERIALIZATION
    old.rollback()
    ledger.assert_sound()


def test_a_floor_is_not_set_by_a_balance_of_yesterday(db: Database, ledger: Ledger, connect: Open) -> None:
    operator = connect(OPERATOR)
    operator.begin("repeatable read")
    assert operator.call("select faultline.set_account('al', 'EUR', 0)") == "FL004"
    operator.rollback()
    assert db.scalar("select count(*) from faultline.accounts") == 0
    ledger.assert_sound()
