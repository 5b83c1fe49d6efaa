"""What may leave through one channel now: its pace, applied to everybody and to each address.

Nothing here waits; it says how long to wait. Times are aware (UTC).
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from bot.limits import NO_WAIT, Pace, Pairs, Permission, Rate

Permissions = list[tuple[Rate, Permission]]
"""What one message holds while it is on its way."""


class Pacing:
    """The pace of one channel, and what it remembers of the last seconds."""

    def __init__(self, pace: Pace, now: datetime) -> None:
        """What left before `now` is not known, so the worst is assumed."""
        began = now.timestamp()
        total = () if math.isinf(pace.total) else (Rate(pace.total, began),)
        self._rates = {False: total, True: (*total, Rate(pace.bulk, began))}
        self._pairs = Pairs(pace.pair, pace.burst, began) if pace.pair else None
        self._pace = pace
        self._rested_at: dict[int, datetime] = {}

    @property
    def counts_pairs(self) -> bool:
        """Whether an address may have to wait because of what was said to it."""
        return self._pairs is not None

    def wait(self, now: datetime, *, bulk: bool) -> float:
        """Seconds until one more message may leave at all; 0 means now."""
        if not (rates := self._rates[bulk]):
            return 0.0
        moment = now.timestamp()
        wait = max(rate.wait(moment) for rate in rates)
        return wait if wait > NO_WAIT else 0.0

    def wait_for(self, address_id: int, now: datetime, ahead: int = 0) -> float:
        """Seconds until one more may leave to this address, after so many others."""
        if self._pairs is None:
            return 0.0
        return self._pairs.wait(address_id, now.timestamp()) + ahead * self._pace.pair

    def leaves(self, address_id: int, now: datetime, *, bulk: bool) -> Permissions:
        """One leaves now, for which nothing had to wait."""
        moment = now.timestamp()
        if bulk:
            self._rested_at.pop(address_id, None)  # so that the oldest stays first
            self._rested_at[address_id] = now + timedelta(seconds=self._pace.rest)
        if self._pairs is not None:
            self._pairs.take(address_id, moment)
        if not self._rates[bulk]:
            return []
        taken = [(rate, rate.take(moment)) for rate in self._rates[bulk]]
        return [(rate, permission) for rate, permission in taken if permission is not None]

    def arrived(self, permissions: Permissions, now: datetime) -> None:
        """The platform answered, or it is over in another way."""
        for rate, permission in permissions:
            rate.answered(permission, now.timestamp())

    def heard(self, messages: int, now: datetime) -> None:
        """So many came in: a platform that limits everything counts them too."""
        for rate in self._rates[False]:
            rate.use(messages, now.timestamp())

    def said_more(self, address_id: int, messages: int, now: datetime) -> None:
        """What was allowed as one message was said in so many more."""
        self.heard(messages, now)
        if self._pairs is not None:
            for _ in range(messages):
                self._pairs.take(address_id, now.timestamp())

    def resting(self, now: datetime) -> set[int]:
        """Addresses that get nothing now that they did not ask for: they had some a moment ago, or
        so much else that the platform would refuse it."""
        while self._rested_at:
            first = next(iter(self._rested_at))
            if self._rested_at[first] > now:
                break
            del self._rested_at[first]
        full = self._pairs.used_up(now.timestamp()) if self._pairs is not None else set()
        return full | self._rested_at.keys()

    def forget_rests(self) -> None:
        """The clock was set back: a rest until then would last far too long."""
        self._rested_at.clear()
