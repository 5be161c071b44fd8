"""Stands between a client and the server's socket, and breaks connections at the moment somebody chooses."""

from __future__ import annotations

import contextlib
import re
import socket
import struct
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, Self

from psycopg.conninfo import conninfo_to_dict, make_conninfo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHUNK: Final = 65536
ROLLED_BACK: Final = b"ROLLBACK\0"  # the tag of a statement that is over
CONNECT_SECONDS: Final = 10.0
BEFORE: Final = "before"
AFTER: Final = "after"
VERB: Final = re.compile(rb"faultline\.([a-z_]+)\(")


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
    at_once: bool = False
    """Count a connection's messages from its first on, and not only from its first BEGIN on."""
    messages: list[str] = field(default_factory=list)
    """The types of the messages so far; b"Q" a query, b"P", b"B", b"D", b"E", b"S" the parts of one with parameters."""
    struck: threading.Event = field(default_factory=threading.Event)


class Lost(NamedTuple):
    """A reply that never arrived, of a transaction that the server says it has committed."""

    verb: str
    application: str
    at: float


@dataclass
class Frozen:
    """A connection that is open and through which nothing passes, from a message of its client on."""

    application: str
    at: float
    given_up: bool = False
    """Its client has closed it."""


@dataclass(eq=False)
class Line:
    """One connection of a client, and its other half to the server."""

    client: socket.socket
    server: socket.socket
    since: float = field(default_factory=time.monotonic)
    application: str = ""
    frozen: threading.Event = field(default_factory=threading.Event)
    struck: threading.Event = field(default_factory=threading.Event)
    prepared: dict[bytes, bytes] = field(default_factory=dict)
    verbs: set[str] = field(default_factory=set)
    """The functions of ours that were called in the transaction under way."""
    awaiting: bool = False
    """A statement has gone to the server, and its answer has not come yet."""
    undone: bool = False
    """The server has said an error in the transaction under way, or has rolled it back."""
    holding: bool = False
    """The answer is kept until it is whole: it may have to be lost."""

    def close(self) -> None:
        _close(self.client, self.server)

    def sent(self, message: bytes) -> None:
        """Note what a message is going to do at the server."""
        kind = message[:1]
        query = b""
        if kind == b"Q":
            query = message[5:]
        elif kind == b"P":
            name, _, rest = message[5:].partition(b"\0")
            query = self.prepared[name] = rest.partition(b"\0")[0]
        elif kind == b"B":
            query = self.prepared.get(message[5:].partition(b"\0")[2].partition(b"\0")[0], b"")
        self.verbs.update(verb.decode() for verb in VERB.findall(query))
        self.awaiting = self.awaiting or kind in b"QS"


class Watcher(Protocol):
    """Is shown every message before it goes on. Its calls come from the threads of the connections."""

    def sending(self, line: Line, message: bytes) -> bool:
        """The client's; whether the server gets it. If not, the connection is gone."""

    def answering(self, line: Line, message: bytes) -> None:
        """The server's."""


