"""Schools and who is enrolled in them, and how rows become schools and sessions.

The life of a session (planned, moved, answered, attended) is in `sessions.py`, what repeats in
`series.py`, what a conversation asks in `school_questions.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from conversations.dialogue import PersonId, VillageId
from conversations.helping.inviting import is_ours
from conversations.schools.session import (
    LONGEST,
    School,
    SchoolId,
    Session,
    SessionId,
    Stage,
    normal_code,
)
from storage import people
from storage.people import fitting
from storage.schema import from_ms, schools, to_ms
from storage.statement import Statement

SCHOOL = "s.id, s.name, s.kind, s.code, s.zone, s.village_id, s.place, s.cadre_id"
"""Columns of `schools s` that make a School."""

SESSION = (
    f"{SCHOOL}, x.id, x.topic, x.starts_at, x.ends_at, x.place, x.facilitator, x.bring, x.tip,"
    " x.reminders, x.revision, x.status, x.attendance_at"
)
"""Columns of `sessions x` and its school `s` that make a Session."""

SESSION_WIDTH = 20

SESSIONS = f"SELECT {SESSION} FROM sessions x JOIN schools s ON s.id = x.school_id"
HELD = "x.status = 'planned'"

_ONE = Statement(f"SELECT {SCHOOL} FROM schools s WHERE s.id = :school")
_SESSION = Statement(f"{SESSIONS} WHERE x.id = :session")
_OVERLAPPING = Statement(
    f"{SESSIONS} WHERE x.school_id IN (SELECT o.id FROM schools o JOIN schools m ON m.id = :school"
    " WHERE o.id = m.id OR o.cadre_id = m.cadre_id)"
    f" AND x.starts_at > :oldest AND x.starts_at < :ends_at AND x.ends_at > :starts_at AND {HELD}"
    " AND x.id <> :not_ ORDER BY x.starts_at, x.id LIMIT 1"
)
_OPEN = Statement(
    "INSERT INTO schools (village_id, kind, name, code, place, zone, cadre_id, created_at)"
    " VALUES (:village_id, :kind, :name, :code, :place, :zone, :cadre_id, :now)"
    " ON CONFLICT (code) DO NOTHING RETURNING id"
)
_CHANGE = Statement(
    "UPDATE schools SET name = :name, place = :place, cadre_id = :cadre_id WHERE id = :school"
)
_MADE_CADRE = Statement(
    "UPDATE people SET role = 'cadre' WHERE id = :person AND role IN ('caregiver', 'partner')"
)
_CLOSE = Statement("UPDATE schools SET closed_at = :now WHERE id = :school AND closed_at IS NULL")
_COME_BACK = Statement(
    "UPDATE enrolments SET left_at = NULL WHERE school_id = :school AND person_id = :person"
    " RETURNING number"
)
_NEXT_NUMBER = Statement(
    "INSERT INTO counters (name, value) VALUES (:name, 1)"
    " ON CONFLICT (name) DO UPDATE SET value = counters.value + 1 RETURNING value"
)
_ENROL = Statement(
    "INSERT INTO enrolments (school_id, person_id, number, by_id, at)"
    " VALUES (:school, :person, :number, :by_id, :now)"
    " ON CONFLICT (school_id, person_id) DO UPDATE SET left_at = NULL RETURNING number"
)
_LEAVE = Statement(
    "UPDATE enrolments SET left_at = :now"
    " WHERE school_id = :school AND person_id = :person AND left_at IS NULL"
)
_FORGET = (
    Statement("DELETE FROM enrolments WHERE person_id = :person"),
    Statement("DELETE FROM invitations WHERE person_id = :person"),
    Statement("DELETE FROM tags WHERE person_id = :person"),
    Statement("UPDATE schools SET cadre_id = NULL WHERE cadre_id = :person"),
)


class CodeRefused(ValueError):
    """A code that is none, or that another school has."""

    def __init__(self, code: str, *, taken: bool) -> None:
        super().__init__(f"the code {code!r} is {'taken' if taken else 'none'}")
        self.code = code
        self.taken = taken


@dataclass(frozen=True, slots=True)
class NewSchool:
    """What a school is opened with; its code is written as on its poster."""

    name: str
    kind: str
    code: str
    zone: str = "Asia/Jakarta"
    village_id: VillageId | None = None
    place: str = ""
    cadre: PersonId | None = None


def open_(conn: Connection, new: NewSchool, now: datetime) -> School:
    """A school begins; raises CodeRefused for a code that is none, or was given before."""
    code = normal_code(new.code)
    if not 3 <= len(code) <= 12:
        raise CodeRefused(code, taken=False)
    if is_ours(code) or any(village.code == code for village in people.all_villages(conn)):
        raise CodeRefused(code, taken=True)
    values = {
        "village_id": new.village_id,
        "kind": new.kind,
        "name": new.name,
        "code": code,
        "place": new.place,
        "zone": new.zone,
        "cadre_id": new.cadre,
    }
    fitted = {name: fitting(schools.c[name].type, value) for name, value in values.items()}
    id_ = _OPEN.value(conn, {**fitted, "now": to_ms(now)})
    if id_ is None:
        raise CodeRefused(code, taken=True)
    _appoint(conn, new.cadre)
    opened = one(conn, SchoolId(id_))
    assert opened is not None
    return opened


def change(
    conn: Connection, school: School, *, name: str, place: str, cadre: PersonId | None
) -> None:
    """Its name, its place, and who looks after it; she becomes a cadre by it."""
    values = {
        "name": fitting(schools.c.name.type, name),
        "place": fitting(schools.c.place.type, place),
        "cadre_id": cadre,
    }
    _CHANGE.run(conn, {**values, "school": school.id})
    _appoint(conn, cadre)


def _appoint(conn: Connection, cadre: PersonId | None) -> None:
    if cadre is not None:
        _MADE_CADRE.run(conn, {"person": cadre})


def close(conn: Connection, school: SchoolId, now: datetime) -> bool:
    """It meets no more; False when it was closed before. Its sessions are `sessions.py`'s."""
    return _CLOSE.run(conn, {"school": school, "now": to_ms(now)}) > 0


