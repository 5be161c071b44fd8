"""A file from anybody is either plain data with places, or one fault, soon."""

from __future__ import annotations

import time
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from faultline import documents
from faultline.documents import MOST_BYTES, DocumentFault, parse

BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n"


@pytest.fixture(params=["libyaml", "python"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """With and without libyaml, which not every installation of PyYAML has."""
    kind = yaml.CSafeLoader if request.param == "libyaml" else yaml.SafeLoader
    monkeypatch.setattr(documents, "_PARSER", kind)
    return str(request.param)


def refused(source: str | bytes) -> str:
    with pytest.raises(DocumentFault) as raised:
        parse(source)
    (fault,) = raised.value.faults
    assert "\n" not in str(fault)
    return str(fault)


HOSTILE = {
    "alias bomb": (BOMB, "1:4: anchors and aliases"),
    "an alias that goes round": ("a: &a [*a]", "1:4: anchors and aliases"),
    "an alias of nothing": ("a: *b", "1:4: "),
    "a merge key": ("<<: {a: 1}", "1:1: merge keys"),
    "deep nesting": ("[" * 500_000, "1:65: it is nested too deep"),
    "deep nesting, a line each": ("[\n" * 500_000, "65:1: it is nested too deep"),
    "deep nesting in blocks": ("\n".join(" " * n + "a:" for n in range(1_400)), "64:64: it is nested too deep"),
    "deep nesting in a line of blocks": ("- " * 500_000, "1:129: it is nested too deep"),
    "a duplicate key": ("a: 1\nb: 2\na: 3", "3:1: the key 'a' is there twice: first in line 1"),
    "a duplicate in quotes": ('{a: 1, "a": 2}', "1:8: the key 'a' is there twice"),
    "a duplicate deep inside": ("x:\n  - {b: 1, b: 2}", "2:12: the key 'b' is there twice"),
    "python": (
        "a: !!python/object/apply:os.system [ls]",
        "1:4: the tag 'tag:yaml.org,2002:python/object/apply:os.system'",
    ),
    "a tag of its own": ("a: !mine x", "1:4: the tag '!mine'"),
    "binary": ("a: !!binary aGVsbG8=", "1:4: the tag"),
    "a set": ("a: !!set {x}", "1:4: the tag"),
    "a key that is a list": ("? [a]\n: b", "1:3: a key has to be a name"),
    "two documents": ("a: 1\n---\nb: 2", "2:1: there is a second document"),
    "nothing": ("", "it is empty"),
    "a comment": ("# nothing", "it is empty"),
    "NUL": ('a: "\\0"', "1:4: there is a character in it that PostgreSQL can't store"),
    "NUL in a key": ('"a\\0": 1', "1:1: there is a character"),
    "a control character": ("a: \x07", "1:4: it is not YAML"),
    "infinity": ("a: .inf", "1:4: .inf is not a number that JSON can hold"),
    "no number": ("a: .NaN", "1:4: .NaN is not a number"),
    "a number too big": ("a: 1e999", "1:4: 1e999 is not a number"),
    "a number of a thousand digits": ("a: " + "9" * 1000, "is not a number"),
    "a tag that lies": ("a: !!int x", "1:4: 'x' is not of the type that its tag says"),
    "an open bracket": ("a: [1", "it is not YAML"),
    "a tabulator": ("a:\n\tb: 1", "2:1: it is not YAML"),
    "a wrong indent": ("a:\n  b: 1\n c: 2", "3:2: it is not YAML"),
}


@pytest.mark.parametrize(("source", "said"), HOSTILE.values(), ids=list(HOSTILE))
def test_what_json_does_not_have_is_one_fault_with_its_place(source: str, said: str, parser: str) -> None:
    spent = time.process_time()
    assert said in refused(source)
    assert time.process_time() - spent < 3.0, "half a megabyte of nothing is a matter of milliseconds, or of minutes"


@pytest.mark.parametrize("source", ["x" * (MOST_BYTES + 1), b"x" * (10 * 1024 * 1024), "é" * MOST_BYTES])
def test_a_file_of_more_than_1_mib_is_not_even_read(source: str | bytes) -> None:
    spent = time.process_time()
    assert "more than 1048576 bytes" in refused(source)
    assert time.process_time() - spent < 0.5


def test_what_is_not_utf_8_has_its_place() -> None:
    assert refused(b"a: 1\nb: \xff") == "2:4: it is not UTF-8 (Save it as UTF-8)"
    assert "not UTF-8" in refused("a: 1".encode("utf-16"))
    assert parse(b"\xef\xbb\xbfa: 1").plain() == {"a": 1}


SCALARS: dict[str, Any] = {
    "~": None,
    "null": None,
    "": None,
    "true": True,
    "False": False,
    "no": "no",
    "on": "on",
    "yes": "yes",
    "12": 12,
    "-3": -3,
    "010": 10,
    "0o10": 8,
    "0x1F": 31,
    "1.5": 1.5,
    "1e3": 1000.0,
    ".5": 0.5,
    "1_000": "1_000",
    "2030-01-31": "2030-01-31",
    "12:30": "12:30",
    "10m": "10m",
    "'5'": "5",
    '"null"': "null",
    "!!str 5": "5",
    "! 5": "5",
    "!!int '5'": 5,
    "!!float 5": 5,
    "ünï": "ünï",
    "|\n  two\n  lines\n": "two\nlines\n",
}


@pytest.mark.parametrize(("source", "value"), SCALARS.items(), ids=list(SCALARS))
def test_scalars_are_what_yaml_1_2_says(source: str, value: object, parser: str) -> None:
    found = parse(f"a: {source}").plain()["a"]
    assert found == value
    assert type(found) is type(value) or source == "!!float 5"


def test_keys_are_texts_as_they_stand_there(parser: str) -> None:
    assert parse("{1: a, true: b, null: c, 0x1: d}").plain() == {"1": "a", "true": "b", "null": "c", "0x1": "d"}


def test_every_node_knows_its_place(parser: str) -> None:
    root = parse("a: 1\nb:\n  - x\n  - {c: y}\n")
    assert str(root.keys["b"]) == "2:1"
    assert str(root.value["b"].value[1].value["c"].place) == "4:9"


def faults(source: str | bytes) -> int:
    try:
        parse(source).plain()
    except DocumentFault as fault:
        return len(fault.faults)
    return 0


ODD = st.text(alphabet="ab:-[]{}&*!|>'\"\\# \n\t?,%0.1xUF\x00\ud800é", max_size=60)


@given(ODD)
def test_whatever_stands_there_it_is_data_or_one_fault(source: str) -> None:
    assert faults(source) <= 1


@given(ODD)
def test_also_without_libyaml(source: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(documents, "_PARSER", yaml.SafeLoader)
        assert faults(source) <= 1


@given(st.binary(max_size=80))
def test_whatever_bytes_there_are_they_are_data_or_one_fault(source: bytes) -> None:
    assert faults(source) <= 1


def test_an_escape_beyond_unicode_is_a_fault(parser: str) -> None:
    assert "not YAML" in refused('a: "\\UFFFFFFFF"')