class Proxy:
    """Listens on a socket of its own; `dsn` leads through it.

    `swallow(application)`: the server's next answer to that application never arrives, and the connection is gone.
    `lose(verb)`: the reply of the next transaction that has called the function and has committed never arrives.
    `freeze(application)`: its connection stays open, and nothing passes any more.
    `cut(application)`: its connections are gone; `cut_all`: those of everybody.
    `refuse`: who comes from now on is sent away at once.
    `delay`: seconds by which each piece is late, in both directions.
    `arm(strike)`: it strikes, once, at the message of that number from now on.
    `lead_to(dsn)`: who comes from now on reaches another server.
    `watcher`: is shown what passes, from its next message on.
    """

    def __init__(self, dsn: str) -> None:
        self._server = _address_of(dsn)
        self._directory = tempfile.TemporaryDirectory(prefix="faultline-proxy-")
        self.dsn = self.through(dsn)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(Path(self._directory.name) / f".s.PGSQL.{conninfo_to_dict(dsn)['port']}"))
        self._listener.listen(256)
        self._lock = threading.Lock()
        self._to_swallow: set[str] = set()
        self._to_lose: set[str] = set()
        self._frozen: set[str] = set()
        self._strikes: dict[str, Strike] = {}
        self.refuse = False
        self.delay = 0.0
        self.delayed = 0
        self.cuts = 0
        self.swallowed: list[str] = []
        self.lost: list[Lost] = []
        self.frozen: list[Frozen] = []
        self._lines: set[Line] = set()
        self.watcher: Watcher | None = None
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._listener.close()
        for line in self.lines():
            line.close()
        self._directory.cleanup()

    def lines(self) -> list[Line]:
        """The connections that there are, frozen ones included."""
        with self._lock:
            return list(self._lines)

    def through(self, dsn: str) -> str:
        """A DSN of the same server, led through here."""
        parts = conninfo_to_dict(dsn)
        parts.pop("hostaddr", None)
        return make_conninfo("", **{**parts, "host": self._directory.name})

    def lead_to(self, dsn: str) -> None:
        self._server = _address_of(dsn)

    def swallow(self, application: str) -> None:
        with self._lock:
            self._to_swallow.add(application)

    def lose(self, verb: str) -> None:
        with self._lock:
            self._to_lose.add(verb)

    def keep(self) -> None:
        """Lose nothing any more."""
        with self._lock:
            self._to_lose.clear()

    def freeze(self, application: str) -> None:
        with self._lock:
            self._frozen.add(application)

    def thaw(self) -> None:
        """Freeze nothing any more, and close what is frozen."""
        with self._lock:
            self._frozen.clear()
        for line in self.lines():
            if line.frozen.is_set():
                self._end(line)

    def cut(self, application: str) -> None:
        for line in self.lines():
            if line.application == application:
                self.cuts += 1
                self._end(line)

    def cut_all(self) -> list[Line]:
        """Every connection; returns which there were."""
        victims = self.lines()
        for line in victims:
            self.cuts += 1
            self._end(line)
        return victims

    def arm(self, strike: Strike) -> Strike:
        with self._lock:
            self._strikes[strike.application] = strike
        return strike

    def _end(self, line: Line) -> None:
        with self._lock:
            self._lines.discard(line)
        line.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if self.refuse:
                    _close(client)
                    continue
                try:
                    server = _connect(self._server)
                except OSError:
                    _close(client)
                    continue
                line = Line(client, server)
                with self._lock:
                    self._lines.add(line)
                threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: Line) -> None:
        with contextlib.suppress(OSError, struct.error):
            startup = line.client.recv(CHUNK)
            line.application = _application(startup)
            line.server.sendall(startup)
            threading.Thread(target=self._up, args=(line,), daemon=True).start()
            self._down(line)
        if not line.frozen.is_set():
            self._end(line)

    def _up(self, line: Line) -> None:
        begun = False  # what a pool asks a new connection comes before its first transaction, and does not count
        application = line.application
        with contextlib.suppress(OSError):
            for message in _messages(line.client):
                with self._lock:
                    if application in self._frozen:
                        self._frozen.discard(application)  # only this connection: the next one works
                        frozen = Frozen(application, time.monotonic())
                        self.frozen.append(frozen)
                        line.frozen.set()
                    strike = self._strikes.get(application)
                begun = begun or message[:1] == b"Q" or (strike is not None and strike.at_once)
                if line.frozen.is_set():
                    _drain(line.client)
                    frozen.given_up = True
                    return
                if self.watcher is not None and not self.watcher.sending(line, message):
                    break
                when = strike and self._counted(strike, message) if begun else None
                if strike and when == BEFORE:
                    self._hit(strike)
                    break
                if strike and when == AFTER and message[:1] in b"QS":
                    line.struck.set()  # the server answers: whoever brings the answer loses it
                self._send(line, message)
                if strike and when == AFTER and not line.struck.is_set():
                    self._hit(strike)
                    break
        if not line.frozen.is_set():
            self._end(line)

    def _send(self, line: Line, message: bytes) -> None:
        line.sent(message)
        with self._lock:
            line.holding = line.holding or bool(message[:1] in b"QS" and line.verbs & self._to_lose)
        self._wait()
        line.server.sendall(message)

    def _down(self, line: Line) -> None:
        """Bring what the server says, message by message where it may have to be lost."""
        held = waiting = b""
        while data := line.server.recv(CHUNK):
            if self._gone(line):
                return
            waiting += data
            over = None
            for message in _whole(waiting):
                waiting = waiting[len(message) :]
                if self.watcher is not None:
                    self.watcher.answering(line, message)
                line.undone = line.undone or message[:1] == b"E" or message[5:] == ROLLED_BACK
                if message[:1] == b"Z":
                    over = message[5:6]
            held += data
            if line.holding and over is None:
                continue
            if line.holding and self._to_be_lost(line, over):
                return
            if over is not None:
                line.awaiting = False
            if over == b"I":
                line.verbs.clear()
                line.holding = line.undone = False
            self._wait()
            line.client.sendall(held)
            held = b""

    def _to_be_lost(self, line: Line, over: bytes | None) -> bool:
        """Whether this is the reply of a transaction that has committed and whose verb is to be lost."""
        if over != b"I" or line.undone:
            return False
        with self._lock:
            for verb in sorted(line.verbs & self._to_lose):
                self._to_lose.discard(verb)
                self.lost.append(Lost(verb, line.application, time.monotonic()))
                return True
        return False

    def _wait(self) -> None:
        if self.delay:
            self.delayed += 1
            time.sleep(self.delay)

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

    def _gone(self, line: Line) -> bool:
        """Whether what has just come from the server is to be lost, and the connection with it."""
        if line.struck.is_set():
            self._hit(self._strikes[line.application])
            return True
        with self._lock:
            if line.frozen.is_set():
                return True
            if line.application in self._to_swallow:
                self._to_swallow.discard(line.application)
                self.swallowed.append(line.application)
                return True
            return False


