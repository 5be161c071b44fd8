"""Connections: how they are made, how a broken one is told, and how the database is waited for.

Nothing here relies on the state of a session, so that a pooler in transaction mode (PgBouncer) may stand between; what
a session could do better (prepared statements) is used only where the connection proves to be direct.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import random
import select
import socket
import threading
import time
from typing import TYPE_CHECKING, Any, Final, LiteralString

import psycopg
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.types.numeric import Int8BinaryLoader
from psycopg.types.string import ByteaBinaryLoader

from faultline.errors import (
    DatabaseUnavailable,
    FaultlineError,
    InvalidArgument,
    SchemaMismatch,
    SchemaMissing,
    from_psycopg,
    missing_schema,
)
from faultline.logs import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

log = logging.getLogger("faultline")

BACKOFF_FIRST: Final = 0.1
BACKOFF_MOST: Final = 10.0
FLAP_SECONDS: Final = 5.0
FLAP_PAUSE_MOST: Final = 0.5
CALL_SECONDS: Final = 30.0
PREPARE_THRESHOLD: Final = 2
# A peer that vanished without a word is noticed within about 20 s, by libpq where there is data to send, by the
# kernel's probes where there is none.
_KEEPALIVE: Final = {
    "connect_timeout": "5",
    "keepalives": "1",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "2",
    "tcp_user_timeout": "20000",
}
_SECRETS: Final = ("password", "sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key")
_RAW_LOADERS: Final = {"jsonb": ByteaBinaryLoader, "interval": ByteaBinaryLoader, "text[]": ByteaBinaryLoader}
_GONE: Final = {"57P01", "57P02", "57P03", "57P05", "25006", "0A000", "26000"}
_PASSING: Final = {"40001", "40P01", "55P03", "57014", "55006"}
_PASSING_CLASSES: Final = {"25", "3F", "42", "53", "57", "58"}
_VANISHED: Final = ("cache lookup failed for", "could not open relation with OID")
WHO: Final = "select pg_backend_pid()"
_PROBE: Final = (
    "select pg_backend_pid(), current_setting('default_transaction_isolation'),"
    " current_setting('transaction_read_only')"
)
_LIMIT: Final = "select set_config('statement_timeout', %s, true)"

Rows = list[tuple[Any, ...]]


def resolve_dsn(dsn: str | None) -> str:
    """The connection string to use: `dsn`, else FAULTLINE_DSN, else empty, which means libpq's own variables."""
    return dsn or os.environ.get("FAULTLINE_DSN", "")


def check_dsn(dsn: str | None) -> None:
    """Raises InvalidArgument for a DSN that can't be read. Whether anybody answers there is another question."""
    connect_parameters(dsn, "check")


def redact(dsn: str) -> str:
    """`dsn` in a form that may be shown: no password, no parameters that hold secrets."""
    try:
        parts = conninfo_to_dict(dsn)
    except psycopg.Error:
        return "(an unreadable connection string)"
    if not parts:
        return "(libpq's defaults)"
    shown: dict[str, Any] = {name: "***" if name in _SECRETS else value for name, value in parts.items()}
    return clean(make_conninfo("", **shown))


def reason(error: BaseException) -> str:
    """What the server or libpq said, on one line, without the context. libpq never names passwords in it."""
    said = error.diag.message_primary if isinstance(error, psycopg.Error) else None
    return " ".join(clean(said or str(error)).split()) or type(error).__name__


def connect(dsn: str | None, role: str, *, prepares: bool = False) -> psycopg.Connection[Any]:
    """A connection in autocommit. Raises DatabaseUnavailable, or InvalidArgument for a DSN that can't be read.

    With `prepares`, statements that are repeated are prepared, if no pooler lies between.
    """
    parameters = connect_parameters(dsn, role)
    try:
        connection = psycopg.connect("", autocommit=True, prepare_threshold=None, **parameters)
    except psycopg.Error as error:
        raise _unavailable(dsn, error) from None
    if prepares:
        try:
            if is_direct(connection):
                connection.prepare_threshold = PREPARE_THRESHOLD
        except psycopg.Error:
            connection.close()
            return connect(dsn, role)  # it broke at once; nothing was asked yet
    return connection


