"""What a task costs does not grow with the width of its run, nor with the runs there are: pages touched, not time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.hotpath.plans import buffers
from tests.hotpath.runs import elements, finished_runs, put, trigger, wide_each, wide_static
from tests.hotpath.test_old_snapshot import flat
from tests.hotpath.workload import Runner, enqueue, old_snapshot
from tests.support.mutants import break_function

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.database import Database

COMPLETE = "select * from faultline.complete_jobs(array[%s], array[%s])"
WAKE = "select faultline.wake_tasks(1000, %s)"
# Timers that came and were over, as wake_tasks leaves them.
TIMERS = (
    "update faultline.tasks set due_at = clock_timestamp() where run_id = %s and item >= 0",
    "update faultline.tasks set due_at = null where run_id = %s and item >= 0",
)
NARROW, WIDE = 1_000, 10_000


def grown(first: int, last: int) -> bool:
    """By more than a level or two of the trees that are looked into."""
    return last > first + 20


def completion(runner: Runner) -> int:
    """Pages of the completion of one task, the next in its queue. The first ones read catalogs and make plans."""
    return min(buffers(runner.connection, COMPLETE, *fence) for fence in runner.claim(10))


@pytest.mark.parametrize("wide", [wide_static, wide_each])
def test_a_task_costs_the_same_in_a_run_of_10_000_as_in_one_of_1_000(
    db: Database, wide: Callable[[Database, int], int]
) -> None:
    costs = []
    for width in (NARROW, WIDE):
        run = wide(db, width)
        costs.append(completion(Runner(db)))
        db.execute("select faultline.cancel_run(%s)", run)
    assert not grown(*costs), f"{costs} pages at {NARROW} and at {WIDE} tasks"


def test_a_task_costs_the_same_among_3_000_runs_as_in_the_first(db: Database) -> None:
    costs = []
    for runs in (0, 3_000):
        finished_runs(db, runs)
        run = wide_static(db, 20)
        costs.append(completion(Runner(db)))
        db.execute("select faultline.cancel_run(%s)", run)
    assert not grown(*costs), f"{costs} pages in the first run and after 3 000"


def test_a_walk_through_all_runs_would_be_caught(db: Database) -> None:
    break_function(db, "_lock_runs", ("where r.run_id = u.id offset 0", "where r.run_id + 0 = u.id offset 0"))
    costs = []
    for runs in (0, 3_000):
        finished_runs(db, runs)
        wide_each(db, 20)
        costs.append(completion(Runner(db)))
    assert grown(*costs), f"{costs} pages: the test can't tell"


@pytest.mark.parametrize("concurrency", [None, 20])
def test_under_an_old_snapshot_an_element_costs_the_same_after_3_000_as_after_300(
    db: Database, concurrency: int | None
) -> None:
    costs = under_an_old_snapshot(db, lambda: wide_each(db, 4_000, concurrency), 20 if concurrency else 300)
    assert flat(*costs), f"{costs} pages after 300 and after 3 000 elements"


def under_an_old_snapshot(db: Database, wide: Callable[[], int], batch: int) -> list[int]:
    wide()
    old_snapshot(db)
    runner, costs = Runner(db), []
    for count in (300, 2_700):
        runner.drain(count, batch)
        costs.append(completion(runner))
    return costs


def test_looking_for_an_unfinished_element_from_the_first_one_up_would_be_caught(db: Database) -> None:
    break_function(db, "_close_items", ("order by t.item desc", "order by t.item"))
    assert not flat(*under_an_old_snapshot(db, lambda: wide_each(db, 4_000), 300))


def test_to_wake_nobody_costs_a_handful_of_pages(db: Database) -> None:
    finished_runs(db, 1_000)
    put(db, "waits", {f"w{n}": {"wait": "1h"} for n in range(100)})
    trigger(db, "waits")
    connection = db.connect()
    assert min(buffers(connection, WAKE, None) for _ in range(8)) <= 10


def test_under_an_old_snapshot_it_costs_the_same_after_10_000_timers(db: Database) -> None:
    run = wide_each(db, WIDE)
    old_snapshot(db)
    connection, runner = db.connect(), Runner(db)
    with_floor, without = [], []
    for times in (0, 2):
        for statement in TIMERS * times:
            db.execute(statement, run)
        runner.advance()
        with_floor.append(min(buffers(connection, WAKE, runner.token) for _ in range(8)))
        without.append(buffers(connection, WAKE, None))
    assert flat(*with_floor), f"{with_floor} pages before and after 20 000 timers"
    assert not flat(*without), f"{without} pages without a floor: the test can't tell"


def test_a_resume_costs_each_run_of_a_family_the_same(db: Database) -> None:
    """Whatever the statistics say; a join of tasks with themselves walked all of the family for each of its runs."""
    put(db, "child", {"x": {"type": "t", "queue": "q"}})
    put(db, "family", {"m": {"workflow": "child", "for_each": "input.l"}})
    costs = []
    for size in (100, 400):
        run = trigger(db, "family", elements(size))
        db.execute("select faultline.cancel_run(%s)", run)
        db.execute("vacuum analyze faultline.tasks, faultline.runs, faultline.jobs_live")
        costs.append(buffers(db.connect(), "select faultline.resume_run(%s)", run) / size)
        db.execute("select faultline.cancel_run(%s)", run)
    assert costs[1] <= 1.5 * costs[0], f"{costs} pages a run in families of 100 and of 400"


def test_completing_plain_jobs_costs_what_it_would_cost_without_workflows(db: Database) -> None:
    enqueue(db, 2_000)
    plain = group(db)
    no_run = "j.state = 'running' and j.run_id is null"
    break_function(db, "complete_jobs", (no_run, "j.state = 'running'"))
    without = group(db)
    assert plain <= 1.02 * without, f"{plain} pages, and {without} if nobody asks for runs"


def test_completing_tasks_does_cost_more(db: Database) -> None:
    """So the test before this one can tell."""
    enqueue(db, 1_000)
    plain = group(db)
    put(db, "wide", {f"t{n}": {"type": "t", "queue": "q"} for n in range(800)})
    db.execute("delete from faultline.jobs_live")
    trigger(db, "wide")
    assert group(db) > 1.02 * plain


def group(db: Database) -> int:
    """Pages of the completion of a group of 100."""
    runner = Runner(db)
    least = []
    for _ in range(8):
        claimed = runner.claim(100)
        assert len(claimed) == 100
        ids, attempts = [job for job, _ in claimed], [attempt for _, attempt in claimed]
        least.append(buffers(runner.connection, "select * from faultline.complete_jobs(%s, %s)", ids, attempts))
    return min(least)
