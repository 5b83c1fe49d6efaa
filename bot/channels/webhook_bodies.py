"""Bodies of webhooks while nobody has vouched for them: bounded in size, in time and in memory.

Anybody on the internet may begin to post one. What a body says, and whether it is signed, is its
channel's business.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request

SMALL: Final = 64 * 1024
"""Bytes: a body up to here is always read; nearly every genuine one is smaller."""

TOGETHER: Final = 64 * 1024 * 1024
"""Bytes that larger bodies take up at a time, all together."""

SECONDS: Final = 15.0
"""In which a body has to be there."""


@dataclass(frozen=True, slots=True)
class NotRead(Exception):
    """The body was not read to its end: the status to answer with, and why."""

    status: int
    reason: str


class Bodies:
    """Reads bodies of at most `largest` bytes."""

    def __init__(self, largest: int, *, together: int = TOGETHER, seconds: float = SECONDS) -> None:
        self._largest = largest
        self._together = together
        self._seconds = seconds
        self._taken = 0

    def refuse_too_large(self, request: Request) -> None:
        """Raises NotRead when the request itself tells that its body is too large."""
        told = request.headers.get("content-length", "")
        if told.isdecimal() and int(told[:12]) > self._largest:
            raise NotRead(413, "size")

    async def read(self, request: Request) -> bytes:
        """The whole body; raises NotRead when it is too large, too slow, or there is no room."""
        self.refuse_too_large(request)
        try:
            async with asyncio.timeout(self._seconds):
                return await self._read(request)
        except TimeoutError:
            raise NotRead(408, "slow") from None

    async def _read(self, request: Request) -> bytes:
        body = bytearray()
        mine = 0
        try:
            async for piece in request.stream():
                body += piece
                if len(body) > self._largest:
                    raise NotRead(413, "size")
                if len(body) > SMALL:
                    more = len(body) - mine
                    if self._taken + more > self._together:
                        raise NotRead(503, "room")
                    self._taken += more
                    mine = len(body)
            return bytes(body)
        finally:
            self._taken -= mine
