"""Who we are: Meta is asked until it answers, and everything else goes on meanwhile."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.channels.channel import ChannelError, Unreachable
from bot.channels.whatsapp_errors import GraphError
from tests.bot.clocks import FastClock
from tests.bot.platforms import until
from tests.bot.waba import (
    Door,
    Json,
    a_webhook,
    message,
)


@pytest.fixture
async def door() -> Any:
    opened = Door()
    graph = opened.whatsapp.graph
    yield opened
    await opened.whatsapp.close()
    await graph.close()


class Graphs:
    """Stands where the platform is asked who we are."""

    def __init__(self, *answers: Json | ChannelError) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def get(self, path: str, **query: str) -> Json:
        self.asked.append(path)
        answer = self.answers.pop(0)
        if isinstance(answer, ChannelError):
            raise answer
        return answer

    async def close(self) -> None:
        return


async def introduced(door: Door, *answers: Json | ChannelError) -> tuple[list[str], list[str]]:
    """Runs the channel until it is introduced; what it was called, and the troubles meanwhile."""
    numbers: list[str] = []
    troubles: list[str] = []

    async def learn(number: str) -> None:
        numbers.append(number)

    class Clock(FastClock):
        async def sleep(self, seconds: float) -> None:
            troubles.append(door.whatsapp.healthy())

    door.whatsapp.introduced = learn
    door.whatsapp._clock = Clock()
    door.whatsapp.graph = Graphs(*answers)  # type: ignore[assignment]
    running = asyncio.create_task(door.whatsapp.run(door.inbox.accept))
    await until(lambda: numbers)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return numbers, troubles


async def test_it_asks_for_our_number_and_tells_it_in_digits(door: Door) -> None:
    numbers, troubles = await introduced(door, {"display_phone_number": "+62 331-000-111"})

    assert numbers == ["62331000111"]
    assert troubles == []
    assert door.whatsapp._rows.number == "62331000111"


async def test_it_asks_until_it_is_answered_and_says_what_to_do_meanwhile(door: Door) -> None:
    numbers, troubles = await introduced(
        door,
        GraphError(401, 190),
        Unreachable("TimedOut"),
        {"display_phone_number": "62331"},
    )

    assert numbers == ["62331"]
    assert "WHATSAPP_TOKEN" in troubles[0]
    assert troubles[1] == "WhatsApp: Meta belum menjawab (TimedOut); dicoba lagi sendiri"
    assert door.whatsapp.healthy() == ""


async def test_it_receives_while_meta_does_not_know_us(door: Door) -> None:
    door.whatsapp._accept = None
    door.whatsapp._clock = FastClock(speed=1)
    door.whatsapp.graph = Graphs(Unreachable("down"))  # type: ignore[assignment]
    running = asyncio.create_task(door.whatsapp.run(door.inbox.accept))
    await until(lambda: door.whatsapp.healthy())

    answered = await door.post(a_webhook(message()))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert answered == 200
    assert await door.post(a_webhook(message())) == 503


async def test_trouble_with_sending_is_trouble_of_the_channel(door: Door) -> None:
    door.whatsapp._sender._trouble = "WhatsApp: pembayaran bermasalah"

    assert door.whatsapp.healthy() == "WhatsApp: pembayaran bermasalah"
