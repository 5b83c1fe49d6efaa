"""The platform's rate limits, as strict as it may be: what is too much is answered with 429."""

import math
from dataclasses import dataclass

from tests.fakes.buckets import Bucket, Second
from tests.fakes.telegram_refusals import slow_down


@dataclass(frozen=True, slots=True)
class Limits:
    """Messages allowed per second; None switches a limit off.

    The platform does not publish its exact limits. These are its documented ones: about 30 a
    second in all, one a second to one chat with short bursts, 20 a minute to one group.
    """

    overall: float | None = None
    any_second: int | None = None
    """The strictest reading: no sliding second of accepted messages holds more than this."""
    per_chat: float | None = None
    chat_burst: int = 5
    per_group: float | None = None
    group_burst: int = 20

    @classmethod
    def as_documented(cls) -> "Limits":
        return cls(overall=30.0, per_chat=1.0, per_group=20 / 60)


class RateLimiter:
    """Refuses with 429 what exceeds `limits`; a refused message costs nothing."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._buckets: dict[int | None, Bucket] = {}
        self._second = Second()
        self.refused = 0

    def admit(self, chat_id: int, *, group: bool, now: float) -> None:
        """Count one message to this chat, or raise the refusal."""
        limits = self.limits
        one = limits.per_group if group else limits.per_chat
        buckets = []
        if limits.overall:
            buckets.append(self._bucket(None, limits.overall, limits.overall, now))
        if one:
            burst = limits.group_burst if group else limits.chat_burst
            buckets.append(self._bucket(chat_id, one, burst, now))
        waits = [bucket.wait(now) for bucket in buckets]
        waits.append(self._second.wait(now, limits.any_second))
        if any(waits):
            self.refused += 1
            slow_down(max(1, math.ceil(max(waits))))
        self._second.count(now)
        for bucket in buckets:
            bucket.tokens -= 1

    def _bucket(self, key: int | None, rate: float, burst: float, now: float) -> Bucket:
        if key not in self._buckets:
            self._buckets[key] = Bucket(rate, burst, now)
        return self._buckets[key]
