"""The record of who saw or did what, and why. Rows are added and read, never changed; retention
takes them away after five years.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, or_, select

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
    channel: str = ""


def person(id_: PersonId | int | None) -> str:
    """A person as the record names her.

    >>> person(12)
    'person:12'
    """
    return CLOCK if id_ is None else f"person:{id_}"


def record(
    conn: Connection,
    actor: str,
    action: str,
    subject: str,
    reason: str,
    now: datetime,
    channel: str = "",
) -> None:
    """Write down what is being done, in the transaction that does it; never any content.

    `channel` is the one by which a person did it; empty for commands and the clock.
    """
    values = {
        "actor": actor,
        "action": action,
        "subject": subject,
        "reason": reason,
        "channel": channel,
    }
    fitted = {name: fitting(audit.c[name].type, value) for name, value in values.items()}
    conn.execute(insert(audit), {**fitted, "at": now})


def latest(conn: Connection, limit: int, *, subject: str | None = None) -> tuple[Entry, ...]:
    """What was done last, newest first; about one subject when it is given."""
    query = _ENTRIES if subject is None else _ENTRIES.where(audit.c.subject == subject)
    return tuple(Entry(*row) for row in conn.execute(query.limit(limit)))


def of_person(conn: Connection, id_: PersonId, limit: int) -> tuple[Entry, ...]:
    """What somebody did, and what was done about her, newest first."""
    name = person(id_)
    hers = _ENTRIES.where(or_(audit.c.actor == name, audit.c.subject == name))
    return tuple(Entry(*row) for row in conn.execute(hers.limit(limit)))


_ENTRIES = select(
    audit.c.at,
    audit.c.actor,
    audit.c.action,
    audit.c.subject,
    audit.c.reason,
    audit.c.channel,
).order_by(audit.c.id.desc())
