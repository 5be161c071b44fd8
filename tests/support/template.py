"""The schema as Sqitch deploys it, and pgTAP: what every test's database is a clone of."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psycopg
from psycopg import sql

from tests.support import database
from tools import sqitch

if TYPE_CHECKING:
    from faultline.embedded import Server

TEMPLATE: Final = "faultline_template"
DEPLOYER: Final = "deployer"
UNPACKED = Path(__file__).parent.parent.parent / ".tools/postgresql-15"
PGTAP = UNPACKED / "usr/share/postgresql/15/extension/pgtap--1.2.0.sql"
CONFIG: Final = {
    "max_prepared_transactions": "16",
    "max_connections": "200",
    "autovacuum": "off",
}


def make_deployer(server: Server) -> None:
    """Who deploys is no superuser."""
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute(sql.SQL("create role {} login createrole").format(sql.Identifier(DEPLOYER)))


def make(server: Server) -> str:
    """The template, as the deployer makes it; returns its name."""
    database.create(server, TEMPLATE, owner=DEPLOYER)
    dsn = server.dsn(TEMPLATE, DEPLOYER)
    sqitch.run(dsn, "deploy", "--verify", client=server.bin / "psql")
    with psycopg.connect(dsn) as connection:
        connection.execute("select faultline.maintain()")
    _load_pgtap(server)
    return TEMPLATE


def _load_pgtap(server: Server) -> None:
    with psycopg.connect(server.dsn(TEMPLATE), autocommit=True) as connection:
        connection.execute("create schema tap")
        connection.execute("grant usage on schema tap to public")
    subprocess.run(
        [server.bin / "psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-f", PGTAP],
        check=True,
        env={
            **os.environ,
            **sqitch.libpq_environment(server.dsn(TEMPLATE)),
            "PGOPTIONS": "-c search_path=tap,public -c client_min_messages=warning",
        },
        stdout=subprocess.DEVNULL,
    )
