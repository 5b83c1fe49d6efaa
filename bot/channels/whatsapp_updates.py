"""One WhatsApp message read into an `Inbound`, and who sent it: pure, on raw JSON.

A kept body is one message with its contact and the number it was sent to; how a webhook becomes
such bodies is in whatsapp_rows.py, what else Meta tells in whatsapp_facts.py.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from conversations.message import Inbound, Kind, Media, clean

Json = Mapping[str, Any]

RECEIVED_AT: Final = "received_at"
"""In a kept body, when it arrived: unix seconds. What she wrote is never from later than that."""

LONGEST_ID: Final = 80
LONGEST_ADDRESS: Final = 64
LONGEST_RECIPIENT: Final = 140

_PLAIN: Final = re.compile(r"[!-~]+")
_NUMBER: Final = re.compile(r"[0-9]{5,20}")
_MEDIA_ID: Final = re.compile(r"[A-Za-z0-9_.-]{1,200}")


@dataclass(frozen=True, slots=True)
class Writer:
    """Who a message is from: the key we know her by, and what goes into a request to her."""

    address: str
    recipient: str
    """Her telephone number in digits where it is known, else her business-scoped user id."""


def parse(body: bytes) -> Inbound:
    """What one kept body says; raises ValueError when it is not a WhatsApp message.

    >>> parse(b'{"message": {"from": "628123456789", "timestamp": "1790000000", "type": "text",'
    ...       b' "text": {"body": "halo "}}, "received_at": 1790000005}').text
    'halo'
    """
    try:
        kept = orjson.loads(body)
        message, contact, now = kept["message"], kept.get("contact") or {}, kept[RECEIVED_AT]
        writer = writer_of(message, contact)
        recipient = "" if writer.recipient == writer.address else writer.recipient
        return _read(message, _sent_at(message, now), clean(_name(contact))[:80], recipient)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, OSError) as error:
        raise ValueError(f"not a WhatsApp message: {type(error).__name__}") from None


def loads(body: bytes) -> Any:
    """JSON as it came; characters that no text can hold (half of an emoji) become "?".

    Raises ValueError.

    >>> loads(b'{"name": "Siti \\\\ud83d"}')
    {'name': 'Siti ?'}
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        try:
            found = json.dumps(json.loads(body), ensure_ascii=False)
        except RecursionError:
            raise ValueError("nested too deeply") from None
        return orjson.loads(found.encode("utf-8", "replace"))


def writer_of(message: Json, contact: Json) -> Writer:
    """Her business-scoped user id is the key, her number only where that is missing: it changes,
    and may become a stranger's. Raises ValueError when neither can be read.

    >>> writer_of({"from": "628123"}, {"wa_id": "628123", "user_id": "ID.7"})
    Writer(address='ID.7', recipient='628123')
    """
    if group := message.get("group_id"):
        return Writer(kept_address(f"group:{group}"), "")
    user_id = _identity(message.get("from_user_id")) or _identity(contact.get("user_id"))
    number = _digits(contact.get("wa_id")) or _digits(message.get("from"))
    if not (user_id or number):
        raise ValueError("a message without a sender")
    return Writer(kept_address(user_id or number), number or user_id)


def kept_id(wamid: str) -> str:
    """The platform's name of a message as it is kept: what is long or odd, by its digest.

    >>> kept_id("wamid.HBgN"), len(kept_id("w" * 200))
    ('wamid.HBgN', 66)
    """
    if len(wamid) <= LONGEST_ID and _PLAIN.fullmatch(wamid):
        return wamid
    return f"h:{_digest(wamid)[:64]}"


def kept_address(name: str) -> str:
    """The key of a person on the platform as it is kept.

    >>> kept_address("ID.1349"), len(kept_address("ID." + "7" * 128))
    ('ID.1349', 62)
    """
    if len(name) <= LONGEST_ADDRESS and _PLAIN.fullmatch(name):
        return name
    return f"h:{_digest(name)[:60]}"


def seconds(found: Any) -> int:
    """A time as Meta writes it, "1790000000" or the number; raises ValueError."""
    if isinstance(found, str) and found.isascii() and found.isdecimal() and len(found) <= 12:
        return int(found)
    if isinstance(found, int) and not isinstance(found, bool) and 0 <= found < 10**12:
        return found
    raise ValueError("not a time")


def string(body: Json, key: str) -> str:
    """A text that may be missing; raises TypeError when something else is there."""
    found = body.get(key)
    if found is None:
        return ""
    if not isinstance(found, str):
        raise TypeError
    return found


