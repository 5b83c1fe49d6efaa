"""The simulated people follow their script, and the stopwatch counts what it should."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp
import pytest

from tests.fakes.people import ASIDE, Crowd, Script, UnexpectedMessageError, percentile
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_markup import Button
from tests.fakes.telegram_world import SentMessage

Say = Callable[..., Awaitable[None]]
YES = {"inline_keyboard": [[{"text": "Ya", "callback_data": "y"}]]}
SCRIPT = Script.of_lines([("Boleh?", 1), ("Umur?", "61"), ("Terima kasih", None)])


async def polite(say: Say, said: str) -> None:
    """A bot with two questions and a farewell."""
    match said:
        case "/start":
            await say("Boleh?", reply_markup=YES)
        case "y":
            await say("Umur?")
        case "61":
            await say("Terima kasih")


@asynccontextmanager
async def talking_to(
    fake: FakeTelegram, answer: Callable[[Say, str], Awaitable[None]]
) -> AsyncIterator[None]:
    """A bot that polls, and answers one update after the other."""
    bot = asyncio.create_task(_poll(fake, answer))
    try:
        await fake.wait_for_bot()
        yield
    finally:
        bot.cancel()
        with suppress(asyncio.CancelledError):
            await bot


async def _poll(fake: FakeTelegram, answer: Callable[[Say, str], Awaitable[None]]) -> None:
    url, offset = f"{fake.url}/bot{fake.world.token}", 0
    async with aiohttp.ClientSession() as session:
        while True:
            wish = {"offset": offset, "timeout": 5}
            async with session.post(f"{url}/getUpdates", json=wish) as response:
                updates = (await response.json())["result"]
            for update in updates:
                offset = update["update_id"] + 1
                query = update.get("callback_query")
                message = query["message"] if query else update["message"]
                chat_id = message["chat"]["id"]

                async def say(text: str, chat_id: int = chat_id, **extra: Any) -> None:
                    wish = {"chat_id": chat_id, "text": text, **extra}
                    await session.post(f"{url}/sendMessage", json=wish)

                await answer(say, query["data"] if query else message["text"])


@pytest.fixture
async def fake() -> AsyncIterator[FakeTelegram]:
    async with FakeTelegram() as started:
        yield started


def a_message(text: str, markup: dict[str, Any] | None = None) -> SentMessage:
    return SentMessage(1, "sendMessage", 7, 1, text, markup, 0.0, {})


def test_a_script_answers_with_text_with_a_button_or_not_at_all() -> None:
    script = Script.of_lines([("Boleh?", 1), ("Tunggu", ASIDE), ("Umur?", "61"), (None, None)])

    answers = [
        script.answer(a_message("Boleh?", YES)),
        script.answer(a_message("Tunggu sebentar")),
        script.answer(a_message("Umur?")),
        script.answer(a_message("apa saja")),
    ]

    assert answers == [Button("Ya", "y"), ASIDE, "61", None]
    assert script.exchanges == 3


@pytest.mark.parametrize("message", [a_message("Siapa?"), a_message("Boleh?")])
def test_a_message_without_an_answer_is_unexpected(message: SentMessage) -> None:
    with pytest.raises(UnexpectedMessageError, match=message.text[:-1]):
        SCRIPT.answer(message)


def test_a_numbered_text_without_buttons_is_answered_by_typing_the_number() -> None:
    script = Script.of_lines([("Pilih", 2)])

    typed = script.answer(a_message("Pilih satu:\n\n1. Ibu\n2. Mbah"))

    assert typed == "2"
    with pytest.raises(UnexpectedMessageError):
        script.answer(a_message("Pilih satu:\n\n1. Ibu"))


def test_percentiles_are_values_that_occurred() -> None:
    hundred = [float(number) for number in range(1, 101)]

    assert [percentile(hundred, share) for share in (0.5, 0.95, 0.99)] == [50.0, 95.0, 99.0]
    assert percentile([3.0], 0.99) == 3.0


async def test_a_closed_loop_walks_the_whole_conversation_again_and_again(
    fake: FakeTelegram,
) -> None:
    async with talking_to(fake, polite):
        crowd = Crowd(fake, SCRIPT)
        timings = await crowd.closed_loop(people=3, seconds=0.4, warm_up=0.05)

    spoken = [sent.text for sent in fake.sent if sent.chat_id == crowd.first_id]
    assert spoken[:6] == ["Boleh?", "Umur?", "Terima kasih"] * 2
    assert len({sent.chat_id for sent in fake.sent}) == 3
    assert 9 < timings.exchanges < len(fake.sent)
    assert 0 < timings.p50 <= timings.p95 <= timings.p99
    assert timings.unexpected == {}
    assert timings.unanswered == 0


async def test_an_open_loop_offers_its_rate_however_slow_the_bot_is(fake: FakeTelegram) -> None:
    async def slow(say: Say, said: str) -> None:
        await asyncio.sleep(0.02)
        await polite(say, said)

    async with talking_to(fake, slow):
        timings = await Crowd(fake, SCRIPT).open_loop(100, seconds=0.5, warm_up=0.1, patience=0.1)

    assert timings.offered == pytest.approx(50, abs=2)
    assert 0 < timings.exchanges <= 26
    assert timings.unanswered > 10
    assert timings.p99 > 300


async def test_an_open_loop_counts_the_silence_of_a_bot_that_never_answers(
    fake: FakeTelegram,
) -> None:
    async def silent(say: Say, said: str) -> None:
        return

    async with talking_to(fake, silent):
        timings = await Crowd(fake, SCRIPT).open_loop(100, seconds=0.2, warm_up=0, patience=0.05)

    assert timings.exchanges == 0
    assert timings.unanswered == pytest.approx(20, abs=1)
    assert timings.p50 > 100


async def test_what_the_script_does_not_know_is_counted_and_asides_are_not_answers(
    fake: FakeTelegram,
) -> None:
    async def chatty(say: Say, said: str) -> None:
        await say("Sebentar ya" if said == "/start" else "Ini bukan dari naskah")
        if said == "/start":
            await polite(say, said)

    script = Script.of_lines([("Sebentar", ASIDE), ("Boleh?", 1), ("Terima kasih", None)])
    async with talking_to(fake, chatty):
        timings = await Crowd(fake, script).closed_loop(people=2, seconds=0.2, warm_up=0)

    assert timings.exchanges == 2
    assert timings.unexpected == {"Ini bukan dari naskah": 2}


async def test_newcomers_hold_each_conversation_once(fake: FakeTelegram) -> None:
    script = Script.of_lines([("Boleh?", 1), ("Umur?", "61"), ("Terima", None)], newcomers=True)

    async with talking_to(fake, polite):
        await Crowd(fake, script).closed_loop(people=2, seconds=0.2, warm_up=0)

    begun = [sent.chat_id for sent in fake.sent if sent.text == "Boleh?"]
    assert len(begun) > 2
    assert len(begun) == len(set(begun))
