"""python-telegram-bot's way out over our pool of connections, and the short way of the hot path.

`NotSentError` says that a request certainly did not leave; `TimedOut` and other `NetworkError`s
say that nobody knows.
"""

from __future__ import annotations

import json
from typing import Any, Final, cast

import aiohttp
import orjson
from telegram._utils.defaultvalue import DefaultValue
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData

from bot.channels import pool
from bot.channels.pool import HttpError, NotSent, Pool, TooMuch

_JSON: Final = {"Content-Type": "application/json"}
_UPLOAD_SECONDS: Final = 120.0


class NotSentError(NetworkError):
    """No connection came about: the request certainly did not leave."""


class TooMuchError(TelegramError):
    """A download turned out larger than allowed."""


class AiohttpRequest(BaseRequest):
    """python-telegram-bot's way out, and `call` for the hot path that builds no objects."""

    __slots__ = ("_pool",)

    def __init__(
        self, *, connections: int = 64, connect_timeout: float = 10.0, read_timeout: float = 20.0
    ) -> None:
        self._pool = Pool(
            connections=connections, connect_timeout=connect_timeout, read_timeout=read_timeout
        )

    @property
    def read_timeout(self) -> float | None:
        """Seconds until an answer is given up."""
        return self._pool.read_timeout

    async def initialize(self) -> None:
        """Nothing to do: the pool opens at first use."""

    async def shutdown(self) -> None:
        """Close the pool."""
        await self._pool.close()

    async def call(
        self, url: str, body: bytes, *, read_timeout: float | None = None
    ) -> tuple[int, bytes]:
        """POST ready-made JSON; raises NotSentError, TimedOut or NetworkError."""
        try:
            return await self._pool.exchange(
                "POST", url, seconds=read_timeout, data=body, headers=_JSON
            )
        except HttpError as error:
            raise _translated(error) from error

    async def upload(self, url: str, form: aiohttp.FormData) -> tuple[int, bytes]:
        """POST a file with its fields."""
        try:
            return await self._pool.exchange("POST", url, seconds=_UPLOAD_SECONDS, data=form)
        except HttpError as error:
            raise _translated(error) from error

    async def download(self, url: str, largest: int) -> tuple[int, bytes]:
        """GET, reading no more than `largest` bytes; raises TooMuchError beyond."""
        try:
            return await self._pool.download(url, largest)
        except TooMuch:
            raise TooMuchError("too large") from None
        except HttpError as error:
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
        seconds = read_timeout if isinstance(read_timeout, int | float) else None
        try:
            return await self._pool.exchange(method, url, seconds=seconds, data=data)
        except HttpError as error:
            raise _translated(error) from error

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


def _translated(error: HttpError) -> NetworkError:
    if isinstance(error, NotSent):
        return NotSentError(str(error))
    return TimedOut(str(error)) if isinstance(error, pool.TimedOut) else NetworkError(str(error))
