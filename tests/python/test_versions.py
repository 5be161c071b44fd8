"""One release, one number: of the package, of the schema it works with, and of the functions in the database."""

from __future__ import annotations

from importlib import metadata
from typing import TYPE_CHECKING

import pytest

from faultline.schema import SCHEMA_VERSION

if TYPE_CHECKING:
    from tests.support.database import Database

pytestmark = pytest.mark.every_version


def test_the_functions_are_of_the_release_that_the_runner_expects(db: Database) -> None:
    assert db.scalar("select faultline.schema_version()") == SCHEMA_VERSION


def test_the_package_is_of_that_release() -> None:
    assert metadata.version("faultline") == SCHEMA_VERSION
