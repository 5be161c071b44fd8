"""What the ledger costs does not grow with its history: pages touched, exactly, not time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.hotpath.bookkeeping import fold, post_many, settle_many
from tests.hotpath.plans import buffers
from tests.hotpath.test_old_snapshot import flat
from tests.hotpath.workload import Runner, enqueue, old_snapshot
from tests.support.mutants import break_function

if TYPE_CHECKING:
    import psycopg

    from tests.support.database import Database

FEW, MANY = 1_000, 50_000
RECONCILE = "select * from faultline.reconcile(1000, %s, sweep => false)"
BALANCE = "select faultline.account_balance('busy')"
TELL = "perform faultline._tell_transaction(t.id, 'succeeded') from unnest(transactions) as t (id);"
COLLECT = "pg_catalog.array_agg(g.transaction_id) filter (where g.transaction_id is not null)"


def pages(connection: psycopg.Connection[Any], call: str, *arguments: object) -> int:
    """The first tries read catalogs and make plans: the cheapest of eight counts."""
    return min(buffers(connection, call, *arguments) for _ in range(8))


def test_under_an_old_snapshot_reconcile_costs_the_same_after_50_000_transactions_as_after_1_000(db: Database) -> None:
    old_snapshot(db)
    connection, runner = db.connect(), Runner(db)
    with_floor, without, advancing = [], [], []
    for batch, count in enumerate((FEW, MANY - FEW)):
        settle_many(db, count, batch)
        runner.advance()
        with_floor.append(pages(connection, RECONCILE, runner.token))
        without.append(pages(connection, RECONCILE, None))
        advancing.append(pages(connection, "select faultline.advance_floor(array['q'], %s)", runner.token))
    assert flat(*with_floor), f"{with_floor} pages after {FEW} and after {MANY} transactions"
    assert flat(*advancing), f"advance_floor: {advancing} pages after {FEW} and after {MANY} transactions"
    assert not flat(*without), f"{without} pages without a floor: the test can't tell"


def told_late(db: Database) -> bool:
    """The job of a transaction is completed by a late commit: does reconcile find it above a floor that has moved?"""
    db.execute("select faultline.submit_transaction('late', 'work', queue => 'q')")
    runner, late = Runner(db), db.connect(autocommit=False)
    ((job, attempt),) = runner.claim(1)
    late.execute("select faultline.apply_and_complete(%s, %s, 'late', '{}')", (job, attempt))
    for _ in range(3):
        runner.advance()
    late.commit()
    runner.advance()
    return len(db.rows(RECONCILE, runner.token)) == 1


def test_a_transaction_that_is_told_by_a_late_commit_is_reconciled(db: Database) -> None:
    assert told_late(db)


def test_a_floor_that_is_not_proven_would_lose_it(db: Database) -> None:
    proof = "pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot()) >= (token ->> 'next_xid')::xid8"
    break_function(db, "advance_floor", (proof, "true"))
    assert not told_late(db)


def test_a_balance_costs_the_same_after_200_000_postings_as_after_1_000_once_they_are_folded(db: Database) -> None:
    connection = db.connect()
    folded, unfolded = [], []
    for count in (1_000, 199_000):
        post_many(db, count)
        unfolded.append(pages(connection, BALANCE))
        fold(db)
        folded.append(pages(connection, BALANCE))
    assert db.scalar(BALANCE) == 100_000
    assert flat(*folded), f"{folded} pages after 1 000 and after 200 000 postings"
    assert not flat(*unfolded), f"{unfolded} pages before they were folded: the test can't tell"


def test_a_debit_of_an_account_with_a_floor_costs_the_same_too(db: Database) -> None:
    costs = []
    for count in (1_000, 199_000):
        post_many(db, count)
        fold(db)
        db.execute("select faultline.set_account('busy', 'EUR', 0)")
        costs.append(pages(db.connect(), "select faultline._balance('busy', 'EUR')"))
    assert flat(*costs), f"{costs} pages after 1 000 and after 200 000 postings"


def test_completing_jobs_without_a_transaction_costs_what_it_would_cost_without_a_ledger(db: Database) -> None:
    enqueue(db, 3_200)
    plain = completions(db)
    break_function(db, "complete_jobs", (TELL, "null;"), (COLLECT, "null::text[]"))
    without = completions(db)
    assert plain <= 1.02 * without, f"{plain} pages, and {without} if nobody asks for transactions"


def test_completing_jobs_with_a_transaction_does_cost_more(db: Database) -> None:
    """So the test before this one can tell."""
    enqueue(db, 1_600)
    plain = completions(db)
    db.execute("select faultline.submit_transaction('t ' || n, 'work', queue => 'q') from generate_series(1, 1600) n")
    assert completions(db) > 1.02 * plain


def completions(db: Database) -> int:
    """Pages of a group of 100."""
    runner = Runner(db)
    least = []
    for _ in range(16):
        claimed = runner.claim(100)
        assert len(claimed) == 100
        call = "select * from faultline.complete_jobs(%s, %s)"
        ids, attempts = [job for job, _ in claimed], [attempt for _, attempt in claimed]
        least.append(buffers(runner.connection, call, ids, attempts))
    return min(least)
