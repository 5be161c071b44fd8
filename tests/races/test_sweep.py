"""A floor that has become wrong, as after a clock was set back, hides nothing for longer than half a minute."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.database import Database

RUNNER = "00000000-0000-0000-0000-000000000001"
HIDDEN = 50


def advanced(db: Database, token: str | None) -> str:
    return str(db.scalar("select faultline.advance_floor(array['q'], %s)", token))


def proven(db: Database) -> str:
    """A token that has floors: the first call reads a time, the second proves it."""
    return advanced(db, advanced(db, None))


def claimed(db: Database, token: str) -> int:
    return len(db.rows("select from faultline.claim_job('q', %s, 1000, floor => %s)", RUNNER, token))


def reaped(db: Database, token: str) -> int:
    return int(db.scalar("select faultline.reap_expired(floor => %s)", token))


def age(token: str, seconds: int) -> str:
    """The token as it would be had its last sweep been so long ago."""
    document = json.loads(token)
    swept_at = datetime.fromisoformat(document["swept_at"]) - timedelta(seconds=seconds)
    return json.dumps(document | {"swept_at": swept_at.isoformat()})


def test_all_jobs_below_the_floor_are_above_it_after_a_sweep(db: Database) -> None:
    token = proven(db)
    db.execute("select faultline.enqueue('t', queue => 'q') from generate_series(1, %s)", HIDDEN)
    db.execute("update faultline.jobs_live set ready_at = now() - interval '1 hour'")
    token = advanced(db, age(token, 29))
    assert claimed(db, token) == 0, "they are below the floor"
    token = advanced(db, age(token, 30))
    assert claimed(db, token) == HIDDEN


def test_all_leases_below_the_floor_are_above_it_after_a_sweep(db: Database) -> None:
    db.execute("select faultline.enqueue('t', queue => 'q') from generate_series(1, %s)", HIDDEN)
    token = proven(db)
    assert claimed(db, token) == HIDDEN
    db.execute("update faultline.jobs_live set lease_expires_at = now() - interval '1 hour'")
    token = advanced(db, age(token, 29))
    assert reaped(db, token) == 0, "they are below the floor"
    token = advanced(db, age(token, 30))
    assert reaped(db, token) == HIDDEN
