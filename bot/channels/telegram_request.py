"""HTTP to the Bot API by aiohttp: one keep-alive pool that python-telegram-bot and we share.

What matters here is one question after a failure: had the request left? `NotSentError` says
certainly not; `TimedOut` and other `NetworkError`s say that nobody knows.
"""

from __future__ import annotations

import json
from typing import Any, Final, cast

import aiohttp
import orjson
from telegram._utils.defaultvalue import DefaultValue
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData

_Seconds = float | DefaultValue[float] | DefaultValue[None] | None

_JSON: Final = {"Content-Type": "application/json"}
_KEEP_ALIVE_SECONDS: Final = 15.0
"""Shorter than the platform's own, so that we hardly ever write into a connection just closed."""


class NotSentError(NetworkError):
    """No connection came about: the request certainly did not leave."""


class TooMuchError(TelegramError):
    """A download turned out larger than allowed."""


class AiohttpRequest(BaseRequest):
    """python-telegram-bot's way out, and `call` for the hot path that builds no objects."""

    __slots__ = ("_connect_timeout", "_connections", "_read_timeout", "_session")

    def __init__(
        self, *, connections: int = 64, connect_timeout: float = 10.0, read_timeout: float = 20.0
    ) -> None:
        self._connections = connections
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float | None:
        """Seconds until an answer is given up."""
        return self._read_timeout

    async def initialize(self) -> None:
        """Nothing to do: the pool opens at first use."""

    async def shutdown(self) -> None:
        """Close the pool."""
        if self._session is not None:
            await self._session.close()

    async def call(
        self, url: str, body: bytes, *, read_timeout: float | None = None
    ) -> tuple[int, bytes]:
        """POST ready-made JSON; raises NotSentError, TimedOut or NetworkError."""
        timeout = self._timeout(read_timeout) if read_timeout else None
        return await self._exchange("POST", url, data=body, headers=_JSON, timeout=timeout)

    async def upload(self, url: str, form: aiohttp.FormData) -> tuple[int, bytes]:
        """POST a file with its fields."""
        return await self._exchange("POST", url, data=form, timeout=self._timeout(120.0))

    async def download(self, url: str, largest: int) -> tuple[int, bytes]:
        """GET, reading no more than `largest` bytes; raises TooMuchError beyond."""
        collected = bytearray()
        try:
            async with self._open.get(url, timeout=self._timeout(60.0)) as response:
                if (response.content_length or 0) > largest:
                    raise TooMuchError("too large")
                async for piece in response.content.iter_chunked(65_536):
                    collected += piece
                    if len(collected) > largest:
                        raise TooMuchError("too large")
                return response.status, bytes(collected)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _translated(error) from error

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: float
        | DefaultValue[float]
        | DefaultValue[None]
        | None = BaseRequest.DEFAULT_NONE,
        write_timeout: float
        | DefaultValue[float]
        | DefaultValue[None]
        | None = BaseRequest.DEFAULT_NONE,
        connect_timeout: float
        | DefaultValue[float]
        | DefaultValue[None]
        | None = BaseRequest.DEFAULT_NONE,
        pool_timeout: float
        | DefaultValue[float]
        | DefaultValue[None]
        | None = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """What python-telegram-bot calls for the methods we leave to it."""
        data: Any = None
        if request_data is not None and request_data.contains_files:
            data = aiohttp.FormData(request_data.json_parameters)
            for field, (name, content, mime) in (request_data.multipart_data or {}).items():
                data.add_field(field, content, filename=name, content_type=mime)
        elif request_data is not None:
            data = request_data.json_parameters
        seconds = read_timeout if isinstance(read_timeout, int | float) else self._read_timeout
        return await self._exchange(method, url, data=data, timeout=self._timeout(seconds))

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Quick where possible, lenient where one odd update would stop all the others."""
        try:
            return cast(dict[str, Any], orjson.loads(payload))
        except orjson.JSONDecodeError:
            pass
        try:
            return cast(dict[str, Any], json.loads(payload.decode("utf-8", "replace")))
        except ValueError as error:
            raise TelegramError("Invalid server response") from error

    @property
    def _open(self) -> aiohttp.ClientSession:
        """The pool, opened at first use: it needs a running loop."""
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=self._connections, keepalive_timeout=_KEEP_ALIVE_SECONDS
                ),
                timeout=self._timeout(self._read_timeout),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": "kawan-asuh"},
            )
        return self._session

    def _timeout(self, seconds: float) -> aiohttp.ClientTimeout:
        return aiohttp.ClientTimeout(
            connect=self._connect_timeout, sock_connect=self._connect_timeout, sock_read=seconds
        )

    async def _exchange(self, method: str, url: str, **given: Any) -> tuple[int, bytes]:
        if given.get("timeout") is None:
            given.pop("timeout", None)
        try:
            async with self._open.request(method, url, **given) as response:
                return response.status, await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _translated(error) from error


def _translated(error: Exception) -> NetworkError:
    kind = type(error).__name__
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
        return NotSentError(kind)
    if isinstance(error, aiohttp.InvalidURL):
        return NotSentError(kind)
    if isinstance(error, TimeoutError):
        return TimedOut(kind)
    return NetworkError(kind)
