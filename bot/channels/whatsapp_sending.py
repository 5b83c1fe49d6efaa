"""Sends over one number of WhatsApp, fetches what people sent, and marks as read.

What a message looks like is decided in whatsapp_messages.py, what an error means in
whatsapp_errors.py; who may be written to, and when, is not decided here.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import structlog

from bot.channels.channel import (
    LARGEST_FETCH,
    ChannelError,
    Gone,
    LoadMedia,
    Receipt,
    Refused,
    SlowDown,
    TooLarge,
    Unanswered,
    Unreachable,
)
from bot.channels.known_files import Known, KnownFiles
from bot.channels.whatsapp_errors import GraphError, refuses_media, trouble_of, verdict
from bot.channels.whatsapp_graph import Graph
from bot.channels.whatsapp_messages import Attached, Part, kind_of, render
from bot.channels.whatsapp_updates import kept_id
from bot.limits import Clock
from conversations.message import MediaId, Message

_ENVELOPE: Final[Part] = {"messaging_product": "whatsapp", "recipient_type": "individual"}
_OPUS: Final = "audio/ogg; codecs=opus"
_DIGESTED: Final = "h:"
"""What an address begins with that is kept by its digest alone: nothing can be sent to it."""
_NUMBER: Final = re.compile(r"[0-9]{5,20}")
_MEDIA_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,200}")
_HELD: Final = frozenset({"held_for_quality_assessment", "paused"})

_log = structlog.get_logger(__name__)


class Sender:
    """One number of ours, by the id that the platform gave it."""

    def __init__(self, graph: Graph, phone_id: str, *, load_media: LoadMedia, clock: Clock) -> None:
        self._graph = graph
        self._messages = f"{phone_id}/messages"
        self._media = f"{phone_id}/media"
        self._load_media = load_media
        self._clock = clock
        self._files = KnownFiles()
        self._trouble = ""

    @property
    def trouble(self) -> str:
        """Empty, or in one line why nothing can be sent to anybody and what to do."""
        return self._trouble

    async def send(self, address: str, message: Message, *, quiet: bool = False) -> Receipt:
        """Send one message; see `Channel.send` for what it raises.

        `address` is a telephone number in digits or a business-scoped user id. `quiet` and
        `Message.discreet` change nothing: the platform has no silent messages, and nothing that
        hides a text on the lock screen. Nor does it take back what was written: of a removal only
        what is to be said otherwise is said.

        A message of several parts of which one already went out cannot be "certainly not sent":
        every later failure is Unanswered. Its receipt has the id of the last part, which carries
        the question.
        """
        to = _recipient(address)
        note = ""
        if message.removal is not None:
            note = f"removed 0 of {len(message.removal.ids)}"
            text = message.removal.otherwise or message.text
            if not text:
                return Receipt("", note)
            message = replace(message, text=text, removal=None)
        try:
            told = await self._send(to, message)
        except GraphError as error:
            self._heed(error)
            raise verdict(error) from error
        return replace(told, note=note) if note else told

    async def fetch(self, ref: str) -> bytes:
        """The bytes of a file somebody sent, compared with the digest that the platform tells.

        Raises TooLarge, Gone or Unreachable. Only the platform's own word that it knows no such
        file is Gone: an address that it gave a moment ago may be told anew.
        """
        if not _MEDIA_ID.fullmatch(ref):
            raise Gone("no such file")
        try:
            return await self._fetch(ref)
        except GraphError as error:
            if error.not_found:
                raise Gone(error.reason) from error
            raise Unreachable(error.reason) from error
        except SlowDown as error:
            raise Unreachable(error.reason) from error

    async def mark_read(self, wamid: str) -> None:
        """Show the person that her message was read, and all before it; nothing depends on it."""
        body = {"messaging_product": "whatsapp", "status": "read", "message_id": wamid}
        try:
            await self._graph.post(self._messages, body)
        except ChannelError as error:
            _log.debug("a message was not marked as read", reason=error.reason)

    async def _fetch(self, ref: str) -> bytes:
        told = await self._graph.get(ref)
        if _size(told.get("file_size")) > LARGEST_FETCH:
            raise TooLarge
        data = await self._graph.download(str(told.get("url", "")))
        if not _matches(data, told.get("sha256")):
            raise Unreachable("damaged on the way")
        return data

    async def _send(self, to: Part, message: Message) -> Receipt:
        if message.media is None or message.template is not None:
            return await self._send_parts(to, render(message))
        return await self._send_with(message.media, to, message)

    async def _send_with(self, id_: MediaId, to: Part, message: Message) -> Receipt:
        """With its file by the platform's name for it, uploaded once where it has none.

        A file that the platform does not take keeps no words back: they go alone, and the note
        says so.
        """
        reason = ""
        for _ in range(2):
            known, reason = await self._known(id_)
            if known is None:
                break
            parts = render(message, Attached(known.field, known.file_id))
            try:
                return await self._send_parts(to, parts)
            except GraphError as error:
                if not refuses_media(error):
                    raise
                self._files.forget(id_, known)
                reason = error.reason
        parts = render(message)
        if not parts:
            raise Refused(reason)
        told = await self._send_parts(to, parts)
        return replace(told, note=f"without its file: {reason}")

    async def _known(self, id_: MediaId) -> tuple[Known | None, str]:
        """What the platform calls a file, or why it cannot have it."""
        if (known := self._files.find(id_, self._clock.now())) is not None:
            return known, ""
        async with self._files.uploading(id_):
            if (known := self._files.find(id_, self._clock.now())) is not None:
                return known, ""
            try:
                file = await self._load_media(id_)
            except LookupError:
                return None, "file gone"
            if not (kind := kind_of(file)):
                return None, "file type not supported"
            if kind == "voice":
                file = replace(file, mime=_OPUS)
            try:
                name = await self._graph.upload(self._media, file)
            except GraphError as error:
                if not isinstance(verdict(error), Refused):
                    raise
                return None, error.reason
            except Refused as error:
                return None, error.reason
            return self._files.learn(id_, kind, name, self._clock.now()), ""

    async def _send_parts(self, to: Part, parts: Sequence[Part]) -> Receipt:
        if not parts:
            raise Refused("empty message")
        told = Receipt("")
        for number, part in enumerate(parts):
            try:
                told = await self._post({**_ENVELOPE, **to, **part})
            except ChannelError as error:
                if number == 0:
                    raise
                self._heed(error)
                raise Unanswered("sent in part") from error
        self._trouble = ""
        return told

    async def _post(self, body: Part) -> Receipt:
        answer = await self._graph.post(self._messages, body)
        try:
            taken = answer["messages"][0]
            wamid = str(taken["id"])
        except (KeyError, IndexError, TypeError):
            raise Unanswered("unreadable answer") from None
        held = str(taken.get("message_status", ""))
        return Receipt(kept_id(wamid), "held by platform" if held in _HELD else "")

    def _heed(self, error: ChannelError) -> None:
        """Remember what only people can mend, until something is sent again."""
        advice = trouble_of(error) if isinstance(error, GraphError) else ""
        if advice and advice != self._trouble:
            _log.warning("the channel needs attention", channel="whatsapp", reason=error.reason)
        self._trouble = advice or self._trouble


def _recipient(address: str) -> Part:
    """Where a request goes: to a telephone number, or to a business-scoped user id."""
    if _NUMBER.fullmatch(address):
        return {"to": address}
    if not address or address.startswith(_DIGESTED):
        raise Refused("no recipient")
    return {"recipient": address}


def _size(told: Any) -> int:
    """Bytes, as a number or in digits; 0 when it is not told."""
    written = str(told)
    return int(written[:18]) if written.isascii() and written.isdecimal() else 0


def _matches(data: bytes, told: Any) -> bool:
    """Whether it has the digest that was told, in hexadecimal or base64; true without one."""
    if not told:
        return True
    digest = hashlib.sha256(data).digest()
    return str(told) in (digest.hex(), base64.b64encode(digest).decode())
