"""As what a file goes to Telegram, and what Telegram calls it then: pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bot.channels.channel import File

METHODS: Final[Mapping[str, str]] = {
    "voice": "sendVoice",
    "photo": "sendPhoto",
    "document": "sendDocument",
}
"""The method for each field."""

_MOST_PHOTO: Final = 10 * 1024 * 1024


def field_of(file: File) -> str:
    """The field in which a file goes.

    >>> field_of(File(b"OggS", "audio/ogg"))
    'voice'
    """
    if file.mime in ("audio/ogg", "audio/opus"):
        return "voice"
    if file.mime in ("image/jpeg", "image/png", "image/webp") and len(file.data) <= _MOST_PHOTO:
        return "photo"
    return "document"


def name_of(sent: Any, field: str) -> str:
    """The name in a sent message's object, "" without; a photo is a list of sizes, the last one
    the largest.

    >>> name_of({"photo": [{"file_id": "S"}, {"file_id": "L"}]}, "photo")
    'L'
    """
    found = sent.get(field) if isinstance(sent, dict) else None
    if isinstance(found, list) and found:
        found = found[-1]
    name = found.get("file_id") if isinstance(found, dict) else None
    return name if isinstance(name, str) else ""
