"""How long to wait: the clock, growing pauses after failures, and the rates a platform allows.

Everything here is arithmetic on seconds that somebody else measured; nothing here waits by itself
but the real clock.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import repeat
from random import Random
from typing import TYPE_CHECKING, Protocol

from conversations.message import Priority

if TYPE_CHECKING:
    from bot.settings import Settings


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
    """What a platform allows. Of what nobody asked for: `bulk` messages a second in all, `rest`
    seconds between two to the same chat. Of everything, where it limits that too: `total` messages
    a second, those that come in included, and to the same chat one in `pair` seconds (0: any), of
    which `burst` may follow each other at once after a pause."""

    bulk: float
    rest: float
    total: float = math.inf
    pair: float = 0.0
    burst: int = 4


TELEGRAM_PACE = Pace(bulk=30.0, rest=1.0)
"""Replies obey only 429; what nobody asked for keeps 30 a second in all, 1 a second per chat."""

_BULK_SHARE = 0.75
"""Of a rate that limits everything: the rest is for answers, and for the words they answer."""

_KNOWN_SHARE = 0.9
"""Of the same, what is used as far as we know; the platform counts what people say before we have
heard of it."""


def whatsapp_pace(per_second: float, pair_seconds: float) -> Pace:
    """WhatsApp counts everything in and out of a number, and everything to one person.

    >>> whatsapp_pace(80, 6)
    Pace(bulk=60.0, rest=6, total=72.0, pair=6, burst=4)
    """
    bulk = per_second * _BULK_SHARE
    total = per_second * _KNOWN_SHARE
    return Pace(bulk=bulk, rest=pair_seconds, total=total, pair=pair_seconds)


SIMULATOR_PACE = Pace(bulk=1_000.0, rest=0.0)


def paces(settings: Settings) -> dict[str, Pace]:
    """What each channel allows, by its name."""
    return {
        "telegram": replace(TELEGRAM_PACE, bulk=settings.telegram_bulk_rate),
        "whatsapp": whatsapp_pace(settings.whatsapp_rate, settings.whatsapp_pair_seconds),
        "simulator": SIMULATOR_PACE,
    }


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

NO_WAIT = 1e-6
"""Seconds that are as good as none."""

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
        "_apart", "_came", "_next", "_now", "_period", "_places", "_since", "_taken", "_way",
        "_way_before",
    )  # fmt: skip

    def __init__(self, per_second: float, began: float = -math.inf) -> None:
        """With `began` it hands out nothing for a second: what left before is not known."""
        self._places = max(1, math.floor(per_second))
        self._period = max(1.0, self._places / per_second) + _MARGIN
        self._apart = 1.0 / per_second
        self._taken: deque[Permission] = deque()
        self._came: deque[float] = deque(maxlen=self._places // 2)
        self._next = began + self._period
        self._now = -math.inf
        self._way = self._way_before = math.inf
        self._since = -math.inf

    def wait(self, now: float) -> float:
        """Seconds until `take` will say yes, as far as is known now."""
        self._pass(now)
        free = self._next
        too_many = len(self._taken) + len(self._came) - self._places + 1
        for place in range(too_many - 1, -1, -1):
            permission = self._taken[place]
            if permission.left + _MOST_DELAY + self._period <= free:
                break  # and so is whatever left before
            free = max(free, self._free_at(permission))
        return max(0.0, free - now)

    def take(self, now: float) -> Permission | None:
        """Use one permission, if there is one; whoever has it says when it was `answered`."""
        if self.wait(now) > NO_WAIT:
            return None
        if len(self._taken) >= self._places:
            self._taken.popleft()
        permission = Permission(now)
        self._taken.append(permission)
        self._next = max(self._next, now - _CATCH_UP) + self._apart
        return permission

    def use(self, messages: int, now: float) -> None:
        """So many places are taken by what nobody could hold back, since it came in; at most half
        of all, so that whatever comes in, answers and alarms go out.

        >>> rate = Rate(4.0)
        >>> rate.use(9, 10.0)
        >>> [bool(rate.take(10.0 + at)) for at in (0.0, 0.3, 0.6, 1.1)]
        [True, True, False, True]
        """
        self._pass(now)
        self._came.extend(repeat(now, min(messages, self._places)))

    def answered(self, permission: Permission, now: float) -> None:
        """The platform answered, or it is over in another way."""
        permission.answered = now
        if abs(now - self._since) > _REMEMBERED:
            self._way_before, self._way, self._since = self._way, math.inf, now
        self._way = min(self._way, max(0.0, now - permission.left))

    def _pass(self, now: float) -> None:
        """Forget what surely takes no place any more."""
        if now < self._now:
            self._set_back(now)
        self._now = now
        while self._came and self._came[0] + self._period <= now:
            self._came.popleft()
        while self._taken and self._taken[0].left + _MOST_DELAY + self._period <= now:
            self._taken.popleft()

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
        self._came = deque((min(at, now) for at in self._came), maxlen=self._came.maxlen)


class Pairs:
    """Hands out messages to each address so that `burst` may follow each other, and then one in
    `seconds`, whatever their priority: in any t seconds at most burst + t / seconds.

    Of each address one number is kept, and only until its burst is whole again: the moment when it
    will be. Times are seconds; after a start, and after the clock was set back, nobody has a burst
    until it could have grown again.

    >>> pairs = Pairs(6.0, 2)
    >>> pairs.take(7, 0.0), pairs.take(7, 0.0), pairs.wait(7, 5.0)
    (None, None, 1.0)
    """

    __slots__ = ("_burst", "_now", "_seconds", "_started", "_whole_at")

    def __init__(self, seconds: float, burst: int, began: float = -math.inf) -> None:
        self._seconds = seconds
        self._burst = (burst - 1) * seconds
        self._started = began + self._burst
        self._whole_at: dict[int, float] = {}
        self._now = -math.inf

    def wait(self, address: int, now: float) -> float:
        """Seconds until this address may get a message; 0 means now."""
        if now < self._now:
            self._set_back(now)
        self._now = now
        return max(0.0, self._whole_at.get(address, self._started) - self._burst - now)

    def take(self, address: int, now: float) -> None:
        """It gets one now."""
        self.wait(address, now)
        whole_at = max(self._whole_at.pop(address, self._started), now)
        self._whole_at[address] = whole_at + self._seconds

    def used_up(self, now: float) -> set[int]:
        """Addresses that may get nothing now; who has her whole burst again is forgotten."""
        for address in [one for one, whole in self._whole_at.items() if whole <= now]:
            del self._whole_at[address]
        return {one for one in self._whole_at if self.wait(one, now) > 0}

    def _set_back(self, now: float) -> None:
        latest = now + self._burst + self._seconds
        self._started = min(self._started, latest)
        for address, whole_at in self._whole_at.items():
            self._whole_at[address] = min(whole_at, latest)
