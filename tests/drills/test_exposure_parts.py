"""A drill of somebody's own handlers: statements on the wire, what is compared, the report, the command."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, LiteralString
from xml.etree import ElementTree as ET

import psycopg
import pytest

from faultline import App
from faultline.drill import estate, probe
from faultline.drill.exposure import DIFFERS, FAILS, LOST, MOMENT, TWICE, Finding, Outcome, Point
from faultline.drill.exposure_report import ExposureReport
from faultline.drill.probe import Order, Place
from faultline.drill.proxy import AFTER, BEFORE, Proxy
from faultline.drill.wire import Statement, Wire
from tests.support.cli import Cli, run
from tests.support.running import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.database import Database

ROOT = Path(__file__).parents[2]
HERE = Place(__file__, 1, "handle")


class TestStatements:
    @pytest.mark.parametrize(
        ("text", "targets"),
        [
            ("insert into accounts values (1)", {"accounts"}),
            ('INSERT INTO "Bank"."Accounts" (a) VALUES (1)', {"accounts"}),
            ("update only bank.accounts set a = 1", {"accounts"}),
            ("with d as (delete from a returning *) insert into b select * from d", {"a", "b"}),
            ("merge into accounts using x on true when matched then delete", {"accounts"}),
            ("copy accounts from stdin", {"accounts"}),
            ("truncate table accounts", {"accounts"}),
            ("select * from accounts for update", set()),
        ],
    )
    def test_it_knows_which_tables_are_written(self, text: str, targets: set[str]) -> None:
        assert Statement(1, "", text, 0).targets == targets

    @pytest.mark.parametrize(
        ("text", "writes"),
        [
            ("insert into accounts values (1)", True),
            ("select pay(7)", True),
            ("select faultline.enqueue('mail')", True),
            ("select balance from accounts", False),
            ("select faultline.open_ledger(1, 1, 'x')", False),
            ("COMMIT", False),
            ("set search_path to bank", False),
        ],
    )
    def test_it_knows_what_may_have_changed_something(self, text: str, writes: bool) -> None:
        assert Statement(1, "", text, 0).may_write is writes

    def test_one_that_failed_has_changed_nothing(self) -> None:
        assert not Statement(1, "", "insert into accounts values (1)", 0, failed=True).may_write

    def test_its_title_is_short(self) -> None:
        assert Statement(1, "", "select entry_id from faultline.apply_and_complete(1)", 0).title.startswith(
            "faultline."
        )
        assert Statement(1, "", "select   1\n+ 1", 0).title == "select 1 + 1"
        assert len(Statement(1, "", f"select {'x' * 100}", 0).title) == 40


class TestWire:
    @pytest.fixture
    def proxy(self, db: Database) -> Iterator[Proxy]:
        db.execute("create table notes (note text)")
        with Proxy(db.dsn) as made:
            yield made

    def watch(self, proxy: Proxy, number: int = 0, when: str = BEFORE) -> tuple[Wire, list[str]]:
        killed: list[str] = []
        wire = Wire(lambda: 0, lambda: killed.append("killed"), number, when)
        proxy.watcher = wire
        return wire, killed

    def insert(self, proxy: Proxy, query: LiteralString, *, autocommit: bool = True) -> None:
        with psycopg.connect(proxy.dsn, autocommit=autocommit) as connection:
            connection.execute(query, (1,), prepare=True)
            connection.execute(query, (2,), prepare=True)

    def test_each_statement_is_one_whatever_it_consists_of(self, proxy: Proxy) -> None:
        wire, _ = self.watch(proxy)
        self.insert(proxy, "insert into notes values (%s)")
        texts = [one.text for one in wire.statements]
        assert texts == ["insert into notes values ($1)"] * 2, "the second one only names what was prepared"
        assert [one.tags for one in wire.statements] == [["INSERT 0 1"]] * 2
        assert all(one.committed for one in wire.statements)

    def test_a_statement_is_committed_with_its_transaction(self, proxy: Proxy) -> None:
        wire, _ = self.watch(proxy)
        self.insert(proxy, "insert into notes values (%s)", autocommit=False)
        assert [(one.title, one.committed) for one in wire.statements] == [
            ("BEGIN", True),
            ("insert into notes values ($1)", True),
            ("insert into notes values ($1)", True),
            ("COMMIT", True),
        ]

    def test_and_not_if_that_is_rolled_back(self, proxy: Proxy) -> None:
        wire, _ = self.watch(proxy)
        with psycopg.connect(proxy.dsn) as connection:
            connection.execute("insert into notes values ('1')")
            connection.rollback()
        assert not any(one.committed for one in wire.statements)

    def test_one_that_fails_is_not_committed(self, proxy: Proxy) -> None:
        wire, _ = self.watch(proxy)
        with psycopg.connect(proxy.dsn, autocommit=True) as connection, pytest.raises(psycopg.Error):
            connection.execute("insert into nowhere values (1)")
        ((failed, committed),) = [(one.failed, one.committed) for one in wire.statements]
        assert (failed, committed) == (True, False)

    def test_the_runners_own_statements_are_none_but_for_its_reports(self, proxy: Proxy) -> None:
        wire, _ = self.watch(proxy)
        with psycopg.connect(proxy.dsn, autocommit=True, application_name="faultline claim") as connection:
            connection.execute("select 1")
            connection.execute("select * from faultline.complete_jobs('{}', '{}', '{}')")
        assert [(one.title, one.of_handler) for one in wire.statements] == [("faultline.complete_jobs", False)]

    @pytest.mark.parametrize(("when", "number", "kept"), [(BEFORE, 1, 0), (AFTER, 1, 1), (BEFORE, 2, 1), (AFTER, 2, 2)])
    def test_it_kills_before_the_server_has_it_or_after_the_server_has_answered(
        self, db: Database, proxy: Proxy, when: str, number: int, kept: int
    ) -> None:
        wire, killed = self.watch(proxy, number, when)
        if (when, number) == (AFTER, 2):
            self.insert(proxy, "insert into notes values (%s)")  # whoever is killed does not wait for more
        else:
            with pytest.raises(psycopg.OperationalError):
                self.insert(proxy, "insert into notes values (%s)")
        assert killed == ["killed"]
        assert wire.struck.is_set()
        until(lambda: db.scalar("select count(*) from notes") == kept, "the server is through")

    def test_nothing_reaches_the_server_after_the_kill(self, db: Database, proxy: Proxy) -> None:
        self.watch(proxy, 1, BEFORE)
        with pytest.raises(psycopg.OperationalError):
            self.insert(proxy, "insert into notes values (%s)")
        with pytest.raises(psycopg.OperationalError), psycopg.connect(proxy.dsn, autocommit=True) as another:
            another.execute("insert into notes values ('3')")
        assert db.scalar("select count(*) from notes") == 0


class TestKeys:
    @pytest.mark.parametrize(
        ("said", "bears"),
        [
            (b'{"key": "a-1"}', True),
            (b"POST /charges/a-1 HTTP/1.1", True),
            (b"Key: a-1-2", False),
            (b"Key: xa-1", False),
            (b"", False),
        ],
    )
    def test_a_request_bears_a_key_only_if_it_is_whole(self, said: bytes, bears: bool) -> None:
        assert probe.bears(said, b"a-1") is bears


class TestPlaces:
    def test_a_thread_is_where_the_coroutine_is_that_has_just_started_it(self, tmp_path: Path) -> None:
        """As with an effect: the outermost coroutine is ours, and does not wait yet."""
        order = Order("shop:app", "postgresql:///", "/nowhere", str(tmp_path / "journal"), str(tmp_path / "log"))
        made = probe.Probe(order)
        app = App()

        @app.handler("job")
        async def handle(job: Any) -> Any:
            with ThreadPoolExecutor(1) as pool:
                return pool.submit(made._place).result()  # here

        made.dress(app)
        names: dict[str, Any] = {}
        exec(compile("async def ours(inner):\n    return await inner(None)", "<ours>", "exec"), names)  # noqa: S102
        coroutine = names["ours"](handle)
        made._attempt = probe.Attempt(HERE, coroutine)
        found: Place = asyncio.run(coroutine)
        source = Path(__file__).read_text().splitlines()
        assert (found.file, found.function) == (__file__, "handle")
        assert source[found.line - 1].endswith("# here")


class TestEstate:
    TABLES = """
        create schema shop;
        create table shop.orders (id serial primary key, name text, at timestamptz default clock_timestamp());
        create table shop.lines (shop_order int references shop.orders (id), n int generated always as identity);
        create table public.plain (name text, amount int);
    """

    def taken(self, db: Database, *names: tuple[str, str]) -> estate.Estate:
        with psycopg.connect(db.dsn, autocommit=True) as connection:
            return estate.take(connection, 0, estate.names_of(names))

    def test_every_table_is_there_but_for_ours_and_the_servers(self, db: Database) -> None:
        db.execute(self.TABLES)
        found = self.taken(db)
        ours = {"jobs", "ledger entries", "postings", "effects", "transactions", "runs"}
        assert {name for name in found.numbers if not name.startswith("tap.")} == ours | {
            "shop.orders",
            "shop.lines",
            "plain",
        }

    def test_a_row_more_or_fewer_or_another_one(self, db: Database) -> None:
        db.execute(self.TABLES)
        db.execute("insert into plain values ('a', 1)")
        before = self.taken(db)
        db.execute("insert into plain values ('a', 1)")
        after = self.taken(db)
        assert [one.told for one in estate.compare(before, after, set())] == ["1 too many in plain"]
        assert [one.told for one in estate.compare(after, before, set())] == ["1 missing in plain"]
        db.execute("delete from plain")
        db.execute("insert into plain values ('a', 2)")
        (other,) = estate.compare(before, self.taken(db), set())
        assert other.told == "another row in plain: amount is 2, not 1"

    def test_numbers_of_sequences_and_what_refers_to_them_say_nothing(self, db: Database) -> None:
        db.execute(self.TABLES)
        db.execute("select nextval('shop.orders_id_seq')")
        before = self.taken(db)
        assert before.numbered == {("shop.orders", "id"), ("shop.lines", "shop_order"), ("shop.lines", "n")}

    def test_columns_that_differ_undisturbed_say_nothing(self, db: Database) -> None:
        db.execute(self.TABLES)
        db.execute("insert into shop.orders (name) values ('a')")
        first = self.taken(db)
        db.execute("update shop.orders set at = clock_timestamp()")
        second = self.taken(db)
        ignored = estate.unsteady(first, second)
        assert ("shop.orders", "at") in ignored
        assert ("shop.orders", "name") not in ignored
        assert estate.compare(first, second, ignored) == []
        assert len(estate.compare(first, second, first.numbered)) == 1

    def test_texts_that_differ_from_run_to_run_are_the_same(self, db: Database) -> None:
        db.execute(self.TABLES)
        db.execute("insert into plain values ('order 11-7', 1)")
        first = self.taken(db, ("11", "{unique}"), ("11-7", "{key}"))
        db.execute("update plain set name = 'order 12-8'")
        second = self.taken(db, ("12", "{unique}"), ("12-8", "{key}"))
        assert first.rows["plain"] == second.rows["plain"] == [{"name": '"order {key}"', "amount": "1"}]

    @pytest.mark.parametrize(("rows", "read"), [(estate.MOST_ROWS, True), (estate.MOST_ROWS + 1, False)])
    def test_of_a_large_table_only_the_number_of_rows_is_compared(self, db: Database, rows: int, read: bool) -> None:
        db.execute(self.TABLES)
        db.execute("insert into plain select 'a', n from generate_series(1, %s) n", rows)
        found = self.taken(db)
        assert found.numbers["plain"] == rows
        assert ("plain" in found.rows) is read


def outcome(*findings: Finding, unreached: tuple[str, ...] = (), points: int = 3) -> Outcome:
    made = Outcome("pay", HERE, [Point(MOMENT, number, f"point {number}") for number in range(1, points + 1)])
    made.findings = list(findings)
    made.unreached = list(unreached)
    hurt = {point for finding in findings for point in finding.points} | set(unreached)
    made.alike = points - len(hurt)
    return made


def finding(verdict: str = TWICE, *points: str, what: str = "1 too many in <b>", place: Place | None = HERE) -> Finding:
    return Finding(verdict, what, place, "do it in job.ledger", list(points or ("point 3",)))


class TestReport:
    def test_nothing_found(self) -> None:
        report = ExposureReport({}, [outcome(), outcome()])
        assert report.verdict == "holds"
        assert report.headline == "Killed at 6 points: each time it ended as if undisturbed"

    @pytest.mark.parametrize("verdict", [TWICE, LOST, FAILS, DIFFERS])
    def test_whatever_was_found_makes_it_bad(self, verdict: str) -> None:
        report = ExposureReport({}, [outcome(finding(verdict, "point 1", "point 2"), unreached=("point 3",))])
        assert report.verdict == "exposed"
        assert report.headline == "EXPOSED: 1 effect, at 1 line"
        (job,) = report.as_dict()["jobs"]
        assert {name: job[name] for name in (TWICE, LOST, FAILS, DIFFERS)} == {
            **dict.fromkeys((TWICE, LOST, FAILS, DIFFERS), 0),
            verdict: 2,
        }

    def test_a_point_that_was_not_reached_again_makes_it_void(self) -> None:
        report = ExposureReport({}, [outcome(unreached=("point 2",))])
        assert report.verdict == "void"
        assert "1 of 3 points" in report.headline
        assert "pay: not reached again: point 2" in list(report.lines())

    def test_no_point_at_all_makes_it_void(self) -> None:
        assert ExposureReport({}, [outcome(points=0)]).verdict == "void"

    def test_lines_fit_into_80_columns_and_name_line_and_remedy(self) -> None:
        place = HERE._replace(by=f"{'x' * 90}.py:7, in send")
        long = finding(TWICE, *(f"point {n} {'of many ' * 12}" for n in range(2)), what="many words " * 20, place=place)
        made = outcome(long, finding(LOST, place=None))
        made.outside = ["asks POST " + "http://127.0.0.1/some/where " * 5]
        lines = list(ExposureReport({}, [made]).lines())
        assert [line for line in lines if len(line) > 80 and "x" * 70 not in line] == []
        text = "\n".join(lines)
        assert "  protect: do it in job.ledger" in lines
        assert '  | """A drill of somebody' in text
        assert "at no line that is known: could be lost" in text

    def test_files_say_the_same(self, tmp_path: Path) -> None:
        report = ExposureReport({"seed": 3}, [outcome(finding(), unreached=("point 1",))])
        report.save(tmp_path)
        document: dict[str, Any] = json.loads((tmp_path / "report.json").read_text())
        ((found,),) = [job["findings"] for job in document["jobs"]]
        assert (found["file"], found["line"], found["verdict"]) == (__file__, 1, TWICE)
        (suite,) = ET.parse(tmp_path / "report.xml").getroot()  # noqa: S314 - our own
        assert (suite.get("tests"), suite.get("failures")) == ("3", "2")
        assert [case.find("failure") is not None for case in suite] == [True, False, True]
        page = (tmp_path / "report.html").read_text()
        assert "1 too many in &lt;b&gt;" in page
        assert "do it in job.ledger" in page
        assert "<b>" not in page

    def test_what_was_found_at_several_points_is_told_once(self) -> None:
        made = Outcome("pay", HERE)
        for number in (1, 2):
            made.add(Point(MOMENT, number, f"point {number}"), [finding(TWICE, place=HERE)])
        assert len(made.findings) == 1
        assert made.findings[0].points == ["point 3", "point 1", "point 2"]
        made.add(Point(MOMENT, 4, "point 4"), [finding(LOST)])
        assert len(made.findings) == 2


