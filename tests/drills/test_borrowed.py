"""A drill in a database that somebody lends: refused unless it is empty, and empty again afterwards."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from faultline.drill.arena import ROLES
from faultline.drill.borrowed import Borrowed, NotLent
from faultline.drill.faults import clients, runners, server, sessions
from faultline.embedded import Server
from tests.support.cli import COMMAND, environment, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LEFT = """
select
  (select array_agg(n.nspname::text) from pg_namespace n where n.nspname !~ '^(pg_|information_schema$)'),
  (select array_agg(r.rolname::text order by r.rolname::text) from pg_roles r where r.rolname !~ '^pg_')
"""


@pytest.fixture(scope="module")
def host() -> Iterator[Server]:
    with Server(config={"max_connections": "120"}) as host:
        with psycopg.connect(host.dsn(), autocommit=True) as connection:
            connection.execute("create role plain login")
        yield host


@pytest.fixture
def lent(host: Server) -> Iterator[str]:
    with psycopg.connect(host.dsn(), autocommit=True) as connection:
        connection.execute("create database lent")
        yield host.dsn("lent")
        connection.execute("drop database lent with (force)")


def test_a_drill_leaves_nothing_behind_and_names_what_takes_a_server_of_its_own(lent: str, tmp_path: Path) -> None:
    faults = ("runner-kill", "commit-lost-complete-jobs", "server-immediate")
    command = (
        *COMMAND,
        "drill",
        *faults,
        "--seconds",
        "0s",
        "--scratch",
        lent,
        "--json",
        "--report",
        tmp_path / "kept",
    )
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment(), timeout=150)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    told = {fault["name"]: fault for scenario in report["scenarios"] for fault in scenario["faults"]}
    assert told["server-immediate"]["missing"] == "it takes a server of the drill's own"
    assert [told[name]["bit"] for name in faults[:2]] == [1, 1]
    assert "scratch" in report["options"]
    with psycopg.connect(lent) as connection:
        assert connection.execute(LEFT).fetchone() == (["public"], ["plain", "postgres"])


def test_what_is_not_empty_is_refused_and_stays_as_it_is(lent: str, tmp_path: Path) -> None:
    with psycopg.connect(lent, autocommit=True) as connection:
        connection.execute("create table precious as select 1 as a")
        result = run("drill", "runner-kill", "--scratch", lent, cwd=tmp_path)
        assert result.returncode == 1
        assert "the database lent is not empty, it has public.precious: lend one" in result.stderr
        connection.execute("drop table precious")
        connection.execute("create extension pg_trgm" if _has(connection, "pg_trgm") else "select 1")
        Borrowed(lent, ROLES)


def _has(connection: psycopg.Connection[tuple[object, ...]], extension: str) -> bool:
    found = connection.execute("select from pg_available_extensions where name = %s", (extension,)).fetchone()
    return found is not None


def test_who_is_no_superuser_there_is_refused(host: Server, lent: str) -> None:
    with pytest.raises(NotLent, match="has to be a superuser in lent, and plain is none"):
        Borrowed(host.dsn("lent", "plain"), ROLES)
    with pytest.raises(NotLent, match="the database does not answer"):
        Borrowed(make_conninfo(lent, dbname="absent"), ROLES)


def test_what_takes_the_server_or_more_connections_than_it_has_is_left_out(lent: str) -> None:
    borrowed = Borrowed(lent, ROLES)
    assert borrowed.lacks(runners.Kill) is None
    assert borrowed.lacks(server.Immediate) == "it takes a server of the drill's own"
    assert borrowed.lacks(sessions.Terminated) == "it takes a server of the drill's own"
    assert borrowed.lacks(clients.Crowd) == "it takes max_connections of 270, here it is 120"


def test_roles_that_were_there_before_stay(host: Server, lent: str) -> None:
    with psycopg.connect(host.dsn(), autocommit=True) as connection:
        connection.execute("create role faultline_observer")
        borrowed = Borrowed(lent, ROLES)
        with psycopg.connect(lent, autocommit=True) as other:
            other.execute("create role faultline_owner; create schema faultline authorization faultline_owner")
            other.execute("create role drill_runner login")
        borrowed.close()
        roles = "select rolname from pg_roles where rolname ~ '^(faultline|drill)_'"
        assert connection.execute(roles).fetchall() == [("faultline_observer",)]
        connection.execute("drop role faultline_observer")


def test_other_options_that_have_their_own_database_are_refused(lent: str, tmp_path: Path) -> None:
    result = run("drill", "--without", "fence", "--scratch", lent, cwd=tmp_path)
    assert result.returncode == 2
    assert "not with --scratch" in result.stderr
    result = run("drill", "--app", "m:app", "--job", "j", "--scratch", lent, cwd=tmp_path)
    assert result.returncode == 2
    assert "--scratch" in result.stderr
