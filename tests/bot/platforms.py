"""A fake Telegram with our channel to it, and a stand-in for the durable inbox."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from random import Random
from typing import Any

import orjson

from bot.channels.channel import (
    File,
)
from bot.channels.telegram import Telegram
from bot.channels.telegram_updates import parse
from conversations.message import Inbound, MediaId
from storage.inbox import Received
from tests.bot.clocks import FastClock
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_world import TOKEN

SECRET = "rahasia_yang_panjang"


async def no_media(_: MediaId) -> File:
    raise LookupError


def a_bot(fake: FakeTelegram | str, **changes: Any) -> Telegram:
    """The channel under test, on a fast clock."""
    url = fake if isinstance(fake, str) else fake.url
    given = {"clock": FastClock(), "dice": Random(1), "load_media": no_media, **changes}
    return Telegram(TOKEN, api_url=url, **given)


@asynccontextmanager
async def a_platform(**changes: Any) -> AsyncIterator[tuple[FakeTelegram, Telegram]]:
    """A fake Telegram and our channel to it."""
    async with FakeTelegram() as fake:
        telegram = a_bot(fake, **changes)
        try:
            yield fake, telegram
        finally:
            await telegram.close()


class Inbox:
    """Stands where the durable inbox will be: keeps batches, perhaps refuses to return."""

    def __init__(self) -> None:
        self.rows: list[Received] = []
        self.arrived = asyncio.Event()
        self.may_return = asyncio.Event()
        self.may_return.set()

    async def accept(self, batch: Sequence[Received]) -> None:
        self.rows += batch
        self.arrived.set()
        await self.may_return.wait()

    async def holds(self, number: int) -> None:
        """Return when so many rows have come."""
        async with asyncio.timeout(5):
            while len(self.rows) < number:
                self.arrived.clear()
                await self.arrived.wait()


@asynccontextmanager
async def running(telegram: Telegram, inbox: Inbox) -> AsyncIterator[None]:
    """The channel receives meanwhile."""
    task = asyncio.create_task(telegram.run(inbox.accept))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def bodies_of(telegram: Telegram) -> list[dict[str, Any]]:
    """What the channel asks of the platform from now on, as it leaves."""
    bodies: list[dict[str, Any]] = []
    call = telegram._request.call

    async def listened(url: str, body: bytes, **given: Any) -> tuple[int, bytes]:
        bodies.append(orjson.loads(body))
        return await call(url, body, **given)

    request = telegram._request
    request.__class__ = type(
        "Listened", (type(request),), {"__slots__": (), "call": staticmethod(listened)}
    )
    return bodies


async def until(condition: Any) -> None:
    """Let the loop run until the condition holds."""
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.001)


def read(update: dict[str, Any]) -> Inbound:
    return parse(orjson.dumps(update))
