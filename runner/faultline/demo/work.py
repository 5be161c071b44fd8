"""What the demo's runners run: `faultline run faultline.demo.work:app`."""

from __future__ import annotations

import ctypes
import hashlib
import signal
import sys
import time
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from faultline import App, Job
from faultline.demo.files import LARGEST_FILE, Stamp, open_regular, path_of

if TYPE_CHECKING:
    from pathlib import Path

TYPE: Final = "count-file"
CHUNK: Final = 1 << 18
WHITESPACE: Final = b" \t\n\r\x0b\x0c"
PR_SET_PDEATHSIG: Final = 1

app = App()


@app.handler(TYPE)
def count_file(job: Job) -> dict[str, Any]:
    """Count the bytes, lines and words of a file; then hold it for a moment, so that a crash finds jobs in flight."""
    result = count(path_of(job.payload["file"]))
    time.sleep(job.payload["hold_seconds"])
    return result


def count(path: Path) -> dict[str, Any]:
    """The counts and the sha256 of what is read, chunk by chunk. A file that can't be read is a result as well."""
    try:
        with open_regular(path) as file:
            before = Stamp.of(file)
            counts = _count_chunks(file)
            stamp = Stamp.of(file)
    except OSError as error:
        return {"unreadable": type(error).__name__}
    return {**counts, "stamp": stamp.as_list(), "changed": stamp != before or counts["bytes"] != stamp.size}


def _count_chunks(file: BinaryIO) -> dict[str, Any]:
    size = lines = words = 0
    digest = hashlib.sha256()
    in_word = False
    while size <= LARGEST_FILE and (chunk := file.read(CHUNK)):
        digest.update(chunk)
        size += len(chunk)
        lines += chunk.count(b"\n")
        words += len(chunk.split()) - (in_word and chunk[0] not in WHITESPACE)
        in_word = chunk[-1] not in WHITESPACE
    return {"bytes": size, "lines": lines, "words": words, "sha256": digest.hexdigest()}


def die_with_parent() -> None:
    """On Linux: end when the demo ends, however it does; a runner it had frozen would stay for ever."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


die_with_parent()
