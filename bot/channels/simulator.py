"""The simulator: a channel whose platform is our own page in the browser.

What somebody does on the page goes through the inbox, and what the bot says through the outbox, as
on any platform. A file lies in the inbox behind the line that describes it, so it is stored, kept
and erased like everything else that was received. The pages are in bot/pages/.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from bot.channels.channel import (
    Accept,
    Gone,
    LoadMedia,
    Receipt,
    Refused,
)
from bot.limits import Clock
from bot.media import MediaLost
from conversations.message import LONGEST_TEXT, Inbound, Kind, Media, Message, clean
from storage import transcript
from storage.database import Database
from storage.inbox import Received

LARGEST_FILE: Final = 16 * 2**20
"""Bytes of one uploaded file."""

EVERYBODY: Final = "*"
"""Told instead of an address when every page should look again."""

_REMEMBERED: Final = 1_000
_FILES: Final = (Kind.VOICE, Kind.IMAGE)


class NotReceiving(Exception):
    """The programme does not receive at this moment."""


@dataclass(frozen=True, slots=True)
class Doing:
    """What somebody does on the page: one text, press, file, sticker, place or contact."""

    kind: Kind
    text: str = ""
    button: str = ""
    file: bytes = b""
    mime: str = ""


class Changes:
    """Tells the pages at which address something changed; numbered, so that a page may resume."""

    def __init__(self, run: str) -> None:
        self._run = run
        self._last = 0
        self._recent: deque[tuple[int, str]] = deque(maxlen=_REMEMBERED)
        self._moved = asyncio.Event()
        self._closed = False

    def tell(self, address: str) -> None:
        """Something changed there."""
        self._last += 1
        self._recent.append((self._last, address))
        self._wake()

    def close(self) -> None:
        """No more news: whoever listens is let go."""
        self._closed = True
        self._wake()

    async def since(self, last_event_id: str, heartbeat: float) -> AsyncIterator[tuple[str, str]]:
        """(event id, address) of every change from there on; ("", "") when nothing happened.

        Whoever comes with an id that is not remembered (any more) is told to look at everything.
        """
        place = self._place(last_event_id)
        if place is None:
            place = self._last
            yield self._id(place), EVERYBODY
        while not self._closed:
            moved = self._moved
            for number, address in [one for one in self._recent if one[0] > place]:
                place = number
                yield self._id(number), address
            if place < self._last:
                continue
            try:
                async with asyncio.timeout(heartbeat):
                    await moved.wait()
            except TimeoutError:
                yield "", ""

    def _wake(self) -> None:
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    def _id(self, number: int) -> str:
        return f"{self._run}-{number}"

    def _place(self, last_event_id: str) -> int | None:
        run, _, written = last_event_id.partition("-")
        if run != self._run or not (written.isascii() and written.isdecimal()):
            return None
        number = int(written[:18])
        oldest = self._recent[0][0] if self._recent else self._last + 1
        return number if oldest - 1 <= number <= self._last else None


class Simulator:
    """The channel. `fresh_id` names what is received; each name is used once."""

    name = "simulator"
    account = "contoh"
    removes = True

    def __init__(
        self,
        *,
        clock: Clock,
        database: Database,
        load_media: LoadMedia,
        fresh_id: Callable[[], str] = lambda: secrets.token_hex(8),
    ) -> None:
        self.changes = Changes(fresh_id())
        self._clock = clock
        self._database = database
        self._load_media = load_media
        self._fresh_id = fresh_id
        self._accept: Accept | None = None

    def parse(self, body: bytes) -> Inbound:
        """What one stored body says."""
        return parse(body)

    async def receive(self, address: str, doing: Doing) -> None:
        """Returns when it is stored; raises NotReceiving while the programme does not receive."""
        if self._accept is None:
            raise NotReceiving
        name = f"{doing.kind}:{self._fresh_id()}"
        body = body_of(doing, name, self._clock.now())
        row = Received(self.name, self.account, name, address, body, message_id=name)
        await self._accept([row])
        self.changes.tell(address)

    async def send(self, address: str, message: Message, *, quiet: bool = False) -> Receipt:
        """The page shows what the outbox holds and no removal covers: it is only told to look."""
        if not message.text and message.media is None and message.removal is None:
            raise Refused("empty message")
        if message.media is not None:
            try:
                await self._load_media(message.media)
            except MediaLost:
                raise Refused("file lost") from None
        self.changes.tell(address)
        if message.removal is None:
            return Receipt(self._fresh_id())
        number = len(message.removal.ids)
        return Receipt(self._fresh_id(), f"removed {number} of {number}")

    async def fetch(self, ref: str) -> bytes:
        """The bytes of a file that was uploaded."""
        body = await self._database.read(
            lambda conn: transcript.body_of(conn, self.name, self.account, ref)
        )
        if body is None:
            raise Gone
        return file_in(body)

    async def run(self, accept: Accept) -> None:
        """Receive until cancelled: the pages call `receive`."""
        self._accept = accept
        try:
            await asyncio.Event().wait()
        finally:
            self._accept = None

    def close(self) -> None:
        """Let the listening pages go; they come back to the next run."""
        self.changes.close()

    def healthy(self) -> str:
        """Nothing here can be out of reach."""
        return ""


def body_of(doing: Doing, name: str, at: datetime) -> bytes:
    """One inbox body: a line of JSON, and behind it the file, if there is one."""
    head: dict[str, Any] = {"kind": doing.kind.value, "at": round(at.timestamp() * 1000)}
    if doing.text:
        head["text"] = doing.text
    if doing.button:
        head["button"] = doing.button
    if doing.file:
        head |= {"ref": name, "mime": doing.mime, "size": len(doing.file)}
    return orjson.dumps(head) + b"\n" + doing.file


def parse(body: bytes) -> Inbound:
    """What one body says; raises ValueError when it is not one of ours.

    >>> parse(b'{"kind": "text", "at": 1790000000000, "text": "halo "}').text
    'halo'
    """
    try:
        head = orjson.loads(body.partition(b"\n")[0])
        kind = Kind(head["kind"])
        return Inbound(
            kind,
            datetime.fromtimestamp(_number(head["at"]) / 1000, UTC),
            text=clean(_string(head, "text")),
            button=_string(head, "button"),
            media=_media(head) if kind in _FILES else None,
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, OSError) as error:
        raise ValueError(f"not a simulator body: {type(error).__name__}") from None


def file_in(body: bytes) -> bytes:
    """The file behind the first line.

    >>> file_in(b'{"kind": "voice"}' + bytes([10]) + b"OggS")
    b'OggS'
    """
    return body.partition(b"\n")[2]


def _media(head: dict[str, Any]) -> Media:
    return Media(head["ref"], mime=_string(head, "mime"), size=_number(head["size"]))


def _string(head: dict[str, Any], key: str) -> str:
    found = head.get(key, "")
    if not isinstance(found, str):
        raise TypeError
    return found[:LONGEST_TEXT]


def _number(found: Any) -> int:
    if not isinstance(found, int) or isinstance(found, bool):
        raise TypeError
    return found