async def connect_async(dsn: str | None, role: str, *, prepares: bool = False) -> psycopg.AsyncConnection[Any]:
    """The same for asyncio."""
    parameters = connect_parameters(dsn, role)
    try:
        connection = await psycopg.AsyncConnection.connect("", autocommit=True, prepare_threshold=None, **parameters)
    except psycopg.Error as error:
        raise _unavailable(dsn, error) from None
    if prepares:
        try:
            if await is_direct_async(connection):
                connection.prepare_threshold = PREPARE_THRESHOLD
        except psycopg.Error:
            await connection.close()
            return await connect_async(dsn, role)
        except asyncio.CancelledError:
            await connection.close()
            raise
    return connection


def connect_parameters(dsn: str | None, role: str) -> dict[str, Any]:
    """What psycopg is given to connect, with defaults that notice a peer that has vanished. Raises InvalidArgument."""
    text = resolve_dsn(dsn)
    try:
        given = conninfo_to_dict(text)
    except psycopg.Error:
        # libpq's message would repeat the text, password included.
        raise InvalidArgument(
            "the DSN is not a connection string: write postgresql://user@host:5432/database, "
            "or host=… dbname=… (special characters of a password %-encoded)"
        ) from None
    defaults = {**_KEEPALIVE, "application_name": f"faultline {role}"}
    if "," in str(given.get("host", "")):
        defaults["target_session_attrs"] = "read-write"  # after a failover: the primary, not whoever answers first
    return {**defaults, **given, "client_encoding": "UTF8"}  # jsonb comes in it, even in binary form


def _unavailable(dsn: str | None, error: psycopg.Error) -> DatabaseUnavailable:
    return DatabaseUnavailable(f"cannot connect to {redact(resolve_dsn(dsn))}: {reason(error)}")


def broke(connection: psycopg.BaseConnection[Any], error: psycopg.Error) -> bool:
    """Whether the connection is of no more use; what was under way may or may not have been committed."""
    state = error.sqlstate
    return connection.closed or (state is not None and (state in _GONE or state.startswith("08")))


def passing(error: psycopg.Error) -> bool:
    """Whether the same call may well succeed later: it is not the data's fault.

    Locks, timeouts, resources; and a right, a function or a schema that is missing, which somebody will give back: or
    that went away in the middle of a call, as in an upgrade, which the server calls an internal error.
    """
    state = error.sqlstate
    if state == "XX000":
        return str(error).startswith(_VANISHED)
    return state is None or state in _PASSING or state[:2] in _PASSING_CLASSES


def direct(connection: psycopg.BaseConnection[Any], answer: tuple[Any, ...] | None) -> bool:
    """Whether the server that answered WHO is the one that was connected to, and no pooler lies between.

    A pooler hands out cancel keys of its own, so the process id it gave is not the one that answers.
    """
    return answer == (connection.info.backend_pid,)


def is_direct(connection: psycopg.Connection[Any]) -> bool:
    """The same, asked of the server."""
    return direct(connection, connection.execute(WHO).fetchone())


async def is_direct_async(connection: psycopg.AsyncConnection[Any]) -> bool:
    """The same for asyncio."""
    return direct(connection, await (await connection.execute(WHO)).fetchone())


def alive(connection: psycopg.BaseConnection[Any]) -> bool:
    """Whether an idle connection can still be used, as far as one can tell without asking the server."""
    if connection.closed:
        return False
    # Nothing ever comes unasked on a connection that does not listen, but for the end of it.
    poll = select.poll()
    poll.register(connection.pgconn.socket, select.POLLIN)
    return not poll.poll(0) and connection.pgconn.transaction_status == pq.TransactionStatus.IDLE


def check_schema(connection: psycopg.Connection[Any], role: str = "faultline_runner") -> None:
    """Raises SchemaMissing or SchemaMismatch unless the schema is there, in the version this package was made for.

    `role` is what whoever connects needs, to be named if the schema may not be used.
    """
    from faultline.schema import SCHEMA_VERSION  # noqa: PLC0415 - only here, and it is a big module

    try:
        row = connection.execute("select faultline.schema_version()").fetchone()
    except psycopg.errors.InsufficientPrivilege:
        user = connection.info.user
        raise SchemaMissing(f'role "{user}" may not use the schema faultline: {grant(connection, role)}') from None
    except psycopg.errors.ProgrammingError as error:
        raise _missing(connection, error) from None
    version = row[0] if row else None
    if version != SCHEMA_VERSION:
        raise SchemaMismatch(
            f"database {connection.info.dbname!r} has the schema faultline in version {version}, this package needs "
            f"{SCHEMA_VERSION}: upgrade the older of the two (`sqitch deploy` upgrades the schema)"
        )


