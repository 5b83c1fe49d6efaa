"""The sample programme: made up, the same every time, and ready to be talked to."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, text

from bot import sample
from bot.sample import PERSONAS, Persona
from conversations.dialogue import Consent, Role
from storage import children, due, duty, people, staff
from storage.database import Database
from storage.helping import StoredHelping
from storage.people import Seat

NOW = datetime(2026, 11, 18, 3, 0, tzinfo=UTC)
WHERE = ("simulator", "contoh")


async def sown(database: Database) -> None:
    await database.write(lambda conn: sample.seed(conn, *WHERE, NOW))


async def seat(database: Database, persona: Persona) -> Seat:
    return await database.write(lambda conn: people.at_address(conn, *WHERE, persona.address, NOW))


def everything(conn: Connection) -> list[tuple[Any, ...]]:
    tables = ("villages", "people", "children", "caregiving", "consents", "due", "addresses")
    return [tuple(row) for table in tables for row in conn.execute(text(f"SELECT * FROM {table}"))]


async def test_the_villages_have_their_codes_and_their_heads_their_titles(lite: Database) -> None:
    await sown(lite)

    villages = await lite.read(people.all_villages)

    assert [(village.code, village.head_title) for village in villages] == [
        ("LDK", "Kepala Desa"),
        ("SBS", "Kepala Desa"),
        ("KNG", "Kuwu"),
    ]


async def test_mbah_siti_has_agreed_and_cares_for_two_grandchildren(lite: Database) -> None:
    await sown(lite)

    siti = (await seat(lite, PERSONAS[0])).person

    assert (siti.consent, siti.registered, siti.name) == (Consent.GIVEN, True, "Siti")
    hers = await lite.read(lambda conn: children.of_person(conn, siti.id))
    assert [child.nickname for child in hers] == ["Dafa", "Nisa"]
    assert all(child.parent_away for child in hers)


async def test_the_newcomer_is_nobody_yet(lite: Database) -> None:
    await sown(lite)

    number = await lite.read(
        lambda conn: conn.execute(
            text("SELECT count(*) FROM addresses WHERE address = 'tetangga-baru'")
        ).scalar()
    )

    assert number == 0


async def test_those_who_follow_up_have_joined_and_bu_rini_is_a_cadre(lite: Database) -> None:
    await sown(lite)

    names = [member.name for member in await lite.read(staff.members) if member.joined_at]

    assert names == ["Mas Dimas", "Mbak Rina", "Bu Yuni", "Pak Made"]
    roles = {persona.name: (await seat(lite, persona)).person.role for persona in PERSONAS}
    assert roles == {persona.name: persona.role for persona in PERSONAS}
    assert roles["Bu Rini"] is Role.CADRE


async def test_two_are_on_duty_and_a_coordinator_and_a_focal_person_stand_behind_them(
    lite: Database,
) -> None:
    await sown(lite)

    team = await lite.read(lambda conn: duty.team(conn, NOW))
    gaps = await lite.read(lambda conn: duty.coverage(conn, NOW, 7))
    names = {
        persona.name: (await seat(lite, persona)).person.id
        for persona in PERSONAS
        if persona.role.works
    }

    assert team.on_duty == (names["Mas Dimas"], names["Mbak Rina"])
    assert team.coordinators == (names["Bu Yuni"],)
    assert team.focal == (names["Pak Made"],)
    assert gaps == ()


async def test_the_first_things_are_planned(lite: Database) -> None:
    await sown(lite)

    first = await lite.read(due.next_at)

    assert first is not None
    assert first > NOW


async def test_it_is_sown_once(lite: Database) -> None:
    await sown(lite)
    before = await lite.read(everything)

    again = await lite.write(lambda conn: sample.seed(conn, *WHERE, NOW))

    assert again is False
    assert await lite.read(everything) == before


async def test_the_cadre_has_a_school_with_two_who_need_a_hand(lite: Database) -> None:
    await sown(lite)
    rini = (await seat(lite, next(one for one in PERSONAS if one.role is Role.CADRE))).person

    def listed(conn: Connection) -> list[str]:
        [school] = StoredHelping(conn, NOW).schools(rini.id)
        people_there = StoredHelping(conn, NOW).people(school.id, rini.id, NOW)
        return [one.name for one in people_there if not one.has_phone]

    assert await lite.read(listed) == ["Mbah Jumaati", "Mbah Tuni"]
