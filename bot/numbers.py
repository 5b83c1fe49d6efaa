"""The metrics page: what the programme counted, and how long the queues are right now."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import accumulate
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from storage import outbox
from storage.outbox import Depth
from storage.stats import BOUNDS, Histogram, Stats

if TYPE_CHECKING:
    from bot.service import Service


async def page(service: Service) -> bytes:
    """Everything in Prometheus' text format."""
    depth = await service.database.read(outbox.depth)
    registry = CollectorRegistry()
    registry.register(_Queues(depth, service.database.stats, service.clock.now()))
    return service.meters.page() + generate_latest(registry)


class _Queues(Collector):
    def __init__(self, depth: Depth, stats: Stats, now: datetime) -> None:
        self._depth = depth
        self._stats = stats
        self._now = now

    def collect(self) -> Iterator[Metric]:
        """The outbox and the writer."""
        depth, stats = self._depth, self._stats
        waiting = GaugeMetricFamily(
            "kawan_outbox_waiting", "Messages planned and not yet sent.", labels=["priority"]
        )
        for priority, number in depth.waiting.items():
            waiting.add_metric([priority.value], number)
        yield waiting
        yield GaugeMetricFamily("kawan_outbox_sending", "Messages claimed.", depth.sending)
        yield GaugeMetricFamily(
            "kawan_outbox_age_seconds",
            "How long the longest waiting message should have been out.",
            self._age(),
        )
        yield GaugeMetricFamily("kawan_writer_waiting", "Units not yet written.", stats.waiting)
        for name, words, value in (
            ("units", "Units written or failed.", stats.units),
            ("units_failed", "Units that failed.", stats.failed),
            ("units_slow", "Units that ran longer than 50 ms.", stats.slow),
            ("batches", "Transactions.", stats.batches),
            ("batches_failed", "Transactions that failed.", stats.failed_batches),
        ):
            yield CounterMetricFamily(f"kawan_writer_{name}", words, value)
        yield _histogram("kawan_writer_latency_seconds", "From handing over a unit to its commit.",
                         stats.latency)  # fmt: skip

    def _age(self) -> float:
        """Nothing planned for later is late."""
        oldest = self._depth.oldest
        return 0.0 if oldest is None else max(0.0, (self._now - oldest).total_seconds())


def _histogram(name: str, words: str, found: Histogram) -> HistogramMetricFamily:
    bounds = [*(f"{bound:g}" for bound in BOUNDS), "+Inf"]
    buckets = list(zip(bounds, map(float, accumulate(found.counts)), strict=True))
    return HistogramMetricFamily(name, words, buckets=buckets, sum_value=found.total)
