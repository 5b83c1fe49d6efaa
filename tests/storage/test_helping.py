"""Whose phone speaks for whom, and what a cadre sees of a school's list."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from conversations.dialogue import Consent, Person, PersonId, Role
from conversations.helping.helped import LASTS, Helped
from conversations.schools.session import School
from storage import helping, meta, people, schema, schools
from storage.database import Database
from storage.helping import StoredHelping
from storage.schools import NewSchool
from tests.storage.builders import DAY, MINUTE, NOW, a_caregiver, a_checkin, a_seat, known


def a_cadre(conn: Connection, address: str = "900", name: str = "Rini") -> Person:
    person = a_caregiver(conn, address, salutation="Bu", name=name)
    conn.execute(
        update(schema.people).where(schema.people.c.id == person.id).values(role=Role.CADRE)
    )
    return a_seat(conn, address).person


def a_school(conn: Connection, cadre: Person | None = None, code: str = "BOK-SBS") -> School:
    new = NewSchool("Sekolah Bok-Ebok", "bok_ebok", code, cadre=cadre.id if cadre else None)
    return schools.open_(conn, new, NOW)


def without_phone(conn: Connection, school: School, name: str = "Siti", **more: object) -> PersonId:
    """Somebody of the roster: on the list, reached by no phone."""
    values = {"salutation": "Mbah", "name": name, "created_at": NOW, **more}
    made = conn.execute(insert(schema.people).values(values).returning(schema.people.c.id))
    person = PersonId(made.scalar_one())
    schools.enrol(conn, school.id, person, None, NOW)
    return person


def seen(conn: Connection, school: School, helper: Person, now: datetime = NOW) -> list[Helped]:
    return list(StoredHelping(conn, now).people(school.id, helper.id, NOW - DAY))


async def test_a_list_shows_number_consent_phone_and_check_in(database: Database) -> None:
    def unit(conn: Connection) -> list[Helped]:
        rini = a_cadre(conn)
        school = a_school(conn, rini)
        without_phone(conn, school)
        told = without_phone(conn, school, "Tini", consent="given", registered_at=NOW)
        schools.enrol(conn, school.id, a_caregiver(conn, "1", name="Ani").id, None, NOW)
        told_by = known(StoredHelping(conn, NOW).helper(told))
        a_checkin(conn, told_by, None, {"sehat": "ya"})
        return seen(conn, school, rini)

    siti, tini, ani = await database.write(unit)

    assert (siti.number, siti.name, siti.school) == (1, "Mbah Siti", "BOK-SBS")
    assert (siti.consent, siti.has_phone, siti.told) == (Consent.UNASKED, False, False)
    assert (tini.consent, tini.registered, tini.told) == (Consent.GIVEN, True, True)
    assert ani.has_phone


async def test_a_check_in_of_last_week_does_not_count(database: Database) -> None:
    def unit(conn: Connection) -> list[Helped]:
        rini = a_cadre(conn)
        school = a_school(conn, rini)
        told = without_phone(conn, school)
        a_checkin(conn, known(StoredHelping(conn, NOW).helper(told)), None, {}, at=NOW - 2 * DAY)
        return seen(conn, school, rini)

    [siti] = await database.write(unit)

    assert not siti.told


async def test_the_phone_speaks_for_her_until_half_an_hour_after_the_last_word(
    database: Database,
) -> None:
    def unit(conn: Connection) -> list[PersonId]:
        rini = a_cadre(conn)
        siti = without_phone(conn, a_school(conn, rini))
        address = known(people.seat_of(conn, rini.id)).address_id
        helping.begin(conn, address, siti, NOW)
        helping.extend(conn, address, NOW + 20 * MINUTE)
        assert siti != rini.id
        return [
            people.at_address(conn, "telegram", "bot", "900", NOW + after * MINUTE).person.id - siti
            for after in (1, 40, 50)
        ]

    first, later, last = await database.write(unit)

    assert (first, later) == (0, 0)
    assert last != 0


async def test_who_types_is_known_while_the_phone_speaks_for_another(database: Database) -> None:
    def unit(conn: Connection) -> tuple[PersonId | None, PersonId]:
        rini = a_cadre(conn)
        siti = without_phone(conn, a_school(conn, rini))
        helping.begin(conn, known(people.seat_of(conn, rini.id)).address_id, siti, NOW)
        return a_seat(conn, "900").typist, rini.id

    typist, rini = await database.write(unit)

    assert typist == rini


async def test_time_ends_it_once_and_it_is_told_once(database: Database) -> None:
    after = NOW + LASTS

    def unit(conn: Connection) -> tuple[object, ...]:
        rini = a_cadre(conn)
        siti = without_phone(conn, a_school(conn, rini))
        helping.begin(conn, known(people.seat_of(conn, rini.id)).address_id, siti, NOW)
        before = StoredHelping(conn, NOW)
        open_until, open_lapsed = before.until(rini.id), before.lapsed(rini.id)
        late = StoredHelping(conn, after)
        late_until, late_lapsed = late.until(rini.id), late.lapsed(rini.id)
        helping.end(conn, rini.id)
        return open_until, open_lapsed, late_until, late_lapsed, late.lapsed(rini.id)

    assert await database.write(unit) == (after, None, None, "Mbah Siti", None)


async def test_who_else_is_helping_her_is_named(database: Database) -> None:
    def unit(conn: Connection) -> tuple[str, str, str]:
        rini, ani = a_cadre(conn), a_cadre(conn, "901", "Ani")
        school = a_school(conn, rini)
        siti = without_phone(conn, school)
        helping.begin(conn, known(people.seat_of(conn, ani.id)).address_id, siti, NOW)
        late = NOW + LASTS
        return (
            seen(conn, school, rini)[0].helper,
            seen(conn, school, ani)[0].helper,
            seen(conn, school, rini, late)[0].helper,
        )

    assert await database.write(unit) == ("Bu Ani", "", "")


async def test_a_cadre_helps_where_she_is_cadre_or_on_the_list(database: Database) -> None:
    def unit(conn: Connection) -> list[str]:
        rini = a_cadre(conn)
        a_school(conn, rini)
        second = a_school(conn, None, "EYG-SBS")
        a_school(conn, None, "PAK-SBS")
        left = a_school(conn, None, "RMH-SBS")
        for school in (second, left):
            schools.enrol(conn, school.id, rini.id, None, NOW)
        schools.leave(conn, left.id, rini.id, NOW)
        return [school.code for school in StoredHelping(conn, NOW).schools(rini.id)]

    assert await database.write(unit) == ["BOK-SBS", "EYG-SBS"]


async def test_one_person_is_found_in_each_of_her_schools(database: Database) -> None:
    def unit(conn: Connection) -> list[str]:
        rini = a_cadre(conn)
        siti = without_phone(conn, a_school(conn, rini))
        schools.enrol(conn, a_school(conn, None, "EYG-SBS").id, siti, None, NOW)
        return [one.school for one in StoredHelping(conn, NOW).one(siti, rini.id)]

    assert await database.write(unit) == ["BOK-SBS", "EYG-SBS"]


async def test_the_recording_is_there_only_while_its_file_is(database: Database) -> None:
    def unit(conn: Connection) -> tuple[object, object, object]:
        none = StoredHelping(conn, NOW).notice()
        meta.put(conn, helping.NOTICE, b"suara1")
        missing = StoredHelping(conn, NOW).notice()
        conn.execute(
            insert(schema.media),
            {
                "id": "suara1",
                "kind": "voice",
                "mime": "audio/ogg",
                "size": 9,
                "channel": "command",
                "account": "",
                "status": "stored",
                "created_at": NOW,
            },
        )
        return none, missing, StoredHelping(conn, NOW).notice()

    assert await database.write(unit) == (None, None, "suara1")


async def test_nobody_erased_helps(database: Database) -> None:
    def unit(conn: Connection) -> Person | None:
        rini = a_cadre(conn)
        conn.execute(
            update(schema.people).where(schema.people.c.id == rini.id).values(erased_at=NOW)
        )
        return StoredHelping(conn, NOW).helper(rini.id)

    assert await database.write(unit) is None


async def test_where_nobody_is_helped_the_phone_is_its_owners(database: Database) -> None:
    def unit(conn: Connection) -> tuple[bool, object]:
        rini = a_cadre(conn)
        siti = without_phone(conn, a_school(conn, rini))
        helping.begin(conn, known(people.seat_of(conn, rini.id)).address_id, siti, NOW)
        helping.forget(conn, siti)
        row = conn.execute(select(schema.addresses.c.assisting_id)).scalar_one()
        return a_seat(conn, "900").person.id == rini.id, row

    assert await database.write(unit) == (True, None)
