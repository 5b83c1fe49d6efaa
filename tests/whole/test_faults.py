"""Platforms that fail one request in seventeen: nobody stays without a reply, in order, once.

Half of the people are on WhatsApp, whose webhooks come doubled, mixed, batched, late and again.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from bot.limits import Pace
from storage.schema import outbox
from storage.sealing import Vault
from tests.bot.clocks import FastClock
from tests.fakes.faults import Trouble
from tests.fakes.graph import FakeGraph
from tests.fakes.graph_limits import Limits as GraphLimits
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_limits import Limits
from tests.whole.house import AS_DOCUMENTED, QUICK, House, a_house, until, with_villages
from tests.whole.phones import (
    CHECKIN,
    FAMILY,
    RATING,
    REGISTRATION,
    Phones,
    all_of,
    without_repeats,
)

SEED = 20_261_118
SPEED = 20.0
PEOPLE = 24
WALK = (*REGISTRATION, *FAMILY, *CHECKIN, *RATING)

SIX_PERCENT = (
    (Trouble.RATE_LIMITED, 0.01, 2.0),
    (Trouble.SERVER_ERROR, 0.01, 1.0),
    (Trouble.BAD_GATEWAY, 0.01, 1.0),
    (Trouble.DROP_BEFORE, 0.01, 1.0),
    (Trouble.DROP_AFTER, 0.01, 1.0),
    (Trouble.GARBAGE, 0.005, 1.0),
    (Trouble.DELAY, 0.005, 0.05),
)
"""(what, how often, its seconds)"""

ON_THE_WAY = (
    (Trouble.DROP_BEFORE, 0.02, 1.0),
    (Trouble.DROP_AFTER, 0.03, 1.0),
    (Trouble.DELAY, 0.01, 0.05),
)
"""The same of what WhatsApp tells us."""


Heard = tuple[list[list[str]], list[list[str]]]
"""Everybody's messages: on Telegram, on WhatsApp."""


async def _walked(
    fake: FakeTelegram, graph: FakeGraph, url: str, folder: Path, vault: Vault, pace: Pace = QUICK
) -> Heard:
    clock = FastClock(SPEED if pace is QUICK else 2 * SPEED)
    fake.updates.clock = fake.world.clock = lambda: clock.now().timestamp()
    graph.webhooks.clock = graph.world.clock = graph.world.shelf.clock = fake.world.clock
    async with (
        fake,
        graph,
        a_house(url, fake, folder, vault=vault, clock=clock, graph=graph, pace=pace) as house,
    ):
        await with_villages(house.database)
        phones = Phones(fake, graph).some(PEOPLE)
        await asyncio.gather(*(phone.walks(WALK, presses=True) for phone in phones))
        await house.at_rest()
        await _everybody_reads(house, graph)
        assert not house.aside
        assert not house.broken
    half = [phone for phone in phones if phone.is_whatsapp]
    return (
        [phone.texts for phone in phones if phone not in half],
        [phone.texts for phone in half],
    )


async def _everybody_reads(house: House, graph: FakeGraph) -> None:
    """What was accepted was read in the end, and each row says so, however often it was told."""
    for person in graph.people.values():
        person.reads()
    await house.at_rest()

    def unit(conn: Connection) -> Counter[str]:
        rows = conn.execute(select(outbox.c.status).where(outbox.c.channel == "whatsapp"))
        return Counter(rows.scalars())

    left = await house.database.read(unit)
    assert set(left) == {"read"}


def _faulty(fake: FakeTelegram, graph: FakeGraph) -> None:
    for trouble, often, seconds in SIX_PERCENT:
        fake.faults.sometimes("*", trouble, often, seconds)
        graph.faults.sometimes("*", trouble, often, seconds)
    for trouble, often, seconds in ON_THE_WAY:
        graph.webhooks.faults.sometimes("webhook", trouble, often, seconds)
    webhooks = graph.webhooks
    webhooks.doubling, webhooks.shuffling, webhooks.batch, webhooks.connections = 0.2, True, 5, 3
    graph.world.status_seconds, graph.world.message_seconds = 3.0, 0.5


async def test_with_six_percent_faults_everybody_hears_everything_in_order(
    sqlite_url: str, sqlite_template: Path, tmp_path: Path, vault: Vault
) -> None:
    faultless, faulty = FakeTelegram(seed=SEED), FakeTelegram(seed=SEED)
    still, restless = FakeGraph(seed=SEED), FakeGraph(seed=SEED, limits=GraphLimits.none())
    _faulty(faulty, restless)
    other = tmp_path / "faultless.db"
    other.write_bytes(sqlite_template.read_bytes())

    expected = await _walked(
        faultless, still, f"sqlite:///{other}", tmp_path, vault, pace=AS_DOCUMENTED
    )
    heard = await _walked(faulty, restless, sqlite_url, tmp_path, vault)

    logs = (faulty.faults.log, restless.faults.log, restless.webhooks.faults.log)
    kinds = [Counter(trouble for _, _, trouble in log) for log in logs]
    spoken = len(WALK) * PEOPLE
    print(f"seed {SEED}: {spoken} messages, faults {[dict(kind) for kind in kinds]}")
    assert not still.refusals, "faultless it never asks for what is not allowed"
    assert min(kind.total() for kind in kinds) > 15
    assert restless.webhooks.answers[0] > 10, "webhooks that nobody was told of come again"
    assert set().union(*kinds) == set(Trouble)
    assert all_of(expected[0][0]) == all_of(expected[1][0]), "the same words on both"
    assert len(expected[0][0]) > len(WALK)
    assert len(expected[1][0]) == len(WALK), "one message for each step where each costs money"
    for whole, broken in zip(expected, heard, strict=True):
        assert whole == [whole[0]] * (PEOPLE // 2), "without faults each message comes once"
        assert [without_repeats(texts) for texts in broken] == whole


@pytest.mark.parametrize("seconds", [3.0, 20.0])
async def test_a_chat_that_is_told_to_wait_gets_nothing_until_then(
    sqlite_url: str, tmp_path: Path, vault: Vault, seconds: float
) -> None:
    clock = FastClock(SPEED)
    fake = FakeTelegram(seed=SEED, clock=lambda: clock.now().timestamp())
    async with fake, a_house(sqlite_url, fake, tmp_path, vault=vault, clock=clock):
        siti = Phones(fake).some(1)[0]
        fake.faults.script("sendMessage", [Trouble.RATE_LIMITED], seconds)
        before = clock.now().timestamp()

        reply = await siti.says("/start", "18 tahun")

    assert reply.at - before >= seconds
    assert len(siti.heard) == 1


async def test_twenty_messages_at_once_stay_within_the_platforms_limits_and_in_order(
    sqlite_url: str, tmp_path: Path, vault: Vault
) -> None:
    clock = FastClock(SPEED)
    limits = Limits.as_documented()
    fake = FakeTelegram(seed=SEED, clock=lambda: clock.now().timestamp(), limits=limits)
    async with fake, a_house(sqlite_url, fake, tmp_path, vault=vault, clock=clock) as house:
        await with_villages(house.database)
        siti = Phones(fake).some(1)[0]
        await siti.walks(REGISTRATION)
        before = len(siti.heard)
        for _ in range(10):
            siti.person.says("BANTUAN")
            siti.person.says("MENU")
        await until(lambda: len(siti.heard) >= before + 30)

    opened = [text[:8] for text in siti.texts[before:]]
    assert opened[:3] == ["Cukup ba", "Boleh sa", "Mau apa "]
    assert opened[3:] == ["Cukup ba", "Mau apa ", "Mau apa "] * 9
