"""Verbs on many jobs: those of a filter, the oldest first, bounded, and only shown unless that is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from faultline.api.answers import dump
from faultline.api.problems import Problem

if TYPE_CHECKING:
    from typing import LiteralString

    from faultline.api.bodies import Bulk
    from faultline.api.gateway import Gateway

SAMPLE: Final = 10
APPLICABLE: Final = {"cancel": ("queued", "running"), "retry": ("failed",), "discard": ("failed",)}
_TOGETHER: Final[dict[str, LiteralString]] = {
    "cancel": "select i, faultline.cancel_job(i) from unnest(%s::bigint[]) i order by i",
    "retry": "select i, faultline.retry_job(i) from unnest(%s::bigint[]) i order by i",
    "discard": "select i, faultline.discard_job(i) from unnest(%s::bigint[]) i order by i",
}
_FIND: Final = """
select j.job_id, case when row_number() over (order by j.job_id) <= %(sample)s then to_jsonb(j)::text end
from faultline.jobs j
where j.state = any (%(states)s)
  and (%(queues)s::text[] is null or j.queue = any (%(queues)s))
  and (%(types)s::text[] is null or j.type = any (%(types)s))
  and (%(tags)s::text[] is null or j.tags @> %(tags)s)
order by j.job_id
limit %(limit)s
"""


async def carry_out(gateway: Gateway, order: Bulk) -> str:
    """The answer, a JSON document. A repetition finds what is left."""
    rows = await gateway.rows(_FIND, _parameters(order))
    chosen = [row[0] for row in rows[: order.limit]]
    changed: list[dict[str, Any]] = []
    refused: list[dict[str, Any]] = []
    if not order.dry_run and chosen:
        changed, refused = await _apply(gateway, _TOGETHER[order.action], chosen)
    head = {
        "action": order.action,
        "dry_run": order.dry_run,
        "matching": len(chosen),
        "more": len(rows) > order.limit,
        "changed": changed,
        "refused": refused,
    }
    sample = ", ".join(row[1] for row in rows[: order.limit] if row[1] is not None)
    return f'{dump(head)[:-1]}, "sample": [{sample}]}}'


def _parameters(order: Bulk) -> dict[str, Any]:
    chosen = order.filter
    if not (chosen.state or chosen.queue or chosen.type or chosen.tag):
        raise Problem("invalid-request", "body.filter: it is empty: name a state, a queue, a type or a tag")
    applicable = APPLICABLE[order.action]
    for state in chosen.state or ():
        if state not in applicable:
            raise Problem(
                "invalid-request", f"body.filter.state: {order.action} is for jobs that are {' or '.join(applicable)}"
            )
    return {
        "states": list(chosen.state or applicable),
        "queues": chosen.queue,
        "types": chosen.type,
        "tags": chosen.tag,
        "limit": order.limit + 1,
        "sample": SAMPLE,
    }


async def _apply(
    gateway: Gateway, query: LiteralString, job_ids: list[int]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """One commit for all of them in the order of locks; one by one if one is refused, so that it stops no other."""
    try:
        rows = await gateway.rows(query, (job_ids,))
    except Problem as problem:
        if problem.status >= 500:
            raise
    else:
        return [_changed(*row) for row in rows], []
    changed: list[dict[str, Any]] = []
    refused: list[dict[str, Any]] = []
    for job_id in job_ids:
        try:
            changed += [_changed(*row) for row in await gateway.rows(query, ([job_id],))]
        except Problem as problem:
            if problem.status >= 500:
                raise
            refused.append({"job_id": job_id, "code": problem.document["code"], "detail": problem.document["detail"]})
    return changed, refused


def _changed(job_id: int, outcome: str) -> dict[str, Any]:
    return {"job_id": job_id, "outcome": outcome}
