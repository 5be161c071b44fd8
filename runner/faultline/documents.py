"""A YAML document as plain values that know their place. Only what JSON can say, too: no anchors, no tags of Python.

Scalars are read as YAML 1.2 and editors read them: `no` and `2030-01-31` are texts, `010` is ten.
"""

from __future__ import annotations

import difflib
import json
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NoReturn

import yaml

from faultline.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from yaml.events import Event

MOST_BYTES: Final = 1024 * 1024
MOST_DEPTH: Final = 64
MOST_FAULTS: Final = 50
LONGEST_NUMBER: Final = 100

# libyaml where the wheel has it; the pure parser takes ten times as long, and says the same.
_PARSER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG: Final = "tag:yaml.org,2002:"
_TAGS: Final = {"str", "int", "float", "bool", "null", "map", "seq"}
_NULL: Final = re.compile(r"(?:~|null|Null|NULL|)")
_BOOL: Final = re.compile(r"(?:true|True|TRUE|false|False|FALSE)")
_INT: Final = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", re.ASCII)
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)
_NOT_FINITE: Final = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")


@dataclass(frozen=True, slots=True)
class Place:
    """Line and column, both from 1."""

    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, where, and what to do about it."""

    message: str
    hint: str = ""
    path: str = ""
    place: Place | None = None

    def __str__(self) -> str:
        parts = [str(part) for part in (self.place, self.path) if part]
        return f"{': '.join([*parts, self.message])}{f' ({self.hint})' if self.hint else ''}"


class DocumentFault(InvalidArgument):
    """A file that can't be put; `faults` says where and why, in the order of the file."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = list(faults)
        more = f"; and {len(self.faults) - 1} more" if len(self.faults) > 1 else ""
        super().__init__(f"{self.faults[0]}{more}")


@dataclass(slots=True)
class Node:
    """A value: a scalar of JSON, a list of nodes, or a dict of them, whose keys have places too."""

    value: Any
    place: Place
    keys: dict[str, Place]
    inset: int | None = None
    """How far from its place the first character of a text is; None if it does not stand there as it is."""

    @property
    def kind(self) -> str:
        """As JSON calls it."""
        match self.value:
            case None:
                return "null"
            case bool():
                return "boolean"
            case int() | float():
                return "number"
            case str():
                return "string"
            case list():
                return "array"
        return "object"

    def plain(self) -> Any:
        """The value as JSON has it, without the places."""
        match self.value:
            case dict() as members:
                return {name: member.plain() for name, member in members.items()}
            case list() as items:
                return [item.plain() for item in items]
        return self.value

    def short(self, most: int = 60) -> str:
        text = json.dumps(self.plain(), ensure_ascii=False)
        return text if len(text) <= most else f"{text[:most]}…"


