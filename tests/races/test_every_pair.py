"""Every two verbs that touch the same rows, and the most dangerous three, in every order in which they can meet.

Which verbs those are is read from the locks that each call holds. What may come of a merge no list says: it is what
comes of the same calls one after the other, in some order (tests/support/serialisable.py). FAULTLINE_FULL=1, as in
`make proofs`, tries all; else it is a sample, which FAULTLINE_SEED=N repeats.
"""

from __future__ import annotations

import itertools
import random
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.support.every_verb import HELD, LOCK, MODES, READ, TOUCHES, VERBS, WORLDS, WRITE, Ground
from tests.support.mutants import break_function
from tests.support.proofs import FULL, SEED
from tests.support.serialisable import Case, Judge
from tests.support.stepping import Session

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.support.database import Database
    from tests.support.scenarios import Open

pytestmark = pytest.mark.timeout(3600 if FULL else 180)

PUBLIC = """
    select proname::text from pg_proc
    where pronamespace = 'faultline'::regnamespace and proname !~ '^_' and prorettype <> 'trigger'::regtype
"""
OF_A_TRANSACTION = r"""
    select proname from pg_proc
    where pronamespace = 'faultline'::regnamespace and proname !~ '^_?verify'
      and regexp_replace(prosrc, '--[^\n]*', '', 'g') ~* '\m(now|(transaction|statement)_timestamp)\(|\mcurrent_time'
"""
BOTH = ("commit", "commit")
STRENGTH = (READ, LOCK, WRITE)
PAIRS, TRIPLES, LONGER_PAIRS, MERGES = 30, 4, 4, 8
"""How many a reduced run tries."""
WORLDS_OF_A_PAIR = 2
# Where there is room for one of two jobs, a claim takes the second if somebody holds the first: nobody promises which.
OF_THE_LIMIT = {"claim_job", "claim_jobs", "claim one", "set_queue"}

# Three at once: in each of these worlds, every three of these verbs.
DANGEROUS: Mapping[str, Sequence[str]] = {
    "queued": ("claim_job", "cancel_job", "enqueue", "pause_queue"),
    "limited": ("claim_job", "claim_jobs", "claim one", "set_queue"),
    "expired": ("complete_job", "fail_job", "fail_jobs", "heartbeat", "reap_expired", "cancel_job", "release_unknown"),
    "last attempt lost": ("complete_job", "reap_expired", "retry_job", "discard_job"),
    "dead": ("retry_job", "discard_job", "claim_job", "enqueue"),
    "key expired": ("enqueue", "enqueue other work", "enqueue_many", "maintain"),
    "working above a floor": ("apply_ledger", "set_account", "fail_transaction", "cancel_job"),
    "sent and lost": ("settle_effect", "reap_expired", "complete_job", "fail_transaction"),
    "given up": ("reconcile", "submit_transaction", "fail_transaction"),
    "left open": ("answer APPLIED", "answer ABSENT", "reconcile", "effects_to_ask"),
    "running tasks": ("complete_job", "complete the other task", "complete_jobs", "cancel_run"),
    "lost tasks": ("complete_job", "fail the other task", "reap_expired", "cancel_run"),
    "failed run": ("resume_run", "discard_job", "cancel_run", "put another version"),
    "overdue run": ("signal_run", "wake_tasks", "cancel_run"),
    "workflow": ("trigger_workflow", "trigger_workflow", "put another version"),
    "due": ("fire_schedules", "fire_schedule", "pause_schedule", "delete_schedule", "put another definition"),
}


# Transactions of two verbs, as handlers and operators have them: of each world, every two of these. None begins with a
# bare look: what open_ledger saw may be over when the entry is made, and so that says whether it was the first.
LONGER: Mapping[str, Sequence[str]] = {
    "queued": ("claim_job + complete_job", "claim_job + release_job", "cancel_job + cancel_job"),
    "running": ("enqueue + complete_job", "complete_job + enqueue without a key", "cancel_job + set_queue"),
    "dead": ("retry_job + cancel_job", "discard_job + pause_queue", "enqueue + enqueue_many"),
    "working in vain": ("find_entry + apply_and_complete", "apply_ledger + complete_job", "reap_expired + reconcile"),
    "begun": ("effect_sent + settle_effect", "apply_ledger + complete_job", "fail_transaction + cancel_job"),
    "running tasks": (
        "complete_job + complete the other task",
        "fail_job + complete the other task",
        "cancel_run + resume_run",
    ),
    "waiting run": ("signal_run + trigger without a key", "cancel_run + resume_run", "wake_tasks + claim_job"),
    "due": ("fire_schedule + fire_schedules", "pause_schedule + resume_schedule", "put another definition + fire_now"),
}


