"""What producers and runners do to a queue, in the amounts that tests of the hot path need."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import psycopg

if TYPE_CHECKING:
    from tests.support.database import Database

MANY = """
    select count(*)
    from generate_series(1, %s, 10000) as first,
      faultline.enqueue_many((
        select jsonb_agg(jsonb_build_object('type', 'work', 'queue', %s::text, 'payload', jsonb_build_object('n', n),
                                            'run_at', %s::text))
        from generate_series(first, least(%s, first + 9999)) as n))
"""


def enqueue(db: Database, count: int, queue: str = "q", run_at: str | None = None) -> None:
    assert db.scalar(MANY, count, queue, run_at, count) == count


class Runner:
    """One connection that claims and completes as a runner does, with the floor token or without."""

    def __init__(self, db: Database, queue: str = "q", *, floor: bool = True) -> None:
        self.connection: psycopg.Connection[Any] = db.connect()
        self.id = uuid.uuid4()
        self.queue = queue
        self.floor = floor
        self.token: str | None = None

    def advance(self) -> None:
        """Twice: the first call reads a time, the second proves it."""
        if self.floor:
            for _ in range(2):
                self.token = self._scalar("select faultline.advance_floor(array[%s], %s)", self.queue, self.token)

    def claim(self, batch: int, lease: str = "1 hour") -> list[tuple[int, int]]:
        return self.connection.execute(
            "select job_id, attempt from faultline.claim_jobs(array[%s], %s, %s, %s, %s)",
            (self.queue, self.id, batch, lease, self.token),
        ).fetchall()

    def complete(self, claimed: list[tuple[int, int]]) -> None:
        ids, attempts = [job for job, _ in claimed], [attempt for _, attempt in claimed]
        verdicts = self.connection.execute(
            "select verdict from faultline.complete_jobs(%s, %s)", (ids, attempts)
        ).fetchall()
        assert verdicts == [("ok",)] * len(claimed)

    def drain(self, count: int, batch: int = 500, lease: str = "1 hour") -> None:
        """Claim and complete so many jobs, moving the floor every few thousand."""
        for done in range(0, count, batch):
            if done % 5000 == 0:
                self.advance()
            claimed = self.claim(min(batch, count - done), lease)
            assert len(claimed) == min(batch, count - done)
            self.complete(claimed)
        self.advance()

    def _scalar(self, query: str, *arguments: object) -> Any:
        row = self.connection.execute(query.encode(), arguments).fetchone()
        assert row is not None
        return row[0]


def old_snapshot(db: Database) -> psycopg.Connection[Any]:
    """A session that reads the database as it is now, until it is closed."""
    holder = db.connect()
    holder.execute("begin isolation level repeatable read")
    holder.execute("select count(*) from faultline.settings")
    return holder
