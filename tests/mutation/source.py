"""Where the statements and expressions of our SQL files lie, by the tokens of PostgreSQL's own scanner.

PL/pgSQL is scanned by the same scanner as SQL, so one list of tokens, each with its place in the file, serves for both;
what is built on it here is only what the operators need: statements of a file, of a body, and what is inside brackets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pglast.parser import scan

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

COMMENTS = {"SQL_COMMENT", "C_COMMENT"}
OPENING = {"(", "[", "case"}
CLOSING = {")", "]", "end"}
CONTROL = {"if", "case", "while", "for", "foreach", "loop", "begin", "declare"}
PieceKind = Literal["statement", "condition", "header", "declaration", "query", "signature", "ddl"]
UnitKind = Literal["function", "table", "index", "trigger", "view", "privilege", "other"]


class SourceError(Exception):
    """A file is not written as this reader expects; the message says where."""


@dataclass(frozen=True)
class Token:
    """text is in lower case, unless it is quoted; start and end are places in the file."""

    text: str
    name: str
    start: int
    end: int


@dataclass(frozen=True)
class Piece:
    """Tokens that belong together: a simple statement, a condition, the header of a loop, … without what ends it."""

    kind: PieceKind
    tokens: Sequence[Token]


@dataclass(frozen=True)
class Unit:
    """A statement of a file; name is what it makes or, for a privilege, what it is about."""

    kind: UnitKind
    name: str
    start: int
    end: int
    pieces: Sequence[Piece]


def tokens_of(text: str, offset: int = 0) -> list[Token]:
    return [
        Token(_fold(text[t.start : t.end + 1]), t.name, offset + t.start, offset + t.end + 1)
        for t in scan(text)
        if t.name not in COMMENTS
    ]


def _fold(text: str) -> str:
    return text if text[:1] in {"'", '"', "$"} else text.lower()


def parents_of(tokens: Sequence[Token]) -> list[int]:
    """For each token the number of the bracket, or CASE, that it stands in; -1: in none. Brackets stand outside."""
    parents: list[int] = []
    stack = [-1]
    for number, token in enumerate(tokens):
        if token.text in CLOSING and len(stack) > 1:
            stack.pop()
        parents.append(stack[-1])
        if token.text in OPENING:
            stack.append(number)
    return parents


def units_of(text: str) -> list[Unit]:
    """The statements of a file. Lines of psql's own, which begin with a backslash, are none."""
    hidden = "\n".join(" " * len(line) if line.startswith("\\") else line for line in text.split("\n"))
    units = []
    statement: list[Token] = []
    for token in tokens_of(hidden):
        if token.text == ";":
            if statement:
                units.append(_unit(text, statement, token.end))
            statement = []
        else:
            statement.append(token)
    return units


def _unit(text: str, tokens: list[Token], end: int) -> Unit:
    words = [token.text for token in tokens]
    kind: UnitKind = "other"
    name = ""
    pieces: list[Piece] = []
    if words[0] == "create":
        word = next((w for w in words[1:4] if w in {"function", "table", "index", "trigger", "view"}), "")
        place = words.index(word) if word else 0
        match word:
            case "function":
                kind, name = "function", words[place + 3]
                pieces = list(_function(text, tokens))
            case "table" if words[place + 4 : place + 6] != ["partition", "of"]:
                kind, name = "table", words[place + 3]
            case "index" | "trigger":
                kind, name = ("index" if word == "index" else "trigger"), words[place + 1]
            case "view":
                kind, name = "view", words[place + 3]
        if kind not in {"function", "other"}:
            pieces = [Piece("ddl" if kind != "view" else "query", tokens)]
    elif words[0] in {"grant", "revoke"} or words[:3] == ["alter", "default", "privileges"]:
        kind, name = "privilege", " ".join(words[:2])
        if "function" in words:
            name = words[words.index("function") + 3]
    return Unit(kind, name, tokens[0].start, end, pieces)


def _function(text: str, tokens: list[Token]) -> Iterator[Piece]:
    place = next((n for n, token in enumerate(tokens) if token.text.startswith("$") and token.name == "SCONST"), None)
    if place is None:
        message = f"a function without a body in dollars at {text[tokens[0].start : tokens[0].start + 60]!r}"
        raise SourceError(message)
    yield Piece("signature", tokens[:place])
    quoted = tokens[place]
    tag = quoted.text.index("$", 1) + 1
    body = tokens_of(text[quoted.start + tag : quoted.end - tag], quoted.start + tag)
    words = [token.text for token in tokens[:place]]
    if words[words.index("language") + 1] == "plpgsql":
        yield from _Body(body).block()
    else:
        yield from (Piece("query", statement) for statement in _statements(body))


def _statements(tokens: list[Token]) -> Iterator[list[Token]]:
    statement: list[Token] = []
    for token in tokens:
        if token.text == ";":
            yield statement
            statement = []
        else:
            statement.append(token)
    if statement:
        yield statement


class _Body:
    """Reads the blocks and statements of PL/pgSQL, by descent."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._next = 0
        while self._word() == "#":  # #variable_conflict use_variable
            self._next += 3

    def block(self) -> Iterator[Piece]:
        if self._word() == "declare":
            self._next += 1
            while self._word() != "begin":
                yield Piece("declaration", self._until(";"))
        self._expect("begin")
        yield from self._many()
        if self._word() == "exception":
            self._next += 1
            while self._word() == "when":
                self._until("then")
                yield from self._many()
        self._expect("end")

    def _many(self) -> Iterator[Piece]:
        while self._word() not in {"end", "else", "elsif", "when", "exception"}:
            yield from self._one()

    def _one(self) -> Iterator[Piece]:
        word = self._word()
        if word not in CONTROL:
            yield Piece("statement", self._until(";"))
            return
        if word in {"begin", "declare"}:
            yield from self.block()
        elif word in {"if", "case"}:
            yield from self._choice(word)
        else:
            header = self._until("loop")
            if header:
                yield Piece("condition" if word == "while" else "header", header)
            yield from self._many()
            self._expect("end")
            self._expect("loop")
        self._until(";")

    def _choice(self, word: str) -> Iterator[Piece]:
        if word == "case":
            self._next += 1
            if self._word() != "when":
                yield Piece("header", self._until("when"))
                self._next -= 1
        while self._word() in {"if", "elsif", "when"}:
            yield Piece("condition", self._until("then"))
            yield from self._many()
        if self._word() == "else":
            self._next += 1
            yield from self._many()
        self._expect("end")
        self._expect(word)

    def _word(self) -> str:
        return self._tokens[self._next].text if self._next < len(self._tokens) else ""

    def _expect(self, word: str) -> None:
        if self._word() != word:
            at = self._tokens[min(self._next, len(self._tokens) - 1)]
            message = f"expected {word}, found {self._word()!r} at {at.start}"
            raise SourceError(message)
        self._next += 1

    def _until(self, word: str) -> list[Token]:
        """The tokens up to a word that stands in no bracket and no CASE; it is passed."""
        first = self._next
        depth = 0
        while self._next < len(self._tokens):
            text = self._word()
            # IF and CASE of PL/pgSQL begin a statement; a CASE further on is an expression.
            if text in CLOSING and depth:
                depth -= 1
            if text == word and depth == 0:
                self._next += 1
                return self._tokens[first : self._next - 1]
            if text in OPENING:
                depth += 1
            self._next += 1
        message = f"no {word} after {self._tokens[first].text!r} at {self._tokens[first].start}"
        raise SourceError(message)
