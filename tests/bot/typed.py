"""Commands as an operator types them, and the folder that the command and its test both use."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection
from typer.testing import CliRunner

from bot import control, sample
from bot.cli import app
from bot.commands.office import said
from bot.settings import Settings
from tests.storage.builders import NOW

T = TypeVar("T")


def write(configured: Settings, unit: Callable[[Connection], T]) -> T:
    """In the database of this folder, as a command does."""

    async def run() -> T:
        async with control.desk(configured) as desk:
            return await desk.database.write(unit)

    return asyncio.run(run())


def with_sample(configured: Settings) -> Settings:
    """The same folder, with the sample programme in it."""
    write(configured, lambda conn: sample.seed(conn, "simulator", "sim", NOW))
    return configured


def kawan(*arguments: str) -> str:
    """What `kawan …` prints, or the one line with which it ends."""
    done = CliRunner().invoke(app, arguments)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        return said(done.exception)
    return done.output.strip()
