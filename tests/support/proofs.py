"""Long proofs: full with FAULTLINE_FULL=1, as in `make proofs`, else reduced; FAULTLINE_SEED=N repeats one."""

from __future__ import annotations

import os
import random
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, get_state_machine_test

if TYPE_CHECKING:
    from collections.abc import Sequence

FULL: Final = bool(os.environ.get("FAULTLINE_FULL"))
# Not from the generator that Hypothesis sets.
SEED: Final = int(os.environ.get("FAULTLINE_SEED") or random.SystemRandom().randrange(2**32))


def search(
    machine: type[RuleBasedStateMachine],
    verbs: Any,
    number: int,
    examples: int,
    steps: int,
    phases: Sequence[Phase] = tuple(Phase),
) -> Counter[str]:
    """Let Hypothesis look for a difference; returns how often each verb was called and what it answered.

    The machine finds the verbs in its class as `verbs`, and what it counts into as `made`.
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
    seed(number)(get_state_machine_test(bound, settings=options))()
    return calls
