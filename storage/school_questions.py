"""What a conversation asks about schools and sessions: `conversations.schools.session.Schools`.

Each question is one bounded query; nothing here changes anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from conversations.dialogue import PersonId
from conversations.schools.session import (
    LONGEST,
    Enrolled,
    Invitation,
    Rsvp,
    School,
    SchoolId,
    Session,
    SessionId,
    normal_code,
)
from storage import schools
from storage.reaching import is_reached
from storage.schema import from_ms, to_ms
from storage.schools import HELD, SCHOOL, SESSION, SESSION_WIDTH, SESSIONS, school_of, session_of
from storage.statement import Statement

_ALL = Statement(
    f"SELECT {SCHOOL} FROM schools s LEFT JOIN villages v ON v.id = s.village_id"
    " WHERE s.closed_at IS NULL"
    " ORDER BY COALESCE(v.position, -1), COALESCE(v.name, ''), s.name, s.id"
)
_BY_CODE = Statement(f"SELECT {SCHOOL} FROM schools s WHERE s.code = :code AND s.closed_at IS NULL")
_OF_CADRE = Statement(
    f"SELECT {SCHOOL} FROM schools s WHERE s.cadre_id = :person AND s.closed_at IS NULL"
    " ORDER BY s.name, s.id"
)
_OF_PERSON = Statement(
    f"SELECT {SCHOOL} FROM enrolments e JOIN schools s ON s.id = e.school_id"
    " WHERE e.person_id = :person AND e.left_at IS NULL AND s.closed_at IS NULL"
    " ORDER BY s.name, s.id"
)
_NEXT = Statement(
    f"{SESSIONS} WHERE x.school_id = :school AND x.starts_at > :oldest AND x.ends_at > :now"
    f" AND {HELD} ORDER BY x.starts_at, x.id LIMIT :limit"
)
_LAST = Statement(
    f"{SESSIONS} WHERE x.school_id = :school AND x.starts_at <= :now AND {HELD}"
    " ORDER BY x.starts_at DESC, x.id DESC LIMIT 1"
)
_ANSWER = "i.rsvp, i.asked_at, i.present"
_INVITATION = Statement(
    f"SELECT {SESSION}, {_ANSWER} FROM invitations i JOIN sessions x ON x.id = i.session_id"
    " JOIN schools s ON s.id = x.school_id WHERE i.session_id = :session AND i.person_id = :person"
)
_OPEN_INVITATION = Statement(
    f"SELECT {SESSION}, {_ANSWER} FROM invitations i JOIN sessions x ON x.id = i.session_id"
    " JOIN schools s ON s.id = x.school_id"
    " WHERE i.person_id = :person AND i.asked_at <= :now AND x.starts_at > :now"
    f" AND {HELD} ORDER BY i.asked_at DESC, x.starts_at LIMIT 1"
)
_LISTED = f"SELECT e.person_id, e.number, p.salutation, p.name, {is_reached('p.id')}"
_ENROLLED = Statement(
    f"{_LISTED}, NULL, '' FROM enrolments e JOIN people p ON p.id = e.person_id"
    " WHERE e.school_id = :school AND e.left_at IS NULL ORDER BY e.number"
)
_ENROLLED_WITH_ANSWERS = Statement(
    f"{_LISTED}, i.present, COALESCE(i.rsvp, '')"
    " FROM enrolments e JOIN people p ON p.id = e.person_id"
    " LEFT JOIN invitations i ON i.session_id = :session AND i.person_id = e.person_id"
    " WHERE e.school_id = :school AND e.left_at IS NULL ORDER BY e.number"
)
_REACHED = "('sent', 'delivered', 'read')"
_UNTOLD = Statement(
    f"{_LISTED}, i.present, COALESCE(i.rsvp, '')"
    " FROM sessions x JOIN schools s ON s.id = x.school_id"
    " JOIN enrolments e ON e.school_id = s.id JOIN people p ON p.id = e.person_id"
    " LEFT JOIN invitations i ON i.session_id = x.id AND i.person_id = e.person_id"
    " LEFT JOIN outbox o ON o.dedupe_key = 'session:' || CAST(x.id AS VARCHAR(20)) || ':'"
    " || CAST(x.revision AS VARCHAR(20)) || ':changed:' || CAST(e.person_id AS VARCHAR(20))"
    " LEFT JOIN outbox m ON m.id = CASE WHEN o.status = 'merged' AND substr(o.reason, 1, 5) ="
    " 'into ' THEN CAST(substr(o.reason, 6) AS BIGINT) END"
    " WHERE x.id = :session AND e.left_at IS NULL"
    " AND (s.cadre_id IS NULL OR e.person_id <> s.cadre_id)"
    f" AND (o.id IS NULL OR o.withheld OR o.status NOT IN {_REACHED})"
    f" AND (m.id IS NULL OR m.withheld OR m.status NOT IN {_REACHED}) ORDER BY e.number"
)


class StoredSchools:
    """`conversations.schools.session.Schools`, answered from one connection."""

    __slots__ = ("_conn", "_now")

    def __init__(self, conn: Connection, now: datetime) -> None:
        self._conn = conn
        self._now = now

    def all(self) -> tuple[School, ...]:
        """Every open school, by village and name."""
        return self._schools(_ALL, {})

    def by_code(self, code: str) -> School | None:
        """The open school of this code, as printed on its poster."""
        row = _BY_CODE.row(self._conn, {"code": normal_code(code)})
        return None if row is None else school_of(row)

    def of_cadre(self, person: PersonId) -> tuple[School, ...]:
        """The schools that this cadre looks after."""
        return self._schools(_OF_CADRE, {"person": person})

    def of_person(self, person: PersonId) -> tuple[School, ...]:
        """The schools that somebody is enrolled in."""
        return self._schools(_OF_PERSON, {"person": person})

    def next_sessions(self, school: SchoolId, limit: int = 5) -> tuple[Session, ...]:
        """Sessions that are not over and not cancelled, soonest first."""
        values = {
            "school": school,
            "now": to_ms(self._now),
            "oldest": to_ms(self._now - LONGEST),
            "limit": limit,
        }
        return tuple(session_of(row) for row in _NEXT.rows(self._conn, values))

    def last_session(self, school: SchoolId) -> Session | None:
        """The session that began last, not cancelled."""
        row = _LAST.row(self._conn, {"school": school, "now": to_ms(self._now)})
        return None if row is None else session_of(row)

    def session(self, session: SessionId) -> Session | None:
        """One session, in any state."""
        return schools.session(self._conn, session)

    def overlapping(
        self, school: SchoolId, starts_at: datetime, ends_at: datetime, not_: SessionId | None
    ) -> Session | None:
        """Another session of this school, or of its cadre, at that time."""
        return schools.overlapping(self._conn, school, starts_at, ends_at, not_)

    def invitation(self, person: PersonId, session: SessionId) -> Invitation | None:
        """What she was asked about this session."""
        return _invitation(_INVITATION.row(self._conn, {"person": person, "session": session}))

    def open_invitation(self, person: PersonId) -> Invitation | None:
        """The invitation she was asked about last that has not begun, answered or not."""
        values = {"person": person, "now": to_ms(self._now)}
        return _invitation(_OPEN_INVITATION.row(self._conn, values))

    def untold(self, session: SessionId) -> tuple[Enrolled, ...]:
        """Who is enrolled and was not reached by the news of the last change, by number.

        The cadre herself is not among them: it is she who would knock.
        """
        return tuple(map(_enrolled, _UNTOLD.rows(self._conn, {"session": session})))

    def enrolled(self, school: SchoolId, session: SessionId | None = None) -> tuple[Enrolled, ...]:
        """The school's list by number; with a session also who said what and who came."""
        if session is None:
            rows = _ENROLLED.rows(self._conn, {"school": school})
        else:
            values = {"school": school, "session": session}
            rows = _ENROLLED_WITH_ANSWERS.rows(self._conn, values)
        return tuple(map(_enrolled, rows))

    def _schools(self, statement: Statement, values: Mapping[str, Any]) -> tuple[School, ...]:
        return tuple(school_of(row) for row in statement.rows(self._conn, values))


def _invitation(row: Sequence[Any] | None) -> Invitation | None:
    if row is None:
        return None
    rsvp, asked_at, present = row[SESSION_WIDTH:]
    return Invitation(
        session_of(row),
        Rsvp(rsvp),
        None if asked_at is None else from_ms(asked_at),
        None if present is None else bool(present),
    )


def _enrolled(row: Sequence[Any]) -> Enrolled:
    person, number, salutation, name, reachable, present, rsvp = row
    return Enrolled(
        PersonId(person),
        number,
        f"{salutation} {name}".strip(),
        None if present is None else bool(present),
        Rsvp(rsvp),
        bool(reachable),
    )
