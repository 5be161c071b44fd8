"""`faultline transaction …`: what has to happen once, how far it is, and what an operator can say about it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Self

import click

from faultline.cli import output
from faultline.cli.database import OBSERVER, OPERATOR, connect
from faultline.cli.enqueue import check_json
from faultline.cli.failures import Failure
from faultline.cli.options import MOMENT, NAMED, TRANSACTION, database_options, help_if_bare, moment_parameters, option
from faultline.cli.rendering import decode, moment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime, timedelta

    from faultline.cli.database import Connection

STATES: Final = ("INIT", "APPLIED", "RECONCILED", "FAILED")
# By job, not by time: that is the order of an index which holds all of them, and almost the same.
LIST: Final = """
select to_jsonb(t)::text, t.transaction_id, t.state, t.kind, t.job_id,
  extract(epoch from clock_timestamp() - coalesce(t.settled_at, t.applied_at, t.created_at))::float8, t.reason
from faultline.transaction_log t
where (%(states)s::text[] is null or t.state = any (%(states)s))
  and (%(kinds)s::text[] is null or t.kind = any (%(kinds)s))
  and (%(moment)s::timestamptz is null or greatest(t.created_at, t.applied_at, t.settled_at) >= %(moment)s)
  and (%(span)s::interval is null or greatest(t.created_at, t.applied_at, t.settled_at) >= now() - %(span)s)
