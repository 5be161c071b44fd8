"""Transactions of the ledger: submitted, looked at; and balances."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Path, Query, Request
from starlette.responses import Response

from faultline.api import bodies, shapes
from faultline.api.answers import Json, dump
from faultline.api.bodies import Cursor, IdempotencyKey, InPath, Limit, Names, one_key
from faultline.api.context import gateway
from faultline.api.paging import answer, newest
from faultline.api.problems import Problem
from faultline.api.routing import needs, routes

router = routes("ledger")

_SUBMIT: Final = """
select faultline.submit_transaction(
  r.transaction_id, r.kind, nullif(r.request, 'null'), r.queue, r.run_at, r.priority, r.max_attempts,
  nullif(r.backoff, 'null'), r.timeout, r.tags, nullif(r.headers, 'null'))
from jsonb_to_record(%s::jsonb) as r (
  transaction_id text, kind text, request jsonb, queue text, run_at timestamptz, priority int, max_attempts int,
  backoff jsonb, timeout interval, tags text[], headers jsonb)
"""
# By job: that is the order of an index which holds all of them, and almost that of time.
_LIST: Final = newest("""
    select to_jsonb(t)::text as document, t.job_id as id
    from faultline.transaction_log t
    where (%(states)s::text[] is null or t.state = any (%(states)s))
      and (%(kinds)s::text[] is null or t.kind = any (%(kinds)s))
      and (%(cursor)s::bigint is null or t.job_id < %(cursor)s)
    order by t.job_id desc""")
_SHOW: Final = "select faultline.transaction_status(%s)::text"
_FAIL: Final = "select faultline.fail_transaction(%s, %s)"
_ANSWER: Final = "select faultline.answer_effect(%s, %s, %s, nullif(%s::jsonb -> 'response', 'null'))"
_BALANCE: Final = """
select jsonb_build_object('account', %(account)s::text, 'currency', %(currency)s::text,
  'balance', faultline.account_balance(%(account)s, %(currency)s))::text
"""


TransactionId = Annotated[str, Path(min_length=1, max_length=255)]


@router.post(
    "/transactions",
    status_code=201,
    response_model=shapes.TransactionSubmitted,
    openapi_extra=needs("enqueue"),
)
async def submit(
    request: Request,
    order: bodies.NewTransaction,
    body: Annotated[str, Depends(bodies.text)],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Submit what has to happen once. The id is its idempotency key: the same id and request again is the same job."""
    one_key(request, idempotency_key, order.transaction_id)
    ((job_id,),) = await gateway(request).rows(_SUBMIT, (body,))
    return Json(dump({"transaction_id": order.transaction_id, "job_id": job_id}), 201)


@router.get("/transactions", response_model=shapes.TransactionPage, openapi_extra=needs("read"))
async def list_transactions(
    request: Request,
    state: Annotated[list[shapes.TransactionState] | None, Query(description="In one of these states")] = None,
    kind: Annotated[Names | None, Query(description="Of one of these kinds")] = None,
    limit: Limit = bodies.PAGE,
    cursor: Cursor = None,
) -> Response:
    """Transactions, the newest first. A page has at most `limit` of them, or fewer if they are big."""
    parameters = {"states": state or None, "kinds": kind or None, "cursor": cursor, "limit": limit}
    rows = await gateway(request).rows(_LIST, parameters)
    return answer("transactions", rows)


@router.get(
    "/transactions/{transaction_id:text}", response_model=shapes.Transaction, openapi_extra=needs("read", "enqueue")
)
async def show(request: Request, transaction_id: TransactionId) -> Response:
    """A transaction with its entry, postings and effects. A slash in its id is written %2F."""
    document = await gateway(request).document(_SHOW, (transaction_id,))
    if document is None:
        raise Problem("not-found", f"there is no transaction {transaction_id!r}", code="FL005")
    return Json(document)


@router.post(
    "/transactions/{transaction_id:text}/fail", response_model=shapes.Transaction, openapi_extra=needs("operate")
)
async def fail(request: Request, transaction_id: TransactionId, order: bodies.Failure) -> Response:
    """Burn a transaction: it has failed for good, its id can never be used again, and its job goes with it.

    Refused if it has happened, or if an effect of it was sent and may still land. Repeated, the first reason stays.
    """
    await gateway(request).rows(_FAIL, (transaction_id, order.reason))
    return await show(request, transaction_id)


@router.post(
    "/transactions/{transaction_id:text}/effects/{name}/answer",
    response_model=shapes.Transaction,
    openapi_extra=needs("operate"),
)
async def answer_effect(
    request: Request,
    transaction_id: TransactionId,
    name: InPath,
    order: bodies.Answer,
    body: Annotated[str, Depends(bodies.text)],
) -> Response:
    """Say what became of an effect that was sent, where nobody could find it out. That can't be taken back.

    `APPLIED`: it has happened. `ABSENT`: it has not, and can't any more, as the outside refuses its key from now on.
    """
    await gateway(request).rows(_ANSWER, (transaction_id, name, order.outcome, body))
    return await show(request, transaction_id)


@router.get("/ledger/accounts/{account}/balance", response_model=shapes.Balance, openapi_extra=needs("read"))
async def balance(
    request: Request,
    account: InPath,
    currency: Annotated[
        str | None, Query(min_length=1, max_length=128, description="May be left out where there is only one")
    ] = None,
) -> Response:
    """What was posted to an account, added up; one that was never used is at 0."""
    found = await gateway(request).document(_BALANCE, {"account": account, "currency": currency})
    return Json(found or "null")
