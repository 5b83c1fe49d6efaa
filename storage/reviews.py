"""The list of the week: everybody who works on concerns has due work for it, which plans itself."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from conversations.dialogue import PersonId
from conversations.duty.watch import next_review
from storage.schema import to_ms
from storage.statement import Statement

REVIEW = "review"

_WHO = Statement(
    "SELECT p.id, p.zone FROM staff s JOIN people p ON p.id = s.person_id"
    " WHERE s.removed_at IS NULL AND s.role IN ('staff', 'coordinator', 'focal')"
    " AND NOT EXISTS (SELECT 1 FROM due d WHERE d.kind = 'review'"
    " AND d.subject = CAST(p.id AS VARCHAR(20)) AND d.outcome = '') ORDER BY p.id"
)
_PLAN = Statement(
    "INSERT INTO due (kind, subject, person_id, due_at) VALUES (:kind, :subject, :person, :at)"
    " ON CONFLICT (kind, subject) DO UPDATE SET outcome = '', attempts = 0, cursor = '',"
    " person_id = excluded.person_id, due_at = excluded.due_at WHERE due.outcome <> ''"
)


def ensure(conn: Connection, now: datetime) -> None:
    """Whoever has none planned gets it next Monday; done every day, and when somebody joins."""
    for person, zone in _WHO.rows(conn, {}):
        values = {"kind": REVIEW, "subject": str(person), "person": PersonId(person)}
        _PLAN.run(conn, {**values, "at": to_ms(next_review(now, zone))})
