"""Stands before every page: who may ask, from which page, and what browsers are told about answers.

The service listens on this machine, where a hostile page in the same browser could reach it: by a
name that points here (DNS rebinding) or by posting a form from elsewhere. Both are refused.
"""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.receiving import place_of

CONTENT_POLICY: Final = "; ".join(
    (
        "default-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "object-src 'none'",
    )
)
_ALWAYS: Final = {
    "content-security-policy": CONTENT_POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "microphone=(self), camera=(), geolocation=()",
    # "no-referrer" would make browsers send forms with "Origin: null"
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
_AS_SENT: Final = tuple((name.encode(), value.encode()) for name, value in _ALWAYS.items())
_READING: Final = ("GET", "HEAD")
_OUR_PAGES: Final = ("same-origin", "none")

_log = structlog.get_logger(__name__)


class Guard:
    """Lets a request through to `app`, or answers it.

    `names` are the host names we are called by, besides addresses and localhost. `machines` are
    paths to which other machines post, each with a secret of its own. `sorry` answers when a page
    fails; what failed is written down by kind and place, since its words may be somebody's.
    """

    def __init__(
        self, app: ASGIApp, names: Collection[str], machines: Collection[str], sorry: ASGIApp
    ) -> None:
        self._app = app
        self._sorry = sorry
        self._names = frozenset(name.lower() for name in names if name) | {"localhost"}
        self._machines = frozenset(machines)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        started = False

        async def send_guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                given = list(message["headers"])
                names = {name.lower() for name, _ in given}
                message["headers"] = given + [one for one in _AS_SENT if one[0] not in names]
            await send(message)

        try:
            await self._answer(scope, receive, send_guarded)
        except ClientDisconnect:
            return
        except Exception as error:
            _log.error("a page failed", path=scope["path"], error=place_of(error))
            if not started:
                await self._sorry(scope, receive, send_guarded)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        if not self._is_us(headers.get("host", "")):
            refusal = PlainTextResponse("Alamat ini tidak dikenal. Atur PUBLIC_URL.\n", 421)
            await refusal(scope, receive, send)
        elif not self._is_from_us(scope, headers):
            refusal = PlainTextResponse("Kiriman dari halaman lain ditolak.\n", 403)
            await refusal(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _is_us(self, host: str) -> bool:
        """A rebound name is a name; an address cannot be rebound."""
        name = _name(f"//{host}")
        return name in self._names or _is_address(name)

    def _is_from_us(self, scope: Scope, headers: Headers) -> bool:
        """Whether a form was sent from a page of ours. What is no browser tells nothing."""
        if scope["method"] in _READING or scope["path"] in self._machines:
            return True
        origin = headers.get("origin")
        if origin is None:
            return headers.get("sec-fetch-site", "none") in _OUR_PAGES
        return bool(origin.partition("://")[2]) and (
            origin.partition("://")[2].lower() == headers.get("host", "").lower()
        )


def _name(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
