"""plpgsql_check finds nothing in our functions: no name that isn't there, no unused variable, no injectable EXECUTE.

It exists for PostgreSQL 15, whichever version the other tests run on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from faultline.embedded import Server
from tests.support import database
from tools import sqitch

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.every_version

CHECK = """
    select p.oid::regprocedure::text, c.lineno, c.level, c.message, coalesce(c.detail, ''), coalesce(c.hint, '')
    from pg_proc p
    join pg_language l on l.oid = p.prolang and l.lanname = 'plpgsql'
    left join lateral (
      select t.tgrelid
      from pg_trigger t
      where t.tgfoid = p.oid and t.tgparentid = 0
    ) as t on p.prorettype = 'trigger'::regtype
    cross join lateral plpgsql_check_function_tb(
      p.oid, coalesce(t.tgrelid, 0), fatal_errors => false, other_warnings => true, extra_warnings => true,
      security_warnings => true) c
    where p.pronamespace = %s::regnamespace
    order by 1, 2
"""


@pytest.fixture(scope="module")
def checked() -> Iterator[psycopg.Connection[Any]]:
    with Server(bin_dir=sqitch.UNPACKED_PSQL.parent, fsync=False) as server:
        database.create(server, "checked")
        sqitch.run(server.dsn("checked"), "deploy", client=server.bin / "psql")
        with psycopg.connect(server.dsn("checked"), autocommit=True) as connection:
            connection.execute("create extension plpgsql_check")
            yield connection


def test_nothing_is_found_in_our_functions(checked: psycopg.Connection[Any]) -> None:
    found = checked.execute(CHECK, ("faultline",)).fetchall()
    assert not found, "\n".join(" | ".join(map(str, row)) for row in found)


def test_it_looks_at_all_of_them(checked: psycopg.Connection[Any]) -> None:
    """A trigger function can only be checked with a table: one that no trigger uses would be an error above."""
    checkable = checked.execute(
        "select count(*) from pg_proc p join pg_language l on l.oid = p.prolang"
        " where p.pronamespace = 'faultline'::regnamespace and l.lanname = 'plpgsql'"
    ).fetchone()
    assert checkable is not None
    assert checkable[0] > 0


@pytest.mark.parametrize(
    ("body", "finding"),
    [
        ("begin perform no_such_column from faultline.jobs_live; end", 'column "no_such_column" does not exist'),
        ("declare unused int; begin end", 'unused variable "unused"'),
        ("begin execute 'select ' || value; end", "is not sanitized"),
    ],
)
def test_what_it_is_for_is_found(checked: psycopg.Connection[Any], body: str, finding: str) -> None:
    with checked.transaction(force_rollback=True):
        checked.execute("create schema planted")
        checked.execute(
            f"create function planted.wrong(value text) returns void language plpgsql as $$ {body} $$".encode()
        )
        found = checked.execute(CHECK, ("planted",)).fetchall()
    assert any(finding in " ".join(map(str, row)) for row in found), found
