"""A week of a few people, on a clock that is moved, and when things came where they live."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot.channels import whatsapp_templates
from bot.clock import MovableClock
from bot.journey import Journey
from conversations.politeness import QuietHours
from storage import staff, templates
from storage.sealing import Vault
from tests.fakes.graph import PHONE_ID, WABA_ID, FakeGraph
from tests.fakes.graph_limits import Limits
from tests.fakes.telegram import FakeTelegram
from tests.whole.house import House, a_house, with_villages
from tests.whole.phones import Phone, Phones, Said

JEMBER: Final = ZoneInfo("Asia/Jakarta")
MONDAY: Final = datetime(2026, 11, 16, 10, 0, tzinfo=JEMBER)
QUIET: Final = QuietHours(time(20, 30), time(6, 30))


@dataclass(slots=True)
class Week:
    """Everybody of this story, and the clock that is moved."""

    house: House
    journey: Journey
    fake: FakeTelegram
    siti: Phone
    ani: Phone
    staff: tuple[Phone, Phone]

    async def comes(self, day: int, hour: int, minute: int = 0) -> None:
        """Live on until this local time; day 0 is the Monday."""
        at = MONDAY.replace(hour=hour, minute=minute) + timedelta(days=day)
        await self.journey.advance(at - self.journey.clock.now())

    async def staff_join(self) -> None:
        for phone, name in zip(self.staff, ("Dimas", "Rina"), strict=True):
            now = self.journey.clock.now()

            def unit(conn: Connection, name: str = name, now: datetime = now) -> str:
                return staff.add(conn, name, "staff", now)

            code = await self.house.database.write(unit)
            await phone.says(f"{code[:4]}-{code[4:]}", "")

            def known(conn: Connection, code: str = code, now: datetime = now) -> bool:
                return staff.by_code(conn, code, now) is not None

            assert not await self.house.database.read(known)

    async def templates_approved(self) -> None:
        """Ours are pushed to WhatsApp, and approved there."""
        house = self.house
        assert house.whatsapp is not None
        assert house.graph is not None
        graph = house.whatsapp.graph
        await whatsapp_templates.push(
            graph, WABA_ID, await whatsapp_templates.listed(graph, WABA_ID)
        )
        house.graph.templates.approve()
        listed = list((await whatsapp_templates.listed(graph, WABA_ID)).values())
        now = self.journey.clock.now()
        await house.database.write(lambda conn: templates.found(conn, PHONE_ID, listed, now))


def local(message: Said) -> datetime:
    """When it came, where she lives."""
    return datetime.fromtimestamp(message.at, JEMBER)


@asynccontextmanager
async def a_week(
    url: str, folder: Path, vault: Vault, *, on_whatsapp: bool = False
) -> AsyncIterator[Week]:
    """`on_whatsapp`: the families and one of staff are there."""
    clock = MovableClock(MONDAY - datetime.now(UTC))

    def now() -> float:
        return clock.now().timestamp()

    async with AsyncExitStack() as stack:
        fake = await stack.enter_async_context(FakeTelegram(clock=now))
        graph = None
        if on_whatsapp:
            limits = Limits(pair_seconds=0)
            graph = await stack.enter_async_context(FakeGraph(clock=now, limits=limits))
        house = await stack.enter_async_context(
            a_house(
                url,
                fake,
                folder,
                vault=vault,
                clock=clock,
                quiet=QUIET,
                graph=graph,
            )
        )
        await with_villages(house.database)
        phones = Phones(fake, graph)
        siti, ani, dimas, rina = (
            phones.newcomer(name, place)
            for name, place in (("Siti", 1), ("Ani", 1), ("Dimas", 0), ("Rina", 1))
        )
        journey = Journey(
            house.database, clock, house.ticker, house.receiving, house.delivery, house.media
        )
        yield Week(house, journey, fake, siti, ani, (dimas, rina))
