"""Races of the ledger that more than one test plays: with the real functions, and with functions broken on purpose.

Each returns what was observed; the test that owns the scenario says what is legal.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import psycopg

from tests.support.jobs import BOB
from tests.support.ledger import (
    APPLY,
    APPLY_AND_COMPLETE,
    EUR,
    FAIL_TRANSACTION,
    FIND,
    MAINTAIN,
    SET_ACCOUNT,
    SUBMIT,
    transfer,
)
from tests.support.scenarios import REAP

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.ledger import Ledger, Work
    from tests.support.stepping import Session

Open: TypeAlias = "Callable[..., Session]"

RUNNER, OPERATOR = "faultline_runner", "faultline_operator"
ENTRIES = "select job_id, attempt from faultline.ledger_entries order by entry_id"


class Overtaken(NamedTuple):
    """What the worker that lost its lease was told, what the other one was, and the entries: (job, attempt)."""

    late: Any
    current: Any
    entries: list[tuple[Any, ...]]


def frozen_worker_wakes(ledger: Ledger, connect: Open, *, before_the_other: bool) -> Overtaken:
    """Alice freezes beyond her lease, Bob has the job at attempt 2; both apply."""
    work = ledger.lost()
    ledger.db.execute(REAP)
    ledger.make_ready(work.job)
    assert ledger.claim(runner=BOB) == [(work.job, 2)]
    alice, bob = connect(RUNNER), connect(RUNNER)
    answers = {}
    for session, attempt in ((alice, 1), (bob, 2)) if before_the_other else ((bob, 2), (alice, 1)):
        answers[attempt] = session.call(APPLY_AND_COMPLETE, work.job, attempt, work.transaction, None)
    return Overtaken(answers[1], answers[2], list(ledger.db.rows(ENTRIES)))


def frozen_in_its_transaction(ledger: Ledger, connect: Open) -> Overtaken:
    """Alice freezes after she has begun and read; Bob applies; Alice goes on in that transaction."""
    work = ledger.lost()
    alice, bob = connect(RUNNER), connect(RUNNER)
    alice.begin()
    alice.run("select faultline.open_ledger(%s, 1, %s)", work.job, work.transaction)
    ledger.db.execute(REAP)
    ledger.make_ready(work.job)
    assert ledger.claim(runner=BOB) == [(work.job, 2)]
    current = bob.call(APPLY, work.job, 2, work.transaction, None)
    late = alice.call(APPLY, work.job, 1, work.transaction, None)
    alice.rollback()
    return Overtaken(late, current, list(ledger.db.rows(ENTRIES)))


class AtOnce(NamedTuple):
    """The different jobs that producers were told, how many there are, what appliers were told, and the entries."""

    jobs: set[int]
    live: int
    created: list[Any]
    entries: int


def eight_submit_and_eight_apply(ledger: Ledger) -> AtOnce:
    """Eight connections submit one id at the same moment, and then eight apply it for its one job."""
    barrier = Barrier(8, timeout=60)

    def on_each(role: str, call: Callable[[psycopg.Connection[Any]], Any]) -> list[Any]:
        connections = [ledger.db.connect(role) for _ in range(8)]

        def run(connection: psycopg.Connection[Any]) -> Any:
            barrier.wait()
            try:
                return call(connection)
            except psycopg.Error as error:
                return error.sqlstate

        with ThreadPoolExecutor(8) as pool:
            return list(pool.map(run, connections))

    def value(query: str, *arguments: object) -> Callable[[psycopg.Connection[Any]], Any]:
        def call(connection: psycopg.Connection[Any]) -> Any:
            row = connection.execute(query.encode(), arguments).fetchone()
            assert row is not None
            return row[0]

        return call

    ids = set(on_each("faultline_producer", value(SUBMIT, "eight", "work", "{}", "default")))
    live = ledger.db.scalar("select count(*) from faultline.jobs_live")
    ((job, _), *_) = ledger.claim(batch=8)
    created = on_each(RUNNER, value(APPLY, job, 1, "eight", transfer("alice", "bob", 7)))
    return AtOnce(ids, live, created, ledger.db.scalar("select count(*) from faultline.ledger_entries"))


class Debits(NamedTuple):
    """Whether the second had to wait, what each was told, and the balance in the end."""

    waited: bool
    first: Any
    second: Any
    balance: int


def _two_steps(
    ledger: Ledger, ending: str, first: tuple[Session, tuple[Any, ...]], second: tuple[Session, tuple[Any, ...]]
) -> Debits:
    """One has done its step and not committed when the other begins; both end up committed but for `ending`."""
    (one, step), (other, other_step) = first, second
    one.begin()
    answer = one.call(*step)
    other.start(*other_step)
    waited = other.blocked()
    one.run(ending)
    return Debits(waited, answer, other.outcome(), ledger.balance("alice"))


def _debit(ledger: Ledger, name: str, amount: int) -> tuple[Any, ...]:
    work = ledger.working(f"paying-{name}")
    return (APPLY, work.job, 1, work.transaction, transfer("alice", "shop", amount))


def debits_that_do_not_fit_together(ledger: Ledger, connect: Open, ending: str = "commit") -> Debits:
    """Alice has 100 and a floor of 0; two debits of 80, the first of which has not committed when the second begins."""
    ledger.transferred("bank", "alice", 100)
    ledger.db.execute(SET_ACCOUNT, "alice", 0)
    one, other = _debit(ledger, "one", 80), _debit(ledger, "other", 80)
    return _two_steps(ledger, ending, (connect(RUNNER), one), (connect(RUNNER), other))


def floor_beside_a_debit(ledger: Ledger, connect: Open, ending: str = "commit") -> Debits:
    """Alice has 100 and no floor; while a debit of 80 has not committed, somebody wants a floor of 50."""
    ledger.transferred("bank", "alice", 100)
    debit = _debit(ledger, "one", 80)
    return _two_steps(ledger, ending, (connect(RUNNER), debit), (connect(OPERATOR), (SET_ACCOUNT, "alice", 50)))


def debit_beside_a_floor(ledger: Ledger, connect: Open, ending: str = "commit") -> Debits:
    """The other way round: the floor has not committed when the debit begins."""
    ledger.transferred("bank", "alice", 100)
    debit = _debit(ledger, "one", 80)
    return _two_steps(ledger, ending, (connect(OPERATOR), (SET_ACCOUNT, "alice", 50)), (connect(RUNNER), debit))


def debits_in_opposite_order(ledger: Ledger, connect: Open) -> tuple[Any, Any]:
    """Three accounts with floors, two entries that debit them in opposite order, and somebody who holds the middle one.

    Entries that lock in their own order hold the two ends by then, and have to deadlock.
    """
    names = ["a", "b", "c"]
    for name in names:
        ledger.transferred("bank", name, 100)
        ledger.db.execute(SET_ACCOUNT, name, 0)
    steps = []
    for way in (names, names[::-1]):
        work = ledger.working(f"way-{way[0]}")
        postings = [{"account": name, "amount": -1, "currency": EUR} for name in way]
        postings.append({"account": "shop", "amount": 3, "currency": EUR})
        steps.append((APPLY, work.job, 1, work.transaction, json.dumps(postings)))
    gate, forth, back = connect(), connect(RUNNER), connect(RUNNER)
    gate.begin()
    gate.run("select from faultline.accounts where account = 'b' for update")
    forth.start(*steps[0])
    assert forth.blocked()
    back.start(*steps[1])
    assert back.blocked()
    gate.rollback()
    return forth.outcome(), back.outcome()


def apply_what_has_failed(ledger: Ledger, connect: Open) -> tuple[Any, int]:
    """An operator burns a transaction while its worker is at it; then the worker applies. And how many entries?"""
    work = ledger.working()
    assert connect(OPERATOR).call(FAIL_TRANSACTION, work.transaction) == "FAILED"
    answer = connect(RUNNER).call(APPLY, work.job, 1, work.transaction, None)
    return answer, ledger.books(work).entries


def applied_twice(ledger: Ledger, connect: Open) -> tuple[Any, Any, int]:
    """A lost reply: one attempt applies twice. And how many entries?"""
    work = ledger.working()
    worker = connect(RUNNER)
    answers = [worker.call(APPLY, work.job, 1, work.transaction, None) for _ in range(2)]
    return answers[0], answers[1], ledger.books(work).entries


class Folded(NamedTuple):
    """What was folded while the late writer was open, whether all is folded in the end, and Alice's balance then."""

    meanwhile: int
    whole: bool
    balance: int


