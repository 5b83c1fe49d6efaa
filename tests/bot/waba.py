"""Webhook bodies as Meta writes them, and the route /whatsapp with stand-ins for storage."""

from __future__ import annotations

import hashlib
import hmac
import itertools
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import orjson
from pywa.client import WhatsApp as Pywa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route

from bot.channels.whatsapp import SIGNATURE_HEADER, WhatsApp
from bot.channels.whatsapp_rows import Rows, Update
from bot.meters import Meters
from storage.facts import Fact
from tests.bot.clocks import START, FastClock
from tests.bot.platforms import Inbox, no_media

Json = dict[str, Any]

PHONE_ID = "1122334455667"
BUSINESS = "102290129340398"
APP_SECRET = "rahasia-aplikasi"
VERIFY_TOKEN = "kata-periksa"
NOW = int(START.timestamp())

SITI: Json = {
    "profile": {"name": "Siti"},
    "wa_id": "628123456789",
    "user_id": "ID.13491208655302741918",
}
RINI: Json = {
    "profile": {"name": "Rini"},
    "wa_id": "628987654321",
    "user_id": "ID.24817305912873645029",
}

_ORACLE = Pywa(phone_id=PHONE_ID, token="T")
_numbers = itertools.count(1)


def message(type_: str = "text", by: Json = SITI, **more: Any) -> Json:
    """One message; a text says "halo" unless it is told otherwise. `from_` is its "from"."""
    given: Json = {
        "from": by["wa_id"],
        "id": f"wamid.{next(_numbers)}",
        "timestamp": str(NOW - 5),
        "type": type_,
        **({"text": {"body": "halo"}} if type_ == "text" else {}),
    }
    told = {**given, **{name.removesuffix("_"): value for name, value in more.items()}}
    return {name: value for name, value in told.items() if value is not None}


def status(word: str = "delivered", **more: Any) -> Json:
    given = {
        "id": f"wamid.{next(_numbers)}",
        "status": word,
        "timestamp": str(NOW - 3),
        "recipient_id": SITI["wa_id"],
    }
    return {**given, **more}


def value(*messages: Json, contacts: Sequence[Json] = (SITI,), **more: Any) -> Json:
    """What stands in a change of the field "messages"."""
    given: Json = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "62331000111", "phone_number_id": PHONE_ID},
    }
    if messages:
        given |= {"contacts": list(contacts), "messages": list(messages)}
    return {**given, **more}


def change(what: Json, field: str = "messages") -> Json:
    return {"value": what, "field": field}


def entry(*changes: Json, business: Any = BUSINESS) -> Json:
    return {"id": business, "time": NOW - 2, "changes": list(changes)}


def webhook(*entries: Json) -> Json:
    return {"object": "whatsapp_business_account", "entry": list(entries)}


def a_webhook(*messages: Json, **more: Any) -> Json:
    """A body with one change of messages."""
    return webhook(entry(change(value(*messages, **more))))


def a_change(field: str, what: Json) -> Json:
    return webhook(entry(change(what, field)))


def a_template(**more: Any) -> Json:
    return {
        "message_template_id": 1689556908129832,
        "message_template_name": "ingat_sesi",
        "message_template_language": "id",
        **more,
    }


def read(
    body: Json | bytes, *, account: str = PHONE_ID, business: str = BUSINESS, number: str = ""
) -> Update:
    """What our reader makes of a body."""
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    return Rows(account, business, number).of(raw, NOW)


def signed(body: bytes, secret: str = APP_SECRET) -> str:
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


def by_pywa(kind: Any, body: Json) -> Any:
    """What pywa's own parser makes of a body: another pair of eyes on what Meta means."""
    return kind.from_update(_ORACLE, body)


class Facts:
    """Stands where facts are made durable."""

    def __init__(self) -> None:
        self.told: list[Fact] = []
        self.before: Callable[[Sequence[Fact]], Any] | None = None

    async def note(self, facts: Sequence[Fact]) -> None:
        if self.before is not None:
            await self.before(facts)
        self.told += facts


class Door:
    """A number that is receiving."""

    def __init__(self, api_url: str = "http://127.0.0.1:9/v26.0", **changes: Any) -> None:
        self.inbox, self.facts, self.meters = Inbox(), Facts(), Meters()
        given: Json = {
            "phone_id": PHONE_ID,
            "business_id": BUSINESS,
            "app_secret": APP_SECRET,
            "verify_token": VERIFY_TOKEN,
            "clock": FastClock(),
            "dice": Random(1),
            "load_media": no_media,
            "note": self.facts.note,
            "meters": self.meters,
            "api_url": api_url,
        }
        self.whatsapp = WhatsApp("TOKEN", **{**given, **changes})
        self.whatsapp._accept = self.inbox.accept

    async def post(
        self,
        body: Json | bytes,
        signature: str | None = "",
        *,
        length: int | None = None,
    ) -> int:
        """POST as Meta does; "" means the right signature, None none at all."""
        raw = body if isinstance(body, bytes) else orjson.dumps(body)
        headers = []
        if signature is not None:
            headers.append((SIGNATURE_HEADER.encode(), (signature or signed(raw)).encode()))
        if length is not None:
            headers.append((b"content-length", str(length).encode()))
        return (await self._ask("POST", raw, b"", headers))[0]

    async def get(self, query: str) -> tuple[int, bytes]:
        return await self._ask("GET", b"", query.encode(), [])

    async def _ask(
        self, method: str, raw: bytes, query: bytes, headers: list[tuple[bytes, bytes]]
    ) -> tuple[int, bytes]:
        async def answered(request: Request) -> Any:
            return await self.whatsapp.webhook(request)

        app = Starlette(routes=[Route("/whatsapp", answered, methods=["GET", "POST"])])
        pieces = [raw[at : at + 65_536] for at in range(0, len(raw), 65_536)] or [b""]
        answer: list[Any] = []
        scope = {
            "type": "http",
            "method": method,
            "path": "/whatsapp",
            "query_string": query,
            "headers": headers,
        }

        async def receive() -> Any:
            return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

        async def send(part: Any) -> None:
            answer.append(part)

        await app(scope, receive, send)
        return answer[0]["status"], answer[1].get("body", b"")
