"""Putting a message for one of many into the outbox: at a decent hour, or not at all, with why.

What is decided here is decided again when the message leaves (`storage.outbox.claim`), because
consent may end, and a talk begin, in between.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from conversations import politeness
from conversations.dialogue import Person
from conversations.message import Message, Priority
from conversations.politeness import QuietHours
from storage.adding import New
from storage.members import Member
from storage.world import Programme

PART = 200
"""People in one part: so long do replies wait for it at most (about 20 ms)."""


@lru_cache(maxsize=256)
def _decent(wanted: datetime, zone: ZoneInfo, quiet: QuietHours | None, urgent: bool) -> datetime:
    """`politeness.decent_time`, computed once for everybody of a part with the same hours."""
    return politeness.decent_time(wanted, zone, quiet, urgent=urgent)


@dataclass(frozen=True, slots=True)
class Planning:
    """The moment of a part, and what is the same for everybody in it."""

    now: datetime
    programme: Programme
    quiet: QuietHours | None

    def why_not(self, member: Member) -> str:
        """Empty, or the key of the reason for which nothing may be planned for her."""
        if member.erased:
            return "erased"
        if reason := politeness.why_not(member.person, self.now):
            return reason
        if member.address_id is None:
            return "blocked" if member.blocked else "no_phone"
        return ""

    def decent(self, person: Person, *, urgent: bool = False) -> datetime:
        """When something meant for now may reach her; `urgent`: before the morning begins."""
        quiet = politeness.quiet_of(person, self.quiet)
        return _decent(self.now, person.tz, quiet, urgent)

    def message(
        self,
        member: Member,
        message: Message,
        key: str,
        *,
        purpose: str,
        campaign: str,
        priority: Priority = Priority.REMINDER,
        expires_at: datetime | None = None,
        urgent: bool = False,
    ) -> New:
        """A message to somebody who may be written to, for `outbox.add_all`."""
        if member.address_id is None:
            raise ValueError("nobody without an address is written to")
        decent = self.decent(member.person, urgent=urgent)
        return New(
            address_id=member.address_id,
            person_id=member.person.id,
            message=message,
            dedupe_key=key,
            priority=priority,
            purpose=purpose,
            campaign=campaign,
            held=decent > self.now,
            not_before=decent,
            expires_at=expires_at,
            now=self.now,
        )
