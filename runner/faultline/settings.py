"""The options of a runner, and where they come from: arguments, the environment, a .env file."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from dotenv import dotenv_values

from faultline import client, durations
from faultline.errors import InvalidArgument

PREFIX: Final = "FAULTLINE_"
_TRUE: Final = {"1", "true", "yes", "on"}
_FALSE: Final = {"0", "false", "no", "off", ""}


@dataclass(frozen=True, kw_only=True)
class RunnerOptions:
    """How a runner runs. Durations are seconds. Raises InvalidArgument for what is out of bounds."""

    dsn: str | None = field(default=None, repr=False)
    """The database: a DSN, else the App's, else FAULTLINE_DSN, else libpq's own variables."""
    queues: tuple[str, ...] | None = None
    """The queues to serve, the first ones first; None serves all there are."""
    concurrency: int = 20
    """Handlers at a time, in one process."""
    lease: float = 30.0
    """How long a job stays with a runner that gives no sign of life. Renewed at a third of it."""
    processes: int = 1
    until_empty: bool = False
    """End when no job of the queues is queued or running."""
    metrics_port: int | None = None
    """Serve /metrics, /health and /ready here; process i of several at port + i. 0 takes any free port."""
    metrics_host: str = "127.0.0.1"
    grace: float = 30.0
    """After SIGTERM: how long handlers may take to finish before their jobs are given back."""
    poll: float = 1.0
    """How often an idle runner looks for jobs by itself; the doorbell usually wakes it earlier."""
    reload: bool = False
    """Start anew when a source file changes; for development."""
    doorbell: bool = True
    """Listen for new jobs on a connection of its own. It has to be direct; without it there is only `poll`."""
    listen_dsn: str | None = field(default=None, repr=False)
    """A direct way to the database for the doorbell, where `dsn` goes through a pooler."""
    handler_connections: int = 10
    """Connections for the SQL of handlers (job.ledger, job.effect): at most so many for threads, and for coroutines."""
    tracing: bool = False
    """A span for each attempt, by the global provider of OpenTelemetry; wants the extra `otel`."""
    process: int | None = None
    """Which of several processes this is, from 0; set by the supervisor."""

    def __post_init__(self) -> None:
        _check("concurrency", self.concurrency, 1, 10_000)
        _check("processes", self.processes, 1, 256)
        _check("handler_connections", self.handler_connections, 1, 1_000)
        if self.metrics_port is not None:
            _check("metrics_port", self.metrics_port, 0, 65_535 - self.processes + 1)
        durations.seconds(self.lease, what="lease", least=1.0, most=86_400.0)
        durations.seconds(self.grace, what="grace", most=86_400.0)
        durations.seconds(self.poll, what="poll", least=0.01, most=3_600.0)
        if self.queues is not None:
            if not self.queues:
                raise InvalidArgument("queues is empty: name a queue, or leave it out to serve all of them")
            for queue in self.queues:
                client.check_name(queue, "queue")

    @classmethod
    def from_environment(cls, **given: Any) -> RunnerOptions:
        """`given`, and for every option that is missing there what FAULTLINE_<OPTION> says, if it is set."""
        known = {option.name for option in fields(cls)}
        if unknown := set(given) - known:
            raise InvalidArgument(f"a runner has no option {min(unknown)!r}: it has {', '.join(sorted(known))}")
        options = {name: value for name, value in given.items() if value is not None}
        for name in known - set(options):
            text = os.environ.get(PREFIX + name.upper())
            if text is not None and text.strip():
                options[name] = _read(name, text.strip())
        return cls(**options)


def load_env_file(directory: Path | None = None) -> None:
    """Read .env of the working directory into the environment; what is set there already wins."""
    path = (directory or Path.cwd()) / ".env"
    try:
        values = dotenv_values(path)
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidArgument(f"cannot read {path}: {error}") from None
    for name, value in values.items():
        if value is not None:
            os.environ.setdefault(name, value)


def _check(name: str, value: int, least: int, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise InvalidArgument(f"{name} is {value!r}: it is a whole number from {least} to {most}")


def _read(name: str, text: str) -> Any:
    variable = PREFIX + name.upper()
    if name in {"concurrency", "processes", "metrics_port", "process", "handler_connections"}:
        return _int(variable, text)
    if name in {"lease", "grace", "poll"}:
        return durations.seconds(text, what=variable)
    if name in {"until_empty", "reload", "doorbell", "tracing"}:
        return _bool(variable, text)
    if name == "queues":
        return tuple(part for part in text.replace(",", " ").split())
    return text


def _int(variable: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise InvalidArgument(f"{variable} is {text!r}: it has to be a whole number") from None


def _bool(variable: str, text: str) -> bool:
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise InvalidArgument(f"{variable} is {text!r}: write 1 or 0")
