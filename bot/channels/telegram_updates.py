"""A Telegram update read into an `Inbound`, and the address it came from: pure, on raw JSON.

python-telegram-bot's `Update.de_json` costs forty times as much and knows no more than is needed
here; the tests hold the two against each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from conversations.message import Inbound, Kind, Media, clean

Json = Mapping[str, Any]

ALLOWED_UPDATES: Final = (
    "message",
    "edited_message",
    "callback_query",
    "my_chat_member",
    "message_reaction",
)

RECEIVED_AT: Final = "received_at"
"""Added to an update when it arrives: unix seconds, since a pressed button tells no time."""

_MESSAGES: Final = ("message", "edited_message", "channel_post", "edited_channel_post")
_GONE: Final = ("kicked", "left")


def parse(body: bytes) -> Inbound:
    """What one update says; raises ValueError when it is not a Telegram update.

    >>> parse(b'{"update_id": 1, "message": {"date": 1790000000, "text": "halo ",'
    ...       b' "chat": {"id": 7, "type": "private"}}}').text
    'halo'
    """
    try:
        update = orjson.loads(body)
        for reader, names in _READERS:
            for name in names:
                if name in update:
                    return reader(update[name], update)
        _number(update["update_id"])
        return Inbound(Kind.OTHER, _received_at(update, 0))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, OSError) as error:
        raise ValueError(f"not a Telegram update: {type(error).__name__}") from None


def address_of(update: Json) -> str:
    """The chat an update belongs to (its sender where it has none); raises ValueError.

    >>> address_of({"message": {"chat": {"id": -100}}})
    '-100'
    """
    return str(_number(_chat(update)["id"]))


def is_channel_post(update: Json) -> bool:
    """Whether it stems from a broadcast channel, where there is nobody to talk with."""
    try:
        return bool(_chat(update).get("type") == "channel")
    except ValueError:
        return False


def callback_id(update: Json) -> str:
    """The id by which a pressed button wants to be answered; empty for everything else."""
    query = update.get("callback_query")
    found = query.get("id") if isinstance(query, dict) else None
    return found if isinstance(found, str) else ""


def message_id(update: Json) -> str:
    """What the platform calls a message that somebody wrote; empty for everything else.

    An edited message came before, under the same id.

    >>> message_id({"message": {"message_id": 12}}), message_id({"edited_message": {}})
    ('12', '')
    """
    message = update.get("message")
    found = message.get("message_id") if isinstance(message, dict) else None
    return str(found) if isinstance(found, int) and not isinstance(found, bool) else ""


def _chat(update: Json) -> Json:
    for body in update.values():
        if not isinstance(body, dict):
            continue
        held = body.get("message")
        inner = held if isinstance(held, dict) else body
        for chat in (inner.get("chat"), body.get("from"), body.get("user")):
            if isinstance(chat, dict):
                return chat
    raise ValueError("an update without a chat")


def _read_message(message: Json, update: Json) -> Inbound:
    edited = "edited_message" in update or "edited_channel_post" in update
    sent_at = _time(message.get("edit_date", message["date"]) if edited else message["date"])
    if message["chat"]["type"] != "private":
        return Inbound(Kind.GROUP, sent_at)
    kind, text, media = _content(message)
    sender = message.get("from") or {}
    return Inbound(
        kind,
        sent_at,
        text=clean(text),
        media=media,
        edited=edited,
        forwarded="forward_origin" in message or "forward_date" in message,
        language_code=_string(sender, "language_code")[:16],
        name=_name(sender),
    )


def _read_press(query: Json, update: Json) -> Inbound:
    message = query.get("message") or {}
    at = _received_at(update, message.get("date", 0))
    if message and message["chat"]["type"] != "private":
        return Inbound(Kind.GROUP, at)
    sender = query["from"]
    return Inbound(
        Kind.BUTTON,
        at,
        button=_string(query, "data"),
        language_code=_string(sender, "language_code")[:16],
        name=_name(sender),
    )


def _read_membership(change: Json, update: Json) -> Inbound:
    at = _time(change["date"])
    gone = change["new_chat_member"]["status"] in _GONE
    if gone:
        return Inbound(Kind.LEFT, at)
    if change["chat"]["type"] != "private":
        return Inbound(Kind.GROUP, at)
    return Inbound(Kind.CAME_BACK, at)


def _read_reaction(reaction: Json, update: Json) -> Inbound:
    at = _time(reaction["date"])
    if reaction["chat"]["type"] != "private":
        return Inbound(Kind.GROUP, at)
    emoji = "".join(_string(given, "emoji") for given in reaction["new_reaction"])
    return Inbound(Kind.REACTION, at, text=clean(emoji))


_READERS: Final[tuple[tuple[Callable[[Any, Any], Inbound], tuple[str, ...]], ...]] = (
    (_read_message, _MESSAGES),
    (_read_press, ("callback_query",)),
    (_read_membership, ("my_chat_member",)),
    (_read_reaction, ("message_reaction",)),
)

_FILES: Final = (
    ("voice", Kind.VOICE, "audio/ogg"),
    ("audio", Kind.VOICE, "audio/mpeg"),
    ("video", Kind.VIDEO, "video/mp4"),
    ("video_note", Kind.VIDEO, "video/mp4"),
    ("animation", Kind.VIDEO, "video/mp4"),  # before document: an animation is sent as both
    ("document", Kind.DOCUMENT, "application/octet-stream"),
)

_WITHOUT_TEXT: Final = (
    ("location", Kind.LOCATION),
    ("venue", Kind.LOCATION),
    ("contact", Kind.CONTACT),
)


def _content(message: Json) -> tuple[Kind, str, Media | None]:
    if "text" in message:
        return Kind.TEXT, _string(message, "text"), None
    caption = _string(message, "caption")
    for name, kind, mime in _FILES:
        if name in message:
            return kind, caption, _media(message[name], mime)
    if "photo" in message:
        largest = max(message["photo"], key=lambda size: _number(size["width"]) * size["height"])
        return Kind.IMAGE, caption, _media(largest, "image/jpeg")
    if "sticker" in message:
        sticker = message["sticker"]
        return Kind.STICKER, _string(sticker, "emoji"), _media(sticker, "image/webp")
    for name, kind in _WITHOUT_TEXT:
        if name in message:
            return kind, "", None
    return Kind.OTHER, caption, None


def _media(file: Json, mime: str) -> Media:
    ref = file["file_id"]
    if not isinstance(ref, str):
        raise TypeError
    return Media(
        ref,
        mime=_string(file, "mime_type")[:80] or mime,
        size=_number(file.get("file_size") or 0),
        seconds=_number(file.get("duration") or 0),
    )


def _name(sender: Json) -> str:
    return clean(f"{_string(sender, 'first_name')} {_string(sender, 'last_name')}")[:80]


def _string(body: Json, key: str) -> str:
    found = body.get(key, "")
    if not isinstance(found, str):
        raise TypeError
    return found


def _number(found: Any) -> int:
    if not isinstance(found, int) or isinstance(found, bool):
        raise TypeError
    return found


def _time(seconds: Any) -> datetime:
    return datetime.fromtimestamp(_number(seconds), UTC)


def _received_at(update: Json, otherwise: Any) -> datetime:
    return _time(update.get(RECEIVED_AT, otherwise))
