"""Delivery in trouble: retries, doubles, blocks, full disks, stops and restarts."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any

import pytest
from sqlalchemy import select

from bot.channels.channel import Blocked, Refused, SlowDown, Unanswered, Unreachable
from bot.limits import OUTAGE_BEGINS, TELEGRAM_PACE, TRIES, UNANSWERED_TRIES
from bot.meters import Meters
from bot.outlet import IN_FLIGHT, Outlet
from conversations.message import Priority
from storage.database import Database
from storage.outbox import Result
from storage.schema import addresses
from tests.bot.clocks import START, FastClock
from tests.bot.posts import (
    FillingDatabase,
    Post,
    a_delivery,
    all_over,
    claimed_reply,
    delivering,
    ends,
    planned,
    replies,
    until,
)


async def test_a_reply_that_cannot_be_sent_keeps_the_later_ones_behind_it(
    database: Database, post: Post, clock: FastClock
) -> None:
    post.script["7"] = [SlowDown(20), None, Unreachable("refused"), None]

    async with delivering(database, post, clock) as delivery:
        await replies(database, delivery, "7", "satu", "dua")
        await until(lambda: len(post.tried) > 0)
        await replies(database, delivery, "7", "tiga")
        await replies(database, delivery, "8", "orang lain")
        await until(lambda: ("8", "orang lain") in post.sent)
        others_first = post.sent[0]
        await until(lambda: len(post.sent) >= 3)
        await replies(database, delivery, "7", "empat")
        await all_over(database)

    assert others_first == ("8", "orang lain")
    assert [text for who, text in post.sent if who == "7"] == ["satu", "dua", "tiga", "empat"]


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_reply_does_not_wait_for_what_nobody_asked_for_and_must_go_again(
    lite: Database, post: Post, clock: FastClock, restarted: bool
) -> None:
    post.script["7"] = [SlowDown(600)]
    await planned(lite, "7", "kabar", priority=Priority.BROADCAST)

    async with delivering(lite, post, clock) as delivery:
        await until(lambda: len(post.tried) == 1)
        await until(lambda: delivery.idle)
        if not restarted:
            await replies(lite, delivery, "7", "balas")
            behind = dict(delivery._ways["telegram"].behind)
            await until(lambda: ("7", "balas") in post.sent)
    if restarted:
        async with delivering(lite, post, clock, owner="kawan/2") as delivery:
            behind = dict(delivery._ways["telegram"].behind)

    assert behind == {}


async def test_an_alarm_for_somebody_else_is_never_behind_a_retry(
    lite: Database, post: Post, clock: FastClock
) -> None:
    post.script["7"] = [SlowDown(600)]

    async with delivering(lite, post, clock) as delivery:
        await replies(lite, delivery, "7", "balas")
        await planned(lite, "8", "bahaya", priority=Priority.ALARM)
        delivery.wake()
        await until(lambda: ("8", "bahaya") in post.sent)

    assert post.sent == [("8", "bahaya")]


async def test_a_429_stops_one_chat_for_as_long_as_it_says(
    lite: Database, post: Post, clock: FastClock
) -> None:
    post.script["7"] = [SlowDown(20)]

    async with delivering(lite, post, clock) as delivery:
        await replies(lite, delivery, "7", "satu")
        began = clock.now()
        await replies(lite, delivery, "8", "lain")
        await all_over(lite)

    assert post.sent == [("8", "lain"), ("7", "satu")]
    assert timedelta(seconds=19) <= post.times[1] - began < timedelta(seconds=50)


async def test_a_429_for_everybody_stops_all(lite: Database, post: Post, clock: FastClock) -> None:
    post.script["7"] = [SlowDown(20, everybody=True)]

    async with delivering(lite, post, clock) as delivery:
        await replies(lite, delivery, "7", "satu")
        await until(lambda: len(post.tried) == 1)
        began = clock.now()
        await replies(lite, delivery, "8", "lain")
        await planned(lite, "9", "bahaya", priority=Priority.ALARM)
        delivery.wake()
        await all_over(lite)

    assert len(post.sent) == 3
    assert post.times[0] - began >= timedelta(seconds=15)


@pytest.mark.parametrize("priority", [Priority.ALARM, Priority.REPLY])
async def test_an_alarm_or_reply_without_an_answer_is_sent_again(
    lite: Database, post: Post, clock: FastClock, priority: Priority
) -> None:
    post.script["7"] = [Unanswered("timeout")]
    await planned(lite, "7", "penting", priority=priority)

    async with delivering(lite, post, clock):
        await all_over(lite)

    assert post.tried == [("7", "penting")] * 2
    assert await ends(lite) == [("sent", "")]


@pytest.mark.parametrize("priority", [Priority.REMINDER, Priority.BROADCAST])
async def test_what_nobody_asked_for_is_never_doubled(
    lite: Database, post: Post, clock: FastClock, priority: Priority
) -> None:
    post.script["7"] = [Unanswered("timeout")]
    await planned(lite, "7", "kabar", priority=priority)

    async with delivering(lite, post, clock):
        await all_over(lite)

    assert post.tried == [("7", "kabar")]
    assert await ends(lite) == [("uncertain", "unanswered: timeout")]


async def test_a_reply_is_not_sent_without_an_answer_for_ever(
    lite: Database, post: Post, clock: FastClock
) -> None:
    post.script["7"] = [Unanswered("timeout")] * 50
    await planned(lite, "7", "balas")

    async with delivering(lite, post, clock):
        await all_over(lite)

    assert len(post.tried) == UNANSWERED_TRIES
    assert (await ends(lite))[0][0] == "uncertain"


async def test_what_is_unreachable_for_hours_is_given_up_with_its_reason(lite: Database) -> None:
    clock = FastClock(speed=200_000)
    post = Post(clock)
    post.script["7"] = [Unreachable("refused")] * 10_000
    await planned(lite, "7", "balas", "berikut")

    async with delivering(lite, post, clock):
        await until(lambda: len(post.tried) > TRIES[Priority.REPLY])
        first = (await ends(lite))[0]

    assert first == ("failed", "unreachable: refused")
    assert clock.now() - START > timedelta(hours=4)


async def test_waiting_for_a_platform_that_is_away_is_no_try(lite: Database) -> None:
    clock = FastClock(speed=1)
    post = Post(clock)
    results: list[Result] = []
    outlet = Outlet(
        post,
        pace=TELEGRAM_PACE,
        clock=clock,
        dice=Random(1),
        meters=Meters(),
        settle=lambda outcome: results.append(outcome.result),
        quiet=lambda claimed: False,
        want=lambda: None,
    )
    delivery = a_delivery(lite, post, clock)
    written = []
    for number in range(OUTAGE_BEGINS + 1):
        post.script[str(number)] = [Unreachable("refused")]
        unit = partial(claimed_reply, delivery=delivery, address=str(number), text="balas")
        written.append(await lite.write(unit))

    for number, claimed in enumerate(written):
        outlet.put(claimed)
        outlet.pump()
        await until(lambda number=number: len(results) > number)  # type: ignore[misc]

    assert [result.tried for result in results] == [True] * OUTAGE_BEGINS + [False]
    assert results[-1].reason == "channel paused"


async def test_a_platform_that_is_away_is_not_hammered_by_everybody(lite: Database) -> None:
    clock = FastClock(speed=1_000)
    post = Post(clock)
    for person in range(200):
        post.script[str(person)] = [Unreachable("refused")] * 2
        await planned(lite, str(person), "balas")

    async with delivering(lite, post, clock) as delivery:
        await until(lambda: delivery.healthy() != "")
        soon, said = len(post.tried), delivery.healthy()
        await all_over(lite)
        said_later = delivery.healthy()

    assert soon < 3 * IN_FLIGHT
    assert (said, said_later) == ("not reachable, messages wait: telegram", "")
    assert len(post.sent) == 200


async def test_whoever_blocked_the_bot_gets_nothing_more(
    database: Database, post: Post, clock: FastClock
) -> None:
    post.script["7"] = [Blocked("blocked")]
    await planned(database, "7", "nanti", not_before=START + timedelta(days=1))

    async with delivering(database, post, clock) as delivery:
        await replies(database, delivery, "7", "satu", "dua")
        await all_over(database)

    assert post.sent == []
    assert await ends(database) == [("failed", "blocked")] * 3
    address = await database.read(lambda conn: conn.execute(select(addresses)).one())
    assert address.blocked_reason == "blocked"


async def test_what_the_platform_refuses_fails_and_the_next_one_goes(
    lite: Database, post: Post, clock: FastClock
) -> None:
    post.script["7"] = [Refused("400 message is too long")]

    async with delivering(lite, post, clock) as delivery:
        await replies(lite, delivery, "7", "satu", "dua")
        await all_over(lite)

    assert await ends(lite) == [("failed", "400 message is too long"), ("sent", "")]


async def test_a_fault_of_our_own_ends_in_uncertain_and_names_no_content(
    lite: Database, post: Post, clock: FastClock
) -> None:
    post.script["7"] = [KeyError("Mbah Siti")]
    await planned(lite, "7", "kabar", priority=Priority.BROADCAST)

    async with delivering(lite, post, clock):
        await all_over(lite)

    assert await ends(lite) == [("uncertain", "KeyError")]


async def test_what_has_expired_is_not_sent(lite: Database, post: Post, clock: FastClock) -> None:
    post.script["7"] = [SlowDown(60)]
    soon = START + timedelta(seconds=30)
    await planned(lite, "7", "datang nanti sore?", expires_at=soon)

    async with delivering(lite, post, clock):
        await all_over(lite)

    assert post.sent == []
    assert (await ends(lite))[0][0] == "expired"


async def test_what_expires_while_it_stands_in_line_is_not_sent(
    lite: Database, post: Post, clock: FastClock
) -> None:
    post.open_door.clear()
    async with delivering(lite, post, clock) as delivery:
        await replies(lite, delivery, "7", "satu")
        await replies(lite, delivery, "7", "dua", expires_at=clock.now() + timedelta(seconds=10))
        await clock.sleep(11)
        post.open_door.set()
        await all_over(lite)

    assert [text for _, text in post.sent] == ["satu"]
    assert [status for status, _ in await ends(lite)] == ["sent", "expired"]


async def test_a_reply_on_a_channel_that_is_not_running_waits(
    lite: Database, post: Post, clock: FastClock
) -> None:
    async with delivering(lite, post, clock) as delivery:
        await replies(lite, delivery, "7", "halo", channel="whatsapp")
        await until(lambda: delivery.unrecorded == 0)

    assert post.tried == []
    assert await ends(lite) == [("waiting", "channel not running")]


async def test_results_are_kept_while_the_disk_is_full(
    lite: Database, post: Post, clock: FastClock
) -> None:
    filling = FillingDatabase(lite)
    await planned(lite, "7", "halo")

    async with delivering(filling, post, clock) as delivery:
        post.open_door.clear()
        await until(lambda: len(post.tried) == 1)
        filling.full = lambda: True
        post.open_door.set()
        await until(lambda: delivery.unrecorded == 1)
        await clock.sleep(5)
        kept, said = delivery.unrecorded, delivery.healthy()
        filling.full = lambda: False
        await all_over(lite)

    assert kept == 1
    assert said == "1 results of sending wait: the database takes nothing"
    assert post.sent == [("7", "halo")]
    assert await ends(lite) == [("sent", "")]


async def test_a_clean_stop_records_what_was_on_its_way_and_gives_back_the_rest(
    lite: Database, post: Post, clock: FastClock
) -> None:
    post.open_door.clear()
    delivery = a_delivery(lite, post, clock)
    await delivery.start()
    await replies(lite, delivery, "7", "satu", "dua")
    await until(lambda: len(post.tried) == 1)

    stopping = asyncio.create_task(delivery.stop())
    await asyncio.sleep(0.01)
    post.open_door.set()
    await stopping

    assert post.sent == [("7", "satu")]
    assert [status for status, _ in await ends(lite)] == ["sent", "waiting"]


async def test_a_stop_waits_no_longer_than_it_may(
    lite: Database, post: Post, clock: FastClock
) -> None:
    post.open_door.clear()
    delivery = a_delivery(lite, post, clock)
    await delivery.start()
    await replies(lite, delivery, "7", "satu")
    await until(lambda: len(post.tried) == 1)

    async with asyncio.timeout(2):
        await delivery.stop(0.05)

    assert (await ends(lite))[0][0] == "sending"


async def test_after_a_crash_replies_go_again_and_broadcasts_stay_uncertain(
    database: Database, post: Post, clock: FastClock
) -> None:
    held: dict[str, Any] = {"owner": "kawan/0", "lease_until": START + timedelta(minutes=5)}
    reply, alarm, reminder, broadcast = [
        (await planned(database, str(n), "halo", priority=priority, **held))[0]
        for n, priority in enumerate(
            [Priority.REPLY, Priority.ALARM, Priority.REMINDER, Priority.BROADCAST]
        )
    ]

    async with delivering(database, post, clock):
        await until(lambda: len(post.sent) == 2)

    statuses = [status for status, _ in await ends(database, [reply, alarm, reminder, broadcast])]
    assert statuses == ["sent", "sent", "uncertain", "uncertain"]


async def test_a_retry_stays_first_in_line_across_a_restart(
    lite: Database, post: Post, clock: FastClock
) -> None:
    post.script["7"] = [SlowDown(10)]
    async with delivering(lite, post, clock) as delivery:
        await replies(lite, delivery, "7", "satu", "dua")
        await until(lambda: len(post.tried) == 1)

    async with delivering(lite, post, clock, owner="kawan/2"):
        await all_over(lite)

    assert [text for _, text in post.sent] == ["satu", "dua"]


async def test_a_new_reply_stays_behind_a_retry_of_the_last_run(
    lite: Database, post: Post, clock: FastClock
) -> None:
    post.script["7"] = [SlowDown(10)]
    async with delivering(lite, post, clock) as delivery:
        await replies(lite, delivery, "7", "satu")
        await until(lambda: len(post.tried) == 1)

    async with delivering(lite, post, clock, owner="kawan/2") as delivery:
        await replies(lite, delivery, "7", "dua")
        await all_over(lite)

    assert [text for _, text in post.sent] == ["satu", "dua"]


async def test_a_claim_that_is_under_way_when_delivery_stops_is_given_back(
    lite: Database, post: Post, clock: FastClock
) -> None:
    await planned(lite, "7", "ingat", priority=Priority.REMINDER)
    delivery = a_delivery(lite, post, clock)
    await delivery.start()
    await asyncio.sleep(0)

    await delivery.stop()

    assert post.sent == []
    assert (await ends(lite))[0][0] == "waiting"
