"""A worry is told on a shared phone, and the phone is cleared: the whole way to the platform."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.clock import MovableClock
from storage.schema import inbox, outbox, tasks
from storage.sealing import Vault
from tests.fakes.faults import Trouble
from tests.fakes.telegram import FakeTelegram
from tests.whole.house import House, a_house, until, with_villages
from tests.whole.phones import Phone, Phones

NOON = datetime(2026, 11, 18, 5, 0, tzinfo=UTC)
WORRY = "Adi sering melamun sejak ibunya berangkat, saya bingung harus bagaimana"
LEFT = "Balas MENU kalau ada perlu."


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(NOON - datetime.now(UTC))


@pytest.fixture
async def fake(clock: MovableClock) -> AsyncIterator[FakeTelegram]:
    async with FakeTelegram(clock=lambda: clock.now().timestamp()) as started:
        yield started


@pytest.fixture
async def house(
    sqlite_url: str, tmp_path: Path, vault: Vault, fake: FakeTelegram, clock: MovableClock
) -> AsyncIterator[House]:
    async with a_house(sqlite_url, fake, tmp_path, vault=vault, clock=clock) as built:
        await with_villages(built.database)
        yield built


async def asks_to_clear(phone: Phone) -> None:
    """She tells something, and asks to clear what is on the phone."""
    await phone.says(WORRY, "")
    await phone.says("hapus jejak", "Hapus yang mana?")


async def test_nothing_of_it_is_left_on_the_phone_but_one_neutral_message(
    house: House, fake: FakeTelegram
) -> None:
    siti = fake.user("Siti")
    phone = Phones(fake).of(siti)
    await asks_to_clear(phone)

    await phone.says("1", LEFT)
    await house.at_rest()

    assert siti.sees == [f"Halo, Bapak/Ibu. {LEFT}"]


async def test_what_she_told_is_still_with_staff(house: House, fake: FakeTelegram) -> None:
    phone = Phones(fake).of(fake.user("Siti"))
    await phone.says(f"tolong, {WORRY}, dia ingin mati saja", "")
    await phone.says("hapus jejak", "Hapus yang mana?")
    await phone.says("1", LEFT)
    await house.at_rest()

    kept = await house.database.read(
        lambda conn: [
            conn.execute(select(tasks.c.content)).scalars().first(),
            *conn.execute(select(inbox.c.body)).scalars(),
            *conn.execute(select(outbox.c.body)).scalars(),
        ]
    )

    assert len(kept) > 4
    assert all(kept)


async def test_what_stood_there_before_stays(
    house: House, fake: FakeTelegram, clock: MovableClock
) -> None:
    siti = fake.user("Siti")
    phone = Phones(fake).of(siti)
    await phone.says("BANTUAN", "")
    await house.at_rest()
    before = list(siti.sees)
    clock.advance(timedelta(hours=50))
    await asks_to_clear(phone)

    await phone.says("2", LEFT)
    await house.at_rest()

    assert siti.sees == [*before, f"Halo, Bapak/Ibu. {LEFT}"]


async def test_a_platform_that_refuses_holds_up_nothing_and_is_not_covered_up(
    house: House, fake: FakeTelegram
) -> None:
    siti = fake.user("Siti")
    phone = Phones(fake).of(siti)
    await asks_to_clear(phone)
    fake.faults.script("deleteMessages", [Trouble.SERVER_ERROR] * 2)

    await phone.says("1", "Belum semua pesan bisa kami hapus.")
    answered = await phone.says("BANTUAN", "")

    assert WORRY in siti.sees
    assert answered.text


async def test_asked_to_wait_it_goes_on_after_a_restart(
    sqlite_url: str, tmp_path: Path, vault: Vault, fake: FakeTelegram, clock: MovableClock
) -> None:
    siti = fake.user("Siti")
    phone = Phones(fake).of(siti)
    async with a_house(sqlite_url, fake, tmp_path, vault=vault, clock=clock) as first:
        await with_villages(first.database)
        await asks_to_clear(phone)
        fake.faults.script("deleteMessages", [Trouble.RATE_LIMITED], seconds=600)
        siti.says("1")
        await until(lambda: bool(fake.faults.log))
    assert WORRY in siti.sees

    clock.advance(timedelta(minutes=11))
    async with a_house(
        sqlite_url, fake, tmp_path, vault=vault, clock=clock, owner="rumah/2"
    ) as second:
        await phone.hears(LEFT)
        await second.at_rest()

    assert siti.sees == [f"Halo, Bapak/Ibu. {LEFT}"]
