"""What befalls the server: it is stopped at once, its main process is killed, it is restarted again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from faultline.drill.faults.fault import Fault

if TYPE_CHECKING:
    from faultline.drill.arena import Arena

RECOVERED: Final = "automatic recovery in progress"
READY: Final = "database system is ready to accept connections"


class Down(Fault):
    """The server goes down, and comes back where it was."""

    own_server = True
    seconds = 30.0

    def __init__(self) -> None:
        super().__init__()
        self._since = 0
        self._ended: dict[str, int | None] = {}

    def inject(self, arena: Arena) -> None:
        self._since = arena.log_size()
        pid = arena.server.pid
        self._ended = {"pid": pid, "exit_code": self.end(arena)}
        arena.server.start()

    def end(self, arena: Arena) -> int | None:
        raise NotImplementedError

    def look(self, arena: Arena) -> None:
        lines = arena.log_lines(self._since, RECOVERED)
        if lines and self._ended and arena.scalar("select 1") == 1:
            self.saw(**self._ended, new_pid=arena.server.pid, log=lines[:1])
            self._ended = {}

    def heal(self, arena: Arena) -> None:
        arena.server.start()


class Immediate(Down):
    name = "server-immediate"
    title = "the server is stopped with -m immediate"

    def end(self, arena: Arena) -> int | None:
        return arena.server.stop("immediate")


class KillMain(Down):
    name = "server-kill"
    title = "the server's main process gets SIGKILL"

    def end(self, arena: Arena) -> int | None:
        return arena.server.kill()


class RestartLoop(Fault):
    own_server = True
    name = "server-restarts"
    title = "the server is restarted five times in a row"
    times: Final = 5

    def inject(self, arena: Arena) -> None:
        since = arena.log_size()
        codes = []
        for _ in range(self.times):
            codes.append(arena.server.stop("fast"))
            arena.server.start()
        ready = len(arena.log_lines(since, READY))
        if ready >= self.times:
            self.saw(restarts=ready, exit_codes=codes)

    def heal(self, arena: Arena) -> None:
        arena.server.start()


ALL: Final = (Immediate, KillMain, RestartLoop)
