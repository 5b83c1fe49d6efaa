"""A programme in which children are in danger: who lives there, and what they do, by one die.

Reports come in every way, and staff take them, work on them, forget them, leave and come back. Each
name and each told sentence carries a mark that occurs nowhere else. What must hold all the while is
in `promises.py`; how a life runs at all is in `life.py`.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, text

from bot.receiving import place_of
from conversations.concerns.case import Agency
from conversations.dialogue import Consent, PersonId, Role
from storage import consents, directory, due, inbox, outbox, people, rules, schools, shifts, staff
from storage.database import Database
from storage.directory import NewOffice
from storage.outbox import Claimed, Result, Status
from storage.people import Newcomer
from tests.whole import life
from tests.whole.failing import is_made
from tests.whole.life import ACCOUNT, BEGIN, CHANNEL, Sent, Somebody, VirtualClock
from tests.whole.marks import OF_FAMILIES, OF_STAFF, TOLD, letters
from tests.whole.promises import Promises, Watched

T = TypeVar("T")

HOLD: Final = timedelta(seconds=60)
"""After a leap of the clock due work waits so long, in case it goes back."""

A_LOOK: Final = timedelta(seconds=10)
"""What failed or is held is looked at again so soon."""


class SteadyClock(VirtualClock):
    """The time of day, and beside it the time that really passes, in seconds: a jump is no time."""

    steady = 0.0

    def passes(self, by: timedelta) -> None:
        """So much later for everybody."""
        self.at += by
        self.steady += by.total_seconds()

    def jumps(self, by: timedelta) -> None:
        """Somebody, or some server of time, sets the clock."""
        self.at += by


@dataclass(slots=True)
class Colleague(Somebody):
    """A member of staff: how she is called, and until when she answers nothing."""

    name: str = ""
    account: int = 0
    away_until: datetime = BEGIN


@dataclass(slots=True)
class Town(life.Village):
    """Everybody, and what they have done so far."""

    office: dict[int, Colleague] = field(default_factory=dict)
    """Who works here now, by person."""
    events: Counter[str] = field(default_factory=Counter)
    running_since: datetime = BEGIN
    """Since when the service has been running, and believes its clock."""
    worked: set[int] = field(default_factory=set)
    """Who ever was staff."""

    def told(self) -> str:
        """A mark for one sentence about a child, never used before."""
        return f"{TOLD}{letters(self.number())}"

    def of(self, dice: Random, *roles: str) -> Somebody:
        """Somebody who is not staff, of one of these roles."""
        fitting = [one for one in self.people.values() if one.role in roles]
        return dice.choice(fitting)

    def colleague(self, dice: Random, *roles: Role) -> Colleague:
        """Somebody of the office."""
        fitting = [one for one in self.office.values() if one.role in roles]
        return dice.choice(fitting)


class Office(life.Life):
    """One process that serves the town, each of its units watched."""

    village: Town
    clock: SteadyClock
    forgives = False
    unreachable = 300

    def __init__(
        self, database: Database, town: Town, clock: SteadyClock, dice: Random, name: str
    ) -> None:
        self.promises = Promises(town)
        self._unwatched = database
        super().__init__(Watched(database, self.promises), town, clock, dice, name)

    async def posts(self, unit: Callable[[Connection], T]) -> T:
        """The post changes nothing of a case: it is not watched, because there is so much of it."""
        for _ in range(20):
            try:
                return await self._unwatched.write(unit)
            except Exception as error:
                if not is_made(error):
                    raise
                self.village.crashes += 1
        raise AssertionError("not reached")

    def _monotonic(self) -> float:
        return self.clock.steady

    def _accepted(self, row: Claimed, zone: str, quiet: str) -> Result:
        """Staff may have blocked the bot; what reaches nobody any more was sent to nobody."""
        if row.person_id not in self.village.people and row.person_id not in self.village.office:
            return Result(row.id, Status.SENT, platform_id=str(row.id))
        return super()._accepted(row, zone, quiet)

    def _will_answer(self, sent: Sent) -> None:
        """An alert is heard, read, or not noticed; other questions are answered as people do."""
        colleague = self.village.office.get(sent.person_id)
        if colleague is None:
            if self.dice.random() < 0.5:
                super()._will_answer(sent)
            return
        if colleague.away_until > sent.at or self.dice.random() < 0.3:
            return
        choice = self.dice.choice(sent.message.choices[:2])
        minutes = self.dice.choice((1, 2, 5, 12, 20, 50, 200))
        self.later(colleague, choice.payload, minutes, presses=True)
        _, taken, code = choice.payload.partition("t:terima:")
        if taken and self.dice.random() < 0.7:
            minutes += self.dice.randrange(1, 80)
            self.later(colleague, f"TINDAKAN {code} menelepon {self.village.told()}", minutes)

    def later(
        self, somebody: Somebody, said: str, minutes: float, *, presses: bool = False
    ) -> None:
        """She says this in so many minutes, or presses it."""
        at = self.clock.at + timedelta(minutes=minutes)
        self.village.planned_replies.append((at, somebody.id, {"b" if presses else "t": said}))

    async def answers_due(self) -> None:
        """Everybody who meant to say something by now does, if she is still there."""
        now, waiting = self.clock.at, self.village.planned_replies
        ripe = sorted((one for one in waiting if one[0] <= now), key=lambda one: one[0])
        self.village.planned_replies = [one for one in waiting if one[0] > now]
        for _, person_id, said in ripe:
            somebody = self.village.office.get(person_id) or self.village.people.get(person_id)
            if somebody is not None:
                await self.hears(somebody, said)

    async def next_moment(self) -> datetime:
        """When to look again: soon where due work failed or is held, or a message has to wait."""

        def read(conn: Connection) -> tuple[datetime | None, datetime | None]:
            return due.next_at(conn), outbox.next_at(conn, ["telegram"])

        now = self.clock.at
        work, post = await self.database.read(read)
        moments = [at for at, _, _ in self.village.planned_replies]
        if work is not None:
            moments.append(max(work, now + A_LOOK))
        if post is not None:
            moments.append(max(post, now + timedelta(minutes=1)))
        return min(moments, default=now)

    async def takes(self, accepted: inbox.Accepted) -> None:
        """A message that cannot be answered breaks a promise; it is put aside, and life goes on."""
        try:
            await super().takes(accepted)
        except Exception as error:
            place = place_of(error)
            self.promises.breaks("a turn failed", place, repr(error)[:300])
            now = self.clock.at
            await self.write(lambda conn: inbox.quarantine(conn, accepted.id, place, now))

    async def says(self, somebody: Somebody, *texts: str) -> None:
        """One message after another."""
        for said in texts:
            await self.hears(somebody, {"t": said})

    async def asks(self, question: str, **values: Any) -> list[Any]:
        """Rows of the database, as they are now."""

        def read(conn: Connection) -> list[Any]:
            return list(conn.execute(text(question), values).all())

        return await self.database.read(read)

    async def joins(self, name: str, role: Role) -> Colleague:
        """An account by command, and its one-time code said in chat from a new telephone."""
        now = self.clock.at
        code = await self.write(lambda conn: staff.add(conn, name, role, now))
        address = f"hp-{self.village.number()}"
        unknown = Colleague(PersonId(0), address, role, name=name)
        await self.hears(unknown, {"t": code})
        [row] = await self.asks(
            "SELECT s.id, s.person_id FROM staff s JOIN addresses a ON a.person_id = s.person_id"
            " WHERE a.address = :address",
            address=address,
        )
        unknown.id, unknown.account = PersonId(row.person_id), row.id
        self.village.office[unknown.id] = unknown
        self.village.worked.add(unknown.id)
        return unknown


async def settle_in(office: Office) -> None:
    """Two villages with families and cadres, and the people of the office, some of them on duty."""
    town = office.village

    def unit(conn: Connection) -> list[Somebody]:
        rules.ensure(conn, BEGIN)
        shifts.ensure(conn, BEGIN)
        lived = []
        for agency in (Agency.UPTD_PPA, Agency.POLRES_PPA):
            number = NewOffice(agency, f"{agency.upper()} (contoh)", "129", checked_by="contoh")
            directory.add(conn, number, BEGIN)
        for position, (name, code) in enumerate((("Ledokombo", "LDK"), ("Sindang", "SDG"))):
            village = people.add_village(conn, name, code, position=position)
            cadres = [_enters(conn, town, village, "cadre") for _ in range(2)]
            school = schools.open_(
                conn,
                schools.NewSchool(
                    name=f"Sekolah Yang-eyang {name}",
                    kind="yang_eyang",
                    code=f"EYG-{code}",
                    zone="Asia/Jakarta",
                    village_id=village,
                    place="Balai desa",
                    cadre=cadres[0].id,
                ),
                BEGIN,
            )
            families = [_enters(conn, town, village, "caregiver") for _ in range(5)]
            for one in (*cadres, *families):
                schools.enrol(conn, school.id, one.id, None, BEGIN)
            lived += [*cadres, *families]
        return lived

    for one in await office.database.write(unit):
        town.people[one.id] = one
    wanted = [Role.STAFF] * 4 + [Role.COORDINATOR] * 2 + [Role.FOCAL] * 2 + [Role.ORGANISER]
    for number, role in enumerate(wanted):
        await office.joins(f"Mbak {OF_STAFF}{letters(number)}".title(), role)


def _enters(conn: Connection, town: Town, village: int, role: str) -> Somebody:
    mark = OF_STAFF if role == "cadre" else OF_FAMILIES
    name = f"{mark}{letters(town.number())}".title()
    seat = people.at_address(
        conn, CHANNEL, ACCOUNT, name.lower(), BEGIN, Newcomer("id", "Asia/Jakarta")
    )
    told = {
        "salutation": "Mbah" if role == "caregiver" else "Bu",
        "name": name,
        "village_id": village,
        "relation": "nenek",
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
        child = f"{OF_FAMILIES}{letters(town.number())}".title()
        conn.execute(
            text("INSERT INTO children (nickname, birth_year, created_at) VALUES (:c, 2018, 0)"),
            {"c": child},
        )
        conn.execute(
            text("INSERT INTO caregiving (person_id, child_id) SELECT :p, max(id) FROM children"),
            {"p": seat.person.id},
        )
    return Somebody(seat.person.id, name.lower(), role)


Act = Callable[[Sequence[Office], Random], Awaitable[None]]


async def live(
    offices: Sequence[Office], dice: Random, events: int, acts: Sequence[tuple[int, Act]]
) -> None:
    """So many events, and the time between them, for all processes at once."""
    town = offices[0].village
    weights = [weight for weight, _ in acts]
    for _ in range(events):
        [(_, act)] = dice.choices(acts, weights)
        town.events[act.__name__.strip("_")] += 1
        await act(offices, dice)
        await rest(offices, timedelta(minutes=dice.expovariate(1 / 12)))


async def rest(offices: Sequence[Office], pause: timedelta) -> None:
    """This much time passes, from one thing that happens to the next."""
    first, until = offices[0], offices[0].clock.at + pause
    while True:
        await first.answers_due()
        await asyncio.gather(*(one.works() for one in offices))
        await first.promises.look(first.database, first.clock.at)
        left = until - first.clock.at
        if left <= timedelta():
            return
        wait = await first.next_moment() - first.clock.at
        first.clock.passes(min(left, max(wait, A_LOOK)))
