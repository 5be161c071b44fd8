"""The command line: in this process where that is enough, as a process of its own where it isn't."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from click.testing import CliRunner

from faultline.cli.main import cli

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from click.testing import Result

SECONDS = 60
COMMAND = (sys.executable, "-m", "faultline.cli")


class Cli:
    """`faultline` on one database, with nothing of the tester's own settings in its environment."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn

    def __call__(self, *arguments: object, stdin: str | None = None, **variables: str) -> Result:
        environment: dict[str, str | None] = {
            name: None for name in os.environ if name.startswith(("FAULTLINE_", "PG")) and name != "FAULTLINE_PG_BIN"
        }
        environment |= {"FAULTLINE_DSN": self.dsn, **variables}
        return CliRunner().invoke(cli, [str(part) for part in arguments], input=stdin, env=environment)

    def good(self, *arguments: object, stdin: str | None = None, **variables: str) -> str:
        """What it prints; it has to end well."""
        result = self(*arguments, stdin=stdin, **variables)
        assert result.exit_code == 0, result.stderr
        return result.stdout

    def json(self, *arguments: object, stdin: str | None = None, **variables: str) -> Any:
        """Its one JSON document."""
        return json.loads(self.good(*arguments, "--json", stdin=stdin, **variables))

    def refused(self, code: int, *arguments: object, stdin: str | None = None, **variables: str) -> str:
        """The one line with which it refuses; nothing on stdout."""
        return refusal(self(*arguments, stdin=stdin, **variables), code)


def refusal(result: Result, code: int) -> str:
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == code, (result.exit_code, result.output)
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("faultline: ")
    return lines[0].removeprefix("faultline: ")


def environment(**variables: str) -> dict[str, str]:
    """For a process: ours, without settings of the tester's own."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("FAULTLINE_", "PG")) or name == "FAULTLINE_PG_BIN"
    }
    return kept | variables


def run(
    *arguments: str, cwd: Path, variables: Mapping[str, str] | None = None, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """The command as a process."""
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=cwd,
        env=environment(**(variables or {})),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def refused(process: subprocess.CompletedProcess[str], code: int) -> str:
    """The one line with which a process refused."""
    assert process.returncode == code, (process.returncode, process.stdout, process.stderr)
    lines = process.stderr.splitlines()
    assert len(lines) == 1, process.stderr
    return lines[0].removeprefix("faultline: ")
