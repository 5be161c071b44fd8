"""What a workflow may say: the same as put_workflow says, without a database, and with the place in the file."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from faultline.documents import Checker, DocumentFault, Fault, Node, Place, parse, suggest
from faultline.durations import show
from faultline.errors import InvalidArgument, from_psycopg
from faultline.workflow import intervals
from faultline.workflow.order import cycle_of, ranks

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import psycopg

NAME: Final = re.compile(r"[A-Za-z0-9_.:-]{1,128}", re.ASCII)
QUOTED: Final = re.compile(r'(?<!\$)"(?:[^"\\]|\\.)*"', re.DOTALL)
MEMBER: Final = re.compile(
    r'\$\s*\.\s*(?:"([^"\\]*)"|([A-Za-z_][A-Za-z0-9_]*)(?![A-Za-z0-9_]|\s*\())|"(?:[^"\\]|\\.)*"', re.DOTALL
)
"""What a condition looks at first, quoted or not, and no method; or else a text, in which nothing is looked at."""
VARIABLE: Final = re.compile(r'\$(?:\w+|")')
MOST_BYTES: Final = 4 * 1024 * 1024
MOST_TASKS: Final = 20_000
MOST_PAYLOAD: Final = 262_144
DAY: Final = 86400.0
ROOT_KEYS: Final = ("name", "description", "defaults", "tasks")
JOB_KEYS: Final = ("retry", "timeout", "queue", "priority")
RETRY_KEYS: Final = ("max_attempts", "backoff")
BACKOFF_KEYS: Final = ("kind", "delay", "max_delay", "jitter")
KINDS: Final = ("type", "wait", "wait_for", "workflow")
TASK_KEYS: Final = (
    *("type", "payload", "needs", "depends_on", "when", "if", "for_each", "concurrency", "wait", "wait_for"),
    *("workflow", "input", "queue", "priority", "timeout", "retry", "description"),
)
WHENS: Final = ("success", "failure", "always")
A_NAME: Final = "1 to 128 characters of A-Z a-z 0-9 _ . : -"


class WorkflowFault(DocumentFault):
    """The workflow can't be put; `faults` says where and why, in the order of the file."""


@dataclass(frozen=True)
class Task:
    """One task, for whoever shows it."""

    name: str
    kind: str
    what: str
    needs: tuple[str, ...]
    when: str
    condition: str | None
    for_each: str | None


@dataclass
class Workflow:
    """A workflow that was read and found good. `spec` is what put_workflow takes."""

    spec: dict[str, Any]
    root: Node = field(repr=False)

    @property
    def name(self) -> str:
        return str(self.spec["name"])

    @property
    def tasks(self) -> list[Task]:
        """Each after what it needs."""
        return tasks_of(self.spec)

    def locate(self, path: str) -> Place | None:
        """Where in the file a path of the database's errors is, such as tasks.publish.needs; the nearest that is there.

        Names of tasks may have dots in them.
        """
        return _locate(self.root, path)


def load(source: str | bytes) -> Workflow:
    """Read and check a workflow. Raises WorkflowFault with all that is wrong and can be told without a database.

    What only the database knows: whether an `if` is an SQL/JSON path.
    """
    try:
        root = parse(source, "name: …, and tasks: …")
    except DocumentFault as refused:
        raise WorkflowFault(refused.faults) from None
    faults = check(root)
    if faults:
        raise WorkflowFault(faults)
    return Workflow(root.plain(), root)


def check(root: Node) -> list[Fault]:
    """All that is wrong with it, in the order of the file; at most 50 things."""
    checker = _Checker()
    checker.check(root)
    return checker.in_order()


def fault_of(error: psycopg.Error, found: Workflow) -> Fault | None:
    """What the database alone could see, with the place in the file."""
    ours = from_psycopg(error)
    if not isinstance(ours, InvalidArgument):
        return None
    said = error.diag.message_primary or str(ours)
    path, colon, message = said.partition(": ")
    if not colon or not path.startswith(("tasks", "defaults", "name", "description")):
        path, message = "", said
    return Fault(message, error.diag.message_hint or "", path, found.locate(path) if path else None)


def tasks_of(spec: dict[str, Any]) -> list[Task]:
    """The tasks of a good spec, each after what it needs."""
    needs = {name: needs_of(given) for name, given in spec["tasks"].items()}
    rank = ranks(needs)
    return [_task(name, spec["tasks"][name], needs[name]) for name in sorted(needs, key=lambda name: rank[name])]


def needs_of(given: dict[str, Any]) -> tuple[str, ...]:
    needs = given.get("needs", given.get("depends_on", []))
    return (needs,) if isinstance(needs, str) else tuple(needs)


