"""Progress as server-sent events: what is now, then each change, and an end. Bounded in number and in time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

from starlette.responses import StreamingResponse

from faultline.api.answers import inert
from faultline.api.context import context
from faultline.api.problems import Problem

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import Send

MEDIA_TYPE: Final = "text/event-stream"
PACE_FIRST: Final = 0.1
PACE_MOST: Final = 1.0
SILENCE_SECONDS: Final = 10.0
AWAY_MOST: Final = 5

T = TypeVar("T")
Look = Callable[[], Awaitable[Sequence[tuple[Any, ...]]]]
"""One row, the document and its state; none if it is gone."""


class EventStream(StreamingResponse):
    """Looks again and again, slower while nothing changes, until `over` says so of the document.

    Whoever follows has to be let in each time: a token that was revoked opens nothing any more.
    """

    media_type = MEDIA_TYPE

    def __init__(self, request: Request, first: Sequence[tuple[Any, ...]], look: Look, over: frozenset[str]) -> None:
        self._request = request
        self._shared = context(request)
        self._first = first
        self._look = look
        self._over = over
        super().__init__(self._events(), media_type=MEDIA_TYPE, headers={"X-Accel-Buffering": "no"})

    async def stream_response(self, send: Send) -> None:
        most = self._shared.options.streams
        if self._shared.metrics.streams >= most:
            raise Problem("too-many-streams", f"{most} streams are open, the most there may be")

        self._shared.metrics.streams += 1
        try:
            await super().stream_response(send)
        finally:
            self._shared.metrics.streams -= 1

    async def _events(self) -> AsyncIterator[str]:
        deadline = time.monotonic() + self._shared.options.stream_seconds
        rows = self._first
        shown: str | None = None
        said = time.monotonic()
        pace = PACE_FIRST
        away = 0
        while rows and away < AWAY_MOST:
            ((document, state),) = rows
            now = time.monotonic()
            if document != shown:
                shown, said, pace = document, now, PACE_FIRST
                yield event("status", document)
                if state in self._over:
                    yield event("end", '{"reason": "over"}')
                    return
            elif now - said > SILENCE_SECONDS:
                said = now
                yield ": nothing new\n\n"
            if now >= deadline or await self._stopping(min(pace, max(0.0, deadline - now))):
                reason = "time" if now >= deadline else "shutdown"
                yield event("end", f'{{"reason": "{reason}"}}')
                return
            pace = min(PACE_MOST, pace * 1.5)
            try:
                again = await self._unless_stopped(self._look_again())
                if again is None:
                    yield event("end", '{"reason": "shutdown"}')
                    return
                rows = again
                away = 0
            except Problem as problem:
                if problem.kind == "unauthorized":
                    yield event("end", '{"reason": "token"}')
                    return
                away += 1  # the database is away: what was shown last still stands
        yield event("end", f'{{"reason": "{"database" if rows else "gone"}"}}')

    async def _look_again(self) -> Sequence[tuple[Any, ...]]:
        await self._request.scope["route"].admit(self._request)
        return await self._look()

    async def _unless_stopped(self, work: Coroutine[Any, Any, T]) -> T | None:
        """What comes of it; None if the service stops meanwhile, for the database may let it wait."""
        task = asyncio.ensure_future(work)
        stop = asyncio.ensure_future(self._shared.stopping.wait())
        try:
            await asyncio.wait((task, stop), return_when=asyncio.FIRST_COMPLETED)
            return await task if task.done() else None
        finally:
            stop.cancel()
            if not task.done():
                task.cancel()
                await asyncio.wait((task,))

    async def _stopping(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._shared.stopping.wait(), seconds)
        except TimeoutError:
            return False
        return True


def event(name: str, document: str) -> str:
    """JSON has no raw line breaks, so one line of data is all there is."""
    return f"event: {name}\ndata: {inert(document)}\n\n"
