"""Random lives on a channel with windows, templates, prices and receipts, for the promises of
paid_promises.py.

A platform of our own stands on the other side: it keeps windows by what it received itself, takes
free words only inside them and templates only while they are approved, and tells of everything
later, twice and in any order. The process dies between claiming, sending and writing down.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, text, update

from bot.channels import simulator
from bot.channels.simulator import Doing
from bot.outcomes import record
from bot.turn import Turns
from conversations import templates as approved
from conversations.dialogue import PersonId
from conversations.message import Choice, Kind, Message, Priority, Template
from conversations.phone.holding import BUTTON
from conversations.politeness import Polite, QuietHours
from locales.templates import templates as declared
from storage import (
    due,
    facts,
    inbox,
    outbox,
    people,
    phones,
    receipts,
    schema,
    spending,
    templates,
)
from storage.database import Database
from storage.facts import AddressDoubted, TemplateTold
from storage.inbox import Received
from storage.receipts import TELLING
from storage.templates import Found
from storage.world import Programme
from tests.bot.paid_platform import NUMBER, Platform
from tests.bot.paid_promises import Phone
from tests.storage.spending_builders import adds_up

T = TypeVar("T")

BEGIN: Final = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LEASE: Final = timedelta(seconds=300)
QUIET: Final = QuietHours.parse("20:30-06:30")
JEMBER: Final = ZoneInfo("Asia/Jakarta")
LONG: Final = 13
"""Days that everything may take to end, when nothing goes wrong any more."""

_SAYS: Final = (
    "ya", "1", "2", "halo", "terima kasih", "BANTUAN", "menu", "cucu saya sudah makan tadi pagi",
    "kemarin kami ke pasar dan hujan deras sekali sampai sore", "BERHENTI", "MULAI", "GANTI",
    "tolong, cucu saya dipukul tetangga",
)  # fmt: skip
_PLANNED: Final = (
    (Priority.REPLY, "answer", None),
    (Priority.REPLY, "answer", None),
    (Priority.ALARM, "alert", approved.ALERT),
    (Priority.REMINDER, "session_reminder", approved.REMINDER),
    (Priority.REMINDER, "session_cancelled", approved.CANCELLED),
    (Priority.REMINDER, "tip", None),
    (Priority.REMINDER, "message", None),
    (Priority.BROADCAST, "broadcast", None),
)


class History(Platform):
    """One random life; `breaks` holds what was promised and not kept."""

    def __init__(self, database: Database, seed: int) -> None:
        super().__init__(BEGIN, Random(seed))
        self.database = database
        self.posted: list[tuple[datetime, Received]] = []
        self.run = 1
        self.seen: list[str] = []

    @property
    def owner(self) -> str:
        return f"s/{self.run}"

    def turns(self) -> Turns:
        return Turns(
            Programme("Program Contoh"),
            parsers={"telegram": simulator.parse, "whatsapp": simulator.parse},
            owner=self.owner,
            now=lambda: self.now,
            quiet=QUIET,
        )

    # --- the days ---------------------------------------------------------------------------------

    async def lives(self, steps: int) -> None:
        """So many random steps, then days in which everything works."""
        await self._do(self._begin)
        acts: Sequence[tuple[Callable[[Connection], None], int]] = (
            (self._plan, 7), (self._writes, 4), (self._hears, 6), (self._claims, 8),
            (self.sends, 9), (self._records, 8), (self._tells, 6), (self._dies, 1),
            (self._judged, 1), (self._budget, 1), (self._doubts, 1), (self._wakes, 2),
        )  # fmt: skip
        chosen = [act for act, times in acts for _ in range(times)]
        for _ in range(steps):
            self.now += self.dice.choice((MINUTE, MINUTE, 7 * MINUTE, 40 * MINUTE, 5 * HOUR))
            await self._do(self.dice.choice(chosen))
        await self._comes_to_rest()

    async def _do(self, act: Callable[[Connection], None]) -> None:
        self.seen.append(f"{self.now:%d %H:%M:%S} {act.__name__}")

        def unit(conn: Connection) -> None:
            act(conn)
            self.looks(conn)

        await self.database.write(unit)

    async def _comes_to_rest(self) -> None:
        self.calm = True

        def mends(conn: Connection) -> None:
            self._approve_all(conn)
            spending.keep_budget(conn, 100_000_000, JEMBER, NUMBER)

        await self._do(mends)
        for number in range(LONG * 6):
            if number % 16 == 0:
                await self._do(self._everybody)
            await self._do(self._calmly)
        await self._do(self.ends)

    def _calmly(self, conn: Connection) -> None:
        """Four hours."""
        for act in (self._hears, self._wakes, self._tells):
            act(conn)
        for _ in range(4):
            self._claims(conn)
            self.sends(conn)
            self._records(conn)
            self.now += timedelta(seconds=31)
        self.now += 4 * HOUR

    # --- beginning --------------------------------------------------------------------------------

    def _begin(self, conn: Connection) -> None:
        spending.keep_budget(conn, 100_000, JEMBER, NUMBER)
        self._approve_all(conn)
        for channel, address in (
            ("telegram", "t1"), ("whatsapp", "ID.1"), ("whatsapp", "ID.2"), ("whatsapp", "ID.3"),
            ("whatsapp", "ID.4"),
        ):  # fmt: skip
            phone = self.phones[address] = Phone(channel, address, heard=self.now)
            phone.persons.append(self._joins(conn, phone))
        shared = self.phones["ID.4"]
        address_id = self._address(conn, shared)
        other = self._joins(conn, Phone("telegram", "lent"))
        phones.hold(conn, address_id, PersonId(other), self.now)
        phones.hold(conn, address_id, PersonId(shared.persons[0]), self.now)
        phones.share(conn, address_id)
        conn.execute(text("UPDATE addresses SET blocked_at = 1 WHERE address = 'lent'"))
        shared.persons.append(other)

    def _joins(self, conn: Connection, phone: Phone) -> int:
        where = (phone.channel, self._account(phone), phone.address)
        person = people.at_address(conn, *where, self.now).person.id
        told = {"salutation": "Mbah", "name": f"N{person}", "registered": True}
        people.change(conn, person, told, self.now)
        agreed = update(schema.people).where(schema.people.c.id == person)
        conn.execute(agreed.values(consent="given"))
        return person

    def _account(self, phone: Phone) -> str:
        return NUMBER if phone.channel in TELLING else "bot"

    def _address(self, conn: Connection, phone: Phone) -> int:
        found = text("SELECT id FROM addresses WHERE address = :address")
        return int(conn.execute(found, {"address": phone.address}).scalar_one())

    def _approve_all(self, conn: Connection) -> None:
        self.standing = dict.fromkeys(declared(), "approved")
        there = [
            Found(name, "approved", "utility", one.digest, f"t{name}"[:40])
            for name, one in declared().items()
        ]
        templates.found(conn, NUMBER, there, self.now)

    # --- what happens -----------------------------------------------------------------------------

    def _plan(self, conn: Connection) -> None:
        """Something is to be said to somebody, each in words of its own."""
        person = PersonId(
            self.dice.choice([p for one in self.phones.values() for p in one.persons])
        )
        reached = people.reachable(conn, person)
        if reached is None:
            return
        priority, purpose, name = self.dice.choice(_PLANNED)
        word = f"kata-{len(self.words)}."
        template: Template | None = None
        choices: tuple[Choice, ...] = ()
        if name is not None and self.dice.random() < 0.8:
            values = (word, *("x",) * (len(declared()[name].values) - 1))
            template = Template(name, values)
            choices = tuple(Choice(label, f"x:{label}") for label in declared()[name].buttons)
        expires = self.dice.choice((None, self.now + 6 * HOUR, self.now + 30 * HOUR))
        id_ = outbox.add(
            conn,
            address_id=reached[0],
            person_id=person,
            message=Message(word, choices, template=template),
            dedupe_key=word,
            priority=priority,
            purpose=purpose,
            not_before=self.now + self.dice.choice((timedelta(), timedelta(), 9 * HOUR)),
            expires_at=None if priority in (Priority.ALARM, Priority.REPLY) else expires,
            now=self.now,
        )
        assert id_ is not None
        self.words[id_] = word

    def _writes(self, conn: Connection) -> None:
        phone = self.dice.choice(list(self.phones.values()))
        doing = Doing(Kind.TEXT, text=self.dice.choice(_SAYS))
        if self.dice.random() < 0.2:
            doing = Doing(Kind.BUTTON, button=approved.OPEN)
        if len(phone.persons) > 1 and self.dice.random() < 0.5:
            doing = Doing(Kind.BUTTON, button=f"{BUTTON}{self.dice.choice(phone.persons)}")
        self._post(phone, doing)

    def _post(self, phone: Phone, doing: Doing) -> None:
        """The platform received it; we hear of it sooner or later, and perhaps twice."""
        phone.heard = self.now
        body = simulator.body_of(doing, "n", self.now)
        name = f"in{len(self.posted)}-{self.now.timestamp()}"
        received = Received(phone.channel, self._account(phone), name, phone.address, body)
        late = self.dice.choices((timedelta(), 20 * MINUTE, 3 * DAY), (8, 2, 1))[0]
        self.posted.append((self.now + (timedelta() if self.calm else late), received))
        if self.dice.random() < 0.2:
            self.posted.append((self.now + 2 * DAY, received))

    def _everybody(self, conn: Connection) -> None:
        """Each who uses a phone says that she holds it."""
        users = text(
            "SELECT t.person_id FROM address_people t JOIN addresses a ON a.id = t.address_id"
            " WHERE a.address = :address ORDER BY t.person_id"
        )
        for phone in self.phones.values():
            persons = conn.execute(users, {"address": phone.address}).scalars().all()
            for person in persons:
                self._post(phone, Doing(Kind.TEXT, text="GANTI" if len(persons) > 1 else "halo"))
                self._post(phone, Doing(Kind.BUTTON, button=f"{BUTTON}{person}"))

    def _hears(self, conn: Connection) -> None:
        """What the platform posts by now is stored and answered."""
        come = [one for one in self.posted if one[0] <= self.now]
        self.posted = [one for one in self.posted if one[0] > self.now]
        for _, received in come:
            for row in inbox.accept(conn, [received], self.now):
                claimed = self.turns().take(conn, row)
                self.leaves(conn, claimed)
                self.flying += claimed

    def _wakes(self, conn: Connection) -> None:
        for row in due.next_due(conn, self.now, 20):
            self.flying += self.turns().wake(conn, row)

    def _claims(self, conn: Connection) -> None:
        for channel in ("telegram", "whatsapp"):
            claimed = outbox.claim(
                conn, self.owner, self.now, self.now + LEASE, 20, channel=channel,
                polite=Polite(QUIET),
            )  # fmt: skip
            self.leaves(conn, claimed)
            self.flying += claimed

    def _records(self, conn: Connection) -> None:
        if self.done:
            record(conn, self.done, self.now)
            self.done = []
        receipts.match(conn, self.now)
        if not adds_up(conn):
            self.breaks_promise("spending is not the sum of what was charged")

    def _tells(self, conn: Connection) -> None:
        come = [told for at, told in self.told if at <= self.now]
        self.told = [one for one in self.told if one[0] > self.now]
        facts.apply(conn, come, self.now)

    def _dies(self, conn: Connection) -> None:
        """kill -9: what was claimed, and what was not written down, is forgotten."""
        self.perhaps |= {one.claimed.id for one in self.done}
        self.flying, self.done = [], []
        self.run += 1
        outbox.recover(conn, self.owner, self.now)

    def _judged(self, conn: Connection) -> None:
        name = self.dice.choice(list(declared()))
        self.standing[name] = self.dice.choice(("approved", "paused", "rejected", "approved"))
        category = self.dice.choice(("", "", "marketing", "utility"))
        told = TemplateTold(NUMBER, name, "id", self.standing[name], category)
        facts.apply(conn, [told], self.now)

    def _budget(self, conn: Connection) -> None:
        rupiah = self.dice.choice((0, 2_000, 100_000, 3_000_000))
        spending.keep_budget(conn, rupiah, JEMBER, NUMBER)

    def _doubts(self, conn: Connection) -> None:
        phone = self.phones[self.dice.choice(("ID.2", "ID.3"))]
        told = AddressDoubted("whatsapp", NUMBER, phone.address)
        facts.apply(conn, [told], self.now)
