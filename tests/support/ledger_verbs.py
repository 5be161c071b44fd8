"""The verbs of the ledger on a real database, under the names and with the answers of ledger_model.LedgerModel."""

from __future__ import annotations

from typing import Any

from tests.support.ledger import ANSWER, EMPTY_LEDGER, FAIL_TRANSACTION, FIND, SENT, SETTLE
from tests.support.verbs import Verbs

SUBMIT = "select faultline.submit_transaction(%s, %s, jsonb_build_object('size', %s::int))"
APPLY = "select created from faultline.apply_ledger(%s, %s, %s, '{}')"
APPLY_AND_COMPLETE = "select created from faultline.apply_and_complete(%s, %s, %s, '{}')"
BEGIN_EFFECT = "select state from faultline.begin_effect(%s, %s, %s, %s, jsonb_build_object('size', %s::int))"
RECONCILE = "select transaction_id, from_state, to_state from faultline.reconcile(sweep => %s) order by 1"
TRANSACTIONS = """
    select t.transaction_id, t.kind, (t.request ->> 'size')::int, t.job_id, t.state, t.job_state, t.due_at is not null,
      e.job_id, e.attempt
    from faultline.transactions t
    left join faultline.ledger_entries e using (transaction_id)
    order by 1
"""
EFFECTS = """
    select transaction_id, name, (request ->> 'size')::int, attempt, state, asks, ask_at is not null
    from faultline.effects
    order by 1, 2
"""


class LedgerVerbs(Verbs):
    def start(self) -> None:
        super().start()
        self.connection.execute(EMPTY_LEDGER)

    def submit(self, name: str, kind: str, size: int) -> Any:
        return self._scalar(SUBMIT, name, kind, size)

    def apply(self, job_id: int, attempt: int, name: str) -> Any:
        return self._scalar(APPLY, job_id, attempt, name)

    def apply_and_complete(self, job_id: int, attempt: int, name: str) -> Any:
        return self._scalar(APPLY_AND_COMPLETE, job_id, attempt, name)

    def begin_effect(self, job_id: int, attempt: int, name: str, effect: str, size: int) -> Any:
        return self._scalar(BEGIN_EFFECT, job_id, attempt, name, effect, size)

    def effect_sent(self, job_id: int, attempt: int, name: str, effect: str) -> Any:
        return self._scalar(SENT, job_id, attempt, name, effect)

    def settle_effect(self, job_id: int, attempt: int, name: str, effect: str, state: str) -> Any:
        return self._scalar(SETTLE, job_id, attempt, name, effect, state)

    def answer_effect(self, name: str, effect: str, state: str) -> Any:
        return self._scalar(ANSWER, name, effect, state)

    def find_entry(self, job_id: int, attempt: int, name: str) -> Any:
        return self._scalar(FIND, job_id, attempt, name) is not None

    def reconcile(self, sweep: bool) -> Any:
        return self._rows(RECONCILE, sweep)

    def fail_transaction(self, name: str) -> Any:
        return self._scalar(FAIL_TRANSACTION, name)

    def prune(self) -> None:
        self.connection.execute("delete from faultline.jobs_done")

    def lose(self, job_id: int) -> None:
        self.connection.execute("delete from faultline.jobs_live where job_id = %s", (job_id,))

    def transactions(self) -> Any:
        return self._rows(TRANSACTIONS)

    def effects(self) -> Any:
        return self._rows(EFFECTS)
