"""The days around a session pass on a virtual clock, and what everybody is sent in them."""

from __future__ import annotations

from datetime import datetime

import orjson
from sqlalchemy import Connection, select

from bot.planned import KINDS, Planning
from conversations.dialogue import PersonId
from conversations.politeness import QuietHours
from conversations.schools.session import School, Session
from storage import due, schema
from storage.sealing import vault_of
from storage.world import Programme
from tests.storage.builders import DAY, HOUR, MINUTE, NOW
from tests.storage.school_builders import (
    BEGINS,
)

QUIET = QuietHours.parse("20:30-06:30")
PROGRAMME = Programme("Program Contoh")
DAWN = BEGINS.replace(hour=1)
"""08:00 in Jember: two hours before, people sleep."""

OVER = BEGINS + 3 * HOUR
AFTER = OVER + 40 * MINUTE


def let_pass(conn: Connection, until: datetime, since: datetime = NOW) -> None:
    """The clock goes on until then, and does everything for many that is due; wakes stay."""
    now = since
    while True:
        rows = [row for row in due.next_due(conn, now, 500) if row.person_id is None]
        for row in rows:
            KINDS[row.kind](conn, row, Planning(now, PROGRAMME, QUIET))
        if not rows:
            coming = conn.execute(
                select(schema.due.c.due_at)
                .where(schema.due.c.outcome == "", schema.due.c.due_at > now)
                .order_by(schema.due.c.due_at)
            ).scalars()
            now = next(iter(coming), until + DAY)
            if now > until:
                return


def sent(conn: Connection, session: Session, stage: str, revision: int = 1) -> dict[int, datetime]:
    """Who gets this stage's message, and when it leaves."""
    columns = schema.outbox.c
    rows = conn.execute(select(columns.person_id, columns.not_before, columns.dedupe_key))
    key = f"session:{session.id}:{revision}:{stage}:"
    return {person: at for person, at, found in rows if found.startswith(key)}


def words(conn: Connection, person: PersonId) -> list[str]:
    """What she is written, oldest first."""
    columns = schema.outbox.c
    rows = conn.execute(
        select(columns.body).where(columns.person_id == person).order_by(columns.id)
    )
    return [orjson.loads(vault_of(conn).open(body, b"outbox"))["t"] for body in rows.scalars()]


def local(at: datetime, school: School) -> str:
    return f"{at.astimezone(school.tz):%d %H:%M}"
