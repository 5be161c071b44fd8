"""Whatever goes wrong, as RFC 9457 has it: application/problem+json, with a type that programs can rely on."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import psycopg

from faultline import database
from faultline.api.answers import Json, dump
from faultline.errors import from_psycopg

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MEDIA_TYPE: Final = "application/problem+json"
PREFIX: Final = "urn:faultline:"
RETRY_SECONDS: Final = 2
QUERY_CANCELED: Final = "57014"
FIELDS_MOST: Final = 20
MESSAGE_MOST: Final = 500


class Kind(NamedTuple):
    status: int
    title: str


KINDS: Final[Mapping[str, Kind]] = {
    "stale-attempt": Kind(409, "The attempt lost its lease"),
    "key-reused": Kind(409, "The key stands for other work"),
    "illegal-transition": Kind(409, "That can't be done in this state"),
    "invalid-argument": Kind(422, "The database refuses a value"),
    "not-found": Kind(404, "There is no such thing"),
    "transaction-failed": Kind(410, "The transaction has failed for good"),
    "already-applied": Kind(409, "The transaction was applied before"),
    "below-floor": Kind(409, "An account would be below its floor"),
    "conflict": Kind(409, "Somebody else was faster"),
    "invalid-request": Kind(422, "The request is not what the API expects"),
    "invalid-workflow": Kind(422, "The workflow can't be put"),
    "not-http": Kind(400, "The request can't be read"),
    "not-utf-8": Kind(400, "The body is not text in UTF-8"),
    "unauthorized": Kind(401, "A token is needed"),
    "forbidden": Kind(403, "The token does not allow this"),
    "cross-site": Kind(403, "The request comes from another site"),
    "no-such-route": Kind(404, "There is no such route"),
    "method-not-allowed": Kind(405, "The route does not know this method"),
    "request-timeout": Kind(408, "The body did not arrive in time"),
    "body-too-large": Kind(413, "The body is too large"),
    "unsupported-media-type": Kind(415, "The body is not of a type that is read here"),
    "unknown-host": Kind(421, "The API does not go by this name"),
    "internal": Kind(500, "That is a mistake of the API"),
    "database-unavailable": Kind(503, "The database does not answer"),
    "database-busy": Kind(503, "The database can't do it now"),
    "too-many-streams": Kind(503, "Too many streams of events"),
    "timeout": Kind(504, "The database took too long"),
}
_BY_SQLSTATE: Final = {
    "FL001": "stale-attempt",
    "FL002": "key-reused",
    "FL003": "illegal-transition",
    "FL004": "invalid-argument",
    "FL005": "not-found",
    "FL006": "transaction-failed",
    "FL007": "already-applied",
    "FL008": "below-floor",
    QUERY_CANCELED: "timeout",
}
# A value no type can hold; a program's limit (too deep a nesting); a constraint. In that order of likelihood.
_BY_CLASS: Final = {"22": "invalid-argument", "54": "invalid-argument", "23": "conflict"}


class Problem(Exception):  # noqa: N818 - what RFC 9457 calls it
    """Raise it anywhere below a route; `members` stand beside the standard ones."""

    def __init__(self, kind: str, detail: str, *, headers: Mapping[str, str] | None = None, **members: Any) -> None:
        super().__init__(detail)
        self.kind = kind
        self.status = KINDS[kind].status
        self.headers = dict(headers or {})
        if self.status == HTTPStatus.SERVICE_UNAVAILABLE:
            self.headers.setdefault("Retry-After", str(RETRY_SECONDS))
        self.document = {
            "type": PREFIX + kind,
            "title": KINDS[kind].title,
            "status": self.status,
            "detail": detail,
            **{name: value for name, value in members.items() if value is not None},
        }

    def response(self) -> Json:
        return Json(dump(self.document), self.status, headers=self.headers, media_type=MEDIA_TYPE)


def unavailable(why: str, *, sent: bool = False) -> Problem:
    """`sent`: the request had left when the connection broke, so nobody knows what became of it."""
    outcome = (
        " What was asked may have happened, or not: with an idempotency key it can be asked again." if sent else ""
    )
    return Problem("database-unavailable", f"{why}.{outcome}")


def from_database(error: psycopg.Error) -> Problem | None:
    """What the database refused, with its own words; None for what is a mistake of ours."""
    state = error.sqlstate
    detail = database.reason(error)
    if state is None:  # refused by the driver, before it left
        return Problem("invalid-argument", detail) if isinstance(error, psycopg.DataError) else None
    kind = _BY_SQLSTATE.get(state) or _BY_CLASS.get(state[:2])
    if kind is None:
        if not database.passing(error):
            return None
        ours = from_psycopg(error)
        return Problem("database-busy", str(ours) if ours else detail, code=state)
    return Problem(kind, detail, code=state, hint=error.diag.message_hint or None)


def invalid(errors: Sequence[Any]) -> Problem:
    """What the framework found in a request: which fields, and why. What they hold is not repeated."""
    fields = [
        {"field": field[:MESSAGE_MOST], "message": message[:MESSAGE_MOST]}
        for field, message in map(_said, errors[:FIELDS_MOST])
    ]
    first = fields[0]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return Problem("invalid-request", f"{first['field']}: {first['message']}{more}", errors=fields)


def _said(error: Any) -> tuple[str, str]:
    """A field and what is wrong with it; in our words, where those of the framework would leave one guessing."""
    place, field = error["loc"][0], ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return field, "there is no such field (/docs shows those there are)"
    if error["type"] == "json_invalid" and len(error["loc"]) > 1:  # the framework has the offset for a field
        return str(place), f"it is no JSON at character {error['loc'][1] + 1}: {error['ctx']['error']}"
    return field, str(error["msg"])