order by t.job_id desc
limit %(limit)s
"""
LOOK: Final = """
select s.status::text, faultline.job_status((s.status ->> 'job_id')::bigint)::text, clock_timestamp()
from faultline.transaction_status(%s) as s (status)
"""


@click.group(invoke_without_command=True)
@click.pass_context
def transaction(ctx: click.Context) -> None:
    """Transactions of the ledger: find them, look at one, decide.

    A transaction is INIT, then APPLIED once its effect has happened, and RECONCILED once its job is over; or it has
    FAILED, and can never happen under that id.

    \b
    faultline transaction list --state INIT --since 1h
    faultline transaction show invoice-17
    faultline transaction fail invoice-17 --reason "paid in cash"
    """
    help_if_bare(ctx)


@transaction.command("list")
@option(
    *("--state", "states"),
    group="transaction",
    multiple=True,
    type=click.Choice(STATES, case_sensitive=False),
    help="In this state.",
)
@option("--kind", "kinds", group="transaction", multiple=True, type=NAMED, help="Of this kind.")
@option("--since", group="transaction", type=MOMENT, help="Submitted, applied or settled since: 1h, or a time.")
@option("--limit", group="transaction", type=click.IntRange(1), default=50, show_default=True, help="At most so many.")
@database_options
def list_transactions(
    states: tuple[str, ...],
    kinds: tuple[str, ...],
    since: datetime | timedelta | None,
    limit: int,
    dsn: str | None,
    as_json: bool,
) -> None:
    """List transactions, the newest first. With --json an array, one a line.

    \b
    faultline transaction list --state FAILED --kind transfer
    faultline transaction list --state INIT --json | jq -r '.[].transaction_id'
    """
    parameters = {
        "states": list(states) or None,
        "kinds": list(kinds) or None,
        **moment_parameters(since),
        "limit": limit + 1,
    }
    with connect(dsn, OBSERVER) as connection:
        rows = connection.execute(LIST, parameters).fetchall()
    output.print_newest(rows, limit, _print_rows, nothing="no transaction matches", as_json=as_json)


def _print_rows(rows: Sequence[Sequence[Any]]) -> None:
    output.print_table(
        ("TRANSACTION", "STATE", "KIND", "JOB", "WHEN", "REASON"),
        [
            [transaction_id, output.state(state), kind, job_id, output.ago(age), reason]
            for _, transaction_id, state, kind, job_id, age, reason in rows
        ],
        right=("JOB",),
    )


@dataclass(frozen=True)
class Transaction:
    """One transaction as the server tells it, and its job."""

    document: str
    job_document: str | None
    now: datetime

    @classmethod
    def look(cls, connection: Connection, transaction_id: str) -> Self:
        row = connection.execute(LOOK, (transaction_id,)).fetchone()
        if row is None or row[0] is None:
            raise Failure(
                f"there is no transaction {transaction_id!r} in this database: "
                "`faultline transaction list` shows the latest"
            )
        return cls(*row)

    @cached_property
    def status(self) -> dict[str, Any]:
        return decode(self.document)

    @property
    def postings(self) -> list[dict[str, str]]:
        """With their amounts as the server wrote them: a float would round them."""
        entry = decode(self.document, exact=True).get("entry") or {}
        return list(entry.get("postings") or ())

    @property
    def open_effects(self) -> list[str]:
        return [effect["name"] for effect in self.status.get("effects") or () if effect["state"] == "SENT"]

    @property
    def job_state(self) -> str | None:
        """What state its job is in; of one that is gone, how it ended."""
        known = decode(self.job_document).get("state") if self.job_document else self.status.get("job_state")
        return None if known is None else str(known)

    def print_json(self) -> None:
        output.print_raw_json(f'{self.document[:-1]}, "job": {self.job_document or "null"}}}')

    def print(self) -> None:
        """In the order in which people ask: the transaction, what waits, its entry and postings, its effects."""
        output.print_fields(dict(self._fields(self.status)))
        postings = [[posting["account"], posting["amount"], posting["currency"]] for posting in self.postings]
        if postings:
            output.say()
            output.print_table(("ACCOUNT", "AMOUNT", "CURRENCY"), postings, right=("AMOUNT",))
        for effect in self.status.get("effects") or ():
            output.say()
            output.print_fields(dict(self._effect_fields(effect)))

    def _fields(self, status: dict[str, Any]) -> Iterator[tuple[str, object]]:
        if "document" in status:  # what can't be decoded
            yield from status.items()
            return
        yield "transaction", status.get("transaction_id")
        yield "state", output.state(str(status.get("state")))
        yield "kind", status.get("kind")
        yield "job", f"{status.get('job_id')}, {self.job_state or 'which is not in this database'}"
        yield "waits for", self._waits_for(status)
        yield "reason", status.get("reason")
        yield "request", output.as_text(status.get("request"))
        yield "created", moment(status.get("created_at"), self.now)
        entry = status.get("entry")
        if entry:
            yield "applied", moment(entry.get("applied_at"), self.now)
            yield "entry", f"{entry.get('entry_id')}, by attempt {entry.get('attempt')}"
            yield "what happened", output.as_text(entry.get("effect"))
        yield "settled", moment(status.get("settled_at"), self.now)

    def _effect_fields(self, effect: dict[str, Any]) -> Iterator[tuple[str, object]]:
        yield "effect", effect.get("name")
        yield "state", output.state(str(effect.get("state")))
        yield "key", effect.get("key")
        yield "request", output.as_text(effect.get("request"))
        yield "sent", moment(effect.get("sent_at"), self.now)
        since = moment(effect.get("unknown_since"), self.now)
        yield "unknown since", since and f"{since} (asked {effect.get('asks')} times)"
        yield "last answer", effect.get("answer")
        yield "response", output.as_text(effect.get("response"))

    def _waits_for(self, status: dict[str, Any]) -> str | None:
        if status.get("settled_at") is not None:
            return None
        job_id = status.get("job_id")
        match self.job_state:
            case "queued" | "running":
                return f"its job: `faultline why {job_id}` says where that is"
            case "failed" if status.get("entry") is None:
                return f"its job, a dead letter: `faultline job retry {job_id}`, or `faultline job discard {job_id}`"
        if self.open_effects and status.get("entry") is None:
            return (
                f"what became of {' and '.join(self.open_effects)}: runners ask; "
                "whoever knows it says so with `faultline transaction answer`"
            )
        return "a runner, or `faultline reconcile`, to settle it"


@transaction.command()
@click.argument("transaction_id", metavar="ID", type=TRANSACTION)
@database_options
def show(transaction_id: str, dsn: str | None, as_json: bool) -> None:
    """Show all there is about a transaction. Its job, its entry and postings, its effects.

    \b
    faultline transaction show invoice-17
    faultline transaction show invoice-17 --json | jq .entry.postings
    """
    with connect(dsn, OBSERVER) as connection:
        found = Transaction.look(connection, transaction_id)
    if as_json:
        found.print_json()
    else:
        found.print()


@transaction.command()
@click.argument("transaction_id", metavar="ID", type=TRANSACTION)
@option("--reason", group="transaction", required=True, help="Why, for whoever asks: 1 to 1000 characters.")
@database_options
def fail(transaction_id: str, reason: str, dsn: str | None, as_json: bool) -> None:
    """Burn a transaction. It has FAILED for good, and its id can never be used again.

    Its job goes with it: a queued one is cancelled, a dead letter discarded, a running one asked to stop, and whatever
    that still does can't be applied. Refused if it has happened, or if an effect of it was sent and may still land.

    \b
    faultline transaction fail invoice-17 --reason "paid in cash"
    """
    with connect(dsn, OPERATOR) as connection:
        connection.execute("select faultline.fail_transaction(%s, %s)", (transaction_id, reason))
        found = Transaction.look(connection, transaction_id)
    if as_json:
        found.print_json()
        return
    status = found.status
    shown = output.clean(transaction_id)
    if status.get("reason") == reason:
        output.say(f"{shown} has failed, its id is burnt; {_job_after_failure(found.job_state, status.get('job_id'))}")
    else:
        output.say(f"{shown} had failed before, which stays as it is: {output.clean(str(status.get('reason')))}")


def _job_after_failure(state: str | None, job_id: object) -> str:
    match state:
        case None:
            return f"there is no job {job_id} any more"
        case "running":
            return f"its job {job_id} still runs and is asked to stop: what it does can't be applied"
        case "cancelled" | "discarded":
            return f"its job {job_id} is {output.clean(state)}"
        case _:
            return f"its job {job_id} had ended, {output.clean(state)}, without applying it"


@transaction.command()
@click.argument("transaction_id", metavar="ID", type=TRANSACTION)
@click.argument("effect", type=NAMED)
@click.argument("outcome", type=click.Choice(["applied", "absent"], case_sensitive=False))
@option("--response", group="transaction", metavar="JSON", help="What the outside said, to be kept with the effect.")
@database_options
def answer(
    transaction_id: str, effect: str, outcome: str, response: str | None, dsn: str | None, as_json: bool
) -> None:
    """Say what became of an effect that was sent. For where nobody could find it out.

    `applied`: it has happened. `absent`: it has not, and can't any more: the outside refuses its key from now on. That
    it was "not found" is no proof, the request may still be on its way. An answer can't be taken back. It settles the
    transaction once none of its effects is open; its job has to be over.

    \b
    faultline transaction answer inv-17 charge applied --response '{"id": 42}'
    faultline transaction answer invoice-17 charge absent
    """
    if response is not None:
        check_json(response, "response")
    with connect(dsn, OPERATOR) as connection:
        connection.execute(
            "select faultline.answer_effect(%s, %s, %s, %s::jsonb)",
            (transaction_id, effect, outcome.upper(), response),
        )
        found = Transaction.look(connection, transaction_id)
    if as_json:
        found.print_json()
        return
    rest = f": {' and '.join(found.open_effects)} is not settled" if found.open_effects else ""
    output.say(f"{effect} is {outcome.upper()}; {output.clean(transaction_id)} is {found.status.get('state')}{rest}")
