"""What befalls the server's clock: it is set back ten minutes, and an hour ahead."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

from faultline.drill import tools
from faultline.drill.arena import Arena
from faultline.drill.clock import MovedServer
from faultline.drill.faults.fault import Fault
from faultline.drill.faults.runners import events

if TYPE_CHECKING:
    from faultline.embedded import Server

OFF: Final = "select extract(epoch from clock_timestamp())::float8"


class Moved(Arena):
    """Its server's clock can be moved. Its schedules make up for nothing: an hour would be thousands of ticks."""

    schedules: ClassVar[list[dict[str, Any]]] = [
        {"name": "every-second", "every": "1s", "type": "tick", "missed": "skip"},
        {"name": "latest", "every": "1s", "type": "tick", "missed": "latest"},
    ]

    def _make_server(self) -> Server:
        return MovedServer(config=self.config)

    def move(self, offset: str) -> float:
        """Returns how far it is off then."""
        cast("MovedServer", self.server).move(offset)
        return float(self.scalar(OFF)) - time.time()


class Moving(Fault):
    own_server = True

    @classmethod
    def needs(cls) -> str | None:
        return None if tools.faketime() and tools.linux() else "it takes libfaketime"


class Back(Moving):
    name = "clock-back"
    title = "the server's clock goes back ten minutes"
    hold_seconds: ClassVar[float] = 5.0

    def inject(self, arena: Arena) -> None:
        off = cast("Moved", arena).move("-10m")
        arena.wait(lambda: False, self.hold_seconds)
        if off < -590:
            self.saw(seconds_off=round(off))

    def heal(self, arena: Arena) -> None:
        cast("Moved", arena).move("+0")


class Ahead(Moving):
    """It stays there: ticks of the future would be a violation if it went back."""

    name = "clock-ahead"
    title = "the server's clock goes an hour ahead"
    last = True

    def inject(self, arena: Arena) -> None:
        runners = list(arena.runners)
        arena.runner_at_work()
        for runner in runners:
            runner.freeze()
        try:
            held = {attempt for runner in runners for attempt in arena.held_by_dead(runner)}
            off = cast("Moved", arena).move(f"+{self.injected}h")
            arena.rows("select faultline.reap_expired()")
            expired = events(arena, held, "expire") if held else 0
        finally:
            for runner in runners:
                runner.thaw()
        if off > 3500 and expired:
            self.saw(seconds_off=round(off), expired_early=expired)


ALL: Final = (Back, Ahead)
