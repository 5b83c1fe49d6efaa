"""What belongs to one session or broadcast is withdrawn, put off and counted together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, text

from conversations.message import Message, Priority
from storage import outbox, schema
from storage.database import Database

NOW = datetime(2026, 11, 18, 5, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=3)
SESSION, OTHER = "session:12", "session:1"


@pytest.fixture(autouse=True)
async def reminders(database: Database) -> None:
    """Two people reminded of one session and of another; one reminder has left already."""

    def make(conn: Connection) -> None:
        for number in (1, 2):
            conn.execute(schema.people.insert().values(id=number, consent="given", created_at=NOW))
            conn.execute(
                schema.addresses.insert().values(
                    id=number,
                    channel="telegram",
                    account="bot",
                    address=f"c{number}",
                    person_id=number,
                    created_at=NOW,
                )
            )
        for person, campaign in ((1, OTHER), (1, SESSION), (2, SESSION), (2, "")):
            outbox.add(
                conn,
                address_id=person,
                person_id=person,
                message=Message("Besok sekolah."),
                dedupe_key=f"{campaign}:{person}",
                priority=Priority.REMINDER,
                purpose="session_reminder",
                campaign=campaign,
                not_before=NOW,
                expires_at=None,
                now=NOW,
            )
        assert len(outbox.claim(conn, "me/1", NOW, LATER, 1, channel="telegram")) == 1

    await database.write(make)


async def rows(database: Database, columns: str) -> list[tuple[object, ...]]:
    found = await database.read(
        lambda c: c.execute(text(f"SELECT {columns} FROM outbox ORDER BY id")).all()
    )
    return [tuple(row) for row in found]


async def test_what_waits_is_withdrawn_and_what_has_left_is_not(database: Database) -> None:
    def unit(conn: Connection) -> list[int]:
        return [outbox.withdraw(conn, of, "cancelled", NOW) for of in (SESSION, OTHER, "")]

    withdrawn = await database.write(unit)

    assert withdrawn == [2, 0, 0]
    assert await rows(database, "status, reason") == [
        ("sending", ""),
        ("excluded", "cancelled"),
        ("excluded", "cancelled"),
        ("waiting", ""),
    ]


async def test_one_person_may_be_left_out_of_it(database: Database) -> None:
    withdrawn = await database.write(lambda c: outbox.withdraw(c, SESSION, "answered_no", NOW, 2))

    assert withdrawn == 1
    assert [row[0] for row in await rows(database, "status")] == [
        "sending",
        "waiting",
        "excluded",
        "waiting",
    ]


async def test_what_is_put_off_leaves_later(database: Database) -> None:
    assert await database.write(lambda c: outbox.put_off(c, SESSION, LATER)) == 2

    assert await rows(database, "not_before") == [
        (schema.to_ms(at),) for at in (NOW, LATER, LATER, NOW)
    ]


async def test_what_waits_is_counted(database: Database) -> None:
    def unit(conn: Connection) -> list[int]:
        return [outbox.waiting(conn, campaign) for campaign in (SESSION, OTHER)]

    assert await database.read(unit) == [2, 0]
