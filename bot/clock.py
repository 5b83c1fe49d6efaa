"""The time, and the ticker that wakes due work. The database is the truth; this only looks often.

`MovableClock` is the time of sample mode, which somebody may move ahead. What a piece of due work
does is decided in turn.py; how messages leave, in delivery.py.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from typing import TYPE_CHECKING, Final, Protocol, TypeVar
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Connection

from bot.limits import Clock, WallClock
from bot.receiving import place_of
from storage import alerts, due, meta
from storage.database import Database, NotWritten
from storage.due import DueRow
from storage.outbox import Claimed

if TYPE_CHECKING:
    from apscheduler.schedulers.asyncio import AsyncIOScheduler

__all__ = ["Clock", "MovableClock", "Scheduler", "Ticker", "WallClock"]

TICK: Final = 1.0
"""Seconds between two looks at the due work."""

MOST_ATTEMPTS: Final = 3

NEVER_GIVEN_UP: Final = frozenset({"rule", "series", "escalation", "roster", "numbers"})
"""Work without which nothing would be planned, or nobody called, any more: it is tried again for
ever, ever later."""

_LATEST: Final = 6
"""Attempts after which the pause before the next one (10 minutes) grows no more."""

AT_ONCE: Final = 32
"""Pieces of due work handed to the database together: replies to people do not wait for more."""

_LONGEST_LOOK: Final = 0.8
"""Seconds of one look: it ends before the next one begins."""

_SHARE: Final = 3
"""Work for many takes at most this part (a third) of the time; replies go in between."""

_LONGEST_PAUSE: Final = 0.1

_SUSPECTED: Final = 30.0
"""Seconds in which another process would have finished what it was attempting."""

JUMP: Final = timedelta(minutes=10)
"""A clock that went ahead so far, unmoved by us, may go back: wait before anything is missed."""

HOLD: Final = 60.0
_SILENT: Final = 30.0
_WATCH: Final = 5.0
_DRIFT: Final = 2.0
_AHEAD: Final = "clock ahead"

T = TypeVar("T")

_log = structlog.get_logger(__name__)


class MovableClock:
    """The time of the world and an offset that only grows; sleepers wake when it is moved."""

    def __init__(self, offset: timedelta = timedelta()) -> None:
        self._offset = offset
        self._moved = asyncio.Event()

    @property
    def offset(self) -> timedelta:
        """How far it is ahead of the world."""
        return self._offset

    def now(self) -> datetime:
        """Aware, UTC."""
        return datetime.now(UTC) + self._offset

    def advance(self, by: timedelta) -> None:
        """Move it ahead; raises ValueError for a move back, which no calendar could follow."""
        if by < timedelta():
            raise ValueError("the clock is only moved ahead")
        self._offset += by
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    async def sleep(self, seconds: float) -> None:
        """Return after this much of the clock's time."""
        until = self._steady() + seconds
        while (left := until - self._steady()) > 0:
            moved = self._moved
            try:
                async with asyncio.timeout(left):
                    await moved.wait()
            except TimeoutError:
                return

    def _steady(self) -> float:
        return time.monotonic() + self._offset.total_seconds()


def ahead(conn: Connection) -> timedelta:
    """How far the clock of sample mode was moved."""
    return timedelta(milliseconds=int(meta.get(conn, _AHEAD) or 0))


def set_ahead(conn: Connection, offset: timedelta) -> None:
    """Remember it, so that a restart does not go back in time."""
    meta.put(conn, _AHEAD, str(round(offset.total_seconds() * 1000)).encode())


class Wake(Protocol):
    """One piece of due work as one unit; it reads the row again and settles or re-plans it."""

    def __call__(self, conn: Connection, row: DueRow, /) -> Sequence[Claimed]: ...


