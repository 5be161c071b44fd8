"""The snapshot is what Sqitch deploys, it installs without a superuser, and Sqitch takes the result for its own."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import psycopg
import pytest

from faultline import schema
from faultline.embedded import Server
from faultline.errors import DatabaseUnavailable, SchemaMismatch
from tests.support import database, project
from tests.support.dump import assert_same, data_of, reload_schema, schema_of
from tools import snapshot, sqitch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.every_version

INSTALLER = "installer"


@pytest.fixture
def cluster() -> Iterator[Server]:
    """A server that knows nothing of Faultline, not even its roles; and somebody who is no superuser."""
    with Server(fsync=False) as server:
        with psycopg.connect(server.dsn(), autocommit=True) as connection:
            connection.execute(f"create role {INSTALLER} login createrole")
        yield server


def new_database(cluster: Server, name: str, user: str = INSTALLER) -> str:
    """A database of somebody else's in which this user may create; returns the user's DSN."""
    database.create(cluster, name)
    with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
        connection.execute(f"grant create on database {name} to {user}")
    return cluster.dsn(name, user)


def run_sqitch(cluster: Server, dsn: str, *arguments: str, where: Path = sqitch.ROOT) -> str:
    return sqitch.run(dsn, *arguments, project=where, client=cluster.bin / "psql")


def schemas(cluster: Server, name: str) -> set[str]:
    with psycopg.connect(cluster.dsn(name)) as connection:
        rows = connection.execute("select nspname from pg_namespace where nspname !~ '^pg_'")
        return {name for (name,) in rows} - {"information_schema", "public"}


def test_the_committed_snapshot_is_what_deploy_makes_each_time() -> None:
    made = snapshot.make_anew()
    assert_same(snapshot.make_anew(), made)
    assert_same(snapshot.SNAPSHOT.read_text(), made, "run `make snapshot` and commit runner/faultline/schema.sql")


def test_the_snapshot_holds_no_partition_of_a_day() -> None:
    assert snapshot.DATED_PARTITION.search(schema.snapshot()) is None
    assert "jobs_done_default" in schema.snapshot()


def test_an_installed_database_equals_a_deployed_one(cluster: Server) -> None:
    deployed = new_database(cluster, "deployed")
    run_sqitch(cluster, deployed, "deploy")
    with psycopg.connect(deployed) as connection:
        connection.execute("select faultline.maintain()")
    happened = schema.install(new_database(cluster, "installed"))
    assert happened == "Faultline 0.1.0 installed in the database installed"
    reload_schema(cluster, "deployed", "reloaded")
    assert_same(schema_of(cluster, "installed"), schema_of(cluster, "reloaded"))
    assert_same(data_of(cluster, "installed"), data_of(cluster, "deployed"))


def test_what_a_superuser_installs_does_not_run_as_superuser(cluster: Server) -> None:
    database.create(cluster, "by_superuser")
    schema.install(cluster.dsn("by_superuser"))
    with psycopg.connect(cluster.dsn("by_superuser")) as connection:
        owners = connection.execute(
            "select distinct proowner::regrole::text from pg_proc where pronamespace = 'faultline'::regnamespace"
        ).fetchall()
    assert owners == [("faultline_owner",)]


def test_psql_loads_the_snapshot_as_well(cluster: Server) -> None:
    dsn = new_database(cluster, "by_psql")
    psql = [str(cluster.bin / "psql"), "-Xq", "-v", "ON_ERROR_STOP=1", "-f", str(snapshot.SNAPSHOT), "-d", dsn]
    subprocess.run(psql, check=True, capture_output=True)
    schema.install(new_database(cluster, "installed"))
    with psycopg.connect(dsn) as connection:
        connection.execute("select faultline.maintain()")
    assert_same(schema_of(cluster, "by_psql"), schema_of(cluster, "installed"))


def test_sqitch_takes_an_installed_database_for_its_own(cluster: Server) -> None:
    dsn = new_database(cluster, "installed")
    schema.install(dsn)
    assert "Nothing to deploy (up-to-date)" in run_sqitch(cluster, dsn, "status")
    assert "Verify successful" in run_sqitch(cluster, dsn, "verify")
    assert "Check successful" in run_sqitch(cluster, dsn, "check")


def test_a_later_deploy_upgrades_an_installed_database(cluster: Server, tmp_path: Path) -> None:
    dsn = new_database(cluster, "installed")
    schema.install(dsn)
    where = project.copy_to(tmp_path / "project")
    run_sqitch(cluster, dsn, "add", "later", "--note", "something new", where=where)
    (where / "deploy/later.sql").write_text("set role faultline_owner; create table faultline.later (a int);")
    (where / "verify/later.sql").write_text("select a from faultline.later;")
    (where / "revert/later.sql").write_text("set role faultline_owner; drop table faultline.later;")
    assert "+ later" in run_sqitch(cluster, dsn, "deploy", where=where)
    before = data_of(cluster, "installed", schema="sqitch")
    assert "'later'" in before
    run_sqitch(cluster, dsn, "revert", "--to", "load", "-y", where=where)
    assert "Nothing to deploy (up-to-date)" in run_sqitch(cluster, dsn, "status")


def test_installing_again_changes_nothing(cluster: Server) -> None:
    dsn = new_database(cluster, "installed")
    schema.install(dsn)
    before = (
        schema_of(cluster, "installed"),
        data_of(cluster, "installed"),
        data_of(cluster, "installed", schema="sqitch"),
    )
    assert schema.install(dsn) == "Faultline 0.1.0 is already in the database installed"
    after = (
        schema_of(cluster, "installed"),
        data_of(cluster, "installed"),
        data_of(cluster, "installed", schema="sqitch"),
    )
    assert after == before


def test_of_two_installers_at_once_one_installs(cluster: Server) -> None:
    dsn = new_database(cluster, "installed")
    with ThreadPoolExecutor() as threads:
        happened = sorted(threads.map(schema.install, [dsn, dsn]))
    assert happened == [
        "Faultline 0.1.0 installed in the database installed",
        "Faultline 0.1.0 is already in the database installed",
    ]


def test_another_user_in_another_database_is_told_what_to_grant(cluster: Server) -> None:
    schema.install(new_database(cluster, "first"))
    with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
        connection.execute("create role second login createrole")
        dsn = new_database(cluster, "another", "second")
        if cluster.version >= 16:  # before, CREATEROLE was enough to take any role
            with pytest.raises(schema.InstallError, match="GRANT faultline_owner TO second"):
                schema.install(dsn)
            assert schemas(cluster, "another") == set()
            connection.execute("grant faultline_owner to second")
    schema.install(dsn)
    assert_same(schema_of(cluster, "another"), schema_of(cluster, "first"))


def test_a_user_who_may_not_create_roles_is_told_what_is_missing(cluster: Server) -> None:
    with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
        connection.execute("create role modest login")
    dsn = new_database(cluster, "installed", "modest")
    with pytest.raises(schema.InstallError, match="ALTER ROLE modest CREATEROLE"):
        schema.install(dsn)
    assert schemas(cluster, "installed") == set()


def test_a_user_who_may_not_create_in_the_database_is_told_what_is_missing(cluster: Server) -> None:
    database.create(cluster, "closed")
    with pytest.raises(schema.InstallError, match='GRANT CREATE ON DATABASE "closed" TO "installer"'):
        schema.install(cluster.dsn("closed", INSTALLER))
    assert schemas(cluster, "closed") == set()


def test_another_version_of_the_schema_is_refused(db: database.Database) -> None:
    db.execute(
        "create or replace function faultline.schema_version() returns text language sql as $$ select '0.0.9' $$"
    )
    before = schema_of(db.server, db.name)
    with pytest.raises(SchemaMismatch, match=r"in version 0\.0\.9, this is faultline 0\.1\.0"):
        schema.install(db.dsn)
    assert schema_of(db.server, db.name) == before


def test_a_schema_of_the_same_name_that_is_not_ours_is_refused(cluster: Server) -> None:
    dsn = new_database(cluster, "theirs")
    with psycopg.connect(dsn) as connection:
        connection.execute("create schema faultline")
    with pytest.raises(schema.InstallError, match="not ours"):
        schema.install(dsn)
    assert schemas(cluster, "theirs") == {"faultline"}


def test_a_registry_of_another_project_is_left_alone(cluster: Server) -> None:
    dsn = new_database(cluster, "theirs")
    with psycopg.connect(dsn) as connection:
        connection.execute("create schema sqitch")
    with pytest.raises(schema.InstallError, match="use `sqitch deploy`"):
        schema.install(dsn)
    assert schemas(cluster, "theirs") == {"sqitch"}


def test_a_database_that_does_not_answer_is_said_so(cluster: Server) -> None:
    dsn = cluster.dsn()
    cluster.stop()
    with pytest.raises(DatabaseUnavailable, match="does not answer"):
        schema.install(dsn)
