"""Is it alive, is it ready, and what has it counted."""

from __future__ import annotations

import time
from typing import Final

from fastapi import Request
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import Response

from faultline.api import shapes
from faultline.api.answers import Json, dump
from faultline.api.context import Context, context
from faultline.api.problems import Problem
from faultline.api.routing import needs, routes
from faultline.schema import SCHEMA_VERSION

router = routes("service")

FRESH_SECONDS: Final = 0.5
_READY: Final = """
select faultline.schema_version(),
  (select count(*) from faultline.runner_overview r where r.last_seen_at > clock_timestamp() - interval '1 minute')
"""


@router.get("/health", response_model=shapes.Health, openapi_extra=needs())
async def health() -> Response:
    """Whether the API itself is alive. Needs no token and asks no database."""
    return Json('{"status": "ok"}')


@router.get(
    "/ready",
    response_model=shapes.Readiness,
    responses={503: {"model": shapes.Readiness, "description": "Not ready"}},
    openapi_extra=needs(),
)
async def ready(request: Request) -> Response:
    """Whether requests will succeed: the database answers, and its schema has the version that this package needs.

    How many runners were seen in the last minute is shown, too; without one, jobs can be enqueued all the same.
    """
    shared = context(request)
    good, document = await readiness(shared)
    return Json(dump(document), 200 if good else 503)


@router.get(
    "/metrics",
    openapi_extra=needs("read"),
    response_class=Response,
    responses={200: {"description": "The exposition", "content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def metrics(request: Request) -> Response:
    """For Prometheus: requests by route and status, and what the database knows. There also while that is away."""
    return Response(await context(request).metrics.text(), media_type=CONTENT_TYPE_LATEST)


async def readiness(shared: Context) -> tuple[bool, dict[str, object]]:
    """At most half a second old: anybody may ask, and the database is asked once for all of them."""
    async with shared.ready_lock:
        if time.monotonic() - shared.ready_asked > FRESH_SECONDS:
            shared.ready = await _ask(shared)
            shared.ready_asked = time.monotonic()
        return shared.ready


async def _ask(shared: Context) -> tuple[bool, dict[str, object]]:
    document: dict[str, object] = {"ready": False, "database": "down", "schema_version": None, "runners": None}
    if shared.stopping.is_set():
        return False, {**document, "database": "not asked: the API ends"}
    try:
        ((version, runners),) = await shared.gateway.rows(_READY, seconds=2.0)
    except Problem as error:
        said = "down" if error.kind == "database-unavailable" else "answers, but not as it should"
        return False, {**document, "database": said}
    good = version == SCHEMA_VERSION
    return good, {"ready": good, "database": "up", "schema_version": version, "runners": runners}
