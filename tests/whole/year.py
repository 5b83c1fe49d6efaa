"""A year of the programme: villages in three zones, months in seconds.

Sessions, check-ins, tips and broadcasts, and that they come once and politely. The balance of every
broadcast is looked at after every unit that was written. How a life runs at all is in `life.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import time, timedelta
from random import Random
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, text

from conversations.broadcasts.audience import Audience
from conversations.broadcasts.broadcast import BroadcastId, Step
from conversations.calendar import is_ramadan
from conversations.dialogue import Consent
from conversations.message import Priority
from conversations.schools.series import Pattern
from locales.tips import tips as all_tips
from storage import broadcasts, consents, people, recipients, rules, schools
from storage import series as stored_series
from storage.database import Database
from storage.people import Newcomer
from storage.series import Series
from tests.whole import life
from tests.whole.life import (
    ACCOUNT,
    BEGIN,
    CHANNEL,
    NIGHT,
    Sent,
    Somebody,
    VirtualClock,
)

PLACES: Final = (
    ("Ledokombo", "LDK", "Asia/Jakarta"),
    ("Tondano", "TDN", "Asia/Makassar"),
    ("Sentani", "SNT", "Asia/Jayapura"),
)
OWN_NIGHTS: Final = ("", "", "19:30-07:00", "22:00-05:00")


@dataclass(slots=True)
class Village(life.Village):
    """Everybody, and the broadcasts that went out."""

    broadcasts: list[BroadcastId] = field(default_factory=list)
    looked: int = 0
    """How often the balance of every broadcast was looked at."""


class Life(life.Life):
    """A process that serves a village in which something happens every day."""

    village: Village
    unhurried = ("escalation",)
    """Nobody works here who could be called, every quarter of an hour."""

    def __init__(
        self, database: Database, village: Village, clock: VirtualClock, dice: Random, name: str
    ) -> None:
        super().__init__(database, village, clock, dice, name)
        self._sure = iter((0.4, 0.05, 0.2, 0.0, 0.4, 0.05, 0.31))

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
    consents.decide(
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
