"""Loads a bank's CSV as transfers, lets a runner make them, and checks what came of it against the file itself.

    faultline dev -- python main.py [TRANSFERS.CSV]

Ends with 0 only if everything adds up and verify() finds nothing; 1 if not, 2 if a file can't be read.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

import psycopg

import faultline

HERE = Path(__file__).resolve().parent
HEADER = "transaction_id,booking_date,debtor_account,creditor_account,amount,currency,remittance_information"
BOOK = """
create schema if not exists bank;
create table if not exists bank.book (
  transaction_id text primary key,
  booked_on date not null,
  debtor text not null,
  creditor text not null,
  amount numeric not null,
  currency text not null,
  remittance text not null
);
"""


@dataclass(frozen=True)
class Transfer:
    """One line of the file."""

    id: str
    date: str
    debtor: str
    creditor: str
    amount: str
    currency: str
    text: str

    @property
    def request(self) -> dict[str, str]:
        """What has to be the same wherever the id is: amounts as text, since a number of JSON may lose digits."""
        return {name: value for name, value in vars(self).items() if name != "id"}

    @property
    def postings(self) -> list[tuple[str, Decimal, str]]:
        value = Decimal(self.amount)
        return sorted([(self.debtor, -value, self.currency), (self.creditor, value, self.currency)])


@dataclass(frozen=True)
class Account:
    account: str
    owner: str
    currency: str
    opening_balance: str
    floor: str


@dataclass
class Loaded:
    """What the database said to each line of the file."""

    accepted: list[Transfer] = field(default_factory=list)
    duplicates: list[Transfer] = field(default_factory=list)
    refused: list[tuple[Transfer, str]] = field(default_factory=list)
    """Another transfer under an id that is taken: FL002."""
    burnt: list[Transfer] = field(default_factory=list)
    """Failed when the file was loaded before: FL006."""


@dataclass
class Evidence:
    """What the database knows when all is over."""

    states: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    postings: dict[str, list[tuple[str, Decimal, str]]] = field(default_factory=dict)
    balances: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    booked: set[str] = field(default_factory=set)
    violations: list[str] = field(default_factory=list)


def main(arguments: list[str]) -> int:
    dsn = os.environ.get("FAULTLINE_DSN")
    if dsn is None:
        print("FAULTLINE_DSN names no database: start this with `faultline dev -- python main.py`", file=sys.stderr)
        return 2
    try:
        accounts = read_accounts(HERE / "accounts.csv")
        transfers = read_transfers(Path(arguments[0]) if arguments else HERE / "transfers.csv")
    except (OSError, ValueError) as error:
        print(f"this file can't be read: {error}", file=sys.stderr)
        return 2

    prepare(dsn)
    with psycopg.connect(dsn, autocommit=True) as connection:
        open_accounts(connection, accounts)
        loaded = load(connection, transfers)
        run_jobs()
        settle(connection, transfers)
        evidence = gather(connection, transfers)

    print_report(accounts, transfers, loaded, evidence)
    checks = judge(accounts, transfers, loaded, evidence)
    print("\nchecks:")
    for name, holds, detail in checks:
        print(f"  {'ok   ' if holds else 'WRONG'}  {name:50} {detail}".rstrip())
    return 0 if all(holds for _, holds, _ in checks) else 1


# The files.


def read_accounts(path: Path) -> list[Account]:
    with path.open(newline="") as file:
        return [Account(**row) for row in csv.DictReader(file)]


def read_transfers(path: Path) -> list[Transfer]:
    with path.open(newline="") as file:
        lines = list(csv.reader(file))
    if not lines or ",".join(lines[0]) != HEADER:
        raise ValueError(f"{path} does not begin with the line {','.join(HEADER)}")
    for number, line in enumerate(lines[1:], start=2):
        try:
            _, day, _, _, amount, _, _ = line
            date.fromisoformat(day)
            if not (Decimal(amount).is_finite() and Decimal(amount) > 0):
                raise ValueError(f"{amount} is no amount")
        except (ValueError, InvalidOperation) as error:
            raise ValueError(f"{path}, line {number}: {line}: {error}") from None
    return [Transfer(*line) for line in lines[1:]]


# What a user of Faultline does.


def prepare(dsn: str) -> None:
    """The bank's own table."""
    with psycopg.connect(dsn) as connection:
        connection.execute(BOOK)


