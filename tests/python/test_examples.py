"""The examples: run as a user runs them they end with 0, and each of their checks can fail."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.cli import environment
from tools import sqitch

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from tests.support.database import Database

EXAMPLES = sqitch.ROOT / "examples"
SECONDS = 90


def run(directory: Path, dsn: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The example's program, on a database that is there."""
    return _run([sys.executable, "main.py", *arguments], directory, environment(FAULTLINE_DSN=dsn))


def as_its_readme_says(name: str) -> subprocess.CompletedProcess[str]:
    """The last command of the README, typed in a shell in which faultline is on the PATH."""
    command = (EXAMPLES / name / "README.md").read_text().split("```sh\n")[1].split("```")[0]
    scripts = Path(sys.executable).parent
    variables = environment(PATH=f"{scripts}{os.pathsep}{os.environ['PATH']}")
    return _run(["sh", "-euc", command], sqitch.ROOT, variables)


def _run(command: list[str], directory: Path, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=directory, env=variables, capture_output=True, text=True, timeout=SECONDS, check=False
    )


def mutant(name: str, to: Path, file: str, old: str, new: str) -> Path:
    """A copy of an example with a mistake in it that people make."""
    shutil.copytree(EXAMPLES / name, to / name, ignore=shutil.ignore_patterns("__pycache__"))
    changed = to / name / file
    text = changed.read_text()
    assert text.count(old) == 1
    changed.write_text(text.replace(old, new))
    return to / name


def wrong(process: subprocess.CompletedProcess[str]) -> set[str]:
    """The checks that did not hold; a table of names and details."""
    assert process.returncode == 1, process.stdout + process.stderr
    lines = [line.strip() for line in process.stdout.splitlines()]
    return {line.removeprefix("WRONG").strip().split("  ")[0] for line in lines if line.startswith("WRONG")}


def module(name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The example's program, to be asked for its judgement."""
    monkeypatch.syspath_prepend(str(EXAMPLES / name))
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / name / "main.py")
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, loaded)
    spec.loader.exec_module(loaded)
    return loaded


def not_holding(checks: list[tuple[str, bool, str]]) -> set[str]:
    return {name for name, holds, _ in checks if not holds}


# Transfers.


def test_transfers_add_up() -> None:
    result = as_its_readme_says("transfers")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "42 lines, 35 transfers" in result.stdout
    for counted in ("34 applied", "5 duplicates", "2 refused", "1 failed"):
        assert counted in result.stdout
    assert "WRONG" not in result.stdout


def test_a_file_that_is_loaded_twice_changes_nothing(db: Database) -> None:
    assert run(EXAMPLES / "transfers", db.dsn).returncode == 0
    query = "select account, currency, balance from faultline.account_balances order by 1, 2"
    balances, jobs = db.rows(query), db.scalar("select count(*) from faultline.jobs")
    again = run(EXAMPLES / "transfers", db.dsn)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "5 duplicates" in again.stdout
    assert (db.rows(query), db.scalar("select count(*) from faultline.jobs")) == (balances, jobs)


def test_a_transfer_that_books_another_amount_is_found(db: Database, tmp_path: Path) -> None:
    example = mutant(
        "transfers", tmp_path, "transfers.py", 'Decimal(row["amount"])', 'Decimal(row["amount"]).to_integral()'
    )
    found = wrong(run(example, db.dsn))
    assert found >= {"applied once each, as the file says", "balances = the file, added up directly"}


