"""Functions broken on purpose, in one test's database: a check that can't see the difference proves nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.database import Database

DEFINITION = """
    select pg_get_functiondef(p.oid)
    from pg_proc p
    where p.pronamespace = 'faultline'::regnamespace and p.proname = %s
"""


def break_function(db: Database, name: str, *changes: tuple[str, str]) -> None:
    """Replace faultline.NAME by itself with each (old, new) text exchanged; each old has to be there exactly once."""
    text: str = db.scalar(DEFINITION, name)
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in faultline.{name}"
        text = text.replace(old, new)
    db.execute(text)
