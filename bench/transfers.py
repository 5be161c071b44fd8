"""Transfers between accounts with floors: by the ledger, by the least SQL, and beside plain jobs; and what must hold.

Each side keeps its own database for all rounds: at the end no money has come or gone, no account is below its floor,
and every transaction has one entry and is settled.
"""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Any

import psycopg

from bench import driver

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faultline.embedded import Server

LEDGER, FLOOR, BALANCE = "bench_ledger", "bench_ledger_floor", "bench_balance"
ACCOUNTS = 1_000
CREDIT = 200
CLIENTS = 20
"""Connections of the floor: as many as two runners have for their handlers."""

OPEN = """
    select faultline.set_account('account-' || n, 'EUR', 0) from generate_series(1, {accounts}) n;
    select faultline.submit_transaction('credit-' || n, 'transfer', jsonb_build_object(
      'from', 'bank', 'to', 'account-' || n, 'amount', {credit})) from generate_series(1, {accounts}) n;
"""
ORDER = """
    'from', 'account-' || 1 + mod(n, {accounts}),
    'to', 'account-' || 1 + mod(n + 1 + floor(random() * ({accounts} - 1))::int, {accounts}),
    'amount', 1 + floor(random() * 20)::int
"""
SUBMIT = f"""
    select count(faultline.submit_transaction(
      'transfer-{{name}}-' || n, 'transfer', jsonb_build_object({ORDER})))
    from generate_series(1, {{count}}) n
"""
PLAIN = """select count(faultline.enqueue('noop', '{{"n": 1}}')) from generate_series(1, {count})"""
TIMED = """
    select count(*) / extract(epoch from max(finished_at) - min(started_at)), count(*)
    from faultline.jobs_done where job_id > %s
"""
COUNT = "select count(*), count(*) filter (where effect ? 'refused') from faultline.ledger_entries"

# Each of these answers with what is wrong, or with no row.
CHECKS = {
    "money has come or gone": """
        select sum(balance) from faultline.account_balances having sum(balance) <> 0
    """,
    "an account is below its floor": """
        select account, balance from faultline.account_balances where balance < floor
    """,
    "a transaction has not one entry": """
        select t.transaction_id, count(e.entry_id)
        from faultline.transactions t left join faultline.ledger_entries e on e.transaction_id = t.transaction_id
        group by 1 having count(e.entry_id) <> 1 limit 3
    """,
    "a transaction is not settled": """
        select transaction_id, state from faultline.transactions where state <> 'RECONCILED' limit 3
    """,
    "a transfer was neither booked nor refused": """
        select e.transaction_id, e.effect
        from faultline.ledger_entries e
        where (select count(*) from faultline.postings p where p.entry_id = e.entry_id)
          <> case when e.effect ? 'refused' then 0 else 2 end
        limit 3
    """,
    "verify() complains": "select * from faultline.verify() limit 3",
}

# The least SQL: claim, locks, debit, credit and entry in one transaction. No attempts, so a crash rolls all of it back
# and the next claim finds the job again; no submitted request to compare, no double entry. The rows are locked in the
# order of their names, in a statement before that which moves their balances: in one with it, money came and went.
FLOOR_SCHEMA = f"""
    create table account (name text primary key, balance numeric not null check (balance >= 0 or name = 'bank'));
    insert into account select 'account-' || n, {CREDIT} from generate_series(1, {ACCOUNTS}) n;
    insert into account values ('bank', -{CREDIT} * {ACCOUNTS});
    create table transfer (id bigint generated always as identity primary key, payload jsonb not null);
    create table entry (
      id bigint primary key, applied boolean not null, payload jsonb not null, at timestamptz not null
    );
"""
FLOOR_SUBMIT = (
    f"insert into transfer (payload) select jsonb_build_object({ORDER.format(accounts=ACCOUNTS)})"
    " from generate_series(1, %s) n"
)
FLOOR_TRANSFER = """
begin;
delete from transfer
where id = (select id from transfer order by id limit 1 for update skip locked)
returning id, payload ->> 'from' as payer, payload ->> 'to' as payee, payload ->> 'amount' as amount \\gset
select count(*) from (select from account where name in (:payer, :payee) order by name for no key update) a;
with debit as (
  update account set balance = balance - :amount where name = :payer and balance >= :amount returning name
), credit as (
  update account set balance = balance + :amount where name = :payee and exists (select from debit)
)
insert into entry
select :id, exists (select from debit),
  jsonb_build_object('from', :payer::text, 'to', :payee::text, 'amount', :amount::numeric), clock_timestamp();
end;
"""
# One entry with so many postings; without the triggers, which are not what is measured.
BUSY = """
    with one as (
      select faultline.submit_transaction('busy', 'transfer') as job_id
    ), entered as (
      insert into faultline.ledger_entries (transaction_id, job_id, attempt, effect, applied_at)
      select 'busy', job_id, 1, '{}', clock_timestamp() from one
      returning entry_id
    )
    insert into faultline.postings (entry_id, account, currency, amount)
    select entry_id, 'bank', 'EUR', -%s from entered
    union all
    select entry_id, 'busy', 'EUR', 1 from entered, generate_series(1, %s)
"""
FLOOR_CHECKS = {
    "the floor: money has come or gone": "select sum(balance) from account having sum(balance) <> 0",
    "the floor: a transfer is left": "select id from transfer limit 3",
}


