"""Charges orders at a provider full of troubles, kills a runner in the middle, and counts the charges.

    faultline dev -- python main.py

Ends with 0 only if there is exactly one charge for each transaction that was applied and none for those that failed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

import psycopg
from charges import call_and_wait

import faultline

HERE = Path(__file__).resolve().parent
# What the provider does with each card stands in provider.py.
CARDS = {
    "ok": 14,
    "silent": 3,
    "late": 3,
    "error": 3,
    "cut": 3,
    "lost": 3,
    "twice": 3,
    "hazy": 2,
    "declined": 3,
    "held": 2,
}
CANCELLED = 2
DOOMED = {"declined", "held", "cancelled"}
SETTLED_SECONDS = 40.0
APPLIED = "select count(*) from faultline.effect_log where state = 'APPLIED'"
OPEN = "select count(*) from faultline.transaction_log where kind = 'charge' and state in ('INIT', 'APPLIED')"
UNDER_WAY = """
select count(*)
from faultline.effect_log e
join faultline.transaction_log t using (transaction_id)
join faultline.jobs j on j.job_id = t.job_id
where e.state = 'SENT' and j.state = 'running'
"""
QUICKLY = {"kind": "fixed", "delay": "200ms"}


@dataclass(frozen=True)
class Order:
    id: str
    card: str
    amount: str

    @property
    def request(self) -> dict[str, str]:
        return {"order": self.id, "amount": self.amount, "currency": "EUR", "card": self.card}


@dataclass
class Evidence:
    """What the database and the provider know when all is over."""

    states: dict[str, str] = field(default_factory=dict)
    responses: dict[str, Any] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    charges: list[dict[str, Any]] = field(default_factory=list)
    log: dict[str, Any] = field(default_factory=dict)
    under_way: int = 0
    killed: int = 0
    exit_codes: list[int] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)


def main() -> int:
    dsn = os.environ.get("FAULTLINE_DSN")
    if dsn is None:
        print("FAULTLINE_DSN names no database: start this with `faultline dev -- python main.py`", file=sys.stderr)
        return 2
    orders = make_orders()
    with ExitStack() as stack:
        logs = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="charges-")))
        processes = Processes(logs)
        stack.callback(processes.end)
        processes.start_provider()
        connection = stack.enter_context(psycopg.connect(dsn, autocommit=True))
        return story(connection, processes, orders)


def make_orders() -> list[Order]:
    cards = Counter(CARDS)
    mixed: list[str] = []
    while cards.total():
        mixed += [card for card in CARDS if cards[card]]
        cards -= Counter(dict.fromkeys(CARDS, 1))
    mixed += ["cancelled"] * CANCELLED
    return [Order(f"order-{1000 + n}", card, f"{9 + n}.{n * 7 % 100:02}") for n, card in enumerate(mixed, start=1)]


def story(connection: psycopg.Connection, processes: Processes, orders: list[Order]) -> int:
    evidence = Evidence()
    submit(connection, orders)
    print(f"{len(orders)} orders, each a transaction with a job; {CANCELLED} of them are cancelled before they are due")

    first = processes.start_runner()
    wait_until(lambda: scalar(connection, APPLIED) >= 3 and scalar(connection, UNDER_WAY) >= 1, "charges under way")
    first.send_signal(signal.SIGKILL)
    evidence.killed = first.wait()
    evidence.under_way = scalar(connection, UNDER_WAY)
    print(f"a runner is killed: SIGKILL, while {evidence.under_way} charges are under way")

    others = [processes.start_runner(), processes.start_runner()]
    print("two others go on; dead letters are discarded, as an operator would")
    wait_until(lambda: settled(connection), "every transaction is settled")

    ask("POST", "/release")
    wait_until(lambda: ask("GET", "/log")["waiting"] == 0, "the requests that were held have landed")
    print("only now the provider carries out the requests that it had held back: their keys are refused")

    for runner in others:
        runner.terminate()
    evidence.exit_codes = [runner.wait() for runner in others]
    gather(connection, evidence)
    print_report(orders, evidence)
    print("\nchecks:")
    checks = judge(orders, evidence)
    for name, holds, detail in checks:
        print(f"  {'ok   ' if holds else 'WRONG'}  {name:50} {detail}".rstrip())
    return 0 if all(holds for _, holds, _ in checks) else 1


# What a user of Faultline does.


def submit(connection: psycopg.Connection, orders: list[Order]) -> None:
    with connection.transaction():
        for order in orders:
            # A request that is held never comes back: after two attempts, one for the kill, it is a dead letter.
            attempts = 2 if order.card == "held" else 6
            queue = "later" if order.card == "cancelled" else "default"
            faultline.submit_transaction(
                connection, order.id, "charge", order.request, max_attempts=attempts, backoff=QUICKLY, queue=queue
            )
    for order in orders:
        if order.card == "cancelled":
            connection.execute("select faultline.fail_transaction(%s, 'the customer has cancelled')", (order.id,))


def settled(connection: psycopg.Connection) -> bool:
    """Whether nothing is open any more. Discards dead letters: as long as one could be retried its outcome is open."""
    connection.execute(
        "select faultline.discard_job(job_id) from faultline.jobs where state = 'failed' and type = 'charge'"
    )
    return scalar(connection, OPEN) == 0


def scalar(connection: psycopg.Connection, query: Any) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0


def gather(connection: psycopg.Connection, evidence: Evidence) -> None:
    for transaction_id, state in connection.execute(
        "select transaction_id, state from faultline.transaction_log where kind = 'charge'"
    ):
        evidence.states[transaction_id] = state
    for transaction_id, key, response in connection.execute(
        "select transaction_id, key, response from faultline.effect_log where name = 'charge'"
    ):
        evidence.keys[transaction_id] = key
        evidence.responses[transaction_id] = response
    evidence.charges = ask("GET", "/charges")
    evidence.log = ask("GET", "/log")
    evidence.violations = [
        f"{row[0]} {row[1]}: {row[2]}"
        for row in connection.execute("select check_name, subject, detail from faultline.verify()")
    ]


# The processes.


class Processes:
    """The provider and the runners: real ones. Whatever happens, none is left behind."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._started: list[subprocess.Popen[Any]] = []

    def start_provider(self) -> None:
        provider = self._start("provider", [sys.executable, "provider.py"], stdout=subprocess.PIPE)
        os.environ["PROVIDER_URL"] = cast("IO[bytes]", provider.stdout).readline().decode().strip()

    def start_runner(self) -> subprocess.Popen[Any]:
        command = [sys.executable, "-m", "faultline.cli", "run", "charges:app", "--queue=default", "--concurrency=4"]
        return self._start("runner", [*command, "--lease=2s", "--poll=100ms", "--grace=2s"])

    def end(self) -> None:
        for process in self._started:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()

    def _start(self, name: str, command: list[str], stdout: int | IO[bytes] | None = None) -> subprocess.Popen[Any]:
        with (self._logs / f"{name}-{len(self._started)}.log").open("wb") as log:
            process = subprocess.Popen(command, cwd=HERE, stdout=stdout or log, stderr=log)
        self._started.append(process)
        return process


