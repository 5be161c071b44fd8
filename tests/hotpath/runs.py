"""Runs of workflows, and what runners do to them, in the amounts that tests of the hot path need."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.hotpath.workload import Runner

if TYPE_CHECKING:
    from tests.support.database import Database

# Runs that are over, ten tasks each, as the runs of some other workflow leave them.
OVER = """
    with made as (
      insert into faultline.runs (root_run_id, run_id, workflow, version, input, state, created_at, finished_at)
      select run_id, run_id, 'history', 1, '{}', 'succeeded', clock_timestamp(), clock_timestamp()
      from (select nextval('faultline.runs_run_id_seq') as run_id from generate_series(1, %s)) r
      returning run_id
    )
    insert into faultline.tasks (run_id, name, ordinal, state, finished_at, result)
    select run_id, 'h' || n, n, 'succeeded', clock_timestamp(), '{"rows": 1}' from made, generate_series(1, 10) n
"""


def put(db: Database, name: str, tasks: dict[str, Any]) -> None:
    db.execute("select faultline.put_workflow(%s)", json.dumps({"name": name, "tasks": tasks}))


def trigger(db: Database, name: str, input_: str = "{}") -> int:
    return int(db.scalar("select faultline.trigger_workflow(%s, %s)", name, input_))


def finished_runs(db: Database, count: int) -> None:
    """So many runs of a workflow of ten tasks, all of them over."""
    if not db.scalar("select count(*) from faultline.workflows where workflow = 'history'"):
        put(db, "history", {f"h{n}": {"type": "t", "queue": "q"} for n in range(1, 11)})
    db.execute(OVER, count)


def elements(count: int) -> str:
    return json.dumps({"l": list(range(count))})


def wide_static(db: Database, width: int) -> int:
    """One task, then so many, then one: a run of it of which the first task is over."""
    middle = {f"m{n}": {"type": "t", "queue": "q", "needs": "first"} for n in range(width)}
    end = {"type": "t", "queue": "q"}
    put(db, f"wide-{width}", {"first": end, **middle, "last": end | {"needs": list(middle)}})
    run = trigger(db, f"wide-{width}")
    Runner(db).drain(1)
    return run


def wide_each(db: Database, width: int, concurrency: int | None = None) -> int:
    """A for_each over so many elements, and a task after it."""
    each: dict[str, Any] = {"type": "t", "queue": "q", "for_each": "input.l"}
    if concurrency is not None:
        each["concurrency"] = concurrency
    put(db, "each", {"m": each, "last": {"type": "t", "queue": "q", "needs": "m"}})
    return trigger(db, "each", elements(width))
