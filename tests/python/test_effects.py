"""Effects outside the database: asked for before they are sent again, with one key, and never guessed."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest

from faultline import Absent, App, Applied, InvalidArgument, Job, OutsideEffect, Refused, Unknown, services
from faultline import asker as asking
from tests.support.running import Running, assert_sound, drain, enqueue, events, job, state, until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.database import Database

SUBMIT = 'select faultline.submit_transaction(%s, %s, %s::jsonb, max_attempts => %s, backoff => \'{"delay": "1ms"}\')'

RUNNER = "11111111-1111-1111-1111-111111111111"


@pytest.fixture
def db(emptied: Database) -> Database:
    return emptied


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runners ask every 50 ms, and not every five seconds."""
    monkeypatch.setattr(asking, "ASK_EVERY", 0.05)


class Shop:
    """The outside: what was sent, with which keys, and what it says when it is asked."""

    def __init__(self, *, is_async: bool = True) -> None:
        self.sent: list[str] = []
        self.asked: list[OutsideEffect] = []
        self.answers: Callable[[OutsideEffect], Any] = lambda _: Absent()
        self.on_send: Callable[[Job, OutsideEffect], Any] = lambda job, _: {"receipt": job.id}
        self.app = App()
        decorate = self.app.effect("charge", reconcile=self.find_async if is_async else self.find)
        decorate(self.send_async if is_async else self.send)

    def send(self, job: Job, effect: OutsideEffect) -> Any:
        self.sent.append(effect.key)
        return self.on_send(job, effect)

    async def send_async(self, job: Job, effect: OutsideEffect) -> Any:
        await asyncio.sleep(0)
        return self.send(job, effect)

    def find(self, effect: OutsideEffect) -> Any:
        self.asked.append(effect)
        return self.answers(effect)

    async def find_async(self, effect: OutsideEffect) -> Any:
        await asyncio.sleep(0)
        return self.find(effect)


@pytest.fixture(params=[True, False], ids=["async", "plain"])
def shop(request: pytest.FixtureRequest) -> Shop:
    return Shop(is_async=request.param)


def submit(db: Database, transaction: str = "t", request: str = "{}", max_attempts: int = 5) -> int:
    return int(db.scalar(SUBMIT, transaction, "charge", request, max_attempts))


def status(db: Database, transaction: str = "t") -> dict[str, Any]:
    found: dict[str, Any] = db.scalar("select faultline.transaction_status(%s)", transaction)
    return found


def fails_once(after: Callable[[], Any] = lambda: None) -> Callable[[Job, OutsideEffect], Any]:
    """The request leaves in the first attempt, and no answer comes."""

    def on_send(job: Job, _: OutsideEffect) -> Any:
        if job.attempt == 1:
            after()
            raise ConnectionError("no answer")
        return {"receipt": job.id}

    return on_send


def test_it_is_sent_with_its_key_and_the_answer_is_kept(db: Database, shop: Shop) -> None:
    job_id = submit(db, request='{"amount": 5}')
    drain(shop.app, db)
    (effect,) = status(db)["effects"]
    assert shop.sent == [effect["key"]]
    assert (effect["state"], effect["request"], effect["response"]) == ("APPLIED", {"amount": 5}, {"receipt": job_id})
    assert status(db)["entry"]["effect"] == {"effects": {"charge": "APPLIED"}}
    assert (state(db, job_id), job(db, job_id)["result"]) == ("succeeded", {"receipt": job_id})
    assert shop.asked == []
    assert_sound(db)


def test_an_answer_that_was_lost_is_asked_for_and_nothing_is_sent_again(db: Database, shop: Shop) -> None:
    shop.on_send = fails_once()
    shop.answers = lambda effect: Applied({"found": effect.key})
    job_id = submit(db)
    drain(shop.app, db)
    assert len(shop.sent) == 1
    assert [(one.key, one.closing, one.attempt) for one in shop.asked] == [(shop.sent[0], False, 2)]
    assert job(db, job_id)["result"] == {"found": shop.sent[0]}
    assert_sound(db)


def test_what_did_not_arrive_is_sent_again_with_the_same_key(db: Database, shop: Shop) -> None:
    shop.on_send = fails_once()
    job_id = submit(db)
    drain(shop.app, db)
    assert len(shop.sent) == 2
    assert len(set(shop.sent)) == 1
    assert (state(db, job_id), job(db, job_id)["attempt"]) == ("succeeded", 2)
    assert_sound(db)


