"""What is shipped: the wheel, docker-compose.yml with the image, and the example of the settings."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from dataclasses import fields
from typing import TYPE_CHECKING, Any, LiteralString

import click
import psycopg
import pytest
import yaml

import faultline
from faultline import schema
from faultline.cli.api import api
from faultline.cli.main import cli
from faultline.settings import RunnerOptions
from tools import sqitch

if TYPE_CHECKING:
    from pathlib import Path

    from faultline.embedded import Server
    from tests.support.database import Database

ROOT = sqitch.ROOT
COMPOSE = ROOT / "docker-compose.yml"
# What is read outside the options of a runner.
OTHER_SETTINGS = {"FAULTLINE_DSN", "FAULTLINE_PG_BIN", "FAULTLINE_REDACT"}


def compose() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())
    return document


def settings_of_the_example() -> set[str]:
    return set(re.findall(r"^#?([A-Z][A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))


def test_the_wheel_carries_the_snapshot_and_its_types(tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(ROOT / "runner", source / "runner", ignore=shutil.ignore_patterns("*.egg-info", "__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*command, "--wheel-dir", str(tmp_path), str(source)], check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        assert archive.read("faultline/schema.sql").decode() == schema.snapshot()
    modules = {str(path.relative_to(ROOT / "runner")) for path in (ROOT / "runner/faultline").rglob("*.py")}
    assert (
        modules | {"faultline/py.typed", "faultline/workflow/schema.json", "faultline/schedules/schema.json"} <= names
    )


def test_one_version_everywhere(db: Database) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == faultline.__version__ == schema.SCHEMA_VERSION
    assert db.scalar("select faultline.schema_version()") == schema.SCHEMA_VERSION


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"].values()
    requirements = [*project["dependencies"], *(requirement for extra in extras for requirement in extra)]
    reasons = (ROOT / "docs/dependencies.md").read_text()
    names = {re.split(r"[\[<>=]", requirement)[0] for requirement in requirements}
    assert {name for name in names if name not in reasons} == set()


def test_the_compose_file_keeps_to_the_specification() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(COMPOSE)]
    result = subprocess.run(command, check=False, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout


def test_whatever_the_compose_file_refers_to_is_there() -> None:
    document = compose()
    services, volumes = document["services"], document["volumes"]
    for name, service in services.items():
        for needed, condition in service.get("depends_on", {}).items():
            assert needed in services
            if condition["condition"] == "service_healthy":
                assert "healthcheck" in services[needed]
            if condition["condition"] == "service_completed_successfully":
                assert services[needed]["restart"] == "no"
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert (ROOT / source).exists() if source.startswith(".") else source in volumes, volume
        assert ("build" in service) or re.search(r":v?\d", service["image"]), f"{name} is built, or has a version"
    (migration,) = services["migrate"]["command"]
    for script in [*re.findall(r"--file (\S+)", migration), *services["pgtap"]["command"]]:
        assert (ROOT / script).exists()


def test_the_documents_name_the_image_of_sqitch_that_the_compose_file_has() -> None:
    image = compose()["services"]["migrate"]["image"]
    for name in ("README.md", "docs/installing.md"):
        assert re.findall(r"\bsqitch/sqitch\S*", (ROOT / name).read_text()) == [image], name


def test_what_is_built_is_a_stage_of_the_dockerfile() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    stages = set(re.findall(r"^FROM \S+ AS (\w+)$", dockerfile, re.MULTILINE))
    for service in compose()["services"].values():
        if build := service.get("build"):
            assert build["context"] == "."
            assert build["dockerfile"] == "Dockerfile"
            assert build.get("target") is None or build["target"] in stages
    assert set(re.findall(r"from=(\w+)", dockerfile)) <= stages


def test_no_container_of_ours_is_run_by_root() -> None:
    stages = re.split(r"^FROM ", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)[1:]
    for stage in stages:
        if not stage.partition("\n")[0].endswith(" AS build"):
            assert re.findall(r"^USER (\S+)$", stage, re.MULTILINE)[-1:] in (["faultline"], ["postgres"])


def test_the_image_has_the_extras_that_its_commands_need() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = re.findall(r"(?:\.|faultline)\[(\w+)\]", (ROOT / "Dockerfile").read_text())
    assert set(named) == {"api"}
    assert set(named) <= set(project["optional-dependencies"])


def test_nobody_but_this_machine_reaches_the_ports() -> None:
    for service in compose()["services"].values():
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), port


def test_every_port_that_is_published_or_asked_is_one_that_somebody_listens_on() -> None:
    services = compose()["services"]
    inside = {
        "postgres": 5432,
        "runner": int(services["runner"]["command"][services["runner"]["command"].index("--metrics-port") + 1]),
        "api": int(services["api"]["command"][services["api"]["command"].index("--port") + 1]),
        "prometheus": 9090,
        "grafana": 3000,
    }
    for name, service in services.items():
        for port in service.get("ports", []):
            assert int(port.rpartition(":")[2]) == inside[name]
        if "healthcheck" in service:
            for port in re.findall(r"127\.0\.0\.1:(\d+)/", str(service["healthcheck"]["test"])):
                assert int(port) == inside[name]
        assert service.get("environment", {}).get("PGHOST", "postgres") in services
    prometheus = yaml.safe_load((ROOT / "ops/prometheus/prometheus.yml").read_text())
    for scrape in prometheus["scrape_configs"]:
        for group in scrape.get("dns_sd_configs", []):
            assert [inside[name] for name in group["names"]] == [group["port"]]
        for group in scrape.get("static_configs", []):
            for target in group["targets"]:
                host, _, port = target.partition(":")
                assert inside[host] == int(port)


def test_prometheus_and_grafana_find_what_is_mounted_for_them() -> None:
    services = compose()["services"]
    mounted = {
        name: {target: source for source, target in (volume.split(":")[:2] for volume in services[name]["volumes"])}
        for name in ("prometheus", "grafana", "token")
    }
    rules = ROOT / mounted["prometheus"]["/etc/prometheus"]
    prometheus = yaml.safe_load((rules / "prometheus.yml").read_text())
    assert all((rules / name).exists() for name in prometheus["rule_files"])
    (token,) = [
        scrape["authorization"]["credentials_file"]
        for scrape in prometheus["scrape_configs"]
        if "authorization" in scrape
    ]
    directory = token.rpartition("/")[0]
    assert mounted["token"][directory] == mounted["prometheus"][directory] == "token"
    (script,) = services["token"]["command"]
    assert f"> {directory}/new" in script
    assert f"mv {directory}/new {token}" in script
    provisioning = ROOT / mounted["grafana"]["/etc/grafana/provisioning"]
    (provider,) = yaml.safe_load((provisioning / "dashboards/faultline.yml").read_text())["providers"]
    boards = [target for target in mounted["grafana"] if target.startswith(provider["options"]["path"] + "/")]
    assert boards == [services["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]]
    (source,) = yaml.safe_load((provisioning / "datasources/prometheus.yml").read_text())["datasources"]
    assert source["url"] == "http://prometheus:9090"


def test_the_runner_of_the_compose_file_has_a_module_and_options_that_exist() -> None:
    service = compose()["services"]["runner"]
    application = service["command"][1]
    module, _, name = application.partition(":")
    handlers = (ROOT / "examples" / f"{module}.py").read_text()
    assert re.search(rf"^{name} = App\(", handlers, re.MULTILINE)
    options = {option.name for option in fields(RunnerOptions)}
    flags = {argument[2:].replace("-", "_") for argument in service["command"] if argument.startswith("--")}
    variables = {name.removeprefix("FAULTLINE_").lower() for name in service["environment"] if "FAULTLINE" in name}
    assert flags | variables <= options
    assert service["deploy"]["replicas"] == 2
    assert "ports" not in service, "two of them can't have one port of this machine"


def test_the_commands_of_the_compose_file_are_ours() -> None:
    services = compose()["services"]
    (script,) = services["token"]["command"]
    said = [services["api"]["command"], re.findall(r"faultline (token .+) >", script)[0].split()]
    for arguments in said:
        command = cli.commands[arguments[0]]
        last = command.commands[arguments[1]] if isinstance(command, click.Group) else command
        names = {word for word in arguments if word.startswith("--")}
        assert names <= {name for parameter in last.params for name in parameter.opts}


def test_every_variable_of_the_compose_file_stands_in_the_example() -> None:
    used = set(re.findall(r"(?<!\$)\$\{([A-Z_]+)", COMPOSE.read_text()))
    assert used
    assert used <= settings_of_the_example()


def test_the_example_names_settings_that_exist_and_none_is_missing() -> None:
    ours = {name for name in settings_of_the_example() if name.startswith("FAULTLINE_")}
    options = {f"FAULTLINE_{option.name.upper()}" for option in fields(RunnerOptions)} | OTHER_SETTINGS
    options |= {str(option.envvar) for option in api.params if option.name != "dsn"}
    one_offs = {"FAULTLINE_UNTIL_EMPTY", "FAULTLINE_RELOAD", "FAULTLINE_PROCESS"}  # nobody keeps these in a file
    assert ours == options - one_offs


def test_the_image_copies_what_the_ignore_file_lets_through() -> None:
    copied = re.findall(r"^COPY (?!--)(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    names = {name for line in copied for name in line.split()}
    allowed = set(re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE))
    assert names == allowed
    assert all((ROOT / name).exists() for name in names)


def test_the_logins_of_the_compose_file_may_do_what_they_have_to_and_no_more(db: Database) -> None:
    psql = [str(db.server.bin / "psql"), "-Xq", "-v", "ON_ERROR_STOP=1", "-d", db.dsn]
    script = str(ROOT / "ops/compose/login.sql")
    secrets = {"RUNNER_PASSWORD": "it's a secret", "API_PASSWORD": 'so "is" $this'}
    may: dict[str, tuple[LiteralString, LiteralString]] = {
        "faultline_compose_runner": ("select faultline.reap_expired()", "select faultline.pause_queue('default')"),
        "faultline_compose_api": ("select faultline.pause_queue('default')", "select faultline.claim_job('q', null)"),
    }
    try:
        for _ in range(2):
            subprocess.run([*psql, "-f", script], check=True, env=secrets)
        assert db.scalar("select pg_has_role('faultline_owner', 'pg_read_all_stats', 'usage')")
        for login, (allowed, forbidden) in may.items():
            with psycopg.connect(db.server.dsn(db.name, login), autocommit=True) as connection:
                connection.execute("select faultline.enqueue('hello')")
                connection.execute(allowed)
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(forbidden)
                row = connection.execute("select has_table_privilege('faultline.jobs_live', 'select')").fetchone()
            assert row == (False,)
    finally:
        db.execute("drop role if exists faultline_compose_runner, faultline_compose_api")
        db.execute("revoke pg_read_all_stats from faultline_owner")


def test_the_tests_in_sql_run_without_pytest_as_they_do_in_a_container(server: Server, tmp_path: Path) -> None:
    (pgtap,) = (ROOT / ".tools/postgresql-15/usr/share/postgresql/15/extension").glob("pgtap--1.2.0.sql")
    wrong = tmp_path / "wrong.sql"
    wrong.write_text("select * from no_plan();\nselect is(1, 2, 'one is two');\nselect * from finish();\n")
    without = tmp_path / "without.sql"
    without.write_text("select 1;\n")
    failing = tmp_path / "failing.sql"
    failing.write_text("select * from no_plan();\nselect nothing();\n")
    environment = {**os.environ, **sqitch.libpq_environment(server.dsn()), "PGTAP": str(pgtap)}
    environment["PATH"] = f"{server.bin}{os.pathsep}{environment['PATH']}"

    def run(*files: Path) -> subprocess.CompletedProcess[str]:
        command = ["bash", str(ROOT / "ops/compose/pgtap.sh"), *map(str, files)]
        return subprocess.run(command, env=environment, check=False, capture_output=True, text=True)

    good = run(ROOT / "tests/sql/enqueue/signature.sql", ROOT / "tests/sql/why/signature.sql")
    assert (good.returncode, good.stdout) == (0, "2 files, 0 failed\n"), good.stderr
    bad = run(wrong, without, failing)
    assert bad.returncode == 1
    assert "3 files, 3 failed" in bad.stdout
    assert "not ok 1 - one is two" in bad.stdout
    with psycopg.connect(server.dsn()) as connection:
        left = connection.execute("select count(*) from pg_database where datname like 'faultline_pgtap%'").fetchone()
    assert left == (0,)
