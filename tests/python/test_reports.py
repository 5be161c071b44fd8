"""What is kept of an error is what Python would print, whether its place has failed before or not."""

from __future__ import annotations

import json
import traceback
from typing import TYPE_CHECKING, Any

import pytest

from faultline import reports

if TYPE_CHECKING:
    from collections.abc import Callable


def plain(n: int) -> None:
    raise ValueError(f"number {n}")


def deeper(n: int) -> None:
    if n % 2:
        plain(n)
    plain(n + 1)


def noted(n: int) -> None:
    error = KeyError(n)
    error.add_note(f"while counting to {n}")
    raise error


def caused(n: int) -> None:
    try:
        plain(n)
    except ValueError as error:
        raise RuntimeError(f"because of {n}") from error


def in_context(n: int) -> None:
    try:
        plain(n)
    except ValueError:
        raise RuntimeError(f"after {n}")  # noqa: B904


def out_of_context(n: int) -> None:
    try:
        plain(n)
    except ValueError:
        raise RuntimeError(f"after {n}") from None


def no_syntax(n: int) -> None:
    compile(f"{n} = = {n}", "somewhere", "exec")


def no_name(n: int) -> None:
    number = n
    print(numbr + number)  # type: ignore[name-defined] # noqa: F821


def no_attribute(n: int) -> None:
    n.bit_lenght()  # type: ignore[attr-defined]


def together(n: int) -> None:
    raise ExceptionGroup(f"{n} of them", [ValueError(n), KeyError(n)])


def endless(n: int) -> None:
    endless(n)


def caught(function: Callable[[int], None], n: int) -> BaseException:
    try:
        function(n)
    except Exception as error:  # noqa: BLE001
        return error
    raise AssertionError


@pytest.mark.parametrize(
    "function",
    [
        plain,
        deeper,
        noted,
        caused,
        in_context,
        out_of_context,
        no_syntax,
        no_name,
        no_attribute,
        together,
        endless,
    ],
)
def test_the_traceback_is_pythons_own_each_time(function: Callable[[int], None]) -> None:
    for n in (1, 2, 3):
        error = caught(function, n)
        for skip in (0, 1):
            shown: dict[str, Any] = json.loads(reports.describe(error, skip=skip))
            trace = reports.without(error.__traceback__, skip)
            lines = traceback.format_exception(type(error), error, trace, limit=-reports.FRAMES_MOST)
            assert shown["traceback"] == "".join(lines)
            assert shown["type"] == type(error).__name__


def test_an_error_that_was_never_raised_has_a_traceback_without_frames() -> None:
    shown = json.loads(reports.describe(ValueError("x")))
    assert shown["traceback"] == "Traceback (most recent call last):\nValueError: x\n"


def test_places_are_kept_up_to_a_number_and_a_depth(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "STACKS_MOST", 2)
    reports._stacks.clear()
    for function in (plain, noted):
        reports.describe(caught(function, 1))
    assert len(reports._stacks) == 2
    for n in range(5):
        reports.describe(caught(plain, n))
    assert len(reports._stacks) == 2
    reports.describe(caught(out_of_context, 1))
    assert len(reports._stacks) == 1
    reports.describe(caught(endless, 1))
    assert len(reports._stacks) == 1
