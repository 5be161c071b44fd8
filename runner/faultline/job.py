"""What a handler is given."""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from faultline.encoding import decode_jsonb

if TYPE_CHECKING:
    from faultline.bookkeeping import Ledger
    from faultline.metrics import Series
    from faultline.services import Services
    from faultline.tasks import Context

_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_INTERVAL: Final = struct.Struct("!qii")
_ITEM: Final = struct.Struct("!i")
_ARRAY_HEADER: Final = 20  # dimensions, flags, element type, length, lower bound

# The columns of a claim, in the order in which the claimer asks for them. Those that few handlers look at stay as the
# server sent them until somebody does.
COLUMNS: Final = (
    "job_id",
    "attempt",
    "type",
    "queue",
    "payload",
    "max_attempts",
    "failures",
    "run_id",
    "timeout",
    "run_at",
    "started_at",
    "task",
    "headers",
    "tags",
    "priority",
    "created_at",
    "transaction_id",
)
Row = tuple[
    int,
    int,
    str,
    str,
    bytes,
    int,
    int,
    int | None,
    bytes | None,
    int,
    int,
    str | None,
    bytes | None,
    bytes,
    int,
    int,
    str | None,
]


class Job:
    """One attempt of one job, as its handler sees it.

    `id`, `type`, `queue`, `payload` (a dict), `attempt` (which claim this is, from 1; it also counts claims that were
    not charged), `run_id` (None unless it is a task of a workflow) and `transaction_id` (None unless it was submitted
    as a transaction); what else there is are properties.
    """

    __slots__ = (
        "_accounted",
        "_beating",
        "_completed",
        "_context",
        "_item",
        "_raw",
        "_renewed",
        "_sent",
        "_series",
        "_services",
        "_why",
        "attempt",
        "id",
        "payload",
        "queue",
        "run_id",
        "transaction_id",
        "type",
    )

    id: int
    attempt: int
    type: str
    queue: str
    payload: dict[str, Any]
    run_id: int | None
    transaction_id: str | None
    # Of a task only; nothing is spent on them for other jobs.
    _context: Context | None
    _item: Any  # as the server sent it, until the handler starts

    def __init__(self, raw: Row, renewed: float, series: Series, services: Services) -> None:
        self.id = raw[0]
        self.attempt = raw[1]
        self.type = raw[2]
        self.queue = raw[3]
        self.run_id = raw[7]
        self.transaction_id = raw[16]
        self._raw = raw
        self._renewed = renewed
        self._series = series
        self._services = services
        self._accounted = False  # its handler has used the ledger, or an effect
        self._completed = False  # by its ledger, in the transaction that wrote the entry
        self._why: str | None = None
        self._sent = 0.0  # when its report left, while there is no verdict on it
        self._beating = False  # whether it is in a heartbeat that is under way

    def __repr__(self) -> str:
        return f"<Job {self.id} {self.type!r}, attempt {self.attempt}, queue {self.queue!r}>"

    @property
    def cancelled(self) -> bool:
        """Whether to stop: somebody cancelled the job, it ran out of time, lost its lease, or the runner ends.

        Raise, anything, to give up; to return is to say that the work is done.
        """
        return self._why is not None

    def ledger(self, transaction_id: str | None = None) -> Ledger:
        """One transaction for the handler's own SQL, the ledger's entry, and the completion of this job.

            with job.ledger("order-17") as tx:      # async with, in an async handler
                tx.execute("update …")
                tx.post("alice", -100, "EUR")
                tx.post("bob", 100, "EUR")

        The id is the submitted transaction's, unless another is given. When the block ends everything is committed
        together and the job has succeeded, with `tx.result` as its result; after an error nothing of it remains. If
        the transaction was applied before, the block does not run: it raises AlreadyApplied, after the job was
        completed with the entry that is there. Also raises StaleAttempt, TransactionBurnt, KeyConflict, BelowFloor,
        DatabaseUnavailable; let them pass, unless you know better.
        """
        return self._services.ledger(self, transaction_id)

    def effect(self, name: str, request: Any = None, *, transaction_id: str | None = None) -> Any:
        """Carry out an effect of the App outside the database, and return its response; await it in an async handler.

        It is sent at most once, as far as the outside honours its key: if an earlier attempt may have sent it, the
        effect's `reconcile` is asked first. `request` is what its function finds in `effect.request`, and must be the
        same in every attempt. The transaction is the job's own unless its id is given.
        """
        return self._services.effect(self, name, request, transaction_id)

    @property
    def max_attempts(self) -> int:
        """How many failures make the job a dead letter."""
        return self._raw[5]

    @property
    def failures(self) -> int:
        """Failures charged before this attempt; crashes count."""
        return self._raw[6]

    @property
    def timeout(self) -> timedelta | None:
        """How long an attempt may run, if the job says so."""
        seconds = self.timeout_seconds
        return None if seconds is None else timedelta(seconds=seconds)

    @property
    def timeout_seconds(self) -> float | None:
        """The same, in seconds."""
        raw = self._raw[8]
        return None if raw is None else _seconds(raw)

    @property
    def run_at(self) -> datetime:
        """When the job became ready to run."""
        return _timestamp(self._raw[9])

    @property
    def started_at(self) -> datetime:
        """When this attempt was claimed, by the database's clock."""
        return _timestamp(self._raw[10])

    @property
    def created_at(self) -> datetime:
        """When the job was enqueued."""
        return _timestamp(self._raw[15])

    @property
    def priority(self) -> int:
        """1 to 4; 1 runs first."""
        return self._raw[14]

    @property
    def task(self) -> str | None:
        """The name of the task in its workflow, such as `clean`, or `hash[3]` under for_each; else None."""
        return self._raw[11]

    @property
    def input(self) -> dict[str, Any]:
        """The input of the run that the task belongs to; {} outside of a workflow.

        The items of one task may share what this and `results` return: read it, but don't change it.
        """
        return {} if self.run_id is None or self._context is None else self._context.input

    @property
    def results(self) -> dict[str, Any]:
        """The result of each task that this one needs, by its name; None for one without. {} outside of a workflow."""
        return {} if self.run_id is None or self._context is None else self._context.results

    @property
    def item(self) -> Any:
        """Under for_each: the element that this task is for. None elsewhere."""
        return None if self.run_id is None else self._item

    @property
    def headers(self) -> dict[str, Any]:
        """What travels with the job, such as trace context."""
        raw = self._raw[12]
        headers: dict[str, Any] = {} if raw is None else decode_jsonb(raw)
        return headers

    @property
    def tags(self) -> list[str]:
        """The tags it was enqueued with."""
        return _texts(self._raw[13])


def _timestamp(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)


def _seconds(interval: bytes) -> float:
    microseconds, days, months = _INTERVAL.unpack(interval)
    return float(microseconds / 1e6 + 86400.0 * (days + 30 * months))


def _texts(data: bytes) -> list[str]:
    """The elements of a one-dimensional text[] in binary format; those of a claim are never NULL."""
    texts: list[str] = []
    place = _ARRAY_HEADER
    while place < len(data):
        (size,) = _ITEM.unpack_from(data, place)
        place += 4
        texts.append(data[place : place + size].decode())
        place += size
    return texts
