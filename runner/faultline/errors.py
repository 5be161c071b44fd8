"""What can go wrong, and the three outcomes of a handler that are neither success nor failure."""

# ruff: noqa: N818 - they are named for what happened, as in the contract

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import psycopg

from faultline import durations

if TYPE_CHECKING:
    from datetime import timedelta


class FaultlineError(Exception):
    """Base of every error of Faultline; `sqlstate` is the database's code where it was the database that refused."""

    sqlstate: str | None = None


class StaleAttempt(FaultlineError):
    """FL001: the attempt lost its lease, or never had it. Drop its result: another attempt has the job."""

    sqlstate = "FL001"


class KeyConflict(FaultlineError):
    """FL002: the idempotency key, or the id of a transaction, stands for other work: a new one is for new work."""

    sqlstate = "FL002"


class IllegalTransition(FaultlineError):
    """FL003: the job, the transaction or the effect is not in a state from which this can be done."""

    sqlstate = "FL003"


class InvalidArgument(FaultlineError, ValueError):
    """FL004: an argument is outside its limits; found here or by the database."""

    sqlstate = "FL004"


class NotFound(FaultlineError, LookupError):
    """FL005: there is no such job, transaction, effect, …"""

    sqlstate = "FL005"


class TransactionBurnt(FaultlineError):
    """FL006: the transaction has failed for good. Its id is burnt: it can be neither applied nor submitted again."""

    sqlstate = "FL006"


class AlreadyApplied(FaultlineError):
    """FL007: the transaction was applied before; the job is completed with the entry that is there.

    What this attempt had done in its block is rolled back. A handler may catch it; uncaught, the job has succeeded.
    """

    sqlstate = "FL007"

    def __init__(self, message: str, entry_id: int | None = None) -> None:
        super().__init__(message)
        self.entry_id = entry_id


class BelowFloor(FaultlineError):
    """FL008: an account would be below its floor, by a posting or by the floor; nothing was changed."""

    sqlstate = "FL008"


class DatabaseUnavailable(FaultlineError):
    """The database does not answer, or the connection broke."""


class OutcomeUnknown(DatabaseUnavailable):
    """The connection broke before the answer came: what was asked may have happened, or not."""


class SchemaMissing(FaultlineError):
    """The database has no schema faultline, or not all of it."""


class SchemaMismatch(FaultlineError):
    """The schema faultline of the database is of another version."""


class PayloadError(FaultlineError):
    """A payload that this runner can't decode."""


class ContextError(FaultlineError):
    """What a task would be given, the input of its run and the results of what it needs, is too large."""


class ResultError(FaultlineError):
    """What a handler returned can't be stored as the job's result."""


class Outcome(Exception):
    """Raise one of its kinds from a handler to end the attempt otherwise than in success or failure."""


class Discard(Outcome):
    """The job will never succeed: a dead letter at once, whatever attempts are left."""

    def __init__(self, reason: str = "discarded by its handler") -> None:
        super().__init__(reason)
        self.reason = reason


class Snooze(Outcome):
    """Too early: run it again after this time (seconds, a timedelta, or "5m"), charged nothing. At least 1 ms."""

    def __init__(self, delay: float | timedelta | str) -> None:
        self.seconds = durations.seconds(delay, what="Snooze", least=0.001)
        super().__init__(f"again in {durations.show(self.seconds)}")


class RetryLater(Outcome):
    """It failed, and the attempt is charged; run it again after this time instead of the backoff."""

    def __init__(self, delay: float | timedelta | str, reason: str | None = None) -> None:
        self.seconds = durations.seconds(delay, what="RetryLater")
        self.reason = reason or f"again in {durations.show(self.seconds)}"
        super().__init__(self.reason)


_BY_SQLSTATE: Final[dict[str, type[FaultlineError]]] = {
    str(kind.sqlstate): kind
    for kind in (
        StaleAttempt,
        KeyConflict,
        IllegalTransition,
        InvalidArgument,
        NotFound,
        TransactionBurnt,
        AlreadyApplied,
        BelowFloor,
    )
}
_MISSING: Final = {"3F000", "42883", "42P01"}  # no such schema, function, table


def from_psycopg(error: psycopg.Error) -> FaultlineError | None:
    """The error of ours that the database meant, with its message and hint; None if it is not one of ours."""
    state = error.sqlstate
    if state is None:
        return None
    if kind := _BY_SQLSTATE.get(state):
        return kind(_with_hint(error))
    if state in _MISSING and "faultline" in str(error):
        return SchemaMissing(missing_schema(_first_line(error)))
    return None


def missing_schema(detail: str) -> str:
    return f"{detail}: run `faultline install`, or `sqitch deploy`, against this database"


def _with_hint(error: psycopg.Error) -> str:
    hint = error.diag.message_hint
    message = error.diag.message_primary or _first_line(error)
    return f"{message} ({hint})" if hint else message


def _first_line(error: psycopg.Error) -> str:
    return error.diag.message_primary or str(error).partition("\n")[0]
