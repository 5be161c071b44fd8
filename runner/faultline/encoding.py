"""JSON as the database takes it: checked here, where the error can name the value."""

from __future__ import annotations

import json
import json.encoder
import json.scanner
import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

LIMIT: Final = 262_144
"""Bytes of a payload or a result as text: 256 KiB."""

_encoder: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False)
_make: Final[Any] = getattr(json.encoder, "c_make_encoder", None)
_parts: Final[Callable[[object, int], Iterable[str]]] = (
    _make(None, _encoder.default, json.encoder.encode_basestring, None, ": ", ", ", False, False, False)
    if _make is not None
    else lambda value, _: _encoder.iterencode(value)
)
"""JSONEncoder makes this anew for each value, which takes longer than to encode a small one."""
_scan: Final = json.scanner.make_scanner(json.JSONDecoder())  # type: ignore[arg-type] # typeshed wants its own kind
_NUL: Final = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


def encode(value: object, what: str, *, limit: int = LIMIT) -> str:
    """`value` as JSON text that PostgreSQL's jsonb takes. Raises ValueError that names `what` and the reason."""
    try:
        text = "".join(_parts(value, 0))
        size = len(text) if text.isascii() else len(text.encode())
    except RecursionError:
        raise ValueError(f"{what} is nested too deep to be JSON") from None
    except UnicodeEncodeError as error:
        raise ValueError(
            f"{what} has a lone surrogate in it, which is not text: {error.object[error.start]!a}"
        ) from None
    except (TypeError, ValueError) as error:
        raise ValueError(f"{what} is not JSON: {error}") from None
    except Exception as error:  # noqa: BLE001 - a value's own code may raise anything
        raise ValueError(f"{what} is not JSON: {type(error).__name__}: {error}") from None
    if size > limit:
        raise ValueError(
            f"{what} has {size} bytes as JSON text, more than {limit}: store it elsewhere, pass a reference"
        )
    if "\\u0000" in text and _NUL.search(text):
        raise ValueError(f"{what} has a NUL character (\\u0000) in a text, which PostgreSQL cannot store")
    return text


def decode_jsonb(raw: bytes) -> Any:
    """The value of a jsonb in PostgreSQL's binary format: a version byte, then JSON text.

    What can't be decoded raises ValueError or RecursionError.
    """
    try:
        return _scan(str(raw, "utf-8"), 1)[0]
    except StopIteration:
        raise ValueError("there is no value in it") from None
