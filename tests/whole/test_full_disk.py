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

from bot.channels.whatsapp_updates import kept_id
from storage.database import Database
from storage.schema import inbox
from storage.sealing import Vault
from tests.bot.clocks import FastClock
from tests.fakes.graph import FakeGraph
from tests.fakes.graph_limits import Limits
from tests.fakes.telegram import FakeTelegram
from tests.whole.house import House, a_house, until, with_villages
from tests.whole.phones import CHECKIN, FAMILY, RATING, REGISTRATION, Phone, Phones, all_of

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


def stored(conn: Connection) -> dict[str, str]:
    return {row.external_id: row.status for row in conn.execute(select(inbox))}


async def _walk_through_a_full_disk(
    house: House, fake: FakeTelegram, graph: FakeGraph, disk: Disk
) -> list[Phone]:
    people = Phones(fake, graph).some(PEOPLE)
    walking = asyncio.gather(*(phone.walks(WALK) for phone in people))
    for times in (1, 2):
        heard = len(fake.sent) + len(graph.sent)
        await until(lambda enough=heard + 150 * times: len(fake.sent) + len(graph.sent) >= enough)
        failed = house.database.stats.failed_batches
        disk.pages = await fill(house.database, spare=3)
        await until(lambda enough=failed + 12: house.database.stats.failed_batches >= enough)
        await _check_nothing_told_is_missing(house, fake, graph)
        assert not walking.done()
        disk.pages = None
    await walking
    return people


async def _check_nothing_told_is_missing(
    house: House, fake: FakeTelegram, graph: FakeGraph
) -> None:
    """What a platform was told has been taken: it asked for more, or was answered with 200."""
    waiting = {update["update_id"] for update in fake.updates.pending}
    told = {str(one) for one in range(FIRST_UPDATE, fake.updates.next_id) if one not in waiting}
    told |= {kept_id(wamid) for wamid in graph.webhooks.told}
    assert told <= set(await house.database.read(stored))


async def test_a_disk_that_is_full_for_a_while_costs_nothing_but_time(
    sqlite_url: str, tmp_path: Path, vault: Vault
) -> None:
    clock = FastClock(20.0)
    fake = FakeTelegram(clock=lambda: clock.now().timestamp())
    graph = FakeGraph(clock=lambda: clock.now().timestamp(), limits=Limits.none())
    graph.webhooks.connections = 4
    with a_disk() as disk:
        async with (
            fake,
            graph,
            a_house(sqlite_url, fake, tmp_path, vault=vault, clock=clock, graph=graph) as house,
        ):
            await with_villages(house.database)

            people = await _walk_through_a_full_disk(house, fake, graph, disk)
            await house.at_rest()
            await until(lambda: not fake.updates.pending)
            kept = await house.database.read(stored)
            failed = house.database.stats.failed_batches

    print(f"{len(kept)} messages, {failed} batches failed")
    assert failed >= 24
    said = {str(FIRST_UPDATE + number) for number in range(len(WALK) * PEOPLE // 2)}
    said |= {kept_id(wamid) for wamid in graph.world.said}
    assert len(said) == len(WALK) * PEOPLE
    assert set(kept) == said
    assert set(kept.values()) == {"done"}
    assert not house.aside
    assert not house.broken
    once = list(dict.fromkeys(people[0].texts))
    assert len(once) >= len(WALK)
    assert [all_of(phone.texts) for phone in people] == [all_of(once)] * PEOPLE
    assert house.delivery.unrecorded == 0
