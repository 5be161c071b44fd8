"""The mutation tool: each operator on small pieces of SQL, and a runner that tells what the tests notice."""

from __future__ import annotations

import functools
import random
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.mutation import operators, races, source
from tests.mutation.mutants import AREAS as NAMED_AREAS
from tests.mutation.mutants import MORE_AREAS, ROOT, Mutant, files, mutants_of
from tests.mutation.run import EQUIVALENTS, Equivalents, Results, Runner
from tests.mutation.stand import Stand
from tests.mutation.suite import RedError, Suite
from tests.mutation.together import rolls_back
from tests.support.proofs import FULL, SEED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from faultline.embedded import Server
    from tests.mutation.run import Result

AREAS = (*NAMED_AREAS, *MORE_AREAS)
# All of their mutants are noticed by their own tests, or told in equivalent/.
COMPLETE = ("sql/jobs/_check_interval.sql", "sql/jobs/_check_fence.sql")
NO_EQUIVALENTS = "# none\n"


def changes(operator: str, text: str) -> set[str]:
    """What becomes of a file when this operator has changed it, one change each; blanks made one each."""
    return {
        " ".join(edit.apply(text).split())
        for unit in source.units_of(text)
        for edit in operators.edits_of(text, unit)
        if edit.operator == operator
    }


def in_function(body: str, head: str = "language plpgsql") -> str:
    return f"create function faultline.f(a int) returns int {head} as $$ {body} $$;"


def in_body(operator: str, statement: str) -> set[str]:
    """The same of a statement in the body of a function: what becomes of the statement."""
    whole = changes(operator, in_function(f"begin {statement} end"))
    return {text.split("$$ begin ")[1].split(" end $$")[0] for text in whole}


