"""Codes on slips: who of the roster a chat belongs to, once it has written her code.

Only hashes are kept. What is said about a code is `conversations/helping/joining.py`'s.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Connection

from conversations.dialogue import PersonId
from conversations.helping.helped import Invited
from storage import dialogues
from storage.schema import to_ms
from storage.staff import ALPHABET, CODE_LENGTH
from storage.statement import Statement

CODE_LASTS = timedelta(days=60)

_OPEN = Statement(
    "INSERT INTO join_codes (code_hash, person_id, made_at, expires_at)"
    " VALUES (:code_hash, :person, :now, :expires_at)"
)
_END_OLD = Statement("DELETE FROM join_codes WHERE person_id = :person AND used_at IS NULL")
_FORGET = Statement("DELETE FROM join_codes WHERE person_id = :person")
_INVITED = Statement(
    "SELECT j.person_id, CASE WHEN j.used_at IS NULL AND j.expires_at > :now THEN 1 ELSE 0 END,"
    " CASE WHEN EXISTS (SELECT 1 FROM addresses a WHERE a.person_id = j.person_id"
    " AND a.blocked_at IS NULL) THEN 1 ELSE 0 END"
    " FROM join_codes j JOIN people p ON p.id = j.person_id"
    " WHERE j.code_hash = :code_hash AND p.erased_at IS NULL"
)
_USE = Statement(
    "UPDATE join_codes SET used_at = :now"
    " WHERE code_hash = :code_hash AND used_at IS NULL AND expires_at > :now RETURNING person_id"
)
_OWNED = Statement(
    "UPDATE addresses SET person_id = :person, assisting_id = NULL, assisting_until = NULL"
    " WHERE id = :address_id"
)
_HELP_ENDS = Statement(
    "UPDATE addresses SET assisting_id = NULL, assisting_until = NULL WHERE assisting_id = :person"
)
_TOGETHER = Statement(
    "INSERT INTO address_people (address_id, person_id, since) VALUES (:address_id, :person, :now)"
    " ON CONFLICT DO NOTHING"
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


class CodeSpentError(RuntimeError):
    """The code was used or replaced between reading it and using it."""


def make(conn: Connection, people: Iterable[PersonId], now: datetime) -> dict[PersonId, str]:
    """A fresh code for each; an earlier one that was not used opens nothing any more."""
    codes: dict[PersonId, str] = {}
    for person in people:
        code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
        _END_OLD.run(conn, {"person": person})
        _OPEN.run(
            conn,
            {
                "code_hash": _hashed(code),
                "person": person,
                "now": to_ms(now),
                "expires_at": to_ms(now + CODE_LASTS),
            },
        )
        codes[person] = code
    return codes


def invited(conn: Connection, code: str, now: datetime) -> Invited | None:
    """Whom a code belongs to; None when it is nobody's."""
    row = _INVITED.row(conn, {"code_hash": _hashed(code), "now": to_ms(now)})
    return None if row is None else Invited(PersonId(row[0]), bool(row[1]), bool(row[2]))


def use(conn: Connection, code: str, address_id: int, before: PersonId, now: datetime) -> PersonId:
    """The chat is hers from now on; what it told before coming through the door is hers too.

    `before` is the nameless person that the chat's first word had made. Raises CodeSpentError.
    """
    person = _USE.value(conn, {"code_hash": _hashed(code), "now": to_ms(now)})
    if person is None:
        raise CodeSpentError("the code was used or replaced meanwhile")
    both = {"person": person, "before": before, "address_id": address_id}
    _HELP_ENDS.run(conn, {"person": person})
    _OWNED.run(conn, {"person": person, "address_id": address_id})
    _NOT_HIS.run(conn, {"person": before, "address_id": address_id})
    _TOGETHER.run(conn, {"person": person, "address_id": address_id, "now": to_ms(now)})
    _TASKS.run(conn, {"person": person, "before": before})
    _FILES.run(conn, {"person": person, "before": before})
    _LETTERS.run(conn, both)
    _WAKES.run(conn, {"before": before})
    dialogues.close(conn, before)
    return PersonId(person)


def forget(conn: Connection, person: PersonId) -> None:
    """Somebody is erased: no code leads to her."""
    _FORGET.run(conn, {"person": person})


def _hashed(code: str) -> str:
    """The code as it is kept; spaces, dashes and small letters are how people type it.

    >>> _hashed("cdfg-hjkm") == _hashed("CDFGHJKM")
    True
    """
    plain = "".join(sign for sign in code.upper() if sign.isalnum())
    return hashlib.sha256(plain.encode()).hexdigest()
