"""Spans: one for each job that is made and one for each attempt, in one trace, and none unless somebody wants them."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

import faultline
from faultline import App, Client, Discard, InvalidArgument, Job, RetryLater, Snooze, tracing
from tests.support.running import as_runner, drain, enqueue, job, state

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opentelemetry.sdk.trace import ReadableSpan

    from tests.support.database import Database


@pytest.fixture
def db(emptied: Database) -> Database:
    return emptied


class Spans:
    """What was recorded since `enable`."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self._exporter))

    def named(self, name: str) -> list[ReadableSpan]:
        return [span for span in self._exporter.get_finished_spans() if span.name == name]

    def one(self, name: str) -> ReadableSpan:
        (span,) = self.named(name)
        return span


@pytest.fixture
def spans() -> Iterator[Spans]:
    made = Spans()
    tracing.enable(made.provider)
    yield made
    tracing.disable()
    made.provider.shutdown()


def application() -> App:
    app = App()
    seen: list[int] = []

    @app.handler("coroutine")
    async def coroutine(job: Job) -> None:
        trace.get_current_span().set_attribute("seen", "in the handler")

    @app.handler("thread")
    def thread(job: Job) -> str:
        trace.get_current_span().set_attribute("seen", "in the handler")
        return "fine"

    @app.handler("fails-once", max_attempts=2)
    async def fails_once(job: Job) -> None:
        if job.failures == 0:
            raise ValueError("not\x1b[2J yet")

    @app.handler("discards")
    async def discards(job: Job) -> None:
        raise Discard("never")

    @app.handler("snoozes")
    def snoozes(job: Job) -> None:
        if not seen:
            seen.append(job.id)
            raise Snooze(0.001)

    @app.handler("later", max_attempts=1)
    async def later(job: Job) -> None:
        raise RetryLater(0)

    @app.handler("chain")
    async def chain(job: Job) -> None:
        async with await psycopg.AsyncConnection.connect(str(job.payload["dsn"]), autocommit=True) as connection:
            await faultline.enqueue(connection, "coroutine")

    return app


def made(db: Database, type_: str, payload: dict[str, Any] | None = None, **options: Any) -> int:
    with db.connect() as connection:
        return faultline.enqueue(connection, type_, payload, **options)


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def parent(span: ReadableSpan) -> int | None:
    return None if span.parent is None else span.parent.span_id


def identity(span: ReadableSpan) -> tuple[int, int]:
    context = span.context
    assert context is not None
    return context.trace_id, context.span_id


@pytest.mark.parametrize("type_", ["coroutine", "thread"])
def test_a_run_is_a_child_of_the_enqueue_of_its_job(db: Database, spans: Spans, type_: str) -> None:
    job_id = made(db, type_, queue="mail")
    drain(application(), db)
    enqueued, ran = spans.one(f"enqueue {type_}"), spans.one(f"run {type_}")
    assert (enqueued.kind, ran.kind) == (SpanKind.PRODUCER, SpanKind.CONSUMER)
    trace_id, span_id = identity(enqueued)
    assert (identity(ran)[0], parent(ran)) == (trace_id, span_id)
    assert attributes(ran) == {
        "messaging.system": "faultline",
        "messaging.operation.name": "run",
        "messaging.operation.type": "process",
        "messaging.destination.name": "mail",
        "messaging.message.id": str(job_id),
        "faultline.job.type": type_,
        "faultline.job.attempt": 1,
        "seen": "in the handler",
        "faultline.job.outcome": "returned",
    }
    assert ran.status.status_code is StatusCode.UNSET
    assert state(db, job_id) == "succeeded"


def test_the_context_is_in_the_headers_of_the_job_beside_others(db: Database, spans: Spans) -> None:
    job_id = made(db, "coroutine", headers={"tenant": 7})
    trace_id, span_id = identity(spans.one("enqueue coroutine"))
    headers = db.scalar("select headers from faultline.jobs_live where job_id = %s", job_id)
    assert headers["tenant"] == 7
    assert headers["traceparent"].startswith(f"00-{trace_id:032x}-{span_id:016x}-")


