"""Who may come in: tokens, found in the database and compared in constant time."""

from __future__ import annotations

import hmac
import time
from typing import TYPE_CHECKING, Final, NamedTuple

from faultline import tokens
from faultline.api.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Collection

    from faultline.api.gateway import Gateway

FRESH_SECONDS: Final = 2.0
"""A token that was revoked is taken for so long at most."""
STALE_SECONDS: Final = 3600.0
KNOWN_MOST: Final = 10_000
CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="faultline"'}
_FIND: Final = "select secret_hash, scopes from faultline.find_token(%s)"
_NOBODY: Final = bytes(32)


class Known(NamedTuple):
    scopes: frozenset[str]
    asked: float


class Gate:
    """Who may come in. `guarded`: nobody without a token; else whoever shows one is held to it."""

    def __init__(self, gateway: Gateway, *, guarded: bool) -> None:
        self.guarded = guarded
        self._gateway = gateway
        self._known: dict[tuple[int, bytes], Known] = {}

    async def admit(self, header: str | None, wanted: Collection[str], *, stale: bool = False) -> None:
        """Raises a Problem unless the header has a token with one of these scopes.

        `stale`: while the database is away, take a token that was good within the last hour.
        """
        if header is None:
            if self.guarded:
                raise Problem("unauthorized", "send Authorization: Bearer, and a token", headers=CHALLENGE)
            return
        scopes = await self._scopes(header, stale=stale)
        if not scopes.intersection(wanted):
            names = " or ".join(wanted)
            challenge = CHALLENGE["WWW-Authenticate"] + f', error="insufficient_scope", scope="{" ".join(wanted)}"'
            raise Problem("forbidden", f"the token has not the scope {names}", headers={"WWW-Authenticate": challenge})

    async def _scopes(self, header: str, *, stale: bool) -> frozenset[str]:
        kind, _, token = header.partition(" ")
        shown = tokens.read(token.strip())
        if kind.lower() != "bearer" or shown is None:
            raise _refused()
        token_id, secret = shown
        now = time.monotonic()
        key = (token_id, secret.hash)
        known = self._known.get(key)
        if known is not None and now - known.asked < FRESH_SECONDS:
            return known.scopes
        try:
            rows = await self._gateway.rows(_FIND, (token_id,))
        except Problem:
            if stale and known is not None and now - known.asked < STALE_SECONDS:
                return known.scopes
            raise
        secret_hash, scopes = rows[0] if rows else (_NOBODY, [])
        # Against zeros too where there is no such token: it takes as long.
        if not hmac.compare_digest(bytes(secret_hash), secret.hash):
            self._known.pop(key, None)
            raise _refused()
        if len(self._known) >= KNOWN_MOST:
            self._known.clear()
        self._known[key] = Known(frozenset(scopes), now)
        return self._known[key].scopes


def _refused() -> Problem:
    challenge = CHALLENGE["WWW-Authenticate"] + ', error="invalid_token"'
    return Problem(
        "unauthorized", "the token is wrong, revoked, or has expired", headers={"WWW-Authenticate": challenge}
    )
