"""Delivery: order, urgency and pace, on a real database and a channel that obeys."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from itertools import pairwise
from random import Random

from sqlalchemy import select

from bot.delivery import Delivery
from bot.limits import Pace
from bot.meters import Meters
from bot.outlet import BULK_IN_FLIGHT, IN_FLIGHT
from conversations.message import Priority
from storage.database import Database
from storage.schema import outbox
from tests.bot.clocks import START, FastClock
from tests.bot.posts import (
    FillingDatabase,
    Post,
    all_over,
    delivering,
    ends,
    planned,
    replies,
    until,
)

UNBOUND = Pace(bulk=100_000, rest=0)


async def test_what_was_planned_is_sent_and_its_result_recorded(
    database: Database, post: Post, clock: FastClock
) -> None:
    await planned(database, "7", "halo")

    async with delivering(database, post, clock):
        await all_over(database)

    assert post.sent == [("7", "halo")]
    row = await database.read(lambda conn: conn.execute(select(outbox)).one())
    assert (row.status, row.platform_id, row.owner) == ("sent", "1", None)


async def test_what_is_planned_later_goes_out_when_somebody_wakes_delivery(
    lite: Database, post: Post, clock: FastClock
) -> None:
    async with delivering(lite, post, clock) as delivery:
        await until(lambda: delivery.idle)
        await planned(lite, "7", "halo")
        delivery.wake()
        await all_over(lite)

    assert post.sent == [("7", "halo")]


async def test_replies_of_a_turn_go_out_in_their_order(
    database: Database, post: Post, clock: FastClock
) -> None:
    async with delivering(database, post, clock) as delivery:
        await replies(database, delivery, "7", "satu", "dua")
        await replies(database, delivery, "7", "tiga")
        await all_over(database)

    assert [text for _, text in post.sent] == ["satu", "dua", "tiga"]
    assert await ends(database) == [("sent", "")] * 3


async def test_nobody_waits_for_another_persons_message(
    lite: Database, post: Post, clock: FastClock
) -> None:
    post.open_door.clear()

    async with delivering(lite, post, clock) as delivery:
        for person in range(IN_FLIGHT + 10):
            await replies(lite, delivery, str(person), "satu", "dua")
        await until(lambda: len(post.tried) == IN_FLIGHT)
        at_once = len(post.tried)
        post.open_door.set()
        await all_over(lite)

    assert at_once == post.most_at_once == IN_FLIGHT
    assert Counter(text for _, text in post.sent) == {"satu": IN_FLIGHT + 10, "dua": IN_FLIGHT + 10}


async def test_the_most_urgent_goes_first_through_a_narrow_door(
    lite: Database, post: Post, clock: FastClock
) -> None:
    post.open_door.clear()
    async with delivering(lite, post, clock, paces={"telegram": UNBOUND}) as delivery:
        for person in range(IN_FLIGHT):
            await replies(lite, delivery, str(person), "isi")
        await planned(lite, "a", "kabar", priority=Priority.BROADCAST)
        await planned(lite, "b", "ingat", priority=Priority.REMINDER)
        await planned(lite, "c", "balas")
        await planned(lite, "d", "bahaya", priority=Priority.ALARM)
        delivery.wake()
        await until(lambda: delivery._ways["telegram"].outlet.queued == IN_FLIGHT + 4)
        post.open_door.set()
        await all_over(lite)

    assert [text for _, text in post.tried[IN_FLIGHT:]] == ["bahaya", "balas", "ingat", "kabar"]


async def test_an_alarm_goes_before_the_replies_that_wait_for_the_same_person(
    lite: Database, post: Post, clock: FastClock
) -> None:
    post.open_door.clear()
    async with delivering(lite, post, clock) as delivery:
        await replies(lite, delivery, "7", "satu", "dua", "tiga")
        await until(lambda: len(post.tried) == 1)
        await replies(lite, delivery, "7", "bahaya", priority=Priority.ALARM)
        post.open_door.set()
        await all_over(lite)

    assert [text for _, text in post.sent] == ["satu", "bahaya", "dua", "tiga"]


async def test_replies_never_stand_behind_what_nobody_asked_for(
    lite: Database, post: Post, clock: FastClock
) -> None:
    post.open_door.clear()
    for person in range(IN_FLIGHT):
        await planned(lite, f"b{person}", "kabar", priority=Priority.BROADCAST)
    async with delivering(lite, post, clock, paces={"telegram": UNBOUND}) as delivery:
        await until(lambda: len(post.tried) == BULK_IN_FLIGHT)
        for person in range(IN_FLIGHT - BULK_IN_FLIGHT):
            await replies(lite, delivery, f"r{person}", "balas")
        await until(lambda: len(post.tried) == IN_FLIGHT)
        tried = Counter(text for _, text in post.tried)
        post.open_door.set()
        await all_over(lite)

    assert tried == {"kabar": BULK_IN_FLIGHT, "balas": IN_FLIGHT - BULK_IN_FLIGHT}


async def test_an_idle_channel_does_not_make_a_busy_one_claim_more(
    lite: Database, post: Post, clock: FastClock
) -> None:
    post.open_door.clear()
    pace = Pace(bulk=100, rest=0)
    for person in range(300):
        await planned(lite, str(person), "kabar", priority=Priority.BROADCAST)
    delivery = Delivery(
        lite,
        {"telegram": post, "simulator": Post(clock, name="simulator")},
        owner="kawan/1",
        clock=clock,
        dice=Random(1),
        meters=Meters(),
        paces={"telegram": pace, "simulator": UNBOUND},
    )

    await delivery.start()
    await until(lambda: len(post.tried) > 50)
    waiting = delivery._ways["telegram"].outlet.queued - len(post.tried)
    post.open_door.set()
    await delivery.stop()

    assert waiting <= 12


async def test_what_nobody_asked_for_keeps_the_rate_and_replies_do_not_wait_for_it(
    lite: Database,
) -> None:
    clock = FastClock(speed=10)
    post = Post(clock)
    for person in range(60):
        await planned(lite, f"b{person}", "kabar", priority=Priority.BROADCAST)

    async with delivering(lite, post, clock) as delivery:
        await until(lambda: len(post.sent) > 5)
        await replies(lite, delivery, "7", "balas")
        await until(lambda: ("7", "balas") in post.sent)
        sent_before_the_reply = post.sent.index(("7", "balas"))
        await all_over(lite)

    times = [at for at, (_, text) in zip(post.times, post.sent, strict=True) if text == "kabar"]
    assert sent_before_the_reply < 50
    assert len(times) == 60
    assert all(
        sum(1 for at in times if began <= at < began + timedelta(seconds=1)) <= 30
        for began in times
    )
    assert times[-1] - times[0] < timedelta(seconds=4)


async def test_one_chat_gets_one_unasked_message_a_second(lite: Database) -> None:
    clock = FastClock(speed=20)
    post = Post(clock)
    await planned(lite, "7", "satu", "dua", "tiga", priority=Priority.BROADCAST)

    async with delivering(lite, post, clock):
        await all_over(lite)

    gaps = [later - earlier for earlier, later in pairwise(post.times)]
    assert all(gap >= timedelta(seconds=0.99) for gap in gaps)
    assert [text for _, text in post.sent] == ["satu", "dua", "tiga"]


async def test_little_of_a_broadcast_is_claimed_ahead(
    lite: Database, post: Post, clock: FastClock
) -> None:
    post.open_door.clear()
    for person in range(40):
        await planned(lite, str(person), "kabar", priority=Priority.BROADCAST)

    async with delivering(lite, post, clock) as delivery:
        await until(lambda: len(post.tried) > 0)
        ahead = delivery._ways["telegram"].outlet.queued
        post.open_door.set()

    assert ahead <= 9


async def test_a_message_goes_out_at_its_time_without_anybody_asking(
    lite: Database, post: Post, clock: FastClock
) -> None:
    at = START + timedelta(seconds=30)
    await planned(lite, "7", "nanti", not_before=at)

    async with delivering(lite, post, clock):
        await all_over(lite)

    assert at <= post.times[0] < at + timedelta(seconds=5)


async def test_nothing_is_asked_of_the_database_while_nothing_is_due(
    lite: Database, post: Post, clock: FastClock
) -> None:
    counted = FillingDatabase(lite)

    async with delivering(counted, post, clock) as delivery:
        await until(lambda: delivery.idle)
        await asyncio.sleep(0.02)
        before = counted.written
        await clock.sleep(30)
        after = counted.written

    assert after == before
