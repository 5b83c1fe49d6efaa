"""Numbers about the writing of units, kept as it happens; the metrics page reads them."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

BOUNDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
"""Upper bounds in seconds; the last bucket of a histogram has none."""

SLOW = 0.05
"""Seconds after which a unit counts as slow: it holds up everybody else."""


@dataclass(slots=True)
class Histogram:
    """How many durations fell up to each bound (not cumulative), and their sum.

    >>> seconds = Histogram()
    >>> seconds.add(0.003)
    >>> seconds.counts[BOUNDS.index(0.005)], seconds.total
    (1, 0.003)
    """

    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    total: float = 0.0

    def add(self, seconds: float) -> None:
        """One more duration."""
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.total += seconds


@dataclass(slots=True)
class Stats:
    """Counted since the database was opened. `waiting` is the number of units not yet answered."""

    units: int = 0
    failed: int = 0
    batches: int = 0
    failed_batches: int = 0
    reruns: int = 0
    slow: int = 0
    waiting: int = 0
    running: Histogram = field(default_factory=Histogram)
    """Seconds that a unit itself ran."""
    latency: Histogram = field(default_factory=Histogram)
    """Seconds from handing a unit over to its commit."""

    def ran(self, seconds: float) -> None:
        """A unit ran this long."""
        self.units += 1
        self.running.add(seconds)
        if seconds > SLOW:
            self.slow += 1
