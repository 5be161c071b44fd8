"""What README.md, docs/ and the examples say is true: what they show runs, what they name exists.

The examples of a document are one story, told from its beginning on a new database:
    sql         is run by psql; a `text` block right after it is what psql prints
    python      is a file, named in its first line, and is run; an App defines its handlers and does nothing
    yaml        is a workflow, or schedules, and is put
    sh          is not run, but all in it has to exist; the first steps of the README are run, and so is the manual of
                the API against a real server (a `text` block right after it is what it prints, up to … in a line)
    text        is a picture, or the output of the block before it
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import click
import psycopg
import pytest
from psycopg import sql

import faultline
from faultline import workflow
from faultline.api.problems import KINDS
from faultline.api.routes import routers
from faultline.cli.main import cli
from faultline.drill import controls, scenarios
from faultline.drill.pooler import pooled
from faultline.schedules import file as schedule_file
from tests.support.api import serving
from tests.support.cli import environment
from tests.support.metrics import listed, series
from tools import sqitch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.database import Database

ROOT = sqitch.ROOT
README = ROOT / "README.md"
HTTP = ROOT / "docs/http.md"
GUARANTEES = ROOT / "docs/guarantees.md"
OPERATIONS = ROOT / "docs/operations.md"
DOCUMENTS = [README, *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "examples").rglob("*.md"))]
LANGUAGES = {"sql", "python", "yaml", "sh", "text"}
FENCE = re.compile(r"^```(\S*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Programs that a reader has, or is told to get.
FOREIGN = {".", "apt-get", "cd", "curl", "docker", "export", "git", "pip", "psql", "python", "sqitch", "true"}
SETTINGS_OF_OTHERS = {"FAULTLINE_PG_BIN", "FAULTLINE_REDACT", "FAULTLINE_SEED"}
TABLES = "(jobs|job_events|idempotency_keys|transactions|effects|ledger_entries|postings|runs|tasks|workflows)"
# What verify() calls its violations: select 5, 'hot_loop', …
CHECK = re.compile(r"\bselect (?:g\.promise|(\d+)), '(\w+)'")


@dataclass(frozen=True)
class Block:
    document: Path
    line: int
    language: str
    text: str
    is_output: bool

    def __str__(self) -> str:
        return f"{self.document.relative_to(ROOT)}:{self.line}"


def blocks(document: Path) -> list[Block]:
    content = document.read_text()
    found: list[Block] = []
    end = 0
    for match in FENCE.finditer(content):
        follows = bool(found) and found[-1].language == "sql" and not content[end : match.start()].strip()
        line = content.count("\n", 0, match.start()) + 1
        found.append(Block(document, line, match[1], match[2], is_output=follows and match[1] == "text"))
        end = match.end()
    return found


def prose(document: Path) -> str:
    return FENCE.sub("", document.read_text())


BLOCKS = [block for document in DOCUMENTS for block in blocks(document)]
STORIES = [document for document in DOCUMENTS if {"sql", "python"} & {block.language for block in blocks(document)}]
SHELL = [block for block in BLOCKS if block.language == "sh"]
by_name = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.relative_to(ROOT)))


def test_there_is_something_to_test() -> None:
    assert len(STORIES) >= 3
    assert SHELL
    assert any(block.is_output for block in BLOCKS)


# Examples.


@pytest.mark.parametrize("document", STORIES, ids=lambda document: str(document.relative_to(ROOT)))
def test_the_examples_run_and_print_what_the_document_says(document: Path, db: Database, tmp_path: Path) -> None:
    with roles_restored(db):
        printed: str | None = None
        for block in blocks(document):
            if block.language == "sql":
                printed = run_sql(db, block)
            elif block.language == "python":
                run_python(db, block, tmp_path)
            elif block.language == "yaml":
                put(db, block)
            elif block.is_output:
                assert tidy(printed or "") == tidy(block.text), f"{block}: psql prints\n{printed}"


def test_the_commands_of_the_manual_of_the_api_run_and_print_what_it_says(db: Database, tmp_path: Path) -> None:
    scripts = Path(sys.executable).parent
    variables = {"FAULTLINE_DSN": db.dsn, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"}
    found = blocks(HTTP)
    ran = 0
    with serving(tmp_path, db.dsn) as api:
        for block, after in pairwise(found):
            if block.language == "yaml":
                (tmp_path / "report.yaml").write_text(block.text)
            if block.language != "sh" or "pip install" in block.text:
                continue
            script = block.text.replace("localhost:8000", f"localhost:{api.port}")
            result = subprocess.run(
                ["sh", "-euc", script],
                cwd=tmp_path,
                env=environment(**variables),
                capture_output=True,
                text=True,
                check=False,
            )
            assert result.returncode == 0, f"{block}: {result.stderr}"
            refused = [line for line in result.stdout.splitlines() if line.startswith('{"type": "urn:')]
            if after.language == "text":
                ran += 1
                for said, printed in zip(after.text.splitlines(), result.stdout.splitlines(), strict=True):
                    assert printed.startswith(said.removesuffix("…")), block
                    assert said.endswith("…") or said == printed, block
            else:
                assert refused == [], block
    assert ran >= 4


def test_the_manual_of_the_api_knows_every_route_and_every_kind_of_problem() -> None:
    text = HTTP.read_text()
    for kind, (status, _) in KINDS.items():
        assert re.search(rf"^\| {status} \|[^|]*\b{kind}\b", text, re.MULTILINE), kind
    for router in routers():
        for route in router.routes:
            pattern = re.sub(r"\{\w+(:\w+)?\}", r"[\\w-]+", route.path)  # type: ignore[attr-defined]
            assert re.search(rf"(localhost:8000|`){pattern}(?![\w/])", text), route


def test_pgbouncer_takes_the_settings_that_the_manual_names(db: Database) -> None:
    (settings,) = [block.text for block in blocks(OPERATIONS) if block.text.startswith("pool_mode = ")]
    with pooled(db.dsn, "postgres", settings) as through, psycopg.connect(through) as connection:
        assert connection.execute("select faultline.schema_version()").fetchone() == (faultline.__version__,)


def run_sql(db: Database, block: Block) -> str:
    result = subprocess.run(
        [db.server.bin / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-P", "footer=off"],
        input=block.text,
        env={**os.environ, **sqitch.libpq_environment(db.dsn)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, f"{block}: {result.stderr}"
    return result.stdout


def run_python(db: Database, block: Block, directory: Path) -> None:
    path = write_python(block, directory)
    environment = {**os.environ, "FAULTLINE_DSN": db.dsn}
    result = subprocess.run(
        [sys.executable, path.name], cwd=directory, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, f"{block}: {result.stderr}"


def put(db: Database, block: Block) -> None:
    if re.search(r"^schedules:", block.text, re.MULTILINE):
        found = schedule_file.load(block.text)
        for entry in found.entries:
            definition = json.dumps({**entry.definition, "source": found.source})
            assert db.scalar("select faultline.put_schedule(%s::jsonb)", definition) == 1, block
        return
    spec = workflow.load(block.text).spec
    assert db.scalar("select faultline.put_workflow(%s::jsonb)", json.dumps(spec)) == 1, block


def write_python(block: Block, directory: Path) -> Path:
    name = re.match(r"# (\w+\.py)\n", block.text)
    assert name is not None, f"{block}: its first line names no file"
    path = directory / name[1]
    path.write_text(block.text)
    return path


def tidy(text: str) -> str:
    """Without what nobody sees: blanks at the ends of lines, blank lines in a row."""
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip("\n")


@contextmanager
def roles_restored(db: Database) -> Iterator[None]:
    """Roles and memberships are the cluster's: other tests must not find those that the examples make."""
    members = "select roleid::regrole::text, member::regrole::text from pg_auth_members"
    roles = "select rolname from pg_roles"
    before = set(db.rows(roles)), set(db.rows(members))
    try:
        yield
    finally:
        new = [sql.Identifier(name) for (name,) in set(db.rows(roles)) - before[0]]
        with psycopg.connect(db.dsn, autocommit=True) as connection:
            for role in new:
                connection.execute(sql.SQL("drop owned by {} cascade").format(role))
            for role in new:
                connection.execute(sql.SQL("drop role {}").format(role))
            for group, member in set(db.rows(members)) - before[1]:
                connection.execute(sql.SQL("revoke {} from {}").format(sql.Identifier(group), sql.Identifier(member)))


