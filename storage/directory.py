"""The directory of offices that help: who is entered for a village, and when each was last called.

Nothing here is known beforehand: every number was entered by staff, who said on which day they had
called it. Whom a case is told to is decided elsewhere; national lines are in `locales`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

import phonenumbers
from phonenumbers import PhoneNumberFormat
from sqlalchemy import Connection, func, insert, select, update

from conversations.concerns.case import Agency, Contact, ContactId
from conversations.dialogue import VillageId
from storage.people import Village, all_villages, fitting
from storage.schema import contacts, villages

REQUIRED: Final = (Agency.UPTD_PPA, Agency.POLRES_PPA, Agency.PUSKESMAS)
"""Whom every village needs before real families are served."""

FRESH: Final = timedelta(days=183)
"""A number that was last called longer ago (six months) may not answer any more."""

_SHORT = re.compile(r"1\d{2,4}")
_FREE = re.compile(r"0800\d{4,8}")
_LONGEST_ALIKE: Final = 7


@dataclass(frozen=True, slots=True)
class NewOffice:
    """An office to be entered. Neither village nor district: it serves the whole programme."""

    agency: Agency
    name: str
    phone: str
    officer: str = ""
    district: str = ""
    village_id: VillageId | None = None
    checked: date | None = None
    checked_by: str = ""


@dataclass(frozen=True, slots=True)
class Office:
    """An entered office; `village` is the code of its village, `checked_by` who called it."""

    contact: Contact
    village: str = ""
    checked_by: str = ""

    def serves(self, village: Village) -> bool:
        """Whether it stands in the list of a village: its own, its district's, or everybody's."""
        contact = self.contact
        if contact.village_id is not None:
            return contact.village_id == village.id
        district = contact.district.casefold()
        return not district or district == village.district.casefold()


@dataclass(frozen=True, slots=True)
class Gap:
    """What a village lacks. `checked` is the day of the newest number there is, `office` whose."""

    village: Village
    agency: Agency
    office: ContactId | None = None
    checked: date | None = None


def office_number(written: str) -> str | None:
    """A telephone number as it is kept and printed; None for what cannot be one.

    Short numbers (110), free ones (0800…) and extensions are numbers too. Filler such as
    0812-0000-0000 is not.

    >>> office_number("+62 812 3456 7890"), office_number("(0331) 487 123"), office_number("110")
    ('0812-3456-7890', '(0331) 487123', '110')
    >>> office_number("0812-0000-0000"), office_number("0813"), office_number("belum ada")
    (None, None, None)
    """
    plain = " ".join(written.split())
    digits = re.sub(r"[\s().-]", "", plain)
    if _SHORT.fullmatch(digits) or _FREE.fullmatch(digits):
        return digits if _SHORT.fullmatch(digits) else plain
    try:
        parsed = phonenumbers.parse(plain, "ID")
    except phonenumbers.NumberParseException:
        return None
    national = str(parsed.national_number)
    if not phonenumbers.is_valid_number(parsed) or re.search(
        rf"(\d)\1{{{_LONGEST_ALIKE - 1}}}$", national
    ):
        return None
    at_home = parsed.country_code == phonenumbers.country_code_for_region("ID")
    form = PhoneNumberFormat.NATIONAL if at_home else PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(parsed, form)


def add(conn: Connection, new: NewOffice, now: datetime) -> ContactId:
    """One more office."""
    values = {
        "agency": new.agency.value,
        "name": new.name,
        "phone": new.phone,
        "officer": new.officer,
        "district": new.district,
        "checked_on": new.checked.isoformat() if new.checked else "",
        "checked_by": new.checked_by,
    }
    fitted = {name: fitting(contacts.c[name].type, value) for name, value in values.items()}
    row = {**fitted, "village_id": new.village_id, "created_at": now}
    return ContactId(conn.execute(insert(contacts).returning(contacts.c.id), row).scalar_one())


def same(conn: Connection, new: NewOffice) -> ContactId | None:
    """The office that is already entered under this number for the same place."""
    id_ = conn.execute(
        select(contacts.c.id).where(
            contacts.c.ended_at.is_(None),
            contacts.c.agency == new.agency.value,
            contacts.c.phone == new.phone,
            contacts.c.village_id.is_not_distinct_from(new.village_id),
            func.lower(contacts.c.district) == new.district.lower(),
        )
    ).scalar()
    return None if id_ is None else ContactId(id_)


def offices(conn: Connection, village: Village | None = None) -> tuple[Office, ...]:
    """All that are entered, or those that serve a village, by agency and number."""
    rows = conn.execute(_QUERY.where(contacts.c.ended_at.is_(None)))
    found = tuple(_office(row) for row in rows)
    return tuple(one for one in found if village is None or one.serves(village))


def one(conn: Connection, id_: ContactId) -> Office | None:
    """One office, if it is still entered."""
    query = _QUERY.where(contacts.c.id == id_, contacts.c.ended_at.is_(None))
    row = conn.execute(query).one_or_none()
    return None if row is None else _office(row)


def checked(
    conn: Connection, id_: ContactId, on: date, by: str, *, phone: str = "", officer: str = ""
) -> None:
    """She called it on this local day, and it is right; or it has another number or officer now."""
    changes = {"checked_by": fitting(contacts.c.checked_by.type, by), "checked_on": on.isoformat()}
    changes |= {"phone": phone} if phone else {}
    changes |= {"officer": fitting(contacts.c.officer.type, officer)} if officer else {}
    conn.execute(update(contacts).where(contacts.c.id == id_).values(changes))


def end(conn: Connection, id_: ContactId, now: datetime) -> None:
    """It helps no more; referrals to it are kept."""
    conn.execute(update(contacts).where(contacts.c.id == id_).values(ended_at=now))


def gaps(conn: Connection, today: date) -> tuple[Gap, ...]:
    """What each village lacks of `REQUIRED`: no number at all, or none called in six months."""
    entered = offices(conn)
    return tuple(
        gap
        for village in all_villages(conn)
        for agency in REQUIRED
        if (gap := _gap(village, agency, entered, today)) is not None
    )


def _gap(village: Village, agency: Agency, entered: tuple[Office, ...], today: date) -> Gap | None:
    there = [one.contact for one in entered if one.contact.agency == agency and one.serves(village)]
    if not there:
        return Gap(village, agency)
    newest = max(there, key=lambda contact: contact.checked or date.min)
    if is_fresh(newest.checked, today):
        return None
    return Gap(village, agency, newest.id, newest.checked)


def is_fresh(checked: date | None, today: date) -> bool:
    """Whether a number was called within the last six months.

    >>> is_fresh(date(2026, 11, 20), date(2026, 11, 22)), is_fresh(None, date(2026, 11, 22))
    (True, False)
    """
    return checked is not None and today - checked <= FRESH


def growing_old(conn: Connection, by: date) -> tuple[Office, ...]:
    """Offices whose number will be older than six months on this day, longest uncalled first."""
    old = [one for one in offices(conn) if not is_fresh(one.contact.checked, by)]
    return tuple(sorted(old, key=lambda one: (one.contact.checked or date.min, one.contact.id)))


_QUERY = (
    select(contacts, villages.c.code)
    .select_from(contacts.outerjoin(villages, villages.c.id == contacts.c.village_id))
    .order_by(contacts.c.agency, contacts.c.id)
)


def _office(row: Any) -> Office:
    contact = Contact(
        id=ContactId(row.id),
        agency=Agency(row.agency),
        name=row.name,
        phone=row.phone,
        officer=row.officer,
        district=row.district,
        village_id=None if row.village_id is None else VillageId(row.village_id),
        checked=date.fromisoformat(row.checked_on) if row.checked_on else None,
    )
    return Office(contact, row.code or "", row.checked_by)
