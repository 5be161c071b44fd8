"""What is shipped: the wheel, docker-compose.yml with the image, and the example of the settings."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import psycopg
import yaml

import faultline
from faultline import schema
from faultline.cli.api import api
from faultline.settings import RunnerOptions
from tools import sqitch

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.database import Database

ROOT = sqitch.ROOT
COMPOSE = ROOT / "docker-compose.yml"
# What is read outside the options of a runner.
OTHER_SETTINGS = {"FAULTLINE_DSN", "FAULTLINE_PG_BIN"}


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
    for service in services.values():
        for needed, condition in service.get("depends_on", {}).items():
            assert needed in services
            if condition["condition"] == "service_healthy":
                assert "healthcheck" in services[needed]
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert (ROOT / source).exists() if source.startswith(".") else source in volumes, volume
        if "build" in service:
            assert (ROOT / service["build"]["context"] / service["build"]["dockerfile"]).exists()
    (migration,) = services["migrate"]["command"]
    for script in re.findall(r"--file (\S+)", migration):
        assert (ROOT / script).exists()


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


def test_the_login_of_the_compose_file_may_do_what_a_runner_may(db: Database) -> None:
    psql = [str(db.server.bin / "psql"), "-Xq", "-v", "ON_ERROR_STOP=1", "-d", db.dsn]
    script = str(ROOT / "ops/compose/login.sql")
    try:
        for _ in range(2):
            subprocess.run([*psql, "-f", script], check=True, env={"RUNNER_PASSWORD": "it's a secret"})
        with psycopg.connect(db.server.dsn(db.name, "faultline_compose")) as connection:
            connection.execute("select faultline.enqueue('hello')")
            with connection.transaction(force_rollback=True):
                row = connection.execute("select has_table_privilege('faultline.jobs_live', 'select')").fetchone()
        assert row == (False,)
    finally:
        db.execute("drop role if exists faultline_compose")
