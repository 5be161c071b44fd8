"""A scenario from its beginning to its verdict: warm-up, faults, healing, liveness deadline, drain, check."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any, Final

import psycopg

from faultline.database import reason
from faultline.drill import checker, facts, history
from faultline.drill.arena import DONE, DrillError, Setting
from faultline.drill.faults.fault import Missed
from faultline.drill.load import Load
from faultline.logs import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from faultline.demo.narrator import Narrator
    from faultline.drill.arena import Arena
    from faultline.drill.borrowed import Borrowed
    from faultline.drill.faults.fault import Fault
    from faultline.drill.scenarios import Scenario

WARM_JOBS: Final = 10
TRIES: Final = 12
BREATH_SECONDS: Final = (0.2, 1.5)
"""Between two faults: what is not at work can't be broken."""
LIVENESS_SECONDS: Final = 60.0
PROGRESS_SECONDS: Final = 60.0
DEAD_LETTERS: Final = """
select faultline.discard_job(job_id) from faultline.jobs where state = 'failed' and type in ('transfer', 'charge')
"""


@dataclass
class Told:
    """What became of one fault."""

    name: str
    title: str
    injected: int = 0
    bit: int = 0
    missing: str | None = None
    """Why it can't be injected here."""
    evidence: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Outcome:
    """What a scenario has shown."""

    scenario: str
    title: str
    directory: Path
    faults: list[Told]
    postgresql: str = ""
    seconds: float = 0.0
    liveness_seconds: float = 0.0
    counts: dict[str, dict[str, Any]] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    invariants: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    broken: list[int] = field(default_factory=list)
    """The promises that the checker found broken."""

    @property
    def void(self) -> list[str]:
        """The faults that could be injected, and never bit."""
        return [told.name for told in self.faults if told.missing is None and not told.bit]

    @property
    def holds(self) -> bool:
        return not self.violations


@dataclass(frozen=True)
class Options:
    """How a drill is to be."""

    seed: int
    seconds: float = 0.0
    """Go on with the faults of each scenario for at least so long, after each of them has bit."""
    prepare: tuple[Callable[[str], None], ...] = ()
    config: Mapping[str, str] = field(default_factory=dict)
    """Settings of the server."""
    load: Load = field(default_factory=Load)
    borrowed: Borrowed | None = None
    """A database to play in, which is empty; none: each scenario has a server of its own."""
    tries: int = TRIES
    """So often a fault is injected that does not bite."""


def play(scenario: Scenario, options: Options, directory: Path, narrator: Narrator) -> Outcome:
    """Perform it. Raises DrillError if it can't be brought to its end."""
    began = time.monotonic()
    faults = [fault() for fault in scenario.faults]
    missing = {fault.name: lack for fault in faults if (lack := _lack(type(fault), options)) is not None}
    outcome = Outcome(scenario.name, scenario.title, directory, [])
    playable = [fault for fault in faults if fault.name not in missing]
    if playable:
        _Stage(scenario, options, directory, narrator, playable).perform(outcome)
    outcome.faults = [
        Told(fault.name, fault.title, fault.injected, fault.bit, missing.get(fault.name), fault.evidence)
        for fault in faults
    ]
    outcome.seconds = time.monotonic() - began
    return outcome


def _lack(fault: type[Fault], options: Options) -> str | None:
    """Why it can't be injected; None if it can."""
    return (options.borrowed.lacks(fault) if options.borrowed is not None else None) or fault.needs()