@dataclass
class Probed:
    """What each verb did by itself: in which worlds it changed something, and how it held which tables."""

    acts: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    touched: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))

    def try_out(self, db: Database, worlds: Sequence[str]) -> None:
        """Each verb in its home, and in these worlds."""
        ground = Ground(db)
        connections = {role: db.connect(role, autocommit=False) for role in {verb.role for verb in VERBS.values()}}
        for world in WORLDS:
            ground.make(world)
            before = ground.look()
            for name, verb in VERBS.items():
                if world in (verb.home, *worlds):
                    ground.make(world)
                    self._call(connections[verb.role], name)
                    if ground.look() != before:
                        self.acts[name].add(world)

    def _call(self, connection: psycopg.Connection[tuple[str, str]], name: str) -> None:
        verb = VERBS[name]
        try:
            connection.execute(verb.query.encode())
            for table, mode in connection.execute(HELD):
                assert mode in MODES, f"{name} takes {mode} of {table}, which stops others"
                held = self.touched[verb.function].setdefault(table, READ)
                self.touched[verb.function][table] = max(held, MODES[mode], key=STRENGTH.index)
            connection.commit()
        except psycopg.Error as error:
            connection.rollback()
            if not (error.sqlstate or "").startswith("FL"):
                raise


@pytest.fixture(scope="module")
def worlds() -> list[str]:
    return list(WORLDS) if FULL else random.Random(SEED).sample(list(WORLDS), 2)


@pytest.fixture(scope="module")
def probed(shared: Database, worlds: list[str]) -> Probed:
    found = Probed()
    found.try_out(shared, worlds)
    return found


@pytest.fixture
def judge(db: Database, connect: Open) -> Judge:
    return Judge(Ground(db), connect)


def declared(function: str) -> dict[str, str]:
    touches = TOUCHES[function]
    kinds = ((WRITE, touches.writes), (LOCK, touches.locks), (READ, touches.reads))
    return {table: kind for kind, tables in kinds for table in tables}


def test_every_public_function_is_a_verb_and_says_what_it_touches(db: Database, probed: Probed) -> None:
    public = {name for (name,) in db.rows(PUBLIC)}
    assert {verb.function for verb in VERBS.values()} == public
    assert set(TOUCHES) == public
    for function in sorted(public):
        for table, how in probed.touched.get(function, {}).items():
            said = declared(function).get(table)
            assert said is not None, f"{function} touches {table}, and does not say so"
            assert STRENGTH.index(how) <= STRENGTH.index(said), f"{function} is said to {said} {table}: {how}"
    if FULL:
        assert probed.touched == {function: held for function in public if (held := declared(function))}


def test_no_function_reads_the_time_of_its_transaction(db: Database) -> None:
    """So it does not matter when a transaction begins, but only when it calls. (verify does, which only looks.)"""
    assert db.rows(OF_A_TRANSACTION) == []


def test_a_world_is_sound_and_its_verbs_do_something_there(db: Database, probed: Probed) -> None:
    ground = Ground(db)
    for world in WORLDS:
        ground.make(world)
        assert ground.violations() == [], world
    idle = {
        name for name, verb in VERBS.items() if TOUCHES[verb.function].changes and verb.home not in probed.acts[name]
    }
    assert idle == {"enqueue other work", "submit other work", "find_entry"}, "refused, or only a lock"


def pairs() -> list[tuple[str, str]]:
    """Of verbs that do more than look: two that meet, a verb with itself included."""
    changing = [name for name, verb in VERBS.items() if TOUCHES[verb.function].changes]
    return [
        (one, other)
        for one, other in itertools.combinations_with_replacement(changing, 2)
        if TOUCHES[VERBS[one].function].meets(TOUCHES[VERBS[other].function])
    ]


