"""Jobs: made, looked at, followed, and what an operator does to them, one by one or many."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Depends, Query, Request
from starlette.responses import Response

from faultline.api import bodies, bulk, shapes
from faultline.api.answers import Json, dump
from faultline.api.bodies import Cursor, Id, IdempotencyKey, Limit, Names, one_key
from faultline.api.context import gateway
from faultline.api.events import MEDIA_TYPE, EventStream
from faultline.api.paging import answer, newest
from faultline.api.problems import Problem
from faultline.api.routing import BATCH_MOST, needs, routes

router = routes("jobs")

OVER: Final = frozenset({"succeeded", "failed", "cancelled", "discarded"})
ENQUEUE: Final = """
select e.job_id, e.created from faultline.enqueue_many(jsonb_build_array(%s::jsonb || %s::jsonb)) e
"""
_ENQUEUE_MANY: Final = """
select jsonb_build_object('jobs', jsonb_agg(to_jsonb(e) order by e.ordinal))::text, bool_or(e.created)
from faultline.enqueue_many(%s::jsonb -> 'jobs') e
"""
STATUS: Final = "select faultline.job_status(%s)::text"
_PROGRESS: Final = """
select (s.status - 'payload')::text, s.status ->> 'state'
from faultline.job_status(%s) as s (status)
where s.status is not null
"""
_JOB: Final = """
select (s.status || jsonb_build_object(
  'why', faultline.why(%(job)s) -> 'why',
  'events', coalesce((
    select jsonb_agg(jsonb_build_object(
      'at', e.at, 'verb', e.verb, 'attempt', e.attempt, 'actor', e.actor, 'detail', e.detail) order by e.event_id)
    from (select * from faultline.event_log l where l.job_id = %(job)s order by l.event_id desc limit 100) e
  ), '[]')))::text
