"""A payment provider: a real HTTP server that honours idempotency keys, and fails at the moment a test chooses.

POST /charges with Idempotency-Key: charges once a key, and answers the same charge again. GET /charges/KEY: the charge,
or 404. DELETE /charges/KEY: refuses the key from now on, unless it has charged: 409.
"""

from __future__ import annotations

import http.client
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable

RECEIVED, CHARGED, ANSWERED, ASKED = POINTS = ("received", "charged", "answered", "asked")
SECONDS = 10.0


class Cut(Exception):  # noqa: N818
    """The connection breaks; no answer."""


class Provider:
    """`at[point]` is called when that point is reached; what it raises as Cut breaks the connection."""

    def __init__(self) -> None:
        self.charges: dict[str, dict[str, Any]] = {}
        self.times: dict[str, int] = {}
        """How often each key was charged: never more than once, or the provider is wrong."""
        self.refused: set[str] = set()
        self.waiting = 0
        """Requests that have come and are not charged yet."""
        self.late: list[str] = []
        """Keys that were refused to a request that came after all."""
        self.at: dict[str, Callable[[], None]] = {}
        self.lock = threading.Lock()
        provider = self

        class Handler(_Handler):
            shop = provider

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def reach(self, point: str) -> None:
        self.at.get(point, lambda: None)()

    def charge(self, key: str, request: Any) -> tuple[int, Any]:
        with self.lock:
            self.waiting -= 1
            if key in self.refused:
                self.late.append(key)
                return 410, {"refused": key}
            if key not in self.charges:
                self.charges[key] = {"id": f"ch_{len(self.charges) + 1}", "request": request}
                self.times[key] = self.times.get(key, 0) + 1
            return 200, self.charges[key]

    def refuse(self, key: str) -> tuple[int, Any]:
        with self.lock:
            if key in self.charges:
                return 409, self.charges[key]
            self.refused.add(key)
            return 200, {"refused": key}


class _Handler(BaseHTTPRequestHandler):
    shop: Provider

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.shop.waiting += 1
        try:
            self.shop.reach(RECEIVED)
            status, answer = self.shop.charge(self.headers["Idempotency-Key"], body)
            self.shop.reach(CHARGED)
            self._answer(status, answer)
            self.shop.reach(ANSWERED)
        except Cut:
            self.close_connection = True

    def do_GET(self) -> None:
        try:
            self.shop.reach(ASKED)
            charge = self.shop.charges.get(self.path.rpartition("/")[2])
            self._answer(404 if charge is None else 200, charge)
        except Cut:
            self.close_connection = True

    def do_DELETE(self) -> None:
        self._answer(*self.shop.refuse(self.path.rpartition("/")[2]))

    def log_message(self, *_: object) -> None: ...

    def _answer(self, status: int, answer: Any) -> None:
        body = json.dumps(answer).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:  # nobody is there any more
            self.close_connection = True


def ask(port: int, method: str, path: str, body: Any = None, key: str | None = None) -> tuple[int, Any]:
    """One request of a client: (status, answer)."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        headers = {} if key is None else {"Idempotency-Key": key}
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()
