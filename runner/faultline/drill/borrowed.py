"""A database that is lent to a drill, on a server that is not its own: empty before, and empty again afterwards."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Final

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

if TYPE_CHECKING:
    from collections.abc import Iterable

    from faultline.drill.faults.fault import Fault

PLAIN: Final = {"sslmode": "disable", "gssencmode": "disable"}
SCHEMAS: Final = ("faultline", "sqitch")
FOUND: Final = """
select rolsuper, current_database(), pg_is_in_recovery(), current_setting('max_connections')::int,
  current_setting('server_version'),
  array(
    select distinct format('%I.%I', n.nspname, c.relname)
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname !~ '^(pg_|information_schema$)'
      and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
    order by 1
    limit 3)
from pg_roles
where rolname = current_user
"""
OURS: Final = "select rolname from pg_roles where rolname ~ '^faultline_(owner|producer|runner|operator|observer)$'"
SHARED: Final = """
select exists (
  select
  from pg_shdepend d
  join pg_roles r on r.oid = d.refobjid and d.refclassid = 'pg_authid'::regclass
  where r.rolname = any (%s) and d.classid <> 'pg_auth_members'::regclass)
"""


class NotLent(Exception):  # noqa: N818 - it says what is wrong with what was lent
    """This is no database for a drill; the message says why, and what to do."""


class Borrowed:
    """Takes the place of a server: `start` finds the database empty, `close` leaves it so.

    The server goes on whatever happens: what takes one of the drill's own can't be played here (`lacks`).
    """

    def __init__(self, dsn: str, roles: Iterable[str]) -> None:
        """Raises NotLent. dsn: of a superuser, past any pooler; what it leaves open, libpq's variables say now."""
        self._roles = list(roles)
        try:
            with psycopg.connect(dsn, autocommit=True) as connection:
                info = connection.info
                where = {"host": info.host, "user": info.user, "dbname": info.dbname, "password": info.password}
                self._dsn = make_conninfo(dsn, port=info.port, **PLAIN, **where)
        except psycopg.Error as error:
            raise NotLent(f"the database does not answer: {str(error).strip()}") from error
        try:
            with psycopg.connect(self._dsn, autocommit=True) as connection:
                row = connection.execute(FOUND).fetchone()
                self._ours = {name for (name,) in connection.execute(OURS).fetchall()}
        except psycopg.Error as error:
            said = str(error).strip()
            raise NotLent(f"a drill's connections go through a proxy, which speaks no TLS: {said}") from error
        superuser, name, replica, self._most, self.version_text, found = row or (False, "", True, 0, "", [])
        if not superuser:
            raise NotLent(
                f"a drill has to be a superuser in {name}, and {where['user']} is none: it ends others' sessions"
            )
        if replica:
            raise NotLent(f"{name} is on a standby: lend a database of the primary")
        if found:
            raise NotLent(
                f"the database {name} is not empty, it has {', '.join(found)}: lend one that nobody would miss, "
                "made by createdb"
            )

    def lacks(self, fault: type[Fault]) -> str | None:
        """Why this fault can't be injected here; None if it can."""
        if fault.own_server:
            return "it takes a server of the drill's own"
        if fault.connections > self._most:
            return f"it takes max_connections of {fault.connections}, here it is {self._most}"
        return None

    def start(self) -> None:
        """It runs."""

    def dsn(self, dbname: str = "", user: str | None = None) -> str:  # noqa: ARG002 - there is only one
        return self._dsn if user is None else make_conninfo(self._dsn, options=f"-c role={user}")

    def close(self) -> None:
        """Everything that the drill has made is gone, roles too, unless another database uses them."""
        with contextlib.suppress(psycopg.Error), psycopg.connect(self._dsn, autocommit=True) as connection:
            for schema in SCHEMAS:
                connection.execute(sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(schema)))
            for role in self._roles:
                self._drop(connection, role)
            made = [name for (name,) in connection.execute(OURS).fetchall() if name not in self._ours]
            for role in made:
                connection.execute(sql.SQL("drop owned by {}").format(sql.Identifier(role)))
            if made and connection.execute(SHARED, (made,)).fetchone() == (False,):
                for role in made:
                    connection.execute(sql.SQL("drop role {}").format(sql.Identifier(role)))

    @staticmethod
    def _drop(connection: psycopg.Connection[Any], role: str) -> None:
        if connection.execute("select from pg_roles where rolname = %s", (role,)).fetchone() is not None:
            connection.execute(sql.SQL("drop owned by {0}; drop role {0}").format(sql.Identifier(role)))
