"""A programme on a virtual clock: clock work, turns, outbox and storage are real.

Only the platform is a list. A life ends with a crash between any two statements, with a machine
that stands still, or with a clock that jumps, and goes on. Who lives there, what they do, and what
must hold is in `year.py` and `concerns.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import Any, ClassVar, Final, TypeVar
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import Connection, text

from bot.clock import Ticker
from bot.turn import Turns
from conversations.dialogue import PersonId
from conversations.message import Inbound, Kind, Media, Message, Priority
from conversations.politeness import Polite, QuietHours
from storage import due, inbox, outbox
from storage.database import Database
from storage.inbox import Received
from storage.outbox import Claimed, Result, Status
from storage.schema import from_ms
from storage.world import Programme
from tests.whole.failing import is_made

T = TypeVar("T")

CHANNEL, ACCOUNT = "telegram", "bot"
NIGHT: Final = "20:30-06:30"
QUIET: Final = QuietHours.parse(NIGHT)
PROGRAMME: Final = Programme("Program Contoh", ZoneInfo("Asia/Jakarta"))
BEGIN: Final = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
LEASE: Final = timedelta(minutes=5)


class VirtualClock:
    """Stands where it is put; waiting takes no time."""

    def __init__(self, at: datetime = BEGIN) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


def parse(body: bytes) -> Inbound:
    """What somebody of this world does, at {"at": milliseconds}.

    {"t": text}, also with {"edited": "1"}; {"b": button}; {"k": another kind}.
    """
    said = orjson.loads(body)
    at = from_ms(said["at"])
    if "b" in said:
        return Inbound(Kind.BUTTON, at, button=said["b"])
    if "k" in said:
        kind = Kind(said["k"])
        media = Media("a file") if kind in (Kind.VOICE, Kind.IMAGE) else None
        return Inbound(kind, at, text=said.get("t", ""), media=media)
    return Inbound(Kind.TEXT, at, text=said["t"], edited="edited" in said)


@dataclass(frozen=True, slots=True)
class Sent:
    """One message that the platform accepted."""

    outbox_id: int
    at: datetime
    person_id: int
    priority: Priority
    purpose: str
    message: Message
    zone: str
    quiet: str
    """Where she lives, and her own quiet hours, at that moment: people move, and think anew."""


@dataclass(slots=True)
class Somebody:
    """A person of the village: how she is found, and when she may not be written to."""

    id: PersonId
    address: str
    role: str
    silent: list[tuple[datetime, datetime | None]] = field(default_factory=list)
    """From BERHENTI until MULAI."""


@dataclass(slots=True)
class Village:
    """Everybody who lives in this world, shared by all processes that serve it."""

    people: dict[int, Somebody] = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)
    planned_replies: list[tuple[datetime, int, dict[str, str]]] = field(default_factory=list)
    crashes: int = 0
    stops: int = 0
    _numbers: Any = field(default_factory=lambda: count(1))

    def number(self) -> int:
        return next(self._numbers)


class Life:
    """One process that serves the village; `dice` decides what happens to it."""

    forgives: ClassVar[bool] = True
    """Its steady clock tells nothing of the time that passes, so no leap is taken for a jump."""

    unreachable: ClassVar[int] = 30_000
    """Seconds for which the platform does not take somebody's messages, at most."""

    unhurried: ClassVar[Sequence[str]] = ()
    """Kinds of due work that wait for another reason to look."""

    def __init__(
        self, database: Database, village: Village, clock: VirtualClock, dice: Random, name: str
    ) -> None:
        self.database, self.village, self.clock, self.dice = database, village, clock, dice
        self._name = name
        self._steady = count(0, 100)
        self._runs = count(1)
        self._begin_run()

    def _begin_run(self) -> None:
        self.owner = f"{self._name}/{next(self._runs)}"
        self.turns = Turns(
            PROGRAMME, parsers={CHANNEL: parse}, owner=self.owner, now=self.clock.now, quiet=QUIET
        )
        self.ticker = Ticker(
            self.database,
            wake=self.turns.wake,
            hand_over=lambda _: None,
            clock=self.clock,
            monotonic=self._monotonic,
        )

    async def posts(self, unit: Callable[[Connection], T]) -> T:
        """A unit of the post: what may leave now, and what became of it."""
        return await self.write(unit)

    def _monotonic(self) -> float:
        return float(next(self._steady))

    async def write(self, unit: Callable[[Connection], T]) -> T:
        """One unit, tried until it is written, as the service does; then everything must hold."""
        for tries in range(20):
            try:
                answer = await self.database.write(unit)
            except Exception as error:
                if not is_made(error) or tries == 19:
                    raise
                self.village.crashes += 1
            else:
                await self.look()
                return answer
        raise AssertionError("not reached")

    async def look(self) -> None:
        """What must hold after every unit."""

    async def dies(self) -> None:
        """The process ends here, and another run begins: what it held in memory is gone."""
        self.village.crashes += 1
        self._begin_run()
        now = self.clock.now()
        await self.write(lambda conn: outbox.recover(conn, self.owner, now))
        await self._take_up()

    async def works(self) -> None:
        """What the service does at one moment: due work, then sending, until nothing is left."""
        if self.forgives:
            self.ticker.forgive()
        for _ in range(400):
            worked = await self._tick()
            await self.look()
            if not await self._send() and not worked:
                return
        raise AssertionError("there is always something left to do")

    async def _tick(self) -> int:
        try:
            return await self.ticker.tick()
        except Exception as error:
            if not is_made(error):
                raise
            self.village.crashes += 1
            return 1

    async def _send(self) -> bool:
        now, polite = self.clock.now(), Polite(QUIET)
        rows = await self.posts(
            lambda conn: outbox.claim(
                conn, self.owner, now, now + LEASE, 40, polite=polite, channel="telegram"
            )
        )
        if self.dice.random() < 0.002:
            await self.dies()
            return True
        lives = await self._where_they_live(rows)
        results = [self._accepted(row, *lives[row.person_id or 0]) for row in rows]
        if rows and self.dice.random() < 0.004:
            await self.dies()
            return True
        if results:
            await self.posts(lambda conn: outbox.record(conn, results, now))
        return bool(rows)

    async def _where_they_live(self, rows: Sequence[Claimed]) -> dict[int, tuple[str, str]]:
        if not rows:
            return {}
        found = await self.database.read(
            lambda conn: conn.execute(text("SELECT id, zone, quiet FROM people")).all()
        )
        return {row.id: (row.zone, row.quiet) for row in found}

    def _accepted(self, row: Claimed, zone: str, quiet: str) -> Result:
        """The platform takes it; sometimes it refuses, or asks to come again."""
        chance = self.dice.random()
        if chance < 0.005:
            return Result(row.id, Status.FAILED, "Forbidden: bot was blocked by the user")
        if chance < 0.015:
            later = self.clock.now() + timedelta(seconds=self.dice.randrange(1, self.unreachable))
            return Result(row.id, Status.WAITING, "unreachable", not_before=later)
        assert row.person_id is not None
        sent = Sent(
            row.id,
            self.clock.now(),
            row.person_id,
            row.priority,
            row.purpose,
            row.message,
            zone,
            quiet,
        )
        self.village.sent.append(sent)
        if row.message.choices and chance > 0.2:
            self._will_answer(sent)
        return Result(row.id, Status.SENT, platform_id=str(row.id))

    def _will_answer(self, sent: Sent) -> None:
        number = self.dice.randrange(len(sent.message.choices))
        at = sent.at + timedelta(minutes=self.dice.choice((1, 1, 1, 3, 8, 40, 300, 1500)))
        said = {"t": str(number + 1)}
        if self.dice.random() < 0.3:
            said = {"b": sent.message.choices[number].payload}
        self.village.planned_replies.append((at, sent.person_id, said))

    async def hears(self, person: Somebody, said: dict[str, str]) -> None:
        """Somebody writes: accepted first, then her turn, both as often as it takes."""
        now = self.clock.now()
        body = orjson.dumps({**said, "at": round(now.timestamp() * 1000)})
        external = str(self.village.number())
        received = Received(CHANNEL, ACCOUNT, external, person.address, body)
        accepted = await self.write(lambda conn: inbox.accept(conn, [received], now))
        for one in accepted:
            await self.takes(one)
        await self._let_go()

    async def takes(self, accepted: inbox.Accepted) -> None:
        """The turn of one message."""
        await self.write(lambda conn: self.turns.take(conn, accepted))

    async def _take_up(self) -> None:
        for row in await self.write(inbox.unfinished):
            await self.takes(inbox.Accepted(row.id, row.received))
        await self._let_go()

    async def _let_go(self) -> None:
        """Replies are inserted as claimed by this process: here they go by way of the database."""
        await self.posts(
            lambda conn: conn.execute(
                text(
                    "UPDATE outbox SET status = 'waiting', owner = NULL, lease_until = NULL"
                    " WHERE status = 'sending' AND owner = :owner"
                ),
                {"owner": self.owner},
            )
        )

    async def next_moment(self) -> datetime:
        """When something happens next: due work, a held message, somebody's answer."""

        def read(conn: Connection) -> list[datetime]:
            found = (due.next_apart_from(conn, self.unhurried), outbox.next_at(conn, ["telegram"]))
            return [at for at in found if at is not None]

        moments = await self.database.read(read)
        moments += [at for at, _, _ in self.village.planned_replies]
        return max(min(moments, default=self.clock.at), self.clock.at)

    async def answers_due(self) -> None:
        """Everybody who meant to answer by now does."""
        now = self.clock.now()
        waiting = self.village.planned_replies
        ripe = sorted((one for one in waiting if one[0] <= now), key=lambda one: one[0])
        self.village.planned_replies = [one for one in waiting if one[0] > now]
        for _, person_id, said in ripe:
            person = self.village.people[person_id]
            if not self._is_silent(person):
                await self.hears(person, said)

    def _is_silent(self, person: Somebody) -> bool:
        return bool(person.silent) and person.silent[-1][1] is None
