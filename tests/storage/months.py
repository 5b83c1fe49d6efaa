"""Rows of one month of one village, put in as they are, for whatever counts them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import Connection, insert

from conversations.level import Level
from storage import people
from storage.people import Village
from storage.schema import (
    addresses,
    answers,
    consents,
    enrolments,
    interviews,
    invitations,
    outbox,
    schools,
    sessions,
    tasks,
)
from storage.schema import people as people_table

BEFORE = datetime(2026, 9, 1, 3, 0, tzinfo=UTC)
NOVEMBER = datetime(2026, 11, 11, 12, 15, tzinfo=UTC)
DECEMBER = datetime(2026, 12, 2, 1, 0, tzinfo=UTC)

_numbers = count(1)


def a_village(conn: Connection, code: str = "LDK", **more: Any) -> Village:
    """Ledokombo, in Java unless told otherwise."""
    told = {"name": "Ledokombo", "district": "Jember", **more}
    people.add_village(conn, told.pop("name"), code, **told)
    return next(village for village in people.all_villages(conn) if village.code == code)


def a_caregiver(
    conn: Connection,
    village: Village,
    *,
    registered: datetime | None = BEFORE,
    consent: str = "given",
    consent_at: datetime = BEFORE,
    role: str = "caregiver",
    relation: str = "nenek",
    salutation: str = "Mbah",
) -> int:
    """Somebody of the village with a telephone, and what she decided."""
    person = _put(
        conn,
        people_table,
        village_id=village.id,
        role=role,
        relation=relation,
        salutation=salutation,
        consent=consent,
        registered_at=registered,
        created_at=BEFORE,
    )
    _put(
        conn,
        addresses,
        channel="telegram",
        account="bot",
        address=str(person),
        person_id=person,
        created_at=BEFORE,
    )
    decides(conn, person, consent, consent_at)
    return person


def decides(conn: Connection, person: int, decision: str, at: datetime) -> None:
    """What she says to being written to."""
    conn.execute(
        insert(consents),
        {
            "person_id": person,
            "decision": decision,
            "capacity": "pengasuh",
            "text_version": "1",
            "text": "",
            "channel": "telegram",
            "at": at,
        },
    )


def a_message(
    conn: Connection,
    person: int,
    at: datetime = NOVEMBER,
    *,
    finished: datetime | None = None,
    status: str = "sent",
) -> None:
    """A message to her that was planned at this time, and what became of it."""
    address = conn.execute(
        addresses.select().with_only_columns(addresses.c.id).where(addresses.c.person_id == person)
    ).scalar_one()
    _put(
        conn,
        outbox,
        address_id=address,
        person_id=person,
        dedupe_key=f"k{next(_numbers)}",
        priority=2,
        purpose="checkin",
        status=status,
        not_before=at,
        created_at=at,
        finished_at=finished or at,
    )


def a_checkin(
    conn: Connection,
    person: int,
    at: datetime = NOVEMBER,
    *,
    sent: str = "sent",
    status: str = "finished",
    answered: timedelta | None = timedelta(minutes=5),
    ended: timedelta | None = timedelta(minutes=6),
    typed_by: int | None = None,
    conversation: str = "checkin",
) -> None:
    """A check-in with one answer; times from its beginning. `answered` None: no answer at all."""
    id_ = f"i{next(_numbers)}"
    conn.execute(
        insert(interviews),
        {
            "id": id_,
            "person_id": person,
            "conversation": conversation,
            "form_name": "cek_3_5",
            "form_hash": "0",
            "status": status,
            "started_at": at,
            "finished_at": None if ended is None else at + ended,
        },
    )
    if answered is not None:
        conn.execute(
            insert(answers),
            {
                "interview_id": id_,
                "path": "makan",
                "value": b"sealed",
                "at": at + answered,
                "spoken_by": person,
                "typed_by": typed_by or person,
            },
        )
    if sent:
        a_message(conn, person, at, status=sent)


def a_school(
    conn: Connection, village: Village, name: str = "Sekolah Bok-Ebok", **more: Any
) -> int:
    """A school of the village."""
    told = {"kind": "bok_ebok", "code": f"S{next(_numbers)}", "created_at": BEFORE, **more}
    return _put(conn, schools, village_id=village.id, name=name, **told)


def a_session(conn: Connection, school: int, at: datetime = NOVEMBER, **more: Any) -> int:
    """Two hours of it, with attendance taken unless told otherwise."""
    told = {"topic": "Makan sehat", "attendance_at": at + timedelta(hours=2), **more}
    ends = at + timedelta(hours=2)
    return _put(
        conn, sessions, school_id=school, starts_at=at, ends_at=ends, created_at=BEFORE, **told
    )


def enrol(conn: Connection, school: int, *enrolled: int, left: datetime | None = None) -> None:
    """On the school's list, since before."""
    for person in enrolled:
        row = {"school_id": school, "person_id": person, "number": next(_numbers) % 30000}
        conn.execute(insert(enrolments), {**row, "at": BEFORE, "left_at": left})


def invite(
    conn: Connection,
    session: int,
    *invited: int,
    asked: datetime | None = NOVEMBER - timedelta(days=3),
    rsvp: str = "",
    present: bool | None = None,
) -> None:
    """What these people were asked, said and did."""
    for person in invited:
        row = {"session_id": session, "person_id": person, "rsvp": rsvp, "present": present}
        conn.execute(insert(invitations), {**row, "asked_at": asked})


def a_follow_up(
    conn: Connection,
    code: str = "LDK",
    level: Level = Level.KUNING,
    at: datetime = NOVEMBER,
    *,
    kind: str = "followup",
    accepted: timedelta | None = None,
    closed: timedelta | None = None,
) -> None:
    """A task of the village with this code; times from its opening."""
    conn.execute(
        insert(tasks),
        {
            "code": f"{code}-26-{next(_numbers):04d}",
            "kind": kind,
            "level": level.value,
            "status": "open",
            "reason": "reason.told",
            "due_at": at,
            "created_at": at,
            "accepted_at": None if accepted is None else at + accepted,
            "closed_at": None if closed is None else at + closed,
        },
    )


def _put(conn: Connection, table: Any, **values: Any) -> int:
    id_: int = conn.execute(insert(table).values(**values).returning(table.c.id)).scalar_one()
    return id_
