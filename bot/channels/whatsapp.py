"""WhatsApp: one number of ours on the official Cloud API, receiving by webhook.

Here is what belongs together at run time: signatures, the answer only after the commit, and who we
are. What a webhook says is read in whatsapp_rows.py, what leaves is in whatsapp_sending.py.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import replace
from random import Random
from typing import Final, TypeVar

import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from bot.channels.channel import Accept, ChannelError, LoadMedia, Note, Receipt
from bot.channels.webhook_bodies import Bodies, NotRead
from bot.channels.whatsapp_errors import GraphError, trouble_of
from bot.channels.whatsapp_facts import CHANNEL
from bot.channels.whatsapp_graph import Graph
from bot.channels.whatsapp_rows import (
    MISMATCH,
    OTHER_ACCOUNT,
    OTHER_NUMBER,
    Rows,
    Update,
)
from bot.channels.whatsapp_sending import Sender
from bot.channels.whatsapp_updates import parse
from bot.limits import Clock, Pauses
from bot.meters import Meters
from conversations.message import Inbound, Message

T = TypeVar("T")

LARGEST_WEBHOOK: Final = 3 * 1024 * 1024
SIGNATURE_HEADER: Final = "x-hub-signature-256"
FIELDS: Final = "display_phone_number,verified_name,quality_rating"

_SIGNATURE: Final = re.compile(r"sha256=[0-9a-f]{64}")
"""What is signed in no such way is not even read."""

MOST_WEBHOOKS: Final = 256
"""Bodies being stored at a time; beyond it Meta is asked to come again."""

_MOST_MARKS: Final = 32
_UNIT: Final = 200
"""Rows or facts that are written as one unit."""

_PAUSES: Final = Pauses(first=1, longest=300)

_ASTRAY: Final = (
    (
        OTHER_NUMBER,
        "WhatsApp: {number} kiriman untuk nomor lain diabaikan; periksa WHATSAPP_PHONE_ID, atau "
        "lepaskan nomor lain dari webhook ini",
    ),
    (
        OTHER_ACCOUNT,
        "WhatsApp: {number} kiriman untuk akun lain diabaikan; periksa WHATSAPP_WABA_ID, atau "
        "lepaskan akun lain dari webhook ini",
    ),
    (
        MISMATCH,
        "WhatsApp: nomor ini ada di akun lain daripada WHATSAPP_WABA_ID ({number} kiriman); "
        "betulkan WHATSAPP_WABA_ID supaya kabar templat sampai",
    ),
)

_log = structlog.get_logger(__name__)


class WhatsApp:
    """One number. `business_id` is the account (WABA) that it belongs to."""

    name = CHANNEL
    removes = False

    def __init__(
        self,
        token: str,
        *,
        phone_id: str,
        business_id: str,
        app_secret: str,
        verify_token: str,
        clock: Clock,
        dice: Random,
        load_media: LoadMedia,
        note: Note,
        meters: Meters,
        api_url: str = "https://graph.facebook.com/v26.0",
        connections: int = 256,
        read_timeout: float = 20.0,
    ) -> None:
        self.account = phone_id
        self.introduced: Callable[[str], Awaitable[None]] | None = None
        """Told our telephone number in digits, as links to it have it."""
        self.graph = Graph(
            token, api_url=api_url, connections=connections, read_timeout=read_timeout
        )
        self._sender = Sender(self.graph, phone_id, load_media=load_media, clock=clock)
        self._rows = Rows(phone_id, business_id)
        self._app_secret = app_secret.encode()
        self._verify_token = verify_token.encode()
        self._clock = clock
        self._dice = dice
        self._note = note
        self._meters = meters
        self._bodies = Bodies(LARGEST_WEBHOOK)
        self._accept: Accept | None = None
        self._trouble = ""
        self._astray: Counter[str] = Counter()
        self._under_way = 0
        self._marks: set[asyncio.Task[None]] = set()

    def healthy(self) -> str:
        """Empty, or one line for the operator."""
        return self._trouble or self._sender.trouble

    def warning(self) -> str:
        """What arrived since the start and was not meant for us; everything works all the same."""
        lines = (
            words.format(number=self._astray[reason])
            for reason, words in _ASTRAY
            if self._astray[reason]
        )
        return "; ".join(lines)

    def parse(self, body: bytes) -> Inbound:
        """What one stored message says."""
        return parse(body)

    async def run(self, accept: Accept) -> None:
        """Receive until cancelled, whether or not Meta answers when asked who we are."""
        self._accept = accept
        try:
            await self._introduce()
            await asyncio.Event().wait()
        finally:
            self._accept = None

    async def close(self) -> None:
        """Let go of the connections."""
        for mark in self._marks:
            mark.cancel()
        await asyncio.gather(*self._marks, return_exceptions=True)
        await self.graph.close()

    async def webhook(self, request: Request) -> Response:
        """The route /whatsapp: 200 only after everything in it is stored.

        What cannot be read is stored too, as quarantined: Meta would repeat it for a week.
        """
        if request.method != "POST":
            return self._greet(request.query_params)
        given = request.headers.get(SIGNATURE_HEADER, "")
        try:
            self._bodies.refuse_too_large(request)
            body = await self._bodies.read(request) if _SIGNATURE.fullmatch(given) else b""
        except NotRead as error:
            return self._refuse(error.status, error.reason)
        if not self._is_signed(body, given):
            return self._refuse(401, "signature")
        if self._accept is None or self._under_way >= MOST_WEBHOOKS:
            return Response(status_code=503)
        update = self._rows.of(body, int(self._clock.now().timestamp()))
        self._under_way += 1
        try:
            await self._store(update, self._accept)
        finally:
            self._under_way -= 1
        self._count_left_out(update.left_out)
        self._mark_read(update.marks)
        return Response(status_code=200)

    async def send(self, address: str, message: Message, *, quiet: bool = False) -> Receipt:
        """Send one message; see `Channel.send` for what it raises."""
        return await self._sender.send(address, message, quiet=quiet)

    async def fetch(self, ref: str) -> bytes:
        """The bytes of a file somebody sent."""
        return await self._sender.fetch(ref)

    def _greet(self, asked: Mapping[str, str]) -> Response:
        """Meta makes sure that the address is ours before it sends anything to it."""
        given = asked.get("hub.verify_token", "").encode()
        known = hmac.compare_digest(given, self._verify_token)
        if asked.get("hub.mode") != "subscribe" or not known:
            return self._refuse(403, "verify token")
        return PlainTextResponse(asked.get("hub.challenge", "")[:1_000])

    def _is_signed(self, body: bytes, given: str) -> bool:
        """By the bytes as they came: written again in another way, they are somebody else's."""
        digest = hmac.new(self._app_secret, body, hashlib.sha256).hexdigest()
        return hmac.compare_digest(given.encode(), f"sha256={digest}".encode())

    def _refuse(self, status: int, reason: str) -> Response:
        self._meters.webhooks_refused.labels(self.name, reason).inc()
        _log.warning("a webhook was refused", channel=self.name, reason=reason)
        return Response(status_code=status)

    async def _store(self, update: Update, accept: Accept) -> None:
        """Who is behind an address first, then messages and the rest beside each other: what
        became of a message does not wait for turns. Whatever fails keeps nothing else back; then
        the first error is raised.
        """
        people = await _errors_of(_in_turn(self._note, _units(update.people)))
        others = []
        if update.rows:
            others.append(_in_turn(accept, _units(update.rows)))
        if update.facts:
            others.append(_in_turn(self._note, _units(update.facts)))
        for error in (*people, *await _errors_of(*others)):
            raise error

    def _count_left_out(self, left_out: Counter[str]) -> None:
        for reason, number in left_out.items():
            self._meters.parts_left_out.labels(self.name, reason).inc(number)
            self._astray[reason] += number
        for reason in (reason for reason, _ in _ASTRAY if left_out[reason]):
            _log.warning(
                "a webhook was not for us",
                channel=self.name,
                reason=reason,
                number=left_out[reason],
            )

    def _mark_read(self, marks: Mapping[str, str]) -> None:
        """She sees that her words arrived; nothing depends on it."""
        for wamid in marks.values():
            if len(self._marks) >= _MOST_MARKS:
                return
            mark = asyncio.create_task(self._mark(wamid))
            self._marks.add(mark)
            mark.add_done_callback(self._marks.discard)

    async def _mark(self, wamid: str) -> None:
        try:
            await self._sender.mark_read(wamid)
        except ChannelError as error:
            _log.debug("a message was not marked as read", error=type(error).__name__)

    async def _introduce(self) -> None:
        """Ask Meta for our number until it answers; meanwhile everything else goes on."""
        failures = 0
        while True:
            try:
                told = await self.graph.get(self.account, fields=FIELDS)
            except ChannelError as error:
                failures += 1
                self._report(_advice(error))
                await self._clock.sleep(_PAUSES.after(failures, self._dice))
            else:
                self._report("")
                number = re.sub(r"\D", "", str(told.get("display_phone_number", "")))
                self._rows = replace(self._rows, number=number)
                if self.introduced is not None and number:
                    await self.introduced(number)
                return

    def _report(self, advice: str) -> None:
        if advice and advice != self._trouble:
            _log.warning("the channel needs attention", channel=self.name, reason=advice)
        self._trouble = advice


def _units(items: list[T]) -> list[list[T]]:
    return [items[start : start + _UNIT] for start in range(0, len(items), _UNIT)]


async def _in_turn(store: Callable[[list[T]], Awaitable[None]], units: list[list[T]]) -> None:
    for unit in units:
        await store(unit)


async def _errors_of(*stores: Coroutine[None, None, None]) -> list[BaseException]:
    """What fails of these, beside each other; a single one, as nearly always, needs no task."""
    if len(stores) != 1:
        ended = await asyncio.gather(*stores, return_exceptions=True)
        return [error for error in ended if error is not None]
    try:
        await stores[0]
    except Exception as error:
        return [error]
    return []


def _advice(error: ChannelError) -> str:
    found = trouble_of(error) if isinstance(error, GraphError) else ""
    reason = error.reason or type(error).__name__
    return found or f"WhatsApp: Meta belum menjawab ({reason}); dicoba lagi sendiri"
