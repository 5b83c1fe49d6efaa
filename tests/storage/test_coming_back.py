"""What was on its way when it fell, and comes back: it does not set off a second time."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Connection

from conversations.dialogue import PersonId
from conversations.message import Message, Priority
from conversations.schools.session import Rsvp, Session
from storage import outbox, people, sessions
from storage.database import Database
from storage.outbox import Result, Status
from tests.storage.builders import DAY, HOUR, MINUTE, NOW, known
from tests.storage.school_builders import BEGINS, a_list, a_school, a_session

NOON = NOW - 7 * HOUR
"""12:15 in Jember: nobody sleeps."""


def on_its_way(conn: Connection, stage: str, purpose: str) -> tuple[Session, PersonId, int]:
    """A message about a session that was just claimed by a sender."""
    school = a_school(conn)
    [siti] = a_list(conn, school, 1)
    session = a_session(conn, school)
    outbox.add(
        conn,
        address_id=known(people.reachable(conn, siti))[0],
        person_id=siti,
        message=Message("Besok sekolah."),
        dedupe_key=f"session:{session.id}:{stage}:{siti}",
        priority=Priority.REMINDER,
        purpose=purpose,
        campaign=sessions.campaign_of(session.id),
        not_before=NOON,
        expires_at=None,
        now=NOON,
    )
    [claimed] = outbox.claim(conn, "o/1", NOON, NOON + MINUTE, 9, channel="telegram")
    return session, siti, claimed.id


def comes_back(conn: Connection, id_: int) -> tuple[str, str]:
    """Its status and reason after the platform asked us to try again."""
    outbox.record(conn, [Result(id_, Status.WAITING, "slow down", not_before=NOON)], NOON)
    row = conn.exec_driver_sql(f"SELECT status, reason FROM outbox WHERE id = {id_}").one()
    return row[0], row[1]


Fall = Callable[[Connection, Session, PersonId], object]


def says_no(conn: Connection, session: Session, person: PersonId) -> object:
    return sessions.rsvp(conn, session.id, person, Rsvp.NO, NOON)


def moves(conn: Connection, session: Session, person: PersonId) -> object:
    return sessions.move(conn, session.id, BEGINS + DAY, BEGINS + DAY + HOUR, NOON)


def ends(conn: Connection, session: Session, person: PersonId) -> object:
    return sessions.cancel(conn, session.id, NOON)


def came(conn: Connection, session: Session, person: PersonId) -> object:
    return sessions.take_attendance(conn, session.id, [person], None, NOON)


@pytest.mark.parametrize(
    ("stage", "purpose", "fall", "outcome"),
    [
        ("1:h2", "session_reminder", says_no, ("excluded", "answered_no")),
        ("1:changed", "session_changed", says_no, ("waiting", "slow down")),
        ("1:h2", "session_reminder", moves, ("excluded", "moved")),
        ("1:changed", "session_changed", moves, ("excluded", "moved")),
        ("1:invite", "invite", ends, ("excluded", "cancelled")),
        ("2:changed", "session_changed", ends, ("waiting", "slow down")),
        ("after", "tip", came, ("excluded", "attended")),
        ("after", "tip", says_no, ("waiting", "slow down")),
        ("1:h2", "session_reminder", came, ("waiting", "slow down")),
    ],
)
async def test_what_fell_while_it_was_on_its_way_does_not_set_off_again(
    database: Database, stage: str, purpose: str, fall: Fall, outcome: tuple[str, str]
) -> None:
    def unit(conn: Connection) -> tuple[str, str]:
        session, siti, id_ = on_its_way(conn, stage, purpose)
        fall(conn, session, siti)
        return comes_back(conn, id_)

    assert await database.write(unit) == outcome
