"""Follows a run until it is over: a table that is always up to date on a terminal, a line for each change elsewhere."""

from __future__ import annotations

import signal
import sys
import threading
import time
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Self

import psycopg
from rich.live import Live
from rich.table import Table
from rich.text import Text

from faultline.cli import output
from faultline.cli.failures import Failure, terminating
from faultline.cli.rendering import decode, error_line
from faultline.settings import RunnerOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

    from faultline import App
    from faultline.cli.database import Connection
    from faultline.runner import Runner

LOOK: Final = "select faultline.run_status(%s)::text, clock_timestamp()"
# Without what may be big: results, and the items of a for_each, which its own row counts.
GLANCE: Final = """
select s.status ->> 'state', coalesce((
    select jsonb_agg(jsonb_build_object(
        'name', t.task ->> 'name', 'state', t.task ->> 'state', 'items', t.task -> 'items',
        'attempt', t.task -> 'attempt', 'message', left(
          concat_ws(': ', nullif(t.task -> 'error' ->> 'type', ''), nullif(t.task -> 'error' ->> 'message', '')), 200))
      order by t.place)
    from jsonb_array_elements(s.status -> 'tasks') with ordinality t (task, place)
    where t.task ->> 'name' !~ '\\[[0-9]+\\]$'), '[]')::text
from faultline.run_status(%s) as s (status)
"""
# The queues of its tasks, those of workflows in it too.
QUEUES: Final = """
with recursive latest as (
  select distinct on (w.workflow) w.workflow, w.spec from faultline.workflow_log w order by w.workflow, w.version desc
), used as (
  select w.workflow, w.spec
  from faultline.run_log r
  join faultline.workflow_log w on w.workflow = r.workflow and w.version = r.version
  where r.run_id = %s
  union
  select l.workflow, l.spec
  from used u
  cross join lateral jsonb_each(u.spec -> 'tasks') as t (name, task)
  join latest l on l.workflow = t.task ->> 'workflow'
)
select distinct coalesce(t.task ->> 'queue', u.spec -> 'defaults' ->> 'queue', 'default')
from used u
cross join lateral jsonb_each(u.spec -> 'tasks') as t (name, task)
where t.task ? 'type'
order by 1
"""
# Of these queues, those no runner has asked for a minute.
UNSERVED: Final = """
select q.queue
from unnest(%s::text[]) with ordinality q (queue, place)
where not exists (
  select from faultline.runner_overview r
  where r.last_seen_at > clock_timestamp() - interval '1 minute' and (r.queues is null or q.queue = any (r.queues)))
order by q.place
"""
POLL_FIRST: Final = 0.1
POLL_MOST: Final = 1.0
STILL_SECONDS: Final = 3.0
ROWS_MOST: Final = 30
RESULT_MOST: Final = 160


@dataclass(frozen=True)
class Run:
    """A run as the server tells it."""

    document: str
    now: datetime

    @classmethod
    def look(cls, connection: Connection, run_id: int) -> Self:
        row = connection.execute(LOOK, (run_id,)).fetchone()
        if row is None or row[0] is None:
            raise Failure(f"there is no run {run_id} in this database")
        return cls(*row)

    @cached_property
    def status(self) -> dict[str, Any]:
        return decode(self.document)

    @property
    def state(self) -> str:
        return str(self.status.get("state"))

    @property
    def workflow(self) -> str:
        return str(self.status.get("workflow"))

    @property
    def version(self) -> object:
        return self.status.get("version")

    @property
    def tasks(self) -> list[dict[str, Any]]:
        return list(self.status.get("tasks") or ())

    @property
    def states(self) -> dict[str, str]:
        """By name, without the items of a for_each."""
        return {str(task["name"]): str(task["state"]) for task in self.tasks if not _is_item(task)}

    @property
    def faulty(self) -> list[dict[str, Any]]:
        """The tasks that failed, each for itself and not for its items."""
        return [task for task in self.tasks if task["state"] == "failed" and task.get("error") and not _is_item(task)]


def print_tasks(run: Run) -> None:
    """The table of a run; of the items of a for_each only those that are neither done nor waiting."""
    rows = []
    for task in run.tasks:
        if _is_item(task) and task["state"] in {"waiting", "succeeded", "queued"}:
            continue
        rows.append(
            [
                task["name"],
                output.state(str(task["state"])),
                _items(task.get("items")) or task.get("job_id") or (f"run {task['run_id']}" if task["run_id"] else ""),
                task.get("attempt"),
                output.shortened(
                    error_line(task.get("error")) or output.as_text(task.get("result")) or "", RESULT_MOST
                ),
            ]
        )
    output.print_table(("TASK", "STATE", "JOB", "ATTEMPT", "RESULT OR ERROR"), rows, right=("ATTEMPT",))


def follow(connection: Connection, run_id: int, *, quiet: bool, meanwhile: Callable[[], None] = lambda: None) -> None:
    """Until the run is over. `meanwhile` is called each time, and may raise.

    If nothing moves for three seconds although tasks are queued, it says once which queues no runner serves.
    """
    view = _Quiet() if quiet else _Table() if sys.stdout.isatty() else _Lines()
    started = moved = time.monotonic()
    before, told = None, False
    with view.shown():
        while True:
            ((state, tasks),) = connection.execute(GLANCE, (run_id,)).fetchall()
            view.update(decode(f'{{"tasks": {tasks}}}').get("tasks") or [])
            if state != "running":
                return
            meanwhile()
            now = time.monotonic()
            if tasks != before:
                before, moved = tasks, now
            elif not told and now - moved >= STILL_SECONDS:
                told = True
                _tell_unserved(connection, run_id)
            time.sleep(min(POLL_MOST, POLL_FIRST + (now - started) / 30))


