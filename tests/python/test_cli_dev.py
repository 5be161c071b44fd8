"""`faultline dev`: a durable server of one's own, for a while or for one command, and nothing of it stays behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.support.cli import COMMAND, SECONDS, environment, refused, run

if TYPE_CHECKING:
    from collections.abc import Iterator

FIVE_LINES = """\
from faultline import App
app = App()
@app.handler("hello")
def hello(job):
    return {"said": f"Hello, {job.payload['name']}!"}
"""
ENQUEUE = """psql "$FAULTLINE_DSN" -XAtqc "select faultline.enqueue('hello', '{\\"name\\": \\"Ada\\"}')" """


@pytest.fixture
def outside() -> Iterator[Path]:
    """A directory that the server's user can reach, unlike pytest's own."""
    directory = Path(tempfile.mkdtemp(prefix="faultline-test-"))
    directory.chmod(0o711)
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


def start(*arguments: str, cwd: Path, ignored: str = "") -> subprocess.Popen[str]:
    """`ignored` are signals that it begins with ignored."""
    trap = ["sh", "-c", f"trap '' {ignored}; exec \"$@\"", "sh"] if ignored else []
    return subprocess.Popen(
        [*trap, *COMMAND, "dev", *arguments],
        cwd=cwd,
        env=environment(),
        stdin=subprocess.PIPE if ignored else None,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def servers_left(directory: str) -> bool:
    return Path(directory).exists()


def socket_dir(dsn: str) -> str:
    return str(psycopg.conninfo.conninfo_to_dict(dsn)["host"])


class TestCommand:
    def test_a_job_from_psql_reaches_a_handler_of_five_lines(self, tmp_path: Path) -> None:
        (tmp_path / "hello.py").write_text(FIVE_LINES)
        script = f"{ENQUEUE}; faultline run hello:app --until-empty; faultline status 1 --json; exit 7"
        done = run("dev", "--", "sh", "-c", script, cwd=tmp_path)
        assert done.returncode == 7, done.stderr
        number, status = done.stdout.splitlines()
        assert number == "1"
        assert json.loads(status)["state"] == "succeeded"
        assert json.loads(status)["result"] == {"said": "Hello, Ada!"}

    def test_psql_is_there_where_none_is_installed(self, tmp_path: Path) -> None:
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin" / "sh").symlink_to("/bin/sh")
        script = f"{ENQUEUE}; psql -XAtqc 'select count(*) from faultline.jobs'; faultline status 1 --json"
        done = run("dev", "--", "sh", "-c", script, cwd=tmp_path, variables={"PATH": str(tmp_path / "bin")})
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[:2] == ["1", "1"]

    def test_what_is_installed_comes_first(self, tmp_path: Path) -> None:
        for name in ("psql", "faultline"):
            (tmp_path / name).write_text(f"#!/bin/sh\necho own {name}\n")
            (tmp_path / name).chmod(0o755)
        path = f"{tmp_path}:{os.environ['PATH']}"
        done = run("dev", "--", "sh", "-c", "psql; faultline", cwd=tmp_path, variables={"PATH": path})
        assert done.stdout.splitlines() == ["own psql", "own faultline"]

    def test_what_was_meant_for_another_server_does_not_disturb(self, tmp_path: Path) -> None:
        variables = {"PGHOSTADDR": "192.0.2.1", "PGSERVICE": "nowhere", "PGREQUIREAUTH": "scram-sha-256"}
        variables |= {"PGOPTIONS": "-c nonsense=1", "FAULTLINE_DSN": "postgresql://192.0.2.1/other"}
        done = run("dev", "--", "sh", "-c", ENQUEUE, cwd=tmp_path, variables=variables)
        assert (done.returncode, done.stdout.strip()) == (0, "1"), done.stderr

    def test_ends_with_the_signal_that_ended_the_command(self, tmp_path: Path) -> None:
        assert run("dev", "--", "sh", "-c", "kill -9 $$", cwd=tmp_path).returncode == 128 + signal.SIGKILL

    def test_a_command_that_is_none_is_wrong_usage(self, tmp_path: Path) -> None:
        assert "'no-such-program'" in refused(run("dev", "--", "no-such-program", cwd=tmp_path), 2)

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_hands_signals_on_and_waits(self, tmp_path: Path, number: signal.Signals) -> None:
        script = 'trap "exit 9" TERM INT; echo "$PGHOST"; while :; do sleep 0.05; done'
        process = start("--", "sh", "-c", script, cwd=tmp_path)
        where = line(process)
        assert servers_left(where)
        process.send_signal(number)
        process.communicate(timeout=SECONDS)
        assert process.returncode == 9
        assert not servers_left(where)

    def test_what_was_ignored_from_the_start_stays_ignored(self, tmp_path: Path) -> None:
        """As under nohup: neither we nor the command end with the terminal."""
        process = start("--", "sh", "-c", 'echo "$PGHOST"; read line; echo "$line"', cwd=tmp_path, ignored="HUP")
        where = line(process)
        os.killpg(process.pid, signal.SIGHUP)
        said, errors = process.communicate("still here\n", timeout=SECONDS)
        assert (process.returncode, said) == (0, "still here\n"), errors
        assert not servers_left(where)


class TestStay:
    def test_goes_on_after_a_signal_that_was_ignored_from_the_start(self, tmp_path: Path) -> None:
        process = start("--json", cwd=tmp_path, ignored="HUP INT")
        told = json.loads(line(process))
        os.killpg(process.pid, signal.SIGHUP)
        process.send_signal(signal.SIGINT)
        with psycopg.connect(told["dsn"]) as connection:
            assert connection.execute("select faultline.enqueue('hello')").fetchone() == (1,)
        assert process.poll() is None
        process.terminate()
        _, errors = process.communicate(timeout=SECONDS)
        assert (process.returncode, errors) == (0, "")
        assert not Path(told["data"]).exists()

    def test_prints_a_dsn_that_works_and_cleans_up_on_ctrl_c(self, tmp_path: Path) -> None:
        process = start(cwd=tmp_path)
        dsn = line(process).removeprefix("export FAULTLINE_DSN='").removesuffix("'")
        with psycopg.connect(dsn) as connection:
            assert connection.execute("select faultline.enqueue('hello')").fetchone() == (1,)
            assert connection.execute("select current_setting('fsync')").fetchone() == ("on",)
            assert connection.execute(
                "select count(*) > 7 from pg_class where relname ~ '^jobs_done_[0-9]{8}$'"
            ).fetchone() == (True,), "maintain() has not run"
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=SECONDS)
        assert process.returncode == 0, errors
        assert not servers_left(socket_dir(dsn))

    def test_says_it_as_json(self, tmp_path: Path) -> None:
        process = start("--json", cwd=tmp_path)
        told = json.loads(line(process))
        os.kill(told["pid"], 0)
        process.terminate()
        _, errors = process.communicate(timeout=SECONDS)
        assert (process.returncode, errors) == (0, "")
        assert not Path(told["data"]).exists()

    def test_notices_that_its_server_is_gone(self, tmp_path: Path) -> None:
        process = start("--json", cwd=tmp_path)
        os.kill(json.loads(line(process))["pid"], signal.SIGQUIT)
        _, errors = process.communicate(timeout=SECONDS)
        assert process.returncode == 1
        assert "ended by itself" in errors


class TestData:
    def test_is_kept(self, outside: Path) -> None:
        data = str(outside / "data")
        assert run("dev", "--data", data, "--", "faultline", "enqueue", "hello", cwd=outside).returncode == 0
        listed = run("dev", "--data", data, "--", "faultline", "job", "list", "--json", cwd=outside)
        assert [job["type"] for job in json.loads(listed.stdout)] == ["hello"]

    def test_of_a_schema_of_another_version_is_refused(self, outside: Path) -> None:
        data = str(outside / "data")
        older = "create or replace function faultline.schema_version() returns text language sql as 'select ''0.0.9'''"
        assert run("dev", "--data", data, "--", "psql", "-Xqc", older, cwd=outside).returncode == 0
        said = refused(run("dev", "--data", data, "--", "true", cwd=outside), 1)
        assert "0.0.9" in said

    def test_that_is_something_else_is_refused(self, outside: Path) -> None:
        (outside / "thesis.txt").write_text("all of it")
        assert str(outside) in refused(run("dev", "--data", str(outside), cwd=outside), 1)
        assert (outside / "thesis.txt").read_text() == "all of it"

    def test_in_use_is_refused(self, outside: Path) -> None:
        data = str(outside / "data")
        process = start("--data", data, "--json", cwd=outside)
        line(process)
        assert "another server uses" in refused(run("dev", "--data", data, cwd=outside), 1)
        process.terminate()
        process.communicate(timeout=SECONDS)
        assert process.returncode == 0


def test_a_port_is_one_of_ones_choice(tmp_path: Path, unused_port: int) -> None:
    process = start("--port", str(unused_port), "--json", cwd=tmp_path)
    dsn = json.loads(line(process))["dsn"]
    assert f"127.0.0.1:{unused_port}" in dsn
    with psycopg.connect(dsn) as connection:
        assert connection.execute("select faultline.enqueue('hello')").fetchone() == (1,)
    assert f"port {unused_port} of 127.0.0.1 is in use" in refused(
        run("dev", "--port", str(unused_port), cwd=tmp_path), 1
    )
    process.terminate()
    process.communicate(timeout=SECONDS)
    assert process.returncode == 0


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
