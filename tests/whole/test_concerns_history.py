"""A random history of concerns: whatever happens, somebody has each, and is called in time."""

from __future__ import annotations

import io
import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import chain
from pathlib import Path
from random import Random

import pytest
import structlog
from sqlalchemy import Connection, text

from bot import logs
from conversations.dialogue import PersonId
from conversations.message import Message, Priority
from storage import outbox, people
from storage.database import Database
from storage.sealing import Vault
from tests.databases import Server, upgrade
from tests.whole import marks
from tests.whole.concern_acts import ACTS
from tests.whole.concerns import Office, SteadyClock, Town, live, settle_in
from tests.whole.failing import Chance, a_gate, crashing_server
from tests.whole.life import BEGIN

SEED = 4
EVERYTHING = frozenset(
    {
        "task opened", "task extended", "task accepted", "task_read", "task noted", "task closed",
        "case known", "case acted", "case planned", "case stage", "case handed over",
        "case linked", "case merged", "case referred", "case reopened", "case closed",
        "closing asked", "closing approved", "closing returned", "kept out", "level raised",
        "level set", "visit asked", "alert take", "alert lapsed", "alert late", "duty ready",
        "duty unready", "staff joined", "erased", "traces erased", "referral answered",
    }
)  # fmt: skip
"""What a long history holds at least once, as the audit log calls it."""


@contextmanager
def written_logs() -> Iterator[io.StringIO]:
    """Every log line, as the service writes it."""
    before, root, file = structlog.get_config(), logging.getLogger(), io.StringIO()
    handlers, level = root.handlers[:], root.level
    logs.configure("debug", file)
    try:
        yield file
    finally:
        structlog.configure(**before)
        root.handlers[:] = handlers
        root.setLevel(level)


async def on_sqlite(tmp_path: Path, vault: Vault, events: int) -> None:
    dice, clock, gate = Random(SEED), SteadyClock(), Chance(dice=Random(SEED))
    url = f"sqlite:///{tmp_path}/kawan.db"
    with a_gate(gate), written_logs() as written:
        async with await Database.open(url, vault=vault) as database:
            office = Office(database, Town(), clock, dice, "rumah")
            await settle_in(office)
            gate.armed = True
            await live([office], dice, events, ACTS)
            gate.armed = False
            await check([office], written.getvalue())


async def on_two_processes(server: Server, vault: Vault, events: int) -> None:
    server.execute("CREATE DATABASE concerns")
    url = server.url("concerns")
    upgrade(url)
    dice, clock, town = Random(SEED), SteadyClock(), Town()
    with written_logs() as written:
        async with (
            await Database.open(url, vault=vault) as first,
            await Database.open(url, vault=vault) as second,
        ):
            offices = [
                Office(first, town, clock, dice, "utara"),
                Office(second, town, clock, dice, "selatan"),
            ]
            await settle_in(offices[0])
            with crashing_server(Random(SEED)):
                await live(offices, dice, events, ACTS)
            await check(offices, written.getvalue())
    server.execute("DROP DATABASE concerns WITH (FORCE)")


async def check(offices: list[Office], written: str) -> None:
    first, town = offices[0], offices[0].village

    def leaking(conn: Connection) -> list[str]:
        found = (marks.in_columns(conn), marks.in_messages(conn, town.worked))
        return [*chain(*found), *marks.to_whom_is_kept_out(conn)]

    leaks = await first.database.read(leaking)
    acts = await first.asks("SELECT DISTINCT action FROM audit")
    await first.promises.at_the_end(first.database)
    looked = sum((one.promises.looked for one in offices), start=Counter())
    print(
        f"seed {SEED}: until {first.clock.at:%Y-%m-%d}, {town.crashes} crashes, {town.stops} stops"
        f"\n{dict(town.events)}\nlooked at {dict(looked)}"
    )
    broken = [line for one in offices for line in one.promises.broken]
    print("\n".join([*broken, *leaks[:60]]))
    assert not broken
    assert not leaks
    assert not marks.ANY.search(written)
    assert town.crashes
    assert {"task accepted", "task extended", "case acted"} <= {row.action for row in acts}
    if first.clock.at - BEGIN > timedelta(days=20):
        assert "due work failed" in written, "some units failed, and were logged"
        assert {row.action for row in acts} >= EVERYTHING


async def test_a_history_of_stops_and_crashes(tmp_path: Path, vault: Vault) -> None:
    await on_sqlite(tmp_path, vault, events=120)


async def test_a_history_of_two_processes_on_one_server(
    postgres_server: Server, vault: Vault
) -> None:
    await on_two_processes(postgres_server, vault, events=60)


PLANTED = (
    "UPDATE due SET outcome = 'failed\\: {}' WHERE kind = 'day_list'",
    "UPDATE outbox SET reason = 'not for {}'",
    "INSERT INTO audit (at, actor, action, subject, reason) VALUES (0, 'clock', 'x', '{}', '')",
    "UPDATE inbox SET error = 'cannot read {}'",
)


@pytest.mark.parametrize("planted", PLANTED, ids=lambda one: one.split()[1].lower())
async def test_a_mark_planted_in_a_plain_column_is_found(
    sqlite_url: str, vault: Vault, planted: str
) -> None:
    async with await Database.open(sqlite_url, vault=vault) as database:
        office = Office(database, Town(), SteadyClock(), Random(SEED), "rumah")
        await settle_in(office)
        before = await database.read(lambda conn: list(marks.in_columns(conn)))

        mark = f"{marks.TOLD}abc"
        await database.write(lambda conn: conn.execute(text(planted.format(mark))))
        after = await database.read(lambda conn: list(marks.in_columns(conn)))

    assert before == []
    assert after
    assert all(mark in found for found in after)


@pytest.mark.parametrize(
    ("purpose", "mark", "is_found"),
    [
        ("alert", marks.OF_STAFF, True),
        ("taken", marks.OF_STAFF, False),
        ("day_list", marks.OF_FAMILIES, True),
        ("task LDK-26-0001", marks.TOLD, True),
    ],
)
async def test_a_mark_planted_in_a_message_is_found_where_it_must_not_be(
    sqlite_url: str, vault: Vault, purpose: str, mark: str, is_found: bool
) -> None:
    async with await Database.open(sqlite_url, vault=vault) as database:
        office = Office(database, Town(), SteadyClock(), Random(SEED), "rumah")
        await settle_in(office)
        worked = office.village.worked
        before = await database.read(lambda conn: list(marks.in_messages(conn, worked)))
        [somebody, *_] = worked

        def plants(conn: Connection) -> None:
            [address, _] = people.reachable(conn, PersonId(somebody)) or (0, "")
            outbox.add(
                conn,
                address_id=address,
                person_id=somebody,
                message=Message(f"MERAH · LDK-26-0001 {mark}abc"),
                dedupe_key="planted",
                priority=Priority.ALARM,
                purpose=purpose,
                not_before=BEGIN,
                expires_at=None,
                now=BEGIN,
            )

        await database.write(plants)
        after = await database.read(lambda conn: list(marks.in_messages(conn, worked)))

    assert before == []
    assert bool(after) is is_found


@pytest.mark.soak
async def test_ten_thousand_events(tmp_path: Path, vault: Vault) -> None:
    await on_sqlite(tmp_path, vault, events=10_000)


@pytest.mark.soak
async def test_fifteen_hundred_events_of_two_processes(
    postgres_server: Server, vault: Vault
) -> None:
    await on_two_processes(postgres_server, vault, events=1_500)
