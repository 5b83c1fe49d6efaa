"""A real broadcast to the fake platform at a real pace: everybody once, and never too fast."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random

from bot.channels.telegram import Telegram
from bot.clock import Ticker, WallClock
from bot.limits import Pace
from bot.turn import Turns
from conversations.broadcasts.broadcast import BroadcastId
from storage import recipients
from storage.database import Database
from storage.world import Programme
from tests.bench import seeding
from tests.bench.broadcast import most_in_a_second
from tests.bot.platforms import no_media
from tests.bot.posts import OWNER, delivering
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_limits import Limits
from tests.fakes.telegram_world import TOKEN

NUMBER = 300
RATE = 250


async def test_a_broadcast_reaches_everybody_once_at_the_rate_and_nobody_faster(
    lite: Database,
) -> None:
    clock = WallClock()
    now = clock.now()
    account = TOKEN.partition(":")[0]
    zone = seeding.morning_zone(now)
    await lite.write(lambda conn: seeding.people(conn, NUMBER, account, zone, now))
    begins = now + timedelta(seconds=1.1)
    await lite.write(lambda conn: seeding.plan(conn, begins, now))
    programme = Programme("Kawan", bulk_rates={"telegram": RATE})
    turns = Turns(programme, parsers={}, owner=OWNER, now=clock.now)

    async with FakeTelegram(latency=0.01, limits=Limits(any_second=RATE)) as fake:
        for number in range(NUMBER):
            fake.meet(seeding.FIRST_ID + number)
        telegram = Telegram(
            TOKEN, api_url=fake.url, clock=clock, dice=Random(1), load_media=no_media
        )
        async with delivering(
            lite, telegram, clock, paces={"telegram": Pace(bulk=RATE, rest=1.0)}
        ) as delivery:

            def hand_over(_: object) -> None:
                delivery.wake()

            ticker = Ticker(lite, wake=turns.wake, hand_over=hand_over, clock=clock)
            async with asyncio.timeout(20):
                while True:
                    await ticker.look()
                    account_now = await lite.read(
                        lambda conn: recipients.account(conn, BroadcastId(1))
                    )
                    if account_now.sent == NUMBER:
                        break
                    await asyncio.sleep(0.05)
        await ticker.stop()
        await telegram.close()

    times = [sent.at for sent in fake.sent]
    assert set(Counter(sent.chat_id for sent in fake.sent).values()) == {1}
    assert len(fake.sent) == NUMBER
    assert most_in_a_second(times) <= RATE
    assert fake.world.limiter.refused == 0
    assert begins <= datetime.fromtimestamp(times[0], UTC)
    assert times[-1] - times[0] < 3 * NUMBER / RATE
