"""The ledger inside the database: the handler's own SQL, the entry and the completion of the job in ONE transaction.

    with job.ledger(job.payload["transaction_id"]) as tx:
        tx.execute("update …")
        tx.post("alice", -100, "EUR")
        tx.post("bob", 100, "EUR")

When the block ends, all of it is committed together; after an error nothing of it remains. If the transaction was
applied before, the block does not run: AlreadyApplied leaves it, after the job was completed with the entry that is
there. A handler may catch it; uncaught, it ends the attempt in success.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Generator
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, LiteralString, Protocol

import psycopg
from psycopg.rows import tuple_row

from faultline import client, database, encoding
from faultline.errors import AlreadyApplied, DatabaseUnavailable, InvalidArgument, OutcomeUnknown, from_psycopg

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping
    from contextlib import AbstractAsyncContextManager, AbstractContextManager
    from types import TracebackType

    from psycopg.abc import Params, QueryNoTemplate

OPEN: Final = "select faultline.open_ledger(%s::bigint, %s::int, %s::text)"
APPLY: Final = (
    "select entry_id, created from faultline.apply_and_complete("
    "%s::bigint, %s::int, %s::text, %s::jsonb, %s::jsonb, %s::jsonb)"
)
FIND: Final = "select faultline.find_entry(%s::bigint, %s::int, %s::text)"
STALE: Final = "select faultline.report_stale(%s::bigint, %s::int, 'apply')"
MOST_POSTINGS: Final = 1_000
TRIES: Final = 8
LEAVE_SECONDS: Final = 0.002

Fence = tuple[int, int]


Steps = Generator[tuple[Any, ...], Any, None]


class Host(Protocol):
    """Where a block runs: in a runner (services), or in a worker of the user's own (below)."""

    reconnects: bool
    """Whether it can make another connection when one has broken; and so one that has is closed."""

    prepare: bool | None
    """What psycopg is told to do with the ledger's own statements: where sessions are pooled it prepares nothing."""

    def sync(self) -> AbstractContextManager[psycopg.Connection[Any]]:
        """A connection for a block in a thread."""

    def asynchronous(self) -> AbstractAsyncContextManager[psycopg.AsyncConnection[Any]]:
        """A connection for a block on an event loop."""

    def leaving(self) -> bool:
        """The report is about to go. False: not at this moment; ask again in a few milliseconds."""

    def stayed(self) -> None:
        """It did not go, or was refused."""

    def completed(self) -> None:
        """The job is done."""

    def overtaken(self) -> None:
        """The attempt has lost its lease; that is on record."""


class _Work:
    """What a block may say besides its SQL."""

    def __init__(self, transaction_id: str) -> None:
        self.transaction_id = transaction_id
        self.effect: Mapping[str, Any] | None = None
        """What happened, for people: an object, kept with the entry."""
        self.result: Any = None
        """The job's result."""
        self.entry_id: int | None = None
        """The entry, once the block has ended."""
        self._postings: list[dict[str, str]] = []

    def post(self, account: str, amount: int | Decimal | str, currency: str) -> None:
        """Add a posting of double entry. In each currency the amounts of a block have to add up to zero.

        An amount is an int, a Decimal or a text such as "12.50", never a float. Raises InvalidArgument; when the block
        ends BelowFloor, if the account would go below its floor.
        """
        client.check_name(account, "account")
        client.check_name(currency, "currency")
        if len(self._postings) == MOST_POSTINGS:
            raise InvalidArgument(f"an entry has at most {MOST_POSTINGS} postings")
        self._postings.append({"account": account, "amount": _amount(amount), "currency": currency})

    def arguments(self, fence: Fence) -> tuple[Any, ...]:
        """Those of apply_and_complete."""
        effect = None if self.effect is None else encoding.encode(dict(self.effect), "the effect")
        postings = encoding.encode(self._postings, "the postings", limit=2**30) if self._postings else None
        result = None if self.result is None else encoding.encode(self.result, "the result")
        return (*fence, self.transaction_id, effect or "{}", postings, result)


class LedgerTransaction(_Work):
    """One transaction of the database: your SQL, and the entry when it ends."""

    def __init__(self, connection: psycopg.Connection[Any], transaction_id: str) -> None:
        super().__init__(transaction_id)
        self.connection = connection
        """For what `execute` does not do: COPY, cursors, pipelines. Don't commit it."""

    def execute(self, query: QueryNoTemplate, params: Params | None = None, **options: Any) -> psycopg.Cursor[Any]:
        """Run a statement in the transaction; as psycopg's Connection.execute."""
        return self.connection.execute(query, params, **options)


class AsyncLedgerTransaction(_Work):
    """`LedgerTransaction` for asyncio."""

    def __init__(self, connection: psycopg.AsyncConnection[Any], transaction_id: str) -> None:
        super().__init__(transaction_id)
        self.connection = connection

    async def execute(
        self, query: QueryNoTemplate, params: Params | None = None, **options: Any
    ) -> psycopg.AsyncCursor[Any]:
        """Run a statement in the transaction; as psycopg's AsyncConnection.execute."""
        return await self.connection.execute(query, params, **options)


