"""How much may be said: of one number in a second, to one person, to how many new people a day."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from tests.fakes.buckets import Bucket, Second
from tests.fakes.graph_refusals import GraphRefusalError

_DAY: Final = 24 * 3600


@dataclass(frozen=True, slots=True)
class Limits:
    """As documented; None or 0 switches one off.

    The size of the burst to one person is not published; six is what people measured.
    """

    per_second: int | None = 80
    """Messages of one number, in and out; what comes in is never refused."""
    pair_seconds: float = 6.0
    pair_burst: int = 6
    tier: int | None = 250
    """People a portfolio may write to outside their window, in a moving day."""

    @classmethod
    def none(cls) -> Limits:
        return cls(per_second=None, pair_seconds=0, tier=None)


@dataclass(slots=True)
class Limiter:
    """Counts what was accepted. `refused` holds how often each code was the answer."""

    limits: Limits
    refused: Counter[int] = field(default_factory=Counter)
    seconds: dict[str, Second] = field(default_factory=dict)
    _pairs: dict[tuple[str, int], Bucket] = field(default_factory=dict)
    _opened: dict[int, float] = field(default_factory=dict)
    """Whom the portfolio wrote to outside the window, and when first in this day."""

    def heard(self, phone_id: str, now: float) -> None:
        """A message came in at this number."""
        self._second(phone_id).count(now)

    def admit(self, phone_id: str, person: int, now: float, *, opens: bool) -> None:
        """Count one message out, or raise the refusal; `opens`: outside her window."""
        limits, second = self.limits, self._second(phone_id)
        if second.wait(now, limits.per_second):
            self._refuse(130429, "too many messages were sent from this phone number in a second")
        bucket = self._pair(phone_id, person, now)
        if bucket is not None and bucket.wait(now):
            self._refuse(131056, "too many messages were sent to this person in a short time")
        if opens:
            self._open(person, now)
        second.count(now)
        if bucket is not None:
            bucket.tokens -= 1

    def busiest(self, phone_id: str) -> int:
        """The most that any sliding second of this number held, in and out."""
        return self._second(phone_id).busiest

    def _open(self, person: int, now: float) -> None:
        self._opened = {one: at for one, at in self._opened.items() if at > now - _DAY}
        tier = self.limits.tier
        if tier is not None and person not in self._opened and len(self._opened) >= tier:
            self._refuse(131048, f"the messaging limit of {tier} people in 24 hours is reached")
        self._opened.setdefault(person, now)

    def _second(self, phone_id: str) -> Second:
        return self.seconds.setdefault(phone_id, Second())

    def _pair(self, phone_id: str, person: int, now: float) -> Bucket | None:
        limits = self.limits
        if not limits.pair_seconds:
            return None
        key = (phone_id, person)
        if key not in self._pairs:
            self._pairs[key] = Bucket(1 / limits.pair_seconds, limits.pair_burst, now)
        return self._pairs[key]

    def _refuse(self, code: int, details: str) -> None:
        self.refused[code] += 1
        raise GraphRefusalError(code, f"Message failed to send because {details}")
