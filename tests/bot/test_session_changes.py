"""What follows when a session is moved or cancelled."""

from __future__ import annotations

import asyncio
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, select

from bot.planned import KINDS, Planning
from conversations.schools.session import Rsvp, School, Session
from storage import due, schema, sessions
from storage.database import Database
from storage.outbox import Status
from storage.school_questions import StoredSchools
from tests.bot.session_days import (
    PROGRAMME,
    QUIET,
    let_pass,
    local,
    sent,
    words,
)
from tests.storage.builders import DAY, HOUR, MINUTE, NOW, known
from tests.storage.school_builders import (
    BEGINS,
    a_list,
    a_mother,
    a_school,
    a_session,
    planned,
    wakes,
)


async def test_a_move_is_told_at_once_to_everybody_with_both_times(database: Database) -> None:
    def unit(conn: Connection) -> tuple[int, set[datetime], str, Any, datetime | None]:
        school = a_school(conn)
        mothers = a_list(conn, school, 3)
        session = a_session(conn, school)
        sessions.rsvp(conn, session.id, mothers[0], Rsvp.NO, NOW)
        sessions.move(conn, session.id, BEGINS + DAY, BEGINS + DAY + 2 * HOUR, NOW)
        let_pass(conn, NOW)
        told = sent(conn, session, "changed", 2)
        row = conn.execute(select(schema.outbox)).first()
        asked = known(StoredSchools(conn, NOW).invitation(mothers[0], session.id))
        return len(told), set(told.values()), words(conn, mothers[0])[0], row, asked.asked_at

    number, times, said, row, asked_at = await database.write(unit)

    assert (number, times) == (3, {NOW})
    assert "24 November" in said
    assert "25 November" in said
    assert (row.purpose, row.priority) == ("session_changed", 2)
    assert asked_at == NOW


async def test_news_of_the_night_leaves_at_half_past_five(database: Database) -> None:
    night = NOW.replace(hour=16)  # 23:00 in Jember

    def unit(conn: Connection) -> tuple[School, set[datetime], datetime | None]:
        school = a_school(conn)
        siti = a_list(conn, school, 1)[0]
        session = a_session(conn, school)
        sessions.move(conn, session.id, BEGINS + DAY, BEGINS + DAY + HOUR, night)
        let_pass(conn, night, night)
        asked = known(StoredSchools(conn, night).invitation(siti, session.id))
        return school, set(sent(conn, session, "changed", 2).values()), asked.asked_at

    school, times, asked_at = await database.write(unit)

    assert {local(at, school) for at in times} == {"19 05:30"}
    assert asked_at in times


async def test_after_a_move_the_reminders_are_those_of_the_new_time(database: Database) -> None:
    def unit(conn: Connection) -> tuple[list[int], set[datetime], Any]:
        school = a_school(conn)
        mothers = a_list(conn, school, 2)
        session = a_session(conn, school)
        let_pass(conn, BEGINS - 90 * MINUTE)
        sessions.rsvp(conn, session.id, mothers[0], Rsvp.NO, BEGINS - 90 * MINUTE)
        later = BEGINS + 7 * DAY
        sessions.move(conn, session.id, later, later + HOUR, BEGINS - 90 * MINUTE)
        let_pass(conn, later, BEGINS - 90 * MINUTE)
        again = [len(sent(conn, session, stage, 2)) for stage in ("invite", "h1", "h2", "changed")]
        old = conn.execute(
            select(schema.outbox.c.reason).where(schema.outbox.c.status == Status.EXCLUDED)
        ).scalars()
        return again, set(sent(conn, session, "h2", 2).values()), set(old)

    again, times, reasons = await database.write(unit)

    assert again == [2, 2, 2, 2]
    assert times == {BEGINS + 7 * DAY - 2 * HOUR}
    assert reasons == {"moved", "answered_no"}


async def test_moved_twice_both_changes_are_told(database: Database) -> None:
    def unit(conn: Connection) -> list[int]:
        school = a_school(conn)
        a_list(conn, school, 2)
        session = a_session(conn, school)
        for days in (1, 2):
            begins = BEGINS + days * DAY
            sessions.move(conn, session.id, begins, begins + HOUR, NOW + days * HOUR)
            let_pass(conn, NOW + days * HOUR, NOW + days * HOUR)
        return [len(sent(conn, session, "changed", revision)) for revision in (2, 3)]

    assert await database.write(unit) == [2, 2]


async def test_a_cancelled_session_is_told_once_and_then_there_is_silence(
    database: Database,
) -> None:
    def unit(conn: Connection) -> tuple[int, list[str], dict[str, Any], dict[str, Any]]:
        school = a_school(conn, cadre=a_mother(conn, "cadre", "Rini").id)
        siti, _ = a_list(conn, school, 2)
        session = a_session(conn, school)
        sessions.cancel(conn, session.id, NOW)
        let_pass(conn, BEGINS + DAY)
        told = len(sent(conn, session, "changed", 2))
        return told, words(conn, siti), planned(conn, session), wakes(conn, "attendance")

    told, said, still, attendance = await database.write(unit)

    assert told == 2
    assert len(said) == 1
    assert "24 November" in said[0]
    assert (still, attendance) == ({}, {})


async def test_a_move_while_a_stage_is_being_planned_leaves_nothing_of_the_old_time(
    database: Database,
) -> None:
    """Two services on one database: whoever is first, no reminder of the old time stays."""

    def prepare(conn: Connection) -> list[Session]:
        school = a_school(conn)
        a_list(conn, school, 8)
        return [a_session(conn, school, BEGINS + n * DAY) for n in range(6)]

    def expand(conn: Connection, session: Session) -> None:
        now = session.starts_at - 2 * DAY
        row = due.still_due(conn, "session", f"{session.id}:invite", now)
        if row is not None:
            KINDS["session"](conn, row, Planning(now, PROGRAMME, QUIET))

    def move(conn: Connection, session: Session) -> None:
        later = session.starts_at + 30 * DAY
        sessions.move(conn, session.id, later, later + HOUR, NOW)

    made = await database.write(prepare)
    units = [partial(unit, session=session) for session in made for unit in (expand, move)]
    await asyncio.gather(*(database.write(unit) for unit in units))

    def waiting(conn: Connection) -> int:
        rows = conn.execute(
            select(schema.outbox.c.dedupe_key).where(schema.outbox.c.status == Status.WAITING)
        ).scalars()
        return sum(key.split(":")[2] == "1" for key in rows)

    assert await database.read(waiting) == 0
