"""`faultline enqueue`: what arrives in the database is what was written, and what can't be is refused in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support import database
from tests.support.cli import Cli

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from faultline.embedded import Server
    from tests.support.database import Database


@pytest.fixture
def cli(db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    monkeypatch.chdir(tmp_path)
    return Cli(db.dsn)


@pytest.fixture(scope="module")
def untouched(server: Server, template: str) -> Iterator[Database]:
    """One database for all that is refused: nothing ever comes into it."""
    database.create(server, "cli_refusals", template=template)
    shared = database.Database(server, "cli_refusals")
    yield shared
    shared.close()
    database.drop(server, "cli_refusals")


def test_prints_the_id_of_the_new_job(db: Database, cli: Cli) -> None:
    printed = cli.good("enqueue", "hello", '{"name": "Ada"}')
    assert db.rows("select job_id::text, type, queue, payload from faultline.jobs") == [
        (printed.strip(), "hello", "default", {"name": "Ada"})
    ]


def test_every_option_arrives(db: Database, cli: Cli) -> None:
    cli.good(
        *("enqueue", "hello", "--queue", "mail", "--priority", 1, "--max-attempts", 7, "--tag", "a", "--tag", "b"),
        *("--run-at", "2030-01-31T08:00:00+02:00", "--timeout", "90s", "--idempotency-key", "k", "--header", "x=y=z"),
        *("--backoff", '{"kind": "fixed", "delay": "5s"}', "--idempotency-ttl", "2h"),
    )
    assert db.rows(
        "select queue, priority, max_attempts, tags, ready_at = '2030-01-31 06:00:00+00', timeout = interval '90 s', "
        "idempotency_key, headers, backoff ->> 'delay' from faultline.jobs_live"
    ) == [("mail", 1, 7, ["a", "b"], True, True, "k", {"x": "y=z"}, "5s")]
    assert db.scalar("select expires_at - created_at = interval '2 h' from faultline.idempotency_keys")


def test_options_are_environment_variables_too(db: Database, cli: Cli) -> None:
    cli.good("enqueue", "hello", FAULTLINE_QUEUE="mail", FAULTLINE_MAX_ATTEMPTS="9", FAULTLINE_TAG="a b")
    cli.good("enqueue", "hello", "--queue", "other", FAULTLINE_QUEUE="mail")
    assert db.rows("select queue, max_attempts, tags from faultline.jobs_live order by job_id") == [
        ("mail", 9, ["a", "b"]),
        ("other", 5, []),
    ]


def test_a_duration_counts_from_the_databases_clock(db: Database, cli: Cli) -> None:
    cli.good("enqueue", "hello", "--run-at", "10m")
    assert db.scalar("select ready_at - created_at between '9 min 59 s' and '10 min' from faultline.jobs_live")


def test_a_key_that_stands_for_a_job_gives_that_job(cli: Cli) -> None:
    first = cli.json("enqueue", "hello", '{"a": 1}', "--idempotency-key", "k")
    again = cli.json("enqueue", "hello", '{"a": 1}', "--idempotency-key", "k")
    assert (first["created"], again["created"]) == (True, False)
    assert first["job_id"] == again["job_id"]


def test_a_key_with_other_arguments_is_a_bad_outcome(cli: Cli) -> None:
    cli.good("enqueue", "hello", '{"a": 1}', "--idempotency-key", "k")
    assert cli.refused(1, "enqueue", "hello", '{"a": 2}', "--idempotency-key", "k").startswith("idempotency key 'k'")


def test_numbers_arrive_as_they_are_written(db: Database, cli: Cli) -> None:
    """Decoded and encoded by Python they would be rounded, or infinite."""
    cli.good("enqueue", "hello", '{"small": 1.10, "big": 12345678901234567890123456789.5, "huge": 1e5000}')
    assert db.rows("select payload ->> 'small', payload ->> 'big' from faultline.jobs_live") == [
        ("1.10", "12345678901234567890123456789.5")
    ]


def test_reads_the_payload_from_stdin(db: Database, cli: Cli) -> None:
    cli.good("enqueue", "hello", "-", stdin='{"from": "stdin"}')
    assert db.scalar("select payload ->> 'from' from faultline.jobs_live") == "stdin"


def test_an_escaped_backslash_before_u0000_is_no_nul(db: Database, cli: Cli) -> None:
    cli.good("enqueue", "hello", r'{"path": "C:\\u0000"}')
    assert db.scalar("select payload ->> 'path' from faultline.jobs_live") == r"C:\u0000"


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ("{", "not JSON"),
        ("", "not JSON"),
        ("{'a': 1}", "not JSON"),
        ('{"a": NaN}', "NaN is no JSON number"),
        ("[1]", "not a JSON object"),
        ("null", "not a JSON object"),
        ('"text"', "not a JSON object"),
        (r'{"a": "x\u0000y"}', r"\u0000"),
        (r'{"a": [{"\u0000": 1}]}', r"\u0000"),
        (r'{"a": "\ud800"}', "surrogate"),
        ('{"a": "\udcff"}', "not UTF-8"),
        ('{"a": ' + "[" * 100_000 + "]" * 100_000 + "}", "nested too deep"),
        ('{"a": "' + "x" * 262_144 + '"}', "262144"),
    ],
)
def test_a_bad_payload_is_wrong_usage(untouched: Database, payload: str, said: str) -> None:
    assert said in Cli(untouched.dsn).refused(2, "enqueue", "hello", payload)
    assert untouched.scalar("select count(*) from faultline.jobs") == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["bad name"], "'bad name' is no name"),
        (["x" * 129], "is no name"),
        (["hello", "--queue", ""], "is no name"),
        (["hello", "--priority", "0"], "--priority"),
        (["hello", "--priority", "5"], "--priority"),
        (["hello", "--max-attempts", "101"], "--max-attempts"),
        (["hello", "--run-at", "infinity"], "'infinity' is no time"),
        (["hello", "--run-at=-5m"], "'-5m' is no time"),
        (["hello", "--run-at", "2030-01-31T08:00:00"], "no time zone"),
        (["hello", "--timeout=-1s"], "not a duration"),
        (["hello", "--timeout", "400d"], "longer than 366d"),
        (["hello", "--timeout", "0s"], "timeout"),
        (["hello", "--idempotency-ttl", "0s"], "idempotency_ttl"),
        (["hello", "--idempotency-key", "k" * 256], "255"),
        (["hello", "--backoff", "{"], "not JSON"),
        (["hello", "--backoff", "5s"], "not JSON"),
        (["hello", "--backoff", '{"kind": "linear"}'], "'linear' is unknown"),
        (["hello", "--header", "novalue"], "NAME=VALUE"),
        (["hello", "--nope"], "--nope"),
        ([], "TYPE"),
    ],
)
def test_a_bad_option_is_wrong_usage(untouched: Database, arguments: list[str], said: str) -> None:
    assert said in Cli(untouched.dsn).refused(2, "enqueue", *arguments)
    assert untouched.scalar("select count(*) from faultline.jobs") == 0