def _read(message: Json, sent_at: datetime, name: str, recipient: str) -> Inbound:
    if message.get("group_id"):
        return Inbound(Kind.GROUP, sent_at)
    edited = message["type"] == "edit"
    content = message["edit"]["message"] if edited else message
    edited = edited or _names(content, "edit")
    kind, text, button, media = _content(content)
    context = content.get("context") or {}
    return Inbound(
        kind,
        sent_at,
        clean(text),
        clean(button)[:256],
        media,
        edited,
        bool(context.get("forwarded") or context.get("frequently_forwarded")),
        name=name,
        recipient=recipient,
    )


_FILES: Final = {
    "audio": (Kind.VOICE, "audio/ogg"),
    "voice": (Kind.VOICE, "audio/ogg"),
    "image": (Kind.IMAGE, "image/jpeg"),
    "video": (Kind.VIDEO, "video/mp4"),
    "document": (Kind.DOCUMENT, "application/octet-stream"),
    "sticker": (Kind.STICKER, "image/webp"),
}

_WITHOUT_TEXT: Final = {
    "location": Kind.LOCATION,
    "contacts": Kind.CONTACT,
    "request_welcome": Kind.CAME_BACK,
    "revoke": Kind.TAKEN_BACK,
}

_TAKEN_BACK: Final = ("revoke", "delete")


def _content(message: Json) -> tuple[Kind, str, str, Media | None]:
    """Kind, text, payload of a button and file. An unknown type is heard as "something"."""
    type_ = message["type"]
    if not isinstance(type_, str):
        raise TypeError
    match type_:
        case "text":
            return Kind.TEXT, _present(message["text"], "body"), "", None
        case "button":
            return _pressed(message["button"], "payload", "text")
        case "interactive":
            return _chosen(message["interactive"])
        case "reaction":
            emoji = string(message["reaction"], "emoji")
            return (Kind.REACTION, emoji, "", None) if emoji else (Kind.TAKEN_BACK, "", "", None)
        case "unsupported" if _names(message, *_TAKEN_BACK):
            return Kind.TAKEN_BACK, "", "", None
    if type_ in _FILES:
        kind, mime = _FILES[type_]
        return kind, string(message[type_], "caption"), "", _media(message[type_], mime)
    return _WITHOUT_TEXT.get(type_, Kind.OTHER), "", "", None


def _chosen(interactive: Json) -> tuple[Kind, str, str, Media | None]:
    type_ = interactive["type"]
    if type_ in ("button_reply", "list_reply"):
        return _pressed(interactive[type_], "id", "title")
    return Kind.OTHER, "", "", None


def _pressed(reply: Json, key: str, shown: str) -> tuple[Kind, str, str, Media | None]:
    """What a button stands for; one that stands for nothing is what is written on it."""
    if payload := string(reply, key):
        return Kind.BUTTON, "", payload, None
    return Kind.TEXT, _present(reply, shown), "", None


def _media(file: Json, mime: str) -> Media:
    ref = file["id"]
    if not isinstance(ref, str) or not _MEDIA_ID.fullmatch(ref):
        raise TypeError
    return Media(ref, mime=string(file, "mime_type")[:80] or mime)


def _names(message: Json, *kinds: str) -> bool:
    """Whether WhatsApp says that it cannot show us a message of such a kind."""
    unsupported = message.get("unsupported")
    return isinstance(unsupported, dict) and unsupported.get("type") in kinds


def _sent_at(message: Json, now: Any) -> datetime:
    """By the platform's clock, at most its arrival; its arrival where it does not say."""
    arrived = seconds(now)
    try:
        return datetime.fromtimestamp(min(seconds(message.get("timestamp")), arrived), UTC)
    except ValueError:
        return datetime.fromtimestamp(arrived, UTC)


def _name(contact: Json) -> str:
    profile = contact.get("profile")
    found = profile.get("name") if isinstance(profile, dict) else None
    return found if isinstance(found, str) else ""


def _present(body: Json, key: str) -> str:
    found = body[key]
    if not isinstance(found, str):
        raise TypeError
    return found


def _identity(found: Any) -> str:
    plain = isinstance(found, str) and _PLAIN.fullmatch(found) and len(found) <= LONGEST_RECIPIENT
    return found if plain else ""


def _digits(found: Any) -> str:
    return found if isinstance(found, str) and _NUMBER.fullmatch(found) else ""


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