def _task(name: str, given: dict[str, Any], needs: tuple[str, ...]) -> Task:
    kind = next(kind for kind in KINDS if kind in given)
    what = given[kind]
    if kind == "wait" and not isinstance(what, str):
        what = show(float(what))
    return Task(name, kind, str(what), needs, given.get("when", "success"), given.get("if"), given.get("for_each"))


class _Checker(Checker):
    """What a workflow may have in it."""

    def check(self, root: Node) -> None:
        if not self._keys(root, "", ROOT_KEYS):
            return
        members = root.value
        name = members.get("name")
        if name is None or name.kind != "string":
            self._fault(name or root, "name", "it is missing, or not a text", "name: nightly-report")
        elif not NAME.fullmatch(name.value):
            self._fault(name, "name", f"{name.short()} is not a name", A_NAME)
        self._text(members.get("description"), "description", "What the workflow is for")
        defaults = members.get("defaults")
        if defaults is not None and self._keys(defaults, "defaults", JOB_KEYS):
            self._job(defaults, "defaults")
        self._tasks(root, members.get("tasks"))
        if not self.faults and stored_size(root.plain()) > MOST_BYTES:
            self._fault(root, "", "the workflow has more than 4194304 bytes as text", "At most 4 MiB")

    # The whole.

    def _tasks(self, root: Node, tasks: Node | None) -> None:
        if tasks is None or tasks.kind != "object" or not tasks.value:
            self._fault(tasks or root, "tasks", "there are none", "tasks: {extract: {type: extract}}")
            return
        if len(tasks.value) > MOST_TASKS:
            self._fault(tasks, "tasks", f"there are {len(tasks.value)}", "At most 20000; for_each repeats one task")
            return
        needs: dict[str, list[Node]] = {}
        for name, task in tasks.value.items():
            needs[name] = self._task(tasks, name, task)
        for name, named in needs.items():
            for need in named:
                if need.value not in needs:
                    hint = suggest(need.value, needs) or "Name a task of this workflow"
                    self._fault(need, f"tasks.{name}.needs", f"there is no task {need.short()}", hint)
        graph = {name: [need.value for need in named if need.value in needs] for name, named in needs.items()}
        cycle = cycle_of(graph)
        if cycle:
            at = next(need for need in needs[cycle[0]] if need.value == cycle[1])
            shown = " → ".join(cycle)
            shown = shown if len(shown) <= 1000 else f"{shown[:1000]}…"
            self._fault(at, "tasks", f"there is a cycle: {shown}", "A task can not need what needs it")

    # A task.

    def _task(self, tasks: Node, name: str, task: Node) -> list[Node]:
        """What it needs, as far as that is worth a look."""
        path = f"tasks.{name}"
        at = Node(name, tasks.keys[name], {})
        if not NAME.fullmatch(name):
            self._fault(at, "tasks", f"{at.short()} is not a name", A_NAME)
        if name == "input" or name.startswith("input."):
            self._fault(at, path, f"no task can be called {name}", "input is the input of the run")
        if not self._keys(task, path, TASK_KEYS):
            return []
        given = task.value
        kinds = [kind for kind in KINDS if kind in given]
        mistyped = any(key not in TASK_KEYS for key in given)  # which may be what it lacks, and is told
        if len(kinds) > 1 or (not kinds and not mistyped):
            said = f"it is {' and '.join(kinds)}" if kinds else "it does not say what it is"
            hint = "Exactly one of type (a job), workflow (another workflow), wait (a timer), wait_for (a signal)"
            self._fault(at, path, said, hint)
        self._text(given.get("description"), f"{path}.description", "What the task is for")
        needs = self._needs(task, path, name)
        self._when(given, path, needs)
        self._references(given, path, [need.value for need in needs])
        self._concurrency(given, path)
        if len(kinds) == 1:
            self._kind(kinds[0], given, path)
        return needs

    def _needs(self, task: Node, path: str, name: str) -> list[Node]:
        given = task.value
        if "needs" in given and "depends_on" in given:
            second = max(("needs", "depends_on"), key=lambda key: (task.keys[key].line, task.keys[key].column))
            at = Node(None, task.keys[second], {})
            self._fault(at, path, "it has both needs and depends_on", "They are two names of one thing: keep one")
        key = "needs" if "needs" in given else "depends_on"
        if key not in given:
            return []
        node: Node = given[key]
        items = [node] if node.kind == "string" else node.value if node.kind == "array" else None
        if items is None:
            hint = "needs: extract, or needs: [extract, clean]"
            self._fault(node, f"{path}.{key}", "it is neither a task nor a list of tasks", hint)
            return []
        seen: set[str] = set()
        good: list[Node] = []
        for item in items:
            if item.kind != "string":
                self._fault(
                    item, f"{path}.{key}", f"{item.short()} is not the name of a task", "needs: [extract, clean]"
                )
            elif item.value == name:
                self._fault(item, f"{path}.{key}", "it needs itself", "A task needs others")
            elif item.value in seen:
                self._fault(item, f"{path}.{key}", f"it names the task {item.short()} twice", "Once is enough")
            else:
                seen.add(item.value)
                good.append(item)
        return good

    def _when(self, given: dict[str, Node], path: str, needs: Sequence[Node]) -> None:
        when, condition = given.get("when"), given.get("if")
        if when is not None and when.value not in WHENS:
            self._fault(
                when,
                f"{path}.when",
                f"{when.short()} is not one of success, failure, always",
                suggest(when.value, WHENS) or "success is the default",
            )
        elif when is not None and when.value == "failure" and not needs:
            hint = "Name in needs what may fail"
            self._fault(when, f"{path}.when", "it waits for a failure of what it needs, and needs nothing", hint)
        if condition is not None and (condition.kind != "string" or not condition.value.strip()):
            hint = "An SQL/JSON path that is true or false of the results of what it needs, as $.stats.rows > 0"
            self._fault(condition, f"{path}.if", f"{condition.short()} is not a condition", hint)
        elif condition is not None and (found := VARIABLE.search(QUOTED.sub('""', condition.value))):
            hint = "The results of what it needs are members of $, as $.stats.rows"
            self._fault(condition, f"{path}.if", f"there is no variable {found[0]}", hint)
        elif condition is not None:
            self._members(condition, f"{path}.if", ("input", *(need.value for need in needs)))

    def _members(self, condition: Node, path: str, given: Sequence[str]) -> None:
        for quoted, bare in MEMBER.findall(condition.value):
            name = quoted or bare
            if name and name not in given:
                hint = suggest(name, given) or "Name it in needs, or write $.input for the run's input"
                self._fault(condition, path, f"it looks at {name[:140]}, which it does not need", hint)
                return

    def _references(self, given: dict[str, Node], path: str, needs: Sequence[str]) -> None:
        for key in ("for_each", "input"):
            node = given.get(key)
            if node is None:
                continue
            if key == "input" and "workflow" not in given:
                self._fault(node, f"{path}.input", "only a workflow as a task has an input", "A job has a payload")
            elif not (key == "input" and node.kind == "object") and not refers(node.value, needs):
                self._fault(
                    node,
                    f"{path}.{key}",
                    f"{node.short()} is neither input nor a task that it needs, nor a place in one of them",
                    f"{key}: extract, or extract.rows, or input.files",
                )
        if "for_each" in given and "type" not in given and "workflow" not in given:
            self._fault(
                given["for_each"],
                f"{path}.for_each",
                "only a job or a workflow can run for each element",
                "Put the wait before it",
            )

    def _concurrency(self, given: dict[str, Node], path: str) -> None:
        node = given.get("concurrency")
        if node is None:
            return
        if "for_each" not in given:
            hint = "It bounds how many elements run at once"
            self._fault(node, f"{path}.concurrency", "there is no for_each", hint)
        elif not _whole(node, 1, 10_000):
            hint = "A whole number from 1 to 10000"
            self._fault(node, f"{path}.concurrency", f"{node.short()} is out of bounds", hint)

    def _kind(self, kind: str, given: dict[str, Node], path: str) -> None:
        value = given[kind]
        if kind != "type":
            self._no_job(kind, given, path)
        if kind == "wait":
            self._duration(value, f"{path}.wait", 3660 * DAY, may_be_null=False)
            return
        if value.kind != "string" or not NAME.fullmatch(value.value):
            what = {"type": "a name", "wait_for": "the name of a signal", "workflow": "the name of a workflow"}[kind]
            self._fault(value, f"{path}.{kind}", f"{value.short()} is not {what}", A_NAME)
        if kind == "wait_for":
            self._duration(given.get("timeout"), f"{path}.timeout", 3660 * DAY)
        elif kind == "type":
            self._payload(given.get("payload"), f"{path}.payload")
            self._job(Node(given, value.place, {}), path)

    def _no_job(self, kind: str, given: dict[str, Node], path: str) -> None:
        for key in ("payload", "queue", "priority", "retry"):
            if key in given:
                message = f"{kind} is no job: it has no payload, queue, priority or retry"
                self._fault(given[key], f"{path}.{key}", message, "Leave them out")
                break
        if "timeout" in given and kind != "wait_for":
            hint = "A job and a wait_for may have one"
            self._fault(given["timeout"], f"{path}.timeout", f"{kind} has no timeout", hint)

    def _payload(self, node: Node | None, path: str) -> None:
        if node is None:
            return
        if node.kind != "object":
            self._fault(node, path, f"it is not an object but of type {node.kind}", "payload: {table: orders}")
        elif (size := stored_size(node.plain())) > MOST_PAYLOAD:
            self._fault(node, path, f"it has {size} bytes as text", "At most 262144 (256 KiB)")

    # What tasks and defaults say of jobs.

    def _job(self, node: Node, path: str) -> None:
        given = node.value
        self._duration(given.get("timeout"), f"{path}.timeout", 366 * DAY)
        queue = given.get("queue")
        if queue is not None and queue.kind != "null" and (queue.kind != "string" or not NAME.fullmatch(queue.value)):
            self._fault(queue, f"{path}.queue", f"{queue.short()} is not the name of a queue", A_NAME)
        self._number(given.get("priority"), f"{path}.priority", 4, "1, 2, 3 or 4; 1 runs first")
        retry = given.get("retry")
        if retry is None or not self._keys(retry, f"{path}.retry", RETRY_KEYS):
            return
        self._number(retry.value.get("max_attempts"), f"{path}.retry.max_attempts", 100, "A whole number from 1 to 100")
        backoff = retry.value.get("backoff")
        if backoff is not None and backoff.kind != "null":
            self._backoff(backoff, f"{path}.retry.backoff")

    def _backoff(self, node: Node, path: str) -> None:
        if not self._keys(node, path, BACKOFF_KEYS):
            return
        given = node.value
        kind = given.get("kind")
        if kind is not None and kind.value not in {"exponential", "fixed", None}:
            hint = suggest(kind.value, ("exponential", "fixed")) or "exponential, or fixed"
            self._fault(kind, f"{path}.kind", f"{kind.short()} is unknown", hint)
        for key in ("delay", "max_delay"):
            self._duration(given.get(key), f"{path}.{key}", 366 * DAY, text_only=True)
        jitter = given.get("jitter")
        if jitter is not None and jitter.kind != "null" and (jitter.kind != "number" or not 0 <= jitter.value <= 1):
            self._fault(jitter, f"{path}.jitter", f"{jitter.short()} is out of bounds", "A number between 0 and 1")

    # Values.

    def _text(self, node: Node | None, path: str, hint: str) -> None:
        if node is not None and node.kind not in {"string", "null"}:
            self._fault(node, path, "it is not a text", hint)

    def _number(self, node: Node | None, path: str, most: int, hint: str) -> None:
        if node is not None and node.kind != "null" and not _whole(node, 1, most):
            self._fault(node, path, f"{node.short()} is out of bounds", hint)

    def _duration(
        self, node: Node | None, path: str, most: float, *, may_be_null: bool = True, text_only: bool = False
    ) -> None:
        if node is None or (may_be_null and node.kind == "null"):
            return
        given = intervals.seconds(node.value)
        if given is None or (text_only and node.kind != "string"):
            hint = 'Write "500ms", "10m" or "1 hour"'
            self._fault(node, path, f"{node.short()} is not a duration", hint)
        elif not 0.001 <= given <= most:
            self._fault(node, path, f"{node.short()} is out of bounds", f"It lies between 1ms and {most / DAY:.0f}d")


