"""HTTP to the Graph API: JSON, uploads, and downloads that take our token to Meta's hosts only.

It knows no messages: what errors mean is in whatsapp_errors.py, what is sent in
whatsapp_messages.py.
"""

from __future__ import annotations

import re
from typing import Any, Final

import aiohttp
import orjson

from bot.channels.channel import (
    LARGEST_FETCH,
    File,
    TooLarge,
    Unanswered,
    Unreachable,
)
from bot.channels.pool import HttpError, NotSent, Pool, TooMuch
from bot.channels.whatsapp_errors import failure

UPLOAD_SECONDS: Final = 120.0
_META: Final = re.compile(
    r"https://(?:[a-z0-9-]+\.)*(?:fbsbx\.com|facebook\.com|whatsapp\.net)(?::443)?/[\x21-\x7e]*",
    re.IGNORECASE,
)


class Graph:
    """One access token. `api_url` ends with the version, without a slash."""

    def __init__(
        self, token: str, *, api_url: str, connections: int = 256, read_timeout: float = 20.0
    ) -> None:
        self._api_url = api_url.rstrip("/")
        self._bearer = {"Authorization": f"Bearer {token}"}
        self._json = {**self._bearer, "Content-Type": "application/json"}
        self._pool = Pool(connections=connections, read_timeout=read_timeout)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._pool.close()

    async def get(self, path: str, **query: str) -> dict[str, Any]:
        """What the API tells about an object, such as `get("123", fields="verified_name")`.

        Raises GraphError for the platform's own errors, else Unreachable: asking changes nothing.
        """
        try:
            return await self._ask("GET", path, params=query, headers=self._bearer)
        except Unanswered as error:
            raise Unreachable(error.reason) from error

    async def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Raises GraphError, SlowDown, Refused, Unreachable, and Unanswered where nobody knows."""
        return await self._ask("POST", path, data=orjson.dumps(body), headers=self._json)

    async def delete(self, path: str, **query: str) -> dict[str, Any]:
        """Raises as `post`."""
        return await self._ask("DELETE", path, params=query, headers=self._bearer)

    async def upload(self, path: str, file: File) -> str:
        """The id that the API gives a file. Raises as `get`: an upload shows nobody anything."""
        form = aiohttp.FormData({"messaging_product": "whatsapp", "type": file.mime})
        form.add_field("file", file.data, filename=file.name, content_type=file.mime)
        try:
            answer = await self._ask(
                "POST", path, data=form, headers=self._bearer, seconds=UPLOAD_SECONDS
            )
        except Unanswered as error:
            raise Unreachable(error.reason) from error
        if not (isinstance(answer.get("id"), str) and answer["id"]):
            raise Unreachable("unreadable answer")
        return str(answer["id"])

    async def download(self, url: str, largest: int = LARGEST_FETCH) -> bytes:
        """The bytes behind an address that the API told; raises TooLarge or Unreachable.

        The address is data from outside: our token goes along only where `is_trusted`, and never
        after a redirection.
        """
        if not self.is_trusted(url):
            raise Unreachable("media at a foreign host")
        try:
            status, data = await self._pool.download(
                url, largest, headers=self._bearer, redirects=False
            )
        except TooMuch:
            raise TooLarge from None
        except HttpError as error:
            raise Unreachable(str(error)) from error
        if status != 200:
            raise Unreachable(f"http {status}")
        return data

    def is_trusted(self, url: str) -> bool:
        """Whether it lies with the API of the settings, or over https with Meta.

        >>> graph = Graph("T", api_url="https://graph.facebook.com/v26.0")
        >>> graph.is_trusted("https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1")
        True
        >>> graph.is_trusted("https://fbsbx.com.evil.example/")
        False
        >>> graph.is_trusted("https://evil.example\\\\@lookaside.fbsbx.com/")
        False
        """
        origin = "/".join(self._api_url.split("/", 3)[:3])
        if url.startswith(f"{origin}/") and url.isascii() and url.isprintable():
            return True
        return _META.fullmatch(url) is not None

    async def _ask(self, method: str, path: str, **given: Any) -> dict[str, Any]:
        try:
            status, body = await self._pool.exchange(method, f"{self._api_url}/{path}", **given)
        except NotSent as error:
            raise Unreachable(str(error)) from error
        except HttpError as error:
            raise Unanswered(str(error)) from error
        if not 200 <= status < 300:
            raise failure(status, body)
        try:
            answer = orjson.loads(body)
        except orjson.JSONDecodeError:
            answer = None
        if not isinstance(answer, dict):
            raise Unanswered("unreadable answer")
        return answer
