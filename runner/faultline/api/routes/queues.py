"""Queues: what waits where, and the settings of a queue."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Request
from starlette.responses import Response

from faultline.api import bodies, shapes
from faultline.api.answers import Json, dump
from faultline.api.bodies import InPath, Limit, NameCursor
from faultline.api.context import gateway
from faultline.api.paging import by_name
from faultline.api.problems import Problem
from faultline.api.routing import needs, routes

router = routes("queues")

_LIST: Final = """
select to_jsonb(q)::text, q.queue
from faultline.queue_overview q
where %(cursor)s::text is null or q.queue > %(cursor)s
order by q.queue
limit %(limit)s
"""
_SHOW: Final = "select to_jsonb(q)::text from faultline.queue_overview q where q.queue = %s"
_SET: Final = "select faultline.set_queue(%s, %s::jsonb)"


@router.get("/queues", response_model=shapes.QueuePage, openapi_extra=needs("read"))
async def list_queues(
    request: Request,
    limit: Limit = bodies.PAGE,
    cursor: NameCursor = None,
) -> Response:
    """The queues that have live jobs or settings, by name. Counts stop at 10 000."""
    return await by_name(gateway(request), "queues", _LIST, limit, cursor)


@router.get("/queues/{name}", response_model=shapes.Queue, openapi_extra=needs("read"))
async def show(request: Request, name: InPath) -> Response:
    """One queue: its settings, and its jobs by state."""
    document = await gateway(request).document(_SHOW, (name,))
    if document is None:
        raise Problem(
            "not-found",
            f"queue {name} has neither live jobs nor settings",
            code="FL005",
            hint="A queue needs no making: it is there as soon as a job is enqueued into it.",
        )
    return Json(document)


@router.put("/queues/{name}", response_model=shapes.Queue, openapi_extra=needs("operate"))
async def set_queue(
    request: Request,
    name: InPath,
    settings: bodies.QueueSettings,  # noqa: ARG001 - checked
    body: Annotated[str, Depends(bodies.text)],
) -> Response:
    """Set what is special about a queue. null is the default again, what is not named stays as it is."""
    await gateway(request).rows(_SET, (name, body))
    return await show(request, name)


@router.post("/queues/{name}/pause", response_model=shapes.QueuePaused, openapi_extra=needs("operate"))
async def pause(request: Request, name: InPath, order: bodies.Pause | None = None) -> Response:
    """Start no more jobs of a queue; what runs goes on, and enqueueing too."""
    note = order.note if order else None
    await gateway(request).rows("select faultline.pause_queue(%s, %s)", (name, note))
    return Json(dump({"queue": name, "paused": True}))


@router.post("/queues/{name}/resume", response_model=shapes.QueuePaused, openapi_extra=needs("operate"))
async def resume(request: Request, name: InPath) -> Response:
    """Let a paused queue go on."""
    await gateway(request).rows("select faultline.resume_queue(%s)", (name,))
    return Json(dump({"queue": name, "paused": False}))
