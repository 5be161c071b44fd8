"""The plans of the functions of workflows do not depend on what the planner believes of the tables: see test_plans."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.hotpath.plans import Explained
from tests.hotpath.runs import elements, finished_runs, put
from tests.hotpath.test_plans import ROUNDS, Plans, complaints, conditions, indexes
from tests.hotpath.workload import enqueue
from tests.support.mutants import break_function

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.hotpath.plans import Node, Plan
    from tests.support.database import Database

# What has to be said of each index for a scan to find one task, one edge, one run, and not to walk all of them.
BOUNDS = {
    "tasks_pkey": ("run_id =", "name ="),
    "tasks_open": ("run_id =",),
    "tasks_due": ("due_at >=", "due_at <="),
    "runs_pkey": ("run_id =",),
    "runs_family_index": ("root_run_id =",),
    "runs_key": ("workflow =",),
    "run_signals_pkey": ("run_id =", "name ="),
    "workflows_pkey": ("workflow =",),
    "workflow_tasks_pkey": ("workflow =", "version =", "task ="),
    "task_dependencies_pkey": ("workflow =", "version =", "task ="),
}
TABLES = ("tasks", "runs", "run_signals", "workflows", "workflow_tasks", "task_dependencies")
# These look at all tasks of a run or of a version, once; nothing does that for each task.
WHOLE = {
    "trigger_workflow": {"workflow_tasks_pkey", "tasks_pkey"},
    "complete_jobs: one task that many need": {"workflow_tasks_pkey", "tasks_pkey"},  # a child begins
    "complete_jobs: a workflow ends": {"tasks_pkey"},
    "signal_run": {"workflow_tasks_pkey", "tasks_pkey"},
    "cancel_run": {"tasks_pkey"},
    "resume_run": {"tasks_pkey", "workflow_tasks_pkey"},
    "run_status": {"tasks_pkey", "workflow_tasks_pkey"},
}
TASKS: dict[str, Any] = {
    "a": {"type": "t", "queue": "flow"},
    "b": {"type": "t", "queue": "flow", "needs": "a", "if": "$.a == null"},
    "c": {"type": "t", "queue": "flow", "needs": ["a", "b"], "when": "always"},
    "m": {"type": "t", "queue": "flow", "needs": "a", "for_each": "input.l", "concurrency": 2},
    "w": {"wait": "1h", "needs": "a"},
    "s": {"wait_for": "go", "needs": "a"},
    "child": {"workflow": "child", "needs": "a"},
    "end": {"type": "t", "queue": "flow", "needs": ["b", "c", "m", "w", "s", "child"]},
}
CLAIM = "select job_id, attempt, task from faultline.claim_job('flow', %s, 100)"


def empty(db: Database) -> None:
    """As deployed."""


def large(db: Database) -> None:
    grow(db, 500)
    db.execute("analyze")


def analysed_while_empty(db: Database) -> None:
    db.execute("vacuum analyze")
    grow(db, 500)


def grow(db: Database, count: int) -> None:
    finished_runs(db, count)
    put(db, "crowd", {f"c{n}": {"type": "t", "queue": "q"} for n in range(count)})
    db.execute("select faultline.trigger_workflow('crowd')")
    enqueue(db, count)


def observe(db: Database, explained: Explained, rounds: int = ROUNDS) -> Plans:
    """Run every function so many times, in one session, and keep the plans of its last run."""
    plans: Plans = {}

    def run(name: str, call: str, *arguments: object) -> list[tuple[Any, ...]]:
        rows = explained.run(call, *arguments)
        plans[name] = list(explained.plans)
        return rows

    def claimed(count: int) -> dict[str, tuple[int, int]]:
        tasks = {task: (job, attempt) for job, attempt, task in db.rows(CLAIM, uuid.uuid4())}
        assert len(tasks) == count, tasks
        return tasks

    def complete(name: str, *fences: tuple[int, int]) -> None:
        ids, attempts = [job for job, _ in fences], [attempt for _, attempt in fences]
        verdicts = run(f"complete_jobs: {name}", "select verdict from faultline.complete_jobs(%s, %s)", ids, attempts)
        assert verdicts == [("ok",)] * len(fences)

    put(db, "child", {"x": {"type": "t", "queue": "flow"}})
    put(db, "flow", TASKS)
    for _ in range(rounds):
        ((flow,),) = run("trigger_workflow", "select faultline.trigger_workflow('flow', %s)", elements(6))
        complete("one task that many need", claimed(1)["a"])
        tasks = claimed(4)
        run("task_contexts", "select * from faultline.task_contexts(%s)", [job for job, _ in tasks.values()])
        complete("a workflow ends", tasks["x"])
        complete("elements", tasks["m[0]"], tasks["m[1]"])
        run("complete_job", "select faultline.complete_job(%s, %s)", *tasks["b"])
        db.execute("update faultline.tasks set due_at = clock_timestamp() where run_id = %s and name = 'w'", flow)
        assert run("wake_tasks", "select faultline.wake_tasks()") == [(1,)]
        run("signal_run", "select faultline.signal_run(%s, 'go')", flow)
        tasks = claimed(3)
        run("fail_job", "select faultline.fail_job(%s, %s, '{}', false)", *tasks["m[2]"])
        run("cancel_job", "select faultline.cancel_job(%s)", tasks["c"][0])
        run("run_status", "select faultline.run_status(%s)", flow)
        run("cancel_run", "select faultline.cancel_run(%s)", flow)
        run("resume_run", "select faultline.resume_run(%s)", flow)
        db.execute("select faultline.cancel_run(%s)", flow)
    return plans


def faults(plans: Plans) -> list[str]:
    """What no plan of ours may do, with the statement that does."""
    return complaints(plans) + [
        f"{name}: {node.kind} on {node.relation} by {node.index}: {plan.query[:200]}"
        for name, statements in plans.items()
        for plan in statements
        for node in plan.nodes()
        if node.relation in TABLES and _strays(node) and node.index not in WHOLE.get(name, set())
    ]


def _strays(node: Node) -> bool:
    if node.kind in {"Index Scan", "Index Only Scan"}:
        bounds = BOUNDS.get(node.index or "", ("none of its indexes",))
        return not all(bound in node.raw.get("Index Cond", "") for bound in bounds)
    return node.kind not in {"ModifyTable", "Tid Scan"}


def check_all(plans: Plans) -> None:
    found = faults(plans)
    assert not found, "\n".join(found)
    assert indexes(plans["wake_tasks"], "tasks") >= {"tasks_due", "tasks_pkey"}
    assert indexes(plans["complete_job"], "tasks") == {"tasks_pkey", "tasks_open"}
    assert indexes(plans["complete_job"]) == {"jobs_live_pkey"}
    assert "jobs_live_task" in indexes(plans["cancel_run"])
    one_task = [plan for plan in plans["complete_job"] if "tasks_open" in {node.index for node in plan.nodes()}]
    assert all("Limit" in [node.kind for node in plan.nodes()] for plan in one_task), "only whether there is any"
    assert "item =" in conditions(_on(plans["complete_job"], "update faultline.tasks"), "tasks_pkey")


def _on(plans: list[Plan], text: str) -> Plan:
    return next(plan for plan in plans if text in plan.query)


@pytest.mark.parametrize("state", [empty, large, analysed_while_empty])
def test_plans_of_workflows_are_the_same_whatever_the_statistics_say(
    db: Database, state: Callable[[Database], None]
) -> None:
    state(db)
    check_all(observe(db, Explained(db.connect())))


def test_plans_kept_from_when_all_tables_were_vacuumed_empty_serve_many_runs_too(db: Database) -> None:
    """A table of no pages looks free to scan, and a session keeps the plan that it made then."""
    db.execute("vacuum analyze")
    explained = Explained(db.connect())
    observe(db, explained)
    grow(db, 500)
    check_all(observe(db, explained, rounds=2))


def test_a_statement_that_implies_the_index_of_open_tasks_would_be_caught(db: Database) -> None:
    break_function(db, "_end_tasks", ("p.state in ('waiting', 'queued', 'running')", "p.finished_at is null"))
    analysed_while_empty(db)
    with pytest.raises(AssertionError, match="only whether there is any"):
        check_all(observe(db, Explained(db.connect())))


def test_claiming_and_completing_plain_jobs_reads_nothing_of_workflows(db: Database) -> None:
    grow(db, 20)
    explained = Explained(db.connect())
    for _ in range(ROUNDS):
        enqueue(db, 10, queue="plain")
        claim = explained.run("select job_id, attempt from faultline.claim_job('plain', %s, 10)", uuid.uuid4())
        plans = list(explained.plans)
        ids, attempts = [job for job, _ in claim], [attempt for _, attempt in claim]
        explained.run("select * from faultline.complete_jobs(%s, %s)", ids, attempts)
        plans += explained.plans
        assert len(ids) == 10
    read = {node.relation for plan in plans for node in plan.nodes()} & {*TABLES}
    assert not read