def test_a_context_that_the_caller_gives_is_kept(db: Database, spans: Spans) -> None:
    given = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
    made(db, "coroutine", headers=given)
    enqueue(db, "thread", headers='{"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}')
    drain(application(), db)
    assert spans.named("enqueue coroutine") == []
    for name in ("run coroutine", "run thread"):
        assert identity(spans.one(name))[0] == 0x0AF7651916CD43DD8448EB211C80319C
        assert parent(spans.one(name)) == 0xB7AD6B7169203331


def test_what_an_application_does_is_the_parent_of_all_of_it(db: Database, spans: Spans) -> None:
    tracer = spans.provider.get_tracer("shop")
    with tracer.start_as_current_span("checkout"), Client(db.dsn) as client:
        client.enqueue("coroutine")
        client.enqueue_many([{"type": "thread"}, {"type": "thread", "headers": {"tenant": 7}}])
        client.submit_transaction("order-17", "discards")
    drain(application(), db)
    trace_id, span_id = identity(spans.one("checkout"))
    enqueued = [span for type_ in ("coroutine", "thread", "discards") for span in spans.named(f"enqueue {type_}")]
    ran = [span for type_ in ("coroutine", "thread", "discards") for span in spans.named(f"run {type_}")]
    assert [parent(span) for span in enqueued] == [span_id] * 4
    assert {identity(span)[0] for span in (*enqueued, *ran)} == {trace_id}
    assert {parent(span) for span in ran} == {identity(span)[1] for span in enqueued}


def test_a_job_that_a_handler_makes_belongs_to_its_attempt(db: Database, spans: Spans) -> None:
    made(db, "chain", {"dsn": as_runner(db.dsn)})
    drain(application(), db)
    assert parent(spans.one("enqueue coroutine")) == identity(spans.one("run chain"))[1]
    assert parent(spans.one("run coroutine")) == identity(spans.one("enqueue coroutine"))[1]


def test_the_tasks_of_a_run_belong_to_the_trace_that_began_it(db: Database, spans: Spans) -> None:
    for spec in (
        '{"name": "below", "tasks": {"c": {"type": "thread"}}}',
        '{"name": "w", "tasks": {"a": {"type": "coroutine"}, "b": {"workflow": "below", "needs": "a"}}}',
    ):
        db.execute("select faultline.put_workflow(%s::jsonb)", spec)
    with Client(as_runner(db.dsn)) as client:
        client.trigger_workflow("w", headers={"shop": "1"})
        client.trigger_workflow("w", headers={"traceparent": f"00-{'1' * 32}-{'2' * 16}-01"})
    drain(application(), db)
    begun = spans.one("trigger w")
    assert begun.kind is SpanKind.PRODUCER
    assert attributes(begun) == {
        "messaging.system": "faultline",
        "messaging.operation.name": "trigger",
        "messaging.operation.type": "create",
        "faultline.workflow": "w",
    }
    for type_ in ("coroutine", "thread"):
        assert {parent(span) for span in spans.named(f"run {type_}")} == {identity(begun)[1], int("2" * 16, 16)}
        assert {identity(span)[0] for span in spans.named(f"run {type_}")} == {identity(begun)[0], int("1" * 32, 16)}
    assert db.scalar("select count(*) from faultline.jobs_done where headers ->> 'shop' = '1'") == 2


