"""A database whose n-th statement fails: below SQLAlchemy, in the connection of sqlite3 itself.

However a statement gets there (SQLAlchemy, a raw cursor, the writer's own BEGIN and COMMIT), it
passes the cursor made here. Only what the writer's thread does is counted. On a server any
statement that writes may fail before it is sent.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

from sqlalchemy import Connection as Connected
from sqlalchemy import Engine, event

WRITER = "storage-writer"
STATEMENTS_TO_A_CRASH = 1_500


class MadeToFail(Exception):
    """Raised instead of a statement."""


def is_made(error: BaseException) -> bool:
    """Whether it was us who made a statement fail."""
    return "MadeToFail" in repr(error) or "made to fail" in str(error)


def a_slip() -> sqlite3.OperationalError:
    """An error of this one statement: the unit is rolled back, its neighbours are not."""
    return sqlite3.OperationalError("made to fail")


def a_bad_disk() -> sqlite3.OperationalError:
    """The disk fails: the whole batch is lost."""
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR
    error.sqlite_errorname = "SQLITE_IOERR"
    return error


@dataclass(slots=True)
class Gate:
    """Counts statements once it is armed; the `nth` (from 1) raises instead of running."""

    nth: int = 0
    error: Callable[[], BaseException] = a_slip
    armed: bool = False
    begun: list[str] = field(default_factory=list)
    failed: str = ""

    def passes(self, statement: str) -> None:
        if not self.armed or threading.current_thread().name != WRITER:
            return
        self.begun.append(statement)
        if len(self.begun) == self.nth:
            self.failed = statement
            raise self.error()


@dataclass(slots=True)
class Chance(Gate):
    """Any statement of the writer fails now and then."""

    dice: Random = field(default_factory=Random)

    def passes(self, statement: str) -> None:
        if not self.armed or threading.current_thread().name != WRITER:
            return
        if self.dice.random() < 1 / STATEMENTS_TO_A_CRASH:
            raise self.error()


@contextmanager
def crashing_server(dice: Random) -> Iterator[None]:
    """Any statement that writes fails now and then, on every connection."""

    def perhaps(conn: Connected, cursor: Any, statement: str, *_: Any) -> None:
        writes = statement.lstrip()[:6].upper() in ("INSERT", "UPDATE", "DELETE")
        if writes and dice.random() < 1 / STATEMENTS_TO_A_CRASH:
            raise MadeToFail(statement)

    event.listen(Engine, "before_cursor_execute", perhaps)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", perhaps)


@contextmanager
def a_gate(gate: Gate) -> Iterator[Gate]:
    """Every SQLite connection opened from here on goes through the gate."""

    class Cursor(sqlite3.Cursor):
        def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
            gate.passes(sql)
            return super().execute(sql, *parameters)

        def executemany(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
            gate.passes(sql)
            return super().executemany(sql, *parameters)

    class Connection(sqlite3.Connection):
        def cursor(self, factory: Any = Cursor) -> Any:
            return super().cursor(factory)

        def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
            cursor: sqlite3.Cursor = self.cursor().execute(sql, *parameters)
            return cursor

    def through_the_gate(_: object, __: object, ___: object, options: dict[str, Any]) -> None:
        options["factory"] = Connection

    event.listen(Engine, "do_connect", through_the_gate)
    try:
        yield gate
    finally:
        event.remove(Engine, "do_connect", through_the_gate)
