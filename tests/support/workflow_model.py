"""What becomes of a workflow, in plain Python: the rules of docs/workflows.md, evaluated on the whole graph.

Each method of WorkflowModel answers what the function of the same name answers, an error by its SQLSTATE. After every
verb all tasks of a family of runs are looked at again and again, in any order, until nothing more follows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from tests.support.model import DEFAULT_ATTEMPTS, ILLEGAL, INVALID, OTHER_ARGUMENTS, STALE, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

OVER = {"succeeded", "failed", "cancelled", "skipped"}
AFTER_FAILURE = "skipped after a failure"
Json: TypeAlias = Any


# What is put


@dataclass(frozen=True)
class Condition:
    """One of four kinds: what it needs is 1, has a true `ok`, is itself true; or the input has a true `go`."""

    kind: str
    need: str = ""

    def path(self) -> str:
        return {
            "is one": f'$."{self.need}" == 1',
            "is ok": f'$."{self.need}".ok == true',
            "is true": f'$."{self.need}"',
            "go": "$.input.go == true",
        }[self.kind]

    def holds(self, input_: Json, result: Json) -> bool | None:
        """None: neither true nor false. A path looks into lists by itself."""
        several = result if isinstance(result, list) else [result]
        if self.kind == "go":
            return input_.get("go") is True
        if self.kind == "is true":
            return result if isinstance(result, bool) else None
        if self.kind == "is ok":
            return any(one.get("ok") is True for one in several if isinstance(one, dict))
        if any(one == 1 for one in several if type(one) is int):
            return True
        return None if any(one is not None and type(one) is not int for one in several) else False


@dataclass(frozen=True)
class Task:
    """`of`: the workflow that it is a run of, or the signal that it waits for. `given`: the input of that run."""

    name: str
    kind: str
    needs: tuple[str, ...] = ()
    when: str = "success"
    condition: Condition | None = None
    for_each: str | None = None
    concurrency: int | None = None
    max_attempts: int | None = None
    of: str = ""
    given: Json = None
    timeout: bool = False

    def spec(self) -> dict[str, Json]:
        kinds: dict[str, dict[str, Json]] = {
            "job": {"type": "t", "retry": self.max_attempts and {"max_attempts": self.max_attempts}},
            "workflow": {"workflow": self.of, "input": self.given},
            "wait": {"wait": "1h"},
            "signal": {"wait_for": self.of, "timeout": "1h" if self.timeout else None},
        }
        spec = kinds[self.kind] | {
            "needs": list(self.needs),
            "when": self.when,
            "if": self.condition and self.condition.path(),
            "for_each": self.for_each,
            "concurrency": self.concurrency,
        }
        return {key: value for key, value in spec.items() if value is not None}


@dataclass(frozen=True)
class Workflow:
    name: str
    tasks: tuple[Task, ...]

    def spec(self) -> dict[str, Json]:
        return {"name": self.name, "tasks": {task.name: task.spec() for task in self.tasks}}

    @property
    def last(self) -> list[str]:
        """The tasks that no other needs."""
        needed = {need for task in self.tasks for need in task.needs}
        return [task.name for task in self.tasks if task.name not in needed]


# What is run


@dataclass(eq=False)
class Job:
    """A job of a task, or of an item of it. `id` is the database's, as soon as that is known."""

    run: Run
    task: str
    part: Part
    max_attempts: int
    state: str = "queued"
    attempt: int = 0
    failures: int = 0
    cancel_requested: bool = False
    reports: set[tuple[int, str]] = field(default_factory=set)
    id: int = 0

    def runs(self, attempt: int) -> bool:
        return self.state == "running" and self.attempt == attempt


@dataclass(eq=False)
class Part:
    """A task of a run, or an item of it with its element as `value`. What it has already done survives a resume."""

    state: str = "waiting"
    after_failure: bool = False
    generation: int = 1
    result: Json = None
    error: str | None = None
    value: Json = None
    job: Job | None = None
    child: Run | None = None
    items: list[Part] | None = None

    @property
    def over(self) -> bool:
        return self.state in OVER

    @property
    def outcome(self) -> str:
        return AFTER_FAILURE if self.after_failure else self.state

    def end(self, state: str, result: Json = None, error: str | None = None) -> None:
        self.state, self.result, self.error = state, result, error

    def again(self) -> None:
        """It did not succeed, and is decided once more."""
        self.state, self.after_failure, self.result, self.error, self.job = "waiting", False, None, None, None
        self.generation += 1


