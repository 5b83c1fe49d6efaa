"""The moment of a turn at which its events are made durable."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from conversations.dialogue import Person, PersonId
from storage import audit


@dataclass(frozen=True, slots=True)
class Moment:
    """Whose turn it is, where she writes from, and when."""

    conn: Connection
    person: Person
    address_id: int
    now: datetime
    typist: PersonId
    """Who types: the person herself, or the cadre who helps her along."""

    def audit(self, action: str, subject: str, reason: str = "") -> None:
        """Record that whoever types did something, and by which channel."""
        actor, channel = audit.person(self.typist), self.person.channel
        audit.record(self.conn, actor, action, subject, reason, self.now, channel)
