"""Who comes by an invitation, as whole turns: a right only after staff have given it, on record."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, update

from bot.operations.desk import OperationRefused
from conversations.dialogue import Role
from storage import audit, erasure, people, schema, schools
from storage.database import Database
from storage.schools import CodeRefused, NewSchool
from tests.bot.enrolment_day import MINUTE, Village, in_a_village, of, types
from tests.bot.offices import Office, office
from tests.storage.builders import NOW, a_caregiver

__all__ = ["office"]

DOOR = ("1", "1", "1", "4", "6")


def a_staff_member(conn: Connection, address: str = "800") -> Any:
    """Mas Dimas, who may decide."""
    person = a_caregiver(conn, address, salutation="Mas", name="Dimas", relation="")
    conn.execute(
        update(schema.people).where(schema.people.c.id == person.id).values(role=Role.STAFF)
    )
    conn.execute(
        insert(schema.staff).values(
            name="Mas Dimas", role="staff", person_id=person.id, added_at=NOW, joined_at=NOW
        )
    )
    return person.id


def comes(conn: Connection, code: str, *more: str) -> Any:
    """Somebody new, by this invitation, from the telephone 700."""
    for text in (f"/start {code}", *DOOR, *more, "Rini Wulandari"):
        types(conn, "700", text)
    return people.at_address(conn, "telegram", "bot", "700", NOW).person


def task_of(conn: Connection, person: Any) -> str:
    tasks = schema.tasks
    wanted = select(tasks.c.code).where(tasks.c.about_id == person.id)
    return str(conn.execute(wanted.where(tasks.c.kind == "role_wanted")).scalar_one())


async def test_a_village_by_its_code(database: Database) -> None:
    def unit(conn: Connection, village: Village) -> tuple[Any, ...]:
        person = comes(conn, "SBS", "8")
        return person.village_id == village.school.village_id, person.registered, person.role

    assert await in_a_village(database, unit) == (True, True, Role.CAREGIVER)


async def test_a_cadre_is_one_when_staff_say_so_and_that_is_recorded(database: Database) -> None:
    def unit(conn: Connection, village: Village) -> tuple[Any, ...]:
        dimas = a_staff_member(conn)
        rini = comes(conn, "KADER-SBS")
        before = of(conn, rini.id).role
        code = task_of(conn, rini)
        types(conn, "800", f"ANGKAT {code}", NOW + MINUTE)
        after = of(conn, rini.id)
        given = [one for one in audit.latest(conn, 20) if one.action == "role given"]
        letters = select(schema.outbox.c.id).where(schema.outbox.c.person_id == rini.id)
        waiting = letters.where(schema.outbox.c.dedupe_key.not_like("reply:%"))
        closed = select(schema.tasks.c.closed_at).where(schema.tasks.c.code == code)
        return (
            (before, after.role, after.name),
            [(one.actor, one.subject, one.reason) for one in given]
            == [(audit.person(dimas), audit.person(rini.id), f"cadre, {code}")],
            conn.execute(closed).scalar_one() is not None,
            len(conn.execute(waiting).all()) > 0,
        )

    states, recorded, closed, told = await in_a_village(database, unit)

    assert states == ("caregiver", "cadre", "Rini Wulandari")
    assert (recorded, closed, told) == (True, True, True)


async def test_an_accepted_cadre_may_do_nothing_in_schools_that_are_not_hers(
    database: Database,
) -> None:
    def unit(conn: Connection, village: Village) -> list[str]:
        a_staff_member(conn)
        rini = comes(conn, "KADER-SBS")
        types(conn, "800", f"ANGKAT {task_of(conn, rini)}", NOW + MINUTE)
        return types(conn, "700", "BANTU 1", NOW + 2 * MINUTE)

    said = await in_a_village(database, unit)

    assert not any("Siti" in line for line in said)


async def test_a_role_is_given_to_a_caregiver_alone(database: Database) -> None:
    def unit(conn: Connection, village: Village) -> tuple[bool, ...]:
        dimas = a_staff_member(conn)
        erasure.erase(conn, village.tini, "command", NOW)
        given = [
            people.give_role(conn, person, Role.CADRE, "Rini")
            for person in (dimas, village.rini, village.tini, village.siti)
        ]
        return (*given, of(conn, village.siti).name == "Siti")

    assert await in_a_village(database, unit) == (False, False, False, True, True)


@pytest.mark.parametrize("code", ["SBS", "KADER-SBS", "mitra x"])
async def test_no_school_may_have_the_code_of_an_invitation(database: Database, code: str) -> None:
    def unit(conn: Connection, village: Village) -> None:
        with pytest.raises(CodeRefused):
            schools.open_(conn, NewSchool("Sekolah Lain", "bok_ebok", code), NOW)

    await in_a_village(database, unit)


async def test_no_village_may_have_the_code_of_a_school(office: Office) -> None:
    await office.open(code="BOK")

    with pytest.raises(OperationRefused, match="BOK sudah dipakai"):
        await office.ask(
            "village_add",
            name="Bokor",
            code="bok",
            district="",
            head_title="Kuwu",
            zone="Asia/Jakarta",
        )
