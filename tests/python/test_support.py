"""The tests' own tools: they must not take for passed what did not run, and must see who waits for whom."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support import database, statements
from tests.support import share as shares
from tests.support.pgtap import Tap
from tests.support.project import ROOT
from tests.support.statements import Function, Statements
from tests.support.stepping import Session, all_merges

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.database import Database


@pytest.mark.parametrize(
    ("output", "problem"),
    [
        ("1..2\nok 1 - one\nnot ok 2 - two\n# Failed test 2", "not ok 2 - two"),
        ("1..2\nok 1 - one\n", "planned 2 tests, ran 1"),
        ("1..1\nok 1\nok 2\n", "planned 1 tests, ran 2"),
        ("1..0\n", "planned 0 tests, ran 0"),
        ("ok 1 - one\n", "no plan: the file has to begin with plan() or end with finish() after no_plan()"),
        ("", "no plan: the file has to begin with plan() or end with finish() after no_plan()"),
        ("1..1\nok 1 # SKIP not today\n", "ok 1 # SKIP not today"),
        ("1..1\nnot ok 1 - one # TODO later\n", "not ok 1 - one # TODO later"),
        ("1..2\nok 1 - one\nok 1 - one\n", "numbers out of order: [1, 1]"),
    ],
)
def test_a_file_of_pgtap_is_not_passed_unless_all_of_it_is_ok(output: str, problem: str) -> None:
    assert problem in Tap.parse(output).problems()


def test_a_file_of_pgtap_whose_tests_are_all_ok_is_passed() -> None:
    assert Tap.parse("1..2\nok 1 - one\nsome other output\nok 2 - two\n").problems() == []


DAYS = """
    select c.relname
    from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent in ('faultline.jobs_done'::regclass, 'faultline.job_events'::regclass)
    order by 1"""


def test_a_database_of_a_test_begins_today_although_the_template_is_from_yesterday(db: Database) -> None:
    today = db.rows(DAYS)
    db.close()
    database.create(db.server, "yesterdays", template=db.name)
    yesterdays, clone = database.Database(db.server, "yesterdays"), database.Database(db.server, "of_yesterdays")
    try:
        for parent in ("jobs_done", "job_events"):
            ((first,), (last,)) = yesterdays.rows(
                "select to_char((now() at time zone 'UTC')::date + day, 'YYYYMMDD') from unnest(array[-1, 14]) day"
            )
            yesterdays.execute(f"drop table faultline.{parent}_{last}")
            yesterdays.execute(
                f"create table faultline.{parent}_{first} partition of faultline.{parent} "
                f"for values from ('{first} 00:00+00') to ('{first} 24:00+00')"
            )
        assert yesterdays.rows(DAYS) != today
        yesterdays.close()
        database.create(db.server, "of_yesterdays", template="yesterdays")
        assert clone.rows(DAYS) == today
        clone.close()
        database.drop(db.server, "of_yesterdays")
    finally:
        yesterdays.close()
        database.drop(db.server, "yesterdays")


@pytest.mark.parametrize(
    "body",
    [
        "def test(): pytest.skip('not today')",
        "@pytest.mark.skip\ndef test(): pass",
        "@pytest.mark.xfail\ndef test(): assert False",
        "@pytest.mark.xfail\ndef test(): assert True",
        "pytest.skip('the whole module', allow_module_level=True)",
        "pytest.importorskip('no_such_module')",
    ],
)
def test_what_is_skipped_or_expected_to_fail_fails_the_run(tmp_path: Path, body: str) -> None:
    (tmp_path / "test_sample.py").write_text(f"import pytest\n{body}\n")
    result = _pytest(tmp_path)
    assert result.returncode in {1, 2}, result.stdout
    assert "failed" in result.stdout or "error" in result.stdout


def test_what_runs_and_holds_passes_the_run(tmp_path: Path) -> None:
    (tmp_path / "test_sample.py").write_text("def test(): pass\n")
    assert _pytest(tmp_path).returncode == 0


def test_all_merges_are_all_orders_once() -> None:
    merges = [tuple(merge) for merge in all_merges("ab", "cd", "e")]
    assert len(merges) == len(set(merges)) == 30
    assert all(merge.index("a") < merge.index("b") and merge.index("c") < merge.index("d") for merge in merges)


def test_a_session_is_blocked_while_another_holds_the_lock_and_not_otherwise(db: Database) -> None:
    db.execute("create table counter as select 1 as value")
    with Session(db.dsn) as first, Session(db.dsn) as second:
        first.begin()
        first.run("update counter set value = value + 1")
        second.start("update counter set value = value * 10 returning value")
        assert second.blocked()
        first.commit()
        assert not second.blocked()
        assert second.result() == [(20,)]
        second.start("select pg_sleep(0.2)")
        assert not second.blocked()


def test_statements_that_no_test_runs_are_reported() -> None:
    ran = Function("begin\n  return 1;\nend", {0: (1, "block"), 1: (2, "RETURN")})
    ran.runs.update({0: 1, 1: 1})
    missed = Function("begin\n  return 1;\nend", {0: (1, "block"), 1: (2, "RETURN")})
    missed.runs.update({0: 1})
    assert Statements({"f()": ran}).complete()
    assert not Statements({"f()": ran, "g()": missed}).complete()
    assert not Statements().complete()
    assert Statements({"f()": ran, "g()": missed}).report() == [
        "3 of 4 statements in 2 functions were run",
        "g(), lines of its body that no test runs:",
        "    line 2: return 1;",
    ]


def test_what_several_processes_have_counted_is_added_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    halves = []
    for number in (0, 1):
        half = Function("begin\n  return 1;\nend", {0: (1, "block"), 1: (2, "RETURN")})
        half.runs[number] += 1
        halves.append(tmp_path / f"{number}.json")
        Statements({"f()": half}).save(halves[-1])
    assert statements.main([str(path) for path in halves]) == 0
    assert capsys.readouterr().out == "2 of 2 statements in 1 functions were run\n"
    assert statements.main([str(halves[0])]) == 1
    assert "line 2: return 1;" in capsys.readouterr().out


def test_shares_are_all_cases_once() -> None:
    assert shares.share([1, 2, 3, 4, 5], "0/1") == [1, 2, 3, 4, 5]
    assert (shares.share([1, 2, 3, 4, 5], "0/2"), shares.share([1, 2, 3, 4, 5], "1/2")) == ([1, 3, 5], [2, 4])


DEALT = """
import pytest
pytestmark = pytest.mark.share
@pytest.fixture
def server(): ...
def test_a(server): ...
def test_b(): ...
@pytest.mark.parametrize("number", range(3))
def test_c(server, number): ...
"""


@pytest.mark.parametrize(
    ("of_server", "share_", "chosen"),
    [
        (False, "", {"a", "b", "c[0]", "c[1]", "c[2]"}),
        (False, "0/2", {"a", "b", "c[1]"}),
        (True, "1/2", {"c[0]", "c[2]"}),
    ],
)
def test_tests_that_are_shared_run_on_one_version_each(
    tmp_path: Path, of_server: bool, share_: str, chosen: set[str]
) -> None:
    (tmp_path / "test_sample.py").write_text(DEALT)
    result = _pytest(tmp_path, "-v", FAULTLINE_TESTS="server" if of_server else "", FAULTLINE_SHARE=share_)
    assert result.returncode == 0, result.stdout
    assert set(re.findall(r"::test_(\S+) PASSED", result.stdout)) == chosen


def test_what_is_dealt_out_may_not_share_its_cases_besides(tmp_path: Path) -> None:
    (tmp_path / "test_sample.py").write_text(f"from tests.support.share import share\n{DEALT}")
    result = _pytest(tmp_path, FAULTLINE_SHARE="0/2")
    assert result.returncode != 0
    assert "test_a is dealt out already" in result.stderr


def _pytest(directory: Path, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-c", str(ROOT / "pyproject.toml")]
    return subprocess.run(
        [*command, "-p", "no:cacheprovider", *options, str(directory)],
        check=False,
        cwd=ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
    )
