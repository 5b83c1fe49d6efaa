"""Voice notes and pictures: fetched from their channel, checked, kept encrypted in DATA_DIR/media.

What is waited for and what must go is told by the database; a file here is only the bytes, sealed
with the same keys. What staff do with them is decided elsewhere.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Final, TypeVar

import structlog
from sqlalchemy import Connection

from bot.channels.channel import Channel, File, Gone, TooLarge, Unreachable
from bot.limits import Clock, Pauses
from bot.receiving import place_of
from conversations.dialogue import PersonId
from conversations.message import MediaId
from storage import media
from storage.database import Database, NotWritten
from storage.media import Waiting
from storage.sealing import Vault

PURPOSE: Final = b"media file"
AT_ONCE: Final = 4
MOST_TRIES: Final = 12
"""About a day and a half of tries: after that the platform will not have it either."""

LARGEST: Final[Mapping[str, int]] = {"voice": 20 * 2**20, "image": 10 * 2**20}
"""Bytes kept, by kind; nothing else is kept."""

_PAUSES: Final = Pauses(first=5, longest=6 * 3600)
_SIGNS: Final = (
    (0, b"OggS", "audio/ogg"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"\xff\xf3", "audio/mpeg"),
    (0, b"\xff\xf1", "audio/aac"),
    (0, b"\xff\xf9", "audio/aac"),
    (0, b"#!AMR", "audio/amr"),
    (0, b"\x1aE\xdf\xa3", "audio/webm"),
    (4, b"ftyp", "audio/mp4"),
    (8, b"WAVE", "audio/wav"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (8, b"WEBP", "image/webp"),
)
_ENDINGS: Final = {
    "audio/ogg": "ogg", "audio/mpeg": "mp3", "audio/aac": "aac", "audio/amr": "amr",
    "audio/webm": "webm", "audio/mp4": "m4a", "audio/wav": "wav",
    "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp",
}  # fmt: skip

T = TypeVar("T")

_log = structlog.get_logger(__name__)


class Refusal(Exception):
    """We do not keep this file; `reason` says why, for staff."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class MediaLost(LookupError):
    """No such file is kept here (any more)."""


def type_of(data: bytes) -> str:
    """What a file is by its first bytes, whatever it is called; empty when it is nothing we keep.

    >>> type_of(b"OggS rest"), type_of(b"MZ rest")
    ('audio/ogg', '')
    """
    return next((mime for at, sign, mime in _SIGNS if data.startswith(sign, at)), "")


