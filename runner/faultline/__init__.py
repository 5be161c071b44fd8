"""Background jobs on PostgreSQL, correct when things break."""

from faultline.app import App, Handler
from faultline.client import AsyncClient, Client, Enqueued, enqueue, enqueue_many
from faultline.errors import (
    AlreadyApplied,
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
    "AlreadyApplied",
    "App",
    "AsyncClient",
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
    "NotFound",
    "OutcomeUnknown",
    "PayloadError",
    "RetryLater",
    "SchemaMismatch",
    "SchemaMissing",
    "Snooze",
    "StaleAttempt",
    "TransactionBurnt",
    "__version__",
    "enqueue",
    "enqueue_many",
]
