"""Slips, posters, newcomers and erasure as whole turns, on both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import asyncpg
from sqlalchemy import Connection, insert, select, update

from conversations.dialogue import Child, ChildId, PersonId, Role
from storage import children, erasure, joining, people, schema, schools
from storage.database import Database
from storage.schools import NewSchool
from storage.sealing import Vault
from tests.bot.enrolment_day import (
    MINUTE,
    Village,
    answers,
    enrols,
    in_a_village,
    numbers,
    of,
    types,
)
from tests.storage.builders import NOW, a_caregiver


async def test_erasing_somebody_who_was_helped_leaves_nothing_she_said(
    database: Database,
) -> None:
    def unit(conn: Connection, village: Village) -> tuple[Any, ...]:
        types(conn, "900", "menu", NOW - timedelta(hours=3))
        enrols(conn, "900", "BANTU 1")
        later = NOW + MINUTE
        erasure.erase(conn, village.siti, "command", later)
        raw = conn.execute(select(schema.inbox.c.body).order_by(schema.inbox.c.id)).scalars().all()
        hers = select(schema.outbox.c.body).where(schema.outbox.c.person_id == village.siti)
        said = types(conn, "900", "menu", later)
        return (
            village.siti in {spoken for spoken, _ in answers(conn)},
            [body is None for body in raw],
            set(conn.execute(hers).scalars()),
            any("Siti" in line for line in said),
        )

    stored, emptied, sent, named = await in_a_village(database, unit)

    assert not stored
    assert emptied == [False, True, True, True, True, True]
    assert sent == {None}
    assert not named


async def test_erasing_the_cadre_keeps_what_others_said(database: Database) -> None:
    def unit(conn: Connection, village: Village) -> tuple[bool, bool]:
        enrols(conn, "900", "BANTU 1")
        erasure.erase(conn, village.rini, "command", NOW + MINUTE)
        said = types(conn, "900", "halo", NOW + 2 * MINUTE)
        kept = answers(conn) == {(village.siti, village.rini)}
        return kept, any("Siti" in line for line in said)

    assert await in_a_village(database, unit) == (True, False)


async def test_a_slip_opens_her_own_chat_and_her_own_dialogue(database: Database) -> None:
    def unit(conn: Connection, village: Village) -> tuple[Any, ...]:
        children.add(conn, village.siti, Child(ChildId(0), "Adi", 2018), NOW)
        code = joining.make(conn, [village.siti], NOW)[village.siti]
        said = types(conn, "700", f"/start {code}")
        rest = [line for text in ("1", "1", "1", "3") for line in types(conn, "700", text)]
        return said, rest, of(conn, village.siti).registered_at is not None, answers(conn)

    said, rest, registered, stored = await in_a_village(database, unit)

    assert "Selamat datang, Mbah Siti" in said[0]
    assert "18 tahun" in said[1]
    assert "Sudah terdaftar" in rest[-2]
    assert registered
    assert all(spoken == typed for spoken, typed in stored)


async def test_a_poster_puts_her_on_the_list(database: Database) -> None:
    def unit(conn: Connection, village: Village) -> tuple[int, Any]:
        for text in ("/start BOK-SBS", "1", "1", "1", "3", "Mbah", "nenek"):
            types(conn, "700", text)
        person = people.at_address(conn, "telegram", "bot", "700", NOW).person
        row = conn.execute(
            select(schema.enrolments).where(schema.enrolments.c.person_id == person.id)
        ).one()
        return row.number, (row.by_id, person.village_id == village.school.village_id)

    assert await in_a_village(database, unit) == (5, (None, True))


async def test_somebody_enrolled_by_a_cadre_is_on_the_list_by_her(database: Database) -> None:
    def unit(conn: Connection, village: Village) -> int:
        other = schools.open_(conn, NewSchool("Yang-eyang", "yang_eyang", "EYG-SBS"), NOW)
        enrols(conn, "900", "BANTU 1")
        types(conn, "900", f"DAFTAR {other.code}")
        row = conn.execute(
            select(schema.enrolments).where(schema.enrolments.c.school_id == other.id)
        ).one()
        return (row.person_id == village.siti) + (row.by_id == village.rini)

    assert await in_a_village(database, unit) == 2


async def test_a_lock_that_another_turn_holds_is_not_waited_for(
    postgres_url: str, vault: Vault
) -> None:
    """Her id is lower than the cadre's: waiting for it could wait for ever."""
    async with await Database.open(postgres_url, vault=vault) as database:
        siti = await database.write(_one_before_the_village)
        other = await asyncpg.connect(postgres_url)
        transaction = other.transaction()
        await transaction.start()
        await other.execute("SELECT id FROM people WHERE id = $1 FOR NO KEY UPDATE", siti)

        waited = await database.write(lambda conn: types(conn, "900", "BANTU 1"))
        await transaction.rollback()
        after = await database.write(lambda conn: types(conn, "900", "LANJUT"))
        await other.close()

    assert waited == ["Sebentar, ya. Balas LANJUT untuk mulai."]
    assert after[0].startswith("👵 Mbah Siti:")


def _one_before_the_village(conn: Connection) -> PersonId:
    """A grandmother who was made before the cadre, so that her id is the lower one."""
    made = conn.execute(
        insert(schema.people)
        .values(salutation="Mbah", name="Siti", relation="nenek", created_at=NOW)
        .returning(schema.people.c.id)
    )
    siti = PersonId(made.scalar_one())
    new = NewSchool("Sekolah Bok-Ebok", "bok_ebok", "BOK-SBS")
    school = schools.open_(conn, new, NOW)
    schools.enrol(conn, school.id, siti, None, NOW)
    rini = a_caregiver(conn, "900", salutation="Bu", name="Rini")
    conn.execute(update(schema.people).where(schema.people.c.id == rini.id).values(role=Role.CADRE))
    schools.enrol(conn, school.id, rini.id, None, NOW)
    assert siti < rini.id
    return siti


async def test_somebody_on_no_list_is_enrolled_by_the_cadre_in_six_messages(
    database: Database,
) -> None:
    def unit(conn: Connection, village: Village) -> tuple[Any, ...]:
        before = next(numbers)
        for text in ("BANTU BARU Mbah Jum", "1", "1", "1", "3", "nenek"):
            said = types(conn, "900", text)
        typed = next(numbers) - before - 1
        row = conn.execute(select(schema.people).where(schema.people.c.name == "Jum")).one()
        enrolled = conn.execute(
            select(schema.enrolments).where(schema.enrolments.c.person_id == row.id)
        ).one()
        return typed, said, row.registered_at is not None, row.village_id, enrolled.by_id

    typed, said, registered, village, by = await in_a_village(database, unit)

    assert typed == 6
    assert said[0].startswith("👵 Mbah Jum:")
    assert (registered, village is not None, by is not None) == (True, True, True)
