"""Clocks for tests: one that runs fast, so that an hour of retries passes in seconds."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 18, 12, 15, tzinfo=UTC)


class FastClock:
    """Runs `speed` times as fast as the world."""

    def __init__(self, speed: float = 200.0, start: datetime = START) -> None:
        self._speed = speed
        self._start = start
        self._began = time.monotonic()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=(time.monotonic() - self._began) * self._speed)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self._speed)

    def skip(self, seconds: float) -> None:
        """So much of its time passes at once."""
        self._start += timedelta(seconds=seconds)
