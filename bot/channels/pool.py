"""One keep-alive pool of HTTP connections by aiohttp, the same for every platform.

What matters here is one question after a failure: had the request left? `NotSent` says certainly
not; `TimedOut` and `Broken` say that nobody knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import aiohttp

_KEEP_ALIVE_SECONDS: Final = 15.0
"""Shorter than the platforms' own, so that we hardly ever write into a connection just closed."""
_DOWNLOAD_SECONDS: Final = 60.0
_PIECE: Final = 65_536


class HttpError(Exception):
    """Root; the text names the kind of the failure and nothing of an address."""


class NotSent(HttpError):
    """No connection came about: the request certainly did not leave."""


class TimedOut(HttpError):
    """No answer came in time."""


class Broken(HttpError):
    """The connection was lost on the way."""


class TooMuch(HttpError):
    """A download turned out larger than allowed."""


class Pool:
    """Connections to one platform. All times are seconds."""

    __slots__ = ("_connect_timeout", "_connections", "_session", "read_timeout")

    def __init__(
        self, *, connections: int = 64, connect_timeout: float = 10.0, read_timeout: float = 20.0
    ) -> None:
        self.read_timeout = read_timeout
        self._connections = connections
        self._connect_timeout = connect_timeout
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Let go of the connections."""
        if self._session is not None:
            await self._session.close()

    def timeout(self, seconds: float) -> aiohttp.ClientTimeout:
        """To connect as always, and so long from one byte of the answer to the next."""
        return aiohttp.ClientTimeout(
            connect=self._connect_timeout, sock_connect=self._connect_timeout, sock_read=seconds
        )

    async def exchange(
        self, method: str, url: str, *, seconds: float | None = None, **given: Any
    ) -> tuple[int, bytes]:
        """Status and whole body of the answer; raises NotSent, TimedOut or Broken."""
        if seconds is not None:
            given["timeout"] = self.timeout(seconds)
        try:
            async with self._open.request(method, url, **given) as response:
                return response.status, await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _named(error) from error

    async def download(
        self,
        url: str,
        largest: int,
        *,
        headers: Mapping[str, str] | None = None,
        redirects: bool = True,
    ) -> tuple[int, bytes]:
        """GET, reading no more than `largest` bytes; raises TooMuch beyond."""
        collected = bytearray()
        timeout = self.timeout(_DOWNLOAD_SECONDS)
        try:
            async with self._open.get(
                url, timeout=timeout, headers=headers, allow_redirects=redirects
            ) as response:
                if (response.content_length or 0) > largest:
                    raise TooMuch("too large")
                async for piece in response.content.iter_chunked(_PIECE):
                    collected += piece
                    if len(collected) > largest:
                        raise TooMuch("too large")
                return response.status, bytes(collected)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _named(error) from error

    @property
    def _open(self) -> aiohttp.ClientSession:
        """The pool, opened at first use: it needs a running loop."""
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=self._connections, keepalive_timeout=_KEEP_ALIVE_SECONDS
                ),
                timeout=self.timeout(self.read_timeout),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": "kawan-asuh"},
            )
        return self._session


def _named(error: Exception) -> HttpError:
    kind = type(error).__name__
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
        return NotSent(kind)
    if isinstance(error, aiohttp.InvalidURL):
        return NotSent(kind)
    return TimedOut(kind) if isinstance(error, TimeoutError) else Broken(kind)
