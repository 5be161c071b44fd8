"""The schema is upgraded while runners and producers work: functions and views are dropped and made anew."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Final

import psycopg

from faultline.drill import tools
from faultline.drill.faults.fault import Fault, Missed

if TYPE_CHECKING:
    from pathlib import Path

    from faultline.drill.arena import Arena

OID: Final = "select 'faultline.claim_jobs'::regproc::oid::bigint"
DONE: Final = "select count(*) from faultline.jobs_done"
INCLUDED: Final = re.compile(r"^\\ir (\S+)$", re.MULTILINE)
TRIES: Final = 20


def loader(checkout: Path) -> str:
    """What `sqitch deploy` runs to upgrade: it drops what can be made anew, and makes it. A view gets a column."""
    deploy = checkout / "deploy"
    text = (deploy / "load.sql").read_text()
    text = INCLUDED.sub(lambda found: (deploy / found[1]).read_text(), text)
    text = text.replace("l.run_id, l.task\n", "l.run_id, l.task, true as upgraded\n")
    text = text.replace("d.run_id, d.task\n", "d.run_id, d.task, true\n")
    return "\n".join(line for line in text.splitlines() if not line.startswith("\\set "))


class Upgraded(Fault):
    name = "schema-upgraded"
    title = "the schema is upgraded under load"
    seconds = 10.0

    @classmethod
    def needs(cls) -> str | None:
        return None if tools.checkout() else "it takes the source tree, where the SQL is"

    def inject(self, arena: Arena) -> None:
        checkout = tools.checkout()
        if checkout is None:
            return
        script = loader(checkout).encode()
        before, done = arena.scalar(OID), arena.scalar(DONE)
        pids = {runner.pid for runner in arena.runners}
        tries = self._deploy(arena, script)
        after = arena.scalar(OID)
        upgraded = arena.scalar("select count(*) from pg_attribute where attname = 'upgraded' and attnum > 0")
        went_on = arena.wait(lambda: arena.scalar(DONE) > done + 10, self.seconds)
        same = pids == {runner.pid for runner in arena.runners}
        if after != before and upgraded and went_on and same:
            self.saw(tries=tries, old_function=before, new_function=after, runners=sorted(pids))

    @staticmethod
    def _deploy(arena: Arena, script: bytes) -> int:
        """In one transaction, that gives way if it can't have its locks, and is tried again."""
        for number in range(1, TRIES + 1):
            try:
                with psycopg.connect(arena.direct_dsn(), autocommit=True) as connection:
                    connection.execute("set lock_timeout = '2s'")
                    connection.execute(script)
            except (psycopg.errors.DeadlockDetected, psycopg.errors.LockNotAvailable):
                time.sleep(arena.random.uniform(0.05, 0.5))
            else:
                return number
        raise Missed(f"no locks for it in {TRIES} tries")


ALL: Final = (Upgraded,)
