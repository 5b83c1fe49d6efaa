"""What belongs together in the outbox (session:12, broadcast:3): withdrawn, put off, counted."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from storage import door
from storage.schema import to_ms

_OPEN = (
    "WHERE campaign = :campaign AND campaign <> '' AND status IN ('waiting', 'sending')"
    " AND status = 'waiting'"
)
_OF_PERSON = "AND (person_id = :person OR CAST(:person AS BIGINT) IS NULL) AND purpose <> :spare"
_WITHDRAW = text(
    "UPDATE outbox SET status = 'excluded', reason = :reason, finished_at = :now"
    f" {_OPEN} {_OF_PERSON}"
)
_CARRIERS = text(f"SELECT body FROM outbox {_OPEN} AND held AND attempts > 0 {_OF_PERSON}")
_PUT_OFF = text(f"UPDATE outbox SET not_before = :at {_OPEN}")
_WAITING = text(f"SELECT count(*) FROM outbox {_OPEN}")


def withdraw(
    conn: Connection,
    campaign: str,
    reason: str,
    now: datetime,
    person_id: int | None = None,
    *,
    spare: str = "",
) -> int:
    """What still waits of a campaign (of one person of it) is not sent; how many that was.

    What has the purpose `spare` is sent all the same.
    """
    who = {"person": person_id, "spare": spare}
    values = {"campaign": campaign, "reason": reason, "now": to_ms(now), **who}
    door.split(conn, conn.execute(_CARRIERS, values).scalars().all())
    return conn.execute(_WITHDRAW, values).rowcount


def put_off(conn: Connection, campaign: str, at: datetime) -> int:
    """What still waits of a campaign goes out from `at` on; how many messages that are."""
    return conn.execute(_PUT_OFF, {"campaign": campaign, "at": to_ms(at)}).rowcount


def waiting(conn: Connection, campaign: str) -> int:
    """How many messages of a campaign wait to be sent."""
    number: int = conn.execute(_WAITING, {"campaign": campaign}).scalar_one()
    return number
