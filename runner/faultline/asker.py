"""Asks the outside about effects whose job is over, so that their transactions can be settled: applied, or burnt.

Only effects that this App knows; any number of runners at once: each effect is handed out to one of them, and again
after a wait that grows. It runs on the main loop, where the App's functions belong.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from typing import TYPE_CHECKING, Any, Final

import psycopg

from faultline import database, effects
from faultline.database import GivenUp, Lost
from faultline.effects import Absent, Applied, OutsideEffect, Unknown
from faultline.encoding import decode_jsonb
from faultline.logs import fields

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faultline.database import Link
    from faultline.effects import Effect
    from faultline.metrics import Metrics
    from faultline.services import Services

log = logging.getLogger("faultline")

ASK_EVERY: Final = 5.0
ASK_MOST: Final = 20

_TO_ASK: Final = (
    "select transaction_id, name, key, request, job_id, attempt from faultline.effects_to_ask(names => %s, max => %s)"
)
_ANSWER: Final = "select faultline.answer_effect(%s::text, %s::text, %s::text, %s::jsonb)"


class Asker:
    """`run` until `stop`; without effects there is nothing to do, and no connection."""

    def __init__(self, link: Link, services: Services, known: Mapping[str, Effect], metrics: Metrics) -> None:
        self._link = link
        self._services = services
        self._effects = known
        self._metrics = metrics
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        self._stopping.set()
        self._link.give_up()

    async def run(self) -> None:
        """Every five seconds, jittered. What fails is tried again when it is handed out again."""
        if not self._effects:
            await self._stopping.wait()
        with contextlib.suppress(GivenUp):
            while not self._stopping.is_set():
                try:
                    await self._link.open()
                    await self._round()
                except Lost:
                    continue
                except psycopg.Error as error:
                    log.warning("effects could not be asked for: %s", database.reason(error))
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), ASK_EVERY * random.uniform(0.8, 1.2))  # noqa: S311
        await self._link.close()

    async def _round(self) -> None:
        rows = await self._link.fetch(_TO_ASK, (sorted(self._effects), ASK_MOST))
        asked = [asyncio.create_task(self._ask(row)) for row in rows]
        for row, one in zip(rows, asked, strict=True):
            answer = await one
            try:
                await self._settle(row, answer)
            except psycopg.Error as error:  # it alone: the others have their answers
                reason = database.reason(error)
                log.warning("the answer about effect %s of transaction %s was not taken: %s", row[1], row[0], reason)
                if isinstance(answer, Applied) and error.sqlstate == "FL004":
                    await self._settle(row, Applied({"unstorable": reason[:1000]}))

    async def _ask(self, row: tuple[Any, ...]) -> Any:
        transaction_id, name, key, request, job_id, attempt = row
        try:
            decoded = decode_jsonb(request)
        except (ValueError, RecursionError) as error:
            return Unknown(f"its request can't be decoded: {error}"[:1000])
        outside = OutsideEffect(name, key, transaction_id, decoded, job_id, attempt, closing=True)
        return await self._services.ask(self._effects[name], outside)

    async def _settle(self, row: tuple[Any, ...], answer: Any) -> None:
        transaction_id, name, _, _, job_id, _ = row
        if isinstance(answer, Applied):
            said, response = "APPLIED", effects.storable(answer.response)
        elif isinstance(answer, Absent):
            said, response = "ABSENT", None
        else:
            said, response = "UNKNOWN", effects.storable(answer.reason)
        self._metrics.answer(name, said.lower())
        ((state,),) = await self._link.fetch(_ANSWER, (transaction_id, name, said, response))
        if state != "INIT":
            log.info(
                "effect %s of transaction %s was %s: the transaction is %s",
                name,
                transaction_id,
                said,
                state,
                extra=fields(effect=name, transaction=transaction_id, job_id=job_id),
            )
