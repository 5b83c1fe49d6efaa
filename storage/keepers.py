"""Who looks after a session: is asked who came, and told whom the news of a change did not reach.

When that is asked is planned in sessions.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection

from conversations.dialogue import PersonId
from conversations.politeness import why_not
from conversations.schools.session import Session, SessionId
from storage import due, people, schools, staff
from storage.due import DueRow
from storage.schema import from_ms
from storage.statement import Statement

ATTENDANCE, UNTOLD = "attendance", "untold"
"""Due work of the keeper of a session, whose number is its subject."""

_PLANNER = Statement("SELECT by_id FROM sessions WHERE id = :session")
_OPEN = Statement(
    "SELECT kind, subject, due_at, expires_at FROM due WHERE person_id = :person"
    f" AND kind IN ('{ATTENDANCE}', '{UNTOLD}') AND outcome = '' ORDER BY kind, subject"
)


def keeper(conn: Connection, session: Session, at: datetime | None = None) -> PersonId | None:
    """Who looks after a session in chat: the cadre, else who planned it, else anybody of staff.

    Only somebody whom an address reaches, and who is not to be left in peace `at` that moment
    (aware); None when there is nobody.
    """
    return next(
        (one for one in _keepers(conn, session) if at is None or not _rests(conn, one, at)), None
    )


def _rests(conn: Connection, person: PersonId, at: datetime) -> bool:
    seat = people.seat_of(conn, person)
    return seat is None or why_not(seat.person, at) != ""


def _keepers(conn: Connection, session: Session) -> Iterator[PersonId]:
    for one in (session.school.cadre, _PLANNER.value(conn, {"session": session.id})):
        if one is not None and people.reachable(conn, PersonId(one)) is not None:
            yield PersonId(one)
    yield from staff.reachable(conn)


def hand_on(conn: Connection, row: DueRow) -> bool:
    """The keeper of before cannot do this: whoever is the keeper now does. False: nobody is."""
    if row.kind not in (ATTENDANCE, UNTOLD):
        return False
    session = schools.session(conn, SessionId(int(row.subject)))
    other = None if session is None else keeper(conn, session)
    if other is None or other == row.person_id:
        return False
    due.plan(conn, row.kind, row.subject, other, row.due_at, row.expires_at)
    return True


def hand_on_all(conn: Connection, person: PersonId) -> None:
    """Everything that was hers to do as a keeper, when nothing reaches her any more."""
    for kind, subject, at, until in _OPEN.rows(conn, {"person": person}):
        expires_at = None if until is None else from_ms(until)
        hand_on(conn, DueRow(kind, subject, person, from_ms(at), expires_at, "", 0))
