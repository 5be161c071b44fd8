"""PgBouncer between the runners and the server: it is killed and restarted, and has too few connections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from faultline.drill import tools
from faultline.drill.arena import DATABASE, RUNNER, Arena
from faultline.drill.faults.fault import Fault
from faultline.drill.pooler import Pooler

if TYPE_CHECKING:
    from faultline.processes import RunnerProcess

SIZE: Final = 3


class Pooled(Arena):
    """The runners come through the pooler, but for their bells."""

    pooler: Pooler | None = None

    def runner_dsn(self) -> str:
        return self.the_pooler.dsn

    def runner_arguments(self) -> tuple[str, ...]:
        return (*super().runner_arguments(), f"--listen-dsn={self.dsn_of(RUNNER)}")

    @property
    def the_pooler(self) -> Pooler:
        if self.pooler is None:
            self.pooler = Pooler(self.server.dsn(DATABASE), RUNNER, SIZE)
            self._stack.callback(self.pooler.close)
        return self.pooler

    def start_runner(self) -> RunnerProcess:
        self.the_pooler  # noqa: B018 - it has to be there before them, and to go after them
        return super().start_runner()


class Pooling(Fault):
    own_server = True

    @classmethod
    def needs(cls) -> str | None:
        return None if tools.pgbouncer() else "it takes PgBouncer"


class Restarted(Pooling):
    name = "pooler-restart"
    title = "PgBouncer is killed and started again"

    def inject(self, arena: Arena) -> None:
        pooler = cast("Pooled", arena).the_pooler
        pid = pooler.pid
        code = pooler.kill()
        arena.wait(lambda: False, 0.5)
        pooler.start()
        came = arena.wait(lambda: len(self._clients(pooler)), self.seconds)
        if code == -9 and came:
            self.saw(pid=pid, exit_code=code, new_pid=pooler.pid, came_again=came)

    @staticmethod
    def _clients(pooler: Pooler) -> list[object]:
        return [client for client in pooler.show("clients") if client["database"] == DATABASE]

    def heal(self, arena: Arena) -> None:
        pooler = cast("Pooled", arena).the_pooler
        if not pooler.running:
            pooler.start()


class Exhausted(Pooling):
    name = "pool-exhausted"
    title = "the pool has too few connections"
    seconds = 20.0

    def inject(self, arena: Arena) -> None:
        pooler = cast("Pooled", arena).the_pooler
        waiting = arena.wait(lambda: self._waiting(pooler), self.seconds)
        if waiting:
            self.saw(connections=SIZE, clients_waiting=waiting)

    @staticmethod
    def _waiting(pooler: Pooler) -> int:
        return sum(int(pool["cl_waiting"]) for pool in pooler.show("pools"))


ALL: Final = (Restarted, Exhausted)
