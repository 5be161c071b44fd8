"""The commands' connection, and what its failures mean in words that help."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict

from faultline import database
from faultline.cli.failures import BAD_OUTCOME, WRONG_USAGE, Failure, WrongUsage
from faultline.cli.output import waiting
from faultline.errors import DatabaseUnavailable, FaultlineError, InvalidArgument, from_psycopg

if TYPE_CHECKING:
    from collections.abc import Iterator

Connection = psycopg.Connection[tuple[Any, ...]]

PRODUCER: Final = "faultline_producer"
RUNNER: Final = "faultline_runner"
OPERATOR: Final = "faultline_operator"
OBSERVER: Final = "faultline_observer"
LOCK_TIMEOUT: Final = "55P03"


@contextmanager
def connect(dsn: str | None, role: str) -> Iterator[Connection]:
    """A connection in autocommit to a database that has our schema, in this version.

    `role` is the least one that may do what follows: whoever may not is told to get it.
    """
    check_dsn(dsn)
    with waiting("connecting to the database"):
        connection = database.connect(dsn, "cli")
    connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED  # of its transactions, whatever the default
    with connection:
        database.check_schema(connection, role)
        try:
            yield connection
        except psycopg.errors.InsufficientPrivilege as error:
            said = error.diag.message_primary or str(error)
            raise Failure(f"{said}: {database.grant(connection, role)}") from error


def check_dsn(dsn: str | None) -> None:
    """Refuse what would show part of a password as the name of a host: libpq takes it up to the first @."""
    try:
        parts = conninfo_to_dict(dsn or "")
    except psycopg.Error:
        return  # whoever connects says so
    if "@" in str(parts.get("host", "")):
        raise WrongUsage("the DSN has more than one @ before its host: write an @ of the password as %40")


def explain(error: Exception) -> tuple[str, int]:
    """One line and an exit code for an error of ours or of the database."""
    if isinstance(error, psycopg.Error):
        error = from_psycopg(error) or error
    if isinstance(error, InvalidArgument):
        return str(error), WRONG_USAGE
    if isinstance(error, DatabaseUnavailable):
        return f"{error} (check --dsn or FAULTLINE_DSN; `faultline dev` starts a database)", BAD_OUTCOME
    if isinstance(error, psycopg.Error) and error.sqlstate:
        return _explain_sqlstate(error, error.sqlstate)
    if isinstance(error, FaultlineError) or not isinstance(error, psycopg.Error):
        return str(error), BAD_OUTCOME
    return f"the connection to the database broke, and what it was asked for has happened, or not: {error}", BAD_OUTCOME


def _explain_sqlstate(error: psycopg.Error, sqlstate: str) -> tuple[str, int]:
    said = error.diag.message_primary or str(error)
    detail = f" ({error.diag.message_detail})" if error.diag.message_detail else ""
    if sqlstate == LOCK_TIMEOUT:
        return f"{said}: somebody holds what it waits for, so try again later", BAD_OUTCOME
    if sqlstate.startswith("22"):  # a value that no type of the server can hold
        return f"the database refuses the value: {said}{detail}", WRONG_USAGE
    return f"the database says {sqlstate}: {said}{detail}", BAD_OUTCOME