class _Stage:
    """One performance."""

    def __init__(
        self, scenario: Scenario, options: Options, directory: Path, narrator: Narrator, faults: list[Fault]
    ) -> None:
        self._random = Random(f"{options.seed}/{scenario.name}")  # noqa: S311
        self._options = options
        self._say = narrator.say
        self._faults = faults
        self._log = history.Lines(directory / history.FAULTS)
        setting = Setting(
            directory,
            options.seed,
            self._random,
            narrator,
            load=options.load,
            borrowed=options.borrowed,
            prepare=options.prepare,
            config=options.config,
        )
        self._arena: Arena = scenario.arena(setting)
        self._name = scenario.name
        self._began = self._told = 0.0

    def perform(self, outcome: Outcome) -> None:
        arena = self._arena
        with contextlib.ExitStack() as stack:
            stack.callback(self._log.close)
            stack.callback(arena.close)
            arena.start()
            outcome.postgresql = arena.host.version_text
            arena.until(lambda: arena.scalar(DONE) >= WARM_JOBS, f"{WARM_JOBS} jobs done, for a start")
            self._say(f"{self._name}: warm; {plural(len(self._faults), 'fault')} to come")
            self._break()
            outcome.liveness_seconds = self._drain(outcome)
            self._settle()
            outcome.violations += [
                f"{death.name} (pid {death.pid}) ended by itself with {death.exit_code}"
                for death in arena.unexplained()
            ]
            self._check(outcome)

    # The faults.

    def _break(self) -> None:
        """Each, until it has bit; then any of them, as long as there is time."""
        self._began = self._told = time.monotonic()
        until = self._began + self._options.seconds
        for fault in self._faults:
            if fault.lasting:
                fault.injected += 1
                self._log.write(phase="inject", fault=fault.name, number=fault.injected)
                fault.inject(self._arena)
        passing = [fault for fault in self._faults if not fault.lasting and not fault.last]
        for fault in self._random.sample(passing, len(passing)):
            self._until_bit(fault)
        while passing and time.monotonic() < until:
            self._arena.wait(lambda: False, self._random.uniform(*BREATH_SECONDS))
            self._strike(self._random.choice(passing))
        for fault in self._faults:
            if fault.last:
                self._until_bit(fault)

    def _until_bit(self, fault: Fault) -> None:
        while not fault.bit and fault.injected < self._options.tries:
            self._strike(fault)

    def _strike(self, fault: Fault) -> None:
        arena = self._arena
        before = fault.bit
        fault.injected += 1
        self._log.write(phase="inject", fault=fault.name, number=fault.injected)
        arena.expecting_deaths = arena.expecting_deaths or fault.deadly
        arena.sparing = fault.sparing
        try:
            fault.inject(arena)
            arena.wait(lambda: self._looked(fault) > before, fault.seconds)
        except (Missed, psycopg.OperationalError, OSError) as missed:  # the arena may be in trouble as well
            self._say(f"{self._name}: {fault.name}: {reason(missed)}")
        finally:
            fault.heal(arena)
            arena.sparing = False
        new = fault.evidence[before:]
        for evidence in new:
            self._log.write(phase="bit", fault=fault.name, number=fault.injected, evidence=evidence)
        self._log.write(phase="heal", fault=fault.name, number=fault.injected)
        if new:
            arena.expecting_deaths = arena.expecting_deaths and not fault.deadly
            self._say(f"{self._name}: {fault.title}: bit ({_brief(new[-1])})")
        else:
            self._say(f"{self._name}: {fault.title}: missed")
        self._tell()

    def _tell(self) -> None:
        """How far it is, once a minute: the count of what is done reads all of it."""
        now = time.monotonic()
        if now - self._told < PROGRESS_SECONDS:
            return
        self._told = now
        done, bitten = self._arena.scalar(DONE), sum(fault.bit for fault in self._faults)
        self._say(
            f"{self._name}: {now - self._began:.0f} of {self._options.seconds:.0f} s: {done:,} jobs done, "
            f"{self._arena.killed:,} runners killed, {bitten:,} faults bit"
        )

    def _settle(self) -> None:
        """What shows only now that all is over."""
        for fault in self._faults:
            before = fault.bit
            fault.settle(self._arena)
            for evidence in fault.evidence[before:]:
                self._log.write(phase="bit", fault=fault.name, number=fault.injected, evidence=evidence)

    def _looked(self, fault: Fault) -> int:
        fault.look(self._arena)
        return fault.bit

    # The end.

    def _drain(self, outcome: Outcome) -> float:
        """Nothing breaks any more: everything that can end has to, within the deadline. How long it took."""
        arena = self._arena
        began = time.monotonic()
        arena.stop_load()
        arena.join_load()
        self._say(f"{self._name}: all is healed; everything has to end within {LIVENESS_SECONDS:.0f} s")

        def over() -> bool:
            arena.rows(DEAD_LETTERS)
            return not any(arena.unfinished())

        if not arena.wait(over, LIVENESS_SECONDS):
            outcome.violations.append(f"liveness: {arena.where_it_stands()}")
        seconds = time.monotonic() - began
        for name, code in arena.end_runners().items():
            if code != 0:
                outcome.violations.append(f"{name} ended with {code} when it was asked to")
        return seconds

    def _check(self, outcome: Outcome) -> None:
        arena = self._arena
        with arena.connect() as connection:
            facts.collect(connection, arena.directory)
        judged = checker.judge(arena.directory, arena.tolerated)
        outcome.counts = judged.counts
        outcome.invariants = [f"{number}. {title}" for number, title, _ in judged.judged]
        outcome.violations += [
            f"promise {found.promise}, {found.rule}: {found.subject}: {found.detail} {' '.join(found.where)}".rstrip()
            for found in judged.violations
        ]
        outcome.broken = sorted({found.promise for found in judged.violations})
        outcome.numbers = _numbers(arena, judged.counts, sum(fault.bit for fault in self._faults))


def _numbers(arena: Arena, counts: dict[str, dict[str, Any]], bitten: int) -> dict[str, int]:
    """What there was, read from exit codes, the proxy, and the checker's own counts."""
    calls = counts["calls"].values()
    return {
        "faults that bit": bitten,
        "runners killed": arena.killed,
        "runners ended": sum(death.exit_code != -9 for death in arena.deaths),
        "connections cut": arena.proxy.cuts,
        "replies lost": len(arena.proxy.lost),
        "calls": sum(sum(phases.values()) for phases in calls),
        "calls answered": sum(phases[history.OK] for phases in calls),
        "calls refused": sum(phases[history.FAIL] for phases in calls),
        "calls unknown": sum(phases[history.UNKNOWN] for phases in calls),
        "unknown and done": counts["ambiguous"]["done"],
        "unknown and not done": counts["ambiguous"]["not_done"],
        "stale reports recorded": counts["stale"]["reports"],
        "stale calls refused": counts["stale"]["seen"],
        "repeats answered alike": counts["duplicates"]["answered_alike"],
        "jobs": sum(counts["jobs"].values()),
        "attempts": counts["attempts"]["claimed"],
        "leases expired": counts["attempts"]["expire"],
        "entries": counts["entries"]["entries"],
        "transactions burnt": counts["transactions"].get("FAILED", 0),
        "charges": counts["receiver"]["charged"],
        "runs": sum(counts["runs"].values()),
        "ticks": counts["ticks"]["made"],
    }


def _brief(evidence: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in evidence.items() if isinstance(value, int | str | float))


__all__ = ["DrillError", "Options", "Outcome", "Told", "play"]
