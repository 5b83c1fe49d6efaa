"""Encryption of what is stored: the vault, its keys, and which columns are sealed.

AES-256-GCM with a fresh nonce each time. A sealed value is the key's id (4 bytes), the nonce (12)
and the ciphertext. The *purpose* is authenticated with it, so a value cannot be moved into another
table: the purpose of a sealed column is the name of its table.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, Table, bindparam, select, tuple_

from storage import schema
from storage.errors import SealBroken

KEY_BYTES = 32
_ID_BYTES = 4
_NONCE_BYTES = 12
_HEAD = _ID_BYTES + _NONCE_BYTES


def new_key() -> str:
    """A fresh random key, as it stands in ENCRYPTION_KEYS."""
    return base64.urlsafe_b64encode(os.urandom(KEY_BYTES)).decode()


class Vault:
    """Seals with the newest key, opens with any of them.

    >>> vault = Vault([b"k" * 32])
    >>> vault.open(vault.seal(b"Mbah Siti", b"answers"), b"answers")
    b'Mbah Siti'
    """

    __slots__ = ("_ciphers", "_newest", "newest_id")

    def __init__(self, keys: Sequence[bytes | str]) -> None:
        self.renew(keys)

    def renew(self, keys: Sequence[bytes | str]) -> None:
        """From now on use these keys, newest first; safe while other threads seal and open."""
        if not keys:
            raise ValueError("ENCRYPTION_KEYS is empty: at least one key is needed")
        raw = [_key(key) for key in keys]
        self._ciphers = {_key_id(key): AESGCM(key) for key in reversed(raw)}
        self.newest_id = _key_id(raw[0])
        self._newest = (self.newest_id, self._ciphers[self.newest_id])

    def seal(self, data: bytes, purpose: bytes) -> bytes:
        """The data, readable only with the key and only for this purpose."""
        nonce = os.urandom(_NONCE_BYTES)
        key_id, cipher = self._newest
        return key_id + nonce + cipher.encrypt(nonce, data, purpose)

    def open(self, sealed: bytes, purpose: bytes) -> bytes:
        """The inverse of `seal`; raises SealBroken when no key opens it."""
        sealed = bytes(sealed)
        cipher = self._ciphers.get(sealed[:_ID_BYTES])
        if cipher is None:
            raise SealBroken("a stored value was sealed with a key that is not in ENCRYPTION_KEYS")
        try:
            return cipher.decrypt(sealed[_ID_BYTES:_HEAD], sealed[_HEAD:], purpose)
        except (InvalidTag, ValueError):
            raise SealBroken("a stored value is damaged or was sealed for something else") from None

    def is_newest(self, sealed: bytes) -> bool:
        """Whether the newest key sealed this."""
        return bytes(sealed[:_ID_BYTES]) == self.newest_id

    def __repr__(self) -> str:
        return f"Vault({len(self._ciphers)} keys)"


def vault_of(conn: Connection) -> Vault:
    """The vault that the database gave this connection."""
    vault: Vault = conn.info["vault"]
    return vault


def _key(key: bytes | str) -> bytes:
    if isinstance(key, str):
        try:
            key = base64.b64decode(key.strip(), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            key = b""
    if len(key) != KEY_BYTES:
        raise ValueError(
            "a key in ENCRYPTION_KEYS is not 32 bytes in base64: make one with `kawan keys new`"
        )
    return key


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"key id" + key).digest()[:_ID_BYTES]


@dataclass(frozen=True, slots=True)
class Sealed:
    """One column whose values are sealed."""

    table: Table
    column: str

    @property
    def purpose(self) -> bytes:
        """What its values are authenticated with."""
        return self.table.name.encode()


SEALED = (
    Sealed(schema.dialogues, "state"),
    Sealed(schema.answers, "value"),
    Sealed(schema.tasks, "content"),
    Sealed(schema.cases, "next_action"),
    Sealed(schema.referrals, "note"),
    Sealed(schema.task_notes, "note"),
    Sealed(schema.media, "ref"),
    Sealed(schema.inbox, "body"),
    Sealed(schema.outbox, "body"),
    Sealed(schema.staff, "phone"),
    Sealed(schema.broadcasts, "body"),
    Sealed(schema.rules, "content"),
)
"""Every sealed column, in the order of the schema; rotation, erasure and retention go through it.
(`meta` holds one more sealed value, the canary, which `meta.reseal_canary` renews.)"""


@dataclass(frozen=True, slots=True)
class Place:
    """How far a rotation has come: the column (index into SEALED) and the last primary key seen."""

    column: int = 0
    key: tuple[Any, ...] | None = None
    resealed: int = 0
    """Values sealed anew so far."""
    unreadable: int = 0
    """Values that no key opens; they are left as they are."""
    finished: bool = False


def rotate(conn: Connection, place: Place, limit: int = 500) -> Place:
    """Seal the next `limit` values with the newest key; call it again until `finished`.

    One call is one bounded unit of work, so a running service answers in between.
    """
    sealed, vault = SEALED[place.column], vault_of(conn)
    rows = _rows_after(conn, sealed, place.key, limit)
    old = [row for row in rows if row[-1] is not None and not vault.is_newest(row[-1])]
    renewed = [row for row in old if _reseal(conn, vault, sealed, row)]
    more = len(rows) == limit
    at_end = not more and place.column + 1 == len(SEALED)
    return Place(
        column=place.column if more or at_end else place.column + 1,
        key=tuple(rows[-1][:-1]) if more else None,
        resealed=place.resealed + len(renewed),
        unreadable=place.unreadable + len(old) - len(renewed),
        finished=at_end,
    )


def _rows_after(
    conn: Connection, sealed: Sealed, key: tuple[Any, ...] | None, limit: int
) -> Sequence[Any]:
    keys = list(sealed.table.primary_key.columns)
    rows = select(*keys, sealed.table.c[sealed.column]).order_by(*keys).limit(limit)
    if key is not None:
        rows = rows.where(tuple_(*keys) > tuple_(*key))
    return conn.execute(rows.with_for_update()).all()


def _reseal(conn: Connection, vault: Vault, sealed: Sealed, row: Any) -> bool:
    try:
        value = vault.open(row[-1], sealed.purpose)
    except SealBroken:
        return False
    keys = list(sealed.table.primary_key.columns)
    change = sealed.table.update().values({sealed.column: bindparam("sealed_again")})
    for column in keys:
        change = change.where(column == bindparam(f"old_{column.name}"))
    old = {f"old_{column.name}": part for column, part in zip(keys, row[:-1], strict=True)}
    conn.execute(change, {**old, "sealed_again": vault.seal(value, sealed.purpose)})
    return True
