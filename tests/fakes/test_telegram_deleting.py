"""Deleting as the platform allows it: for 48 hours, of both sides in private, all or none."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.fakes.raw_bot import Clock, RawBot
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_user_side import Person

DAY = 24 * 3600.0


@pytest.fixture
async def fake(clock: Clock) -> AsyncIterator[FakeTelegram]:
    async with FakeTelegram(clock=clock) as started:
        yield started


@pytest.fixture
async def bot(fake: FakeTelegram) -> AsyncIterator[RawBot]:
    async with aiohttp.ClientSession() as session:
        yield RawBot(fake, session)


@pytest.fixture
def siti(fake: FakeTelegram) -> Person:
    return fake.meet(6_200_000_777)


async def test_a_message_can_be_deleted_for_48_hours(
    bot: RawBot, siti: Person, clock: Clock
) -> None:
    first = (await bot("sendMessage", chat_id=siti.id, text="satu"))["result"]["message_id"]
    second = (await bot("sendMessage", chat_id=siti.id, text="dua"))["result"]["message_id"]

    clock.now += 2 * DAY
    assert (await bot("deleteMessage", chat_id=siti.id, message_id=first))["result"] is True
    again = await bot("deleteMessage", chat_id=siti.id, message_id=first)
    clock.now += 1
    late = await bot("deleteMessage", chat_id=siti.id, message_id=second)

    assert again["description"] == "Bad Request: message to delete not found"
    assert late["description"] == "Bad Request: message can't be deleted for everyone"


async def test_many_messages_of_both_sides_are_deleted_at_once(bot: RawBot, siti: Person) -> None:
    theirs = siti.says("halo")["message"]["message_id"]
    own = (await bot("sendMessage", chat_id=siti.id, text="Halo juga"))["result"]["message_id"]
    siti.says("masih ada")

    answer = await bot("deleteMessages", chat_id=siti.id, message_ids=[own, theirs, 999_999])

    assert answer["result"] is True
    assert "masih ada" in siti.sees
    assert not {"halo", "Halo juga"} & set(siti.sees)


async def test_one_message_too_old_refuses_all_of_them(
    bot: RawBot, siti: Person, clock: Clock
) -> None:
    old = siti.says("lama")["message"]["message_id"]
    clock.now += 2 * DAY + 1
    new = siti.says("baru")["message"]["message_id"]

    answer = await bot("deleteMessages", chat_id=siti.id, message_ids=[old, new])

    assert answer["description"] == "Bad Request: message can't be deleted for everyone"
    assert siti.sees[-2:] == ["lama", "baru"]


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        ([], "message identifiers are not specified"),
        (list(range(1, 102)), "too many message identifiers specified"),
        ([0], "invalid message identifier specified"),
    ],
)
async def test_message_ids_that_cannot_be_are_refused(
    bot: RawBot, siti: Person, ids: list[int], said: str
) -> None:
    answer = await bot("deleteMessages", chat_id=siti.id, message_ids=ids)

    assert answer["description"] == f"Bad Request: {said}"


async def test_a_bot_deletes_only_its_own_messages_in_a_group(
    bot: RawBot, fake: FakeTelegram, siti: Person
) -> None:
    group = fake.group("Kader")
    theirs = siti.says("halo", chat=group)["message"]["message_id"]
    own = (await bot("sendMessage", chat_id=group.id, text="halo"))["result"]["message_id"]

    refused = await bot("deleteMessage", chat_id=group.id, message_id=theirs)

    assert refused["description"] == "Bad Request: message can't be deleted"
    assert (await bot("deleteMessage", chat_id=group.id, message_id=own))["ok"]
