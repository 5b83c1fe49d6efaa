"""Which tips a person has had, and whether they helped. The tips themselves are in `locales`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, update
from sqlalchemy.dialects.postgresql import insert as upsert

from conversations.dialogue import ChildId, PersonId
from storage.schema import tips_sent
from storage.statement import Statement

UNHEARD = (
    "(SELECT max(CASE WHEN o.status IN ('excluded', 'expired', 'failed') THEN 0 ELSE 1 END)"
    " FROM outbox o WHERE o.created_at = t.at AND o.person_id = t.person_id) = 0"
)
"""Of a tip `t`: nothing of it left, and nothing will. Its words were planned at its moment."""

_HAD = Statement(
    f"SELECT t.tip FROM tips_sent t WHERE t.person_id = :person AND {UNHEARD} IS NOT TRUE"
    " ORDER BY t.at, t.tip"
)


def sent(
    conn: Connection, person: PersonId, tip: str, child: ChildId | None, now: datetime
) -> None:
    """She was given a tip; given again, only the time is new."""
    values = {"person_id": person, "tip": tip, "child_id": child, "at": now}
    conn.execute(
        upsert(tips_sent)
        .values(values)
        .on_conflict_do_update(
            index_elements=["person_id", "tip"], set_={"at": now, "child_id": child}
        )
    )


def rate(conn: Connection, person: PersonId, tip: str, helpful: bool) -> None:
    """What she thought of a tip that she was given."""
    conn.execute(
        update(tips_sent)
        .where(tips_sent.c.person_id == person, tips_sent.c.tip == tip)
        .values(helpful=helpful)
    )


def had(conn: Connection, person: PersonId) -> tuple[str, ...]:
    """Ids of the tips she was given, oldest first; one that never reached her is not among them."""
    return tuple(row[0] for row in _HAD.rows(conn, {"person": person}))