class MediaStore:
    """Fetches what waits, erases what must go, and opens what is kept."""

    def __init__(
        self,
        folder: Path,
        database: Database,
        vault: Vault,
        *,
        channels: Mapping[str, Channel],
        clock: Clock,
        dice: Random,
    ) -> None:
        self._folder = folder
        self._database = database
        self._vault = vault
        self._channels = channels
        self._clock = clock
        self._dice = dice

    async def work(self) -> int:
        """Fetch a few of those that wait and erase what must go; how many were dealt with."""
        now = self._clock.now()
        waiting, doomed = await self._database.read(
            lambda conn: (media.waiting(conn, now, AT_ONCE), media.to_erase(conn, 100))
        )
        for one in waiting:
            await self._fetch(one)
        if doomed:
            await asyncio.to_thread(self._delete, doomed)
            await self._write(lambda conn: media.erased(conn, doomed))
        return len(waiting) + len(doomed)

    async def add(self, kind: str, data: bytes, by: PersonId | None) -> MediaId:
        """Keep a file of our own, to be sent to many; raises Refusal for what we do not keep."""
        _check(kind, data)
        id_ = MediaId(secrets.token_hex(6))
        now = self._clock.now()
        await asyncio.to_thread(self._save, id_, data)
        mime = type_of(data)
        await self._database.write(
            lambda conn: media.add(conn, id_, kind, mime, len(data), by, now)
        )
        return id_

    async def load(self, id_: MediaId) -> File:
        """A kept file, opened; raises MediaLost."""
        kept = await self._database.read(lambda conn: media.one(conn, id_))
        if kept is None or kept.status != "stored":
            raise MediaLost(id_)
        try:
            data = await asyncio.to_thread(self._open, id_)
        except OSError:
            raise MediaLost(id_) from None
        mime = type_of(data) or kept.mime
        return File(data, mime, f"{kept.kind}-{id_}.{_ENDINGS.get(mime, 'bin')}")

    async def reseal(self) -> int:
        """Seal every file with the newest key; how many were changed. Part of a rotation."""
        return await asyncio.to_thread(self._reseal)

    async def _fetch(self, one: Waiting) -> None:
        """One bad file never stops those behind it."""
        try:
            data = await self._bytes_of(one)
            _check(one.kind, data)
        except Refusal as refusal:
            await self._give_up(one, refusal.reason, refused=True)
        except TooLarge:
            await self._give_up(one, "terlalu besar", refused=True)
        except Gone:
            await self._give_up(one, "sudah tidak ada di platform", refused=False)
        except Unreachable as error:
            await self._again(one, error.reason)
        except Exception as error:
            await self._again(one, place_of(error))
        else:
            await self._keep(one, data)

    async def _bytes_of(self, one: Waiting) -> bytes:
        channel = self._channels.get(one.channel)
        if channel is None or channel.account != one.account:
            raise Unreachable("channel not running")
        if one.size > LARGEST.get(one.kind, 0):
            raise TooLarge
        return await channel.fetch(one.ref)

    async def _keep(self, one: Waiting, data: bytes) -> None:
        """On the disk before the database says so: a crash between the two repeats the fetch."""
        try:
            await asyncio.to_thread(self._save, one.id, data)
        except OSError as error:
            _log.warning("a file could not be kept", error=type(error).__name__)
            await self._again(one, "tidak ada ruang di disk")
            return
        if not await self._write(lambda conn: media.stored(conn, one.id, len(data))):
            await asyncio.to_thread(self._delete, (one.id,))

    async def _again(self, one: Waiting, reason: str) -> None:
        if one.attempts + 1 >= MOST_TRIES:
            await self._give_up(one, reason, refused=False)
            return
        pause = timedelta(seconds=_PAUSES.after(one.attempts + 1, self._dice))
        until = self._clock.now() + pause
        await self._write(lambda conn: media.postpone(conn, one.id, reason, until))

    async def _give_up(self, one: Waiting, reason: str, *, refused: bool) -> None:
        _log.warning("a file is not kept", kind=one.kind, reason=reason)
        await self._write(lambda conn: media.give_up(conn, one.id, reason, refused=refused))

    async def _write(self, fn: Callable[[Connection], T]) -> T | None:
        """None when the database takes nothing now: the same work is found again later."""
        with suppress(NotWritten):
            return await self._database.write(fn)
        return None

    def _path(self, id_: MediaId) -> Path:
        if not id_.isalnum():
            raise MediaLost(id_)
        return self._folder / id_

    def _save(self, id_: MediaId, data: bytes) -> None:
        _write_whole(self._path(id_), self._vault.seal(data, PURPOSE))

    def _open(self, id_: MediaId) -> bytes:
        return self._vault.open(self._path(id_).read_bytes(), PURPOSE)

    def _delete(self, ids: tuple[MediaId, ...]) -> None:
        for id_ in ids:
            self._path(id_).unlink(missing_ok=True)

    def _reseal(self) -> int:
        files = sorted(self._folder.glob("[!.]*"))
        old = [file for file in files if not self._vault.is_newest(_head(file))]
        for file in old:
            data = self._vault.open(file.read_bytes(), PURPOSE)
            _write_whole(file, self._vault.seal(data, PURPOSE))
        return len(old)


def _check(kind: str, data: bytes) -> None:
    family = {"voice": "audio/", "image": "image/"}.get(kind)
    if family is None or not type_of(data).startswith(family):
        raise Refusal("bukan rekaman suara atau foto")
    if len(data) > LARGEST[kind]:
        raise Refusal("terlalu besar")


def _head(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(4)


def _write_whole(path: Path, data: bytes) -> None:
    """Replace a file whole, on the disk before this returns."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.part")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    with os.fdopen(os.open(draft, flags, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
