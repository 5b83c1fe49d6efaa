"""A house on both platforms whose clock may leap; a module may have its own instead.

What is marked `soak` runs only when it is asked for: `make soak`, or `-m soak`."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.sealing import Vault
from tests.fakes.graph import FakeGraph
from tests.fakes.graph_limits import Limits
from tests.fakes.telegram import FakeTelegram
from tests.whole.house import House, a_house, with_villages
from tests.whole.leaping import ENTRANCE, LeapingClock
from tests.whole.phones import Phone, Phones


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "soak" in config.getoption("-m"):
        return
    for item in items:
        if item.get_closest_marker("soak"):
            item.add_marker(pytest.mark.skip(reason="long: run by `make soak`"))


@pytest.fixture
def clock() -> LeapingClock:
    return LeapingClock()


@pytest.fixture
async def fake(clock: LeapingClock) -> AsyncIterator[FakeTelegram]:
    async with FakeTelegram(clock=lambda: clock.now().timestamp()) as running:
        yield running


@pytest.fixture
async def graph(clock: LeapingClock) -> AsyncIterator[FakeGraph]:
    """Its people live by the clock that leaps; what is told is told at once."""
    made = FakeGraph(clock=lambda: clock.now().timestamp(), limits=Limits.none())
    made.webhooks.clock = time.monotonic
    async with made as running:
        yield running


@pytest.fixture
async def house(
    sqlite_url: str,
    tmp_path: Path,
    vault: Vault,
    fake: FakeTelegram,
    graph: FakeGraph,
    clock: LeapingClock,
) -> AsyncIterator[House]:
    async with a_house(
        sqlite_url, fake, tmp_path, vault=vault, clock=clock, graph=graph
    ) as running:
        await with_villages(running.database)
        yield running
        assert not running.broken


@pytest.fixture
def phones(fake: FakeTelegram, graph: FakeGraph) -> Phones:
    return Phones(fake, graph)


@pytest.fixture(params=[0, 1], ids=["telegram", "whatsapp"])
def platform(request: pytest.FixtureRequest) -> int:
    """The place of somebody who is on this platform."""
    return int(request.param)


@pytest.fixture
async def anyone(house: House, phones: Phones, platform: int) -> Phone:
    """Registered, with one grandchild, on either platform."""
    phone = phones.newcomer("Siti", platform)
    await phone.walks(ENTRANCE)
    return phone


@pytest.fixture
async def ani(house: House, phones: Phones) -> Phone:
    """The same on WhatsApp."""
    phone = phones.newcomer("Ani", 1)
    await phone.walks(ENTRANCE)
    return phone


@pytest.fixture
async def siti(house: House, phones: Phones, fake: FakeTelegram) -> Phone:
    """Registered, with one grandchild."""
    phone = phones.of(fake.user("Siti"))
    await phone.walks(ENTRANCE)
    return phone
