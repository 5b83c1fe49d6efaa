"""Failures made on purpose: a statement that fails, a unit that meets a full disk."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

from sqlalchemy import Connection, Engine, event, text


class Crash(Exception):
    """Raised in place of a statement."""


@contextmanager
def failing_statement(nth: int, error: BaseException | None = None) -> Iterator[list[str]]:
    """The nth statement from here on (1 is the next) is not run, but raises.

    Yields the statements that were begun.
    """
    begun: list[str] = []

    def fail(conn: Connection, cursor: Any, statement: str, *_: Any) -> None:
        begun.append(statement)
        if len(begun) == nth:
            raise error or Crash(statement)

    event.listen(Engine, "before_cursor_execute", fail)
    try:
        yield begun
    finally:
        event.remove(Engine, "before_cursor_execute", fail)


def put(name: str, value: bytes = b"x") -> Callable[[Connection], str]:
    """A unit that writes one row and returns its name."""

    def unit(conn: Connection) -> str:
        conn.execute(
            text("INSERT INTO meta (name, value) VALUES (:name, :value)"),
            {"name": name, "value": value},
        )
        return name

    return unit


def names(conn: Connection) -> list[str]:
    """What `put` wrote, in order of name."""
    found = conn.execute(text("SELECT name FROM meta WHERE name <> 'canary' ORDER BY name"))
    return list(found.scalars())


def raw_of(conn: Connection) -> sqlite3.Connection:
    """The SQLite connection underneath."""
    return cast(sqlite3.Connection, conn.connection.dbapi_connection)
