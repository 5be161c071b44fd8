"""The server, the template and a database a test; a skipped test is a failed one."""

from __future__ import annotations

import itertools
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from faultline.embedded import Server
from tests.support import database, pgtap, statements
from tests.support import template as templates
from tests.support.share import share

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

COUNTED = pytest.StashKey[statements.Statements]()

# A shell that runs this in the background has them ignored, and so would have whom we start.
for number in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)

# What a busy machine takes longer for is not wrong.
settings.register_profile("faultline", deadline=None, print_blob=True)
settings.load_profile("faultline")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if file_path.suffix == ".sql" and Path(__file__).parent / "sql" in file_path.parents:
        return pgtap.TapFile.from_parent(parent, path=file_path)
    return None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With FAULTLINE_TESTS=server, only what runs on our server; with FAULTLINE_TESTS=rest, only what doesn't.

    Of the tests that are marked with `share` and run on it, those that are this version's: see tests/support/share.py.
    """
    dealt = [item for item in items if item.get_closest_marker("share") and _on_our_server(item)]
    for item in dealt:
        if isinstance(item, pytest.Function) and vars(item.module).get("share") is share:
            raise pytest.UsageError(f"{item.nodeid} is dealt out already: what its module shares would run nowhere")
    # By name: where cases come out of a set, their order is another in each run.
    dealt.sort(key=lambda item: item.nodeid)
    rest = set(dealt) - set(share(dealt))
    if which := os.environ.get("FAULTLINE_TESTS"):
        rest |= {item for item in items if _on_our_server(item) != (which == "server")}
    if rest:
        config.hook.pytest_deselected(items=[item for item in items if item in rest])
        items[:] = [item for item in items if item not in rest]


def _on_our_server(item: pytest.Item) -> bool:
    return isinstance(item, pgtap.TapItem) or "server" in getattr(item, "fixturenames", ())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that didn't run proves nothing: skips and expected failures fail."""
    report = yield
    if report.skipped or hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped or expected to fail, which counts as failed: {report.longrepr}"
        vars(report).pop("wasxfail", None)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if report.skipped:
        report.outcome = "failed"
        report.longrepr = f"a module that is skipped counts as failed: {report.longrepr}"
    return report


def pytest_report_header() -> str:
    return f"PostgreSQL {Server().version_text}"


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """FAULTLINE_STATEMENTS names a file for how often each statement was run: see tests/support/statements.py."""
    counted = session.config.stash.get(COUNTED, statements.Statements())
    path = os.environ.get("FAULTLINE_STATEMENTS")
    if path and counted.functions:
        counted.save(Path(path))


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A server without fsync; FAULTLINE_PG_BIN chooses which. It counts statements if it can."""
    counting = statements.CONFIG if statements.available(Server()) else {}
    with Server(fsync=False, config=templates.CONFIG | counting) as started:
        templates.make_deployer(started)
        yield started


@pytest.fixture(scope="session")
def counted(pytestconfig: pytest.Config) -> statements.Statements:
    """How often each statement of our functions has run; empty where the server can't count."""
    return pytestconfig.stash.setdefault(COUNTED, statements.Statements())


@pytest.fixture(scope="session")
def template(server: Server, counted: statements.Statements) -> str:
    """The schema as Sqitch deploys it, by somebody who is no superuser; and pgTAP, in the schema tap."""
    name = templates.make(server)
    if statements.available(server):
        counted.begin(server.dsn(name))
    return name


@pytest.fixture
def db(server: Server, template: str, counted: statements.Statements) -> Iterator[database.Database]:
    """A clone of the template, for one test."""
    name = f"test_{next(_numbers)}"
    database.create(server, name, template=template)
    test_database = database.Database(server, name)
    try:
        yield test_database
    finally:
        test_database.close()
        if counted.functions:
            counted.take(test_database.dsn)
        database.drop(server, name)


_numbers = itertools.count(1)
