"""A thread with an event loop of its own, for what must go on when the main loop is busy."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from concurrent.futures import Future

T = TypeVar("T")
FORGET_SECONDS: Final = 1.0


class Background:
    """Starts with its first use, ends with `close`."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._gate = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def call(self, make: Callable[[], T]) -> T:
        """Make something in that loop: what it creates belongs there."""

        async def inside() -> T:
            return make()

        return self.run(inside())

    def run(self, work: Coroutine[Any, Any, T], seconds: float | None = None) -> T:
        """Wait for `work` from another thread. Raises TimeoutError after `seconds`, and cancels it.

        This and the others raise RuntimeError once it is closed.
        """
        future = self._submit(work)
        try:
            return future.result(seconds)
        except TimeoutError:
            future.cancel()
            raise

    async def join(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for `work` from the main loop."""
        return await asyncio.wrap_future(self._submit(work))

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Future[None]:
        """Start `work`; the main loop may wait for the future that is returned."""
        return asyncio.wrap_future(self._submit(work))

    def close(self) -> None:
        with self._gate:
            self._closed = True
            self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        # What is let in comes before the stop, and so is run, or cancelled; the rest never begins.
        with self._gate:
            if not self._closed:
                return asyncio.run_coroutine_threadsafe(work, self._loop)
        work.close()
        raise RuntimeError("the thread is closed")

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        self._loop.run_until_complete(self._forget())

    async def _forget(self) -> None:
        """Whatever somebody has asked for meanwhile is cancelled: nobody waits for it any more."""
        await asyncio.sleep(0)  # what came from other threads becomes tasks
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=FORGET_SECONDS)
