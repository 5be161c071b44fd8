"""`faultline run`: what can't be run is said at once, what can is run by the options that were given."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.support.cli import COMMAND, SECONDS, Cli, environment, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.database import Database

MODULES = {
    "cli_run_missing_import": "import nothing_of_this_name",
    "cli_run_no_app": "x = 1",
    "cli_run_syntax": "def broken(:",
    "cli_run_raises": "def fail():\n    return {}['key']\n\nfail()",
    "cli_run_exits": "import sys\nsys.exit(3)",
    "cli_run_no_handler": "from faultline import App\napp = App()",
    "cli_run_other_name": (
        "from faultline import App\nwork = App()\n\n@work.handler('hello')\ndef hello(job):\n    return None"
    ),
}
APP = """
import os, time
from faultline import App
app = App()

@app.handler("hello")
def hello(job):
    return {"pid": os.getpid(), "queue": job.queue}

@app.handler("slow")
def slow(job):
    while not job.cancelled:
        time.sleep(0.01)
    raise InterruptedError("not done")
"""


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cli]:
    """No database, and a directory of modules that can't be run; what they leave in our Python goes with the test."""
    for name, source in MODULES.items():
        (tmp_path / f"{name}.py").write_text(source)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield Cli("postgresql://ada:secret@127.0.0.1:1/shop")
    for name in MODULES:
        sys.modules.pop(name, None)


@pytest.fixture
def app(tmp_path: Path) -> Path:
    (tmp_path / "jobs.py").write_text(APP)
    return tmp_path


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("nowhere:app", "there is no module 'nowhere'"),
        ("nowhere.deeper:app", "there is no module 'nowhere'"),
        ("cli_run_missing_import:app", "imports 'nothing_of_this_name', which is not installed"),
        ("cli_run_missing_import:app", "cli_run_missing_import.py, line 1"),
        ("cli_run_no_app:app", "cli_run_no_app:app is missing"),
        ("cli_run_no_app:x", "is of type int, not a faultline.App"),
        ("cli_run_syntax:app", "SyntaxError"),
        ("cli_run_raises:app", "KeyError: 'key'"),
        ("cli_run_raises:app", "cli_run_raises.py, line 2"),
        ("cli_run_exits:app", "SystemExit: 3"),
        ("cli_run_no_handler", "no handler"),
        ("cli_run_other_name", "did you mean cli_run_other_name:work?"),
        ("cli_run_no_app.py", "name the module, such as cli_run_no_app:app"),
        ("./sub/mod.py:app", "sub.mod:app"),
        ("no module", "'no module'"),
        (":app", "':app'"),
    ],
)
def test_an_app_that_can_not_be_had_is_wrong_usage(cli: Cli, target: str, said: str) -> None:
    assert said in cli.refused(2, "run", target)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--lease", "10ms"], "lease"),
        (["--lease", "soon"], "'soon' is not a duration"),
        (["--concurrency", "0"], "--concurrency"),
        (["--processes", "0"], "--processes"),
        (["--metrics-port", "0"], "--metrics-port"),
        (["--queue", "a b"], "'a b' is no name"),
        (["--poll", "0s"], "poll"),
    ],
)
def test_a_bad_option_is_wrong_usage(cli: Cli, arguments: list[str], said: str) -> None:
    assert said in cli.refused(2, "run", "cli_run_other_name:work", *arguments)


def test_a_database_that_does_not_answer_is_said_at_once(cli: Cli) -> None:
    said = cli.refused(1, "run", "cli_run_other_name:work")
    assert "127.0.0.1" in said
    assert "secret" not in said


def test_a_schema_of_another_version_is_said_at_once(db: Database, cli: Cli) -> None:
    db.execute(
        "create or replace function faultline.schema_version() returns text language sql as $$ select '9.9.9' $$"
    )
    assert "9.9.9" in cli.refused(1, "run", "cli_run_other_name:work", "--dsn", db.dsn)


def test_until_empty_serves_the_queues_it_is_given(db: Database, app: Path) -> None:
    for queue in ("a", "b", "c"):
        db.execute("select faultline.enqueue('hello', queue => %s)", queue)
    done = run(
        "run", "jobs:app", "--until-empty", "--queue", "a", "--queue", "b", cwd=app, variables={"FAULTLINE_DSN": db.dsn}
    )
    assert done.returncode == 0, done.stderr
    assert db.rows("select queue, state from faultline.jobs order by queue") == [
        ("a", "succeeded"),
        ("b", "succeeded"),
        ("c", "queued"),
    ]


def test_options_are_environment_variables_too(db: Database, app: Path) -> None:
    for queue in ("a", "b", "c"):
        db.execute("select faultline.enqueue('hello', queue => %s)", queue)
    variables = {
        "FAULTLINE_DSN": db.dsn,
        "FAULTLINE_QUEUES": "a,c",
        "FAULTLINE_UNTIL_EMPTY": "1",
        "FAULTLINE_PROCESSES": "2",
    }
    done = run("run", "jobs", cwd=app, variables=variables)
    assert done.returncode == 0, done.stderr
    assert db.rows("select queue from faultline.jobs where state = 'queued'") == [("b",)]


def test_sigterm_ends_it_and_gives_back_what_runs(db: Database, app: Path) -> None:
    db.execute("select faultline.enqueue('slow')")
    process = subprocess.Popen(
        [*COMMAND, "run", "jobs:app", "--grace", "100ms"],
        cwd=app,
        env=environment(FAULTLINE_DSN=db.dsn),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    deadline = time.monotonic() + SECONDS
    while db.scalar("select state from faultline.jobs") != "running":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, said
    assert db.rows("select state, failures from faultline.jobs_live") == [("queued", 0)]
