"""However a database came to a release, it is the same; and there is a way back."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.support import database, project
from tests.support.dump import assert_same, data_of, schema_of
from tools import release, sqitch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from faultline.embedded import Server

DEPLOYER = "deployer"


class Target:
    """A database, and Sqitch run on it by somebody who is no superuser."""

    def __init__(self, server: Server, name: str) -> None:
        self.server = server
        self.name = name
        database.create(server, name, owner=DEPLOYER)

    def sqitch(self, where: Path, *arguments: str) -> str:
        dsn = self.server.dsn(self.name, DEPLOYER)
        return sqitch.run(dsn, *arguments, project=where, client=self.server.bin / "psql")

    def execute(self, query: str) -> None:
        with psycopg.connect(self.server.dsn(self.name)) as connection:
            connection.execute(query.encode())

    @property
    def schema(self) -> str:
        return schema_of(self.server, self.name)

    def contents(self) -> str:
        """Also of a database that has no schema yet."""
        with psycopg.connect(self.server.dsn(self.name)) as connection:
            there = connection.execute("select to_regnamespace('faultline')").fetchone()
        return "no schema" if there == (None,) else self.schema + data_of(self.server, self.name)


def planned() -> list[str]:
    """The changes of the plan, in its order."""
    lines = (sqitch.ROOT / "sqitch.plan").read_text().splitlines()
    return [line.split()[0] for line in lines if line and line[0] not in "%#@"]


@pytest.fixture
def target(server: Server, template: str) -> Iterator[Target]:
    """An empty database; the roles are there, as somebody may have them from another one."""
    made = Target(server, "upgraded")
    yield made
    database.drop(server, made.name)


@pytest.fixture
def fresh(server: Server, template: str) -> Iterator[Target]:
    made = Target(server, "fresh")
    yield made
    database.drop(server, made.name)


def test_the_loader_loads_every_file_of_sql_once() -> None:
    listed = release.files((sqitch.ROOT / "deploy/load.sql").read_text())
    there = {str(path.relative_to(sqitch.ROOT)) for path in (sqitch.ROOT / "sql").rglob("*.sql")}
    assert sorted(listed) == sorted(there)


def test_a_revert_leaves_nothing_and_a_deploy_after_it_gives_the_same(target: Target) -> None:
    target.sqitch(sqitch.ROOT, "deploy", "--verify")
    before = target.schema
    target.sqitch(sqitch.ROOT, "revert", "-y")
    with psycopg.connect(target.server.dsn(target.name)) as connection:
        left = connection.execute("select 1 from pg_namespace where nspname = 'faultline'").fetchall()
        acls = connection.execute("select 1 from pg_default_acl").fetchall()
    assert (left, acls) == ([], [])
    target.sqitch(sqitch.ROOT, "deploy", "--verify")
    assert_same(target.schema, before)


def test_each_change_can_be_reverted_and_deployed_alone(target: Target) -> None:
    changes = planned()
    states = {}
    for change in changes:
        target.sqitch(sqitch.ROOT, "deploy", "--to", change, "--verify")
        states[change] = target.contents()
    for before, change in reversed(list(pairwise(changes))):
        target.sqitch(sqitch.ROOT, "revert", "--to", before, "-y")
        assert_same(target.contents(), states[before], f"reverting {change}")
    for change in changes:
        target.sqitch(sqitch.ROOT, "deploy", "--to", change, "--verify")
        assert_same(target.contents(), states[change], f"deploying {change} again")


def test_the_roles_stay_while_another_database_uses_them(target: Target) -> None:
    target.sqitch(sqitch.ROOT, "deploy")
    target.sqitch(sqitch.ROOT, "revert", "-y")
    with psycopg.connect(target.server.dsn()) as connection:
        roles = connection.execute("select count(*) from pg_roles where rolname like 'faultline\\_%'").fetchone()
    assert roles == (5,)


def test_an_upgrade_gives_what_a_fresh_deploy_gives_and_can_be_reverted(
    target: Target, fresh: Target, tmp_path: Path
) -> None:
    where = project.copy_to(tmp_path / "project")
    tag = release.freeze(where)
    target.sqitch(where, "deploy", "--verify")
    target.execute("select faultline.enqueue('kept', '{\"n\": 1}')")
    released, jobs = target.schema, data_of(target.server, target.name)

    release.reopen(where, "9.9.9")
    _add_a_column_to_a_view(where)
    _change_the_version(where)
    assert "Check successful" in target.sqitch(where, "check")
    target.sqitch(where, "deploy", "--verify")
    fresh.sqitch(where, "deploy", "--verify")
    assert "Check successful" in target.sqitch(where, "check")
    assert_same(target.schema, fresh.schema)
    assert target.schema != released
    with psycopg.connect(target.server.dsn(target.name)) as connection:
        assert connection.execute("select colour, type from faultline.jobs").fetchall() == [("blue", "kept")]

    target.sqitch(where, "revert", "--to", f"@{tag}", "-y")
    assert_same(target.schema, released)
    assert_same(data_of(target.server, target.name), jobs)
    target.sqitch(where, "deploy", "--verify")
    assert_same(target.schema, fresh.schema)


def test_a_release_is_frozen_once_and_opened_only_when_frozen(tmp_path: Path) -> None:
    where = project.copy_to(tmp_path / "project")
    with pytest.raises(release.ReleaseError, match="not frozen"):
        release.reopen(where, "9.9.9")
    release.freeze(where)
    with pytest.raises(release.ReleaseError, match="frozen already"):
        release.freeze(where)


def test_freezing_and_opening_gives_back_the_loader(tmp_path: Path) -> None:
    script = (sqitch.ROOT / "deploy/load.sql").read_text()
    assert release.outline(release.inline(script, sqitch.ROOT)) == script


def _add_a_column_to_a_view(where: Path) -> None:
    view = where / "sql/observe/jobs.sql"
    script = view.read_text()
    assert "l.run_id, l.task" in script
    assert "d.run_id, d.task" in script
    script = script.replace("l.run_id, l.task", "l.run_id, l.task, 'blue'::text as colour")
    view.write_text(script.replace("d.run_id, d.task", "d.run_id, d.task, 'blue'"))


def _change_the_version(where: Path) -> None:
    now = release.release_of((sqitch.ROOT / "deploy/load.sql").read_text())
    version = where / "sql/observe/schema_version.sql"
    version.write_text(version.read_text().replace(now, "9.9.9"))
