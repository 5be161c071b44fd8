"""Wakes a sleeping runner when a job arrives, on a connection of its own; polling stays the truth.

Whoever sleeps holds shared advisory locks, the bells of its queues; whoever enqueues notifies only if it finds the bell
held. Between holding the bells and sleeping lies a proof: every transaction that looked before the bells were held must
be over, or its job would come without a sound.
"""

from __future__ import annotations

import asyncio
import logging
import random
from typing import TYPE_CHECKING, Final, LiteralString

import psycopg

from faultline.database import GivenUp, Link, Lost

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from faultline.database import Rows

log = logging.getLogger("faultline")

LOCK_WAIT: Final = "50ms"
JITTER_MOST: Final = 0.02

_LOCK: Final = (
    "select pg_advisory_lock_shared(1181838444, b.bell)"
    " from (select distinct faultline.bell(q.queue) as bell from unnest(%s::text[]) as q (queue) order by 1) b"
)
_LOCK_ALL: Final = "select pg_advisory_lock_shared(1181838444, b.bell) from generate_series(0, 15) as b (bell)"
_UNLOCK: Final = "select pg_advisory_unlock_all()"
_XID: Final = "select pg_current_xact_id()::text"
_PROVEN: Final = "select pg_snapshot_xmin(pg_current_snapshot()) >= %s::xid8"


class Doorbell:
    """Holds the bells while its runner is idle, and calls `on_ring` with the name of the queue when one rings.

    A ring is a hint: it may be spurious, or for somebody else. Whatever goes wrong here, the runner polls.
    """

    def __init__(self, link: Link | None, queues: Sequence[str] | None) -> None:
        self.armed = False
        self._link = link
        self._queues = queues
        self.on_ring: Callable[[str], None] = lambda _: None
        self._usable = False
        self._watched: int | None = None
        self._jitter = 0.0
        self._opening: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Connect in the background: whoever can poll need not wait for it. Rings when it is there."""
        if self._link is not None and not self._usable and (self._opening is None or self._opening.done()):
            self._opening = asyncio.get_running_loop().create_task(self._open(self._link))

    async def arm(self) -> str | None:
        """Hold the bells. Returns what `proven` wants to know, or None if there is no doorbell at the moment."""
        if not self._usable:
            self.open()
            return None
        names: Sequence[object] = () if self._queues is None else (list(self._queues),)
        if await self._ask(_LOCK_ALL if self._queues is None else _LOCK, names) is None:
            return None
        rows = await self._ask(_XID)
        if rows is None or not self._usable:  # the end of the connection may come right behind its answer
            return None
        self.armed = True
        return str(rows[0][0])

    async def proven(self, xid: str) -> bool:
        """Whether every transaction older than the moment of `arm` is over, so that its jobs can be seen."""
        rows = await self._ask(_PROVEN, (xid,))
        return rows is None or bool(rows[0][0])

    async def disarm(self) -> None:
        """Let go of the bells: under load a notification for each job would slow down whoever enqueues."""
        if self.armed:
            self.armed = False
            await self._ask(_UNLOCK)

    def delay(self) -> float:
        """How long to wait after a ring, so that many sleepers don't claim at once. Zero for one who sleeps alone."""
        return random.uniform(0.0, self._jitter)  # noqa: S311

    def learn(self, found: bool) -> None:
        """Whether there was a job after the ring: who comes too late has company, and waits longer next time."""
        self._jitter = self._jitter / 2 if found else min(JITTER_MOST, max(0.001, self._jitter * 2))
        if self._jitter < 0.0005:
            self._jitter = 0.0

    async def close(self) -> None:
        if self._link is None:
            return
        self._link.give_up()
        if self._opening is not None:
            await self._opening
        self._ignore()
        self._usable = self.armed = False
        await self._link.close()

    async def _open(self, link: Link) -> None:
        try:
            await link.close()
            await link.open()
            if link.pooled:
                log.warning(
                    "the doorbell needs a direct connection and this one goes through a pooler: polling only. "
                    "Set FAULTLINE_LISTEN_DSN to a direct one, or FAULTLINE_DOORBELL=0"
                )
                await link.close()
                self._link = None
                return
            await link.fetch("select set_config('lock_timeout', %s, false)", (LOCK_WAIT,))
            await link.fetch("listen faultline")
        except GivenUp:
            return
        except (Lost, psycopg.Error) as error:
            log.debug("no doorbell: %s", error)
            return
        link.connection.add_notify_handler(lambda notify: self.on_ring(notify.payload))
        self._usable = True
        self._listen(link)
        self.on_ring("")

    async def _ask(self, query: LiteralString, parameters: Sequence[object] = ()) -> Rows | None:
        """The rows, or None if the doorbell is out of order. Only the claimer asks, one thing at a time."""
        if self._link is None or not self._usable:
            return None
        try:
            return await self._link.fetch(query, parameters)
        except Lost:
            self._break()
            return None
        except psycopg.Error as error:
            log.debug("the bells can't be held: %s", error)
            return None if query == _UNLOCK else await self._ask(_UNLOCK) and None
        finally:
            if self._usable:
                self._listen(self._link)

    def _break(self) -> None:
        """Without its connection there are no bells: connect again, and let the sleeper look for itself."""
        self._usable = self.armed = False
        self._ignore()
        self.open()
        self.on_ring("")

    # psycopg takes its reader off the socket after each statement; between statements the socket is ours.

    def _listen(self, link: Link) -> None:
        self._watched = link.connection.pgconn.socket
        asyncio.get_running_loop().add_reader(self._watched, self._heard, link)
        self._heard(link)

    def _ignore(self) -> None:
        if self._watched is not None:
            asyncio.get_running_loop().remove_reader(self._watched)
            self._watched = None

    def _heard(self, link: Link) -> None:
        try:
            pgconn = link.connection.pgconn
            pgconn.consume_input()
            while (notify := pgconn.notifies()) is not None:
                self.on_ring(notify.extra.decode("utf-8", "replace"))
        except (Lost, psycopg.Error) as error:
            log.debug("the doorbell's connection broke: %s", error)
            self._break()
