"""Every verb is cut off at every message of its connection, before the server has it and after it has acted upon it.

Whoever called is told that nobody knows, and nothing else: the verb has happened as a whole, or not at all. Then the
caller repeats it, and where that is promised the answer is the same, and nothing is doubled.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from faultline.drill.proxy import AFTER, BEFORE, Proxy, Strike
from tests.support.every_verb import VERBS, Ground, Verb, renumbered
from tests.support.proofs import FULL, SEED
from tests.support.running import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.database import Database

VERB = "faultline verb"
SOME, CUTS = 25, 3
"""How many verbs a reduced run tries, and points of each; its COMMIT, from both sides, is always among them."""
Point = tuple[int, str]
GONE = "select count(*) = 0 from pg_stat_activity where application_name = %s and datname = current_database()"

# What has to be answered when a call that was committed is repeated, if it is not the same. Nothing changes.
AGAIN: dict[str, Any] = {
    **dict.fromkeys(["complete_job", "fail_job", "fail for good", "release_job", "snooze_job", "cancelled"], "repeat"),
    **dict.fromkeys(["complete the other task", "fail the other task"], "repeat"),
    **dict.fromkeys(["complete_jobs", "fail_jobs"], "repeat repeat"),
    # What was claimed is not given twice; release_unknown gives it back.
    **dict.fromkeys(["claim_job", "claim one", "claim_jobs", "effects_to_ask", "reconcile"], None),
    # How much there was to do.
    **dict.fromkeys(["release_unknown", "reap_expired", "wake_tasks"], "0"),
    # Whether it was this call that made it.
    **dict.fromkeys(["apply_ledger", "apply_and_complete", "delete_schedule"], "false"),
    **dict.fromkeys(["fire_schedule", "fire an older tick", "backfill"], "j#1 false"),
    "enqueue_many": "j#2 false j#1 false",
    "fire_schedules": "repeat j#1 repeat j#2",
}
MORE = {"enqueue without a key", "enqueue_bulk", "trigger without a key", "fire_now", "answer UNKNOWN"}
"""Whoever repeats these means another one; another UNKNOWN is another time that somebody asked."""
COUNTS = {"maintain"}
"""Tells how much it has done."""


@dataclass(frozen=True)
class Seen:
    """What a call was told, and the world then."""

    answer: Any
    world: str


class Client:
    """Somebody who calls a verb in a transaction, as a client library does, with a connection for each call."""

    def __init__(self, db: Database, proxy: Proxy) -> None:
        self.db = db
        self.proxy = proxy
        self.ground = Ground(db)

    def call(self, verb: Verb) -> Any:
        dsn = make_conninfo(self.proxy.dsn, application_name=VERB, options=f"-c role={verb.role}")
        with psycopg.connect(dsn) as connection:
            try:
                row = connection.execute(verb.query.encode(), prepare=True).fetchone()
            except psycopg.Error as error:
                if error.sqlstate is None:
                    raise
                connection.rollback()
                return error.sqlstate
        return row and row[0]

    def seen(self, answer: Any) -> Seen:
        until(lambda: self.db.scalar(GONE, VERB), "the server has done with it")
        there = self.ground.look()
        return Seen(renumbered(answer, there), renumbered(there, there))

    def cut(self, verb: Verb, number: int, when: str) -> None:
        """The call is cut off there; its caller is not told what became of it."""
        strike = self.proxy.arm(Strike(VERB, number, when))
        with pytest.raises(psycopg.OperationalError) as broken:
            self.call(verb)
        assert broken.value.sqlstate is None
        until(strike.struck.is_set, f"the connection is cut {when} message {number}")


def some(name: str, every: list[Point]) -> list[Point]:
    """A sample, with the COMMIT in it, before and after."""
    return [*random.Random(f"{SEED} {name}").sample(every[:-2], CUTS - 2), *every[-2:]]


@pytest.fixture
def client(emptied: Database) -> Iterator[Client]:
    with Proxy(emptied.dsn) as proxy:
        yield Client(emptied, proxy)


@pytest.mark.timeout(1800 if FULL else 180)
def test_a_verb_that_is_cut_off_has_happened_or_not_and_its_repetition_is_answered(
    client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    cuts = points = 0
    tried = list(VERBS) if FULL else random.Random(SEED).sample(list(VERBS), SOME)
    for name in tried:
        verb = VERBS[name]
        client.ground.make(verb.home)
        before = client.seen(None)
        listing = client.proxy.arm(Strike(VERB))
        once = client.seen(client.call(verb))
        messages = len(listing.messages)
        again = client.seen(client.call(verb))
        if name in MORE:
            assert again.world not in (before.world, once.world)
        else:
            assert again.world == once.world, f"{name}, repeated, changes something"
            assert name in COUNTS or again.answer == AGAIN.get(name, once.answer)
        every = [(number, when) for number in range(1, messages + 1) for when in (BEFORE, AFTER)]
        points += len(every)
        for number, when in every if FULL else some(name, every):
            client.ground.make(verb.home)
            client.cut(verb, number, when)
            happened = (number, when) == (messages, AFTER)
            left = client.seen(None)
            assert left.world == (once if happened else before).world, f"{name}, cut {when} message {number}"
            assert client.seen(client.call(verb)) == (again if happened else once), f"{name}, cut {when} {number}"
            cuts += 1
    with capsys.disabled():
        print(f"\n{len(tried)} of {len(VERBS)} verbs: cut at {cuts} of {points} points, seed {SEED}", end=" ")
