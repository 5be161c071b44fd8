"""Tokens of the HTTP API: how one is made, written and read. The database knows the SHA-256 of the secret, no more."""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import Final, NamedTuple, Self

HIGHEST_ID: Final = 2**63 - 1
_TOKEN: Final = re.compile(r"flt_([1-9][0-9]{0,18})_([A-Za-z0-9_-]{43})", re.ASCII)


class Secret(NamedTuple):
    """256 random bits, and what the database is told of them."""

    text: str
    hash: bytes

    @classmethod
    def new(cls) -> Self:
        return cls.of(secrets.token_urlsafe(32))

    @classmethod
    def of(cls, text: str) -> Self:
        return cls(text, hashlib.sha256(text.encode()).digest())


def token_of(token_id: int, secret: Secret) -> str:
    """What its owner sends: Authorization: Bearer flt_…"""
    return f"flt_{token_id}_{secret.text}"


def read(token: str) -> tuple[int, Secret] | None:
    """The id and the secret of a token; None if it is none."""
    match = _TOKEN.fullmatch(token)
    if match is None or int(match[1]) > HIGHEST_ID:
        return None
    return int(match[1]), Secret.of(match[2])
