"""Run Sqitch on the database a DSN names: `python -m tools.sqitch deploy`, and whatever else Sqitch can do.

Sqitch has its own way of naming databases; here FAULTLINE_DSN, or libpq's own variables without it, say where to.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from psycopg.conninfo import conninfo_to_dict

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parent.parent
UNPACKED_PSQL = ROOT / ".tools/postgresql-15/usr/lib/postgresql/15/bin/psql"

# What libpq takes from its environment for each part of a DSN.
VARIABLES = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "dbname": "PGDATABASE",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "passfile": "PGPASSFILE",
    "service": "PGSERVICE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "options": "PGOPTIONS",
    "connect_timeout": "PGCONNECT_TIMEOUT",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
}

CONNECTING = {"check", "deploy", "log", "rebase", "revert", "status", "upgrade", "verify"}


class SqitchError(Exception):
    """Sqitch failed; the message is what it said."""


def libpq_environment(dsn: str) -> dict[str, str]:
    """The variables under which libpq's programs connect where the DSN points."""
    parts = conninfo_to_dict(dsn)
    unknown = sorted(set(parts) - set(VARIABLES))
    if unknown:
        message = f"the DSN has parts that Sqitch can't be given: {', '.join(unknown)}"
        raise SqitchError(message)
    return {VARIABLES[name]: str(value) for name, value in parts.items()}


def isolated(environment: dict[str, str]) -> dict[str, str]:
    """For the tests: independent of who runs them and where, and of the time zone (Sqitch needs UTC or tzdata)."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {
        **kept,
        "TZ": "UTC",
        "SQITCH_FULLNAME": "Faultline",
        "SQITCH_EMAIL": "faultline@example.com",
        "SQITCH_USER_CONFIG": os.devnull,
        "SQITCH_SYSTEM_CONFIG": os.devnull,
        **environment,
    }


def run(dsn: str, *arguments: str, project: Path = ROOT, client: Path | None = None) -> str:
    """Run Sqitch in isolation and return what it printed; SqitchError if it failed."""
    command = ["sqitch", *_client(client, arguments), *arguments]
    result = subprocess.run(
        command,
        check=False,
        cwd=project,
        env=isolated(libpq_environment(dsn)),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if result.returncode != 0:
        message = f"{' '.join(command)} ended with {result.returncode}:\n{result.stdout}{result.stderr}"
        raise SqitchError(message)
    return result.stdout + result.stderr


def _client(psql: Path | None, arguments: Sequence[str]) -> list[str]:
    """The option that names psql, for the commands that know it: those that don't connect refuse it."""
    return ["--client", str(psql)] if psql and CONNECTING.intersection(arguments[:2]) else []


def main(arguments: list[str]) -> int:
    """Run Sqitch for a person: her name, her configuration, her terminal. A deploy ends with maintain()."""
    dsn = os.environ.get("FAULTLINE_DSN", "")
    environment = {**os.environ, "TZ": "UTC", **libpq_environment(dsn)}
    client = None if shutil.which("psql") or not UNPACKED_PSQL.exists() else UNPACKED_PSQL
    code = subprocess.run(
        ["sqitch", *_client(client, arguments), *arguments], check=False, cwd=ROOT, env=environment
    ).returncode
    if code != 0 and not dsn and not any(os.environ.get(name) for name in VARIABLES.values()):
        print("Which database? Neither FAULTLINE_DSN is set nor PGHOST, PGDATABASE, …", file=sys.stderr)
    if code == 0 and arguments[:1] == ["deploy"] and "--log-only" not in arguments:
        with psycopg.connect(dsn) as connection:
            connection.execute("select faultline.maintain()")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
