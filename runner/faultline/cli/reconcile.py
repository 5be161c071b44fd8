"""`faultline reconcile`: settle the transactions whose outcome is known, as every runner does by itself."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import click

from faultline.cli import output
from faultline.cli.database import OPERATOR, connect
from faultline.cli.options import database_options, option

if TYPE_CHECKING:
    from collections.abc import Callable

    from faultline.cli.database import Connection

RECONCILE: Final = """
select to_jsonb(r)::text, r.transaction_id, r.from_state, r.to_state from faultline.reconcile(max => %s) r
"""
PATIENCE_SECONDS: Final = 5.0
PAUSE_SECONDS: Final = 0.05
SAID: Final = {"INIT": "given its job again", "RECONCILED": "reconciled", "FAILED": "failed"}


@click.command()
@option(
    "--max",
    "most",
    group="reconcile",
    type=click.IntRange(1, 10_000),
    default=1000,
    show_default=True,
    help="At most so many; with --all at a time.",
)
@option("--all", "everything", group="reconcile", is_flag=True, help="Go on until nothing is left to do.")
@database_options
def reconcile(most: int, everything: bool, dsn: str | None, as_json: bool) -> None:
    """Settle transactions whose outcome is known. Lists those that moved.

    Every runner does it each second; this is for a database without one, or just restored from a backup. Any number
    may do it at once. With --json an array of {transaction_id, from_state, to_state}.

    \b
    faultline reconcile
    faultline reconcile --all
    """
    with connect(dsn, OPERATOR) as connection, output.waiting("reconciling") as tell:
        moved, left = _in_passes(connection, most, tell) if everything else _pass(connection, most)
    if as_json:
        output.print_raw_list([row[0] for row in moved])
    elif moved:
        output.print_table(
            ("TRANSACTION", "FROM", "TO"), [[row[1], output.state(row[2]), output.state(row[3])] for row in moved]
        )
        output.say(f"settled {output.plural(len(moved), 'transaction')}: {_summary(moved)}")
    elif not left:
        output.say("nothing was to do: each transaction is settled, or waits for its job or for an answer")
    else:
        output.say("nothing has moved")
    if left and everything:
        output.note("somebody else holds some that could be settled: try again later")
    elif left and len(moved) >= most:
        output.note("there may be more: go on with --all")


def _pass(connection: Connection, most: int) -> tuple[list[tuple[Any, ...]], bool]:
    """What moved, and whether there was anything to look at: without that, reconcile takes no xid."""
    with connection.transaction():
        rows = connection.execute(RECONCILE, (most,)).fetchall()
        ((looked,),) = connection.execute("select pg_current_xact_id_if_assigned() is not null").fetchall()
    return rows, looked


def _in_passes(connection: Connection, most: int, tell: Callable[[str], None]) -> tuple[list[tuple[Any, ...]], bool]:
    """A pass in which nothing moves isn't the last: it may have been all about effects that have to be asked for."""
    moved: list[tuple[Any, ...]] = []
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        rows, looked = _pass(connection, most)
        if not looked:
            return moved, False
        if rows:
            moved += rows
            tell(output.plural(len(moved), "transaction"))
            deadline = time.monotonic() + PATIENCE_SECONDS
        else:
            time.sleep(PAUSE_SECONDS)
    return moved, True


def _summary(moved: list[tuple[Any, ...]]) -> str:
    counts = Counter(str(row[3]) for row in moved)
    return ", ".join(f"{number:,} {SAID.get(state, state)}" for state, number in counts.most_common())
