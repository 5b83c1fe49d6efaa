"""Phones that several people hold, for tests of whole turns: who writes, and what comes back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, update

from bot.channels import simulator
from bot.channels.simulator import Doing
from bot.turn import Turns
from conversations.dialogue import Child, ChildId, PersonId
from conversations.message import Kind, printed
from storage import children, due, inbox, people, phones, schema
from storage.inbox import Received
from storage.world import Programme
from tests.storage.builders import NOW, a_caregiver

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

_numbers = iter(range(1, 100_000))


class Handset:
    """A phone at one address of a channel; its clock is moved by hand."""

    def __init__(
        self, conn: Connection, channel: str = "telegram", address: str = "628", at: datetime = NOW
    ) -> None:
        self.conn = conn
        self.now = at
        self.channel = channel
        self.address = address
        self.turns = Turns(
            Programme("Program Contoh"),
            parsers={"telegram": simulator.parse, "whatsapp": simulator.parse},
            owner="o",
            now=lambda: self.now,
        )

    def waits(self, **time: float) -> Handset:
        self.now += timedelta(**time)
        return self

    def says(self, text: str) -> list[str]:
        return self.does(Doing(Kind.TEXT, text=text))

    def presses(self, payload: str) -> list[str]:
        return self.does(Doing(Kind.BUTTON, button=payload))

    def does(self, doing: Doing) -> list[str]:
        """What comes back at once, as it is printed."""
        body = simulator.body_of(doing, "n", self.now)
        received = Received(self.channel, "bot", str(next(_numbers)), self.address, body)
        [accepted] = inbox.accept(self.conn, [received], self.now)
        return [printed(one.message) for one in self.turns.take(self.conn, accepted)]

    def wakes(self, kind: str) -> None:
        """The clock does what is due of this kind."""
        for row in due.next_due(self.conn, self.now, 99):
            if row.kind == kind:
                self.turns.wake(self.conn, row)

    @property
    def row(self) -> Any:
        addresses = schema.addresses
        where = addresses.c.channel == self.channel, addresses.c.address == self.address
        return self.conn.execute(select(addresses).where(*where)).one()

    @property
    def holder(self) -> PersonId:
        return PersonId(self.row.person_id)

    @property
    def users(self) -> set[int]:
        found = schema.address_people
        query = select(found.c.person_id).where(found.c.address_id == self.row.id)
        return set(self.conn.execute(query).scalars())


class Family:
    """Mbah Siti and Mbah Tini of one house, each with a grandchild, and the phone they share."""

    def __init__(self, conn: Connection, channel: str = "telegram") -> None:
        self.phone = Handset(conn, channel)
        self.siti = somebody(conn, "Siti", "Adi")
        self.tini = somebody(conn, "Tini", "Bayu")
        people.at_address(conn, channel, "bot", self.phone.address, NOW)
        address = self.phone.row.id
        phones.not_hers(conn, address, self.phone.holder, NOW)
        phones.hold(conn, address, self.tini, NOW - MINUTE)
        phones.hold(conn, address, self.siti, NOW)
        phones.share(conn, address)


def somebody(conn: Connection, name: str, child: str) -> PersonId:
    """A registered grandmother whom no phone reaches any more."""
    person = a_caregiver(conn, f"old-{name}", name=name, relation="nenek").id
    people_, addresses = schema.people, schema.addresses
    conn.execute(update(people_).where(people_.c.id == person).values(consent="given"))
    children.add(conn, person, Child(ChildId(0), child, 2018, 5, "l", "mbah"), NOW)
    [address] = conn.execute(
        select(addresses.c.id).where(addresses.c.person_id == person)
    ).scalars()
    phones.empty(conn, address)
    phones.not_hers(conn, address, person, NOW)
    return person


def tasks(conn: Connection) -> list[str]:
    """Reasons of all tasks, in their order."""
    table = schema.tasks
    return list(conn.execute(select(table.c.reason).order_by(table.c.code)).scalars())
