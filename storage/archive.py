"""The file format of a backup: an encrypted stream of frames that shows when it was changed.

A file is the magic line, the sealed key of this one file, then chunks. The file's key is random and
sealed by the newest ENCRYPTION key; a chunk is AES-256-GCM over compressed frames, its nonce is its
number and whether it is the last. What the frames mean is in backup.py.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.errors import BackupDamaged, KeysDoNotOpen, SealBroken
from storage.sealing import Vault

MAGIC = b"KAWAN ASUH BACKUP 1\n"
CHUNK = 1 << 20
"""Bytes of frames in one chunk, before compression."""

MOST_CHUNK = 2 * CHUNK + 1024
"""No chunk is longer than this, whatever its length field says."""

_PURPOSE = b"backup"
_LENGTH = struct.Struct(">I")
_FRAME = struct.Struct(">cI")

Frame = tuple[bytes, bytes]
"""One letter that says what it is, and its content (at most CHUNK bytes)."""


def _nonce(number: int, last: bool) -> bytes:
    return struct.pack(">QI", number, int(last))


class ArchiveWriter:
    """Writes frames; the file appears under its name only when everything is in it."""

    def __init__(self, path: Path, vault: Vault) -> None:
        self._path = path
        self._unfinished = path.with_name(path.name + ".part")
        key = AESGCM.generate_key(256)
        self._cipher = AESGCM(key)
        self._number = 0
        self._pending = bytearray()
        descriptor = os.open(self._unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self._file = os.fdopen(descriptor, "wb")
        sealed = vault.seal(key, _PURPOSE)
        self._file.write(MAGIC + _LENGTH.pack(len(sealed)) + sealed)

    def add(self, letter: bytes, content: bytes) -> None:
        """One more frame."""
        frame = _FRAME.pack(letter, len(content)) + content
        if self._pending and len(self._pending) + len(frame) > CHUNK:
            self._flush(last=False)
        self._pending += frame

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._file as file:
            if error is None:
                self._flush(last=True)
                file.flush()
                os.fsync(file.fileno())
        if error is None:
            self._unfinished.replace(self._path)
        else:
            self._unfinished.unlink()

    def _flush(self, *, last: bool) -> None:
        packed = zlib.compress(self._pending, 1)
        chunk = self._cipher.encrypt(_nonce(self._number, last), packed, MAGIC)
        self._file.write(_LENGTH.pack(len(chunk)) + chunk)
        self._number += 1
        self._pending.clear()


def frames(path: Path, vault: Vault) -> Iterator[Frame]:
    """Every frame of a file, in order; raises BackupDamaged or KeysDoNotOpen."""
    with path.open("rb") as file:
        cipher = AESGCM(_file_key(file, vault))
        number, last = 0, False
        following = _chunk(file)
        while not last:
            chunk, following = following, _chunk(file)
            last = following is None
            if chunk is None:
                raise BackupDamaged(f"{path.name} is cut off: use another backup")
            try:
                packed = cipher.decrypt(_nonce(number, last), chunk, MAGIC)
            except InvalidTag:
                raise BackupDamaged(
                    f"{path.name} is cut off or was changed: use another backup"
                ) from None
            yield from _unpack(zlib.decompress(packed))
            number += 1


def _file_key(file: BinaryIO, vault: Vault) -> bytes:
    if file.read(len(MAGIC)) != MAGIC:
        raise BackupDamaged("this file is no backup of Kawan Asuh")
    sealed = _chunk(file)
    if sealed is None:
        raise BackupDamaged("this backup is cut off: use another one")
    try:
        return vault.open(sealed, _PURPOSE)
    except SealBroken:
        raise KeysDoNotOpen(
            "no key in ENCRYPTION_KEYS opens this backup: add the key that was the newest "
            "when the backup was made"
        ) from None


def _chunk(file: BinaryIO) -> bytes | None:
    """The next length and its content; None at the end, or where the file is cut off."""
    head = file.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    [length] = _LENGTH.unpack(head)
    content = file.read(min(length, MOST_CHUNK))
    return content if len(content) == length else None


def _unpack(content: bytes) -> Iterator[Frame]:
    at = 0
    while at < len(content):
        letter, length = _FRAME.unpack_from(content, at)
        at += _FRAME.size
        yield letter, content[at : at + length]
        at += length
