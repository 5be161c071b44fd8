"""How often a runner does what any of them does for all, depending on how many there are."""

from __future__ import annotations

import asyncio
import time
import uuid
from typing import TYPE_CHECKING, Any, cast

import psycopg
import pytest

from faultline.housekeeper import SHARE_MOST, SHARERS, Housekeeper
from faultline.metrics import Metrics

if TYPE_CHECKING:
    from faultline.database import Link


class Fleet:
    """Stands for a connection to a database that knows so many runners; keeps which function was asked."""

    connected = True

    def __init__(self, runners: int) -> None:
        self.runners = runners
        self.asked: list[str] = []

    async def fetch(self, query: str, *_: object, **__: object) -> list[tuple[Any, ...]]:
        name = query.partition("faultline.")[2].partition("(")[0]
        self.asked.append(name)
        answers = {"register_runner": [(self.runners,)], "reap_expired": [(0,)], "wake_tasks": [(0,)], "reconcile": []}
        if name not in answers:
            raise psycopg.OperationalError(f"no answer for {name}")
        return answers[name]


def pauses(runners: int) -> tuple[dict[str, float], Housekeeper, Fleet]:
    """After one round in a fleet of so many: in how many seconds each chore is due again."""
    fleet = Fleet(runners)
    housekeeper = Housekeeper(cast("Link", fleet), Metrics(), lambda: None, runner=uuid.uuid4(), queues=None)

    async def main() -> None:
        await housekeeper._work()

    asyncio.run(main())
    now = time.monotonic()
    return {chore.__name__: due - now for chore, (due, _) in housekeeper._due.items()}, housekeeper, fleet


@pytest.mark.parametrize(
    ("runners", "seconds"),
    [(1, 1.0), (SHARERS, 1.0), (2 * SHARERS, 2.0), (10 * SHARERS, SHARE_MOST), (1000, SHARE_MOST)],
)
def test_many_runners_share_what_has_to_be_done_every_second(runners: int, seconds: float) -> None:
    due, _, fleet = pauses(runners)
    assert {"register_runner", "reap_expired", "wake_tasks", "reconcile"} <= set(fleet.asked)
    for chore in ("reap", "wake", "reconcile", "propose"):
        assert 0.8 * seconds - 0.5 < due[chore] <= 1.2 * seconds, chore
    # What each does for itself, or only one of them does, is as often as ever.
    assert due["maintain"] <= 1.2 * 60.0


def test_a_fleet_that_starts_at_once_is_counted_again_soon() -> None:
    due, housekeeper, fleet = pauses(1)
    assert due["register"] <= 2.0
    fleet.runners = 4 * SHARERS

    async def main() -> None:
        await housekeeper.register()

    asyncio.run(main())
    assert housekeeper._share == 4.0
    fleet.runners = 1
    asyncio.run(main())
    assert housekeeper._share == 1.0  # the others are gone
