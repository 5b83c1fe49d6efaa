"""The desk at which commands are done, on a virtual clock, and commands as they are typed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest
from sqlalchemy import Connection, update
from typer.testing import CliRunner

from bot.cli import app
from bot.commands import office as commands
from bot.media import MediaStore
from bot.operations import OPERATIONS, Desk
from storage import schema
from storage.database import Database
from storage.sealing import Vault
from tests.bot.clocks import FastClock
from tests.bot.services import settings
from tests.storage.builders import HOUR, NOW, a_seat

TOMORROW = "2026-11-19"


class Office:
    """The desk of a service on a virtual clock, without the service."""

    def __init__(self, desk: Desk) -> None:
        self._desk = replace(desk, wake=lambda: self.woken.append("wake"))
        self.woken: list[str] = []

    async def ask(self, operation: str, **arguments: Any) -> Any:
        """What a command asks; arguments and answers pass as JSON."""
        given = orjson.loads(orjson.dumps(arguments))
        return orjson.loads(orjson.dumps(await OPERATIONS[operation](self._desk, **given)))

    async def open(self, code: str = "BOK-SBS", **more: str) -> dict[str, str]:
        given = {"kind": "bok_ebok", "village": "", "zone": "", "place": "", "cadre": "", **more}
        return await self.ask("school_open", name="Sekolah Bok-Ebok", code=code, **given)

    async def plan(self, day: str = TOMORROW, **more: Any) -> dict[str, Any]:
        given = {"code": "BOK-SBS", "begins": "13.00", "ends": "15.00", "topic": "Bermain"}
        return await self.ask("session_plan", **{**given, "day": day, **more})

    async def enrol(self, names: int = 1) -> list[str]:
        """People who have written once, by their codes, on the list of the school."""
        codes = await self.people(names)
        await self.ask("school_enrol", code="BOK-SBS", who=codes)
        return codes

    async def people(self, names: int = 1) -> list[str]:
        def unit(conn: Connection) -> list[str]:
            seats = [a_seat(conn, str(number)) for number in range(names)]
            return [f"P-{seat.person.id:04d}" for seat in seats]

        return await self.write(unit)

    async def begin(self, session: int) -> None:
        """It began an hour ago."""
        times = {"starts_at": NOW - HOUR, "ends_at": NOW + HOUR}
        statement = update(schema.sessions).where(schema.sessions.c.id == session).values(**times)
        await self.write(lambda conn: conn.execute(statement))

    async def write(self, unit: Any) -> Any:
        return await self._desk.database.write(unit)


@pytest.fixture
def office(lite: Database, vault: Vault, tmp_path: Path) -> Office:
    configured = settings(tmp_path)
    media = MediaStore(
        tmp_path, lite, vault, channels={}, clock=FastClock(start=NOW), dice=Random(1)
    )
    return Office(Desk(configured, lite, vault, media, lambda: NOW, lambda _: None))


@pytest.fixture
def kawan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """What a command prints, or how it refuses, in a folder of its own."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> str:
        done = CliRunner().invoke(app, list(words))
        return commands.said(done.exception) if done.exception else done.stdout

    return run