def open_accounts(connection: psycopg.Connection, accounts: list[Account]) -> None:
    """The balances are a transaction like any other; the floors come after it."""
    balances = [{"account": a.account, "balance": a.opening_balance, "currency": a.currency} for a in accounts]
    faultline.submit_transaction(connection, "opening-balances", "opening", {"accounts": balances})
    run_jobs()
    for account in accounts:
        connection.execute(
            "select faultline.set_account(%s, %s, %s)", (account.account, account.currency, account.floor)
        )


def load(connection: psycopg.Connection, transfers: list[Transfer]) -> Loaded:
    """All lines in one transaction: a crash in the middle leaves none, and to load a file twice does no harm."""
    loaded = Loaded()
    seen: set[str] = set()
    with connection.transaction():
        for transfer in transfers:
            try:
                with connection.transaction():  # a savepoint: what is refused undoes nothing else
                    faultline.submit_transaction(connection, transfer.id, "transfer", transfer.request)
            except faultline.KeyConflict as error:
                loaded.refused.append((transfer, str(error)))
            except faultline.TransactionBurnt:
                (loaded.duplicates if transfer.id in seen else loaded.burnt).append(transfer)
                seen.add(transfer.id)
            else:
                (loaded.duplicates if transfer.id in seen else loaded.accepted).append(transfer)
                seen.add(transfer.id)
    return loaded


def run_jobs() -> None:
    """A runner, until nothing is queued or running; what it has to say only matters if it ends badly."""
    command = [sys.executable, "-m", "faultline.cli", "run", "transfers:app", "--until-empty", "--poll=100ms"]
    ended = subprocess.run(command, cwd=HERE, stderr=subprocess.PIPE, text=True, check=False)
    if ended.returncode != 0:
        sys.exit(f"the runner ended with {ended.returncode}:\n{ended.stderr}")


def settle(connection: psycopg.Connection, transfers: list[Transfer]) -> None:
    """What an operator does: looks at the dead letters, and says that they won't happen. Then nothing is open."""
    dead = connection.execute(
        "select t.transaction_id, j.error ->> 'message'"
        " from faultline.transaction_log t join faultline.jobs j on j.job_id = t.job_id"
        " where j.state = 'failed' and t.transaction_id = any (%s)",
        ([transfer.id for transfer in transfers],),
    ).fetchall()
    for transaction_id, message in dead:
        connection.execute("select faultline.fail_transaction(%s, %s)", (transaction_id, message))
    connection.execute("select from faultline.reconcile()")  # a runner does it every second; there is none now


def gather(connection: psycopg.Connection, transfers: list[Transfer]) -> Evidence:
    ids = [transfer.id for transfer in transfers]
    evidence = Evidence()
    for transaction_id, state, reason in connection.execute(
        "select transaction_id, state, reason from faultline.transaction_log where transaction_id = any (%s)", (ids,)
    ):
        evidence.states[transaction_id] = state
        evidence.reasons[transaction_id] = reason or ""
    for transaction_id, *posting in connection.execute(
        "select transaction_id, account, amount, currency from faultline.posting_log where transaction_id = any (%s)",
        (ids,),
    ):
        evidence.postings.setdefault(transaction_id, []).append((posting[0], posting[1], posting[2]))
    for account, currency, balance in connection.execute(
        "select account, currency, balance from faultline.account_balances"
    ):
        evidence.balances[account, currency] = balance
    evidence.booked = {
        row[0]
        for row in connection.execute("select transaction_id from bank.book where transaction_id = any (%s)", (ids,))
    }
    evidence.violations = [
        f"{row[0]} {row[1]}: {row[2]}"
        for row in connection.execute("select check_name, subject, detail from faultline.verify()")
    ]
    return evidence


# The check: what is in the database, beside the file added up directly.


def first_of_each(transfers: list[Transfer]) -> dict[str, Transfer]:
    first: dict[str, Transfer] = {}
    for transfer in transfers:
        first.setdefault(transfer.id, transfer)
    return first


