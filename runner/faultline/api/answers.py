"""Answers: JSON as the server wrote it, because a decoder of ours would round its numbers, or break on them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Iterable

# PostgreSQL escapes what is below a blank; these can move a terminal's cursor too, and stand only inside of strings.
_RAW: Final = re.compile("[\x7f-\x9f\u2028\u2029]")


class Json(Response):
    """A JSON document that is there as text."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return inert(content).encode() + b"\n"


def inert(text: str) -> str:
    return text if text.isascii() and "\x7f" not in text else _RAW.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def dump(document: Any) -> str:
    return json.dumps(document, default=str)


def page(name: str, documents: Iterable[str], cursor: str | None) -> Json:
    """One page of a list; `next` is the cursor of the next one, null on the last."""
    return Json(f'{{"{name}": [{", ".join(documents)}], "next": {dump(cursor)}}}')
