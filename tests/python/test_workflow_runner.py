"""Tasks of workflows in a runner: what handlers are given, what fails alone, and what a SIGKILL changes."""

from __future__ import annotations

import asyncio
import json
import signal
import threading
import time
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from faultline import App, Discard, Job, RetryLater, Snooze
from faultline.workflow import load
from tests.support.running import Running, assert_sound, drain, process, until
from tools import sqitch

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.database import Database

EXAMPLE = sqitch.ROOT / "examples/hash-tree"
DEEP = "[" * 3_000 + "]" * 3_000
HUGE = "9" * 6_000
WATCHED = """
import os, time
from pathlib import Path
import tree

app = tree.app
handler = app.handlers[os.environ["HANG"]]
original = handler.function

def hang_once(job):
    marker = Path(os.environ["MARKER"])
    if not marker.exists():
        marker.touch()
        time.sleep(60)
    return original(job)

object.__setattr__(handler, "function", hang_once)
"""


def put(db: Database, **tasks: Any) -> None:
    db.execute("select faultline.put_workflow(%s::jsonb)", json.dumps({"name": "w", "tasks": tasks}))


def trigger(db: Database, input_: str = "{}") -> int:
    return int(db.scalar("select faultline.trigger_workflow('w', %s::jsonb)", input_))


def status(db: Database, run: int) -> dict[str, Any]:
    found: dict[str, Any] = db.scalar("select faultline.run_status(%s)", run)
    return found


def states(db: Database, run: int) -> dict[str, str]:
    return {task["name"]: task["state"] for task in status(db, run)["tasks"]}


def over(db: Database, run: int) -> str:
    """How the run ended."""
    query = "select state from faultline.run_log where run_id = %s and state <> 'running'"
    return str(until(lambda: db.rows(query, run), "the run is over")[0][0])


def app_of(**handlers: Callable[[Job], Any]) -> App:
    app = App()
    for name, function in handlers.items():
        app.handler(name, max_attempts=1)(function)
    return app


def test_input_and_results_reach_the_handler(db: Database) -> None:
    put(db, a={"type": "a"}, b={"type": "b"}, c={"type": "c", "needs": ["a", "b"]})
    run = trigger(db, '{"day": "2030-01-31"}')
    seen: list[tuple[Any, ...]] = []

    async def first(job: Job) -> dict[str, Any]:
        seen.append((job.task, job.run_id, job.input, job.results, job.item))
        return {"from": job.task}

    def nothing(job: Job) -> None:
        pass

    def last(job: Job) -> None:
        seen.append((job.task, job.run_id, job.input, job.results, job.item))

    drain(app_of(a=first, b=nothing, c=last), db)
    day = {"day": "2030-01-31"}
    assert seen == [("a", run, day, {}, None), ("c", run, day, {"a": {"from": "a"}, "b": None}, None)]
    assert over(db, run) == "succeeded"
    assert_sound(db)


def test_outside_of_a_workflow_there_is_nothing_of_it(db: Database) -> None:
    seen: list[tuple[Any, ...]] = []

    async def plain(job: Job) -> None:
        seen.append((job.run_id, job.task, job.input, job.results, job.item))

    db.execute("select faultline.enqueue('plain')")
    drain(app_of(plain=plain), db)
    assert seen == [(None, None, {}, {}, None)]


def test_for_each_gives_each_its_element_and_gathers_in_order_within_its_concurrency(db: Database) -> None:
    put(
        db,
        each={"type": "each", "for_each": "input.numbers", "concurrency": 3},
        total={"type": "total", "needs": "each"},
    )
    running, most, results = 0, 0, []
    lock = threading.Lock()

    def each(job: Job) -> int:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.01)
        with lock:
            running -= 1
        assert job.task == f"each[{job.item}]"
        return int(job.item * job.item)

    async def total(job: Job) -> int:
        results.append(job.results["each"])
        return sum(job.results["each"])

    run = trigger(db, json.dumps({"numbers": list(range(40))}))
    drain(app_of(each=each, total=total), db)
    assert over(db, run) == "succeeded"
    assert results == [[n * n for n in range(40)]]
    assert 1 <= most <= 3
    assert_sound(db)


def test_an_element_can_be_null(db: Database) -> None:
    put(db, each={"type": "each", "for_each": "input.things"})
    seen: list[object] = []

    async def each(job: Job) -> None:
        seen.append(job.item)

    run = trigger(db, '{"things": [null, false, "x", {"a": 1}]}')
    drain(app_of(each=each), db, concurrency=1)
    assert over(db, run) == "succeeded"
    assert seen == [None, False, "x", {"a": 1}]


