"""From the platform's hands to the turn: what arrived is stored first, then answered in order.

One person's updates take their turns one after another; different people do not wait for each
other. A turn that fails is tried three times in all and then put aside, so that one bad update
never stops the ones behind it. What a turn does is in turn.py; how replies leave in delivery.py.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate, islice
from typing import Protocol, TypeVar

import structlog
from sqlalchemy import Connection

from bot.limits import Clock
from bot.meters import Meters
from storage import facts as told
from storage import inbox
from storage.database import Database, NotWritten
from storage.facts import Fact
from storage.inbox import Accepted, Received, Unfinished
from storage.outbox import Claimed

T = TypeVar("T")

MOST_ATTEMPTS = 3
"""The third failing attempt at a turn is the last; killing the process is failing too."""

MOST_OPEN = 512
"""Turns submitted or queued; beyond it nothing is accepted, and the platform keeps the rest."""

_MOST_TOLD = 200
"""Facts written as one unit."""

_PAGE = 500
_DATABASE_PAUSE = 1.0
"""Seconds between tries while the database takes nothing."""

_OURS = ("bot.", "conversations.", "storage.", "locales.")

_log = structlog.get_logger(__name__)


class TakeTurn(Protocol):
    """One turn as one unit: it calls `inbox.finish`, and returns the replies to hand over.

    It may run again, so it has no effect but through `conn`.
    """

    def __call__(self, conn: Connection, accepted: Accepted, /) -> Sequence[Claimed]: ...


@dataclass(slots=True)
class _Turn:
    accepted: Accepted
    attempts: int
    since: datetime


@dataclass(slots=True)
class _Told:
    """What one call of `note` brought, and its answer."""

    facts: Sequence[Fact]
    stored: asyncio.Future[None]


class Receiving:
    """Accepts batches from channels and sees every accepted row to its end.

    `explain` runs in the unit that puts a row aside and returns a kind message for the person;
    `hand_over` takes the replies of a committed turn, which may be none: what it planned waits in
    the outbox; `on_quarantine` hears row id and error.
    """

    def __init__(
        self,
        database: Database,
        *,
        take_turn: TakeTurn,
        explain: TakeTurn,
        hand_over: Callable[[Sequence[Claimed]], None],
        clock: Clock,
        meters: Meters,
        on_quarantine: Callable[[int, str], None] | None = None,
        most_open: int = MOST_OPEN,
    ) -> None:
        self._database = database
        self._take_turn = take_turn
        self._explain = explain
        self._hand_over = hand_over
        self._clock = clock
        self._meters = meters
        self._on_quarantine = on_quarantine
        self._most_open = most_open
        self._lanes: dict[tuple[str, str, str], deque[_Turn]] = {}
        self._open = 0
        self._room = asyncio.Event()
        self._room.set()
        self._mending: set[asyncio.Task[None]] = set()
        self._told: deque[_Told] = deque()
        self._noting: asyncio.Task[None] | None = None
        self._stopping = False

    async def accept(self, batch: Sequence[Received]) -> None:
        """Returns when the batch is committed; its turns follow by themselves.

        While too many turns are open, or the database takes nothing, it waits: the platform is
        not told, and repeats.
        """
        while self._open >= self._most_open:
            self._room.clear()
            await self._room.wait()
        now = self._clock.now()
        accepted = await self._surely(lambda conn: inbox.accept(conn, batch, now))
        if batch:
            self._meters.updates.labels(batch[0].channel).inc(len(batch))
            self._count_unreadable(batch)
        for row in accepted:
            self._enqueue(_Turn(row, 1, now))

    async def note(self, facts: Sequence[Fact]) -> None:
        """Returns when what a platform told besides messages is committed; waits for no turn.

        What is told while others' facts are being written is written with the next. One fact that
        cannot be applied does not keep the others back: they are written without it, and then the
        error is raised, so that the platform is not told and repeats.
        """
        one = _Told(facts, asyncio.get_running_loop().create_future())
        self._told.append(one)
        if self._noting is None:
            self._noting = asyncio.ensure_future(self._note_all())
        await one.stored

    async def _note_all(self) -> None:
        """Until nothing is left, as much at once as came meanwhile, in its order."""
        while self._told:
            numbers = accumulate(len(one.facts) for one in self._told)
            fitting = sum(1 for number in numbers if number <= _MOST_TOLD)
            together = list(islice(self._told, max(1, fitting)))
            await self._note_together(together)
            for _ in together:
                self._told.popleft()
        self._noting = None

    async def _note_together(self, together: Sequence[_Told]) -> None:
        try:
            await self._apply([fact for one in together for fact in one.facts])
        except Exception:
            for one in together:
                error = await self._note_each(one.facts)
                if error is not None and not one.stored.done():
                    one.stored.set_exception(error)
        for one in together:
            if not one.stored.done():
                one.stored.set_result(None)

    async def _note_each(self, facts: Sequence[Fact]) -> Exception | None:
        failed = None
        for fact in facts:
            try:
                await self._apply([fact])
            except Exception as error:
                _log.error("a fact was not stored", error=place_of(error))
                failed = error
        return failed

    async def _apply(self, facts: Sequence[Fact]) -> None:
        now = self._clock.now()
        await self._surely(lambda conn: told.apply(conn, facts, now))
        for fact in facts:
            self._meters.facts.labels(type(fact).__name__).inc()

    def _count_unreadable(self, batch: Sequence[Received]) -> None:
        """What could not even be read went straight to quarantine; the operator should know."""
        for received in batch:
            if received.problem:
                self._meters.quarantined.inc()
                _log.error("an update was put aside", channel=received.channel, error="unreadable")

    async def recover(self) -> None:
        """Finish what an earlier run left, one at a time; to be called before receiving.

        The attempt is counted and committed before it is made, so that a row which kills the
        process is put aside at the third start, and the innocent beside it are not.
        """
        after = 0
        while rows := await self._left_over(after):
            for row in rows:
                await self._finish(row)
            after = rows[-1].id

    def take_up(self, row: Unfinished) -> None:
        """Start the turn of a row that was released from quarantine, from its first attempt."""
        self._enqueue(_Turn(Accepted(row.id, row.received), row.attempts, self._clock.now()))

    async def stop(self, seconds: float = 2.0) -> None:
        """Let the open turns end; whatever does not is found by `recover` at the next start."""
        try:
            async with asyncio.timeout(seconds):
                while self._open:
                    self._room.clear()
                    await self._room.wait()
        except TimeoutError:
            _log.warning("turns left for the next start", open=self._open)
        self._stopping = True
        left = [*self._mending, *([] if self._noting is None else [self._noting])]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        for told_in_vain in self._told:
            told_in_vain.stored.cancel()

    @property
    def open_turns(self) -> int:
        """Turns submitted or queued and not yet resolved."""
        return self._open

    async def _left_over(self, after: int) -> list[Unfinished]:
        return await self._database.read(lambda conn: inbox.unfinished(conn, after, _PAGE))

    async def _finish(self, row: Unfinished) -> None:
        turn = _Turn(Accepted(row.id, row.received), row.attempts, self._clock.now())
        if row.received.problem:
            await self._quarantine(turn, row.received.problem)
        elif row.attempts >= MOST_ATTEMPTS:
            await self._quarantine(turn, "the process ended during every attempt")
        else:
            await self._count(turn)
            await self._persist(turn, await self._attempt(turn))

    def _enqueue(self, turn: _Turn) -> None:
        self._count_open(1)
        lane = self._lanes.get(_lane_of(turn))
        if lane is not None:
            lane.append(turn)
            return
        self._lanes[_lane_of(turn)] = deque()
        self._start(turn)

    def _start(self, turn: _Turn) -> None:
        """Submit without a task of its own: nearly every turn simply succeeds."""
        if turn.attempts == 0:
            self._mend(turn, None)
            return
        try:
            future = self._database.submit(self._unit(turn))
        except NotWritten as error:
            self._mend(turn, error)
            return
        future.add_done_callback(lambda done: self._resolved(turn, done))

    def _unit(self, turn: _Turn) -> Callable[[Connection], Sequence[Claimed]]:
        take, accepted = self._take_turn, turn.accepted
        return lambda conn: take(conn, accepted)

    def _resolved(self, turn: _Turn, done: asyncio.Future[Sequence[Claimed]]) -> None:
        if done.cancelled():
            self._end(turn)
        elif (error := done.exception()) is not None:
            self._mend(turn, error)
        else:
            self._succeed(turn, done.result())
            self._end(turn)

    def _succeed(self, turn: _Turn, replies: Sequence[Claimed]) -> None:
        self._meters.done.inc()
        self._meters.turn_seconds.observe((self._clock.now() - turn.since).total_seconds())
        self._hand_over(replies)

    def _end(self, turn: _Turn) -> None:
        self._count_open(-1)
        lane = self._lanes[_lane_of(turn)]
        if lane and not self._stopping:
            self._start(lane.popleft())
        else:
            del self._lanes[_lane_of(turn)]

    def _count_open(self, difference: int) -> None:
        self._open += difference
        self._meters.open_turns.set(self._open)
        if difference < 0:
            self._room.set()

    def _mend(self, turn: _Turn, error: BaseException | None) -> None:
        task = asyncio.ensure_future(self._mended(turn, error))
        self._mending.add(task)
        task.add_done_callback(self._mending.discard)

    async def _mended(self, turn: _Turn, error: BaseException | None) -> None:
        """`error` None: not attempted yet, and the attempt is still to be counted."""
        try:
            if error is None:
                await self._count(turn)
                error = await self._attempt(turn)
            await self._persist(turn, error)
        finally:
            self._end(turn)

    async def _persist(self, turn: _Turn, error: BaseException | None) -> None:
        """Try a failed turn again until it succeeds or is put aside."""
        while error is not None and not self._stopping:
            if isinstance(error, NotWritten):
                await self._wait_for_database()
            elif turn.attempts >= MOST_ATTEMPTS:
                await self._quarantine(turn, place_of(error))
                return
            else:
                await self._count(turn)
                self._meters.retried.inc()
            error = await self._attempt(turn)

    async def _attempt(self, turn: _Turn) -> BaseException | None:
        try:
            replies = await self._database.write(self._unit(turn))
        except Exception as error:
            return error
        self._succeed(turn, replies)
        return None

    async def _count(self, turn: _Turn) -> None:
        id_ = turn.accepted.id
        turn.attempts = await self._surely(lambda conn: inbox.count_attempt(conn, id_))

    async def _quarantine(self, turn: _Turn, error: str) -> None:
        """Put a row aside with a word to the person; without the word when that fails as well."""
        now, accepted = self._clock.now(), turn.accepted

        def put_aside(conn: Connection) -> None:
            inbox.quarantine(conn, accepted.id, error, now)

        def put_aside_and_explain(conn: Connection) -> Sequence[Claimed]:
            put_aside(conn)
            return self._explain(conn, accepted)

        try:
            self._hand_over(await self._surely(put_aside_and_explain))
        except Exception as failed:
            _log.error("nobody was told of a quarantined update", error=place_of(failed))
            await self._surely(put_aside)
        self._meters.quarantined.inc()
        _log.error("an update was put aside", inbox_id=accepted.id, error=error)
        if self._on_quarantine is not None:
            self._on_quarantine(accepted.id, error)

    async def _surely(self, fn: Callable[[Connection], T]) -> T:
        """Write, for as long as it takes the database to take it."""
        while True:
            try:
                return await self._database.write(fn)
            except NotWritten:
                await self._wait_for_database()

    async def _wait_for_database(self) -> None:
        self._meters.database_waits.inc()
        await self._clock.sleep(_DATABASE_PAUSE)


def place_of(error: BaseException) -> str:
    """Kind and place of an error, never its message: that may hold what somebody wrote.

    >>> place_of(KeyError("Mbah Siti"))
    'KeyError'
    """
    place = ""
    trace = error.__traceback__
    while trace is not None:
        module = str(trace.tb_frame.f_globals.get("__name__", ""))
        if module.startswith(_OURS) and module != __name__:
            place = f" at {module}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{type(error).__name__}{place}"[:200]


def _lane_of(turn: _Turn) -> tuple[str, str, str]:
    received = turn.accepted.received
    return received.channel, received.account, received.address
