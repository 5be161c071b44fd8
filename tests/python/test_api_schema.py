"""Schemathesis against the real server: whatever the OpenAPI document allows or forbids, the API does as it says.

It finds nothing. The seed is new each time and printed; FAULTLINE_SEED repeats one, FAULTLINE_FULL=1 goes on for long.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from faultline.api.routes import routers
from tests.support.api import as_operator, make_token, serving
from tests.support.cli import environment
from tests.support.proofs import FULL, SEED

if TYPE_CHECKING:
    from tests.support.database import Database


# What a schema can't say (a timeout of 0 s, a ttl without a key, an empty file of YAML) a 422 says.
CONFIG = """
[checks]
positive_data_acceptance.expected-statuses = ["2xx", "401", "403", "404", "409", "410", "422"]
"""
WHOLE = ("--phases", "coverage,fuzzing,stateful", "--max-time", "240")
# A group of routes, which the seed chooses: border cases by the book, then cases made up, then calls in a row.
PART = ("--phases", "coverage,fuzzing,stateful", "--max-examples", "3")
GROUPS = [str(router.tags[0]) for router in routers()]


def extent(seed: str) -> list[str]:
    if FULL:
        return [*WHOLE]
    return [*PART, "--include-tag", GROUPS[int(seed) % len(GROUPS)]]


@pytest.mark.timeout(600)
def test_schemathesis_finds_nothing(own: Database, tmp_path: Path) -> None:
    seed = str(SEED)
    config = tmp_path / "schemathesis.toml"
    config.write_text(CONFIG)
    token = make_token(own, "read", "enqueue", "operate")
    with serving(tmp_path, as_operator(own.dsn), "--require-token", "--stream-time", "50ms") as api:
        command = [
            *(str(Path(sys.executable).parent / "schemathesis"), "--config-file", str(config)),
            *("run", f"http://127.0.0.1:{api.port}/openapi.json"),
            *("--header", f"Authorization: Bearer {token}", "--checks", "all", "--seed", seed),
            # One worker: Python 3.11 fails at times where two threads parse Python, as Hypothesis does.
            *("--continue-on-failure", "--suppress-health-check", "all", "--warnings", "off", "--workers", "1"),
            *extent(seed),
        ]
        result = subprocess.run(
            command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False, timeout=400
        )
        log = api.process.output()
    print(f"FAULTLINE_SEED={seed}")
    assert result.returncode == 0, result.stdout[-8000:] + result.stderr[-2000:]
    generated = re.search(r"([\d,]+) generated", result.stdout)
    assert generated is not None, result.stdout
    assert int(generated[1].replace(",", "")) > 20, result.stdout
    assert "Traceback" not in log
    assert own.rows("select * from faultline.verify()") == []