@pytest.mark.parametrize("poison", [f'{{"x": {DEEP}}}', f'{{"x": {HUGE}}}'], ids=["nesting", "digits"])
def test_a_poison_input_fails_its_own_tasks_alone(poison: str, db: Database) -> None:
    put(db, a={"type": "a"})
    poisoned, good = trigger(db, poison), trigger(db)

    async def fine(job: Job) -> int:
        return 1

    drain(app_of(a=fine), db)
    assert (over(db, poisoned), over(db, good)) == ("failed", "succeeded")
    error = db.scalar("select error from faultline.task_log where run_id = %s", poisoned)
    assert error["type"] == "PayloadError"
    assert "the input of its run" in error["message"]
    assert_sound(db)


def test_a_poison_list_fails_each_of_its_items(db: Database) -> None:
    put(db, make={"type": "make"}, each={"type": "each", "needs": "make", "for_each": "make"}, other={"type": "each"})
    run = trigger(db)
    ((make,),) = db.rows("select job_id from faultline.jobs_live where run_id = %s and task = 'make'", run)
    db.execute("update faultline.jobs_live set priority = 1, ready_at = clock_timestamp() where job_id = %s", make)
    db.rows("select * from faultline.claim_job('default', gen_random_uuid())")
    db.execute("select faultline.complete_job(%s, 1, %s::jsonb)", make, f"[1, {HUGE}, 2]")
    seen: list[object] = []

    async def each(job: Job) -> None:
        seen.append(job.task)

    drain(app_of(each=each), db)
    # The list is among the results of each item, and they share it: it is tried once, and each of them says why.
    assert seen == ["other"]
    assert db.rows("select distinct state, error ->> 'type' from faultline.task_log where item is not null") == [
        ("failed", "PayloadError")
    ]
    assert db.scalar("select state from faultline.run_log") == "failed"
    assert_sound(db)


