"""The receiver of a drill: charges once a key, fails as it is told, and knows after its SIGKILL what it did before."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from faultline.drill import history
from faultline.drill.receiver import ANSWERED, ASKED, CHARGED, DEEDS, ERROR, JOURNAL, MOMENTS, RECEIVED, Provider

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECONDS = 20.0
CHARGE = {"token": "t-1", "amount": "9.90"}


class Process:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.process = subprocess.Popen(
            [sys.executable, "-m", "faultline.drill.receiver", "--directory", str(directory)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline().rpartition(":")[2])

    def ask(self, method: str, path: str, body: Any = None, key: str | None = None) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        try:
            headers = {} if key is None else {"Idempotency-Key": key}
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            content = response.read()
            return response.status, json.loads(content) if content else None
        finally:
            connection.close()

    def charge(self, key: str = "k-1", **members: Any) -> tuple[int, Any]:
        return self.ask("POST", "/charges", CHARGE | members, key)

    def trouble(self, moment: str, do: str, **members: Any) -> None:
        assert self.ask("PUT", "/troubles", [{"moment": moment, "do": do, **members}]) == (204, None)

    def events(self) -> list[str]:
        return [line["event"] for _, line in history.lines(self.directory / JOURNAL)]

    def end(self) -> int:
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process.kill()
        return self.process.wait(SECONDS)


@contextmanager
def receiver(directory: Path) -> Iterator[Process]:
    process = Process(directory)
    try:
        yield process
    finally:
        process.end()


def test_a_key_is_charged_once_and_every_line_of_it_is_on_the_disk_before_the_answer(tmp_path: Path) -> None:
    with receiver(tmp_path) as provider:
        assert provider.ask("GET", "/charges/k-1")[0] == 404
        assert provider.charge() == (201, {"charge": "ch_1", **CHARGE})
        assert provider.charge() == (200, {"charge": "ch_1", **CHARGE})
        assert provider.ask("GET", "/charges/k-1") == (200, {"charge": "ch_1", **CHARGE})
        assert provider.charge("k-2") == (201, {"charge": "ch_2", **CHARGE})
        assert provider.events() == [
            "started", "asked", "received", "charged", "received", "repeated", "asked", "received", "charged",
        ]  # fmt: skip


def test_a_refused_key_is_never_charged_and_a_charged_key_is_never_refused(tmp_path: Path) -> None:
    with receiver(tmp_path) as provider:
        assert provider.ask("DELETE", "/charges/k-1") == (204, None)
        assert provider.ask("DELETE", "/charges/k-1") == (204, None)
        assert provider.charge()[0] == 410
        assert provider.charge("k-2")[0] == 201
        assert provider.ask("DELETE", "/charges/k-2")[0] == 409
        assert provider.events() == ["started", "refused", "received", "late", "received", "charged"]


def test_it_knows_after_its_sigkill_what_it_did_before(tmp_path: Path) -> None:
    with receiver(tmp_path) as provider:
        assert provider.charge()[0] == 201
        assert provider.ask("DELETE", "/charges/k-2")[0] == 204
        assert provider.end() == -signal.SIGKILL
    with (tmp_path / JOURNAL).open("a") as journal:
        journal.write('{"n": 5, "event": "charged", "key": "k-3"')  # it died in the middle of this line
    with receiver(tmp_path) as provider:
        assert provider.charge() == (200, {"charge": "ch_1", **CHARGE})
        assert provider.charge("k-2")[0] == 410
        assert provider.charge("k-3")[0] == 201
    numbers = [line["n"] for _, line in history.lines(tmp_path / JOURNAL)]
    assert numbers == list(range(1, len(numbers) + 1))
    requests = [line["request"] for _, line in history.lines(tmp_path / JOURNAL) if line["event"] == "received"]
    assert len(set(requests)) == len(requests)


@pytest.mark.parametrize(("moment", "charged"), [(RECEIVED, False), (CHARGED, True), (ANSWERED, True)])
def test_it_dies_at_the_moment_that_it_is_told(tmp_path: Path, moment: str, charged: bool) -> None:
    with receiver(tmp_path) as provider:
        provider.trouble(moment, "die")
        try:
            answered = provider.charge()[0] == 201
        except (OSError, http.client.HTTPException):
            answered = False
        assert answered == (moment == ANSWERED)
        assert provider.process.wait(SECONDS) == -signal.SIGKILL
    with receiver(tmp_path) as provider:
        assert provider.ask("GET", "/charges/k-1")[0] == (200 if charged else 404)


@pytest.mark.parametrize(("moment", "charged"), [(RECEIVED, False), (CHARGED, True)])
def test_a_cut_has_no_answer_and_an_error_is_a_500(tmp_path: Path, moment: str, charged: bool) -> None:
    with receiver(tmp_path) as provider:
        provider.trouble(moment, "cut")
        with pytest.raises(http.client.RemoteDisconnected):
            provider.charge("k-1")
        provider.trouble(moment, "error", key="k-2")
        assert provider.charge("k-3")[0] == 201  # the trouble is for another key
        assert provider.charge("k-2")[0] == 500
        assert provider.charge("k-2")[0] == (200 if charged else 201)  # it befalls once
        assert provider.charge("k-1")[0] == (200 if charged else 201)
        assert provider.ask("GET", "/state")[1]["bit"] == {f"{moment} cut": 1, f"{moment} error": 1}


def test_it_says_nothing_until_it_is_told_to_stop_that_or_until_the_client_is_gone(tmp_path: Path) -> None:
    with receiver(tmp_path) as provider:
        provider.trouble(CHARGED, "silent", times=2)
        clients = [http.client.HTTPConnection("127.0.0.1", provider.port, timeout=SECONDS) for _ in range(2)]
        for number, client in enumerate(clients):
            client.request("POST", "/charges", json.dumps(CHARGE), {"Idempotency-Key": f"k-{number}"})
        while provider.ask("GET", "/state")[1]["waiting"] < 2:
            pass
        clients[0].close()
        while provider.ask("GET", "/state")[1]["waiting"] > 1:
            pass
        assert provider.ask("DELETE", "/troubles") == (204, None)
        with pytest.raises(http.client.RemoteDisconnected):
            clients[1].getresponse()
        clients[1].close()
        assert provider.charge("k-0")[0] == provider.charge("k-1")[0] == 200


def test_it_is_slow_and_a_question_is_answered_all_the_same(tmp_path: Path) -> None:
    with receiver(tmp_path) as provider:
        provider.trouble(ASKED, "slow", seconds=0.05, times=2)
        assert provider.ask("GET", "/charges/k-1")[0] == 404
        assert provider.ask("DELETE", "/charges/k-1")[0] == 204
        assert provider.ask("GET", "/state")[1]["bit"] == {"asked slow": 2}


@pytest.mark.parametrize(
    ("troubles", "named"),
    [
        ({}, "the troubles are an array, not {}"),
        (["cut"], "a trouble is an object, not 'cut'"),
        ([{"moment": "later", "do": "cut"}], "moment is 'later'"),
        ([{"moment": RECEIVED}], "do is None"),
        ([{"moment": RECEIVED, "do": "cut", "often": 2}], "a trouble has no 'often'"),
        ([{"moment": RECEIVED, "do": "cut", "times": 0}], "times is 0"),
        ([{"moment": RECEIVED, "do": "slow", "seconds": -0.1}], "seconds is -0.1"),
        ([{"moment": RECEIVED, "do": "slow", "seconds": 600.1}], "seconds is 600.1"),
        ([{"moment": RECEIVED, "do": "slow", "key": 7}], "key is 7"),
        ([{"moment": ANSWERED, "do": ERROR}], "nothing can be answered any more"),
    ],
)
def test_a_trouble_that_makes_no_sense_is_refused_with_what_is_wrong(tmp_path: Path, troubles: Any, named: str) -> None:
    with receiver(tmp_path) as provider:
        status, answer = provider.ask("PUT", "/troubles", troubles)
        assert status == 400
        assert named in answer["error"]
        assert provider.ask("GET", "/state")[1]["troubles"] == []


def test_limits_of_a_trouble_are_taken(tmp_path: Path) -> None:
    provider = Provider(tmp_path)
    wanted = [
        {"moment": moment, "do": do, "times": 1, "seconds": seconds}
        for moment in MOMENTS
        for do in DEEDS
        for seconds in (0, 600)
        if (moment, do) != (ANSWERED, ERROR)
    ]
    provider.trouble(wanted)
    provider.journal.close()
    assert len(provider.state()["troubles"]) == len(wanted)


@pytest.mark.parametrize(
    ("method", "path", "body", "key"),
    [
        ("POST", "/charges", CHARGE, None),
        ("POST", "/elsewhere", CHARGE, "k"),
        ("POST", "/charges", {"token": "t"}, "k"),
        ("POST", "/charges", None, "k"),
        ("GET", "/charges/", None, None),
        ("GET", "/elsewhere", None, None),
        ("DELETE", "/elsewhere", None, None),
        ("PUT", "/elsewhere", [], None),
    ],
)
def test_a_request_that_makes_no_sense_is_refused_and_leaves_no_line(
    tmp_path: Path, method: str, path: str, body: Any, key: str | None
) -> None:
    with receiver(tmp_path) as provider:
        assert provider.ask(method, path, body, key)[0] == 400
        assert provider.events() == ["started"]


def test_a_directory_that_is_not_there_is_said() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "faultline.drill.receiver", "--directory", "/nowhere/at/all"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2
    assert "there is no directory /nowhere/at/all" in ended.stderr
