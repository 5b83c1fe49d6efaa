"""One channel's way out: a lane for each address, the channel's pace and pauses, and the verdict on
what the platform answered. It knows no database: results go to `settle`, which makes them durable.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
from bisect import bisect_right, insort
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Final

import structlog
from prometheus_client import Counter

from bot.channels.channel import (
    Blocked,
    Channel,
    Refused,
    SlowDown,
    Unanswered,
    Unreachable,
    WindowClosed,
)
from bot.limits import OUTAGE, OUTAGE_BEGINS, RETRIES, TRIES, UNANSWERED_TRIES, Clock, Pace, is_bulk
from bot.meters import Meters
from bot.outcomes import Outcome, accepted
from bot.pacing import Pacing, Permissions
from conversations.message import Priority
from storage.outbox import Claimed, Result, Status

IN_FLIGHT: Final = 192
"""Messages of one channel on their way at once."""

BULK_IN_FLIGHT: Final = 128
"""Of these, what nobody asked for: 1,000 a second over a way of 0.1 s. The rest is for replies."""

_BULK_AHEAD_SECONDS: Final = 0.06
"""So much of what nobody asked for is claimed ahead: a crash leaves little of it uncertain."""

_LEAST_AHEAD: Final = 4

_SHORTEST_NAP: Final = 0.003
"""Seconds: what the rate allows meanwhile leaves together, which costs less than one by one."""

_LONGEST_NAP: Final = 0.1

_LONGEST_STAND: Final = 60.0
"""Seconds that a message may stand in its lane; who must wait longer waits in the database, so that
no lease runs out."""

_RANK: Final = {priority: rank for rank, priority in enumerate(Priority)}

_log = structlog.get_logger(__name__)


class _Counters(dict[str, Counter]):
    """The counter of each result, looked up once."""

    def __init__(self, meters: Meters, channel: str) -> None:
        super().__init__()
        self._meters = meters
        self._channel = channel

    def __missing__(self, word: str) -> Counter:
        counter = self[word] = self._meters.sends.labels(self._channel, word)
        return counter


def _rank(claimed: Claimed) -> int:
    return _RANK[claimed.priority]


@dataclass(slots=True)
class _Lane:
    """What one address is still to get, most urgent first, otherwise as it came."""

    waiting: list[Claimed] = field(default_factory=list)
    sending: bool = False


class Outlet:
    """Sends what is `put`, one message at a time per address, at most `IN_FLIGHT` at once."""

    def __init__(
        self,
        channel: Channel,
        *,
        pace: Pace,
        clock: Clock,
        dice: Random,
        meters: Meters,
        settle: Callable[[Outcome], None],
        quiet: Callable[[Claimed], bool],
        want: Callable[[], None],
    ) -> None:
        """`want` is called when what nobody asked for runs out here."""
        self._channel = channel
        self._clock = clock
        self._dice = dice
        self._meters = meters
        self._settle = settle
        self._quiet = quiet
        self._want = want
        ahead = max(_LEAST_AHEAD, math.ceil(pace.bulk * _BULK_AHEAD_SECONDS))
        self._ahead = min(BULK_IN_FLIGHT, ahead)
        self._pacing = Pacing(pace, clock.now())
        self._lanes: dict[int, _Lane] = {}
        self._ready: list[tuple[int, int, int]] = []
        self._standing: list[tuple[float, int]] = []
        self._order = itertools.count()
        self._flying: set[asyncio.Task[None]] = set()
        self._sending = 0
        self._bulk_sending = 0
        self._bulk_waiting = 0
        self._failures = 0
        self._paused_until: datetime | None = None
        self._unanswered: dict[int, int] = {}
        self._closed: set[int] = set()
        self._counted = _Counters(meters, channel.name)
        self._timer: asyncio.Task[None] | None = None
        self._stopping = False

    @property
    def queued(self) -> int:
        """Messages here, on their way or before it."""
        return self._sending + sum(len(lane.waiting) for lane in self._lanes.values())

    @property
    def is_away(self) -> bool:
        """Whether so many sendings failed in a row that the platform seems out of reach."""
        return self._failures >= OUTAGE_BEGINS

    def bulk_room(self) -> int:
        """How many messages that nobody asked for may be claimed now: what leaves in a moment."""
        if self.pause():
            return 0
        return max(0, self._ahead - self._bulk_waiting)

    def pause(self) -> datetime | None:
        """Until when the channel sends nothing at all; None when it sends."""
        if self._paused_until is not None and self._paused_until <= self._clock.now():
            self._paused_until = None
        return self._paused_until

    def resting(self) -> set[int]:
        """Addresses that get nothing now that they did not ask for."""
        return self._pacing.resting(self._clock.now())

    def heard(self, messages: int) -> None:
        """So many came in by this channel."""
        self._pacing.heard(messages, self._clock.now())

    @property
    def remembered(self) -> set[int]:
        """Rows that came back in a way that counts when they are here again."""
        return self._closed | self._unanswered.keys()

    def forget(self, ids: Collection[int]) -> None:
        """These rows do not come here again as they were."""
        for id_ in ids:
            self._closed.discard(id_)
            self._unanswered.pop(id_, None)

    def forget_waits(self) -> None:
        """The clock was set back: a pause until then would last far too long."""
        self._paused_until = None
        self._pacing.forget_rests()
        self._rouse(math.inf)

    def put(self, claimed: Claimed) -> None:
        """Send it in its turn."""
        if (until := self.pause()) is not None:
            self._postpone(claimed, until, "channel paused")
            return
        lane = self._lanes.get(claimed.address_id)
        if self._pacing.counts_pairs:
            ahead = 0 if lane is None else bisect_right(lane.waiting, _rank(claimed), key=_rank)
            wait = self._pacing.wait_for(claimed.address_id, self._clock.now(), ahead)
            if wait > _LONGEST_STAND:
                until = self._clock.now() + timedelta(seconds=wait)
                self._postpone(claimed, until, "many messages to this person")
                return
        if lane is None:
            lane = self._lanes[claimed.address_id] = _Lane()
        insort(lane.waiting, claimed, key=_rank)
        self._bulk_waiting += is_bulk(claimed.priority)
        if not lane.sending and lane.waiting[0] is claimed:
            self._make_ready(claimed)

    def pump(self) -> None:
        """Set off what may go now."""
        if not (self._ready or self._standing):
            return
        now = self._clock.now()
        if self._standing:
            self._rouse(now.timestamp())
        while self._ready and self._sending < IN_FLIGHT and not self._stopping:
            address_id = self._ready[0][2]
            lane = self._lanes.get(address_id)
            if lane is None or lane.sending or not lane.waiting or self._stands(address_id, now):
                heapq.heappop(self._ready)
                continue
            bulk = is_bulk(lane.waiting[0].priority)
            if bulk and self._bulk_sending >= BULK_IN_FLIGHT:
                return
            if wait := self._pacing.wait(now, bulk=bulk):
                self._pump_later(wait)
                return
            if bulk:
                self._bulk_waiting -= 1
                self._bulk_sending += 1
                if 2 * self._bulk_waiting <= self._ahead:
                    self._want()
            heapq.heappop(self._ready)
            permissions = self._pacing.leaves(address_id, now, bulk=bulk)
            lane.sending = True
            self._sending += 1
            task = asyncio.ensure_future(self._deliver(lane, lane.waiting.pop(0), permissions))
            self._flying.add(task)
            task.add_done_callback(self._flying.discard)

    async def stop(self, seconds: float) -> None:
        """Give back what has not set off, wait for what has; the rest keeps its lease."""
        self._stopping = True
        if self._timer is not None:
            self._timer.cancel()
        self._give_back_all(self._clock.now(), "stopped")
        if self._flying:
            await asyncio.wait(self._flying, timeout=seconds)
        late = list(self._flying)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def _make_ready(self, head: Claimed) -> None:
        heapq.heappush(self._ready, (_rank(head), next(self._order), head.address_id))

    def _stands(self, address_id: int, now: datetime) -> bool:
        """Whether this lane must wait, because its person has had so many messages just now; then
        it is roused by itself."""
        wait = self._pacing.wait_for(address_id, now)
        if wait > 0:
            heapq.heappush(self._standing, (now.timestamp() + wait, address_id))
            self._pump_later(wait)
        return wait > 0

    def _rouse(self, now: float) -> None:
        """Lanes whose time has come are ready again."""
        while self._standing and self._standing[0][0] <= now:
            lane = self._lanes.get(heapq.heappop(self._standing)[1])
            if lane is not None and lane.waiting and not lane.sending:
                self._make_ready(lane.waiting[0])
        if self._standing:
            self._pump_later(self._standing[0][0] - now)

    def _pump_later(self, wait: float) -> None:
        if self._timer is None and not self._stopping:
            nap = min(max(wait, _SHORTEST_NAP), _LONGEST_NAP)
            self._timer = asyncio.ensure_future(self._pump_in(nap))

    async def _pump_in(self, seconds: float) -> None:
        await self._clock.sleep(seconds)
        self._timer = None
        self.pump()

    async def _deliver(self, lane: _Lane, claimed: Claimed, permissions: Permissions) -> None:
        self._meters.in_flight.inc()
        began = self._clock.now()
        try:
            result, error = await self._sent(claimed, began)
        finally:
            self._meters.in_flight.dec()
            self._sending -= 1
            self._bulk_sending -= is_bulk(claimed.priority)
            if permissions:
                self._pacing.arrived(permissions, self._clock.now())
        if result.parts:
            now = self._clock.now()
            self._pacing.said_more(claimed.address_id, len(result.parts), now)
        if result.status is not Status.WAITING:
            self._closed.discard(claimed.id)
            self._unanswered.pop(claimed.id, None)
        blocked = (error.reason or "blocked") if isinstance(error, Blocked) else ""
        closed_at = began if isinstance(error, WindowClosed) else None
        self._settle(Outcome(claimed, result, blocked, closed_at))
        lane.sending = False
        if result.status is Status.WAITING:
            self._give_back(lane, result.not_before or self._clock.now(), "after a retry")
        elif blocked:
            for other in self._emptied(lane):
                self._settle(Outcome(other, Result(other.id, Status.FAILED, result.reason)))
        if lane.waiting:
            self._make_ready(lane.waiting[0])
        else:
            del self._lanes[claimed.address_id]
        self.pump()

    async def _sent(self, claimed: Claimed, began: datetime) -> tuple[Result, Exception | None]:
        """Send one message; the result, and what the channel raised, if it did."""
        if claimed.expires_at is not None and claimed.expires_at <= began:
            return Result(claimed.id, Status.EXPIRED), None
        failed = None
        try:
            receipt = await self._channel.send(
                claimed.address, claimed.message, quiet=self._quiet(claimed)
            )
        except Exception as error:
            word, failed = type(error).__name__.lower(), error
            result = self._verdict(claimed, error)
        else:
            word = "sent"
            self._failures = 0
            result = accepted(claimed, receipt)
        self._meters.send_seconds.observe((self._clock.now() - began).total_seconds())
        self._counted[word].inc()
        return result, failed

    def _verdict(self, claimed: Claimed, error: Exception) -> Result:
        """What follows from a failure. Only alarms and replies may ever go out twice."""
        if isinstance(error, Blocked | Refused):
            self._failures = 0
            return Result(claimed.id, Status.FAILED, error.reason or "refused")
        if isinstance(error, WindowClosed):
            return self._not_freely(claimed)
        if isinstance(error, SlowDown):
            self._failures = 0
            until = self._clock.now() + timedelta(seconds=error.retry_after)
            if error.everybody:
                self._pause_until(until)
            return Result(claimed.id, Status.WAITING, "slow down", not_before=until)
        self._count_failure()
        tries = claimed.attempts + 1
        if isinstance(error, Unreachable):
            if tries >= TRIES[claimed.priority]:
                return Result(claimed.id, Status.FAILED, f"unreachable: {error.reason}")
            return self._again(claimed, f"unreachable: {error.reason}")
        if isinstance(error, Unanswered):
            reason = f"unanswered: {error.reason}"
        else:
            reason = type(error).__name__
            _log.error("a channel failed in a way of its own", error=reason)
        unanswered = self._unanswered[claimed.id] = self._unanswered.get(claimed.id, 0) + 1
        if is_bulk(claimed.priority) or unanswered >= UNANSWERED_TRIES:
            return Result(claimed.id, Status.UNCERTAIN, reason)
        return self._again(claimed, reason)

    def _not_freely(self, claimed: Claimed) -> Result:
        """It is looked at again, to leave in approved words if it can; never a third time."""
        self._failures = 0
        if claimed.message.template is not None or claimed.id in self._closed:
            return Result(claimed.id, Status.FAILED, "window")
        self._closed.add(claimed.id)
        return Result(claimed.id, Status.WAITING, "window", not_before=self._clock.now())

    def _again(self, claimed: Claimed, reason: str) -> Result:
        wait = RETRIES[claimed.priority].after(claimed.attempts + 1, self._dice)
        at = self._clock.now() + timedelta(seconds=wait)
        return Result(claimed.id, Status.WAITING, reason, not_before=at)

    def _count_failure(self) -> None:
        self._failures += 1
        if self._failures >= OUTAGE_BEGINS:
            wait = OUTAGE.after(self._failures - OUTAGE_BEGINS + 1, self._dice)
            self._pause_until(self._clock.now() + timedelta(seconds=wait))

    def _pause_until(self, until: datetime) -> None:
        self._paused_until = max(until, self._paused_until or until)
        self._give_back_all(self._paused_until, "channel paused")

    def _give_back_all(self, until: datetime, reason: str) -> None:
        for address_id, lane in list(self._lanes.items()):
            self._give_back(lane, until, reason)
            if not lane.sending:
                del self._lanes[address_id]

    def _give_back(self, lane: _Lane, until: datetime, reason: str) -> None:
        for claimed in self._emptied(lane):
            self._postpone(claimed, until, reason)

    def _emptied(self, lane: _Lane) -> list[Claimed]:
        taken, lane.waiting = lane.waiting, []
        self._bulk_waiting -= sum(is_bulk(claimed.priority) for claimed in taken)
        return taken

    def _postpone(self, claimed: Claimed, until: datetime, reason: str) -> None:
        back = Result(claimed.id, Status.WAITING, reason, not_before=until, tried=False)
        self._settle(Outcome(claimed, back))
