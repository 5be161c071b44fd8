"""What the database holds in the end: read once, in one snapshot, after everything has healed and is over.

`collect` writes facts.jsonl, lines of {"table": …, "rows": […]}; `load` reads it. Times are microseconds since 1970 by
the clock of the database, amounts are text. It reads tables, so it wants the owner or a superuser.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from psycopg import IsolationLevel

from faultline.drill import history

if TYPE_CHECKING:
    from pathlib import Path

    import psycopg

    Connection = psycopg.Connection[tuple[Any, ...]]

FILE: Final = "facts.jsonl"
ROWS: Final = 2000  # of a line, and of a fetch
PASS: Final = 10_000  # what a pass of reconcile takes at most
PASSES: Final = 1000


class Job(NamedTuple):
    """A row of jobs_live or jobs_done."""

    job_id: int
    type: str
    queue: str
    state: str
    from_state: str | None  # of a finished one: what it was before
    attempt: int
    failures: int
    max_attempts: int
    key: str | None
    token: str | None
    result: Any
    error_type: str | None
    run_id: int | None
    task: str | None
    runner: str | None


class Event(NamedTuple):
    """A row of job_events about a job. `report` is what was refused, if the verb is stale."""

    event_id: int
    job_id: int
    attempt: int | None
    verb: str
    runner: str | None
    report: str | None
    outcome: str | None


class Key(NamedTuple):
    queue: str
    key: str
    job_id: int


class Transaction(NamedTuple):
    transaction_id: str
    kind: str
    state: str
    job_id: int
    job_state: str | None


class Effect(NamedTuple):
    transaction_id: str
    name: str
    key: str
    state: str
    attempt: int


class Entry(NamedTuple):
    entry_id: int
    transaction_id: str
    job_id: int
    attempt: int
    by_reconcile: bool = False
    """Made for an effect that had happened when its job was over, not by the attempt."""


class Posting(NamedTuple):
    entry_id: int
    account: str
    currency: str
    amount: str


class Balance(NamedTuple):
    """What account_balance says."""

    account: str
    currency: str
    amount: str


class Pass(NamedTuple):
    """What a pass of reconcile() moved when all was over."""

    number: int
    transaction_id: str
    from_state: str
    to_state: str


class Definition(NamedTuple):
    """A task of a version of a workflow, and what it needs."""

    workflow: str
    version: int
    task: str
    when: str
    needs: list[str]


class Run(NamedTuple):
    run_id: int
    workflow: str
    version: int
    state: str
    token: str | None
    key: str | None
    parent_run_id: int | None


class Task(NamedTuple):
    """A task of a run (item -1), or an element of a for_each."""

    run_id: int
    name: str
    item: int
    generation: int  # rises when resume_run tries it again
    state: str
    job_id: int | None
    child_run_id: int | None
    result: Any


class Schedule(NamedTuple):
    schedule: str
    every: int | None  # seconds
    cron: str | None
    timezone: str | None
    missed: str
    missed_window: int
    ticks_after: int
    starts_at: int | None
    ends_at: int | None
    paused_at: int | None


class Tick(NamedTuple):
    schedule: str
    tick_at: int
    kind: str
    outcome: str
    job_id: int | None
    run_id: int | None
    missed: int
    fired_at: int


class Finding(NamedTuple):
    """A row of verify()."""

    promise: int
    check: str
    subject: str
    detail: str


class Metric(NamedTuple):
    name: str
    labels: dict[str, str]
    value: float | None  # None: not a number


class About(NamedTuple):
    read_at: int
    server: str


@dataclass
class Facts:
    """All of it. The names of the members are those of the tables in facts.jsonl."""

    jobs: list[Job] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)
    transactions: list[Transaction] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    postings: list[Posting] = field(default_factory=list)
    balances: list[Balance] = field(default_factory=list)
    passes: list[Pass] = field(default_factory=list)
    definitions: list[Definition] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    schedules: list[Schedule] = field(default_factory=list)
    ticks: list[Tick] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    metrics: list[Metric] = field(default_factory=list)
    about: list[About] = field(default_factory=list)


KINDS: Final[dict[str, Any]] = {
    "jobs": Job, "events": Event, "keys": Key, "transactions": Transaction, "effects": Effect, "entries": Entry,
    "postings": Posting, "balances": Balance, "passes": Pass, "definitions": Definition, "runs": Run, "tasks": Task,
    "schedules": Schedule, "ticks": Tick, "findings": Finding, "metrics": Metric, "about": About,
}  # fmt: skip

QUERIES: Final = {
    "jobs": """
        select job_id, type, queue, state, null, attempt, failures, max_attempts, idempotency_key,
          coalesce(payload, (select p.payload from faultline.payloads p where p.job_id = j.job_id)) ->> 'token',
          null::jsonb, error ->> 'type', run_id, task, lease_owner::text
        from faultline.jobs_live j
        union all
        select job_id, type, queue, state, from_state, attempt, failures, max_attempts, idempotency_key,
          coalesce(payload, (select p.payload from faultline.payloads p where p.job_id = j.job_id)) ->> 'token',
          result, error ->> 'type', run_id, task, lease_owner::text
        from faultline.jobs_done j""",
    "events": """
        select event_id, job_id, attempt, verb, runner::text, detail ->> 'verb', detail ->> 'outcome'
        from faultline.job_events
        where job_id is not null
        order by event_id""",
    "keys": "select queue, key, job_id from faultline.idempotency_keys",
    "transactions": "select transaction_id, kind, state, job_id, job_state from faultline.transactions",
    "effects": "select transaction_id, name, key, state, attempt from faultline.effects",
    "entries": """
        select entry_id, transaction_id, job_id, attempt, coalesce(effect ->> 'settled_by' = 'reconcile', false)
        from faultline.ledger_entries
    """,
    "postings": "select entry_id, account, currency, amount::text from faultline.postings",
    "balances": """
        select account, currency, faultline.account_balance(account, currency)::text
        from faultline.account_balances""",
    "definitions": """
        select w.workflow, w.version, w.task, w.definition ->> 'when',
          array(select d.needs from faultline.task_dependencies d
                where (d.workflow, d.version, d.task) = (w.workflow, w.version, w.task) order by d.ordinal)
        from faultline.workflow_tasks w""",
    "runs": """
        select run_id, workflow, version, state, input ->> 'token', idempotency_key, parent_run_id
        from faultline.runs""",
    "tasks": "select run_id, name, item, generation, state, job_id, child_run_id, result from faultline.tasks",
    "schedules": """
        select schedule, every, cron, timezone, missed, (extract(epoch from missed_window) * 1000000)::bigint,
          (extract(epoch from ticks_after) * 1000000)::bigint, (extract(epoch from starts_at) * 1000000)::bigint,
          (extract(epoch from ends_at) * 1000000)::bigint, (extract(epoch from paused_at) * 1000000)::bigint
        from faultline.schedules
        where deleted_at is null""",
    "ticks": """
        select schedule, (extract(epoch from tick_at) * 1000000)::bigint, kind, outcome, job_id, run_id, missed,
          (extract(epoch from fired_at) * 1000000)::bigint
        from faultline.schedule_ticks
        order by schedule, tick_at""",
    "findings": "select promise, check_name, subject, detail from faultline.verify()",
    "metrics": "select name, labels, nullif(value, 'NaN') from faultline.metrics()",
    "about": """
        select (extract(epoch from pg_catalog.transaction_timestamp()) * 1000000)::bigint,
          pg_catalog.current_setting('server_version')""",
}
RECONCILE: Final = "select transaction_id, from_state, to_state from faultline.reconcile(%s)"


def collect(connection: Connection, directory: Path) -> None:
    """Let reconcile() run until it moves nothing, then write all that there is to DIR/facts.jsonl, in one snapshot.

    `connection` is not in a transaction; it is closed to others meanwhile.
    """
    passes: list[Any] = []
    for number in range(1, PASSES + 1):
        moved = connection.execute(RECONCILE, (PASS,)).fetchall()
        passes.extend((number, *row) for row in moved)
        if not moved:
            break
    connection.isolation_level = IsolationLevel.REPEATABLE_READ
    with (directory / FILE).open("w", encoding="utf-8") as file:

        def write(table: str, rows: list[Any]) -> None:
            file.write(json.dumps({"table": table, "rows": rows}, separators=(",", ":")) + "\n")

        write("passes", passes)
        with connection.transaction():
            for table, query in QUERIES.items():
                with connection.cursor(f"facts_{table}") as cursor:
                    cursor.execute(query)
                    while rows := cursor.fetchmany(ROWS):
                        write(table, rows)


def load(directory: Path) -> Facts:
    """The facts of a drill. Raises BadHistory for what can't be read."""
    facts = Facts()
    for number, line in history.lines(directory / FILE):
        try:
            table = line["table"]
            kind = KINDS[table]
            rows = [kind(*(_shared(row) if kind is Job else row)) for row in line["rows"]]
        except (KeyError, TypeError) as error:
            raise history.BadHistory(f"{FILE}:{number}: no line of facts: {error!r}") from None
        getattr(facts, table).extend(rows)
    if len(facts.about) != 1:
        raise history.BadHistory(f"{FILE}: it is not complete: collect() was cut off")
    return facts


def _shared(row: list[Any]) -> list[Any]:
    """The same row, with what many jobs have in common held once: half of the memory of a million."""
    return [
        sys.intern(member) if type(member) is str and len(member) < history.SHORT else history.shared(member)
        for member in row
    ]
