"""WhatsApp with its limits and one person who has written; a file with another platform, or none of
its limits, has a `fake` of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.fakes.graph import FakeGraph
from tests.fakes.graph_user_side import Person
from tests.fakes.raw_bot import Clock
from tests.fakes.raw_graph import RawGraph


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def fake(clock: Clock) -> AsyncIterator[FakeGraph]:
    async with FakeGraph(clock=clock) as started:
        yield started


@pytest.fixture
async def bot(fake: FakeGraph) -> AsyncIterator[RawGraph]:
    async with aiohttp.ClientSession() as session:
        yield RawGraph(fake, session)


@pytest.fixture
def siti(fake: FakeGraph) -> Person:
    person = fake.person("Siti")
    person.says("halo")
    return person
