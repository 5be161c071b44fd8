"""`faultline dev`: a database to try things in, for a while or for one command."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import psycopg
from psycopg import sql

from faultline import __version__, schema
from faultline.cli import output
from faultline.cli.failures import END_SIGNALS, SIGNALED, WRONG_USAGE, Failure, Terminated, terminating
from faultline.cli.invocation import program, scripts
from faultline.cli.options import json_option, option
from faultline.embedded import SUPERUSER, Server
from faultline.signals import heard

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import FrameType

DATABASE: Final = "faultline"
FORWARDED: Final = (*END_SIGNALS, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)

# What libpq reads. A variable that was meant for another server must not reach this one, nor the command miss it.
LIBPQ: Final = frozenset(
    """
    PGHOST PGHOSTADDR PGPORT PGDATABASE PGUSER PGPASSWORD PGPASSFILE PGREQUIREAUTH PGCHANNELBINDING PGSERVICE
    PGSERVICEFILE PGOPTIONS PGSSLMODE PGREQUIRESSL PGSSLNEGOTIATION PGSSLCERT PGSSLKEY PGSSLROOTCERT PGGSSENCMODE
    PGKRBSRVNAME PGTARGETSESSIONATTRS PGLOADBALANCEHOSTS PGREQUIREPEER PGMINPROTOCOLVERSION PGMAXPROTOCOLVERSION
    """.split()  # noqa: SIM905 - thirty quoted names are harder to read
)


@click.command(context_settings={"ignore_unknown_options": False, "allow_interspersed_args": False})
@click.argument("command", metavar="[-- COMMAND...]", nargs=-1, type=click.UNPROCESSED)
@option(
    "--data",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep the database in this directory. Default: a new one in a temporary directory, removed at the end.",
)
@option("--port", type=click.IntRange(1, 65535), help="Listen on this port of 127.0.0.1 too, with a password.")
@json_option
def dev(command: tuple[str, ...], data: Path | None, port: int | None, as_json: bool) -> int:
    """Start a database of your own to try things in.

    A PostgreSQL with the schema in it, until Ctrl-C. It is durable, listens on a private socket, and needs nothing
    installed. With a COMMAND it runs that, with FAULTLINE_DSN (and PGHOST, PGDATABASE, …) set to the database, and
    ends with its exit code; psql is on its PATH even where none is installed. No runner is started.

    \b
    faultline dev
    faultline dev --data ./data
    faultline dev -- sh -c 'faultline enqueue hello; faultline status 1'
    """
    forget_libpq_variables()
    with terminating(), _started(data, port, quiet=bool(command) or as_json) as server:
        if command:
            return run_command(command, server)
        return _stay(server, as_json=as_json, kept=data is not None)


def forget_libpq_variables() -> None:
    for name in LIBPQ:
        os.environ.pop(name, None)


@contextmanager
def _started(data: Path | None, port: int | None, *, quiet: bool) -> Iterator[Server]:
    with output.waiting("starting PostgreSQL"):
        server = Server(data, port=port)
        server.start()
        prepare(server)
    try:
        yield server
    finally:
        kept = f"kept in {server.data}: `faultline dev --data {server.data}` goes on with it"
        server.close()
        if data is not None and not quiet:
            output.note(kept)


def prepare(server: Server) -> None:
    """The database with the schema, made or brought up to date."""
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        known = connection.execute("select from pg_database where datname = %s", (DATABASE,)).fetchone()
        if known is None:
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(DATABASE)))
    schema.install(server.dsn(DATABASE))


def _announce(server: Server, *, as_json: bool, kept: bool) -> None:
    dsn = server.dsn(DATABASE)
    if as_json:
        output.print_json({"dsn": dsn, "pid": server.pid, "postgresql": server.version_text, "data": str(server.data)})
    else:
        until = "" if kept else " (removed at the end)"
        output.note(f"PostgreSQL {server.version_text} with Faultline {__version__}, in {server.data}{until}")
        output.note("For other terminals, until Ctrl-C in this one:\n")
        output.say(f"export FAULTLINE_DSN='{dsn}'")
        output.note(f'\n{program()} enqueue hello \'{{"name": "Ada"}}\'\n{program()} run module:app')
    sys.stdout.flush()


def _stay(server: Server, *, as_json: bool, kept: bool) -> int:
    try:
        _announce(server, as_json=as_json, kept=kept)  # whoever has read it may end us at once
        while server.running:
            time.sleep(0.2)
    except Terminated:
        return 0
    raise Failure(f"PostgreSQL ended by itself: see {server.log}")


def run_command(command: Sequence[str], server: Server) -> int:
    """Run it, pass signals on, and return its exit code; 128 + N if signal N ended it."""
    process: subprocess.Popen[bytes] | None = None
    early: list[int] = []

    def forward(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        if process is None:
            early.append(number)
        # Ctrl-C reaches the command without us: it is in the terminal's foreground, as we are.
        elif not (number in {signal.SIGINT, signal.SIGQUIT} and in_foreground()):
            process.send_signal(number)

    before = {number: signal.signal(number, forward) for number in heard(*FORWARDED)}
    try:
        process = subprocess.Popen(list(command), env=command_environment(server))
        for number in early:
            process.send_signal(number)
        code = process.wait()
    except FileNotFoundError:
        return _cannot_run(command[0], "there is no such program")
    except OSError as error:
        return _cannot_run(command[0], error.strerror or str(error))
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return code if code >= 0 else SIGNALED - code


def _cannot_run(program: str, reason: str) -> int:
    output.note(f"faultline: cannot run {output.clean(program)!r}: {reason}")
    return WRONG_USAGE


def in_foreground() -> bool:
    try:
        with Path("/dev/tty").open("rb") as terminal:
            return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    except OSError:
        return False


def command_environment(server: Server, base: Mapping[str, str] | None = None) -> dict[str, str]:
    """The command's environment: our database, and our psql and faultline where no other ones are found."""
    environment = dict(os.environ if base is None else base)
    path = [environment.get("PATH", os.defpath), str(server.bin), str(scripts())]
    return environment | {
        "FAULTLINE_DSN": server.dsn(DATABASE),
        "PGHOST": str(server.socket_dir),
        "PGPORT": str(server.port),
        "PGUSER": SUPERUSER,
        "PGDATABASE": DATABASE,
        "PATH": os.pathsep.join(path),
    }
