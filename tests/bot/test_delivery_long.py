"""What delivery keeps in mind over a long time, and what a long pause of one channel costs."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from sqlalchemy import text

from bot.channels.channel import SlowDown
from bot.limits import whatsapp_pace
from bot.pacing import Pacing
from conversations.message import Priority
from storage.database import Database
from tests.bot.clocks import START, FastClock
from tests.bot.posts import FillingDatabase, planned, replies, until
from tests.bot.test_delivery_channels import UNBOUND, WHATSAPP, delivering, posts


async def test_a_reply_that_came_back_and_ended_elsewhere_holds_up_nothing_for_ever(
    lite: Database, clock: FastClock
) -> None:
    _, whatsapp = posts(clock)
    whatsapp.script["7"] = [SlowDown(100_000)]
    withdrawn = text("UPDATE outbox SET status = 'excluded' WHERE address_id = 2")

    async with delivering(lite, clock, whatsapp, pace=UNBOUND) as delivery:
        await planned(lite, "8", "besok", channel=WHATSAPP, not_before=START + timedelta(days=9))
        await replies(lite, delivery, "7", "satu", channel=WHATSAPP)
        way = delivery._ways[WHATSAPP]
        await until(lambda: bool(way.remembered()) and delivery.idle)
        await lite.write(lambda conn: conn.execute(withdrawn))

        clock.skip(61)
        delivery._nudge.set()
        await until(lambda: not way.remembered())


async def test_five_minutes_without_payment_cost_nothing_and_keep_the_order(
    lite: Database,
) -> None:
    clock = FastClock(speed=20)
    counted = FillingDatabase(lite)
    telegram, whatsapp = posts(clock)
    whatsapp.script["0"] = [SlowDown(300, everybody=True)]
    said = [f"{number}" for number in range(5)]

    async with delivering(counted, clock, telegram, whatsapp, pace=UNBOUND) as delivery:
        await replies(lite, delivery, "0", "dulu", channel=WHATSAPP)
        await until(lambda: len(whatsapp.tried) == 1)
        for person in range(50):
            await replies(lite, delivery, str(person), *said, channel=WHATSAPP)
            for number in said:
                await planned(
                    lite,
                    str(person),
                    f"alarm {number}",
                    priority=Priority.ALARM,
                    channel=WHATSAPP,
                )
        delivery.wake()
        await until(lambda: delivery.idle)
        before = counted.written
        await replies(lite, delivery, "7", "halo")
        await until(lambda: telegram.sent == [("7", "halo")])
        await asyncio.sleep(0.1)
        paused = counted.written - before
        assert len(whatsapp.tried) == 1
        clock.skip(300)
        delivery._nudge.set()
        await until(lambda: len(whatsapp.sent) == 501)

    assert paused <= 4
    for person in range(50):
        heard = [words for address, words in whatsapp.sent if address == str(person)]
        assert [words for words in heard if words in said] == said
        assert [words for words in heard if words.startswith("alarm")] == [
            f"alarm {number}" for number in said
        ]


def test_a_hundred_thousand_addresses_leave_nothing_behind() -> None:
    pacing = Pacing(whatsapp_pace(80, 6), START)
    now = START + timedelta(minutes=1)

    for address in range(100_000):
        now += timedelta(seconds=1 / 80)
        pacing.leaves(address, now, bulk=address % 2 == 0)
        if address % 80 == 0:
            pacing.resting(now)
    pacing.resting(now + timedelta(minutes=1))

    assert not pacing._rested_at
    assert pacing._pairs is not None
    assert not pacing._pairs._whole_at
