"""The status page of a runner: whoever asks slowly, or too often, takes nothing from the runner and from others."""

from __future__ import annotations

import http.client
import socket
import threading
from typing import TYPE_CHECKING

import pytest
from prometheus_client import CollectorRegistry

from faultline import status_server
from faultline.status_server import StatusServer
from tests.support.running import WAIT_SECONDS, until

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def server() -> Iterator[StatusServer]:
    started = StatusServer("127.0.0.1", 0, CollectorRegistry(), lambda: (True, {}), lambda: (False, {}))
    yield started
    started.close()


def status(server: StatusServer, path: str, method: str = "GET") -> int:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=WAIT_SECONDS)
    try:
        connection.request(method, path)
        with connection.getresponse() as answer:
            return answer.status
    except (http.client.RemoteDisconnected, ConnectionResetError):
        return 0
    finally:
        connection.close()


def connected(server: StatusServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=WAIT_SECONDS)


def test_it_answers_what_it_knows_and_404_and_501_else(server: StatusServer) -> None:
    paths = ("/health", "/ready", "/metrics", "/metrics?x", "/", "/metrics/", "/../metrics")
    assert [status(server, path) for path in paths] == [200, 503, 200, 200, 404, 404, 404]
    assert status(server, "/health", "HEAD") == 200
    assert status(server, "/health", "POST") == 501


def test_whoever_stops_in_the_middle_of_a_request_is_left_alone(
    server: StatusServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status_server, "SECONDS_MOST", 0.2)
    for begun in (b"", b"GET /metrics HTTP/1.1\r\n", b"GET /metrics HTTP/1.1\r\nX: "):
        with connected(server) as client:
            client.sendall(begun)
            assert client.recv(1) == b""
    assert status(server, "/health") == 200
    until(lambda: threads() == 0, "their threads are gone")


def test_connections_are_bounded_and_so_are_the_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status_server, "CONNECTIONS_MOST", 2)
    server = StatusServer("127.0.0.1", 0, CollectorRegistry(), lambda: (True, {}), lambda: (True, {}))
    try:
        with connected(server), connected(server):
            until(lambda: threads() == 2, "both are heard")
            assert status(server, "/health") == 0
            assert threads() == 2
        until(lambda: status(server, "/health") == 200, "there is room again")
    finally:
        server.close()


def threads() -> int:
    return sum("process_request_thread" in thread.name for thread in threading.enumerate())
