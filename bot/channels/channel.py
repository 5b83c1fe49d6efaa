"""What every channel can do, and the few ways in which sending or fetching may fail.

A channel knows its platform and nothing of people, dialogues or the database. The errors say what
the sender needs to decide next: certainly not sent, perhaps sent, never to be sent.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from conversations.message import Inbound, MediaId, Message
from storage.facts import Fact
from storage.inbox import Received

LARGEST_FETCH = 20 * 1024 * 1024
"""Bytes of one file that are fetched: Telegram's own limit, and plenty for a voice note."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The platform took the message; `platform_id` is what it calls it.

    The parts of one message have an id each, with commas between. `note` is kept with the result:
    what became of a removal, or of a file that the platform does not take.
    """

    platform_id: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class File:
    """A stored voice note, picture or document that goes along with a message."""

    data: bytes
    mime: str
    name: str = "berkas"


Accept = Callable[[Sequence[Received]], Awaitable[None]]
"""Returns after the batch is committed; only then may the platform be told that it was received."""

Note = Callable[[Sequence[Fact]], Awaitable[None]]
"""Returns after the facts are committed; only then may the platform be told "received"."""

LoadMedia = Callable[[MediaId], Awaitable[File]]


class Channel(Protocol):
    """One way to and from people: a bot or a number of ours on one platform."""

    name: str
    account: str
    removes: bool
    """Whether it takes away messages of both sides: it carries out `Message.removal`."""

    def parse(self, body: bytes) -> Inbound:
        """What one received body says; raises ValueError when it is malformed."""

    async def send(self, address: str, message: Message, *, quiet: bool) -> Receipt:
        """Send one message, raising Blocked, WindowClosed, SlowDown, Unanswered, Refused or
        Unreachable. With a template it is said in the template's words."""

    async def fetch(self, ref: str) -> bytes:
        """The bytes behind a `Media.ref`, raising TooLarge, Gone or Unreachable."""

    async def run(self, accept: Accept) -> None:
        """Receive until cancelled."""

    def healthy(self) -> str:
        """Empty, or in one line what is wrong and what to do."""


class ChannelError(Exception):
    """Root of what a channel raises; `reason` never holds what somebody wrote."""

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason = reason


class Blocked(ChannelError):
    """Nothing reaches this address any more, until the person writes again."""


class WindowClosed(ChannelError):
    """Not sent: so long after her last message only approved words may be said to her."""


class SlowDown(ChannelError):
    """Not sent; the platform asks for `retry_after` seconds of quiet, for this chat or for all."""

    def __init__(self, retry_after: float, *, everybody: bool = False) -> None:
        super().__init__(f"asked to wait {retry_after:g} s")
        self.retry_after = retry_after
        self.everybody = everybody


class Unanswered(ChannelError):
    """The request left and no usable answer came: nobody knows whether it was sent."""


class Refused(ChannelError):
    """The platform will never take this message as it is."""


class Unreachable(ChannelError):
    """Certainly not sent (or not fetched); the same again may succeed later."""


class TooLarge(ChannelError):
    """The file is larger than may be fetched."""


class Gone(ChannelError):
    """The platform no longer has the file."""
