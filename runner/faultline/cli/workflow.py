"""`faultline workflow …`: put workflows, look at them, begin runs, follow them, and what an operator does to a run."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
import psycopg

from faultline.cli import output
from faultline.cli.database import OBSERVER, OPERATOR, PRODUCER, RUNNER, connect
from faultline.cli.enqueue import check_json, read_object
from faultline.cli.failures import BAD_OUTCOME, Failure, WrongUsage
from faultline.cli.files import bytes_of, print_faults
from faultline.cli.following import Run, follow, print_tasks, run_here
from faultline.cli.loading import load_app
from faultline.cli.options import NAMED, RUN, database_options, help_if_bare, json_option, option
from faultline.cli.rendering import decode, error_line, moment
from faultline.workflow import Workflow, WorkflowFault, fault_of, graph, load, tasks_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faultline.cli.database import Connection
    from faultline.workflow import Task

LIST: Final = """
select jsonb_build_object(
    'workflow', w.workflow, 'version', w.version, 'put_at', w.created_at, 'description', w.spec ->> 'description',
    'tasks', (select count(*) from jsonb_object_keys(w.spec -> 'tasks')))::text,
  w.workflow, w.version, (select count(*) from jsonb_object_keys(w.spec -> 'tasks')),
  extract(epoch from clock_timestamp() - w.created_at)::float8, w.spec ->> 'description'
