"""Settled transactions, entries and postings in the amounts that tests of the ledger's hot path need."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.database import Database

# As a runner's calls leave them: born INIT, applied and told, reconciled. Each is updated twice, for the indexes too.
SUBMITTED = """
    insert into faultline.transactions (transaction_id, kind, request, request_hash, job_id, created_at)
    select %s || n, 'work', '{}', 0, -n - 1000000 * %s, clock_timestamp()
    from generate_series(1, %s) n
"""
ENTERED = """
    insert into faultline.ledger_entries (transaction_id, job_id, attempt, effect, applied_at)
    select transaction_id, job_id, 1, '{}', clock_timestamp()
    from faultline.transactions
    where state = 'INIT' and starts_with(transaction_id, %s)
"""
APPLIED = """
    update faultline.transactions set state = 'APPLIED', job_state = 'succeeded', due_at = clock_timestamp()
    where state = 'INIT' and starts_with(transaction_id, %s)
"""
RECONCILED = """
    update faultline.transactions set state = 'RECONCILED', settled_at = clock_timestamp(), due_at = null
    where state = 'APPLIED' and starts_with(transaction_id, %s)
"""
# Balanced; to look at each entry at commit would take most of the time.
POSTED = """
    set session_replication_role = replica;
    insert into faultline.postings (entry_id, account, currency, amount)
    select (n + 1) / 2, case n % 2 when 0 then 'busy' else 'other-' || n % 1000 end, 'EUR', 1 - 2 * (n % 2)
    from generate_series(1, {count}) n;
    set session_replication_role = origin;
"""


def settle_many(db: Database, count: int, batch: int) -> None:
    """So many transactions come and are settled; of the last thousand reconcile itself does it."""
    name = f"batch {batch}/"
    for size, part in ((count - 1000, "bulk/"), (1000, "")):
        prefix = name + part
        db.execute(SUBMITTED, prefix, 2 * batch + bool(part), size)
        db.execute(ENTERED, prefix)
        db.execute(APPLIED, prefix)
        if part:
            db.execute(RECONCILED, prefix)
    if count:
        assert db.scalar("select count(*) from faultline.reconcile(1000)") == 1000


def post_many(db: Database, count: int) -> None:
    """So many postings, two an entry (whether or not there are such entries), half of them to the account busy."""
    db.execute(POSTED.format(count=count))


def fold(db: Database) -> None:
    """The first call sets a target, the second gets there."""
    for _ in range(2):
        db.execute("select faultline.maintain()")
    assert db.scalar(
        "select folded_to = (select max(posting_id) from faultline.postings) from faultline.ledger_checkpoint"
    )
