"""Files of pgTAP one after the other in one session of psql: twenty times as fast as a database and a psql each.

It is right for files that open one transaction and roll it back. What they include is loaded beforehand, once, into the
template; the files are run from a copy in which the includes are empty. A first red file ends the run.
"""

from __future__ import annotations

import shutil
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.support.pgtap import ENVIRONMENT, Tap
from tools.sqitch import libpq_environment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.mutation.stand import Stand

ROOT: Final = Path(__file__).resolve().parents[2]
# Each after what it includes.
SUPPORT: Final = ("prelude", "operating", "ledger", "workflows", "schedules")
MARK: Final = "# begins "
STATEMENT_SECONDS: Final = 20
SECONDS_AT_LEAST: Final = 30.0


def rolls_back(path: Path) -> bool:
    """All but what it includes is one transaction that is rolled back."""
    lines = [line for line in path.read_text().splitlines() if line.strip() and not line.startswith("--")]
    while lines and lines[0].startswith("\\ir "):
        lines.pop(0)
    bounds = [line for line in lines if line in {"begin;", "commit;", "rollback;"}]
    return bounds == ["begin;", "rollback;"] and lines[0] == "begin;" and lines[-1] == "rollback;"


class Together:
    """A copy of tests/sql whose includes are empty, in a directory that the caller removes."""

    def __init__(self, tree: Path) -> None:
        self._tree = tree
        shutil.copytree(ROOT / "tests/sql", tree / "tests/sql", dirs_exist_ok=True)
        (tree / "tests/support").mkdir(exist_ok=True)
        lines = []
        for name in SUPPORT:
            text = (ROOT / f"tests/support/{name}.sql").read_text()
            lines += [line for line in text.splitlines() if not line.startswith("\\ir ")]
            (tree / f"tests/support/{name}.sql").write_text("")
        self._support = tree / "support.sql"
        self._support.write_text("\n".join(lines))

    def prepare(self, stand: Stand, name: str) -> None:
        """Load into a database what the files include."""
        subprocess.run(
            [stand.psql, "-XAtq", "-v", "ON_ERROR_STOP=1", "-f", self._support],
            check=True,
            env=libpq_environment(stand.server.dsn(name)) | ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
        )

    def run(self, psql: Path, dsn: str, paths: Sequence[str], seconds: float) -> tuple[str, str] | None:
        """The first file that is red and what it says, or None. A statement that takes too long is an error."""
        arguments: list[str | Path] = []
        for path in paths:
            arguments += ["-c", f"\\echo {MARK}{path}", "-f", self._tree / path]
        options = f"{ENVIRONMENT['PGOPTIONS']} -c statement_timeout={STATEMENT_SECONDS}s"
        with subprocess.Popen(
            [psql, "-XAtq", "-v", "ON_ERROR_STOP=1", *arguments],
            cwd=self._tree,
            env=libpq_environment(dsn) | ENVIRONMENT | {"PGOPTIONS": options},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            timer = threading.Timer(max(SECONDS_AT_LEAST, seconds), process.kill)
            timer.start()
            try:
                return _first_red(process)
            finally:
                timer.cancel()
                process.kill()


def _first_red(process: subprocess.Popen[str]) -> tuple[str, str] | None:
    path = ""
    lines: list[str] = []
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(MARK):
            if problems := _problems(path, lines):
                return path, problems[0]
            path, lines = line.removeprefix(MARK).strip(), []
        else:
            lines.append(line)
            if line.startswith("not ok "):
                return path, line.strip()
    if process.wait() != 0:
        errors = [line.strip() for line in lines if "ERROR:" in line]
        return path, errors[-1] if errors else f"psql ended with {process.returncode}"
    problems = _problems(path, lines)
    return (path, problems[0]) if problems else None


def _problems(path: str, lines: list[str]) -> list[str]:
    return Tap.parse("".join(lines)).problems() if path else []
