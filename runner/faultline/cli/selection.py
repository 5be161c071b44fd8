"""Which jobs a command is about: filters over the view faultline.jobs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from faultline.cli import output
from faultline.cli.options import MOMENT, NAMED, decorated, moment_parameters, option

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from faultline.cli.database import Connection

Function = TypeVar("Function", bound="Callable[..., Any]")

STATES: Final = ("queued", "running", "succeeded", "failed", "cancelled", "discarded")

# A filter that isn't given is NULL, and its line goes when the query is planned.
MATCHING: Final = """
from faultline.jobs j
where (%(states)s::text[] is null or j.state = any (%(states)s))
  and (%(queues)s::text[] is null or j.queue = any (%(queues)s))
  and (%(types)s::text[] is null or j.type = any (%(types)s))
  and (%(tags)s::text[] is null or j.tags @> %(tags)s)
  and (%(moment)s::timestamptz is null or greatest(j.created_at, j.started_at, j.finished_at) >= %(moment)s)
  and (%(span)s::interval is null or greatest(j.created_at, j.started_at, j.finished_at) >= now() - %(span)s)
"""
# ruff: noqa: S608 - constants, put together
COUNT: Final = "select count(*) from (select 1 " + MATCHING + "limit %(limit)s) n"
IDS: Final = "select j.job_id " + MATCHING + "order by j.job_id limit %(limit)s"
ROWS: Final = (
    "select to_jsonb(j)::text, j.job_id, j.state, j.type, j.queue, j.attempt,"
    " extract(epoch from clock_timestamp() - coalesce(j.finished_at, j.started_at, j.run_at))::float8,"
    " coalesce(j.error ->> 'message', j.error ->> 'type') " + MATCHING + "order by j.job_id desc limit %(limit)s"
)
ROW_HEADERS: Final = ("JOB", "STATE", "TYPE", "QUEUE", "ATTEMPT", "WHEN", "ERROR")


@dataclass(frozen=True)
class Selection:
    states: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    since: datetime | timedelta | None = None
    limit: int | None = None

    def parameters(self, limit: int | None = None) -> dict[str, Any]:
        return {
            "states": list(self.states) or None,
            "queues": list(self.queues) or None,
            "types": list(self.types) or None,
            "tags": list(self.tags) or None,
            **moment_parameters(self.since),
            "limit": limit if limit is not None else self.limit,
        }

    def describe(self) -> str:
        """The filters in words, for a dry run."""
        parts = [
            f"{name} {' or '.join(values)}"
            for name, values in (("state", self.states), ("queue", self.queues), ("type", self.types))
            if values
        ]
        if self.tags:
            parts.append(f"tagged {' and '.join(self.tags)}")
        if self.since is not None:
            since = f"{self.since} ago" if isinstance(self.since, timedelta) else self.since.isoformat()
            parts.append(f"moved since {since}")
        if self.limit is not None:
            parts.append(f"at most {self.limit}, oldest first")
        return ", ".join(parts)

    def count(self, connection: Connection) -> int:
        row = connection.execute(COUNT, self.parameters()).fetchone()
        return int(row[0]) if row else 0

    def ids(self, connection: Connection) -> list[int]:
        return [row[0] for row in connection.execute(IDS, self.parameters())]

    def rows(self, connection: Connection, limit: int) -> list[tuple[Any, ...]]:
        """The newest first: the document of each, and its cells."""
        return connection.execute(ROWS, self.parameters(limit)).fetchall()


def filters(command: Function) -> Function:
    return decorated(
        command,
        option("--state", "states", group="job", multiple=True, type=click.Choice(STATES), help="In this state."),
        option("--queue", "queues", group="job", multiple=True, type=NAMED, help="In this queue."),
        option("--type", "types", group="job", multiple=True, type=NAMED, help="Of this type."),
        option("--tag", "tags", group="job", multiple=True, help="With this tag; given twice, with both."),
        option("--since", group="job", type=MOMENT, help="Made, started or finished since: 1h, or a time."),
    )


def print_rows(rows: Sequence[Sequence[Any]]) -> None:
    """The table of what `rows` returned."""
    output.print_table(
        ROW_HEADERS,
        [
            [job_id, output.state(state), type_, queue, attempt, output.ago(age), error]
            for _, job_id, state, type_, queue, attempt, age, error in rows
        ],
        right=("JOB", "ATTEMPT"),
    )