def test_the_first_steps_of_the_readme_work(tmp_path: Path) -> None:
    """The handler, and the command below it, as somebody who reads along types them."""
    handler, command = first_steps()
    write_python(handler, tmp_path)
    scripts = Path(sys.executable).parent
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("FAULTLINE_DSN", "PG"))}
    result = subprocess.run(
        ["sh", "-euc", command.text],
        cwd=tmp_path,
        env={**environment, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "Hello, Ada!" in result.stdout
    assert "succeeded" in result.stdout
    assert "healthy" in result.stdout


def first_steps() -> tuple[Block, Block]:
    found = blocks(README)
    handler = next(block for block in found if block.language == "python")
    command = next(block for block in found if block.line > handler.line and block.language == "sh")
    assert "faultline dev -- sh -c" in command.text
    return handler, command


def test_the_readmes_handler_is_a_dozen_lines() -> None:
    assert len(first_steps()[0].text.splitlines()) <= 12


# Commands.


@pytest.mark.parametrize("block", SHELL, ids=str)
def test_every_command_of_an_example_exists(block: Block) -> None:
    for command in commands(block.text):
        check_command(command, str(block))


@by_name
def test_every_command_in_the_text_exists(document: Path) -> None:
    for code in re.findall(r"`((?:make|faultline) [^`]+)`", prose(document)):
        check_command(shlex.split(code), f"{document.name}: {code}")


def commands(script: str) -> Iterator[list[str]]:
    """The commands of a script, also those of `sh -c '…'`."""
    script = script.replace("\\\n", " ")
    lexer = shlex.shlex(script, posix=True, punctuation_chars="\n;|&")
    lexer.whitespace = " \t"
    lexer.whitespace_split = True
    lexer.commenters = ""
    command: list[str] = []
    for token in [*lexer, "\n"]:
        if set(token) <= set("\n;|&"):
            if command:
                yield command
            command = []
        else:
            command.append(token)


def check_command(command: list[str], where: str) -> None:
    words = list(command)
    while words and re.match(r"\w+=", words[0]):  # a variable for this command
        words.pop(0)
    program, *arguments = words
    if program == "make":
        targets = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
        assert {word for word in arguments if "=" not in word} <= targets, where
    elif program == "faultline":
        check_faultline(arguments, where)
    else:
        assert program in FOREIGN, f"{where}: {program}"
        for flag, file in pairwise(arguments):
            assert flag != "-f" or (ROOT / file).exists(), f"{where}: {file}"


def check_faultline(arguments: list[str], where: str) -> None:
    """Only whether click would take it; nothing is run."""
    command: click.Command = cli
    context = click.Context(command, info_name="faultline")
    names: list[str] = []
    while isinstance(command, click.Group):
        assert arguments, f"{where}: `faultline {' '.join(names)}` is not a command"
        name = arguments[0]
        if name in {"…", "..."}:
            return
        found = command.get_command(context, name)
        assert found is not None, f"{where}: `faultline {' '.join([*names, name])}` is not a command"
        names.append(name)
        command, arguments = found, arguments[1:]
    inner: list[str] = []
    if "--" in arguments:
        place = arguments.index("--")
        arguments, inner = arguments[:place], arguments[place + 1 :]
    if not {"DIR", "PATH", "N", "PORT"}.intersection(arguments):
        # In the text a command may be named without its arguments.
        with suppress(click.MissingParameter):
            command.make_context(names[-1], [*arguments, *(["--", *inner] if inner else [])], parent=context)
    if inner[:2] == ["sh", "-c"]:
        for nested in commands(inner[2]):
            check_command(nested, where)
    elif inner:
        check_command(inner, where)


# Names.


@by_name
def test_every_function_view_and_table_that_is_named_exists(document: Path, db: Database) -> None:
    known = {
        name
        for (name,) in db.rows(
            "select proname from pg_proc where pronamespace = 'faultline'::regnamespace"
            " union select relname from pg_class where relnamespace = 'faultline'::regnamespace"
        )
    }
    named = set(re.findall(r"\bfaultline\.([a-z_]\w*)", document.read_text(), re.IGNORECASE))
    assert {name for name in named if name not in known and not hasattr(faultline, name)} == set()


@by_name
def test_every_role_and_metric_that_is_named_exists(document: Path, db: Database) -> None:
    roles = {name for (name,) in db.rows("select rolname from pg_roles")}
    metrics = set(series(listed())) | set(listed())
    named = set(re.findall(r"\bfaultline_[a-z_]+", document.read_text()))
    assert named - roles - metrics == set()


@by_name
def test_every_environment_variable_that_is_named_exists(document: Path) -> None:
    named = set(re.findall(r"\bFAULTLINE_[A-Z_]*[A-Z]", document.read_text()))
    assert named - {"FAULTLINE_DSN"} - SETTINGS_OF_OTHERS - set(variables(cli)) == set()


def test_a_runner_reads_every_setting_of_the_example(monkeypatch: pytest.MonkeyPatch) -> None:
    _, _, example = (ROOT / ".env.example").read_text().partition("-- faultline run --")
    settings = dict(re.findall(r"^#?(FAULTLINE_\w+)=(.*)$", example.partition("\n# -- ")[0], re.MULTILINE))
    assert len(settings) >= 9
    runner = cli.commands["run"]
    assert set(settings) <= set(variables(runner))
    for name, value in {**settings, "FAULTLINE_DOORBELL": "0"}.items():
        monkeypatch.setenv(name, value)
    read = runner.make_context("run", ["jobs:app"]).params
    assert read["queues"] == ("mail", "default")
    assert read["doorbell"] is False
    assert read["metrics_port"] == 9090


def variables(command: click.Command) -> Iterator[str]:
    for parameter in command.params:
        yield from variables_of(parameter)
    if isinstance(command, click.Group):
        for nested in command.commands.values():
            yield from variables(nested)


@by_name
def test_every_file_that_is_named_exists(document: Path) -> None:
    top = {path.name for path in ROOT.iterdir()}
    for name in re.findall(r"`([\w.-]+/[\w./-]*)`", prose(document)):
        if name.split("/")[0] in top:
            assert (ROOT / name).exists(), name


@by_name
def test_every_link_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(document)):
        if re.match(r"https?://", target):
            continue
        path, _, anchor = target.partition("#")
        file = (document.parent / path).resolve() if path else document
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), target