def _queues(connection: Connection, run_id: int) -> list[str]:
    return [queue for (queue,) in connection.execute(QUEUES, (run_id,))]


def _tell_unserved(connection: Connection, run_id: int) -> None:
    # Who may not look into workflows and runners is not told.
    with suppress(psycopg.errors.InsufficientPrivilege):
        unserved = connection.execute(UNSERVED, (_queues(connection, run_id),))
        queues = [output.clean(queue) for (queue,) in unserved]
        if queues:
            output.note(
                f"waiting: no runner serves the queue{'s' * (len(queues) > 1)} {', '.join(queues)}.\n"
                "Start one: faultline run MODULE:APP. With --app this command is one itself."
            )


def run_here(connection: Connection, run_id: int, app: App, dsn: str | None, *, quiet: bool) -> None:
    """The same, while this process is a runner on the queues of the run's workflow."""
    queues: list[str] = []
    # Who may not look into workflows serves all queues, as `faultline run` does.
    with suppress(psycopg.errors.InsufficientPrivilege):
        queues = _queues(connection, run_id)
    options = RunnerOptions(dsn=dsn, queues=tuple(queues) or None, poll=0.2)
    # So that handlers get their time, and nothing has to wait for a lease; Ctrl-C is KeyboardInterrupt.
    with terminating(signal.SIGTERM, signal.SIGHUP), _working(app, options) as working:
        follow(connection, run_id, quiet=quiet, meanwhile=working.check)


@dataclass
class _Working:
    """A runner in a thread."""

    runner: Runner
    errors: list[BaseException] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        try:
            self.runner.run()
        except BaseException as error:  # noqa: BLE001 - for whoever waits
            self.errors.append(error)
        finally:
            self.over.set()

    def check(self) -> None:
        if self.errors:
            raise self.errors[0]
        if self.over.is_set():
            raise Failure("the runner has ended before the run was over")


@contextmanager
def _working(app: App, options: RunnerOptions) -> Iterator[_Working]:
    from faultline.runner import Runner  # noqa: PLC0415 - so that no other command waits for it

    working = _Working(Runner(app, options))
    thread = threading.Thread(target=working.run, name="faultline-runner", daemon=True)
    thread.start()
    try:
        yield working
    finally:
        while thread.is_alive():  # also if it has not quite started
            working.runner.stop()
            thread.join(0.5 if not working.runner.started.is_set() else None)


# What is seen of it.


class _Quiet:
    def shown(self) -> AbstractContextManager[object]:
        return nullcontext()

    def update(self, tasks: Sequence[dict[str, Any]]) -> None:
        pass


class _Lines(_Quiet):
    """One line for each change of a task."""

    def __init__(self) -> None:
        self._seen: dict[str, str] = {}

    def update(self, tasks: Sequence[dict[str, Any]]) -> None:
        for task in tasks:
            name, said = output.clean(str(task["name"])), _said(task)
            if self._seen.get(name, "waiting") != said:
                output.say(f"{name}: {said}")
            self._seen[name] = said
        sys.stdout.flush()


class _Table(_Quiet):
    """All tasks with their states; of very many those that are neither waiting nor done."""

    def __init__(self) -> None:
        self._live = Live(console=output.console(), transient=False, refresh_per_second=8)

    def shown(self) -> AbstractContextManager[object]:
        return self._live

    def update(self, tasks: Sequence[dict[str, Any]]) -> None:
        table = Table.grid(padding=(0, 2))
        rows = tasks
        if len(tasks) > ROWS_MOST:
            rows = [task for task in tasks if task["state"] not in {"waiting", "succeeded", "skipped"}][:ROWS_MOST]
        for task in rows:
            name = Text(output.clean(str(task["name"])), overflow="ellipsis", no_wrap=True)
            state = output.state(str(task["state"]))
            rest = " ".join(part for part in (_items(task.get("items")), _trouble(task)) if part)
            table.add_row(name, state, Text(output.clean(rest), overflow="ellipsis", no_wrap=True))
        if len(rows) < len(tasks):
            done = sum(task["state"] in {"succeeded", "skipped"} for task in tasks)
            table.add_row(Text(f"{done} of {output.plural(len(tasks), 'task')} done", style="dim"))
        self._live.update(table, refresh=True)


def _is_item(task: dict[str, Any]) -> bool:
    return str(task.get("name", "")).endswith("]")  # no name of a task does


def _said(task: dict[str, Any]) -> str:
    parts = [str(task["state"]), _items(task.get("items")), _trouble(task)]
    return output.clean(", ".join(part for part in parts if part))


def _trouble(task: dict[str, Any]) -> str:
    """Why it failed, or why its last attempt did."""
    message = task.get("message")
    if not message:
        return ""
    return str(message) if task["state"] == "failed" else f"attempt {task.get('attempt')}: {message}"


def _items(items: object) -> str:
    """`3 of 10`, of a for_each."""
    if not isinstance(items, dict):
        return ""
    total = sum(int(number) for number in items.values())
    done = int(items.get("succeeded", 0))
    return f"{done} of {total}"
