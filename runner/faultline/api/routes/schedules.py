"""Schedules: put and deleted, looked at, and what an operator does to them."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Query, Request
from starlette.responses import Response

from faultline.api import bodies, shapes
from faultline.api.answers import Json, dump
from faultline.api.bodies import InPath, Limit, NameCursor
from faultline.api.context import gateway
from faultline.api.paging import by_name
from faultline.api.problems import Problem
from faultline.api.routing import needs, routes

router = routes("schedules")

TICKS: Final = 10
_LIST: Final = """
select (to_jsonb(l) - 'definition')::text, l.schedule
from faultline.schedule_list l
where %(cursor)s::text is null or l.schedule > %(cursor)s
order by l.schedule
limit %(limit)s
"""
_SHOW: Final = """
select (to_jsonb(l) || jsonb_build_object('ticks', (
  select coalesce(jsonb_agg(to_jsonb(t) - 'schedule' || jsonb_build_object('state', coalesce(j.state, r.state))
                            order by t.tick_at desc), '[]')
  from (
    select * from faultline.schedule_tick_log k where k.schedule = l.schedule order by k.tick_at desc limit %(ticks)s
  ) t
  left join faultline.jobs j on j.job_id = t.job_id
  left join faultline.run_log r on r.run_id = t.run_id)))::text
from faultline.schedule_list l
where l.schedule = %(name)s
"""
# The view is read as it was before the function began. Of two that put a new one at a time, both have made it.
_PUT: Final = """
select faultline.put_schedule(%(body)s::jsonb || jsonb_build_object('name', %(name)s::text)),
  not exists (select from faultline.schedule_list l where l.schedule = %(name)s)
"""
_DELETE: Final = "select faultline.delete_schedule(%s)"
_RUN: Final = "select f.job_id, f.run_id from faultline.fire_now(%s) f"
_BACKFILL: Final = """
select jsonb_build_object(
    'schedule', %(name)s::text, 'tick_at', %(tick_at)s::timestamptz, 'job_id', f.job_id, 'run_id', f.run_id,
    'created', f.created)::text, f.created
from faultline.fire_schedule(%(name)s, %(tick_at)s,
  coalesce(%(version)s::int, (select l.version from faultline.schedule_list l where l.schedule = %(name)s)), true) f
"""


@router.get("/schedules", response_model=shapes.SchedulePage, openapi_extra=needs("read"))
async def list_schedules(
    request: Request,
    limit: Limit = bodies.PAGE,
    cursor: NameCursor = None,
) -> Response:
    """Schedules by name, each with its last tick."""
    return await by_name(gateway(request), "schedules", _LIST, limit, cursor)


@router.get("/schedules/{name}", response_model=shapes.Schedule, openapi_extra=needs("read"))
async def show(
    request: Request,
    name: InPath,
    ticks: Annotated[int, Query(ge=1, le=bodies.PAGE_MOST, description="So many past ticks at most")] = TICKS,
) -> Response:
    """A schedule: its definition with all defaults, durations in seconds, and what became of its last ticks."""
    document = await gateway(request).document(_SHOW, {"name": name, "ticks": ticks})
    if document is None:
        raise _not_there(name)
    return Json(document)


@router.put(
    "/schedules/{name}",
    response_model=shapes.SchedulePut,
    responses={201: {"model": shapes.SchedulePut, "description": "There was none of this name"}},
    openapi_extra=needs("operate"),
)
async def put(
    request: Request,
    name: InPath,
    definition: bodies.ScheduleDefinition,
    body: Annotated[str, Depends(bodies.text)],
) -> Response:
    """Put a schedule, as a whole: what is not named has its default. A new version, unless nothing has changed.

    One that is paused stays paused. With another calendar it begins anew: no tick lies before now.
    """
    if definition.name not in {None, name}:
        raise Problem("invalid-request", "name of the body and the name in the path are not the same")
    ((version, created),) = await gateway(request).rows(_PUT, {"name": name, "body": body})
    return Json(dump({"schedule": name, "version": version, "created": created}), 201 if created else 200)


@router.delete("/schedules/{name}", response_model=shapes.ScheduleDeleted, openapi_extra=needs("operate"))
async def delete(request: Request, name: InPath) -> Response:
    """Delete a schedule. Its past ticks and their jobs stay."""
    ((deleted,),) = await gateway(request).rows(_DELETE, (name,))
    if not deleted:
        raise _not_there(name)
    return Json(dump({"schedule": name, "deleted": True}))


@router.post("/schedules/{name}/pause", response_model=shapes.SchedulePaused, openapi_extra=needs("operate"))
async def pause(request: Request, name: InPath, order: bodies.Pause | None = None) -> Response:
    """Make no more ticks of a schedule. Those of the pause are not made up for."""
    note = order.note if order else None
    await gateway(request).rows("select faultline.pause_schedule(%s, %s)", (name, note))
    return Json(dump({"schedule": name, "paused": True}))


@router.post("/schedules/{name}/resume", response_model=shapes.SchedulePaused, openapi_extra=needs("operate"))
async def resume(request: Request, name: InPath) -> Response:
    """Let a paused schedule go on, from now."""
    await gateway(request).rows("select faultline.resume_schedule(%s)", (name,))
    return Json(dump({"schedule": name, "paused": False}))


@router.post(
    "/schedules/{name}/run", status_code=201, response_model=shapes.ScheduleRun, openapi_extra=needs("operate")
)
async def run(request: Request, name: InPath) -> Response:
    """Make the job or the run of a schedule now, besides its calendar; also of a paused one. Each request makes one."""
    if "idempotency-key" in request.headers:
        raise Problem("invalid-request", "no key is known here: each request makes one more, as its answer says")
    ((job_id, run_id),) = await gateway(request).rows(_RUN, (name,))
    return Json(dump({"schedule": name, "job_id": job_id, "run_id": run_id}), 201)


@router.post(
    "/schedules/{name}/backfill",
    response_model=shapes.TickMade,
    responses={201: {"model": shapes.TickMade, "description": "The tick was made now"}},
    openapi_extra=needs("operate"),
)
async def backfill(request: Request, name: InPath, order: bodies.Backfill) -> Response:
    """Make one tick of the past that was not made. The same tick again is the same job or run."""
    values = {"name": name, "tick_at": order.tick_at, "version": order.version}
    ((document, created),) = await gateway(request).rows(_BACKFILL, values)
    return Json(document, 201 if created else 200)


def _not_there(name: str) -> Problem:
    return Problem("not-found", f"there is no schedule {name}", code="FL005", hint=f"PUT /schedules/{name} makes it.")
