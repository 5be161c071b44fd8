"""What the Makefile calls: setup.sh waits for the locks of apt, sqitch.py says what it needs, the list is legible."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.support.project import ROOT
from tools import sqitch

if TYPE_CHECKING:
    from pathlib import Path

LOCKED = "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 7 (apt-get)"
# Update fails at first, and says what the test wants; download finds what was downloaded for this checkout.
APT_GET = """#!/bin/sh
case "$*" in
*update*) [ -e "$STATE/tried" ] || { touch "$STATE/tried"; echo "$COMPLAINT" >&2; exit 100; } ;;
*download*) for word; do cp "$TOOLS"/*/debs/"$word"_*.deb . 2>/dev/null || true; done ;;
esac
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools/setup.sh", tmp_path / "tools")
    (tmp_path / "bin").mkdir()
    for name, text in (("apt-get", APT_GET), ("id", "#!/bin/sh\necho 0\n")):
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    return tmp_path


def setup(checkout: Path, complaint: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["tools/setup.sh", "tools"],
        cwd=checkout,
        env={
            **os.environ,
            "PATH": f"{checkout / 'bin'}:{os.environ['PATH']}",
            "STATE": str(checkout),
            "TOOLS": str(ROOT / ".tools"),
            "COMPLAINT": complaint,
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_lock_that_somebody_holds_is_waited_for(checkout: Path) -> None:
    done = setup(checkout, LOCKED)
    assert done.returncode == 0, done.stderr
    assert (checkout / ".tools/postgresql-15/usr/lib/postgresql/15/bin/postgres").exists()


def test_anything_else_is_said_at_once(checkout: Path) -> None:
    done = setup(checkout, "E: Failed to fetch http://mirror.example: no such host")
    assert done.returncode == 1
    assert "no such host" in done.stderr


def test_a_spin_that_is_too_old_for_the_models_is_unpacked_anew(checkout: Path) -> None:
    tools = checkout / ".tools"
    (tools / "spin/usr/bin").mkdir(parents=True)
    (tools / "spin/usr/bin/tcc").symlink_to(ROOT / ".tools/spin/usr/bin/tcc")
    for unpacked in ("postgresql-15", "pgbouncer", "faketime", "prometheus"):
        (tools / unpacked).symlink_to(ROOT / ".tools" / unpacked)
    spin = tools / "spin/usr/bin/spin"
    for version, stays in (("6.10.0", True), ("6.4.8", True), ("6.4.7", False)):
        other = f"#!/bin/sh\necho 'Spin Version {version} -- 1 January 2026'\n"
        spin.write_text(other)
        spin.chmod(0o755)
        (tools / ".stamp").unlink(missing_ok=True)
        done = setup(checkout, LOCKED)
        assert done.returncode == 0, done.stderr
        assert (spin.read_bytes() == other.encode()) == stays, version


def test_migrate_asks_which_database_where_none_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("FAULTLINE_DSN", *sqitch.VARIABLES.values()):
        monkeypatch.delenv(name, raising=False)
    failed = subprocess.CompletedProcess[bytes]([], 2)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: failed)
    assert sqitch.main(["deploy"]) == 2
    assert "FAULTLINE_DSN" in capsys.readouterr().err
    monkeypatch.setenv("PGHOST", "db.example.com")
    assert sqitch.main(["deploy"]) == 2
    assert capsys.readouterr().err == ""


def test_the_list_of_make_fits_into_80_columns() -> None:
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "make test" in listed
    assert [line for line in listed.splitlines() if len(line) > 80] == []