@pytest.mark.parametrize("nobody", ["says so", "raises", "is no answer"])
def test_unknown_waits_and_asks_again_and_charges_nothing(db: Database, shop: Shop, nobody: str) -> None:
    def answers(effect: OutsideEffect) -> Any:
        if len(shop.asked) < 2:
            if nobody == "raises":
                raise TimeoutError("it does not answer")
            return Unknown("it does not answer") if nobody == "says so" else None
        return Applied("at last")

    shop.on_send = fails_once()
    shop.answers = answers
    job_id = submit(db, max_attempts=2)
    with Running(shop.app, db):
        until(lambda: status(db)["effects"] and status(db)["effects"][0]["unknown_since"], "nobody knows")
        (effect,) = status(db)["effects"]
        assert (effect["state"], effect["asks"]) == ("SENT", 1)
        assert "it does not answer" in effect["answer"] or "NoneType" in effect["answer"] or "None" in effect["answer"]
        assert db.scalar("select value from faultline.metrics() where name = 'faultline_effects_unknown'") == 1
        assert [detail["delay"] > "00:00:00.7" for _, _, detail in events(db, "snooze")] == [True]
        until(lambda: state(db, job_id) == "succeeded", "it is known at last")
    assert len(shop.sent) == 1
    assert job(db, job_id)["result"] == "at last"
    assert db.scalar("select value from faultline.metrics() where name = 'faultline_effects_unknown'") == 0
    assert_sound(db)


def test_a_refusal_for_good_ends_the_job_and_fails_the_transaction(db: Database, shop: Shop) -> None:
    def declined(job: Job, effect: OutsideEffect) -> Any:
        raise Refused("the card was declined")

    shop.on_send = declined
    job_id = submit(db)
    with Running(shop.app, db):
        until(lambda: state(db, job_id) == "failed", "it is a dead letter")
        assert job(db, job_id)["error"]["message"] == "charge: the card was declined"
        assert (status(db)["state"], status(db)["effects"][0]["state"]) == ("INIT", "ABSENT")
        db.execute("select faultline.retry_job(%s)", job_id)
        until(lambda: state(db, job_id) == "failed" and job(db, job_id)["attempt"] == 2, "it is not sent again")
        assert len(shop.sent) == 1
        db.execute("select faultline.discard_job(%s)", job_id)
        until(lambda: status(db)["state"] == "FAILED", "the transaction has failed")
    assert shop.asked == [], "nothing is unknown"
    assert_sound(db)


@pytest.mark.parametrize(
    ("answer", "becomes", "effect"),
    [(Applied({"found": True}), "RECONCILED", "APPLIED"), (Absent(), "FAILED", "ABSENT")],
)
def test_when_the_job_is_over_a_runner_asks_what_became_of_it(
    db: Database, shop: Shop, answer: Any, becomes: str, effect: str
) -> None:
    shop.on_send = fails_once()
    shop.answers = lambda _: Unknown() if len(shop.asked) < 2 else answer
    job_id = submit(db, max_attempts=1)
    drain(shop.app, db)
    assert state(db, job_id) == "failed"
    db.execute("select faultline.discard_job(%s)", job_id)
    with Running(shop.app, db) as running:
        until(lambda: len(shop.asked) == 1, "it is asked")
        until(lambda: status(db)["effects"][0]["asks"] == 1, "nobody knows")
        assert status(db)["state"] == "INIT"
        db.execute("update faultline.effects set ask_at = clock_timestamp()")
        until(lambda: status(db)["state"] == becomes, f"the transaction is {becomes}")
    assert running.runner.metrics.answers == {
        ("charge", "unknown"): 1,
        ("charge", answer.__class__.__name__.lower()): 1,
    }
    assert all(one.closing for one in shop.asked)
    assert status(db)["effects"][0]["state"] == effect
    assert (status(db)["entry"] is not None) == (becomes == "RECONCILED")
    assert len(shop.sent) == 1
    assert_sound(db)


