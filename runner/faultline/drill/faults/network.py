"""What befalls connections on their way: cut, late, half-open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from faultline.drill.faults.fault import Fault

if TYPE_CHECKING:
    from faultline.drill.arena import Arena

ROLES: Final = ("faultline claim", "faultline report", "faultline heartbeat")
"""The last to give up is the report: it waits for 30 s."""


class Cut(Fault):
    name = "connections-cut"
    title = "connections are cut in the middle of calls"
    seconds = 2.0

    def inject(self, arena: Arena) -> None:
        lines = arena.proxy.cut_all()
        in_call = sorted({line.application for line in lines if line.awaiting})
        if in_call:
            self.saw(connections=len(lines), in_call=in_call)


class Delayed(Fault):
    name = "connections-late"
    title = "everything arrives late, in both directions"
    seconds = 4.0

    def __init__(self) -> None:
        super().__init__()
        self._before = 0

    def inject(self, arena: Arena) -> None:
        self._before = arena.proxy.delayed
        arena.proxy.delay = arena.random.uniform(0.05, 0.2)
        arena.wait(lambda: False, self.seconds)

    def look(self, arena: Arena) -> None:
        late = arena.proxy.delayed - self._before
        if late:
            self.saw(pieces=late, seconds=round(arena.proxy.delay, 3))

    def heal(self, arena: Arena) -> None:
        arena.proxy.delay = 0.0


class HalfOpen(Fault):
    """A connection that is open and silent. The client has to give it up by itself, and come again."""

    name = "connections-half-open"
    title = "half-open: no byte passes any more"
    seconds = 45.0

    def __init__(self) -> None:
        super().__init__()
        self._before = 0

    def inject(self, arena: Arena) -> None:
        self._before = len(arena.proxy.frozen)
        for application in ROLES:
            arena.proxy.freeze(application)

    def look(self, arena: Arena) -> None:
        frozen = arena.proxy.frozen[self._before :]
        lines = arena.proxy.lines()
        returned = [
            one.application
            for one in frozen
            if one.given_up and any(line.application == one.application and line.since > one.at for line in lines)
        ]
        if len(frozen) == len(ROLES) and len(returned) == len(ROLES):
            self.saw(frozen=len(frozen), came_again=sorted(returned))
            self._before = len(arena.proxy.frozen)

    def heal(self, arena: Arena) -> None:
        arena.proxy.thaw()


BROKEN: Final = (Cut, Delayed, HalfOpen)
