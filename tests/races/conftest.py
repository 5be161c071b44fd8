"""Jobs in a database of the test's own, and sessions that step."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.support.jobs import Jobs
from tests.support.stepping import Session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.database import Database
    from tests.support.scenarios import Open


@pytest.fixture
def jobs(db: Database) -> Jobs:
    return Jobs(db)


@pytest.fixture
def connect(db: Database) -> Iterator[Open]:
    """A function that opens a session, acting as the role given; all are closed after the test."""
    with ExitStack() as stack:

        def open_session(role: str | None = None) -> Session:
            return stack.enter_context(Session(db.dsn, role))

        yield open_session
