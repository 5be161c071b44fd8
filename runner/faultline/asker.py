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
from faultline.effects import Absent, Applied, OutsideEffect
from faultline.errors import DatabaseUnavailable
from faultline.logs import fields

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    """`run` until `stop`; without effects there is nothing to do."""

    def __init__(self, services: Services, known: Mapping[str, Effect], metrics: Metrics) -> None:
        self._services = services
        self._effects = known
        self._metrics = metrics
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        self._stopping.set()

    async def run(self) -> None:
        """Every five seconds, jittered. What fails is tried again when it is handed out again."""
        if not self._effects:
            await self._stopping.wait()
        while not self._stopping.is_set():
            try:
                await self._round()
            except (psycopg.Error, DatabaseUnavailable) as error:
                log.warning("effects could not be asked for: %s", database.reason(error))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), ASK_EVERY * random.uniform(0.8, 1.2))  # noqa: S311

    async def _round(self) -> None:
        rows = await self._fetch(_TO_ASK, (sorted(self._effects), ASK_MOST))
        for outcome in await asyncio.gather(*(self._settle(row) for row in rows), return_exceptions=True):
            if isinstance(outcome, psycopg.Error | DatabaseUnavailable):
                log.warning("an answer could not be stored: %s", database.reason(outcome))
            elif isinstance(outcome, BaseException):
                raise outcome

    async def _settle(self, row: tuple[Any, ...]) -> None:
        transaction_id, name, key, request, job_id, attempt = row
        outside = OutsideEffect(name, key, transaction_id, request, job_id, attempt, closing=True)
        answer = await self._services.ask(self._effects[name], outside)
        if isinstance(answer, Applied):
            said, response = "APPLIED", effects.storable(answer.response)
        elif isinstance(answer, Absent):
            said, response = "ABSENT", None
        else:
            said, response = "UNKNOWN", effects.storable(answer.reason)
        self._metrics.answer(name, said.lower())
        ((state,),) = await self._fetch(_ANSWER, (transaction_id, name, said, response))
        if state != "INIT":
            log.info(
                "effect %s of transaction %s was %s: the transaction is %s",
                name,
                transaction_id,
                said,
                state,
                extra=fields(effect=name, transaction=transaction_id, job_id=job_id),
            )

    async def _fetch(self, query: Any, parameters: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        async with self._services.connections.asynchronous() as connection:
            cursor = await connection.execute(query, parameters)
            return await cursor.fetchall()