def test_runners_that_do_not_know_an_effect_leave_it_to_others(db: Database) -> None:
    shop = Shop()
    shop.on_send = fails_once()
    job_id = submit(db, max_attempts=1)
    drain(shop.app, db)
    db.execute("select faultline.discard_job(%s)", job_id)
    other = App()
    other.effect("refund", reconcile=lambda _: Absent())(lambda *_: None)
    with Running(other, db):
        until(lambda: db.scalar("select ask_at is not null from faultline.effect_log"), "somebody has to ask")
        asyncio.run(asyncio.sleep(0.3))
    assert (shop.asked, status(db)["state"]) == ([], "INIT")


def test_another_request_under_the_same_key_is_refused_and_not_sent(db: Database) -> None:
    app = App()
    sent: list[Any] = []
    app.effect("ship", reconcile=lambda _: Absent())(lambda _, effect: sent.append(effect.request))

    @app.handler("order")
    def order(job: Job) -> None:
        job.effect("ship", {"attempt": job.attempt})
        raise RuntimeError("once more")

    (job_id,) = enqueue(db, "order", max_attempts=2, backoff='{"delay": "1ms"}')
    drain(app, db)
    assert sent == [{"attempt": 1}]
    assert job(db, job_id)["error"]["type"] == "KeyConflict"
    assert "was begun with another request" in job(db, job_id)["error"]["message"]


@pytest.mark.parametrize("kind", ["plain", "coroutine"])
def test_a_handler_may_have_several_effects_and_an_entry_of_its_own(db: Database, kind: str) -> None:
    app = App()

    @app.effect("charge", reconcile=lambda _: Absent())
    def charge(job: Job, effect: OutsideEffect) -> Any:
        return {"charged": effect.request["amount"]}

    @app.effect("ship", reconcile=lambda _: Absent())
    async def ship(job: Job, effect: OutsideEffect) -> Any:
        await asyncio.sleep(0)
        return {"shipped": effect.transaction_id}

    @app.handler("plain")
    def plain(job: Job) -> None:
        paid, sent = job.effect("charge", {"amount": 5}), job.effect("ship")
        with job.ledger() as tx:
            tx.effect = {**paid, **sent}

    @app.handler("coroutine")
    async def coroutine(job: Job) -> None:
        paid, sent = await job.effect("charge", {"amount": 5}), await job.effect("ship")
        async with job.ledger() as tx:
            tx.effect = {**paid, **sent}

    (job_id,) = enqueue(db, kind)
    drain(app, db)
    assert state(db, job_id) == "succeeded"
    ((transaction,),) = db.rows("select transaction_id from faultline.transaction_log")
    assert status(db, transaction)["entry"]["effect"] == {"charged": 5, "shipped": transaction}
    assert {one["name"]: one["state"] for one in status(db, transaction)["effects"]} == {
        "charge": "APPLIED",
        "ship": "APPLIED",
    }
    assert_sound(db)


def test_an_effect_that_happened_in_an_earlier_attempt_is_not_asked_for_again(db: Database, shop: Shop) -> None:
    tries: list[Any] = []

    @shop.app.handler("order")
    def order(job: Job) -> None:
        tries.append(job.effect("charge"))
        if job.attempt == 1:
            raise RuntimeError("after the charge")
        with job.ledger():
            pass

    enqueue(db, "order", backoff='{"delay": "1ms"}')
    drain(shop.app, db)
    assert len(shop.sent) == 1
    assert tries[0] == tries[1]
    assert shop.asked == []
    assert_sound(db)


def test_a_response_that_cannot_be_stored_has_happened_all_the_same(db: Database, shop: Shop) -> None:
    shop.on_send = lambda *_: {"odd": threading.Lock()}
    job_id = submit(db)
    drain(shop.app, db)
    assert state(db, job_id) == "succeeded"
    assert "is not JSON" in status(db)["effects"][0]["response"]["unstorable"]
    assert_sound(db)


def test_the_lease_is_lost_while_the_request_is_on_its_way(db: Database, shop: Shop) -> None:
    """The outside has charged; the report of the attempt that sent it is refused, and the next one asks."""

    def lose() -> None:
        db.execute("update faultline.jobs_live set lease_expires_at = now()")
        db.execute("select faultline.reap_expired()")
        db.execute("update faultline.jobs_live set ready_at = clock_timestamp() + interval '0.3 s'")

    def on_send(job: Job, effect: OutsideEffect) -> Any:
        lose()
        return {"receipt": 1}

    shop.on_send = on_send
    shop.answers = lambda _: Applied({"receipt": 1})
    job_id = submit(db)
    runner = drain(shop.app, db)
    assert len(shop.sent) == 1
    assert len(shop.asked) == 1
    assert (state(db, job_id), job(db, job_id)["attempt"]) == ("succeeded", 2)
    assert runner.metrics.stale["apply"] == 1
    assert [(number, detail["verb"]) for _, number, detail in events(db, "stale")] == [(1, "apply")]
    assert_sound(db)


