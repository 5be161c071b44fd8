"""An App: handlers by type, and what they lend to the jobs enqueued through it."""

from __future__ import annotations

import functools
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from faultline import App, InvalidArgument, Job

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from tests.support.database import Database


def test_a_handler_is_known_by_its_type_and_stays_the_function_it_was() -> None:
    app = App()

    @app.handler("greet", queue="mail", max_attempts=3, timeout="30s")
    async def greet(job: Job) -> None: ...

    handler = app.handlers["greet"]
    assert handler.function is greet
    assert (handler.queue, handler.max_attempts, handler.timeout) == ("mail", 3, 30.0)


def test_tells_coroutines_from_plain_functions() -> None:
    app = App()

    class Callable:
        async def __call__(self, job: Job) -> None: ...

    async def coroutine(extra: int, job: Job) -> None: ...

    def plain(job: Job) -> None: ...

    app.handler("object")(Callable())
    app.handler("partial")(functools.partial(coroutine, 1))
    app.handler("plain")(plain)
    assert {name: handler.is_async for name, handler in app.handlers.items()} == {
        "object": True,
        "partial": True,
        "plain": False,
    }


def test_a_type_has_one_handler() -> None:
    app = App()
    app.handler("a")(lambda _: None)
    with pytest.raises(InvalidArgument, match="'a' has a handler already"):
        app.handler("a")(lambda _: None)


def generator(job: Job) -> Any:
    yield 1


async def async_generator(job: Job) -> Any:
    yield 1


@pytest.mark.parametrize("function", [generator, async_generator])
def test_a_generator_is_no_handler(function: Any) -> None:
    with pytest.raises(InvalidArgument, match="generator"):
        App().handler("a")(function)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"type": "a b"}, "type is 'a b'"),
        ({"type": ""}, "type is ''"),
        ({"type": "x" * 129}, "type is"),
        ({"type": "a", "queue": "é"}, "queue is 'é'"),
        ({"type": "a", "max_attempts": 0}, "max_attempts is 0"),
        ({"type": "a", "max_attempts": 101}, "max_attempts is 101"),
        ({"type": "a", "timeout": 0}, "timeout is 0"),
        ({"type": "a", "timeout": "soon"}, "'soon' is not a duration"),
    ],
)
def test_what_is_out_of_bounds_is_named(options: dict[str, Any], complaint: str) -> None:
    with pytest.raises(InvalidArgument, match=complaint):
        App().handler(**options)


def test_a_job_enqueued_through_the_app_has_its_handlers_defaults(db: Database) -> None:
    app = App()
    app.handler("greet", queue="mail", max_attempts=3, timeout=timedelta(seconds=90))(lambda _: None)
    connection = db.connect("faultline_producer")
    default = app.enqueue(connection, "greet", {"n": 1})
    own = app.enqueue(connection, "greet", {"n": 1}, max_attempts=7, queue="other", timeout=None)
    unknown = app.enqueue(connection, "elsewhere")
    query = "select queue, max_attempts, timeout from faultline.jobs_live where job_id = %s"
    assert db.rows(query, default) == [("mail", 3, timedelta(seconds=90))]
    assert db.rows(query, own) == [("other", 7, timedelta(seconds=90))]
    assert db.rows(query, unknown) == [("default", 5, None)]


def test_an_unknown_option_is_named(db: Database) -> None:
    with pytest.raises(TypeError, match="'ququeue'"):
        App().enqueue(db.connect(), "greet", {}, ququeue="x")


def _types_are_right(app: App, sync: Any) -> tuple[int, Awaitable[int]]:
    return app.enqueue(sync, "a"), app.enqueue(sync, "a")
