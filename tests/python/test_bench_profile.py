"""The profile of a drain: what it says adds up, and a runner that fails is reported."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from bench import driver, profiling

if TYPE_CHECKING:
    from pathlib import Path


def test_a_profile_has_the_statements_of_claims_and_completions_and_the_cpu_of_sessions(tmp_path: Path) -> None:
    out = tmp_path / "profile.json"
    ended = CliRunner().invoke(profiling.profile, ["--jobs", "3000", "--rounds", "1", "--out", str(out)])
    assert ended.exit_code == 0, ended.output
    found = json.loads(out.read_text())["profile"]
    assert found["cpu"]["server, all processes"] > 0
    assert found["cpu"]["runner, its start included"] > 0
    queries = {(one["by"], one["query"].split("(")[0]): one for one in found["statements"]}
    claim = next(one for (by, query), one in queries.items() if by == "a function" and query.startswith("with claimed"))
    assert claim["wal_records"] > 1
    assert claim["calls"] >= 3
    assert "µs" in ended.output


def test_without_py_spy_there_is_no_flame_graph_and_it_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profiling, "SPY", tmp_path / "none")
    ended = CliRunner().invoke(profiling.profile, ["--flame", str(tmp_path / "flame.svg")])
    assert ended.exit_code == 2
    assert "bench/peers/setup spy" in ended.output


def test_medians_are_of_what_every_round_has() -> None:
    def one(value: float, *names: str) -> dict[str, object]:
        statements = [{"by": "the runner", "query": name, "us": value} for name in names]
        return {"seconds": value, "cpu": {"runner": value}, "statements": statements}

    found = profiling.medians([one(1.0, "a", "b"), one(5.0, "a"), one(3.0, "a", "b")])
    assert found["seconds"] == 3.0
    assert found["cpu"] == {"runner": 3.0}
    assert found["statements"] == [{"by": "the runner", "query": "a", "us": 3.0}]


def test_the_profile_in_the_documentation_is_that_of_the_committed_raw_values() -> None:
    raw = json.loads((driver.ROOT / "bench/results/profile.json").read_text())
    text = (driver.ROOT / "docs/benchmarks.md").read_text()
    for name, value in raw["profile"]["cpu"].items():
        if value >= 0.05:
            assert f"| {name} | {value:.1f} |" in text
    assert raw["about"]["commit"].removesuffix("-dirty") in text