APP = """
from faultline import App

app = App()


@app.handler("add")
def add(job):
    with open(job.payload["file"], "a") as file:  # this one
        file.write("1")


def prepare(dsn):
    raise SystemError("no table today")
"""


class TestCommand:
    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("--app", "shop:app"), "--app without a job"),
            (("--job", "add"), "--job is for --app"),
            (("--points", "3"), "--points is for --app"),
            (("--allow", "example.org"), "--allow is for --app"),
            (("--database-variable", "X"), "--database-variable is for --app"),
            (("runners", "--app", "shop:app", "--job", "add"), "--app has its own faults"),
            (("--without", "fence", "--app", "shop:app", "--job", "add"), "--app has its own faults"),
            (("--app", "shop:app", "--job", "no type"), "--job 'no type' names no type"),
            (("--app", "shop:app", "--job", "add={"), "the payload of --job add '{' is not JSON"),
            (("--app", "shop:app", "--job", "add=nowhere.json"), "the file 'nowhere.json' can't be read"),
            (("--app", "shop:app", "--transaction", "add=list.json"), "is not a JSON object"),
            (("--app", "shop:app", "--job", "add", "--prepare", "prepare"), "--prepare 'prepare' is not of the form"),
            (("--app", "shop:app", "--job", "add", "--database-variable", "A B"), "'A B' is no name of a variable"),
        ],
    )
    def test_wrong_usage_is_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
    ) -> None:
        (tmp_path / "list.json").write_text("[]")
        monkeypatch.chdir(tmp_path)
        assert said in Cli("").refused(2, "drill", *arguments)

    def test_it_ends_with_1_and_names_the_line(self, tmp_path: Path) -> None:
        (tmp_path / "shop.py").write_text(APP)
        (tmp_path / "payload.json").write_text(json.dumps({"file": str(tmp_path / "sum")}))
        arguments = ("--app", "shop:app", "--job", "add=payload.json", "--points", "3", "--seed", "1")
        done = run("drill", *arguments, "--report", "out", cwd=tmp_path)
        assert done.returncode == 1, done.stderr
        lines = done.stdout.splitlines()
        assert [line for line in lines if len(line) > 80 and str(tmp_path) not in line] == []
        line = APP.splitlines().index('    with open(job.payload["file"], "a") as file:  # this one') + 1
        assert f"shop.py:{line}, in add: could happen twice" in lines
        assert "EXPOSED: 1 effect, at 1 line" in lines
        report = json.loads((tmp_path / "out/report.json").read_text())
        assert report["jobs"][0]["findings"][0]["line"] == line
        assert report["options"]["seed"] == 1

    def test_the_example_of_the_manual_ends_with_0(self) -> None:
        arguments = ("--app", "transfers:app", "--prepare", "main:prepare", "--transaction", "transfer=transfer.json")
        done = run("drill", *arguments, "--points", "4", "--json", cwd=ROOT / "examples/transfers")
        assert done.returncode == 0, done.stderr
        report = json.loads(done.stdout)
        assert (report["verdict"], report["jobs"][0]["alike"]) == ("holds", 4)

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("--app", "shop:app", "--job", "nothing"), "shop:app has no handler of 'nothing': it has add"),
            (("--app", "shops:app", "--job", "add"), "there is no module 'shops'"),
            (("--app", "shop:app", "--job", "add", "--prepare", "shop:prepare"), "shop:prepare failed: SystemError"),
            (("--app", "shop:app", "--job", "add", "--prepare", "shop:nobody"), "there is no shop:nobody to prepare"),
        ],
    )
    def test_what_can_not_be_drilled_is_told(self, tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
        (tmp_path / "shop.py").write_text(APP)
        done = run("drill", *arguments, cwd=tmp_path)
        assert done.returncode == 1
        assert said in done.stderr.splitlines()[-1]
