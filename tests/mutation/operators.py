"""The ways in which a piece of SQL is changed: each operator yields edits, one change each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from tests.mutation.source import Piece, Token, Unit, parents_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

# What ends an operand of AND or OR, or a condition, when it stands beside it, outside of brackets.
ENDS: Final = frozenset(
    {
        *(",", ";", "where", "on", "having", "when", "then", "else", "if", "elsif", "while", "loop", "order", "group"),
        *("limit", "for", "returning", "union", "except", "intersect", "join", "left", "right", "inner", "cross"),
        *("full", "window", "select", "return", "perform", "assert", ":=", "as", "from", "set", "do", "using"),
        *("offset", "into", "default", "query"),
    }
)
COMPARISONS: Final = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "=": "<>", "<>": "="}
CALLS: Final = {
    "now": "clock_timestamp",
    "clock_timestamp": "now",
    "min": "max",
    "max": "min",
    "least": "greatest",
    "greatest": "least",
}
WORDS: Final = {"true": "false", "false": "true", "+": "-", "-": "+"}
LOCKS: Final = {"update", "share", "no", "key"}
INTERVAL: Final = re.compile(r"'(\d+)( [a-z]+)?'")


@dataclass(frozen=True)
class Edit:
    """Text of a file from start to end is replaced by another."""

    operator: str
    start: int
    end: int
    text: str

    def apply(self, source: str) -> str:
        return source[: self.start] + self.text + source[self.end :]


class Sentence:
    """A piece with its brackets, to look around in."""

    def __init__(self, source: str, piece: Piece) -> None:
        self.source = source
        self.kind = piece.kind
        self.tokens: Sequence[Token] = piece.tokens
        self.parents = parents_of(piece.tokens)

    def word(self, number: int) -> str:
        return self.tokens[number].text if 0 <= number < len(self.tokens) else ""

    def words(self, number: int, count: int) -> tuple[str, ...]:
        return tuple(self.word(n) for n in range(number, number + count))

    def is_word(self, number: int, *words: str) -> bool:
        """This keyword, and not a name of that spelling behind a dot."""
        return self.word(number) in words and self.word(number - 1) != "."

    def beside(self, number: int, step: int) -> Iterator[int]:
        """The numbers of the tokens before (step -1) or after (1) it within the same brackets."""
        parent = self.parents[number]
        at = number + step
        while 0 <= at < len(self.tokens):
            if self.parents[at] == parent:
                yield at
            elif at == parent or self.parents[at] < parent:
                return
            at += step

    def closing(self, opening: int) -> int:
        """The bracket that closes this one."""
        return next(n for n in self.beside(opening, 1) if self.word(n) in {")", "]", "end"})

    def ends(self, number: int, more: frozenset[str]) -> bool:
        if not self.is_word(number, *ENDS, *more):
            return False
        distinct = (
            self.word(number) == "from"
            and self.word(number - 1) == "distinct"
            and self.word(number - 2) in {"is", "not"}
        )
        return not distinct and number not in self.between

    def operand(self, number: int, step: int, more: frozenset[str]) -> tuple[int, int]:
        """The tokens, from and to and with both, of what stands on one side of an operator or behind a keyword."""
        last = number
        for at in self.beside(number, step):
            if self.ends(at, more):
                break
            last = at
        return (number + 1, last) if step > 0 else (last, number - 1)

    @cached_property
    def between(self) -> set[int]:
        """The ANDs that belong to a BETWEEN."""
        found = set()
        for number in range(len(self.tokens)):
            if self.is_word(number, "between"):
                found.add(next((n for n in self.beside(number, 1) if self.is_word(n, "and")), -1))
        return found

    def text(self, first: int, last: int) -> str:
        return self.source[self.tokens[first].start : self.tokens[last].end]

    def cut(self, operator: str, first: int, last: int, text: str = "") -> Edit:
        """The tokens from first to last replaced by text."""
        return Edit(operator, self.tokens[first].start, self.tokens[last].end, text)

    def ddl(self) -> bool:
        return self.kind in {"ddl", "signature"}


AND_OR: Final = frozenset({"and", "or"})
ALSO: Final = {"and": AND_OR, "or": frozenset({"or"})}


def connectives(s: Sentence) -> Iterator[Edit]:
    """AND and OR: either operand dropped, and one turned into the other."""
    for number in range(len(s.tokens)):
        if not s.is_word(number, "and", "or") or number in s.between:
            continue
        word = s.word(number)
        left, _ = s.operand(number, -1, ALSO[word])
        _, right = s.operand(number, 1, ALSO[word])
        operator = "conjunct" if word == "and" else "disjunct"
        before = [n for n in s.beside(number, -1) if left <= n]
        # The left operand is dropped where it is the first of its chain: the others are right operands.
        if not before or not (s.is_word(left - 1, word) and s.parents[left - 1] == s.parents[number]):
            yield s.cut(operator, left, number)
        yield s.cut(operator, number, right)
        yield s.cut("and/or", number, number, "or" if word == "and" else "and")


def conditions(s: Sentence) -> Iterator[Edit]:
    """A condition that is one conjunct: true, and false too where a choice hangs on it."""
    for number in range(len(s.tokens)):
        if number == 0 and s.kind == "condition":
            choice = s.word(0) in {"if", "elsif", "while", "when"}
        elif s.is_word(number, "where", "having", "on") and not s.ddl():
            if s.word(number + 1) == "conflict" or s.word(number - 1) == "distinct":
                continue
            choice = False
        elif s.is_word(number, "when") and not s.ddl() and _searched(s, number):
            choice = True
        else:
            continue
        first, last = s.operand(number, 1, frozenset())
        if first > last or any(s.is_word(n, "and", "or") and n not in s.between for n in _within(s, first, last)):
            if choice and first <= last:
                yield s.cut("condition", first, last, "true")
                yield s.cut("condition", first, last, "false")
            continue
        if s.text(first, last).lower() == "true":
            continue
        yield s.cut("condition" if choice else "conjunct", first, last, "true")
        if choice:
            yield s.cut("condition", first, last, "false")


def _within(s: Sentence, first: int, last: int) -> Iterator[int]:
    return (n for n in range(first, last + 1) if s.parents[n] == s.parents[first])


def _searched(s: Sentence, number: int) -> bool:
    """WHEN of `case when …`, of `exit when …`, `continue when …`; not of `case x when …`."""
    if s.word(number - 1) in {"exit", "continue", "case"}:
        return True
    parent = s.parents[number]
    return parent >= 0 and s.word(parent) == "case" and s.word(parent + 1) == "when"


def comparisons(s: Sentence) -> Iterator[Edit]:
    for number in range(len(s.tokens)):
        if (other := COMPARISONS.get(s.word(number))) and not _assigns(s, number):
            yield s.cut("comparison", number, number, other)


def _assigns(s: Sentence, number: int) -> bool:
    """The = of SET, of RAISE … USING, or of a function's setting."""
    if s.word(number) != "=":
        return False
    if s.kind == "signature":
        return True
    stop = {"set", "using", "where", "from", "and", "or", "on", "select", "when", "then", "not", "having"}
    word = next((s.word(n) for n in s.beside(number, -1) if s.is_word(n, *stop)), "")
    return word == "set" or (word == "using" and s.word(0) == "raise")


