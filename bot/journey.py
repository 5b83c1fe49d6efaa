"""Sample mode: moving its clock ahead and living through everything that happens on the way.

Every reminder comes at its own time and in its order, as it would in the real week.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from bot import clock as clocks
from bot.clock import MovableClock, Ticker
from bot.delivery import Delivery
from bot.media import MediaStore
from bot.receiving import Receiving
from storage import due, outbox
from storage.database import Database

PATIENCE: Final = 20.0
"""Seconds of real time in which everything due must be done."""

_MOST_STEPS: Final = 2_000
_A_MOMENT: Final = timedelta(milliseconds=1)

BEHIND_THE_SCENES: Final = ("rule", "sweep", "series", "roster", "numbers")
"""Due work that only plans other work: nobody would see that it has happened."""

_FAR: Final = timedelta(days=8)
"""So far ahead the next thing is looked for: every week has its check-in."""


@dataclass(frozen=True, slots=True)
class Journey:
    """The parts that must have come to rest before the clock is moved on."""

    database: Database
    clock: MovableClock
    ticker: Ticker
    receiving: Receiving
    delivery: Delivery
    media: MediaStore
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def advance(self, by: timedelta) -> datetime:
        """Live through this much time (never back); returns the new time."""
        if by < timedelta():
            raise ValueError("time is only moved ahead")
        async with self._one_at_a_time:
            until = self.clock.now() + by
            for _ in range(_MOST_STEPS):
                await self.settle()
                next_at = await self.database.read(self._next_moment)
                if next_at is None or next_at > until:
                    break
                await self._move_to(next_at + _A_MOMENT)
            await self._move_to(until)
            await self.settle()
            return self.clock.now()

    async def advance_to_next(self) -> datetime | None:
        """Go to the next thing that happens; None when nothing is planned."""
        await self.settle()
        far = self.clock.now() + _FAR
        while True:
            seen, next_at = await self.next_event(), await self.database.read(self._next_moment)
            if next_at is None or (seen is None and next_at > far):
                return None
            reached = await self.advance(max(next_at + _A_MOMENT - self.clock.now(), timedelta()))
            if seen is not None and seen <= next_at:
                return reached

    async def next_event(self) -> datetime | None:
        """When somebody next hears something, as far as that is planned."""
        return await self.database.read(self._next_event)

    async def settle(self) -> bool:
        """Wait until everything due is done and sent; False when that takes too long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while True:
                    await self._work()
                    next_at = await self.database.read(self._next_moment)
                    if next_at is None or next_at > self.clock.now():
                        return True
        return False

    async def _work(self) -> None:
        await self.ticker.catch_up()
        await self.media.work()
        self.delivery.wake()
        while self.receiving.open_turns or not self.delivery.idle:
            await asyncio.sleep(0.005)

    async def _move_to(self, at: datetime) -> None:
        by = at - self.clock.now()
        if by <= timedelta():
            return
        self.clock.advance(by)
        self.ticker.forgive()
        offset = self.clock.offset
        await self.database.write(lambda conn: clocks.set_ahead(conn, offset))

    def _next_event(self, conn: Connection) -> datetime | None:
        return _earlier(due.next_apart_from(conn, BEHIND_THE_SCENES), self._next_message(conn))

    def _next_moment(self, conn: Connection) -> datetime | None:
        """The same, with what happens behind the scenes."""
        return _earlier(due.next_at(conn), self._next_message(conn))

    def _next_message(self, conn: Connection) -> datetime | None:
        return outbox.next_at(conn, self.delivery.channels)


def _earlier(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)
