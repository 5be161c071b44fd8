"""Workflows: put, looked at, begun."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated, Any, Final

import psycopg
from fastapi import Depends, Query, Request
from pydantic import ValidationError
from starlette.responses import Response

from faultline.api import bodies, shapes
from faultline.api.answers import Json, dump
from faultline.api.bodies import IdempotencyKey, InPath, Limit, NameCursor, one_key
from faultline.api.context import gateway
from faultline.api.paging import by_name
from faultline.api.problems import Problem, invalid
from faultline.api.routing import JSON, YAML, needs, routes
from faultline.documents import MOST_BYTES, Fault
from faultline.workflow import Workflow, WorkflowFault, fault_of, load

router = routes("workflows")

# A file of the largest size, as a string of JSON, every character of it escaped.
BODY_MOST: Final = 6 * MOST_BYTES + 1024
FAULTS_MOST: Final = 50
_BODY: Final = {
    "required": True,
    "content": {
        "application/yaml": {"schema": {"type": "string"}},
        "application/json": {"schema": bodies.YamlDocument.model_json_schema()},
    },
}
_PUT: Final = "select faultline.put_workflow(%s::jsonb)"
_LIST: Final = """
select jsonb_build_object(
    'workflow', w.workflow, 'version', w.version, 'put_at', w.created_at, 'description', w.spec ->> 'description',
    'tasks', (select count(*) from jsonb_object_keys(w.spec -> 'tasks')))::text, w.workflow
from (
  select distinct on (l.workflow) l.*
  from faultline.workflow_log l
  where %(cursor)s::text is null or l.workflow > %(cursor)s
  order by l.workflow, l.version desc
  limit %(limit)s
) w
order by w.workflow
"""
_SHOW: Final = """
select jsonb_build_object('workflow', w.workflow, 'version', w.version, 'put_at', w.created_at, 'spec', w.spec)::text
from faultline.workflow_log w
where w.workflow = %(name)s and (%(version)s::int is null or w.version = %(version)s)
order by w.version desc
limit 1
"""
_TRIGGER: Final = """
select faultline.trigger_workflow(
  %(name)s, nullif(%(body)s::jsonb -> 'input', 'null'), %(key)s, nullif(%(body)s::jsonb -> 'headers', 'null'))
"""


@router.post(
    "/workflows",
    status_code=201,
    response_model=shapes.WorkflowPut,
    openapi_extra=needs("operate", body_limit=BODY_MOST, body_types=(*YAML, *JSON), requestBody=_BODY),
)
async def put(request: Request, body: Annotated[str, Depends(bodies.text)]) -> Response:
    """Put a workflow: YAML as it is, or `{"yaml": …}`. A new version, unless the last one is the very same.

    What is wrong with it is in `faults`, each with line and column.
    """
    is_json = request.headers.get("content-type", "").partition(";")[0].strip().lower() in JSON
    source = _yaml_of(body) if is_json else body
    try:
        workflow = await asyncio.to_thread(load, source)
    except WorkflowFault as refused:
        raise _faulty(refused.faults) from None
    try:
        ((version,),) = await gateway(request).rows(_PUT, (json.dumps(workflow.spec, ensure_ascii=False),))
    except Problem as problem:
        fault = _placed(problem, workflow)
        if fault is None:
            raise
        raise _faulty([fault]) from None
    return Json(dump({"workflow": workflow.name, "version": version}), 201)


@router.get("/workflows", response_model=shapes.WorkflowPage, openapi_extra=needs("read"))
async def list_workflows(
    request: Request,
    limit: Limit = bodies.PAGE,
    cursor: NameCursor = None,
) -> Response:
    """Workflows in their last version, by name."""
    return await by_name(gateway(request), "workflows", _LIST, limit, cursor)


@router.get("/workflows/{name}", response_model=shapes.WorkflowVersion, openapi_extra=needs("read"))
async def show(
    request: Request,
    name: InPath,
    version: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="The last one, unless it is named")] = None,
) -> Response:
    """A version of a workflow, as it was put."""
    document = await gateway(request).document(_SHOW, {"name": name, "version": version})
    if document is None:
        which = f"version {version} of workflow {name}" if version is not None else f"workflow {name}"
        raise Problem("not-found", f"there is no {which}", code="FL005")
    return Json(document)


@router.post(
    "/workflows/{name}/trigger",
    status_code=201,
    response_model=shapes.RunBegun,
    openapi_extra=needs("enqueue"),
)
async def trigger(
    request: Request,
    name: InPath,
    body: Annotated[str, Depends(bodies.text)],
    order: bodies.Trigger | None = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Begin a run of the last version. With an idempotency key the same request again is the same run."""
    key = one_key(request, idempotency_key, order.idempotency_key if order else None)
    ((run_id,),) = await gateway(request).rows(_TRIGGER, {"name": name, "body": body or "{}", "key": key})
    return Json(dump({"run_id": run_id}), 201)


def _yaml_of(body: str) -> str:
    try:
        return bodies.YamlDocument.model_validate_json(body).yaml
    except ValidationError as error:
        raise invalid([{**found, "loc": ("body", *found["loc"])} for found in error.errors()]) from None


def _faulty(faults: list[Fault]) -> Problem:
    rows: list[dict[str, Any]] = [
        {
            "line": fault.place.line if fault.place else None,
            "column": fault.place.column if fault.place else None,
            "path": fault.path,
            "message": fault.message,
            "hint": fault.hint,
        }
        for fault in faults[:FAULTS_MOST]
    ]
    more = f"; and {len(faults) - 1} more" if len(faults) > 1 else ""
    return Problem("invalid-workflow", f"{faults[0]}{more}", code="FL004", faults=rows)


def _placed(problem: Problem, workflow: Workflow) -> Fault | None:
    cause = problem.__cause__
    return fault_of(cause, workflow) if isinstance(cause, psycopg.Error) else None
