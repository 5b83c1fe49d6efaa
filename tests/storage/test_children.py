"""Children and who cares for them."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection

from conversations.dialogue import Child, ChildId
from storage import children
from storage.database import Database
from tests.storage.builders import a_caregiver, a_child, known


async def test_a_child_comes_back_as_it_was_told(database: Database) -> None:
    def unit(conn: Connection) -> tuple[Child, ...]:
        mbah = a_caregiver(conn)
        a_child(conn, mbah, "Adi")
        a_child(conn, mbah, "Budi")
        return children.of_person(conn, mbah.id)

    adi, budi = await database.write(unit)

    assert adi == Child(adi.id, "Adi", 2020, 5, "l", "mbah", "luar_negeri", "rumah", True)
    assert budi.nickname == "Budi"


async def test_an_unknown_child_is_none(database: Database) -> None:
    assert await database.read(lambda c: children.one(c, ChildId(9))) is None


async def test_only_who_cares_for_a_child_changes_it(database: Database) -> None:
    def unit(conn: Connection) -> tuple[bool, bool, Child]:
        mbah, other = a_caregiver(conn, "1"), a_caregiver(conn, "2")
        adi = a_child(conn, mbah)
        refused = children.change(conn, adi, {"ask_calls": True, "sex": "p"}, by=other.id)
        done = children.change(conn, adi, {"ask_calls": False}, by=mbah.id)
        return refused, done, known(children.one(conn, adi))

    refused, done, child = await database.write(unit)

    assert (refused, done) == (False, True)
    assert (child.sex, child.ask_calls) == ("l", False)


async def test_two_people_can_care_for_one_child(database: Database) -> None:
    def unit(conn: Connection) -> tuple[Child, ...]:
        mbah, aunt = a_caregiver(conn, "1"), a_caregiver(conn, "2")
        children.cared_for_by(conn, a_child(conn, mbah), aunt.id, "bibi")
        return children.of_person(conn, aunt.id)

    assert [child.nickname for child in await database.write(unit)] == ["Adi"]


async def test_staff_change_any_child_and_an_empty_change_is_none(database: Database) -> None:
    def unit(conn: Connection) -> tuple[bool, bool]:
        adi = a_child(conn, a_caregiver(conn))
        changed = children.change(conn, adi, {"birth_year": 2019}, by=None)
        return changed, children.change(conn, adi, {}, by=None)

    assert await database.write(unit) == (True, False)


async def test_a_conversation_cannot_change_the_id_of_a_child(database: Database) -> None:
    adi = await database.write(lambda c: a_child(c, a_caregiver(c)))

    with pytest.raises(ValueError, match="id"):
        await database.write(lambda c: children.change(c, adi, {"id": 5}, by=None))
