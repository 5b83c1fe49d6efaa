"""The real process: `kawan` started as an operator starts it, killed as a power cut kills it."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import socket
import sqlite3
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from storage.sealing import Vault, new_key
from tests.fakes.graph import FakeGraph
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_world import TOKEN

ROOT: Final = Path(__file__).parents[2]
READY: Final = b"Kawan Asuh siap"
STARTS_WITHIN: Final = 30.0
_DEATH_SIGNAL: Final = 1  # PR_SET_PDEATHSIG


def _die_with_parent() -> None:
    """A test run that is killed leaves no service behind."""
    ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGKILL)


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


def on_both(fake: FakeTelegram, graph: FakeGraph) -> dict[str, str]:
    """Settings of a pilot on both platforms, of which WhatsApp allows what it is asked for."""
    return {
        "TELEGRAM_TOKEN": TOKEN,
        "TELEGRAM_API_URL": fake.url,
        **graph.environment,
        "WHATSAPP_RATE": "1000",
        "WHATSAPP_PAIR_SECONDS": "0",
        "PUBLIC_URL": "https://kawan.example",
        "PILOT": "1",
        "PORT": str(free_port()),
    }


@dataclass(slots=True)
class Process:
    """One installation in `folder`; at most one service of it runs through this object.

    `settings` are environment variables; everything else of the environment is left behind.
    """

    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    key: str = field(default_factory=new_key)
    _running: asyncio.subprocess.Process | None = None
    _is_ready: bool = False

    @property
    def url(self) -> str:
        """DATABASE_URL of its data."""
        return f"sqlite:///{self.folder / 'kawan.db'}"

    def vault(self) -> Vault:
        """Opens its data."""
        return Vault([self.key])

    async def start(self) -> None:
        """Start the service; `ready` waits for it."""
        self._is_ready = False
        with (self.folder / "stderr.log").open("ab") as errors:
            self._running = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "run",
                cwd=self.folder, env=self.environment(), preexec_fn=_die_with_parent,
                stdout=asyncio.subprocess.PIPE, stderr=errors,
            )  # fmt: skip

    async def ready(self) -> None:
        """Return when it says that it is ready."""
        running = self._started()
        assert running.stdout is not None
        try:
            async with asyncio.timeout(STARTS_WITHIN):
                while not self._is_ready and (line := await running.stdout.readline()):
                    self._is_ready = line.startswith(READY)
        except TimeoutError:
            pass
        assert self._is_ready, f"the service did not start:\n{self.errors()[-2000:]}"

    async def kill(self) -> None:
        """SIGKILL, at this very moment."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """SIGTERM; the exit status, which must come within five seconds (and a slow machine's)."""
        async with asyncio.timeout(10):
            return await self._end(signal.SIGTERM)

    async def clear_up(self) -> None:
        """Leave nothing running, whatever happened."""
        if self._running is not None and self._running.returncode is None:
            await self.kill()

    async def command(self, *arguments: str) -> tuple[int, str, str]:
        """Run one `kawan` command to its end: (exit status, standard output, standard error)."""
        run = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", *arguments,
            cwd=self.folder, env=self.environment(),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            async with asyncio.timeout(STARTS_WITHIN):
                out, errors = await run.communicate()
        except TimeoutError:
            run.kill()
            raise
        assert run.returncode is not None
        return run.returncode, out.decode(), errors.decode()

    @property
    def webhook(self) -> str:
        """Where WhatsApp tells what happened."""
        return f"http://127.0.0.1:{self.settings['PORT']}/whatsapp"

    def count(self, query: str) -> int:
        """One number from its data, read beside the running service."""
        with closing(sqlite3.connect(f"file:{self.folder}/kawan.db?mode=ro", uri=True)) as conn:
            [(number,)] = conn.execute(query)
            return int(number)

    def errors(self) -> str:
        """What it has written to standard error so far."""
        return (self.folder / "stderr.log").read_text("utf-8")

    async def _end(self, how: signal.Signals) -> int:
        running = self._started()
        running.send_signal(how)
        status = await running.wait()
        self._running = None
        return status

    def _started(self) -> asyncio.subprocess.Process:
        assert self._running is not None, "start it first"
        return self._running

    def environment(self) -> dict[str, str]:
        """What it is started with."""
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "DATA_DIR": str(self.folder),
            "SECRET_KEY": "a secret of the tests, long enough for anybody",
            "ENCRYPTION_KEYS": self.key,
            "QUIET_HOURS": "",
            "ORGANISATION": "Program Contoh",
            **self.settings,
        }
