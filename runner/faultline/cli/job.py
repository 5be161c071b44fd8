"""`faultline job …`: find jobs, look at one, and an operator's three verbs on one or many."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import click
import psycopg
from rich.console import Console
from rich.progress import Progress

from faultline.cli import output
from faultline.cli.database import OBSERVER, OPERATOR, connect, explain
from faultline.cli.failures import BAD_OUTCOME, Failure, WrongUsage
from faultline.cli.options import JOB, database_options, help_if_bare, option
from faultline.cli.rendering import describe_job
from faultline.cli.selection import Selection, filters, print_rows
from faultline.cli.status import unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faultline.cli.database import Connection

BATCH: Final = 500
SAMPLE: Final = 5
SHOW = """
select faultline.job_status(%(job)s)::text, events.list::text, clock_timestamp()
from (select coalesce(jsonb_agg(to_jsonb(e) order by e.event_id), '[]') as list
      from faultline.event_log e
      where e.job_id = %(job)s) events
"""
EVENTS = """
select e.at, e.verb, e.attempt, e.actor, e.detail::text
from faultline.event_log e
where e.job_id = %s
order by e.event_id
"""


@dataclass(frozen=True)
class Verb:
    """What an operator can do to a job, and to jobs in which states."""

    name: str
    done: str
    function: str
    states: tuple[str, ...]


RETRY: Final = Verb("retry", "retried", "retry_job", ("failed",))
CANCEL: Final = Verb("cancel", "cancelled", "cancel_job", ("queued", "running"))
DISCARD: Final = Verb("discard", "discarded", "discard_job", ("failed",))


@dataclass
class Outcome:
    changed: list[tuple[int, str]] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)


@click.group(invoke_without_command=True)
@click.pass_context
def job(ctx: click.Context) -> None:
    """Find jobs; retry, cancel or discard them.

    `retry`, `cancel` and `discard` take the ids of jobs, or --all with filters: that shows first how many and which,
    and changes nothing before you confirm it (or say --yes). With --json, or without a terminal, nobody is asked:
    without --yes it is a dry run then.

    \b
    faultline job list --state failed --type invoice
    faultline job retry 42
    faultline job retry --all --type invoice --since 2h
    """
    help_if_bare(ctx)


@job.command("list")
@filters
@option("--limit", group="job", type=click.IntRange(1), default=50, show_default=True, help="At most so many.")
@database_options
def list_jobs(dsn: str | None, as_json: bool, limit: int, **filters_: Any) -> None:
    """List jobs, the newest first. With --json an array of jobs, one a line.

    \b
    faultline job list --queue mail --state queued --state running
    faultline job list --since 1h --json | jq '.[].job_id'
    """
    with connect(dsn, OBSERVER) as connection:
        rows = Selection(**filters_).rows(connection, limit + 1)
    output.print_newest(rows, limit, print_rows, nothing="no job matches", as_json=as_json)


@job.command()
@click.argument("job_id", metavar="JOB", type=JOB)
@database_options
def show(job_id: int, dsn: str | None, as_json: bool) -> None:
    """Show all there is about a job, and what happened to it.

    \b
    faultline job show 42
    """
    with connect(dsn, OBSERVER) as connection:
        row = connection.execute(SHOW, {"job": job_id}).fetchone()
        events = connection.execute(EVENTS, (job_id,)).fetchall()
    if row is None or row[0] is None:
        raise unknown(job_id)
    if as_json:
        output.print_raw_json(row[0][:-1] + f', "events": {row[1]}}}')
        return
    output.print_fields(describe_job(row[0], row[2]))
    if events:
        output.say()
        output.print_table(
            ("AT (UTC)", "VERB", "ATTEMPT", "BY", "DETAIL"),
            [(f"{at:%Y-%m-%d %H:%M:%S}", *rest) for at, *rest in events],
            right=("ATTEMPT",),
        )


def _verb(verb: Verb, text: str) -> click.Command:
    """The command of a verb: on the jobs that are named, or with --all on those that the filters find."""

    @job.command(verb.name, help=text)
    @click.argument("job_ids", metavar="[JOB]...", type=JOB, nargs=-1)
    @filters
    @option("--limit", group="job", type=click.IntRange(1), help="With --all: at most so many, the oldest.")
    @option("--all", "everything", group="job", is_flag=True, help="All jobs that the filters find.")
    @option("--yes", group="job", is_flag=True, help="With --all: don't ask.")
    @database_options
    def command(
        job_ids: tuple[int, ...],
        dsn: str | None,
        as_json: bool,
        everything: bool,
        yes: bool,
        **filters_: Any,
    ) -> int:
        selection = Selection(**filters_)
        _check_choice(verb, job_ids, selection, everything)
        with connect(dsn, OPERATOR) as connection:
            if everything:
                return _in_bulk(connection, verb, _of_legal_states(verb, selection), yes=yes, as_json=as_json)
            return _report(verb, _apply_each(connection, verb, sorted(set(job_ids))), as_json=as_json)

    return command


retry = _verb(
    RETRY,
    """Run failed jobs again, with all their attempts.

    \b
    faultline job retry 42 43
    faultline job retry --all --type invoice --since 2h
    """,
)
cancel = _verb(
    CANCEL,
    """Cancel jobs. A queued one ends at once; a running one is asked to stop, and its handler decides.

    \b
    faultline job cancel 42
    faultline job cancel --all --queue mail --state queued
    """,
)
discard = _verb(
    DISCARD,
    """Give failed jobs up for good. They move to the finished ones as `discarded`.

    \b
    faultline job discard 42
    faultline job discard --all --tag import --yes
    """,
)


def _check_choice(verb: Verb, job_ids: Sequence[int], selection: Selection, everything: bool) -> None:
    if everything and job_ids:
        raise WrongUsage("name jobs, or choose them with --all and filters, not both")
    if not everything and not job_ids:
        raise WrongUsage(f"name the jobs, or add --all to {verb.name} whatever the filters find")
    if job_ids and selection.describe():
        raise WrongUsage(f"filters ({selection.describe()}) go with --all, not with the ids of jobs")
    wrong = [state for state in selection.states if state not in verb.states]
    if wrong:
        raise WrongUsage(f"cannot {verb.name} jobs that are {wrong[0]}, only {' or '.join(verb.states)}")


def _of_legal_states(verb: Verb, selection: Selection) -> Selection:
    return selection if selection.states else Selection(**{**vars(selection), "states": verb.states})


def _in_bulk(connection: Connection, verb: Verb, selection: Selection, *, yes: bool, as_json: bool) -> int:
    matching = selection.count(connection)
    if not yes and not _confirmed(connection, verb, selection, matching, as_json=as_json):
        return 0
    outcome = _apply_in_batches(connection, verb, selection.ids(connection))
    _report(verb, outcome, as_json=as_json)
    return 0  # whoever was refused has moved on meanwhile, and is none of those that were chosen


def _confirmed(connection: Connection, verb: Verb, selection: Selection, matching: int, *, as_json: bool) -> bool:
    """The dry run; true if somebody at a terminal then says yes."""
    sample = selection.rows(connection, min(SAMPLE, selection.limit or SAMPLE))
    if as_json:
        documents = ", ".join(row[0] for row in sample)
        output.print_raw_json(
            f'{{"dry_run": true, "verb": "{verb.name}", "matching": {matching}, "sample": [{documents}]}}'
        )
        return False
    output.say(f"{output.plural(matching, 'job')} to {verb.name}: {output.clean(selection.describe())}")
    if matching == 0:
        return False
    print_rows(sample)
    if matching > len(sample):
        output.say(f"… and {output.plural(matching - len(sample), 'other')}")
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        output.say("dry run: nothing has changed. Add --yes to do it")
        return False
    if not click.confirm(f"{verb.name.capitalize()} {output.plural(matching, 'job')}?", err=True):
        raise Failure("not confirmed: nothing has changed")
    return True


def _apply_in_batches(connection: Connection, verb: Verb, job_ids: list[int]) -> Outcome:
    """In the order of their ids, which is the order of locks."""
    outcome = Outcome()
    shown = sys.stderr.isatty() and len(job_ids) > BATCH
    with Progress(console=Console(stderr=True), disable=not shown, transient=True) as progress:
        task = progress.add_task(verb.name, total=len(job_ids))
        for start in range(0, len(job_ids), BATCH):
            batch = job_ids[start : start + BATCH]
            part = _apply_together(connection, verb, batch) or _apply_each(connection, verb, batch)
            outcome.changed += part.changed
            outcome.refused += part.refused
            progress.advance(task, len(batch))
    return outcome


def _apply_together(connection: Connection, verb: Verb, job_ids: list[int]) -> Outcome | None:
    """One commit for all of them, or None if one is refused."""
    query = f"select i, faultline.{verb.function}(i) from unnest(%s::bigint[]) i order by i"  # noqa: S608 - a constant
    try:
        return Outcome(changed=[(row[0], row[1]) for row in connection.execute(query, (job_ids,))])
    except psycopg.Error as error:
        if not (error.sqlstate or "").startswith("FL"):
            raise
        return None


def _apply_each(connection: Connection, verb: Verb, job_ids: list[int]) -> Outcome:
    outcome = Outcome()
    for job_id in job_ids:
        try:
            row = connection.execute(f"select faultline.{verb.function}(%s)", (job_id,)).fetchone()
        except psycopg.Error as error:
            if not (error.sqlstate or "").startswith("FL"):
                raise
            outcome.refused.append((job_id, explain(error)[0]))
        else:
            outcome.changed.append((job_id, str(row[0]) if row else ""))
    return outcome


def _report(verb: Verb, outcome: Outcome, *, as_json: bool) -> int:
    if as_json:
        output.print_json(
            {
                "dry_run": False,
                "verb": verb.name,
                "changed": [{"job_id": job_id, "outcome": result} for job_id, result in outcome.changed],
                "refused": [{"job_id": job_id, "error": error} for job_id, error in outcome.refused],
            }
        )
        return BAD_OUTCOME if outcome.refused else 0
    requested = sum(result == "requested" for _, result in outcome.changed)
    done = len(outcome.changed) - requested
    if done or not requested:
        output.say(f"{verb.done} {output.plural(done, 'job')}")
    if requested:
        output.say(f"asked {output.plural(requested, 'running job')} to stop")
    for job_id, error in outcome.refused[:SAMPLE]:
        output.note(f"job {job_id}: {output.clean(error)}")
    if len(outcome.refused) > SAMPLE:
        output.note(f"… and {output.plural(len(outcome.refused) - SAMPLE, 'other')} refused")
    return BAD_OUTCOME if outcome.refused else 0
