"""Becoming staff by a one-time code, and ceasing to be."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import Connection, select

from conversations.dialogue import Dialogue, Interview, Role
from storage import dialogues, people, schema, staff
from storage.database import Database
from storage.handing import Handed
from tests.storage.builders import DAY, HOUR, NOW, a_caregiver, a_member, a_seat, known


async def test_a_code_is_eight_clear_signs_and_only_its_hash_is_kept(database: Database) -> None:
    def unit(conn: Connection) -> tuple[str, str]:
        code = staff.add(conn, "Dimas", "staff", NOW)
        return code, conn.execute(select(schema.staff.c.code_hash)).scalar_one()

    code, kept = await database.write(unit)

    assert len(code) == 8
    assert set(code) <= set(staff.ALPHABET)
    assert not set("AEIOU01258BLSZ") & set(staff.ALPHABET)
    assert code not in kept


@pytest.mark.parametrize(
    ("at", "good"), [(NOW, True), (NOW + 47 * HOUR, True), (NOW + 48 * HOUR, False)]
)
async def test_a_code_is_good_for_two_days(database: Database, at: datetime, good: bool) -> None:
    def unit(conn: Connection) -> bool:
        code = staff.add(conn, "Dimas", "staff", NOW)
        spaced = f" {code[:4].lower()}-{code[4:]} "
        return staff.by_code(conn, spaced, at) is not None

    assert await database.write(unit) is good


async def test_who_joins_is_staff_and_the_code_opens_nothing_more(database: Database) -> None:
    def unit(conn: Connection) -> tuple[Role, int | None, int]:
        mas = a_caregiver(conn)
        code = staff.add(conn, "Dimas", "staff", NOW)
        staff.join(conn, known(staff.by_code(conn, code, NOW)), mas.id, NOW)
        return a_seat(conn).person.role, staff.by_code(conn, code, NOW), staff.named_active(conn)

    assert await database.write(unit) == (Role.STAFF, None, 1)


async def test_an_account_cannot_be_joined_twice(database: Database) -> None:
    account = await database.write(_joined)

    with pytest.raises(staff.CodeSpentError):
        await database.write(lambda c: staff.join(c, account, a_caregiver(c, "2").id, NOW))


async def test_one_person_has_one_account(database: Database) -> None:
    def unit(conn: Connection) -> None:
        member = a_member(conn)
        code = staff.add(conn, "Dimas lagi", "staff", NOW)
        staff.join(conn, known(staff.by_code(conn, code, NOW)), member.id, NOW)

    with pytest.raises(staff.CodeSpentError):
        await database.write(unit)


async def test_a_late_join_is_refused(database: Database) -> None:
    def unit(conn: Connection) -> None:
        code = staff.add(conn, "Dimas", "staff", NOW)
        account = known(staff.by_code(conn, code, NOW))
        staff.join(conn, account, a_caregiver(conn).id, NOW + 3 * DAY)

    with pytest.raises(staff.CodeSpentError):
        await database.write(unit)


async def test_a_new_code_replaces_the_old_one_until_she_has_joined(database: Database) -> None:
    def unit(conn: Connection) -> tuple[int | None, int | None, str | None, str | None]:
        old = staff.add(conn, "Dimas", "staff", NOW)
        account = known(staff.by_code(conn, old, NOW))
        new = known(staff.renew_code(conn, account, NOW))
        opened = staff.by_code(conn, old, NOW), staff.by_code(conn, new, NOW)
        staff.join(conn, account, a_caregiver(conn).id, NOW)
        return *opened, staff.renew_code(conn, account, NOW), staff.renew_code(conn, 99, NOW)

    by_old, by_new, after_joining, of_nobody = await database.write(unit)

    assert by_old is None
    assert by_new is not None
    assert after_joining is None
    assert of_nobody is None


async def test_who_is_removed_loses_role_dialogue_and_account_at_once(database: Database) -> None:
    def unit(conn: Connection) -> tuple[people.Seat, int, list[bool]]:
        member = a_member(conn)
        dialogues.save(conn, member.id, Dialogue((Interview("i", "staff", "f"),)), NOW)
        account = known(staff.of_person(conn, member.id))
        staff.remove(conn, account, NOW)
        listed = [entry.removed_at is not None for entry in staff.members(conn, removed=True)]
        assert staff.members(conn) == ()
        return a_seat(conn, "800"), staff.named_active(conn), listed

    seat, active, listed = await database.write(unit)

    assert seat.person.role is Role.CAREGIVER
    assert seat.dialogue == Dialogue()
    assert active == 0
    assert listed == [True]


async def test_somebody_removed_may_join_again_by_a_new_account(database: Database) -> None:
    def unit(conn: Connection) -> Role:
        member = a_member(conn)
        staff.remove(conn, known(staff.of_person(conn, member.id)), NOW)
        return a_member(conn).role

    assert await database.write(unit) is Role.STAFF


async def test_an_invitation_can_be_taken_back_once(database: Database) -> None:
    def unit(conn: Connection) -> tuple[Handed | None, Handed | None, int | None]:
        code = staff.add(conn, "Dimas", "staff", NOW)
        account = known(staff.by_code(conn, code, NOW))
        removed = staff.remove(conn, account, NOW), staff.remove(conn, account, NOW)
        return *removed, staff.by_code(conn, code, NOW)

    assert await database.write(unit) == (Handed(), None, None)


async def test_only_members_with_an_open_address_are_reachable(database: Database) -> None:
    def unit(conn: Connection) -> tuple[bool, tuple[object, ...]]:
        dimas = a_member(conn, "Dimas", "1")
        a_member(conn, "Ayu", "2")
        staff.add(conn, "Belum masuk", "staff", NOW)
        conn.execute(
            schema.addresses.update()
            .where(schema.addresses.c.address == "2")
            .values(blocked_at=NOW)
        )
        return staff.reachable(conn) == (dimas.id,), staff.members(conn)

    reachable, members = await database.write(unit)

    assert reachable
    assert len(members) == 3


def _joined(conn: Connection) -> int:
    return known(staff.of_person(conn, a_member(conn).id))
