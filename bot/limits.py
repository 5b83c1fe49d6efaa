"""How long to wait: the clock, growing pauses after failures, and the rates a platform allows.

Everything here is arithmetic on seconds that somebody else measured; nothing here waits by itself
but the real clock.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Protocol

from conversations.message import Priority


class Clock(Protocol):
    """The time, and waiting: an argument everywhere, so that tests need not wait."""

    def now(self) -> datetime:
        """Aware, UTC."""

    async def sleep(self, seconds: float) -> None:
        """Return after this much of the clock's time."""


class WallClock:
    """The time of the world."""

    def now(self) -> datetime:
        """Aware, UTC."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Really wait."""
        await asyncio.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Pauses:
    """Pauses that double from `first` to `longest` seconds, each drawn from its upper half.

    >>> Pauses(first=1, longest=60).middle(3)
    3.0
    """

    first: float
    longest: float

    def after(self, failures: int, dice: Random) -> float:
        """Seconds to wait after the n-th failure in a row (from 1)."""
        return self._full(failures) * (0.5 + dice.random() / 2)

    def middle(self, failures: int) -> float:
        """What `after` is on average."""
        return self._full(failures) * 0.75

    def _full(self, failures: int) -> float:
        return min(self.longest, self.first * 2.0 ** min(failures - 1, 30))

    def failures_within(self, seconds: float) -> int:
        """How many failures in a row fill this much time, on average; at least one.

        >>> Pauses(first=1, longest=60).failures_within(3600)
        85
        """
        count, waited = 1, self.middle(1)
        while waited < seconds:
            count += 1
            waited += self.middle(count)
        return count


RETRIES = {
    Priority.ALARM: Pauses(first=1, longest=30),
    Priority.REPLY: Pauses(first=1, longest=60),
    Priority.REMINDER: Pauses(first=2, longest=300),
    Priority.BROADCAST: Pauses(first=5, longest=600),
}
"""After a message certainly was not sent."""

_HOUR = 3600.0

TRIES = {
    Priority.ALARM: RETRIES[Priority.ALARM].failures_within(24 * _HOUR),
    Priority.REPLY: RETRIES[Priority.REPLY].failures_within(6 * _HOUR),
    Priority.REMINDER: RETRIES[Priority.REMINDER].failures_within(6 * _HOUR),
    Priority.BROADCAST: RETRIES[Priority.BROADCAST].failures_within(12 * _HOUR),
}
"""After so many failed tries a message is given up; `expires_at` may end it earlier."""

UNANSWERED_TRIES = 6
"""Alarms and replies whose result stays unknown are sent so often at most, then left uncertain."""

OUTAGE = Pauses(first=0.5, longest=30)
"""Pause of a whole channel that cannot be reached."""

OUTAGE_BEGINS = 5
"""Messages in a row that could not be sent before the whole channel is given a pause."""


@dataclass(frozen=True, slots=True)
class Pace:
    """What a platform allows of what nobody asked for: messages a second in all, and seconds
    between two to the same chat."""

    bulk: float
    rest: float


TELEGRAM_PACE = Pace(bulk=30.0, rest=1.0)
"""Replies obey only 429; what nobody asked for keeps 30 a second in all, 1 a second per chat."""


def is_bulk(priority: Priority) -> bool:
    """Whether nobody asked for it just now: reminders and broadcasts."""
    return priority in (Priority.REMINDER, Priority.BROADCAST)


class Rate:
    """Hands out at most `per_second` permissions a second, with hardly any burst.

    Times are seconds on any clock that only goes forward.

    >>> rate = Rate(2.0, burst=1)
    >>> rate.take(10.0), rate.take(10.1), round(rate.wait(10.1), 2), rate.take(10.5)
    (True, False, 0.4, True)
    """

    __slots__ = ("_at", "_burst", "_left", "_per_second")

    def __init__(self, per_second: float, burst: float | None = None) -> None:
        self._per_second = per_second
        self._burst = max(1.0, per_second / 10) if burst is None else burst
        self._left = self._burst
        self._at: float | None = None

    def wait(self, now: float) -> float:
        """Seconds until `take` will say yes."""
        self._refill(now)
        return 0.0 if self._left >= 1 - 1e-9 else (1 - self._left) / self._per_second

    def take(self, now: float) -> bool:
        """Use one permission, if there is one."""
        if self.wait(now) > 0:
            return False
        self._left -= 1
        return True

    def _refill(self, now: float) -> None:
        passed = max(0.0, now - self._at) if self._at is not None else 0.0
        self._left = min(self._burst, self._left + passed * self._per_second)
        self._at = now
