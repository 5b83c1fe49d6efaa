"""Delivery at the door: what comes due in the night waits, and leaves as one in the morning."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from sqlalchemy import update

from bot.limits import Pace
from conversations.message import Priority
from conversations.politeness import Polite, QuietHours
from storage.database import Database
from storage.schema import people
from tests.bot.clocks import FastClock
from tests.bot.posts import CHANNEL, Post, all_over, an_address, delivering, ends, planned
from tests.bot.services import running, settings

BEFORE_DAWN = datetime(2026, 11, 18, 23, 28, tzinfo=UTC)
"""Thursday, 06:28 in Jember."""

MORNING = BEFORE_DAWN + timedelta(minutes=2)
USUAL = Polite(QuietHours(time(20, 30), time(6, 30)))
UNBOUND = Pace(bulk=100_000, rest=0)


async def a_night(database: Database, address: str) -> None:
    """Somebody who agreed, and what comes due for her before dawn."""
    await an_address(database, address)
    await database.write(lambda c: c.execute(update(people).values(consent="given")))
    for text, priority in (("tip", Priority.REMINDER), ("kabar", Priority.BROADCAST)):
        person = int(address)
        await planned(
            database, address, text, priority=priority, person_id=person, not_before=BEFORE_DAWN
        )


async def test_before_dawn_only_the_reply_leaves_and_the_rest_is_one_message_at_half_past_six(
    database: Database, post: Post
) -> None:
    await a_night(database, "1")
    await planned(database, "1", "balas")
    clock = post.clock = FastClock(start=BEFORE_DAWN)

    async with delivering(database, post, clock, polite=USUAL):
        await all_over(database)

    assert post.sent == [("1", "balas"), ("1", "tip\n\nkabar")]
    assert post.times[0] < MORNING <= post.times[1]
    assert await ends(database) == [("sent", ""), ("merged", "into 1"), ("sent", "")]


async def test_two_services_send_everybodys_morning_once(database: Database, post: Post) -> None:
    for number in range(1, 21):
        await a_night(database, str(number))
    clock = post.clock = FastClock(start=BEFORE_DAWN)
    other = Post(clock)
    paces = {CHANNEL: UNBOUND}

    async with (
        delivering(database, post, clock, polite=USUAL, paces=paces),
        delivering(database, other, clock, polite=USUAL, paces=paces, owner="other/1"),
    ):
        await all_over(database)

    sent = Counter(address for address, text in (*post.sent, *other.sent) if text == "tip\n\nkabar")
    assert sent == dict.fromkeys(map(str, range(1, 21)), 1)
    assert len(post.sent) + len(other.sent) == 20
    assert Counter(status for status, _ in await ends(database)) == {"sent": 20, "merged": 20}


async def test_the_service_is_as_polite_as_it_was_set(tmp_path: Path) -> None:
    async with running(settings(tmp_path, weekly_messages=3)) as service:
        assert service.delivery._polite == Polite(USUAL.quiet, 3)
