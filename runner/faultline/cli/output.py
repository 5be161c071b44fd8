"""What the commands print: tables for people, one JSON document for machines.

Text from the database may hold anything a producer wrote, so nothing of it reaches a terminal before `clean`.
JSON is passed on as the server wrote it: a decoder of ours would round its numbers, or break on them.
"""

from __future__ import annotations

import json
import re
import sys
from contextlib import contextmanager
from threading import Timer
from typing import TYPE_CHECKING, Any, Final

import click
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from faultline import logs, redaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

ANSI: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_].*?(?:\x1b\\|\x07|$)|[ -/]*[0-~])", re.DOTALL)
CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
CONTROL_BUT_NEWLINE: Final = re.compile(CONTROL.pattern.replace(r"\x00-\x1f", r"\x00-\x09\x0b-\x1f"))
RAW_IN_JSON: Final = re.compile(r"[\x7f-\x9f]")
WIDE_ENOUGH: Final = 10_000
LONGEST_VALUE: Final = 2_000
NARROWEST: Final = 6
plural = logs.plural
GAP: Final = "  "
PATIENCE_SECONDS: Final = 0.4
MINUTE, HOUR, DAY = 60, 3600, 86400
STATE_STYLES: Final = {
    "queued": "cyan",
    "running": "yellow",
    "succeeded": "green",
    "failed": "bold red",
    "cancelled": "magenta",
    "discarded": "magenta",
    "waiting": "dim",
    "skipped": "dim",
    "INIT": "cyan",
    "SENT": "yellow",
    "APPLIED": "green",
    "RECONCILED": "green",
    "FAILED": "bold red",
    "ABSENT": "magenta",
}


def clean(text: str, *, multiline: bool = False) -> str:
    """The text without escape sequences and control characters; a line break becomes a space unless `multiline`."""
    text = ANSI.sub("", text)
    if multiline:
        return CONTROL_BUT_NEWLINE.sub("", text.replace("\t", "    "))
    return CONTROL.sub("", re.sub(r"[\t\n\r]+", " ", text))


def printable(text: str) -> str:
    """Lone surrogates (bytes of a file name that are no UTF-8) as the usual replacement character."""
    return clean(text.encode("utf-8", "replace").decode())


def console(*, stderr: bool = False) -> Console:
    """A terminal's width on a terminal; elsewhere lines as long as they have to be, so that a pipe loses nothing."""
    made = Console(stderr=stderr, highlight=False, soft_wrap=False, emoji=False, markup=False)
    if not made.is_terminal:
        made = Console(stderr=stderr, highlight=False, emoji=False, markup=False, width=WIDE_ENOUGH)
    return made


def say(text: str = "") -> None:
    click.echo(text)


def note(text: str) -> None:
    """A remark for people, kept out of what a program reads."""
    click.echo(text, err=True)


def print_json(document: Any) -> None:
    print_raw_json(json.dumps(document, ensure_ascii=False, default=str))


def tell(document: Any, sentence: str, *, as_json: bool) -> None:
    """What has happened, for a program or for people."""
    if as_json:
        print_json(document)
    else:
        say(sentence)


def print_raw_json(text: str) -> None:
    """JSON as the server wrote it; the control characters it leaves alone can only stand inside of strings."""
    click.echo(RAW_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def print_raw_list(documents: Sequence[str]) -> None:
    """One JSON array, one element a line."""
    print_raw_json("[" + ",\n ".join(documents) + "]")


def print_newest(
    rows: list[tuple[Any, ...]],
    limit: int,
    table: Callable[[list[tuple[Any, ...]]], None],
    *,
    nothing: str,
    as_json: bool,
) -> None:
    """What a query found that was asked for one row more than the limit: the documents, or a table of the rows."""
    shown = rows[:limit]
    if as_json:
        print_raw_list([row[0] for row in shown])
    elif shown:
        table(shown)
    else:
        note(nothing)
    if len(rows) > limit:
        note(f"there are more: these are the newest {limit} (--limit)")


def print_table(headers: Sequence[str], rows: Iterable[Sequence[object]], *, right: Sequence[str] = ()) -> None:
    """Aligned columns: cut to fit on a terminal, whole and without styles elsewhere."""
    shown = console()
    lines = [[Text(header, style="bold") for header in headers], *([cell(value) for value in row] for row in rows)]
    widths = [max(part.cell_len for part in column) for column in zip(*lines, strict=True)]
    if shown.is_terminal:
        fit(widths, [header not in right for header in headers], shown.width)
    for line in lines:
        parts = []
        for part, width, header in zip(line, widths, headers, strict=True):
            part.truncate(width, overflow="ellipsis")
            blanks = " " * (width - part.cell_len)
            parts.append(Text(blanks) + part if header in right else part + Text(blanks))
        joined = Text(GAP).join(parts)
        joined.rstrip()
        shown.print(joined, soft_wrap=True)


def fit(widths: list[int], flexible: Sequence[bool], available: int) -> None:
    """Narrow the widest of the flexible columns until all of them fit, or none can give any more."""
    excess = sum(widths) + len(GAP) * (len(widths) - 1) - available
    for _ in range(excess):
        widest = max(range(len(widths)), key=lambda i: widths[i] if flexible[i] else 0)
        if not flexible[widest] or widths[widest] <= NARROWEST:
            return
        widths[widest] -= 1


def print_fields(fields: Mapping[str, object]) -> None:
    """Name and value, one a line; what is longer goes on below itself."""
    shown = console()
    given = {clean(name): value for name, value in fields.items() if value is not None and value != ""}
    indent = max((cell_len(name) for name in given), default=0) + len(GAP)
    room = max(shown.width - indent, NARROWEST)
    for name, value in given.items():
        text = cell(value, multiline=True)
        parts = text.wrap(shown, room, overflow="fold") if shown.is_terminal else text.split() or [text]
        head = Text(name.ljust(indent), style="bold")
        for part in parts:
            shown.print(head, part, sep="", soft_wrap=True)
            head = Text(" " * indent)


def cell(value: object, *, multiline: bool = False) -> Text:
    if isinstance(value, Text):
        return value
    return Text("" if value is None else shortened(redaction.text(clean(str(value), multiline=multiline))))


def as_text(value: object) -> str | None:
    """A value of a document as people read it: text as it is, everything else as JSON."""
    if value is None or value in ({}, []):
        return None
    value = redaction.document(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def state(name: str) -> Text:
    return Text(clean(name), style=STATE_STYLES.get(name, ""))


def shortened(text: str, limit: int = LONGEST_VALUE) -> str:
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"


def ago(seconds: float | None) -> str:
    """How long since: `just now`, `42s ago`, `in 5m`."""
    if seconds is None:
        return ""
    if abs(seconds) < 1:
        return "just now"
    return f"in {span(-seconds)}" if seconds < 0 else f"{span(seconds)} ago"


def span(seconds: float) -> str:
    for unit, size in (("d", DAY), ("h", HOUR), ("m", MINUTE)):
        if seconds >= 2 * size:
            return f"{int(seconds // size)}{unit}"
    return f"{int(seconds)}s" if seconds >= 1 else f"{int(seconds * 1000)}ms"


@contextmanager
def waiting(what: str) -> Iterator[Callable[[str], None]]:
    """Shows on a terminal that something takes its time, once it does, and what else it is told; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    status = Console(stderr=True).status(Text(what))
    timer = Timer(PATIENCE_SECONDS, status.start)
    timer.start()
    try:
        yield lambda more: status.update(Text(f"{what}: {more}"))
    finally:
        timer.cancel()
        timer.join()
        status.stop()
