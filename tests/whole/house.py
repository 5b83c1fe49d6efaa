"""The real parts of the programme in this process, wired as the service wires them.

Left out are the web pages but for the webhook, and the control socket; time is an argument. The
platforms are the strict fakes; what fails is decided by the test.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from sqlalchemy import Connection
from starlette.applications import Starlette
from starlette.routing import Route

from bot.channels.channel import Channel
from bot.channels.telegram import Telegram
from bot.channels.whatsapp import WhatsApp
from bot.clock import Ticker
from bot.delivery import Delivery
from bot.limits import TELEGRAM_PACE, Clock, Pace, whatsapp_pace
from bot.media import MediaStore
from bot.meters import Meters
from bot.receiving import Receiving
from bot.serving import Web
from bot.turn import Turns
from conversations.politeness import QuietHours
from storage import outbox, people, rules
from storage.database import Database
from storage.facts import Fact
from storage.inbox import Received
from storage.outbox import Claimed
from storage.sealing import Vault
from storage.world import Programme
from tests.fakes.graph import APP_SECRET, PHONE_ID, VERIFY_TOKEN, WABA_ID, FakeGraph
from tests.fakes.graph import TOKEN as GRAPH_TOKEN
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_world import TOKEN

PROGRAMME = Programme("Program Contoh", ZoneInfo("Asia/Jakarta"))
OWNER = "rumah/1"
QUICK = whatsapp_pace(1_000, 0)
AS_DOCUMENTED = whatsapp_pace(80, 6)
"""What WhatsApp allows: in all, and to one person."""


@dataclass(slots=True)
class House:
    """A running programme, on Telegram, and on WhatsApp where it has a `graph`.

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
    meters: Meters
    whatsapp: WhatsApp | None = None
    graph: FakeGraph | None = None
    aside: list[tuple[int, str]] = field(default_factory=list)
    broken: list[Exception] = field(default_factory=list)

    @property
    def channels(self) -> list[Telegram | WhatsApp]:
        return [self.channel] if self.whatsapp is None else [self.channel, self.whatsapp]

    async def receive(self, batch: Sequence[Received]) -> None:
        """What a channel received, as the service takes it."""
        for name in {row.channel for row in batch}:
            self.delivery.heard(name, sum(row.channel == name for row in batch))
        await self.receiving.accept(batch)

    async def note(self, facts: Sequence[Fact]) -> None:
        """What a channel was told besides, as the service takes it."""
        await self.receiving.note(facts)
        self.delivery.wake()

    async def at_rest(self, seconds: float = 20.0) -> None:
        """Return when nothing is on its way here, every turn is over, nothing waits to go out."""
        async with asyncio.timeout(seconds):
            while True:
                depth = await self.database.read(outbox.depth)
                busy = self.receiving.open_turns or not self.delivery.idle
                busy = busy or (self.graph is not None and self.graph.webhooks.waiting)
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
    graph: FakeGraph | None = None,
    pace: Pace = QUICK,
    quiet: QuietHours | None = None,
    seed: int = 1,
    owner: str = OWNER,
    polls: bool = True,
    read_timeout: float = 5.0,
) -> AsyncIterator[House]:
    """Everything running; `polls` False leaves the platforms' updates where they are.

    With `graph` there is WhatsApp too, sending at this `pace`.
    """
    async with await Database.open(url, vault=vault) as database:
        await database.write(lambda conn: rules.ensure(conn, clock.now()))
        house = _built(
            database, fake, folder, graph, pace, vault, clock, quiet, seed, owner, read_timeout
        )
        house.graph = graph if polls else None
        try:
            await house.delivery.start()
            await house.receiving.recover()
            async with _receiving(house) if polls else nullcontext():
                yield house
            await house.receiving.stop()
            await house.delivery.stop()
        finally:
            for channel in house.channels:
                await channel.close()


def _built(
    database: Database,
    fake: FakeTelegram,
    folder: Path,
    graph: FakeGraph | None,
    pace: Pace,
    vault: Vault,
    clock: Clock,
    quiet: QuietHours | None,
    seed: int,
    owner: str,
    read_timeout: float,
) -> House:
    meters, dice = Meters(), Random(seed)
    aside: list[tuple[int, str]] = []
    channels: dict[str, Channel] = {}
    media = MediaStore(folder / "media", database, vault, channels=channels, clock=clock, dice=dice)
    channel = channels["telegram"] = Telegram(
        TOKEN,
        clock=clock,
        dice=dice,
        load_media=media.load,
        api_url=fake.url,
        read_timeout=read_timeout,
    )
    whatsapp = None
    if graph is not None:
        whatsapp = channels["whatsapp"] = WhatsApp(
            GRAPH_TOKEN,
            phone_id=PHONE_ID,
            business_id=WABA_ID,
            app_secret=APP_SECRET,
            verify_token=VERIFY_TOKEN,
            clock=clock,
            dice=dice,
            load_media=media.load,
            note=lambda facts: house.note(facts),
            meters=meters,
            api_url=f"{graph.url}/v26.0",
            read_timeout=read_timeout,
        )
    turns = Turns(
        PROGRAMME,
        parsers={name: one.parse for name, one in channels.items()},
        owner=owner,
        now=clock.now,
        quiet=quiet,
    )
    paces = {"telegram": TELEGRAM_PACE, "whatsapp": pace}
    delivery = Delivery(
        database, channels, owner=owner, clock=clock, dice=dice, meters=meters, paces=paces
    )

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
    house = House(
        database, clock, channel, turns, receiving, delivery, ticker, media, meters, whatsapp,
        graph, aside,
    )  # fmt: skip
    return house


@asynccontextmanager
async def _receiving(house: House) -> AsyncIterator[None]:
    """Updates are asked for, and webhooks heard."""
    tasks = [asyncio.ensure_future(_receive(house, channel)) for channel in house.channels]
    web = Web("127.0.0.1", 0)
    try:
        if house.whatsapp is not None and house.graph is not None:
            route = Route("/whatsapp", house.whatsapp.webhook, methods=["GET", "POST"])
            await web.start(Starlette(routes=[route]))
            await house.graph.subscribe(f"http://127.0.0.1:{web.port}/whatsapp")
        yield
    finally:
        if house.graph is not None:
            house.graph.webhooks.stop()
        await web.stop()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _receive(house: House, channel: Telegram | WhatsApp) -> None:
    """A channel that breaks begins again, and it is remembered why it broke."""
    while True:
        try:
            await channel.run(house.receive)
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
