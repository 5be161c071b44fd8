"""A database of a test's own: a clone of the template, gone after the test."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Sequence

    from faultline.embedded import Server


class Database:
    """What a test sees of its database. Connections made with `connect` are closed after the test."""

    def __init__(self, server: Server, name: str) -> None:
        self.server = server
        self.name = name
        self.dsn = server.dsn(name)
        self._connections: list[psycopg.Connection[Any]] = []
        self._own: psycopg.Connection[Any] | None = None

    def connect(self, role: str | None = None, **options: Any) -> psycopg.Connection[Any]:
        """A new connection, in autocommit unless told otherwise, acting as `role`."""
        connection: psycopg.Connection[Any] = psycopg.connect(self.dsn, **{"autocommit": True, **options})
        self._connections.append(connection)
        if role is not None:
            connection.execute(sql.SQL("set role {}").format(sql.Identifier(role)))
            if not connection.autocommit:
                connection.commit()
        return connection

    def execute(self, query: str, *arguments: object) -> psycopg.Cursor[Any]:
        """Run one statement as superuser, committed at once."""
        if self._own is None or self._own.closed:
            self._own = self.connect()
        return self._own.execute(query.encode(), arguments or None)

    def rows(self, query: str, *arguments: object) -> Sequence[tuple[Any, ...]]:
        return self.execute(query, *arguments).fetchall()

    def scalar(self, query: str, *arguments: object) -> Any:
        """The one value of the one row."""
        row = self.execute(query, *arguments).fetchone()
        assert row is not None, f"no row from: {query}"
        return row[0]

    def close(self) -> None:
        for connection in self._connections:
            with suppress(psycopg.Error):
                connection.close()
        self._connections.clear()


BEHIND = """
select to_regclass('faultline.jobs_done_' || to_char((now() at time zone 'UTC')::date + 14, 'YYYYMMDD')) is null"""
_as_of: dict[str, date] = {}
# A day's partition that is there although the day is over, is not what an installation of today has.
OVER = """
do $$
declare
  day regclass;
begin
  for day in
    select c.oid
    from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent in ('faultline.jobs_done'::regclass, 'faultline.job_events'::regclass)
      and c.relname ~ '_[0-9]{8}$' and right(c.relname, 8) < to_char(now() at time zone 'UTC', 'YYYYMMDD')
  loop
    execute format('drop table %s', day);
  end loop;
end
$$"""


def create(server: Server, name: str, *, template: str | None = None, owner: str | None = None) -> None:
    if template is not None:
        _renew(server, template)
    statement = sql.SQL("create database {}").format(sql.Identifier(name))
    if template is not None:
        statement += sql.SQL(" template {}").format(sql.Identifier(template))
    if owner is not None:
        statement += sql.SQL(" owner {}").format(sql.Identifier(owner))
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute(statement)


def _renew(server: Server, template: str) -> None:
    """As if it had been installed today: the tests may go on beyond midnight."""
    today = datetime.now(UTC).date()
    if _as_of.get(template) != today:
        with psycopg.connect(server.dsn(template), autocommit=True) as connection:
            if connection.execute(BEHIND).fetchone() == (True,):
                connection.execute(OVER)
                connection.execute("select faultline.maintain()")
        _as_of[template] = today


def drop(server: Server, name: str) -> None:
    """Also with sessions in it, and with transactions that somebody prepared and left."""
    with psycopg.connect(server.dsn(name), autocommit=True) as connection:
        for (gid,) in connection.execute("select gid from pg_prepared_xacts where database = current_database()"):
            connection.execute(sql.SQL("rollback prepared {}").format(gid))
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))
