"""Collects tests/sql/**/*.sql: each file is a test, run by psql in a database of its own, and speaks TAP."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from _pytest.fixtures import TopRequest

from tools.sqitch import libpq_environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.database import Database

SECONDS = 60
ENVIRONMENT = {"PGOPTIONS": "-c search_path=tap,public", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
RESULT = re.compile(r"^(?P<not>not )?ok (?P<number>\d+)(?: - )?(?P<text>.*)$")
PLAN = re.compile(r"^1\.\.(\d+)$")


class TapError(Exception):
    """A file of tests that is not all ok; the message is what to show."""


@dataclass
class Tap:
    """What a stream of TAP says."""

    planned: int | None = None
    numbers: list[int] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @classmethod
    def parse(cls, output: str) -> Tap:
        tap = cls()
        failed = False
        for line in output.splitlines():
            if plan := PLAN.match(line):
                tap.planned = int(plan[1])
            elif result := RESULT.match(line):
                tap.numbers.append(int(result["number"]))
                failed = bool(result["not"]) or bool(re.search(r"# (SKIP|TODO)\b", line, re.IGNORECASE))
                if failed:
                    tap.failures.append(line)
            elif failed and line.startswith("#"):
                tap.failures.append(line)
        return tap

    def problems(self) -> list[str]:
        """Everything that keeps the file from counting as passed."""
        found = list(self.failures)
        if self.planned is None:
            found.append("no plan: the file has to begin with plan() or end with finish() after no_plan()")
        elif self.planned == 0 or self.planned != len(self.numbers):
            found.append(f"planned {self.planned} tests, ran {len(self.numbers)}")
        if self.numbers != list(range(1, len(self.numbers) + 1)):
            found.append(f"numbers out of order: {self.numbers}")
        return found


class TapFile(pytest.File):
    def collect(self) -> Iterator[pytest.Item]:
        yield TapItem.from_parent(self, name="pgtap")


class TapItem(pytest.Item):
    """Takes the fixture `db` the way pytest's own doctest items take theirs."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        fixtures = self.session._fixturemanager.getfixtureinfo(node=self, func=None, cls=None)
        self._fixtureinfo = fixtures
        self.fixturenames = fixtures.names_closure
        self.funcargs: dict[str, object] = {}
        self._request = TopRequest(self, _ispytest=True)  # type: ignore[arg-type]

    def setup(self) -> None:
        self._request._fillfixtures()
        self.funcargs["db"] = self._request.getfixturevalue("db")

    def runtest(self) -> None:
        db: Database = self._request.getfixturevalue("db")
        run(db.server.bin / "psql", db.dsn, self.path)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, TapError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Any, int | None, str]:
        return self.path, None, str(self.path.relative_to(self.config.rootpath))


def run(psql: Path, dsn: str, path: Path, seconds: float = SECONDS) -> None:
    """Run a file of tests; TapError says what is not ok in it."""
    try:
        result = subprocess.run(
            [psql, "-XAtq", "-v", "ON_ERROR_STOP=1", "-f", path],
            check=False,
            cwd=path.parent,
            env=libpq_environment(dsn) | ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
        )
    except subprocess.TimeoutExpired as hang:
        said = hang.stdout.decode(errors="replace").strip() if hang.stdout else "nothing"
        message = f"psql was still running after {seconds:.0f} s; it said:\n{said}"
        raise TapError(message) from None
    problems = Tap.parse(result.stdout).problems()
    if result.returncode != 0:
        problems.append(f"psql ended with {result.returncode}:\n{result.stderr.strip()}")
    if problems:
        raise TapError("\n".join(problems))
