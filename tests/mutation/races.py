"""Modules of races, run by pytest in a child on a template of ours: a mutant, or the schema as it is."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psycopg
import pytest

from tests.support import database

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faultline.embedded import Server

ROOT: Final = Path(__file__).resolve().parents[2]
SECONDS: Final = 300.0
LOOK_SECONDS: Final = 0.02
LEFT: Final = "select datname from pg_database where datname ~ '^(races|test)_[0-9]+$'"
REACHED: Final = "select funcname from pg_stat_user_functions where schemaname = 'faultline'"


class _Lend:
    """Gives the fixtures of tests/conftest.py our server and template, and notes which test is red."""

    def __init__(self, server: Server, template: str) -> None:
        self._values = {"server": server, "template": template}
        self.failed: str | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest) -> object | None:
        value = self._values.get(fixturedef.argname)
        if value is not None:
            fixturedef.cached_result = (value, fixturedef.cache_key(request), None)  # type: ignore[arg-type]
        return value

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and self.failed is None:
            self.failed = report.nodeid


def run(paths: Sequence[str], server: Server, template: str, seconds: float) -> tuple[str | None, set[str]]:
    """The first red test, or None if all are green; and the functions that were called. A hang is red."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _work(paths, server, template, writing)
    os.close(writing)
    with os.fdopen(reading) as said:
        over = _wait(child, time.monotonic() + seconds)
        answer = said.read() if over else ""
    if not answer:
        _clean(server)
        return f"{paths[0]}: still running after {seconds:.0f} s", set()
    told = json.loads(answer)
    return told["failed"], set(told["reached"])


def _wait(child: int, deadline: float) -> bool:
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return False
        time.sleep(LOOK_SECONDS)
    return True


def _work(paths: Sequence[str], server: Server, template: str, writing: int) -> None:
    """In the child, which has no other way out than the end of this function."""
    try:
        reached: set[str] = set()
        drop = database.drop

        def look_and_drop(server: Server, name: str) -> None:
            with psycopg.connect(server.dsn(name), autocommit=True) as connection:
                reached.update(name for (name,) in connection.execute(REACHED))
            drop(server, name)

        database.drop = look_and_drop
        silence = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(silence, descriptor)
        lend = _Lend(server, template)
        options = ["-x", "-q", "-p", "no:cacheprovider", "-o", "timeout=60", "--rootdir", str(ROOT)]
        code = pytest.main([*options, *(str(ROOT / path) for path in paths)], plugins=[lend])
        failed = lend.failed or (None if code == pytest.ExitCode.OK else f"pytest ended with {code}")
        os.write(writing, json.dumps({"failed": failed, "reached": sorted(reached)}).encode())
    finally:
        os._exit(0)


def _clean(server: Server) -> None:
    """What a child left that did not come to its end."""
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        left = [name for (name,) in connection.execute(LEFT)]
    for name in left:
        database.drop(server, name)
