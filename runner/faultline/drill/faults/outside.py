"""What befalls the outside world: the receiver breaks off, is slow, falls silent, dies."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING, Any, ClassVar, Final
from urllib.parse import urlsplit

from faultline.drill.faults.fault import Fault

if TYPE_CHECKING:
    from faultline.drill.arena import Arena

SECONDS: Final = 5.0
MOMENTS: Final = ("received", "charged", "answered", "asked")


def ask(arena: Arena, method: str, path: str, body: Any = None) -> Any:
    """What the receiver answers; OSError if it is not there."""
    connection = http.client.HTTPConnection(urlsplit(arena.receiver.url).netloc, timeout=SECONDS)
    try:
        connection.request(method, path, None if body is None else json.dumps(body))
        content = connection.getresponse().read()
        return json.loads(content) if content else None
    finally:
        connection.close()


class Trouble(Fault):
    """At each moment of a charge once."""

    do: ClassVar[str]
    moments: ClassVar[tuple[str, ...]] = MOMENTS[:2]
    pause: ClassVar[float] = 0.0
    seconds = 30.0

    def __init__(self) -> None:
        super().__init__()
        self._before: dict[str, int] = {}

    def inject(self, arena: Arena) -> None:
        self._before = ask(arena, "GET", "/state")["bit"]
        troubles = [{"moment": moment, "do": self.do, "seconds": self.pause} for moment in self.moments]
        ask(arena, "PUT", "/troubles", troubles)

    def look(self, arena: Arena) -> None:
        bit = ask(arena, "GET", "/state")["bit"]
        places = [f"{moment} {self.do}" for moment in self.moments]
        if self._before is not None and all(bit.get(place, 0) > self._before.get(place, 0) for place in places):
            self.saw(moments=places)
            self._before = bit

    def heal(self, arena: Arena) -> None:
        ask(arena, "DELETE", "/troubles")


class Cuts(Trouble):
    name = "receiver-cuts"
    title = "the receiver breaks off"
    do = "cut"


class Errs(Trouble):
    name = "receiver-errs"
    title = "the receiver answers 500"
    do = "error"


class Slow(Trouble):
    name = "receiver-slow"
    title = "the receiver answers too late"
    do = "slow"
    pause = 2.0


class Silent(Trouble):
    name = "receiver-silent"
    title = "the receiver charges and says nothing"
    do = "silent"


class AskedInVain(Trouble):
    """A charge is cut off after it was made; who asks for it is cut off as well."""

    name = "receiver-unsure"
    title = "the receiver can't say what it has done"
    do = "cut"
    moments = ("charged", "asked")


class Dies(Fault):
    name = "receiver-dies"
    title = "the receiver is killed after a charge"
    seconds = 20.0

    def inject(self, arena: Arena) -> None:
        ask(arena, "PUT", "/troubles", [{"moment": "charged", "do": "die"}])
        pid = arena.receiver.pid
        code = arena.wait(lambda: arena.receiver.exit_code, self.seconds)
        if code is not None:
            arena.receiver.destroy()
            arena.receiver.start()
            self.saw(pid=pid, exit_code=code, new_pid=arena.receiver.pid)

    def heal(self, arena: Arena) -> None:
        if arena.receiver.exit_code is not None:
            arena.receiver.destroy()
            arena.receiver.start()
        ask(arena, "DELETE", "/troubles")


ALL: Final = (Cuts, Errs, Slow, Silent, AskedInVain, Dies)
