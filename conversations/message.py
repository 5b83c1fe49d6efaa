"""What goes to and fro between a person and the bot, the same for every channel.

A channel turns what its platform sends into an `Inbound` and a `Message` into what its platform
accepts. Nothing here knows which platform that is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NewType

MediaId = NewType("MediaId", str)

READ_FOR_MEANING = 1_000
"""Characters of a text that are read for what they mean; danger words are sought in all of it."""

LONGEST_TEXT = 20_000
"""Characters of one incoming text that are kept; no platform delivers more in one message."""

_INVISIBLE = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u007f\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]"
)


class Kind(StrEnum):
    """What a person did."""

    TEXT = "text"
    BUTTON = "button"
    VOICE = "voice"
    IMAGE = "image"
    VIDEO = "video"
    DOCUMENT = "document"
    STICKER = "sticker"
    LOCATION = "location"
    CONTACT = "contact"
    REACTION = "reaction"
    OTHER = "other"
    LEFT = "left"
    """Blocked the bot, deleted the account: nothing can be sent any more."""
    CAME_BACK = "came_back"
    GROUP = "group"
    """Written in a group, or a group added the bot: it speaks one to one only."""
    TAKEN_BACK = "taken_back"
    """What was written or shown before was deleted: there is nothing to answer."""


class Priority(StrEnum):
    """Who goes first out of the door, most urgent first."""

    ALARM = "alarm"
    REPLY = "reply"
    REMINDER = "reminder"
    BROADCAST = "broadcast"


@dataclass(frozen=True, slots=True)
class Media:
    """A file that a person sent; `ref` is what the channel needs to fetch it."""

    ref: str
    mime: str = "application/octet-stream"
    size: int = 0
    seconds: int = 0


@dataclass(frozen=True, slots=True)
class Inbound:
    """One thing a person did, cleaned of what no eye can see.

    `button` is the payload of the pressed button, empty otherwise. `sent_at` is aware (UTC).
    """

    kind: Kind
    sent_at: datetime
    text: str = ""
    button: str = ""
    media: Media | None = None
    edited: bool = False
    forwarded: bool = False
    language_code: str = ""
    name: str = ""
    """What the platform says the person is called; used for nothing but staff's own accounts."""
    recipient: str = ""
    """Where answers go, if that is not the address itself: a telephone number, which may change."""
    unseen: datetime | None = None
    """Since when something waits for her that she has not seen yet, so that this cannot be an
    answer to it: she was only told that there is something. None: nothing does."""
    unproven: bool = False
    """It is open who holds the phone: only what belongs to danger or a report is heard."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer a person may give by number or by button; `payload` is at most 64 bytes."""

    label: str
    payload: str


@dataclass(frozen=True, slots=True)
class Removal:
    """Takes away from the phone what was written to and fro since then (aware).

    `ids`, the platform's names of those messages, are looked up when it leaves, not kept.
    `otherwise` is said instead of the message's text where the platform left some of them.
    """

    since: datetime
    otherwise: str = ""
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Template:
    """Words that the platform approved beforehand: what may be said where nothing else may.

    `values` fill its placeholders in their order; the text itself is in locales/templates.toml.
    """

    name: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """One message to a person. The numbers of its choices are printed by `printed`."""

    text: str
    choices: tuple[Choice, ...] = ()
    media: MediaId | None = None
    """A stored voice note or picture to send along (staff hear what was said)."""
    discreet: bool = False
    """Hidden on the lock screen and not to be forwarded, as far as the channel can."""
    removal: Removal | None = None
    """What goes before the text is said; the text may be empty then."""
    template: Template | None = None
    """How it is said where only approved words may be; elsewhere it means nothing."""

    def to_json(self) -> dict[str, Any]:
        """Only what differs from the default, so that stored bodies stay short."""
        body: dict[str, Any] = {"t": self.text}
        if self.choices:
            body["c"] = [[choice.label, choice.payload] for choice in self.choices]
        if self.media:
            body["m"] = self.media
        if self.discreet:
            body["d"] = True
        if self.removal:
            body["r"] = [self.removal.since.isoformat(), self.removal.otherwise]
        if self.template:
            body["w"] = [self.template.name, *self.template.values]
        return body

    @staticmethod
    def from_json(body: Mapping[str, Any]) -> Message:
        """The inverse of `to_json`."""
        since, otherwise = body.get("r", ("", ""))
        return Message(
            text=body["t"],
            choices=tuple(Choice(label, payload) for label, payload in body.get("c", ())),
            media=body.get("m"),
            discreet=body.get("d", False),
            removal=Removal(datetime.fromisoformat(since), otherwise) if since else None,
            template=Template(body["w"][0], tuple(body["w"][1:])) if "w" in body else None,
        )


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message with where and how it goes. `to` None means: back to the address that wrote.

    `dedupe_key` makes planned work happen once; a reply gets its key from the inbound message.
    Times are aware (UTC).
    """

    message: Message
    to: int | None = None
    """Person id of somebody else than the one who wrote."""
    priority: Priority = Priority.REPLY
    dedupe_key: str = ""
    not_before: datetime | None = None
    expires_at: datetime | None = None
    purpose: str = field(default="reply")
    """What it is, for reports: reply, checkin, tip, alert, nudge …"""


def printed(message: Message) -> str:
    """The text as every channel shows it: the choices stand below, each with its number.

    >>> printed(Message("Sehat?", (Choice("Sehat", "a"), Choice("Sakit", "b"))))
    'Sehat?\\n\\n1. Sehat\\n2. Sakit'
    """
    if not message.choices:
        return message.text
    lines = "\n".join(f"{n}. {choice.label}" for n, choice in enumerate(message.choices, 1))
    return f"{message.text}\n\n{lines}"


def clean(text: str) -> str:
    """A text without NUL, control and direction characters, in one normal form, bounded in length.

    >>> clean("ha\\x00lo\\u202e")
    'halo'
    """
    return unicodedata.normalize("NFC", _INVISIBLE.sub("", text[:LONGEST_TEXT])).strip()
