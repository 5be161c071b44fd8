"""Runners for tests: in a thread where the test wants to look inside, as a process where it wants to kill it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

from psycopg.conninfo import make_conninfo

from faultline.runner import Runner
from faultline.settings import RunnerOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from faultline import App
    from tests.support.database import Database

WAIT_SECONDS = 30.0
OUTCOMES = "select state, count(*)::int from faultline.jobs group by state"


def as_runner(dsn: str) -> str:
    """The same database, with the rights of faultline_runner and no others."""
    return make_conninfo(dsn, options="-c role=faultline_runner")


def until(condition: Callable[[], Any], what: str, seconds: float = WAIT_SECONDS) -> Any:
    """Wait for something to become true, and return it."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"after {seconds:.0f} s still not: {what}"
        time.sleep(0.01)
    return found


def enqueue(db: Database, type_: str, payload: str = "{}", count: int = 1, **options: Any) -> list[int]:
    """Jobs made in SQL, as any producer would."""
    names = "".join(f", {name} => %s" for name in options)
    query = f"select faultline.enqueue(%s, %s::jsonb{names}) from generate_series(1, %s)"
    return [job_id for (job_id,) in db.rows(query, type_, payload, *options.values(), count)]


def job(db: Database, job_id: int) -> dict[str, Any]:
    """What job_status says of it."""
    status: dict[str, Any] | None = db.scalar("select faultline.job_status(%s)", job_id)
    assert status is not None, f"there is no job {job_id}"
    return status


def state(db: Database, job_id: int) -> str:
    return str(job(db, job_id)["state"])


def states(db: Database) -> dict[str, int]:
    """How many jobs there are in each state."""
    return dict(db.rows(OUTCOMES))


def events(db: Database, verb: str) -> list[tuple[int, int, dict[str, Any]]]:
    """(job, attempt, detail) of each event of this kind."""
    query = "select job_id, attempt, detail from faultline.job_events where verb = %s order by event_id"
    return [(job_id, attempt, detail) for job_id, attempt, detail in db.rows(query, verb)]


def assert_sound(db: Database) -> None:
    """Nothing runs any more, and no promise is broken."""
    assert db.rows("select * from faultline.verify()") == []
    assert db.scalar("select count(*) from faultline.jobs_live where state = 'running'") == 0


class Running:
    """A runner in a thread, from `with` on. It ends at the end of the block, or by itself with `until_empty`."""

    def __init__(self, app: App, db: Database, **options: Any) -> None:
        self.runner = Runner(app, RunnerOptions(**{"dsn": as_runner(db.dsn), "poll": 0.2, **options}))
        self.error: BaseException | None = None
        self.code: int | None = None
        self._thread = threading.Thread(target=self._run, name="runner-under-test", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        until(lambda: self.runner.started.is_set() or self.error is not None, "the runner has started")
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.runner.stop()
        if kind is not None:
            self.runner.stop()
        self.join()
        if kind is None and self.error is not None:
            raise self.error

    def join(self, seconds: float = WAIT_SECONDS) -> int | None:
        """Wait for the end, without asking for it."""
        self._thread.join(seconds)
        assert not self._thread.is_alive(), f"the runner has not ended after {seconds:.0f} s"
        return self.code

    def get(self, path: str) -> tuple[int, str]:
        """A page of its status server."""
        return fetch(self.runner.port, path)

    def _run(self) -> None:
        try:
            self.code = self.runner.run()
        except BaseException as error:  # noqa: BLE001 - for whoever looks after it
            self.error = error


def drain(app: App, db: Database, **options: Any) -> Runner:
    """Run until the queues are empty."""
    with Running(app, db, until_empty=True, **options) as running:
        assert running.join() == 0 or running.error is not None
    return running.runner


def fetch(port: int | None, path: str, method: str = "GET") -> tuple[int, str]:
    """Status and body of a page, whatever the status is."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - our own server
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def sample(metrics: str, name: str) -> float:
    """The sum of the samples of one metric; 0 if there are none."""
    lines = [line for line in metrics.splitlines() if line.startswith((f"{name}{{", f"{name} "))]
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines)


class Process:
    """`faultline run`, or another command, as a process of its own, in a directory with the user's module in it."""

    def __init__(
        self,
        directory: Path,
        dsn: str,
        *arguments: str,
        env: Mapping[str, str] | None = None,
        ignored: str = "",
        command: str = "run",
    ) -> None:
        trap = ["sh", "-c", f"trap '' {ignored}; exec \"$@\"", "sh"] if ignored else []
        self.log = directory / f"runner-{time.monotonic_ns()}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*trap, sys.executable, "-m", "faultline.cli", command, *arguments],
                cwd=directory,
                env={**os.environ, "FAULTLINE_DSN": dsn, **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def wait(self, seconds: float = WAIT_SECONDS) -> int:
        return self.process.wait(seconds)

    def output(self) -> str:
        return self.log.read_text()

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
        self.process.wait()


@contextmanager
def process(
    directory: Path, dsn: str, *arguments: str, env: Mapping[str, str] | None = None, ignored: str = ""
) -> Iterator[Process]:
    """A process that is gone after the block, whatever happened. `ignored` are signals that it begins with ignored."""
    started = Process(directory, dsn, *arguments, env=env, ignored=ignored)
    try:
        yield started
    finally:
        started.close()
