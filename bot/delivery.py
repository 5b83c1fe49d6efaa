"""The way out of the outbox: rows are claimed, handed to their channel's outlet, results recorded.

Replies arrive in memory from the turn that wrote them, already claimed (`take`); everything else is
claimed from the database when somebody says so (`wake`) or when it falls due. A row that cannot go
now returns to the database with the time when it may. How one channel sends is in outlet.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Final

import structlog
from sqlalchemy import Connection

from bot.channels.channel import Channel
from bot.limits import TELEGRAM_PACE, Clock, Pace, is_bulk
from bot.meters import Meters
from bot.outcomes import Outcome, record
from bot.outlet import Outlet
from bot.ways import LOOK_AGAIN, Way
from conversations.politeness import Polite
from storage import outbox, receipts
from storage.database import Database, NotWritten
from storage.outbox import Claimed, Result, Status
from storage.receipts import TELLING

LEASE: Final = timedelta(seconds=300)
"""Longer than any sending lasts: while it runs, nobody else takes a claimed row for lost."""

_MOST_RECORDED: Final = 500
_BULK_FLUSH: Final = 8
_BETWEEN_CLAIMS: Final = 0.02
_WITHOUT_CHANNEL: Final = timedelta(minutes=10)
_SET_BACK: Final = timedelta(seconds=5)
_LOOK_BACK: Final = timedelta(seconds=5)
_TICK: Final = timedelta(seconds=60)
"""The database is looked at so often although nothing was due, and dead senders' rows are freed."""

_log = structlog.get_logger(__name__)


def _never(_: Claimed) -> bool:
    return False