class Ticker:
    """Looks for due work and has it done; `hand_over` takes the messages it wrote.

    An attempt is counted before it is made. The third that fails settles the row as failed, and
    the rows behind it never wait.
    """

    def __init__(
        self,
        database: Database,
        *,
        wake: Wake,
        hand_over: Callable[[Sequence[Claimed]], None],
        clock: Clock,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._wake = wake
        self._hand_over = hand_over
        self._clock = clock
        self._monotonic = monotonic
        self._one_at_a_time = asyncio.Lock()
        self._again_at: dict[tuple[str, str], float] = {}
        self._suspected: dict[tuple[str, str], int] = {}
        self._looked: tuple[datetime, float] | None = None
        self._held_until = 0.0
        self._may_have_gone_back = True
        self._next_at: datetime | None = None
        self._last: frozenset[tuple[str, str]] = frozenset()
        self._woken: asyncio.Task[None] | None = None
        self._alarm: asyncio.TimerHandle | None = None

    def wake(self) -> None:
        """Something was planned that may be due now: do not wait for the next tick."""
        if self._woken is None or self._woken.done():
            self._woken = asyncio.ensure_future(_unfailing(self.look)())

    async def stop(self) -> None:
        """Leave off what `wake` began; a piece of work is done whole or not at all."""
        if self._alarm is not None:
            self._alarm.cancel()
        if self._woken is not None:
            self._woken.cancel()
            await asyncio.gather(self._woken, return_exceptions=True)

    async def look(self) -> None:
        """Do what is due; nothing due costs one read.

        Work that goes on (a row that advances or is due again at once) goes on at once, and what
        falls due before the next tick is done at its moment.
        """
        until = self._monotonic() + _LONGEST_LOOK
        while self._monotonic() < until:
            if not await self.tick(gently=True):
                break
        if self._next_at is not None:
            wait = (self._next_at - self._clock.now()).total_seconds()
            if 0 < wait < TICK:
                self._wake_in(wait)

    def _wake_in(self, seconds: float) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = asyncio.get_running_loop().call_later(seconds + 0.001, self.wake)

    async def tick(self, *, gently: bool = False) -> int:
        """Do a batch of what is due; how many pieces were tried.

        A piece of one person is short, so they go together. Work for many goes part by part,
        `gently` with a pause after each, so that people who write are not behind all of it.
        """
        async with self._one_at_a_time:
            now = self._clock.now()
            if self._jumped(now):
                return 0
            try:
                await self._look_after_setting_back(now)
                rows = await self._due(now)
                persons = await self._ours([row for row in rows if row.person_id is not None])
                tried = len(persons)
                await asyncio.gather(*(self._attempt(row) for row in persons))
                for row in rows:
                    if row.person_id is None and await self._ours([row]):
                        began = self._monotonic()
                        await self._attempt(row)
                        tried += 1
                        if gently:
                            took = self._monotonic() - began
                            await self._clock.sleep(min((_SHARE - 1) * took, _LONGEST_PAUSE))
            except NotWritten as error:
                _log.warning("due work waits for the database", error=type(error).__name__)
                return 0
            self._last = frozenset((row.kind, row.subject) for row in rows)
            return tried

    async def catch_up(self) -> None:
        """Tick until nothing is due."""
        while await self.tick():
            pass

    def forgive(self) -> None:
        """The clock was moved on purpose: its next leap is no jump."""
        self._looked = None

    def healthy(self) -> str:
        """Empty, or what is wrong."""
        if self._looked is None or self._monotonic() - self._looked[1] < _SILENT:
            return ""
        return f"due work was not looked at for more than {_SILENT:g} s"

    def _jumped(self, now: datetime) -> bool:
        """Whether the clock leapt ahead by itself a moment ago.

        A machine that slept looks the same, and only loses the time that is waited here.
        """
        steady = self._monotonic()
        if self._looked is not None:
            passed = timedelta(seconds=steady - self._looked[1])
            if now - self._looked[0] - passed > JUMP:
                self._held_until = steady + HOLD
                _log.warning(
                    "the clock leapt ahead", seconds=int((now - self._looked[0]).total_seconds())
                )
            elif self._looked[0] + passed - now > JUMP:
                self._held_until = steady
                self._may_have_gone_back = True
                _log.warning(
                    "the clock went back", seconds=int((self._looked[0] - now).total_seconds())
                )
        self._looked = (now, steady)
        return steady < self._held_until

    async def _look_after_setting_back(self, now: datetime) -> None:
        """Urgent tasks do not wait for an hour that was counted by a clock that was wrong."""
        if not self._may_have_gone_back:
            return
        if await self._database.read(lambda conn: alerts.is_ahead(conn, now)):
            await self._database.write(lambda conn: alerts.set_back(conn, now))
        self._may_have_gone_back = False

    async def _due(self, now: datetime) -> list[DueRow]:
        next_at = self._next_at = await self._database.read(due.next_at)
        if next_at is None or next_at > now:
            return []
        steady = self._monotonic()
        self._again_at = {row: at for row, at in self._again_at.items() if at > steady}
        limit = AT_ONCE + len(self._again_at) + len(self._last)
        found = await self._database.write(lambda conn: due.next_due(conn, now, limit))
        rows = [row for row in found if (row.kind, row.subject) not in self._again_at]
        rows.sort(key=self._had_its_turn)
        return rows[:AT_ONCE]

    def _had_its_turn(self, row: DueRow) -> bool:
        """Long work that was just done a part of lets the others go first."""
        return (row.kind, row.subject) in self._last

    async def _ours(self, rows: Sequence[DueRow]) -> list[DueRow]:
        """The rows of which this process makes the next attempt, which is counted now.

        What was attempted so often without an end is left alone for a while first: another
        process may be at it at this moment.
        """
        fresh = []
        for row in rows:
            if row.attempts < MOST_ATTEMPTS or row.kind in NEVER_GIVEN_UP:
                fresh.append(row)
            elif self._suspected.pop((row.kind, row.subject), None) == row.attempts:
                await self._fail(row, "the process ended during every attempt")
            else:
                self._suspected[row.kind, row.subject] = row.attempts
                self._again_at[row.kind, row.subject] = self._monotonic() + _SUSPECTED
        if not fresh:
            return []
        return await self._database.write(
            lambda conn: [row for row in fresh if due.count_attempt(conn, row)]
        )

    async def _attempt(self, row: DueRow) -> None:
        last = row.kind not in NEVER_GIVEN_UP and row.attempts + 1 >= MOST_ATTEMPTS
        try:
            claimed = await self._surely(lambda conn: self._wake(conn, row))
        except Exception as error:
            if last:
                await self._fail(row, place_of(error))
                return
            pause = 10.0 * 2 ** min(row.attempts, _LATEST)
            self._again_at[row.kind, row.subject] = self._monotonic() + pause
            _log.warning("due work failed", kind=row.kind, error=place_of(error))
        else:
            self._hand_over(claimed)

    async def _fail(self, row: DueRow, reason: str) -> None:
        _log.error("due work was given up", kind=row.kind, error=reason)
        outcome = f"failed: {reason}"
        await self._surely(lambda conn: due.settle(conn, row.kind, row.subject, outcome))

    async def _surely(self, fn: Callable[[Connection], T]) -> T:
        """Write, for as long as it takes the database to take it."""
        while True:
            try:
                return await self._database.write(fn)
            except NotWritten as error:
                _log.warning("due work waits for the database", error=type(error).__name__)
                await self._clock.sleep(_WATCH)


Job = Callable[[], Awaitable[object]]


class Scheduler:
    """APScheduler in memory, only as a ticker: a failed job comes again, none overlaps itself."""

    def __init__(self, zone: ZoneInfo) -> None:
        from apscheduler.schedulers.asyncio import AsyncIOScheduler

        self._scheduler: AsyncIOScheduler = AsyncIOScheduler(
            timezone=zone,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._watching: asyncio.Task[None] | None = None

    def every(self, seconds: float, job: Job) -> None:
        """Run it again and again with this many seconds between the beginnings."""
        self._scheduler.add_job(_unfailing(job), "interval", seconds=seconds)

    def daily(self, at: clock_time, job: Job) -> None:
        """Run it once a day at this local time."""
        self._scheduler.add_job(_unfailing(job), "cron", hour=at.hour, minute=at.minute)

    def start(self) -> None:
        """Begin."""
        self._scheduler.start()
        self._watching = asyncio.ensure_future(self._watch())

    async def stop(self) -> None:
        """End; what runs now is cancelled."""
        if self._watching is None:
            return
        self._watching.cancel()
        await asyncio.gather(self._watching, return_exceptions=True)
        self._scheduler.shutdown(wait=False)

    async def _watch(self) -> None:
        """APScheduler counts by the wall clock: were that set back, it would sleep until then."""
        wall, steady = time.time(), time.monotonic()
        while True:
            await asyncio.sleep(_WATCH)
            drift = (time.time() - wall) - (time.monotonic() - steady)
            wall, steady = time.time(), time.monotonic()
            if abs(drift) > _DRIFT:
                _log.warning("the clock was set", seconds=int(drift))
                for job in self._scheduler.get_jobs():
                    job.reschedule(job.trigger)


def _unfailing(job: Job) -> Callable[[], Awaitable[None]]:
    """A job whose failure is written down by kind and place, never by its message."""

    async def run() -> None:
        try:
            await job()
        except Exception as error:
            _log.error("a job failed", job=job.__qualname__, error=place_of(error))

    return run
