"""The shapes of answers, for the documentation: what is sent is what the database wrote."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

JobState = Literal["queued", "running", "succeeded", "failed", "cancelled", "discarded"]
RunState = Literal["running", "succeeded", "failed", "cancelled"]
TaskState = Literal["waiting", "queued", "running", "succeeded", "failed", "skipped", "cancelled"]
TickOutcome = Literal["made", "skipped", "failed", "missed"]
TransactionState = Literal["INIT", "APPLIED", "RECONCILED", "FAILED"]
Document = dict[str, Any]


class Shape(BaseModel):
    model_config = ConfigDict(extra="allow")


class ProblemDocument(Shape):
    """RFC 9457. `code` is the SQLSTATE where the database refused, `errors` and `faults` name places."""

    type: str
    title: str
    status: int
    detail: str


class Enqueued(Shape):
    job_id: int
    created: bool


class EnqueuedOne(Enqueued):
    ordinal: int


class EnqueuedMany(Shape):
    jobs: list[EnqueuedOne]


class JobRow(Shape):
    job_id: int
    type: str
    queue: str
    state: JobState
    priority: int
    payload: Any
    result: Any
    error: Any
    attempt: int
    max_attempts: int
    tags: list[str]
    run_at: AwareDatetime
    created_at: AwareDatetime
    started_at: AwareDatetime | None
    finished_at: AwareDatetime | None
    lease_owner: str | None
    lease_expires_at: AwareDatetime | None
    idempotency_key: str | None
    run_id: int | None
    task: str | None


class JobStatus(JobRow):
    cancel_requested: bool


class JobEvent(Shape):
    at: AwareDatetime
    verb: str
    attempt: int | None
    actor: str
    detail: Document


class Job(JobStatus):
    why: str
    events: list[JobEvent]


class JobPage(Shape):
    jobs: list[JobRow]
    next: str | None


class JobOutcome(Shape):
    job_id: int
    outcome: Literal["cancelled", "requested", "queued", "discarded"]


class Refused(Shape):
    job_id: int
    code: str
    detail: str


class BulkOutcome(Shape):
    action: Literal["cancel", "retry", "discard"]
    dry_run: bool
    matching: int
    more: bool
    changed: list[JobOutcome]
    refused: list[Refused]
    sample: list[JobRow]


class WorkflowPut(Shape):
    workflow: str
    version: int


class WorkflowRow(Shape):
    workflow: str
    version: int
    tasks: int
    put_at: AwareDatetime
    description: str | None


class WorkflowPage(Shape):
    workflows: list[WorkflowRow]
    next: str | None


class WorkflowVersion(Shape):
    workflow: str
    version: int
    put_at: AwareDatetime
    spec: Document


class RunBegun(Shape):
    run_id: int


class RunRow(Shape):
    run_id: int
    workflow: str
    version: int
    state: RunState
    input: Document
    idempotency_key: str | None
    parent_run_id: int | None
    parent_task: str | None
    created_at: AwareDatetime
    finished_at: AwareDatetime | None


class RunPage(Shape):
    runs: list[RunRow]
    next: str | None


class Task(Shape):
    name: str
    state: TaskState
    job_id: int | None
    attempt: int | None
    result: Any
    error: Any


class Run(RunRow):
    tasks: list[Task]


class RunOutcome(Shape):
    run_id: int
    state: RunState


class Signalled(Shape):
    run_id: int
    signal: str


class Queue(Shape):
    queue: str
    paused: bool
    paused_note: str | None
    max_running: int | None
    max_attempts: int
    backoff: Document
    lease: str
    queued: int
    running: int
    failed: int


class QueuePage(Shape):
    queues: list[Queue]
    next: str | None


class QueuePaused(Shape):
    queue: str
    paused: bool


class ScheduleRow(Shape):
    schedule: str
    version: int
    description: str | None
    source: str | None
    cron: str | None
    timezone: str | None
    every: str | None
    type: str | None
    workflow: str | None
    missed: Literal["skip", "latest", "all"]
    overlap: Literal["allow", "skip"]
    paused_at: AwareDatetime | None
    paused_note: str | None
    starts_at: AwareDatetime | None
    ends_at: AwareDatetime | None
    created_at: AwareDatetime
    changed_at: AwareDatetime
    last_tick_at: AwareDatetime | None
    last_outcome: TickOutcome | None
    last_job_id: int | None
    last_run_id: int | None
    cursor: AwareDatetime
    missed_ticks: int
    forgotten_until: AwareDatetime | None


class SchedulePage(Shape):
    schedules: list[ScheduleRow]
    next: str | None


class Tick(Shape):
    tick_at: AwareDatetime
    kind: Literal["calendar", "backfill", "now"]
    outcome: TickOutcome
    job_id: int | None
    run_id: int | None
    state: JobState | RunState | None
    missed: int
    version: int
    fired_at: AwareDatetime
    detail: str | None


class Schedule(ScheduleRow):
    definition: Document
    ticks: list[Tick]


class SchedulePut(Shape):
    schedule: str
    version: int
    created: bool


class ScheduleDeleted(Shape):
    schedule: str
    deleted: bool


class SchedulePaused(Shape):
    schedule: str
    paused: bool


class ScheduleRun(Shape):
    schedule: str
    job_id: int | None
    run_id: int | None


class TickMade(ScheduleRun):
    tick_at: AwareDatetime
    created: bool


class TransactionRow(Shape):
    transaction_id: str
    kind: str
    state: TransactionState
    reason: str | None
    job_id: int
    job_state: str | None
    request: Document
    created_at: AwareDatetime
    settled_at: AwareDatetime | None


class Transaction(TransactionRow):
    entry: Document | None
    effects: list[Document]


class TransactionPage(Shape):
    transactions: list[TransactionRow]
    next: str | None


class TransactionSubmitted(Shape):
    transaction_id: str
    job_id: int


class Balance(Shape):
    account: str
    currency: str | None
    balance: float


class Health(Shape):
    status: Literal["ok"]


class Readiness(Shape):
    ready: bool
    database: str
    schema_version: str | None
    runners: int | None
