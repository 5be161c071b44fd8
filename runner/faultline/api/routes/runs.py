"""Runs of workflows: looked at, followed, resumed, cancelled, given signals."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Depends, Query, Request
from starlette.responses import Response

from faultline.api import bodies, shapes
from faultline.api.answers import Json, dump
from faultline.api.bodies import Cursor, Id, InPath, Limit, Names
from faultline.api.context import gateway
from faultline.api.events import MEDIA_TYPE, EventStream
from faultline.api.paging import answer, newest
from faultline.api.problems import Problem
from faultline.api.routing import needs, routes

router = routes("runs")

OVER: Final = frozenset({"succeeded", "failed", "cancelled"})
_LIST: Final = newest("""
    select to_jsonb(r)::text as document, r.run_id as id
    from faultline.run_log r
    where (%(workflows)s::text[] is null or r.workflow = any (%(workflows)s))
      and (%(states)s::text[] is null or r.state = any (%(states)s))
      and (%(cursor)s::bigint is null or r.run_id < %(cursor)s)
    order by r.run_id desc""")
_STATUS: Final = "select faultline.run_status(%s)::text"
# A run may have 20 000 tasks: how many are in which state is what can be looked at again and again.
_PROGRESS: Final = """
select jsonb_build_object(
  'run_id', r.run_id, 'workflow', r.workflow, 'version', r.version, 'state', r.state, 'created_at', r.created_at,
  'finished_at', r.finished_at,
  'tasks', (
    select jsonb_object_agg(t.state, t.n)
    from (select t.state, count(*) as n from faultline.task_log t where t.run_id = r.run_id group by t.state) t))::text,
  r.state
from faultline.run_log r
where r.run_id = %s
"""
_SIGNAL: Final = "select faultline.signal_run(%(run)s, %(name)s, %(body)s::jsonb -> 'payload')"


@router.get("/runs", response_model=shapes.RunPage, openapi_extra=needs("read"))
async def list_runs(
    request: Request,
    workflow: Annotated[Names | None, Query(description="Of one of these workflows")] = None,
    state: Annotated[list[shapes.RunState] | None, Query(description="In one of these states")] = None,
    limit: Limit = bodies.PAGE,
    cursor: Cursor = None,
) -> Response:
    """Runs, the newest first. A page has at most `limit` of them, or fewer if they are big."""
    parameters = {"workflows": workflow or None, "states": state or None, "cursor": cursor, "limit": limit}
    rows = await gateway(request).rows(_LIST, parameters)
    return answer("runs", rows)


@router.get("/runs/{run_id:id}", response_model=shapes.Run, openapi_extra=needs("read", "enqueue"))
async def status(request: Request, run_id: Id) -> Response:
    """A run and its tasks, in the order in which they can run."""
    return Json(_found(await gateway(request).document(_STATUS, (run_id,)), run_id))


@router.get(
    "/runs/{run_id:id}/events",
    response_class=Response,
    responses={200: {"description": "Events: status, and end", "content": {MEDIA_TYPE: {}}}},
    openapi_extra=needs("read"),
)
async def follow(request: Request, run_id: Id) -> Response:
    """The run's state and how many tasks are in which, now and whenever that changes, until it is over."""
    way = gateway(request)
    rows = await way.rows(_PROGRESS, (run_id,))
    if not rows:
        raise _missing(run_id)
    return EventStream(request, rows, lambda: way.rows(_PROGRESS, (run_id,)), OVER)


@router.post("/runs/{run_id:id}/resume", response_model=shapes.RunOutcome, openapi_extra=needs("operate"))
async def resume(request: Request, run_id: Id) -> Response:
    """Run again what failed or was cancelled, and what was skipped for that; keep what succeeded."""
    return await _change(request, "select faultline.resume_run(%s)", run_id)


@router.post("/runs/{run_id:id}/cancel", response_model=shapes.RunOutcome, openapi_extra=needs("operate"))
async def cancel(request: Request, run_id: Id) -> Response:
    """Cancel a run at once: what waits never starts, what runs is told to stop."""
    return await _change(request, "select faultline.cancel_run(%s)", run_id)


@router.post("/runs/{run_id:id}/signals/{name}", response_model=shapes.Signalled, openapi_extra=needs("enqueue"))
async def signal(
    request: Request,
    run_id: Id,
    name: InPath,
    body: Annotated[str, Depends(bodies.text)],
    order: bodies.Signal | None = None,  # noqa: ARG001 - checked
) -> Response:
    """Give a run the signal that a task of it waits for, or will. The payload, any JSON, is the result of that task."""
    await gateway(request).rows(_SIGNAL, {"run": run_id, "name": name, "body": body or "{}"})
    return Json(dump({"run_id": run_id, "signal": name}))


async def _change(request: Request, query: Any, run_id: int) -> Response:
    state = await gateway(request).document(query, (run_id,))
    return Json(dump({"run_id": run_id, "state": state}))


def _found(document: str | None, run_id: int) -> str:
    if document is None:
        raise _missing(run_id)
    return document


def _missing(run_id: int) -> Problem:
    return Problem("not-found", f"there is no run {run_id}", code="FL005")
