"""Jobs in the state a test wants them in, and what has to hold of all jobs whatever happened to them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.support.database import Database

ALICE = UUID("00000000-0000-4000-8000-00000000000a")
BOB = UUID("00000000-0000-4000-8000-00000000000b")
BELL_CLASS = 1181838444

CLAIM = "select job_id, attempt from faultline.claim_job(%s, %s, %s, %s::interval)"
PLACES = """
    select place, state, attempt, failures
    from (
      select 'live' as place, job_id, state, attempt, failures from faultline.jobs_live
      union all
      select 'done', job_id, state, attempt, failures from faultline.jobs_done
    ) j
    where job_id = %s
"""
LEASE_LEFT = """
    select extract(epoch from lease_expires_at - clock_timestamp())::float8
    from faultline.jobs_live
    where job_id = %s
"""
IN_TWO_PLACES = """
    select job_id
    from (select job_id from faultline.jobs_live union all select job_id from faultline.jobs_done) j
    group by job_id
    having count(*) > 1
"""
ADVISORY_LOCKS = """
    select l.classid, l.objid, l.mode
    from pg_locks l join pg_database d on d.oid = l.database
    where l.locktype = 'advisory' and d.datname = current_database()
"""


class Shape(NamedTuple):
    """What the races are about."""

    state: str
    attempt: int
    failures: int


class Jobs:
    """Makes jobs, and looks at them, in a committed transaction each."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def queued(self, queue: str = "default", **options: Any) -> int:
        names = "".join(f", {name} => %s" for name in options)
        values = [json.dumps(value) if isinstance(value, dict) else value for value in options.values()]
        job: int = self.db.scalar(f"select faultline.enqueue('work', queue => %s{names})", queue, *values)
        return job

    def claim(self, queue: str = "default", runner: UUID = ALICE, batch: int = 1) -> list[tuple[int, int]]:
        return [(job, attempt) for job, attempt in self.db.rows(CLAIM, queue, runner, batch, "1 hour")]

    def running(self, queue: str = "default", runner: UUID = ALICE, **options: Any) -> int:
        """A job of its own, at attempt 1; nothing else may be claimable in the queue."""
        job = self.queued(queue, **options)
        assert self.claim(queue, runner) == [(job, 1)]
        return job

    def many_running(self, count: int, queue: str = "default", runner: UUID = ALICE) -> list[int]:
        for _ in range(count):
            self.queued(queue)
        claimed = self.claim(queue, runner, count)
        assert [attempt for _, attempt in claimed] == [1] * count
        return [job for job, _ in claimed]

    def expired(self, queue: str = "default", runner: UUID = ALICE, **options: Any) -> int:
        """A running job whose lease has passed, and which nobody has reaped."""
        job = self.running(queue, runner, **options)
        self.expire(job)
        return job

    def dead(self, queue: str = "default", **options: Any) -> int:
        """A dead letter: attempt 1 failed for good."""
        job = self.running(queue, **options)
        assert self.db.scalar("select faultline.fail_job(%s, 1, '{}', false)", job) == "ok"
        return job

    def expire(self, *jobs: int) -> None:
        """Move deadlines into the past, in the order given."""
        for place, job in enumerate(jobs):
            age = f"{len(jobs) - place} seconds"
            self.db.execute(
                "update faultline.jobs_live set lease_expires_at = clock_timestamp() - %s::interval where job_id = %s",
                age,
                job,
            )

    def expire_key(self, key: str, queue: str = "default") -> None:
        self.db.execute(
            "update faultline.idempotency_keys set expires_at = clock_timestamp() - interval '1 second' "
            "where queue = %s and key = %s",
            queue,
            key,
        )

    def make_ready(self, job: int) -> None:
        """Let the time pass for which a queued job waits."""
        self.db.execute("update faultline.jobs_live set ready_at = clock_timestamp() where job_id = %s", job)

    def shape(self, job: int) -> Shape:
        """The one place in which the job is."""
        rows = self.db.rows(PLACES, job)
        assert len(rows) == 1, f"job {job} is in {len(rows)} places: {rows}"
        return Shape(*rows[0][1:])

    def events(self, job: int) -> list[tuple[int, str]]:
        """What was recorded of it: (attempt, verb), in order."""
        return [
            (attempt, verb)
            for attempt, verb in self.db.rows(
                "select attempt, verb from faultline.job_events where job_id = %s order by event_id", job
            )
        ]

    def lease_left(self, job: int) -> float:
        """Seconds until its deadline, negative when that has passed."""
        left: float = self.db.scalar(LEASE_LEFT, job)
        return left

    def advisory_locks(self) -> Sequence[tuple[Any, ...]]:
        return self.db.rows(ADVISORY_LOCKS)

    def assert_sound(self) -> None:
        """No promise is broken, every job is in exactly one place, and nobody left a lock behind."""
        assert self.db.rows("select * from faultline.verify()") == []
        assert self.db.rows(IN_TWO_PLACES) == []
        assert self.advisory_locks() == []
