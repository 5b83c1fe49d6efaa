"""Seats that are not found by who writes: for whom a phone speaks since this very turn, and
somebody whom no phone reaches.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from conversations.dialogue import PersonId
from storage import people
from storage.schema import to_ms
from storage.statement import Statement

_AT_HOME = Statement(
    f"{people.SEAT} FROM people p LEFT JOIN dialogues d ON d.person_id = p.id"
    " LEFT JOIN addresses a ON a.id IS NULL WHERE p.id = :person"
)
_LOCK_TAKEN_OVER = text(
    "SELECT p.id FROM people p JOIN addresses a"
    " ON p.id = CASE WHEN a.assisting_until > :now THEN a.assisting_id ELSE a.person_id END"
    " WHERE a.channel = :channel AND a.account = :account AND a.address = :address"
    " FOR NO KEY UPDATE OF p SKIP LOCKED"
)


def taken_over(
    conn: Connection, channel: str, account: str, address: str, now: datetime
) -> people.Seat | None:
    """For whom this address speaks since this very turn; None while another turn is hers.

    Somebody is locked already, and her id may be the lower one: so this never waits for a lock.
    """
    where = {"channel": channel, "account": account, "address": address, "now": to_ms(now)}
    if conn.dialect.name == "postgresql" and conn.execute(_LOCK_TAKEN_OVER, where).first() is None:
        return None
    row = people.AT_ADDRESS.row(conn, where)
    return None if row is None else people.seat(conn, row)


def at_home(conn: Connection, person: PersonId) -> people.Seat | None:
    """Somebody whom no phone reaches, with her dialogue: what is due about her, not to her."""
    if conn.dialect.name == "postgresql":
        conn.execute(people.LOCK_PERSON, {"person": person})
    row = _AT_HOME.row(conn, {"person": person})
    return None if row is None else people.seat(conn, row)