def anchors(document: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", prose(document), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def variables_of(parameter: click.Parameter) -> list[str]:
    return [parameter.envvar] if isinstance(parameter.envvar, str) else list(parameter.envvar or ())


# Form.


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_every_block_says_what_it_is_and_a_picture_fits_into_a_terminal(block: Block) -> None:
    assert block.language in LANGUAGES
    if block.language == "text":
        assert max(map(len, block.text.splitlines())) <= 80


# The table of guarantees.


def guarantees() -> dict[int, list[str]]:
    """The cells of the table, by promise."""
    rows = re.findall(r"^\| (\d+) \|(.+)\|$", GUARANTEES.read_text(), re.MULTILINE)
    return {int(number): [cell.strip() for cell in cells.split(" | ")] for number, cells in rows}


def codes(cell: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", cell))


def checks(db: Database) -> dict[str, int | None]:
    """Every check of verify, and its promise; None for the one that knows several."""
    sources = db.rows(
        "select prosrc from pg_proc where pronamespace = 'faultline'::regnamespace and proname like '\\_verify\\_%'"
    )
    found = [match for (source,) in sources for match in CHECK.findall(source)]
    return {name: int(promise) if promise else None for promise, name in found}


def test_the_table_of_guarantees_knows_every_check_of_verify_under_its_promise(db: Database) -> None:
    said = {promise: codes(cells[2]) for promise, cells in guarantees().items()}
    for name, promise in checks(db).items():
        if promise is None:
            assert any(name in names for names in said.values()), name
        else:
            assert name in said[promise], name
    assert set().union(*said.values()) <= set(checks(db))


def test_what_holds_a_guarantee_is_there_and_its_absence_is_found(db: Database) -> None:
    """What the table calls a constraint, a trigger or an index is one, and is among those that verify looks for."""
    guards = db.scalar("select prosrc from pg_proc where proname = '_verify_guards'")
    for promise, cells in guarantees().items():
        holding = {name for name in codes(cells[1]) if re.match(TABLES + r"_\w+", name)}
        for name in holding - {"jobs_live", "jobs_done"}:
            assert f"'{name}'" in guards, f"promise {promise}: {name}"
        assert "guard_missing" in codes(cells[2]) or promise == 13


def test_every_guarantee_has_a_test_and_a_metric() -> None:
    assert len(guarantees()) == 13
    for promise, cells in guarantees().items():
        tests = [ROOT / name for name in codes(cells[3])]
        assert tests, promise
        for path in tests:
            files = list(path.rglob("*.sql")) + list(path.rglob("test_*.py")) if path.is_dir() else [path]
            assert any(file.is_file() and file.stat().st_size > 0 for file in files), path
        assert {name for name in codes(cells[4]) if name.startswith("faultline_")}, promise


def test_every_guarantee_has_a_drill() -> None:
    known = {scenario.name for scenario in scenarios.ALL} | {f"--without {control.name}" for control in controls.ALL}
    for promise, cells in guarantees().items():
        assert codes(cells[5]), promise
        assert codes(cells[5]) <= known, promise
