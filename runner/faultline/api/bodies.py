"""What requests may say. The database judges again: here is what a schema can express, and no field that is unknown.

The text of a body goes to the database as it came, so that no number in a payload is rounded on its way.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Header, Path, Query, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from faultline.api.problems import Problem
from faultline.tokens import HIGHEST_ID

NAME = r"^[A-Za-z0-9_.:-]{1,128}$"
KEY = r"^[!-~]([ -~]{0,253}[!-~])?$"
DURATION = r"^[0-9]{1,9}(\.[0-9]{1,6})?(ms|s|m|h|d)$"
YEAR = 366 * 86_400
PAGE = 50
PAGE_MOST = 200

Name = Annotated[str, Field(pattern=NAME)]
Names = Annotated[list[Name], Field(max_length=32)]
Duration = Annotated[str, Field(pattern=DURATION, examples=["30s"])]
Seconds = Annotated[float, Field(ge=0, le=YEAR)]
Moment = Annotated[AwareDatetime, Field(strict=False)]
Id = Annotated[int, Path(ge=1, le=HIGHEST_ID)]
InPath = Annotated[str, Path(pattern=NAME)]
Key = Annotated[str, Field(min_length=1, max_length=255)]
Document = dict[str, Any]
Limit = Annotated[int, Query(ge=1, le=PAGE_MOST, description="At most so many")]
Cursor = Annotated[int | None, Query(ge=1, le=HIGHEST_ID, description="`next` of the page before")]
NameCursor = Annotated[Name | None, Query(description="`next` of the page before")]
IdempotencyKey = Annotated[str | None, Header(pattern=KEY, description="The same as idempotency_key in the body")]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Backoff(Strict):
    kind: Literal["exponential", "fixed"] | None = None
    delay: Duration | None = None
    max_delay: Duration | None = None
    jitter: Annotated[float, Field(ge=0, le=1)] | None = None


class JobOptions(Strict):
    queue: Name | None = None
    run_at: Moment | None = None
    priority: Annotated[int, Field(ge=1, le=4)] | None = None
    max_attempts: Annotated[int, Field(ge=1, le=100)] | None = None
    backoff: Backoff | None = None
    timeout: Duration | None = None
    tags: Names | None = None
    headers: Document | None = None


class NewJob(JobOptions):
    type: Name
    payload: Document | None = None
    idempotency_key: Key | None = None
    idempotency_ttl: Duration | None = None


class NewJobs(Strict):
    jobs: Annotated[list[NewJob], Field(min_length=1, max_length=10_000)]


class NewTransaction(JobOptions):
    transaction_id: Key
    kind: Name
    request: Document | None = None


class Failure(Strict):
    reason: Annotated[str, Field(min_length=1, max_length=1000)]


class Answer(Strict):
    """With `response`: what the outside said, to be kept with the effect."""

    outcome: Literal["APPLIED", "ABSENT"]
    response: Any = None


class Filter(Strict):
    """At least one of them."""

    state: Annotated[list[Literal["queued", "running", "failed"]], Field(min_length=1)] | None = None
    queue: Annotated[Names, Field(min_length=1)] | None = None
    type: Annotated[Names, Field(min_length=1)] | None = None
    tag: Annotated[Names, Field(min_length=1, description="With all of these tags")] | None = None


class Bulk(Strict):
    """What to do to the jobs of a filter, the oldest first; without `"dry_run": false` only what would be done."""

    action: Literal["cancel", "retry", "discard"]
    filter: Filter
    limit: Annotated[int, Field(ge=1, le=1000)] = 1000
    dry_run: bool = True


class YamlDocument(Strict):
    yaml: str


class Trigger(Strict):
    input: Document | None = None
    idempotency_key: Key | None = None
    headers: Document | None = None


class Signal(Strict):
    payload: Any = None


class Pause(Strict):
    note: Annotated[str, Field(max_length=1000)] | None = None


class ScheduleDefinition(Strict):
    """`cron` with `timezone`, or `every`; `type` or `workflow`. Durations may be seconds, as they are shown."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"every": "30s", "type": "sweep", "missed": "skip", "overlap": "skip"},
                {"cron": "0 9 * * 1-5", "timezone": "Europe/Berlin", "type": "report", "payload": {"table": "orders"}},
            ]
        }
    )

    name: Name | None = None
    description: Annotated[str, Field(max_length=1000)] | None = None
    source: Name | None = None
    cron: Annotated[str, Field(max_length=255, examples=["0 9 * * 1-5"])] | None = None
    timezone: Annotated[str, Field(max_length=255, examples=["Europe/Berlin"])] | None = None
    every: Duration | Seconds | None = None
    type: Name | None = None
    payload: Document | None = None
    queue: Name | None = None
    priority: Annotated[int, Field(ge=1, le=4)] | None = None
    max_attempts: Annotated[int, Field(ge=1, le=100)] | None = None
    backoff: Backoff | None = None
    timeout: Duration | Seconds | None = None
    tags: Names | None = None
    headers: Document | None = None
    workflow: Name | None = None
    input: Document | None = None
    missed: Literal["skip", "latest", "all"] | None = None
    missed_window: Duration | Seconds | None = None
    missed_limit: Annotated[int, Field(ge=1, le=1000)] | None = None
    overlap: Literal["allow", "skip"] | None = None
    jitter: Duration | Seconds | None = None
    starts_at: Moment | None = None
    ends_at: Moment | None = None


class Backfill(Strict):
    """A tick as the calendar has it. With `version` only if the schedule is still at that one."""

    tick_at: Moment
    version: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None


class QueueSettings(Strict):
    """A setting that is null goes back to the default, one that is missing stays."""

    max_running: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    max_attempts: Annotated[int, Field(ge=1, le=100)] | None = None
    backoff: Backoff | None = None
    lease: Duration | None = None


async def text(request: Request) -> str:
    """The body, as it came; it is known to be UTF-8."""
    return (await request.body()).decode()


def one_key(request: Request, header: str | None, body: str | None) -> str | None:
    """The idempotency key, wherever it stands."""
    if len(request.headers.getlist("idempotency-key")) > 1:
        raise Problem("invalid-request", "there is more than one header Idempotency-Key")
    if header is not None and body is not None and header != body:
        raise Problem("invalid-request", "the header Idempotency-Key and idempotency_key of the body are not the same")
    return header if header is not None else body
