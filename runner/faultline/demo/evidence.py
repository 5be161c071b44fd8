"""What happened, as the database, the system and the exit codes tell it; nothing here knows what was intended."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from faultline.demo.processes import QUEUE

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[tuple[Any, ...]]

Attempt = tuple[int, int]  # job_id, attempt
REPORTS: Final = ("complete", "fail", "release", "snooze", "cancelled")  # how an attempt ended

COUNTS: Final = """
select (select count(*) from faultline.jobs_done where queue = %(queue)s),
       (select count(*) from faultline.jobs_live where queue = %(queue)s and state <> 'failed'),
       (select count(*) from faultline.jobs_live where queue = %(queue)s and state = 'failed')
"""
RUNNER: Final = "select runner::text from faultline.runner_overview where pid = %s order by started_at desc limit 1"
HELD: Final = "select job_id, attempt from faultline.jobs where lease_owner = %s and state = 'running'"
EXPIRED: Final = """
select count(*)
from unnest(%(job_ids)s::bigint[], %(attempts)s::int[]) h (job_id, attempt)
join faultline.event_log e on e.job_id = h.job_id and e.attempt = h.attempt
where e.verb = 'expire'
"""
REFUSED: Final = """
select count(*)
from unnest(%(job_ids)s::bigint[], %(attempts)s::int[]) h (job_id, attempt)
join faultline.event_log e on e.job_id = h.job_id and e.attempt = h.attempt
where e.verb = 'stale' and e.detail ->> 'verb' = any (%(reports)s)
"""
JOBS: Final = (
    "select job_id, payload ->> 'file', state, attempt, coalesce(result, '{}') from faultline.jobs where queue = %s"
)
EVENTS: Final = """
select job_id, attempt, verb, runner::text, coalesce(detail ->> 'verb', '')
from faultline.event_log
where job_id is not null
order by event_id
"""
DONE_ROWS: Final = "select job_id, count(*) from faultline.jobs_done where queue = %s group by job_id"
VIOLATIONS: Final = "select check_name, subject, detail from faultline.verify()"


@dataclass(frozen=True)
class Counts:
    done: int
    unfinished: int
    failed: int

    def __str__(self) -> str:
        return f"{self.done} done, {self.unfinished} unfinished, {self.failed} failed"


@dataclass(frozen=True)
class Event:
    job_id: int
    attempt: int
    verb: str
    runner: str | None
    refused: str  # what a stale report wanted

    @property
    def of(self) -> Attempt:
        return self.job_id, self.attempt


@dataclass(frozen=True)
class Row:
    job_id: int
    file: str
    state: str
    attempt: int
    result: dict[str, Any]


@dataclass
class Fault:
    """A runner to which something was done, and the attempts that it held at that moment, read from the database."""

    name: str
    pid: int
    runner: str
    held: frozenset[Attempt]
    exit_code: int | None = None
    state: str = ""  # as the system shows it after SIGSTOP
    state_before_waking: str = ""
    since: float = 0.0
    seconds: float = 0.0


@dataclass
class Evidence:
    enqueued: dict[str, int]  # file → job id, as enqueue_many answered
    killed: Fault
    frozen: Fault
    exit_codes: dict[str, int]  # of the runners that were left
    rows: list[Row] = field(default_factory=list)
    done_rows: dict[int, int] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    violations: list[tuple[str, str, str]] = field(default_factory=list)

    def collect(self, connection: Connection) -> None:
        self.rows = [Row(*row) for row in connection.execute(JOBS, (QUEUE,))]
        self.done_rows = dict(connection.execute(DONE_ROWS, (QUEUE,)).fetchall())
        self.events = [Event(*row) for row in connection.execute(EVENTS)]
        self.violations = [(row[0], row[1], row[2]) for row in connection.execute(VIOLATIONS)]

    def expired(self, attempts: frozenset[Attempt] | None = None) -> set[Attempt]:
        """Attempts whose lease ran out."""
        return {e.of for e in self.events if e.verb == "expire" and (attempts is None or e.of in attempts)}

    def recovered(self, attempts: frozenset[Attempt] | None = None) -> set[Attempt]:
        """Those of them whose job succeeded in a later attempt."""
        succeeded = {row.job_id: row.attempt for row in self.rows if row.state == "succeeded"}
        return {of for of in self.expired(attempts) if succeeded.get(of[0], 0) > of[1]}

    def refused(self, attempts: frozenset[Attempt] | None = None) -> list[Event]:
        """Reports of how an attempt ended that came too late and changed nothing."""
        return [
            e
            for e in self.events
            if e.verb == "stale" and e.refused in REPORTS and (attempts is None or e.of in attempts)
        ]

    def refused_verbs(self, attempts: frozenset[Attempt] | None = None) -> dict[str, int]:
        """What the refused reports wanted: so many complete, release, …"""
        return dict(Counter(event.refused for event in self.refused(attempts)))

    @property
    def attempts(self) -> int:
        return sum(row.attempt for row in self.rows)

    @property
    def retries(self) -> int:
        """Attempts that had to follow one whose lease ran out or whose handler failed."""
        return sum(event.verb in {"expire", "fail"} for event in self.events)

    @property
    def given_back(self) -> int:
        """Attempts that ended before they began: claimed ahead, and left to whoever had time."""
        return sum(event.verb in {"release", "snooze"} for event in self.events)


def pairs(attempts: frozenset[Attempt]) -> dict[str, Any]:
    """The attempts as parameters of EXPIRED and REFUSED."""
    ordered = sorted(attempts)
    return {
        "job_ids": [job_id for job_id, _ in ordered],
        "attempts": [attempt for _, attempt in ordered],
        "reports": list(REPORTS),
    }