def calls(s: Sentence) -> Iterator[Edit]:
    """now and clock_timestamp, min and max, least and greatest, and coalesce(a, …) as a alone."""
    for number in range(len(s.tokens)):
        word = s.word(number)
        if s.word(number + 1) != "(" or s.kind == "signature":
            continue
        if word in CALLS:
            yield s.cut("clock" if "now" in (word, CALLS[word]) else "extreme", number, number, CALLS[word])
        if word == "coalesce":
            comma = next((n for n in s.beside(number + 2, 1) if s.word(n) == ","), None)
            if comma is not None:
                yield s.cut("coalesce", number, s.closing(number + 1), s.text(number + 2, comma - 1))


def words(s: Sentence) -> Iterator[Edit]:
    """true and false, + and -."""
    for number, token in enumerate(s.tokens):
        if token.text in WORDS and token.name != "SCONST":
            yield s.cut(
                "boolean" if token.name not in {"ASCII_43", "ASCII_45"} else "sign", number, number, WORDS[token.text]
            )


def constants(s: Sentence) -> Iterator[Edit]:
    """Whole numbers, and those of intervals, one more and one less."""
    for number, token in enumerate(s.tokens):
        if token.name == "ICONST":
            value = int(token.text)
            yield s.cut("constant", number, number, str(value + 1))
            yield s.cut("constant", number, number, str(value - 1) if value else "(-1)")
        elif token.name == "SCONST" and s.word(number - 1) == "interval" and (found := INTERVAL.fullmatch(token.text)):
            value, unit = int(found[1]), found[2] or " second"
            for other in (value + 1, value - 1):
                yield s.cut("constant", number, number, f"'{other}{unit}'")


