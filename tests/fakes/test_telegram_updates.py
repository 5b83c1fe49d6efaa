"""Updates come as Telegram delivers them: by long polling or webhook, repeated until confirmed."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from tests.fakes.http_server import Answer, HttpServer, Request
from tests.fakes.raw_bot import Clock, RawBot
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_user_side import Person

DAY = 24 * 3600.0


@pytest.fixture
async def fake(clock: Clock) -> AsyncIterator[FakeTelegram]:
    async with FakeTelegram(clock=clock, webhook_retry_seconds=0.01) as started:
        yield started


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


@pytest.fixture
def bot(fake: FakeTelegram, session: aiohttp.ClientSession) -> RawBot:
    return RawBot(fake, session)


@pytest.fixture
def siti(fake: FakeTelegram) -> Person:
    return fake.meet(6_200_000_777)


async def test_updates_are_repeated_until_an_offset_confirms_them(
    bot: RawBot, siti: Person
) -> None:
    numbers = [siti.says(text)["update_id"] for text in ("satu", "dua", "tiga")]

    first = await bot.updates()
    repeated = await bot.updates(offset=numbers[0])
    confirmed = await bot.updates(offset=numbers[1])
    backwards = await bot.updates(offset=numbers[0])

    assert [update["update_id"] for update in first] == numbers
    assert repeated == first
    assert confirmed == backwards == first[1:]


async def test_a_negative_offset_counts_from_the_end_and_forgets_the_rest(
    bot: RawBot, siti: Person
) -> None:
    numbers = [siti.says(str(number))["update_id"] for number in range(5)]

    last_two = await bot.updates(offset=-2)

    assert [update["update_id"] for update in last_two] == numbers[-2:]
    assert await bot.updates() == last_two


async def test_a_batch_has_between_1_and_100_updates(bot: RawBot, siti: Person) -> None:
    for number in range(120):
        siti.says(str(number))

    sizes = [len(await bot.updates(limit=limit)) for limit in (0, 1, 7, 100, 500)]

    assert sizes == [1, 1, 7, 100, 100]


async def test_a_long_poll_ends_as_soon_as_somebody_writes(
    bot: RawBot, siti: Person, fake: FakeTelegram
) -> None:
    polling = asyncio.create_task(bot.updates(timeout=30))
    await fake.wait_for_bot()
    assert not polling.done()

    siti.says("halo")

    [update] = await asyncio.wait_for(polling, 2)
    assert update["message"]["text"] == "halo"


async def test_a_second_poller_ends_the_first_with_a_conflict(
    bot: RawBot, siti: Person, fake: FakeTelegram
) -> None:
    first = asyncio.create_task(bot("getUpdates", timeout=30))
    await fake.wait_for_bot()
    second = asyncio.create_task(bot("getUpdates", timeout=30))

    ended = await asyncio.wait_for(first, 2)
    siti.says("halo")
    answered = await asyncio.wait_for(second, 2)

    assert ended["error_code"] == 409
    assert "terminated by other getUpdates request" in ended["description"]
    assert len(answered["result"]) == 1


async def test_only_the_kinds_that_the_bot_asked_for_are_kept(bot: RawBot, siti: Person) -> None:
    await bot.updates(allowed_updates=["my_chat_member"])
    siti.says("halo")
    siti.blocks()

    updates = await bot.updates()

    assert [sorted(update) for update in updates] == [["my_chat_member", "update_id"]]


async def test_an_update_is_forgotten_after_24_hours(
    bot: RawBot, siti: Person, clock: Clock
) -> None:
    siti.says("kemarin")
    clock.now += DAY + 1
    siti.says("hari ini")

    [update] = await bot.updates()

    assert update["message"]["text"] == "hari ini"


async def test_a_redelivered_update_comes_once_more_under_its_old_number(
    bot: RawBot, siti: Person, fake: FakeTelegram
) -> None:
    update = siti.says("halo")
    offset = update["update_id"] + 1
    await bot.updates(offset=offset)

    fake.redeliver(update)

    assert await bot.updates(offset=offset) == [update]
    assert await bot.updates(offset=offset) == []


async def test_shuffling_mixes_people_but_keeps_each_ones_order(
    bot: RawBot, fake: FakeTelegram
) -> None:
    people = [fake.user() for _ in range(5)]
    said = [person.says(str(number)) and person.id for person in people for number in range(8)]

    fake.shuffle()

    updates = await bot.updates()
    speakers = [update["message"]["chat"]["id"] for update in updates]
    numbers = [update["update_id"] for update in updates]
    assert speakers != said
    assert numbers == sorted(numbers)
    for person in people:
        texts = [u["message"]["text"] for u in updates if u["message"]["chat"]["id"] == person.id]
        assert texts == [str(number) for number in range(8)]


class Receiver:
    """A webhook address that answers what a test wants, then 200."""

    def __init__(self, *answers: Answer) -> None:
        self.heard: list[tuple[dict[str, Any], str]] = []
        self._answers = list(answers)
        self._server = HttpServer(self._hear)
        self._news = asyncio.Event()

    async def __aenter__(self) -> "Receiver":
        self.url = f"http://127.0.0.1:{await self._server.start(0)}/telegram"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.stop()

    def _hear(self, request: Request) -> Answer:
        secret = request.headers.get("x-telegram-bot-api-secret-token", "")
        self.heard.append((json.loads(request.body), secret))
        self._news.set()
        return self._answers.pop(0) if self._answers else Answer(b"")

    async def has_heard(self, count: int) -> None:
        while len(self.heard) < count:
            self._news.clear()
            await asyncio.wait_for(self._news.wait(), 3)


async def test_a_webhook_gets_updates_in_order_until_each_is_answered_well(
    bot: RawBot, siti: Person
) -> None:
    async with Receiver(Answer(b"", 500), Answer(b"", 302)) as receiver:
        await bot("setWebhook", url=receiver.url, secret_token="rahasia-1")

        siti.says("satu")
        siti.says("dua")
        await receiver.has_heard(4)
        information = (await bot("getWebhookInfo"))["result"]

    texts = [update["message"]["text"] for update, _ in receiver.heard]
    assert texts == ["satu", "satu", "satu", "dua"]
    assert {secret for _, secret in receiver.heard} == {"rahasia-1"}
    assert "302" in information["last_error_message"]


async def test_a_webhook_may_answer_with_a_method(
    bot: RawBot, siti: Person, fake: FakeTelegram
) -> None:
    reply = {"method": "sendMessage", "chat_id": siti.id, "text": "halo juga"}
    said = asyncio.Event()
    fake.on_sent(lambda _: said.set())
    async with Receiver(Answer(json.dumps(reply).encode())) as receiver:
        await bot("setWebhook", url=receiver.url)

        siti.says("halo")
        await asyncio.wait_for(said.wait(), 3)

    assert siti.received[-1].text == "halo juga"


async def test_polling_and_a_webhook_exclude_each_other(bot: RawBot) -> None:
    async with Receiver() as receiver:
        await bot("setWebhook", url=receiver.url)
        refused = await bot("getUpdates")
        await bot("deleteWebhook")
        allowed = await bot("getUpdates")

    assert refused["error_code"] == 409
    assert "can't use getUpdates method while webhook is active" in refused["description"]
    assert allowed["result"] == []
