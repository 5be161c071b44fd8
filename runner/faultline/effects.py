"""Effects outside the database: what is sent with a stable key, and asked for before it is sent again.

    @app.effect("charge", reconcile=find_charge)
    async def charge(job, effect):
        answer = await provider.post("/charges", job.payload, headers={"Idempotency-Key": effect.key})
        return answer.json()

    async def find_charge(effect):
        charge = await provider.get(f"/charges/{effect.key}")
        return Applied(charge) if charge else Absent()

That it is about to be sent is committed before the request leaves. An attempt that finds that asks `reconcile` first.
"""

from __future__ import annotations

import inspect
import random
import uuid
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from faultline import encoding
from faultline.errors import Discard, InvalidArgument, Snooze

if TYPE_CHECKING:
    from collections.abc import Callable

    from faultline.job import Job

WAIT_FIRST: Final = 1.0
WAIT_MOST: Final = 3_600.0

_BEGIN: Final = (
    "select key, state, response from faultline.begin_effect(%s::bigint, %s::int, %s::text, %s::text, %s::jsonb)"
)
_SENT: Final = "select faultline.effect_sent(%s::bigint, %s::int, %s::text, %s::text)"
_SETTLE: Final = "select faultline.settle_effect(%s::bigint, %s::int, %s::text, %s::text, %s::text, %s::jsonb)"
# In one statement, and so in one transaction; the second depends on the first, which comes first therefore.
_SETTLE_AND_COMPLETE: Final = (
    "select a.entry_id from faultline.settle_effect(%s::bigint, %s::int, %s::text, %s::text, %s::text, %s::jsonb) s"
    " cross join lateral faultline.apply_and_complete(%s::bigint, %s::int, %s::text,"
    " jsonb_build_object('effects', jsonb_build_object(%s::text, s)), null, %s::jsonb) a"
)
Steps = Generator[tuple[Any, ...], Any, Any]


@dataclass(frozen=True, slots=True)
class Applied:
    """The answer of `reconcile`: the effect has happened, and this is what came back (anything that JSON can hold)."""

    response: Any = None


@dataclass(frozen=True, slots=True)
class Absent:
    """The answer of `reconcile`: the effect has not happened.

    While the job is live: it may be sent again, with the same key. When `effect.closing`, it is a promise that the
    outside refuses the key from now on, for the transaction is burnt upon it: "not found" alone is no proof, since the
    request may still be on its way. Make the outside refuse the key first, or answer Unknown.
    """


@dataclass(frozen=True, slots=True)
class Unknown:
    """The answer of `reconcile`: nobody knows. It is asked again later, and nothing is sent meanwhile."""

    reason: str = ""


class Refused(Exception):  # noqa: N818 - it is named for what happened
    """Raise it from an effect: the outside has refused for good, nothing has happened, and nothing will under this key.

    The effect is ABSENT, and the job a dead letter at once.
    """

    def __init__(self, reason: str = "the outside has refused it") -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class OutsideEffect:
    """One effect of one transaction, as the functions that send it and ask for it see it."""

    name: str
    key: str
    """What the outside gets as idempotency key: the same whatever the attempt."""
    transaction_id: str
    request: Any
    job_id: int
    attempt: int
    closing: bool = False
    """Nobody will send it any more: the job is over, and the answer decides what the transaction is."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What an App knows of an effect: how it is sent, and how one asks for it."""

    name: str
    send: Callable[[Any, OutsideEffect], Any]
    reconcile: Callable[[OutsideEffect], Any]
    is_async: bool = field(default=False)


def perform(job: Job, effect: Effect, request: Any, transaction_id: str | None, *, completing: bool) -> Steps:
    """The protocol, step by step; whoever drives it calls the database and the functions. Returns the response.

    completing: the job is nothing but this effect, and is completed with it.
    """
    fence = (job.id, job.attempt)
    # Kept with the job from the first step on, so that every attempt has the same.
    tx = transaction_id or job.transaction_id or f"{job.type[:200]}-{uuid.uuid4()}"
    text = encoding.encode({} if request is None else request, f"the request of {effect.name!r}")
    key, state, response = yield "call", _BEGIN, (*fence, tx, effect.name, text)
    job.transaction_id = tx
    name = (*fence, tx, effect.name)
    outside = OutsideEffect(effect.name, key, tx, request, *fence)

    if state == "SENT":
        answer = yield "ask", effect, outside
        if isinstance(answer, Applied):
            state, response = "APPLIED", answer.response
            yield from _settle(name, response, completing=completing)
            return response
        if isinstance(answer, Unknown):
            yield "call", _SETTLE, (*name, "UNKNOWN", encoding.encode(answer.reason[:1000], "the answer"))
            # What was not charged was put off: so often it has been asked for in vain.
            asked = max(0, job.attempt - 1 - job.failures)
            wait = min(WAIT_MOST, WAIT_FIRST * 2.0 ** min(asked, 12)) * random.uniform(0.8, 1.0)  # noqa: S311
            raise Snooze(wait)
    elif state == "APPLIED":
        if completing:
            yield from _settle(name, response, completing=True)
        return response
    elif state == "ABSENT":
        raise Discard(f"effect {effect.name} of transaction {tx} was refused for good")

    yield "call", _SENT, name
    try:
        response = yield "send", effect, job, outside
    except Refused as refused:
        yield "call", _SETTLE, (*name, "ABSENT", encoding.encode({"refused": refused.reason[:1000]}, "the answer"))
        raise Discard(f"{effect.name}: {refused.reason}") from refused
    yield from _settle(name, response, completing=completing)
    return response


def _settle(name: tuple[Any, ...], response: Any, *, completing: bool) -> Steps:
    try:
        yield _settling(name, storable(response), completing=completing)
    except InvalidArgument as error:  # what passed our check did not pass the database's: it has happened all the same
        yield _settling(name, storable({"unstorable": str(error)[:1000]}), completing=completing)


def _settling(name: tuple[Any, ...], text: str | None, *, completing: bool) -> tuple[Any, ...]:
    if completing:
        *fence_and_tx, effect = name
        return "complete", _SETTLE_AND_COMPLETE, (*name, "APPLIED", text, *fence_and_tx, effect, text)
    return "call", _SETTLE, (*name, "APPLIED", text)


def storable(response: Any) -> str | None:
    """The response as JSON. It has happened, whatever the response is: one that can't be stored is replaced by why."""
    if response is None:
        return None
    try:
        return encoding.encode(response, "the response")
    except ValueError as error:
        return encoding.encode({"unstorable": str(error)[:1000]}, "the response")


def as_answer(value: Any, effect: str) -> Applied | Absent | Unknown:
    """What a `reconcile` returned; TypeError if it is no answer."""
    if isinstance(value, Applied | Absent | Unknown):
        return value
    raise TypeError(
        f"reconcile of {effect!r} returned {value!r:.100}: it returns Applied(response), Absent() or Unknown(why)"
    )


def is_async(function: object) -> bool:
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(getattr(function, "__call__", None))  # noqa: B004