class Ledger:
    """What `job.ledger` and `faultline.ledger` return: enter it with `with`, or on an event loop with `async with`."""

    def __init__(self, host: Host, fence: Fence, transaction_id: str) -> None:
        check_id(transaction_id)
        self._host = host
        self._fence = fence
        self._id = transaction_id
        self._hands: Any = None
        self._work: Any = None

    def __enter__(self) -> LedgerTransaction:
        self._hands = _Hands(self._host)
        self._hands.drive(self._enter())
        work = self._work = LedgerTransaction(self._hands.connection, self._id)
        return work

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hands.drive(self._abandon(error) if error is not None else self._exit())

    async def __aenter__(self) -> AsyncLedgerTransaction:
        self._hands = _AsyncHands(self._host)
        await self._hands.drive(self._enter())
        work = self._work = AsyncLedgerTransaction(self._hands.connection, self._id)
        return work

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._hands.drive(self._abandon(error) if error is not None else self._exit())

    # What is done, step by step; hands do it, in a thread or on a loop.

    def _enter(self) -> Steps:
        yield ("connect",)
        try:
            yield ("begin",)
            (entry,) = yield ("run", OPEN, (*self._fence, self._id))
            if entry is None:
                return
            yield from self._complete()
        except BaseException as error:  # noqa: BLE001 - whatever it is, the connection goes back
            yield from self._failed(error)
        yield ("disconnect",)
        self._host.completed()
        raise _already(self._id, entry)

    def _exit(self) -> Steps:
        work: _Work = self._work
        created = True
        try:
            arguments = work.arguments(self._fence)
            yield from self._leave()
            work.entry_id, created = yield ("run", APPLY, arguments)
            if created:
                yield ("end", None)
            else:
                # Somebody was faster: what the block did goes, and the job is completed with the entry that is there.
                yield ("end", _Beaten())
                yield ("begin",)
                yield from self._complete()
        except BaseException as error:  # noqa: BLE001
            self._host.stayed()
            yield from self._failed(error, committing=True)
        else:
            yield ("disconnect",)
        self._host.completed()
        if not created:
            raise _already(self._id, work.entry_id)

    def _complete(self) -> Steps:
        """Complete the job with the entry that is there."""
        yield from self._leave()
        yield ("run", APPLY, (*self._fence, self._id, "{}", None, None))
        yield ("end", None)

    def _leave(self) -> Steps:
        while not self._host.leaving():
            yield ("sleep", LEAVE_SECONDS)

    def _abandon(self, error: BaseException) -> Steps:
        yield ("end", error)
        yield ("disconnect",)

    def _failed(self, error: BaseException, *, committing: bool = False) -> Steps:
        """Roll back and raise what the caller has to know. Returns if it was committed all the same."""
        broke = isinstance(error, psycopg.Error) and (yield ("broke", error))
        yield from self._abandon(error)
        if not isinstance(error, psycopg.Error):
            raise error
        if broke:
            if committing:
                yield from self._find(error)
                return
            raise DatabaseUnavailable(f"the connection broke, nothing was applied: {database.reason(error)}") from error
        ours = from_psycopg(error)
        if error.sqlstate == "FL001":
            yield from self._record()
            self._host.overtaken()
        raise ours or error from (error if ours else None)

    def _find(self, broken: psycopg.Error) -> Steps:
        """The entry, if it was committed although the connection broke; the answer waits for a commit in flight."""
        for attempt in range(TRIES if self._host.reconnects else 0):
            entry = None
            try:
                yield ("connect",)
                (entry,) = yield ("run", FIND, (*self._fence, self._id))
                yield ("disconnect",)
            except (psycopg.Error, DatabaseUnavailable):
                yield ("disconnect",)
                yield ("sleep", database.backoff(attempt))
                continue
            if entry is None:
                raise DatabaseUnavailable(
                    f"the connection broke, nothing was applied: {database.reason(broken)}"
                ) from broken
            self._work.entry_id = entry
            return
        raise OutcomeUnknown(
            f"the connection broke while transaction {self._id!r} was being committed ({database.reason(broken)}): "
            "it is applied, or not. Enter the block once more, and you are told"
        ) from broken

    def _record(self) -> Steps:
        """That the attempt is stale: what raised has rolled its own record back."""
        try:
            yield ("connect",)
            yield ("run", STALE, self._fence)
        except (psycopg.Error, DatabaseUnavailable):
            pass  # it has been refused; that it has is worth no more than a try
        yield ("disconnect",)