def ask(method: str, path: str) -> Any:
    return call_and_wait(method, path)[1]


def wait_until(holds: Any, what: str) -> None:
    deadline = time.monotonic() + SETTLED_SECONDS
    while not holds():
        if time.monotonic() > deadline:
            print(f"waited {SETTLED_SECONDS:.0f} s in vain: {what}", file=sys.stderr)
            sys.exit(1)
        time.sleep(0.02)


# The check.


def judge(orders: list[Order], evidence: Evidence) -> list[tuple[str, bool, str]]:
    """Every claim with what it rests on. Pure, so that a test can give it what must not pass."""
    applied = {id_ for id_, state in evidence.states.items() if state == "RECONCILED"}
    failed = {id_ for id_, state in evidence.states.items() if state == "FAILED"}
    by_id = {order.id: order for order in orders}
    made = Counter(charge["order"] for charge in evidence.charges)

    not_one = [id_ for id_ in applied if made[id_] != 1]
    although = [id_ for id_ in made if id_ not in applied]
    differs = [
        charge["charge"]
        for charge in evidence.charges
        if charge["order"] not in by_id
        or charge["amount"] != by_id[charge["order"]].amount
        or charge["key"] != evidence.keys.get(charge["order"])
        or charge != evidence.responses.get(charge["order"])
    ]
    killed = evidence.killed == -signal.SIGKILL
    doomed = {order.id for order in orders if order.card in DOOMED}
    used = evidence.log.get("used", {})
    missing = [card for card, number in CARDS.items() if used.get(card, 0) < number]
    held, refused = used.get("held", 0), evidence.log.get("refused_late", 0)
    return [
        ("every transaction is settled", applied | failed == by_id.keys(), f"{len(applied)} and {len(failed)}"),
        (
            "exactly one charge for each that was applied",
            bool(applied) and not not_one,
            named(not_one) or str(len(applied)),
        ),
        ("none for those that failed", not although, named(although) or str(len(failed))),
        ("the ledger has the charge that the provider has", not differs, named(differs) or str(len(evidence.charges))),
        (
            "declined, cancelled and given up: those failed",
            failed == doomed,
            named(list(failed ^ doomed)) or str(len(doomed)),
        ),
        ("every trouble happened", not missing, named(missing) or ", ".join(f"{card} {used[card]}" for card in CARDS)),
        ("the kill hit charges under way", killed and evidence.under_way > 0, str(evidence.under_way)),
        ("what landed too late was refused", refused == held > 0, f"{refused} of {held}"),
        ("the other runners ended well", evidence.exit_codes == [0, 0], str(evidence.exit_codes)),
        ("verify() finds nothing", not evidence.violations, named(evidence.violations)),
    ]


def print_report(orders: list[Order], evidence: Evidence) -> None:
    made = Counter(charge["order"] for charge in evidence.charges)
    print(f"\n{'card':10} orders  applied  failed  requests  charges")
    for card in [*CARDS, "cancelled"]:
        ids = [order.id for order in orders if order.card == card]
        states = Counter(evidence.states.get(id_, "?") for id_ in ids)
        requests = evidence.log["used"].get(card, 0)
        charges = sum(made[id_] for id_ in ids)
        print(f"{card:10} {len(ids):6} {states['RECONCILED']:8} {states['FAILED']:7} {requests:9} {charges:8}")


def named(wrong: list[str]) -> str:
    return ", ".join(sorted(wrong)[:5]) + (" …" if len(wrong) > 5 else "")


if __name__ == "__main__":
    sys.exit(main())
