"""Files that a platform has already: a voice note for thousands is uploaded once, then named.

What a file was called there is kept in memory for a while, for one bot or number; the stored file
stays the truth. It knows no HTTP: the channels upload and send.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from conversations.message import MediaId

KEPT_FOR: Final = timedelta(hours=1)
"""So long a name is used without looking at the stored file again, which may have been erased."""

MOST_KEPT: Final = 256


@dataclass(frozen=True, slots=True)
class Known:
    """What the platform calls a file, and as what it goes: voice, photo, document …"""

    field: str
    file_id: str
    until: datetime


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

    def learn(self, id_: MediaId, field: str, file_id: str, now: datetime) -> Known:
        """Keep the name that the platform gave it, if it gave one."""
        known = Known(field, file_id, now + KEPT_FOR)
        if file_id and (place := self._places.get(id_)) is not None:
            place.known = known
        return known

    def forget(self, id_: MediaId, known: Known) -> None:
        """The platform does not know it by this name (any more)."""
        place = self._places.get(id_)
        if place is not None and place.known is known:
            place.known = None
