"""Background jobs on PostgreSQL, correct when things break."""

from faultline.app import App, Handler
from faultline.bookkeeping import AsyncLedgerTransaction, LedgerTransaction, ledger
from faultline.client import (
    AsyncClient,
    Client,
    Enqueued,
    enqueue,
    enqueue_many,
    submit_transaction,
    trigger_workflow,
)
from faultline.effects import Absent, Applied, OutsideEffect, Refused, Unknown
from faultline.errors import (
    AlreadyApplied,
    BelowFloor,
    DatabaseUnavailable,
    Discard,
    FaultlineError,
    IllegalTransition,
    InvalidArgument,
    KeyConflict,
    NotFound,
    OutcomeUnknown,
    PayloadError,
    RetryLater,
    SchemaMismatch,
    SchemaMissing,
    Snooze,
    StaleAttempt,
    TransactionBurnt,
)
from faultline.job import Job

__version__ = "0.1.0"

__all__ = [
    "Absent",
    "AlreadyApplied",
    "App",
    "Applied",
    "AsyncClient",
    "AsyncLedgerTransaction",
    "BelowFloor",
    "Client",
    "DatabaseUnavailable",
    "Discard",
    "Enqueued",
    "FaultlineError",
    "Handler",
    "IllegalTransition",
    "InvalidArgument",
    "Job",
    "KeyConflict",
    "LedgerTransaction",
    "NotFound",
    "OutcomeUnknown",
    "OutsideEffect",
    "PayloadError",
    "Refused",
    "RetryLater",
    "SchemaMismatch",
    "SchemaMissing",
    "Snooze",
    "StaleAttempt",
    "TransactionBurnt",
    "Unknown",
    "__version__",
    "enqueue",
    "enqueue_many",
    "ledger",
    "submit_transaction",
    "trigger_workflow",
]
