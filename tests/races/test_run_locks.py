"""What a verb about runs has locked when it waits, whatever way the planner finds to it: the roots of the runs in the
order of their ids, then the jobs in the order of theirs. So no two of them wait for each other.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from tests.support.jobs import ALICE

if TYPE_CHECKING:
    from tests.support.database import Database
    from tests.support.scenarios import Open

RUNS: Final = 9


def put(db: Database, tasks: list[str]) -> None:
    spec = {"name": "w", "tasks": {task: {"type": "t"} for task in tasks}}
    db.execute("select faultline.put_workflow(%s)", json.dumps(spec))


def test_runs_are_locked_in_the_order_of_their_ids(db: Database, connect: Open) -> None:
    put(db, ["a"])
    runs = [db.scalar("select faultline.trigger_workflow('w')") for _ in range(RUNS)]
    db.execute("select faultline.claim_job('default', %s, 100)", ALICE)
    jobs = [db.scalar("select job_id from faultline.jobs_live where run_id = %s", run) for run in runs]
    first, many = connect("faultline_runner"), connect("faultline_runner")
    many.run("set enable_sort = off")
    first.begin()
    assert first.call("select faultline.complete_job(%s, 1)", jobs[0]) == "ok"
    many.start("select count(*) from faultline.complete_jobs(%s, %s)", jobs[::-1], [1] * RUNS)
    assert many.blocked()
    free = db.rows("select run_id from faultline.runs order by run_id for no key update skip locked")
    assert free == [(run,) for run in runs[1:]], "it waits for the first and has locked none of the others"
    first.rollback()
    assert many.outcome() == RUNS


def test_jobs_of_a_cancelled_run_are_locked_in_the_order_of_their_ids(db: Database, connect: Open) -> None:
    put(db, ["a", "b", "c"])
    run = db.scalar("select faultline.trigger_workflow('w')")
    for task in "cba":  # in the table, the last one comes first
        db.execute("update faultline.jobs_live set headers = '{}' where run_id = %s and task = %s", run, task)
    runner, operator = connect("faultline_runner"), connect("faultline_operator")
    operator.run("set enable_indexscan = off")
    operator.run("set random_page_cost = 1000000")
    runner.begin()
    assert runner.call("select task from faultline.claim_job('default', %s)", ALICE) == "a"
    operator.start("select faultline.cancel_run(%s)", run)
    assert operator.blocked()
    free = db.rows("select task from faultline.jobs_live order by task for update skip locked")
    assert free == [("b",), ("c",)], "it waits for the first and has locked none of the others"
    runner.rollback()
    assert operator.outcome() == "cancelled"
