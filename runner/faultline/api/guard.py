"""Around the whole application: other sites are kept out, answers carry their headers, and each request is counted."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from starlette.datastructures import Headers, MutableHeaders

from faultline.api.problems import Problem
from faultline.logs import fields

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from faultline.api.context import Context

log = logging.getLogger("faultline.api")

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
SLASH: Final = "\udc2f"
"""A lone surrogate: nothing that is UTF-8 becomes one."""
PROBES: Final = frozenset({"/health", "/ready"})
HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Guard:
    def __init__(self, app: ASGIApp, shared: Context) -> None:
        self._app = app
        self._shared = shared

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope = {**scope, "path": path_of(scope)}
        if scope["method"] == "HEAD" and scope["path"] in PROBES:
            scope = {**scope, "method": "GET"}  # the server keeps the body back
        exchange = Exchange(send)
        try:
            problem = refuse_strangers(scope, self._shared)
            if problem is not None:
                await problem.response()(scope, receive, exchange.send)
            else:
                await self._app(scope, receive, exchange.send)
        finally:
            route = getattr(scope.get("route"), "path_format", None)
            seconds = time.monotonic() - exchange.started
            self._shared.metrics.count(scope["method"], route, exchange.status, seconds)
            if exchange.status >= 500:
                # Only what is ours: a path or a header could forge a line.
                log.warning(
                    "%s %s: %d after %.3f s", method_of(scope), route or "no route", exchange.status, seconds,
                    extra=fields(route=route, status=exchange.status),
                )  # fmt: skip


class Exchange:
    """One answer on its way out."""

    def __init__(self, send: Send) -> None:
        self.started = time.monotonic()
        self.status = 500
        self._send = send

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(raw=message["headers"])
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            message = {**message, "headers": headers.raw}
        await self._send(message)


def refuse_strangers(scope: Scope, shared: Context) -> Problem | None:
    """A page of another site may send requests from its reader's browser; nothing may come of them."""
    headers = Headers(scope=scope)
    if "transfer-encoding" in headers and "content-length" in headers:
        # Whoever is in front may have believed the other one, and taken what follows for a part of this.
        return Problem(
            "invalid-request",
            "the request has both Content-Length and Transfer-Encoding",
            headers={"Connection": "close"},
        )
    host = headers.get("host", "")
    if not shared.gate.guarded and host_name(host) not in shared.options.known_names:
        # A name of the attacker's that leads to this address: his pages would be of our origin.
        return Problem("unknown-host", "the Host of the request is not a name of this API (--name adds one)")
    origin = headers.get("origin")
    if origin is not None and not is_ours(origin.partition("://")[2].lower(), host.lower(), shared.options.names):
        return Problem("cross-site", "the Origin of the request is not this API")
    followed = scope["method"] in SAFE and headers.get("sec-fetch-mode") == "navigate"
    if headers.get("sec-fetch-site", "none") in {"cross-site", "same-site"} and not followed:
        return Problem("cross-site", "the request comes from a page of another site")
    return None


def is_ours(origin: str, host: str, names: Sequence[str]) -> bool:
    """Whether a page of this origin may send requests. A proxy may have put another Host, so --name counts too."""
    return origin == host or host_name(origin) in {name.lower() for name in names}


def path_of(scope: Scope) -> str:
    """The path in plain characters, but for a slash that was written %2F: that is no separator of ours."""
    parts = str(scope["raw_path"], "ascii").split("/")
    return "/".join(unquote(part).replace("/", SLASH) for part in parts)


def host_name(host: str) -> str:
    """Without the port, in lower case."""
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdecimal() else host).lower()


def method_of(scope: Scope) -> str:
    return str(scope["method"]) if scope["method"].isalpha() and len(scope["method"]) < 20 else "other"
