"""Inside a runner process of a drill of somebody's own handlers: tells what a handler does, and where; dies there.

Whatever a handler does beyond its own memory becomes a line of the journal, written before it is done, with the line of
the user's source that does it: statements of psycopg, sockets, programs, files, effects. Some of these moments have a
number; at the one that the order names, the process gets SIGKILL. Statements have none: see `faultline.drill.wire`.

Databases other than the drill's own are refused, and so is what lies beyond this machine, unless the order allows it.
"""

# ruff: noqa: SLF001 - the only way to know who is at work

from __future__ import annotations

import contextvars
import ctypes
import functools
import importlib
import inspect
import ipaddress
import json
import os
import re
import signal
import socket
import ssl
import sys
import sysconfig
import threading
import weakref
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING, Any, Final, NamedTuple, NoReturn

import psycopg
from psycopg.conninfo import conninfo_to_dict

import faultline
from faultline import runner
from faultline.cli.failures import WrongUsage
from faultline.cli.loading import load_app
from faultline.effects import OutsideEffect, is_async
from faultline.processes import PR_SET_PDEATHSIG
from faultline.settings import RunnerOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import FrameType

    from faultline import App, Job

QUEUE: Final = "faultline-drill"
REFUSED_CODE: Final = 2
POLL_SECONDS: Final = 0.02
REQUEST_LINE: Final = re.compile(rb"([A-Z]{3,10}) (\S+) HTTP/1\.[01]\r\n")
HOST: Final = re.compile(rb"\r\nhost: *([^\r]+)\r\n", re.IGNORECASE)
KEY: Final = re.compile(rb"\r\nidempotency-key: *([^\r]+)\r\n", re.IGNORECASE)
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
WRITES: Final = os.O_WRONLY | os.O_RDWR
NOT_FILES: Final = ("/dev/null", "/dev/tty", "/dev/pts/", "/dev/fd/", "/proc/", "/sys/")

# What a handler may have changed, in the journal.
BEGAN, RETURNED, RAISED = "began", "returned", "raised"
STATEMENT, CONNECT, SENDING, SENT, ANSWERED = "statement", "connect", "sending", "sent", "answered"
PROGRAM, FILE, EFFECT, CARRIED_OUT = "program", "file", "effect", "carried out"
# And what else it may hold.
REFUSED, HANDLER, WRONG = "refused", "handler", "wrong"


@dataclass(frozen=True)
class Order:
    """What a process is started for."""

    target: str
    """The App, as module:app."""
    dsn: str
    databases: str
    """The directory of the only socket behind which a database may be."""
    journal: str
    log: str
    kill: int = 0
    """The number of the moment at which the process gets SIGKILL; 0: never."""
    variables: tuple[str, ...] = ()
    """Of the environment: what the handlers read their database's address from, besides FAULTLINE_DSN."""
    allowed: tuple[str, ...] = ()
    """Hosts beyond this machine that handlers may reach."""
    prepare: str = ""
    directory: str = ""
    """The working directory."""
    environment: Mapping[str, str] = field(default_factory=dict)


class Place(NamedTuple):
    """A line of a handler, or of an effect's function; elsewhere if neither has led there."""

    file: str
    line: int
    function: str
    by: str = ""
    """The line that does it, if it is another one: of a function that was called."""


class NotInDrillError(PermissionError):
    """The handler wanted to reach what a drill must not touch."""


@dataclass(eq=False)
class Talk:
    """What is being said on a socket to the outside."""

    address: str
    request: int = 0
    speaking: bool = False
    """The request is being sent; the first bytes that come back end it."""
    what: str = ""
    """How the request began."""


@dataclass
class Attempt:
    """A handler at work."""

    fallback: Place
    coroutine: Any = None
    thread: int = field(default_factory=threading.get_ident)