@pytest.mark.parametrize(
    ("operator", "statement", "changed"),
    [
        (
            "conjunct",
            "delete from t where a and b between 1 and c and (d or e);",
            {
                "delete from t where b between 1 and c and (d or e);",
                "delete from t where a and (d or e);",
                "delete from t where a and b between 1 and c ;",
            },
        ),
        ("conjunct", "delete from t where a;", {"delete from t where true;"}),
        ("conjunct", "perform from t join u on t.a is distinct from u.a;", {"perform from t join u on true;"}),
        ("conjunct", "perform from t group by a having count(*) > 1;", {"perform from t group by a having true;"}),
        ("disjunct", "x := a or b and c;", {"x := b and c;", "x := a ;"}),
        ("and/or", "x := a between b and c and d;", {"x := a between b and c or d;"}),
        ("condition", "if a then b := 1; end if;", {"if true then b := 1; end if;", "if false then b := 1; end if;"}),
        (
            "condition",
            "x := case when a > 1 then b else c end;",
            {"x := case when true then b else c end;", "x := case when false then b else c end;"},
        ),
        ("condition", "x := case a when 1 then b else c end;", set()),
        (
            "condition",
            "loop exit when a; end loop;",
            {"loop exit when true; end loop;", "loop exit when false; end loop;"},
        ),
        ("comparison", "x := a < b;", {"x := a <= b;"}),
        ("comparison", "x := a >= b;", {"x := a > b;"}),
        ("comparison", "update t set a = 1, b = 2 where c = 3;", {"update t set a = 1, b = 2 where c <> 3;"}),
        ("comparison", "raise exception using errcode = 'FL004', message = 'm';", set()),
        ("clock", "x := pg_catalog.now();", {"x := pg_catalog.clock_timestamp();"}),
        ("clock", "x := clock_timestamp();", {"x := now();"}),
        ("extreme", "x := greatest(max, min(b));", {"x := least(max, min(b));", "x := greatest(max, max(b));"}),
        ("boolean", "x := true;", {"x := false;"}),
        ("sign", "x := a + b;", {"x := a - b;"}),
        ("constant", "x := 0;", {"x := 1;", "x := (-1);"}),
        ("constant", "x := interval '24 hours';", {"x := interval '25 hours';", "x := interval '23 hours';"}),
        ("coalesce", "x := coalesce(f(a, b), c, d);", {"x := f(a, b);"}),
        (
            "lock",
            "perform from t for no key update skip locked;",
            {
                "perform from t ;",
                "perform from t for update skip locked;",
                "perform from t for no key update ;",
            },
        ),
        ("lock", "perform from t for update of t, u;", {"perform from t ;", "perform from t for share of t, u;"}),
        ("materialized", "with a as not materialized (select) perform;", {"with a as (select) perform;"}),
        (
            "distinct",
            "perform distinct on (a) b, count(distinct c) from t;",
            {"perform distinct on (a) b, count( c) from t;"},
        ),
        ("distinct", "x := array(select distinct a from t);", {"x := array(select a from t);"}),
        ("distinct", "return query select 1 union all select 2;", {"return query select 1 union select 2;"}),
        ("join", "perform from t left join u on a;", {"perform from t join u on a;"}),
        ("limit", "perform from t order by a limit 1 for update;", {"perform from t order by a for update;"}),
        (
            "order",
            "perform from t order by a desc, f(b, c) limit 1;",
            {
                "perform from t order by a , f(b, c) limit 1;",
                "perform from t order by f(b, c) limit 1;",
                "perform from t order by a desc limit 1;",
            },
        ),
        ("order", "x := array(select a from t order by a);", {"x := array(select a from t );"}),
        (
            "on conflict",
            "insert into t values (1) on conflict (a) do update set b = 2 returning a into x;",
            {"insert into t values (1) returning a into x;"},
        ),
        ("not", "x := a is null;", {"x := a is not null;"}),
        ("not", "x := a is not distinct from b;", {"x := a is distinct from b;"}),
        ("not", "x := exists (select);", {"x := not exists (select);"}),
        ("not", "x := not exists (select);", {"x := exists (select);"}),
        ("not", "x := a not in (1, 2);", {"x := a in (1, 2);"}),
        ("statement", "perform f(1);", {"null;"}),
        ("statement", "raise exception 'no';", {"null;"}),
        ("statement", "return query select 1;", {"null;"}),
        ("statement", "return a + 1;", {"return null;"}),
        ("statement", "return null;", set()),
        ("statement", "null;", set()),
        (
            "statement",
            "if a then b := 1; elsif c then return; else for d in 1..2 loop continue; end loop; end if;",
            {
                "if a then null; elsif c then return; else for d in 1..2 loop continue; end loop; end if;",
                "if a then b := 1; elsif c then null; else for d in 1..2 loop continue; end loop; end if;",
                "if a then b := 1; elsif c then return; else for d in 1..2 loop null; end loop; end if;",
            },
        ),
        (
            "statement",
            "begin a := 1; exception when others then b := case when c then 1 end; end;",
            {
                "begin null; exception when others then b := case when c then 1 end; end;",
                "begin a := 1; exception when others then null; end;",
            },
        ),
    ],
)
def test_an_operator_makes_each_change_once(operator: str, statement: str, changed: set[str]) -> None:
    assert in_body(operator, statement) == {" ".join(text.split()) for text in changed}


def test_what_stands_in_a_comment_or_in_a_text_is_not_changed() -> None:
    assert in_body("and/or", "x := 'a and b'; -- c and d\n /* e and f */") == set()


def test_the_attributes_of_a_function_are_dropped_one_by_one() -> None:
    head = "language sql stable strict security definer set search_path = pg_catalog, pg_temp set jit = off"
    assert changes("attribute", in_function("select 1", head)) == {
        in_function("select 1", head.replace(dropped, "").replace("  ", " "))
        for dropped in ("stable ", "strict ", "security definer ", "set search_path = pg_catalog, pg_temp ")
    }


@pytest.mark.parametrize(
    ("operator", "statement", "changed"),
    [
        (
            "constraint",
            "create table f.t (a int not null check (a > 0), b int references f.u, primary key (a), unique (b));",
            {
                "create table f.t (a int check (a > 0), b int references f.u, primary key (a), unique (b));",
                "create table f.t (a int not null , b int references f.u, primary key (a), unique (b));",
                "create table f.t (a int not null check (a > 0), b int , primary key (a), unique (b));",
                "create table f.t (a int not null check (a > 0), b int references f.u, unique (b));",
                "create table f.t (a int not null check (a > 0), b int references f.u, primary key (a));",
            },
        ),
        (
            "conjunct",
            "create table f.t (a int, check (a > 0 and a < 9));",
            {"create table f.t (a int, check ( a < 9));", "create table f.t (a int, check (a > 0 ));"},
        ),
        ("index", "create unique index i on f.t (a);", {""}),
        ("index", "create index i on f.t (a);", set()),
        ("trigger", "create trigger t before update on f.t for each row when (a) execute function f.g();", {""}),
        ("lock", "create trigger t before update on f.t for each row execute function f.g();", set()),
        ("privilege", "revoke execute on function f.g(int) from public;", {""}),
        ("privilege", "alter default privileges for role o revoke execute on functions from public;", {""}),
    ],
)
def test_tables_indexes_triggers_and_privileges_lose_what_they_hold(
    operator: str, statement: str, changed: set[str]
) -> None:
    assert changes(operator, statement) == changed


