"""Let Spin search a model of docs/models for a way to break its promises: `python -m tools.spin effect -DNO_FENCE`.

Spin writes a program in C that walks through every state the model can reach; tcc compiles it in a moment. Both are
Debian's, unpacked in .tools. Without a -D: 0 if everything holds. The shortest way to what breaks is printed, and 1.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tools.sqitch import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence

MODELS: Final = ROOT / "docs/models"
CYCLE: Final = "from here on, again and again:"
UNPACKED: Final = ROOT / ".tools/spin/usr"


class SpinError(Exception):
    """Spin, tcc or the search failed; the message is what was said."""


@dataclass(frozen=True)
class Found:
    """What a search has come to."""

    states: int
    broken: str | None = None
    """The assertion, as it stands in the model, or the name of the ltl formula."""
    way: str = ""
    """Step by step, from the beginning to what is broken: who, the line of the model, and what stands in it."""
    unreached: list[str] = field(default_factory=list)
    """Statements that no step has executed: FILE:LINE, TEXT. Only after a search that found nothing."""


def search(name: str, *defines: str, liveness: bool = False, nearest: bool = False) -> Found:
    """Search all states of docs/models/NAME.pml for an assertion that fails; what is found is the shortest way to one.

    liveness: for a way round, under weak fairness, on which its ltl formula never holds.
    nearest: there is an assertion that fails, so look near the beginning first; if not, that takes longer.
    """
    model = MODELS / f"{name}.pml"
    if not model.is_file():
        known = ", ".join(sorted(path.stem for path in MODELS.glob("*.pml")))
        raise SpinError(f"there is no model {name!r} in {MODELS}: there are {known}")
    with tempfile.TemporaryDirectory() as scratch:
        directory = Path(scratch)
        shutil.copy(model, directory)
        preprocessor = f"-P{' '.join(map(str, _tcc()))} -E -xc"
        spin: list[str | Path] = [UNPACKED / "bin/spin", preprocessor, *(f"-D{one}" for one in defines)]
        _run(directory, *spin, "-a", model.name)
        if liveness:
            said = _walk(directory, ["-DNFAIR=4"], ["-a", "-f"])
        else:
            said = "" if nearest else _walk(directory, ["-DSAFETY", "-DNOCLAIM"], ["-E"])
            if "errors: 0" not in said:
                said = _walk(directory, ["-DSAFETY", "-DNOCLAIM", "-DBFS"], ["-E"])
        states = int(float(_one(r"^ *(\S+) states, stored", said)))
        if "errors: 0" in said:
            if "Search not completed" in said or "max search depth too small" in said:
                raise SpinError(f"the search of {name} did not get to its end:\n{said}")
            return Found(states, unreached=_unreached(said))
        way = _run(directory, *spin, "-t", "-p", model.name)
        source = model.read_text()
        if "acceptance cycle" in said:
            return Found(states, _one(r"^ltl (\w+)", source), _told(way, source))
        line = int(_one(rf"^spin: {model.name}:(\d+), Error: assertion violated", way))
        return Found(states, source.splitlines()[line - 1].strip().rstrip(";"), _told(way, source))


def _walk(directory: Path, macros: Sequence[str], options: Sequence[str]) -> str:
    libraries, libc = _libraries()
    _run(
        directory,
        *_tcc(),
        *macros,
        "-nostdlib",
        *("-o", "pan", libraries / "crt1.o", libraries / "crti.o", "pan.c"),
        *(libc, libraries / "libc_nonshared.a", libraries / "tcc/libtcc1.a", libraries / "crtn.o"),
    )
    # 2^20 slots of the hash table to begin with, and a depth that no way gets to.
    return _run(directory, directory / "pan", "-w20", "-m200000", *options)


def _libraries() -> tuple[Path, Path]:
    """Where the unpacked ones are, and the C library of this system, which Python itself runs on."""
    found = list(UNPACKED.glob("lib/*/crt1.o"))
    if not found:
        raise SpinError(f"{UNPACKED} is not there: `make setup` unpacks it")
    libraries = found[0].parent
    return libraries, Path("/lib") / libraries.name / "libc.so.6"


def _tcc() -> list[str | Path]:
    libraries, _ = _libraries()
    include = UNPACKED / "include"
    own = libraries / "tcc"
    return [
        UNPACKED / "bin/tcc",
        "-nostdinc",
        f"-B{own}",
        *(f"-I{one}" for one in (own / "include", include / libraries.name, include)),
    ]


def _run(directory: Path, *command: str | Path) -> str:
    done = subprocess.run(command, cwd=directory, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SpinError(f"{Path(command[0]).name} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def _one(pattern: str, text: str) -> str:
    match = re.search(pattern, text, re.MULTILINE)
    if match is None:
        raise SpinError(f"Spin said nothing like {pattern}:\n{text}")
    return match[1]


def _told(way: str, source: str) -> str:
    """The steps of a trail: who, and what stands in that line of the model, where Spin has numbers for states."""
    lines = source.splitlines()
    steps: list[str] = []
    for said in way.splitlines():
        if "START OF CYCLE" in said:
            steps.append(CYCLE)
        elif step := re.match(r"^ *\d+:\tproc +(\d+) \((\w+):\d+\) \S+\.pml:(\d+) \(state \d+\)\t\[(.*)\]$", said):
            process, name, number, text = step.groups()
            line = f"{name} {process}".ljust(14) + f"{number:>4}  {lines[int(number) - 1].strip()}"
            if (
                not text.startswith(("assert", "(1)", "else"))
                and not set(lines[int(number) - 1]) <= set("\t fi;}")
                and line not in steps[-1:]
            ):
                steps.append(line)
    if steps and steps[-1] == CYCLE:
        steps[-1] = "and nothing happens any more"
    return "\n".join(steps)


def _unreached(said: str) -> list[str]:
    lines = re.findall(r'^\t(\S+\.pml:\d+), state \d+, "(.*)"$', said, re.MULTILINE)
    return [f"{place}, {text}" for place, text in lines if text != "-end-"]


def main(arguments: Sequence[str]) -> int:
    names = [one for one in arguments if not one.startswith("-")]
    defines = [one.removeprefix("-D") for one in arguments if one.startswith("-D")]
    if len(names) != 1 or len(names) + len(defines) != len(arguments):
        print("usage: python -m tools.spin MODEL [-DNAME]…", file=sys.stderr)
        return 2
    try:
        for liveness in (False, True):
            found = search(names[0], *defines, liveness=liveness)
            if found.broken is not None:
                print(f"{found.way}\nbroken: {found.broken}")
                return 1
            print(f"{'liveness' if liveness else 'safety'}: {found.states} states, all holds")
    except SpinError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
