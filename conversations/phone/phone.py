"""What is known of the phone at one address, and what follows from the time that has passed.

A WhatsApp number is not a person: it is lent, shared and, when nobody pays for it any more, given
to a stranger (DOMAIN.md 5.2). Telegram's chats are accounts of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

WINDOWS: Final[Mapping[str, timedelta]] = {"whatsapp": timedelta(hours=24)}
"""Channels where so long after her own last message anything may be said, and then only approved
words."""

NUMBERED: Final = frozenset({"whatsapp"})
"""Channels on which somebody is known by a telephone number, which may become another's."""

PAID: Final = frozenset({"whatsapp"})
"""Channels on which every message costs money."""

SILENT: Final = timedelta(days=60)
"""A number that was silent so long may be a stranger's by now."""

LOCKS_AFTER: Final = timedelta(minutes=30)
"""A phone of several people that lies idle so long is nobody's until somebody says who holds it."""


@dataclass(frozen=True, slots=True)
class Phone:
    """One address. Moments are aware (UTC)."""

    channel: str
    heard_at: datetime | None = None
    """When its holder last wrote, by the platform's time."""
    window_until: datetime | None = None
    shared: bool = False
    """Several people of the programme use it."""
    doubted: bool = False
    """A message came back or the account changed: it is not sure that the phone is still hers."""
    used_at: datetime | None = None
    """When somebody else who shares it, and holds it now, last wrote."""

    def speaks_freely(self, now: datetime) -> bool:
        """Whether anything may be said, or only approved words.

        >>> Phone("telegram").speaks_freely(datetime.max), Phone("whatsapp").speaks_freely(
        ...     datetime.max)
        (True, False)
        """
        if self.channel not in WINDOWS:
            return True
        return self.window_until is not None and now < self.window_until

    def is_locked(self, now: datetime) -> bool:
        """Whether it is open who of several people holds it."""
        return self.shared and (self.heard_at is None or now - self.heard_at >= LOCKS_AFTER)

    def is_in_use(self, now: datetime) -> bool:
        """Whether another of its people is writing there at this time."""
        return self.used_at is not None and now - self.used_at < LOCKS_AFTER

    def is_doubtful(self, now: datetime) -> bool:
        """Whether a stranger may hold it."""
        if self.doubted:
            return True
        if self.channel not in NUMBERED or self.heard_at is None:
            return False
        return now - self.heard_at >= SILENT
