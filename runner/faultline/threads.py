"""A pool of daemon threads for plain handlers. A handler that hangs keeps its thread, but never the process."""

from __future__ import annotations

import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Threads:
    """Runs what it is given, in at most `most` threads that are started when needed."""

    def __init__(self, most: int, name: str) -> None:
        self._most = most
        self._name = name
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._started = 0
        self._waiting = 0

    def submit(self, work: Callable[[], None]) -> None:
        """`work` must not raise."""
        with self._lock:
            self._waiting -= 1  # one of those who wait takes this; below zero, nobody is there to take it
            if self._waiting < 0 and self._started < self._most:
                self._started += 1
                self._waiting += 1
                threading.Thread(target=self._serve, name=f"{self._name}-{self._started}", daemon=True).start()
        self._work.put(work)

    def close(self) -> None:
        """Let idle threads end; busy ones end when they are done."""
        for _ in range(self._started):
            self._work.put(None)

    def _serve(self) -> None:
        while (work := self._work.get()) is not None:
            work()
            del work
            with self._lock:
                self._waiting += 1
