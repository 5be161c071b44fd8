"""A route: who may call it, what it reads of a body, and what it documents. Everything is checked before it is run."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any, Final, get_args, get_origin

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from faultline.api.context import context
from faultline.api.guard import SLASH
from faultline.api.problems import MEDIA_TYPE, Problem
from faultline.api.shapes import ProblemDocument


class _Id(Convertor[str]):
    """A number, as a text: so that /jobs/batch is no job, and a number of any length is judged before it is one."""

    regex = "[0-9]+"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


class _Text(Convertor[str]):
    """Any text, with slashes that were written %2F."""

    regex = "[^/]+"

    def convert(self, value: str) -> str:
        return value.replace(SLASH, "/")

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("id", _Id())
register_url_convertor("text", _Text())

Handler = Callable[[Request], Coroutine[Any, Any, Response]]

DIGITS_MOST: Final = 4000
BODY_MOST: Final = 1024 * 1024
BATCH_MOST: Final = 16 * 1024 * 1024
JSON: Final = ("application/json",)
YAML: Final = ("application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml", "text/vnd.yaml")
PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    status: {"model": ProblemDocument, "description": description, "content": {MEDIA_TYPE: {}}}
    for status, description in (("4XX", "What is wrong with the request"), ("5XX", "What is wrong with us"))
}


class _Checked(Request):
    """A request whose body is there, for the framework to look at."""

    def __init__(self, request: Request, body: bytes) -> None:
        super().__init__(request.scope, _replay(body))

    async def json(self) -> Any:
        """An integer of more digits than Python makes one of is no field of ours, and right inside of a payload."""
        return json.loads(await self.body(), parse_int=lambda said: (int if len(said) <= DIGITS_MOST else float)(said))


class GuardedRoute(APIRoute):
    def get_route_handler(self) -> Handler:
        handler = super().get_route_handler()
        extra = self.openapi_extra or {}
        limit: int = extra.get("x-body-limit", BODY_MOST)
        kinds: tuple[str, ...] = extra.get("x-body-types", JSON)

        async def guarded(request: Request) -> Response:
            await self.admit(request)
            self._check_parameters(request)
            body = await _read(request, limit, context(request).options.body_seconds)
            if body:
                _check_body(request, body, kinds)
                if self.body_field is None and "requestBody" not in extra and body.strip() != b"{}":
                    raise Problem("invalid-request", "this route takes no body")
            return await handler(_Checked(request, body))

        return guarded

    async def admit(self, request: Request) -> None:
        """Raises a Problem unless the request may come in; once more while it lasts, and it has to go."""
        scopes: list[str] = (self.openapi_extra or {}).get("x-scopes", [])
        if scopes:
            gate = context(request).gate
            await gate.admit(_authorization(request), scopes, stale=self.path == "/metrics")

    def _check_parameters(self, request: Request) -> None:
        known = {field.alias: _takes_many(field.field_info.annotation) for field in self.dependant.query_params}
        for name in request.query_params:
            if name not in known:
                raise Problem(
                    "invalid-request",
                    f"there is no parameter {name[:100]!r} here: {', '.join(sorted(known)) or 'none'}",
                )
            if not known[name] and len(request.query_params.getlist(name)) > 1:
                raise Problem("invalid-request", f"query.{name}: it is there more than once")
        texts = [*(str(value) for value in request.path_params.values()), *request.query_params.values()]
        if any("\0" in text for text in texts):
            raise Problem("invalid-request", "a parameter has a NUL character in it, which PostgreSQL cannot store")


def routes(tag: str) -> APIRouter:
    """A group of routes, which a module of `routes` calls `router`."""
    return APIRouter(route_class=GuardedRoute, tags=[tag], responses=PROBLEMS)


def needs(
    *scopes: str, body_limit: int = BODY_MOST, body_types: tuple[str, ...] = JSON, **extra: Any
) -> dict[str, Any]:
    """For `openapi_extra`: one of these scopes is needed, and what the body may be."""
    security: list[dict[str, list[str]]] = [{"token": []}] if scopes else []
    return {
        "x-scopes": list(scopes),
        "x-body-limit": body_limit,
        "x-body-types": list(body_types),
        "security": security,
        **extra,
    }


def _takes_many(annotation: Any) -> bool:
    return get_origin(annotation) is list or any(_takes_many(part) for part in get_args(annotation))


def _authorization(request: Request) -> str | None:
    headers = request.headers.getlist("authorization")
    if len(headers) > 1:
        raise Problem("invalid-request", "there is more than one header Authorization")
    return headers[0] if headers else None


async def _read(request: Request, most: int, seconds: float) -> bytes:
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > most:
        raise _too_large(most)
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(seconds):
            async for part in request.stream():
                size += len(part)
                if size > most:
                    raise _too_large(most)
                parts.append(part)
    except ClientDisconnect:
        raise Problem("request-timeout", "the body did not arrive: its sender has gone away") from None
    except TimeoutError:
        raise Problem(
            "request-timeout", f"the body did not arrive in {seconds:g} s", headers={"Connection": "close"}
        ) from None
    return b"".join(parts)


def _too_large(most: int) -> Problem:
    return Problem(
        "body-too-large", f"the body has more than {most} bytes, the most here", headers={"Connection": "close"}
    )


def _check_body(request: Request, body: bytes, kinds: tuple[str, ...]) -> None:
    """Only types that no form of another site can send."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in kinds:
        raise Problem("unsupported-media-type", f"send the body as Content-Type: {' or '.join(kinds)}")
    try:
        body.decode()
    except UnicodeDecodeError as error:
        raise Problem("not-utf-8", f"byte {error.start} of the body is not UTF-8") from None


def _replay(body: bytes) -> Callable[[], Coroutine[Any, Any, dict[str, Any]]]:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
