"""A payment provider: a real HTTP server, with the troubles that real ones have.

    python provider.py [PORT]

    POST   /charges         {"order", "amount", "currency", "card"}, header Idempotency-Key   201, 200 repeated, 402
    GET    /charges/KEY     the charge that was made with this key                            200, 404
    DELETE /keys/KEY        refuse this key from now on; 200 and the charge if it is too late  204, 200
    GET    /charges         every charge that was made
    GET    /log             how often each card was used, what waits, what was refused
    POST   /release         let the requests go on that wait (card "held")

A card says what happens, as the test cards of real providers do:

    late        charged at once, answered after 1.5 s         error       charged, and answered with a 500
    silent      charged, and never answered                   cut         charged, and the connection closed
    twice       the request is carried out twice, as if a proxy had repeated it: with a key that is one charge
    lost        the first request gets lost on its way        hazy        as cut; and the first question gets a 503
    held        the request waits until POST /release         declined    refused, with a 402
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import Counter
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LATE_SECONDS = 1.5
SILENT_SECONDS = 5.0
HELD_SECONDS = 60.0


class Provider:
    """What the provider knows. One lock: a key is used and refused by one request at a time."""

    def __init__(self) -> None:
        self.charges: list[dict[str, Any]] = []
        self.used: Counter[str] = Counter()
        self.refused_late = 0
        self.waiting = 0
        self.release = threading.Event()
        self._by_key: dict[str, dict[str, Any]] = {}
        self._refused: set[str] = set()
        self._seen: Counter[str] = Counter()
        self._hazy: set[str] = set()
        self._lock = threading.Lock()

    def first_time(self, order: str, card: str, key: str | None) -> bool:
        with self._lock:
            self.used[card] += 1
            self._seen[order] += 1
            if card == "hazy" and key is not None and self._seen[order] == 1:
                self._hazy.add(key)
            return self._seen[order] == 1

    def charge(self, key: str | None, body: dict[str, Any]) -> tuple[int, Any]:
        with self._lock:
            if key in self._refused:
                self.refused_late += 1
                return HTTPStatus.CONFLICT, {"error": "this key is refused"}
            if key in self._by_key:
                return HTTPStatus.OK, self._by_key[key]
            charge = {**body, "charge": f"ch_{len(self.charges) + 1:04}", "key": key}
            self.charges.append(charge)
            if key is not None:
                self._by_key[key] = charge
            return HTTPStatus.CREATED, charge

    def find(self, key: str) -> tuple[int, Any]:
        with self._lock:
            if key in self._hazy:
                self._hazy.remove(key)
                return HTTPStatus.SERVICE_UNAVAILABLE, {"error": "ask again later"}
            if key in self._by_key:
                return HTTPStatus.OK, self._by_key[key]
            return HTTPStatus.NOT_FOUND, {"error": "no charge was made with this key"}

    def refuse(self, key: str) -> tuple[int, Any]:
        with self._lock:
            if key in self._by_key:
                return HTTPStatus.OK, self._by_key[key]
            self._refused.add(key)
            return HTTPStatus.NO_CONTENT, None

    def wait(self) -> None:
        with self._lock:
            self.waiting += 1
        self.release.wait(HELD_SECONDS)

    def waited(self) -> None:
        with self._lock:
            self.waiting -= 1

    def log(self) -> dict[str, Any]:
        with self._lock:
            return {"used": dict(self.used), "waiting": self.waiting, "refused_late": self.refused_late}


class Requests(BaseHTTPRequestHandler):
    """One connection, one request."""

    provider: Provider

    def do_GET(self) -> None:
        if self.path == "/charges":
            self._answer(HTTPStatus.OK, self.provider.charges)
        elif self.path == "/log":
            self._answer(HTTPStatus.OK, self.provider.log())
        else:
            self._answer(*self.provider.find(self.path.removeprefix("/charges/")))

    def do_DELETE(self) -> None:
        self._answer(*self.provider.refuse(self.path.removeprefix("/keys/")))

    def do_POST(self) -> None:
        if self.path == "/release":
            self.provider.release.set()
            self._answer(HTTPStatus.NO_CONTENT, None)
            return
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        key, card = self.headers["Idempotency-Key"], body["card"]
        first = self.provider.first_time(body["order"], card, key)
        if card == "declined":
            self._answer(HTTPStatus.PAYMENT_REQUIRED, {"error": "the card was declined"})
        elif card == "lost" and first:
            return  # the connection closes without a word
        elif card == "held":
            self.provider.wait()
            self._answer(*self.provider.charge(key, body))
            self.provider.waited()
        else:
            self._charge(key, body, card)

    def _charge(self, key: str | None, body: dict[str, Any], card: str) -> None:
        answer = self.provider.charge(key, body)
        if card == "twice":
            answer = self.provider.charge(key, body)
        elif card == "late":
            time.sleep(LATE_SECONDS)
        elif card == "silent":
            time.sleep(SILENT_SECONDS)
        if card == "error":
            self._answer(HTTPStatus.INTERNAL_SERVER_ERROR, {"error": "something went wrong"})
        elif card not in {"silent", "cut", "hazy"}:
            self._answer(*answer)

    def _answer(self, status: int, document: Any) -> None:
        content = b"" if document is None else json.dumps(document).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        except OSError:
            pass  # whoever asked is gone

    def log_message(self, *arguments: object) -> None:
        """Nothing: GET /log says it."""


def main(port: int = 0) -> None:
    Requests.provider = Provider()
    with ThreadingHTTPServer(("127.0.0.1", port), Requests) as server:
        server.daemon_threads = True
        print(f"http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