LATE = 3
WHOLE = """
    select folded_to = (select max(posting_id) from faultline.postings)
    from faultline.ledger_checkpoint
"""


def commits(writer: Session, name: str) -> None:
    writer.commit()


def releases_a_savepoint(writer: Session, name: str) -> None:
    writer.run("release savepoint s")
    writer.commit()


def prepares(writer: Session, name: str) -> None:
    writer.run(f"prepare transaction '{name}'")


def late_posting(ledger: Ledger, connect: Open, end: Callable[[Session, str], None] = commits) -> Folded:
    """The very first posting of all is written, later ones are committed and folded, and then the first one commits."""
    ledger.db.execute(MAINTAIN)
    late, writer = ledger.working("late"), connect()
    writer.begin()
    writer.run("savepoint s")
    assert writer.call(APPLY, late.job, 1, late.transaction, transfer("alice", "bank", LATE)) is True
    name = f"late {ledger.db.name}"
    if end is prepares:
        end(writer, name)
    ledger.transferred("bank", "alice", 100)
    meanwhile = sum(ledger.db.scalar(MAINTAIN) for _ in range(4))
    if end is prepares:
        writer.run(f"commit prepared '{name}'")
    else:
        end(writer, name)
    return _fold_the_rest(ledger, meanwhile)