def test_a_body_that_cannot_be_read_is_an_error_that_says_where() -> None:
    with pytest.raises(source.SourceError, match="expected if, found 'loop' at"):
        source.units_of(in_function("begin if a then b := 1; end loop; end"))


@functools.cache
def _mutants_of(file: str) -> list[Mutant]:
    return list(mutants_of(file))


@pytest.mark.parametrize("file", list(files(AREAS)))
def test_every_file_can_be_read_and_every_mutant_has_a_name_of_its_own(file: str) -> None:
    mutants = _mutants_of(file)
    assert len({mutant.change() for mutant in mutants}) == len({mutant.key for mutant in mutants}) == len(mutants)


def test_only_a_file_that_is_one_transaction_is_run_together_with_others(tmp_path: Path) -> None:
    path = tmp_path / "test.sql"
    verdicts = {}
    for text in (
        "\\ir ../../support/prelude.sql\nbegin;\nselect 1;\nrollback;\n",
        "begin;\nselect 1;\ncommit;\n",
        "select 1;\nbegin;\nrollback;\n",
        "begin;\nrollback;\nbegin;\nrollback;\n",
        "begin;\nrollback;\nselect 1;\n",
    ):
        path.write_text(text)
        verdicts[text] = rolls_back(path)
    assert list(verdicts.values()) == [True, False, False, False, False]


CHECKS = "tests/sql/_check_interval/check_interval.sql"
SIGNATURE = "tests/sql/_check_interval/signature.sql"


@pytest.fixture(scope="module")
def stand(server: Server, template: str) -> Iterator[Stand]:
    with Stand(server, template) as lent:
        yield lent


class Trial:
    """A runner with few tests, and results and equivalents of its own."""

    def __init__(self, stand: Stand, folder: Path, *tests: str) -> None:
        self.stand = stand
        self.folder = folder
        self.tests = tests
        self.equivalents = folder / "equivalent.toml"
        self.equivalents.write_text(NO_EQUIVALENTS)

    def run(self, *mutants: Mutant, fresh: bool = False) -> list[Result]:
        suite = Suite(self.stand, self.folder / "reach.json", self.tests)
        results = Results(self.folder / "results.jsonl")
        return list(Runner(self.stand, suite, results, Equivalents([self.equivalents])).run(mutants, fresh=fresh))

    def lines(self) -> int:
        return len((self.folder / "results.jsonl").read_text().splitlines())


def the_mutant(file: str, after: str) -> Mutant:
    (mutant,) = [mutant for mutant in mutants_of(file) if after in mutant.after]
    return mutant


def a_mutant() -> Mutant:
    """A limit of _check_interval, one off."""
    return next(m for m in mutants_of("sql/jobs/_check_interval.sql") if m.edit.operator == "condition")


def test_a_mutant_that_a_test_notices_is_killed_and_its_test_is_named(stand: Stand, tmp_path: Path) -> None:
    (result,) = Trial(stand, tmp_path, CHECKS, SIGNATURE).run(a_mutant())
    assert (result.fate, result.by) == ("killed", CHECKS)
    assert result.said.startswith("not ok")


def test_a_mutant_that_no_test_notices_has_survived(stand: Stand, tmp_path: Path) -> None:
    (result,) = Trial(stand, tmp_path, SIGNATURE).run(a_mutant())
    assert (result.fate, result.said) == ("survived", "1 tests")


def test_a_mutant_that_the_server_refuses_is_stillborn(stand: Stand, tmp_path: Path) -> None:
    mutant = a_mutant()
    edit = operators.Edit("broken", mutant.edit.start, mutant.edit.end, ") (")
    broken = Mutant(mutant.file, mutant.unit, edit, mutant.before, "broken", 1)
    (result,) = Trial(stand, tmp_path, SIGNATURE).run(broken)
    assert result.fate == "stillborn"
    assert "mismatched parentheses" in result.by


