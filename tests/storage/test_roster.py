"""People of a roster come into a school: nobody twice, and what she told herself stays."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from conversations.dialogue import Role, VillageId
from conversations.schools.session import School
from storage import children, people, roster, schema, schools
from storage.database import Database
from storage.roster import Plan
from storage.roster_sheet import Listed
from storage.schools import NewSchool
from tests.storage.builders import NOW, a_caregiver, count

SITI = Listed(2, "Siti", "Mbah", "nenek", children=(("Adi", 2018),), tags=("pkh",))


def a_school(conn: Connection, village: str = "Sumbersalak") -> School:
    id_ = people.add_village(conn, village, village[:3].upper(), zone="Asia/Makassar")
    new = NewSchool("Sekolah Bok-Ebok", "bok_ebok", "BOK-SBS", "Asia/Makassar", id_)
    return schools.open_(conn, new, NOW)


def brought_in(conn: Connection, school: School, *listed: Listed) -> Plan:
    planned = roster.plan(conn, school, listed)
    roster.bring_in(conn, school, planned, NOW)
    return planned


def everybody(conn: Connection) -> list[Any]:
    return list(conn.execute(select(schema.people).order_by(schema.people.c.id)))


async def test_she_comes_in_by_name_only_until_she_agrees(database: Database) -> None:
    def unit(conn: Connection) -> Any:
        school = a_school(conn)
        brought_in(conn, school, SITI)
        [siti] = everybody(conn)
        [child] = children.of_person(conn, siti.id)
        tags = conn.execute(select(schema.tags.c.tag)).scalars().all()
        [listed] = roster.slips(conn, school.id)
        assert siti.village_id == school.village_id
        return siti, child, tags, listed

    siti, child, tags, listed = await database.write(unit)

    assert (siti.salutation, siti.name, siti.relation) == ("Mbah", "Siti", "nenek")
    assert (siti.consent, siti.registered_at, siti.role) == ("unasked", None, "caregiver")
    assert siti.zone == "Asia/Makassar"
    assert (child.nickname, child.birth_year) == ("Adi", 2018)
    assert tags == ["pkh"]
    assert (listed.number, listed.name) == (1, "Mbah Siti")


async def test_the_same_roster_twice_makes_nobody_twice(database: Database) -> None:
    def unit(conn: Connection) -> tuple[int, int, int, int]:
        school = a_school(conn)
        brought_in(conn, school, SITI, Listed(3, "Tini", "Mbah", "nenek"))
        again = brought_in(conn, school, SITI, Listed(3, "TINI", "Mbah", "nenek"))
        return (
            len(again.new),
            count(conn, schema.people),
            count(conn, schema.children),
            count(conn, schema.enrolments),
        )

    assert await database.write(unit) == (0, 2, 1, 2)


async def test_of_who_is_known_only_what_is_missing_is_added(database: Database) -> None:
    def unit(conn: Connection) -> tuple[list[str], set[str], str]:
        school = a_school(conn)
        brought_in(conn, school, SITI)
        later = Listed(
            2, "Siti", "Ibu", "nenek", children=(("adi", 2010), ("Sari", 2021)), tags=("baru",)
        )
        brought_in(conn, school, later)
        [siti] = everybody(conn)
        told = [
            f"{child.nickname} {child.birth_year}" for child in children.of_person(conn, siti.id)
        ]
        return told, set(conn.execute(select(schema.tags.c.tag)).scalars()), siti.salutation

    assert await database.write(unit) == (["Adi 2018", "Sari 2021"], {"pkh", "baru"}, "Mbah")


async def test_who_is_registered_tells_about_her_children_herself(database: Database) -> None:
    def unit(conn: Connection) -> list[str]:
        school = a_school(conn)
        brought_in(conn, school, Listed(2, "Siti", "Mbah", "nenek"))
        [siti] = everybody(conn)
        people.change(conn, siti.id, {"registered": True}, NOW)
        brought_in(conn, school, SITI)
        return [child.nickname for child in children.of_person(conn, siti.id)]

    assert await database.write(unit) == []


async def test_who_left_comes_back_with_her_number(database: Database) -> None:
    def unit(conn: Connection) -> list[tuple[int, str]]:
        school = a_school(conn)
        brought_in(conn, school, SITI, Listed(3, "Tini"))
        schools.leave(conn, school.id, everybody(conn)[0].id, NOW)
        brought_in(conn, school, SITI)
        return [(slip.number, slip.name) for slip in roster.slips(conn, school.id)]

    assert await database.write(unit) == [(1, "Mbah Siti"), (2, "Tini")]


async def test_a_village_is_known_by_name_and_an_unknown_one_is_named(database: Database) -> None:
    def unit(conn: Connection) -> tuple[Plan, VillageId]:
        school = a_school(conn)
        other = people.add_village(conn, "Ledokombo", "LDK")
        listed = (
            Listed(2, "Siti", village="desa ledokombo"),
            Listed(3, "Tini", village="Atlantis"),
        )
        return roster.plan(conn, school, listed), other

    planned, other = await database.write(unit)

    assert [(one.name, village) for one, village in planned.new] == [("Siti", other)]
    [problem] = planned.problems
    assert (problem.row, problem.column) == (3, "desa")
    assert "Ledokombo" in problem.right


async def test_a_plan_writes_nothing(database: Database) -> None:
    def unit(conn: Connection) -> int:
        roster.plan(conn, a_school(conn), [SITI])
        return count(conn, schema.people)

    assert await database.write(unit) == 0


async def test_a_cadre_of_the_roster_is_one(database: Database) -> None:
    def unit(conn: Connection) -> str:
        brought_in(conn, a_school(conn), Listed(2, "Rini", "Bu", role=Role.CADRE))
        return str(everybody(conn)[0].role)

    assert await database.write(unit) == "cadre"


async def test_slips_are_for_those_whom_no_phone_reaches(database: Database) -> None:
    def unit(conn: Connection) -> list[str]:
        school = a_school(conn)
        brought_in(conn, school, SITI)
        schools.enrol(conn, school.id, a_caregiver(conn, name="Ani").id, None, NOW)
        return [slip.name for slip in roster.slips(conn, school.id)]

    assert await database.write(unit) == ["Mbah Siti"]
