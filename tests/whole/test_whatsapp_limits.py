"""What WhatsApp allows a number: a notice to many while people talk, at the limits as documented.

The fake counts as the platform does, what comes in as well, and refuses what is too much.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, select, update

from conversations.message import Message, Priority
from storage import outbox
from storage.schema import addresses, people
from storage.schema import outbox as outbox_table
from storage.sealing import Vault
from tests.bot.clocks import FastClock
from tests.fakes.graph import PHONE_ID, FakeGraph
from tests.fakes.telegram import FakeTelegram
from tests.whole.house import AS_DOCUMENTED, House, a_house, until, with_villages
from tests.whole.phones import REGISTRATION, Phone, Phones

SPEED: Final = 2.0
MANY, TALKING = 200, 12
MOST: Final = 80
NOTICE: Final = "Pengumuman"


async def _everybody_is_known(house: House, phones: Phones, graph: FakeGraph) -> None:
    """They wrote something once, and were answered; their windows are open, and they agreed."""
    for number in range(MANY):
        phones.newcomer(f"Ani {number}", 1).person.says("/start")
        if number % 10 == 9:
            await house.at_rest()
            await house.clock.sleep(0.3)
    await until(lambda: len(graph.sent) >= MANY)

    def agree(conn: Connection) -> None:
        conn.execute(update(people).values(consent="given", registered_at=house.clock.now()))

    await house.database.write(agree)


async def _notice_to_all(house: House) -> None:
    now = house.clock.now()

    def unit(conn: Connection) -> None:
        for row in conn.execute(select(addresses)).all():
            outbox.add(
                conn,
                address_id=row.id,
                person_id=row.person_id,
                message=Message(NOTICE),
                dedupe_key=f"notice:{row.id}",
                priority=Priority.BROADCAST,
                purpose="session_reminder",
                not_before=now,
                expires_at=None,
                now=now,
            )

    await house.database.write(unit)
    house.delivery.wake()


async def _walks(clock: FastClock, phone: Phone, place: int) -> None:
    """One begins after the other: of a burst that comes in nobody here knows beforehand."""
    await clock.sleep(place / 10)
    await phone.walks(REGISTRATION[:3])


async def test_neither_limit_is_exceeded_while_a_notice_leaves_and_people_talk(
    sqlite_url: str, tmp_path: Path, vault: Vault
) -> None:
    clock = FastClock(SPEED)

    def now() -> float:
        return clock.now().timestamp()

    fake, graph = FakeTelegram(clock=now), FakeGraph(clock=now)
    graph.webhooks.batch, graph.webhooks.connections = 20, 4
    async with (
        fake,
        graph,
        a_house(
            sqlite_url, fake, tmp_path, vault=vault, clock=clock, graph=graph, pace=AS_DOCUMENTED
        ) as house,
    ):
        await with_villages(house.database)
        phones = Phones(fake, graph)
        await _everybody_is_known(house, phones, graph)
        talking = [phones.newcomer(f"Siti {number}", 1) for number in range(TALKING)]

        await clock.sleep(1.2)
        before = len(graph.sent)
        await _notice_to_all(house)
        await asyncio.gather(*(_walks(clock, phone, n) for n, phone in enumerate(talking)))
        answered = Counter(sent.text for sent in graph.sent[before:])[NOTICE]
        await house.at_rest(40)

        def left(conn: Connection) -> Counter[str]:
            query = select(outbox_table.c.status).where(
                outbox_table.c.purpose == "session_reminder"
            )
            return Counter(conn.execute(query).scalars())

        notices = await house.database.read(left)

    busiest = graph.limiter.busiest(PHONE_ID)
    took = graph.sent[-1].at - graph.sent[before].at
    print(f"{notices} in {took:.1f} s, at most {busiest} in a second; talks ended at {answered}")
    assert not graph.refusals
    assert MOST / 2 < busiest <= MOST
    assert notices.total() == MANY
    assert set(notices) == {"delivered"}
    assert answered < MANY, "who talks does not wait for the notice to reach everybody"
