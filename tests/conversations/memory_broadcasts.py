"""Broadcasts kept in a list, for conversations without a database."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from conversations.broadcasts import broadcast as b
from conversations.broadcasts.audience import Audience
from conversations.costs import Tariff
from conversations.dialogue import PersonId
from conversations.message import MediaId

NOBODY = b.Account(0, 0, 0, 0, 0, 0, 0, 0, {})
TO = {
    b.Step.ASK: b.State.ASKING,
    b.Step.START: b.State.SCHEDULED,
    b.Step.APPROVE: b.State.SCHEDULED,
    b.Step.REFUSE: b.State.REFUSED,
    b.Step.PAUSE: b.State.PAUSED,
    b.Step.RESUME: b.State.RUNNING,
    b.Step.CANCEL: b.State.CANCELLED,
}


class MemoryBroadcasts:
    """What a conversation asks about broadcasts; a test says what is `counted`, who is where."""

    alone_up_to = 100

    def __init__(self) -> None:
        self.rates = {"telegram": 30.0}
        self.kept: dict[b.BroadcastId, b.Broadcast] = {}
        self.counted: b.Rehearsal | None = b.Rehearsal(
            3, {"telegram": 2}, {"id": 2}, {"stopped": 1}
        )
        self.now_at = NOBODY
        self.files: dict[MediaId, str] = {}
        self.priced: Tariff | None = None

    def draft(
        self, audience: Audience, text: str, media: MediaId | None, by: PersonId, now: datetime
    ) -> None:
        id_ = b.BroadcastId(len(self.kept) + 1)
        self.kept[id_] = b.Broadcast(id_, b.State.DRAFT, audience, text, media, by, now)
        if media is not None:
            self.files.setdefault(media, "waiting")

    def step(self, id_: b.BroadcastId, step: b.Step, starts_at: datetime | None) -> None:
        before = self.kept[id_]
        starts = starts_at or before.starts_at
        self.kept[id_] = replace(before, state=TO[step], starts_at=starts)

    def becomes(self, id_: int, state: b.State) -> None:
        """What the clock did with it meanwhile."""
        broadcast = b.BroadcastId(id_)
        self.kept[broadcast] = replace(self.kept[broadcast], state=state)

    def one(self, broadcast: b.BroadcastId) -> b.Broadcast | None:
        return self.kept.get(broadcast)

    def account(self, broadcast: b.BroadcastId) -> b.Account:
        return self.now_at

    def latest(self, limit: int = 5) -> tuple[b.Broadcast, ...]:
        return tuple(reversed(self.kept.values()))[:limit]

    def rehearsal(self, broadcast: b.BroadcastId) -> b.Rehearsal | None:
        return self.counted

    def samples(self, broadcast: b.BroadcastId) -> tuple[str, ...]:
        return (self.kept[broadcast].text.replace("{sapaan}", "Mbah"),)

    def tariff(self) -> Tariff | None:
        return self.priced

    def own_words(self, broadcast: b.BroadcastId, person: PersonId) -> str:
        return self.kept[broadcast].text.replace("{sapaan}", "Mas")

    def file(self, media: MediaId) -> str:
        return self.files.get(media, "")

    def villages(self) -> tuple[tuple[str, str], ...]:
        return (("LDK", "Ledokombo"), ("SBS", "Sumbersalak"))

    def schools(self) -> tuple[tuple[str, str], ...]:
        return tuple((f"BOK-{n}", f"Bok-Ebok {n}") for n in range(1, 11))
