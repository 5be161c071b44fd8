"""Two verbs about one run at the same moment, in every order their steps can take: whatever comes first, all that
follows follows, nothing is stranded, and verify finds nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.jobs import ALICE
from tests.support.share import share
from tests.support.stepping import BEGIN, COMMIT, ROLLBACK, Step, explore

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.support.database import Database
    from tests.support.scenarios import Open

COMPLETE = "select faultline.complete_job(%s, 1)"
COMPLETE_MANY = "select string_agg(verdict, ' ') from faultline.complete_jobs(%s, %s)"
FAIL = "select faultline.fail_job(%s, 1, '{}', retryable => false)"
CANCEL = "select faultline.cancel_run(%s)"
RESUME = "select faultline.resume_run(%s)"
SIGNAL = "select faultline.signal_run(%s, 'ok')"
WAKE = "select faultline.wake_tasks()"
REAP = "select faultline.reap_expired()"
TRIGGER = "select faultline.trigger_workflow('w', '{}', %s)"

TASK = {"type": "t"}
DIAMOND = {"a": TASK, "b": TASK, "z": {"type": "t", "needs": ["a", "b"]}}
HURT = {"a": TASK, "b": TASK, "z": {"type": "t", "needs": ["a", "b"], "when": "failure"}}
EACH = {"m": {"type": "t", "for_each": "input.l"}, "z": {"type": "t", "needs": "m"}}
WAITS = {"s": {"wait_for": "ok", "timeout": "1h"}, "z": {"type": "t", "needs": "s", "when": "always"}}


@dataclass(frozen=True)
class Run:
    """A run whose jobs are all claimed, by its id and the ids of its jobs by task."""

    id: int
    jobs: Mapping[str, int]


def begun(db: Database, tasks: Mapping[str, Any], payload: str = '{"l": [1, 2]}') -> Run:
    db.execute("select faultline.put_workflow(%s)", json.dumps({"name": "w", "tasks": tasks}))
    run = db.scalar("select faultline.trigger_workflow('w', %s)", payload)
    db.execute("select faultline.claim_job('default', %s, 100)", ALICE)
    return Run(run, dict(db.rows("select task, job_id from faultline.jobs_live where run_id = %s", run)))


def ends(db: Database, run: Run) -> str:
    """How the run stands; healthy, whatever it is."""
    assert db.rows("select * from faultline.verify()") == []
    return str(
        db.scalar(
            "select (select state from faultline.runs where run_id = %s) || ': '"
            " || string_agg(name || ' ' || state, ', ' order by ordinal, name) from faultline.tasks"
            " where run_id = %s and item = -1",
            run.id,
            run.id,
        )
    )


@dataclass(frozen=True)
class Pair:
    """Two verbs, and what may come of it: (answer, answer, how the run stands)."""

    name: str
    tasks: Mapping[str, Any]
    first: Callable[[Run], Step]
    second: Callable[[Run], Step]
    legal: set[tuple[Any, Any, str]]
    prepare: str = ""

    def __str__(self) -> str:
        return self.name


def complete(task: str) -> Callable[[Run], Step]:
    return lambda run: Step("verb", COMPLETE, (run.jobs[task],))


def complete_many(*tasks: str) -> Callable[[Run], Step]:
    return lambda run: Step("verb", COMPLETE_MANY, ([run.jobs[task] for task in tasks], [1] * len(tasks)))


def fail(task: str) -> Callable[[Run], Step]:
    return lambda run: Step("verb", FAIL, (run.jobs[task],))


def of_run(query: str) -> Callable[[Run], Step]:
    return lambda run: Step("verb", query, (run.id,))


def plain(query: str) -> Callable[[Run], Step]:
    return lambda _: Step("verb", query)


DUE = "update faultline.tasks set due_at = clock_timestamp() where due_at is not null"
PAIRS = [
    Pair(
        "the last two needs complete",
        DIAMOND,
        complete("a"),
        complete("b"),
        {("ok", "ok", "running: a succeeded, b succeeded, z queued")},
    ),
    Pair(
        "the last two needs complete, in groups",
        DIAMOND,
        complete_many("a"),
        complete_many("b"),
        {("ok", "ok", "running: a succeeded, b succeeded, z queued")},
    ),
    Pair(
        "the last two elements complete",
        EACH,
        complete("m[0]"),
        complete("m[1]"),
        {("ok", "ok", "running: m succeeded, z queued")},
    ),
    Pair(
        "two groups with the same tasks in opposite order",
        DIAMOND,
        complete_many("a", "b"),
        complete_many("b", "a"),
        {
            ("ok ok", "repeat repeat", "running: a succeeded, b succeeded, z queued"),
            ("repeat repeat", "ok ok", "running: a succeeded, b succeeded, z queued"),
        },
    ),
    Pair(
        "one need completes, the other fails",
        HURT,
        complete("a"),
        fail("b"),
        {("ok", "ok", "running: a succeeded, b failed, z queued")},
    ),
    Pair(
        "complete and cancel",
        {"a": TASK},
        complete("a"),
        of_run(CANCEL),
        {("ok", "FL003", "succeeded: a succeeded"), ("FL001", "cancelled", "cancelled: a cancelled")},
    ),
    Pair(
        "complete and resume",
        {"a": TASK, "b": TASK},
        complete("a"),
        of_run(RESUME),
        # Before the last task is over there is nothing to resume.
        {("ok", "running", "running: a succeeded, b queued"), ("ok", "running", "failed: a succeeded, b failed")},
    ),
    Pair(
        "complete and the reaper",
        {"a": TASK},
        complete("a"),
        plain(REAP),
        # Whoever holds the run is passed by: the reaper comes again within a second.
        {("ok", 0, "succeeded: a succeeded"), ("FL001", 1, "running: a queued")},
        prepare="update faultline.jobs_live set lease_expires_at = clock_timestamp()",
    ),
    Pair(
        "signal and timeout",
        WAITS,
        of_run(SIGNAL),
        plain(WAKE),
        {("signalled", 0, "running: s succeeded, z queued"), ("signalled", 1, "running: s failed, z queued")},
        prepare=DUE,
    ),
    Pair(
        "cancel and timeout",
        WAITS,
        of_run(CANCEL),
        plain(WAKE),
        {("cancelled", 0, "cancelled: s cancelled, z cancelled"), ("cancelled", 1, "cancelled: s failed, z cancelled")},
        prepare=DUE,
    ),
    Pair(
        "two cancel",
        {"a": TASK},
        of_run(CANCEL),
        of_run(CANCEL),
        {("cancelled", "cancelled", "cancelled: a cancelled")},
    ),
]


@pytest.mark.parametrize("pair", share(PAIRS), ids=str)
def test_in_every_order_all_that_follows_follows(pair: Pair, db: Database, connect: Open) -> None:
    sessions = {"first": connect(), "second": connect()}

    def arrange() -> Run:
        db.execute("truncate faultline.runs, faultline.tasks, faultline.run_signals, faultline.jobs_live")
        run = begun(db, pair.tasks)
        if "resume" in pair.name:
            db.execute("update faultline.jobs_live set attempt = 1 where run_id = %s", run.id)
            db.execute(FAIL, run.jobs["b"])
        if pair.prepare:
            db.execute(pair.prepare)
        return run

    def plan(run: Run) -> Mapping[str, Sequence[Step]]:
        return {"first": [BEGIN, pair.first(run), COMMIT], "second": [BEGIN, pair.second(run), COMMIT]}

    seen = set()
    for run, ran in explore(sessions, arrange=arrange, plan=plan):
        outcome = (ran["first.verb"], ran["second.verb"], ends(db, run))
        assert outcome in pair.legal, str(ran)
        seen.add(outcome)
    assert seen == pair.legal


@pytest.mark.parametrize("pair", PAIRS[:3], ids=str)
def test_a_need_whose_end_is_rolled_back_is_not_over(pair: Pair, db: Database, connect: Open) -> None:
    sessions = {"first": connect(), "second": connect()}

    def plan(run: Run) -> Mapping[str, Sequence[Step]]:
        return {"first": [BEGIN, pair.first(run), ROLLBACK], "second": [BEGIN, pair.second(run), COMMIT]}

    for run, ran in explore(sessions, arrange=lambda: begun(db, pair.tasks), plan=plan):
        assert "z waiting" in ends(db, run), str(ran)


def test_one_key_is_one_run_however_many_trigger_it(db: Database, connect: Open) -> None:
    begun(db, DIAMOND)
    one, other = connect("faultline_producer"), connect("faultline_producer")
    one.begin()
    run = one.call(TRIGGER, "k")
    other.start(TRIGGER, "k")
    assert other.blocked()
    one.commit()
    assert other.outcome() == run
    one.begin()
    one.call(TRIGGER, "l")
    other.start(TRIGGER, "l")
    assert other.blocked()
    one.rollback()
    assert other.outcome() > run
    assert db.rows("select * from faultline.verify()") == []


def test_a_wait_that_ended_after_it_was_looked_for_is_not_ended_again(db: Database, connect: Open) -> None:
    """Between its look and its lock the one who wakes is held up: the other session holds the table of runs."""
    run = begun(db, WAITS)
    db.execute("update faultline.tasks set due_at = clock_timestamp() where run_id = %s and name = 's'", run.id)
    one, runner = connect(), connect("faultline_runner")
    one.begin()
    one.run("lock table faultline.runs")
    runner.start(WAKE)
    assert runner.blocked()
    assert one.call(SIGNAL, run.id) == "signalled"
    one.commit()
    assert runner.outcome() == 0
    assert ends(db, run) == "running: s succeeded, z queued"


@pytest.mark.parametrize("ends", ["commit", "rollback"])
def test_a_run_that_is_cancelled_waits_for_a_claim_of_its_tasks_and_keeps_nothing_back(
    db: Database, connect: Open, ends: str
) -> None:
    """The claim has made new versions of their rows: they are moved as they are after it."""
    db.execute("select faultline.put_workflow(%s)", json.dumps({"name": "w", "tasks": DIAMOND}))
    run = db.scalar("select faultline.trigger_workflow('w')")
    runner, operator = connect("faultline_runner"), connect("faultline_operator")
    runner.begin()
    assert len(runner.run("select faultline.claim_job('default', %s, 1)", ALICE)) == 1
    operator.start(CANCEL, run)
    assert operator.blocked()
    runner.commit() if ends == "commit" else runner.rollback()
    assert operator.outcome() == "cancelled"
    moves = db.rows("select from_state, attempt from faultline.jobs_done where run_id = %s order by 2", run)
    assert moves == [("queued", 0), ("running", 1) if ends == "commit" else ("queued", 0)]
    assert db.scalar("select count(*) from faultline.jobs_live") == 0
    assert db.rows("select * from faultline.verify()") == []