@dataclass(eq=False)
class Run:
    workflow: Workflow
    version: int
    input: Json
    parent: Run | None = None
    state: str = "running"
    parts: dict[str, Part] = field(default_factory=dict)
    signals: dict[str, Json] = field(default_factory=dict)
    id: int = 0

    @property
    def root(self) -> Run:
        return self.parent.root if self.parent else self

    def all_parts(self) -> Iterator[tuple[str, Part]]:
        """Tasks by their names, items as name[i]."""
        for name, part in self.parts.items():
            yield name, part
            for place, item in enumerate(part.items or ()):
                yield f"{name}[{place}]", item

    def family(self) -> Iterator[Run]:
        """This run, and those that are tasks of it now."""
        yield self
        for _, part in self.all_parts():
            if part.child is not None:
                yield from part.child.family()


def decided(when: str, outcomes: Sequence[str]) -> str:
    """The table of docs/workflows.md, for any number of needs: runs, skipped, or skipped after a failure."""
    hurt = any(outcome in {"failed", "cancelled", AFTER_FAILURE} for outcome in outcomes)
    if when == "always" or (when == "failure" and hurt):
        return "runs"
    if when == "success":
        if all(outcome == "succeeded" for outcome in outcomes):
            return "runs"
        return AFTER_FAILURE if hurt else "skipped"
    return "skipped"


Report: TypeAlias = tuple[Job, int, Json]


