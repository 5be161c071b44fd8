"""Long lists of cases, each of which a whole `make test` tries on one of its versions of PostgreSQL only.

So is each test that is marked with `share`, as those of tests/python are: what they are about is not the database.
FAULTLINE_SHARE=0/2 is the first of two shares. Without it, as in `make proofs` or for a part of the tests, it is all.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

Case = TypeVar("Case")


def share(cases: Sequence[Case], which: str | None = None) -> list[Case]:
    number, of = map(int, (which or os.environ.get("FAULTLINE_SHARE") or "0/1").split("/"))
    return list(cases[number::of])
