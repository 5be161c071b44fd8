"""A server of PostgreSQL whose clock can be moved while it runs, by libfaketime."""

from __future__ import annotations

import shlex
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from faultline import scratch
from faultline.drill import tools
from faultline.embedded import EmbeddedError, Server

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

# The monotonic clock is the true one: only what people set moves.
WRAPPER: Final = """#!/bin/sh
export LD_PRELOAD={library} FAKETIME_TIMESTAMP_FILE={file} FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1
exec {postgres} "$@"
"""
PLAIN: Final = """#!/bin/sh
exec {initdb} "$@"
"""


class MovedServer(Server):
    """`move` sets how far its clock is from the true one, which it shows at first."""

    def __init__(self, *, fsync: bool = True, config: Mapping[str, str] | None = None) -> None:
        library = tools.faketime()
        if library is None:
            raise EmbeddedError("there is no libfaketime: install it, or `make setup` in the source tree")
        real = Server().bin
        self._wrappers = scratch.make("faultline-clock-")
        self._wrappers.chmod(0o755)
        self._offset = self._wrappers / "offset"
        shutil.copy(library, self._wrappers)  # to where the server's user can reach it
        words: dict[str, Path] = {
            "library": self._wrappers / library.name,
            "file": self._offset,
            "postgres": real / "postgres",
            "initdb": real / "initdb",
        }
        quoted = {name: shlex.quote(str(word)) for name, word in words.items()}
        for program, text in (("postgres", WRAPPER), ("initdb", PLAIN)):
            wrapper = self._wrappers / program
            wrapper.write_text(text.format(**quoted))
            wrapper.chmod(0o755)
        self.move("+0")
        super().__init__(bin_dir=self._wrappers, fsync=fsync, config=config)

    def move(self, offset: str) -> None:
        """As in "-10m", "+1h" or "+0"; for every session, at once."""
        new = self._offset.with_suffix(".new")
        new.write_text(offset + "\n")
        new.chmod(0o644)
        new.rename(self._offset)

    def close(self) -> None:
        super().close()
        scratch.remove(self._wrappers)


@contextmanager
def moved_server() -> Iterator[MovedServer]:
    """Without fsync."""
    with MovedServer(fsync=False) as server:
        yield server
