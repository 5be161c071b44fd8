"""Long proofs: full with FAULTLINE_FULL=1, as in `make proofs`, else reduced; FAULTLINE_SEED=N repeats one."""

from __future__ import annotations

import os
import random
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, get_state_machine_test

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

FULL: Final = bool(os.environ.get("FAULTLINE_FULL"))
# Not from the generator that Hypothesis sets.
SEED: Final = int(os.environ.get("FAULTLINE_SEED") or random.SystemRandom().randrange(2**32))

SEARCHES: Final = 5


def search(
    machine: type[RuleBasedStateMachine],
    verbs: Any,
    number: int,
    examples: int,
    steps: int,
    phases: Sequence[Phase] = tuple(Phase),
    reach: Collection[str] = (),
) -> Counter[str]:
    """Let Hypothesis look for a difference; returns how often each verb was called and what it answered.

    The machine finds the verbs in its class as `verbs`, and what it counts into as `made`. Its paths are random: a
    search that has not come upon all that it was to `reach` goes on with the next seed, SEARCHES times at most.
    """
    calls: Counter[str] = Counter()
    bound = type(machine.__name__, (machine,), {"verbs": verbs, "made": calls})
    options = settings(
        max_examples=examples,
        stateful_step_count=steps,
        phases=phases,
        database=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    for following in range(SEARCHES):
        seed(number + following)(get_state_machine_test(bound, settings=options))()
        if calls.keys() >= set(reach):
            break
    return calls
