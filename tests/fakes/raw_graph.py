"""A client of the fake Graph API with nothing in between, and a receiver of its webhooks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import aiohttp
import orjson

from tests.fakes.graph import FakeGraph
from tests.fakes.graph_webhooks import Wire, parts_of
from tests.fakes.http_server import Answer, HttpServer, Request


@dataclass(slots=True)
class RawGraph:
    """Calls the API as a bot with the right token does."""

    fake: FakeGraph
    session: aiohttp.ClientSession
    token: str = ""

    async def call(self, method: str, path: str, **more: Any) -> tuple[int, Any]:
        """Status and JSON of one request; `path` follows the version."""
        headers = {"Authorization": f"Bearer {self.token or self.fake.business.token}"}
        url = path if path.startswith("http") else f"{self.fake.url}/v26.0/{path}"
        async with self.session.request(method, url, headers=headers, **more) as answer:
            return answer.status, orjson.loads(await answer.read())

    async def send(self, to: str, **body: Any) -> Any:
        """The JSON answer to a message; text="…" for a text."""
        if isinstance(body.get("text"), str):
            body = {"type": "text", "text": {"body": body["text"]}}
        phone_id = self.fake.environment["WHATSAPP_PHONE_ID"]
        wish = {"messaging_product": "whatsapp", "to": to, **body}
        return (await self.call("POST", f"{phone_id}/messages", json=wish))[1]

    async def code(self, to: str, **body: Any) -> int:
        """0 when it was accepted, else the code of the error."""
        answer = await self.send(to, **body)
        found: int = answer.get("error", {}).get("code", 0)
        return found


@dataclass(slots=True)
class Receiver:
    """Answers webhooks with what `answers` says, 200 at the end of it, and keeps them."""

    verify_token: str
    answers: list[int] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    _server: HttpServer | None = None

    async def start(self) -> str:
        self._server = HttpServer(self._hear)
        return f"http://127.0.0.1:{await self._server.start(0)}/whatsapp"

    async def stop(self) -> None:
        if self._server is not None:
            await self._server.stop()

    def parts(self, kind: str) -> list[Wire]:
        """Every message, status … of all bodies, in the order in which they came."""
        parsed = [part for body in self.bodies for part in parts_of(orjson.loads(body))]
        return [value for name, value in parsed if name == kind]

    def _hear(self, request: Request) -> Answer:
        if request.method == "GET":
            known = request.query.get("hub.verify_token") == self.verify_token
            challenge = request.query.get("hub.challenge", "").encode()
            return Answer(challenge, content_type="text/plain") if known else Answer(b"", 403)
        status = self.answers.pop(0) if self.answers else 200
        self.bodies.append(request.body)
        self.headers.append(request.headers)
        return Answer(b"", status)
