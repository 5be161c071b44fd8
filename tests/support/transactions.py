"""Transactions in the state a test wants them in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from tests.support.database import Database

RUNNER = UUID("00000000-0000-4000-8000-00000000000c")
POSTINGS = [
    {"account": "alice", "amount": "-12.10", "currency": "EUR"},
    {"account": "bob", "amount": "12.10", "currency": "EUR"},
]


class Transactions:
    """Makes transactions of kind `transfer`, by the verbs that lead to a state. Each returns the id of its job."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def submitted(self, transaction_id: str, request: dict[str, Any] | None = None) -> int:
        """INIT, and its job is queued."""
        submit = "select faultline.submit_transaction(%s, 'transfer', %s::jsonb, queue => 'ledger')"
        job: int = self.db.scalar(submit, transaction_id, json.dumps(request or {}))
        return job

    def running(self, transaction_id: str) -> int:
        """INIT, at attempt 1; no other transaction may be queued."""
        job = self.submitted(transaction_id)
        claim = "select job_id, attempt from faultline.claim_job('ledger', %s, lease => '1 hour')"
        assert self.db.rows(claim, RUNNER) == [(job, 1)]
        return job

    def applied(self, transaction_id: str, postings: list[dict[str, Any]] | None = POSTINGS) -> int:
        """APPLIED, its job succeeded, and reconcile has not been there."""
        job = self.running(transaction_id)
        apply = 'select faultline.apply_and_complete(%s, 1, %s, \'{"by": "test"}\', %s::jsonb)'
        self.db.execute(apply, job, transaction_id, None if postings is None else json.dumps(postings))
        return job

    def dead(self, transaction_id: str) -> int:
        """INIT, and its job is a dead letter."""
        job = self.running(transaction_id)
        self.db.execute('select faultline.fail_job(%s, 1, \'{"message": "broken"}\', false)', job)
        return job

    def sent(self, transaction_id: str, effect: str = "charge", *, over: bool = True) -> int:
        """INIT, and an effect of it is SENT; its job was discarded, unless that isn't `over`."""
        job = self.running(transaction_id)
        self.db.execute("select faultline.begin_effect(%s, 1, %s, %s, '{\"cents\": 5}')", job, transaction_id, effect)
        self.db.execute("select faultline.effect_sent(%s, 1, %s, %s)", job, transaction_id, effect)
        if over:
            self.db.execute("select faultline.fail_job(%s, 1, '{}', false)", job)
            self.db.execute("select faultline.discard_job(%s)", job)
        return job

    def burnt(self, transaction_id: str) -> int:
        """FAILED by an operator's word."""
        job = self.submitted(transaction_id)
        self.db.execute("select faultline.fail_transaction(%s, 'by mistake')", transaction_id)
        return job

    def state(self, transaction_id: str) -> str | None:
        state: str | None = self.db.scalar("select faultline.transaction_status(%s) ->> 'state'", transaction_id)
        return state
