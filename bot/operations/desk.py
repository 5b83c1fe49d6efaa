"""The desk at which an operation is done: what it may use, and how it refuses.

Arguments and answers of operations are plain JSON values, because they may come through a socket.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.media import MediaStore
from bot.settings import Settings
from storage import audit
from storage.database import Database
from storage.inbox import Unfinished
from storage.sealing import Vault


class OperationRefused(Exception):
    """It cannot be done; one line that says why."""


@dataclass(frozen=True, slots=True)
class Desk:
    """`take_up` starts the turn of a row released from quarantine, where a service runs."""

    settings: Settings
    database: Database
    vault: Vault
    media: MediaStore
    now: Callable[[], datetime]
    take_up: Callable[[Unfinished], None]
    wake: Callable[[], object] = lambda: None
    """Something was planned: the clock and the sender look at the database, where they run."""

    async def record(self, action: str, subject: str, reason: str = "") -> None:
        """Write down what a command does."""
        now = self.now()
        await self.database.write(
            lambda conn: audit.record(conn, audit.COMMAND, action, subject, reason, now)
        )


Operation = Callable[..., Awaitable[Any]]
