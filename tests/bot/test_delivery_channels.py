"""Delivery through several channels, and through one that limits everything and tells later."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import Connection, select, text

from bot.channels.channel import Blocked, Channel, Receipt, SlowDown, WindowClosed
from bot.delivery import Delivery
from bot.limits import TELEGRAM_PACE, Pace, whatsapp_pace
from bot.meters import Meters
from bot.outcomes import Outcome, accepted
from bot.outlet import Outlet
from conversations.message import Message, Priority, Template
from storage import receipts
from storage.database import Database
from storage.facts import StatusTold
from storage.outbox import Claimed, Status
from storage.schema import addresses, outbox
from tests.bot.clocks import START, FastClock
from tests.bot.posts import (
    ACCOUNT,
    FillingDatabase,
    Post,
    all_over,
    ends,
    planned,
    replies,
    until,
)

WHATSAPP = "whatsapp"
UNBOUND = Pace(bulk=100_000, rest=0)


def posts(clock: FastClock) -> tuple[Post, Post]:
    """Telegram and WhatsApp."""
    return Post(clock), Post(clock, name=WHATSAPP)


@asynccontextmanager
async def delivering(
    database: Any, clock: FastClock, *channels: Channel, pace: Pace = UNBOUND
) -> AsyncIterator[Delivery]:
    delivery = Delivery(
        database,
        {channel.name: channel for channel in channels},
        owner="kawan/1",
        clock=clock,
        dice=Random(1),
        meters=Meters(),
        paces={WHATSAPP: pace},
        flush_seconds=0.0005,
    )
    await delivery.start()
    try:
        yield delivery
    finally:
        await delivery.stop()


@pytest.mark.parametrize("trouble", ["paused", "slow"])
async def test_a_channel_in_trouble_holds_up_no_other(
    database: Database, clock: FastClock, trouble: str
) -> None:
    telegram, whatsapp = posts(clock)
    if trouble == "slow":
        whatsapp.open_door.clear()
    else:
        for person in range(12):
            whatsapp.script[f"w{person}"] = [SlowDown(100_000, everybody=True)]
    for person in range(12):
        await planned(
            database, f"w{person}", "kabar", channel=WHATSAPP, priority=Priority.BROADCAST
        )
        await planned(database, f"t{person}", "kabar", priority=Priority.BROADCAST)
    await planned(database, "w0", "balas", channel=WHATSAPP)
    await planned(database, "t0", "balas")

    async with delivering(database, clock, telegram, whatsapp):
        await until(lambda: len(telegram.sent) == 13)
        others = list(whatsapp.sent)
        whatsapp.open_door.set()

    assert others == []
    assert telegram.sent[0] == ("t0", "balas")


async def test_a_channel_that_comes_back_goes_on_where_it_was(
    lite: Database, clock: FastClock
) -> None:
    telegram, whatsapp = posts(clock)
    whatsapp.script["w0"] = [SlowDown(30, everybody=True)]
    for person in range(20):
        await planned(lite, f"w{person}", "balas", channel=WHATSAPP)

    async with delivering(lite, clock, telegram, whatsapp):
        await all_over(lite)

    assert sorted(whatsapp.sent) == sorted((f"w{n}", "balas") for n in range(20))


async def test_what_waits_for_a_channel_that_does_not_run_costs_nothing(
    lite: Database, clock: FastClock
) -> None:
    telegram, _ = posts(clock)
    await planned(lite, "w", "balas", channel=WHATSAPP)
    counted = FillingDatabase(lite)

    async with delivering(counted, clock, telegram) as delivery:
        await until(lambda: delivery.idle)
        await asyncio.sleep(0.02)
        before = counted.written
        await clock.sleep(30)
        after = counted.written

    assert after == before
    assert await ends(lite) == [("waiting", "")]


async def test_one_unit_claims_for_all_channels(lite: Database, clock: FastClock) -> None:
    telegram, whatsapp = posts(clock)
    counted = FillingDatabase(lite)

    async with delivering(counted, clock, telegram, whatsapp, pace=UNBOUND) as delivery:
        await until(lambda: delivery.idle)
        await asyncio.sleep(0.03)
        before = counted.written
        delivery.wake()
        await until(lambda: delivery.idle)
        after = counted.written

    assert after - before == 1


async def test_a_reply_behind_another_on_one_channel_is_not_behind_on_the_other(
    lite: Database, clock: FastClock
) -> None:
    telegram, whatsapp = posts(clock)
    whatsapp.script["7"] = [SlowDown(100_000)]

    async with delivering(lite, clock, telegram, whatsapp) as delivery:
        await replies(lite, delivery, "7", "satu", channel=WHATSAPP)
        await until(lambda: len(whatsapp.tried) == 1)
        await replies(lite, delivery, "7", "dua")
        await until(lambda: telegram.sent == [("7", "dua")])


async def test_to_one_person_messages_keep_the_pair_rate_and_others_pass(lite: Database) -> None:
    clock = FastClock(speed=100)
    _, whatsapp = posts(clock)

    began = clock.now()
    async with delivering(lite, clock, whatsapp, pace=whatsapp_pace(1_000, 6)) as delivery:
        await replies(lite, delivery, "7", *"abcd", channel=WHATSAPP)
        await until(lambda: len(whatsapp.sent) > 0)
        await replies(lite, delivery, "8", "lain", channel=WHATSAPP)
        await all_over(lite)

    order = [words for _, words in whatsapp.sent]
    times = [at for at, (who, _) in zip(whatsapp.times, whatsapp.sent, strict=True) if who == "7"]
    assert order == ["a", "lain", "b", "c", "d"]
    assert all(at > began + timedelta(seconds=6 * number) for number, at in enumerate(times))
    assert await ends(lite) == [("sent", "")] * 5


async def test_an_alarm_goes_before_what_stands_in_the_lane(lite: Database) -> None:
    clock = FastClock(speed=100)
    _, whatsapp = posts(clock)

    async with delivering(lite, clock, whatsapp, pace=whatsapp_pace(1_000, 6)) as delivery:
        await replies(lite, delivery, "7", *"abc", channel=WHATSAPP)
        await until(lambda: len(whatsapp.sent) > 0)
        await replies(lite, delivery, "7", "!", channel=WHATSAPP, priority=Priority.ALARM)
        await all_over(lite)

    assert [words for _, words in whatsapp.sent] == ["a", "!", "b", "c"]


async def test_who_gets_very_many_messages_gets_all_in_order_and_once(lite: Database) -> None:
    clock = FastClock(speed=400)
    _, whatsapp = posts(clock)
    words = [f"{n:02}" for n in range(16)]

    async with delivering(lite, clock, whatsapp, pace=whatsapp_pace(1_000, 6)) as delivery:
        await replies(lite, delivery, "7", *words, channel=WHATSAPP)
        in_its_lane = delivery._ways[WHATSAPP].outlet.queued
        await all_over(lite)

    assert in_its_lane < 13
    assert [one for _, one in whatsapp.sent] == words


async def test_no_second_holds_more_than_the_rate_of_everything(lite: Database) -> None:
    clock = FastClock(speed=5)
    _, whatsapp = posts(clock)
    for person in range(100):
        await planned(lite, f"b{person}", "kabar", channel=WHATSAPP, priority=Priority.BROADCAST)

    async with delivering(lite, clock, whatsapp, pace=whatsapp_pace(80, 6)) as delivery:
        for person in range(100):
            await replies(lite, delivery, f"r{person}", "balas", channel=WHATSAPP)
        await all_over(lite)

    second = timedelta(seconds=1)
    times = whatsapp.times
    assert len(times) == 200
    assert all(sum(one <= at < one + second for at in times) <= 80 for one in times)
    assert [words for _, words in whatsapp.sent[:100]].count("balas") >= 80


async def test_what_comes_in_is_counted_where_everything_is_limited(
    lite: Database, clock: FastClock
) -> None:
    telegram, whatsapp = posts(clock)

    async with delivering(lite, clock, telegram, whatsapp, pace=whatsapp_pace(5, 0)) as delivery:
        outlet = delivery._ways[WHATSAPP].outlet
        delivery.heard("telegram", 9)
        delivery.heard("simulator", 9)
        before = len(outlet._pacing._rates[False][0]._came)
        delivery.heard(WHATSAPP, 9)
        after = len(outlet._pacing._rates[False][0]._came)

    assert (before, after) == (0, 2)


async def test_an_alarm_does_not_wait_because_she_was_reminded_a_moment_ago(
    lite: Database, clock: FastClock
) -> None:
    _, whatsapp = posts(clock)
    await planned(lite, "7", "ingat", channel=WHATSAPP, priority=Priority.REMINDER)

    async with delivering(lite, clock, whatsapp, pace=Pace(1_000, rest=100_000)) as delivery:
        await until(lambda: len(whatsapp.sent) == 1)
        await planned(lite, "7", "bahaya", channel=WHATSAPP, priority=Priority.ALARM)
        delivery.wake()
        await until(lambda: len(whatsapp.sent) == 2)


async def test_a_closed_window_is_remembered_and_the_message_looked_at_again(
    database: Database, clock: FastClock
) -> None:
    _, whatsapp = posts(clock)
    whatsapp.script["7"] = [WindowClosed("window closed")]

    await planned(database, "7", "balas", channel=WHATSAPP)
    hers = text("UPDATE outbox SET person_id = (SELECT person_id FROM addresses)")
    await database.write(lambda c: c.execute(hers))

    async with delivering(database, clock, whatsapp):
        await all_over(database)

    [window] = await database.read(lambda c: c.execute(select(addresses.c.window_until)).scalars())
    assert window is not None
    assert window < clock.now()
    assert whatsapp.tried == [("7", "balas")]
    assert (await ends(database))[0][0] == "excluded"


@pytest.mark.parametrize("template", [None, Template("sapaan")])
async def test_no_message_meets_a_closed_window_for_ever(
    clock: FastClock, template: Template | None
) -> None:
    _, whatsapp = posts(clock)
    whatsapp.script["7"] = [WindowClosed(), WindowClosed(), None]
    outcomes: list[Outcome] = []
    outlet = Outlet(
        whatsapp,
        pace=UNBOUND,
        clock=clock,
        dice=Random(1),
        meters=Meters(),
        settle=outcomes.append,
        quiet=lambda _: False,
        want=lambda: None,
    )
    claimed = a_claimed(Message("balas", template=template))

    for _ in range(1 if template else 2):
        outlet.put(claimed)
        outlet.pump()
        await until(lambda: outlet.queued == 0)

    statuses = [one.result.status for one in outcomes]
    assert statuses == [Status.FAILED] if template else [Status.WAITING, Status.FAILED]
    assert outcomes[-1].result.reason == "window"
    assert all(one.closed_at is not None for one in outcomes)


def a_claimed(message: Message, channel: str = WHATSAPP) -> Claimed:
    return Claimed(
        1, 1, channel, ACCOUNT, "7", message, Priority.REPLY, "reply", 0, None, person_id=1
    )


def test_of_a_message_in_parts_the_last_is_its_name_where_each_is_told_of() -> None:
    receipt = Receipt("a,b,c")

    told = accepted(a_claimed(Message("x")), receipt)
    untold = accepted(a_claimed(Message("x"), "telegram"), receipt)

    assert (told.platform_id, told.parts) == ("c", ("a", "b"))
    assert (untold.platform_id, untold.parts) == ("a,b,c", ())


async def test_a_dead_number_is_blocked_and_doubted(database: Database, clock: FastClock) -> None:
    _, whatsapp = posts(clock)
    whatsapp.script["7"] = [Blocked("undeliverable")]

    async with delivering(database, clock, whatsapp) as delivery:
        await replies(database, delivery, "7", "satu", "dua", channel=WHATSAPP)
        await all_over(database)

    columns = addresses.c.blocked_reason, addresses.c.doubted_at
    [row] = await database.read(lambda c: c.execute(select(*columns)).all())
    assert row.blocked_reason == "undeliverable"
    assert row.doubted_at is not None
    assert await ends(database) == [("failed", "undeliverable")] * 2


async def test_a_status_that_overtakes_the_answer_to_the_sending_is_not_lost(
    database: Database, clock: FastClock
) -> None:
    _, whatsapp = posts(clock)
    said = StatusTold(WHATSAPP, ACCOUNT, "1", "delivered", START)

    async with delivering(database, clock, whatsapp) as delivery:
        await database.write(lambda conn: receipts.apply(conn, [said], clock.now()))
        await replies(database, delivery, "7", "balas", channel=WHATSAPP)
        await all_over(database)
        await until(lambda: delivery.unrecorded == 0)

    assert await ends(database) == [("delivered", "")]


async def test_a_status_that_passed_its_message_is_looked_for_some_seconds_later(
    lite: Database, clock: FastClock
) -> None:
    _, whatsapp = posts(clock)

    def keep(conn: Connection) -> None:
        ms = round(clock.now().timestamp() * 1000)
        values = {"platform_id": "1", "status": "read", "at": ms, "received_at": ms}
        conn.execute(
            text(
                "INSERT INTO receipts (platform_id, status, at, received_at)"
                " VALUES (:platform_id, :status, :at, :received_at)"
            ),
            values,
        )

    async with delivering(lite, clock, whatsapp) as delivery:
        await replies(lite, delivery, "7", "balas", channel=WHATSAPP)
        await until(lambda: len(whatsapp.sent) == 1)
        await all_over(lite)
        await lite.write(keep)
        await replies(lite, delivery, "8", "lain", channel=WHATSAPP)
        async with asyncio.timeout(5):
            while (await ends(lite))[0] != ("read", ""):
                await asyncio.sleep(0.005)


async def test_a_mixed_programme_reaches_everybody_through_every_trouble(
    database: Database, clock: FastClock
) -> None:
    telegram, whatsapp = posts(clock)
    for person in range(15):
        for post in (telegram, whatsapp):
            address = f"{post.name[0]}{person}"
            await planned(
                database, address, "kabar", channel=post.name, priority=Priority.BROADCAST
            )
            await planned(database, address, "balas", channel=post.name)
            if person % 4 == 0:
                post.script[address] = [SlowDown(20, everybody=person % 8 == 0)]

    async with delivering(database, clock, telegram, whatsapp):
        await all_over(database)

    for post in (telegram, whatsapp):
        for person in range(15):
            words = [one for who, one in post.sent if who == f"{post.name[0]}{person}"]
            assert words == ["balas", "kabar"]


def test_the_usual_pace_limits_no_reply() -> None:
    assert TELEGRAM_PACE.pair == 0
    assert TELEGRAM_PACE.total > 1e9


async def test_the_outbox_keeps_how_many_messages_it_was(lite: Database, clock: FastClock) -> None:
    _, whatsapp = posts(clock)

    async def in_parts(address: str, message: Message, *, quiet: bool) -> Receipt:
        return Receipt("wamid.a,wamid.b")

    whatsapp.send = in_parts  # type: ignore[method-assign]
    async with delivering(lite, clock, whatsapp) as delivery:
        await replies(lite, delivery, "7", "balas", channel=WHATSAPP)
        await all_over(lite)

    columns = outbox.c.platform_id, outbox.c.parts
    found = await lite.read(lambda c: c.execute(select(*columns)).all())
    assert [tuple(row) for row in found] == [("wamid.b", 2)]
