"""SIGKILL of the real process at random moments under load: every promise to people holds."""

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

from conversations.message import Message, Priority
from storage import inbox, interviews, outbox, staff
from storage.database import Database
from storage.schema import addresses, answers, people, tips_sent
from storage.schema import inbox as inbox_table
from storage.schema import interviews as interviews_table
from storage.schema import outbox as outbox_table
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_world import TOKEN
from tests.whole.house import add_villages, until
from tests.whole.phones import CHECKIN, FAMILY, RATING, REGISTRATION, Phone, Phones
from tests.whole.process import Process, free_port

SEED = 9
PEOPLE = 30
WALK = (*REGISTRATION, *FAMILY, *CHECKIN, *RATING)
NOTICE = "Pengumuman"
TO_ALL = "session_reminder"
"""Of the purposes that no weekly budget holds back."""

PATIENCE = 60.0
REMINDER = 2
"""From this priority on a message that may have been sent is not sent again."""
OPEN = "SELECT count(*) FROM outbox WHERE status IN ('waiting', 'sending')"


@pytest.fixture
async def fake() -> AsyncIterator[FakeTelegram]:
    async with FakeTelegram(seed=SEED, latency=0.004) as running:
        yield running


@pytest.fixture
async def process(fake: FakeTelegram, tmp_path: Path) -> AsyncIterator[Process]:
    made = Process(
        tmp_path,
        {
            "TELEGRAM_TOKEN": TOKEN,
            "TELEGRAM_API_URL": fake.url,
            "TELEGRAM_BULK_RATE": "1000",
            "PILOT": "1",
            "QUIET_HOURS": "",
            "PORT": str(free_port()),
        },
    )
    try:
        yield made
    finally:
        await made.clear_up()


@dataclass(slots=True)
class Village:
    """People who come one after another, `PEOPLE` of them at a time, until it is `over`."""

    phones: Phones
    fake: FakeTelegram
    walked: list[Phone] = field(default_factory=list)
    over: bool = False

    async def lives(self) -> None:
        async with asyncio.TaskGroup() as group:
            for place in range(PEOPLE):
                group.create_task(self._place(place))

    async def _place(self, place: int) -> None:
        while not self.over:
            phone = self.phones.of(self.fake.user(f"Siti {place}"))
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


async def _killed_and_restarted(
    fake: FakeTelegram, process: Process, kills: int
) -> tuple[Village, list[Phone]]:
    dice = Random(SEED)
    async with await Database.open(process.url, vault=process.vault()) as database:
        await database.write(add_villages)
        codes = [await database.write(_a_member_of_staff) for _ in range(2)]
    phones, came = Phones(fake), Counter[str]()
    fake.on_sent(lambda message: came.update([message.text]))
    village = Village(phones, fake)
    members = [phones.of(fake.user(name)) for name in ("Dimas", "Rina")]
    await process.start()
    await process.ready()
    for member, code in zip(members, codes, strict=True):
        await member.says(code, "")
    life = asyncio.create_task(village.lives())
    try:
        planned = 0
        for number in range(kills):
            await _one_kill(
                fake, process, dice, lambda n=number: came[f"{NOTICE} {n - 1}"], planned
            )
            planned = await _plan_notices(process, number)
            await process.start()
        await process.ready()
        village.over = True
        await asyncio.wait_for(life, 2 * PATIENCE)
    finally:
        life.cancel()
        await asyncio.gather(life, return_exceptions=True)
    await until(lambda: not fake.updates.pending and process.count(OPEN) == 0, PATIENCE)
    assert await process.stop() == 0
    return village, members


async def _one_kill(
    fake: FakeTelegram,
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
        enough = len(fake.sent) + dice.randrange(3, 250)
        await until(lambda: len(fake.sent) >= enough, PATIENCE)
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
    notices, unsent = {}, []
    for row in conn.execute(select(outbox_table)):
        if row.purpose == TO_ALL:
            notices[address_of[row.address_id], row.dedupe_key.split(":")[1]] = row.status
        elif row.status != "sent" and (row.priority < REMINDER or row.status != "uncertain"):
            unsent.append((row.purpose, row.status))
    return Kept(
        given,
        {chat: sorted(some) for chat, some in held.items()},
        Counter(chat_of[row.person_id] for row in conn.execute(select(tips_sent))),
        {row.external_id: row.status for row in conn.execute(select(inbox_table))},
        notices,
        unsent,
    )


async def _check(
    fake: FakeTelegram, process: Process, village: Village, members: list[Phone], kills: int
) -> None:
    async with await Database.open(process.url, vault=process.vault()) as database:
        kept = await database.read(_kept)
        assert not await database.read(lambda conn: inbox.quarantined(conn, 10))
    people = [str(phone.person.id) for phone in village.walked]
    pushed = fake.updates.next_id - FIRST_UPDATE
    notices = {chat: Counter(_notices(phone)) for chat, phone in _by_chat(village).items()}
    twice = sum(len(phone.heard) for phone in village.walked) - sum(
        len(set(phone.texts)) for phone in village.walked
    )
    print(
        f"seed {SEED}: {kills} kills, {len(people)} people, {pushed} messages, "
        f"{len(fake.sent)} sent, {twice} replies came twice, "
        f"notices {dict(Counter(kept.notices.values()))}"
    )

    _check_nothing_acknowledged_is_lost(kept, pushed)
    _check_everybody_has_the_same(kept, people)
    first = list(dict.fromkeys(_replies(village.walked[0])))
    assert len(first) >= len(WALK)
    for phone in village.walked:
        assert list(dict.fromkeys(_replies(phone))) == first, "order, and nothing left out"
    for (chat, number), status in kept.notices.items():
        came = notices.get(chat, Counter())[f"{NOTICE} {number}"]
        if chat in notices:
            assert came == 1 if status == "sent" else came <= 1
        assert status in ("sent", "uncertain")
    assert not kept.unsent
    for member in members:
        pilot = [text for text in member.texts if "Belum lengkap" in text or "uji coba" in text]
        assert len(pilot) <= 1, "a reminder is never doubled"


FIRST_UPDATE = 871_000_001


def _check_nothing_acknowledged_is_lost(kept: Kept, pushed: int) -> None:
    assert set(kept.inbox.values()) == {"done"}
    assert set(kept.inbox) == {str(FIRST_UPDATE + number) for number in range(pushed)}


def _check_everybody_has_the_same(kept: Kept, people: list[str]) -> None:
    reference = people[0]
    assert kept.answers[reference]["checkin/rasa"] == "senang"
    assert ("checkin", "finished") in kept.interviews[reference]
    for chat in people:
        assert kept.answers[chat] == kept.answers[reference]
        assert kept.interviews[chat] == kept.interviews[reference]
        assert kept.tips[chat] == 1


def _by_chat(village: Village) -> dict[str, Phone]:
    return {str(phone.person.id): phone for phone in village.walked}


def _notices(phone: Phone) -> list[str]:
    return [text for text in phone.texts if text.startswith(NOTICE)]


def _replies(phone: Phone) -> list[str]:
    return [text for text in phone.texts if not text.startswith(NOTICE)]


async def test_killed_at_random_moments_it_keeps_every_promise(
    fake: FakeTelegram, process: Process
) -> None:
    village, members = await _killed_and_restarted(fake, process, kills=4)

    await _check(fake, process, village, members, kills=4)


@pytest.mark.soak
async def test_killed_thirty_times_it_keeps_every_promise(
    fake: FakeTelegram, process: Process
) -> None:
    village, members = await _killed_and_restarted(fake, process, kills=30)

    await _check(fake, process, village, members, kills=30)
