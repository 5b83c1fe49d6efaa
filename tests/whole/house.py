"""The real parts of the programme in this process, wired as the service wires them.

Left out are the web pages and the control socket; time is an argument. The platform is the strict
fake; what fails is decided by the test.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot.channels.telegram import Telegram
from bot.clock import Ticker
from bot.delivery import Delivery
from bot.limits import Clock
from bot.media import MediaStore
from bot.meters import Meters
from bot.receiving import Receiving
from bot.turn import Turns
from conversations.politeness import QuietHours
from storage import outbox, people, rules
from storage.database import Database
from storage.outbox import Claimed
from storage.sealing import Vault
from storage.world import Programme
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_world import TOKEN

PROGRAMME = Programme("Program Contoh", ZoneInfo("Asia/Jakarta"))
OWNER = "rumah/1"


@dataclass(slots=True)
class House:
    """A running programme.

    `aside` collects what went to quarantine: (inbox id, error); `broken`, why receiving broke off.
    """

    database: Database
    clock: Clock
    channel: Telegram
    turns: Turns
    receiving: Receiving
    delivery: Delivery
    ticker: Ticker
    media: MediaStore
    aside: list[tuple[int, str]] = field(default_factory=list)
    broken: list[Exception] = field(default_factory=list)

    async def at_rest(self, seconds: float = 20.0) -> None:
        """Return when every turn is over and nothing waits in the outbox."""
        async with asyncio.timeout(seconds):
            while True:
                depth = await self.database.read(outbox.depth)
                busy = self.receiving.open_turns or not self.delivery.idle
                if not (busy or depth.waiting or depth.sending):
                    return
                await asyncio.sleep(0.005)


@asynccontextmanager
async def a_house(
    url: str,
    fake: FakeTelegram,
    folder: Path,
    *,
    vault: Vault,
    clock: Clock,
    quiet: QuietHours | None = None,
    seed: int = 1,
    owner: str = OWNER,
    polls: bool = True,
    read_timeout: float = 5.0,
) -> AsyncIterator[House]:
    """Everything running; `polls` False leaves the platform's updates where they are."""
    async with await Database.open(url, vault=vault) as database:
        await database.write(lambda conn: rules.ensure(conn, clock.now()))
        house = _built(database, fake, folder, vault, clock, quiet, seed, owner, read_timeout)
        try:
            await house.delivery.start()
            await house.receiving.recover()
            receiving = asyncio.ensure_future(_receive(house) if polls else asyncio.sleep(0))
            try:
                yield house
            finally:
                receiving.cancel()
                await asyncio.gather(receiving, return_exceptions=True)
                await house.receiving.stop()
                await house.delivery.stop()
        finally:
            await house.channel.close()


def _built(
    database: Database,
    fake: FakeTelegram,
    folder: Path,
    vault: Vault,
    clock: Clock,
    quiet: QuietHours | None,
    seed: int,
    owner: str,
    read_timeout: float,
) -> House:
    meters, dice = Meters(), Random(seed)
    aside: list[tuple[int, str]] = []
    channels: dict[str, Telegram] = {}
    media = MediaStore(folder / "media", database, vault, channels=channels, clock=clock, dice=dice)
    channel = channels["telegram"] = Telegram(
        TOKEN,
        clock=clock,
        dice=dice,
        load_media=media.load,
        api_url=fake.url,
        read_timeout=read_timeout,
    )
    turns = Turns(
        PROGRAMME,
        parsers={"telegram": channel.parse},
        owner=owner,
        now=clock.now,
        quiet=quiet,
    )
    delivery = Delivery(database, channels, owner=owner, clock=clock, dice=dice, meters=meters)

    def hand_over(claimed: Sequence[Claimed]) -> None:
        delivery.take(claimed)
        delivery.wake()

    receiving = Receiving(
        database,
        take_turn=turns.take,
        explain=turns.explain,
        hand_over=hand_over,
        clock=clock,
        meters=meters,
        on_quarantine=lambda id_, error: aside.append((id_, error)),
    )
    ticker = Ticker(database, wake=turns.wake, hand_over=hand_over, clock=clock)
    return House(database, clock, channel, turns, receiving, delivery, ticker, media, aside)


async def _receive(house: House) -> None:
    """A channel that breaks begins again, and it is remembered why it broke."""
    while True:
        try:
            await house.channel.run(house.receiving.accept)
        except Exception as error:
            house.broken.append(error)
        await house.clock.sleep(5.0)


async def with_villages(database: Database) -> None:
    """The two villages people here live in."""
    await database.write(add_villages)


def add_villages(conn: Connection) -> None:
    people.add_village(conn, "Ledokombo", "LDK", district="Jember")
    people.add_village(conn, "Sumbersalak", "SBS", district="Jember")


async def until(condition: Callable[[], bool | Awaitable[bool]], seconds: float = 20.0) -> None:
    """Return as soon as the condition holds."""
    async with asyncio.timeout(seconds):
        while True:
            holds = condition()
            if await holds if not isinstance(holds, bool) else holds:
                return
            await asyncio.sleep(0.005)
