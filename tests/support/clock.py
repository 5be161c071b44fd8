"""A server of PostgreSQL whose clock can be moved while it runs, by Debian's libfaketime, unpacked into .tools."""

from __future__ import annotations

import shlex
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from faultline.embedded import Server
from tests.support.project import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

UNPACKED = ROOT / ".tools/faketime"
# The monotonic clock is the true one: only what people set moves.
WRAPPER = """#!/bin/sh
export LD_PRELOAD={library} FAKETIME_TIMESTAMP_FILE={file} FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1
exec {postgres} "$@"
"""


class MovedServer(Server):
    """`move` sets how far its clock is from the true one."""

    def __init__(self, directory: Path, offset: Path) -> None:
        super().__init__(bin_dir=directory, fsync=False)
        self._offset = offset

    def move(self, offset: str) -> None:
        """As in "-10m", "+1h" or "+0"; for every session, at once."""
        new = self._offset.with_suffix(".new")
        new.write_text(offset + "\n")
        new.chmod(0o644)
        new.rename(self._offset)


@contextmanager
def moved_server() -> Iterator[MovedServer]:
    """It shows the true time at first."""
    real = Server().bin
    with tempfile.TemporaryDirectory(prefix="faultline-clock-") as name:
        directory = Path(name)
        directory.chmod(0o755)
        (library,) = UNPACKED.glob("usr/lib/*/faketime/libfaketime.so.1")
        shutil.copy(library, directory)  # to where the server's user can reach it
        offset = directory / "offset"
        for program in ("postgres", "initdb"):
            wrapper = directory / program
            words = {"library": directory / library.name, "file": offset, "postgres": real / program}
            text = WRAPPER.format(**{key: shlex.quote(str(word)) for key, word in words.items()})
            if program == "initdb":
                text = f'#!/bin/sh\nexec {shlex.quote(str(real / program))} "$@"\n'
            wrapper.write_text(text)
            wrapper.chmod(0o755)
        offset.write_text("+0\n")
        offset.chmod(0o644)
        with MovedServer(directory, offset) as server:
            yield server
