"""A programme lived through on a virtual clock: villages in three zones, months in seconds.

The real clock work, turns, outbox and storage run; only the platform is a list. A life ends with a
crash between any two statements, with a machine that stands still for hours, or with a clock that
jumps, and goes on. What must always hold is looked at after every unit that was written.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from itertools import count
from random import Random
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import Connection, text

from bot.clock import Ticker
from bot.turn import Turns
from conversations.broadcasts.audience import Audience
from conversations.broadcasts.broadcast import BroadcastId, Step
from conversations.calendar import is_ramadan
from conversations.dialogue import Consent, PersonId
from conversations.message import Inbound, Kind, Message, Priority
from conversations.politeness import Polite, QuietHours
from conversations.schools.series import Pattern
from locales.tips import tips as all_tips
from storage import broadcasts, due, inbox, outbox, people, recipients, rules, schools
from storage import series as stored_series
from storage.database import Database
from storage.inbox import Received
from storage.outbox import Claimed, Result, Status
from storage.people import Newcomer
from storage.schema import from_ms
from storage.series import Series
from storage.world import Programme

T = TypeVar("T")

CHANNEL, ACCOUNT = "telegram", "bot"
NIGHT: Final = "20:30-06:30"
QUIET: Final = QuietHours.parse(NIGHT)
PROGRAMME: Final = Programme("Program Contoh", ZoneInfo("Asia/Jakarta"))
BEGIN: Final = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
LEASE: Final = timedelta(minutes=5)

PLACES: Final = (
    ("Ledokombo", "LDK", "Asia/Jakarta"),
    ("Tondano", "TDN", "Asia/Makassar"),
    ("Sentani", "SNT", "Asia/Jayapura"),
)
OWN_NIGHTS: Final = ("", "", "19:30-07:00", "22:00-05:00")


class VirtualClock:
    """Stands where it is put; waiting takes no time."""

    def __init__(self, at: datetime = BEGIN) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


def parse(body: bytes) -> Inbound:
    """What somebody of this world writes: {"t": text} or {"b": button}, at {"at": milliseconds}."""
    said = orjson.loads(body)
    at = from_ms(said["at"])
    if "b" in said:
        return Inbound(Kind.BUTTON, at, button=said["b"])
    return Inbound(Kind.TEXT, at, text=said["t"])


class MadeToFail(Exception):
    """Raised instead of a statement."""


def is_made(error: BaseException) -> bool:
    """Whether it was us who made a statement fail."""
    return "MadeToFail" in repr(error) or "made to fail" in str(error)


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
    broadcasts: list[BroadcastId] = field(default_factory=list)
    crashes: int = 0
    stops: int = 0
    looked: int = 0
    """How often the balance of every broadcast was looked at."""
    _numbers: Any = field(default_factory=lambda: count(1))

    def number(self) -> int:
        return next(self._numbers)


class Life:
    """One process that serves the village; `dice` decides what happens to it."""

    def __init__(
        self, database: Database, village: Village, clock: VirtualClock, dice: Random, name: str
    ) -> None:
        self.database, self.village, self.clock, self.dice = database, village, clock, dice
        self._name = name
        self._steady = count(0, 100)
        self._runs = count(1)
        self._sure = iter((0.4, 0.05, 0.2, 0.0, 0.4, 0.05, 0.31))
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
            monotonic=lambda: float(next(self._steady)),
        )

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
        """The account of every broadcast is exact at this moment."""

        def read(conn: Connection) -> list[Any]:
            return [recipients.account(conn, id_) for id_ in self.village.broadcasts]

        for account in await self.database.read(read):
            self.village.looked += 1
            assert account.planned == (
                account.waiting
                + account.sent
                + account.failed
                + account.uncertain
                + account.excluded
                + account.expired
                + account.merged
            )

    async def dies(self) -> None:
        """The process ends here, and another run begins: what it held in memory is gone."""
        self.village.crashes += 1
        self._begin_run()
        now = self.clock.now()
        await self.write(lambda conn: outbox.recover(conn, self.owner, now))
        await self._take_up()

    async def works(self) -> None:
        """What the service does at one moment: due work, then sending, until nothing is left."""
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
        rows = await self.write(
            lambda conn: outbox.claim(conn, self.owner, now, now + LEASE, 40, polite=polite)
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
            await self.write(lambda conn: outbox.record(conn, results, now))
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
            later = self.clock.now() + timedelta(seconds=self.dice.randrange(1, 30_000))
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
            await self.write(lambda conn, one=one: self.turns.take(conn, one))  # type: ignore[misc]
        await self._let_go()

    async def _take_up(self) -> None:
        for row in await self.write(inbox.unfinished):
            accepted = inbox.Accepted(row.id, row.received)
            await self.write(lambda conn, a=accepted: self.turns.take(conn, a))  # type: ignore[misc]
        await self._let_go()

    async def _let_go(self) -> None:
        """Replies are inserted as claimed by this process: here they go by way of the database."""
        await self.write(
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
            found = (due.next_at(conn), outbox.next_at(conn))
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

    async def everyday(self) -> None:
        """Things that happen now and then, once a day at most; on the first days one of each."""
        village, dice, now = self.village, self.dice, self.clock.now()
        person = dice.choice([one for one in village.people.values() if one.role == "caregiver"])
        cadre = dice.choice([one for one in village.people.values() if one.role == "cadre"])
        chance = next(self._sure, dice.random())
        if chance < 0.04:
            if self._is_silent(person):
                await self.hears(person, {"t": "MULAI"})
                begin, _ = person.silent[-1]
                person.silent[-1] = (begin, now)
            else:
                person.silent.append((now, None))
                await self.hears(person, {"t": "BERHENTI"})
        elif chance < 0.10:
            await self.hears(cadre, {"t": dice.choice(("TUNDA besok 09.00", "BATAL"))})
            await self.hears(cadre, {"t": "1"})
            await self.hears(cadre, {"t": "1"})
        elif chance < 0.30:
            await self.hears(cadre, {"t": dice.choice(("hadir 1 2", "semua kecuali 3", "semua"))})
            await self.hears(cadre, {"t": "1"})
        elif chance < 0.33:
            await self.hears(person, {"t": "BERDUKA"})
        elif chance < 0.37:
            await self.hears(person, {"t": dice.choice(("insya Allah bisa", "tidak bisa", "menu"))})
        elif chance < 0.45:
            await self.broadcast()
        elif chance < 0.55 and village.broadcasts:
            step = dice.choice((Step.PAUSE, Step.RESUME, Step.CANCEL))
            id_ = village.broadcasts[-1]
            await self.write(lambda conn: broadcasts.step(conn, id_, step, None, now))

    async def broadcast(self) -> None:
        """A word to everybody, or to one village, now or at a later hour."""
        now, dice = self.clock.now(), self.dice
        codes = frozenset(dice.sample([code for _, code, _ in PLACES], dice.randrange(3)))
        audience = Audience(roles=frozenset({"caregiver", "cadre"}), villages=codes)
        starts = now + timedelta(hours=dice.choice((0, 0, 5, 30)))

        def unit(conn: Connection) -> BroadcastId:
            id_ = broadcasts.draft(
                conn, audience, "Kabar untuk {sapaan} di {desa}.", None, None, now
            )
            broadcasts.step(conn, id_, Step.START, None, now, starts_at=starts)
            return id_

        self.village.broadcasts.append(await self.write(unit))


async def settle_in(database: Database, per_village: int, dice: Random) -> Village:
    """Three villages in three zones: each with a school, a cadre, and people with consent."""
    village = Village()

    def unit(conn: Connection) -> None:
        rules.ensure(conn, BEGIN)
        for position, (name, code, zone) in enumerate(PLACES):
            id_ = people.add_village(conn, name, code, zone=zone, position=position)
            cadre = _somebody(conn, village, f"{code}-kader", id_, zone, "cadre", "")
            school = schools.open_(
                conn,
                schools.NewSchool(
                    name=f"Sekolah Yang-eyang {name}",
                    kind="yang_eyang",
                    code=f"EYG-{code}",
                    zone=zone,
                    village_id=id_,
                    place="Balai desa",
                    cadre=cadre.id,
                ),
                BEGIN,
            )
            for number in range(per_village):
                own = OWN_NIGHTS[(number + position) % len(OWN_NIGHTS)]
                one = _somebody(conn, village, f"{code}-{number}", id_, zone, "caregiver", own)
                schools.enrol(conn, school.id, one.id, None, BEGIN)
            _every_week(conn, school, position)

    await database.write(unit)
    return village


def _somebody(
    conn: Connection,
    village: Village,
    address: str,
    village_id: int,
    zone: str,
    role: str,
    own: str,
) -> Somebody:
    seat = people.at_address(conn, CHANNEL, ACCOUNT, address, BEGIN, Newcomer("id", zone))
    told = {
        "salutation": "Mbah" if role == "caregiver" else "Ibu",
        "name": address,
        "village_id": village_id,
        "relation": "nenek",
        "quiet": own,
        "registered": True,
    }
    people.change(conn, seat.person.id, told, BEGIN)
    people.decide_consent(
        conn,
        seat.person.id,
        Consent.GIVEN,
        capacity="pengasuh",
        text_version="1",
        words="boleh",
        channel=CHANNEL,
        now=BEGIN,
    )
    conn.execute(
        text("UPDATE people SET role = :r WHERE id = :p"), {"r": role, "p": seat.person.id}
    )
    if role == "caregiver":
        conn.execute(
            text("INSERT INTO children (nickname, birth_year, created_at) VALUES ('Adi', 2018, 0)")
        )
        conn.execute(
            text("INSERT INTO caregiving (person_id, child_id) SELECT :p, max(id) FROM children"),
            {"p": seat.person.id},
        )
    somebody = Somebody(seat.person.id, address, role)
    village.people[seat.person.id] = somebody
    return somebody


def _every_week(conn: Connection, school: Any, position: int) -> None:
    """The school meets on Tuesday, Saturday or each Sunday Legi; in Ramadan an hour later."""
    pattern = Pattern(
        first=(BEGIN + timedelta(days=2)).date(),
        begins=(time(8, 0), time(15, 30), time(7, 0))[position],
        length=timedelta(hours=2),
        weekday=(1, 5, 6)[position],
        pasaran=("", "", "legi")[position],
        ramadan_begins=time(9, 0),
    )
    tip = next(iter(all_tips("id", drafts=False))).id
    new = Series(
        school.id, pattern, topic="Mendengar anak bercerita", bring="Buku catatan", tip=tip
    )
    stored_series.begin(conn, new, BEGIN)


async def live(
    lives: Sequence[Life], village: Village, clock: VirtualClock, dice: Random, days: int
) -> None:
    """So many days of all processes at once."""
    until, tomorrow = BEGIN + timedelta(days=days), BEGIN
    while clock.at < until:
        await lives[0].answers_due()
        await asyncio.gather(*(one.works() for one in lives))
        if clock.at >= tomorrow:
            tomorrow = clock.at + timedelta(hours=dice.randrange(10, 30))
            await dice.choice(lives).everyday()
            await asyncio.gather(*(one.works() for one in lives))
        chance = dice.random()
        if chance < 0.012:
            await _stop(lives, village, clock, dice)
        elif chance < 0.018:
            clock.at += timedelta(minutes=dice.choice((-45, -5, 3, 50)))
            for one in lives:
                await one.ticker.tick()
        else:
            soon = clock.at + timedelta(minutes=1)
            clock.at = max(soon, min(await lives[0].next_moment(), tomorrow, until))
    await lives[0].answers_due()
    await asyncio.gather(*(one.works() for one in lives))


async def _stop(lives: Sequence[Life], village: Village, clock: VirtualClock, dice: Random) -> None:
    """The machine stands still from a minute to three days, in the middle of whatever it did."""
    village.stops += 1
    for one in lives:
        await one.dies()
    clock.at += timedelta(minutes=round((72 * 60) ** dice.random()))


def rude(sent: Sent, person: Somebody) -> bool:
    """Whether this came at an hour at which nothing may come; counted here by our own clock."""
    if person.role == "staff" or sent.priority in (Priority.ALARM, Priority.REPLY):
        return False
    local = sent.at.astimezone(ZoneInfo(sent.zone))
    at, own = local.time(), bool(sent.quiet)
    begin, end = map(time.fromisoformat, (sent.quiet or NIGHT).split("-"))
    fasting = is_ramadan(local.date())
    if fasting and not own:
        begin = time(21, 30)
    if sent.purpose == "session_changed":
        return at >= begin or at < min(end, time(5, 30))
    return (
        at >= begin
        or at < end
        or (local.weekday() == 3 and time(17, 30) <= at < time(20, 30))
        or (local.weekday() == 4 and time(11) <= at < time(13))
        or (fasting and time(17) <= at < time(20, 30))
    )
