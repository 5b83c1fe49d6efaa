"""What is sealed can be read with the keys, for its purpose, and by nobody else."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, LargeBinary, text

from storage import inbox, meta, schema
from storage.database import Database, KeysDoNotOpen, SealBroken
from storage.sealing import SEALED, Place, Vault, new_key, rotate, vault_of

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
OLD, NEW = b"o" * 32, b"n" * 32


@given(st.binary(), st.binary(max_size=20))
def test_what_was_sealed_is_opened_again(data: bytes, purpose: bytes) -> None:
    vault = Vault([OLD])

    sealed = vault.seal(data, purpose)

    assert vault.open(sealed, purpose) == data
    assert len(sealed) == len(data) + 32


def test_the_same_text_is_sealed_differently_each_time() -> None:
    vault = Vault([OLD])

    assert vault.seal(b"ya", b"answers") != vault.seal(b"ya", b"answers")


def test_a_value_opens_only_for_its_purpose() -> None:
    vault = Vault([OLD])
    sealed = vault.seal(b"ya", b"answers")

    with pytest.raises(SealBroken, match="something else"):
        vault.open(sealed, b"outbox")


@pytest.mark.parametrize("at", [4, 15, 16, -1])
def test_a_changed_value_does_not_open(at: int) -> None:
    vault = Vault([OLD])
    changed = bytearray(vault.seal(b"ya", b"answers"))
    changed[at] ^= 1

    with pytest.raises(SealBroken):
        vault.open(bytes(changed), b"answers")


@pytest.mark.parametrize("length", [0, 3, 10, 20])
def test_a_value_cut_off_does_not_open(length: int) -> None:
    vault = Vault([OLD])
    sealed = vault.seal(b"ya", b"answers")

    with pytest.raises(SealBroken):
        vault.open(sealed[:length], b"answers")


def test_an_older_key_still_opens_and_the_newest_seals() -> None:
    sealed = Vault([OLD]).seal(b"ya", b"answers")
    vault = Vault([NEW, OLD])

    assert vault.open(sealed, b"answers") == b"ya"
    assert not vault.is_newest(sealed)
    assert vault.is_newest(vault.seal(b"ya", b"answers"))


def test_without_its_key_a_value_names_the_reason() -> None:
    sealed = Vault([OLD]).seal(b"ya", b"answers")

    with pytest.raises(SealBroken, match="ENCRYPTION_KEYS"):
        Vault([NEW]).open(sealed, b"answers")


def test_a_new_key_is_accepted_as_it_is_written() -> None:
    vault = Vault([f" {new_key()}\n"])

    assert vault.open(vault.seal(b"ya", b"x"), b"x") == b"ya"


@pytest.mark.parametrize("key", ["", "secret", "é" * 32, b"short", "QUJD" * 10])
def test_a_bad_key_is_refused_with_what_to_do(key: bytes | str) -> None:
    with pytest.raises(ValueError, match="32 bytes in base64"):
        Vault([key])


def test_no_key_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="ENCRYPTION_KEYS is empty"):
        Vault([])


def test_a_vault_shows_no_key() -> None:
    assert repr(Vault([OLD])) == "Vault(1 keys)"


def test_every_binary_column_is_sealed_or_known_to_be_open() -> None:
    in_the_open = {("forms", "source"), ("meta", "value")}

    binary = {
        (table.name, column.name)
        for table in schema.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    }

    assert binary - in_the_open == {(one.table.name, one.column) for one in SEALED}


def test_every_sealed_table_has_a_purpose_of_its_own() -> None:
    assert len({one.purpose for one in SEALED}) == len(SEALED)


async def test_connections_carry_the_vault(database: Database, vault: Vault) -> None:
    assert await database.write(vault_of) is vault
    assert await database.read(vault_of) is vault


async def test_other_keys_do_not_open_the_database(database_url: str) -> None:
    await (await Database.open(database_url, vault=Vault([OLD]))).close()

    with pytest.raises(KeysDoNotOpen, match="put back the keys"):
        await Database.open(database_url, vault=Vault([NEW]))
    async with await Database.open(database_url, vault=Vault([NEW, OLD])):
        pass


async def receive(database: Database, number: int) -> None:
    batch = [
        inbox.Received("telegram", "bot", str(n), "7", f"pesan {n}".encode()) for n in range(number)
    ]
    await database.write(lambda c: inbox.accept(c, batch, NOW))


async def rotate_all(database: Database, limit: int) -> Place:
    place = Place()
    async with asyncio.timeout(10):
        while not place.finished:
            place = await database.write(partial(rotate, place=place, limit=limit))
    await database.write(meta.reseal_canary)
    return place


@pytest.mark.parametrize("limit", [3, 5, 500])
async def test_after_a_rotation_the_old_key_is_needed_no_more(
    database_url: str, limit: int
) -> None:
    async with await Database.open(database_url, vault=Vault([OLD])) as database:
        await receive(database, 10)
        await database.write(one_answer_each_column)

    async with await Database.open(database_url, vault=Vault([NEW, OLD])) as database:
        place = await rotate_all(database, limit)

    assert (place.resealed, place.unreadable) == (14, 0)
    async with await Database.open(database_url, vault=Vault([NEW])) as database:
        bodies = [one.received.body for one in await database.read(inbox.unfinished)]
        assert bodies == [f"pesan {n}".encode() for n in range(10)]
        again = await rotate_all(database, limit)
        assert again.resealed == 0


async def test_a_rotation_leaves_alone_what_no_key_opens(database: Database) -> None:
    await receive(database, 2)
    await database.write(lambda c: c.execute(text("UPDATE inbox SET body = :b"), {"b": b"spoilt"}))

    place = await rotate_all(database, 500)

    assert (place.resealed, place.unreadable) == (0, 2)


async def test_a_rotation_passes_over_emptied_bodies(database: Database) -> None:
    await receive(database, 2)
    await database.write(lambda c: c.execute(text("UPDATE inbox SET body = NULL")))

    place = await rotate_all(database, 500)

    assert (place.resealed, place.unreadable) == (0, 0)


def one_answer_each_column(conn: Connection) -> None:
    """A dialogue, and answers under a key of two columns."""
    vault = vault_of(conn)
    conn.execute(schema.people.insert().values(id=1, created_at=NOW))
    conn.execute(
        schema.dialogues.insert().values(
            person_id=1, state=vault.seal(b"{}", b"dialogues"), updated_at=NOW
        )
    )
    conn.execute(
        schema.interviews.insert().values(
            id="i",
            person_id=1,
            conversation="checkin",
            form_name="f",
            form_hash="h",
            status="running",
            started_at=NOW,
        )
    )
    for path in ("a", "b", "c"):
        conn.execute(
            schema.answers.insert().values(
                interview_id="i",
                path=path,
                value=vault.seal(b"ya", b"answers"),
                at=NOW,
                spoken_by=1,
                typed_by=1,
            )
        )
