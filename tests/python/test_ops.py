"""The rules and the dashboard of ops/: what they name is exported, what they link to exists, and promtool agrees."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.support.metrics import listed, series
from tests.support.prometheus import BIN, DASHBOARD, RULES, THRESHOLD, alerts, hastened, panels, rules
from tools import sqitch

if TYPE_CHECKING:
    from pathlib import Path

ROOT = sqitch.ROOT
UNIT_TESTS = ROOT / "ops/prometheus/rules_test.yml"
OPERATIONS = ROOT / "docs/operations.md"
# What Prometheus adds to each series by itself.
ADDED = {"instance", "job"}
SELECTOR = re.compile(r"\b(faultline[a-z0-9_:]*|up\b)\s*(?:\{([^}]*)\})?")
MATCHER = re.compile(r"([a-zA-Z_]\w*)\s*(?:=~|!~|!=|=)")
GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left)\s*\(([^)]*)\)")


def expressions() -> list[tuple[str, str]]:
    named = [(rule.get("alert") or rule["record"], rule["expr"]) for rule in rules()]
    return [*named, *panels()]


def recorded() -> set[str]:
    return {rule["record"] for rule in rules() if "record" in rule}


def labels_of_recorded(name: str) -> frozenset[str]:
    (expression,) = [rule["expr"] for rule in rules() if rule.get("record") == name]
    return frozenset(label for labels in groupings(expression) for label in labels) - {"le"}


def groupings(expression: str) -> list[list[str]]:
    return [[label.strip() for label in labels.split(",") if label.strip()] for labels in GROUPING.findall(expression)]


def complaints(expression: str) -> list[str]:
    """What the expression names that nobody exports."""
    known = series(listed()) | {name: labels_of_recorded(name) for name in recorded()} | {"up": frozenset()}
    found: list[str] = []
    selectors = SELECTOR.findall(expression)
    for name, matchers in selectors:
        if name not in known:
            found.append(f"{name} is not exported")
        else:
            found += [
                f"{name} has no label {label}"
                for label in MATCHER.findall(matchers)
                if label not in known[name] | ADDED
            ]
    there = set().union(*(known.get(name, frozenset()) for name, _ in selectors)) | ADDED
    found += [
        f"nothing has the label {label}" for labels in groupings(expression) for label in labels if label not in there
    ]
    return found


@pytest.mark.parametrize(("where", "expression"), expressions())
def test_every_expression_names_what_is_exported(where: str, expression: str) -> None:
    assert SELECTOR.search(expression), where
    assert complaints(expression) == [], where


@pytest.mark.parametrize(
    ("expression", "complaint"),
    [
        ("faultline_job_total", "faultline_job_total is not exported"),
        ("faultline_job_run_seconds", "faultline_job_run_seconds is not exported"),
        ('faultline_jobs_total{state="x"}', "faultline_jobs_total has no label state"),
        ("sum by (worker) (faultline_jobs_total)", "nothing has the label worker"),
        ("faultline:nothing:max", "faultline:nothing:max is not exported"),
    ],
)
def test_a_wrong_name_would_be_found(expression: str, complaint: str) -> None:
    assert complaints(expression) == [complaint]


def test_what_the_database_says_is_never_added_up_over_those_who_export_it() -> None:
    database = set(listed("database", "schedules"))
    for where, expression in expressions():
        for name in database & {found for found, _ in SELECTOR.findall(expression)}:
            assert re.search(rf"\b(max|increase)(\s*by \([^)]*\))? ?\((increase\()?{name}\b", expression), where


def test_promtool_takes_the_rules_and_their_tests_pass() -> None:
    promtool("check", "rules", RULES)
    promtool("test", "rules", UNIT_TESTS)
    promtool("check", "config", "--syntax-only", RULES.parent / "prometheus.yml")


def test_promtool_takes_every_query_of_the_dashboard(tmp_path: Path) -> None:
    queries = [{"record": f"panel:{number}", "expr": query} for number, (_, query) in enumerate(panels())]
    assert len(queries) > 40
    path = tmp_path / "panels.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": queries}]}))
    promtool("check", "rules", path)


def promtool(*arguments: str | Path) -> None:
    result = subprocess.run([BIN / "promtool", *arguments], check=False, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_alert_has_a_unit_test_in_which_it_fires_and_one_in_which_it_is_quiet() -> None:
    document = yaml.safe_load(UNIT_TESTS.read_text())
    cases = [case for test in document["tests"] for case in test.get("alert_rule_test", [])]
    assert {case["alertname"] for case in cases if case["exp_alerts"]} == set(alerts())
    assert {case["alertname"] for case in cases if not case["exp_alerts"]} == set(alerts())
    asked = {case["expr"] for test in document["tests"] for case in test.get("promql_expr_test", [])}
    assert all(any(name in expression for expression in asked) for name in recorded())


@pytest.mark.parametrize("name", alerts())
def test_every_alert_says_how_bad_it_is_and_what_to_do(name: str) -> None:
    alert = alerts()[name]
    assert alert["labels"]["severity"] in {"critical", "warning"}
    assert {"summary", "description", "runbook_url"} == set(alert["annotations"])
    page, _, anchor = alert["annotations"]["runbook_url"].partition("#")
    assert page.endswith("/docs/operations.md")
    assert anchor == name.lower()
    section = OPERATIONS.read_text().partition(f"\n### {name}\n")[2].partition("\n#")[0]
    assert len(section.split()) >= 30, "there is a section that says what to do"


def test_every_section_of_an_alert_has_its_alert() -> None:
    assert set(re.findall(r"^### (Faultline\w+)$", OPERATIONS.read_text(), re.MULTILINE)) == set(alerts())


def test_the_dashboard_is_one_and_every_panel_has_a_place_of_its_own() -> None:
    document: dict[str, Any] = json.loads(DASHBOARD.read_text())
    drawn = document["panels"]
    assert len({panel["id"] for panel in drawn}) == len(drawn)
    taken: set[tuple[int, int]] = set()
    for panel in drawn:
        place = panel["gridPos"]
        cells = {(place["x"] + i, place["y"] + j) for i in range(place["w"]) for j in range(place["h"])}
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells
    variables = {variable["name"] for variable in document["templating"]["list"]}
    used = set(re.findall(r"\$\{?([a-z]\w*)", DASHBOARD.read_text())) - {"__rate_interval"}
    assert used <= variables


def test_for_the_tests_only_time_goes_faster() -> None:
    shipped, fast = yaml.safe_load(RULES.read_text()), yaml.safe_load(hastened(RULES.read_text()))
    for group, faster in zip(shipped["groups"], fast["groups"], strict=True):
        for rule, other in zip(group["rules"], faster["rules"], strict=True):
            assert set(rule) - set(other) <= {"for"}
            assert {key for key in other if rule[key] != other[key]} <= {"expr"}
            assert THRESHOLD.sub(r"\1N", rule["expr"]) == re.sub(r"(_seconds\b[^><=]*> )[\d.]+", r"\1N", other["expr"])