def grant(connection: psycopg.Connection[Any], role: str) -> str:
    """What has to be done so that the user of the connection has the role."""
    user = connection.info.user.replace('"', '""')
    return f'a superuser or the owner runs `grant {role} to "{user}"`'


def _missing(connection: psycopg.Connection[Any], error: psycopg.Error) -> FaultlineError:
    ours = from_psycopg(error)
    if ours is not None and not isinstance(ours, SchemaMissing):
        return ours
    return SchemaMissing(missing_schema(f"database {connection.info.dbname!r} has no schema faultline"))


def backoff(tries: int) -> float:
    """How long to wait after the n-th failure in a row (from 0): exponential, jittered, at most 10 s."""
    return min(BACKOFF_MOST, BACKOFF_FIRST * 2.0 ** min(tries, 10)) * random.uniform(0.5, 1.0)  # noqa: S311


class Lost(Exception):  # noqa: N818 - a state of affairs that every caller handles
    """The connection broke, or did not answer in time: what was asked may have happened, or not."""


class GivenUp(Exception):  # noqa: N818
    """The runner ends; nobody waits for the database any more."""


class DatabaseState:
    """What a process knows of its database, over all of its connections. Logs changes, once. Any thread may use it."""

    def __init__(self, what: str = "the database") -> None:
        self._what = what
        self._lock = threading.Lock()
        self._down: dict[str, str] = {}
        self._since = time.monotonic()

    def lost(self, role: str, why: str) -> None:
        with self._lock:
            if not self._down:
                self._since = time.monotonic()
                log.warning("%s does not answer (%s): %s; waiting for it", self._what, role, why)
            self._down[role] = why

    def back(self, role: str) -> None:
        with self._lock:
            if self._down.pop(role, None) is not None and not self._down:
                log.info("%s answers again after %.1f s", self._what, time.monotonic() - self._since)
                self._since = time.monotonic()

    def forget(self, role: str) -> None:
        """The connection of this role is not wanted any more."""
        with self._lock:
            self._down.pop(role, None)

    @property
    def up(self) -> bool:
        return not self._down

    def describe(self) -> dict[str, Any]:
        """For /health: {"up": …, "seconds": in this state, "waiting": {role: why}}."""
        with self._lock:
            return {
                "up": not self._down,
                "seconds": round(time.monotonic() - self._since, 1),
                "waiting": dict(self._down),
            }


