"""Trouble on purpose: faults by chance or by script, and the platform's rate limits.

Chance is drawn from one seeded generator per method, so the n-th sendMessage meets the same
fate in every run, whatever else the bot calls in between.
"""

import math
from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random

from tests.fakes.telegram_refusals import slow_down


class Trouble(StrEnum):
    """What may happen to one request."""

    RATE_LIMITED = "429"
    SERVER_ERROR = "500"
    BAD_GATEWAY = "502"
    DROP_BEFORE = "drop_before"
    """The connection breaks before anything was done."""
    DROP_AFTER = "drop_after"
    """The message is accepted, the answer never arrives: the sender cannot know."""
    DELAY = "delay"
    """Done at once, answered late."""
    GARBAGE = "garbage"
    """Done, answered 200 with something that is not JSON."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One trouble; `seconds` is the delay, or the retry_after of a 429."""

    trouble: Trouble
    seconds: float = 1.0


@dataclass(slots=True)
class Faults:
    """Which request meets which fault; `log` tells what was done: (method, its number, trouble).

    >>> faults = Faults(seed=1)
    >>> faults.script("sendMessage", [None, Trouble.DROP_AFTER])
    >>> [faults.next("sendMessage") for _ in range(3)]
    [None, Fault(trouble=<Trouble.DROP_AFTER: 'drop_after'>, seconds=1.0), None]
    """

    seed: int = 0
    log: list[tuple[str, int, Trouble]] = field(default_factory=list)
    _chances: dict[str, list[tuple[float, Fault]]] = field(default_factory=dict)
    _scripts: dict[str, deque[Fault | None]] = field(default_factory=dict)
    _dice: dict[str, Random] = field(default_factory=dict)
    _calls: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def sometimes(
        self, method: str, trouble: Trouble | str, probability: float, seconds: float = 1.0
    ) -> None:
        """From now on a call of `method` ("*": any) meets this with the given probability."""
        chance = (probability, Fault(Trouble(trouble), seconds))
        self._chances.setdefault(method.lower(), []).append(chance)

    def script(
        self, method: str, troubles: Iterable[Trouble | str | None], seconds: float = 1.0
    ) -> None:
        """The next calls of `method` meet these, one each (None: none), before any chance."""
        self._scripts.setdefault(method.lower(), deque()).extend(
            Fault(Trouble(trouble), seconds) if trouble else None for trouble in troubles
        )

    def clear(self) -> None:
        """No more faults; the log stays."""
        self._chances.clear()
        self._scripts.clear()

    def next(self, method: str) -> Fault | None:
        """The fate of this call."""
        if not self._chances and not self._scripts:
            return None
        name = method.lower()
        self._calls[name] += 1
        script = self._scripts.get(name)
        fault = script.popleft() if script else self._by_chance(name)
        if fault is not None:
            self.log.append((method, self._calls[name], fault.trouble))
        return fault

    def _by_chance(self, name: str) -> Fault | None:
        chances = self._chances.get(name, []) + self._chances.get("*", [])
        if not chances:
            return None
        dice = self._dice.setdefault(name, Random(f"{self.seed}/{name}"))
        drawn = dice.random()
        for probability, fault in chances:
            if drawn < probability:
                return fault
            drawn -= probability
        return None


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


class _Bucket:
    def __init__(self, rate: float, burst: float, now: float) -> None:
        self.rate, self.burst, self.tokens, self.at = rate, burst, burst, now

    def wait(self, now: float) -> float:
        """Seconds until a message may go; 0 when it may go now."""
        self.tokens = min(self.burst, self.tokens + (now - self.at) * self.rate)
        self.at = now
        return 0.0 if self.tokens >= 1 - 1e-6 else (1 - self.tokens) / self.rate


class RateLimiter:
    """Refuses with 429 what exceeds `limits`; a refused message costs nothing."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._buckets: dict[int | None, _Bucket] = {}
        self._second: deque[float] = deque()
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
        waits.append(self._wait_for_a_second(now))
        if any(waits):
            self.refused += 1
            slow_down(max(1, math.ceil(max(waits))))
        self._second.append(now)
        for bucket in buckets:
            bucket.tokens -= 1

    def _wait_for_a_second(self, now: float) -> float:
        """Seconds until a sliding second has room; 0 when it has, or when nobody asked for it."""
        most = self.limits.any_second
        while self._second and (most is None or self._second[0] <= now - 1.0):
            self._second.popleft()
        if most is None or len(self._second) < most:
            return 0.0
        return self._second[0] + 1.0 - now

    def _bucket(self, key: int | None, rate: float, burst: float, now: float) -> _Bucket:
        if key not in self._buckets:
            self._buckets[key] = _Bucket(rate, burst, now)
        return self._buckets[key]
