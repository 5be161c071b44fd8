"""`faultline queue …`: what waits where, and the settings of a queue."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import click
from rich.text import Text

from faultline import durations
from faultline.cli import output
from faultline.cli.database import OBSERVER, OPERATOR, connect
from faultline.cli.enqueue import parse_object
from faultline.cli.failures import WrongUsage
from faultline.cli.options import DURATION, NAMED, database_options, help_if_bare, option

if TYPE_CHECKING:
    from datetime import timedelta

CAP: Final = 10_000
SETTINGS: Final = ("max-running", "max-attempts", "lease", "backoff")
OVERVIEW = """
select to_jsonb(q)::text, q.queue, q.paused, q.paused_note, q.queued, q.running, q.failed,
       q.max_running, q.max_attempts, extract(epoch from q.lease)::float8, q.backoff
from faultline.queue_overview q
order by q.queue
"""


@click.group(invoke_without_command=True)
@click.pass_context
def queue(ctx: click.Context) -> None:
    """Queues: what waits where; pause, resume and set them.

    A queue exists as soon as a job is enqueued into it or a setting is made for it.

    \b
    faultline queue list
    faultline queue pause mail --note "the provider is down"
    faultline queue set mail --max-running 10
    """
    help_if_bare(ctx)


@queue.command("list")
@database_options
def list_queues(dsn: str | None, as_json: bool) -> None:
    """List the queues with their jobs and settings. Counts stop at 10,000. With --json an array.

    \b
    faultline queue list
    """
    with connect(dsn, OBSERVER) as connection:
        rows = connection.execute(OVERVIEW).fetchall()
    if as_json:
        output.print_raw_list([row[0] for row in rows])
        return
    if not rows:
        output.note("no queue has jobs or settings")
        return
    output.print_table(
        ("QUEUE", "QUEUED", "RUNNING", "FAILED", "LIMIT", "ATTEMPTS", "LEASE", "BACKOFF", "STATE"),
        [
            [
                *(name, _capped(queued), _capped(running), _capped(failed)),
                *(limit, attempts, durations.show(lease), _backoff(backoff)),
                _state(paused, remark),
            ]
            for _, name, paused, remark, queued, running, failed, limit, attempts, lease, backoff in rows
        ],
        right=("QUEUED", "RUNNING", "FAILED", "LIMIT", "ATTEMPTS", "LEASE"),
    )


def _capped(number: int) -> str:
    return f"{CAP:,}+" if number >= CAP else f"{number:,}"


def _state(paused: bool, remark: str | None) -> Text:
    if not paused:
        return Text("open", style="green")
    return Text(output.clean(f"paused: {remark}" if remark else "paused"), style="yellow")


def _backoff(backoff: dict[str, Any]) -> str:
    delay = str(backoff.get("delay", "1s"))
    return delay if backoff.get("kind") == "fixed" else f"{delay} to {backoff.get('max_delay', '1h')}"


@queue.command()
@click.argument("name", type=NAMED)
@option("--note", group="queue", help="Why, for whoever wonders.")
@database_options
def pause(name: str, note: str | None, dsn: str | None, as_json: bool) -> None:
    """Start no more jobs of a queue. What runs goes on, and enqueueing too.

    \b
    faultline queue pause mail --note "the provider is down"
    """
    with connect(dsn, OPERATOR) as connection:
        connection.execute("select faultline.pause_queue(%s, %s)", (name, note))
    output.tell(
        {"queue": name, "paused": True},
        f"paused {name}: `faultline queue resume {name}` lets it go on",
        as_json=as_json,
    )


@queue.command()
@click.argument("name", type=NAMED)
@database_options
def resume(name: str, dsn: str | None, as_json: bool) -> None:
    """Let a paused queue go on.

    \b
    faultline queue resume mail
    """
    with connect(dsn, OPERATOR) as connection:
        connection.execute("select faultline.resume_queue(%s)", (name,))
    output.tell({"queue": name, "paused": False}, f"{name} is open", as_json=as_json)


@queue.command("set")
@click.argument("name", type=NAMED)
@option("--max-running", group="queue", type=click.IntRange(1), help="At most so many run at a time, everywhere.")
@option("--max-attempts", group="queue", type=click.IntRange(1, 100), help="For jobs that don't say it themselves.")
@option("--lease", group="queue", type=DURATION, help="How long a claim lasts unless its runner says it.")
@option("--backoff", group="queue", metavar="JSON", help='Such as {"kind": "fixed", "delay": "5s"}.')
@option("--reset", group="queue", multiple=True, type=click.Choice(SETTINGS), help="Back to the default.")
@database_options
def set_queue(name: str, reset: tuple[str, ...], dsn: str | None, as_json: bool, **given: Any) -> None:
    """Set what a queue does differently from the defaults. What isn't named stays as it is.

    \b
    faultline queue set mail --max-running 10 --max-attempts 8
    faultline queue set mail --reset max-running
    """
    settings = settings_document(reset, **given)
    with connect(dsn, OPERATOR) as connection:
        row = connection.execute("select faultline.set_queue(%s, %s)::text", (name, json.dumps(settings))).fetchone()
    if as_json and row:
        output.print_raw_json(row[0])
    else:
        output.say(f"{name}: " + ", ".join(_said(key, value) for key, value in settings.items()))


def _said(key: str, value: object) -> str:
    name = key.replace("_", "-")
    if value is None:
        return f"{name} is the default again"
    return f"{name} is {json.dumps(value) if isinstance(value, dict) else value}"


def settings_document(
    reset: tuple[str, ...],
    max_running: int | None,
    max_attempts: int | None,
    lease: timedelta | None,
    backoff: str | None,
) -> dict[str, Any]:
    given = {
        "max_running": max_running,
        "max_attempts": max_attempts,
        "lease": durations.show(lease.total_seconds()) if lease is not None else None,
        "backoff": parse_object("--backoff", backoff) if backoff is not None else None,
    }
    settings = {key: value for key, value in given.items() if value is not None}
    names = [name.replace("-", "_") for name in reset]
    both = [name for name in names if name in settings]
    if both:
        raise WrongUsage(f"--{both[0].replace('_', '-')} is both set and reset")
    if not settings and not names:
        raise WrongUsage("say what to set, such as --max-running 10, or --reset max-running")
    return settings | dict.fromkeys(names)