def cases(probed: Probed) -> Iterator[Case]:
    """Each pair where both change something, their homes first; one that never does, where its first is at home."""
    for pair in pairs():
        homes = [VERBS[name].home for name in pair]
        together = [world for world in WORLDS if all(world in probed.acts[name] for name in pair)]
        if not set(pair) <= OF_THE_LIMIT:
            together = [world for world in together if world != "limited"]
        together.sort(key=lambda world: world not in homes)
        yield from (Case(world, pair, BOTH) for world in (together or homes)[: WORLDS_OF_A_PAIR if together else 1])
        if together:
            yield Case(together[0], pair, ("rollback", "commit"))
            yield Case(together[0], pair, ("commit", "rollback"))


def tell(judge: Judge, what: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert not judge.found, f"{len(judge.found)} merges that no order explains, seed {SEED}\n" + "\n".join(judge.found)
    made = ", ".join(f"{count} {name}" for name, count in judge.made.items())
    with capsys.disabled():
        print(f"\n{what}: {made}, seed {SEED}", end=" ")


def test_two_verbs_about_the_same_rows_come_to_what_one_after_the_other_does(
    judge: Judge, probed: Probed, capsys: pytest.CaptureFixture[str]
) -> None:
    every = list(cases(probed))
    some = every if FULL else random.Random(SEED).sample(every, PAIRS)
    for case in some:
        judge.check(case, case.merges())
    tell(judge, f"{len({case.verbs for case in some})} of {len(pairs())} pairs", capsys)


def test_three_verbs_about_the_same_rows_come_to_what_one_after_the_other_does(
    judge: Judge, capsys: pytest.CaptureFixture[str]
) -> None:
    every = [
        Case(world, verbs, ("commit",) * 3)
        for world, dangerous in DANGEROUS.items()
        for verbs in itertools.combinations(dangerous, 3)
    ]
    check_some(judge, every, TRIPLES)
    tell(judge, f"{judge.made['cases']} of {len(every)} triples", capsys)


def test_transactions_of_two_verbs_come_to_what_one_after_the_other_does(
    judge: Judge, capsys: pytest.CaptureFixture[str]
) -> None:
    every = [
        Case(world, transactions, BOTH)
        for world, longer in LONGER.items()
        for transactions in itertools.combinations_with_replacement(longer, 2)
    ]
    check_some(judge, every, LONGER_PAIRS)
    tell(judge, f"{judge.made['cases']} of {len(every)} pairs of longer transactions", capsys)


def check_some(judge: Judge, every: Sequence[Case], most: int) -> None:
    dice = random.Random(SEED)
    for case in every if FULL else dice.sample(every, most):
        merges = case.merges()
        judge.check(case, merges if FULL else dice.sample(merges, MERGES))


# A lock that is taken away, and where two verbs need it.
CONTROLS = [
    (
        "_lock_runs",
        " for no key update) locked",
        ") locked",
        "running tasks",
        "complete_job",
        "complete the other task",
    ),
    ("claim_jobs", "setting.queue for no key update", "setting.queue", "limited", "claim_job", "claim one"),
    ("retry_job", " for update;", ";", "dead", "retry_job", "discard_job"),
    ("_end_attempt", "\n  for update;", ";", "expired", "fail_job", "reap_expired"),
    ("fail_jobs", "    for update of j\n", "", "expired", "fail_jobs", "cancel_job"),
    ("_post", "pg_advisory_xact_lock_shared(1181838445, b.bucket)", "abs(1)", "working", "apply_ledger", "set_account"),
]


@pytest.mark.parametrize(
    ("function", "old", "new", "world", "one", "other"), CONTROLS, ids=[function for function, *_ in CONTROLS]
)
def test_a_lock_that_is_missing_is_found(
    function: str, old: str, new: str, world: str, one: str, other: str, own_db: Database
) -> None:
    break_function(own_db, function, (old, new))
    case = Case(world, (one, other), BOTH)
    with ExitStack() as stack:
        judge = Judge(Ground(own_db), lambda role=None: stack.enter_context(Session(own_db.dsn, role)))
        judge.check(case, case.merges())
    assert judge.found, f"{case} went well without the lock of {function}"
