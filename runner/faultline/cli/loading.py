"""Finds the App that `module:app` names, or says what keeps it from being found."""

from __future__ import annotations

import importlib
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from faultline import App
from faultline.cli.failures import WrongUsage

if TYPE_CHECKING:
    from types import ModuleType


def load_app(target: str) -> App:
    module_name, _, attribute = target.partition(":")
    if module_name.endswith(".py") or "/" in module_name:
        raise WrongUsage(f"{target!r} names a file: name the module, such as {_as_module(module_name)}:app")
    if not module_name or not all(part.isidentifier() for part in module_name.split(".")):
        raise WrongUsage(f"{target!r} is not of the form module:app, such as jobs:app")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    return _pick(_import(module_name), attribute or "app")


def _as_module(path: str) -> str:
    return path.removesuffix(".py").removeprefix("./").strip("/").replace("/", ".")


def _import(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            raise WrongUsage(f"there is no module {error.name!r} in {Path.cwd()} or on Python's path") from error
        raise WrongUsage(f"{name} imports {error.name!r}, which is not installed{_where(error)}") from error
    except (Exception, SystemExit) as error:
        raise WrongUsage(f"importing {name} failed: {type(error).__name__}: {error}{_where(error)}") from error


def _where(error: BaseException) -> str:
    """The user's own line that failed: the innermost one outside of the import system and of this module."""
    if isinstance(error, SyntaxError):
        return ""  # it says so itself
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith("<frozen") and frame.filename not in {__file__, importlib.__file__}
    ]
    return f" ({frames[-1].filename}, line {frames[-1].lineno})" if frames else ""


def _pick(module: ModuleType, attribute: str) -> App:
    found: object = module
    for part in attribute.split("."):
        found = getattr(found, part, None)
    if isinstance(found, App):
        if not found.handlers:
            raise WrongUsage(f"{module.__name__}:{attribute} has no handler: write one under @app.handler('type')")
        return found
    apps = [name for name, value in vars(module).items() if isinstance(value, App)]
    fix = f"did you mean {module.__name__}:{apps[0]}?" if apps else "write app = faultline.App() in it"
    what = "is missing" if found is None else f"is of type {type(found).__name__}, not a faultline.App"
    raise WrongUsage(f"{module.__name__}:{attribute} {what}: {fix}")
