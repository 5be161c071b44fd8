"""The handlers: find the files below a directory, hash each, put the hashes together, write a report.

`faultline run tree:app` runs them.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from faultline import App, Discard, Job

MOST_FILES = 2_000  # so that what is found stays well below the 256 KiB that a result may have

app = App()


@app.handler("find-files")
def find_files(job: Job) -> dict[str, Any]:
    """The files, as paths below the directory, in the order of their names."""
    root = Path(job.input["directory"])
    if not root.is_dir():
        raise Discard(f"{root} is no directory")  # no attempt will find another answer
    files = sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    if len(files) > MOST_FILES:
        raise Discard(f"{root} has {len(files)} files, more than {MOST_FILES}")
    return {"files": files}


@app.handler("hash-file")
def hash_file(job: Job) -> str:
    """One of them: `job.item` is its path."""
    with (Path(job.input["directory"]) / job.item).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@app.handler("gather-hashes")
def gather_hashes(job: Job) -> dict[str, Any]:
    """The results of a for_each are a list, in the order of the elements."""
    if job.failures == 0:
        raise ConnectionError("the first attempt fails, on purpose")
    files, hashes = job.results["find"]["files"], job.results["hash"]
    lines = [f"{digest}  {name}" for name, digest in zip(files, hashes, strict=True)]
    return {"files": len(files), "fingerprint": hashlib.sha256("\n".join(lines).encode()).hexdigest(), "lines": lines}


@app.handler("write-report")
def write_report(job: Job) -> str:
    """Whole or not at all, and the same file however often it is written: an attempt that was killed leaves nothing."""
    report = Path(job.input["report"])
    unfinished = report.with_name(f"{report.name}.{job.id}.{job.attempt}")
    unfinished.write_text(json.dumps(job.results["gather"], indent=2) + "\n")
    os.replace(unfinished, report)  # noqa: PTH105 - what it is called where atomicity is explained
    return str(report)


@app.handler("say-so")
def say_so(job: Job) -> None:
    """`find` has failed: job.results["find"] is None."""
    print(f"nothing to hash in {job.input['directory']}")
