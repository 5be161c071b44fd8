"""JSON that passes our check is JSON the database takes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from faultline.encoding import LIMIT, decode_jsonb, encode

if TYPE_CHECKING:
    from tests.support.database import Database

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(-1e6, 1e6).map(lambda number: round(number, 3))
    | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(JSON)
@example("\\u0000")
@example("\\\\u0000 is a text about NUL")
@example({"\x01": "\x7f\u2028\U0001f600"})
def test_the_database_takes_what_passes_and_gives_it_back(db: Database, value: Any) -> None:
    try:
        text = encode(value, "it")
    except ValueError as error:
        assert "\\x00" in repr(value) or "\\ud" in repr(value), error  # noqa: PT017
        return
    assert json.loads(db.scalar("select %s::jsonb::text", text)) == value


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        (float("nan"), "not JSON"),
        (float("inf"), "not JSON"),
        ({"at": datetime(2030, 1, 1, tzinfo=UTC)}, "datetime is not JSON serializable"),
        ({1, 2}, "set is not JSON"),
        ("a\0b", "NUL character"),
        ({"a\0": 1}, "NUL character"),
        ("\ud800", "lone surrogate"),
        (nested(100_000), "nested too deep"),
        pytest.param(10**5000, "not JSON", id="huge"),
        ("x" * LIMIT, f"{LIMIT + 2} bytes"),
        ("ä" * (LIMIT // 2), f"{LIMIT + 2} bytes"),
    ],
)
def test_what_the_database_would_refuse_is_refused_with_the_reason(value: Any, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint) as caught:
        encode(value, "the result")
    assert str(caught.value).startswith("the result ")
    assert len(str(caught.value)) < 300


def test_a_value_whose_own_code_fails_is_no_json_and_nothing_worse() -> None:
    class Hostile(dict[str, int]):
        def items(self) -> Any:
            raise ZeroDivisionError

    with pytest.raises(ValueError, match="ZeroDivisionError"):
        encode(Hostile(a=1), "the result")


def test_decodes_the_binary_form_of_jsonb() -> None:
    assert decode_jsonb(b'\x01{"a": [1, 2.5, null, "\xc3\xa4"]}') == {"a": [1, 2.5, None, "ä"]}


@pytest.mark.parametrize("raw", [b"\x01" + b"[" * 100_000, b"\x01" + b"9" * 5000, b"\x01\xff", b"\x01", b""])
def test_what_cannot_be_decoded_raises_an_ordinary_exception(raw: bytes) -> None:
    with pytest.raises((RecursionError, ValueError)):
        decode_jsonb(raw)
