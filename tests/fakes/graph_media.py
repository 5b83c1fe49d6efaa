"""Files at the platform: uploaded or sent by people, found by id, fetched by an address that dies.

Types and sizes are the platform's; the first bytes must be what the type says.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from tests.fakes.graph_refusals import GraphRefusalError, missing, no_such_object
from tests.fakes.http_server import Upload

Wire = dict[str, Any]

ADDRESS_SECONDS: Final = 5 * 60
UPLOADED_SECONDS: Final = 30 * 24 * 3600
RECEIVED_SECONDS: Final = 7 * 24 * 3600
PATH: Final = "/whatsapp_business/attachments/"

OPUS: Final = b"OggS\x00\x02" + bytes(20) + b"\x01\x13OpusHead\x01\x01" + bytes(64)
"""The beginning of a voice note, enough to be taken for one."""
JPEG: Final = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + bytes(64)
PNG: Final = b"\x89PNG\r\n\x1a\n" + bytes(64)

_MEGA: Final = 1024 * 1024
_DOCUMENTS: Final = frozenset({"application/pdf", "text/plain"})
_SIZES: Final = {
    "audio/aac": 16 * _MEGA,
    "audio/amr": 16 * _MEGA,
    "audio/mp4": 16 * _MEGA,
    "audio/mpeg": 16 * _MEGA,
    "audio/ogg": 16 * _MEGA,
    "image/jpeg": 5 * _MEGA,
    "image/png": 5 * _MEGA,
    "image/webp": 500 * 1024,
    "video/mp4": 16 * _MEGA,
    "video/3gpp": 16 * _MEGA,
    "application/pdf": 100 * _MEGA,
    "text/plain": 100 * _MEGA,
}
_BEGINNINGS: Final = {
    "audio/ogg": b"OggS",
    "image/jpeg": b"\xff\xd8\xff",
    "image/png": b"\x89PNG\r\n\x1a\n",
    "application/pdf": b"%PDF",
}


@dataclass(frozen=True, slots=True)
class Media:
    """One file; `uploaded` by the bot, or sent by a person."""

    id: str
    content: bytes
    mime: str
    phone_id: str
    at: float
    uploaded: bool

    @property
    def sha256(self) -> str:
        """As webhooks give it."""
        return base64.b64encode(hashlib.sha256(self.content).digest()).decode()

    @property
    def kind(self) -> str:
        """What it may be sent as."""
        base = self.mime.partition(";")[0]
        if base == "image/webp":
            return "sticker"
        return "document" if base in _DOCUMENTS else base.partition("/")[0]


@dataclass(slots=True)
class Shelf:
    """Every file of one account."""

    clock: Callable[[], float]
    stored: dict[str, Media] = field(default_factory=dict)
    _addresses: dict[str, tuple[str, float]] = field(default_factory=dict)
    """Key of an address → the file's id, and until when."""
    _last_id: int = 1_084_500_000_000_000

    def keep(self, content: bytes, mime: str, phone_id: str, *, uploaded: bool) -> Media:
        self._last_id += 1
        one = Media(str(self._last_id), content, mime, phone_id, self.clock(), uploaded)
        self.stored[one.id] = one
        return one

    def upload(self, phone_id: str, fields: dict[str, str], files: dict[str, Upload]) -> Wire:
        """POST /{phone}/media."""
        if fields.get("messaging_product") != "whatsapp":
            missing("messaging_product")
        if "file" not in files:
            missing("file")
        mime = fields.get("type", "")
        _check(mime, files["file"].content)
        return {"id": self.keep(files["file"].content, mime, phone_id, uploaded=True).id}

    def told(self, media_id: str, base: str) -> Wire:
        """GET /{media}: an address that is good for five minutes."""
        one = self.known(media_id)
        number = len(self._addresses) + 1
        key = hashlib.sha256(f"{media_id}/{number}".encode()).hexdigest()[:32]
        until = self.clock() + ADDRESS_SECONDS
        self._addresses[key] = (media_id, until)
        return {
            "messaging_product": "whatsapp",
            "url": f"{base}{PATH}?mid={media_id}&ext={int(until)}&hash={key}",
            "mime_type": one.mime.partition(";")[0],
            "sha256": hashlib.sha256(one.content).hexdigest(),
            "file_size": len(one.content),
            "id": media_id,
        }

    def fetched(self, query: dict[str, str]) -> Media:
        """GET of that address; 404 when it is dead, or was never given out."""
        media_id, until = self._addresses.get(query.get("hash", ""), ("", 0.0))
        if not media_id or media_id != query.get("mid") or self.clock() > until:
            raise GraphRefusalError(131052, "The media URL has expired", status=404)
        return self.known(media_id)

    def delete(self, media_id: str) -> Wire:
        self.known(media_id)
        del self.stored[media_id]
        return {"success": True}

    def known(self, media_id: str) -> Media:
        """The file, unless the platform has forgotten it."""
        one = self.stored.get(media_id)
        kept = UPLOADED_SECONDS if one is not None and one.uploaded else RECEIVED_SECONDS
        if one is None or self.clock() >= one.at + kept:
            no_such_object(media_id)
        return one

    def check_sendable(self, media_id: str, kind: str, *, voice: bool) -> None:
        """An upload of ours, of the kind it is sent as; a voice note is Opus."""
        one = self.stored.get(media_id)
        if one is None or self.clock() >= one.at + UPLOADED_SECONDS:
            raise GraphRefusalError(131053, f"no media with id {media_id}")
        if one.kind != kind and kind != "document":
            raise GraphRefusalError(131053, f"{one.mime} cannot be sent as {kind}")
        if voice and one.mime.partition(";")[0] != "audio/ogg":
            raise GraphRefusalError(131053, "a voice message is audio/ogg with Opus")


def _check(mime: str, content: bytes) -> None:
    base = mime.partition(";")[0].strip().lower()
    most = _SIZES.get(base)
    if most is None:
        known = ", ".join(sorted(_SIZES))
        raise GraphRefusalError(131053, f"type must be one of {known}; got {mime or 'nothing'}")
    if not content:
        raise GraphRefusalError(131053, "the file is empty")
    if len(content) > most:
        raise GraphRefusalError(131053, f"{base}: {len(content)} bytes, {most} at most")
    if not content.startswith(_BEGINNINGS.get(base, b"")):
        raise GraphRefusalError(131053, f"the file is no {base}")
    if base == "audio/ogg" and b"OpusHead" not in content[:256]:
        raise GraphRefusalError(131053, "audio/ogg is supported with the Opus codec only")