@dataclass
class Journal:
    """A file, written at once: what it says is there whatever happens to the process."""

    path: str
    number: int = 0
    lines: int = 0
    lock: Any = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)

    def write(self, kind: str, place: Place | None, kill: int, *, numbered: bool, **members: Any) -> None:
        with self.lock:
            number = 0
            if numbered:
                number = self.number = self.number + 1
            where = place._asdict() if place is not None else {}
            line = json.dumps({"kind": kind, "number": number, **where, **members}, default=str)
            os.write(self._file, f"{line}\n".encode())
            if number and number == kill:
                os.kill(os.getpid(), signal.SIGKILL)


class Probe:
    """One a process."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self._journal = Journal(order.journal)
        self._attempt: Attempt | None = None
        self._in_handler = contextvars.ContextVar("in_handler", default=False)
        self._effect: contextvars.ContextVar[OutsideEffect | None] = contextvars.ContextVar("effect", default=None)
        self._asking = contextvars.ContextVar("asking", default=False)
        self._nested = threading.local()
        self._talks: weakref.WeakKeyDictionary[socket.socket, Talk] = weakref.WeakKeyDictionary()
        self._requests = 0
        self._roots: list[str] = []
        self._entries: set[CodeType] = set()
        self._libraries = [
            os.path.realpath(path) + os.sep
            for path in {*map(sysconfig.get_path, ("stdlib", "platstdlib", "purelib", "platlib")), _package()}
        ]
        self._allowed = _addresses(order.allowed)
        self._ignored = (order.journal, order.log)
        self._hooks: dict[str, Callable[[tuple[Any, ...]], None]] = {
            "socket.connect": lambda found: self._connecting(found[1]),
            "socket.sendto": lambda found: self._datagram(found[1]),
            "subprocess.Popen": lambda found: self._program(found[1] or found[0]),
            "os.system": lambda found: self._program(found[0]),
            "os.posix_spawn": lambda found: self._program(found[1]),
            "open": lambda found: self._opening(*found[:3]),
            **{
                f"os.{verb}": functools.partial(self._changing, verb) for verb in ("rename", "remove", "mkdir", "rmdir")
            },
        }

    # What is watched.

    def install(self) -> None:
        """From now on; there is no way back."""
        sys.addaudithook(self._audit)
        for connection in (psycopg.Connection, psycopg.AsyncConnection):
            self._watch_connection(connection)
        psycopg_connect = "connect"
        setattr(psycopg, psycopg_connect, psycopg.Connection.connect)
        for owner in (socket.socket, ssl.SSLSocket):
            for name in ("send", "sendall"):
                _wrap(owner, name, self._watch_sending)
            for name in ("recv", "recv_into"):
                _wrap(owner, name, self._watch_receiving)

    def dress(self, app: App) -> None:
        """Let the App's handlers and effects tell when they begin and end."""
        self._roots = sorted({_root(function) for function in _functions(app)} - {""})
        self._entries = {code for function in _functions(app) if (code := _code(function)) is not None}
        for name, effect in app.effects.items():
            app.effects[name] = replace(
                effect, send=self._watch_effect(effect.send), reconcile=self._watch_question(effect.reconcile)
            )
        for name, handler in app.handlers.items():
            written = app.effects[name].send if name in app.effects else handler.function
            watch = self._watch_async if handler.is_async else self._watch_plain
            app.handlers[name] = replace(handler, function=watch(handler.function, _beginning(written)))

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        hook = self._hooks.get(event)
        if hook is not None and not getattr(self._nested, "now", False):
            hook(arguments)

    def _watch_connection(self, owner: Any) -> None:
        connect, wait = owner.connect.__func__, owner.wait

        def connect_here(cls: Any, /, conninfo: str = "", **options: Any) -> Any:
            self._check_database(conninfo, options)
            return connect(cls, conninfo, **options)

        @functools.wraps(wait)
        def told(connection: Any, *arguments: Any, **options: Any) -> Any:
            self._tell(STATEMENT, numbered=False)
            return wait(connection, *arguments, **options)

        owner.connect = classmethod(connect_here)
        owner.wait = told

    # Handlers and effects.

    def _watch_plain(self, function: Callable[[Job], Any], beginning: Place) -> Callable[[Job], Any]:
        @functools.wraps(function)
        def watched(job: Job) -> Any:
            with self._at_work(Attempt(beginning)) as ended:
                result = function(job)
                ended.append(RETURNED)
            return result

        return watched

    def _watch_async(self, function: Callable[[Job], Any], beginning: Place) -> Callable[[Job], Any]:
        @functools.wraps(function)
        async def watched(job: Job) -> Any:
            coroutine = function(job)
            with self._at_work(Attempt(beginning, coroutine)) as ended:
                result = await coroutine
                ended.append(RETURNED)
            return result

        return watched

    def _at_work(self, attempt: Attempt) -> _AtWork:
        return _AtWork(self, attempt)

    def begin(self, attempt: Attempt) -> None:
        self._in_handler.set(True)
        self._attempt = attempt
        self._journal.write(BEGAN, attempt.fallback, self.order.kill, numbered=True)

    def end(self, kind: str, error: BaseException | None) -> None:
        attempt, self._attempt = self._attempt, None
        self._in_handler.set(False)
        said = None if error is None else f"{type(error).__name__}: {error}"
        place = None if attempt is None else attempt.fallback
        self._journal.write(kind, place, self.order.kill, numbered=True, what=said)

    def _watch_effect(self, function: Callable[[Any, OutsideEffect], Any]) -> Callable[[Any, OutsideEffect], Any]:
        beginning = _beginning(function)

        def begin(effect: OutsideEffect) -> contextvars.Token[OutsideEffect | None]:
            self._tell(EFFECT, beginning, what=effect.name)
            return self._effect.set(effect)

        def end(effect: OutsideEffect, token: contextvars.Token[OutsideEffect | None]) -> None:
            self._effect.reset(token)
            self._tell(CARRIED_OUT, beginning, what=effect.name)

        @functools.wraps(function)
        def watched(job: Any, effect: OutsideEffect) -> Any:
            token = begin(effect)
            response = function(job, effect)
            end(effect, token)
            return response

        @functools.wraps(function)
        async def watched_async(job: Any, effect: OutsideEffect) -> Any:
            token = begin(effect)
            response = await function(job, effect)
            end(effect, token)
            return response

        return watched_async if is_async(function) else watched

    def _watch_question(self, function: Callable[[OutsideEffect], Any]) -> Callable[[OutsideEffect], Any]:
        @functools.wraps(function)
        def watched(effect: OutsideEffect) -> Any:
            self._asking.set(True)
            try:
                return function(effect)
            finally:
                self._asking.set(False)

        @functools.wraps(function)
        async def watched_async(effect: OutsideEffect) -> Any:
            self._asking.set(True)
            try:
                return await function(effect)
            finally:
                self._asking.set(False)

        return watched_async if is_async(function) else watched

    # Databases.

    def _check_database(self, conninfo: str, options: dict[str, Any]) -> None:
        given = {name: value for name, value in options.items() if isinstance(value, str | int) and value is not True}
        given.pop("prepare_threshold", None)
        given.pop("autocommit", None)
        found = conninfo_to_dict(conninfo, **given)
        host = found.get("host") or os.environ.get("PGHOST", "")
        if host == self.order.databases and not {"service", "hostaddr"} & found.keys():
            return
        self._refuse(f"the database {host or 'of the libpq variables'!s}, which is not the drill's own")

    def _refuse(self, what: str) -> None:
        self._journal.write(REFUSED, self._place(), 0, numbered=False, what=what)
        raise NotInDrillError(f"a drill must not reach {what}")

    # Sockets.

    def _connecting(self, address: Any) -> None:
        self._check_reach(address)
        if not self._is_database(address):
            self._tell(CONNECT, what=_shown(address))

    def _datagram(self, address: Any) -> None:
        self._check_reach(address)
        if self._is_database(address) or not self._at_present():
            return
        self._requests += 1
        self._tell(SENDING, what=f"a datagram to {_shown(address)}")
        # It leaves as soon as we return.
        told: dict[str, Any] = {"request": self._requests, "asking": self._asking.get()}
        self._tell(SENT, numbered=False, what=f"a datagram to {_shown(address)}", **told)

    def _check_reach(self, address: Any) -> None:
        if isinstance(address, tuple) and not self._may_reach(address):
            self._refuse(f"{_shown(address)}, which is beyond this machine (--allow {address[0]})")

    def _may_reach(self, address: tuple[Any, ...]) -> bool:
        host = str(address[0]).partition("%")[0]
        if host in {"localhost", ""} or host in self.order.allowed:
            return True
        try:
            return ipaddress.ip_address(host).is_loopback or host in self._allowed
        except ValueError:
            return False

    def _is_database(self, address: Any) -> bool:
        return isinstance(address, str | bytes) and os.fsdecode(address).startswith(self.order.databases)

    def _watch_sending(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def watched(sock: socket.socket, data: Any, *rest: Any) -> Any:
            talk = None if getattr(self._nested, "now", False) else self._talk(sock)
            if talk is None:
                return original(sock, data, *rest)
            said = bytes(memoryview(data)[: 1 << 16])
            if not talk.speaking:
                self._requests += 1
                talk.speaking, talk.request, talk.what = True, self._requests, ""
            about = self._described(talk, said)
            self._tell(SENDING, what=about["what"])
            with self._quiet():
                result = original(sock, data, *rest)
            self._tell(SENT, **about)
            return result

        return watched

    def _watch_receiving(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def watched(sock: socket.socket, *arguments: Any) -> Any:
            if getattr(self._nested, "now", False):
                return original(sock, *arguments)
            with self._quiet():
                result = original(sock, *arguments)
            talk = self._talks.get(sock)
            if talk is not None and talk.speaking and self._at_present():
                talk.speaking = False
                self._tell(ANSWERED, what=talk.address)
            return result

        return watched

    def _talk(self, sock: socket.socket) -> Talk | None:
        """What is known of a socket that leads outside; None for our own, and the interpreter's."""
        if not self._at_present():
            return None
        talk = self._talks.get(sock)
        if talk is None:
            try:
                peer = sock.getpeername()
            except OSError:
                return None
            if not peer or self._is_database(peer):
                return None
            talk = self._talks[sock] = Talk(_shown(peer))
        return talk

    def _described(self, talk: Talk, said: bytes) -> dict[str, Any]:
        head = REQUEST_LINE.match(said)
        effect = self._effect.get()
        found = KEY.search(said)
        key = found[1].decode(errors="replace") if found else None
        if key is None and effect is not None and bears(said, effect.key.encode()):
            key = effect.key
        method = head[1].decode() if head else None
        what = f"more of {talk.what}" if talk.what else f"bytes to {talk.address}"
        if head:
            named = HOST.search(said)
            host = named[1].decode(errors="replace") if named else talk.address
            what = f"{method} {host}{head[2].decode(errors='replace')}"
        talk.what = talk.what or what
        return {
            "what": what,
            "request": talk.request,
            "key": key,
            "safe": method in SAFE,
            "asking": self._asking.get(),
            "effect": None if effect is None else effect.name,
        }

    def _quiet(self) -> _Quiet:
        return _Quiet(self._nested)

    # Programs and files.

    def _program(self, arguments: Any) -> None:
        words = arguments if isinstance(arguments, str | bytes | os.PathLike) else next(iter(arguments))
        if self._at_present():
            self._tell(PROGRAM, what=os.fsdecode(words))

    def _opening(self, path: Any, mode: Any, flags: Any) -> None:
        if isinstance(path, int) or not isinstance(flags, int) or not flags & WRITES or not self._at_present():
            return
        name = os.path.abspath(os.fsdecode(path))  # noqa: PTH100 - it may be bytes, and pathlib resolves nothing here
        if name.startswith(NOT_FILES) or "__pycache__" in name or name in self._ignored:
            return
        appends = bool(flags & os.O_APPEND) or "a" in (mode or "")
        self._tell(FILE, what=name, appends=appends, verb="open")

    def _changing(self, verb: str, arguments: tuple[Any, ...]) -> None:
        if not isinstance(arguments[0], int) and "__pycache__" not in os.fsdecode(arguments[0]) and self._at_present():
            self._tell(FILE, what=os.path.abspath(os.fsdecode(arguments[0])), verb=verb)  # noqa: PTH100

    # Who does it, and where.

    def _at_present(self) -> bool:
        """Whether it is the handler's doing: it says so itself, or a line of the user's is on the way here."""
        return self._attempt is not None and (self._in_handler.get() or any(self._stack(sys._getframe(1))))

    def _tell(self, kind: str, place: Place | None = None, *, numbered: bool = True, **members: Any) -> None:
        if self._at_present():
            with self._quiet():
                self._journal.write(kind, self._place(place), self.order.kill, numbered=numbered, **members)

    def _place(self, otherwise: Place | None = None) -> Place | None:
        found = [*self._above(), *reversed(list(self._stack(sys._getframe(1))))]
        if not found:
            return otherwise or (self._attempt.fallback if self._attempt is not None else None)
        frames = [place for _, place in found]
        entries = [place for code, place in found if code in self._entries]
        place = entries[-1] if entries else frames[0]
        last = frames[-1]
        return place if last == place else place._replace(by=f"{last.file}:{last.line}, in {last.function}")

    def _stack(self, frame: FrameType | None) -> Iterator[tuple[CodeType, Place]]:
        """The user's lines among those that have led to this one, the innermost first."""
        while frame is not None:
            if self._users(frame.f_code):
                yield _read(frame)
            frame = frame.f_back

    def _above(self) -> list[tuple[CodeType, Place]]:
        """The lines of a coroutine that has left the work to a task or a thread, the innermost last."""
        attempt = self._attempt
        if attempt is None or attempt.coroutine is None:
            return []
        found = list(self._suspended(attempt.coroutine))
        if not any(code in self._entries for code, _ in found) and attempt.thread != threading.get_ident():
            # The thread that it has started is faster than it is.
            found = list(self._stack(sys._current_frames().get(attempt.thread)))[::-1]
        return found

    def _suspended(self, coroutine: Any) -> Iterator[tuple[CodeType, Place]]:
        while coroutine is not None and (frame := getattr(coroutine, "cr_frame", None)) is not None:
            if self._users(frame.f_code):
                yield _read(frame)
            coroutine = coroutine.cr_await

    @functools.cached_property
    def _known(self) -> dict[str, bool]:
        return {}

    def _users(self, code: CodeType) -> bool:
        name = code.co_filename
        known = self._known.get(name)
        if known is None:
            path = os.path.realpath(name)
            known = not name.startswith("<") and (
                path.startswith(tuple(self._roots))
                if self._roots and _inside(path, self._libraries)
                else not _inside(path, self._libraries)
            )
            self._known[name] = known
        return known


class _AtWork:
    """From when a handler begins to when it ends; it appends RETURNED when it has returned."""

    def __init__(self, probe: Probe, attempt: Attempt) -> None:
        self._probe = probe
        self._attempt = attempt
        self._ended: list[str] = []

    def __enter__(self) -> list[str]:
        self._probe.begin(self._attempt)
        return self._ended

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._probe.end(self._ended[0] if self._ended else RAISED, error)


class _Quiet:
    """What happens in this thread meanwhile is on record already."""

    def __init__(self, nested: threading.local) -> None:
        self._nested = nested
        self._before = getattr(nested, "now", False)

    def __enter__(self) -> None:
        self._nested.now = True

    def __exit__(self, *_: object) -> None:
        self._nested.now = self._before


def _wrap(owner: type, name: str, watch: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    setattr(owner, name, watch(getattr(owner, name)))


def _functions(app: App) -> Iterator[Callable[..., Any]]:
    for name, handler in app.handlers.items():
        yield app.effects[name].send if name in app.effects else handler.function
    for effect in app.effects.values():
        yield effect.send
        yield effect.reconcile


def _root(function: Callable[..., Any]) -> str:
    """The directory of the package, or the file of the module, that the function stands in."""
    module = sys.modules.get(inspect.unwrap(function).__module__)
    top = sys.modules.get(module.__name__.partition(".")[0]) if module is not None else None
    file = getattr(top, "__file__", None) or getattr(module, "__file__", None)
    if file is None:
        return ""
    path = os.path.realpath(file)
    return str(Path(path).parent) + os.sep if Path(path).name == "__init__.py" else path


def _code(function: Any) -> CodeType | None:
    """Of an object that can be called: that of its __call__."""
    inner = inspect.unwrap(function)
    found = getattr(inner, "__code__", None) or getattr(type(inner).__call__, "__code__", None)
    return found if isinstance(found, CodeType) else None


def _beginning(function: Any) -> Place:
    code = _code(function)
    return Place("", 0, repr(function)) if code is None else Place(code.co_filename, code.co_firstlineno, code.co_name)


def _read(frame: FrameType) -> tuple[CodeType, Place]:
    return frame.f_code, Place(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)


def _package() -> str:
    return str(Path(faultline.__file__).parent)


def bears(said: bytes, key: bytes) -> bool:
    """Whether the key is in it, and not only as a part of a longer word."""
    return re.search(rb"(?<![\w-])" + re.escape(key) + rb"(?![\w-])", said) is not None


def _inside(path: str, directories: list[str]) -> bool:
    return path.startswith(tuple(directories))


def _shown(address: Any) -> str:
    if isinstance(address, tuple):
        return f"{address[0]}:{address[1]}"
    return os.fsdecode(address)


def _addresses(hosts: tuple[str, ...]) -> frozenset[str]:
    found: set[str] = set()
    for host in hosts:
        try:
            found.update(str(entry[4][0]) for entry in socket.getaddrinfo(host, None))
        except OSError:
            continue
    return frozenset(found)


# What a process of a drill does.


def work(order: Order) -> None:
    """Run the jobs of the drill's queue, until the process is killed."""
    _begin(order)
    probe = Probe(order)
    probe.install()
    app = _loaded(order)
    probe.dress(app)
    options = RunnerOptions(dsn=order.dsn, queues=(QUEUE,), concurrency=1, doorbell=False, poll=POLL_SECONDS, grace=0.0)
    sys.exit(runner.run(app, options))


def look(order: Order) -> None:
    """Write into the journal which handlers the App has, and where they begin; then call `prepare`, if there is one."""
    _begin(order)
    probe = Probe(order)
    probe.install()
    app = _loaded(order)
    for name, handler in app.handlers.items():
        written = app.effects[name].send if name in app.effects else handler.function
        probe._journal.write(HANDLER, _beginning(written), 0, numbered=False, what=name)
    if order.prepare:
        _prepare(order)


def _begin(order: Order) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    log = os.open(order.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    os.chdir(order.directory)
    kept = {name: value for name, value in order.environment.items() if not name.startswith(("FAULTLINE_", "PG"))}
    os.environ.clear()
    os.environ.update(kept)
    os.environ.update(dict.fromkeys(("FAULTLINE_DSN", *order.variables), order.dsn))
    parts = conninfo_to_dict(order.dsn)
    names = {"host": "PGHOST", "port": "PGPORT", "dbname": "PGDATABASE", "user": "PGUSER"}
    os.environ.update({variable: str(parts[name]) for name, variable in names.items()})


def _loaded(order: Order) -> App:
    try:
        return load_app(order.target)
    except WrongUsage as error:
        _give_up(order, error.format_message())


def _prepare(order: Order) -> None:
    module, _, name = order.prepare.partition(":")
    try:
        function: Any = importlib.import_module(module)
        for part in name.split("."):
            function = getattr(function, part)
    except (ImportError, AttributeError) as error:
        _give_up(order, f"there is no {order.prepare} to prepare the database with: {error}")
    try:
        function(order.dsn)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told
        _give_up(order, f"{order.prepare} failed: {type(error).__name__}: {error}")


def _give_up(order: Order, why: str) -> NoReturn:
    with Path(order.journal).open("a", encoding="utf-8") as journal:
        journal.write(json.dumps({"kind": WRONG, "number": 0, "what": why}) + "\n")
    os._exit(REFUSED_CODE)
