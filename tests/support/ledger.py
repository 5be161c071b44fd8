"""Transactions of the ledger in the state a test wants them in, and what has to hold of all of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.support.jobs import ALICE, Jobs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

# What a test's database is emptied of besides jobs; these tables refuse every DELETE, as they should.
LEDGER_ROWS = """
    delete from faultline.postings;
    delete from faultline.ledger_entries;
    delete from faultline.effects;
    delete from faultline.transactions;
    delete from faultline.accounts;
    delete from faultline.account_checkpoints;
    update faultline.ledger_checkpoint set folded_to = 0, next_to = null, next_xid = null
      where folded_to > 0 or next_to is not null;
"""
EMPTY_LEDGER = f"""
    set session_replication_role = replica;
    {LEDGER_ROWS}
    set session_replication_role = origin;
    alter sequence faultline.ledger_entries_entry_id_seq restart;
    alter sequence faultline.postings_posting_id_seq restart;
"""
EFFECT = "charge"
EUR = "EUR"

SUBMIT = "select faultline.submit_transaction(%s, %s, %s::jsonb, queue => %s)"
APPLY = "select created from faultline.apply_ledger(%s, %s, %s, '{}', %s::jsonb)"
APPLY_AND_COMPLETE = "select created from faultline.apply_and_complete(%s, %s, %s, '{}', %s::jsonb)"
FAIL_TRANSACTION = "select faultline.fail_transaction(%s, 'by hand')"
BEGIN_EFFECT = "select state from faultline.begin_effect(%s, %s, %s, %s)"
SENT = "select faultline.effect_sent(%s, %s, %s, %s)"
SETTLE = "select faultline.settle_effect(%s, %s, %s, %s, %s)"
ANSWER = "select faultline.answer_effect(%s, %s, %s)"
RECONCILE = "select transaction_id, from_state, to_state from faultline.reconcile()"
DISCARD = "select faultline.discard_job(%s)"
SET_ACCOUNT = "select faultline.set_account(%s, 'EUR', %s)"
FIND = "select faultline.find_entry(%s, %s, %s)"
MAINTAIN = "select (faultline.maintain() ->> 'postings')::int"

BOOKS = """
    select
      (select j.state from faultline.jobs j where j.job_id = %s),
      (select t.state from faultline.transactions t where t.transaction_id = %s),
      (select count(*) from faultline.ledger_entries e where e.transaction_id = %s or e.job_id = %s),
      (select f.state from faultline.effects f where f.transaction_id = %s)
"""
TOO_MANY = """
    select transaction_id from faultline.ledger_entries group by transaction_id having count(*) > 1
    union all
    select job_id::text from faultline.ledger_entries group by job_id having count(*) > 1
    union all
    select t.transaction_id
    from faultline.transactions t
    join faultline.ledger_entries e using (transaction_id)
    where t.state = 'FAILED'
    union all
    select subject from faultline._verify_ledger()
    union all
    select subject from faultline._verify_jobs()
"""


class Work(NamedTuple):
    """A transaction and its job; `other` is a second job of the same transaction."""

    job: int
    transaction: str
    other: int = 0


class Books(NamedTuple):
    """How a transaction stands: its job, itself, how many entries it has, its effect. None: there is none."""

    job: str | None
    transaction: str | None
    entries: int
    effect: str | None = None


def posting(debited: str, credited: str, amount: int) -> list[dict[str, Any]]:
    """The two sides of a transfer."""
    return [
        {"account": debited, "amount": -amount, "currency": EUR},
        {"account": credited, "amount": amount, "currency": EUR},
    ]


def transfer(debited: str, credited: str, amount: int) -> str:
    return json.dumps(posting(debited, credited, amount))


class Ledger(Jobs):
    """Makes transactions, and looks at them, in a committed transaction each."""

    def submitted(self, queue: str = "default", transaction: str | None = None) -> Work:
        name = transaction or f"t-{queue}"
        return Work(self.db.scalar(SUBMIT, name, "work", "{}", queue), name)

    def working(self, queue: str = "default", transaction: str | None = None, runner: UUID = ALICE) -> Work:
        """Its job is at attempt 1; nothing else may be claimable in the queue."""
        work = self.submitted(queue, transaction)
        assert self.claim(queue, runner) == [(work.job, 1)]
        return work

    def lost(self, queue: str = "default") -> Work:
        """At attempt 1, whose lease has passed, and which nobody has reaped."""
        work = self.working(queue)
        self.expire(work.job)
        return work

    def dead_letter(self, queue: str = "default") -> Work:
        work = self.working(queue)
        assert self.db.scalar("select faultline.fail_job(%s, 1, '{}', false)", work.job) == "ok"
        return work

    def twins(self, queue: str = "default") -> Work:
        """Two plain jobs with the same work, both running, for a transaction that nobody has submitted."""
        first, second = self.many_running(2, queue)
        return Work(first, f"t-{queue}", second)

    def begun(self, queue: str = "default") -> Work:
        """An effect has been begun, and not sent."""
        work = self.working(queue)
        assert self.db.scalar(BEGIN_EFFECT, work.job, 1, work.transaction, EFFECT) == "INIT"
        return work

    def sent(self, queue: str = "default") -> Work:
        work = self.begun(queue)
        assert self.db.scalar(SENT, work.job, 1, work.transaction, EFFECT) == "SENT"
        return work

    def sent_and_lost(self, queue: str = "default") -> Work:
        work = self.sent(queue)
        self.expire(work.job)
        return work

    def left_open(self, queue: str = "default") -> Work:
        """Sent, and then the job was given up: somebody has to ask the outside."""
        work = self.sent(queue)
        assert self.db.scalar("select faultline.fail_job(%s, 1, '{}', false)", work.job) == "ok"
        assert self.db.scalar(DISCARD, work.job) == "discarded"
        assert self.reconcile() == []
        return work

    def given_up(self, queue: str = "default") -> Work:
        """Discarded, and not reconciled."""
        work = self.dead_letter(queue)
        assert self.db.scalar(DISCARD, work.job) == "discarded"
        return work

    def apply(self, work: Work, attempt: int = 1, postings: str | None = None) -> Any:
        return self.db.scalar(APPLY, work.job, attempt, work.transaction, postings)

    def transferred(self, debited: str, credited: str, amount: int) -> Work:
        """A transfer that has been applied, its job completed."""
        name = f"paid {debited} {credited} {self.db.scalar('select count(*) from faultline.transactions')}"
        work = self.working("paying", name)
        assert self.db.scalar(APPLY_AND_COMPLETE, work.job, 1, name, transfer(debited, credited, amount)) is True
        return work

    def balance(self, account: str) -> int:
        return int(self.db.scalar("select faultline.account_balance(%s, 'EUR')", account))

    def reconcile(self) -> Sequence[tuple[Any, ...]]:
        return self.db.rows(RECONCILE)

    def books(self, work: Work) -> Books:
        job, name = work.job, work.transaction
        return Books(*self.db.rows(BOOKS, job, name, name, job, name)[0])

    def assert_legal(self) -> None:
        """No promise of the ledger or of its jobs is broken: at most one entry, none of what has failed."""
        assert self.db.rows(TOO_MANY) == []

    def assert_converges(self) -> None:
        """Whatever one pass of reconcile does, a second one has nothing left to do."""
        self.reconcile()
        assert self.reconcile() == []
        self.assert_legal()
