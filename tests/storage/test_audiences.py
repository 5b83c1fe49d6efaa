"""Who fits an audience, asked of both databases."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Connection, insert, text, update

from conversations.broadcasts.audience import parse
from conversations.dialogue import Child, ChildId, Person, PersonId, Role
from storage import audiences, children, erasure, people, schema, schools
from storage.database import Database
from storage.sealing import Vault
from tests.storage.builders import DAY, NOW, a_caregiver, a_checkin, a_child, known
from tests.storage.school_builders import a_mother, a_school


def fits(conn: Connection, written: str, now: datetime = NOW) -> list[PersonId]:
    """Who fits, found one by one, and all at once: it must be the same."""
    audience = parse(written)
    found: list[PersonId] = []
    while part := audiences.members(conn, audience, now, found[-1] if found else 0, 1):
        found.append(part[0].member.person.id)
    assert [one.member.person.id for one in audiences.members(conn, audience, now, 0, 100)] == found
    assert audiences.count(conn, audience, now) == len(found)
    assert not audiences.has_more_than(conn, audience, now, len(found))
    assert not found or audiences.has_more_than(conn, audience, now, len(found) - 1)
    return found


def becomes(conn: Connection, person: Person, role: Role) -> None:
    table = schema.people
    conn.execute(update(table).where(table.c.id == person.id).values(role=role.value))


def tag(conn: Connection, person: Person, name: str) -> None:
    conn.execute(insert(schema.tags).values(person_id=person.id, tag=name))


async def test_it_works(database: Database) -> None:
    def unit(conn: Connection) -> None:
        village = people.add_village(conn, "Ledokombo", "LDK")
        mbah = a_caregiver(conn, "1", village_id=village)
        a_child(conn, mbah, "Adi")

        [found] = audiences.members(conn, parse("desa=LDK"), NOW, 0, 10)

        assert (found.member.person.id, found.child, found.village) == (
            mbah.id,
            "Adi",
            "Ledokombo",
        )
        assert found.member.address_id is not None
        assert found.reads("{sapaan}, {anak} di {desa}") == "Mbah, Adi di Ledokombo"

    await database.write(unit)


async def test_every_condition_finds_its_people_and_no_others(database: Database) -> None:
    def unit(conn: Connection) -> None:
        ldk = people.add_village(conn, "Ledokombo", "LDK")
        sbs = people.add_village(conn, "Sumbersalak", "SBS")
        siti = a_caregiver(conn, "1", village_id=ldk, relation="nenek", language="jv")
        rini = a_caregiver(conn, "2", village_id=sbs)
        becomes(conn, rini, Role.CADRE)
        wati = a_caregiver(conn, "3", village_id=sbs, relation="ibu")
        far = a_caregiver(conn, "4")
        tag(conn, wati, "uji")
        school = a_school(conn, "BOK-SBS")
        schools.enrol(conn, school.id, wati.id, None, NOW)
        schools.enrol(conn, school.id, siti.id, None, NOW)

        assert fits(conn, "") == [siti.id, wati.id, far.id]
        assert fits(conn, "peran=semua") == [siti.id, rini.id, wati.id, far.id]
        assert fits(conn, "peran=kader") == [rini.id]
        assert fits(conn, "peran=kader,pengasuh desa=SBS") == [rini.id, wati.id]
        assert fits(conn, "desa=LDK,SBS") == [siti.id, wati.id]
        assert fits(conn, "bahasa=jv") == [siti.id]
        assert fits(conn, "hubungan=ibu,nenek") == [siti.id, wati.id]
        assert fits(conn, "tanda=uji,lain") == [wati.id]
        assert fits(conn, "sekolah=BOK-SBS") == [siti.id, wati.id]
        assert fits(conn, "sekolah=BOK-SBS kecuali tanda=uji") == [siti.id]
        assert fits(conn, "kecuali desa=SBS") == [siti.id, far.id]
        assert fits(conn, "kecuali desa=SBS tanda=lain kecuali bahasa=jv") == [wati.id, far.id]
        assert fits(conn, "desa=XXX") == []

    await database.write(unit)


async def test_who_left_a_school_is_not_of_it(database: Database) -> None:
    def unit(conn: Connection) -> None:
        mother = a_mother(conn, "1")
        school = a_school(conn, "BOK-SBS")
        schools.enrol(conn, school.id, mother.id, None, NOW)
        conn.execute(update(schema.enrolments).values(left_at=NOW))

        assert fits(conn, "sekolah=BOK-SBS") == []

    await database.write(unit)


@pytest.mark.parametrize(
    ("born", "written", "found"),
    [
        ((2020, None), "umur=6", True),
        ((2020, None), "umur=0-5", False),
        ((2020, 11), "umur=6", True),
        ((2020, 12), "umur=6", False),
        ((2020, 12), "umur=0-5", True),
        ((None, None), "umur=0-17", False),
    ],
)
async def test_the_age_is_of_a_child_in_completed_years(
    database: Database, born: tuple[int | None, int | None], written: str, found: bool
) -> None:
    def unit(conn: Connection) -> None:
        mbah = a_caregiver(conn)
        child = Child(ChildId(0), "Adi", born[0], born[1])
        children.add(conn, mbah.id, child, NOW)

        assert bool(fits(conn, written)) is found
        assert found is (child.age(NOW) is not None and str(child.age(NOW)) in _years(written))

    await database.write(unit)


def _years(written: str) -> list[str]:
    audience = parse(written)
    assert audience.youngest is not None
    assert audience.oldest is not None
    return [str(age) for age in range(audience.youngest, audience.oldest + 1)]


async def test_a_nickname_is_told_only_where_there_is_one_child(database: Database) -> None:
    def unit(conn: Connection) -> None:
        mbah = a_caregiver(conn, "1")
        a_child(conn, mbah, "Adi")
        a_child(conn, mbah, "Nisa")
        a_caregiver(conn, "2")

        found = audiences.members(conn, parse(""), NOW, 0, 10)

        assert [one.child for one in found] == ["", ""]

    await database.write(unit)


@pytest.mark.parametrize(
    ("checkins", "unanswered"),
    [
        ([], False),
        ([{"partial": False}], False),
        ([{"partial": True}], True),
        ([{"partial": False}, {"partial": True}], True),
        ([{"partial": True}, {"partial": False}], False),
    ],
)
async def test_unanswered_is_who_has_not_finished_the_last_check_in(
    database: Database, checkins: list[dict[str, Any]], unanswered: bool
) -> None:
    def unit(conn: Connection) -> None:
        mbah = a_caregiver(conn)
        for number, more in enumerate(checkins):
            a_checkin(conn, mbah, None, {}, id_=f"i{number}", at=NOW + number * DAY, **more)

        assert bool(fits(conn, "belum-jawab")) is unanswered

    await database.write(unit)


async def test_an_erased_person_is_in_no_audience(database: Database) -> None:
    def unit(conn: Connection) -> None:
        mbah = a_caregiver(conn)
        erasure.erase(conn, mbah.id, "command", NOW)

        assert fits(conn, "peran=semua") == []

    await database.write(unit)


async def test_one_person_is_addressed_whatever_she_is(database: Database) -> None:
    def unit(conn: Connection) -> None:
        mbah = a_caregiver(conn)

        assert known(audiences.one(conn, mbah.id)).member.person.id == mbah.id
        assert audiences.one(conn, PersonId(77)) is None

    await database.write(unit)


async def test_codes_that_nothing_has_are_found(database: Database) -> None:
    def unit(conn: Connection) -> None:
        people.add_village(conn, "Ledokombo", "LDK")
        a_school(conn, "BOK-SBS")

        wrong = audiences.unknown(conn, parse("desa=LDK,XXX kecuali sekolah=PAK,BOK-SBS"))

        assert wrong == ("XXX", "PAK")
        assert audiences.unknown(conn, parse("desa=LDK")) == ()

    await database.write(unit)


async def test_the_samples_are_of_people_who_would_get_it(database: Database) -> None:
    def unit(conn: Connection) -> None:
        a_caregiver(conn, "1", name="Tanpa izin")
        for number in range(2, 7):
            a_mother(conn, str(number), f"Nomor {number}")

        shown = audiences.samples(conn, parse(""), "{nama}", NOW)

        assert shown == ("Nomor 2", "Nomor 3", "Nomor 4")

    await database.write(unit)


async def test_one_village_is_found_without_walking_along_everybody(
    sqlite_url: str, vault: Vault
) -> None:
    def unit(conn: Connection) -> str:
        conditions, values = audiences._conditions(parse("desa=LDK"), NOW)
        asked = text(f"EXPLAIN QUERY PLAN {audiences._part(conditions).sql}")
        return str(conn.execute(asked, {**values, "after": 0, "limit": 9}).all())

    async with await Database.open(sqlite_url, vault=vault) as database:
        plan = await database.write(unit)

    assert "SCAN p " not in plan
    assert "ix_people_village" in plan or "INTEGER PRIMARY KEY (rowid=?" in plan
