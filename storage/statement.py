"""One SQL statement that runs in every turn: on SQLite straight on the driver, past SQLAlchemy.

Building and wrapping a statement and its result costs SQLAlchemy 50 to 80 µs, the driver 5; a turn
has six of them (docs/performance.md). On PostgreSQL the same statement goes the usual way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, text

DRIVER = "driver"
"""Where a connection that writes to SQLite carries the driver's own connection, in `conn.info`."""


class Statement:
    """SQL with :named values that both databases understand, run many times."""

    __slots__ = ("_clause", "sql")

    def __init__(self, sql: str) -> None:
        self.sql = sql
        self._clause = text(sql)

    def run(self, conn: Connection, values: Mapping[str, Any]) -> int:
        """Runs it; returns how many rows it changed."""
        raw = conn.info.get(DRIVER)
        if raw is not None:
            changed: int = raw.execute(self.sql, values).rowcount
            return changed
        return conn.execute(self._clause, values).rowcount

    def row(self, conn: Connection, values: Mapping[str, Any]) -> Sequence[Any] | None:
        """The only row it returns, by place; None for none."""
        raw = conn.info.get(DRIVER)
        if raw is not None:
            found: Sequence[Any] | None = raw.execute(self.sql, values).fetchone()
            return found
        return conn.execute(self._clause, values).one_or_none()

    def rows(self, conn: Connection, values: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        """All rows it returns, by place."""
        raw = conn.info.get(DRIVER)
        if raw is not None:
            found: Sequence[Sequence[Any]] = raw.execute(self.sql, values).fetchall()
            return found
        return conn.execute(self._clause, values).all()

    def value(self, conn: Connection, values: Mapping[str, Any]) -> Any:
        """The first column of its row; None for none."""
        found = self.row(conn, values)
        return None if found is None else found[0]