def refers(reference: object, needs: Iterable[str]) -> bool:
    """Whether it is `input` or one of these, or a place in one of them."""
    return isinstance(reference, str) and any(
        reference == name or reference.startswith(f"{name}.") for name in ("input", *needs)
    )


def stored_size(value: Any) -> int:
    """The bytes of its text as jsonb writes it: with blanks, and numbers without an exponent."""
    size = 0
    todo = [value]
    while todo:
        match todo.pop():
            case dict() as members:
                size += 2 + max(0, 4 * len(members) - 2)  # ": " and ", "
                todo += [*members.keys(), *members.values()]
            case list() as items:
                size += 2 + max(0, 2 * len(items) - 2)
                todo += items
            case str() as text:
                size += 2 + len(text.encode()) + _escapes(text)
            case None | True:
                size += 4
            case False:
                size += 5
            case number:
                size += len(format(Decimal(repr(number)), "f"))
    return size


def _escapes(text: str) -> int:
    return sum(1 if character in '"\\\b\f\n\r\t' else 5 for character in text if character in '"\\' or character < " ")


def _whole(node: Node, least: int, most: int) -> bool:
    return isinstance(node.value, int) and not isinstance(node.value, bool) and least <= node.value <= most


def _locate(root: Node, path: str) -> Place | None:
    node, place = root, root.place
    rest = path
    while rest and isinstance(node.value, dict):
        # The longest key that the path goes on with: names of tasks may have dots in them.
        fitting = [key for key in node.value if rest == key or rest.startswith((f"{key}.", f"{key}["))]
        if not fitting:
            break
        key = max(fitting, key=len)
        place, node = node.keys[key], node.value[key]
        rest = rest[len(key) :].lstrip(".")
    return place
