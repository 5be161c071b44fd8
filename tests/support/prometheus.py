"""A real Prometheus, and what our rules and the dashboard ask of it."""

from __future__ import annotations

import json
import re
import subprocess
import urllib.parse
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import yaml

from tests.support.running import until
from tools import sqitch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BIN = sqitch.ROOT / ".tools/prometheus/usr/bin"
RULES = sqitch.ROOT / "ops/prometheus/rules.yml"
DASHBOARD = sqitch.ROOT / "ops/grafana/dashboard.json"
INTERVAL = "200ms"
THRESHOLD = re.compile(r"(_seconds\b[^><=]*> )(\d+)")


def rules() -> list[dict[str, Any]]:
    document = yaml.safe_load(RULES.read_text())
    return [rule for group in document["groups"] for rule in group["rules"]]


def alerts() -> dict[str, dict[str, Any]]:
    return {rule["alert"]: rule for rule in rules() if "alert" in rule}


def hastened(text: str) -> str:
    """The rules as the tests run them: evaluated five times a second, without `for`, seconds as milliseconds.

    That is all that is changed: what an alert is about, its other bounds and its windows stay as they are shipped.
    """
    document = yaml.safe_load(text)
    for group in document["groups"]:
        group["interval"] = INTERVAL
        for rule in group["rules"]:
            rule.pop("for", None)
            rule["expr"] = THRESHOLD.sub(lambda found: f"{found[1]}{int(found[2]) / 1000}", rule["expr"])
    return yaml.safe_dump(document)


def panels() -> list[tuple[str, str]]:
    """Each query of the dashboard, with the title of its panel; variables are filled in as for all queues."""
    document = json.loads(DASHBOARD.read_text())
    return [
        (panel["title"], target["expr"].replace("$queue", ".*").replace("$__rate_interval", "1m"))
        for panel in document["panels"]
        for target in panel.get("targets", [])
    ]


class Prometheus:
    """What is asked of a server on this port."""

    def __init__(self, port: int, directory: Path) -> None:
        self._url = f"http://127.0.0.1:{port}/api/v1"
        self._targets = directory / "targets.json"
        self.scrape()

    def scrape(self, *ports: int | None) -> None:
        """These ports of this machine, from now on."""
        new = self._targets.with_suffix(".new")
        new.write_text(json.dumps([{"targets": [f"127.0.0.1:{port}" for port in ports]}]))
        new.replace(self._targets)

    def get(self, path: str, **parameters: str) -> Any:
        url = f"{self._url}/{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - our own server
            return json.load(answer)["data"]

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The samples of an instant query; raises for one that is wrong."""
        found: list[dict[str, Any]] = self.get("query", query=expression)["result"]
        return found

    def firing(self) -> dict[str, list[dict[str, str]]]:
        """The labels of each alert that fires, by its name."""
        found: dict[str, list[dict[str, str]]] = {}
        for alert in self.get("alerts")["alerts"]:
            if alert["state"] == "firing":
                labels = dict(alert["labels"])
                found.setdefault(labels.pop("alertname"), []).append(labels)
        return found


@contextmanager
def prometheus(directory: Path, credentials: Path | None = None) -> Iterator[Prometheus]:
    """A server with our rules, hastened. `credentials`: a file with the token to show, as in ops/prometheus."""
    (directory / "rules.yml").write_text(hastened(RULES.read_text()))
    job: dict[str, Any] = {
        "job_name": "faultline-runner",
        "file_sd_configs": [{"files": ["targets.json"], "refresh_interval": "1s"}],
    }
    if credentials is not None:
        job["authorization"] = {"credentials_file": str(credentials)}
    config = {
        "global": {"scrape_interval": INTERVAL, "scrape_timeout": INTERVAL, "evaluation_interval": INTERVAL},
        "rule_files": ["rules.yml"],
        "scrape_configs": [job],
    }
    (directory / "prometheus.yml").write_text(yaml.safe_dump(config))
    log = directory / "prometheus.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [
                BIN / "prometheus",
                "--config.file=prometheus.yml",
                "--storage.tsdb.path=data",
                "--web.listen-address=127.0.0.1:0",
                "--log.format=json",
            ],
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
        )
    try:
        yield Prometheus(until(lambda: _port(process, log), "Prometheus listens"), directory)
    finally:
        process.kill()
        process.wait()


def _port(process: subprocess.Popen[bytes], log: Path) -> int | None:
    """Where it listens, once it says that it is ready."""
    assert process.poll() is None, log.read_text()
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.endswith("}")]
    said = {line["msg"]: line for line in lines if "msg" in line}
    if not any(message.startswith("Server is ready") for message in said):
        return None
    return int(said["Listening on"]["address"].rpartition(":")[2])