class Checker:
    """Walks over a document and gathers faults."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def in_order(self) -> list[Fault]:
        """All of them as the file has them, at most 50."""
        ordered = sorted(
            self.faults, key=lambda found: (found.place.line, found.place.column) if found.place else (0, 0)
        )
        return ordered[:MOST_FAULTS]

    def _keys(self, node: Node, path: str, known: Sequence[str]) -> bool:
        """Whether it is an object at all."""
        if node.kind != "object":
            keys = f"Its keys: {', '.join(known)}"
            self._fault(node, path, f"it is not an object but of type {node.kind}", keys)
            return False
        for key, place in node.keys.items():
            if key not in known:
                shown = key if len(key) <= 60 else f"{key[:60]}…"
                hint = suggest(key, known) or f"Its keys: {', '.join(known)}"
                self._fault(Node(None, place, {}), path, f"it has the unknown key {shown!r}", hint)
        return True

    def _fault(self, node: Node, path: str, message: str, hint: str) -> None:
        self.faults.append(Fault(message, hint, path, node.place))


def suggest(word: object, known: Iterable[str]) -> str:
    """A hint that names what is most like it, or nothing."""
    if not isinstance(word, str) or len(word) > 200:
        return ""
    close = difflib.get_close_matches(word, list(known)[:1000], n=1)
    return f"Did you mean {close[0]}?" if close else ""


def parse(source: str | bytes, example: str = "") -> Node:
    """The one document in `source`. Raises DocumentFault with the place: one fault, the first.

    `example` is what an empty one is told to have.
    """
    text = _text(source)
    parser = None
    try:
        parser = _PARSER(text)
        return _Composer(parser, example).document()
    except yaml.YAMLError as error:
        raise DocumentFault([_fault_of(error, text)]) from None
    except DocumentFault:
        raise
    except RecursionError:  # the parser's own; the composer's depth is bounded
        raise DocumentFault([Fault("it is nested too deep", f"At most {MOST_DEPTH} levels")]) from None
    except (ValueError, OverflowError) as error:  # "\\UFFFFFFFF", from the parser in Python
        raise DocumentFault([Fault(f"it is not YAML: {error}")]) from None
    finally:
        if parser is not None:
            parser.dispose()


def _text(source: str | bytes) -> str:
    size = len(source) if isinstance(source, bytes) or source.isascii() else len(source.encode("utf-8", "replace"))
    if size > MOST_BYTES:
        raise DocumentFault([Fault(f"the file has more than {MOST_BYTES} bytes (1 MiB)", "Big data is no part of it")])
    if isinstance(source, str):
        if not _is_text(source):
            raise DocumentFault([Fault("there is a lone surrogate in it, which is not text", "Save it as UTF-8")])
        return source.removeprefix("\ufeff")
    try:
        return source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        column = error.start - source.rfind(b"\n", 0, error.start)
        raise DocumentFault([Fault("it is not UTF-8", "Save it as UTF-8", place=Place(line, column))]) from None


def _fault_of(error: yaml.YAMLError, text: str) -> Fault:
    """What PyYAML says, on one line."""
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        said = ", ".join(part for part in (error.context, error.problem) if part)
        return Fault(f"it is not YAML: {said}", place=_place(mark))
    position = getattr(error, "position", None)
    if not isinstance(position, int):
        return Fault(f"it is not YAML: {' '.join(str(error).split())}")
    before = text[:position]
    place = Place(before.count("\n") + 1, len(before) - before.rfind("\n"))
    return Fault("it is not YAML: there is a character that has no place in it", "Take it out", place=place)


def _place(mark: Any) -> Place:
    return Place(mark.line + 1, mark.column + 1) if mark is not None else Place(1, 1)


def _refuse(event: Event, message: str, hint: str = "") -> NoReturn:
    raise DocumentFault([Fault(message, hint, place=_place(event.start_mark))])


class _Composer:
    """Puts nodes together from events, and stops at the first thing that JSON doesn't have."""

    def __init__(self, parser: Any, example: str) -> None:
        self._next = parser.get_event
        self._example = example

    def document(self) -> Node:
        self._next()  # the stream's start
        event = self._next()
        if isinstance(event, yaml.StreamEndEvent):
            _refuse(event, "it is empty", self._example)
        node = self._node(self._next(), 1)
        self._next()  # the document's end
        event = self._next()
        if not isinstance(event, yaml.StreamEndEvent):
            _refuse(event, "there is a second document", "One document a file")
        return node

    def _node(self, event: Event, depth: int) -> Node:
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            _refuse(event, "anchors and aliases (& and *) are not read here", "Write it out, or use defaults")
        if depth > MOST_DEPTH:
            _refuse(event, "it is nested too deep", f"At most {MOST_DEPTH} levels")
        tag = getattr(event, "tag", None)
        if tag not in {None, "!"} and tag.removeprefix(_TAG) not in _TAGS:
            _refuse(event, f"the tag {tag!r} is not read here", "Take it out")
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(event, depth)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(event, depth)
        return Node(_scalar(event), _place(event.start_mark), {}, _inset(event))

    def _sequence(self, start: Event, depth: int) -> Node:
        items: list[Node] = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            items.append(self._node(event, depth + 1))
        return Node(items, _place(start.start_mark), {})

    def _mapping(self, start: Event, depth: int) -> Node:
        members: dict[str, Node] = {}
        keys: dict[str, Place] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                _refuse(event, "a key has to be a name", "name: value")
            key = self._node(event, depth + 1)
            name = str(event.value)
            if name == "<<" and event.implicit[0]:
                _refuse(event, "merge keys (<<) are not read here", "Write it out, or use defaults")
            if name in members:
                shown = name if len(name) <= 60 else f"{name[:60]}…"
                _refuse(event, f"the key {shown!r} is there twice: first in line {keys[name].line}", "Keep one of them")
            keys[name] = key.place
            members[name] = self._node(self._next(), depth + 1)
        return Node(members, _place(start.start_mark), keys)


def _inset(event: Any) -> int | None:
    if event.style in {"|", ">"} or event.start_mark.line != event.end_mark.line:
        return None
    return 1 if event.style else 0


def _scalar(event: Any) -> Any:
    text: str = event.value
    if "\0" in text or not _is_text(text):
        _refuse(
            event, "there is a character in it that PostgreSQL can't store", "NUL, or a lone surrogate: take it out"
        )
    tag = (event.tag or "").removeprefix(_TAG)
    plain = event.implicit[0] and not event.style
    if tag in {"", "!"} and not plain:
        return text
    return _resolve(event, text, tag)


def _resolve(event: Any, text: str, tag: str) -> Any:
    """The value of a plain scalar, or of one with a tag."""
    found: Any = text
    if tag in {"str", "!"}:
        return text
    if _NULL.fullmatch(text):
        found = None
    elif _BOOL.fullmatch(text):
        found = text.lower() == "true"
    elif _INT.fullmatch(text) and len(text) <= LONGEST_NUMBER:
        found = int(text, 0) if text[:2] in {"0o", "0x"} else int(text)
    elif _FLOAT.fullmatch(text):
        found = float(text) if len(text) <= LONGEST_NUMBER else math.inf
    elif _NOT_FINITE.fullmatch(text):
        found = math.inf
    if isinstance(found, float) and not math.isfinite(found):
        _refuse(event, f"{text[:60]} is not a number that JSON can hold", "Quote it to make it a text")
    kinds: dict[str, tuple[type, ...]] = {"int": (int,), "float": (float, int), "bool": (bool,), "null": (type(None),)}
    if tag in kinds and (not isinstance(found, kinds[tag]) or (tag != "bool" and isinstance(found, bool))):
        _refuse(event, f"{text[:60]!r} is not of the type that its tag says", "Take the tag out")
    return found


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
