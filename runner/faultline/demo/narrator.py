"""Live progress: a bar with the events above it on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Final, Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

if TYPE_CHECKING:
    from types import TracebackType

EVERY_SECONDS: Final = 2.0


class Narrator:
    """Tells on `stream` what happens, each line with the seconds since the beginning."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._began = time.monotonic()
        self._shown = self._began
        self._last: tuple[str, int] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Nothing is left to be ended."""

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    def say(self, text: str) -> None:
        print(f"{self.seconds:5.1f} s  {text}", file=self._stream, flush=True)

    def progress(self, what: str, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._shown >= EVERY_SECONDS and self._last != (what, done):
            self._shown = now
            self._last = (what, done)
            self.say(f"{what}: {done:,} of {total:,}")


class LiveNarrator(Narrator):
    """The same on a terminal, with a bar below."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._progress = Progress(
            TextColumn("        {task.description}"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=Console(file=stream, highlight=False, emoji=False),
            transient=True,
        )
        self._task = self._progress.add_task("", total=None, visible=False)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._progress.stop()

    def say(self, text: str) -> None:
        self._progress.console.print(Text(f"{self.seconds:5.1f} s  {text}"))

    def progress(self, what: str, done: int, total: int) -> None:
        self._progress.update(self._task, description=what, completed=done, total=total, visible=True)


def narrator(stream: TextIO = sys.stdout) -> Narrator:
    return LiveNarrator(stream) if stream.isatty() else Narrator(stream)
