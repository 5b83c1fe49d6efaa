"""The record of who saw or did what, and why. Rows are added and read, never changed; retention
takes them away after five years.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from conversations.dialogue import PersonId
from storage.people import fitting
from storage.schema import audit

COMMAND = "command"
CLOCK = "clock"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that was done; `actor` is `person:12`, `command` or `clock`."""

    at: datetime
    actor: str
    action: str
    subject: str
    reason: str


def person(id_: PersonId | int | None) -> str:
    """A person as the record names her.

    >>> person(12)
    'person:12'
    """
    return CLOCK if id_ is None else f"person:{id_}"


def record(
    conn: Connection, actor: str, action: str, subject: str, reason: str, now: datetime
) -> None:
    """Write down what is being done, in the transaction that does it; never any content."""
    values = {"actor": actor, "action": action, "subject": subject, "reason": reason}
    fitted = {name: fitting(audit.c[name].type, value) for name, value in values.items()}
    conn.execute(insert(audit), {**fitted, "at": now})


def latest(conn: Connection, limit: int, *, subject: str | None = None) -> tuple[Entry, ...]:
    """What was done last, newest first; about one subject when it is given."""
    query = select(audit.c.at, audit.c.actor, audit.c.action, audit.c.subject, audit.c.reason)
    if subject is not None:
        query = query.where(audit.c.subject == subject)
    return tuple(
        Entry(*row) for row in conn.execute(query.order_by(audit.c.id.desc()).limit(limit))
    )
