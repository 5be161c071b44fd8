"""Producers: jobs, transactions and runs made in the transaction of one's own connection, or by a client's own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import threading
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple, NoReturn, Self, TypedDict, Unpack, overload

import psycopg
from psycopg.rows import tuple_row

from faultline import database, durations, encoding, tracing
from faultline.errors import DatabaseUnavailable, InvalidArgument, OutcomeUnknown, PayloadError, from_psycopg
from faultline.logs import plural
from faultline.prepared import Prepared

if TYPE_CHECKING:
    from types import TracebackType

NAME: Final = re.compile(r"[A-Za-z0-9_.:-]{1,128}", re.ASCII)
_SQL_TYPES: Final = {
    "type": "text",
    "payload": "jsonb",
    "payloads": "jsonb",
    "transaction_id": "text",
    "kind": "text",
    "request": "jsonb",
    "queue": "text",
    "run_at": "timestamptz",
    "priority": "int",
    "max_attempts": "int",
    "idempotency_key": "text",
    "idempotency_ttl": "interval",
    "backoff": "jsonb",
    "timeout": "interval",
    "tags": "text[]",
    "headers": "jsonb",
    "name": "text",
    "input": "jsonb",
}
_ENQUEUE_MANY: Final = "select ordinal, job_id, created from faultline.enqueue_many(jobs => %(jobs)s::jsonb)"
_STATUS: Final = "select faultline.job_status(job_id => %(job_id)s::bigint)::text"
_RUN: Final = "select faultline.run_status(run_id => %(run_id)s::bigint)::text"
_TRANSACTION: Final = "select faultline.transaction_status(transaction_id => %(transaction_id)s::text)::text"
_TEXTS: Final = ("transaction_id", "idempotency_key")
"""What may have any characters in it without being JSON."""
_NOT_ASCII: Final = re.compile("[^\x00-\x7f]+")
_BOUNDS: Final = {"timeout": (0.001, durations.LONGEST), "idempotency_ttl": (1.0, 3660 * 86400.0)}
_MANY_LIMIT: Final = 200 * 1024 * 1024

Parameters = dict[str, Any]
Rows = list[tuple[Any, ...]]


class JobOptions(TypedDict, total=False):
    """What the caller may say about a job; None, or left out: the database's default.

    `run_at` has a time zone; a `timeout` is seconds, a timedelta or a text such as "5m".
    """

    queue: str | None
    run_at: datetime | None
    priority: int | None
    max_attempts: int | None
    backoff: Mapping[str, Any] | None
    timeout: float | timedelta | str | None
    tags: Sequence[str] | None
    headers: Mapping[str, Any] | None


class EnqueueOptions(JobOptions, total=False):
    """The options of `enqueue`: those of any job, and its idempotency key."""

    idempotency_key: str | None
    idempotency_ttl: float | timedelta | str | None


class Enqueued(NamedTuple):
    """What became of one job of `enqueue_many`: its place (from 1), its id, and whether it is new."""

    ordinal: int
    job_id: int
    created: bool


@overload
def enqueue(
    connection: psycopg.Connection[Any],
    type: str,
    payload: Mapping[str, Any] | None = None,
    **options: Unpack[EnqueueOptions],
) -> int: ...
@overload
def enqueue(
    connection: psycopg.AsyncConnection[Any],
    type: str,
    payload: Mapping[str, Any] | None = None,
    **options: Unpack[EnqueueOptions],
) -> Awaitable[int]: ...
def enqueue(
    connection: psycopg.Connection[Any] | psycopg.AsyncConnection[Any],
    type: str,  # noqa: A002 - the contract's name
    payload: Mapping[str, Any] | None = None,
    **options: Any,
) -> int | Awaitable[int]:
    """Make a job inside the transaction of `connection`, and return its id. Never commits.

    The job exists if and only if that transaction commits. `payload` is an object of JSON, at most 256 KiB as text.
    `run_at` has a time zone; durations (`timeout`, `idempotency_ttl`) are seconds, a timedelta or a text such as "5m".
    Options left out, or None, have the database's defaults. With an `idempotency_key` a repetition with the same type,
    queue and payload gives the same id. On an AsyncConnection the id has to be awaited.

    Raises InvalidArgument (nothing was changed), KeyConflict, SchemaMissing; whatever else happens to the connection
    is psycopg's error, as with any statement of yours.
    """
    return _make(connection, _enqueue_request(type, payload, options))


@overload
def enqueue_many(connection: psycopg.Connection[Any], jobs: Sequence[Mapping[str, Any]]) -> list[Enqueued]: ...
@overload
def enqueue_many(
    connection: psycopg.AsyncConnection[Any], jobs: Sequence[Mapping[str, Any]]
) -> Awaitable[list[Enqueued]]: ...
def enqueue_many(
    connection: psycopg.Connection[Any] | psycopg.AsyncConnection[Any], jobs: Sequence[Mapping[str, Any]]
) -> list[Enqueued] | Awaitable[list[Enqueued]]:
    """Make many jobs in one statement inside the transaction of `connection`: all of them, or none.

    Each job is a mapping with the arguments of `enqueue`: {"type": …, "payload": …, "queue": …}. Errors as there; they
    name the job's place, from 1. Jobs that have no keys and differ in their payloads only cost a third less.
    """
    request = _many_request(jobs)
    if isinstance(connection, psycopg.AsyncConnection):
        return _many_async(connection, request)
    return _enqueued(_run(_checked(connection), request.query, request.parameters))


@overload
def submit_transaction(
    connection: psycopg.Connection[Any],
    transaction_id: str,
    kind: str,
    request: Mapping[str, Any] | None = None,
    **options: Unpack[JobOptions],
) -> int: ...
@overload
def submit_transaction(
    connection: psycopg.AsyncConnection[Any],
    transaction_id: str,
    kind: str,
    request: Mapping[str, Any] | None = None,
    **options: Unpack[JobOptions],
) -> Awaitable[int]: ...
def submit_transaction(
    connection: psycopg.Connection[Any] | psycopg.AsyncConnection[Any],
    transaction_id: str,
    kind: str,
    request: Mapping[str, Any] | None = None,
    **options: Any,
) -> int | Awaitable[int]:
    """Submit what has to happen once, inside the transaction of `connection`; return the id of its job. Never commits.

    The job has `kind` as its type and `request` as its payload. The same `transaction_id` (1 to 255 characters) again,
    with the same kind and request, gives the same job, whatever became of it. Options are those of `enqueue`, without
    an idempotency key: the id is one. They are not compared.

    Raises what `enqueue` raises; KeyConflict if the id stands for other work, TransactionBurnt if it has failed.
    """
    return _make(connection, _submit_request(transaction_id, kind, request, options))


@overload
def trigger_workflow(
    connection: psycopg.Connection[Any],
    name: str,
    input: Mapping[str, Any] | None = None,
    idempotency_key: str | None = None,
    headers: Mapping[str, Any] | None = None,
) -> int: ...
@overload
def trigger_workflow(
    connection: psycopg.AsyncConnection[Any],
    name: str,
    input: Mapping[str, Any] | None = None,
    idempotency_key: str | None = None,
    headers: Mapping[str, Any] | None = None,
) -> Awaitable[int]: ...
def trigger_workflow(
    connection: psycopg.Connection[Any] | psycopg.AsyncConnection[Any],
    name: str,
    input: Mapping[str, Any] | None = None,  # noqa: A002 - the contract's name
    idempotency_key: str | None = None,
    headers: Mapping[str, Any] | None = None,
) -> int | Awaitable[int]:
    """Begin a run of the workflow inside the transaction of `connection`, and return its id. Never commits.

    `input`, an object of JSON of at most 256 KiB as text, is what every task finds in `job.input`. With an
    `idempotency_key` a repetition with the same input gives the same run. `headers`, such as a trace's context, travel
    with every job of the run. On an AsyncConnection the id has to be awaited.

    Raises what `enqueue` raises; NotFound if there is no such workflow, KeyConflict if the key stands for another
    input.
    """
    return _make(connection, _trigger_request(name, input, idempotency_key, headers))


def check_name(value: object, what: str) -> None:
    """InvalidArgument unless `value` is a name: of a type, a queue, a tag."""
    if not isinstance(value, str) or not NAME.fullmatch(value):
        raise InvalidArgument(f"{what} is {_short(value)}: a name has 1 to 128 characters of A-Z a-z 0-9 _ . : -")


# What is sent.


def _arguments(type_: str, payload: object, options: Mapping[str, Any]) -> Parameters:
    """The arguments of enqueue, checked, without those that keep their default."""
    check_name(type_, "type")
    if tracing.carry is not None:
        options = tracing.carry("enqueue", type_, options)
    arguments: Parameters = {"type": type_}
    if payload is not None:
        arguments["payload"] = _object(payload, f"the payload of {type_!r}")
    if options:
        arguments |= _options("enqueue", EnqueueOptions, options)
    return arguments


def _submit_arguments(transaction_id: str, kind: str, request: object, options: Mapping[str, Any]) -> Parameters:
    """Likewise those of submit_transaction."""
    check_name(kind, "kind")
    if tracing.carry is not None:
        options = tracing.carry("enqueue", kind, options)
    arguments: Parameters = {"transaction_id": _text(transaction_id, "transaction_id"), "kind": kind}
    if request is not None:
        arguments["request"] = _object(request, f"the request of transaction {_short(transaction_id)}")
    return arguments | _options("submit_transaction", JobOptions, options)


def _options(function: str, known: type[JobOptions], given: Mapping[str, Any]) -> Parameters:
    names = known.__annotations__
    for name in given:
        if name not in names:
            raise TypeError(f"{function} has no option {name!r}: it has {', '.join(names)}")
    return {name: _CHECKS[name](value, name) for name, value in given.items() if value is not None}


def _call(function: str, names: Iterable[str]) -> str:
    listed = ", ".join(f"{name} => %({name})s::{_SQL_TYPES[name]}" for name in names)
    return f"select faultline.{function}({listed})"


def _jobs(jobs: Sequence[Mapping[str, Any]]) -> str:
    return _array([_job(ordinal, job) for ordinal, job in enumerate(jobs, start=1)])


def _array(texts: Sequence[str]) -> str:
    text = f"[{','.join(texts)}]"
    if len(text) > _MANY_LIMIT:
        raise InvalidArgument(
            f"{plural(len(texts), 'job')} of {len(text)} characters of JSON: send them in several calls"
        )
    return text


def _job(ordinal: int, job: object) -> str:
    if not isinstance(job, Mapping):
        raise InvalidArgument(f"job {ordinal}: {_short(job)} is not a mapping with the arguments of enqueue")
    options = dict(job)
    payload = options.pop("payload", None)
    try:
        if "type" not in options:
            raise InvalidArgument("it has no type")
        arguments = _arguments(options.pop("type"), payload, options)
    except (InvalidArgument, TypeError) as error:
        raise InvalidArgument(f"job {ordinal}: {error}") from None
    members = [f'"{name}":{_AS_JSON[name](value)}' for name, value in arguments.items()]
    return "{" + ",".join(members) + "}"


def _object(value: object, what: str) -> str:
    if not isinstance(value, Mapping):
        raise InvalidArgument(f"{what} is {_short(value)}: it has to be an object of JSON, which is a dict")
    try:
        return encoding.encode(value if isinstance(value, dict) else dict(value), what)
    except ValueError as error:
        raise InvalidArgument(str(error)) from None


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise InvalidArgument(f"{name} is {_short(value)}: it has to be a text")
    if "\0" in value:
        raise InvalidArgument(f"{name} has a NUL character in it, which PostgreSQL cannot store")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidArgument(f"{name} has a lone surrogate in it, which is not text") from None
    return value


def _name(value: object, name: str) -> str:
    check_name(value, name)
    return str(value)


def _int(value: object, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidArgument(f"{name} is {_short(value)}: it has to be a whole number")
    if not -(2**31) <= value < 2**31:
        raise InvalidArgument(f"{name} is {_short(value)}: out of bounds")
    return value


def _interval(value: Any, name: str) -> str:
    least, most = _BOUNDS[name]
    return f"{durations.seconds(value, what=name, least=least, most=most):.6f} seconds"


def _moment(value: object, name: str) -> datetime:
    if not isinstance(value, datetime):
        raise InvalidArgument(f"{name} is {_short(value)}: it has to be a datetime with a time zone")
    if value.tzinfo is None:
        raise InvalidArgument(f"{name} is {value.isoformat()}, without a time zone: say which, as in datetime.now(UTC)")
    return value


def _names(value: object, name: str) -> list[str]:
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Sequence | set | frozenset):
        raise InvalidArgument(f"{name} is {_short(value)}: it has to be a list of names")
    return [_name(item, f"a tag of {name}") for item in value]


_CHECKS: Final[dict[str, Callable[[Any, str], Any]]] = {
    "queue": _name,
    "run_at": _moment,
    "priority": _int,
    "max_attempts": _int,
    "idempotency_key": _text,
    "idempotency_ttl": _interval,
    "backoff": _object,
    "timeout": _interval,
    "tags": _names,
    "headers": _object,
}


def _quoted(value: str) -> str:
    """A text in which nothing needs an escape."""
    return f'"{value}"'


def _as_it_is(value: str) -> str:
    return value


# How what the checks return is written in the array of enqueue_many.
_AS_JSON: Final[dict[str, Callable[[Any], str]]] = {
    "type": _quoted,
    "payload": _as_it_is,
    "queue": _quoted,
    "run_at": lambda moment: _quoted(moment.isoformat()),
    "priority": str,
    "max_attempts": str,
    "idempotency_key": json.dumps,
    "idempotency_ttl": _quoted,
    "backoff": _as_it_is,
    "timeout": _quoted,
    "tags": json.dumps,
    "headers": _as_it_is,
}


def _short(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 80 else f"{shown[:80]}…"


# How it is sent.


def _checked(connection: object) -> psycopg.Connection[Any]:
    if not isinstance(connection, psycopg.Connection):
        raise TypeError(f"connection is {_short(connection)}: it has to be a psycopg.Connection or AsyncConnection")
    return connection


def _run(connection: psycopg.Connection[Any], query: str, parameters: Parameters) -> Rows:
    # A cursor of our own kind: the connection's own may have another row factory or another style of parameters.
    with psycopg.Cursor(connection, row_factory=tuple_row) as cursor:
        try:
            return cursor.execute(*_sent(connection, query, parameters)).fetchall()
        except psycopg.Error as error:
            _raise(error)


async def _run_async(connection: psycopg.AsyncConnection[Any], query: str, parameters: Parameters) -> Rows:
    async with psycopg.AsyncCursor(connection, row_factory=tuple_row) as cursor:
        try:
            await cursor.execute(*_sent(connection, query, parameters))
            return await cursor.fetchall()
        except psycopg.Error as error:
            _raise(error)


def _sent(connection: psycopg.BaseConnection[Any], query: str, parameters: Parameters) -> tuple[bytes, Parameters]:
    """Query and parameters in characters that the connection can send, whatever its client_encoding is."""
    if connection.info.encoding == "utf-8":
        return query.encode(), parameters
    sent = dict(parameters)
    for name, value in parameters.items():
        if isinstance(value, str) and not value.isascii():
            if name in _TEXTS:
                query = query.replace(f"%({name})s::text", f"(%({name})s::jsonb #>> '{{}}')")
                sent[name] = json.dumps(value)
            else:
                sent[name] = _NOT_ASCII.sub(lambda found: json.dumps(found[0])[1:-1], value)
    return query.encode(), sent


def _raise(error: psycopg.Error) -> NoReturn:
    ours = from_psycopg(error)
    if ours is None:
        raise error
    raise ours from error


async def _first_async(connection: psycopg.AsyncConnection[Any], request: _Request) -> int:
    return int((await _run_async(connection, request.query, request.parameters))[0][0])


def _make(
    connection: psycopg.Connection[Any] | psycopg.AsyncConnection[Any], request: _Request
) -> int | Awaitable[int]:
    """The id of the job that the request makes; on an AsyncConnection it has to be awaited."""
    if isinstance(connection, psycopg.AsyncConnection):
        return _first_async(connection, request)
    return int(_run(_checked(connection), request.query, request.parameters)[0][0])


async def _many_async(connection: psycopg.AsyncConnection[Any], request: _Request) -> list[Enqueued]:
    return _enqueued(await _run_async(connection, request.query, request.parameters))


def _enqueued(rows: Rows) -> list[Enqueued]:
    """What became of many jobs; enqueue_bulk returns their ids alone."""
    if rows and len(rows[0]) == 1:
        return [Enqueued(ordinal, job_id, True) for ordinal, (job_id,) in enumerate(rows, start=1)]
    return [Enqueued(*row) for row in rows]


class _Request(NamedTuple):
    """One statement of a client, and whether it may be sent again when nobody knows if it was carried out."""

    query: str
    parameters: Parameters
    repeatable: bool
    what: str
    ids: bool = False
    """Whether it answers with ids, and nothing else."""


def _enqueue_request(type_: str, payload: object, options: Mapping[str, Any]) -> _Request:
    arguments = _arguments(type_, payload, options)
    keyed = "idempotency_key" in arguments
    return _Request(_call("enqueue", arguments), arguments, keyed, f"a job of type {type_!r}", ids=True)


def _submit_request(transaction_id: str, kind: str, request: object, options: Mapping[str, Any]) -> _Request:
    arguments = _submit_arguments(transaction_id, kind, request, options)
    query = _call("submit_transaction", arguments)
    return _Request(query, arguments, repeatable=True, what=_named(transaction_id), ids=True)


def _many_request(jobs: Iterable[Mapping[str, Any]]) -> _Request:
    if isinstance(jobs, Mapping | str | bytes):
        raise InvalidArgument(f"jobs is {_short(jobs)}: give a list of mappings, each with the arguments of enqueue")
    jobs = list(jobs)
    request = _bulk_request(jobs)
    if request is not None:
        return request
    keyed = all(isinstance(job, Mapping) and job.get("idempotency_key") is not None for job in jobs)
    return _Request(_ENQUEUE_MANY, {"jobs": _jobs(jobs)}, keyed, plural(len(jobs), "job"))


def _bulk_request(jobs: list[Mapping[str, Any]]) -> _Request | None:
    """For jobs that differ in their payloads only, and have no keys: what is common to them is checked and sent once.

    None if there is anything else to say about one of them, or anything wrong with what is common: that is named by
    the way round, job by job.
    """
    if tracing.carry is not None or not jobs or type(jobs[0]) is not dict:
        return None
    common = {name: value for name, value in jobs[0].items() if name != "payload"}
    if not _COMMON.issuperset(common):
        return None
    options = dict(common)
    try:
        arguments = _arguments(options.pop("type"), None, options)
    except (InvalidArgument, KeyError, TypeError):
        return None
    payloads = _payloads(jobs, common)
    if payloads is None:
        return None
    arguments["payloads"] = _array(payloads)
    query = _call("enqueue_bulk", arguments)
    return _Request(query, arguments, repeatable=False, what=plural(len(payloads), "job"), ids=True)


def _payloads(jobs: list[Mapping[str, Any]], common: Mapping[str, Any]) -> list[str] | None:
    """The payloads as JSON texts; None unless they are all in which the jobs differ."""
    # 1 equals True, and not all of JSON that is equal means the same: these have to be the same object.
    identical = [name for name, value in common.items() if type(value) not in _COMPARABLE]
    what = f"the payload of {common['type']!r}"
    payloads: list[str] = []
    for ordinal, job in enumerate(jobs, start=1):
        if type(job) is not dict:
            return None
        rest = job.copy()
        payload = rest.pop("payload", None)
        try:
            if rest != common or (identical and any(rest[name] is not common[name] for name in identical)):
                return None
        except Exception:  # noqa: BLE001 - values may compare as they like, numpy's arrays for one
            return None
        try:
            payloads.append("{}" if payload is None else _object(payload, what))
        except InvalidArgument as error:
            raise InvalidArgument(f"job {ordinal}: {error}") from None
    return payloads


_COMMON: Final = {"type", *JobOptions.__annotations__}
_COMPARABLE: Final = {str, datetime, timedelta, type(None)}


def _status_request(job_id: int) -> _Request:
    return _Request(_STATUS, {"job_id": job_id}, repeatable=True, what=f"the status of job {job_id}")


def _trigger_request(name: str, input_: object, idempotency_key: str | None, headers: object) -> _Request:
    check_name(name, "name")
    if tracing.carry is not None:
        headers = tracing.carry("trigger", name, {"headers": headers})["headers"]
    arguments: Parameters = {"name": name}
    if input_ is not None:
        arguments["input"] = _object(input_, f"the input of workflow {name!r}")
    if idempotency_key is not None:
        arguments["idempotency_key"] = _text(idempotency_key, "idempotency_key")
    if headers is not None:
        arguments["headers"] = _object(headers, "headers")
    keyed = idempotency_key is not None
    return _Request(_call("trigger_workflow", arguments), arguments, keyed, f"a run of workflow {name!r}", ids=True)


def _run_request(run_id: int) -> _Request:
    return _Request(_RUN, {"run_id": run_id}, repeatable=True, what=f"the status of run {run_id}")


def _transaction_request(transaction_id: str) -> _Request:
    parameters = {"transaction_id": _text(transaction_id, "transaction_id")}
    return _Request(_TRANSACTION, parameters, repeatable=True, what=_named(transaction_id))


def _named(transaction_id: str) -> str:
    return f"transaction {_short(transaction_id)}"


def _after_loss(request: _Request, attempt: int, error: psycopg.Error) -> None:
    """Returns if the request may be sent again after its connection broke; else raises what the caller must know."""
    reason = database.reason(error)
    if not request.repeatable:
        raise OutcomeUnknown(
            f"the connection broke while {request.what} was being enqueued ({reason}): it exists, or not. "
            "With an idempotency_key it can be asked again safely"
        ) from error
    if attempt == _TRIES - 1:
        raise DatabaseUnavailable(f"the database did not answer about {request.what}: {reason}") from error


_TRIES: Final = 3


class Client:
    """Enqueues without a transaction of one's own: each call commits. Any thread may use it; one call at a time.

    Connects when first needed, and again after the connection broke. A call whose reply was lost is asked again if it
    has an idempotency key (for `enqueue_many`: if every job has), as every transaction has in its id; else it raises
    OutcomeUnknown.
    """

    def __init__(self, dsn: str | None = None) -> None:
        self._dsn = dsn
        self._lock = threading.Lock()
        self._connection: psycopg.Connection[Any] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def enqueue(
        self,
        type: str,  # noqa: A002
        payload: Mapping[str, Any] | None = None,
        **options: Unpack[EnqueueOptions],
    ) -> int:
        """A job's id; arguments and errors as in `faultline.enqueue`, and DatabaseUnavailable."""
        return int(self._ask(_enqueue_request(type, payload, options))[0][0])

    def enqueue_many(self, jobs: Sequence[Mapping[str, Any]]) -> list[Enqueued]:
        """All of the jobs, or none; arguments and errors as in `faultline.enqueue_many`, and DatabaseUnavailable."""
        return _enqueued(self._ask(_many_request(jobs)))

    def status(self, job_id: int) -> dict[str, Any] | None:
        """The job as `job_status` shows it, or None if there is no such job. PayloadError if it can't be decoded."""
        return _as_status(self._ask(_status_request(job_id)))

    def submit_transaction(
        self,
        transaction_id: str,
        kind: str,
        request: Mapping[str, Any] | None = None,
        **options: Unpack[JobOptions],
    ) -> int:
        """A job's id; arguments and errors as in `faultline.submit_transaction`, and DatabaseUnavailable."""
        return int(self._ask(_submit_request(transaction_id, kind, request, options))[0][0])

    def transaction(self, transaction_id: str) -> dict[str, Any] | None:
        """The transaction as `transaction_status` shows it, or None if there is no such transaction.

        Amounts of its postings are Decimals. PayloadError if it can't be decoded.
        """
        return _as_transaction(self._ask(_transaction_request(transaction_id)))

    def trigger_workflow(
        self,
        name: str,
        input: Mapping[str, Any] | None = None,  # noqa: A002
        idempotency_key: str | None = None,
        headers: Mapping[str, Any] | None = None,
    ) -> int:
        """A run's id; arguments and errors as in `faultline.trigger_workflow`, and DatabaseUnavailable."""
        return int(self._ask(_trigger_request(name, input, idempotency_key, headers))[0][0])

    def run_status(self, run_id: int) -> dict[str, Any] | None:
        """The run and its tasks as `run_status` shows them, or None if there is none. PayloadError as in `status`."""
        return _as_run(self._ask(_run_request(run_id)))

    def close(self) -> None:
        """Close the connection; the next call opens another."""
        with self._lock:
            self._drop()

    def _ask(self, request: _Request) -> Rows:
        with self._lock:
            for attempt in range(_TRIES):
                connection = self._ready()
                try:
                    return _run(connection, request.query, request.parameters)
                except psycopg.Error as error:
                    if not database.broke(connection, error):
                        raise
                    self._drop()
                    _after_loss(request, attempt, error)
            raise AssertionError  # the last attempt returned or raised

    def _ready(self) -> psycopg.Connection[Any]:
        if self._connection is not None and not database.alive(self._connection):
            self._drop()
        if self._connection is None:
            self._connection = database.connect(self._dsn, "client", prepares=True)
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(psycopg.Error):
                self._connection.close()
            self._connection = None


