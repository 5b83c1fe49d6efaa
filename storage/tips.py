"""Which tips a person has had, and whether they helped. The tips themselves are in `locales`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from conversations.dialogue import ChildId, PersonId
from storage.schema import tips_sent


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
    """Ids of the tips she was given, oldest first."""
    return tuple(
        conn.execute(
            select(tips_sent.c.tip)
            .where(tips_sent.c.person_id == person)
            .order_by(tips_sent.c.at, tips_sent.c.tip)
        ).scalars()
    )