def posting_between_an_xid_and_the_look(ledger: Ledger, connect: Open) -> Folded:
    """maintain is called in a transaction that has its xid already; a writer has begun since, and commits late."""
    ledger.transferred("bank", "alice", 100)
    while not ledger.db.scalar(WHOLE):
        ledger.db.execute(MAINTAIN)
    late, writer, keeper = ledger.working("late"), connect(), connect()
    keeper.begin()
    keeper.run("select pg_current_xact_id()")
    writer.begin()
    assert writer.call(APPLY, late.job, 1, late.transaction, transfer("alice", "bank", LATE)) is True
    keeper.run(MAINTAIN)
    keeper.commit()
    meanwhile = sum(ledger.db.scalar(MAINTAIN) for _ in range(4))
    writer.commit()
    return _fold_the_rest(ledger, meanwhile)


def _fold_the_rest(ledger: Ledger, meanwhile: int) -> Folded:
    for _ in range(4):
        ledger.db.execute(MAINTAIN)
    return Folded(meanwhile, ledger.db.scalar(WHOLE), ledger.balance("alice"))


def effect_of_an_attempt_that_is_over(ledger: Ledger, connect: Open, verb: str, *more: object) -> tuple[Any, Any]:
    """Begun, the job completed without an entry, the transaction FAILED; then the attempt speaks. And the effect?"""
    work: Work = ledger.begun()
    worker = connect(RUNNER)
    assert worker.call("select faultline.complete_job(%s, 1)", work.job) == "ok"
    assert [row[2] for row in ledger.reconcile()] == ["FAILED"]
    answer = worker.call(verb, work.job, 1, work.transaction, "charge", *more)
    return answer, ledger.books(work).effect


def fail_beside_a_worker_that_has_only_its_job(ledger: Ledger, connect: Open) -> tuple[bool, Any, Any]:
    """A worker holds its job, and then wants its transaction; between the two an operator burns that."""
    work = ledger.working()
    worker, operator = connect(RUNNER), connect(OPERATOR)
    worker.begin()
    worker.run(FIND, work.job, 1, work.transaction)
    operator.start(FAIL_TRANSACTION, work.transaction)
    waited = operator.blocked()
    answer = worker.call(APPLY, work.job, 1, work.transaction, None)
    worker.run("commit")
    return waited, answer, operator.outcome()


def submitted_twice_at_once(ledger: Ledger, connect: Open) -> tuple[bool, bool, int]:
    """One has submitted and not committed when another submits the same. Did that wait, is it one job, and how many?"""
    first, second = connect("faultline_producer"), connect("faultline_producer")
    first.begin()
    one = first.call(SUBMIT, "same", "work", "{}", "default")
    second.start(SUBMIT, "same", "work", "{}", "default")
    waited = second.blocked()
    first.commit()
    return waited, one == second.outcome(), ledger.db.scalar("select count(*) from faultline.jobs_live")