def test_claims_without_tasks_ask_for_no_contexts(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def attach(jobs: list[Job], _: object) -> int:
        asked.append(len(jobs))
        return 0

    monkeypatch.setattr("faultline.claimer.tasks.attach", attach)

    async def fine(job: Job) -> None:
        pass

    db.execute("select faultline.enqueue('a') from generate_series(1, 50)")
    drain(app_of(a=fine), db)
    assert asked == []


def test_one_round_trip_fetches_the_contexts_of_a_whole_claim(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    from faultline import tasks  # noqa: PLC0415

    put(db, each={"type": "each", "for_each": "input.things"})
    run = trigger(db, json.dumps({"things": list(range(20)), "ballast": "x" * 1000}))
    claims: list[tuple[int, int]] = []
    real = tasks.attach

    def attach(jobs: Any, rows: Any) -> int:
        size = real(jobs, rows)
        claims.append((len(jobs), size))
        return size

    monkeypatch.setattr("faultline.claimer.tasks.attach", attach)
    inputs: set[int] = set()

    async def each(job: Job) -> None:
        inputs.add(id(job.input))

    drain(app_of(each=each), db, concurrency=20)
    assert over(db, run) == "succeeded"
    assert claims[0][0] == 20
    assert claims[0][1] < 2_000, "the input is sent once, not for each item"
    assert len(inputs) == 1


def test_tasks_wait_for_their_contexts_if_the_database_refuses(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("faultline.executor.CONTEXT_DELAY", 0.2)
    put(db, a={"type": "a"})
    db.execute("revoke execute on function faultline.task_contexts from faultline_runner")
    run = trigger(db)
    plain = int(db.scalar("select faultline.enqueue('a')"))

    async def fine(job: Job) -> None:
        pass

    with Running(app_of(a=fine), db):
        until(lambda: db.scalar("select faultline.job_status(%s)", plain)["state"] == "succeeded", "plain jobs go on")
        until(lambda: status(db, run)["tasks"][0]["attempt"] >= 2, "the task is given back")
        assert db.scalar("select failures from faultline.jobs_live where run_id = %s", run) == 0
        db.execute("grant execute on function faultline.task_contexts to faultline_runner")
        assert over(db, run) == "succeeded"
    assert_sound(db)


def has_large_result(db: Database, run: int, size: int) -> None:
    """The result of the task a has so many bytes as text; then go: what waits for the signal begins."""
    until(lambda: states(db, run)["a"] == "succeeded", "a is over")
    result = "update faultline.tasks set result = to_jsonb(repeat('x', %s)) where run_id = %s and name = 'a'"
    db.execute(result, size - 2, run)
    db.execute("select faultline.signal_run(%s, 'go')", run)


def test_a_task_that_would_be_given_too_much_fails_for_good_and_alone(db: Database) -> None:
    go = {"wait_for": "go"}
    fat = {"type": "z", "needs": ["a", "go", "b"], "retry": {"max_attempts": 5}}
    fit = {"type": "z", "needs": ["a", "go"]}
    put(db, a={"type": "a"}, b={"type": "a"}, go=go, fat=fat, fit=fit, thin={"type": "z", "needs": "go"})
    run = trigger(db)
    entered: dict[str | None, int] = {}

    async def a(job: Job) -> None:
        pass

    async def z(job: Job) -> None:
        entered[job.task] = len(job.results.get("a", ""))

    most = 32 * 1024 * 1024
    document = len('{"input": {}, "a": , "go": null}')
    too_many = most + len(', "b": null')
    with Running(app_of(a=a, z=z), db):
        has_large_result(db, run, most - document)
        assert over(db, run) == "failed"
    failed, attempt, error = db.rows("select task, attempt, error from faultline.jobs_live where run_id = %s", run)[0]
    assert (failed, attempt, error["type"]) == ("fat", 1, "ContextError")
    assert error["message"] == (
        "task fat would be given too much: the input of its run and 3 of the 3 results that it needs have "
        f"{too_many} bytes as text, more than {most} (32 MiB). "
        "Store the data elsewhere and return references"
    )
    assert_sound(db)


def test_tasks_whose_results_are_too_much_for_one_answer_take_turns(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("faultline.executor.CONTEXT_DELAY", 0.1)
    z = {"type": "z", "needs": ["a", "go"]}
    put(db, a={"type": "a"}, go={"wait_for": "go"}, **{f"z{n}": z for n in range(3)})
    run = trigger(db)
    entered: list[tuple[str | None, int]] = []

    async def a(job: Job) -> None:
        pass

    async def takes(job: Job) -> None:
        entered.append((job.task, len(job.results["a"])))

    size = 17 * 1024 * 1024
    with Running(app_of(a=a, z=takes), db):
        has_large_result(db, run, size)
        assert over(db, run) == "succeeded"
    assert sorted(entered) == [(f"z{n}", size - 2) for n in range(3)]
    assert db.scalar("select count(*) from faultline.job_events where verb = 'release'") >= 1
    assert db.scalar("select sum(failures) from faultline.jobs_done where run_id = %s", run) == 0
    assert_sound(db)


def test_a_task_completed_by_its_ledger_releases_what_needs_it(db: Database) -> None:
    put(db, pay={"type": "pay", "for_each": "input.orders"}, mail={"type": "mail", "needs": "pay"})
    mailed: list[Any] = []

    def pay(job: Job) -> None:
        with job.ledger(f"order-{job.item}") as tx:
            tx.post("alice", -1, "EUR")
            tx.post("bob", 1, "EUR")
            tx.result = {"paid": job.item}

    async def mail(job: Job) -> None:
        mailed.append(job.results["pay"])

    run = trigger(db, '{"orders": [1, 2, 3]}')
    drain(app_of(pay=pay, mail=mail), db)
    assert over(db, run) == "succeeded"
    assert mailed == [[{"paid": 1}, {"paid": 2}, {"paid": 3}]]
    assert_sound(db)


def test_every_outcome_of_a_handler_is_an_outcome_of_its_task(db: Database) -> None:
    put(
        db,
        snoozes={"type": "snoozes"},
        retries={"type": "retries", "retry": {"max_attempts": 2}},
        gives_up={"type": "gives_up"},
        too_big={"type": "too_big"},
        after={"type": "after", "needs": ["snoozes", "retries", "gives_up", "too_big"], "when": "always"},
    )
    seen: list[Any] = []

    async def snoozes(job: Job) -> int:
        if job.attempt == 1:
            raise Snooze(0.05)
        return job.attempt

    async def retries(job: Job) -> int:
        if job.failures == 0:
            raise RetryLater(0.05)
        return job.attempt

    def gives_up(job: Job) -> None:
        raise Discard("no use")

    async def too_big(job: Job) -> str:
        return "x" * 300_000

    async def after(job: Job) -> None:
        seen.append(job.results)

    run = trigger(db)
    app = app_of(snoozes=snoozes, retries=retries, gives_up=gives_up, too_big=too_big, after=after)
    with Running(app, db):
        assert over(db, run) == "failed"
    assert seen == [{"snoozes": 2, "retries": 2, "gives_up": None, "too_big": None}]
    found = {task["name"]: (task["error"] or {}).get("type") for task in status(db, run)["tasks"]}
    assert found["gives_up"] == "Discard"
    assert found["too_big"] == "ResultError"
    assert_sound(db)


def test_a_resumed_run_keeps_what_succeeded(db: Database) -> None:
    put(db, each={"type": "each", "for_each": "input.numbers"}, last={"type": "last", "needs": "each"})
    ran: list[int] = []
    broken = True

    async def each(job: Job) -> int:
        ran.append(job.item)
        if broken and job.item == 2:
            raise Discard("not yet")
        return int(job.item)

    async def last(job: Job) -> int:
        return sum(job.results["each"])

    run = trigger(db, '{"numbers": [1, 2, 3]}')
    with Running(app_of(each=each, last=last), db):
        assert over(db, run) == "failed"
        broken = False
        db.execute("select faultline.resume_run(%s)", run)
        assert over(db, run) == "succeeded"
    assert sorted(ran) == [1, 2, 2, 3]
    assert status(db, run)["tasks"][-1]["result"] == 6
    assert_sound(db)


def test_a_workflow_runs_in_a_workflow(db: Database) -> None:
    child = {"name": "child", "tasks": {"double": {"type": "double"}}}
    db.execute("select faultline.put_workflow(%s::jsonb)", json.dumps(child))
    put(
        db,
        parts={"type": "parts"},
        each={"workflow": "child", "needs": "parts", "for_each": "parts", "concurrency": 2},
        total={"type": "total", "needs": "each"},
    )

    async def parts(job: Job) -> list[int]:
        return [1, 2, 3, 4]

    async def double(job: Job) -> int:
        return int(2 * job.input["item"])

    async def total(job: Job) -> int:
        return sum(part["double"] for part in job.results["each"])

    run = trigger(db)
    drain(app_of(parts=parts, double=double, total=total), db)
    assert over(db, run) == "succeeded"
    assert db.scalar("select result from faultline.task_log where run_id = %s and name = 'total'", run) == 20
    assert_sound(db)


def test_timers_and_signals_that_never_come_are_ended_by_runners(db: Database) -> None:
    put(
        db,
        nap={"wait": "300ms"},
        after={"type": "a", "needs": "nap"},
        approval={"wait_for": "approval", "timeout": "200ms"},
        refused={"type": "a", "needs": "approval", "when": "failure"},
    )
    ran: list[str | None] = []

    async def note(job: Job) -> None:
        ran.append(job.task)

    run = trigger(db)
    with Running(app_of(a=note), db):
        assert over(db, run) == "failed"
    assert sorted(ran, key=str) == ["after", "refused"]
    assert states(db, run) == {
        "nap": "succeeded",
        "after": "succeeded",
        "approval": "failed",
        "refused": "succeeded",
    }
    assert_sound(db)


def test_a_cancelled_run_stops_its_handlers(db: Database) -> None:
    put(db, a={"type": "a"}, b={"type": "a", "needs": "a"})
    told = threading.Event()
    begun = threading.Event()

    async def endless(job: Job) -> None:
        begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            told.set()

    run = trigger(db)
    with Running(app_of(a=endless), db, lease=1.5):
        assert begun.wait(10)
        db.execute("select faultline.cancel_run(%s)", run)
        assert told.wait(10)
    assert states(db, run) == {"a": "cancelled", "b": "cancelled"}
    assert_sound(db)


# The example, killed.


@pytest.mark.parametrize("victim", ["find-files", "hash-file", "gather-hashes", "write-report"])
def test_the_example_survives_a_sigkill_at_any_task(victim: str, db: Database, tmp_path: Path) -> None:
    spec = load((EXAMPLE / "hash-tree.yaml").read_bytes()).spec
    db.execute("select faultline.put_workflow(%s::jsonb)", json.dumps(spec))
    (tmp_path / "watched.py").write_text(WATCHED)
    (tmp_path / "tree.py").write_text((EXAMPLE / "tree.py").read_text())
    files = tmp_path / "files"
    files.mkdir()
    for number in range(12):
        (files / f"{number}.txt").write_text(str(number))
    report, marker = tmp_path / "report.json", tmp_path / "marker"
    with psycopg.connect(db.dsn, autocommit=True) as connection:
        row = connection.execute(
            "select faultline.trigger_workflow('hash-tree', %s::jsonb)",
            (json.dumps({"directory": str(files), "report": str(report)}),),
        ).fetchone()
    assert row is not None
    run = row[0]
    variables = {"HANG": victim, "MARKER": str(marker)}
    with process(tmp_path, db.dsn, "watched:app", "--lease", "1s", env=variables) as first:
        until(marker.exists, "it hangs in the victim")
        first.signal(signal.SIGKILL)
        first.wait()
    assert status(db, run)["state"] == "running"
    with process(tmp_path, db.dsn, "watched:app", "--lease", "1s", env=variables) as second:
        assert over(db, run) == "succeeded", second.output()
    assert json.loads(report.read_text())["files"] == 12
    assert len(list(tmp_path.glob("report.json*"))) == 1
    until(lambda: db.scalar("select count(*) from faultline.jobs_live") == 0, "nothing is left")
    assert_sound(db)