class Link:
    """One connection of a runner, for one role and one event loop, that is opened again when it breaks.

    `fetch` never retries: only its caller knows what a lost answer means. `open` waits for the database.
    """

    def __init__(self, dsn: str, role: str, state: DatabaseState) -> None:
        self.dsn = dsn
        self.role = role
        self.pooled = False
        self.noticed: set[str] = set()
        """SQLSTATEs of the notices that came; who wants to know of a call clears it before."""
        self._state = state
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._wrapped = False
        self._given_up = asyncio.Event()
        self._opened_at = float("-inf")
        self._flaps = 0

    @property
    def connected(self) -> bool:
        return self._connection is not None

    @property
    def connection(self) -> psycopg.AsyncConnection[Any]:
        if self._connection is None:
            raise Lost(f"{self.role} is not connected")
        return self._connection

    async def open(self) -> None:
        """Connect; wait as long as it takes, with a growing, jittered pause. Raises GivenUp after `give_up`."""
        if self.connected:
            return
        # A server that takes the connection and breaks it again is not asked in a hot loop either.
        self._flaps = self._flaps + 1 if time.monotonic() - self._opened_at < FLAP_SECONDS else 0
        if self._flaps > 1:
            await self._pause(min(FLAP_PAUSE_MOST, backoff(self._flaps - 2)))
        tries = 0
        while self._connection is None:
            if self._given_up.is_set():
                raise GivenUp
            try:
                await self._connect()
            except (FaultlineError, psycopg.Error, OSError) as error:
                await self.close()
                self._state.lost(self.role, reason(error))
                await self._pause(backoff(tries))
                tries += 1
        self._opened_at = time.monotonic()
        self._state.back(self.role)

    def give_up(self) -> None:
        """Let nobody wait for this connection any more."""
        self._given_up.set()
        self._state.forget(self.role)

    def cut(self) -> None:
        """End the call that is under way, if any: it raises Lost."""
        if self._connection is not None:
            cut(self._connection)

    async def fetch(
        self,
        query: LiteralString,
        parameters: Sequence[Any] | Mapping[str, Any] = (),
        *,
        seconds: float | None = None,
        limit: float | None = None,
        answered: Callable[[int], None] | None = None,
    ) -> Rows:
        """The rows of one statement in its own transaction, in binary form.

        Raises Lost if the connection broke or gave no answer in `seconds` (30), else what psycopg raises. `limit`: the
        server itself ends the statement after so many seconds. `answered` is called with the number of rows before
        they are decoded: if it makes a task of another `fetch`, the server works on that meanwhile. It is not called
        where a statement takes a transaction around it.
        """
        connection = self.connection
        watchdog = asyncio.get_running_loop().call_later(seconds or CALL_SECONDS, cut, connection)
        try:
            if self._wrapped or limit is not None:
                async with connection.transaction():
                    if limit is not None:
                        await _fetch(connection, _LIMIT, (f"{limit:.3f}s",))
                    return await _fetch(connection, query, parameters)
            return await _fetch(connection, query, parameters, answered)
        except psycopg.Error as error:
            if broke(connection, error):
                await self._lose(error)
                raise Lost(reason(error)) from None
            raise
        except OSError as error:
            await self._lose(error)
            raise Lost(reason(error)) from None
        finally:
            watchdog.cancel()

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(psycopg.Error, OSError):
                await connection.close()

    async def _connect(self) -> None:
        connection = self._connection = await connect_async(self.dsn, self.role)
        connection.add_notice_handler(self._notice)
        for name, loader in _RAW_LOADERS.items():
            connection.adapters.register_loader(_oid(connection, name), loader)
        connection.adapters.register_loader("timestamptz", Int8BinaryLoader)
        watchdog = asyncio.get_running_loop().call_later(CALL_SECONDS, cut, connection)
        try:
            (pid, isolation, read_only) = (await _fetch(connection, _PROBE, ()))[0]
        finally:
            watchdog.cancel()
        if read_only == "on":
            raise DatabaseUnavailable("the server is read-only (a standby?)")
        self.pooled = not direct(connection, (pid,))
        if not self.pooled:
            connection.prepare_threshold = PREPARE_THRESHOLD
        await self._pin_isolation(connection, isolation)

    async def _pin_isolation(self, connection: psycopg.AsyncConnection[Any], isolation: str) -> None:
        """READ COMMITTED, whatever the database's default is: SKIP LOCKED ends in 40001 under the others."""
        self._wrapped = False
        if isolation == "read committed":
            return
        if self.pooled:
            self._wrapped = True  # a session's setting would be somebody else's: say it in each transaction
            await connection.set_isolation_level(psycopg.IsolationLevel.READ_COMMITTED)
        else:
            await connection.execute("set default_transaction_isolation to 'read committed'")

    def _notice(self, notice: psycopg.errors.Diagnostic) -> None:
        self.noticed.add(notice.sqlstate or "")

    async def _lose(self, error: Exception) -> None:
        self._state.lost(self.role, reason(error))
        await self.close()

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._given_up.wait(), seconds)


async def _fetch(
    connection: psycopg.AsyncConnection[Any],
    query: LiteralString,
    parameters: Sequence[Any] | Mapping[str, Any],
    answered: Callable[[int], None] | None = None,
) -> Rows:
    cursor = connection.cursor(binary=True)
    await cursor.execute(query, parameters)
    if answered is not None:
        answered(cursor.rowcount)
        await asyncio.sleep(0)
    return await cursor.fetchall() if cursor.description is not None else []


def _oid(connection: psycopg.AsyncConnection[Any], name: str) -> int:
    types = connection.adapters.types
    return types[name[:-2]].array_oid if name.endswith("[]") else types[name].oid


def cut(connection: psycopg.AsyncConnection[Any]) -> None:
    """End a call that gets no answer: whoever waits on the socket sees it closed, even if the peer is long gone."""
    with contextlib.suppress(OSError, psycopg.Error):
        duplicate = socket.socket(fileno=os.dup(connection.pgconn.socket))
        with duplicate:
            duplicate.shutdown(socket.SHUT_RDWR)
