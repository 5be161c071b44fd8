"""What becomes of a task is what the table in docs/workflows.md says, read from there."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tools import sqitch

if TYPE_CHECKING:
    from tests.support.database import Database

pytestmark = pytest.mark.every_version

DOCUMENT = sqitch.ROOT / "docs/workflows.md"
WHENS = ("success", "failure", "always")
# How to bring the task `need` there: the tasks of the workflow, and what is done to jobs.
WAYS: dict[str, tuple[dict[str, Any], str | None]] = {
    "succeeded": ({"need": {"type": "t"}}, "select faultline.complete_job(%s, 1)"),
    "failed": ({"need": {"type": "t"}}, "select faultline.fail_job(%s, 1, '{}', retryable => false)"),
    "was cancelled": ({"need": {"type": "t"}}, "select faultline.cancelled(%s, 1)"),
    "was skipped": ({"need": {"type": "t", "if": "$.input.no == true"}}, None),
    "was skipped after a failure": (
        {"first": {"type": "t"}, "need": {"type": "t", "needs": "first"}},
        "select faultline.fail_job(%s, 1, '{}', retryable => false)",
    ),
}


def table() -> dict[str, dict[str, str]]:
    """By what became of the need, then by `when`."""
    rows = re.findall(r"^\| (\w[\w ]+) \| ([\w ]+) \| ([\w ]+) \| ([\w ]+) \|$", DOCUMENT.read_text(), re.MULTILINE)
    return {need: dict(zip(WHENS, cells, strict=True)) for need, *cells in rows}


@pytest.fixture
def db(shared: Database) -> Database:
    return shared


def begin(db: Database, tasks: dict[str, Any]) -> int:
    db.execute("select faultline.put_workflow(%s::jsonb)", json.dumps({"name": "truth", "tasks": tasks}))
    return int(db.scalar("select faultline.trigger_workflow('truth')"))


def end(db: Database, run: int, task: str, verb: str) -> None:
    (job,) = db.rows("select job_id from faultline.jobs_live where run_id = %s and task = %s", run, task)
    claimed = db.rows("select job_id from faultline.claim_job('default', gen_random_uuid(), 1000)")
    assert job in claimed
    if "cancelled" in verb:
        db.execute("select faultline.cancel_job(%s)", job[0])
    db.execute(verb, job[0])


def became(db: Database, run: int, task: str) -> str:
    query = "select state, after_failure from faultline.tasks where run_id = %s and name = %s and item = -1"
    ((state, after_failure),) = db.rows(query, run, task)
    if state == "skipped":
        return "skipped after a failure" if after_failure else "skipped"
    return "runs" if state == "queued" else str(state)


def test_the_table_has_every_row() -> None:
    assert set(table()) == set(WAYS)


@pytest.mark.parametrize("when", WHENS)
@pytest.mark.parametrize("need", WAYS)
def test_a_task_becomes_what_the_table_says(need: str, when: str, db: Database) -> None:
    tasks, verb = WAYS[need]
    run = begin(db, {**tasks, "task": {"type": "t", "needs": "need", "when": when}, "other": {"wait": "1h"}})
    if verb is not None:
        end(db, run, "first" if "first" in tasks else "need", verb)
    assert became(db, run, "task") == table()[need][when]
    db.execute("select faultline.cancel_run(%s)", run)


CONDITIONS = {
    "true": ("$.a.rows > 0", '{"rows": 5}', "runs"),
    "false": ("$.a.rows > 5", '{"rows": 5}', "skipped"),
    "a member that isn't there": ("$.a.nothing > 5", '{"rows": 5}', "skipped"),
    "no result at all": ("$.a.rows > 5", None, "skipped"),
    "a quoted name": ('$."a" == 1', "1", "runs"),
    "no truth value": ("$.a.rows", '{"rows": 5}', "failed"),
    "a number compared with a text": ("$.a.rows > 5", '{"rows": "x"}', "failed"),
}


@pytest.mark.parametrize(("condition", "result", "expected"), CONDITIONS.values(), ids=list(CONDITIONS))
def test_a_condition_is_true_false_or_a_failure(
    condition: str, result: str | None, expected: str, db: Database
) -> None:
    tasks = {"a": {"type": "t"}, "task": {"type": "t", "needs": "a", "if": condition}, "other": {"wait": "1h"}}
    run = begin(db, tasks)
    end(db, run, "a", f"select faultline.complete_job(%s, 1, '{result or 'null'}')")
    assert became(db, run, "task") == expected
    if expected == "failed":
        error = db.scalar("select error from faultline.task_log where run_id = %s and name = 'task'", run)
        assert error["type"] == "ConditionError"
    db.execute("select faultline.cancel_run(%s)", run)
