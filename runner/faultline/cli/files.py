"""Files of YAML for the database: how they are read, and how what is wrong with them is shown."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from faultline.cli import output
from faultline.cli.failures import WrongUsage
from faultline.documents import MOST_BYTES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from faultline.documents import Fault


def bytes_of(file: Path) -> bytes:
    """At most one byte more than a file may have: a device has no end. `-` is stdin."""
    if str(file) == "-":
        return sys.stdin.buffer.read(MOST_BYTES + 1)
    try:
        with file.open("rb") as stream:
            return stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise WrongUsage(f"can't read {str(file)!r}: {error.strerror}") from error


def print_faults(file: Path, faults: Sequence[Fault], *, as_json: bool) -> None:
    """Each on a line, with file, line and column."""
    if as_json:
        rows = [
            {
                "line": fault.place.line if fault.place else None,
                "column": fault.place.column if fault.place else None,
                "path": fault.path,
                "message": fault.message,
                "hint": fault.hint,
            }
            for fault in faults
        ]
        output.print_json({"good": False, "faults": rows})
        return
    name = output.printable(str(file))
    for fault in faults:
        output.note(f"{name}:{'' if fault.place else ' '}{output.clean(str(fault))}")
