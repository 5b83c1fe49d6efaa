"""Files that the platform has already: a voice note for thousands is uploaded once, then named.

What a file was called there is kept in memory for a while, for one bot; the stored file stays the
truth. It knows no HTTP: `telegram.py` uploads and sends.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from bot.channels.channel import File
from conversations.message import MediaId

KEPT_FOR: Final = timedelta(hours=1)
"""So long a name is used without looking at the stored file again, which may have been erased."""

MOST_KEPT: Final = 256

_MOST_PHOTO: Final = 10 * 1024 * 1024
_METHODS: Final = {"voice": "sendVoice", "photo": "sendPhoto", "document": "sendDocument"}


@dataclass(frozen=True, slots=True)
class Known:
    """What the platform calls a file, and as what it goes: voice, photo or document."""

    field: str
    file_id: str
    until: datetime

    @property
    def method(self) -> str:
        """The method that sends it."""
        return _METHODS[self.field]


@dataclass(slots=True)
class _Place:
    known: Known | None = None
    uploading: asyncio.Lock = field(default_factory=asyncio.Lock)


class KnownFiles:
    """The files of one bot; the ones not used for longest are forgotten first."""

    def __init__(self) -> None:
        self._places: OrderedDict[MediaId, _Place] = OrderedDict()

    def find(self, id_: MediaId, now: datetime) -> Known | None:
        """What it is called, if that is known and fresh."""
        place = self._places.get(id_)
        if place is None or place.known is None:
            return None
        self._places.move_to_end(id_)
        if place.known.until <= now:
            place.known = None
        return place.known

    def uploading(self, id_: MediaId) -> asyncio.Lock:
        """Held by whoever uploads it; the others wait, and find it known afterwards."""
        place = self._places.setdefault(id_, _Place())
        while len(self._places) > MOST_KEPT:
            self._places.popitem(last=False)
        return place.uploading

    def learn(self, id_: MediaId, sent: Any, field: str, now: datetime) -> None:
        """Keep the name that the answer to an upload gives it, if it gives one."""
        file_id = _file_id(sent, field)
        if file_id and (place := self._places.get(id_)) is not None:
            place.known = Known(field, file_id, now + KEPT_FOR)

    def forget(self, id_: MediaId, known: Known) -> None:
        """The platform does not know it by this name (any more)."""
        place = self._places.get(id_)
        if place is not None and place.known is known:
            place.known = None


def way_of(file: File) -> tuple[str, str]:
    """Method and field by which a file goes.

    >>> way_of(File(b"OggS", "audio/ogg"))
    ('sendVoice', 'voice')
    """
    field = "document"
    if file.mime in ("audio/ogg", "audio/opus"):
        field = "voice"
    elif file.mime in ("image/jpeg", "image/png", "image/webp") and len(file.data) <= _MOST_PHOTO:
        field = "photo"
    return _METHODS[field], field


def _file_id(sent: Any, field: str) -> str:
    """Of a sent message's object; a photo is a list of sizes, the last one the largest."""
    found = sent.get(field) if isinstance(sent, dict) else None
    if isinstance(found, list) and found:
        found = found[-1]
    name = found.get("file_id") if isinstance(found, dict) else None
    return name if isinstance(name, str) else ""
