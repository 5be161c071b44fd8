"""The thread with a loop of its own, and what becomes of what is under way in it when it ends."""

from __future__ import annotations

import asyncio
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
