"""`faultline enqueue`: one job from the command line; and what a job can be told, for whatever else makes one."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click
import psycopg

from faultline import durations
from faultline.cli import output
from faultline.cli.database import PRODUCER, connect
from faultline.cli.failures import WrongUsage
from faultline.cli.options import DURATION, MOMENT, NAMED, database_options, decorated, moment_parameters, option
from faultline.errors import from_psycopg

if TYPE_CHECKING:
    from collections.abc import Callable

    from faultline.cli.database import Connection

Function = TypeVar("Function", bound="Callable[..., Any]")

INSERT = """
select n.job_id, n.created
from faultline.enqueue_many(jsonb_build_array(
  %(options)s::jsonb || jsonb_build_object(
    'payload', %(payload)s::jsonb,
    'run_at', coalesce(%(moment)s::timestamptz, clock_timestamp() + %(span)s::interval)))) n
"""


def job_options(command: Function) -> Function:
    """How the job is to run: the options that every command has which makes one."""
    return decorated(
        command,
        option("--queue", type=NAMED, default="default", show_default=True, help="The queue it waits in."),
        option("--run-at", type=MOMENT, help="Not before: 10m from now, or 2030-01-31T08:00:00Z."),
        option("--priority", type=click.IntRange(1, 4), help="1 runs first. Default: 2."),
        option("--max-attempts", type=click.IntRange(1, 100), help="Default: what the queue says, else 5."),
        option("--backoff", metavar="JSON", help='Between attempts: {"kind": "fixed", "delay": "5s"}.'),
        option("--timeout", type=DURATION, help="How long the handler may take."),
        option("--tag", "tags", multiple=True, help="A tag to find it by. May be repeated."),
        option("--header", "headers", multiple=True, metavar="NAME=VALUE", help="A header. May be repeated."),
    )


@click.command(epilog="Prints the job's id: a new one, or the one that the idempotency key already stands for.")
@click.argument("type", type=NAMED)
@click.argument("payload", default="{}")
@job_options
@option("--idempotency-key", metavar="KEY", help="The same key again gives the same job.")
@option("--idempotency-ttl", type=DURATION, help="How long the key is kept. Default: 7 days.")
@database_options
def enqueue(type: str, payload: str, dsn: str | None, as_json: bool, **options: Any) -> None:  # noqa: A002
    """Enqueue a job.

    Of TYPE, with a PAYLOAD that is a JSON object (`-` reads it from stdin).

    \b
    faultline enqueue hello '{"name": "Ada"}'
    faultline enqueue report --run-at 10m --idempotency-key report-2030-01
    echo '{"big": "payload"}' | faultline enqueue import -
    """
    parameters = {
        "payload": read_object(payload, "payload"),
        **moment_parameters(options.pop("run_at")),
        "options": json.dumps({"type": type, **given_options(options)}),
    }
    with connect(dsn, PRODUCER) as connection:
        job_id, created = _insert(connection, parameters)
    if as_json:
        output.print_json({"job_id": job_id, "created": created})
        return
    output.say(str(job_id))
    if not created:
        output.note(f"the idempotency key {options['idempotency_key']!r} stands for this job already: nothing is new")


def _insert(connection: Connection, parameters: dict[str, Any]) -> tuple[int, bool]:
    try:
        ((job_id, created),) = connection.execute(INSERT, parameters).fetchall()
    except psycopg.Error as error:
        ours = from_psycopg(error)
        if ours is None:
            raise
        raise type(ours)(str(ours).removeprefix("job 1: ")) from error  # there is no other job
    return job_id, created


def read_object(argument: str, what: str) -> str:
    """An argument that is a JSON object, or `-` for one on stdin; the text itself is what the server gets."""
    text = sys.stdin.read() if argument == "-" else argument
    if not isinstance(check_json(text, what), dict):
        shown = output.shortened(text, 60)
        raise WrongUsage(f"the {what} {shown!r} is not a JSON object: wrap it, as in '{{\"value\": …}}'")
    return text


def check_json(text: str, what: str) -> object:
    """Refuse what isn't JSON, or not storable, before anything is sent. Returns it, with its numbers as text."""
    try:
        value: object = json.loads(text, parse_float=str, parse_int=str, parse_constant=_no_json)
    except RecursionError as error:
        raise WrongUsage(f"the {what} is nested too deep to be read") from error
    except ValueError as error:
        shown = output.shortened(text, 60)
        raise WrongUsage(f'the {what} {shown!r} is not JSON: {error}. For example \'{{"name": "Ada"}}\'') from error
    if "\\u0000" in text and "\x00" in "".join(_strings(value)):
        raise WrongUsage(rf"the {what} holds \u0000, which PostgreSQL's jsonb cannot store: take it out")
    return value


def _no_json(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _strings(value: object) -> list[str]:
    found: list[str] = []
    todo = [value]
    while todo:
        match todo.pop():
            case str() as text:
                found.append(text)
            case dict() as members:
                found.extend(members)
                todo.extend(members.values())
            case list() as items:
                todo.extend(items)
    return found


def given_options(options: dict[str, Any]) -> dict[str, Any]:
    """The options that were given, as arguments of the function that makes the job."""
    given = {name: value for name, value in options.items() if value not in (None, ())}
    if "headers" in given:
        given["headers"] = _headers(given["headers"])
    if "backoff" in given:
        given["backoff"] = parse_object("--backoff", given["backoff"])
    for name in ("timeout", "idempotency_ttl"):
        if name in given:
            given[name] = durations.show(given[name].total_seconds())
    return given


def parse_object(name: str, text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise WrongUsage(f"{name} {text!r} is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise WrongUsage(f'{name} {text!r} is not a JSON object, such as \'{{"kind": "fixed", "delay": "5s"}}\'')
    return value


def _headers(pairs: tuple[str, ...]) -> dict[str, str]:
    headers = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not name or not equals:
            raise WrongUsage(f"--header {pair!r} is not of the form NAME=VALUE")
        headers[name] = value
    return headers
