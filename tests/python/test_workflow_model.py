"""Any workflow does on the database what the plain model of docs/workflows.md says, whatever its tasks, its runners and
its operators do: failures, crashes, late reports, groups, timers, signals, cancelled and resumed runs, new versions.

FAULTLINE_MODEL_EXAMPLES=300 and FAULTLINE_MODEL_STEPS=100 search for longer, FAULTLINE_SEED=N repeats a search.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from typing import TYPE_CHECKING, Any, ClassVar

import psycopg
import pytest
from hypothesis import Phase
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.python.test_workflow_truth_table import table
from tests.support.model import ILLEGAL
from tests.support.mutants import break_function
from tests.support.proofs import FULL, SEED, search
from tests.support.workflow_model import (
    AFTER_FAILURE,
    Condition,
    Job,
    Part,
    Run,
    Task,
    Workflow,
    WorkflowModel,
    decided,
)
from tests.support.workflow_verbs import WorkflowVerbs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.support.database import Database

pytestmark = pytest.mark.every_version

EXAMPLES = int(os.environ.get("FAULTLINE_MODEL_EXAMPLES", "30"))
# A step is several calls here, and what follows from them.
STEPS = int(os.environ.get("FAULTLINE_MODEL_STEPS", "50")) // 2
CONTROL_SEED = 20
ANY = 8
MOST_ROOTS = 5
ALL = 1000

NAMES = tuple("abcdefghijkl")
# By its name: how many tasks a workflow has at least and at most, and which are tasks of it. Nobody puts nowhere.
LEVELS = {
    "root": (3, 12, ("mid", "mid", "leaf", "leaf", "leaf", "nowhere")),
    "mid": (1, 4, ("leaf",)),
    "leaf": (1, 3, ()),
}
SIGNALS = ("ok", "go")

picks = st.integers(0, 9)
lists = st.sampled_from(([], [1], [1, 2], [2, 3], [0, 1, 2], [{"list": [1, 2]}, 1], [1, 2, 3, 4, 5]))
results = st.one_of(
    st.sampled_from((None, None, 0, 1, 1, 2, True, False, "text")),
    lists,
    st.builds(lambda ok, several: {"ok": ok, "list": several}, st.booleans(), lists),
)
inputs = st.builds(lambda go, several: {"go": go, "list": several}, st.booleans(), lists)
payloads = st.sampled_from((None, 1, [1, 2], {"ok": True}))
# How a runner ends an attempt.
ENDS = ("complete", "complete", "complete", "complete", "fail", "give up", "crash", "leave")
ends = st.one_of(
    st.lists(st.tuples(st.sampled_from(ENDS), results), min_size=1, max_size=6),
    st.lists(st.tuples(st.sampled_from(("complete", "give up", "give up")), results), min_size=1, max_size=2),
)

# What a search has to come upon to be worth anything. No more than what it meets many times: its paths are random.
REACHED = {
    "cancel_run → cancelled",
    "claim",
    "complete → ok",
    "fail → ok",
    "for_each of 2 or more: succeeded",
    "resume_run → running",
    "run: failed",
    "run: succeeded",
    "run of a run: failed",
    "run of a run: succeeded",
    "task: failed",
    "task: skipped",
    f"task: {AFTER_FAILURE}",
    "task: succeeded",
    "wake",
}
# And a long one: these are met a few times in the 30 examples of a short one, perhaps not at all.
REACHED_AT_LENGTH = {
    "complete → FL001",
    "complete → repeat",
    "fail → FL001",
    "retry → FL003",
    "run: cancelled",
    "signal → signalled",
}

DID_NOT_SUCCEED = "self.run_id = r.run_id and self.state in ('failed', 'cancelled', 'skipped')"
WHICH_JOBS = "(j.state = 'failed') = (_finish_jobs.state = 'discarded')"
# Each by what it does: the function, and the two texts.
MUTANTS = {
    "skips do not propagate": ("_advance", "following := following || skipped;", ""),
    "always is success": ("_advance", "n.failed else true end", "n.failed else n.all_succeeded end"),
    "failure wants the first to have failed itself": ("_advance", "or p.after_failure)", ")"),
    "a failure stops at what it keeps from running": ("_advance", "ready.failed and not ready.goes", "false"),
    "what was skipped counts as failed": ("_advance", "in ('failed', 'cancelled') or", "in ('failed', 'skipped') or"),
    "a false condition is a failure": ("_advance", "ready.failed and not", "not holds or not"),
    "a task starts before its last need": ("_ready", "limit 1) is null", "limit 1 offset 1) is null"),
    "elements are gathered as they ended": ("_close_items", "by t.item\n  loop", "by t.finished_at, t.item\n  loop"),
    "all elements at once": ("_close_items", "(definition ->> 'concurrency')::int, 10000", "10000, 10000"),
    "the next element never starts": ("_close_items", "elsif definition ? 'concurrency'", "elsif false"),
    "cancel leaves a live job": (
        "_finish_jobs",
        WHICH_JOBS,
        "j.state = case state when 'cancelled' then 'queued' else 'failed' end",
    ),
    "cancel leaves the children": ("cancel_run", "x.root_run_id = r.run_id", "x.run_id = r.run_id"),
    "resume runs again what succeeded": ("_reopen", DID_NOT_SUCCEED, "self.run_id = r.run_id"),
    "resume does not raise the generation": ("_reopen", "t.generation + 1", "t.generation"),
    "resume keeps dead letters": ("_resume", "r.root_run_id = root", "false"),
    "resume begins new children": ("_start_child", "if child is not null then", "if false then"),
    "a run follows a new version": (
        "_start_jobs",
        "w.version = r.version",
        "w.version = (select max(x.version) from faultline.workflows x where x.workflow = r.workflow)",
    ),
    "a child has the first version": ("_start_child", "select max(w.version)", "select min(w.version)"),
    "a child has all results": ("_child_ended", "w.needed_by = '{}'", "true"),
    "a signal that came early is forgotten": ("_start_task", "s.name = definition ->> 'signal'", "false"),
    "a late report is believed": ("_complete_tasks", "j.attempt = r.attempt and j.state", "j.state"),
    "a run with a failure succeeds": ("_finish_run", "('failed', 'cancelled')", "('cancelled')"),
    "elements get the results of others": (
        "task_contexts",
        "last_name is distinct from one.name then",
        "last_name is null then",
    ),
}
TRIED = sorted(MUTANTS) if FULL else random.Random(SEED).sample(sorted(MUTANTS), 6)


@st.composite
def workflows(draw: st.DrawFn, name: str) -> Workflow:
    """A graph of any shape: each task needs some of those before it, whatever their names."""
    least, most, others = LEVELS[name]
    names = draw(st.permutations(NAMES))[: draw(st.integers(least, most))]
    return Workflow(name, tuple(draw(tasks(one, names[:place], others)) for place, one in enumerate(names)))


@st.composite
def tasks(draw: st.DrawFn, name: str, before: Sequence[str], others: Sequence[str]) -> Task:
    kind = draw(st.sampled_from(("job",) * 6 + ("wait", "signal") + ("workflow",) * (5 if others else 0)))
    needs = tuple(draw(st.lists(st.sampled_from(before), max_size=3, unique=True))) if before else ()
    whens = ("success", "success", "success", "always") + (("failure", "failure") if needs else ())
    references = ["input.list", "input.list", *needs, *needs, *(f"{need}.list" for need in needs)]
    conditions = [Condition("go"), *(Condition(c, need) for need in needs for c in ("is one", "is ok", "is true"))]
    for_each = draw(st.sampled_from(references)) if kind in {"job", "workflow"} and draw(picks) < 6 else None
    givens = [None, "input", {"list": [1, 2], "go": True}, *references]
    of = {"workflow": others, "signal": SIGNALS}.get(kind)
    return Task(
        name,
        kind,
        needs,
        draw(st.sampled_from(whens)),
        draw(st.sampled_from(conditions)) if draw(picks) < 3 else None,
        for_each,
        draw(st.sampled_from((None, 1, 1, 1, 2))) if for_each else None,
        draw(st.sampled_from((None, 1, 1, 2))) if kind == "job" else None,
        draw(st.sampled_from(of)) if of else "",
        draw(st.sampled_from(givens)) if kind == "workflow" and not for_each else None,
        kind == "signal" and draw(st.booleans()),
    )


class Machine(RuleBasedStateMachine):
    """Calls each verb on both, and compares the answers, then all runs, tasks and live jobs."""

    verbs: ClassVar[WorkflowVerbs]
    made: ClassVar[Counter[str]]

    def __init__(self) -> None:
        super().__init__()
        self.model = WorkflowModel()
        self.verbs.start()
        self.ended: set[Run] = set()

    def same(self, verb: str, answer: Any, expected: Any) -> Any:
        assert answer == expected, f"{verb} answers {answer}, and {expected} in the model"
        self.made[f"{verb} → {answer}" if isinstance(answer, str) else verb] += 1
        return answer

    @initialize(root=workflows("root"), mid=workflows("mid"), leaf=workflows("leaf"), given=inputs)
    def begin(self, root: Workflow, mid: Workflow, leaf: Workflow, given: Any) -> None:
        for workflow in (root, mid, leaf):
            self.put(workflow)
        self.trigger(given, 0)

    @rule(workflow=st.sampled_from(tuple(LEVELS)).flatmap(workflows))
    def put(self, workflow: Workflow) -> None:
        """Runs that are on keep theirs."""
        self.same("put", self.verbs.put(workflow.spec()), self.model.put(workflow))

    @rule(given=st.one_of(inputs, inputs, st.just({})), number=picks)
    def trigger(self, given: Any, number: int) -> None:
        if len(self.model.roots) < MOST_ROOTS:
            name = tuple(LEVELS)[number % len(LEVELS)]
            answer, expected = self.verbs.trigger(name, given), self.model.trigger(name, given)
            if isinstance(expected, Run):
                assert type(answer) is int, f"trigger answers {answer}"
                expected.id = answer
                self.made["trigger"] += 1
            else:
                self.same("trigger", answer, expected)
            self.everything_is_the_same_in_both()

    # Runners

    @rule(batch=st.integers(1, 4))
    def claim(self, batch: int) -> None:
        """Which ones is not said; they get what they need."""
        queued = [job for job in self.model.jobs if job.state == "queued"]
        claimed = self.verbs.claim_tasks(batch)
        assert len(claimed) == min(batch, len(queued))
        for one in claimed:
            (job,) = (job for job in queued if (job.run.id, job.task) == (one.run, one.task))
            job.id = one.id
            assert one.attempt == self.model.claim(job)
            assert (one.item, one.input, one.results) == self.model.context(job)
            self.made["claim"] += 1

    @rule(number=picks, result=results)
    def complete(self, number: int, result: Any) -> None:
        if job := self.pick_job(number, "running"):
            self.report_complete(job, job.attempt, result)

    @rule(group=st.lists(st.tuples(picks, results, st.booleans()), min_size=1, max_size=5))
    def complete_together(self, group: list[tuple[int, Any, bool]]) -> None:
        """Late reports among them do not harm the others."""
        reports: dict[Job, tuple[Job, int, Any]] = {}
        for number, result, late in group:
            if job := self.pick_job(number, "running"):
                reports[job] = (job, max(job.attempt - late, 1), result)
        self.report_complete_many(list(reports.values()))

    @rule(number=picks, retryable=st.booleans())
    def fail(self, number: int, retryable: bool) -> None:
        if job := self.pick_job(number, "running"):
            self.report_fail(job, job.attempt, retryable)

    @rule(number=picks, succeeded=st.booleans())
    def report_late(self, number: int, succeeded: bool) -> None:
        """Whatever became of the job: the attempt before that of a running one, or the last one once more."""
        if job := self.pick_job(number, "queued", "succeeded", "failed", "cancelled", "discarded"):
            attempt = max(job.attempt - (job.state == "running"), 1)
            if succeeded:
                self.report_complete(job, attempt, 1)
            else:
                self.report_fail(job, attempt, retryable=True)

    @rule(numbers=st.lists(picks, min_size=1, max_size=3), late=st.booleans())
    def crash(self, numbers: list[int], late: bool) -> None:
        """Leases pass; what their attempts report after that is refused."""
        found = {job: None for number in numbers if (job := self.pick_job(number, "running"))}
        jobs = [job for job in found if job.state == "running"]
        self.report_crash(jobs)
        if late and jobs:
            attempt = jobs[0].attempt
            self.everything_is_the_same_in_both()
            self.claim(ALL)
            self.report_complete(jobs[0], attempt, 1)

    @rule(outcomes=ends, batch=st.sampled_from((1, 3, ALL)), together=st.booleans(), backwards=st.booleans())
    def work(self, outcomes: list[tuple[str, Any]], batch: int, together: bool, backwards: bool) -> None:
        """A runner claims, and ends what it has."""
        self.claim(batch)
        running = [job for job in self.model.jobs if job.state == "running"][:: -1 if backwards else 1]
        group = []
        crashed = []
        for place, job in enumerate(running):
            end, result = outcomes[place % len(outcomes)]
            if end == "complete" and together:
                group.append((job, job.attempt, result))
            elif end == "complete":
                self.report_complete(job, job.attempt, result)
            elif end in {"fail", "give up"}:
                self.report_fail(job, job.attempt, retryable=end == "fail")
            elif end == "crash":
                crashed.append(job)
        self.report_complete_many(group)
        self.report_crash(crashed)

    # Time and signals

    @rule(numbers=st.lists(picks, min_size=1, max_size=3))
    def wake(self, numbers: list[int]) -> None:
        sleeping = self.sleeping()
        chosen = {number % len(sleeping): sleeping[number % len(sleeping)] for number in numbers if sleeping}
        self.wake_these(list(chosen.values()))

    @rule(number=picks, name=st.sampled_from((*SIGNALS, "nobody")), payload=payloads)
    def signal(self, number: int, name: str, payload: Any) -> None:
        """Mostly one that a task waits for, or will."""
        waited_for = [
            (run, task.of)
            for run in self.runs()
            for task in run.workflow.tasks
            if task.kind == "signal" and not run.parts[task.name].over
        ]
        if number < ANY and waited_for:
            self.give(*waited_for[number % len(waited_for)], payload)
        elif run := self.pick_run(number, "running", of_runs=True):
            self.give(run, name, payload)

    # Operators

    @rule(number=picks)
    def cancel_run(self, number: int) -> None:
        if run := self.pick_run(number, "running", of_runs=number == ANY):
            self.same("cancel_run", self.verbs.cancel_run(run.id), self.model.cancel_run(run))

    @rule(number=picks)
    def resume_run(self, number: int) -> None:
        if run := self.pick_run(number, "failed", "cancelled", of_runs=number == ANY):
            self.again(run)

    @rule(number=picks, discard=st.booleans())
    def put_away_or_retry(self, number: int, discard: bool) -> None:
        """A dead letter: what failed in a run is for resume_run."""
        if job := self.pick_job(number, "failed"):
            if discard:
                self.same("discard", self.verbs.discard(job.id), self.model.discard(job))
            else:
                self.same("retry", self.verbs.retry(job.id), ILLEGAL)

    @rule(number=picks, gives_up=st.booleans())
    def cancel_job(self, number: int, gives_up: bool) -> None:
        if job := self.pick_job(number, "queued", "running"):
            if number < ANY:
                self.same("cancel", self.verbs.cancel(job.id), self.model.cancel_job(job))
            if gives_up:
                answer = self.verbs.cancelled(job.id, job.attempt)
                self.same("cancelled", answer, self.model.cancelled(job, job.attempt))

    @rule(outcomes=ends, again=st.booleans())
    def finish_and_resume(self, outcomes: list[tuple[str, Any]], again: bool) -> None:
        """All that is on goes on to its end; then, perhaps, what failed is tried again."""
        self.finish(outcomes)
        if again:
            for run in self.model.roots:
                if run.state in {"failed", "cancelled"}:
                    self.again(run)
                    self.everything_is_the_same_in_both()

    # Inside

    def report_complete(self, job: Job, attempt: int, result: Any) -> None:
        answer = self.verbs.complete_task(job.id, attempt, result)
        self.same("complete", answer, self.model.complete(job, attempt, result))

    def report_complete_many(self, reports: list[tuple[Job, int, Any]]) -> None:
        if reports:
            answer = self.verbs.complete_tasks([(job.id, attempt, result) for job, attempt, result in reports])
            self.same("complete_many", answer, self.model.complete_many(reports))

    def report_fail(self, job: Job, attempt: int, retryable: bool) -> None:
        answer = self.verbs.fail(job.id, attempt, retryable, at_once=True)
        self.same("fail", answer, self.model.fail(job, attempt, retryable))

    def report_crash(self, jobs: list[Job]) -> None:
        if jobs:
            self.same("reap", self.verbs.reap_these([job.id for job in jobs]), self.model.reap(jobs))

    def again(self, run: Run) -> None:
        self.same("resume_run", self.verbs.resume_run(run.id), self.model.resume_run(run))
        self.ended.discard(run)

    def give(self, run: Run, name: str, payload: Any) -> None:
        self.same("signal", self.verbs.signal(run.id, name, payload), self.model.signal(run, name, payload))

    def wake_these(self, chosen: list[tuple[Run, str, Part]]) -> None:
        answer = self.verbs.wake([(run.id, name) for run, name, _ in chosen])
        self.same("wake", answer, self.model.wake([part for _, _, part in chosen]))

    def finish(self, outcomes: list[tuple[str, Any]]) -> None:
        """Until every run has ended: a task that is stranded would be waited for in vain."""
        for turn in range(100):
            self.everything_is_the_same_in_both()
            if all(run.state != "running" for run in self.model.roots):
                return
            # What is left alone for ever would never end.
            usual = outcomes if turn < 8 else [("complete", outcomes[0][1])]
            self.work(usual, ALL, together=turn % 2 == 0, backwards=turn % 4 == 1)
            self.everything_is_the_same_in_both()
            if sleeping := self.sleeping():
                self.wake_these(sleeping[:2])
                self.everything_is_the_same_in_both()
            for run in self.runs():
                waits = [one for one in run.workflow.tasks if one.kind == "signal" and not one.timeout]
                for one in waits:
                    if run.parts[one.name].state == "running":
                        self.give(run, one.of, 1)
        raise AssertionError("a run does not end")

    def runs(self) -> list[Run]:
        return [one for root in self.model.roots for one in root.family()]

    def sleeping(self) -> list[tuple[Run, str, Part]]:
        """The tasks that have a time at which they end."""
        return [
            (run, task.name, run.parts[task.name])
            for run in self.runs()
            for task in run.workflow.tasks
            if run.parts[task.name].state == "running" and (task.kind == "wait" or task.timeout)
        ]

    def pick_job(self, number: int, *likely: str) -> Job | None:
        """Mostly one in a state in which the verb is legal; sometimes any. Brings one there if none is running."""
        if "running" in likely:
            self.bring_running()
        known = [job for job in self.model.jobs if job.id]
        found = [job for job in known if job.state in likely] if number < ANY else []
        found = found or known
        return found[-1 - number % len(found)] if found else None

    def bring_running(self) -> None:
        if not any(job.state == "running" for job in self.model.jobs):
            if not any(run.state == "running" for run in self.model.roots):
                self.trigger({"go": True, "list": [1, 2, 3]}, 0)
            self.claim(3)

    def pick_run(self, number: int, *likely: str, of_runs: bool) -> Run | None:
        known = [run for run in self.runs() if of_runs or run.parent is None]
        found = [run for run in known if run.state in likely] if number < ANY else []
        found = found or known
        return found[number % len(found)] if found else None

    @invariant()
    def everything_is_the_same_in_both(self) -> None:
        changing = [run for run in self.model.roots if run not in self.ended]
        statuses = self.verbs.statuses([run.id for run in changing])
        for root in changing:
            self.assert_same_run(root, statuses)
        self.ended = {run for run in self.model.roots if run.state != "running"}
        expected = [
            (job.run.id, job.task, job.state, job.attempt, job.failures, job.cancel_requested)
            for job in self.model.jobs
            if job.state in {"queued", "running", "failed"}
        ]
        assert sorted(self.verbs.live_jobs()) == sorted(expected)

    def assert_same_run(self, run: Run, statuses: dict[int, Any]) -> None:
        status = statuses[run.id]
        assert (status["workflow"], status["version"], status["input"], status["state"]) == (
            run.workflow.name,
            run.version,
            run.input,
            run.state,
        )
        rows = {row["name"]: row for row in status["tasks"]}
        parts = dict(run.all_parts())
        assert {name: seen(row) for name, row in rows.items()} == {name: told(part) for name, part in parts.items()}
        order = list(rows)
        for task in run.workflow.tasks:
            items = run.parts[task.name].items
            counts = Counter(item.state for item in items or ())
            assert rows[task.name]["items"] == (dict(counts) or None)
            assert all(order.index(need) < order.index(task.name) for need in task.needs)
        for name, part in parts.items():
            if part.job is not None:
                part.job.id = rows[name]["job_id"]
            if part.child is not None and part.state != "waiting":
                part.child.id = rows[name]["run_id"]
                self.assert_same_run(part.child, statuses)

    def teardown(self) -> None:
        self.finish([("complete", [1, 2])])
        self.ended.clear()
        self.everything_is_the_same_in_both()
        assert self.verbs.violations() == []
        for run in self.runs():
            self.made[f"run{' of a run' if run.parent else ''}: {run.state}"] += 1
            for part in run.parts.values():
                self.made[f"task: {part.outcome}"] += 1
                if len(part.items or ()) > 1:
                    self.made[f"for_each of 2 or more: {part.state}"] += 1


def seen(row: dict[str, Any]) -> tuple[Any, ...]:
    """A task as run_status shows it. How it failed is told by the type of the error."""
    error = row["error"]["type"] if row["state"] == "failed" else None
    return row["state"], row["result"], error, row["generation"], row["attempt"]


def told(part: Part) -> tuple[Any, ...]:
    """The same of the model: a task whose job is claimed is running."""
    state = "running" if part.state == "queued" and part.job and part.job.state == "running" else part.state
    return state, part.result, part.error, part.generation, part.job and part.job.attempt


def test_the_model_has_the_table_of_the_docs() -> None:
    outcomes = {
        "succeeded": "succeeded",
        "failed": "failed",
        "was cancelled": "cancelled",
        "was skipped": "skipped",
        "was skipped after a failure": AFTER_FAILURE,
    }
    assert table() == {
        row: {when: decided(when, [outcome]) for when in ("success", "failure", "always")}
        for row, outcome in outcomes.items()
    }


@pytest.mark.timeout(0)
def test_every_workflow_does_what_the_model_says(db: Database, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(f"\nworkflow model: FAULTLINE_SEED={SEED}", end=" ", flush=True)
        reach = REACHED | REACHED_AT_LENGTH if FULL else REACHED
        calls = search(Machine, WorkflowVerbs(db.connect()), SEED, EXAMPLES, STEPS, reach=reach)
        print(f"{calls.total()} calls and ends in {EXAMPLES} examples", end=" ")
    missing = reach - set(calls)
    assert not missing, f"the search never saw {sorted(missing)}"


@pytest.mark.parametrize("mutant", TRIED)
def test_the_search_finds_a_function_that_is_broken(mutant: str, db: Database) -> None:
    function, *change = MUTANTS[mutant]
    break_function(db, function, (change[0], change[1]))
    with pytest.raises((AssertionError, psycopg.Error)):
        search(Machine, WorkflowVerbs(db.connect()), CONTROL_SEED, examples=300, steps=25, phases=[Phase.generate])
