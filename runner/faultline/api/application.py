"""The application: routes, problems for whatever goes wrong, and the document that describes it."""

from __future__ import annotations

import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from faultline import __version__
from faultline.api import reading
from faultline.api.answers import Json, dump
from faultline.api.context import Context
from faultline.api.guard import Guard
from faultline.api.problems import Problem, invalid
from faultline.api.routes import routers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import ASGIApp

    from faultline.api.options import ApiOptions

log = logging.getLogger("faultline.api")

DESCRIPTION: Final = "Background jobs on PostgreSQL, correct when things break."
OURS: Final = ("x-body-limit", "x-body-types")


def build(options: ApiOptions) -> tuple[ASGIApp, Context]:
    """The application, and what is known of it outside."""
    shared = Context(options)
    app = FastAPI(
        title="Faultline",
        version=__version__,
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        lifespan=_lifespan,
    )
    app.state.context = shared
    found = list(routers())
    for router in found:
        app.include_router(router)
    routes = [route for router in found for route in router.routes if isinstance(route, APIRoute)]
    _explain(app, routes)
    _add_handlers(app, routes)
    return Guard(app, shared), shared


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    await app.state.context.gateway.open()
    try:
        yield
    finally:
        await app.state.context.gateway.close()


def document(app: FastAPI, routes: list[APIRoute]) -> dict[str, Any]:
    """OpenAPI 3.1."""
    made: dict[str, Any] = get_openapi(
        title=app.title, version=app.version, description=DESCRIPTION, routes=routes, openapi_version="3.1.0"
    )
    made["components"]["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "`faultline token create` makes one"}
    }
    for methods in made["paths"].values():
        for operation in methods.values():
            for name in OURS:
                operation.pop(name, None)
            for parameter in operation.get("parameters", ()):
                parameter["schema"] = _written(parameter["schema"])
    return made


def _written(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a parameter that is there: null can't be written into an address or a header."""
    given = schema.get("anyOf", [])
    choices = [choice for choice in given if choice != {"type": "null"}]
    if len(choices) == len(given):
        return schema
    rest = {key: value for key, value in schema.items() if key != "anyOf"}
    return {**rest, **choices[0]} if len(choices) == 1 else {**rest, "anyOf": choices}


def _explain(app: FastAPI, routes: list[APIRoute]) -> None:
    made = document(app, routes)
    text = dump(made)
    page = reading.page(made)

    async def openapi(_: Request) -> Response:
        return Json(text)

    async def docs(_: Request) -> Response:
        return HTMLResponse(page, headers={"Content-Security-Policy": reading.POLICY})

    app.add_route("/openapi.json", openapi, include_in_schema=False)
    app.add_route("/docs", docs, include_in_schema=False)


def _add_handlers(app: FastAPI, routes: list[APIRoute]) -> None:
    def on_problem(_: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)  # noqa: S101 - that is what it is registered for
        return error.response()

    def on_invalid(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101
        return invalid(error.errors()).response()

    def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101
        return _http_problem(request, error, routes).response()

    def on_bug(_: Request, __: Exception) -> Response:
        return Problem("internal", "it is in the log of the API").response()

    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(Exception, on_bug)


def _http_problem(request: Request, error: HTTPException, routes: list[APIRoute]) -> Problem:
    if error.status_code == 405:
        allowed = sorted(
            method
            for route in routes
            if route.path_regex.match(request.scope["path"])
            for method in route.methods or ()
        )
        known = ", ".join(allowed or ["GET"])
        return Problem("method-not-allowed", f"this route knows {known}", headers={"Allow": known})
    if error.status_code == 404:
        return Problem("no-such-route", "there is no such route: /docs shows those there are")
    deep = isinstance(error.__cause__, RecursionError)
    return Problem("invalid-request", "the body is nested too deep" if deep else "the body can't be read as JSON")
