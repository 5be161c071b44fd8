"""Runs the workflow on a directory, kills the runner in the middle, and checks the report against the files themselves.

    faultline dev -- python main.py [DIRECTORY]

Ends with 0 only if everything adds up and verify() finds nothing; 1 if not, 2 if there is no such directory.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg

import faultline
from faultline import workflow

HERE = Path(__file__).resolve().parent
SECONDS = 60


def start_runner() -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "faultline.cli", "run", "tree:app", "--lease", "1s"]
    return subprocess.Popen(command, cwd=HERE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def wait(client: faultline.Client, run: int, state: str, task: str | None = None) -> dict[str, Any]:
    """Until the run, or a task of it, is in this state, or the run is over."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        status = client.run_status(run)
        if status is None:
            raise SystemExit(f"run {run} has disappeared")
        states = {None: status["state"]} | {each["name"]: each["state"] for each in status["tasks"]}
        if states[task] == state or status["state"] != "running":
            return status
        time.sleep(0.005)
    raise SystemExit(f"after {SECONDS} s the run is still not {state}")


def expected(root: Path) -> list[str]:
    """What the report has to say, without any workflow."""
    files = sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    return [f"{hashlib.sha256((root / name).read_bytes()).hexdigest()}  {name}" for name in files]


def judge(root: Path, report: Path, status: dict[str, Any], violations: list[str]) -> list[tuple[str, bool, str]]:
    """Name, whether it holds, and what was found."""
    tasks = {task["name"]: task for task in status["tasks"]}
    lines = json.loads(report.read_text())["lines"] if report.exists() else []
    finished = {name: task["state"] for name, task in tasks.items() if name != "nothing-there"}
    return [
        ("the run has succeeded", status["state"] == "succeeded", status["state"]),
        ("every task has succeeded", set(finished.values()) == {"succeeded"}, f"{len(finished)} with all files"),
        ("what is for failures was skipped", tasks["nothing-there"]["state"] == "skipped", "nothing-there"),
        ("gather failed once, on purpose", tasks["gather"]["attempt"] > 1, f"attempt {tasks['gather']['attempt']}"),
        ("the report has the hash of every file", lines == expected(root), f"{len(lines)} files"),
        ("verify() finds nothing", not violations, " ".join(violations)),
    ]


def main() -> int:
    root = Path(sys.argv[1] if len(sys.argv) > 1 else HERE.parent.parent / "docs").resolve()
    if not root.is_dir():
        print(f"{root} is no directory", file=sys.stderr)
        return 2
    spec = workflow.load((HERE / "hash-tree.yaml").read_bytes()).spec
    with (
        tempfile.TemporaryDirectory() as directory,
        psycopg.connect(os.environ["FAULTLINE_DSN"], autocommit=True) as connection,
        faultline.Client() as client,
    ):
        connection.execute("select faultline.put_workflow(%s::jsonb)", (json.dumps(spec),))
        report = Path(directory) / "report.json"
        run = client.trigger_workflow("hash-tree", {"directory": str(root), "report": str(report)})

        runner = start_runner()
        tasks = {task["name"]: task["state"] for task in wait(client, run, "succeeded", "find")["tasks"]}
        runner.kill()
        runner.wait()
        left = [name for name, state in tasks.items() if state not in {"succeeded", "skipped"}]
        print(f"run {run}: a runner is killed when {len(left)} of {len(tasks)} tasks are left")

        runner = start_runner()
        try:
            status = wait(client, run, "succeeded")
        finally:
            runner.terminate()
            runner.wait()
        violations = [row[0] for row in connection.execute("select check_name from faultline.verify()")]
        checks = judge(root, report, status, violations)
    for name, holds, found in checks:
        print(f"{'ok' if holds else 'WRONG':<6} {name:<40} {found}")
    return 0 if all(holds for _, holds, _ in checks) else 1


if __name__ == "__main__":
    sys.exit(main())
