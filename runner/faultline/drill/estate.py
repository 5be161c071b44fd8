"""What there is in a database after a run, and in what it differs from another one."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import psycopg
from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MOST_ROWS: Final = 10_000
# Those of the user's: not Faultline's, nor the server's.
TABLES: Final = """
select n.nspname, c.relname
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and not c.relispartition and c.relpersistence <> 't'
  and n.nspname not in ('faultline', 'sqitch', 'information_schema') and n.nspname not like 'pg\\_%'
order by 1, 2
"""
# Numbers that a sequence gives leave gaps where an attempt was rolled back, and so do those that refer to them.
NUMBERED: Final = """
with given as (
  select a.attrelid, a.attnum, a.attname
  from pg_attribute a
  left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  where a.attnum > 0 and not a.attisdropped
    and (a.attidentity <> '' or pg_get_expr(d.adbin, d.adrelid) like 'nextval(%')
), referring as (
  select f.conrelid, a.attname
  from pg_constraint f
  cross join lateral unnest(f.conkey, f.confkey) k (here, there)
  join given g on g.attrelid = f.confrelid and g.attnum = k.there
  join pg_attribute a on a.attrelid = f.conrelid and a.attnum = k.here
  where f.contype = 'f'
)
select n.nspname, c.relname, x.attname
from (select attrelid, attname from given union select conrelid, attname from referring) x (relid, attname)
join pg_class c on c.oid = x.relid
join pg_namespace n on n.oid = c.relnamespace
"""
JOBS, ENTRIES, RUNS, TRANSACTIONS = "jobs", "ledger entries", "runs", "transactions"
# Of Faultline's own, what a handler has made. The job itself is not among it.
OURS: Final = {
    JOBS: "select type, queue, payload, idempotency_key from faultline.jobs where job_id <> %(job)s",
    TRANSACTIONS: "select transaction_id, kind, state, request from faultline.transaction_log",
    ENTRIES: "select transaction_id, effect from faultline.transaction_log where entry_id is not null",
    "postings": "select transaction_id, account, amount::text, currency from faultline.posting_log",
    "effects": "select transaction_id, name, state, request, response from faultline.effect_log",
    RUNS: "select workflow, input, idempotency_key from faultline.run_log",
}

Row = tuple[tuple[str, str], ...]
"""Columns with their values as JSON, in order."""


@dataclass
class Estate:
    """The rows of each table. Of a table with too many of them, only their number."""

    rows: dict[str, list[Mapping[str, str]]] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    numbered: set[tuple[str, str]] = field(default_factory=set)
    """(table, column) that a sequence fills."""


@dataclass
class Difference:
    """Of one table: what is there besides what should be, and what is missing."""

    table: str
    more: list[Row] = field(default_factory=list)
    fewer: list[Row] = field(default_factory=list)
    surplus: int = 0
    """How many rows there are too many; negative: too few."""

    @property
    def told(self) -> str:
        if self.surplus > 0:
            return f"{self.surplus} too many in {self.table}"
        if self.surplus < 0:
            return f"{-self.surplus} missing in {self.table}"
        ways = _ways(self.more[0], self.fewer[0]) if self.more and self.fewer else ""
        return f"another row in {self.table}{f': {ways}' if ways else ''}"


def take(connection: psycopg.Connection[Any], job: int, names: Mapping[str, str]) -> Estate:
    """`names`: texts that differ from run to run, and what stands for them."""
    found = Estate()
    with connection.transaction():
        tables = connection.execute(TABLES).fetchall()
        found.numbered = {
            (_name(schema, table), column)
            for schema, table, column in connection.execute(NUMBERED).fetchall()
            if (schema, table) in tables
        }
        for schema, table in tables:
            name = _name(schema, table)
            of = sql.Identifier(schema, table)
            found.numbers[name] = _number(connection, sql.SQL("select count(*) from {}").format(of))
            if found.numbers[name] <= MOST_ROWS:
                found.rows[name] = _rows(connection, sql.SQL("select * from {}").format(of), job, names)
        for name, query in OURS.items():
            found.rows[name] = _rows(connection, sql.SQL(query), job, names)
            found.numbers[name] = len(found.rows[name])
    return found


def unsteady(first: Estate, second: Estate) -> set[tuple[str, str]]:
    """Columns that say nothing: they differ though nothing was disturbed, or a sequence fills them."""
    found = set(first.numbered)
    for table, rows in first.rows.items():
        others = second.rows.get(table, [])
        columns = {column for row in (*rows, *others) for column in row}
        found |= {
            (table, column)
            for column in columns
            if Counter(row.get(column) for row in rows) != Counter(row.get(column) for row in others)
        }
    return found


def compare(expected: Estate, found: Estate, ignored: set[tuple[str, str]]) -> list[Difference]:
    differences = []
    for table in sorted(expected.numbers.keys() | found.numbers.keys()):
        before, after = _counted(expected, table, ignored), _counted(found, table, ignored)
        surplus = found.numbers.get(table, 0) - expected.numbers.get(table, 0)
        more, fewer = after - before, before - after
        if surplus or more or fewer:
            differences.append(Difference(table, list(more.elements()), list(fewer.elements()), surplus))
    return differences


def _name(schema: str, table: str) -> str:
    return table if schema == "public" else f"{schema}.{table}"


def _counted(estate: Estate, table: str, ignored: set[tuple[str, str]]) -> Counter[Row]:
    return Counter(
        tuple(sorted((column, value) for column, value in row.items() if (table, column) not in ignored))
        for row in estate.rows.get(table, [])
    )


def _number(connection: psycopg.Connection[Any], query: sql.Composed) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0


def _rows(
    connection: psycopg.Connection[Any], query: sql.Composable, job: int, names: Mapping[str, str]
) -> list[Mapping[str, str]]:
    asked = sql.SQL("select to_jsonb(r)::text from ({}) r").format(query)
    parameters = {"job": job} if "%(job)s" in query.as_string(connection) else None
    return [_read(text, names) for (text,) in connection.execute(asked, parameters).fetchall()]


def _read(text: str, names: Mapping[str, str]) -> Mapping[str, str]:
    for name, stands_for in names.items():
        text = text.replace(name, stands_for)
    return {column: json.dumps(value, ensure_ascii=False) for column, value in json.loads(text).items()}


def _ways(more: Row, fewer: Row) -> str:
    was = dict(fewer)
    return ", ".join(_way(column, value, was.get(column)) for column, value in more if was.get(column) != value)


def _way(column: str, value: str, was: str | None) -> str:
    return f"{column} is {_short(value)}, not {_short(was or 'missing')}"


def _short(text: str) -> str:
    return text if len(text) <= 30 else f"{text[:29]}…"


def names_of(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The longest first, so that none is taken for a part of another."""
    return dict(sorted(pairs, key=lambda pair: -len(pair[0])))
