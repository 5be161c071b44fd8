"""One connection of a client: whoever does not go on speaking, or reading, is not waited for for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from faultline.api.guard import HEADERS
from faultline.api.problems import Problem

if TYPE_CHECKING:
    import asyncio

    from faultline.api.context import Context

READS_LEAST: Final = 16 * 1024
"""What a client has to have read of an answer, each time that its patience is over; or all that is left."""


class Connection(H11Protocol):
    """uvicorn's own, which waits for the head of a request and for the reader of an answer without an end."""

    shared: Context

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._hearing: asyncio.TimerHandle | None = None
        self._reading: asyncio.TimerHandle | None = None
        self._unread = 0
        super().connection_made(transport)
        self._hear()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_hearing()
        self._stop_reading()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._hear()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        # The rest of this request is still to come, or the next one has begun.
        if self.conn.their_state is h11.SEND_BODY or self.conn.trailing_data[0]:
            self._unset_keepalive_if_required()
        self._hear()
        self._read()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._read()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop_reading()
        if self._asks_for_nothing():
            self._read()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - as in the base
        """What is no HTTP reaches no route, and yet gets a problem and is counted."""
        self.shared.metrics.count("", None, 400, 0.0)
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            problem = Problem("not-http", "this is no request of HTTP/1.1", headers={**HEADERS, "Connection": "close"})
            answer = problem.response()
            head = h11.Response(status_code=problem.status, headers=answer.raw_headers, reason=b"Bad Request")
            for event in (head, h11.Data(data=bytes(answer.body)), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _asks_for_nothing(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _hear(self) -> None:
        """From the first byte, or from none, to the end of a head; and of a body that nobody reads any more."""
        if not self._asks_for_nothing() or self.timeout_keep_alive_task is not None:
            self._stop_hearing()
        elif self._hearing is None:
            self._hearing = self.loop.call_later(self.shared.options.body_seconds, self.transport.abort)

    def _read(self) -> None:
        self._unread = self.transport.get_write_buffer_size()
        if self._unread and self._reading is None:
            self._reading = self.loop.call_later(self.shared.options.body_seconds, self._look)

    def _stop_hearing(self) -> None:
        if self._hearing is not None:
            self._hearing.cancel()
            self._hearing = None

    def _stop_reading(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def _look(self) -> None:
        self._reading = None
        left = self.transport.get_write_buffer_size()
        if left and self._unread - left < READS_LEAST:
            self.transport.abort()
        else:
            self._read()


def connections(shared: Context) -> type[Connection]:
    """The protocol of the connections of this API."""
    members: dict[str, Any] = {"shared": shared}
    return type("Connection", (Connection,), members)
