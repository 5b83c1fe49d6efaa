"""What a conversation may ask, answered from the database."""

from __future__ import annotations

import inspect
from datetime import UTC, datetime

from sqlalchemy import Connection

from conversations.dialogue import Person
from conversations.world import World
from storage import forms, people, staff, tips
from storage.database import Database
from storage.world import Programme, StoredWorld
from tests.storage.builders import (
    NOW,
    a_caregiver,
    a_checkin,
    a_child,
    a_member,
    a_seat,
    a_task,
    known,
)

PROGRAMME = Programme("Tanoker")


def world_of(conn: Connection, person: Person, at: datetime = NOW) -> World:
    return StoredWorld(conn, at, PROGRAMME, person)


def test_every_question_of_the_protocol_has_an_answer() -> None:
    asked = {name for name, _ in inspect.getmembers(World) if not name.startswith("_")}

    assert asked == {name for name in vars(StoredWorld) if not name.startswith("_")}


async def test_the_programme_is_told_as_configured(database: Database) -> None:
    def unit(conn: Connection) -> None:
        real = world_of(conn, a_seat(conn).person)
        pretended = world_of(conn, a_seat(conn, channel="simulator").person)
        assert (real.now, real.organisation) == (NOW, "Tanoker")
        assert (real.simulated, pretended.simulated) == (False, True)

    await database.write(unit)


async def test_a_turn_finds_what_is_stored(database: Database) -> None:
    def unit(conn: Connection) -> None:
        village = people.add_village(conn, "Ledokombo", "JBR")
        mbah, mas = a_caregiver(conn, village_id=village), a_member(conn)
        adi = a_child(conn, mbah)
        task = a_task(conn, mbah, owner=mas.id)
        a_checkin(conn, mbah, adi, {"rasa": "sedih"})
        tips.sent(conn, mbah.id, "tidur", None, NOW)
        world = world_of(conn, mbah)
        assert world.villages() == ((village, "Ledokombo"),)
        assert world.children(mbah.id) == (world.child(adi),)
        assert world.tips_sent(mbah.id) == ("tidur",)
        assert world.recent_answers(adi, "rasa", 2) == ("sedih",)
        assert world.recent_own_answers(mbah.id, "rasa", 2) == ("sedih",)
        assert world.last_checkins(mbah.id) == {adi: NOW}
        assert world.staff() == (mas.id,)
        assert world.least_busy_staff() == mas.id
        assert world.tasks(None, limit=5) == ()
        hers = world_of(conn, mas)
        assert [found.code for found in hers.tasks(None, limit=5)] == [task.code]
        assert hers.tasks(mbah.id, limit=5) == ()
        assert known(world.task(task.code)).content == task.content

    await database.write(unit)


async def test_forms_come_by_name_and_by_content(database: Database) -> None:
    def unit(conn: Connection) -> None:
        world = world_of(conn, a_seat(conn).person)
        form = world.newest_form("daftar")
        assert form is forms.shipped()["daftar"].form
        assert world.form(form.hash) is form

    await database.write(unit)


async def test_a_code_has_the_village_of_the_person_and_the_year_where_the_programme_is(
    database: Database,
) -> None:
    def unit(conn: Connection) -> list[str]:
        village = people.add_village(conn, "Ledokombo", "JBR")
        world = world_of(
            conn, a_caregiver(conn, village_id=village), datetime(2026, 12, 31, 18, tzinfo=UTC)
        )
        return [world.next_code(), world_of(conn, a_seat(conn, "2").person).next_code()]

    assert await database.write(unit) == ["JBR-27-0001", "KWN-26-0001"]


async def test_a_code_of_staff_opens_the_account(database: Database) -> None:
    def unit(conn: Connection) -> tuple[int | None, int]:
        code = staff.add(conn, "Dimas", "staff", NOW)
        world = world_of(conn, a_seat(conn).person)
        return world.linked_staff(code), staff.members(conn)[0].id

    opened, account = await database.write(unit)

    assert opened == account


async def test_fresh_ids_are_short_and_differ(database: Database) -> None:
    def unit(conn: Connection) -> set[str]:
        world = world_of(conn, a_seat(conn).person)
        return {world.fresh_id() for _ in range(100)}

    ids = await database.write(unit)

    assert len(ids) == 100
    assert all(len(id_) == 12 and id_.isalnum() for id_ in ids)
