"""Putting a message for one of many into the outbox: at a decent hour, or not at all, with why.

What is decided here is decided again when the message leaves (`storage.outbox.claim`), because
consent may end, and a talk begin, in between.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from conversations import politeness
from conversations.message import Message, Priority
from conversations.politeness import QuietHours
from storage import outbox
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

    def put(
        self,
        conn: Connection,
        member: Member,
        message: Message,
        key: str,
        *,
        purpose: str,
        campaign: str,
        priority: Priority = Priority.REMINDER,
        at: datetime | None = None,
        expires_at: datetime | None = None,
        urgent: bool = False,
    ) -> int | None:
        """Plan one message to somebody who may be written to; its outbox id.

        None when this key was planned before. `urgent` may go out before the morning begins.
        """
        if member.address_id is None:
            raise ValueError("nobody without an address is written to")
        wanted = at or self.now
        quiet = politeness.quiet_of(member.person, self.quiet)
        decent = _decent(wanted, member.person.tz, quiet, urgent)
        return outbox.add(
            conn,
            address_id=member.address_id,
            person_id=member.person.id,
            message=message,
            dedupe_key=key,
            priority=priority,
            purpose=purpose,
            campaign=campaign,
            held=decent > wanted,
            not_before=decent,
            expires_at=expires_at,
            now=self.now,
        )
