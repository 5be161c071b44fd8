"""The thread with a loop of its own, and what becomes of what is under way in it when it ends."""

from __future__ import annotations

import asyncio
import inspect
import threading
from concurrent.futures import CancelledError

import pytest

from faultline.background import Background


def test_what_is_under_way_when_it_ends_is_cancelled_and_whoever_waits_for_it_is_told() -> None:
    background = Background("test")
    begun, told = threading.Event(), []

    async def forever() -> None:
        begun.set()
        await asyncio.Event().wait()

    def wait() -> None:
        with pytest.raises(CancelledError):
            background.run(forever())
        told.append(True)

    waiting = threading.Thread(target=wait)
    waiting.start()
    assert begun.wait(30)
    background.close()
    waiting.join(30)
    assert told == [True]


def test_what_comes_too_late_never_begins_whatever_the_moment() -> None:
    """Nothing is left that nobody awaits: that is a warning, and warnings are errors here."""
    refused = []

    async def work() -> None:
        pass

    def ask(background: Background) -> None:
        while True:
            try:
                background.run(work(), 30)
            except RuntimeError:
                refused.append(True)
                return
            except CancelledError:
                pass

    for _ in range(20):
        background = Background("test")
        asking = [threading.Thread(target=ask, args=(background,)) for _ in range(4)]
        for thread in asking:
            thread.start()
        background.close()
        for thread in asking:
            thread.join(30)
        late = work()
        with pytest.raises(RuntimeError, match="closed"):
            background.start(late)
        assert inspect.getcoroutinestate(late) == inspect.CORO_CLOSED, "it was ended, not forgotten"
    assert len(refused) == 80
