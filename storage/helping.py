"""Whose phone speaks for whom, and who may be helped: `conversations.helping.helped.Helping`.

Nothing is decided here; how helping goes is in `conversations/helping/`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from conversations.dialogue import Consent, Person, PersonId, Role
from conversations.helping.helped import LASTS, Helped, Invited
from conversations.message import MediaId
from conversations.schools.session import School, SchoolId
from storage import joining, meta
from storage.reaching import addresses_reaching, is_reached
from storage.schema import from_ms, to_ms
from storage.schools import SCHOOL, school_of
from storage.statement import Statement

NOTICE = "notice"
"""Under this name `meta` keeps the id of the recording of what people consent to."""

_BEGIN = Statement(
    "UPDATE addresses SET assisting_id = :person, assisting_until = :until WHERE id = :address_id"
)
_END = Statement(
    "UPDATE addresses SET assisting_id = NULL, assisting_until = NULL"
    " WHERE person_id = :helper AND assisting_id IS NOT NULL"
)
_FORGET = Statement(
    "UPDATE addresses SET assisting_id = NULL, assisting_until = NULL WHERE assisting_id = :person"
)
_EXTEND = Statement(
    "UPDATE addresses SET assisting_until = :until"
    " WHERE id = :address_id AND assisting_id IS NOT NULL"
)
_UNTIL = Statement(
    "SELECT max(assisting_until) FROM addresses"
    " WHERE person_id = :helper AND assisting_id IS NOT NULL AND assisting_until > :now"
)
_LAPSED = Statement(
    "SELECT p.salutation, p.name FROM addresses a JOIN people p ON p.id = a.assisting_id"
    " WHERE a.person_id = :helper AND a.assisting_until <= :now ORDER BY a.assisting_until LIMIT 1"
)
_HELPER = Statement(
    "SELECT id, role, salutation, name, zone FROM people WHERE id = :person AND erased_at IS NULL"
)
_SCHOOLS = Statement(
    f"SELECT {SCHOOL} FROM schools s WHERE s.closed_at IS NULL AND (s.cadre_id = :cadre"
    " OR s.id IN (SELECT e.school_id FROM enrolments e"
    " WHERE e.person_id = :cadre AND e.left_at IS NULL)) ORDER BY s.code"
)
_LISTED = (
    "SELECT p.id, e.number, p.salutation, p.name, s.code, p.consent, p.registered_at,"
    f" CASE WHEN {is_reached('p.id')} THEN 1 ELSE 0 END,"
    " CASE WHEN EXISTS (SELECT 1 FROM interviews i WHERE i.person_id = p.id"
    " AND i.conversation = 'checkin' AND i.status = 'finished' AND i.started_at >= :since)"
    " THEN 1 ELSE 0 END,"
    " (SELECT min(h.id) FROM addresses a JOIN people h ON h.id = a.person_id"
    " WHERE a.assisting_id = p.id AND a.assisting_until > :now AND h.id <> :helper)"
    " FROM enrolments e JOIN people p ON p.id = e.person_id JOIN schools s ON s.id = e.school_id"
    " WHERE e.left_at IS NULL AND s.closed_at IS NULL AND p.erased_at IS NULL AND p.role <> 'staff'"
)
_PEOPLE = Statement(f"{_LISTED} AND e.school_id = :school ORDER BY e.number")
_ONE = Statement(f"{_LISTED} AND e.person_id = :person ORDER BY s.code")
_CHATS = Statement(f"SELECT {addresses_reaching(':person')}")
_STORED = Statement("SELECT id FROM media WHERE id = :id AND status = 'stored'")


def begin(conn: Connection, address_id: int, person: PersonId, now: datetime) -> datetime:
    """The phone at this address speaks for her; until when, if nothing more is typed."""
    until = now + LASTS
    values = {"address_id": address_id, "person": person, "until": to_ms(until)}
    _BEGIN.run(conn, values)
    return until


def extend(conn: Connection, address_id: int, now: datetime) -> None:
    """One more message for her: half an hour from now on."""
    _EXTEND.run(conn, {"address_id": address_id, "until": to_ms(now + LASTS)})


def end(conn: Connection, helper: PersonId) -> None:
    """Every phone of hers speaks for herself."""
    _END.run(conn, {"helper": helper})


def forget(conn: Connection, person: PersonId) -> None:
    """Nobody speaks for this person any more: she is being erased."""
    _FORGET.run(conn, {"person": person})


def until(conn: Connection, helper: PersonId, now: datetime) -> datetime | None:
    """Until when a phone of hers speaks for somebody else; None: it does not."""
    ms = _UNTIL.value(conn, {"helper": helper, "now": to_ms(now)})
    return None if ms is None else from_ms(ms)


class StoredHelping:
    """`conversations.helping.helped.Helping`, answered from one connection."""

    __slots__ = ("_conn", "_now")

    def __init__(self, conn: Connection, now: datetime) -> None:
        self._conn = conn
        self._now = now

    def helper(self, person: PersonId) -> Person | None:
        """Somebody who types for another, with role, salutation and name."""
        row = _HELPER.row(self._conn, {"person": person})
        if row is None:
            return None
        return Person(PersonId(row[0]), Role(row[1]), row[2], row[3], zone=row[4])

    def schools(self, cadre: PersonId) -> tuple[School, ...]:
        """The open schools a cadre looks after or is on the list of, by code."""
        return tuple(map(school_of, _SCHOOLS.rows(self._conn, {"cadre": cadre})))

    def people(self, school: SchoolId, helper: PersonId, since: datetime) -> tuple[Helped, ...]:
        """A school's list by number; `told` looks at check-ins from `since` on."""
        values = {"school": school, **self._seen_by(helper, since)}
        return tuple(map(self._helped, _PEOPLE.rows(self._conn, values)))

    def one(self, person: PersonId, helper: PersonId) -> tuple[Helped, ...]:
        """The same about one person, once for each school that she is on the list of."""
        values = {"person": person, **self._seen_by(helper, self._now)}
        return tuple(map(self._helped, _ONE.rows(self._conn, values)))

    def lapsed(self, helper: PersonId) -> str | None:
        """Whom she was typing for until time ended it, which she was not told yet."""
        row = _LAPSED.row(self._conn, {"helper": helper, "now": to_ms(self._now)})
        return None if row is None else f"{row[0]} {row[1]}".strip()

    def until(self, helper: PersonId) -> datetime | None:
        """Until when her phone speaks for somebody else."""
        return until(self._conn, helper, self._now)

    def notice(self) -> MediaId | None:
        """The recording of the notice, where one is kept."""
        kept = meta.get(self._conn, NOTICE)
        if kept is None:
            return None
        stored: str | None = _STORED.value(self._conn, {"id": kept.decode()})
        return None if stored is None else MediaId(stored)

    def invited(self, code: str) -> Invited | None:
        """Whom a code of eight signs belongs to."""
        return joining.invited(self._conn, code, self._now)

    def link_code(self) -> str:
        """A new code of eight signs."""
        return joining.fresh_code()

    def tries(self, person: PersonId) -> int:
        """How many codes that were nobody's this person has sent within this hour."""
        return joining.tries(self._conn, person, self._now)

    def chats(self, person: PersonId) -> int:
        """How many chats reach her."""
        found: int = _CHATS.value(self._conn, {"person": person})
        return found

    def _seen_by(self, helper: PersonId, since: datetime) -> dict[str, int]:
        return {"helper": helper, "since": to_ms(since), "now": to_ms(self._now)}

    def _helped(self, row: Sequence[Any]) -> Helped:
        other = None if row[9] is None else self.helper(PersonId(row[9]))
        return Helped(
            PersonId(row[0]),
            row[1],
            f"{row[2]} {row[3]}".strip(),
            row[4],
            Consent(row[5]),
            registered=row[6] is not None,
            has_phone=bool(row[7]),
            told=bool(row[8]),
            helper="" if other is None else f"{other.salutation} {other.name}".strip() or "Kader",
        )
