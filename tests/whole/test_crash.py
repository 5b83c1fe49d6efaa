"""SIGKILL of the real process at random moments under load: every promise to people holds.

Half of the people are on WhatsApp. Its webhooks come again and again until the process lives.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Connection, select

from bot.channels.whatsapp_updates import kept_id
from conversations.message import Message, Priority
from storage import inbox, interviews, outbox, staff
from storage.database import Database
from storage.schema import addresses, answers, people, tips_sent
from storage.schema import inbox as inbox_table
from storage.schema import interviews as interviews_table
from storage.schema import outbox as outbox_table
from tests.fakes.graph import FakeGraph
from tests.fakes.graph_limits import Limits
from tests.fakes.telegram import FakeTelegram
from tests.whole.house import add_villages, until
from tests.whole.phones import CHECKIN, FAMILY, RATING, REGISTRATION, Phone, Phones, all_of
from tests.whole.process import Process, on_both

SEED = 9
PEOPLE = 30
WALK = (*REGISTRATION, *FAMILY, *CHECKIN, *RATING)
NOTICE = "Pengumuman"
TO_ALL = "session_reminder"
"""Of the purposes that no weekly budget holds back."""

PATIENCE = 60.0
WENT = ("sent", "delivered", "read")
REMINDER = 2
"""From this priority on a message that may have been sent is not sent again."""
OPEN = "SELECT count(*) FROM outbox WHERE status IN ('waiting', 'sending')"


@pytest.fixture
async def fake() -> AsyncIterator[FakeTelegram]:
    async with FakeTelegram(seed=SEED, latency=0.004) as running:
        yield running


@pytest.fixture
async def graph() -> AsyncIterator[FakeGraph]:
    async with FakeGraph(seed=SEED, latency=0.004, limits=Limits.none()) as running:
        running.webhooks.batch, running.webhooks.connections = 5, 8
        running.webhooks.doubling, running.webhooks.retry_seconds = 0.1, 0.1
        yield running


@pytest.fixture
async def process(fake: FakeTelegram, graph: FakeGraph, tmp_path: Path) -> AsyncIterator[Process]:
    made = Process(
        tmp_path,
        {**on_both(fake, graph), "TELEGRAM_BULK_RATE": "1000", "QUIET_HOURS": ""},
    )
    graph.webhooks.start(made.webhook)
    try:
        yield made
    finally:
        await made.clear_up()


@dataclass(slots=True)
class Village:
    """People who come one after another, `PEOPLE` of them at a time, until it is `over`."""

    phones: Phones
    walked: list[Phone] = field(default_factory=list)
    over: bool = False

    async def lives(self) -> None:
        async with asyncio.TaskGroup() as group:
            for place in range(PEOPLE):
                group.create_task(self._place(place))

    async def _place(self, place: int) -> None:
        while not self.over:
            phone = self.phones.newcomer(f"Siti {place}", place)
            await phone.walks(WALK, presses=place % 3 == 0, patience=PATIENCE)
            self.walked.append(phone)


@dataclass(frozen=True, slots=True)
class Kept:
    """What the database holds in the end, by chat."""

    answers: dict[str, dict[str, str]]
    interviews: dict[str, list[tuple[str, str]]]
    tips: Counter[str]
    inbox: dict[str, str]
    notices: dict[tuple[str, str], str]
    unsent: list[tuple[str, str]]
    recorded: set[str]
    """What became of messages on WhatsApp of which it is known that they went."""


async def _killed_and_restarted(
    fake: FakeTelegram, graph: FakeGraph, process: Process, kills: int
) -> tuple[Village, list[Phone]]:
    dice = Random(SEED)
    async with await Database.open(process.url, vault=process.vault()) as database:
        await database.write(add_villages)
        codes = [await database.write(_a_member_of_staff) for _ in range(2)]
    phones, came = Phones(fake, graph), Counter[str]()
    fake.on_sent(lambda message: came.update([message.text]))
    graph.on_sent(lambda message: came.update([message.text]))
    village = Village(phones)
    members = [phones.newcomer(name, place) for place, name in enumerate(("Dimas", "Rina"))]
    await process.start()
    await process.ready()
    for member, code in zip(members, codes, strict=True):
        await member.says(code, "")
    life = asyncio.create_task(village.lives())
    try:
        planned = 0
        for number in range(kills):
            await _one_kill(
                came.total, process, dice, lambda n=number: came[f"{NOTICE} {n - 1}"], planned
            )
            planned = await _plan_notices(process, number)
            await process.start()
        await process.ready()
        village.over = True
        await asyncio.wait_for(life, 2 * PATIENCE)
    finally:
        life.cancel()
        await asyncio.gather(life, return_exceptions=True)
    await until(
        lambda: not (fake.updates.pending or graph.webhooks.waiting or process.count(OPEN)),
        PATIENCE,
    )
    for person in graph.people.values():
        person.reads()
    await until(lambda: not graph.webhooks.waiting, PATIENCE)
    assert await process.stop() == 0
    return village, members


async def _one_kill(
    sent: Callable[[], int],
    process: Process,
    dice: Random,
    noticed: Callable[[], int],
    planned: int,
) -> None:
    """While it is starting, or while notices go out, or after some messages and a moment."""
    chance = dice.random()
    if chance < 0.2:
        await asyncio.sleep(dice.uniform(0.1, 0.9))
    elif planned and chance < 0.7:
        some = min(planned, dice.randrange(1, PEOPLE))
        await until(lambda: noticed() >= some, PATIENCE)
    else:
        await process.ready()
        enough = sent() + dice.randrange(3, 250)
        await until(lambda: sent() >= enough, PATIENCE)
        await asyncio.sleep(dice.uniform(0, 0.02))
    await process.kill()


async def _plan_notices(process: Process, number: int) -> int:
    """One notice to everybody who has agreed, planned while nobody holds the database; how many."""
    now = datetime.now(UTC)

    def unit(conn: Connection) -> int:
        agreed = select(people.c.id).where(people.c.consent == "given")
        known = conn.execute(select(addresses).where(addresses.c.person_id.in_(agreed))).all()
        for row in known:
            outbox.add(
                conn,
                address_id=row.id,
                person_id=row.person_id,
                message=Message(f"{NOTICE} {number}"),
                dedupe_key=f"notice:{number}:{row.id}",
                priority=Priority.BROADCAST,
                purpose=TO_ALL,
                not_before=now,
                expires_at=None,
                now=now,
            )
        return len(known)

    async with await Database.open(process.url, vault=process.vault()) as database:
        return await database.write(unit)


def _a_member_of_staff(conn: Connection) -> str:
    return staff.add(conn, "Petugas", "staff", datetime.now(UTC))


def _kept(conn: Connection) -> Kept:
    chat_of = {
        row.person_id: row.address for row in conn.execute(select(addresses)) if row.person_id
    }
    address_of = {row.id: row.address for row in conn.execute(select(addresses))}
    given: dict[str, dict[str, str]] = {}
    held: dict[str, list[tuple[str, str]]] = {}
    about = {row.id: row for row in conn.execute(select(interviews_table))}
    for interview in about.values():
        chat = chat_of[interview.person_id]
        held.setdefault(chat, []).append((interview.conversation, interview.status))
    for row in conn.execute(select(answers)):
        interview = about[row.interview_id]
        path = f"{interview.conversation}/{row.path}"
        given.setdefault(chat_of[interview.person_id], {})[path] = interviews.opened(
            conn, row.value
        )
    notices, unsent, recorded = {}, [], set()
    for row in conn.execute(select(outbox_table)):
        if row.channel == "whatsapp" and row.platform_id:
            recorded.add(row.status)
        if row.purpose == TO_ALL:
            notices[address_of[row.address_id], row.dedupe_key.split(":")[1]] = row.status
        elif row.status not in WENT and (row.priority < REMINDER or row.status != "uncertain"):
            unsent.append((row.purpose, row.status))
    return Kept(
        given,
        {chat: sorted(some) for chat, some in held.items()},
        Counter(chat_of[row.person_id] for row in conn.execute(select(tips_sent))),
        {row.external_id: row.status for row in conn.execute(select(inbox_table))},
        notices,
        unsent,
        recorded,
    )


async def _check(
    fake: FakeTelegram,
    graph: FakeGraph,
    process: Process,
    village: Village,
    members: list[Phone],
    kills: int,
) -> None:
    async with await Database.open(process.url, vault=process.vault()) as database:
        kept = await database.read(_kept)
        assert not await database.read(lambda conn: inbox.quarantined(conn, 10))
    by_chat = {phone.address: phone for phone in village.walked}
    pushed = fake.updates.next_id - FIRST_UPDATE
    notices = {chat: Counter(_notices(phone)) for chat, phone in by_chat.items()}
    twice = sum(len(phone.heard) for phone in village.walked) - sum(
        len(set(phone.texts)) for phone in village.walked
    )
    print(
        f"seed {SEED}: {kills} kills, {len(by_chat)} people, {pushed} + {len(graph.world.said)}"
        f" messages, {len(fake.sent)} + {len(graph.sent)} sent, {twice} replies came twice, "
        f"webhooks {dict(graph.webhooks.answers)}, notices {dict(Counter(kept.notices.values()))}"
    )

    assert {phone.is_whatsapp for phone in village.walked} == {False, True}
    _check_nothing_acknowledged_is_lost(kept, pushed, graph)
    _check_everybody_has_the_same(kept, list(by_chat))
    on_telegram = next(phone for phone in village.walked if not phone.is_whatsapp)
    heard = set(_replies(on_telegram))
    assert len(heard) >= len(WALK)
    for phone in village.walked:
        assert all_of(_replies(phone)) == all_of(_replies(on_telegram)), "in order, all of it"
    for (chat, number), status in kept.notices.items():
        came = notices.get(chat, Counter())[f"{NOTICE} {number}"]
        if chat in notices:
            assert came == 1 if status in WENT else came <= 1
        assert status in (*WENT, "uncertain")
    assert not kept.unsent
    for member in members:
        pilot = [text for text in member.texts if "Belum lengkap" in text or "uji coba" in text]
        assert len(pilot) <= 1, "a reminder is never doubled"
    assert kept.recorded <= {"read"}, "what became of what is known to have been sent"
    assert not graph.refusals, "nothing was asked of WhatsApp that it does not allow"


FIRST_UPDATE = 871_000_001


def _check_nothing_acknowledged_is_lost(kept: Kept, pushed: int, graph: FakeGraph) -> None:
    assert set(kept.inbox.values()) == {"done"}
    on_telegram = {str(FIRST_UPDATE + number) for number in range(pushed)}
    on_whatsapp = {kept_id(wamid) for wamid in graph.world.said}
    assert graph.webhooks.lost == 0
    assert set(kept.inbox) == on_telegram | on_whatsapp


def _check_everybody_has_the_same(kept: Kept, people: list[str]) -> None:
    reference = people[0]
    assert kept.answers[reference]["checkin/rasa"] == "senang"
    assert ("checkin", "finished") in kept.interviews[reference]
    for chat in people:
        assert kept.answers[chat] == kept.answers[reference]
        assert kept.interviews[chat] == kept.interviews[reference]
        assert kept.tips[chat] == 1


def _notices(phone: Phone) -> list[str]:
    return [text for text in phone.texts if text.startswith(NOTICE)]


def _replies(phone: Phone) -> list[str]:
    return [text for text in phone.texts if not text.startswith(NOTICE)]


async def test_killed_at_random_moments_it_keeps_every_promise(
    fake: FakeTelegram, graph: FakeGraph, process: Process
) -> None:
    village, members = await _killed_and_restarted(fake, graph, process, kills=4)

    await _check(fake, graph, process, village, members, kills=4)


@pytest.mark.soak
async def test_killed_thirty_times_it_keeps_every_promise(
    fake: FakeTelegram, graph: FakeGraph, process: Process
) -> None:
    village, members = await _killed_and_restarted(fake, graph, process, kills=30)

    await _check(fake, graph, process, village, members, kills=30)
