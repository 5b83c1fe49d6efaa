"""Channels receive: each by itself, and one that breaks begins again.

What becomes of that which was received is in `receiving.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

import structlog

from bot.channels.channel import Accept, Channel
from bot.limits import Clock
from bot.receiving import place_of

_PAUSE: Final = 5.0

_log = structlog.get_logger(__name__)


class Receivers:
    """The receiving side of these channels; `accept` returns when a batch is stored."""

    def __init__(self, channels: Mapping[str, Channel], *, accept: Accept, clock: Clock) -> None:
        self._channels = channels
        self._accept = accept
        self._clock = clock
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def start(self) -> None:
        for name, channel in self._channels.items():
            self._tasks[name] = asyncio.ensure_future(self._receive(name, channel))

    async def stop(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def healthy(self) -> dict[str, str]:
        """Of each channel "", or what is wrong with it."""
        return {
            name: channel.healthy() if self._runs(name) else "does not receive any more"
            for name, channel in self._channels.items()
        }

    def _runs(self, name: str) -> bool:
        task = self._tasks.get(name)
        return task is not None and not task.done()

    async def _receive(self, name: str, channel: Channel) -> None:
        """A channel that breaks begins again; the platform keeps what it was not told about."""
        while True:
            try:
                await channel.run(self._accept)
            except Exception as error:
                _log.error("a channel broke", channel=name, error=place_of(error))
            await self._clock.sleep(_PAUSE)
