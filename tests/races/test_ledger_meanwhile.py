"""What a transaction of the ledger becomes between two statements of a call is seen by the call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.ledger import APPLY_AND_COMPLETE, BEGIN_EFFECT, EFFECT, FAIL_TRANSACTION, RECONCILE

if TYPE_CHECKING:
    from tests.support.database import Database
    from tests.support.ledger import Ledger
    from tests.support.scenarios import Open

RUNNER, OPERATOR = "faultline_runner", "faultline_operator"
TRANSACTIONS = """
    select t.transaction_id, t.state, j.state
    from faultline.transactions t join faultline.jobs j using (job_id)
    order by 1
"""


def restored(db: Database, job: int) -> None:
    """A transaction that was restored into another database, where its job never was; another may have that id."""
    db.execute(f"""
        set session_replication_role = replica;
        insert into faultline.transactions (transaction_id, kind, request, request_hash, job_id, created_at)
        values ('restored', 'work', '{{}}', 0, {job}, now());
        set session_replication_role = origin
    """)


def test_who_burns_a_transaction_burns_the_job_that_it_is_given_meanwhile(
    db: Database, ledger: Ledger, connect: Open
) -> None:
    restored(db, job=-1)
    runner, operator = connect(RUNNER), connect(OPERATOR)
    runner.begin()
    assert runner.run(RECONCILE) == [("restored", "INIT", "INIT")]
    operator.start(FAIL_TRANSACTION, "restored")
    assert operator.blocked()
    runner.commit()
    assert operator.outcome() == "FAILED"
    assert db.rows(TRANSACTIONS) == [("restored", "FAILED", "cancelled")]
    ledger.assert_sound()


def test_who_burns_a_transaction_does_not_burn_the_one_that_gets_its_job_meanwhile(
    db: Database, ledger: Ledger, connect: Open
) -> None:
    db.execute("""select faultline.put_workflow('{"name": "w", "tasks": {"a": {"type": "work"}}}')""")
    db.execute("select faultline.trigger_workflow('w')")
    [(job, attempt)] = ledger.claim()
    restored(db, job)
    worker, operator = connect(), connect(OPERATOR)
    worker.begin()
    worker.run("select from faultline.runs for no key update")
    operator.start(FAIL_TRANSACTION, "restored")
    assert operator.blocked(), "it knows the job's id, and waits for its run"
    assert ledger.reconcile() == [("restored", "INIT", "INIT")]
    assert worker.call(BEGIN_EFFECT, job, attempt, "its own", EFFECT) == "INIT"
    worker.commit()
    assert operator.outcome() == "FAILED"
    assert db.rows(TRANSACTIONS) == [("its own", "INIT", "running"), ("restored", "FAILED", "cancelled")]
    ledger.assert_sound()


def test_what_was_settled_since_reconcile_looked_is_not_settled_again(
    db: Database, ledger: Ledger, connect: Open
) -> None:
    settled = "select settled_at from faultline.transactions"
    work = ledger.working()
    assert ledger.db.scalar(APPLY_AND_COMPLETE, work.job, 1, work.transaction, None) is True
    holder, late = connect(), connect(RUNNER)
    holder.begin()
    holder.run("lock table faultline.effects in access exclusive mode")
    late.start(RECONCILE)
    assert late.blocked(), "it has seen what is due, and sweeps"
    assert db.rows("select transaction_id from faultline.reconcile(sweep => false)") == [(work.transaction,)]
    first = db.scalar(settled)
    holder.rollback()
    assert late.result() == []
    assert db.scalar(settled) == first
    ledger.assert_sound()