def test_a_mutant_that_is_told_to_be_equivalent_is_not_run(stand: Stand, tmp_path: Path) -> None:
    trial, mutant = Trial(stand, tmp_path, SIGNATURE), a_mutant()
    name, before, after, occurrence = mutant.change()
    trial.equivalents.write_text(
        f'[[equivalent]]\nfunction = "{name}"\nbefore = """{before}"""\nafter = """{after}"""\n'
        f'occurrence = {occurrence}\nreason = "because"\n'
    )
    (result,) = trial.run(mutant)
    assert (result.fate, result.by) == ("equivalent", "because")
    trial.equivalents.write_text(NO_EQUIVALENTS)
    (result,) = trial.run(mutant)
    assert result.fate == "survived", "without its reason it is an ordinary mutant again"


def test_what_is_known_is_not_run_again_until_its_tests_change(stand: Stand, tmp_path: Path) -> None:
    mutant = a_mutant()
    first = Trial(stand, tmp_path, SIGNATURE)
    assert first.run(mutant) == first.run(mutant)
    assert first.lines() == 1
    (again,) = first.run(mutant, fresh=True)
    assert (again.fate, first.lines()) == ("survived", 2)
    more = Trial(stand, tmp_path, SIGNATURE, CHECKS)
    (killed,) = more.run(mutant)
    assert (killed.fate, more.lines()) == ("killed", 3), "there is another test than when it survived"


def test_a_trigger_is_dropped_from_a_schema_that_is_built_again(stand: Stand, tmp_path: Path) -> None:
    mutant = next(m for m in mutants_of("sql/jobs/jobs_live_moves.sql") if m.edit.operator == "trigger")
    (result,) = Trial(stand, tmp_path, "tests/sql/jobs_live_moves/moves.sql").run(mutant)
    assert result.fate == "killed"


def test_a_lock_that_is_gone_is_noticed_by_a_race_and_a_hang_is_red(stand: Stand) -> None:
    race = "tests/races/test_claims.py::test_two_claims_at_once_take_different_jobs_and_neither_waits"
    mutant = next(m for m in mutants_of("sql/jobs/claim_jobs.sql") if m.after == "for no key update ))")
    assert mutant.is_about_locks()
    with stand.mutated(mutant) as place:
        place("mutated_for_a_race", None)
        try:
            assert races.run([race], stand.server, "mutated_for_a_race", 60)[0] == race
        finally:
            stand.drop("mutated_for_a_race")
    assert races.run([race], stand.server, stand.template, 60)[0] is None
    assert races.run([race], stand.server, stand.template, 0) == (f"{race}: still running after 0 s", set())


def test_a_test_that_is_red_without_a_mutant_ends_the_run(stand: Stand, tmp_path: Path) -> None:
    red = ROOT / "tests/sql/_check_interval/red_for_test_mutation.sql"
    red.write_text("select tap.plan(1); select tap.fail();\n")
    try:
        trial = Trial(stand, tmp_path, red.relative_to(ROOT).as_posix())
        with pytest.raises(RedError, match="is red as it is"):
            trial.run(a_mutant())
    finally:
        red.unlink()


def test_every_entry_of_the_equivalents_names_one_mutant_and_says_why() -> None:
    equivalents = Equivalents(EQUIVALENTS)
    assert equivalents.unknown(mutant for file in files(AREAS) for mutant in _mutants_of(file)) == set()
    assert all(len(reason) > 20 for reason in equivalents.reasons())


def test_a_sample_of_what_is_complete_is_killed(stand: Stand, tmp_path: Path) -> None:
    """All of it with FAULTLINE_FULL=1; FAULTLINE_SEED repeats a sample."""
    mutants = [mutant for file in COMPLETE for mutant in mutants_of(file)]
    chosen = mutants if FULL else random.Random(SEED).sample(mutants, 5)
    print(f"FAULTLINE_SEED={SEED}: {len(chosen)} of {len(mutants)} mutants")
    names = {Path(mutant.file).stem for mutant in chosen}
    tests = [path.relative_to(ROOT).as_posix() for name in names for path in (ROOT / "tests/sql" / name).glob("*.sql")]
    trial = Trial(stand, tmp_path, *tests)
    trial.equivalents.write_text("".join(path.read_text() for path in EQUIVALENTS))
    assert [result for result in trial.run(*chosen) if result.fate == "survived"] == []
