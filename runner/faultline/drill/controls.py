"""Negative controls: drills with one guard removed. A checker that does not catch them would catch nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import psycopg

from faultline.drill.arena import Arena
from faultline.drill.faults import clients, disk, runners
from faultline.drill.faults.fault import Fault
from faultline.drill.scenarios import Scenario


class Unguarded(Arena):
    tolerated = ("guard_missing",)


DEFINITION: Final = """
select pg_get_functiondef(p.oid)
from pg_proc p
where p.pronamespace = 'faultline'::regnamespace and p.proname = %s
"""
Prepare = Callable[[str], None]


class ControlError(Exception):
    """A guard is not where this module looks for it."""


@dataclass(frozen=True)
class Control:
    """What is taken away, from where, and the fault under which it is missed."""

    name: str
    title: str
    faults: tuple[type[Fault], ...]
    promises: frozenset[int]
    """Those that may be the ones to be broken: the checker has to name one of them."""
    prepare: Prepare = field(default=lambda _: None)
    config: Mapping[str, str] = field(default_factory=dict)


def scenario(control: Control) -> Scenario:
    """The guard that is missing is known: that verify() says so, too, counts for nothing here."""
    return Scenario(f"without-{control.name}", control.title, control.faults, Unguarded)


def without(changes: Mapping[str, tuple[tuple[str, str], ...]], statements: tuple[str, ...] = ()) -> Prepare:
    """Functions of faultline with texts exchanged; each old text has to be there exactly once."""

    def prepare(dsn: str) -> None:
        with psycopg.connect(dsn) as connection:
            for statement in statements:
                connection.execute(statement.encode())
            for name, exchanged in changes.items():
                row = connection.execute(DEFINITION, (name,)).fetchone()
                text = str(row[0]) if row else ""
                for old, new in exchanged:
                    if text.count(old) != 1:
                        raise ControlError(f"{old!r} is {text.count(old)} times in faultline.{name}")
                    text = text.replace(old, new)
                connection.execute(text.encode())

    return prepare


ALL: Final = (
    Control(
        "fence",
        "reports are accepted whatever their attempt",
        (runners.Freeze, clients.Repeated),
        frozenset({2, 3, 4}),
        without(
            {
                "complete_job": ((" and j.attempt = complete_job.attempt and", " and"),),
                "complete_jobs": ((" and j.attempt = r.attempt and", " and"),),
                "fail_jobs": ((" and j.attempt = r.attempt and", " and"),),
                "_end_attempt": ((" and j.attempt = _end_attempt.attempt and", " and"),),
            }
        ),
    ),
    Control(
        "unique-key",
        "idempotency keys have no primary key",
        (clients.SameKey,),
        frozenset({6}),
        without(
            {"_keyed_job": (("on conflict (queue, key) do nothing", "on conflict do nothing"),)},
            ("alter table faultline.idempotency_keys drop constraint idempotency_keys_pkey",),
        ),
    ),
    Control(
        "skip-locked",
        "claims take what they have seen, by its id, without a lock or the trigger behind it",
        (clients.OpenClaim,),
        frozenset({2, 3}),
        without(
            {
                "claim_jobs": (
                    ("where j.ctid = any (array(", "where j.job_id = any (array("),
                    ("select c.ctid", "select c.job_id"),
                    ("for no key update skip locked))", "))"),
                )
            },
            ("drop trigger jobs_live_moves on faultline.jobs_live",),
        ),
    ),
    Control(
        "fsync",
        "the server does not wait for the disk",
        (disk.MachineCrash,),
        frozenset({1, 7, 9, 10}),
        config={"fsync": "off"},
    ),
)
