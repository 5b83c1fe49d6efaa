"""What belongs together in the outbox (session:12, broadcast:3): withdrawn, put off, counted.

What is on its way just then cannot be withdrawn; should it come back, it is looked at again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, bindparam, text

from storage.schema import to_ms
from storage.statement import Statement

PAUSED: Final = timedelta(days=3650)
"""So far off goes what is not to leave until somebody says so."""

SESSION, BROADCAST = "session:", "broadcast:"
NEWS: Final = "session_changed"
"""Purpose of what tells of a session's change: it reaches also who had said no."""

_OPEN = (
    "WHERE campaign = :campaign AND campaign <> '' AND status IN ('waiting', 'sending')"
    " AND status = 'waiting'"
)
_OF_PERSON = "AND (person_id = :person OR CAST(:person AS BIGINT) IS NULL) AND purpose <> :spare"
_WITHDRAW = text(
    "UPDATE outbox SET status = 'excluded', reason = :reason, finished_at = :now"
    f" {_OPEN} {_OF_PERSON}"
)
_PUT_OFF = text(f"UPDATE outbox SET not_before = :at {_OPEN}")
_WAITING = text(f"SELECT count(*) FROM outbox {_OPEN}")
_BACK = text(
    "SELECT id, campaign, dedupe_key, person_id, purpose FROM outbox"
    " WHERE id IN :ids AND campaign <> '' AND status = 'waiting' ORDER BY id"
).bindparams(bindparam("ids", expanding=True))
_NOT_SENT = text(
    "UPDATE outbox SET status = 'excluded', reason = :reason, finished_at = :now"
    " WHERE id IN :ids AND status = 'waiting'"
).bindparams(bindparam("ids", expanding=True))
_REST = text(
    "UPDATE outbox SET not_before = :at WHERE id IN :ids AND status = 'waiting'"
).bindparams(bindparam("ids", expanding=True))
_OF_BROADCAST = Statement("SELECT status FROM broadcasts WHERE id = :id")
_OF_SESSION = Statement(
    "SELECT x.status, x.revision, COALESCE(i.rsvp, ''), i.present FROM sessions x"
    " LEFT JOIN invitations i ON i.session_id = x.id AND i.person_id = :person WHERE x.id = :id"
)


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
    return conn.execute(_WITHDRAW, values).rowcount


def put_off(conn: Connection, campaign: str, at: datetime) -> int:
    """What still waits of a campaign goes out from `at` on; how many messages that are."""
    return conn.execute(_PUT_OFF, {"campaign": campaign, "at": to_ms(at)}).rowcount


def waiting(conn: Connection, campaign: str) -> int:
    """How many messages of a campaign wait to be sent."""
    number: int = conn.execute(_WAITING, {"campaign": campaign}).scalar_one()
    return number


def look_again(conn: Connection, ids: Sequence[int], now: datetime) -> None:
    """These were on their way and are back: what fell meanwhile does not set off again."""
    fallen: defaultdict[str, list[int]] = defaultdict(list)
    resting: list[int] = []
    for row in conn.execute(_BACK, {"ids": ids}).all():
        if row.campaign.startswith(BROADCAST):
            state = _OF_BROADCAST.value(conn, {"id": int(row.campaign.removeprefix(BROADCAST))})
            if state in ("cancelled", "refused"):
                fallen["cancelled"].append(row.id)
            elif state == "paused":
                resting.append(row.id)
        elif row.campaign.startswith(SESSION) and (reason := _fell(conn, row)):
            fallen[reason].append(row.id)
    for reason, of_these in fallen.items():
        conn.execute(_NOT_SENT, {"ids": of_these, "reason": reason, "now": to_ms(now)})
    if resting:
        conn.execute(_REST, {"ids": resting, "at": to_ms(now + PAUSED)})


def _fell(conn: Connection, row: Any) -> str:
    """Why a message about a session is of no use any more; empty when it is."""
    number = int(row.campaign.removeprefix(SESSION))
    found = _OF_SESSION.row(conn, {"id": number, "person": row.person_id})
    if found is None:
        return ""
    status, revision, rsvp, present = found
    planned_for = row.dedupe_key.split(":")[2:3]
    if planned_for and planned_for[0].isdigit() and int(planned_for[0]) != revision:
        return "cancelled" if status == "cancelled" else "moved"
    if row.purpose == "tip":
        return "attended" if present else ""
    return "answered_no" if rsvp == "no" and row.purpose != NEWS else ""
