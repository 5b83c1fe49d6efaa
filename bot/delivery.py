"""The way out of the outbox: rows are claimed, handed to their channel's outlet, results recorded.

Replies arrive in memory from the turn that wrote them, already claimed (`take`); everything else is
claimed from the database when somebody says so (`wake`) or when it falls due. A row that cannot go
now returns to the database with the time when it may. How one channel sends is in outlet.py.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from random import Random
from typing import Final

import structlog
from sqlalchemy import Connection

from bot.channels.channel import Channel
from bot.limits import TELEGRAM_PACE, Clock, Pace, is_bulk
from bot.meters import Meters
from bot.outlet import IN_FLIGHT, Outlet
from conversations.message import Priority
from conversations.politeness import Polite
from storage import outbox
from storage.database import Database, NotWritten
from storage.outbox import Claimed, Result, Status

LEASE: Final = timedelta(seconds=300)
"""Longer than any sending lasts: while it runs, nobody else takes a claimed row for lost."""

_MOST_QUEUED: Final = 2 * IN_FLIGHT
_MOST_RECORDED: Final = 500
_BULK_FLUSH: Final = 8
_BETWEEN_CLAIMS: Final = 0.02
_LOOK_AGAIN: Final = timedelta(seconds=1)
_WITHOUT_CHANNEL: Final = timedelta(minutes=10)
_SET_BACK: Final = timedelta(seconds=5)
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
        self._outlets = {
            name: Outlet(
                channel,
                pace=(paces or {}).get(name, TELEGRAM_PACE),
                clock=clock,
                dice=dice,
                meters=meters,
                settle=self._settle,
                quiet=quiet,
                want=self._want,
            )
            for name, channel in channels.items()
        }
        self._results: list[Result] = []
        self._not_taken = False
        self._blocked: dict[int, tuple[int, str]] = {}
        self._behind: defaultdict[int, set[int]] = defaultdict(set)
        self._returned = 0
        self._asked = True
        self._claiming = False
        self._more = False
        self._due: datetime | None = None
        self._ticked_at = self._latest = clock.now()
        self._nudge = asyncio.Event()
        self._dirty = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False

    def lease_until(self) -> datetime:
        """Until when a reply inserted now is ours."""
        return self._clock.now() + LEASE

    def take(self, claimed: Sequence[Claimed]) -> None:
        """Send replies that a committed turn inserted as claimed by `owner`, in this order."""
        for row in claimed:
            if self._behind and row.address_id in self._behind:
                self._return(row, self._clock.now(), "behind an earlier one")
            else:
                self._put(row)
        for name in {row.channel for row in claimed} & self._outlets.keys():
            self._outlets[name].pump()

    def wake(self) -> None:
        """Something was planned that may be due: look at the database."""
        self._asked = True
        self._nudge.set()

    async def start(self) -> None:
        """Free what a dead run held, then deliver until `stop`."""
        while not await self._recovered():
            await self._clock.sleep(1.0)
        for id_, address_id in await self._database.read(outbox.to_repeat):
            self._behind[address_id].add(id_)
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
        await asyncio.gather(*(outlet.stop(seconds) for outlet in self._outlets.values()))
        if recording is not None:
            recording.cancel()
            await asyncio.gather(recording, return_exceptions=True)
        while self._results and await self._recorded():
            pass
        if self._results:
            _log.error("results of sending could not be written", number=len(self._results))

    @property
    def unrecorded(self) -> int:
        """Results not yet committed."""
        return len(self._results)

    @property
    def idle(self) -> bool:
        """Whether nothing is being claimed, queued, on its way or unwritten."""
        if self._asked or self._claiming or self._results:
            return False
        return not any(outlet.queued for outlet in self._outlets.values())

    def healthy(self) -> str:
        """Empty, or in one line what is wrong and what to do."""
        if not self._tasks or any(task.done() for task in self._tasks):
            return "delivery is not running: restart the service"
        if self._not_taken:
            return f"{len(self._results)} results of sending wait: the database takes nothing"
        away = [name for name, outlet in self._outlets.items() if outlet.is_away]
        return f"not reachable, messages wait: {', '.join(away)}" if away else ""

    def _want(self) -> None:
        if self._more:
            self.wake()

    def _put(self, row: Claimed) -> None:
        outlet = self._outlets.get(row.channel)
        if outlet is None:
            self._return(row, self._clock.now() + _WITHOUT_CHANNEL, "channel not running")
        elif self._stopping:
            self._return(row, self._clock.now(), "stopped")
        else:
            outlet.put(row)

    def _return(self, row: Claimed, until: datetime, reason: str) -> None:
        back = Result(row.id, Status.WAITING, reason, not_before=until, tried=False)
        self._settle(row, back)

    def _settle(self, claimed: Claimed, result: Result, *, blocked: str = "") -> None:
        """Keep a result until it is written; later replies stay behind a reply that must go again,
        but not behind what nobody asked for."""
        if result.status is Status.WAITING:
            if not is_bulk(claimed.priority):
                self._behind[claimed.address_id].add(claimed.id)
            self._returned += 1
            self._latest = max(self._latest, self._clock.now())
        if blocked:
            self._blocked[claimed.id] = (claimed.address_id, blocked)
        self._results.append(result)
        if not is_bulk(claimed.priority) or result.status is Status.WAITING:
            self._dirty.set()
        elif len(self._results) == 1:
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
            if self._asked or (self._due is not None and self._due <= now):
                self._asked, self._more, self._due, self._claiming = False, False, None, True
                try:
                    await self._claim(now)
                finally:
                    self._claiming = False
                await self._clock.sleep(_BETWEEN_CLAIMS)
            elif now - self._ticked_at >= _TICK:
                await self._recovered()
                self._asked = True
            else:
                await self._nap((self._due or now + _TICK) - now)

    async def _wait_anew(self, now: datetime) -> None:
        """The clock was set back: nobody waits until the hour it showed before."""
        _log.warning("the clock was set back", seconds=int((self._latest - now).total_seconds()))
        for outlet in self._outlets.values():
            outlet.forget_waits()
        with suppress(NotWritten):
            await self._database.write(lambda conn: outbox.hasten(conn, now))
            self._ticked_at = now
            if not self._results:  # what is still to be written may hold an hour of before
                self._latest = now
        self._asked = True

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
        room = _MOST_QUEUED - sum(outlet.queued for outlet in self._outlets.values())
        pauses = [outlet.pause() for outlet in self._outlets.values()]
        awake = [pause for pause in pauses if pause is None]
        if room <= 0 or not awake:
            self._more = True
            self._due_at(min((pause for pause in pauses if pause), default=now + _LOOK_AGAIN))
            return
        bulk = min(room, self._bulk_room())
        resting = set().union(*(outlet.resting() for outlet in self._outlets.values()))
        lease_until, returned = now + LEASE, self._returned

        def unit(conn: Connection) -> tuple[list[Claimed], datetime | None]:
            rows = outbox.claim(
                conn, self.owner, now, lease_until, room, resting, least=Priority.REPLY
            )
            if bulk and len(rows) < room:
                rows += outbox.claim(
                    conn,
                    self.owner,
                    now,
                    lease_until,
                    bulk,
                    resting,
                    most=Priority.REMINDER,
                    polite=self._polite,
                )
            return rows, outbox.next_at(conn)

        try:
            rows, next_at = await self._database.write(unit)
        except NotWritten:
            self._due_at(now + _LOOK_AGAIN)
            return
        for row in rows:
            self._is_ahead(row)
            self._put(row)
        for outlet in self._outlets.values():
            outlet.pump()
        self._look_at(next_at, now, returned)

    def _bulk_room(self) -> int:
        """A claim cannot choose channels, so the one with the least room decides."""
        awake = [outlet for outlet in self._outlets.values() if outlet.pause() is None]
        return min((outlet.bulk_room() for outlet in awake), default=0)

    def _look_at(self, next_at: datetime | None, now: datetime, returned: int) -> None:
        """When to claim next. If nothing waits (and nothing was returned meanwhile), nobody is
        behind anything: rows may have expired or been blocked without coming here again."""
        if next_at is None:
            if self._returned == returned and not self._results:
                self._behind.clear()
        elif next_at <= now:
            self._more = True
            self._due_at(now + _LOOK_AGAIN)
        else:
            self._due_at(next_at)

    def _due_at(self, at: datetime) -> None:
        if self._due is None or at < self._due:
            self._due = at
            self._nudge.set()

    def _is_ahead(self, row: Claimed) -> None:
        """A returned row is here again: what comes after it may follow in its lane."""
        ids = self._behind.get(row.address_id)
        if ids is not None:
            ids.discard(row.id)
            if not ids:
                del self._behind[row.address_id]

    async def _record_when_dirty(self) -> None:
        while True:
            await self._dirty.wait()
            if self._flush_seconds:
                await asyncio.sleep(self._flush_seconds)
            self._dirty.clear()
            while self._results:
                if not await self._recorded():
                    await self._clock.sleep(1.0)
            self._meters.unrecorded.set(0)
            if self._more:
                self.wake()

    async def _recorded(self) -> bool:
        """Write a batch of results; False when the database did not take it, and they are kept."""
        batch = self._results[:_MOST_RECORDED]
        blocked = [self._blocked[result.id] for result in batch if result.id in self._blocked]
        now = self._clock.now()
        self._latest = max(self._latest, now)

        def unit(conn: Connection) -> None:
            outbox.record(conn, batch, now)
            for address_id, reason in blocked:
                outbox.block(conn, address_id, reason, now)

        self._meters.unrecorded.set(len(self._results))
        try:
            await self._database.write(unit)
        except NotWritten:
            self._meters.database_waits.inc()
            self._not_taken = True
            return False
        self._not_taken = False
        del self._results[: len(batch)]
        for result in batch:
            self._blocked.pop(result.id, None)
            if result.not_before is not None:
                self._due_at(result.not_before)
        return True

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
