"""What is claimed of the outbox for one channel, and when the database is asked for more of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import Connection

from bot.outlet import IN_FLIGHT, Outlet
from conversations.message import Priority
from conversations.politeness import Polite
from storage import outbox
from storage.outbox import Claimed

_MOST_QUEUED: Final = 2 * IN_FLIGHT
LOOK_AGAIN: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Order:
    """What is claimed at once of one channel: so many, of these so many that nobody asked for."""

    name: str
    room: int
    bulk: int
    resting: Collection[int]
    returned: int

    def claim(
        self,
        conn: Connection,
        owner: str,
        now: datetime,
        lease_until: datetime,
        polite: Polite | None,
    ) -> tuple[list[Claimed], datetime | None]:
        """The rows, and when the next one may go out."""
        next_at = outbox.next_at(conn, [self.name])
        if next_at is None or next_at > now:
            return [], next_at
        claim = partial(outbox.claim, conn, owner, now, lease_until, channel=self.name)
        rows = claim(limit=self.room, least=Priority.REPLY)
        if self.bulk and len(rows) < self.room:
            rows += claim(limit=self.bulk, most=Priority.REMINDER, polite=polite, busy=self.resting)
        return rows, outbox.next_at(conn, [self.name])


@dataclass(slots=True)
class Way:
    """One channel's outlet with its own times and room, so that a channel that is slow or pauses
    holds up no other.

    `more`: there was more than could be taken. `behind` holds, by address, the replies that went
    back and that later ones must not overtake; `returned` counts what went back.
    """

    name: str
    outlet: Outlet
    asked: bool = True
    more: bool = False
    due: datetime | None = None
    behind: defaultdict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    returned: int = 0

    def wants(self, now: datetime) -> bool:
        """Whether there may be something to claim."""
        return self.asked or (self.due is not None and self.due <= now)

    def look_at(self, at: datetime) -> None:
        """Ask again then, at the latest."""
        if self.due is None or at < self.due:
            self.due = at

    def order(self, now: datetime) -> Order | None:
        """What to claim now; None while it pauses or is full: then it is asked later."""
        self.asked, self.more, self.due = False, False, None
        pause = self.outlet.pause()
        room = _MOST_QUEUED - self.outlet.queued
        if pause is not None or room <= 0:
            self.more = True
            self.look_at(pause or now + LOOK_AGAIN)
            return None
        bulk = min(room, self.outlet.bulk_room())
        return Order(self.name, room, bulk, self.outlet.resting(), self.returned)

    def is_ahead(self, row: Claimed) -> None:
        """A returned row is here again: what comes after it may follow in its lane."""
        ids = self.behind.get(row.address_id)
        if ids is not None:
            ids.discard(row.id)
            if not ids:
                del self.behind[row.address_id]

    def remembered(self) -> set[int]:
        """Rows of which something is kept here until they come again."""
        return self.outlet.remembered.union(*self.behind.values())

    def forget(self, ids: Collection[int]) -> None:
        """These rows ended, or wait for the person, without coming here again."""
        self.outlet.forget(ids)
        for address_id in list(self.behind):
            self.behind[address_id].difference_update(ids)
            if not self.behind[address_id]:
                del self.behind[address_id]

    def look_next(self, next_at: datetime | None, now: datetime, *, all_written: bool) -> None:
        """When to claim next. If nothing waits (and nothing is to be written that might), nobody is
        behind anything: rows may have expired or been blocked without coming here again."""
        if next_at is None:
            if all_written:
                self.behind.clear()
        elif next_at <= now:
            self.more = True
            self.look_at(now + LOOK_AGAIN)
        else:
            self.look_at(next_at)