def test_every_attempt_has_a_span_of_its_own_and_says_how_it_ended(db: Database, spans: Spans) -> None:
    made(db, "fails-once", backoff={"kind": "fixed", "delay": "1ms", "jitter": 0})
    drain(application(), db)
    first, second = sorted(spans.named("run fails-once"), key=lambda span: attributes(span)["faultline.job.attempt"])
    assert parent(first) == parent(second) == identity(spans.one("enqueue fails-once"))[1]
    assert first.status.status_code is StatusCode.ERROR
    assert first.status.description == "ValueError: not\ufffd[2J yet"
    (event,) = first.events
    assert dict(event.attributes or {})["exception.message"] == "not\ufffd[2J yet"
    assert "raise ValueError" in str(dict(event.attributes or {})["exception.stacktrace"])
    assert (attributes(first)["faultline.job.outcome"], attributes(second)["faultline.job.outcome"]) == (
        "failed",
        "returned",
    )
    assert second.status.status_code is StatusCode.UNSET


@pytest.mark.parametrize(
    ("type_", "outcomes", "failed"),
    [
        ("discards", ["discarded"], True),
        ("later", ["retry_later"], True),
        ("snoozes", ["snoozed", "returned"], False),
    ],
)
def test_an_outcome_has_its_name(db: Database, spans: Spans, type_: str, outcomes: list[str], failed: bool) -> None:
    made(db, type_, max_attempts=1)
    drain(application(), db)
    ended = sorted(spans.named(f"run {type_}"), key=lambda span: attributes(span)["faultline.job.attempt"])
    assert [attributes(span)["faultline.job.outcome"] for span in ended] == outcomes
    assert [span.status.status_code is StatusCode.ERROR for span in ended] == [failed] * len(outcomes)


@pytest.mark.parametrize(
    "headers",
    [
        '{"traceparent": 17}',
        '{"traceparent": "00-zz-zz-01"}',
        '{"traceparent": ""}',
        '{"traceparent": {"a": [1]}, "tracestate": null}',
        '{"tracestate": "a=b"}',
        "{}",
    ],
)
def test_headers_that_are_no_context_hurt_nobody(db: Database, spans: Spans, headers: str) -> None:
    (job_id,) = enqueue(db, "coroutine", headers=headers)
    drain(application(), db)
    assert parent(spans.one("run coroutine")) is None
    assert state(db, job_id) == "succeeded"


def test_wrong_options_are_refused_as_ever(db: Database, spans: Spans) -> None:
    with pytest.raises(InvalidArgument, match="headers is 7: it has to be an object"):
        made(db, "coroutine", headers=7)


def test_neither_payload_nor_result_is_in_a_span(db: Database, spans: Spans) -> None:
    made(db, "thread", {"password": "hunter2"})
    drain(application(), db)
    assert "hunter2" not in "".join(
        span.to_json() for span in spans.named("run thread") + spans.named("enqueue thread")
    )


# Off.


def test_nothing_is_traced_and_nothing_is_wrapped_unless_somebody_wants_it(db: Database) -> None:
    app = application()
    assert tracing.carry is None
    assert tracing.traced(app.handlers) is app.handlers
    job_id = made(db, "coroutine")
    assert db.scalar("select headers from faultline.jobs_live where job_id = %s", job_id) is None
    drain(app, db)
    assert job(db, job_id)["state"] == "succeeded"


def test_opentelemetry_is_not_even_imported() -> None:
    script = "import sys, faultline.runner, faultline.cli.run; print([m for m in sys.modules if 'opentelemetry' in m])"
    result = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert result.stdout == "[]\n"


def test_without_the_extra_there_is_one_clear_error(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(InvalidArgument, match=r"pip install '\.\[otel\]'"):
        tracing.enable()
    with pytest.raises(InvalidArgument, match=r"pip install '\.\[otel\]'"):
        drain(application(), db, tracing=True)
    assert tracing.carry is None


def test_the_option_of_a_runner_enables_it_with_the_global_provider(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_here = Spans()
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: made_here.provider)
    try:
        enqueue(db, "coroutine")
        drain(application(), db, tracing=True)
        assert parent(made_here.one("run coroutine")) is None
    finally:
        tracing.disable()
        made_here.provider.shutdown()