def locks(s: Sentence) -> Iterator[Edit]:
    for number in range(len(s.tokens)):
        if s.is_word(number, "for") and s.word(number + 1) in LOCKS and not s.ddl():
            last = number + 1
            while s.word(last) in LOCKS:
                last += 1
            strength = last - 1
            while s.word(last) in {"of", ",", "skip", "locked", "nowait"} or s.word(last - 1) in {"of", ","}:
                last += 1
            yield s.cut("lock", number, last - 1)
            if s.words(number + 1, 2) == ("no", "key"):
                yield s.cut("lock", number + 1, number + 2)
            if s.words(last - 2, 2) == ("skip", "locked"):
                yield s.cut("lock", last - 2, last - 1)
            if s.words(number + 1, 1) == ("update",) and strength == number + 1:
                yield s.cut("lock", strength, strength, "share")


def clauses(s: Sentence) -> Iterator[Edit]:
    """MATERIALIZED, DISTINCT, UNION ALL, LEFT JOIN, LIMIT."""
    for number in range(len(s.tokens)):
        if not s.is_word(number, "materialized", "distinct", "union", "left", "limit"):
            continue
        word, following = s.word(number), s.word(number + 1)
        if word == "materialized":
            yield s.cut("materialized", number - (s.word(number - 1) == "not"), number)
        elif word == "distinct" and s.word(number - 1) in {"select", "("}:
            yield s.cut("distinct", number, s.closing(number + 2) if following == "on" else number)
        elif word == "union":
            all_ = following == "all"
            yield s.cut("distinct", number, number + all_, "union" if all_ else "union all")
        elif word == "left" and following == "join":
            yield s.cut("join", number, number)
        elif word == "limit":
            yield s.cut("limit", number, s.operand(number, 1, frozenset())[1])


def conflicts(s: Sentence) -> Iterator[Edit]:
    """ON CONFLICT with what it does."""
    for number in range(len(s.tokens)):
        if s.words(number, 2) == ("on", "conflict"):
            last = number + 1
            for at in s.beside(number, 1):
                if s.is_word(at, "returning"):
                    break
                last = at
            yield s.cut("on conflict", number, last)


ORDER_ENDS: Final = frozenset({"limit", "offset", "for", "loop", "returning", "union", "rows", "range", "groups"})


def orders(s: Sentence) -> Iterator[Edit]:
    """Each key of ORDER BY dropped, or all of it where there is one; DESC too."""
    for number in range(len(s.tokens)):
        if not s.is_word(number, "order") or s.word(number + 1) != "by":
            continue
        commas, last = [], number + 1
        for at in s.beside(number + 1, 1):
            if s.is_word(at, *ORDER_ENDS):
                break
            if s.word(at) == ",":
                commas.append(at)
            if s.is_word(at, "desc"):
                yield s.cut("order", at, at)
            last = at
        if not commas:
            yield s.cut("order", number, last)
            continue
        yield s.cut("order", number + 2, commas[0])
        for comma, end in zip(commas, [*(n - 1 for n in commas[1:]), last], strict=True):
            yield s.cut("order", comma, end)


def negations(s: Sentence) -> Iterator[Edit]:
    """IS NULL, IS DISTINCT FROM, EXISTS with and without NOT; any other NOT dropped."""
    for number in range(len(s.tokens)):
        if s.ddl() and s.word(0) == "create" and s.words(1, 1) != ("trigger",):
            return
        if s.is_word(number, "is") and s.word(number + 1) in {"null", "distinct"}:
            yield s.cut("not", number, number, "is not")
        elif s.is_word(number, "is") and s.word(number + 1) == "not":
            yield s.cut("not", number, number + 1, "is")
        elif (
            s.is_word(number, "not")
            and s.word(number - 1) != "is"
            and s.word(number + 1) not in {"null", "materialized"}
        ):
            yield s.cut("not", number, number)
        elif s.is_word(number, "exists") and s.word(number - 1) != "not":
            yield s.cut("not", number, number, "not exists")


