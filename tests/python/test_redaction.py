"""Secrets are hidden and injection strings come back inert, wherever the words of a producer or a handler are shown."""

from __future__ import annotations

import io
import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from psycopg.conninfo import make_conninfo

from faultline import App, Job, logs, redaction
from faultline.drill.processes import children
from faultline.metrics import Metrics
from tests.support.cli import Cli
from tests.support.running import as_runner, drain, enqueue, job, process, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.database import Database

SECRET = "hunter2"
KEYS = "password, Token,card-no"
INJECTIONS = (
    "\x1b[2J\x1b]0;title\x07",
    "\x9b31m",
    "first\r\n12:00:01 INFO  forged: all is well",
    '"}\n{"level": "info", "message": "forged"}',
    "[bold red]markup[/bold red] [link=file:///etc/passwd]x[/link]",
    "\u202egnp.exe\u2066",
    "<script>alert(1)</script>",
    "%s %d %(name)s {0} {job.id}",
    "'; drop table faultline.jobs_live; --",
    "\ud800 \udfff",
    'x"} 1\nfaultline_jobs_total{queue="forged',
)
HARMFUL = set("\x1b\x07\x9b\r\u202e\u2066\ud800\udfff")


@pytest.fixture
def db(emptied: Database) -> Database:
    return emptied


@pytest.fixture
def cli(db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    monkeypatch.chdir(tmp_path)
    return Cli(db.dsn)


@pytest.fixture
def redact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAULTLINE_REDACT", KEYS)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("password=hunter2 host=x", "password=*** host=x"),
        ("PASSWORD = hunter2", "PASSWORD = ***"),
        ("password: hunter2, next", "password: ***, next"),
        ('{"password": "hunter2 \\" and more", "a": 1}', '{"password": ***, "a": 1}'),
        ("{'token': 'hunter2 b', 'x': 1}", "{'token': ***, 'x': 1}"),
        ("?token=hunter2&b=2", "?token=***&b=2"),
        ("f(token=hunter2)", "f(token=***)"),
        ('{\\"password\\": \\"hunter2\\"', '{\\"password\\": ***'),
        ('"password": "hunter2 that never ends', '"password": ***'),
        ("card-no=4111", "card-no=***"),
        ('{"password": {"a": ["hunter2"], "b": "}"}, "x": 1}', '{"password": ***, "x": 1}'),
        ("{'token': ['hunter2', {'a': (1, ')')}], 'x': 1}", "{'token': ***, 'x': 1}"),
        ("{'token': b'hunter2', 'x': Secret('a')}", "{'token': ***, 'x': Secret('a')}"),
        ("Token(token=models.Secret('hunter2', 2), x=1)", "Token(token=***, x=1)"),
        ("password='it''s hunter2' host=x", "password=*** host=x"),
        ("token: Bearer hunter2, x", "token: ***, x"),
        ('{"password": [1, [2, 3], "hunter2 that never ends', '{"password": ***'),
        ("Key (token)=(hunter2) already exists.", "Key (token)=*** already exists."),
        ("Key (token, tenant)=(hunter2, 1) already exists.", "Key (token, tenant)=*** already exists."),
        ("token=bearer", "token=***"),
        ("[the password] (token) is: fine", "[the password] (token) is: fine"),
        ("passwordless=fine", "passwordless=fine"),
        ("my_password=fine", "my_password=fine"),
        ("the password is wrong", "the password is wrong"),
    ],
)
def test_the_value_of_a_key_is_hidden_and_nothing_else(redact: None, said: str, shown: str) -> None:
    assert redaction.text(said) == shown


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("to postgresql://ada:hunter2@db/shop", "to postgresql://ada:***@db/shop"),
        ("https://u:p%40s:s@h/x", "https://u:***@h/x"),
        ("postgresql://ada@db/shop", "postgresql://ada@db/shop"),
        ("http://host:80/a@b", "http://host:80/a@b"),
        ("token=fine", "token=fine"),
    ],
)
def test_without_keys_passwords_in_urls_are_hidden(said: str, shown: str) -> None:
    assert redaction.text(said) == shown


def test_documents_are_searched_at_any_depth(redact: None) -> None:
    document = {"a": [{"Password": {"x": SECRET}}, {"b": [{"TOKEN": [SECRET]}]}, f"token={SECRET}"], "ok": 1}
    assert redaction.document(document) == {
        "a": [{"Password": "***"}, {"b": [{"TOKEN": "***"}]}, "token=***"],
        "ok": 1,
    }


def test_what_is_nested_too_deep_is_hidden_rather_than_shown(redact: None) -> None:
    value: Any = {"password": SECRET}
    for _ in range(500):
        value = [value]
    assert SECRET not in json.dumps(redaction.document(value))


