"""Just enough HTTP/1.1 for the fakes, on httptools: a request in, an answer out, or a hang-up.

A web framework spends more on a request than many a bot spends on a whole message, and then
the benchmark would measure the fake. An answer that is ready at once is written at once.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from http import HTTPStatus
from io import BytesIO
from typing import Any, Final, Self, cast
from urllib.parse import parse_qsl, unquote

import httptools
import orjson
import python_multipart
from python_multipart.multipart import Field, File

LARGEST_BODY: Final = 52 * 1024 * 1024


@dataclass(slots=True)
class Request:
    """A whole request; `hang_up` breaks the connection without an answer."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes
    hang_up: Callable[[], None]

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "")


@dataclass(slots=True)
class Answer:
    body: bytes
    status: int = 200
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class Upload:
    """One file of a multipart body."""

    content: bytes
    name: str


Handler = Callable[[Request], Answer | Coroutine[Any, Any, Answer]]


def read_multipart(request: Request) -> tuple[dict[str, str], dict[str, Upload]]:
    """The fields and files of a multipart/form-data body."""
    fields: dict[str, str] = {}
    files: dict[str, Upload] = {}

    def on_field(one: Field) -> None:
        fields[(one.field_name or b"").decode()] = (one.value or b"").decode()

    def on_file(one: File) -> None:
        one.file_object.seek(0)
        name = (one.file_name or b"").decode()
        files[(one.field_name or b"").decode()] = Upload(one.file_object.read(), name)
        one.close()

    headers = {"Content-Type": request.content_type.encode()}
    python_multipart.parse_form(headers, BytesIO(request.body), on_field, on_file)
    return fields, files


@dataclass(slots=True)
class HttpServer:
    """Listens on the loopback address only."""

    handler: Handler
    _server: asyncio.Server | None = None
    connections: set["_Connection"] = field(default_factory=set)

    async def start(self, port: int) -> int:
        """Listen, and return the port; 0 takes a free one."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", port)
        taken: int = self._server.sockets[0].getsockname()[1]
        return taken

    async def stop(self) -> None:
        for connection in list(self.connections):
            connection.end()
        if self._server is not None:
            self._server.close()
            await asyncio.sleep(0)


class OnLoopback:
    """A fake that is started and stopped, by `async with` on a free port."""

    def __init__(self, handler: Handler) -> None:
        self.url = ""
        self._server = HttpServer(handler)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self, port: int = 0) -> None:
        """Listen on the loopback address; port 0 takes a free one."""
        self.url = f"http://127.0.0.1:{await self._server.start(port)}"

    async def stop(self) -> None:
        await self._server.stop()


class _Connection(asyncio.Protocol):
    """One client. Requests are answered one after the other, in the order in which they came."""

    def __init__(self, server: HttpServer) -> None:
        self._server = server
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._waiting: deque[tuple[Request, bool]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._url = b""
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._size = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._server.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.connections.discard(self)

    def end(self) -> None:
        if self._task is not None:
            self._task.cancel()
        self._hang_up()

    def _hang_up(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._hang_up()

    def on_message_begin(self) -> None:
        self._url, self._headers, self._body, self._size = b"", {}, [], 0

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self._size += len(body)
        if self._size <= LARGEST_BODY:
            self._body.append(body)

    def on_message_complete(self) -> None:
        keep_alive = self._parser.should_keep_alive()
        if self._size > LARGEST_BODY:
            self._write(Answer(_TOO_LARGE, 413), keep_alive)
            return
        path, _, query = self._url.decode("latin-1").partition("?")
        request = Request(
            method=self._parser.get_method().decode(),
            path=unquote(path) if "%" in path else path,
            query=dict(parse_qsl(query, keep_blank_values=True)) if query else {},
            headers=self._headers,
            body=self._body[0] if len(self._body) == 1 else b"".join(self._body),
            hang_up=self._hang_up,
        )
        if self._task is None:
            self._handle(request, keep_alive)
        else:
            self._waiting.append((request, keep_alive))

    def _handle(self, request: Request, keep_alive: bool) -> None:
        try:
            answer = self._server.handler(request)
        except Exception as bug:
            answer = _own_failure(request, bug)
        if isinstance(answer, Answer):
            self._write(answer, keep_alive)
        else:
            finishing = self._finish(request, answer, keep_alive)
            self._task = asyncio.get_running_loop().create_task(finishing)

    async def _finish(
        self, request: Request, answer: Coroutine[Any, Any, Answer], keep_alive: bool
    ) -> None:
        try:
            self._write(await answer, keep_alive)
        except Exception as bug:
            self._write(_own_failure(request, bug), keep_alive)
        self._task = None
        while self._waiting and self._task is None:
            self._handle(*self._waiting.popleft())

    def _write(self, answer: Answer, keep_alive: bool) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        head = (
            f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}\r\n"
            f"Content-Type: {answer.content_type}\r\n"
            f"Content-Length: {len(answer.body)}\r\n\r\n"
        )
        self._transport.write(head.encode() + answer.body)
        if not keep_alive:
            self._transport.close()


def _complaint(code: int, what: str) -> bytes:
    """In the shapes of both platforms, so that every bot's client reads it as a failure."""
    error = {"message": what, "type": "OAuthException", "code": code}
    return orjson.dumps({"ok": False, "error_code": code, "description": what, "error": error})


_TOO_LARGE: Final = _complaint(413, "Request Entity Too Large")


def _own_failure(request: Request, bug: Exception) -> Answer:
    """A mistake in the fake must not look like a broken connection."""
    logging.getLogger(__name__).error("the fake failed at %s", request.path, exc_info=bug)
    return Answer(_complaint(500, f"the fake failed: {bug!r}"), 500)