class _Hands:
    """Does the steps in a thread."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._stack = contextlib.ExitStack()
        self._transaction: Any = None
        self.connection: psycopg.Connection[Any] = _NONE

    def drive(self, steps: Steps) -> None:
        value: Any = None
        error: BaseException | None = None
        with contextlib.suppress(StopIteration):
            while True:
                name, *arguments = steps.throw(error) if error is not None else steps.send(value)
                value = error = None
                try:
                    value = getattr(self, name)(*arguments)
                except BaseException as raised:  # noqa: BLE001 - the steps decide
                    error = raised

    def connect(self) -> None:
        self.connection = self._stack.enter_context(self._host.sync())

    def begin(self) -> None:
        transaction = self.connection.transaction()
        transaction.__enter__()
        self._transaction = transaction

    def run(self, query: LiteralString, arguments: tuple[Any, ...]) -> Any:
        with psycopg.Cursor(self.connection, row_factory=tuple_row) as cursor:
            return cursor.execute(query, arguments, prepare=self._host.prepare).fetchone()

    def end(self, error: BaseException | None) -> None:
        """Commit, or roll back."""
        transaction, self._transaction = self._transaction, None
        if transaction is not None:
            transaction.__exit__(type(error) if error else None, error, error.__traceback__ if error else None)

    def disconnect(self) -> None:
        self._stack.close()

    def broke(self, error: psycopg.Error) -> bool:
        broken = database.broke(self.connection, error)
        if broken and self._host.reconnects:
            self.connection.close()
        return broken

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class _AsyncHands:
    """Does the steps on an event loop."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._stack = contextlib.AsyncExitStack()
        self._transaction: Any = None
        self.connection: psycopg.AsyncConnection[Any] = _NONE

    async def drive(self, steps: Steps) -> None:
        value: Any = None
        error: BaseException | None = None
        with contextlib.suppress(StopIteration):
            while True:
                name, *arguments = steps.throw(error) if error is not None else steps.send(value)
                value = error = None
                try:
                    value = await getattr(self, name)(*arguments)
                except BaseException as raised:  # noqa: BLE001
                    error = raised

    async def connect(self) -> None:
        self.connection = await self._stack.enter_async_context(self._host.asynchronous())

    async def begin(self) -> None:
        transaction = self.connection.transaction()
        await transaction.__aenter__()
        self._transaction = transaction

    async def run(self, query: LiteralString, arguments: tuple[Any, ...]) -> Any:
        async with psycopg.AsyncCursor(self.connection, row_factory=tuple_row) as cursor:
            await cursor.execute(query, arguments, prepare=self._host.prepare)
            return await cursor.fetchone()

    async def end(self, error: BaseException | None) -> None:
        transaction, self._transaction = self._transaction, None
        if transaction is not None:
            await transaction.__aexit__(type(error) if error else None, error, error.__traceback__ if error else None)

    async def disconnect(self) -> None:
        await self._stack.aclose()

    async def broke(self, error: psycopg.Error) -> bool:
        broken = database.broke(self.connection, error)
        if broken and self._host.reconnects:
            await self.connection.close()
        return broken

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class _Beaten(Exception):  # noqa: N818
    """Somebody else wrote the entry while the block ran: it is rolled back."""


class OwnWorker:
    """A worker of the user's own: its connection, and nobody to tell."""

    reconnects = False
    prepare: bool | None = None

    def __init__(self, connection: psycopg.Connection[Any] | psycopg.AsyncConnection[Any]) -> None:
        self._connection = connection

    @contextlib.contextmanager
    def sync(self) -> Iterator[psycopg.Connection[Any]]:
        if not isinstance(self._connection, psycopg.Connection):
            raise TypeError("the connection is not a psycopg.Connection: enter the ledger with `async with`")
        yield self._connection

    @contextlib.asynccontextmanager
    async def asynchronous(self) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        if not isinstance(self._connection, psycopg.AsyncConnection):
            raise TypeError("the connection is not a psycopg.AsyncConnection: enter the ledger with `with`")
        yield self._connection

    def leaving(self) -> bool:
        return True

    def stayed(self) -> None: ...

    def completed(self) -> None: ...

    def overtaken(self) -> None: ...


def ledger(
    connection: psycopg.Connection[Any] | psycopg.AsyncConnection[Any],
    *,
    job_id: int,
    attempt: int,
    transaction_id: str,
) -> Ledger:
    """`job.ledger` for those who run their own worker: `with`, or `async with`, on a psycopg connection of yours.

    (job_id, attempt) is the fence that the claim returned. The block is a transaction (a savepoint within one that is
    open: then your commit decides). Raises when it is entered: AlreadyApplied (the job is completed with the entry that
    is there), StaleAttempt, TransactionBurnt, KeyConflict, NotFound, InvalidArgument; when it ends also BelowFloor. If
    the connection breaks during the commit it raises OutcomeUnknown: enter it again on another connection, and either
    the block runs, or AlreadyApplied says that it had been committed.
    """
    return Ledger(OwnWorker(connection), (job_id, attempt), transaction_id)


def check_id(transaction_id: object) -> str:
    """InvalidArgument unless it can name a transaction."""
    if not isinstance(transaction_id, str) or not 1 <= len(transaction_id) <= 255 or "\0" in transaction_id:
        raise InvalidArgument(f"the transaction id is {transaction_id!r:.100}: it is a text of 1 to 255 characters")
    return transaction_id


def _already(transaction_id: str, entry: int | None) -> AlreadyApplied:
    return AlreadyApplied(f"transaction {transaction_id!r} was applied before, as entry {entry}", entry)


def _amount(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise InvalidArgument(
            f"the amount is {value!r:.100}: an int, a Decimal or a text such as '12.50'; a float is never exact"
        )
    return str(value)


_NONE: Any = None
