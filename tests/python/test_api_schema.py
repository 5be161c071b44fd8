"""Schemathesis against the real server: whatever the OpenAPI document allows or forbids, the API does as it says.

It finds nothing. The seed is new each time and printed; FAULTLINE_SEED repeats one, FAULTLINE_FULL=1 goes on for long.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.api import as_operator, make_token, serving
from tests.support.cli import environment

if TYPE_CHECKING:
    from tests.support.database import Database

# What a schema can't say (a timeout of 0 s, a ttl without a key, an empty file of YAML) a 422 says.
CONFIG = """
[checks]
positive_data_acceptance.expected-statuses = ["2xx", "401", "403", "404", "409", "410", "422"]
"""
FULL = ("--phases", "coverage,fuzzing,stateful", "--max-time", "240")
# A third of the routes, which the seed chooses: border cases by the book, then cases made up, then calls in a row.
PART = ("--phases", "coverage,fuzzing,stateful", "--max-examples", "3")
TAGS = (("jobs", "service"), ("runs", "queues"), ("workflows", "ledger"))


def extent(seed: str) -> list[str]:
    if os.environ.get("FAULTLINE_FULL"):
        return [*FULL]
    tags = TAGS[int(seed) % len(TAGS)]
    return [*PART, *(part for tag in tags for part in ("--include-tag", tag))]


@pytest.mark.timeout(600)
def test_schemathesis_finds_nothing(own: Database, tmp_path: Path) -> None:
    seed = os.environ.get("FAULTLINE_SEED") or str(random.randrange(2**32))
    config = tmp_path / "schemathesis.toml"
    config.write_text(CONFIG)
    token = make_token(own, "read", "enqueue", "operate")
    with serving(tmp_path, as_operator(own.dsn), "--require-token", "--stream-time", "50ms") as api:
        command = [
            *(str(Path(sys.executable).parent / "schemathesis"), "--config-file", str(config)),
            *("run", f"http://127.0.0.1:{api.port}/openapi.json"),
            *("--header", f"Authorization: Bearer {token}", "--checks", "all", "--seed", seed),
            *("--continue-on-failure", "--suppress-health-check", "all", "--warnings", "off", "--workers", "2"),
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
    assert int(generated[1].replace(",", "")) > 200, result.stdout
    assert "Traceback" not in log
    assert own.rows("select * from faultline.verify()") == []
