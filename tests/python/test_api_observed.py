"""What Prometheus gets of the API, with a token: what the list says, and what the dashboard asks for."""

from __future__ import annotations

from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from tests.support.api import as_operator, make_token, serving
from tests.support.metrics import exported, listed
from tests.support.prometheus import panels, prometheus
from tests.support.running import enqueue, until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.database import Database


@pytest.fixture
def db(emptied: Database) -> Database:
    return emptied


def test_what_the_api_exports_is_what_the_list_says(db: Database, tmp_path: Path) -> None:
    enqueue(db, "fine")
    with serving(tmp_path, as_operator(db.dsn)) as api:
        api.get("/jobs")
        text = api.call("GET", "/metrics").text
    schedules = ["schedules"] if find_spec("faultline.schedules") is not None else []
    assert exported(text) == listed("api", "both", "database", *schedules)


def test_prometheus_scrapes_it_with_a_token_and_the_dashboard_shows_it(db: Database, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text(make_token(db, "read", name="prometheus") + "\n")
    with (
        prometheus(tmp_path, credentials=token) as server,
        serving(tmp_path, as_operator(db.dsn), host="0.0.0.0") as api,  # noqa: S104 - as in a container
    ):
        server.scrape(api.port)
        assert api.call("GET", "/metrics").status == 401
        until(lambda: server.query('faultline_database_up{job="faultline-runner"} == 1'), "it is scraped")
        for title, query in panels():
            if "faultline_http_" in query:
                until(partial(server.query, query), f"{title}: {query}")
