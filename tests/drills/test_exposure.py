"""A drill of somebody's own handlers names the lines whose effects can happen twice or get lost, and no others.

Each handler is killed at the points that matter; FAULTLINE_FULL=1, as in `make proofs`, takes all there are.
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from faultline.demo.narrator import Narrator
from faultline.drill.arena import DrillError
from faultline.drill.exposure import (
    DIFFERS,
    FAILS,
    LOST,
    MOMENT,
    TWICE,
    Options,
    Outcome,
    Point,
    Stage,
    Wanted,
    drill_job,
    some,
)
from faultline.drill.proxy import BEFORE
from tests.support import shop
from tests.support.proofs import FULL
from tests.support.provider import Provider

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Drilled = Callable[..., Outcome]

ROOT = Path(__file__).parents[2]
SHOP = Path(shop.__file__)
ORDER = '{"order": "{unique}"}'
COMMIT = ("before COMMIT", "after COMMIT", "when the handler has returned")


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    home = tmp_path_factory.mktemp("shop")
    with pytest.MonkeyPatch.context() as patch, Provider() as provider, contextlib.ExitStack() as stack:
        patch.setenv(shop.HOME, str(home))
        patch.setenv(shop.PORT, str(provider.port))
        patch.chdir(ROOT)
        options = Options("tests.support.shop:app", (), "tests.support.shop:prepare", (shop.DATABASE,))
        made = Stage(options, tmp_path_factory.mktemp("drill"), stack)
        made.prepare()
        yield made


@pytest.fixture
def drilled(stage: Stage) -> Drilled:
    """Drill a job at the points whose titles begin so; each of these has to be there."""

    def drill(type_: str, *titles: str, payload: str = "{}", transaction: bool = False) -> Outcome:
        def choose(points: list[Point]) -> list[Point]:
            for title in titles:
                assert any(point.title.startswith(title) for point in points), (title, points)
            return [point for point in points if FULL or point.title.startswith(titles)]

        return drill_job(stage, Wanted(type_, payload, transaction), Narrator(sys.stdout), choose)

    return drill


def named(name: str) -> int:
    """The line of the shop that bears this name."""
    (line,) = [at for at, text in enumerate(SHOP.read_text().splitlines(), 1) if text.endswith(f"# {name}")]
    return line


def found(outcome: Outcome) -> dict[tuple[str, int], str]:
    """What was found, by verdict and line of the shop."""
    lines = {}
    for finding in outcome.findings:
        assert finding.place is not None, finding
        assert Path(finding.place.file) == SHOP, finding
        lines[finding.verdict, finding.place.line] = finding.what
    return lines


def assert_alike(outcome: Outcome) -> None:
    assert outcome.findings == []
    assert outcome.unreached == []
    assert outcome.alike == len(outcome.points) > 0


class TestNothingIsFoundWhere:
    def test_all_of_it_is_in_the_ledger(self, drilled: Drilled) -> None:
        outcome = drilled("transfer", "after update", "before faultline.apply_and_complete", *COMMIT)
        assert_alike(outcome)
        assert outcome.outside == []

    def test_the_outside_gets_the_key_of_an_effect(self, drilled: Drilled) -> None:
        outcome = drilled("charge", "before the effect", "after the answer of", "after the effect", transaction=True)
        assert_alike(outcome)
        assert {told.partition(" 127")[0] for told in outcome.outside} == {"asks POST", "connects to"}

    def test_keys_and_names_are_the_same_in_every_attempt(self, drilled: Drilled) -> None:
        assert_alike(drilled("careful", "after the answer of", *COMMIT, payload=ORDER))


class TestItNamesTheLine:
    def test_of_what_is_committed_on_a_connection_of_ones_own(self, drilled: Drilled) -> None:
        outcome = drilled("by-hand", "after update", *COMMIT)
        assert found(outcome) == {
            (TWICE, named("by-hand: balance")): "another row in accounts: balance is 80, not 90",
            (TWICE, named("by-hand: payment")): "1 too many in payments",
        }
        for finding in outcome.findings:
            assert finding.protect == "do it in job.ledger: with job.ledger(…) as tx: tx.execute(…)"
            assert {"after COMMIT", "when the handler has returned"} <= set(finding.points)
            assert "before COMMIT" not in finding.points, "what was not committed happens once"

    def test_of_a_coroutine(self, drilled: Drilled) -> None:
        outcome = drilled("by-hand-async", *COMMIT)
        assert found(outcome) == {(TWICE, named("by-hand-async: payment")): "1 too many in payments"}

    def test_of_a_request_without_a_key_and_the_line_that_is_called(self, drilled: Drilled) -> None:
        outcome = drilled("post", "before it sends POST", "after the answer of", "when the handler has returned")
        ((key, what),) = found(outcome).items()
        assert key == (TWICE, named("post: request"))
        assert what.startswith("asks the outside once more: POST 127.0.0.1:")
        (finding,) = outcome.findings
        assert finding.place is not None
        assert "/support/provider.py:" in finding.place.by
        assert finding.source.startswith("ask(port()")
        assert finding.protect == "make it an @app.effect, and send effect.key as the idempotency key"
        assert not any(point.startswith("before it sends POST") for point in finding.points)

    def test_of_an_effect_whose_key_depends_on_the_attempt(self, drilled: Drilled) -> None:
        outcome = drilled("keyed-by-attempt", "before the effect", "after the effect", transaction=True)
        assert list(found(outcome)) == [(TWICE, named("keyed-by-attempt: request"))]
        assert "effect.key itself" in outcome.findings[0].protect
        assert not {"before the effect keyed-by-attempt"} & set(outcome.findings[0].points)

    def test_of_an_effect_that_is_said_to_have_happened(self, drilled: Drilled) -> None:
        outcome = drilled("believed", "before the effect", "after the effect", transaction=True)
        assert list(found(outcome)) == [(LOST, named("believed: request"))]
        assert "before the effect believed" in outcome.findings[0].points
        assert "after the effect believed" not in outcome.findings[0].points

    def test_of_a_job_without_a_key(self, drilled: Drilled) -> None:
        outcome = drilled("follow-up", *COMMIT)
        assert found(outcome) == {(TWICE, named("follow-up: job")): "1 too many in jobs"}
        assert "idempotency_key" in outcome.findings[0].protect

    def test_of_what_stops_the_next_attempt(self, drilled: Drilled) -> None:
        ((key, what),) = found(drilled("stuck", *COMMIT)).items()
        assert key == (FAILS, named("stuck: account"))
        assert what.startswith("the next attempt ends failed: UniqueViolation")

    def test_of_what_comes_after_the_job_is_done(self, drilled: Drilled) -> None:
        outcome = drilled("afterwards", "after COMMIT", "before it connects")
        assert set(found(outcome)) == {(LOST, named("afterwards: payment")), (LOST, named("afterwards: request"))}

    def test_of_a_program_and_of_a_file_that_grows(self, drilled: Drilled) -> None:
        outcome = drilled("outside", "before it starts", "before open", "when the handler has returned")
        assert set(found(outcome)) == {(TWICE, named("outside: program")), (TWICE, named("outside: file"))}
        assert [told.partition(" ")[0] for told in outcome.outside] == ["starts", "writes"]


class TestItSays:
    def test_what_depends_on_the_attempt(self, drilled: Drilled) -> None:
        outcome = drilled("counting", "before COMMIT", "after COMMIT")
        (finding,) = outcome.findings
        assert (finding.verdict, finding.place) == (DIFFERS, None)
        assert finding.what == 'another row in payments: reference is "attempt 2", not "attempt 1"'
        assert "before COMMIT" in finding.points
        assert "after COMMIT" not in finding.points

    def test_which_points_were_not_reached_again(self, stage: Stage) -> None:
        outcome = drill_job(
            stage, Wanted("follow-up"), Narrator(sys.stdout), lambda _: [Point(BEFORE, 99, "before nothing")]
        )
        assert outcome.unreached == ["before nothing"]
        assert (outcome.alike, outcome.findings) == (0, [])

    @pytest.mark.parametrize(
        ("type_", "said"),
        [
            ("production", "production ends failed: NotInDrillError: a drill must not reach the database localhost"),
            ("abroad", r"192\.0\.2\.1:443, which is beyond this machine \(--allow 192\.0\.2\.1\)"),
            ("flaky", "flaky ends failed: RuntimeError: not today"),
            ("patient", "patient takes 2 attempts: it has to succeed at once"),
        ],
    )
    def test_why_a_job_can_not_be_drilled(self, stage: Stage, type_: str, said: str) -> None:
        with pytest.raises(DrillError, match=said):
            stage.undisturbed(Wanted(type_))


class TestPoints:
    POINTS = tuple(Point(MOMENT, number, f"point {number}") for number in range(1, 21))

    def test_all_are_tried_unless_there_are_more_than_asked_for(self) -> None:
        assert some(list(self.POINTS), None, 1) == list(self.POINTS)
        assert some(list(self.POINTS), 20, 1) == list(self.POINTS)

    def test_the_seed_chooses_and_the_last_are_always_among_them(self) -> None:
        chosen = some(list(self.POINTS), 8, 7)
        assert len(chosen) == 8
        assert chosen[-4:] == list(self.POINTS[-4:])
        assert chosen == sorted(chosen, key=self.POINTS.index)
        assert chosen == some(list(self.POINTS), 8, 7)
        assert any(some(list(self.POINTS), 8, seed) != chosen for seed in range(20))

    def test_as_few_as_one(self) -> None:
        assert some(list(self.POINTS), 1, 1) == [self.POINTS[-1]]
