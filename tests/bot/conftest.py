"""A fast clock, a channel that obeys, an SQLite database, and a folder for commands."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot import keys, logs
from bot.settings import Settings
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


@pytest.fixture
def folder(tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """What commands find here: an empty database in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(logs, "configure", lambda level: None)  # it is one for the whole process
    configured = Settings.load()
    configured.folder.mkdir(parents=True)
    keys.load(configured)
    shutil.copy(sqlite_template, configured.folder / "kawan.db")
    return configured
