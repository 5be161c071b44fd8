"""/metrics, /health and /ready over HTTP, from a thread of its own: they answer also when loop or database do not."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from faultline.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Callable

    from prometheus_client import CollectorRegistry

Answer = tuple[bool, dict[str, Any]]
SECONDS_MOST: Final = 10.0
"""What a connection may take, however slowly its client speaks or listens."""
CONNECTIONS_MOST: Final = 50
"""At a time: each has a thread, and the process has better uses for those."""


class StatusServer:
    """Serves until closed. `health` and `ready` say whether all is well, and what to show; 200 or 503."""

    def __init__(
        self,
        host: str,
        port: int,
        registry: CollectorRegistry,
        health: Callable[[], Answer],
        ready: Callable[[], Answer],
    ) -> None:
        """Listens at once; port 0 takes a free one. Raises InvalidArgument if the address can't be had."""

        def metrics() -> tuple[int, str, bytes]:
            return 200, CONTENT_TYPE_LATEST, generate_latest(registry)

        pages = {"/metrics": metrics, "/health": lambda: _json(health()), "/ready": lambda: _json(ready())}
        try:
            self._server = _Server((host, port), _Handler, pages)
        except (OSError, OverflowError) as error:
            raise InvalidArgument(f"cannot serve metrics on {host}:{port}: {error}") from None
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, name="faultline-status", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _json(answer: Answer) -> tuple[int, str, bytes]:
    good, body = answer
    return (200 if good else 503), "application/json", json.dumps(body, default=str).encode() + b"\n"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(
        self,
        address: tuple[str, int],
        handler: type[BaseHTTPRequestHandler],
        pages: dict[str, Callable[[], tuple[int, str, bytes]]],
    ) -> None:
        self.pages = pages
        self._free = threading.BoundedSemaphore(CONNECTIONS_MOST)
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except RuntimeError:  # no thread could be started
            self._free.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        late = threading.Timer(SECONDS_MOST, self._cut, (request,))
        late.daemon = True
        late.start()
        try:
            super().process_request_thread(request, client_address)
        finally:
            late.cancel()
            self._free.release()

    @staticmethod
    def _cut(request: socket.socket) -> None:
        with contextlib.suppress(OSError):
            request.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    server_version = "faultline"
    sys_version = ""

    def do_GET(self) -> None:
        self.wfile.write(self._answer())

    def do_HEAD(self) -> None:
        self._answer()

    def _answer(self) -> bytes:
        """Sends everything of the answer but its body, and returns that."""
        page = self.server.pages.get(self.path.partition("?")[0])
        if page is None:
            known = {"error": "not found", "paths": sorted(self.server.pages)}
            status, kind, body = 404, "application/json", json.dumps(known).encode()
        else:
            status, kind, body = page()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        return body

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name it has in the base class
        """Scrapes are not logged."""
