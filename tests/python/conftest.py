"""A database that the tests of a module share, where making one for each would take most of their time.

These tests are about Python, so a whole `make test` runs each of them on one version of PostgreSQL, but for the modules
that are marked with `every_version`: they are about what the database does.
"""

from __future__ import annotations

import itertools
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support import database

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faultline.embedded import Server
    from tests.support.database import Database
    from tests.support.statements import Statements

# The tables of the ledger refuse to be emptied, by triggers that a replica does not fire.
EMPTY = """
    begin;
    set local session_replication_role = replica;
    truncate faultline.jobs_live, faultline.jobs_done, faultline.payloads, faultline.job_events,
      faultline.idempotency_keys, faultline.queues, faultline.runners, faultline.transactions, faultline.effects,
      faultline.ledger_entries, faultline.postings, faultline.accounts, faultline.account_checkpoints,
      faultline.workflows, faultline.workflow_tasks, faultline.task_dependencies, faultline.runs, faultline.tasks,
      faultline.run_signals, faultline.schedules, faultline.schedule_ticks, faultline.api_tokens
      restart identity;
    update faultline.ledger_checkpoint set folded_to = 0, next_to = null, next_xid = null;
    commit
"""

_numbers = itertools.count(1)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents and not item.get_closest_marker("every_version"):
            item.add_marker("share")


@pytest.fixture(scope="module")
def shared(server: Server, template: str, counted: Statements) -> Iterator[Database]:
    with _clone(server, template, counted) as clone:
        yield clone


@pytest.fixture
def emptied(shared: Database) -> Iterator[Database]:
    """The database of the module, without a job in it. A module may call it `db`."""
    shared.execute(EMPTY)
    yield shared
    shared.close()


@pytest.fixture
def own(server: Server, template: str, counted: Statements) -> Iterator[Database]:
    """A database of a test's own, for one that changes more than rows."""
    with _clone(server, template, counted) as clone:
        yield clone


@contextmanager
def _clone(server: Server, template: str, counted: Statements) -> Iterator[Database]:
    name = f"python_{next(_numbers)}"
    database.create(server, name, template=template)
    clone = database.Database(server, name)
    try:
        yield clone
    finally:
        clone.close()
        if counted.functions:
            counted.take(clone.dsn)
        database.drop(server, name)