def judge(
    accounts: list[Account], transfers: list[Transfer], loaded: Loaded, evidence: Evidence
) -> list[tuple[str, bool, str]]:
    """Every claim with what it rests on. Pure, so that a test can give it what must not pass."""
    first = first_of_each(transfers)
    applied = {id_ for id_, state in evidence.states.items() if state == "RECONCILED"}
    failed = {id_ for id_, state in evidence.states.items() if state == "FAILED"}
    conflicting = [t for t in transfers if t != first[t.id]]
    repeated = len(transfers) - len(first) - len(conflicting)

    wrong = [id_ for id_ in applied if sorted(evidence.postings.get(id_, [])) != first[id_].postings]
    wrong += [id_ for id_ in evidence.postings if id_ not in applied]

    added: dict[tuple[str, str], Decimal] = {}
    for account in accounts:
        key = account.account, account.currency
        added[key] = added.get(key, Decimal()) + Decimal(account.opening_balance)
        world = "opening-balances", account.currency
        added[world] = added.get(world, Decimal()) - Decimal(account.opening_balance)
    for id_ in applied & first.keys():
        for name, amount, currency in first[id_].postings:
            added[name, currency] = added.get((name, currency), Decimal()) + amount
    off = [name for name in added.keys() | evidence.balances.keys() if added.get(name) != evidence.balances.get(name)]

    sums: dict[str, Decimal] = {}
    for (_, currency), balance in evidence.balances.items():
        sums[currency] = sums.get(currency, Decimal()) + balance
    below = [a.account for a in accounts if evidence.balances.get((a.account, a.currency), 0) < Decimal(a.floor)]
    must, may = doomed(accounts, first)
    return [
        (
            "each id of the file is applied or failed",
            applied | failed == first.keys(),
            f"{len(applied)} and {len(failed)}",
        ),
        ("a line that comes twice is one transfer", len(loaded.duplicates) == repeated, str(repeated)),
        (
            "another transfer under the same id is refused",
            [t for t, _ in loaded.refused] == conflicting,
            str(len(conflicting)),
        ),
        ("applied once each, as the file says", not wrong, named(wrong) or str(len(applied))),
        ("failed where the money was missing, only there", must <= failed <= must | may, str(len(failed))),
        ("balances = the file, added up directly", not off, named([" ".join(key) for key in off]) or str(len(added))),
        ("in each currency all balances add up to 0", not any(sums.values()), ", ".join(sorted(sums))),
        ("no account is below its floor", not below, named(below) or str(len(accounts))),
        ("the bank's own book has the same transfers", evidence.booked == applied, str(len(evidence.booked))),
        ("verify() finds nothing", not evidence.violations, named(evidence.violations)),
    ]


def doomed(accounts: list[Account], first: dict[str, Transfer]) -> tuple[set[str], set[str]]:
    """The transfers that can't be covered in any order of all of them, and those for which it depends on the order."""
    spare = {(a.account, a.currency): Decimal(a.opening_balance) - Decimal(a.floor) for a in accounts}
    must: set[str] = set()
    may: set[str] = set()
    for (account, currency), most in spare.items():
        paid = [t for t in first.values() if (t.debtor, t.currency) == (account, currency)]
        received = [t for t in first.values() if (t.creditor, t.currency) == (account, currency)]
        at_best = most + sum(Decimal(t.amount) for t in received)
        hopeless = {t.id for t in paid if Decimal(t.amount) > at_best}
        others = [t for t in paid if t.id not in hopeless]
        must |= hopeless
        if sum(Decimal(t.amount) for t in others) > most:
            may |= {t.id for t in others}
    return must, may


# What people see.


def print_report(accounts: list[Account], transfers: list[Transfer], loaded: Loaded, evidence: Evidence) -> None:
    applied = [id_ for id_, state in evidence.states.items() if state == "RECONCILED"]
    failed = [id_ for id_, state in evidence.states.items() if state == "FAILED"]
    print(f"{len(transfers)} lines, {len(first_of_each(transfers))} transfers:")
    print(f"  {len(applied):3} applied")
    print(f"  {len(loaded.duplicates):3} duplicates: the same line again, the same job")
    print(f"  {len(loaded.refused):3} refused: another transfer under an id that is taken")
    for transfer, message in loaded.refused:
        print(f"        {transfer.id}  {transfer.amount} {transfer.currency}: {message.partition(' (')[0]}")
    print(f"  {len(failed):3} failed, and burnt: nothing can apply them any more")
    for id_ in failed:
        print(f"        {id_}  {evidence.reasons[id_].partition(' (')[0]}")
    print("\nbalances:")
    for account in accounts:
        balance = evidence.balances.get((account.account, account.currency), Decimal())
        print(f"  {account.account:28} {balance:>10} {account.currency}  {account.owner}")


def named(wrong: list[str]) -> str:
    return ", ".join(sorted(wrong)[:5]) + (" …" if len(wrong) > 5 else "")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