from (select distinct on (l.workflow) l.* from faultline.workflow_log l order by l.workflow, l.version desc) w
order by w.created_at desc, w.workflow
limit %s
"""
SPEC: Final = """
select w.spec::text
from faultline.workflow_log w
where w.workflow = %s and w.version = %s
"""


@click.group(invoke_without_command=True)
@click.pass_context
def workflow(ctx: click.Context) -> None:
    """Workflows: tasks that need each other, in a file of YAML.

    \b
    faultline workflow lint report.yaml
    faultline workflow put report.yaml
    faultline workflow run nightly-report --input '{"day": "2030-01-31"}' --wait
    faultline workflow status 1
    """
    help_if_bare(ctx)


# Files.


@workflow.command()
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@database_options
def put(file: Path, dsn: str | None, as_json: bool) -> int:
    """Put a workflow into the database. It is a new version, unless the last one is the very same.

    FILE is YAML, `-` for stdin. Runs that have begun keep the version they began with.

    \b
    faultline workflow put report.yaml
    """
    found = _read(file, as_json=as_json)
    if found is None:
        return BAD_OUTCOME
    with connect(dsn, OPERATOR) as connection:
        try:
            ((version,),) = connection.execute(
                "select faultline.put_workflow(%s::jsonb)", (json.dumps(found.spec, ensure_ascii=False),)
            ).fetchall()
        except psycopg.Error as error:
            fault = fault_of(error, found)
            if fault is None:
                raise
            print_faults(file, [fault], as_json=as_json)
            return BAD_OUTCOME
    output.tell({"workflow": found.name, "version": version}, f"{found.name}, version {version}", as_json=as_json)
    return 0


@workflow.command()
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@json_option
def lint(file: Path, as_json: bool) -> int:
    """Say what is wrong with a workflow, and where; needs no database.

    \b
    faultline workflow lint report.yaml
    """
    found = _read(file, as_json=as_json)
    if found is None:
        return BAD_OUTCOME
    output.tell(
        {"workflow": found.name, "good": True, "faults": []},
        f"{found.name} is good: {output.plural(len(found.spec['tasks']), 'task')}",
        as_json=as_json,
    )
    return 0


@workflow.command("graph")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True), required=False)
@option(
    "--run", "run_id", group="workflow", type=RUN, help="With the states of this run's tasks; FILE may be left out."
)
@option(
    *("--format", "form"),
    group="workflow",
    type=click.Choice(["text", "mermaid", "dot"]),
    default="text",
    show_default=True,
    help="Text for a terminal, Mermaid for documents, DOT for Graphviz.",
)
@database_options
def show_graph(file: Path | None, run_id: int | None, form: str, dsn: str | None, as_json: bool) -> int:
    """Show what needs what.

    \b
    faultline workflow graph report.yaml
    faultline workflow graph report.yaml --format dot | dot -Tsvg > report.svg
    faultline workflow graph --run 1 --format mermaid
    """
    if file is None and run_id is None:
        raise WrongUsage("name a FILE, or a run with --run")
    spec: dict[str, Any] | None = None
    if file is not None:
        found = _read(file, as_json=as_json)
        if found is None:
            return BAD_OUTCOME
        spec = found.spec
    states: dict[str, str] = {}
    if run_id is not None:
        with connect(dsn, OBSERVER) as connection:
            run = Run.look(connection, run_id)
            states = run.states
            spec = spec if spec is not None else _spec_of(connection, run)
    assert spec is not None  # noqa: S101 - there is a file, or a run
    _print_graph(str(spec["name"]), tasks_of(spec), states, form, as_json=as_json)
    return 0


def _print_graph(name: str, tasks: Sequence[Task], states: dict[str, str], form: str, *, as_json: bool) -> None:
    if as_json:
        rows = [{**vars(task), "state": states.get(task.name)} for task in tasks]
        output.print_json({"workflow": name, "tasks": rows})
    elif form == "mermaid":
        output.say(graph.mermaid(tasks, states))
    elif form == "dot":
        output.say(graph.dot(name, tasks, states))
    else:
        headers = ["TASK", "NEEDS", "WHEN", "WHAT"]
        rows_ = [
            [task.name, " ".join(task.needs), task.when if task.needs else "", graph.describe(task)] for task in tasks
        ]
        if states:
            headers.insert(1, "STATE")
            for row, task in zip(rows_, tasks, strict=True):
                row.insert(1, output.state(states.get(task.name, "")))  # type: ignore[arg-type]
        output.print_table(headers, rows_)


@workflow.command("list")
@option("--limit", group="workflow", type=click.IntRange(1), default=50, show_default=True, help="At most so many.")
@database_options
def list_workflows(limit: int, dsn: str | None, as_json: bool) -> None:
    """List workflows in their last version, the newest first. With --json an array, one a line.

    \b
    faultline workflow list
    """
    with connect(dsn, OBSERVER) as connection:
        rows = connection.execute(LIST, (limit + 1,)).fetchall()
    output.print_newest(rows, limit, _print_workflows, nothing="there is no workflow", as_json=as_json)


def _print_workflows(rows: Sequence[Sequence[Any]]) -> None:
    output.print_table(
        ("WORKFLOW", "VERSION", "TASKS", "PUT", "DESCRIPTION"),
        [[name, version, tasks, output.ago(age), description] for _, name, version, tasks, age, description in rows],
        right=("VERSION", "TASKS"),
    )


# Runs.


@workflow.command()
@click.argument("name", type=NAMED)
@option("--input", "input_", group="workflow", metavar="JSON", default="{}", help="For its tasks; `-` reads stdin.")
@option("--key", group="workflow", metavar="KEY", help="The same key again is the same run.")
@option("--wait", group="workflow", is_flag=True, help="Follow it until it is over; 1 if it does not succeed.")
@option("--app", group="workflow", metavar="MODULE:APP", help="Run its tasks here, with these handlers. Waits.")
@database_options
def run(name: str, input_: str, key: str | None, wait: bool, app: str | None, dsn: str | None, as_json: bool) -> int:
    """Begin a run of a workflow.

    Prints its id. Runners do its tasks; with --app this process is one, on the queues of the workflow, until the run is
    over. Ctrl-C ends the watching, not the run: what it has not done yet other runners do, or `faultline run`.

    \b
    faultline workflow run nightly-report --input '{"day": "2030-01-31"}'
    faultline workflow run nightly-report --key 2030-01-31 --wait
    faultline workflow run nightly-report --app reports:app
    """
    text = read_object(input_, "input")
    found = load_app(app) if app is not None else None
    dsn = dsn or (found.dsn if found is not None else None)
    with connect(dsn, RUNNER if app else PRODUCER) as connection:
        ((run_id,),) = connection.execute(
            "select faultline.trigger_workflow(%s, %s::jsonb, %s)", (name, text, key)
        ).fetchall()
        if found is None and not wait:
            if as_json:
                output.print_json({"run_id": run_id})
            else:
                output.say(str(run_id))
            return 0
        if not as_json:
            output.say(f"run {run_id} of {name}")
        if found is None:
            follow(connection, run_id, quiet=as_json)
        else:
            run_here(connection, run_id, found, dsn, quiet=as_json)
        return _conclude(connection, run_id, as_json=as_json)


def _conclude(connection: Connection, run_id: int, *, as_json: bool) -> int:
    over = Run.look(connection, run_id)
    if as_json:
        output.print_raw_json(over.document)
    else:
        output.say(f"run {run_id} {'was cancelled' if over.state == 'cancelled' else f'has {over.state}'}")
        for task in over.faulty:
            output.note(output.shortened(output.clean(f"{task['name']}: {error_line(task['error'])}"), 400))
    return 0 if over.state == "succeeded" else BAD_OUTCOME


@workflow.command()
@click.argument("run_id", metavar="RUN", type=RUN)
@database_options
def status(run_id: int, dsn: str | None, as_json: bool) -> None:
    """Show a run and its tasks.

    \b
    faultline workflow status 1
    faultline workflow status 1 --json | jq '.tasks[].state'
    """
    with connect(dsn, PRODUCER) as connection:
        found = Run.look(connection, run_id)
    if as_json:
        output.print_raw_json(found.document)
        return
    shown = decode(found.document)
    if "document" in shown:  # what can't be decoded
        output.print_fields(shown)
        return
    parent = shown.get("parent_run_id")
    output.print_fields(
        {
            "run": run_id,
            "state": output.state(found.state),
            "workflow": f"{shown['workflow']}, version {shown['version']}",
            "task of": f"run {parent}, {shown.get('parent_task')}" if parent is not None else None,
            "key": shown.get("idempotency_key"),
            "input": output.as_text(shown.get("input")),
            "begun": moment(shown.get("created_at"), found.now),
            "finished": moment(shown.get("finished_at"), found.now),
        }
    )
    output.say()
    print_tasks(found)


@workflow.command()
@click.argument("run_id", metavar="RUN", type=RUN)
@database_options
def resume(run_id: int, dsn: str | None, as_json: bool) -> None:
    """Run again what failed in a run or was cancelled. So is what was skipped for that; what succeeded is kept.

    \b
    faultline workflow resume 1
    """
    _change(dsn, "resume_run", run_id, as_json=as_json)


@workflow.command()
@click.argument("run_id", metavar="RUN", type=RUN)
@database_options
def cancel(run_id: int, dsn: str | None, as_json: bool) -> None:
    """Cancel a run at once. What waits never starts, what runs is told to stop.

    \b
    faultline workflow cancel 1
    """
    _change(dsn, "cancel_run", run_id, as_json=as_json)


def _change(dsn: str | None, function: str, run_id: int, *, as_json: bool) -> None:
    with connect(dsn, OPERATOR) as connection:
        ((state,),) = connection.execute(f"select faultline.{function}(%s)", (run_id,)).fetchall()
    output.tell({"run_id": run_id, "state": state}, f"run {run_id} is {state}", as_json=as_json)


@workflow.command()
@click.argument("run_id", metavar="RUN", type=RUN)
@click.argument("name", type=NAMED)
@click.argument("payload", required=False)
@database_options
def signal(run_id: int, name: str, payload: str | None, dsn: str | None, as_json: bool) -> None:
    """Give a run the signal that a task of it waits for, or will.

    PAYLOAD is any JSON (`-` reads it from stdin); it becomes the result of that task.

    \b
    faultline workflow signal 1 approval '{"by": "Ada"}'
    """
    text = sys.stdin.read() if payload == "-" else payload
    if text is not None:
        check_json(text, "payload")
    with connect(dsn, PRODUCER) as connection:
        connection.execute("select faultline.signal_run(%s, %s, %s::jsonb)", (run_id, name, text))
    output.tell({"run_id": run_id, "signal": name}, f"run {run_id} has the signal {name}", as_json=as_json)


# What is read.


def _read(file: Path, *, as_json: bool) -> Workflow | None:
    """The workflow of a file; None if there is anything wrong with it, which has been printed then."""
    try:
        return load(bytes_of(file))
    except WorkflowFault as refused:
        print_faults(file, refused.faults, as_json=as_json)
        return None


def _spec_of(connection: Connection, run: Run) -> dict[str, Any]:
    rows = connection.execute(SPEC, (run.workflow, run.version)).fetchall()
    if not rows:
        raise Failure(f"the database does not show version {run.version} of workflow {run.workflow}")
    spec = decode(rows[0][0])
    if "tasks" not in spec:
        raise Failure(f"version {run.version} of workflow {run.workflow} can't be decoded")
    return spec
