"""SQL that runs in every turn or for every message: on SQLite straight on the driver.

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

    def many(self, conn: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Runs it once for each of these, in one round trip; none is as good."""
        raw = conn.info.get(DRIVER)
        if raw is not None:
            raw.executemany(self.sql, rows)
        elif rows:
            conn.execute(self._clause, rows)

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


class Listed:
    """SQL with one list, written `IN :ids`; the list may not be empty.

    A list is filled up with its last value to the next power of two, so that a database knows few
    statements however long the lists are.
    """

    __slots__ = ("_known", "_sql")

    def __init__(self, sql: str) -> None:
        self._sql = sql
        self._known: dict[int, tuple[Statement, tuple[str, ...]]] = {}

    def run(self, conn: Connection, ids: Sequence[Any], **values: Any) -> int:
        """Runs it; returns how many rows it changed."""
        statement, bound = self._for(ids)
        return statement.run(conn, bound | values)

    def rows(self, conn: Connection, ids: Sequence[Any], **values: Any) -> Sequence[Sequence[Any]]:
        """All rows it returns, by place."""
        statement, bound = self._for(ids)
        return statement.rows(conn, bound | values)

    def _for(self, ids: Sequence[Any]) -> tuple[Statement, dict[str, Any]]:
        size = 1 << (len(ids) - 1).bit_length()
        if size not in self._known:
            names = tuple(f"i{number}" for number in range(size))
            places = ", ".join(f":{name}" for name in names)
            self._known[size] = Statement(self._sql.replace("IN :ids", f"IN ({places})")), names
        statement, names = self._known[size]
        filled = [*ids, *([ids[-1]] * (size - len(ids)))]
        return statement, dict(zip(names, filled, strict=True))
