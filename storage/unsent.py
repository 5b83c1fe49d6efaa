"""What could not be sent, as one list: from the outbox, and from broadcasts whose recipients were
left out before it.

What was withdrawn on purpose (cancelled, moved, answered already) or by her own wish (stopped, at
rest) is not in it. What waits behind a first word that she has not answered is.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from conversations.broadcasts.broadcast import reason_key
from conversations.dialogue import PersonId
from conversations.unsent import Unsent, kind_of
from storage import spending
from storage.schema import from_ms, to_ms
from storage.statement import Statement

MOST: Final = 2_000
"""Messages that are looked at, the newest first: a list is no place for a long walk."""

UNOPENED: Final = "unopened"
"""The reason of what she was only told of; a key of `not_sent`."""

ON_PURPOSE: Final = (
    "cancelled",
    "moved",
    "answered_no",
    "attended",
    "stopped",
    "resting",
    "no_consent",
    "talking",
    "erased",
)
_LEFT_OUT = ", ".join(f"'{reason}'" for reason in ON_PURPOSE)
_NAMED = (
    "x.person_id, p.salutation, p.name, COALESCE(v.name, ''), x.purpose, x.status, x.reason,"
    " x.withheld, x.created_at"
)
_PEOPLE = (
    " JOIN people p ON p.id = x.person_id AND p.erased_at IS NULL AND p.role <> 'focal'"
    " LEFT JOIN villages v ON v.id = p.village_id"
)
_VISIBLE = (
    " (CAST(:cadre AS BIGINT) IS NULL OR {person} IN (SELECT e.person_id FROM schools s"
    " JOIN enrolments e ON e.school_id = s.id AND e.left_at IS NULL WHERE s.cadre_id = :cadre))"
)
FROM_OUTBOX: Final = (
    f"SELECT {_NAMED} FROM outbox x{_PEOPLE}"
    " WHERE x.created_at >= :since AND x.person_id IS NOT NULL"
    " AND (x.withheld OR (x.status IN ('excluded', 'failed', 'uncertain', 'expired')"
    f" AND x.reason NOT IN ({_LEFT_OUT})))"
    f" AND{_VISIBLE.format(person='x.person_id')}"
    " ORDER BY x.created_at DESC LIMIT :most"
)
_FROM_OUTBOX = Statement(FROM_OUTBOX)
_FROM_BROADCASTS = Statement(
    "SELECT x.person_id, p.salutation, p.name, COALESCE(v.name, ''), 'broadcast', 'excluded',"
    " x.reason, FALSE, b.starts_at FROM broadcasts b"
    f" JOIN recipients x ON x.broadcast_id = b.id AND x.reason NOT IN ('', {_LEFT_OUT}){_PEOPLE}"
    f" WHERE b.starts_at >= :since AND b.starts_at <= :now AND{_VISIBLE.format(person='p.id')}"
    " ORDER BY b.starts_at DESC LIMIT :most"
)
_UNANSWERED = Statement(
    "SELECT count(DISTINCT person_id) FROM outbox WHERE created_at >= :since"
    " AND channel = 'whatsapp' AND status = 'excluded' AND priority <= 1"
    f" AND reason = '{spending.REASON}'"
)


def since(
    conn: Connection, begin: datetime, now: datetime, cadre: PersonId | None = None
) -> tuple[Unsent, ...]:
    """What was to leave from `begin` on and did not arrive, the newest first; with a cadre only of
    the people of her schools."""
    values = {"since": to_ms(begin), "now": to_ms(now), "cadre": cadre, "most": MOST}
    asked = {name: value for name, value in values.items() if name != "now"}
    rows = [*_FROM_OUTBOX.rows(conn, asked), *_FROM_BROADCASTS.rows(conn, values)]
    grouped: dict[tuple[int, str, str], list[Sequence[Any]]] = {}
    for row in sorted(rows, key=lambda row: -row[8]):
        grouped.setdefault((row[0], kind_of(row[4]), _reason(row)), []).append(row)
    return tuple(_unsent(key, group) for key, group in grouped.items())


def unanswered_for_money(conn: Connection, begin: datetime) -> int:
    """How many people wrote since then and could not be answered because of the budget."""
    number: int = _UNANSWERED.value(conn, {"since": to_ms(begin)})
    return number


def _reason(row: Sequence[Any]) -> str:
    status, reason, withheld = row[5:8]
    arrived = withheld and status not in ("excluded", "failed", "uncertain", "expired")
    return UNOPENED if arrived else reason_key(status, reason)


def _unsent(key: tuple[int, str, str], rows: Sequence[Sequence[Any]]) -> Unsent:
    person, kind, reason = key
    newest, oldest = rows[0], rows[-1]
    return Unsent(
        PersonId(person),
        f"{newest[1]} {newest[2]}".strip(),
        newest[3],
        kind,
        reason,
        from_ms(oldest[8]),
        len(rows),
    )
