"""The members of staff: how somebody becomes one in chat by a one-time code, and stops being one.

What staff may do is decided in `conversations/permission.py`; their tasks are in `tasks.py`.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, exists, func, insert, select, update

from conversations.dialogue import PersonId, Role
from storage import dialogues, handing, shifts
from storage.duty import PHONE
from storage.handing import Handed
from storage.people import fitting
from storage.reaching import reached
from storage.schema import people, staff
from storage.sealing import vault_of

CODE_LENGTH = 8
CODE_LASTS = timedelta(hours=48)

ALPHABET = "CDFGHJKMNPQRTVWXY34679"
"""No letter that is taken for another or for a digit, and no vowel, so that no code is a word."""


class CodeSpentError(RuntimeError):
    """The one-time code was used, replaced or taken back between reading it and using it."""


@dataclass(frozen=True, slots=True)
class Member:
    """A staff account; `person` is None until she has joined in chat."""

    id: int
    name: str
    role: str
    person: PersonId | None
    added_at: datetime
    joined_at: datetime | None
    removed_at: datetime | None
    has_phone: bool = False
    """A telephone number is kept, the second way to reach her."""


def add(conn: Connection, name: str, role: Role | str, now: datetime) -> str:
    """A new account; the one-time code that she writes to the bot to join.

    `role` is one of those that work here: staff, coordinator, organiser, focal.
    """
    code = _new_code()
    conn.execute(
        insert(staff),
        {
            "name": fitting(staff.c.name.type, name),
            "role": Role(role).value,
            "code_hash": _hashed(code),
            "code_expires_at": now + CODE_LASTS,
            "added_at": now,
        },
    )
    return code


def renew_code(conn: Connection, staff_id: int, now: datetime) -> str | None:
    """Another code for somebody who has not joined yet; None when there is no such account."""
    code = _new_code()
    changed = conn.execute(
        update(staff)
        .where(staff.c.id == staff_id, staff.c.joined_at.is_(None), staff.c.removed_at.is_(None))
        .values(code_hash=_hashed(code), code_expires_at=now + CODE_LASTS)
        .returning(staff.c.id)
    ).one_or_none()
    return code if changed else None


def _new_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


def _hashed(code: str) -> str:
    """The code as it is kept; spaces, dashes and small letters are how people type it.

    >>> _hashed("cdfg-hjkm") == _hashed("CDFGHJKM")
    True
    """
    plain = "".join(sign for sign in code.upper() if sign.isalnum())
    return hashlib.sha256(plain.encode()).hexdigest()


def by_code(conn: Connection, code: str, now: datetime) -> int | None:
    """The account that a one-time code opens, when it is still good."""
    return conn.execute(
        select(staff.c.id).where(
            staff.c.code_hash == _hashed(code),
            staff.c.code_expires_at > now,
            staff.c.removed_at.is_(None),
        )
    ).scalar_one_or_none()


def join(conn: Connection, staff_id: int, person: PersonId, now: datetime) -> None:
    """This person is the owner of the account; its code opens nothing any more.

    Raises CodeSpentError when the account has no good code, or she has an account already.
    """
    other = staff.alias()
    joined = conn.execute(
        update(staff)
        .where(
            staff.c.id == staff_id,
            staff.c.code_hash.is_not(None),
            staff.c.code_expires_at > now,
            staff.c.removed_at.is_(None),
            ~exists().where(other.c.person_id == person),
        )
        .values(person_id=person, joined_at=now, code_hash=None, code_expires_at=None)
        .returning(staff.c.role)
    ).one_or_none()
    if joined is None:
        raise CodeSpentError(f"staff account {staff_id} cannot be joined with this code any more")
    conn.execute(update(people).where(people.c.id == person).values(role=joined[0]))


def remove(conn: Connection, staff_id: int, now: datetime) -> Handed | None:
    """End somebody's access at once; what became of her open tasks, None if not a member.

    Her duties end too, and what she was in the middle of, which may show what only staff may see.
    """
    row = conn.execute(
        select(staff.c.person_id).where(staff.c.id == staff_id, staff.c.removed_at.is_(None))
    ).one_or_none()
    if row is None:
        return None
    conn.execute(
        update(staff)
        .where(staff.c.id == staff_id)
        .values(person_id=None, code_hash=None, code_expires_at=None, phone=None, removed_at=now)
    )
    if row[0] is None:
        return Handed()
    person = PersonId(row[0])
    conn.execute(update(people).where(people.c.id == person).values(role=Role.CAREGIVER.value))
    dialogues.close(conn, person)
    shifts.end_for(conn, person, now)
    return handing.hand_over_all(conn, person, now)


def set_phone(conn: Connection, staff_id: int, number: str) -> None:
    """The telephone at which she is reached when the chat fails, sealed; empty takes it away."""
    sealed = vault_of(conn).seal(number.encode(), PHONE) if number else None
    conn.execute(update(staff).where(staff.c.id == staff_id).values(phone=sealed))


def forget_name(conn: Connection, staff_id: int) -> None:
    """Of an account that nobody has any more, only its number remains."""
    conn.execute(
        update(staff).where(staff.c.id == staff_id, staff.c.removed_at.is_not(None)).values(name="")
    )


def members(conn: Connection, *, removed: bool = False) -> tuple[Member, ...]:
    """The members of staff, in the order they were added; those who left too when asked for."""
    query = select(
        staff.c.id,
        staff.c.name,
        staff.c.role,
        staff.c.person_id,
        staff.c.added_at,
        staff.c.joined_at,
        staff.c.removed_at,
        staff.c.phone.is_not(None),
    ).order_by(staff.c.id)
    if not removed:
        query = query.where(staff.c.removed_at.is_(None))
    return tuple(Member(*row) for row in conn.execute(query))


def of_person(conn: Connection, person: PersonId) -> int | None:
    """The staff account of a person."""
    return conn.execute(select(staff.c.id).where(staff.c.person_id == person)).scalar_one_or_none()


def named_active(conn: Connection) -> int:
    """How many members have joined in chat and can be given a task."""
    return conn.execute(select(func.count()).select_from(staff).where(_ACTIVE)).scalar_one()


def reachable(conn: Connection) -> tuple[PersonId, ...]:
    """Everybody who works for the programme and can be reached in chat, by person id."""
    there = reached(staff.c.person_id)
    in_office = staff.c.role != Role.FOCAL.value
    query = select(staff.c.person_id).where(_ACTIVE, in_office, there).order_by(staff.c.person_id)
    return tuple(PersonId(person) for person in conn.execute(query).scalars())


_ACTIVE: ColumnElement[bool] = and_(staff.c.person_id.is_not(None), staff.c.removed_at.is_(None))
