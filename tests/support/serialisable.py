"""What transactions side by side may come to: what they come to one after the other, in some order, and nothing else.

Each session begins, calls its verb, and commits or rolls back. Nothing of ours reads the time of a transaction, so a
begin can be moved to the call that follows it: two merges that differ by that alone are one. The merges of one session
after the other are run first, and are what the others are measured by: all answers, and the world that they left.

Who waits for nobody (a claim, a reaper, a beat) leaves what is held, and finds it the next time. So where there is one,
and no order explains what came, it calls again, as it would a second later; then an order in which it does so too has
to explain what the others were told, and the world.
"""

from __future__ import annotations

import itertools
import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.support.every_verb import VERBS, Ground, Verb, renumbered
from tests.support.stepping import COMMIT, ROLLBACK, Ran, Session, Step, all_merges, run_merge

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.support.scenarios import Open

Outcome = tuple[tuple[Any, ...], str]
Merge = tuple[int, ...]
"""Whose step is next: the number of a session. Its steps are its calls, the first with the begin, and the end."""

ENDINGS = {"commit": COMMIT, "rollback": ROLLBACK}


@dataclass(frozen=True)
class Case:
    """A world, and what each session does in it: a verb, or "one + another", and how its transaction ends."""

    world: str
    verbs: tuple[str, ...]
    ends: tuple[str, ...]

    def __str__(self) -> str:
        told = (
            f"{verb}{'' if end == 'commit' else ' (rolled back)'}"
            for verb, end in zip(self.verbs, self.ends, strict=True)
        )
        return f"{' / '.join(told)} in the world {self.world!r}"

    def calls(self, who: int) -> list[Verb]:
        return [VERBS[name] for name in self.verbs[who].split(" + ")]

    def in_order(self, order: Iterable[int]) -> Merge:
        """One session after the other."""
        return tuple(who for who in order for _ in range(len(self.calls(who)) + 1))

    def merges(self) -> list[Merge]:
        return [tuple(merge) for merge in all_merges(*(self.in_order([who]) for who in range(len(self.verbs))))]


class Judge:
    """Runs merges of cases, and finds those that no order explains."""

    def __init__(self, ground: Ground, connect: Open) -> None:
        self.ground = ground
        self.made: Counter[str] = Counter()
        self.found: list[str] = []
        self._connect = connect
        self._sound: set[str] = set()
        self._sessions: dict[tuple[str, int], Session] = {}

    def check(self, case: Case, merges: Iterable[Merge]) -> None:
        """Each of the merges against all orders; what no order explains is added to `found`."""
        orders = [case.in_order(order) for order in itertools.permutations(range(len(case.verbs)))]
        legal = {}
        for order in orders:
            ran, legal[order] = self._run(case, order)
            self._count(ran)
        later: dict[Merge, Outcome] = {}
        passing = any(call.passes_by for who in range(len(case.verbs)) for call in case.calls(who))
        for merge in merges:
            if merge in legal:
                continue
            ran, outcome = self._run(case, merge)
            self._count(ran)
            if outcome in legal.values():
                continue
            if passing:
                outcome = self._later(case, outcome)
                later = later or {order: self._later(case, self._run(case, order)[1]) for order in orders}
                self.made["explained by the next time"] += 1
                if outcome in later.values():
                    continue
            allowed = "\n    ".join(_differs(outcome, other) for other in (later or legal).values())
            self.found.append(f"{case}: {ran}\n  came to {outcome[0]}; not as in the orders:\n    {allowed}")
        self.made["cases"] += 1

    def _run(self, case: Case, merge: Merge) -> tuple[Ran, Outcome]:
        self.ground.make(case.world)
        numbers = range(len(case.verbs))
        sessions = {str(who): self._session(who, case.calls(who)[0].role) for who in numbers}
        plan = {who: [*_steps(case.calls(who)), ENDINGS[case.ends[who]]] for who in numbers}
        for session in sessions.values():
            session.begin()
        steps = {who: iter(steps) for who, steps in plan.items()}
        ran = run_merge(sessions, [(str(who), next(steps[who])) for who in merge])
        there = self.ground.look()
        answers = tuple(tuple(renumbered(ran[f"{who}.{step.name}"], there) for step in plan[who]) for who in numbers)
        left = _once(renumbered(there, there))
        if left not in self._sound:
            if violations := self.ground.violations():
                self.found.append(f"{case}: {ran}\n  breaks a promise: {violations}")
            self._sound.add(left)
            self.made["worlds"] += 1
        return ran, (answers, left)

    def _later(self, case: Case, outcome: Outcome) -> Outcome:
        """What it is once those who wait for nobody have called again; what they were told is left out."""
        answers = list(outcome[0])
        for who in range(len(case.verbs)):
            for call in case.calls(who):
                if call.passes_by:
                    answers[who] = None
                    if case.ends[who] == "commit":
                        self._call_until_nothing_changes(self._session(who, call.role), call)
        there = self.ground.look()
        return tuple(answers), _once(renumbered(there, there))

    def _call_until_nothing_changes(self, session: Session, call: Verb) -> None:
        before = ""
        while (there := self.ground.look()) != before:
            before = there
            session.call(call.query)

    def _session(self, who: int, role: str) -> Session:
        if (role, who) not in self._sessions:
            self._sessions[role, who] = self._connect(role)
        return self._sessions[role, who]

    def _count(self, ran: Ran) -> None:
        self.made["merges"] += 1
        self.made["waits"] += bool(ran.waited)


def _once(world: str) -> str:
    """A refusal counts once: two who are refused at the same moment may both record it."""
    there = json.loads(world)
    events = there["events"] or []
    there["events"] = [
        event for place, event in enumerate(events) if " stale " not in event or event not in events[:place]
    ]
    return json.dumps(there)


def _differs(outcome: Outcome, other: Outcome) -> str:
    """What is told, and the parts of the world that are not the same: as it came, and as it should have been."""
    came, should = json.loads(outcome[1]), json.loads(other[1])
    parts = [f"{part}: {came[part]}, not {should[part]}" for part in came if came[part] != should[part]]
    return f"{other[0]} {'; '.join(parts)}"


def _steps(calls: Sequence[Verb]) -> list[Step]:
    return [Step(f"call {number}", call.query) for number, call in enumerate(calls, 1)]