from (select faultline.job_status(%(job)s) as status) s
where s.status is not null
"""
# A filter that isn't given is NULL, and its line goes when the query is planned. A page of big jobs ends early.
_LIST: Final = newest("""
    select to_jsonb(j)::text as document, j.job_id as id
    from faultline.jobs j
    where (%(states)s::text[] is null or j.state = any (%(states)s))
      and (%(queues)s::text[] is null or j.queue = any (%(queues)s))
      and (%(types)s::text[] is null or j.type = any (%(types)s))
      and (%(tags)s::text[] is null or j.tags @> %(tags)s)
      and (%(cursor)s::bigint is null or j.job_id < %(cursor)s)
    order by j.job_id desc""")

State = Annotated[list[shapes.JobState] | None, Query(description="In one of these states")]
Queue = Annotated[Names | None, Query(description="In one of these queues")]
Type = Annotated[Names | None, Query(description="Of one of these types")]
Tag = Annotated[Names | None, Query(description="With all of these tags")]
Body = Annotated[str, Depends(bodies.text)]


@router.post(
    "/jobs",
    status_code=201,
    response_model=shapes.Enqueued,
    responses={200: {"model": shapes.Enqueued, "description": "The job of this key was there already"}},
    openapi_extra=needs("enqueue"),
)
async def enqueue(request: Request, job: bodies.NewJob, body: Body, idempotency_key: IdempotencyKey = None) -> Response:
    """Make a job: 201, and it is in the database, on disk. With an idempotency key the same request again is 200."""
    key = one_key(request, idempotency_key, job.idempotency_key)
    added = dump({"idempotency_key": key} if key is not None else {})
    try:
        ((job_id, created),) = await gateway(request).rows(ENQUEUE, (body, added))
    except Problem as problem:
        # There is only one, and its place says nothing.
        problem.document["detail"] = str(problem.document["detail"]).removeprefix("job 1: ")
        raise
    return Json(dump({"job_id": job_id, "created": created}), 201 if created else 200)


@router.post(
    "/jobs/batch",
    status_code=201,
    response_model=shapes.EnqueuedMany,
    responses={200: {"model": shapes.EnqueuedMany, "description": "All of them were there already"}},
    openapi_extra=needs("enqueue", body_limit=BATCH_MOST),
)
async def enqueue_many(request: Request, jobs: bodies.NewJobs, body: Body) -> Response:  # noqa: ARG001 - checked
    """Make many jobs, all or none, at most 10 000. Each may have an idempotency key of its own."""
    if "idempotency-key" in request.headers:
        raise Problem("invalid-request", "the header Idempotency-Key is for one job: here each has a key of its own")
    ((document, created),) = await gateway(request).rows(_ENQUEUE_MANY, (body,))
    return Json(document, 201 if created else 200)


@router.get("/jobs", response_model=shapes.JobPage, openapi_extra=needs("read"))
async def list_jobs(
    request: Request,
    state: State = None,
    queue: Queue = None,
    type: Type = None,  # noqa: A002 - the name of the column
    tag: Tag = None,
    limit: Limit = bodies.PAGE,
    cursor: Cursor = None,
) -> Response:
    """Jobs, the newest first. A page has at most `limit` of them, or fewer if they are big."""
    parameters: dict[str, Any] = {
        "states": state or None,
        "queues": queue or None,
        "types": type or None,
        "tags": tag or None,
        "cursor": cursor,
        "limit": limit,
    }
    rows = await gateway(request).rows(_LIST, parameters)
    return answer("jobs", rows)


@router.post("/jobs/bulk", response_model=shapes.BulkOutcome, openapi_extra=needs("operate"))
async def change_many(request: Request, order: bodies.Bulk) -> Response:
    """Cancel, retry or discard the jobs of a filter, at most 1000. Nothing changes unless `dry_run` is false."""
    return Json(await bulk.carry_out(gateway(request), order))


@router.get("/jobs/{job_id:id}", response_model=shapes.Job, openapi_extra=needs("read"))
async def show(request: Request, job_id: Id) -> Response:
    """All there is about a job: its status, why it is where it is, and the last 100 things that happened to it."""
    return Json(found(await gateway(request).document(_JOB, {"job": job_id}), job_id))


@router.get("/jobs/{job_id:id}/status", response_model=shapes.JobStatus, openapi_extra=needs("read", "enqueue"))
async def status(request: Request, job_id: Id) -> Response:
    """One shape, whatever state the job is in."""
    return Json(found(await gateway(request).document(STATUS, (job_id,)), job_id))


@router.get(
    "/jobs/{job_id:id}/events",
    response_class=Response,
    responses={200: {"description": "Events: status, and end", "content": {MEDIA_TYPE: {}}}},
    openapi_extra=needs("read", "enqueue"),
)
async def follow(request: Request, job_id: Id) -> Response:
    """The job's status now and whenever it changes, without its payload, until it is over: server-sent events."""
    way = gateway(request)
    rows = await way.rows(_PROGRESS, (job_id,))
    if not rows:
        raise _missing(job_id)
    return EventStream(request, rows, lambda: way.rows(_PROGRESS, (job_id,)), OVER)


@router.post("/jobs/{job_id:id}/cancel", response_model=shapes.JobOutcome, openapi_extra=needs("operate"))
async def cancel(request: Request, job_id: Id) -> Response:
    """Cancel a queued job at once (`cancelled`), or ask the handler of a running one to stop (`requested`)."""
    return await _change(request, "select faultline.cancel_job(%s)", job_id)


@router.post("/jobs/{job_id:id}/retry", response_model=shapes.JobOutcome, openapi_extra=needs("operate"))
async def retry(request: Request, job_id: Id) -> Response:
    """Queue a dead letter again, with its full number of attempts."""
    return await _change(request, "select faultline.retry_job(%s)", job_id)


@router.post("/jobs/{job_id:id}/discard", response_model=shapes.JobOutcome, openapi_extra=needs("operate"))
async def discard(request: Request, job_id: Id) -> Response:
    """Put a dead letter away for good."""
    return await _change(request, "select faultline.discard_job(%s)", job_id)


async def _change(request: Request, query: Any, job_id: int) -> Response:
    outcome = await gateway(request).document(query, (job_id,))
    return Json(dump({"job_id": job_id, "outcome": outcome}))


def found(document: str | None, job_id: int) -> str:
    if document is None:
        raise _missing(job_id)
    return document


def _missing(job_id: int) -> Problem:
    hint = "It was never enqueued, or it finished so long ago that retention removed it."
    return Problem("not-found", f"there is no job {job_id}", code="FL005", hint=hint)
