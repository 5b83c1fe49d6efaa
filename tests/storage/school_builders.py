"""Schools, people on their lists, and sessions for tests, in one line each."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, select

from conversations.dialogue import Consent, Person, PersonId
from conversations.message import Message, Priority
from conversations.schools.series import Pattern
from conversations.schools.session import School, Session, SessionId, Stage
from storage import consents, outbox, people, schema, schools, sessions
from storage.schools import NewSchool
from storage.series import Series
from storage.sessions import NewSession
from tests.storage.builders import DAY, HOUR, NOW, a_caregiver, known

BEGINS = NOW.replace(hour=6, minute=0) + 6 * DAY
"""Tuesday 24 November 2026, 13:00 in Jember: nobody sleeps two hours before."""


def a_school(conn: Connection, code: str = "BOK-SBS", **more: Any) -> School:
    """Sekolah Bok-Ebok, without a cadre unless told otherwise."""
    given = {"name": "Sekolah Bok-Ebok", "kind": "bok_ebok", **more}
    return schools.open_(conn, NewSchool(code=code, **given), NOW)


def a_mother(conn: Connection, address: str, name: str = "Siti", **changes: Any) -> Person:
    """A caregiver who agreed to be written to."""
    person = a_caregiver(conn, address, name=name, **changes)
    consents.decide(
        conn,
        person.id,
        Consent.GIVEN,
        capacity="",
        text_version="v1",
        words="Boleh?",
        channel="telegram",
        now=NOW,
    )
    return known(people.seat_of(conn, person.id)).person


def a_list(conn: Connection, school: School, size: int) -> list[PersonId]:
    """So many mothers on the list of a school, numbered from 1."""
    mothers = [a_mother(conn, f"mother-{n}", f"Ibu {n}") for n in range(1, size + 1)]
    for mother in mothers:
        schools.enrol(conn, school.id, mother.id, None, NOW)
    return [mother.id for mother in mothers]


def a_session(
    conn: Connection,
    school: School,
    begins: datetime = BEGINS,
    *,
    now: datetime = NOW,
    length: timedelta = 2 * HOUR,
    **more: Any,
) -> Session:
    """A session of two hours about playing."""
    given = {"topic": "Bermain bersama", **more}
    return known(
        sessions.plan(
            conn, NewSession(school.id, starts_at=begins, ends_at=begins + length, **given), now
        )
    )


def planned(conn: Connection, session: Session | SessionId) -> dict[str, datetime]:
    """The stages of a session that are still to come, and when."""
    id_ = session.id if isinstance(session, Session) else session
    return {
        subject.partition(":")[2]: at
        for subject, at, outcome in _due(conn)
        if not outcome and subject.startswith(f"{id_}:")
    }


def outcomes(conn: Connection, session: Session) -> dict[str, str]:
    """What became of the stages that are no longer to come."""
    return {
        subject.partition(":")[2]: outcome
        for subject, _, outcome in _due(conn)
        if outcome and subject.startswith(f"{session.id}:")
    }


def _due(conn: Connection) -> list[Any]:
    due = schema.due.c
    query = select(due.subject, due.due_at, due.outcome).where(due.kind == sessions.KIND)
    return list(conn.execute(query))


def wakes(conn: Connection, kind: str) -> dict[str, tuple[PersonId, datetime, datetime]]:
    columns = schema.due.c
    query = select(columns.subject, columns.person_id, columns.due_at, columns.expires_at)
    found = conn.execute(query.where(columns.kind == kind, columns.outcome == ""))
    return {subject: tuple(rest) for subject, *rest in found}


def weekly(school: School, **more: Any) -> Series:
    """Every Tuesday from 24 November, 13:00 to 15:00."""
    given = {"first": date(2026, 11, 24), "begins": time(13), "length": 2 * HOUR, **more}
    return Series(school.id, Pattern(**given), "Bermain bersama")


def waits(
    conn: Connection,
    session: Session,
    person: PersonId,
    key: str = "h2",
    purpose: str = "session_reminder",
) -> None:
    """A reminder that has been planned and not yet sent."""
    outbox.add(
        conn,
        address_id=known(people.seat_of(conn, person)).address_id,
        person_id=person,
        message=Message("Besok"),
        dedupe_key=f"session:{session.id}:1:{key}:{person}",
        priority=Priority.REMINDER,
        purpose=purpose,
        campaign=sessions.campaign_of(session.id),
        not_before=NOW + HOUR,
        expires_at=None,
        now=NOW,
    )


def in_outbox(conn: Connection) -> list[tuple[int, str, str]]:
    columns = schema.outbox.c
    rows = conn.execute(
        select(columns.person_id, columns.status, columns.reason).order_by(
            columns.person_id, columns.id
        )
    )
    return [tuple(row) for row in rows]


EVERY_REMINDER = {
    str(stage)
    for stage in (Stage.INVITE, Stage.DAY_BEFORE, Stage.EVENING_BEFORE, Stage.HOURS_BEFORE)
}
