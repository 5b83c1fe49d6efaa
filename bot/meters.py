"""What the programme counts about itself, for the metrics page. Numbers only, never content.

One `Meters` per service with a registry of its own; nothing is global.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_QUICK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Meters:
    """Counters of one running service."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.updates = Counter(
            "kawan_updates", "Updates stored in the inbox.", ["channel"], registry=self.registry
        )
        self.turns = Counter(
            "kawan_turns", "Turns by outcome: done, retried, quarantined.", ["outcome"],
            registry=self.registry,
        )  # fmt: skip
        self.turn_seconds = Histogram(
            "kawan_turn_seconds", "From the inbox being committed to the turn being committed.",
            buckets=_QUICK, registry=self.registry,
        )  # fmt: skip
        self.open_turns = Gauge(
            "kawan_turns_open", "Turns submitted or queued and not yet resolved.",
            registry=self.registry,
        )  # fmt: skip
        self.database_waits = Counter(
            "kawan_database_waits", "Waits of one second for a full, read-only or busy database.",
            registry=self.registry,
        )  # fmt: skip
        self.sends = Counter(
            "kawan_sends", "Attempts to send by channel and result.", ["channel", "result"],
            registry=self.registry,
        )  # fmt: skip
        self.send_seconds = Histogram(
            "kawan_send_seconds", "From handing a message to its channel to the platform's answer.",
            buckets=_QUICK, registry=self.registry,
        )  # fmt: skip
        self.in_flight = Gauge(
            "kawan_sends_in_flight", "Messages being sent now.", registry=self.registry
        )
        self.unrecorded = Gauge(
            "kawan_results_unrecorded", "Results of sending not yet committed.",
            registry=self.registry,
        )  # fmt: skip
        self.facts = Counter(
            "kawan_facts", "What platforms told besides messages, stored.", ["kind"],
            registry=self.registry,
        )  # fmt: skip
        self.webhooks_refused = Counter(
            "kawan_webhooks_refused", "Webhooks refused, by why.", ["channel", "reason"],
            registry=self.registry,
        )  # fmt: skip
        self.parts_left_out = Counter(
            "kawan_webhook_parts_left_out",
            "Parts of webhooks that nothing was done with: for another number, of no consequence.",
            ["channel", "reason"],
            registry=self.registry,
        )
        self.quarantined = self.turns.labels("quarantined")
        self.done = self.turns.labels("done")
        self.retried = self.turns.labels("retried")

    def page(self) -> bytes:
        """Everything in Prometheus' text format."""
        return generate_latest(self.registry)
