"""A Graph API that keeps what it is asked and answers as it is told: for single faults.

The strict one, with limits, windows and people, is in tests/fakes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import orjson

from bot.channels.channel import File
from bot.channels.whatsapp_graph import Graph
from bot.channels.whatsapp_sending import Sender
from conversations.message import MediaId
from tests.bot.clocks import FastClock
from tests.fakes.http_server import Answer, HttpServer, Request, read_multipart

PHONE_ID = "1060"
SITI = "6281230001122"


class Platform:
    """Answers are taken in their order; without one, a message or a file is taken."""

    def __init__(self) -> None:
        self.asked: list[Request] = []
        self.url = ""
        self.answers: deque[Answer | str] = deque()
        self._server = HttpServer(self._answer)

    async def start(self) -> None:
        self.url = f"http://127.0.0.1:{await self._server.start(0)}"

    async def stop(self) -> None:
        await self._server.stop()

    @property
    def sent(self) -> list[dict[str, Any]]:
        """The bodies of what was asked of /messages."""
        return [orjson.loads(one.body) for one in self.asked if one.path.endswith("/messages")]

    @property
    def uploaded(self) -> list[tuple[dict[str, str], bytes]]:
        """Fields and content of each uploaded file."""
        forms = [read_multipart(one) for one in self.asked if one.path.endswith("/media")]
        return [(fields, files["file"].content) for fields, files in forms]

    def refuses(self, code: int, *, status: int = 400, **more: Any) -> None:
        """One error of the platform's own."""
        error = {"message": f"(#{code})", "type": "OAuthException", "code": code, **more}
        self.answers.append(Answer(orjson.dumps({"error": error}), status))

    def answers_with(self, body: bytes | dict[str, Any], status: int = 200) -> None:
        self.answers.append(Answer(body if isinstance(body, bytes) else orjson.dumps(body), status))

    def hangs_up(self) -> None:
        """The connection breaks after the request was read."""
        self.answers.append("hang up")

    def _answer(self, request: Request) -> Answer:
        self.asked.append(request)
        given = self.answers.popleft() if self.answers else None
        if isinstance(given, Answer):
            return given
        if given == "hang up":
            request.hang_up()
        number = len(self.asked)
        if request.path.endswith("/media"):
            return Answer(orjson.dumps({"id": f"700{number}"}))
        return Answer(orjson.dumps({"messages": [{"id": f"wamid.{number}"}]}))


async def no_media(_: MediaId) -> File:
    raise LookupError


@asynccontextmanager
async def a_number(
    *, load_media: Callable[[MediaId], Awaitable[File]] = no_media, read_timeout: float = 20.0
) -> AsyncIterator[tuple[Platform, Sender]]:
    """A platform, and our way to send by one number of it."""
    platform = Platform()
    await platform.start()
    graph = Graph("RAHASIA", api_url=f"{platform.url}/v26.0", read_timeout=read_timeout)
    try:
        yield platform, Sender(graph, PHONE_ID, load_media=load_media, clock=FastClock())
    finally:
        await graph.close()
        await platform.stop()
