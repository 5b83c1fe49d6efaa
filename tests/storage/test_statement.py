"""Statements that go straight to the driver on SQLite do the same on both databases."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection

from storage.database import Database
from storage.statement import Listed, Statement

PUT = Statement("INSERT INTO meta (name, value) VALUES (:key, :value)")
KEYS = Statement("SELECT name FROM meta WHERE name LIKE 'row-%' ORDER BY name")
FIND = Listed("SELECT name FROM meta WHERE name IN :ids AND name <> :but ORDER BY name")
FORGET = Listed("DELETE FROM meta WHERE name IN :ids")


def some(conn: Connection, number: int) -> list[str]:
    """So many rows, and their keys."""
    keys = [f"row-{n:03}" for n in range(number)]
    PUT.many(conn, [{"key": key, "value": b""} for key in keys])
    return keys


async def test_many_rows_go_in_at_once_and_none_is_as_good(database: Database) -> None:
    def unit(conn: Connection) -> tuple[list[str], list[Any]]:
        PUT.many(conn, [])
        return some(conn, 300), [row[0] for row in KEYS.rows(conn, {})]

    written, found = await database.write(unit)

    assert found == written


@pytest.mark.parametrize("number", [1, 2, 3, 5, 8, 200])
async def test_a_list_is_taken_whole_however_long(database: Database, number: int) -> None:
    def unit(conn: Connection) -> tuple[list[str], list[Any], int]:
        keys = some(conn, 210)
        found = [row[0] for row in FIND.rows(conn, keys[:number], but="row-001")]
        return keys[:number], found, FORGET.run(conn, keys[:number])

    asked, found, gone = await database.write(unit)

    assert found == [key for key in asked if key != "row-001"]
    assert gone == number


def test_lists_of_many_lengths_are_few_statements() -> None:
    listed = Listed("SELECT 1 WHERE 1 IN :ids")

    known = {listed._for(range(length))[0].sql for length in range(1, 130)}

    assert len(known) == 9
