"""Jobs, and sessions that step. The tests of a module share a database, and each finds it empty."""

from __future__ import annotations

import itertools
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.support import database
from tests.support.jobs import Jobs
from tests.support.ledger import EMPTY_LEDGER, Ledger
from tests.support.stepping import Session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faultline.embedded import Server
    from tests.support.database import Database
    from tests.support.scenarios import Open
    from tests.support.statements import Statements

EMPTY = """
    drop schema public cascade;
    create schema public;
    grant usage on schema public to public;
    delete from faultline.jobs_live;
    truncate faultline.workflows, faultline.workflow_tasks, faultline.task_dependencies, faultline.runs,
      faultline.tasks, faultline.run_signals restart identity;
    delete from faultline.jobs_done;
    delete from faultline.payloads;
    delete from faultline.job_events;
    delete from faultline.idempotency_keys;
    delete from faultline.queues;
    delete from faultline.runners;
    alter sequence faultline.jobs_live_job_id_seq restart;
"""
EMPTY_SCHEDULES = """
    set session_replication_role = replica;
    delete from faultline.schedule_ticks;
    delete from faultline.schedules;
    set session_replication_role = origin;
"""
EMPTY += EMPTY_LEDGER + EMPTY_SCHEDULES

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def shared(server: Server, template: str, counted: Statements) -> Iterator[Database]:
    with _clone(server, template, counted) as clone:
        yield clone


@pytest.fixture
def db(request: pytest.FixtureRequest, server: Server, template: str, counted: Statements) -> Iterator[Database]:
    """A module that says OWN_DATABASES = True gets a clone for each test: it changes more than rows."""
    if getattr(request.module, "OWN_DATABASES", False):
        with _clone(server, template, counted) as clone:
            yield clone
        return
    shared: Database = request.getfixturevalue("shared")
    shared.execute(EMPTY)
    yield shared
    shared.close()


@pytest.fixture
def own_db(server: Server, template: str, counted: Statements) -> Iterator[Database]:
    """A clone of its own, for one test of a module that shares one otherwise."""
    with _clone(server, template, counted) as clone:
        yield clone


@pytest.fixture
def jobs(db: Database) -> Jobs:
    return Jobs(db)


@pytest.fixture
def ledger(db: Database) -> Ledger:
    return Ledger(db)


@pytest.fixture
def connect(db: Database) -> Iterator[Open]:
    """A function that opens a session, acting as the role given; all are closed after the test."""
    with ExitStack() as stack:

        def open_session(role: str | None = None) -> Session:
            return stack.enter_context(Session(db.dsn, role))

        yield open_session


@contextmanager
def _clone(server: Server, template: str, counted: Statements) -> Iterator[Database]:
    name = f"races_{next(_numbers)}"
    database.create(server, name, template=template)
    clone = database.Database(server, name)
    try:
        yield clone
    finally:
        clone.close()
        if counted.functions:
            counted.take(clone.dsn)
        database.drop(server, name)
