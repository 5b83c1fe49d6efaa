"""The disk fills up while people write: nothing acknowledged is lost, and it recovers alone."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event, select

from storage.database import Database
from storage.schema import inbox
from storage.sealing import Vault
from tests.bot.clocks import FastClock
from tests.fakes.telegram import FakeTelegram
from tests.whole.house import House, a_house, until, with_villages
from tests.whole.phones import CHECKIN, FAMILY, RATING, REGISTRATION, Phone, Phones

PEOPLE = 20
WALK = (*REGISTRATION, *FAMILY, *CHECKIN, *RATING)
FIRST_UPDATE = 871_000_001


@dataclass(slots=True)
class Disk:
    """How many pages a database may have; None is room enough."""

    pages: int | None = None


@contextmanager
def a_disk() -> Iterator[Disk]:
    """Every connection made meanwhile finds as much room as the disk has at that moment."""
    disk = Disk()

    def limit(raw: Any, _: object) -> None:
        if isinstance(raw, sqlite3.Connection) and disk.pages is not None:
            raw.execute(f"PRAGMA max_page_count = {disk.pages}")

    event.listen(Engine, "connect", limit)
    try:
        yield disk
    finally:
        event.remove(Engine, "connect", limit)


async def fill(database: Database, spare: int) -> int:
    """Leave so many pages for the writer's open connection; returns how many it has then."""

    def unit(conn: Connection) -> int:
        raw: Any = conn.connection.dbapi_connection
        [pages] = raw.execute("PRAGMA page_count").fetchone()
        raw.execute(f"PRAGMA max_page_count = {pages + spare}")
        return int(pages) + spare

    return await database.write(unit)


def stored(conn: Connection) -> dict[int, str]:
    return {int(row.external_id): row.status for row in conn.execute(select(inbox))}


async def _walk_through_a_full_disk(house: House, fake: FakeTelegram, disk: Disk) -> list[Phone]:
    people = Phones(fake).some(PEOPLE)
    walking = asyncio.gather(*(phone.walks(WALK) for phone in people))
    for times in (1, 2):
        heard = len(fake.sent)
        await until(lambda enough=heard + 150 * times: len(fake.sent) >= enough)
        failed = house.database.stats.failed_batches
        disk.pages = await fill(house.database, spare=3)
        await until(lambda enough=failed + 12: house.database.stats.failed_batches >= enough)
        await _check_nothing_told_is_missing(house, fake)
        assert not walking.done()
        disk.pages = None
    await walking
    return people


async def _check_nothing_told_is_missing(house: House, fake: FakeTelegram) -> None:
    waiting = {update["update_id"] for update in fake.updates.pending}
    told = set(range(FIRST_UPDATE, fake.updates.next_id)) - waiting
    assert told <= set(await house.database.read(stored))


async def test_a_disk_that_is_full_for_a_while_costs_nothing_but_time(
    sqlite_url: str, tmp_path: Path, vault: Vault
) -> None:
    clock = FastClock(20.0)
    fake = FakeTelegram(clock=lambda: clock.now().timestamp())
    with a_disk() as disk:
        async with fake, a_house(sqlite_url, fake, tmp_path, vault=vault, clock=clock) as house:
            await with_villages(house.database)

            people = await _walk_through_a_full_disk(house, fake, disk)
            await house.at_rest()
            await until(lambda: not fake.updates.pending)
            kept = await house.database.read(stored)
            failed = house.database.stats.failed_batches

    print(f"{len(kept)} messages, {failed} batches failed")
    assert failed >= 24
    assert set(kept) == set(range(FIRST_UPDATE, FIRST_UPDATE + len(WALK) * PEOPLE))
    assert set(kept.values()) == {"done"}
    assert not house.aside
    assert not house.broken
    once = list(dict.fromkeys(people[0].texts))
    assert len(once) >= len(WALK)
    assert [list(dict.fromkeys(phone.texts)) for phone in people] == [once] * PEOPLE
    assert house.delivery.unrecorded == 0
