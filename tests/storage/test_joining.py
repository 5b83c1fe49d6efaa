"""Codes on slips: made, used once, replaced, too old; and what the chat told before."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Connection, insert, select

from conversations.dialogue import Dialogue, Interview, PersonId
from storage import dialogues, due, helping, joining, people, schema
from storage.database import Database
from storage.staff import ALPHABET
from tests.storage.builders import DAY, NOW, a_caregiver, a_seat, a_task, known


def of_roster(conn: Connection, name: str = "Siti") -> PersonId:
    values = {"salutation": "Mbah", "name": name, "created_at": NOW}
    made = conn.execute(insert(schema.people).values(values).returning(schema.people.c.id))
    return PersonId(made.scalar_one())


def a_code(conn: Connection, person: PersonId) -> str:
    return joining.make(conn, [person], NOW)[person]


async def test_a_code_is_eight_clear_signs_and_only_its_hash_is_kept(database: Database) -> None:
    def unit(conn: Connection) -> tuple[str, str]:
        code = a_code(conn, of_roster(conn))
        return code, conn.execute(select(schema.join_codes.c.code_hash)).scalar_one()

    code, kept = await database.write(unit)

    assert len(code) == 8
    assert set(code) <= set(ALPHABET)
    assert code not in kept


@pytest.mark.parametrize(("days", "good"), [(0, True), (59, True), (60, False)])
async def test_a_code_is_good_for_sixty_days(database: Database, days: int, good: bool) -> None:
    def unit(conn: Connection) -> tuple[bool, bool]:
        siti = of_roster(conn)
        invited = known(joining.invited(conn, a_code(conn, siti), NOW + timedelta(days=days)))
        return invited.person == siti, invited.good

    assert await database.write(unit) == (True, good)


async def test_a_new_code_ends_the_old_one_of_the_same_person_only(database: Database) -> None:
    def unit(conn: Connection) -> list[bool]:
        siti, tini = of_roster(conn), of_roster(conn, "Tini")
        old = joining.make(conn, [siti, tini], NOW)
        new = a_code(conn, siti)
        return [joining.invited(conn, code, NOW) is not None for code in (*old.values(), new)]

    assert await database.write(unit) == [False, True, True]


async def test_who_uses_a_code_has_the_chat_and_the_code_is_spent(database: Database) -> None:
    def unit(conn: Connection) -> tuple[bool, bool, bool]:
        siti = of_roster(conn)
        code, seat = a_code(conn, siti), a_seat(conn)
        joining.use(conn, code, seat.address_id, seat.person.id, NOW)
        invited = known(joining.invited(conn, code, NOW))
        return a_seat(conn).person.id == siti, invited.good, invited.has_phone

    assert await database.write(unit) == (True, False, True)


async def test_a_spent_code_is_refused(database: Database) -> None:
    def unit(conn: Connection) -> None:
        code = a_code(conn, of_roster(conn))
        for address in ("1", "2"):
            seat = a_seat(conn, address)
            joining.use(conn, code, seat.address_id, seat.person.id, NOW)

    with pytest.raises(joining.CodeSpentError):
        await database.write(unit)


async def test_a_code_too_old_is_refused(database: Database) -> None:
    def unit(conn: Connection) -> None:
        code, seat = a_code(conn, of_roster(conn)), a_seat(conn)
        joining.use(conn, code, seat.address_id, seat.person.id, NOW + 60 * DAY)

    with pytest.raises(joining.CodeSpentError):
        await database.write(unit)


async def test_a_worry_told_before_is_answered_on_the_same_chat(database: Database) -> None:
    def unit(conn: Connection) -> tuple[object, ...]:
        siti, seat = of_roster(conn), a_seat(conn)
        a_task(conn, seat.person)
        dialogues.save(conn, seat.person.id, Dialogue((Interview("i", "persetujuan", "f"),)), NOW)
        due.plan(conn, "nudge", "i", seat.person.id, NOW, None)
        joining.use(conn, a_code(conn, siti), seat.address_id, seat.person.id, NOW)
        about = conn.execute(select(schema.tasks.c.about_id)).scalar_one()
        reached = known(people.reachable(conn, PersonId(about)))
        return about == siti, reached[0] == seat.address_id, due.next_due(conn, NOW, 9)

    assert await database.write(unit) == (True, True, [])


async def test_what_she_has_stays_hers(database: Database) -> None:
    def unit(conn: Connection) -> tuple[str, str, Dialogue]:
        siti, seat = of_roster(conn), a_seat(conn)
        own = Dialogue((Interview("j", "daftar", "f"),))
        dialogues.save(conn, siti, own, NOW)
        joining.use(conn, a_code(conn, siti), seat.address_id, seat.person.id, NOW)
        now_hers = a_seat(conn)
        assert now_hers.dialogue == own
        return now_hers.person.salutation, now_hers.person.name, dialogues.of(conn, seat.person.id)

    assert await database.write(unit) == ("Mbah", "Siti", Dialogue())


async def test_a_cadre_who_was_helping_her_does_so_no_more(database: Database) -> None:
    def unit(conn: Connection) -> bool:
        rini, siti, seat = a_caregiver(conn, "900"), of_roster(conn), a_seat(conn)
        helping.begin(conn, known(people.seat_of(conn, rini.id)).address_id, siti, NOW)
        joining.use(conn, a_code(conn, siti), seat.address_id, seat.person.id, NOW)
        return a_seat(conn, "900").person.id == rini.id

    assert await database.write(unit)


async def test_nobodys_code_is_nobodys(database: Database) -> None:
    assert await database.read(lambda c: joining.invited(c, "CDFGHJKM", NOW)) is None