def test_a_file_that_is_no_export_is_refused(db: Database, tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("date;amount\n")
    result = run(EXAMPLES / "transfers", db.dsn, str(path))
    assert result.returncode == 2
    assert "does not begin with" in result.stderr
    lines = (EXAMPLES / "transfers/transfers.csv").read_text().splitlines()
    path.write_text("\n".join([*lines[:2], lines[2].replace("184.95", "184,95")]))
    result = run(EXAMPLES / "transfers", db.dsn, str(path))
    assert result.returncode == 2
    assert "line 3" in result.stderr
    assert db.scalar("select count(*) from faultline.jobs") == 0


def _move(evidence: Any) -> None:
    evidence.balances["alice", "EUR"] += 1


TRANSFER_BREAKS: dict[str, tuple[Callable[[Any, Any], object], str]] = {
    "a transfer that is not settled": (
        lambda loaded, evidence: evidence.states.update({"t1": "INIT"}),
        "each id of the file is applied or failed",
    ),
    "a duplicate that made a job": (
        lambda loaded, evidence: loaded.duplicates.clear(),
        "a line that comes twice is one transfer",
    ),
    "a conflict that was let through": (
        lambda loaded, evidence: loaded.refused.clear(),
        "another transfer under the same id is refused",
    ),
    "an entry with the postings of another": (
        lambda loaded, evidence: evidence.postings.update({"t1": evidence.postings["t2"]}),
        "applied once each, as the file says",
    ),
    "postings of a transfer that failed": (
        lambda loaded, evidence: evidence.postings.update({"t3": evidence.postings["t2"]}),
        "applied once each, as the file says",
    ),
    "a failure without need": (
        lambda loaded, evidence: evidence.states.update({"t1": "FAILED"}),
        "failed where the money was missing, only there",
    ),
    "an overdraft that went through": (
        lambda loaded, evidence: evidence.states.update({"t3": "RECONCILED"}),
        "failed where the money was missing, only there",
    ),
    "a balance that moved": (
        lambda loaded, evidence: _move(evidence),
        "balances = the file, added up directly",
    ),
    "money from nowhere": (
        lambda loaded, evidence: _move(evidence),
        "in each currency all balances add up to 0",
    ),
    "an account below its floor": (
        lambda loaded, evidence: evidence.balances.update({("alice", "EUR"): Decimal(-1)}),
        "no account is below its floor",
    ),
    "a line too many in the book": (
        lambda loaded, evidence: evidence.booked.add("t3"),
        "the bank's own book has the same transfers",
    ),
    "a violation": (
        lambda loaded, evidence: evidence.violations.append("unbalanced_entry"),
        "verify() finds nothing",
    ),
}


def transfers_that_add_up(main: ModuleType) -> tuple[list[Any], list[Any], Any, Any]:
    accounts = [main.Account(name, name, "EUR", "10.00", "0.00") for name in ("alice", "bob")]
    first, second, third = (
        main.Transfer(f"t{n}", "2026-09-01", "alice", "bob", amount, "EUR", "")
        for n, amount in enumerate(("2.50", "3.00", "99.00"), start=1)
    )
    other = dataclasses.replace(first, amount="2.05")
    loaded = main.Loaded([first, second, third], [second], [(other, "taken")])
    evidence = main.Evidence(
        states={"t1": "RECONCILED", "t2": "RECONCILED", "t3": "FAILED"},
        postings={"t1": first.postings, "t2": second.postings},
        balances={
            ("alice", "EUR"): Decimal("4.50"),
            ("bob", "EUR"): Decimal("15.50"),
            ("opening-balances", "EUR"): Decimal("-20.00"),
        },
        booked={"t1", "t2"},
    )
    return accounts, [first, second, second, other, third], loaded, evidence


def test_what_adds_up_passes_every_check_of_the_transfers(monkeypatch: pytest.MonkeyPatch) -> None:
    main = module("transfers", monkeypatch)
    checks = main.judge(*transfers_that_add_up(main))
    assert not_holding(checks) == set()
    assert {name for name, _, _ in checks} == {check for _, check in TRANSFER_BREAKS.values()}


@pytest.mark.parametrize(("damage", "check"), TRANSFER_BREAKS.values(), ids=list(TRANSFER_BREAKS))
def test_each_check_of_the_transfers_can_fail(
    damage: Callable[[Any, Any], object], check: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    main = module("transfers", monkeypatch)
    accounts, transfers, loaded, evidence = transfers_that_add_up(main)
    damage(loaded, evidence)
    assert check in not_holding(main.judge(accounts, transfers, loaded, evidence))


def test_a_transfer_that_depends_on_the_order_may_fail_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    main = module("transfers", monkeypatch)
    accounts = [main.Account(name, name, "EUR", "10.00", "0.00") for name in ("alice", "bob")]
    transfers = {
        name: main.Transfer(name, "2026-09-01", debtor, creditor, amount, "EUR", "")
        for name, debtor, creditor, amount in (
            ("covered", "bob", "alice", "5.00"),
            ("after that", "alice", "bob", "14.00"),
            ("never", "alice", "bob", "40.00"),
        )
    }
    assert main.doomed(accounts, transfers) == ({"never"}, {"after that"})


# Charges.


def test_every_transaction_is_charged_once_whatever_the_provider_does() -> None:
    result = as_its_readme_says("charges")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "a runner is killed" in result.stdout
    assert "WRONG" not in result.stdout


def test_a_key_from_the_attempt_charges_more_than_once(db: Database, tmp_path: Path) -> None:
    example = mutant(
        "charges",
        tmp_path,
        "charges.py",
        '"Idempotency-Key": effect.key',
        '"Idempotency-Key": f"{effect.key}-{job.attempt}"',
    )
    found = wrong(run(example, db.dsn))
    assert found >= {"none for those that failed", "the ledger has the charge that the provider has"}


def test_absent_without_a_key_that_is_refused_charges_what_has_failed(db: Database, tmp_path: Path) -> None:
    example = mutant("charges", tmp_path, "charges.py", "if effect.closing:", "if False:")
    found = wrong(run(example, db.dsn))
    assert found >= {"none for those that failed", "what landed too late was refused"}


CHARGE_BREAKS: dict[str, tuple[Callable[[Any], object], str]] = {
    "a transaction that is not settled": (
        lambda evidence: evidence.states.update({"order-1001": "INIT"}),
        "every transaction is settled",
    ),
    "a charge too many": (
        lambda evidence: evidence.charges.append(evidence.charges[0]),
        "exactly one charge for each that was applied",
    ),
    "a charge too few": (
        lambda evidence: evidence.charges.pop(),
        "exactly one charge for each that was applied",
    ),
    "a charge for what has failed": (
        lambda evidence: evidence.states.update({"order-1001": "FAILED"}),
        "none for those that failed",
    ),
    "a charge for no order": (
        lambda evidence: evidence.charges.append({**evidence.charges[0], "order": "order-0"}),
        "none for those that failed",
    ),
    "another amount": (
        lambda evidence: evidence.charges[0].update({"amount": "0.01"}),
        "the ledger has the charge that the provider has",
    ),
    "another key": (
        lambda evidence: evidence.keys.update({"order-1001": "another"}),
        "the ledger has the charge that the provider has",
    ),
    "an answer that was never given": (
        lambda evidence: evidence.responses.update({"order-1001": None}),
        "the ledger has the charge that the provider has",
    ),
    "a failure without need": (
        lambda evidence: evidence.states.update({"order-1001": "FAILED"}),
        "declined, cancelled and given up: those failed",
    ),
    "a trouble that did not happen": (
        lambda evidence: evidence.log["used"].pop("cut"),
        "every trouble happened",
    ),
    "a kill that hit nothing": (
        lambda evidence: setattr(evidence, "under_way", 0),
        "the kill hit charges under way",
    ),
    "a runner that was not killed": (
        lambda evidence: setattr(evidence, "killed", 0),
        "the kill hit charges under way",
    ),
    "a late request that was not refused": (
        lambda evidence: evidence.log.update({"refused_late": 0}),
        "what landed too late was refused",
    ),
    "a runner that crashed": (
        lambda evidence: evidence.exit_codes.append(1),
        "the other runners ended well",
    ),
    "a violation": (
        lambda evidence: evidence.violations.append("failed_with_effect"),
        "verify() finds nothing",
    ),
}


def charges_that_add_up(main: ModuleType) -> tuple[list[Any], Any]:
    orders = main.make_orders()
    applied = [order for order in orders if order.card not in main.DOOMED]
    charges = {
        order.id: {**order.request, "charge": f"ch_{order.id}", "key": f"key of {order.id}"} for order in applied
    }
    evidence = main.Evidence(
        states={order.id: "FAILED" if order.card in main.DOOMED else "RECONCILED" for order in orders},
        responses={order: dict(charge) for order, charge in charges.items()},
        keys={order: charge["key"] for order, charge in charges.items()},
        charges=list(charges.values()),
        log={"used": Counter(order.card for order in orders), "refused_late": main.CARDS["held"]},
        under_way=1,
        killed=-signal.SIGKILL,
        exit_codes=[0, 0],
    )
    return orders, evidence


def test_what_adds_up_passes_every_check_of_the_charges(monkeypatch: pytest.MonkeyPatch) -> None:
    main = module("charges", monkeypatch)
    checks = main.judge(*charges_that_add_up(main))
    assert not_holding(checks) == set()
    assert {name for name, _, _ in checks} == {check for _, check in CHARGE_BREAKS.values()}


@pytest.mark.parametrize(("damage", "check"), CHARGE_BREAKS.values(), ids=list(CHARGE_BREAKS))
def test_each_check_of_the_charges_can_fail(
    damage: Callable[[Any], object], check: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    main = module("charges", monkeypatch)
    orders, evidence = charges_that_add_up(main)
    damage(evidence)
    assert check in not_holding(main.judge(orders, evidence))


# A tree of files.


def test_the_report_is_right_though_a_runner_is_killed() -> None:
    result = as_its_readme_says("hash-tree")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "a runner is killed when" in result.stdout
    assert "WRONG" not in result.stdout


def test_a_hash_of_something_else_is_found(db: Database, tmp_path: Path) -> None:
    example = mutant("hash-tree", tmp_path, "tree.py", 'file, "sha256"', 'file, "sha512"')
    assert wrong(run(example, db.dsn, str(EXAMPLES / "charges"))) == {"the report has the hash of every file"}


def test_a_report_that_is_not_written_is_found(db: Database, tmp_path: Path) -> None:
    example = mutant("hash-tree", tmp_path, "tree.py", "    os.replace(unfinished, report)", "    pass")
    assert wrong(run(example, db.dsn, str(EXAMPLES / "charges"))) == {"the report has the hash of every file"}


def test_what_is_no_directory_is_wrong_usage(db: Database) -> None:
    result = run(EXAMPLES / "hash-tree", db.dsn, "/nowhere")
    assert result.returncode == 2
    assert "/nowhere is no directory" in result.stderr


TREE_BREAKS: dict[str, tuple[Callable[[Any, list[str]], object], str]] = {
    "a run that failed": (lambda status, _: status.update(state="failed"), "the run has succeeded"),
    "a task that failed": (
        lambda status, _: status["tasks"][0].update(state="failed"),
        "every task has succeeded",
    ),
    "a task for failures that ran": (
        lambda status, _: status["tasks"][1].update(state="succeeded"),
        "what is for failures was skipped",
    ),
    "a gather that did not fail": (
        lambda status, _: status["tasks"][2].update(attempt=1),
        "gather failed once, on purpose",
    ),
    "a line of another file": (
        lambda status, lines: lines.append("0  x"),
        "the report has the hash of every file",
    ),
}


@pytest.mark.parametrize(("damage", "check"), TREE_BREAKS.values(), ids=list(TREE_BREAKS))
def test_each_check_of_the_tree_can_fail(
    damage: Callable[[Any, list[str]], object], check: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    main = module("hash-tree", monkeypatch)
    root = tmp_path / "files"
    root.mkdir()
    (root / "a").write_text("a")
    status = {
        "state": "succeeded",
        "tasks": [
            {"name": "find", "state": "succeeded", "attempt": 1},
            {"name": "nothing-there", "state": "skipped", "attempt": None},
            {"name": "gather", "state": "succeeded", "attempt": 2},
        ],
    }
    report = tmp_path / "report.json"
    lines = main.expected(root)
    report.write_text(json.dumps({"lines": lines}))
    assert not_holding(main.judge(root, report, status, [])) == set()
    damage(status, lines)
    report.write_text(json.dumps({"lines": lines}))
    assert not_holding(main.judge(root, report, status, [])) == {check}
    assert "verify() finds nothing" in not_holding(main.judge(root, report, status, ["task_stranded"]))