def test_a_job_that_was_enqueued_has_one_transaction_in_all_its_attempts(db: Database, shop: Shop) -> None:
    shop.on_send = fails_once()
    (job_id,) = enqueue(db, "charge", backoff='{"delay": "1ms"}')
    drain(shop.app, db)
    assert len(set(shop.sent)) == 1
    assert db.scalar("select count(*) from faultline.transactions") == 1
    assert db.scalar("select job_id from faultline.transactions") == job_id
    assert_sound(db)


def test_what_an_app_can_get_wrong(db: Database) -> None:
    app = App()
    with pytest.raises(InvalidArgument, match="reconcile of effect 'charge' is not a function"):
        app.effect("charge", reconcile=None)(lambda *_: None)  # type: ignore[arg-type]
    app.effect("charge", reconcile=lambda _: Absent())(lambda *_: None)
    with pytest.raises(InvalidArgument, match="'charge' has a handler already"):
        app.effect("charge", reconcile=lambda _: Absent())(lambda *_: None)
    with pytest.raises(TypeError, match="reconcile"):
        app.effect("ship")  # type: ignore[call-arg]

    @app.handler("order")
    def order(job: Job) -> None:
        job.effect("chrage")

    (job_id,) = enqueue(db, "order", max_attempts=1)
    drain(app, db)
    assert "the App has no effect 'chrage': it has charge" in job(db, job_id)["error"]["message"]


def test_a_plain_handler_does_not_wait_for_an_answer_that_never_comes(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "ASK_SECONDS", 0.2)
    gone = threading.Event()
    shop = Shop(is_async=False)
    shop.on_send = fails_once()
    shop.answers = lambda _: gone.wait(20)
    submit(db)
    with Running(shop.app, db):
        until(lambda: db.scalar("select coalesce(max(asks), 0) from faultline.effect_log"), "nobody knows")
        gone.set()
    assert len(shop.sent) == 1


def given_up(db: Database, transaction: str, request: str = "{}") -> None:
    """An effect that was sent through SQL, by a job that is over since: somebody has to ask for it."""
    job_id = submit(db, transaction, "{}", 1)
    db.rows("select * from faultline.claim_job('default', %s, 100)", RUNNER)
    db.rows("select * from faultline.begin_effect(%s, 1, %s, 'charge', %s::jsonb)", job_id, transaction, request)
    db.execute("select faultline.effect_sent(%s, 1, %s, 'charge')", job_id, transaction)
    db.execute("select faultline.fail_job(%s, 1, '{}', false)", job_id)
    db.execute("select faultline.discard_job(%s)", job_id)


def test_one_effect_that_cannot_be_settled_holds_up_no_other(db: Database) -> None:
    """A request that no decoder takes, and an answer that is larger in the database than here."""
    shop = Shop()
    shop.answers = lambda effect: Applied({"x": [1e308] * 2000} if effect.transaction_id == "big" else {"found": True})
    given_up(db, "deep", '{"a":' * 3000 + "1" + "}" * 3000)
    given_up(db, "big")
    given_up(db, "ok")
    with Running(shop.app, db):
        until(lambda: status(db, "ok")["state"] == "RECONCILED", "the one that is in order is settled")
        until(lambda: status(db, "big")["state"] == "RECONCILED", "the big one too")
        until(lambda: db.scalar("select asks from faultline.effect_log where transaction_id = 'deep'"), "and asked for")
    assert "bytes as text" in status(db, "big")["effects"][0]["response"]["unstorable"]
    assert db.scalar("select state from faultline.effect_log where transaction_id = 'deep'") == "SENT"


def test_a_response_that_only_the_database_finds_too_large_has_happened_all_the_same(db: Database, shop: Shop) -> None:
    shop.on_send = lambda *_: {"x": [1e308] * 2000}
    job_id = submit(db)
    drain(shop.app, db)
    assert (state(db, job_id), job(db, job_id)["attempt"]) == ("succeeded", 1)
    assert "bytes as text" in status(db)["effects"][0]["response"]["unstorable"]
    assert_sound(db)
