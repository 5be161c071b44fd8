"""The models of docs/models hold in every state they can reach, and each protection taken out of them is missed.

What Spin searches is a description of the protocol, not the protocol: docs/models.md says which line of one is which of
the other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from tests.support.project import ROOT
from tools import spin

DOCUMENT = ROOT / "docs/models.md"
ONCE = "assert(charges <= 1)"
FAILED = "assert(tx != T_FAILED || charges == 0)"
ENTERED = "assert((tx != T_APPLIED && tx != T_RECONCILED) || charges == 1)"
APPLIED = "assert(effect != E_APPLIED || charges == 1)"
ABSENT = "assert(effect != E_ABSENT || charges == 0)"
CURRENT = "assert(IS_CURRENT)"
STRANDED = "assert(the_run != R_RUNNING || ALIVE)"
OVER = "assert(the_run == R_RUNNING || !ALIVE)"
CURRENT_TASK = "assert(IS_CURRENT(t))"


@dataclass(frozen=True)
class Broken:
    model: str
    define: str
    promise: str

    @property
    def liveness(self) -> bool:
        return not self.promise.startswith("assert")

    def __str__(self) -> str:
        return f"{self.model}-{self.define}"


BROKEN = [
    Broken("effect", "NO_FENCE", CURRENT),
    Broken("effect", "KEY_OF_ATTEMPT", ONCE),
    Broken("effect", "GUESSES", APPLIED),
    Broken("effect", "NOT_RECORDED", FAILED),
    Broken("effect", "NOT_CLOSED", ABSENT),
    Broken("effect", "FAILS_WHILE_SENT", FAILED),
    Broken("effect", "NO_BURNT_CHECK", FAILED),
    Broken("effect", "ENTERED_WHILE_SENT", ENTERED),
    Broken("effect", "NO_IDEMPOTENCY", ONCE),
    Broken("effect", "NOT_TOLD", "settled"),
    Broken("effect", "NO_REAPER", "settled"),
    Broken("effect", "NOBODY_ASKS", "settled"),
    Broken("effect", "NOBODY_DISCARDS", "settled"),
    Broken("join", "NO_ROOT_LOCK", STRANDED),
    Broken("join", "OLD_SNAPSHOT", STRANDED),
    Broken("join", "CANCELS_WITHOUT_LOCK", OVER),
    Broken("join", "FOLLOWS_LATER", "settled"),
    Broken("join", "NO_FENCE", CURRENT_TASK),
    Broken("join", "NO_REAPER", "settled"),
]
# What is not needed: the model holds without it.
SPARED = [("effect", "SENDS_BLINDLY")]
MODELS = sorted(path.stem for path in spin.MODELS.glob("*.pml"))


@pytest.mark.parametrize("model", MODELS)
def test_no_state_breaks_a_promise_and_every_statement_is_reached(model: str) -> None:
    found = spin.search(model)
    print(f"{model}: {found.states} states")
    assert found.broken is None, found.way
    assert found.unreached == []


@pytest.mark.parametrize("model", MODELS)
def test_whatever_broke_it_is_settled_once_nothing_breaks_any_more(model: str) -> None:
    found = spin.search(model, liveness=True)
    print(f"{model}: {found.states} states")
    assert found.broken is None, found.way


@pytest.mark.parametrize("broken", BROKEN, ids=str)
def test_without_one_of_its_protections_the_promise_breaks(broken: Broken) -> None:
    found = spin.search(broken.model, broken.define, liveness=broken.liveness, nearest=True)
    assert found.broken == broken.promise
    assert found.way


@pytest.mark.parametrize(("model", "define"), SPARED)
def test_what_is_there_for_other_reasons_is_not_what_the_promises_rest_on(model: str, define: str) -> None:
    assert spin.search(model, define).broken is None


def test_every_way_to_break_a_model_is_tried_here_and_told_in_the_document() -> None:
    tried = {(one.model, one.define) for one in BROKEN} | set(SPARED)
    assert tried == {
        (model, define)
        for model in MODELS
        for define in re.findall(r"^#(?:ifn?def|elif defined\() ?(\w+)", text(model), re.MULTILINE)
        if define != "RUNNERS"
    }
    _, _, tables = DOCUMENT.read_text().partition("## What breaks without what")
    told = {
        (model, define)
        for model in MODELS
        for define in re.findall(
            r"^\| `(\w+)` \|", tables.partition(f"### {model}\n")[2].partition("\n#")[0], re.MULTILINE
        )
    }
    assert told == tried


def test_what_the_document_says_stands_in_the_code_is_there() -> None:
    """The names of functions in the table of what is what; that they exist is all that can be checked."""
    sql = {path.stem for path in (ROOT / "sql").rglob("*.sql")}
    python = "".join(path.read_text() for path in (ROOT / "runner/faultline").rglob("*.py"))
    named = re.findall(
        r"^\|[^|]*\| (.*) \|$", DOCUMENT.read_text().partition("## What is what")[2].partition("\n## ")[0], re.MULTILINE
    )
    names = {name for cell in named for name in re.findall(r"`(\w+)`", cell)}
    assert len(names) > 20
    assert {name for name in names if name not in sql and not re.search(rf"\b{name}\b", python)} == set()


def text(model: str) -> str:
    return (spin.MODELS / f"{model}.pml").read_text()


def test_a_model_that_is_not_there_is_named() -> None:
    with pytest.raises(spin.SpinError, match=r"there is no model 'effects' in .*: there are effect, join"):
        spin.search("effects")
