"""What pg_dump says of a database, for comparing one with another."""

from __future__ import annotations

import difflib
import re
import subprocess
from typing import TYPE_CHECKING

import psycopg

from tests.support import database

if TYPE_CHECKING:
    from faultline.embedded import Server

DEFAULT_ACLS = """
    select pg_get_userbyid(defaclrole), defaclnamespace::regnamespace, defaclobjtype, defaclacl
    from pg_default_acl order by 1, 2, 3
"""


def schema_of(server: Server, dbname: str, *, schema: str = "faultline") -> str:
    """Everything but the data, owners and privileges included; also the default privileges, which no schema holds."""
    with psycopg.connect(server.dsn(dbname)) as connection:
        defaults = connection.execute(DEFAULT_ACLS).fetchall()
    return _dump(server, dbname, "--schema-only", f"--schema={schema}") + "\n".join(map(str, defaults))


def data_of(server: Server, dbname: str, *, schema: str = "faultline") -> str:
    return _dump(server, dbname, "--data-only", "--inserts", f"--schema={schema}")


def _dump(server: Server, dbname: str, *options: str) -> str:
    command = [str(server.bin / "pg_dump"), *options, f"--dbname={server.dsn(dbname)}"]
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    return re.sub(r"^\\(?:un)?restrict .*\n", "", result.stdout, flags=re.MULTILINE)


def reload_schema(server: Server, dbname: str, into: str) -> None:
    """A new database with the schema as pg_dump writes it: once reloaded, constraints have lost spare parentheses."""
    database.create(server, into)
    with psycopg.connect(server.dsn(into)) as connection:
        connection.execute("alter default privileges for role faultline_owner revoke execute on functions from public")
    subprocess.run(
        [str(server.bin / "psql"), "-Xq", "-v", "ON_ERROR_STOP=1", f"--dbname={server.dsn(into)}"],
        input=_dump(server, dbname, "--schema-only", "--schema=faultline"),
        check=True,
        capture_output=True,
        text=True,
    )


def assert_same(found: str, expected: str, hint: str = "") -> None:
    """Equal, or else the lines that differ."""
    lines = difflib.unified_diff(expected.splitlines(), found.splitlines(), "expected", "found", n=2, lineterm="")
    difference = "\n".join(lines)
    assert not difference, f"{hint}\n{difference}"
