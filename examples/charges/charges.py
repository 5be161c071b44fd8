"""The effect: a charge at the provider, and how one asks for it. `faultline run charges:app` runs it."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
from typing import Any
from urllib.parse import urlsplit

from faultline import Absent, App, Applied, Job, OutsideEffect, Refused, Unknown

SECONDS = 1.0

app = App()


async def find_charge(effect: OutsideEffect) -> Applied | Absent | Unknown:
    """What became of a charge whose answer was lost."""
    if effect.closing:
        # The job is over, and this answer decides what the transaction is. A request may still be on its way: whoever
        # says absent now has to see to it that it never lands.
        status, charge = await call("DELETE", f"/keys/{effect.key}")
        absent = 204
    else:
        status, charge = await call("GET", f"/charges/{effect.key}")
        absent = 404  # it is sent again with the same key: should both arrive, they are one charge
    if status == absent:
        return Absent()
    return Applied(charge) if status == 200 else Unknown(f"the provider answered {status}")


@app.effect("charge", reconcile=find_charge)
async def charge(job: Job, effect: OutsideEffect) -> Any:
    """One charge for each transaction, whatever happens to this process."""
    status, answer = await call("POST", "/charges", effect.request, {"Idempotency-Key": effect.key})
    if status == 402:
        raise Refused(answer["error"])
    if status not in {200, 201}:
        raise RuntimeError(f"the provider answered {status}")
    return answer


async def call(method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> tuple[int, Any]:
    """The status and the document; OSError or HTTPException if there is no answer in time."""
    return await asyncio.to_thread(call_and_wait, method, path, body, headers)


def call_and_wait(method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> tuple[int, Any]:
    connection = http.client.HTTPConnection(urlsplit(os.environ["PROVIDER_URL"]).netloc, timeout=SECONDS)
    try:
        connection.request(method, path, None if body is None else json.dumps(body), headers or {})
        answer = connection.getresponse()
        content = answer.read()
        return answer.status, json.loads(content) if content else None
    finally:
        connection.close()
