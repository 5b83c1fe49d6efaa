"""Codes: who of the roster a chat belongs to, once it has written the code of her slip; and which
chat is hers too, once it has written the code that she asked for in another.

Only hashes are kept. What is said about a code is `conversations/helping/joining.py`'s.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Connection

from conversations.dialogue import PersonId
from conversations.event import Holds
from conversations.helping.helped import Invited
from storage import dialogues, phones
from storage.reaching import is_reached
from storage.schema import to_ms
from storage.staff import ALPHABET, CODE_LENGTH
from storage.statement import Statement

CODE_LASTS = timedelta(days=60)
LINK_LASTS = timedelta(minutes=15)

SLIP, LINK = "slip", "link"
"""What a code is for."""

_OPEN = Statement(
    "INSERT INTO join_codes (code_hash, purpose, person_id, made_at, expires_at)"
    " VALUES (:code_hash, :purpose, :person, :now, :expires_at)"
)
_END_OLD = Statement(
    "DELETE FROM join_codes WHERE person_id = :person AND purpose = :purpose AND used_at IS NULL"
)
_FORGET = Statement("DELETE FROM join_codes WHERE person_id = :person")
_INVITED = Statement(
    "SELECT j.person_id, CASE WHEN j.used_at IS NULL AND j.expires_at > :now THEN 1 ELSE 0 END,"
    f" CASE WHEN {is_reached('j.person_id')} THEN 1 ELSE 0 END, j.purpose"
    " FROM join_codes j JOIN people p ON p.id = j.person_id"
    " WHERE j.code_hash = :code_hash AND p.erased_at IS NULL"
)
_USE = Statement(
    "UPDATE join_codes SET used_at = :now"
    " WHERE code_hash = :code_hash AND used_at IS NULL AND expires_at > :now RETURNING person_id"
)
_HELP_ENDS = Statement(
    "UPDATE addresses SET assisting_id = NULL, assisting_until = NULL WHERE assisting_id = :person"
)
_NOT_HIS = Statement(
    "DELETE FROM address_people WHERE address_id = :address_id AND person_id = :person"
)
_TASKS = Statement("UPDATE tasks SET about_id = :person WHERE about_id = :before")
_FILES = Statement("UPDATE media SET person_id = :person WHERE person_id = :before")
_LETTERS = Statement(
    "UPDATE outbox SET person_id = :person WHERE person_id = :before AND address_id = :address_id"
    " AND created_at >= (SELECT created_at FROM people WHERE id = :before)"
)
_WAKES = Statement("DELETE FROM due WHERE person_id = :before AND outcome = ''")
_TRIED = Statement(
    "INSERT INTO counters (name, value) VALUES (:name, :first) ON CONFLICT (name) DO UPDATE"
    " SET value = CASE WHEN counters.value < :first THEN :first ELSE counters.value + 1 END"
)
_TRIES = Statement("SELECT value FROM counters WHERE name = :name")
_AN_HOUR = 1000
"""In a counter of tries: the hour since 1970, times this, and how many there were in it."""


class CodeSpentError(RuntimeError):
    """The code was used or replaced between reading it and using it."""


def make(conn: Connection, people: Iterable[PersonId], now: datetime) -> dict[PersonId, str]:
    """A fresh code for each; an earlier one that was not used opens nothing any more."""
    codes: dict[PersonId, str] = {}
    for person in people:
        codes[person] = fresh_code()
        _open(conn, codes[person], SLIP, person, now, CODE_LASTS)
    return codes


def fresh_code() -> str:
    """A code of signs that nobody confuses; it opens nothing until it is kept."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


def open_link(conn: Connection, person: PersonId, code: str, now: datetime) -> None:
    """By this code, sent from another chat within a quarter of an hour, that chat is hers too."""
    _open(conn, code, LINK, person, now, LINK_LASTS)


def _open(
    conn: Connection, code: str, purpose: str, person: PersonId, now: datetime, lasts: timedelta
) -> None:
    _END_OLD.run(conn, {"person": person, "purpose": purpose})
    values = {"code_hash": _hashed(code), "purpose": purpose, "person": person}
    times = {"now": to_ms(now), "expires_at": to_ms(now + lasts)}
    _OPEN.run(conn, values | times)


def invited(conn: Connection, code: str, now: datetime) -> Invited | None:
    """Whom a code belongs to; None when it is nobody's."""
    row = _INVITED.row(conn, {"code_hash": _hashed(code), "now": to_ms(now)})
    if row is None:
        return None
    return Invited(PersonId(row[0]), bool(row[1]), bool(row[2]), row[3] == LINK)


def tried(conn: Connection, person: PersonId, now: datetime) -> None:
    """A code was sent that is nobody's."""
    _TRIED.run(conn, {"name": f"codes:{person}", "first": _hour(now) + 1})


def tries(conn: Connection, person: PersonId, now: datetime) -> int:
    """How many there were within this hour of the clock."""
    value = _TRIES.value(conn, {"name": f"codes:{person}"}) or 0
    return max(0, value - _hour(now))


def use(
    conn: Connection,
    code: str,
    address_id: int,
    before: PersonId,
    now: datetime,
    holds: Holds = Holds.ALONE,
) -> PersonId:
    """The chat is hers from now on; `before` is whoever held it.

    ALONE: that is the nameless person that the chat's first word had made, and what it told before
    coming through the door is hers too. Raises CodeSpentError.
    """
    person = _USE.value(conn, {"code_hash": _hashed(code), "now": to_ms(now)})
    if person is None:
        raise CodeSpentError("the code was used or replaced meanwhile")
    _HELP_ENDS.run(conn, {"person": person})
    phones.trust(conn, address_id, PersonId(person), now)
    match holds:
        case Holds.ALONE:
            _absorb(conn, PersonId(person), before, address_id)
        case Holds.TOGETHER:
            phones.share(conn, address_id)
        case Holds.GIVEN:
            phones.not_hers(conn, address_id, before, now)
    return PersonId(person)


def is_proof(conn: Connection, code: str, person: PersonId, now: datetime) -> bool:
    """Whether this code was asked for by herself in another chat of hers; it is used up by that."""
    found = invited(conn, code, now)
    if found is None or not (found.good and found.linking and found.person == person):
        return False
    used = _USE.value(conn, {"code_hash": _hashed(code), "now": to_ms(now)})
    return used is not None


def _absorb(conn: Connection, person: PersonId, before: PersonId, address_id: int) -> None:
    both = {"person": person, "before": before, "address_id": address_id}
    _NOT_HIS.run(conn, {"person": before, "address_id": address_id})
    _TASKS.run(conn, {"person": person, "before": before})
    _FILES.run(conn, {"person": person, "before": before})
    _LETTERS.run(conn, both)
    _WAKES.run(conn, {"before": before})
    dialogues.close(conn, before)


def forget(conn: Connection, person: PersonId) -> None:
    """Somebody is erased: no code leads to her."""
    _FORGET.run(conn, {"person": person})


def _hour(now: datetime) -> int:
    return int(now.timestamp()) // 3600 * _AN_HOUR


def _hashed(code: str) -> str:
    """The code as it is kept; spaces, dashes and small letters are how people type it.

    >>> _hashed("cdfg-hjkm") == _hashed("CDFGHJKM")
    True
    """
    plain = "".join(sign for sign in code.upper() if sign.isalnum())
    return hashlib.sha256(plain.encode()).hexdigest()
