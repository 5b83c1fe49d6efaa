"""What becomes of an outgoing message: its one status, which only moves forward, and what follows
for others. Who sends it is in outbox.py, what a platform tells later in receipts.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, text

from storage import campaigns, door, elsewhere
from storage.schema import to_ms
from storage.statement import Statement

LATE: Final = "late"
"""The reason of what expired."""

_LONGEST_REASON: Final = 120


class Status(StrEnum):
    """What became of an outgoing message."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    EXCLUDED = "excluded"
    EXPIRED = "expired"
    MERGED = "merged"


STEPS: Final = {Status.SENT: 2, Status.DELIVERED: 3, Status.FAILED: 3, Status.READ: 4}
"""A status may follow only one of a lower step; whatever is not named here has step 1."""

_STANDS: Final = {
    Status.WAITING: 0,
    Status.SENDING: 0,
    Status.UNCERTAIN: 1,
    Status.SENT: 2,
    Status.DELIVERED: 3,
}
"""The step on which a row stands; nothing follows what is not named here."""

_LAST = 9
_CASES = " ".join(f"WHEN '{status}' THEN {step}" for status, step in _STANDS.items())
STANDS: Final = f"CASE status {_CASES} ELSE {_LAST} END"
"""The step of a row, in SQL."""

_STAYED: Final = frozenset({Status.WAITING, Status.FAILED, Status.EXPIRED})
"""It surely did not arrive: what it carried for others may still."""

_OF_ITSELF: Final = {Status.EXPIRED: LATE}
"""The reason that a status tells by itself."""

_RECORD = Statement(
    "UPDATE outbox SET status = :status, reason = :reason, owner = NULL, lease_until = NULL,"
    " platform_id = COALESCE(CAST(:platform_id AS VARCHAR(80)), platform_id),"
    " attempts = CASE WHEN attempts = 0 OR :tried = 1 THEN attempts + :again ELSE attempts END,"
    " not_before = COALESCE(CAST(:not_before AS BIGINT), not_before),"
    " parts = CASE WHEN CAST(:parts AS SMALLINT) > 1 THEN CAST(:parts AS SMALLINT) ELSE parts END,"
    " finished_at = :finished_at"
    f" WHERE id = :id AND {STANDS} < :step"
)
_BLOCK = text(
    "UPDATE addresses SET blocked_at = :now, blocked_reason = :reason"
    " WHERE id = :address_id AND blocked_at IS NULL"
)
_CLOSE_WINDOW = text(
    "UPDATE addresses SET window_until = :at WHERE id = :address_id AND window_until > :at"
    " AND (last_inbound_at IS NULL OR last_inbound_at < :at)"
)
_FAIL_WAITING = text(
    "UPDATE outbox SET status = 'failed', reason = :reason, finished_at = :now"
    " WHERE address_id = :address_id AND status IN ('waiting', 'sending') AND status = 'waiting'"
)


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one message. `waiting` means: again at `not_before`, with one attempt more,
    but where it was only given back (not `tried`) and has been counted before. `parts` are the
    platform's names of the messages in which it was said before the one that `platform_id` names.
    """

    id: int
    status: Status
    reason: str = ""
    platform_id: str = ""
    not_before: datetime | None = None
    tried: bool = True
    parts: tuple[str, ...] = ()


def record(conn: Connection, results: Sequence[Result], now: datetime) -> None:
    """Write down what became of messages. A final status stays; sent, delivered, read advance."""
    ms = to_ms(now)
    rows = [
        {
            "id": result.id,
            "status": str(result.status),
            "reason": (result.reason or _OF_ITSELF.get(result.status, ""))[:_LONGEST_REASON],
            "platform_id": result.platform_id or None,
            "again": 1 if result.status is Status.WAITING else 0,
            "tried": 1 if result.tried else 0,
            "not_before": _ms(result.not_before),
            "finished_at": None if result.status is Status.WAITING else ms,
            "step": STEPS.get(result.status, 1),
            "parts": 1 + len(result.parts),
        }
        for result in results
    ]
    _RECORD.many(conn, rows)
    if stayed := [result.id for result in results if result.status in _STAYED]:
        back = [result.id for result in results if result.status is Status.WAITING]
        set_free(conn, stayed, now, back)


def set_free(conn: Connection, ids: Sequence[int], now: datetime, back: Sequence[int] = ()) -> None:
    """These surely did not arrive: what they carried for others waits again by itself. It is looked
    at again, and so is what came `back` itself."""
    if again := [*back, *door.part(conn, ids)]:
        campaigns.look_again(conn, again, now)


def advances(before: str, after: str) -> bool:
    """Whether a status may follow another.

    >>> advances("sent", "read"), advances("read", "delivered"), advances("delivered", "failed")
    (True, False, False)
    """
    return _STANDS.get(Status(before), _LAST) < STEPS.get(Status(after), 1)


def block(
    conn: Connection, address_id: int, reason: str, now: datetime, failed: Sequence[int] = ()
) -> None:
    """The person cannot be reached at this address any more: what waits for it fails. An alarm goes
    to another address of hers, also where it is one of these that just `failed`."""
    values = {"address_id": address_id, "now": to_ms(now)}
    conn.execute(_BLOCK, {**values, "reason": reason[:80]})
    elsewhere.alarms(conn, address_id, failed, now)
    conn.execute(_FAIL_WAITING, {**values, "reason": reason[:_LONGEST_REASON]})


def close_window(conn: Connection, address_id: int, at: datetime) -> None:
    """The platform took only approved words at `at`: so it is until she writes, if she has not
    since."""
    conn.execute(_CLOSE_WINDOW, {"address_id": address_id, "at": to_ms(at)})


def _ms(at: datetime | None) -> int | None:
    return None if at is None else to_ms(at)
