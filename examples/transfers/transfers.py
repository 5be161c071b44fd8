"""The handlers: opening balances and transfers. `faultline run transfers:app` runs them."""

from __future__ import annotations

from decimal import Decimal

from faultline import App, BelowFloor, Discard, Job

app = App()


@app.handler("opening")
def opening(job: Job) -> None:
    """One entry with many postings: every account against one that stands for the world before."""
    with job.ledger() as tx:
        for account in job.payload["accounts"]:
            balance = Decimal(account["balance"])
            tx.post(account["account"], balance, account["currency"])
            tx.post("opening-balances", -balance, account["currency"])


@app.handler("transfer")
def transfer(job: Job) -> None:
    """The line of the bank's own book, both postings, the entry and the end of the job: together, or nothing of it."""
    row = job.payload
    amount = Decimal(row["amount"])
    try:
        with job.ledger() as tx:
            tx.execute(
                "insert into bank.book (transaction_id, booked_on, debtor, creditor, amount, currency, remittance)"
                " values (%s, %s, %s, %s, %s, %s, %s)",
                (tx.transaction_id, row["date"], row["debtor"], row["creditor"], amount, row["currency"], row["text"]),
            )
            tx.post(row["debtor"], -amount, row["currency"])
            tx.post(row["creditor"], amount, row["currency"])
    except BelowFloor as error:
        raise Discard(str(error)) from error  # no attempt will do better: a dead letter at once
