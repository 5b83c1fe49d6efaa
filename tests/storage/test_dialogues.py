"""Where a person is, kept sealed."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, select, update

from conversations.dialogue import Dialogue, Interview
from storage import dialogues, people, schema
from storage.database import Database
from storage.sealing import vault_of
from tests.storage.builders import NOW, a_caregiver, count, known

RUNNING = Dialogue((Interview("i1", "checkin", "f", {"kabar": "baik sekali"}, started_at=NOW),))


async def test_a_dialogue_is_kept_and_replaced(database: Database) -> None:
    def unit(conn: Connection) -> tuple[Dialogue, Dialogue]:
        mbah = a_caregiver(conn)
        dialogues.save(conn, mbah.id, RUNNING, NOW)
        first = dialogues.of(conn, mbah.id)
        dialogues.save(conn, mbah.id, Dialogue(RUNNING.stack * 2), NOW)
        return first, dialogues.of(conn, mbah.id)

    first, second = await database.write(unit)

    assert first == RUNNING
    assert len(second.stack) == 2


async def test_an_empty_dialogue_leaves_no_row(database: Database) -> None:
    def unit(conn: Connection) -> tuple[Dialogue, int]:
        mbah = a_caregiver(conn)
        dialogues.save(conn, mbah.id, RUNNING, NOW)
        dialogues.save(conn, mbah.id, Dialogue(), NOW)
        return dialogues.of(conn, mbah.id), count(conn, schema.dialogues)

    assert await database.write(unit) == (Dialogue(), 0)


async def test_what_was_answered_cannot_be_read_in_the_table(database: Database) -> None:
    def unit(conn: Connection) -> bytes:
        dialogues.save(conn, a_caregiver(conn).id, RUNNING, NOW)
        return bytes(conn.execute(select(schema.dialogues.c.state)).scalar_one())

    assert b"baik sekali" not in await database.write(unit)


@pytest.mark.parametrize("state", [b"", b"damaged", b'{"stack": 1}'])
async def test_a_place_that_cannot_be_read_is_lost_and_she_is_heard_all_the_same(
    database: Database, state: bytes
) -> None:
    def unit(conn: Connection) -> tuple[Dialogue, Dialogue]:
        mbah = a_caregiver(conn)
        dialogues.save(conn, mbah.id, RUNNING, NOW)
        sealed = vault_of(conn).seal(state, dialogues.PURPOSE) if state != b"damaged" else state
        conn.execute(update(schema.dialogues).values(state=sealed))
        return dialogues.of(conn, mbah.id), known(people.seat_of(conn, mbah.id)).dialogue

    assert await database.write(unit) == (Dialogue(), Dialogue())