def prepare(server: Server) -> None:
    """Every account has its credit from the bank, which has no floor. The databases are there."""
    with psycopg.connect(server.dsn(FLOOR), autocommit=True) as connection:
        connection.execute(FLOOR_SCHEMA.encode())
    with psycopg.connect(server.dsn(LEDGER), autocommit=True) as connection:
        connection.execute(OPEN.format(accounts=ACCOUNTS, credit=CREDIT).encode())
    driver.run_until_empty(server.dsn(LEDGER), 2)


def by_floor(server: Server, count: int) -> float:
    with psycopg.connect(server.dsn(FLOOR), autocommit=True) as connection:
        connection.execute(FLOOR_SUBMIT.encode(), (count,))
        connection.execute("vacuum analyze transfer")
        connection.execute("checkpoint")
    times = -(-count // CLIENTS)
    return driver.pgbench(server, FLOOR, FLOOR_TRANSFER, clients=CLIENTS, times=times)


def by_ledger(server: Server, count: int) -> float:
    return _drained(server, SUBMIT.format(name=time.monotonic_ns(), count=count, accounts=ACCOUNTS), count)


def by_plain_jobs(server: Server, count: int) -> float:
    return _drained(server, PLAIN.format(count=count), count)


def _drained(server: Server, fill: str, count: int) -> float:
    """Jobs a second, by the server's clock, from the first claim to the last completion."""
    dsn = server.dsn(LEDGER)
    with psycopg.connect(dsn, autocommit=True) as connection:
        before = connection.execute("select coalesce(max(job_id), 0) from faultline.jobs_done").fetchone()
        connection.execute(fill.encode())
        connection.execute("checkpoint")
        driver.run_until_empty(dsn, 2)
        row = connection.execute(TIMED, before).fetchone()
    assert row is not None
    rate, done = row
    if done != count:
        message = f"the runners finished {done} of {count} jobs"
        raise driver.BenchError(message)
    return float(rate)


def check(server: Server) -> str:
    """How many transfers were booked and refused. BenchError if anything does not add up."""
    for dbname, checks in ((FLOOR, FLOOR_CHECKS), (LEDGER, CHECKS)):
        with psycopg.connect(server.dsn(dbname), autocommit=True) as connection:
            if dbname == LEDGER:
                settle(connection)
            for complaint in complaints(connection, checks):
                raise driver.BenchError(complaint)
    with psycopg.connect(server.dsn(LEDGER), autocommit=True) as connection:
        row = connection.execute(COUNT).fetchone()
    assert row is not None
    return f"{row[0]:,} transactions, {row[1]:,} of them refused at a floor: Σ = 0, one entry each, all settled"


def settle(connection: psycopg.Connection[Any]) -> None:
    """What runners would do within a second."""
    while (row := connection.execute("select count(*) from faultline.reconcile(10000)").fetchone()) and row[0]:
        pass


def complaints(connection: psycopg.Connection[Any], checks: dict[str, str]) -> Iterator[str]:
    for what, query in checks.items():
        if wrong := connection.execute(query.encode()).fetchall():
            yield f"{what}: {wrong}"


def balances(server: Server, postings: int) -> tuple[float, float]:
    """Milliseconds of account_balance, of so many postings: before maintain() has added them up, and after."""
    with psycopg.connect(server.dsn(BALANCE), autocommit=True) as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute(BUSY.encode(), (postings, postings))
        connection.execute("reset session_replication_role")
        connection.execute("vacuum analyze faultline.postings")
        before = _balance(connection, postings)
        folded = 0
        deadline = time.monotonic() + 60
        while folded <= postings:
            row = connection.execute("select (faultline.maintain() ->> 'postings')::int").fetchone()
            assert row is not None
            folded += row[0]
            if time.monotonic() > deadline:
                message = f"maintain() has added up {folded} of {postings + 1} postings"
                raise driver.BenchError(message)
        return before, _balance(connection, postings)


def _balance(connection: psycopg.Connection[Any], expected: int) -> float:
    times = []
    for _ in range(11):
        started = time.perf_counter()
        row = connection.execute("select faultline.account_balance('busy', 'EUR')").fetchone()
        times.append(1000 * (time.perf_counter() - started))
        if row is None or row[0] != expected:
            message = f"the balance is {row}, not {expected}"
            raise driver.BenchError(message)
    return statistics.median(times)
