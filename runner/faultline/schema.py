"""Installs the schema into a database from the snapshot in this package; needs no Sqitch, which takes it over later."""

from __future__ import annotations

from importlib import resources
from typing import Any, Final

import psycopg

from faultline.errors import DatabaseUnavailable, FaultlineError, SchemaMismatch

SCHEMA_VERSION: Final = "0.1.0"
LOCK: Final = 1181838443  # of the advisory lock that makes one installer wait for the other

Connection = psycopg.Connection[tuple[Any, ...]]


class InstallError(FaultlineError):
    """The schema can't be installed here; the message says why and what to do."""


def snapshot() -> str:
    """The SQL that makes the schema, in one transaction."""
    return resources.files("faultline").joinpath("schema.sql").read_text(encoding="utf-8")


def install(dsn: str) -> str:
    """Bring the schema into the database unless it is there already, run maintain(), and say what happened.

    Raises SchemaMismatch where the schema is there in another version, InstallError where it can't be installed, and
    DatabaseUnavailable where nobody answers. Nothing is changed then.
    """
    with _connect(dsn) as connection:
        try:
            with connection.transaction():
                new = _install_once(connection)
            connection.execute("select faultline.maintain()")
        except psycopg.errors.InsufficientPrivilege as error:
            raise InstallError(_privileges(connection, error)) from error
        database = connection.info.dbname
    return f"Faultline {SCHEMA_VERSION} {'installed in' if new else 'is already in'} the database {database}"


def _connect(dsn: str) -> Connection:
    try:
        return psycopg.connect(dsn, autocommit=True, prepare_threshold=None, application_name="faultline install")
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(f"the database does not answer: {str(error).strip()}") from error


def _install_once(connection: Connection) -> bool:
    connection.execute("select pg_catalog.pg_advisory_xact_lock(%s)", (LOCK,))
    database = connection.info.dbname
    if _exists(connection, "faultline"):
        version = _version(connection)
        if version == SCHEMA_VERSION:
            return False
        raise SchemaMismatch(
            f"the database {database} has the schema in version {version}, this is faultline {SCHEMA_VERSION}: "
            f"upgrade it with `sqitch deploy`, or use the package faultline=={version}"
        )
    if _exists(connection, "sqitch"):
        raise InstallError(
            f"the database {database} keeps a registry of Sqitch already, in the schema sqitch, which the snapshot "
            "would bring too: use `sqitch deploy` instead"
        )
    connection.execute(_body().encode())
    return True


def _body() -> str:
    """The snapshot without its own BEGIN and COMMIT: here the transaction is ours."""
    return snapshot().replace("\nbegin;\n", "\n", 1).removesuffix("commit;\n")


def _exists(connection: Connection, schema: str) -> bool:
    row = connection.execute("select pg_catalog.to_regnamespace(%s) is not null", (schema,)).fetchone()
    return row is not None and bool(row[0])


def _version(connection: Connection) -> str:
    found = connection.execute("select pg_catalog.to_regprocedure('faultline.schema_version()') is not null").fetchone()
    if found is None or not found[0]:
        raise InstallError(
            f"the database {connection.info.dbname} has a schema faultline that is not ours (it has no function "
            "schema_version): rename it, or choose another database"
        )
    row = connection.execute("select faultline.schema_version()").fetchone()
    return str(row[0]) if row is not None else "unknown"


def _privileges(connection: Connection, error: psycopg.Error) -> str:
    user, database = connection.info.user, connection.info.dbname
    said = error.diag.message_primary or str(error)
    fix = error.diag.message_hint or (
        f"installing takes CREATE on the database and CREATEROLE; let a superuser run: GRANT CREATE ON DATABASE "
        f'"{database}" TO "{user}"; ALTER ROLE "{user}" CREATEROLE'
    )
    return f"{said}. {fix}"
