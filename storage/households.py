"""Households: people who care for the same children, or share a telephone."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from conversations.dialogue import PersonId
from storage.schema import to_ms

_PAUSE = text(
    "UPDATE people SET paused_until = :until WHERE id IN (SELECT CAST(:person AS BIGINT)"
    " UNION SELECT o.person_id FROM caregiving m JOIN caregiving o ON o.child_id = m.child_id"
    " WHERE m.person_id = :person"
    " UNION SELECT o.person_id FROM address_people m"
    " JOIN address_people o ON o.address_id = m.address_id WHERE m.person_id = :person)"
    " AND (paused_until IS NULL OR paused_until < :until)"
)


def pause(conn: Connection, person: PersonId, until: datetime) -> int:
    """Nothing unasked to anybody of her household until then; to how many that is new.

    Who had asked for a longer rest keeps it.
    """
    return conn.execute(_PAUSE, {"person": person, "until": to_ms(until)}).rowcount
