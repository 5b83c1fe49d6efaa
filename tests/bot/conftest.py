"""A fast clock, a channel that obeys, and an SQLite database."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from storage.database import Database
from storage.sealing import Vault
from tests.bot.clocks import FastClock
from tests.bot.posts import Post


@pytest.fixture
def clock() -> FastClock:
    return FastClock()


@pytest.fixture
def post(clock: FastClock) -> Post:
    return Post(clock)


@pytest.fixture
async def lite(sqlite_url: str, vault: Vault) -> AsyncIterator[Database]:
    """An SQLite database, where the kind of database makes no difference."""
    async with await Database.open(sqlite_url, vault=vault) as opened:
        yield opened
