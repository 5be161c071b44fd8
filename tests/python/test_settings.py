"""The options of a runner: bounds, the environment, and the .env file that the environment overrules."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from faultline.errors import InvalidArgument
from faultline.settings import RunnerOptions, load_env_file

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("FAULTLINE_"):
            monkeypatch.delenv(name)


def test_the_defaults_are_what_a_newcomer_wants() -> None:
    options = RunnerOptions()
    assert (options.queues, options.concurrency, options.lease, options.processes) == (None, 20, 30.0, 1)
    assert (options.until_empty, options.metrics_port, options.grace, options.poll) == (False, None, 30.0, 1.0)


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"concurrency": 0}, "concurrency is 0"),
        ({"concurrency": True}, "concurrency is True"),
        ({"processes": 0}, "processes is 0"),
        ({"processes": 257}, "processes is 257"),
        ({"lease": 0.5}, "lease is 0.5"),
        ({"lease": float("inf")}, "lease"),
        ({"lease": 86401}, "lease is 86401"),
        ({"grace": -1}, "grace is -1"),
        ({"poll": 0}, "poll is 0"),
        ({"metrics_port": 70000}, "metrics_port is 70000"),
        ({"metrics_port": 65535, "processes": 2}, "metrics_port is 65535"),
        ({"queues": ()}, "queues is empty"),
        ({"queues": ("a b",)}, "queue is 'a b'"),
    ],
)
def test_what_is_out_of_bounds_is_named(given: dict[str, Any], complaint: str) -> None:
    with pytest.raises(InvalidArgument, match=complaint):
        RunnerOptions(**given)


def test_the_environment_fills_in_what_is_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAULTLINE_CONCURRENCY", "7")
    monkeypatch.setenv("FAULTLINE_LEASE", "2s")
    monkeypatch.setenv("FAULTLINE_QUEUES", "mail, reports")
    monkeypatch.setenv("FAULTLINE_UNTIL_EMPTY", "yes")
    monkeypatch.setenv("FAULTLINE_METRICS_PORT", "")
    options = RunnerOptions.from_environment(concurrency=3, grace=None)
    assert options.concurrency == 3
    assert options.lease == 2.0
    assert options.queues == ("mail", "reports")
    assert options.until_empty is True
    assert options.metrics_port is None


@pytest.mark.parametrize(
    ("name", "value"), [("CONCURRENCY", "many"), ("LEASE", "long"), ("UNTIL_EMPTY", "maybe"), ("QUEUES", "a;b")]
)
def test_a_variable_that_can_not_be_read_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"FAULTLINE_{name}", value)
    with pytest.raises(InvalidArgument, match=value):
        RunnerOptions.from_environment()


def test_an_unknown_option_is_named() -> None:
    with pytest.raises(InvalidArgument, match="'concurency'"):
        RunnerOptions.from_environment(concurency=3)


def test_an_env_file_is_read_and_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("FAULTLINE_LEASE=5s\nFAULTLINE_POLL=3s\n")
    monkeypatch.setenv("FAULTLINE_POLL", "2s")
    monkeypatch.setenv("FAULTLINE_LEASE", "")
    monkeypatch.delenv("FAULTLINE_LEASE")
    load_env_file(tmp_path)
    options = RunnerOptions.from_environment()
    assert (options.lease, options.poll) == (5.0, 2.0)
    os.environ.pop("FAULTLINE_LEASE")


def test_no_env_file_is_no_error_and_an_unreadable_one_is_named(tmp_path: Path) -> None:
    load_env_file(tmp_path)
    (tmp_path / ".env").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidArgument, match="cannot read"):
        load_env_file(tmp_path)


def test_a_password_in_a_dsn_is_not_shown_with_the_options() -> None:
    assert "secret" not in repr(RunnerOptions(listen_dsn="postgresql://me:secret@host/db"))
    assert "secret" not in repr(RunnerOptions(dsn="postgresql://me:secret@host/db"))
