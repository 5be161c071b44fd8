"""Which faults are played together, in one arena, and which need one of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from faultline.drill.arena import Arena
from faultline.drill.faults import runners, sessions

if TYPE_CHECKING:
    from faultline.drill.faults.fault import Fault


@dataclass(frozen=True)
class Scenario:
    """Faults that bear each other's company, and where they are played."""

    name: str
    title: str
    faults: tuple[type[Fault], ...]
    arena: type[Arena] = Arena


ALL: Final = (
    Scenario(
        "runners",
        "runners are killed, ended and frozen",
        (runners.Kill, runners.Terminate, runners.Freeze, runners.FreezeAll),
    ),
    Scenario("sessions", "sessions and statements are ended", (sessions.Terminated, sessions.Cancelled)),
)


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
