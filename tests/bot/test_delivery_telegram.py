"""The whole way out to the fake platform, with faults on the road."""

from __future__ import annotations

from collections import Counter, defaultdict
from random import Random

from sqlalchemy import select

from bot.channels.telegram import Telegram
from bot.limits import Pace
from conversations.message import Priority
from storage.database import Database
from storage.schema import addresses
from tests.bot.clocks import FastClock
from tests.bot.platforms import no_media
from tests.bot.posts import (
    all_over,
    delivering,
    ends,
    planned,
    replies,
)
from tests.fakes.faults import Trouble
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_world import TOKEN

UNBOUND = Pace(bulk=100_000, rest=0)


async def test_with_faults_nobody_is_left_out_and_only_the_unanswered_is_doubled(
    lite: Database,
) -> None:
    clock = FastClock(speed=100)
    async with FakeTelegram(seed=7) as fake:
        telegram = Telegram(
            TOKEN, api_url=fake.url, clock=clock, dice=Random(2), load_media=no_media
        )
        chances = {
            Trouble.RATE_LIMITED: 0.01,
            Trouble.SERVER_ERROR: 0.01,
            Trouble.BAD_GATEWAY: 0.01,
            Trouble.DROP_BEFORE: 0.01,
            Trouble.DROP_AFTER: 0.01,
            Trouble.GARBAGE: 0.01,
        }
        for trouble, chance in chances.items():
            fake.faults.sometimes("sendMessage", trouble, chance)
        people = [str(fake.meet(7_000 + n).id) for n in range(20)]
        texts = [f"pesan {n}" for n in range(20)]

        async with delivering(lite, telegram, clock) as delivery:
            for text in texts:
                for person in people:
                    await replies(lite, delivery, person, text)
            await all_over(lite)
        await telegram.close()

    got: defaultdict[int, list[str]] = defaultdict(list)
    for sent in fake.sent:
        got[sent.chat_id].append(sent.text)
    doubled = sum(len(heard) - len(set(heard)) for heard in got.values())
    unanswered = sum(
        1 for _, _, trouble in fake.faults.log if trouble in (Trouble.DROP_AFTER, Trouble.GARBAGE)
    )
    assert len(fake.faults.log) > 10
    assert {person: list(dict.fromkeys(heard)) for person, heard in got.items()} == {
        int(person): texts for person in people
    }
    assert 0 < doubled <= unanswered
    assert {status for status, _ in await ends(lite)} == {"sent"}


async def test_a_broadcast_with_faults_reaches_nobody_twice(lite: Database) -> None:
    clock = FastClock(speed=50)
    async with FakeTelegram(seed=3) as fake:
        telegram = Telegram(
            TOKEN, api_url=fake.url, clock=clock, dice=Random(2), load_media=no_media
        )
        for trouble in Trouble:
            if trouble is not Trouble.DELAY:
                fake.faults.sometimes("sendMessage", trouble, 0.05)
        for n in range(150):
            fake.meet(8_000 + n)
            await planned(lite, str(8_000 + n), "kabar", priority=Priority.BROADCAST)

        async with delivering(lite, telegram, clock, paces={"telegram": UNBOUND}):
            await all_over(lite)
        await telegram.close()

    heard = Counter(sent.chat_id for sent in fake.sent)
    statuses = Counter(status for status, _ in await ends(lite))
    assert max(heard.values()) == 1
    assert set(statuses) == {"sent", "uncertain"}
    assert statuses["sent"] <= len(heard) <= 150


async def test_blocking_the_bot_is_learnt_from_the_platform(
    lite: Database, clock: FastClock
) -> None:
    async with FakeTelegram() as fake:
        telegram = Telegram(
            TOKEN, api_url=fake.url, clock=clock, dice=Random(2), load_media=no_media
        )
        fake.meet(7).blocks()

        async with delivering(lite, telegram, clock) as delivery:
            await replies(lite, delivery, "7", "halo")
            await all_over(lite)
        await telegram.close()

    address = await lite.read(lambda conn: conn.execute(select(addresses)).one())
    assert address.blocked_reason == "blocked"
