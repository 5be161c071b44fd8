"""Makes runner/faultline/schema.sql: what the Sqitch project deploys, as one file for whoever has no Sqitch.

    python -m tools.snapshot           write it
    python -m tools.snapshot --check   compare it with the committed one; 1 if they differ

The real tools make it: Sqitch deploys into a scratch database, pg_dump writes down the schemas faultline and sqitch,
so that Sqitch takes an installed database for its own. What differs from run to run is taken out: the result is the
same to the byte. PostgreSQL 18 makes it, from the wheel, wherever the tests run: 15 writes views otherwise and knows no
names of NOT NULL constraints, though it reads both.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import psycopg
from psycopg import sql

from faultline.embedded import Server, wheel_binaries
from tools import sqitch

SNAPSHOT = sqitch.ROOT / "runner/faultline/schema.sql"
DATABASE = "faultline_snapshot"

HEADER = """\
-- The schema of Faultline, with Sqitch's record of how it came about: `make snapshot` writes this file from deploy/.
-- `faultline install` loads it; so does `psql --set ON_ERROR_STOP=1 --file schema.sql`, which should be followed by
-- `select faultline.maintain()`. It needs CREATE on the database and CREATEROLE, no superuser.
begin;
set local client_encoding = 'UTF8';
set local standard_conforming_strings = on;
set local check_function_bodies = false;
set local search_path = '';
set local client_min_messages = warning;
"""

# Everything in the schema faultline is made by its owner: loaded as it is by a superuser, every SECURITY DEFINER
# function would run as superuser. A global default ACL is not part of a dump of one schema.
FAULTLINE = """\
create schema faultline authorization faultline_owner;
alter default privileges for role faultline_owner revoke execute on functions from public;
set local role faultline_owner;
"""

# Sqitch orders by committed_at; the plan's own times, made strictly increasing, are the same each time.
FIX_REGISTRY = """
    delete from sqitch.events where event <> 'deploy';
    create temporary table fixed as
    select change_id, max(planned_at) over (order by committed_at) + row_number() over (order by committed_at)
      * interval '1 microsecond' as at
    from sqitch.changes;
    update sqitch.changes c set committed_at = f.at from fixed f where f.change_id = c.change_id;
    update sqitch.events e set committed_at = f.at from fixed f where f.change_id = e.change_id;
    update sqitch.tags t set committed_at = f.at from fixed f where f.change_id = t.change_id;
    update sqitch.projects set created_at = (select min(at) from fixed);
    update sqitch.releases set installed_at = (select min(at) from fixed);
    drop table fixed;
"""

NOISE = re.compile(
    r"""^(?:
        \\(?:un)?restrict\b.*            # a random key, against injected psql commands
      | --\ (?:Dumped|PostgreSQL\ database).*
      | SET\ (?:statement|lock|idle_in_transaction_session|transaction)_timeout\b.*
      | SET\ (?:client_encoding|standard_conforming_strings|check_function_bodies|client_min_messages)\b.*
      | SET\ (?:xmloption|row_security)\b.*
      | SELECT\ pg_catalog\.set_config\('search_path'.*
      | CREATE\ SCHEMA\ faultline;
    )\n""",
    re.VERBOSE | re.MULTILINE,
)
DATED_PARTITION = re.compile(r"\b(?:jobs_done|job_events)_\d{8}\b")


class SnapshotError(Exception):
    """What was deployed can't become a snapshot."""


def make(server: Server, project: Path = sqitch.ROOT) -> str:
    """Deploy the project into a scratch database of the server and write it down."""
    dsn = server.dsn(DATABASE)
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        name = sql.Identifier(DATABASE)
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(name))
        connection.execute(sql.SQL("create database {} template template0").format(name))
        try:
            sqitch.run(dsn, "deploy", project=project, client=server.bin / "psql")
            _fix_registry(dsn)
            return _compose(server, dsn, project)
        finally:
            connection.execute(sql.SQL("drop database {} with (force)").format(name))


def _fix_registry(dsn: str) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute("set time zone 'UTC'")
        connection.execute(FIX_REGISTRY)


def _compose(server: Server, dsn: str, project: Path) -> str:
    registry = _dump(server, dsn, "sqitch")
    faultline = _dump(server, dsn, "faultline")
    if found := DATED_PARTITION.search(faultline):
        message = f"the deployed schema holds the dated partition {found[0]}: maintain() makes those, not deploy/"
        raise SnapshotError(message)
    roles = _without_transaction((project / "deploy/roles.sql").read_text())
    return f"{HEADER}\n{roles}\n{registry}\n{FAULTLINE}\n{faultline}\nreset role;\ncommit;\n"


def _dump(server: Server, dsn: str, schema: str) -> str:
    command = [str(server.bin / "pg_dump"), "--no-owner", "--inserts", f"--schema={schema}", f"--dbname={dsn}"]
    result = subprocess.run(
        command, check=False, capture_output=True, text=True, env={"TZ": "UTC", "PGTZ": "UTC", "LC_ALL": "C.UTF-8"}
    )
    if result.returncode != 0:
        raise SnapshotError(result.stderr)
    return normalise(result.stdout)


def normalise(dump: str) -> str:
    """A dump without what differs from one run, or from one version of PostgreSQL, to the next."""
    text = NOISE.sub("", dump)
    text = re.sub(r"^SET (\w+ = .*;)$", r"SET LOCAL \1", text, flags=re.MULTILINE)
    text = re.sub(r"^--\n(-- Name: .*)\n--$", r"\1", text, flags=re.MULTILINE)
    text = re.sub(r"^(?:--\n)+", "", text, flags=re.MULTILINE)
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n") + "\n"


def _without_transaction(script: str) -> str:
    """A deploy script without its own BEGIN and COMMIT, and without the comment that addresses Sqitch."""
    lines = [line for line in script.splitlines() if line not in {"begin;", "commit;"}]
    return "\n".join(line for line in lines if not line.startswith("-- Deploy ")).strip("\n") + "\n"


def make_anew() -> str:
    """The snapshot, on a server of its own."""
    with Server(bin_dir=wheel_binaries(), fsync=False) as server:
        return make(server)


def main(arguments: list[str]) -> int:
    made = make_anew()
    name = SNAPSHOT.relative_to(sqitch.ROOT)
    if arguments == ["--check"]:
        if SNAPSHOT.exists() and SNAPSHOT.read_text() == made:
            return 0
        print(f"{name} is not what deploy/ makes now: run `make snapshot`", file=sys.stderr)
        return 1
    SNAPSHOT.write_text(made)
    print(f"{name}: {len(made.splitlines())} lines")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
