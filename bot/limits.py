"""How long to wait: the clock, growing pauses after failures, and the rates a platform allows.

Everything here is arithmetic on seconds that somebody else measured; nothing here waits by itself
but the real clock.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
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


class Permission:
    """One message that may leave: when it left, and when the platform answered (None: not yet)."""

    __slots__ = ("answered", "left")

    def __init__(self, left: float) -> None:
        self.left = left
        self.answered: float | None = None


_MARGIN = 0.002
"""Seconds added to every second: clocks have steps, and a platform may round."""

_MOST_DELAY = 0.25
"""So late a message may be on its way out without the rate being exceeded at the other end."""

_CATCH_UP = 0.1
"""Seconds of standstill that are made up for at once."""

_REMEMBERED = 10.0
"""Seconds after which a way that was once shorter is forgotten, and as many again."""


class Rate:
    """Hands out permissions so that no sliding second holds more than `per_second` of them, as the
    platform sees it.

    There are as many places as messages in a second. A message takes a place when it leaves, and
    the place is free again a second after the platform had the message: that was at the latest when
    it answered, less the shortest time that the way there and back ever took. So a message that was
    held up on its way never meets those of the next second. Permissions come evenly; what a
    standstill kept back may leave at once, where places are free.

    Times are seconds; a clock that is set back starts a new second.

    >>> rate = Rate(2.0)
    >>> bool(rate.take(10.0)), bool(rate.take(10.1)), round(rate.wait(10.1), 2)
    (True, False, 0.3)
    >>> bool(rate.take(10.5)), round(rate.wait(10.5), 3)
    (True, 0.752)
    """

    __slots__ = (
        "_apart", "_next", "_now", "_period", "_places", "_since", "_taken", "_way", "_way_before",
    )  # fmt: skip

    def __init__(self, per_second: float, began: float = -math.inf) -> None:
        """With `began` it hands out nothing for a second: what left before is not known."""
        self._places = max(1, math.floor(per_second))
        self._period = max(1.0, self._places / per_second) + _MARGIN
        self._apart = 1.0 / per_second
        self._taken: deque[Permission] = deque()
        self._next = began + self._period
        self._now = -math.inf
        self._way = self._way_before = math.inf
        self._since = -math.inf

    def wait(self, now: float) -> float:
        """Seconds until `take` will say yes, as far as is known now."""
        if now < self._now:
            self._set_back(now)
        self._now = now
        free = self._next
        if len(self._taken) >= self._places:
            free = max(free, self._free_at(self._taken[0]))
        return max(0.0, free - now)

    def take(self, now: float) -> Permission | None:
        """Use one permission, if there is one; whoever has it says when it was `answered`."""
        if self.wait(now) > 1e-6:
            return None
        if len(self._taken) >= self._places:
            self._taken.popleft()
        permission = Permission(now)
        self._taken.append(permission)
        self._next = max(self._next, now - _CATCH_UP) + self._apart
        return permission

    def answered(self, permission: Permission, now: float) -> None:
        """The platform answered, or it is over in another way."""
        permission.answered = now
        if abs(now - self._since) > _REMEMBERED:
            self._way_before, self._way, self._since = self._way, math.inf, now
        self._way = min(self._way, max(0.0, now - permission.left))

    def _free_at(self, permission: Permission) -> float:
        delay = _MOST_DELAY
        if permission.answered is not None:
            shortest = min(self._way, self._way_before)
            delay = min(delay, max(0.0, permission.answered - permission.left - shortest))
        return permission.left + delay + self._period

    def _set_back(self, now: float) -> None:
        for permission in self._taken:
            permission.left = min(permission.left, now)
            if permission.answered is not None:
                permission.answered = min(permission.answered, now)
        self._next = min(self._next, now + self._apart)