@given(st.text(st.sampled_from("pasword=:\"'\\ {}[],;&@/x\n"), max_size=300))
def test_any_text_can_be_searched(said: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FAULTLINE_REDACT", "password")
        assert redaction.text(redaction.text(said)).count("\n") <= said.count("\n")


@pytest.mark.parametrize(
    "piece",
    [
        "password=",
        '"password": "\\',
        "password ",
        "password   ",
        "a://b:",
        "a://",
        "x:y@",
        '\\"',
        "password=[",
        "password=([{'",
        "password=a(",
        "password,",
        "password=bearer ",
        "password='a'",
    ],
)
def test_a_long_text_is_searched_in_one_go(redact: None, piece: str) -> None:
    """A pattern that tried everything would not come to an end here."""
    assert redaction.text(piece * 50_000)


# Where it comes out.


def application() -> App:
    app = App()

    @app.handler("tells")
    async def tells(job: Job) -> None:
        raise ValueError(f"refused: {json.dumps(job.payload)} at postgresql://ada:{SECRET}@db/shop")

    @app.handler("says")
    def says(job: Job) -> None:
        raise ValueError(str(job.payload["text"]))

    return app


@pytest.fixture(params=[True, False], ids=["json", "lines"])
def stream(request: pytest.FixtureRequest) -> Iterator[tuple[io.StringIO, bool]]:
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(logs.JsonLines() if request.param else logs.Lines())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield out, request.param
    root.removeHandler(handler)
    root.setLevel(level)


def test_a_secret_in_an_error_is_neither_stored_nor_logged_nor_shown(
    db: Database, redact: None, stream: tuple[io.StringIO, bool], cli: Cli
) -> None:
    payload = json.dumps({"password": SECRET, "nested": [{"token": SECRET}]})
    (job_id,) = enqueue(db, "tells", payload, max_attempts=1)
    drain(application(), db)
    error = job(db, job_id)["error"]
    assert error["message"].startswith("refused: ")
    assert "***" in error["message"]
    assert SECRET not in json.dumps(error)
    assert SECRET not in json.dumps([list(row) for row in db.rows("select detail from faultline.job_events")])
    assert "refused" in stream[0].getvalue()
    assert SECRET not in stream[0].getvalue()
    for command in (["job", "show", str(job_id)], ["status", str(job_id)], ["why", str(job_id)], ["job", "list"]):
        shown = cli.good(*command, FAULTLINE_REDACT=KEYS)
        assert SECRET not in shown, command
    assert "***" in cli.good("status", str(job_id), FAULTLINE_REDACT=KEYS)
    assert SECRET in cli.good("status", str(job_id))
    assert job(db, job_id)["payload"] == json.loads(payload), "what was sent stays as it is"


@pytest.mark.parametrize("text", INJECTIONS, ids=range(len(INJECTIONS)))
def test_an_injection_string_is_inert_in_logs_and_on_the_command_line(
    db: Database, stream: tuple[io.StringIO, bool], cli: Cli, text: str
) -> None:
    sent = text.encode("utf-8", "replace").decode()  # jsonb takes no lone surrogate
    (job_id,) = enqueue(db, "says", json.dumps({"text": sent}), max_attempts=1, tags=["a"])
    drain(application(), db)
    logging.getLogger("faultline").warning("as told: %s", text)
    out, as_json = stream
    said = out.getvalue()
    assert not HARMFUL & set(said)
    for line in said.splitlines():
        assert (json.loads(line)["logger"] == "faultline") if as_json else line[2] == ":" or line.startswith("    ")
    forged = [line for line in said.splitlines() if line.startswith(("12:00:01", '{"level"'))]
    assert forged == []
    for command in (["job", "show", str(job_id)], ["status", str(job_id)], ["why", str(job_id)], ["job", "list"]):
        shown = cli.good(*command)
        assert not HARMFUL & set(shown), command
        raw = cli.good(*command, "--json")
        assert not set("\x1b\x07\x9b\r") & set(raw), command
        json.loads(raw)
    assert json.loads(cli.good("status", str(job_id), "--json"))["payload"]["text"] == sent, "nothing is lost"
    assert "[bold red]" in cli.good("status", str(job_id)) or "[bold red]" not in text, "markup is text"


@pytest.mark.parametrize("text", [text for text in INJECTIONS if text.isprintable() or "\ud800" not in text])
def test_an_injection_string_is_inert_in_metrics(text: str) -> None:
    metrics = Metrics()
    metrics.types = {text}
    metrics.of(text, text).succeeded += 1
    (family,) = [
        family
        for family in text_string_to_metric_families(generate_latest(metrics.registry).decode())
        if family.name == "faultline_jobs"
    ]
    (one,) = family.samples
    assert one.labels == {"queue": text, "type": text, "outcome": "succeeded"}


def test_no_process_of_a_runner_has_a_secret_in_its_arguments(db: Database, tmp_path: Path) -> None:
    (tmp_path / "jobs.py").write_text(
        "import faultline\napp = faultline.App()\napp.handler('fine')(lambda job: None)\n"
    )
    dsn = make_conninfo(as_runner(db.dsn), password=SECRET)
    with process(tmp_path, dsn, "jobs:app", "--processes", "2") as supervisor:
        until(lambda: db.scalar("select count(*) from faultline.runners") == 2, "both are there")
        pids = [supervisor.process.pid, *children(supervisor.process.pid)]
        lines = [Path(f"/proc/{pid}/cmdline").read_bytes().decode() for pid in pids]
        assert len(lines) == 3
        assert all("faultline" in line for line in lines)
        assert SECRET not in "".join(lines)
        assert SECRET not in supervisor.output()
