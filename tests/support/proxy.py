"""Stands between a client and the server's socket, and breaks connections at the moment a test chooses."""

from __future__ import annotations

import contextlib
import socket
import struct
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

from psycopg.conninfo import conninfo_to_dict, make_conninfo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHUNK = 65536
BEFORE, AFTER = "before", "after"


@dataclass
class Strike:
    """What befalls a client at one message of its own: the first of an application's messages is number 1.

    BEFORE: the server never gets the message. AFTER: it gets it, and has answered it if it answers such messages, but
    no answer arrives. Then `action`, and both ends of the connection are closed. number 0: messages are only listed.
    """

    application: str
    number: int = 0
    when: str = BEFORE
    action: Callable[[], None] = lambda: None
    messages: list[str] = field(default_factory=list)
    """The types of the messages so far; b"Q" a query, b"P", b"B", b"D", b"E", b"S" the parts of one with parameters."""
    struck: threading.Event = field(default_factory=threading.Event)


class Proxy:
    """Listens on a socket of its own; `dsn` leads through it.

    `swallow(application)`: the server's next answer to that application never arrives, and the connection is gone.
    `freeze(application)`: its connection stays open, and nothing passes any more.
    `cut(application)`: its connections are gone.
    `refuse`: who comes from now on is sent away at once.
    `arm(strike)`: it strikes, once, at the message of that number from now on.
    """

    def __init__(self, dsn: str) -> None:
        parts = conninfo_to_dict(dsn)
        self._server = f"{parts['host']}/.s.PGSQL.{parts['port']}"
        self._directory = tempfile.TemporaryDirectory(prefix="faultline-proxy-")
        self.dsn = make_conninfo(dsn, host=self._directory.name)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(Path(self._directory.name) / f".s.PGSQL.{parts['port']}"))
        self._listener.listen(64)
        self._lock = threading.Lock()
        self._to_swallow: set[str] = set()
        self._frozen: set[str] = set()
        self._strikes: dict[str, Strike] = {}
        self.refuse = False
        self.swallowed: list[str] = []
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._of: dict[str, list[tuple[socket.socket, socket.socket]]] = {}
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        for pair in self._pairs:
            _close(*pair)
        self._directory.cleanup()

    def swallow(self, application: str) -> None:
        with self._lock:
            self._to_swallow.add(application)

    def freeze(self, application: str) -> None:
        with self._lock:
            self._frozen.add(application)

    def cut(self, application: str) -> None:
        with self._lock:
            pairs = self._of.pop(application, [])
        for pair in pairs:
            _close(*pair)

    def arm(self, strike: Strike) -> Strike:
        with self._lock:
            self._strikes[strike.application] = strike
        return strike

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if self.refuse:
                    _close(client)
                    continue
                server = socket.socket(socket.AF_UNIX)
                try:
                    server.connect(self._server)
                except OSError:
                    _close(client, server)
                    continue
                self._pairs.append((client, server))
                threading.Thread(target=self._serve, args=(client, server), daemon=True).start()

    def _serve(self, client: socket.socket, server: socket.socket) -> None:
        frozen = threading.Event()
        struck = threading.Event()
        with contextlib.suppress(OSError, struct.error):
            startup = client.recv(CHUNK)
            application = _application(startup)
            with self._lock:
                self._of.setdefault(application, []).append((client, server))
            server.sendall(startup)
            up = threading.Thread(target=self._up, args=(client, server, application, frozen, struck), daemon=True)
            up.start()
            _pump(server, client, lambda: self._gone(application, frozen, struck))
        if not frozen.is_set():
            _close(client, server)

    def _up(
        self,
        client: socket.socket,
        server: socket.socket,
        application: str,
        frozen: threading.Event,
        struck: threading.Event,
    ) -> None:
        begun = False  # what a pool asks a new connection comes before its first transaction, and does not count
        with contextlib.suppress(OSError):
            for message in _messages(client):
                begun = begun or message[:1] == b"Q"
                with self._lock:
                    if application in self._frozen:
                        self._frozen.discard(application)  # only this connection: the next one works
                        frozen.set()
                    strike = self._strikes.get(application)
                if frozen.is_set():
                    return
                when = strike and self._counted(strike, message) if begun else None
                if strike and when == BEFORE:
                    self._hit(strike)
                    break
                if strike and when == AFTER and message[:1] in b"QS":
                    struck.set()  # the server answers: whoever brings the answer loses it
                server.sendall(message)
                if strike and when == AFTER and not struck.is_set():
                    self._hit(strike)
                    break
        if not frozen.is_set():
            _close(client, server)

    def _counted(self, strike: Strike, message: bytes) -> str | None:
        """When the strike falls at this message, if it does. A farewell (X) does not count: nobody waits for it."""
        if message[:1] == b"X":
            return None
        strike.messages.append(message[:1].decode())
        return strike.when if len(strike.messages) == strike.number else None

    def _hit(self, strike: Strike) -> None:
        with self._lock:
            self._strikes.pop(strike.application, None)
        strike.action()
        strike.struck.set()

    def _gone(self, application: str, frozen: threading.Event, struck: threading.Event) -> bool:
        """Whether what has just come from the server is to be lost, and the connection with it."""
        if struck.is_set():
            self._hit(self._strikes[application])
            return True
        with self._lock:
            if frozen.is_set():
                return True
            if application in self._to_swallow:
                self._to_swallow.discard(application)
                self.swallowed.append(application)
                return True
            return False


def _pump(source: socket.socket, target: socket.socket, stop: Callable[[], bool]) -> None:
    while data := source.recv(CHUNK):
        if stop():
            return
        target.sendall(data)


def _messages(source: socket.socket) -> Iterator[bytes]:
    """What a client sends, message by message: a byte for its type, four for its length, which counts itself."""
    waiting = b""
    while data := source.recv(CHUNK):
        waiting += data
        while len(waiting) >= 5 and len(waiting) > (size := int.from_bytes(waiting[1:5])):
            yield waiting[: size + 1]
            waiting = waiting[size + 1 :]


def _application(startup: bytes) -> str:
    """The application_name in a startup packet; empty if there is none."""
    words = startup[8:].split(b"\0")
    return words[words.index(b"application_name") + 1].decode() if b"application_name" in words else ""


def _close(*sockets: socket.socket) -> None:
    for one in sockets:
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()