class AsyncClient:
    """`Client` for asyncio: the same calls, awaited. Any task of one loop may use it; one call at a time."""

    def __init__(self, dsn: str | None = None) -> None:
        self._dsn = dsn
        self._lock = asyncio.Lock()
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._prepared: Prepared | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def enqueue(
        self,
        type: str,  # noqa: A002
        payload: Mapping[str, Any] | None = None,
        **options: Unpack[EnqueueOptions],
    ) -> int:
        """As `Client.enqueue`."""
        return int((await self._ask(_enqueue_request(type, payload, options)))[0][0])

    async def enqueue_many(self, jobs: Sequence[Mapping[str, Any]]) -> list[Enqueued]:
        """As `Client.enqueue_many`."""
        return _enqueued(await self._ask(_many_request(jobs)))

    async def status(self, job_id: int) -> dict[str, Any] | None:
        """As `Client.status`."""
        return _as_status(await self._ask(_status_request(job_id)))

    async def submit_transaction(
        self,
        transaction_id: str,
        kind: str,
        request: Mapping[str, Any] | None = None,
        **options: Unpack[JobOptions],
    ) -> int:
        """As `Client.submit_transaction`."""
        return int((await self._ask(_submit_request(transaction_id, kind, request, options)))[0][0])

    async def transaction(self, transaction_id: str) -> dict[str, Any] | None:
        """As `Client.transaction`."""
        return _as_transaction(await self._ask(_transaction_request(transaction_id)))

    async def trigger_workflow(
        self,
        name: str,
        input: Mapping[str, Any] | None = None,  # noqa: A002
        idempotency_key: str | None = None,
        headers: Mapping[str, Any] | None = None,
    ) -> int:
        """As `Client.trigger_workflow`."""
        return int((await self._ask(_trigger_request(name, input, idempotency_key, headers)))[0][0])

    async def run_status(self, run_id: int) -> dict[str, Any] | None:
        """As `Client.run_status`."""
        return _as_run(await self._ask(_run_request(run_id)))

    async def close(self) -> None:
        """As `Client.close`."""
        async with self._lock:
            await self._drop()

    async def _ask(self, request: _Request) -> Rows:
        async with self._lock:
            for attempt in range(_TRIES):
                connection = await self._ready()
                try:
                    return await self._send(connection, request)
                except psycopg.Error as error:
                    if not database.broke(connection, error):
                        raise
                    await self._drop()
                    _after_loss(request, attempt, error)
            raise AssertionError  # the last attempt returned or raised

    async def _send(self, connection: psycopg.AsyncConnection[Any], request: _Request) -> Rows:
        if request.ids and self._prepared is not None:
            try:
                ids = await self._prepared.fetch(request.query, request.parameters)
            except psycopg.Error as error:
                _raise(error)
            if ids is not None:
                return ids
        return await _run_async(connection, request.query, request.parameters)

    async def _ready(self) -> psycopg.AsyncConnection[Any]:
        if self._connection is not None and not database.alive(self._connection):
            await self._drop()
        if self._connection is None:
            self._connection = await database.connect_async(self._dsn, "client", prepares=True)
            if (threshold := self._connection.prepare_threshold) is not None:
                self._prepared = Prepared(self._connection, threshold)
        return self._connection

    async def _drop(self) -> None:
        self._prepared = None
        if self._connection is not None:
            with contextlib.suppress(psycopg.Error):
                await self._connection.close()
            self._connection = None


def _as_status(rows: Rows) -> dict[str, Any] | None:
    return _decoded(rows, "the job's payload, result or error")


def _as_run(rows: Rows) -> dict[str, Any] | None:
    return _decoded(rows, "the run's input, or its tasks' results or errors")


def _as_transaction(rows: Rows) -> dict[str, Any] | None:
    what = "the transaction's request, entry or effects"
    status = _decoded(rows, what)
    if status is not None and status["entry"] is not None:
        # A float would round amounts; everything else is what JSON always is in Python.
        exact = _decoded(rows, what, Decimal) or status
        status["entry"]["postings"] = exact["entry"]["postings"]
    return status


def _decoded(rows: Rows, what: str, number: Callable[[str], Any] | None = None) -> dict[str, Any] | None:
    text = rows[0][0]
    try:
        document: dict[str, Any] | None = text and json.loads(text, parse_float=number, parse_int=number)
    except (RecursionError, ValueError) as error:
        raise PayloadError(f"{what} can't be decoded: {error}") from None
    return document
