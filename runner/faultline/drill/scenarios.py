"""Which faults are played together, in one arena, and which need one of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from faultline.drill.arena import Arena
from faultline.drill.faults import (
    clients,
    clock,
    commits,
    contention,
    disk,
    handlers,
    network,
    outside,
    pooler,
    runners,
    server,
    sessions,
    standby,
    upgrade,
)

if TYPE_CHECKING:
    from faultline.drill.faults.fault import Fault


@dataclass(frozen=True)
class Scenario:
    """Faults that bear each other's company, and where they are played."""

    name: str
    title: str
    faults: tuple[type[Fault], ...]
    arena: type[Arena] = Arena


class Crowded(Arena):
    """With room for a crowd."""

    config = Arena.config | {"max_connections": "270"}


ALL: Final = (
    Scenario("runners", "runners are killed, ended and frozen", runners.ALL),
    Scenario("handlers", "handlers do what no handler should", handlers.ALL),
    Scenario("sessions", "sessions and statements are ended", sessions.ALL),
    Scenario("server", "the server goes down", server.ALL),
    Scenario("network", "connections break on their way", network.BROKEN),
    Scenario("commits", "the reply of COMMIT is lost, of every verb", commits.ALL),
    Scenario("contention", "others hold locks, snapshots and connections", contention.ALL),
    Scenario("clients", "other clients report twice, too late, and all at once", clients.ALL, Crowded),
    Scenario("outside", "the outside world breaks off, is silent, dies", outside.ALL),
    Scenario("disk", "the disk is full", disk.SMALL, disk.SmallDisk),
    Scenario("fsync", "the disk is slow, and fails", disk.SYNC),
    Scenario("clock", "the server's clock is moved", clock.ALL, clock.Moved),
    Scenario("standby", "a synchronous standby is paused and promoted", standby.ALL, standby.Replicated),
    Scenario("pooler", "PgBouncer in between", pooler.ALL, pooler.Pooled),
    Scenario("upgrade", "the schema is upgraded", upgrade.ALL),
)


_SHARING: Final[list[type[Fault]]] = [
    *runners.ALL,
    *handlers.ALL,
    *sessions.ALL,
    *server.ALL,
    *network.BROKEN,
    *commits.ALL,
    *clients.ALL,
    *outside.ALL,
    contention.TableLocked,
    contention.Deadlocks,
    contention.ConnectionsExhausted,
]
SOAK: Final = Scenario("soak", "all faults that can share a server, for as long as one likes", tuple(_SHARING), Crowded)


def chosen(names: tuple[str, ...]) -> list[Scenario]:
    """The scenarios of these names, or those with the faults of these names alone; all, if there is no name.

    Raises KeyError with the name that neither has.
    """
    known = {scenario.name for scenario in ALL} | {fault.name for scenario in ALL for fault in scenario.faults}
    for name in names:
        if name not in known:
            raise KeyError(name)
    found = []
    for scenario in ALL:
        if not names or scenario.name in names:
            found.append(scenario)
        elif faults := tuple(fault for fault in scenario.faults if fault.name in names):
            found.append(Scenario(scenario.name, scenario.title, faults, scenario.arena))
    return found
