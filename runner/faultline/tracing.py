"""OpenTelemetry, for whoever wants it: a span for each job that is made and one for each attempt, in one trace.

The context travels in the job's headers as W3C Trace Context (`traceparent`, `tracestate`), so any producer may put it
there. Nothing here is imported by anybody, and nothing is spent, before `enable` was called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Literal

from faultline import reports
from faultline.errors import Discard, InvalidArgument, RetryLater, Snooze

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from opentelemetry.trace import Span, TracerProvider

    from faultline.app import Handler
    from faultline.job import Job

Carry = Callable[[Literal["enqueue", "trigger"], str, Mapping[str, Any]], Mapping[str, Any]]
Attempts = Callable[["Job"], "AbstractContextManager[Span]"]

SYSTEM: Final = "faultline"
CONTEXT: Final = ("traceparent", "tracestate")

carry: Carry | None = None
"""The options of a job or a run that is about to be made, by its name, with the trace's context in their headers."""
_attempt: Attempts | None = None


def enable(provider: TracerProvider | None = None) -> None:
    """From now on jobs that are made in this process, and runners that start in it, are traced.

    By this provider, else by the global one, which the application has set. Raises InvalidArgument without the extra.
    """
    global carry, _attempt
    try:
        from opentelemetry import trace  # noqa: PLC0415 - an extra
        from opentelemetry.trace import SpanKind  # noqa: PLC0415
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415
    except ModuleNotFoundError as error:
        message = f"tracing needs more packages ({error.name}): pip install '.[otel]' in a clone of Faultline"
        raise InvalidArgument(message) from None
    tracer = trace.get_tracer("faultline", tracer_provider=provider)
    propagator = TraceContextTextMapPropagator()

    def carried(verb: Literal["enqueue", "trigger"], name: str, options: Mapping[str, Any]) -> Mapping[str, Any]:
        headers = options.get("headers") or {}
        if not isinstance(headers, Mapping) or "traceparent" in headers:
            return options  # wrong, which is for others to say; or the caller knows better
        attributes = {
            "messaging.system": SYSTEM,
            "messaging.operation.name": verb,
            "messaging.operation.type": "create",
            "faultline.job.type" if verb == "enqueue" else "faultline.workflow": str(name),
        }
        if (queue := options.get("queue")) is not None:
            attributes["messaging.destination.name"] = str(queue)
        with tracer.start_as_current_span(f"{verb} {name}", kind=SpanKind.PRODUCER, attributes=attributes):
            found: dict[str, str] = {}
            propagator.inject(found)
        return {**options, "headers": {**headers, **found}} if found else options

    def attempt(job: Job) -> AbstractContextManager[Span]:
        headers = _headers(job)
        attributes: dict[str, str | int] = {
            "messaging.system": SYSTEM,
            "messaging.operation.name": "run",
            "messaging.operation.type": "process",
            "messaging.destination.name": job.queue,
            "messaging.message.id": str(job.id),
            "faultline.job.type": job.type,
            "faultline.job.attempt": job.attempt,
        }
        if job.run_id is not None:
            attributes["faultline.job.run_id"] = job.run_id
            attributes["faultline.job.task"] = job.task or ""
        return tracer.start_as_current_span(
            f"run {job.type}",
            context=propagator.extract(headers),
            kind=SpanKind.CONSUMER,
            attributes=attributes,
            record_exception=False,
            set_status_on_exception=False,
        )

    carry, _attempt = carried, attempt


def disable() -> None:
    """Trace nothing any more."""
    global carry, _attempt  # noqa: PLW0603 - a switch for the whole process
    carry = _attempt = None


def traced(handlers: Mapping[str, Handler]) -> Mapping[str, Handler]:
    """The handlers, each in a span of its attempt; the very same ones if nothing is traced."""
    attempt = _attempt
    if attempt is None:
        return handlers
    return {type_: replace(handler, function=_spanned(handler, attempt)) for type_, handler in handlers.items()}


def _spanned(handler: Handler, attempt: Attempts) -> Callable[[Job], Any]:
    function = handler.function

    async def on_loop(job: Job) -> Any:
        with attempt(job) as span:
            try:
                result = await function(job)
            except BaseException as error:
                _raised(span, job, error)
                raise
            span.set_attribute("faultline.job.outcome", "returned")
            return result

    def in_thread(job: Job) -> Any:
        with attempt(job) as span:
            try:
                result = function(job)
            except BaseException as error:
                _raised(span, job, error)
                raise
            span.set_attribute("faultline.job.outcome", "returned")
            return result

    return on_loop if handler.is_async else in_thread


def _headers(job: Job) -> dict[str, str]:
    """What of the job's headers is context; whatever else a producer has put there is of no interest."""
    try:
        headers = job.headers
    except (ValueError, RecursionError):
        return {}
    return {name: value for name in CONTEXT if isinstance(value := headers.get(name), str)}


def _raised(span: Span, job: Job, error: BaseException) -> None:
    """How the attempt ended, in the words of the job's own record: bounded, without control characters, redacted."""
    from opentelemetry.trace import StatusCode  # noqa: PLC0415

    if isinstance(error, Snooze):
        outcome = "snoozed"
    elif isinstance(error, Discard):
        outcome = "discarded"
    elif isinstance(error, RetryLater):
        outcome = "retry_later"
    else:
        outcome = job._why or "failed"  # noqa: SLF001
    span.set_attribute("faultline.job.outcome", outcome)
    if outcome == "snoozed":
        return
    shown = reports.shown(error)
    span.set_status(StatusCode.ERROR, f"{shown['type']}: {shown['message']}")
    span.add_event(
        "exception",
        {
            "exception.type": shown["type"],
            "exception.message": shown["message"],
            "exception.stacktrace": shown.get("traceback", ""),
        },
    )
