"""Drives a server: pgbench with a script, and the real `faultline run`."""

from __future__ import annotations

import datetime as dt
import os
import platform
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from faultline.embedded import Server

ROOT = Path(__file__).parent.parent
APP = "bench.app:app"
TPS = re.compile(r"^tps = ([0-9.]+) \(without initial connection time\)", re.MULTILINE)


class BenchError(Exception):
    """A program that was measured failed; the message says which, and shows its last words."""


def pgbench(
    server: Server,
    dbname: str,
    script: str,
    *,
    clients: int = 1,
    seconds: int = 0,
    times: int = 0,
    simple: bool = False,
) -> float:
    """Transactions a second of a script, for so many seconds, or so many times a client."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        result = subprocess.run(
            [
                str(server.bin / "pgbench"),
                *("--no-vacuum", f"--file={file.name}", f"--client={clients}", f"--jobs={min(clients, 2)}"),
                f"--protocol={'simple' if simple else 'prepared'}",
                f"--time={seconds}" if seconds else f"--transactions={times}",
                server.dsn(dbname),
            ],
            check=False,
            capture_output=True,
            text=True,
        )
    found = TPS.search(result.stdout)
    if result.returncode != 0 or found is None:
        message = f"pgbench ended with {result.returncode}: {result.stderr.strip() or result.stdout.strip()}"
        raise BenchError(message)
    return float(found[1])


def run_until_empty(dsn: str, processes: int, before: Sequence[str] = ()) -> None:
    """`faultline run --until-empty`, with that many processes; the command is put behind `before`."""
    command = runner(APP, "--until-empty", "--queue", "default", "--concurrency", "100", "--processes", str(processes))
    result = subprocess.run(
        [*before, *command], check=False, capture_output=True, text=True, cwd=ROOT, env=environment(dsn)
    )
    if result.returncode != 0:
        message = f"{' '.join(before) or 'faultline run'} ended with {result.returncode}: {result.stderr[-2000:]}"
        raise BenchError(message)


@contextmanager
def running(dsn: str) -> Iterator[subprocess.Popen[bytes]]:
    """A `faultline run` that goes on until the block ends."""
    process = subprocess.Popen(
        runner(APP, "--queue", "default"),
        cwd=ROOT,
        env=environment(dsn),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


@contextmanager
def serving(dsn: str, connections: int) -> Iterator[int]:
    """The port of a `faultline api` that goes on until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    process = subprocess.Popen(
        [_faultline(), "api", "--port", str(port), "--connections", str(connections)],
        cwd=ROOT,
        env=environment(dsn),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError as error:
                if process.poll() is not None or time.monotonic() > until:
                    message = f"faultline api does not listen: {error}"
                    raise BenchError(message) from error
                time.sleep(0.05)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def commit() -> str:
    """Of the tree that is measured; marked if it has changes."""
    result = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--exclude=*"], check=False, capture_output=True, text=True, cwd=ROOT
    )
    return result.stdout.strip() or "unknown"


def machine(server: Server) -> dict[str, object]:
    """What the measurements rest on."""
    return {
        "commit": commit(),
        "made_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "postgresql": server.version_text,
    }


def runner(target: str, *options: str) -> list[str]:
    """`faultline run` of this environment."""
    return [_faultline(), "run", target, *options]


def answer(*command: str) -> str:
    """What a short program prints; BenchError with its last words if it fails."""
    result = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)
    if result.returncode != 0:
        message = f"{command[0]} ended with {result.returncode}: {result.stderr[-2000:]}"
        raise BenchError(message)
    return result.stdout.strip()


def _faultline() -> str:
    return str(Path(sys.executable).parent / "faultline")


def environment(dsn: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FAULTLINE_")}
    return kept | {"FAULTLINE_DSN": dsn}
