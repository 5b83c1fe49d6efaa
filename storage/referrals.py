"""Referrals: for which offices a case could go to, to which it went, and what they answered.

The offices themselves are entered in `directory.py`.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, insert, or_, select, update

from conversations.concerns.case import (
    Agency,
    Contact,
    ContactId,
    Referral,
    ReferralId,
    ReferralState,
)
from conversations.dialogue import PersonId, VillageId
from storage.schema import cases, contacts, referrals, villages
from storage.tasks import sealed

NOTE = b"referrals"
"""What the words with a referral are sealed for."""


def contacts_for(conn: Connection, code: str, limit: int) -> tuple[Contact, ...]:
    """Offices for a case: of its village, of its district, of the whole programme."""
    where = conn.execute(
        select(cases.c.village_id, villages.c.district)
        .select_from(cases.outerjoin(villages, villages.c.id == cases.c.village_id))
        .where(cases.c.code == code)
    ).one_or_none()
    village, district = (None, None) if where is None else where
    near: list[tuple[ColumnElement[bool], int]] = []
    if village is not None:
        near.append((contacts.c.village_id == village, 0))
    if district:
        same = func.lower(contacts.c.district) == district.lower()
        near.append((and_(contacts.c.village_id.is_(None), same), 1))
    everywhere = and_(contacts.c.village_id.is_(None), contacts.c.district == "")
    near.append((everywhere, 2))
    nearness = case(*near, else_=3)
    query = select(contacts).where(contacts.c.ended_at.is_(None))
    if village is not None:
        query = query.where(or_(*(condition for condition, _ in near)))
    rows = conn.execute(query.order_by(nearness, contacts.c.agency, contacts.c.id).limit(limit))
    return tuple(as_contact(row) for row in rows)


def of_case(conn: Connection, code: str) -> tuple[Referral, ...]:
    """Whom a case was told to, oldest first."""
    return _referrals(conn, referrals.c.code == code)


def one(conn: Connection, id_: ReferralId) -> Referral | None:
    """One referral."""
    found = _referrals(conn, referrals.c.id == id_)
    return found[0] if found else None


def contact(conn: Connection, id_: ContactId) -> Contact | None:
    """One office that is still in the directory."""
    still = (contacts.c.id == id_, contacts.c.ended_at.is_(None))
    row = conn.execute(select(contacts).where(*still)).one_or_none()
    return None if row is None else as_contact(row)


def ask(
    conn: Connection, code: str, to: ContactId, by: PersonId | None, note: str, now: datetime
) -> ReferralId:
    """A human being decided to tell this office; `note` is sealed."""
    row = {
        "code": code,
        "contact_id": to,
        "by_id": by,
        "at": now,
        "state": ReferralState.ASKED.value,
        "state_at": now,
        "note": sealed(conn, note, NOTE),
    }
    made = conn.execute(insert(referrals).returning(referrals.c.id), row)
    return ReferralId(made.scalar_one())


def answer(conn: Connection, id_: ReferralId, state: ReferralState, now: datetime) -> None:
    """What the office answered."""
    change = update(referrals).where(referrals.c.id == id_)
    conn.execute(change.values(state=state.value, state_at=now))


def _referrals(conn: Connection, which: ColumnElement[bool]) -> tuple[Referral, ...]:
    columns = (
        referrals.c.id.label("referral"),
        referrals.c.code,
        referrals.c.by_id,
        referrals.c.at,
        referrals.c.state,
        referrals.c.state_at,
    )
    rows = conn.execute(
        select(*columns, contacts)
        .join(contacts, contacts.c.id == referrals.c.contact_id)
        .where(which)
        .order_by(referrals.c.id)
    )
    return tuple(
        Referral(
            ReferralId(row.referral),
            row.code,
            as_contact(row),
            None if row.by_id is None else PersonId(row.by_id),
            row.at,
            ReferralState(row.state),
            row.state_at,
        )
        for row in rows
    )


def as_contact(row: Any) -> Contact:
    """An office from its row of `contacts`."""
    return Contact(
        ContactId(row.id),
        Agency(row.agency),
        row.name,
        row.phone,
        row.officer,
        row.district,
        None if row.village_id is None else VillageId(row.village_id),
        date.fromisoformat(row.checked_on) if row.checked_on else None,
    )
