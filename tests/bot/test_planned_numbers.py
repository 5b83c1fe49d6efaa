"""The weekly look at the directory: who hears of numbers that grow old, how often, and what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, select

from bot.planned import KINDS, Planning, numbers
from conversations.concerns.case import Agency
from conversations.dialogue import Person
from conversations.politeness import QuietHours
from storage import bodies, directory, due, people, schema, staff
from storage.database import Database
from storage.directory import FRESH, NewOffice
from storage.world import Programme
from tests.storage.builders import NOW, a_member, a_seat

MONDAY = datetime.fromisoformat("2026-11-23T09:00+07:00")
JEMBER = ZoneInfo("Asia/Jakarta")


@dataclass(frozen=True, slots=True)
class Sent:
    """A message in the outbox."""

    to: int
    text: str
    not_before: datetime


def look(conn: Connection, at: datetime = MONDAY) -> None:
    """The look that is due at this moment."""
    [row] = [one for one in due.next_due(conn, at, 10) if one.kind == numbers.KIND]
    planning = Planning(at, Programme("Yayasan Contoh"), QuietHours.parse("20:30-06:30"))
    KINDS[row.kind](conn, row, planning)


def sent(conn: Connection) -> list[Sent]:
    outbox = schema.outbox
    rows = conn.execute(select(outbox).where(outbox.c.purpose == "numbers").order_by(outbox.c.id))
    return [Sent(row.person_id, bodies.opened(conn, row.body).text, row.not_before) for row in rows]


def an_office(conn: Connection, days_left: int, phone: str = "(0331) 487123") -> None:
    """An office whose number turns six months old in so many days."""
    checked = MONDAY.date() - FRESH + timedelta(days=days_left)
    new = NewOffice(Agency.UPTD_PPA, "Kantor", phone, district="Jember", checked=checked)
    directory.add(conn, new, NOW)
    numbers.plan(conn, NOW, JEMBER)


def a_coordinator(conn: Connection) -> Person:
    person = a_seat(conn, "900").person
    account = staff.by_code(conn, staff.add(conn, "Bu Ketua", "coordinator", NOW), NOW)
    assert account is not None
    staff.join(conn, account, person.id, NOW)
    return person


async def test_coordinators_hear_of_numbers_that_turn_old_within_a_month(
    database: Database,
) -> None:
    def unit(conn: Connection) -> None:
        a_member(conn)
        head = a_coordinator(conn)
        an_office(conn, days_left=29)

        look(conn)

        [message] = sent(conn)
        assert message.to == head.id
        assert "1 (UPTD PPA Jember)" in message.text
        assert "487123" not in message.text

    await database.write(unit)


async def test_fresh_numbers_are_nobodys_news(database: Database) -> None:
    def unit(conn: Connection) -> None:
        a_coordinator(conn)
        an_office(conn, days_left=31)

        look(conn)

        assert sent(conn) == []

    await database.write(unit)


async def test_without_a_coordinator_staff_hear_it(database: Database) -> None:
    def unit(conn: Connection) -> None:
        members = [a_member(conn, "Dimas", "801"), a_member(conn, "Rina", "802")]
        an_office(conn, days_left=0)

        look(conn)

        assert [one.to for one in sent(conn)] == [member.id for member in members]

    await database.write(unit)


async def test_it_is_said_once_a_month_though_it_is_looked_at_every_week(
    database: Database,
) -> None:
    def unit(conn: Connection) -> None:
        a_coordinator(conn)
        an_office(conn, days_left=0)

        for week in range(3):
            look(conn, MONDAY + timedelta(weeks=week))

        assert len(sent(conn)) == 2, "November and December"

    await database.write(unit)


async def test_a_long_list_is_counted_and_fits_a_phone(database: Database) -> None:
    def unit(conn: Connection) -> None:
        a_coordinator(conn)
        for number in range(9):
            an_office(conn, days_left=0, phone=f"(0331) 48712{number}")

        look(conn)

        [message] = sent(conn)
        assert "dan 4 lagi" in message.text
        assert len(message.text) <= 300

    await database.write(unit)


async def test_a_look_made_late_at_night_waits_for_a_decent_hour(database: Database) -> None:
    def unit(conn: Connection) -> None:
        a_coordinator(conn)
        an_office(conn, days_left=0)

        look(conn, MONDAY.replace(hour=23))

        [message] = sent(conn)
        assert message.not_before.astimezone(JEMBER).hour == 6

    await database.write(unit)


@pytest.mark.parametrize(
    ("now", "then"),
    [
        ("2026-11-23T08:59+07:00", "2026-11-23T09:00+07:00"),
        ("2026-11-23T09:00+07:00", "2026-11-30T09:00+07:00"),
        ("2026-11-29T23:30+07:00", "2026-11-30T09:00+07:00"),
        ("2026-11-29T18:00+00:00", "2026-11-30T09:00+07:00"),
    ],
)
def test_the_next_look_is_on_monday_morning(now: str, then: str) -> None:
    found = numbers.next_look(datetime.fromisoformat(now), JEMBER)

    assert found == datetime.fromisoformat(then)


async def test_the_sample_programme_has_offices_that_cannot_be_called(database: Database) -> None:
    from bot import sample

    def unit(conn: Connection) -> None:
        sample.seed(conn, "simulator", "simulator", NOW)

        found = directory.offices(conn)

        assert found
        assert all("contoh" in one.contact.name for one in found)
        assert all(not any(map(str.isdigit, one.contact.phone)) for one in found)
        assert directory.gaps(conn, NOW.date()) == ()
        assert people.all_villages(conn)

    await database.write(unit)
