"""The checker on drills made at random: what is right has no violation, and any one thing that is wrong is found.

The jobs of a drill are those of the plain model (tests/support/model.py): producers, runners that crash, freeze and
repeat themselves, sessions that report what they should not, answers that get lost on either side of the commit.
FAULTLINE_FULL=1 tries many more, FAULTLINE_SEED=N repeats one.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from typing import Any

import pytest

from faultline.drill import checker
from faultline.drill.evidence import ENDS
from faultline.drill.facts import Key
from faultline.drill.history import FAIL, OK, UNKNOWN, Call
from tests.support.drills import NOON, World
from tests.support.model import Fence, Model, Request
from tests.support.proofs import FULL, SEED

WORLDS = 400 if FULL else 25
STEPS = 120
RUNNERS = ("alice", "bob")
VERBS = ("complete", "fail", "release", "snooze")


class Simulation:
    """A drill of jobs, and its world. `choose` is the only source of chance."""

    def __init__(self, number: int) -> None:
        self.choose = random.Random(f"{SEED}/{number}")
        self.model = Model()
        self.world = World()
        self.tokens: list[str] = []
        self.at_work: list[tuple[Fence, Call]] = []
        self.by_hand: list[Fence] = []
        self.results: dict[int, Any] = {}
        self.steps = (
            self.enqueue, self.enqueue, self.enqueue_keyed, self.roll_back, self.claim, self.claim, self.claim_by_hand,
            self.lose_a_claim, self.finish, self.finish, self.finish, self.report_by_hand, self.report_by_hand,
            self.expire, self.cancel, self.operate, self.come_due,
        )  # fmt: skip

    def run(self) -> World:
        for _ in range(STEPS):
            self.choose.choice(self.steps)()
        self.drain()
        self.tell()
        return self.world

    # What happens

    def enqueue(self) -> None:
        self._ask(f"t-{len(self.tokens)}", None)

    def enqueue_keyed(self) -> None:
        """Sometimes a key that is known, sometimes with other arguments."""
        number = self.choose.randrange(8)
        self._ask(f"k-{number}-{self.choose.random() < 0.1}", f"key-{number}")

    def _ask(self, token: str, key: str | None) -> None:
        if token not in self.tokens:
            self.tokens.append(token)
        args: dict[str, Any] = {"type": "work", "queue": "q", "key": key, "token": token}
        lost = self.choose.random()
        if lost < 0.1:  # on its way to the server
            self.world.call("enqueue", phase=UNKNOWN, **args)
            return
        most = self.choose.choice([None, 1, 2])
        request = Request(size=self.tokens.index(token), queue="q", key=key, max_attempts=most)
        made = self.model.enqueue_many([request])
        if lost < 0.2:  # on its way back
            self.world.call("enqueue", phase=UNKNOWN, **args)
        elif isinstance(made, str):
            self.world.call("enqueue", phase=FAIL, sqlstate=made, **args)
        else:
            ((_, job_id, created),) = made
            self.world.call("enqueue", {"job_id": job_id, "created": created}, **args)

    def roll_back(self) -> None:
        self.tokens.append(f"t-{len(self.tokens)}")
        phase = self.choose.choice([OK, UNKNOWN])
        self.world.call("rolled_back", phase=phase, token=self.tokens[-1])

    def claim(self) -> None:
        for fence in self.model.claim(["q"], self.choose.choice(RUNNERS), self.choose.randint(1, 4)):
            self._begin(fence)

    def _begin(self, fence: Fence) -> None:
        began = self.world.now + 1
        args: dict[str, Any] = {"job_id": fence[0], "attempt": fence[1], "type": "work"}
        call = self.world.call("handle", phase=UNKNOWN, at=(began, float("inf")), **args)
        self.at_work.append((fence, call))

    def claim_by_hand(self) -> None:
        fences = self.model.claim(["q"], "carol", 2)
        self.world.call("claim", [list(fence) for fence in fences], runner="carol", queues=["q"], batch=2)
        self.by_hand += fences

    def lose_a_claim(self) -> None:
        self.model.claim(["q"], "dave", 2)
        self.world.call("claim", phase=UNKNOWN, runner="dave", queues=["q"], batch=2)
        if self.choose.random() < 0.5:
            self.model.release_unknown("dave", [])

    def finish(self) -> None:
        """A handler returns, raises, or is never heard of again; its runner says so, once or more, or crashes first."""
        if not self.at_work:
            return
        (job_id, attempt), call = self.at_work.pop(self.choose.randrange(len(self.at_work)))
        how = self.choose.random()
        if how < 0.2:
            return
        self.world.now += 1
        call.ended, call.closed = self.world.now, True
        call.phase, call.value = (OK, {"attempt": attempt}) if how < 0.7 else (FAIL, None)
        if self.choose.random() < 0.2:
            return
        verb = "complete" if call.phase == OK else self.choose.choice(VERBS[1:])
        for _ in range(self.choose.choice([1, 1, 2])):
            self._report(verb, job_id, attempt, call.value)

    def _report(self, verb: str, job_id: int, attempt: int, result: Any = None) -> str:
        at_once = self.choose.random() < 0.5
        if verb == "complete":
            verdict = self.model.complete(job_id, attempt)
            if verdict == "ok":
                self.results[job_id] = result
        elif verb == "fail":
            verdict = self.model.fail(job_id, attempt, self.choose.random() < 0.8, at_once)
        elif verb == "release":
            verdict = self.model.release(job_id, attempt, not at_once)
        else:
            verdict = self.model.snooze(job_id, attempt)
        if verdict == "FL001" and self.choose.random() < 0.8:
            self.model.report_stale(job_id, attempt, verb)
        return verdict

    def report_by_hand(self) -> None:
        """A session reports on an attempt of its own, or on one that is long over."""
        over = [event[:2] for event in self.model.events if event.attempt and event.verb in ENDS]
        fences = [*self.by_hand, *over]
        if not fences:
            return
        (job_id, attempt), verb = self.choose.choice(fences), self.choose.choice(VERBS)
        args: dict[str, Any] = {"job_id": job_id, "attempt": attempt}
        lost = self.choose.random()
        if lost < 0.1:
            self.world.call(verb, phase=UNKNOWN, **args)
            return
        verdict = self._report(verb, job_id, int(attempt or 0))
        if lost < 0.2:
            self.world.call(verb, phase=UNKNOWN, **args)
        elif verdict in {"ok", "repeat"}:
            self.world.call(verb, verdict, **args)
        else:
            self.world.call(verb, phase=FAIL, sqlstate=verdict, **args)

    def expire(self) -> None:
        running = [job.id for job in self.model.jobs.values() if job.state == "running"]
        for job_id in self.choose.sample(running, min(len(running), 2)):
            self.model.let_expire(job_id)
        self.model.reap(1000)

    def cancel(self) -> None:
        if self.model.jobs:
            job_id = self.choose.choice(list(self.model.jobs))
            answer = self.model.cancel(job_id)
            if answer.startswith("FL"):
                self.world.call("cancel", phase=FAIL, sqlstate=answer, job_id=job_id)
            else:
                self.world.call("cancel", answer, job_id=job_id)

    def operate(self) -> None:
        dead = [job.id for job in self.model.jobs.values() if job.state == "failed"]
        if dead:
            self.choose.choice([self.model.retry, self.model.discard])(self.choose.choice(dead))

    def come_due(self) -> None:
        for job_id in self.model.jobs:
            self.model.let_be_due(job_id)

    # How it ends

    def drain(self) -> None:
        """All that is left runs to its end; whoever is still at work comes too late."""
        while any(job.state in {"queued", "running"} for job in self.model.jobs.values()):
            for job in self.model.jobs.values():
                self.model.let_expire(job.id)
            self.model.reap(1000)
            self.come_due()
            for fence in self.model.claim(["q"], "erin", 1000):
                self._begin(fence)
                _, call = self.at_work.pop()
                self.world.now += 1
                call.ended, call.phase, call.value = self.world.now, OK, {"attempt": fence[1]}
                self._report("complete", *fence, call.value)

    def tell(self) -> None:
        came_from = {"succeeded": "running", "discarded": "failed", "cancelled": "queued"}
        for job in self.model.jobs.values():
            self.world.job(
                job.id,
                self.tokens[job.request.size],
                state=job.state,
                from_state=came_from.get(job.state),
                attempt=job.attempt,
                failures=job.failures,
                max_attempts=job.max_attempts,
                key=job.request.key,
                result=self.results.get(job.id),
            )
        for event in self.model.events:
            self.world.event(event.job, event.attempt, event.verb, event.report)
        self.world.facts.keys += [Key(*place, key.job) for place, key in self.model.keys.items()]


def mixed(number: int) -> World:
    """A drill of everything else: transfers, charges, what failed, runs, ticks."""
    choose = random.Random(f"{SEED}/mixed/{number}")
    world = World()
    for number_ in range(1, choose.randint(2, 13)):
        stories: list[Callable[[str, int], Any]] = [
            world.transfer,
            world.charge,
            world.burnt,
            lambda token, run_id: world.run(run_id, token),
            lambda token, job_id: world.done(job_id, token, key=f"key-{token}"),
        ]
        choose.choice(stories)(f"x-{number_}", number_)
    world.schedule(*range(90, -1, -10))
    return world


Corruption = Callable[[World, random.Random], Any]


def row(world: World, choose: random.Random, table: str, fits: Callable[[Any], bool] = lambda _: True) -> int | None:
    places = [place for place, row in enumerate(getattr(world.facts, table)) if fits(row)]
    return choose.choice(places) if places else None


def call_of(world: World, choose: random.Random, fits: Callable[[Call], bool]) -> Call | None:
    calls = [call for call in world.calls if fits(call)]
    return choose.choice(calls) if calls else None


# Each returns the promise that it breaks, or None if there was nothing to break.


def an_acknowledged_job_is_lost(world: World, choose: random.Random) -> Any:
    answered = {call.value["job_id"] for call in world.calls if call.name == "enqueue" and call.phase == OK}
    place = row(world, choose, "jobs", lambda job: job.job_id in answered)
    return place is not None and world.facts.jobs.pop(place) and 1


def a_job_is_invented(world: World, choose: random.Random) -> Any:
    world.job(10**6, "nobody's")
    return 1


def an_answer_names_another_job(world: World, choose: random.Random) -> Any:
    call = call_of(world, choose, lambda call: call.name == "enqueue" and call.phase == OK)
    if call is not None:
        call.value["job_id"] += 10**6
    return call and 1


def an_end_is_missing(world: World, choose: random.Random) -> Any:
    place = row(world, choose, "events", lambda event: event.verb in ENDS)
    return place is not None and world.facts.events.pop(place) and 2


def an_end_is_there_twice(world: World, choose: random.Random) -> Any:
    place = row(world, choose, "events", lambda event: event.verb in ENDS)
    if place is not None:
        world.facts.events.insert(place, world.facts.events[place])
    return place is not None and 4


def two_ends_change_places(world: World, choose: random.Random) -> Any:
    events = world.facts.events
    ends = {event.job_id: place for place, event in enumerate(events) if event.verb in ENDS}
    pairs = [
        (place, ends[event.job_id])
        for place, event in enumerate(events)
        if event.verb in ENDS and ends[event.job_id] > place
    ]
    if pairs:
        first, second = choose.choice(pairs)
        events[first], events[second] = events[second], events[first]
    return pairs and 2


def two_handlers_have_one_fence(world: World, choose: random.Random) -> Any:
    call = call_of(world, choose, lambda call: call.name == "handle" and call.args["attempt"] > 1)
    others = {(c.args["job_id"], c.args["attempt"]) for c in world.calls if c.name == "handle"}
    if call is None or (call.args["job_id"], call.args["attempt"] - 1) not in others:
        return None
    call.args["attempt"] -= 1
    return 2


def a_job_never_ends(world: World, choose: random.Random) -> Any:
    place = row(world, choose, "jobs")
    if place is not None:
        world.change("jobs", place, state="running")
    return place is not None and 2


def an_accepted_report_was_refused(world: World, choose: random.Random) -> Any:
    call = call_of(world, choose, lambda call: call.name in VERBS and call.value in {"ok", "repeat"})
    if call is not None:
        call.phase, call.value, call.sqlstate = FAIL, None, "FL001"
    return call and 3


def a_refused_report_was_accepted(world: World, choose: random.Random) -> Any:
    call = call_of(world, choose, lambda call: call.name in VERBS and call.sqlstate == "FL001")
    if call is not None:
        call.phase, call.value, call.sqlstate = OK, "ok", None
    return call and 3


def a_result_is_another(world: World, choose: random.Random) -> Any:
    place = row(world, choose, "jobs", lambda job: job.result is not None)
    if place is not None:
        world.change("jobs", place, result={"attempt": 0})
    return place is not None and 3


def a_failure_is_not_counted(world: World, choose: random.Random) -> Any:
    place = row(world, choose, "jobs", lambda job: job.failures > 0)
    if place is not None:
        world.change("jobs", place, failures=world.facts.jobs[place].failures - 1)
    return place is not None and 5


def two_jobs_have_a_key(world: World, choose: random.Random) -> Any:
    keyed = row(world, choose, "jobs", lambda job: job.key is not None)
    other = row(world, choose, "jobs", lambda job: job.key is None)
    if keyed is None or other is None:
        return None
    world.change("jobs", other, key=world.facts.jobs[keyed].key)
    return 6


CORRUPTIONS: list[Corruption] = [
    an_acknowledged_job_is_lost, a_job_is_invented, an_answer_names_another_job, an_end_is_missing,
    an_end_is_there_twice, two_ends_change_places, two_handlers_have_one_fence, a_job_never_ends,
    an_accepted_report_was_refused, a_refused_report_was_accepted, a_result_is_another, a_failure_is_not_counted,
    two_jobs_have_a_key,
]  # fmt: skip


def promises(world: World) -> set[int]:
    return {violation.promise for violation in checker.check(world.evidence()).violations}


def test_a_drill_of_the_model_has_no_violation_and_whatever_is_wrong_with_it_is_found() -> None:
    print(f"FAULTLINE_SEED={SEED}")
    found = dict.fromkeys(CORRUPTIONS, 0)
    for number in range(WORLDS):
        world = Simulation(number).run()
        assert checker.check(world.evidence()).violations == [], number
        for corruption in CORRUPTIONS:
            corrupted = copy.deepcopy(world)
            promise = corruption(corrupted, random.Random(f"{SEED}/{number}/{corruption.__name__}"))
            if promise:
                assert promise in promises(corrupted), (number, corruption.__name__)
                found[corruption] += 1
    assert all(found.values()), found


def test_a_simulation_leaves_answers_open_and_sessions_refused() -> None:
    """Else it would prove less than it seems to."""
    counts = [checker.check(Simulation(number).run().evidence()).counts for number in range(WORLDS)]
    for group, name in (("ambiguous", "done"), ("ambiguous", "not_done"), ("stale", "seen"), ("stale", "reports"),
                        ("duplicates", "answered_alike"), ("attempts", "expire"), ("attempts", "snooze")):  # fmt: skip
        assert sum(count[group][name] for count in counts) > WORLDS / 5, (group, name)


TABLES = (
    "jobs", "keys", "transactions", "effects", "entries", "postings", "balances", "definitions", "runs", "tasks",
    "schedules",
)  # fmt: skip


@pytest.mark.parametrize("table", TABLES)
def test_whatever_row_is_missing_is_missed(table: str) -> None:
    print(f"FAULTLINE_SEED={SEED}")
    missed = 0
    for number in range(WORLDS):
        world = mixed(number)
        assert checker.check(world.evidence()).violations == [], number
        place = row(world, random.Random(f"{SEED}/{number}"), table)
        if place is not None:
            gone = getattr(world.facts, table).pop(place)
            assert promises(world), (number, gone)
            missed += 1
    assert missed


def test_whatever_charge_is_made_twice_or_never_is_found() -> None:
    print(f"FAULTLINE_SEED={SEED}")
    for number in range(WORLDS):
        world = mixed(number)
        world.charge("x", 10**6)
        charges = [receipt for receipt in world.receipts if receipt.event == "charged"]
        charge = random.Random(f"{SEED}/{number}").choice(charges)
        world.receipts.append(charge._replace(where="receiver.jsonl:99"))
        assert promises(world) == {7}
        world.receipts = [receipt for receipt in world.receipts if receipt[:4] != charge[:4]]
        assert promises(world) == {7}


def test_whatever_tick_is_missing_is_missed() -> None:
    for number in range(10):
        world = mixed(number)
        world.facts.schedules[-1] = world.facts.schedules[-1]._replace(paused_at=NOON + 61 * 10**6)
        world.change("about", read_at=NOON + 61 * 10**6)
        gone = world.facts.ticks.pop(number)
        world.facts.jobs = [job for job in world.facts.jobs if job.job_id != gone.job_id]
        world.calls = [call for call in world.calls if call.args.get("job_id") != gone.job_id]
        assert promises(world) == {11}