def statements(s: Sentence) -> Iterator[Edit]:
    """A statement of PL/pgSQL does nothing; what returns a value returns NULL."""
    if s.kind != "statement" or s.word(0) == "null":
        return
    if s.word(0) == "return" and len(s.tokens) > 1 and s.word(1) not in {"query", "next"}:
        if s.words(1, 2) != ("null", ""):
            yield s.cut("statement", 1, len(s.tokens) - 1, "null")
        return
    yield s.cut("statement", 0, len(s.tokens) - 1, "null")


def attributes(s: Sentence) -> Iterator[Edit]:
    """STRICT, STABLE, IMMUTABLE, SECURITY DEFINER and the pinned path, without which a function is another one."""
    if s.kind != "signature":
        return
    opening = s.words(0, len(s.tokens)).index("(")
    for number in range(s.closing(opening), len(s.tokens)):
        if s.is_word(number, "strict", "stable", "immutable"):
            yield s.cut("attribute", number, number)
        elif s.words(number, 2) == ("security", "definer"):
            yield s.cut("attribute", number, number + 1)
        elif s.words(number, 2) == ("set", "search_path"):
            last = number + 3
            while s.word(last + 1) == ",":
                last += 2
            yield s.cut("attribute", number, last)


EXPRESSIONS: Final[Sequence[Callable[[Sentence], Iterator[Edit]]]] = (
    connectives,
    conditions,
    comparisons,
    calls,
    words,
    constants,
    locks,
    clauses,
    conflicts,
    orders,
    negations,
    statements,
    attributes,
)


def constraints(s: Sentence) -> Iterator[Edit]:
    """Of a table: a constraint, a key, a CHECK, a reference, a NOT NULL is dropped."""
    opening = s.words(0, len(s.tokens)).index("(")
    items: list[list[int]] = [[]]
    for number in range(opening + 1, s.closing(opening)):
        if s.word(number) == "," and s.parents[number] == opening:
            items.append([])
        else:
            items[-1].append(number)
    for place, item in enumerate(items):
        first, last = item[0], item[-1]
        if s.word(first) in {"constraint", "primary", "unique", "check", "foreign"}:
            # With its comma: the one before it, or, of the first, the one behind.
            yield s.cut("constraint", first - (place > 0), last + (place == 0))
        else:
            yield from _of_column(s, [number for number in item if s.parents[number] == opening], last)


def _of_column(s: Sentence, numbers: list[int], last: int) -> Iterator[Edit]:
    for number in numbers:
        if s.words(number, 2) in {("not", "null"), ("primary", "key")}:
            yield s.cut("constraint", number, number + 1)
        elif s.is_word(number, "unique"):
            yield s.cut("constraint", number, number)
        elif s.is_word(number, "check"):
            yield s.cut("constraint", number, s.closing(number + 1))
        elif s.is_word(number, "references"):
            yield s.cut("constraint", number, last)


def edits_of(source: str, unit: Unit) -> Iterator[Edit]:
    """All changes of a statement of a file, each once."""
    seen = set()
    for edit in _edits_of(source, unit):
        changed = edit.apply(source)
        if changed not in seen and changed != source:
            seen.add(changed)
            yield edit


def _edits_of(source: str, unit: Unit) -> Iterator[Edit]:
    sentences = [Sentence(source, piece) for piece in unit.pieces]
    whole = Edit(unit.kind, unit.start, unit.end, "")
    if unit.kind in {"trigger", "privilege"}:
        yield whole
    if unit.kind == "index":
        # An index that is not unique holds nothing; whether plans use it is tested in tests/hotpath.
        if sentences[0].word(1) != "unique":
            return
        yield whole
    if unit.kind == "table":
        yield from constraints(sentences[0])
    for sentence in sentences:
        for operator in EXPRESSIONS:
            yield from operator(sentence)
