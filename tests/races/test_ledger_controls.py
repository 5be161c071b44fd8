"""The detectors of the ledger detect: each race, played without one guard, ends in what its test forbids.

Where two guards stand one behind the other, the control takes the first away and sees the second hold, and then both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support import ledger_scenarios as scenarios
from tests.support.ledger import SENT, SETTLE, Ledger
from tests.support.mutants import break_function

if TYPE_CHECKING:
    from tests.support.database import Database
    from tests.support.scenarios import Open

OWN_DATABASES = True
FENCE = "and j.attempt = _lock_attempt.attempt and j.state = 'running'\n  for no key update;"
LOOK = "  if entry_id is not null then\n    return;\n  end if;"
BURNT = "if t.state = 'FAILED' then"
ROW_LOCK = "where a.account = accounts[i] and a.currency = currencies[i] for no key update;"
SORTED = """select distinct p.account, p.currency
    from pg_catalog.jsonb_to_recordset(postings) as p (account text, currency text, amount numeric)
    where p.amount < 0
    order by 1, 2"""
WITHOUT_KEYS = """
    alter table faultline.ledger_entries
      drop constraint ledger_entries_transaction, drop constraint ledger_entries_job
"""


@pytest.fixture(autouse=True)
def _deadlocks_are_found_at_once(db: Database) -> None:
    db.execute(f"alter database {db.name} set deadlock_timeout = '50ms'")


def violations(db: Database) -> set[tuple[int, str]]:
    return set(db.rows("select promise, check_name from faultline.verify()"))


# One entry a transaction


def test_without_the_look_for_an_entry_its_unique_key_refuses_the_second(
    db: Database, ledger: Ledger, connect: Open
) -> None:
    break_function(db, "_apply", (LOOK, ""))
    assert scenarios.applied_twice(ledger, connect) == (True, "23505", 1)


def test_without_the_unique_keys_too_there_are_two_entries(db: Database, ledger: Ledger, connect: Open) -> None:
    db.execute(WITHOUT_KEYS)
    assert violations(db) == {(7, "guard_missing")}
    break_function(db, "_apply", (LOOK, ""))
    assert scenarios.applied_twice(ledger, connect) == (True, True, 2)
    assert violations(db) == {(7, "guard_missing"), (7, "entered_twice")}


def test_without_the_unique_keys_and_the_look_eight_that_apply_at_once_apply_eight_times(
    db: Database, ledger: Ledger
) -> None:
    db.execute(WITHOUT_KEYS)
    break_function(db, "_apply", (LOOK, ""))
    seen = scenarios.eight_submit_and_eight_apply(ledger)
    assert (seen.created, seen.entries) == ([True] * 8, 8)


def test_without_the_key_of_transactions_who_submits_at_once_makes_a_job_each(
    db: Database, ledger: Ledger, connect: Open
) -> None:
    db.execute("alter table faultline.transactions drop constraint transactions_pkey cascade")
    assert scenarios.submitted_twice_at_once(ledger, connect) == (False, False, 2)
    assert (8, "guard_missing") in violations(db)


# The fence


def test_without_the_fence_a_worker_that_was_frozen_applies(db: Database, ledger: Ledger, connect: Open) -> None:
    break_function(db, "_lock_attempt", (FENCE, FENCE.replace("j.attempt = _lock_attempt.attempt and ", "")))
    assert scenarios.frozen_in_its_transaction(ledger, connect) == (False, True, [(1, 2)])


def test_without_the_fence_it_writes_the_entry_if_it_wakes_first(db: Database, ledger: Ledger, connect: Open) -> None:
    break_function(db, "_lock_attempt", (FENCE, FENCE.replace("j.attempt = _lock_attempt.attempt and ", "")))
    break_function(db, "complete_job", ("and j.attempt = complete_job.attempt and j.state", "and j.state"))
    seen = scenarios.frozen_worker_wakes(ledger, connect, before_the_other=True)
    assert (seen.late, seen.entries) == (True, [(1, 1)])


@pytest.mark.parametrize(("verb", "more", "effect"), [(SENT, (), "SENT"), (SETTLE, ("APPLIED",), "INIT")])
def test_without_the_look_whether_it_is_running_an_attempt_that_is_over_sends(
    verb: str, more: tuple[str, ...], effect: str, db: Database, ledger: Ledger, connect: Open
) -> None:
    break_function(db, "_is_running", ("return exists", "return true or exists"))
    answer, left = scenarios.effect_of_an_attempt_that_is_over(ledger, connect, verb, *more)
    assert (answer, left) == ("SENT" if verb == SENT else "FL003", effect)
    assert violations(db) == ({(8, "failed_with_effect")} if verb == SENT else set())


# A burnt id


def test_without_the_look_for_a_burnt_id_the_moves_of_a_transaction_hold(
    db: Database, ledger: Ledger, connect: Open
) -> None:
    """Told by the wrong error, but nothing is left."""
    break_function(db, "_lock_transaction", (BURNT, "if false then"))
    assert scenarios.apply_what_has_failed(ledger, connect) == ("FL003", 0)


def test_without_the_moves_too_what_has_failed_is_applied(db: Database, ledger: Ledger, connect: Open) -> None:
    break_function(db, "_lock_transaction", (BURNT, "if false then"))
    db.execute("drop trigger transactions_moves on faultline.transactions")
    db.execute("alter table faultline.transactions drop constraint transactions_settled")
    db.execute("alter table faultline.transactions drop constraint transactions_reason")
    assert scenarios.apply_what_has_failed(ledger, connect) == (True, 1)
    assert (8, "guard_missing") in violations(db)


def test_an_entry_of_what_has_failed_is_seen(db: Database, ledger: Ledger, connect: Open) -> None:
    """Also if the transaction stays FAILED: the update is lost, the entry is not."""
    break_function(db, "_lock_transaction", (BURNT, "if false then"))
    break_function(db, "_apply", ("where x.transaction_id = _apply.transaction_id;\nend", "where false;\nend"))
    assert scenarios.apply_what_has_failed(ledger, connect) == (True, 1)
    assert violations(db) == {(8, "failed_with_entry")}


# Floors


def test_without_the_row_lock_two_debits_pass_together(db: Database, ledger: Ledger, connect: Open) -> None:
    break_function(db, "_post", (ROW_LOCK, ROW_LOCK.replace(" for no key update", "")))
    assert scenarios.debits_that_do_not_fit_together(ledger, connect) == (False, True, True, -60)
    assert violations(db) == {(7, "below_floor")}


def test_without_the_bucket_a_floor_does_not_wait_for_a_debit(db: Database, ledger: Ledger, connect: Open) -> None:
    lock = "perform pg_catalog.pg_advisory_xact_lock_shared(1181838445, b.bucket)"
    break_function(db, "_post", (lock, "perform b.bucket"))
    assert scenarios.floor_beside_a_debit(ledger, connect) == (False, True, 100, 20)
    assert violations(db) == {(7, "below_floor")}


def test_accounts_that_are_locked_in_the_order_of_the_postings_deadlock(
    db: Database, ledger: Ledger, connect: Open
) -> None:
    unsorted = SORTED.replace("distinct ", "").replace("\n    order by 1, 2", "")
    break_function(db, "_post", (SORTED, unsorted))
    assert "40P01" in scenarios.debits_in_opposite_order(ledger, connect)


def test_an_operator_that_locks_the_transaction_before_the_job_deadlocks(
    db: Database, ledger: Ledger, connect: Open
) -> None:
    look = "where x.transaction_id = fail_transaction.transaction_id;"
    break_function(db, "fail_transaction", (look, look.replace(";", " for no key update;")))
    assert "40P01" in scenarios.fail_beside_a_worker_that_has_only_its_job(ledger, connect)


# The checkpoint of balances


def test_a_fold_without_its_proof_misses_what_commits_late(db: Database, ledger: Ledger, connect: Open) -> None:
    proof = "pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot()) >= w.next_xid"
    break_function(db, "_fold_postings", (proof, "true"))
    assert scenarios.late_posting(ledger, connect) == (2, True, 100)
    assert violations(db) == {(7, "balance_wrong")}


def test_a_fold_that_takes_the_first_number_for_drawn_misses_the_first_posting(
    db: Database, ledger: Ledger, connect: Open
) -> None:
    break_function(db, "_fold_postings", ("case when s.is_called then s.last_value else 0 end", "s.last_value"))
    assert scenarios.late_posting(ledger, connect).balance == 100
    assert violations(db) == {(7, "balance_wrong")}


def test_a_fold_that_has_its_xid_before_its_look_misses_a_posting(db: Database, ledger: Ledger, connect: Open) -> None:
    break_function(db, "_fold_postings", ("if first_here and drawn", "if drawn"))
    assert scenarios.posting_between_an_xid_and_the_look(ledger, connect).balance == 100
    assert violations(db) == {(7, "balance_wrong")}