def enrol(
    conn: Connection, school: SchoolId, person: PersonId, by: PersonId | None, now: datetime
) -> int:
    """Put somebody on the list; her number there, which nobody else ever has.

    Who comes back has the number she had. `by` None: by command.
    """
    who = {"school": school, "person": person}
    number: int | None = _COME_BACK.value(conn, who)
    if number is None:
        fresh = _NEXT_NUMBER.value(conn, {"name": f"school:{school}"})
        number = _ENROL.value(conn, {**who, "number": fresh, "by_id": by, "now": to_ms(now)})
        assert number is not None
    return number


def leave(conn: Connection, school: SchoolId, person: PersonId, now: datetime) -> bool:
    """She comes no more and is told of no session; False when she was not on the list."""
    return _LEAVE.run(conn, {"school": school, "person": person, "now": to_ms(now)}) > 0


def forget(conn: Connection, person: PersonId) -> None:
    """Take somebody who is erased off every list, with what she answered and her tags.

    Her numbers stay hers: nobody else ever gets them.
    """
    for statement in _FORGET:
        statement.run(conn, {"person": person})


def one(conn: Connection, school: SchoolId) -> School | None:
    """One school, also a closed one."""
    row = _ONE.row(conn, {"school": school})
    return None if row is None else school_of(row)


def school_of(row: Sequence[Any]) -> School:
    """The school of a row that begins with `SCHOOL`."""
    return School(SchoolId(row[0]), *row[1:8])


def session_of(row: Sequence[Any]) -> Session:
    """The session of a row that begins with `SESSION`."""
    return Session(
        SessionId(row[8]),
        school_of(row),
        topic=row[9],
        starts_at=from_ms(row[10]),
        ends_at=from_ms(row[11]),
        place=row[12] or row[6],
        facilitator=row[13],
        bring=row[14],
        tip=row[15],
        reminders=tuple(Stage(stage) for stage in row[16].split()),
        revision=row[17],
        cancelled=row[18] == "cancelled",
        attendance_at=None if row[19] is None else from_ms(row[19]),
    )


def session(conn: Connection, id_: SessionId) -> Session | None:
    """One session, in any state."""
    row = _SESSION.row(conn, {"session": id_})
    return None if row is None else session_of(row)


def overlapping(
    conn: Connection,
    school: SchoolId,
    starts_at: datetime,
    ends_at: datetime,
    not_: SessionId | None = None,
) -> Session | None:
    """Another session of this school, or of its cadre, at that time."""
    values = {
        "school": school,
        "starts_at": to_ms(starts_at),
        "ends_at": to_ms(ends_at),
        "oldest": to_ms(starts_at - LONGEST),
        "not_": not_ or 0,
    }
    row = _OVERLAPPING.row(conn, values)
    return None if row is None else session_of(row)
