"""A real service on a free port with a folder of its own, and the real command as a process."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import text

from bot.channels.simulator import Doing
from bot.service import Service
from bot.settings import Settings
from conversations.message import Kind
from storage import bodies

ROOT = Path(__file__).parents[2]
TOKEN = "7203948571:AAFzq0dWkawanTestTokenForLoopbackUse"


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def settings(folder: Path, **more: Any) -> Settings:
    """Configuration that reads nothing from this machine."""
    given = {"data_dir": folder, "port": free_port(), "quiet_hours": "20:30-06:30", **more}
    return Settings(_env_file=None, **given)


@asynccontextmanager
async def running(configured: Settings, **more: Any) -> AsyncIterator[Service]:
    """A service for as long as the block lasts."""
    service = Service(configured, dice=Random(7), **more)
    await service.start()
    try:
        yield service
    finally:
        await service.stop()


async def write(service: Service, address: str, text: str) -> None:
    """Somebody writes in the simulator, and everything that follows has happened."""
    assert service.simulator is not None
    await service.simulator.receive(address, Doing(Kind.TEXT, text=text))
    await settle(service)


async def settle(service: Service) -> None:
    """Until nothing is under way."""
    async with asyncio.timeout(10):
        while service.receiving.open_turns or not service.delivery.idle:
            await asyncio.sleep(0.005)


async def heard(service: Service, address: str) -> list[str]:
    """What was sent to an address, oldest first."""

    def unit(conn: Any) -> list[str]:
        rows = conn.execute(
            text(
                "SELECT o.body FROM outbox o JOIN addresses a ON a.id = o.address_id"
                " WHERE a.address = :address AND o.status = 'sent' ORDER BY o.id"
            ),
            {"address": address},
        )
        return [bodies.opened(conn, row.body).text for row in rows]

    return await service.database.read(unit)


def kawan(
    *arguments: str,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    stdin: bytes = b"",
) -> subprocess.CompletedProcess[bytes]:
    """The command, as a process of its own, in an empty working folder."""
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        cwd=folder,
        env=clean_environment(folder, environment),
        input=stdin,
        capture_output=True,
        timeout=60,
    )


def clean_environment(folder: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """What a fresh shell has, and where the programme is."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {
        **kept,
        "PYTHONPATH": str(ROOT),
        "DATA_DIR": str(folder / "data"),
        "PORT": str(free_port()),
        **(more or {}),
    }
