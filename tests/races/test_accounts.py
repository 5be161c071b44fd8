"""Floors are exact whoever debits at the same moment, and checkpoints of balances miss nothing that commits late."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support import ledger_scenarios as scenarios
from tests.support.ledger import APPLY, MAINTAIN, SET_ACCOUNT, Ledger, posting, transfer

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.scenarios import Open
    from tests.support.stepping import Session

RUNNER = "faultline_runner"
LATE = scenarios.LATE


@pytest.mark.parametrize(("ending", "second", "left"), [("commit", "FL008", 20), ("rollback", True, 20)])
def test_of_two_debits_that_fit_but_not_together_one_is_refused(
    ending: str, second: object, left: int, ledger: Ledger, connect: Open
) -> None:
    assert scenarios.debits_that_do_not_fit_together(ledger, connect, ending) == (True, True, second, left)
    ledger.assert_sound()


@pytest.mark.parametrize(("ending", "answer", "left"), [("commit", "FL008", 20), ("rollback", 100, 100)])
def test_a_floor_waits_for_a_debit_of_an_account_that_had_none(
    ending: str, answer: object, left: int, ledger: Ledger, connect: Open
) -> None:
    assert scenarios.floor_beside_a_debit(ledger, connect, ending) == (True, True, answer, left)
    ledger.assert_sound()


@pytest.mark.parametrize(("ending", "answer", "left"), [("commit", "FL008", 100), ("rollback", True, 20)])
def test_a_debit_waits_for_a_floor_that_is_being_set(
    ending: str, answer: object, left: int, ledger: Ledger, connect: Open
) -> None:
    assert scenarios.debit_beside_a_floor(ledger, connect, ending) == (True, 100, answer, left)
    ledger.assert_sound()


def test_debits_of_accounts_without_a_floor_do_not_wait_for_each_other(ledger: Ledger, connect: Open) -> None:
    one, other = ledger.working("one"), ledger.working("other")
    first, second = connect(RUNNER), connect(RUNNER)
    first.begin()
    assert first.call(APPLY, one.job, 1, one.transaction, transfer("alice", "bob", 5)) is True
    second.start(APPLY, other.job, 1, other.transaction, transfer("alice", "bob", 7))
    assert not second.blocked()
    assert second.outcome() is True
    first.commit()
    assert ledger.balance("alice") == -12
    ledger.assert_sound()


def test_credits_of_an_account_with_a_floor_wait_for_nobody(ledger: Ledger, connect: Open) -> None:
    ledger.db.execute(SET_ACCOUNT, "alice", 0)
    one, other = ledger.working("one"), ledger.working("other")
    first, second = connect(RUNNER), connect(RUNNER)
    first.begin()
    assert first.call(APPLY, one.job, 1, one.transaction, transfer("bank", "alice", 5)) is True
    second.start(APPLY, other.job, 1, other.transaction, transfer("bank", "alice", 7))
    assert not second.blocked()
    assert second.outcome() is True
    first.commit()
    assert ledger.balance("alice") == 12
    ledger.assert_sound()


def test_entries_that_debit_accounts_in_opposite_order_wait_and_never_deadlock(ledger: Ledger, connect: Open) -> None:
    assert scenarios.debits_in_opposite_order(ledger, connect) == (True, True)
    assert [ledger.balance(name) for name in ("a", "b", "c", "shop")] == [98, 98, 98, 6]
    ledger.assert_sound()


def test_a_debit_of_many_accounts_waits_for_a_floor_before_it_holds_up_any_that_comes_later(
    ledger: Ledger, connect: Open
) -> None:
    """Buckets are locked in the order of their numbers, whatever plan a session likes: nobody deadlocks."""
    buckets = ledger.db.rows(
        "select min(a) from (select 'account-' || n from generate_series(1, 200) n) x (a)"
        " group by faultline._account_bucket(a, 'EUR') order by faultline._account_bucket(a, 'EUR')"
    )
    accounts = [account for (account,) in buckets]
    assert len(accounts) == 16
    work = ledger.working()
    operator, worker = connect("faultline_operator"), connect(RUNNER)
    worker.run("set enable_sort = off")
    operator.begin()
    assert operator.call(SET_ACCOUNT, accounts[0], -1) == 0
    debits = [leg for account in accounts for leg in posting(account, "bank", 1)]
    worker.start(APPLY, work.job, 1, work.transaction, json.dumps(debits))
    assert worker.blocked()
    for account in accounts[1:]:
        operator.start(SET_ACCOUNT, account, -1)
        assert not operator.blocked()
        assert operator.outcome() == 0
    operator.commit()
    assert worker.outcome() is True
    ledger.assert_sound()


@pytest.mark.parametrize("isolation", ["repeatable read", "serializable"])
def test_postings_want_read_committed_because_an_older_snapshot_does_not_see_the_last_debit(
    isolation: str, ledger: Ledger, connect: Open
) -> None:
    work = ledger.working()
    worker = connect(RUNNER)
    worker.begin(isolation)
    assert worker.call(APPLY, work.job, 1, work.transaction, transfer("alice", "bob", 1)) == "FL004"
    worker.rollback()
    worker.begin(isolation)
    assert worker.call(APPLY, work.job, 1, work.transaction, None) is True
    worker.commit()
    ledger.assert_sound()


def test_a_runner_may_commit_postings_though_it_can_not_read_them(ledger: Ledger, connect: Open) -> None:
    """The check that an entry balances comes at its commit."""
    work = ledger.working()
    worker = connect(RUNNER)
    worker.begin()
    assert worker.call(APPLY, work.job, 1, work.transaction, transfer("alice", "bob", 1)) is True
    worker.commit()
    assert worker.call("select count(*) from faultline.postings") == "42501"
    assert ledger.balance("bob") == 1


@pytest.mark.parametrize("end", [scenarios.commits, scenarios.releases_a_savepoint, scenarios.prepares])
def test_a_posting_that_commits_late_is_folded_however_its_transaction_ends(
    end: Callable[[Session, str], None], ledger: Ledger, connect: Open
) -> None:
    """It has the smallest number of all; those that came later are folded only after it."""
    assert scenarios.late_posting(ledger, connect, end) == (0, True, 100 - LATE)
    ledger.assert_sound()


def test_a_posting_that_rolls_back_holds_nothing_up(ledger: Ledger, connect: Open) -> None:
    seen = scenarios.late_posting(ledger, connect, lambda writer, _: writer.rollback())
    assert seen == (0, True, 100)
    ledger.assert_sound()


def test_a_writer_that_began_after_maintains_own_xid_is_not_missed(ledger: Ledger, connect: Open) -> None:
    assert scenarios.posting_between_an_xid_and_the_look(ledger, connect) == (0, True, 100 - LATE)
    ledger.assert_sound()


def test_a_balance_is_the_same_before_while_and_after_its_postings_are_folded(ledger: Ledger, connect: Open) -> None:
    ledger.transferred("bank", "alice", 100)
    ledger.db.execute(MAINTAIN)
    keeper, observer = connect(RUNNER), connect("faultline_observer")
    look = "select faultline.account_balance('alice')"
    assert observer.call(look) == 100
    keeper.begin()
    assert keeper.call(MAINTAIN) == 2
    assert (keeper.call(look), observer.call(look)) == (100, 100)
    keeper.commit()
    assert observer.call(look) == 100
    ledger.transferred("alice", "bob", 30)
    assert observer.call(look) == 70
    ledger.assert_sound()
