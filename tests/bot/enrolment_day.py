"""A village for tests of whole turns: two cadres with a phone each, two grandmothers without."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, update

from bot.channels import simulator
from bot.channels.simulator import Doing
from bot.turn import Turns
from conversations.dialogue import PersonId, Role
from conversations.message import Kind
from conversations.schools.session import School
from storage import inbox, people, schema, schools
from storage.database import Database
from storage.inbox import Received
from storage.outbox import Claimed
from storage.schools import NewSchool
from storage.world import Programme
from tests.storage.builders import NOW, a_caregiver

MINUTE = timedelta(minutes=1)


numbers = iter(range(1, 10_000))


def turns(now: datetime) -> Turns:
    parsers = {"telegram": simulator.parse}
    return Turns(Programme("Program Contoh"), parsers=parsers, owner="o", now=lambda: now)


def types(conn: Connection, address: str, text: str, now: datetime = NOW) -> list[str]:
    """Somebody writes from this address; what comes back to it."""
    return [one.message.text for one in claims(conn, address, text, now)]


def claims(conn: Connection, address: str, text: str, now: datetime = NOW) -> list[Claimed]:
    body = simulator.body_of(Doing(Kind.TEXT, text=text), "n", now)
    received = Received("telegram", "bot", str(next(numbers)), address, body)
    [accepted] = inbox.accept(conn, [received], now)
    return list(turns(now).take(conn, accepted))


class Village:
    """Two cadres with a phone each, and two grandmothers without."""

    def __init__(self, conn: Connection) -> None:
        self.rini = self._cadre(conn, "900", "Rini")
        self.ani = self._cadre(conn, "901", "Ani")
        village = people.add_village(conn, "Sumbersalak", "SBS")
        new = NewSchool("Sekolah Bok-Ebok", "bok_ebok", "BOK-SBS", village_id=village)
        self.school: School = schools.open_(conn, new, NOW)
        self.siti = self.enrol(conn, "Siti")
        self.tini = self.enrol(conn, "Tini")
        for cadre in (self.rini, self.ani):
            schools.enrol(conn, self.school.id, cadre, None, NOW)

    def enrol(self, conn: Connection, name: str) -> PersonId:
        values = {
            "salutation": "Mbah",
            "name": name,
            "relation": "nenek",
            "village_id": self.school.village_id,
            "created_at": NOW,
        }
        made = conn.execute(insert(schema.people).values(values).returning(schema.people.c.id))
        person = PersonId(made.scalar_one())
        schools.enrol(conn, self.school.id, person, None, NOW)
        return person

    def _cadre(self, conn: Connection, address: str, name: str) -> PersonId:
        person = a_caregiver(conn, address, salutation="Bu", name=name, relation="lain")
        people_ = schema.people
        told = {"role": Role.CADRE, "consent": "given"}
        conn.execute(update(people_).where(people_.c.id == person.id).values(told))
        return person.id


def enrols(conn: Connection, address: str, who: str) -> list[str]:
    return [line for text in (who, "1", "1", "1", "3") for line in types(conn, address, text)]


def answers(conn: Connection) -> set[tuple[int, int]]:
    columns = schema.answers.c.spoken_by, schema.answers.c.typed_by
    return {(spoken, typed) for spoken, typed in conn.execute(select(*columns))}


def of(conn: Connection, person: PersonId) -> Any:
    return conn.execute(select(schema.people).where(schema.people.c.id == person)).one()


async def in_a_village(database: Database, unit: Callable[[Connection, Village], Any]) -> Any:
    return await database.write(lambda conn: unit(conn, Village(conn)))
