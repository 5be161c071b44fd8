"""`faultline submit|transaction|reconcile|ledger`: what people and machines see of the ledger, and do about it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from faultline.cli import reconcile
from tests.support.cli import Cli
from tests.support.transactions import POSTINGS, Transactions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.database import Database

NASTY = "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x9b2J bell\x07 \u202eevil\u202c\r\nsecond line"
EVERYTHING = (
    "select to_jsonb(t) from faultline.transactions t order by transaction_id",
    "select to_jsonb(e) from faultline.effects e order by transaction_id, name",
    "select to_jsonb(e) from faultline.ledger_entries e order by entry_id",
    "select to_jsonb(a) from faultline.accounts a order by account, currency",
    "select to_jsonb(j) from faultline.jobs j order by job_id",
    "select to_jsonb(e) from faultline.job_events e order by event_id",
)


@pytest.fixture
def db(emptied: Database) -> Database:
    return emptied


@pytest.fixture
def cli(db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    monkeypatch.chdir(tmp_path)
    return Cli(db.dsn)


@pytest.fixture
def transactions(db: Database) -> Transactions:
    return Transactions(db)


@pytest.fixture
def users(db: Database) -> Iterator[dict[str, str]]:
    """The DSN of a login for each role of the application."""
    roles = ("producer", "observer", "operator")
    for role in roles:
        db.execute(f"create role just_{role} login in role faultline_{role}")
    yield {role: db.server.dsn(db.name, f"just_{role}") for role in roles}
    for role in roles:
        db.execute(f"drop role just_{role}")


def everything(db: Database) -> list[Any]:
    return [row for query in EVERYTHING for row in db.rows(query)]


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["transaction_id"] for row in rows]


class TestSubmit:
    def test_prints_the_id_of_the_job(self, db: Database, cli: Cli) -> None:
        printed = cli.good("submit", "t-1", "transfer", '{"cents": 5}')
        assert db.rows("select transaction_id, kind, state, request, job_id::text from faultline.transaction_log") == [
            ("t-1", "transfer", "INIT", {"cents": 5}, printed.strip())
        ]

    def test_the_same_again_is_the_same_job(self, db: Database, cli: Cli) -> None:
        first = cli.json("submit", "t-1", "transfer", '{"cents": 5}')
        before = everything(db)
        assert cli.json("submit", "t-1", "transfer", '{"cents": 5.0}', "--priority", 1) == first
        assert first["transaction_id"] == "t-1"
        assert everything(db) == before

    def test_every_option_arrives(self, db: Database, cli: Cli) -> None:
        cli.good(
            *("submit", "t-1", "transfer", "--queue", "ledger", "--priority", 1, "--max-attempts", 7, "--tag", "a"),
            *("--tag", "b", "--run-at", "2030-01-31T08:00:00+02:00", "--timeout", "90s", "--header", "x=y=z"),
            *("--backoff", '{"kind": "fixed", "delay": "5s"}'),
        )
        assert db.rows(
            "select queue, priority, max_attempts, tags, ready_at = '2030-01-31 06:00:00+00', "
            "timeout = interval '90 s', headers, backoff ->> 'delay' from faultline.jobs_live"
        ) == [("ledger", 1, 7, ["a", "b"], True, True, {"x": "y=z"}, "5s")]

    def test_options_are_the_variables_of_enqueue(self, db: Database, cli: Cli) -> None:
        cli.good("submit", "t-1", "transfer", FAULTLINE_QUEUE="ledger", FAULTLINE_RUN_AT="10m", FAULTLINE_TAG="a b")
        assert db.rows(
            "select queue, tags, ready_at - created_at between '9 min 59 s' and '10 min' from faultline.jobs_live"
        ) == [("ledger", ["a", "b"], True)]

    def test_reads_the_request_from_stdin_and_keeps_its_numbers(self, db: Database, cli: Cli) -> None:
        cli.good("submit", "t-1", "transfer", "-", stdin='{"amount": 12345678901234567890123456789.10}')
        assert db.scalar("select request ->> 'amount' from faultline.transaction_log") == (
            "12345678901234567890123456789.10"
        )

    @pytest.mark.parametrize("name", ["x" * 255, "☃" * 255, 'it\'s "one" %s \\'])
    def test_an_id_is_what_somebody_calls_it(self, cli: Cli, name: str) -> None:
        cli.good("submit", name, "transfer")
        assert ids(cli.json("transaction", "list")) == [name]

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["", "transfer"], "a transaction id has 1 to 255 characters, not 0"),
            (["x" * 256, "transfer"], "a transaction id has 1 to 255 characters, not 256"),
            (["\udcff", "transfer"], "not UTF-8"),
            (["t-1"], "KIND"),
            (["t-1", "bad kind"], "'bad kind' is no name"),
            (["t-1", "transfer", "{"], "the request '{' is not JSON"),
            (["t-1", "transfer", "[1]"], "the request '[1]' is not a JSON object"),
            (["t-1", "transfer", r'{"a": "\u0000"}'], r"\u0000"),
            (["t-1", "transfer", '{"a": "' + "x" * 262_144 + '"}'], "262144"),
            (["t-1", "transfer", "--queue", "bad name"], "is no name"),
            (["t-1", "transfer", "--run-at", "yesterday"], "'yesterday' is no time"),
            (["t-1", "transfer", "--timeout", "0s"], "timeout"),
            (["t-1", "transfer", "--backoff", '{"kind": "linear"}'], "'linear' is unknown"),
            (["t-1", "transfer", "--idempotency-key", "k"], "--idempotency-key"),
        ],
    )
    def test_bad_input_is_wrong_usage_and_changes_nothing(
        self, db: Database, cli: Cli, arguments: list[str], said: str
    ) -> None:
        assert said in cli.refused(2, "submit", *arguments)
        assert everything(db) == []

    def test_an_id_that_stands_for_other_work_is_a_bad_outcome(
        self, db: Database, cli: Cli, transactions: Transactions
    ) -> None:
        transactions.submitted("t-1", {"cents": 1})
        transactions.burnt("t-2")
        before = everything(db)
        assert "'t-1' stands for job" in cli.refused(1, "submit", "t-1", "transfer", '{"cents": 2}')
        assert "'t-1' stands for job" in cli.refused(1, "submit", "t-1", "refund", '{"cents": 1}')
        assert "'t-2' has failed: by mistake" in cli.refused(1, "submit", "t-2", "transfer")
        assert everything(db) == before


class TestList:
    def test_newest_first_with_every_filter(self, db: Database, cli: Cli, transactions: Transactions) -> None:
        transactions.applied("applied")
        transactions.burnt("burnt")
        cli.good("submit", "other", "refund")
        transactions.submitted("old")
        db.execute("update faultline.transactions set created_at = now() - interval '2 h' where transaction_id = 'old'")
        assert ids(cli.json("transaction", "list")) == ["old", "other", "burnt", "applied"]
        assert ids(cli.json("transaction", "list", "--state", "INIT")) == ["old", "other"]
        assert ids(cli.json("transaction", "list", "--state", "failed", "--state", "APPLIED")) == ["burnt", "applied"]
        assert ids(cli.json("transaction", "list", "--kind", "refund")) == ["other"]
        assert ids(cli.json("transaction", "list", "--since", "1h")) == ["other", "burnt", "applied"]
        assert ids(cli.json("transaction", "list", "--since", "2000-01-01T00:00Z", "--limit", 1)) == ["old"]
        assert cli.json("transaction", "list", FAULTLINE_TRANSACTION_KIND="nobody") == []

    def test_people_see_a_table(self, cli: Cli, transactions: Transactions) -> None:
        job = transactions.burnt("t-1")
        head, line = cli.good("transaction", "list").splitlines()
        assert head.split() == ["TRANSACTION", "STATE", "KIND", "JOB", "WHEN", "REASON"]
        assert line.split()[:4] == ["t-1", "FAILED", "transfer", str(job)]
        assert line.endswith("by mistake")

    def test_says_when_there_are_more_and_when_there_is_none(self, cli: Cli, transactions: Transactions) -> None:
        assert "no transaction matches" in cli("transaction", "list").stderr
        transactions.submitted("t-1")
        transactions.submitted("t-2")
        assert "newest 1" in cli("transaction", "list", "--limit", 1).stderr
        assert cli("transaction", "list", "--limit", 2).stderr == ""

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["--state", "LOST"], "'LOST'"),
            (["--kind", "a b"], "is no name"),
            (["--limit", "0"], "--limit"),
            (["--since", "soon"], "is no time"),
        ],
    )
    def test_a_bad_filter_is_wrong_usage(self, cli: Cli, arguments: list[str], said: str) -> None:
        assert said in cli.refused(2, "transaction", "list", *arguments)


class TestShow:
    def test_what_has_happened_with_its_postings(self, cli: Cli, transactions: Transactions) -> None:
        job = transactions.applied("t-1")
        cli.good("reconcile")
        printed = cli.good("transaction", "show", "t-1")
        assert "RECONCILED" in printed
        assert f"{job}, succeeded" in printed
        assert '{"by": "test"}' in printed
        assert ["alice", "-12.10", "EUR"] in [line.split() for line in printed.splitlines()], "as it was posted"
        assert "waits for" not in printed

    def test_json_is_what_the_server_wrote_and_its_job(self, cli: Cli, transactions: Transactions) -> None:
        job = transactions.applied("t-1")
        raw = cli.good("transaction", "show", "t-1", "--json")
        assert '"amount": -12.10' in raw
        shown = json.loads(raw)
        assert (shown["state"], shown["job"]["job_id"], shown["job"]["state"]) == ("APPLIED", job, "succeeded")
        assert [posting["account"] for posting in shown["entry"]["postings"]] == ["alice", "bob"]

    def test_numbers_of_a_request_are_numbers(self, cli: Cli, transactions: Transactions) -> None:
        transactions.submitted("t-1", {"cents": 5})
        assert '{"cents": 5}' in cli.good("transaction", "show", "t-1")

    def test_an_effect_with_the_key_to_ask_for(self, cli: Cli, transactions: Transactions) -> None:
        transactions.sent("t-1", over=False)
        printed = cli.good("transaction", "show", "t-1")
        key = cli.json("transaction", "show", "t-1")["effects"][0]["key"]
        assert key in printed
        assert "SENT" in printed

    def test_says_what_it_waits_for(self, cli: Cli, transactions: Transactions) -> None:
        running, dead = transactions.running("running"), transactions.dead("dead")
        transactions.sent("sent")
        transactions.applied("applied")
        queued = transactions.submitted("queued")
        said = {
            name: next(
                line.removeprefix("waits for").strip()
                for line in cli.good("transaction", "show", name).splitlines()
                if line.startswith("waits for")
            )
            for name in ("queued", "running", "dead", "sent", "applied")
        }
        assert f"`faultline why {queued}`" in said["queued"]
        assert f"`faultline why {running}`" in said["running"]
        assert f"`faultline job retry {dead}`" in said["dead"]
        assert said["sent"].startswith("what became of charge")
        assert "`faultline reconcile`" in said["applied"]

    def test_a_job_that_retention_removed(self, db: Database, cli: Cli, transactions: Transactions) -> None:
        job = transactions.applied("t-1")
        db.execute("set session_replication_role = replica")
        db.execute("delete from faultline.jobs_done")
        db.execute("reset session_replication_role")
        assert f"{job}, succeeded" in cli.good("transaction", "show", "t-1")
        assert cli.json("transaction", "show", "t-1")["job"] is None

    def test_one_that_can_not_be_decoded_is_shown_as_it_is(self, db: Database, cli: Cli) -> None:
        deep = f'{{"deep": {"[" * 3000}{"]" * 3000}}}'
        db.execute("select faultline.submit_transaction('t-1', 'transfer', %s::jsonb)", deep)
        assert "[[[[" in cli.good("transaction", "show", "t-1")
        assert "[[[[" in cli.good("transaction", "show", "t-1", "--json")

    def test_an_unknown_one_is_a_bad_outcome(self, cli: Cli) -> None:
        assert "no transaction 'nobody'" in cli.refused(1, "transaction", "show", "nobody")
        assert "1 to 255 characters" in cli.refused(2, "transaction", "show", "")


class TestFail:
    def test_says_what_becomes_of_the_job(self, cli: Cli, transactions: Transactions) -> None:
        running, dead = transactions.running("running"), transactions.dead("dead")
        queued = transactions.submitted("queued")
        for name, said in (
            ("queued", f"its job {queued} is cancelled"),
            ("dead", f"its job {dead} is discarded"),
            ("running", f"its job {running} still runs and is asked to stop"),
        ):
            assert said in cli.good("transaction", "fail", name, "--reason", "paid in cash")
            assert transactions.state(name) == "FAILED"

    def test_repeated_the_first_reason_stays(self, db: Database, cli: Cli, transactions: Transactions) -> None:
        transactions.submitted("t-1")
        cli.good("transaction", "fail", "t-1", "--reason", "paid in cash")
        before = everything(db)
        assert "paid in cash" in cli.good("transaction", "fail", "t-1", "--reason", "something else")
        shown = cli.json("transaction", "fail", "t-1", "--reason", "paid in cash")
        assert (shown["state"], shown["reason"], shown["job"]["state"]) == ("FAILED", "paid in cash", "cancelled")
        assert everything(db) == before

    def test_what_has_happened_or_may_still_happen_can_not_fail(
        self, db: Database, cli: Cli, transactions: Transactions
    ) -> None:
        transactions.applied("applied")
        transactions.sent("sent")
        before = everything(db)
        assert "has its entry" in cli.refused(1, "transaction", "fail", "applied", "--reason", "no")
        assert "may still land" in cli.refused(1, "transaction", "fail", "sent", "--reason", "no")
        assert "no transaction 'nobody'" in cli.refused(1, "transaction", "fail", "nobody", "--reason", "no")
        assert everything(db) == before

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["t-1"], "--reason"),
            (["t-1", "--reason", ""], "the reason has 0 characters"),
            (["t-1", "--reason", "x" * 1001], "the reason has 1001 characters"),
            (["x" * 256, "--reason", "no"], "1 to 255 characters"),
        ],
    )
    def test_wrong_usage_changes_nothing(
        self, db: Database, cli: Cli, transactions: Transactions, arguments: list[str], said: str
    ) -> None:
        transactions.submitted("t-1")
        before = everything(db)
        assert said in cli.refused(2, "transaction", "fail", *arguments)
        assert everything(db) == before


class TestAnswer:
    def test_applied_enters_and_reconciles_it(self, cli: Cli, transactions: Transactions) -> None:
        transactions.sent("t-1")
        printed = cli.good("transaction", "answer", "t-1", "charge", "applied", "--response", '{"charge": "ch_42"}')
        assert printed == "charge is APPLIED; t-1 is RECONCILED\n"
        shown = cli.json("transaction", "show", "t-1")
        assert shown["effects"][0]["response"] == {"charge": "ch_42"}
        assert shown["entry"] is not None

    def test_absent_burns_it(self, db: Database, cli: Cli, transactions: Transactions) -> None:
        transactions.sent("t-1")
        assert cli.json("transaction", "answer", "t-1", "charge", "ABSENT")["state"] == "FAILED"
        before = everything(db)
        assert "t-1 is FAILED" in cli.good("transaction", "answer", "t-1", "charge", "absent")
        assert "is ABSENT and can not become APPLIED" in cli.refused(
            1, "transaction", "answer", "t-1", "charge", "applied"
        )
        assert everything(db) == before

    def test_says_what_is_still_open(self, db: Database, cli: Cli, transactions: Transactions) -> None:
        job = transactions.sent("t-1", over=False)
        db.execute("select faultline.begin_effect(%s, 1, 't-1', 'mail', '{}')", job)
        db.execute("select faultline.effect_sent(%s, 1, 't-1', 'mail')", job)
        db.execute("select faultline.fail_job(%s, 1, '{}', false)", job)
        db.execute("select faultline.discard_job(%s)", job)
        assert cli.good("transaction", "answer", "t-1", "charge", "applied") == (
            "charge is APPLIED; t-1 is INIT: mail is not settled\n"
        )

    def test_the_job_has_to_be_over(self, db: Database, cli: Cli, transactions: Transactions) -> None:
        job = transactions.sent("t-1", over=False)
        before = everything(db)
        assert f"job {job} of transaction 't-1' is not over" in cli.refused(
            1, "transaction", "answer", "t-1", "charge", "applied"
        )
        assert everything(db) == before

    @pytest.mark.parametrize(
        ("code", "arguments", "said"),
        [
            (1, ["nobody", "charge", "absent"], "there is no transaction 'nobody'"),
            (1, ["t-1", "mail", "absent"], "has no effect mail"),
            (2, ["t-1", "charge", "unknown"], "'unknown'"),
            (2, ["t-1", "charge"], "{applied|absent}"),
            (2, ["t-1", "bad name", "absent"], "is no name"),
            (2, ["t-1", "charge", "applied", "--response", "ch_42"], "the response 'ch_42' is not JSON"),
            (2, ["t-1", "charge", "applied", "--response", r'"\u0000"'], r"\u0000"),
        ],
    )
    def test_bad_input_changes_nothing(
        self, db: Database, cli: Cli, transactions: Transactions, code: int, arguments: list[str], said: str
    ) -> None:
        transactions.sent("t-1")
        before = everything(db)
        assert said in cli.refused(code, "transaction", "answer", *arguments)
        assert everything(db) == before


class TestReconcile:
    def test_lists_what_moved_and_says_when_nothing_was_to_do(self, cli: Cli, transactions: Transactions) -> None:
        transactions.applied("t-1")
        printed = cli.good("reconcile").splitlines()
        assert [line.split() for line in printed[:2]] == [
            ["TRANSACTION", "FROM", "TO"],
            ["t-1", "APPLIED", "RECONCILED"],
        ]
        assert printed[2] == "settled 1 transaction: 1 reconciled"
        assert cli.good("reconcile").startswith("nothing was to do")
        assert cli.json("reconcile") == []

    def test_a_document_for_machines(self, db: Database, cli: Cli, transactions: Transactions) -> None:
        lost = transactions.submitted("lost")
        db.execute("delete from faultline.jobs_live where job_id = %s", lost)
        dead = transactions.dead("dead")
        db.execute("select faultline.discard_job(%s)", dead)
        moved = cli.json("reconcile")
        assert sorted(moved, key=lambda row: row["transaction_id"]) == [
            {"transaction_id": "dead", "from_state": "INIT", "to_state": "FAILED"},
            {"transaction_id": "lost", "from_state": "INIT", "to_state": "INIT"},
        ]

    def test_a_job_that_never_existed_is_given_again(self, db: Database, cli: Cli, transactions: Transactions) -> None:
        lost = transactions.submitted("lost")
        db.execute("delete from faultline.jobs_live where job_id = %s", lost)
        assert "1 given its job again" in cli.good("reconcile")

    def test_max_is_a_limit_and_all_goes_on(self, cli: Cli, transactions: Transactions) -> None:
        for name in ("t-1", "t-2", "t-3", "t-4", "t-5"):
            transactions.applied(name, None)
        result = cli("reconcile", "--max", 2)
        assert "settled 2 transactions" in result.stdout
        assert "--all" in result.stderr
        assert "settled 3 transactions" in cli.good("reconcile", "--max", 1, "--all")
        assert cli.json("reconcile", "--all") == []

    def test_all_goes_on_after_a_pass_that_moved_nothing(
        self, db: Database, cli: Cli, transactions: Transactions
    ) -> None:
        """An effect that has to be asked for is looked at once, and keeps its transaction where it is."""
        for name in ("s-1", "s-2", "s-3"):
            transactions.sent(name)
        transactions.applied("t-1")
        moved = cli.json("reconcile", "--all", FAULTLINE_RECONCILE_MAX="1")
        assert ids(moved) == ["t-1"]
        assert db.scalar("select count(*) from faultline.effects where ask_at is not null") == 3

    def test_what_somebody_else_holds_is_said(
        self, db: Database, cli: Cli, transactions: Transactions, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(reconcile, "PATIENCE_SECONDS", 0.2)
        transactions.applied("t-1")
        with db.connect(autocommit=False) as other:
            other.execute("select from faultline.transactions for update")
            result = cli("reconcile", "--all")
            assert (result.exit_code, result.stdout) == (0, "nothing has moved\n")
            assert "somebody else holds some" in result.stderr
            assert cli.good("reconcile") == "nothing has moved\n"
        assert "settled 1 transaction" in cli.good("reconcile", "--all")

    @pytest.mark.parametrize("value", ["0", "10001", "many"])
    def test_a_bad_limit_is_wrong_usage(self, cli: Cli, value: str) -> None:
        assert "--max" in cli.refused(2, "reconcile", "--max", value)


class TestLedger:
    def test_entries_newest_first_one_line_a_posting(self, cli: Cli, transactions: Transactions) -> None:
        transactions.applied("t-1")
        transactions.applied("t-2", None)
        lines = [line.split() for line in cli.good("ledger", "entries").splitlines()]
        assert lines[0] == ["ENTRY", "APPLIED", "(UTC)", "TRANSACTION", "ACCOUNT", "AMOUNT", "CURRENCY"]
        assert [line[3:] for line in lines[1:]] == [
            ["t-2"],
            ["t-1", "alice", "-12.10", "EUR"],
            ["t-1", "bob", "12.10", "EUR"],
        ]

    def test_every_filter(self, cli: Cli, transactions: Transactions) -> None:
        transactions.applied("t-1")
        transactions.applied("t-2", None)
        transactions.applied("t-3", [{**posting, "currency": "CHF"} for posting in POSTINGS])
        entries = cli.json("ledger", "entries")
        assert ids(entries) == ["t-3", "t-2", "t-1"]
        assert [posting["currency"] for posting in entries[0]["postings"]] == ["CHF", "CHF"]
        assert (entries[1]["postings"], entries[1]["effect"]) == ([], {"by": "test"})
        assert ids(cli.json("ledger", "entries", "--account", "bob")) == ["t-3", "t-1"]
        assert ids(cli.json("ledger", "entries", "--transaction", "t-2")) == ["t-2"]
        assert ids(cli.json("ledger", "entries", "--account", "bob", "--transaction", "t-2")) == []
        assert ids(cli.json("ledger", "entries", "--since", "1h", "--limit", 1)) == ["t-3"]
        assert ids(cli.json("ledger", "entries", "--since", "2100-01-01T00:00Z")) == []
        assert "newest 2" in cli("ledger", "entries", "--limit", 2).stderr
        assert "no entry matches" in cli("ledger", "entries", FAULTLINE_LEDGER_ACCOUNT="carol").stderr

    def test_json_keeps_amounts_as_they_were_posted(self, cli: Cli, transactions: Transactions) -> None:
        transactions.applied("t-1")
        assert '"amount": -12.10' in cli.good("ledger", "entries", "--json")
        assert '"balance": -12.10' in cli.good("ledger", "balance", "--json")

    def test_balances(self, db: Database, cli: Cli, transactions: Transactions) -> None:
        transactions.applied("t-1")
        transactions.applied("t-2")
        transactions.applied("t-3", [{**posting, "currency": "CHF"} for posting in POSTINGS])
        db.execute("select faultline.set_account('alice', 'EUR', -100)")
        lines = [line.split() for line in cli.good("ledger", "balance").splitlines()]
        assert lines == [
            ["ACCOUNT", "BALANCE", "CURRENCY", "FLOOR"],
            ["alice", "-12.10", "CHF"],
            ["alice", "-24.20", "EUR", "-100"],
            ["bob", "12.10", "CHF"],
            ["bob", "24.20", "EUR"],
        ]
        assert [row["account"] for row in cli.json("ledger", "balance", "bob")] == ["bob", "bob"]

    def test_an_account_that_nobody_used_is_at_zero(self, cli: Cli) -> None:
        assert "it is at 0" in cli("ledger", "balance", "carol").stderr
        assert "nothing was ever posted" in cli("ledger", "balance").stderr
        assert cli.json("ledger", "balance", "carol") == []

    def test_a_floor_is_set_and_taken_away(self, db: Database, cli: Cli, transactions: Transactions) -> None:
        transactions.applied("t-1")
        floor = ("ledger", "floor", "alice", "EUR")
        assert cli.good(*floor, "-12.10") == "alice can't go below -12.10 EUR; it is at -12.10\n"
        assert db.rows("select account, currency, floor::text from faultline.accounts") == [("alice", "EUR", "-12.10")]
        assert cli.good(*floor, "none") == "alice has no floor in EUR; it is at -12.10\n"
        assert db.rows("select * from faultline.accounts") == []
        assert cli.json("ledger", "floor", "bob", "EUR", "0") == {
            "account": "bob",
            "currency": "EUR",
            "floor": 0,
            "balance": 12.10,
        }

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["alice", "EUR", "much"], "'much' is no amount"),
            (["alice", "EUR", "NaN"], "'NaN' is no amount"),
            (["alice", "EUR", "1e3"], "'1e3' is no amount"),
            (["alice", "EUR", "-1" + "0" * 20], "out of bounds"),
            (["alice", "EUR", "0.0000000000000000001"], "out of bounds"),
            (["alice", "bad name", "0"], "is no name"),
            (["alice", "EUR"], "AMOUNT"),
            (["alice", "EUR", "0", "--nope"], "--nope"),
        ],
    )
    def test_a_bad_floor_is_wrong_usage_and_changes_nothing(
        self, db: Database, cli: Cli, transactions: Transactions, arguments: list[str], said: str
    ) -> None:
        transactions.applied("t-1")
        before = everything(db)
        assert said in cli.refused(2, "ledger", "floor", *arguments)
        assert everything(db) == before

    def test_a_floor_above_the_balance_is_a_bad_outcome_and_changes_nothing(
        self, db: Database, cli: Cli, transactions: Transactions
    ) -> None:
        transactions.applied("t-1")
        before = everything(db)
        said = cli.refused(1, "ledger", "floor", "alice", "EUR", "0")
        assert "account alice is at -12.10 EUR, below a floor of 0" in said
        assert everything(db) == before
        with pytest.raises(psycopg.Error) as caught:
            db.execute("select faultline.set_account('alice', 'EUR', 0)")
        assert caught.value.sqlstate == "FL008"

    def test_an_account_that_somebody_keeps_debiting_is_a_bad_outcome(
        self, db: Database, cli: Cli, transactions: Transactions
    ) -> None:
        job = transactions.running("t-1")
        db.execute("alter function faultline.set_account set lock_timeout = '50ms'")
        with db.connect(autocommit=False) as other:
            apply = "select faultline.apply_ledger(%s, 1, 't-1', '{}', %s::jsonb)"
            other.execute(apply, (job, json.dumps(POSTINGS)))
            assert "try again" in cli.refused(1, "ledger", "floor", "alice", "EUR", "-100")


class TestWhoMay:
    def test_a_producer_may_submit_and_nothing_else(
        self, cli: Cli, transactions: Transactions, users: dict[str, str]
    ) -> None:
        as_producer = ("--dsn", users["producer"])
        cli.good("submit", "t-1", "transfer", *as_producer)
        assert "INIT" in cli.good("transaction", "show", "t-1", *as_producer)
        for command in (
            ["transaction", "list"],
            ["transaction", "fail", "t-1", "--reason", "no"],
            ["transaction", "answer", "t-1", "charge", "absent"],
            ["reconcile"],
            ["ledger", "entries"],
            ["ledger", "balance"],
            ["ledger", "floor", "alice", "EUR", "0"],
        ):
            assert "permission denied" in cli.refused(1, *command, *as_producer), command
        assert transactions.state("t-1") == "INIT"

    def test_an_observer_sees_everything_and_changes_nothing(
        self, db: Database, cli: Cli, transactions: Transactions, users: dict[str, str]
    ) -> None:
        transactions.applied("t-1")
        before = everything(db)
        as_observer = ("--dsn", users["observer"])
        for command in (
            ["transaction", "list"],
            ["transaction", "show", "t-1"],
            ["ledger", "entries"],
            ["ledger", "balance"],
        ):
            assert cli.json(*command, *as_observer)
        for command in (
            ["submit", "t-2", "transfer"],
            ["transaction", "fail", "t-1", "--reason", "no"],
            ["reconcile"],
            ["ledger", "floor", "alice", "EUR", "0"],
        ):
            assert "permission denied" in cli.refused(1, *command, *as_observer), command
        assert everything(db) == before

    def test_an_operator_may_do_all_of_it(self, cli: Cli, transactions: Transactions, users: dict[str, str]) -> None:
        transactions.sent("s-1")
        transactions.applied("t-1")
        for command in (
            ["submit", "t-2", "transfer"],
            ["transaction", "list"],
            ["transaction", "show", "t-1"],
            ["transaction", "fail", "t-2", "--reason", "no"],
            ["transaction", "answer", "s-1", "charge", "absent"],
            ["reconcile"],
            ["ledger", "entries"],
            ["ledger", "balance"],
            ["ledger", "floor", "alice", "EUR", "-100"],
        ):
            assert cli.json(*command, "--dsn", users["operator"])


def test_what_producers_wrote_cannot_reach_the_terminal(db: Database, cli: Cli, transactions: Transactions) -> None:
    job = transactions.sent(NASTY, over=False)
    document = json.dumps({NASTY: NASTY})
    db.execute("select faultline.settle_effect(%s, 1, %s, 'charge', 'APPLIED', %s::jsonb)", job, NASTY, document)
    db.execute("select faultline.apply_and_complete(%s, 1, %s, %s::jsonb)", job, NASTY, document)
    burnt = f"burnt {NASTY}"
    commands: list[list[Any]] = [
        ["submit", burnt, "transfer"],
        ["transaction", "fail", burnt, "--reason", NASTY],
        ["transaction", "fail", burnt, "--reason", "again"],
        ["transaction", "list"],
        ["transaction", "show", NASTY],
        ["transaction", "show", burnt],
        ["ledger", "entries"],
        ["reconcile"],
        ["transaction", "answer", NASTY, "charge", "applied"],
    ]
    for command in commands:
        printed = cli.good(*command)
        assert not set(printed) & set("\x1b\x07\x9b\r\u202e"), command
        assert "red" in printed or command[0] == "submit"
    for command in (["submit", burnt, "transfer"], ["transaction", "fail", NASTY, "--reason", "no"]):
        assert not set(cli.refused(1, *command)) & set("\x1b\x07\x9b\r\u202e"), command
    assert len(cli.good("transaction", "list").splitlines()) == 3, "a line break would forge a row"
    raw = cli.good("transaction", "show", NASTY, "--json")
    assert not set(raw) & set("\x1b\x07\x9b\r")
    assert json.loads(raw)["entry"]["effect"] == {NASTY: NASTY}
