"""Pages. Those of big documents have at most 8 MiB, so that a page of payloads does not fill anybody's memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, LiteralString

from faultline.api.answers import page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.responses import Response

    from faultline.api.gateway import Gateway

_HEAD: Final = """
select p.document, p.id, p.found
from (
  select r.document, r.id, row_number() over (order by r.id desc) as place, count(*) over () as found,
    sum(octet_length(r.document)) over (order by r.id desc) as bytes
  from ("""
_TAIL: Final = """
    limit %(limit)s + 1
  ) r
) p
where p.place = 1 or p.bytes < 8388608 and p.place <= %(limit)s
order by p.place
"""


def newest(query: LiteralString) -> LiteralString:
    """The query of one page; `query` gives document and id in descending order, and says nothing of a limit."""
    return _HEAD + query + _TAIL


def answer(name: str, rows: Sequence[tuple[Any, ...]]) -> Response:
    more = bool(rows) and rows[0][2] > len(rows)
    return page(name, [row[0] for row in rows], str(rows[-1][1]) if more else None)


async def by_name(gateway: Gateway, what: str, query: LiteralString, limit: int, cursor: str | None) -> Response:
    """A page of a list in the order of names. `query` gives document and name, and takes cursor and limit."""
    rows = await gateway.rows(query, {"cursor": cursor, "limit": limit + 1})
    shown = rows[:limit]
    return page(what, [row[0] for row in shown], shown[-1][1] if len(rows) > limit else None)
