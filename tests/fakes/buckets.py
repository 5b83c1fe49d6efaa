"""How a platform counts: a bucket that refills, and a sliding second. What is refused, and in
which words, is each fake's own affair.
"""

from collections import deque
from dataclasses import dataclass, field


class Bucket:
    """`burst` at once, then `rate` a second; a refused message costs nothing."""

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self.rate, self.burst, self.tokens, self.at = rate, burst, burst, now

    def wait(self, now: float) -> float:
        """Seconds until a message may go; 0 when it may go now."""
        self.tokens = min(self.burst, self.tokens + (now - self.at) * self.rate)
        self.at = now
        return 0.0 if self.tokens >= 1 - 1e-6 else (1 - self.tokens) / self.rate


@dataclass(slots=True)
class Second:
    """What was counted in the second that ends now; `busiest` is the most there ever was."""

    busiest: int = 0
    _counted: deque[float] = field(default_factory=deque)

    def wait(self, now: float, most: int | None) -> float:
        """Seconds until there is room for one more; 0 when there is, or without a limit."""
        self._forget(now)
        if most is None or len(self._counted) < most:
            return 0.0
        return self._counted[len(self._counted) - most] + 1.0 - now

    def count(self, now: float) -> None:
        self._forget(now)
        self._counted.append(now)
        self.busiest = max(self.busiest, len(self._counted))

    def _forget(self, now: float) -> None:
        while self._counted and self._counted[0] <= now - 1.0:
            self._counted.popleft()
