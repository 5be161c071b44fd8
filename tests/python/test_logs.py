"""Logs: legible on a terminal, JSON elsewhere, and nothing in them that is not text."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faultline import logs


def record(message: str, *args: object, **extra: object) -> logging.LogRecord:
    made = logging.LogRecord("faultline", logging.WARNING, __file__, 1, message, args, None)
    made.__dict__.update(extra)
    return made


@pytest.mark.parametrize(("number", "said"), [(0, "0 jobs"), (1, "1 job"), (2, "2 jobs"), (2000, "2,000 jobs")])
def test_one_is_not_many(number: int, said: str) -> None:
    assert logs.plural(number, "job") == said
    assert logs.plural(number, "entry", "entries").startswith(said.split(maxsplit=1)[0])


def test_a_line_for_people() -> None:
    line = logs.Lines("[2]").format(record("job %d failed: %s", 7, "bad\x1b[2J\nforged line"))
    assert line[8:] == " WARN  [2] job 7 failed: bad\ufffd[2J ⏎ forged line"


def test_a_traceback_is_indented_below_its_line() -> None:
    try:
        raise ValueError("a\x1b")
    except ValueError:
        failed = record("failed")
        failed.exc_info = sys.exc_info()
    lines = logs.Lines().format(failed).splitlines()
    assert lines[1] == "    Traceback (most recent call last):"
    assert lines[-1] == "    ValueError: a\ufffd"


def test_a_line_for_machines_is_one_json_object_with_the_fields_of_the_event() -> None:
    line = logs.JsonLines("[0]").format(record("job\n%d", 7, fields={"job_id": 7, "level": "forged"}))
    shown = json.loads(line)
    assert "\n" not in line
    assert shown["message"] == "job\n7"
    assert (shown["level"], shown["job_id"], shown["process"], shown["logger"]) == ("warning", 7, "[0]", "faultline")


@given(st.text(st.characters()))
def test_nothing_but_text_newlines_and_tabs_survives(text: str) -> None:
    cleaned = logs.clean(text)
    assert len(cleaned) == len(text)
    assert all(character in "\n\t" or character.isprintable() or ord(character) > 0x9F for character in cleaned)
    cleaned.encode()
    assert logs.clean(cleaned) == cleaned


@pytest.mark.parametrize(("chosen", "is_json"), [(None, True), (True, True), (False, False)])
def test_json_is_what_a_pipe_gets_unless_told_otherwise(chosen: bool | None, is_json: bool) -> None:
    script = (
        "import logging\nfrom faultline import logs\n"
        f"logs.setup(json_lines={chosen!r})\nlogging.getLogger('app').info('hello')\nlogging.getLogger('app').debug('no')"
    )
    said = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stderr
    assert said.count("\n") == 1
    assert said.startswith("{") is is_json
    assert "hello" in said


def test_the_logging_an_application_has_set_up_is_left_alone() -> None:
    script = (
        "import logging\nfrom faultline import logs\nlogging.basicConfig(format='mine %(message)s', level='INFO')\n"
        "logs.setup()\nlogging.getLogger('faultline').info('hello')"
    )
    said = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stderr
    assert said == "mine hello\n"


def test_the_same_event_is_let_through_once_per_interval_and_counted() -> None:
    limiter = logs.Limiter(10.0)
    assert [limiter.allow("a", now) for now in (0.0, 1.0, 2.0, 10.5, 11.0)] == [0, None, None, 2, None]
    assert limiter.allow("b", 2.0) == 0


def test_a_limiter_does_not_grow_with_the_number_of_events() -> None:
    limiter = logs.Limiter(10.0, most=5)
    for number in range(100):
        limiter.allow(number, 0.0)
    assert len(limiter._seen) <= 5


def test_the_stream_of_ones_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    stream = io.StringIO()
    logs.setup(stream=stream, level="warning")
    logging.getLogger("x").warning("seen")
    logging.getLogger("x").info("not seen")
    assert json.loads(stream.getvalue())["message"] == "seen"
    monkeypatch.undo()
    logging.getLogger().setLevel(logging.WARNING)