@dataclass
class WorkflowModel:
    """All versions, all runs that nobody else is the parent of, and every job there ever was."""

    versions: dict[str, list[Workflow]] = field(default_factory=dict)
    roots: list[Run] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)

    # Workflows and runs

    def put(self, workflow: Workflow) -> int:
        versions = self.versions.setdefault(workflow.name, [])
        if not versions or versions[-1].spec() != workflow.spec():
            versions.append(workflow)
        return len(versions)

    def trigger(self, name: str, input_: Json) -> Run | str:
        if name not in self.versions:
            return UNKNOWN
        for task in self.versions[name][-1].tasks:
            if task.for_each and task.for_each.startswith("input") and not isinstance(_at(task.for_each, input_), list):
                return INVALID
        run = self._begun(name, input_, None)
        self.roots.append(run)
        self._settle(run)
        return run

    def signal(self, run: Run, name: str, payload: Json) -> str:
        if all(task.of != name for task in run.workflow.tasks if task.kind == "signal"):
            return UNKNOWN
        if name in run.signals:
            return "signalled" if run.signals[name] == payload else OTHER_ARGUMENTS
        if run.state != "running":
            return ILLEGAL
        run.signals[name] = payload
        self._settle(run.root)
        return "signalled"

    def wake(self, due: Sequence[Part]) -> int:
        """Timers that are over succeed; a signal that did not come in time is a failure."""
        tasks = [
            (run.root, task, part)
            for run in self._runs()
            for task in run.workflow.tasks
            for part in [run.parts[task.name]]
            if part in due
        ]
        for _, task, part in tasks:
            if task.kind == "wait":
                part.end("succeeded")
            else:
                part.end("failed", error="SignalTimeout")
        for root, _, _ in tasks:
            self._settle(root)
        return len(tasks)

    def cancel_run(self, run: Run) -> str:
        if run.parent is not None or run.state not in {"running", "cancelled"}:
            return ILLEGAL
        for one in run.family():
            if one.state == "running":
                one.state = "cancelled"
                for _, part in one.all_parts():
                    if not part.over:
                        part.end("cancelled")
        for job in self._jobs_of(run):
            if job.state in {"queued", "running"}:
                job.state = "cancelled"
        return "cancelled"

    def resume_run(self, run: Run) -> str:
        if run.parent is not None or run.state == "succeeded":
            return ILLEGAL
        if run.state != "running":
            for job in self._jobs_of(run):
                if job.state == "failed":
                    job.state = "discarded"
            self._resume(run)
            self._settle(run)
        return "running"

    # Jobs

    def claim(self, job: Job) -> int:
        job.state = "running"
        job.attempt += 1
        return job.attempt

    def context(self, job: Job) -> tuple[Json, Json, dict[str, Json]]:
        """What its handler is given: the element, the input of the run, and the results of what it needs."""
        name = job.task.partition("[")[0]
        (needs,) = (task.needs for task in job.run.workflow.tasks if task.name == name)
        return job.part.value, job.run.input, {need: job.run.parts[need].result for need in needs}

    def complete(self, job: Job, attempt: int, result: Json) -> str:
        (verdict,) = self.complete_many([(job, attempt, result)])
        return STALE if verdict == "stale" else verdict

    def complete_many(self, reports: Sequence[Report]) -> list[str]:
        accepted = [(job, result) for job, attempt, result in reports if job.runs(attempt)]
        for job, result in accepted:
            job.state = "succeeded"
            job.part.end("succeeded", result)
        for job, _ in accepted:
            self._settle(job.run.root)
        done = [job for job, _ in accepted]
        return [
            "stale" if (job.state, job.attempt) != ("succeeded", attempt) else "ok" if job in done else "repeat"
            for job, attempt, _ in reports
        ]

    def fail(self, job: Job, attempt: int, retryable: bool) -> str:
        return self._ends(job, attempt, "fail", "Boom", retryable=retryable)

    def cancelled(self, job: Job, attempt: int) -> str:
        if job.runs(attempt) and not job.cancel_requested:
            return ILLEGAL
        return self._ends(job, attempt, "cancelled", "", charge=False)

    def reap(self, jobs: Sequence[Job]) -> int:
        for job in jobs:
            self._ends(job, job.attempt, "expire", "LeaseExpired")
        return len(jobs)

    def cancel_job(self, job: Job) -> str:
        if job.state == "running":
            job.cancel_requested = True
            return "requested"
        if job.state == "queued":
            self._ended(job, "cancelled")
        return "cancelled" if job.state == "cancelled" else ILLEGAL

    def discard(self, job: Job) -> str:
        if job.state == "failed":
            job.state = "discarded"
        return "discarded" if job.state == "discarded" else ILLEGAL

    def _ends(
        self, job: Job, attempt: int, verb: str, error: str, *, charge: bool = True, retryable: bool = True
    ) -> str:
        if not job.runs(attempt):
            return "repeat" if (attempt, verb) in job.reports else STALE
        job.reports.add((attempt, verb))
        job.failures += charge
        if job.cancel_requested:
            self._ended(job, "cancelled")
        elif not retryable or job.failures >= job.max_attempts:
            self._ended(job, "failed", error)
        else:
            job.state = "queued"
        return "ok"

    def _ended(self, job: Job, state: str, error: str | None = None) -> None:
        job.state = state
        job.part.end(state, error=error)
        self._settle(job.run.root)

    # What follows

    def _settle(self, run: Run) -> None:
        """Until nothing more follows; then the run may be over."""
        while any(self._follows(run, task, run.parts[task.name]) for task in run.workflow.tasks):
            pass
        if run.state == "running" and all(part.over for part in run.parts.values()):
            failed = any(part.state in {"failed", "cancelled"} for part in run.parts.values())
            run.state = "failed" if failed else "succeeded"

    def _follows(self, run: Run, task: Task, part: Part) -> bool:
        """Whether anything has become of the task."""
        before = part.state
        if before == "waiting" and all(run.parts[need].over for need in task.needs):
            self._decide(run, task, part)
        if part.state == "running":
            if part.items is not None:
                self._gather(run, task, part)
            else:
                self._look_at(run, task, part)
        return part.state != before

    def _decide(self, run: Run, task: Task, part: Part) -> None:
        decision = decided(task.when, [run.parts[need].outcome for need in task.needs])
        holds: bool | None = True
        if decision == "runs" and task.condition is not None:
            need = run.parts.get(task.condition.need)
            holds = task.condition.holds(run.input, need and need.result)
        if holds is None:
            part.end("failed", error="ConditionError")
        elif decision != "runs" or not holds:
            part.after_failure = decision == AFTER_FAILURE
            part.end("skipped")
        elif task.for_each is not None:
            self._take_apart(run, task, part)
        else:
            self._start(run, task, part, task.name)

    def _take_apart(self, run: Run, task: Task, part: Part) -> None:
        elements = _refer(run, task, task.for_each or "")
        if not isinstance(elements, list):
            part.end("failed", error="ForEachError")
        else:
            part.state = "running"
            if part.items is None:
                part.items = [Part(value=element) for element in elements]

    def _start(self, run: Run, task: Task, part: Part, label: str) -> None:
        """Of a task, or of an item of it."""
        if task.kind == "job":
            part.state = "queued"
            part.job = Job(run, label, part, task.max_attempts or DEFAULT_ATTEMPTS)
            self.jobs.append(part.job)
            return
        part.state = "running"
        if task.kind == "workflow":
            if part.child is not None:
                self._resume(part.child)
            elif task.of in self.versions:
                part.child = self._begun(task.of, _input(run, task, part), run)
            else:
                part.end("failed", error="WorkflowError")

    def _look_at(self, run: Run, task: Task, part: Part) -> None:
        """A child may have ended, a signal may have come. What ends a timer is wake."""
        if part.child is not None:
            self._settle(part.child)
            if part.child.state == "succeeded":
                last = {name: part.child.parts[name] for name in part.child.workflow.last}
                part.end("succeeded", {name: one.result for name, one in last.items() if one.state == "succeeded"})
            elif part.child.state != "running":
                part.end("failed", error="RunFailed")
        elif task.kind == "signal" and task.of in run.signals:
            part.end("succeeded", run.signals[task.of])

    def _gather(self, run: Run, task: Task, part: Part) -> None:
        """The elements start in their order, so many at once; when all are over the task is."""
        items = part.items or []
        moved = True
        while moved:
            moved = False
            for place, item in enumerate(items):
                busy = sum(one.state in {"queued", "running"} for one in items)
                if item.state == "waiting" and busy < (task.concurrency or len(items)):
                    self._start(run, task, item, f"{task.name}[{place}]")
                    moved = True
                if item.state == "running":
                    self._look_at(run, task, item)
                    moved |= item.over
        if all(item.state == "succeeded" for item in items):
            part.end("succeeded", [item.result for item in items])
        elif all(item.over for item in items):
            part.end("failed", error="ForEachError")

    def _resume(self, run: Run) -> None:
        """What succeeded is kept. A for_each and a child go on, unless something that they need runs again."""
        run.state = "running"
        not_kept = {name for name, part in run.parts.items() if part.state != "succeeded"}
        for task in run.workflow.tasks:
            if task.name in not_kept:
                part = run.parts[task.name]
                part.again()
                if not_kept.intersection(task.needs):
                    part.child = part.items = None
                for item in part.items or ():
                    if item.state != "succeeded":
                        item.again()

    def _begun(self, name: str, input_: Json, parent: Run | None) -> Run:
        version = len(self.versions[name])
        workflow = self.versions[name][-1]
        return Run(workflow, version, input_, parent, parts={task.name: Part() for task in workflow.tasks})

    def _runs(self) -> Iterator[Run]:
        for root in self.roots:
            yield from root.family()

    def _jobs_of(self, root: Run) -> list[Job]:
        """Of all its family, also of runs that are no task of it any more."""
        return [job for job in self.jobs if job.run.root is root]


def _at(reference: str, value: Json) -> Json:
    for step in reference.split(".")[1:]:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _refer(run: Run, task: Task, reference: str) -> Json:
    base = reference.partition(".")[0]
    return _at(reference, run.input if base == "input" else run.parts[base].result)


def _input(run: Run, task: Task, part: Part) -> Json:
    if task.for_each is not None:
        given = part.value
    elif isinstance(task.given, str):
        given = _refer(run, task, task.given)
    else:
        given = run.input if task.given is None else task.given
    return given if isinstance(given, dict) else {"item": given}