class Delivery:
    """Sends the outbox of one service through its channels.

    `owner` is `service/run`: rows that an earlier run of the same service held are freed at start.
    `flush_seconds` is how long results wait for company before they are written together; those of
    what nobody asked for, of which there may be thousands, wait eight times as long.
    """

    def __init__(
        self,
        database: Database,
        channels: Mapping[str, Channel],
        *,
        owner: str,
        clock: Clock,
        dice: Random,
        meters: Meters,
        paces: Mapping[str, Pace] | None = None,
        quiet: Callable[[Claimed], bool] = _never,
        polite: Polite | None = None,
        flush_seconds: float = 0.003,
    ) -> None:
        self.owner = owner
        self._database = database
        self._clock = clock
        self._meters = meters
        self._flush_seconds = flush_seconds
        self._polite = polite
        self._ways = {
            name: Way(
                name,
                Outlet(
                    channel,
                    pace=(paces or {}).get(name, TELEGRAM_PACE),
                    clock=clock,
                    dice=dice,
                    meters=meters,
                    settle=self._settle,
                    quiet=quiet,
                    want=partial(self._want, name),
                ),
            )
            for name, channel in channels.items()
        }
        self._outcomes: list[Outcome] = []
        self._not_taken = False
        self._match_at: datetime | None = None
        self._claiming = False
        self._ticked_at = self._latest = clock.now()
        self._nudge = asyncio.Event()
        self._dirty = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False

    @property
    def channels(self) -> Collection[str]:
        """The names of those it sends through."""
        return self._ways.keys()

    def lease_until(self) -> datetime:
        """Until when a reply inserted now is ours."""
        return self._clock.now() + LEASE

    def take(self, claimed: Sequence[Claimed]) -> None:
        """Send replies that a committed turn inserted as claimed by `owner`, in this order."""
        for row in claimed:
            way = self._ways.get(row.channel)
            if way is not None and way.behind and row.address_id in way.behind:
                self._return(row, self._clock.now(), "behind an earlier one")
            else:
                self._put(row)
        for name in {row.channel for row in claimed} & self._ways.keys():
            self._ways[name].outlet.pump()

    def heard(self, channel: str, messages: int) -> None:
        """So many messages came in: some platforms count them with those that go out."""
        way = self._ways.get(channel)
        if way is not None:
            way.outlet.heard(messages)

    def wake(self) -> None:
        """Something was planned that may be due: look at the database."""
        for way in self._ways.values():
            way.asked = True
        self._nudge.set()

    async def start(self) -> None:
        """Free what a dead run held, then deliver until `stop`."""
        while not await self._recovered():
            await self._clock.sleep(1.0)
        for name, way in self._ways.items():
            to_repeat = partial(outbox.to_repeat, channel=name)
            for id_, address_id in await self._database.read(to_repeat):
                way.behind[address_id].add(id_)
        if TELLING & self._ways.keys():
            self._match_at = self._clock.now()
        self._tasks = [
            asyncio.ensure_future(self._claim_when_due()),
            asyncio.ensure_future(self._record_when_dirty()),
        ]

    async def stop(self, seconds: float = 3.0) -> None:
        """Claim no more, wait for what is on its way, write every result down."""
        self._stopping = True
        self._nudge.set()
        claiming, recording = self._tasks or (None, None)
        if claiming is not None:
            await asyncio.wait([claiming], timeout=1.0)
            claiming.cancel()
            await asyncio.gather(claiming, return_exceptions=True)
        await asyncio.gather(*(way.outlet.stop(seconds) for way in self._ways.values()))
        if recording is not None:
            recording.cancel()
            await asyncio.gather(recording, return_exceptions=True)
        while self._outcomes and await self._recorded():
            pass
        if self._outcomes:
            _log.error("results of sending could not be written", number=len(self._outcomes))

    @property
    def unrecorded(self) -> int:
        """Results not yet committed."""
        return len(self._outcomes)

    @property
    def idle(self) -> bool:
        """Whether nothing is being claimed, queued, on its way or unwritten."""
        if self._claiming or self._outcomes:
            return False
        return not any(way.asked or way.outlet.queued for way in self._ways.values())

    def healthy(self) -> str:
        """Empty, or in one line what is wrong and what to do."""
        if not self._tasks or any(task.done() for task in self._tasks):
            return "delivery is not running: restart the service"
        if self._not_taken:
            return f"{len(self._outcomes)} results of sending wait: the database takes nothing"
        away = [name for name, way in self._ways.items() if way.outlet.is_away]
        return f"not reachable, messages wait: {', '.join(away)}" if away else ""

    def _want(self, name: str) -> None:
        way = self._ways[name]
        if way.more:
            way.asked = True
            self._nudge.set()

    def _put(self, row: Claimed) -> None:
        way = self._ways.get(row.channel)
        if way is None:
            self._return(row, self._clock.now() + _WITHOUT_CHANNEL, "channel not running")
        elif self._stopping:
            self._return(row, self._clock.now(), "stopped")
        else:
            way.outlet.put(row)

    def _return(self, row: Claimed, until: datetime, reason: str) -> None:
        back = Result(row.id, Status.WAITING, reason, not_before=until, tried=False)
        self._settle(Outcome(row, back))

    def _settle(self, outcome: Outcome) -> None:
        """Keep it until it is written; later replies stay behind a reply that must go again, but
        not behind what nobody asked for."""
        claimed, result = outcome.claimed, outcome.result
        way = self._ways.get(claimed.channel)
        if result.status is Status.WAITING:
            if way is not None:
                way.returned += 1
                if not is_bulk(claimed.priority):
                    way.behind[claimed.address_id].add(claimed.id)
            self._latest = max(self._latest, self._clock.now())
        self._outcomes.append(outcome)
        if not is_bulk(claimed.priority) or result.status is Status.WAITING:
            self._dirty.set()
        elif len(self._outcomes) == 1:
            asyncio.get_running_loop().call_later(_BULK_FLUSH * self._flush_seconds, self._write)

    def _write(self) -> None:
        self._dirty.set()

    async def _claim_when_due(self) -> None:
        """Never cancelled in the middle of a claim: its rows would stay claimed by nobody."""
        while not self._stopping:
            now = self._clock.now()
            if self._latest - now > _SET_BACK:
                await self._wait_anew(now)
            else:
                self._latest = max(self._latest, now)
            if any(way.wants(now) for way in self._ways.values()):
                self._claiming = True
                try:
                    await self._claim(now)
                finally:
                    self._claiming = False
                await self._clock.sleep(_BETWEEN_CLAIMS)
            elif self._match_at is not None and self._match_at <= now:
                await self._match(now)
            elif now - self._ticked_at >= _TICK:
                await self._recovered()
                await self._forget_settled()
                self.wake()
            else:
                dues = [self._match_at, *(way.due for way in self._ways.values())]
                await self._nap(
                    min((at for at in dues if at is not None), default=now + _TICK) - now
                )

    async def _wait_anew(self, now: datetime) -> None:
        """The clock was set back: nobody waits until the hour it showed before."""
        _log.warning("the clock was set back", seconds=int((self._latest - now).total_seconds()))
        for way in self._ways.values():
            way.outlet.forget_waits()
        with suppress(NotWritten):
            await self._database.write(lambda conn: outbox.hasten(conn, now))
            self._ticked_at = now
            if not self._outcomes:  # what is still to be written may hold an hour of before
                self._latest = now
        self.wake()

    async def _nap(self, longest: timedelta) -> None:
        """Until somebody nudges, or this much time has passed."""
        self._nudge.clear()
        seconds = min(longest, _TICK).total_seconds()
        timer = asyncio.ensure_future(self._clock.sleep(max(seconds, 0.001)))
        timer.add_done_callback(self._time_is_up)
        try:
            await self._nudge.wait()
        finally:
            timer.cancel()

    def _time_is_up(self, timer: asyncio.Task[None]) -> None:
        if not timer.cancelled():
            self._nudge.set()

    async def _claim(self, now: datetime) -> None:
        """One unit of work for all channels that want something and have room for it."""
        ways = [way for way in self._ways.values() if way.wants(now)]
        orders = [order for way in ways if (order := way.order(now)) is not None]
        if not orders:
            return
        owner, until, polite = self.owner, now + LEASE, self._polite

        def unit(conn: Connection) -> list[tuple[list[Claimed], datetime | None]]:
            return [order.claim(conn, owner, now, until, polite) for order in orders]

        try:
            found = await self._database.write(unit)
        except NotWritten:
            for order in orders:
                self._ways[order.name].look_at(now + LOOK_AGAIN)
            return
        for order, (rows, next_at) in zip(orders, found, strict=True):
            way = self._ways[order.name]
            for row in rows:
                way.is_ahead(row)
                self._put(row)
            way.outlet.pump()
            all_written = way.returned == order.returned and not self._outcomes
            way.look_next(next_at, now, all_written=all_written)

    async def _record_when_dirty(self) -> None:
        while True:
            await self._dirty.wait()
            if self._flush_seconds:
                await asyncio.sleep(self._flush_seconds)
            self._dirty.clear()
            while self._outcomes:
                if not await self._recorded():
                    await self._clock.sleep(1.0)
            self._meters.unrecorded.set(0)
            for name in self._ways:
                self._want(name)

    async def _recorded(self) -> bool:
        """Write a batch of results; False when the database did not take it, and they are kept."""
        batch = self._outcomes[:_MOST_RECORDED]
        now = self._clock.now()
        self._latest = max(self._latest, now)
        self._meters.unrecorded.set(len(self._outcomes))
        try:
            await self._database.write(lambda conn: record(conn, batch, now))
        except NotWritten:
            self._meters.database_waits.inc()
            self._not_taken = True
            return False
        self._not_taken = False
        del self._outcomes[: len(batch)]
        for one in batch:
            if one.result.not_before is not None and one.claimed.channel in self._ways:
                self._ways[one.claimed.channel].look_at(one.result.not_before)
                self._nudge.set()
        if self._match_at is None and any(one.claimed.channel in TELLING for one in batch):
            self._match_at = now + _LOOK_BACK
        return True

    async def _match(self, now: datetime) -> None:
        """Statuses that passed the names of their messages on the way are applied now."""
        self._match_at = None
        try:
            await self._database.write(lambda conn: receipts.match(conn, now))
        except NotWritten:
            self._match_at = now + _LOOK_BACK

    async def _forget_settled(self) -> None:
        """What came back, and ended in the database meanwhile, holds up nothing any more."""
        for way in self._ways.values():
            kept = sorted(way.remembered())
            for begin in range(0, len(kept), _MOST_RECORDED):
                ids = kept[begin : begin + _MOST_RECORDED]
                with suppress(NotWritten):
                    still = await self._database.write(partial(outbox.still_open, ids=ids))
                    way.forget(set(ids) - still)

    async def _recovered(self) -> bool:
        now = self._clock.now()
        self._ticked_at = now
        try:
            found = await self._database.write(lambda conn: outbox.recover(conn, self.owner, now))
        except NotWritten:
            return False
        if found.again or found.uncertain:
            _log.warning("sendings were interrupted", again=found.again, uncertain=found.uncertain)
        return True
