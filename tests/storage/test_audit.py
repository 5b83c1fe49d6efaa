"""The record of who did what."""

from __future__ import annotations

from sqlalchemy import Connection

from storage import audit
from storage.database import Database
from tests.storage.builders import DAY, NOW


async def test_the_record_comes_newest_first_and_by_subject(database: Database) -> None:
    def unit(conn: Connection) -> tuple[tuple[audit.Entry, ...], tuple[audit.Entry, ...]]:
        audit.record(conn, audit.person(1), "task read", "JBR-26-0001", "", NOW)
        audit.record(conn, audit.COMMAND, "exported", "answers", "laporan " * 100, NOW + DAY)
        return audit.latest(conn, 10), audit.latest(conn, 10, subject="JBR-26-0001")

    everything, of_task = await database.write(unit)

    assert [entry.action for entry in everything] == ["exported", "task read"]
    assert len(everything[0].reason) == 200
    assert of_task == (audit.Entry(NOW, "person:1", "task read", "JBR-26-0001", ""),)


def test_what_nobody_did_the_clock_did() -> None:
    assert audit.person(None) == audit.CLOCK