def _drain(source: socket.socket) -> None:
    """Take what comes, and drop it, until nothing will."""
    with contextlib.suppress(OSError):
        while source.recv(CHUNK):
            pass


def _whole(data: bytes) -> Iterator[bytes]:
    """The messages that are all there: a byte for the type, four for the length, which counts itself."""
    at = 0
    while len(data) - at >= 5 and len(data) - at > (size := int.from_bytes(data[at + 1 : at + 5])):
        yield data[at : at + size + 1]
        at += size + 1


def _messages(source: socket.socket) -> Iterator[bytes]:
    """What a client sends, message by message."""
    waiting = b""
    while data := source.recv(CHUNK):
        waiting += data
        for message in _whole(waiting):
            waiting = waiting[len(message) :]
            yield message


def _application(startup: bytes) -> str:
    """The application_name in a startup packet; empty if there is none."""
    words = startup[8:].split(b"\0")
    return words[words.index(b"application_name") + 1].decode() if b"application_name" in words else ""


def _address_of(dsn: str) -> str | tuple[str, int]:
    """A socket's path, or host and port."""
    parts = conninfo_to_dict(dsn)
    host, port = str(parts.get("hostaddr") or parts["host"]), int(str(parts["port"]))
    return f"{host}/.s.PGSQL.{port}" if host.startswith("/") else (host, port)


def _connect(address: str | tuple[str, int]) -> socket.socket:
    """OSError if nobody is there."""
    if not isinstance(address, str):
        return socket.create_connection(address, CONNECT_SECONDS)
    server = socket.socket(socket.AF_UNIX)
    try:
        server.connect(address)
    except OSError:
        server.close()
        raise
    return server


def _close(*sockets: socket.socket) -> None:
    for one in sockets:
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()
