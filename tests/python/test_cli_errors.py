"""What goes wrong before a command can do its work: one line, naming the value and the fix, and never a password."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import click
import pytest

from faultline.cli.failures import Terminated, terminating
from faultline.cli.main import cli as cli_group
from tests.support import database
from tests.support.cli import Cli, refused, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from faultline.embedded import Server
    from tests.support.database import Database

COMMANDS = (
    *(["enqueue", "hello"], ["status", "1"], ["verify"], ["job", "list"], ["queue", "list"]),
    *(["submit", "t-1", "hello"], ["transaction", "list"], ["reconcile"], ["ledger", "balance"]),
    ["install"],
)


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    monkeypatch.chdir(tmp_path)
    return Cli("postgresql://ada:secret@127.0.0.1:1/shop")


@pytest.fixture
def empty(server: Server) -> Iterator[str]:
    database.create(server, "empty")
    try:
        yield server.dsn("empty")
    finally:
        database.drop(server, "empty")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_database_that_does_not_answer(cli: Cli, command: list[str]) -> None:
    said = cli.refused(1, *command)
    assert "127.0.0.1" in said
    assert "FAULTLINE_DSN" in said
    assert "secret" not in said


@pytest.mark.parametrize(
    "dsn",
    [
        "ada:secret@db/shop",
        "postgresql://ada:se@cret@db/shop",
        "postgresql://ada:secret%zz@db/shop",
        "postgres//ada:secret@db",
        "password=secret nonsense",
        "passwort=secret",
    ],
)
def test_a_dsn_that_is_none_is_wrong_usage_and_stays_secret(cli: Cli, dsn: str) -> None:
    said = cli.refused(2, "status", "1", "--dsn", dsn)
    assert "DSN" in said
    assert "secret" not in said
    assert "cret" not in said.replace("secret", "")


@pytest.mark.parametrize("command", COMMANDS[:-1])
def test_a_database_without_the_schema(cli: Cli, empty: str, command: list[str]) -> None:
    said = cli.refused(1, *command, "--dsn", empty)
    assert "'empty' has no schema faultline" in said
    assert "faultline install" in said


@pytest.mark.parametrize("command", COMMANDS)
def test_a_schema_of_another_version(db: Database, cli: Cli, command: list[str]) -> None:
    db.execute(
        "create or replace function faultline.schema_version() returns text language sql as $$ select '9.9.9' $$"
    )
    said = cli.refused(1, *command, "--dsn", db.dsn)
    assert "9.9.9" in said
    assert "0.1.0" in said


def test_install_is_done_once(db: Database, empty: str, cli: Cli) -> None:
    assert "installed" in cli.good("install", "--dsn", empty)
    assert "already" in cli.good("install", "--dsn", empty)
    assert cli.good("enqueue", "hello", "--dsn", empty).strip() == "1"


def test_an_ordinary_user_is_told_which_role_is_missing(db: Database, cli: Cli) -> None:
    db.execute("create role nobody_special login")
    said = cli.refused(1, "verify", "--dsn", db.server.dsn(db.name, "nobody_special"))
    assert "nobody_special" in said
    db.execute("drop role nobody_special")


def test_a_producer_may_enqueue_but_not_look(db: Database, cli: Cli) -> None:
    db.execute("create role just_producer login in role faultline_producer")
    dsn = db.server.dsn(db.name, "just_producer")
    job = cli.good("enqueue", "hello", "--dsn", dsn).strip()
    assert "queued" in cli.good("status", job, "--dsn", dsn)
    said = cli.refused(1, "job", "list", "--dsn", dsn)
    assert "permission denied for view jobs" in said
    assert '`grant faultline_observer to "just_producer"`' in said
    db.execute("drop role just_producer")


@pytest.fixture
def half_a_user(db: Database) -> Iterator[str]:
    """Somebody who may use the schema, and nothing in it but its version."""
    db.execute("create role half login")
    db.execute("grant usage on schema faultline to half")
    db.execute("grant execute on function faultline.schema_version() to half")
    yield db.server.dsn(db.name, "half")
    db.execute("drop owned by half")
    db.execute("drop role half")


@pytest.mark.parametrize(
    ("role", "command"),
    [
        ("producer", ["enqueue", "hello"]),
        ("producer", ["submit", "t-1", "hello"]),
        ("producer", ["status", "1"]),
        ("observer", ["why", "1"]),
        ("observer", ["verify"]),
        ("observer", ["job", "list"]),
        ("observer", ["job", "show", "1"]),
        ("observer", ["queue", "list"]),
        ("observer", ["transaction", "list"]),
        ("observer", ["transaction", "show", "t-1"]),
        ("observer", ["ledger", "entries"]),
        ("observer", ["ledger", "balance"]),
        ("operator", ["job", "retry", "1"]),
        ("operator", ["job", "cancel", "1"]),
        ("operator", ["job", "discard", "--all", "--yes"]),
        ("operator", ["queue", "pause", "mail"]),
        ("operator", ["queue", "resume", "mail"]),
        ("operator", ["queue", "set", "mail", "--max-running", "1"]),
        ("operator", ["transaction", "fail", "t-1", "--reason", "no"]),
        ("operator", ["transaction", "answer", "t-1", "charge", "absent"]),
        ("operator", ["reconcile"]),
        ("operator", ["ledger", "floor", "alice", "EUR", "0"]),
    ],
)
def test_who_may_not_is_told_the_role_that_the_command_needs(
    db: Database, cli: Cli, half_a_user: str, role: str, command: list[str]
) -> None:
    said = cli.refused(1, *command, "--dsn", half_a_user)
    assert said.startswith("permission denied for ")
    assert said.endswith(f'`grant faultline_{role} to "half"`')
    db.execute("revoke usage on schema faultline from half")
    said = cli.refused(1, *command, "--dsn", half_a_user)
    assert 'role "half" may not use the schema faultline' in said
    assert said.endswith(f'`grant faultline_{role} to "half"`')


def test_without_a_command_it_shows_what_there_is(cli: Cli) -> None:
    for command in ([], ["job"], ["queue"], ["transaction"], ["ledger"]):
        result = cli(*command)
        assert result.exit_code == 2
        assert "Commands:" in result.output
    assert cli("--help").exit_code == 0


@pytest.mark.parametrize("command", [["nope"], ["job", "nope"], ["queue", "set"], ["status"], ["status", "1", "2"]])
def test_wrong_usage_is_one_line_that_points_to_the_help(cli: Cli, command: list[str]) -> None:
    assert "--help`" in cli.refused(2, *command)


@pytest.mark.parametrize(
    "command",
    [
        *(["demo"], ["dev"], ["install"], ["run"], ["enqueue"], ["status"], ["why"], ["verify"], ["queue", "list"]),
        *(["job", "list"], ["job", "show"], ["job", "retry"], ["job", "cancel"], ["job", "discard"]),
        *(["queue", "pause"], ["queue", "resume"], ["queue", "set"]),
        *(["submit"], ["reconcile"], ["transaction", "list"], ["transaction", "show"], ["transaction", "fail"]),
        *(["transaction", "answer"], ["ledger", "entries"], ["ledger", "balance"], ["ledger", "floor"]),
    ],
)
def test_every_help_has_an_example_and_names_the_variables(cli: Cli, command: list[str]) -> None:
    text = cli.good(*command, "--help")
    assert f"faultline {' '.join(command)}" in text.partition("\n")[2], "no example"
    assert "FAULTLINE_" in text


def options(command: click.Command, path: str = "") -> Iterator[tuple[str, click.Option]]:
    yield from ((path, one) for one in command.params if isinstance(one, click.Option) and one.name != "version")
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            yield from options(child, f"{path} {name}".strip())


def test_every_option_is_an_environment_variable() -> None:
    found = list(options(cli_group))
    assert len(found) > 50
    for path, one in found:
        variable = one.envvar if isinstance(one.envvar, str) else (one.envvar or [""])[0]
        group = path.split()[0]
        own = isinstance(cli_group.commands[group], click.Group) and one.name not in {"dsn", "as_json"}
        assert variable.startswith(f"FAULTLINE_{group.upper()}_" if own else "FAULTLINE_"), f"{path} {one.opts}"


class TestEnvironmentFile:
    """As a process: what it reads into its environment must not stay in ours."""

    def test_is_read(self, db: Database, tmp_path: Path) -> None:
        (tmp_path / ".env").write_text(f"FAULTLINE_DSN='{db.dsn}'\nFAULTLINE_QUEUE=mail\n")
        assert run("enqueue", "hello", cwd=tmp_path).returncode == 0
        assert db.scalar("select queue from faultline.jobs_live") == "mail"

    def test_the_environment_wins(self, db: Database, tmp_path: Path) -> None:
        (tmp_path / ".env").write_text("FAULTLINE_DSN=postgresql://127.0.0.1:1/nowhere\nFAULTLINE_QUEUE=mail\n")
        done = run("enqueue", "hello", cwd=tmp_path, variables={"FAULTLINE_DSN": db.dsn, "FAULTLINE_QUEUE": "other"})
        assert done.returncode == 0, done.stderr
        assert db.scalar("select queue from faultline.jobs_live") == "other"

    def test_one_that_is_no_text_is_wrong_usage(self, tmp_path: Path) -> None:
        (tmp_path / ".env").write_bytes(b"FAULTLINE_QUEUE=\xff\xfe\n")
        assert ".env" in refused(run("status", "1", cwd=tmp_path), 2)

    def test_libpq_variables_name_the_database(self, db: Database, tmp_path: Path) -> None:
        variables = {
            "PGHOST": str(db.server.socket_dir),
            "PGPORT": str(db.server.port),
            "PGUSER": "postgres",
            "PGDATABASE": db.name,
        }
        assert run("enqueue", "hello", cwd=tmp_path, variables=variables).returncode == 0
        assert db.scalar("select count(*) from faultline.jobs_live") == 1


@pytest.mark.parametrize(("before", "raised"), [(signal.SIG_DFL, 1), (signal.SIG_IGN, 0)])
def test_a_signal_ends_a_command_once_unless_it_was_ignored_from_the_start(
    before: signal.Handlers, raised: int
) -> None:
    told = []
    original = signal.signal(signal.SIGHUP, before)
    try:
        with terminating(signal.SIGTERM, signal.SIGHUP):
            for _ in range(2):
                try:
                    signal.raise_signal(signal.SIGHUP)
                except Terminated as terminated:
                    told.append(terminated.exit_code)
        assert signal.getsignal(signal.SIGHUP) == before
    finally:
        signal.signal(signal.SIGHUP, original)
    assert told == [128 + signal.SIGHUP] * raised
