"""`faultline ledger …`: what has happened, the balances it left, and the floors of accounts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import click

from faultline.cli import output
from faultline.cli.database import OBSERVER, OPERATOR, connect
from faultline.cli.options import (
    MOMENT,
    NAMED,
    TRANSACTION,
    Kind,
    database_options,
    help_if_bare,
    moment_parameters,
    option,
)
from faultline.cli.rendering import decode

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime, timedelta

AMOUNT: Final = re.compile(r"[+-]?[0-9]{1,50}(\.[0-9]{1,50})?", re.ASCII)
NO_FLOOR: Final = "none"
ENTRIES: Final = """
select jsonb_build_object(
    'entry_id', e.entry_id, 'transaction_id', e.transaction_id, 'kind', e.kind, 'state', e.state, 'job_id', e.job_id,
    'attempt', e.attempt, 'effect', e.effect, 'applied_at', e.applied_at,
    'postings', coalesce((
      select jsonb_agg(
        jsonb_build_object('account', p.account, 'amount', p.amount, 'currency', p.currency) order by p.posting_id)
      from faultline.posting_log p
      where p.entry_id = e.entry_id), '[]'))::text,
  e.applied_at at time zone 'UTC'
from (
  select *
  from faultline.transaction_log t
  where t.entry_id is not null
    and (%(transaction)s::text is null or t.transaction_id = %(transaction)s)
    and (%(account)s::text is null
         or exists (select from faultline.posting_log p where p.entry_id = t.entry_id and p.account = %(account)s))
    and (%(moment)s::timestamptz is null or t.applied_at >= %(moment)s)
    and (%(span)s::interval is null or t.applied_at >= now() - %(span)s)
  order by t.entry_id desc
  limit %(limit)s
) e
order by e.entry_id desc
"""
BALANCES: Final = """
select to_jsonb(b)::text, b.account, b.balance::text, b.currency, b.floor::text
from faultline.account_balances b
where %(account)s::text is null or b.account = %(account)s
order by b.account, b.currency
"""
SET_FLOOR: Final = """
select jsonb_build_object('account', a.account, 'currency', a.currency, 'floor', a.floor, 'balance', s.balance)::text,
  a.floor::text, s.balance::text
from (values (%s::text, %s::text, %s::numeric)) as a (account, currency, floor)
cross join lateral faultline.set_account(a.account, a.currency, a.floor) as s (balance)
"""


class Floor(Kind):
    """An amount, or none; as text, since only the server counts with it."""

    name = "floor"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value != NO_FLOOR and not AMOUNT.fullmatch(value):
            self.fail(f"{value!r} is no amount: write 0, -250.50, or {NO_FLOOR}", param, ctx)
        return str(value)


@click.group(invoke_without_command=True)
@click.pass_context
def ledger(ctx: click.Context) -> None:
    """The ledger: entries, balances of accounts, and their floors.

    \b
    faultline ledger entries --account alice
    faultline ledger balance
    faultline ledger floor alice EUR 0
    """
    help_if_bare(ctx)


@ledger.command()
@option("--account", group="ledger", type=NAMED, help="That posted to this account.")
@option("--transaction", "transaction_id", group="ledger", type=TRANSACTION, help="Of this transaction.")
@option("--since", group="ledger", type=MOMENT, help="Applied since: 1h, or a time.")
@option("--limit", group="ledger", type=click.IntRange(1), default=50, show_default=True, help="At most so many.")
@database_options
def entries(
    account: str | None,
    transaction_id: str | None,
    since: datetime | timedelta | None,
    limit: int,
    dsn: str | None,
    as_json: bool,
) -> None:
    """List what has happened, the newest first: one line a posting.

    An entry is shown whole, with all the accounts that it posted to. With --json an array of entries, one a line.

    \b
    faultline ledger entries --account alice --since 1h
    faultline ledger entries --transaction invoice-17 --json | jq '.[0].effect'
    """
    parameters = {
        "account": account,
        "transaction": transaction_id,
        **moment_parameters(since),
        "limit": limit + 1,
    }
    with connect(dsn, OBSERVER) as connection:
        rows = connection.execute(ENTRIES, parameters).fetchall()
    output.print_newest(rows, limit, _print_entries, nothing="no entry matches", as_json=as_json)


def _print_entries(rows: Sequence[Sequence[Any]]) -> None:
    output.print_table(
        ("ENTRY", "APPLIED (UTC)", "TRANSACTION", "ACCOUNT", "AMOUNT", "CURRENCY"),
        [line for row in rows for line in _lines(*row)],
        right=("ENTRY", "AMOUNT"),
    )


def _lines(document: str, applied_at: datetime) -> Iterator[list[object]]:
    entry = decode(document, exact=True)
    for posting in entry.get("postings") or [{}]:
        yield [
            *(entry.get("entry_id"), f"{applied_at:%Y-%m-%d %H:%M:%S}", entry.get("transaction_id")),
            *(posting.get("account"), posting.get("amount"), posting.get("currency")),
        ]


@ledger.command()
@click.argument("account", type=NAMED, required=False)
@database_options
def balance(account: str | None, dsn: str | None, as_json: bool) -> None:
    """Show the balances of all accounts, or of one. With --json an array.

    An account is there as soon as something was posted to it, or it was given a floor.

    \b
    faultline ledger balance
    faultline ledger balance alice --json | jq '.[0].balance'
    """
    with connect(dsn, OBSERVER) as connection:
        rows = connection.execute(BALANCES, {"account": account}).fetchall()
    if as_json:
        output.print_raw_list([row[0] for row in rows])
    elif rows:
        output.print_table(
            ("ACCOUNT", "BALANCE", "CURRENCY", "FLOOR"), [row[1:] for row in rows], right=("BALANCE", "FLOOR")
        )
    elif account is None:
        output.note("nothing was ever posted, and no account has a floor")
    else:
        output.note(f"nothing was ever posted to {account}, and it has no floor: it is at 0")


@ledger.command(context_settings={"ignore_unknown_options": True})  # -100 is an amount
@click.argument("account", type=NAMED)
@click.argument("currency", type=NAMED)
@click.argument("amount", type=Floor(), metavar="AMOUNT|none")
@database_options
def floor(account: str, currency: str, amount: str, dsn: str | None, as_json: bool) -> None:
    """Let no posting take an account below an amount. With `none` it may fall however low.

    It is exact, whoever posts at the same moment; an account that is below the amount already is refused.

    \b
    faultline ledger floor alice EUR 0
    faultline ledger floor treasury EUR -250.50
    faultline ledger floor alice EUR none
    """
    limit = None if amount == NO_FLOOR else amount
    with connect(dsn, OPERATOR) as connection:
        ((document, least, at),) = connection.execute(SET_FLOOR, (account, currency, limit)).fetchall()
    if as_json:
        output.print_raw_json(document)
    elif least is None:
        output.say(f"{account} has no floor in {currency}; it is at {at}")
    else:
        output.say(f"{account} can't go below {least} {currency}; it is at {at}")
