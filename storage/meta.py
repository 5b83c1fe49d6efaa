"""Small facts about the database itself: the canary of its keys, and how far polling has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from storage.errors import KeysDoNotOpen, SealBroken
from storage.schema import from_ms, to_ms
from storage.sealing import vault_of
from storage.statement import Statement

TELEGRAM_BOT = "bot:telegram"
"""Under this name stands what our bot is called on Telegram."""

WHATSAPP_NUMBER = "bot:whatsapp"
"""Under this name stands our number on WhatsApp, in digits with the code of the country."""

_CANARY = "canary"
_PURPOSE = b"meta"

_GET = Statement("SELECT value FROM meta WHERE name = :name")
_PUT = Statement(
    "INSERT INTO meta (name, value) VALUES (:name, :value)"
    " ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)


@dataclass(frozen=True, slots=True)
class Offset:
    """The next update to ask a platform for, and when that was last moved."""

    value: int
    at: datetime


def get(conn: Connection, name: str) -> bytes | None:
    """The value kept under this name, None when there is none."""
    value = _GET.value(conn, {"name": name})
    return None if value is None else bytes(value)


def put(conn: Connection, name: str, value: bytes) -> None:
    """Keep a value, instead of an earlier one."""
    _PUT.run(conn, {"name": name, "value": value})


def check_canary(conn: Connection) -> None:
    """Prove that the keys open this database; a new one gets its canary here."""
    sealed = get(conn, _CANARY)
    if sealed is None:
        reseal_canary(conn)
        return
    try:
        vault_of(conn).open(sealed, _PURPOSE)
    except SealBroken:
        raise KeysDoNotOpen(
            "no key in ENCRYPTION_KEYS opens this database: put back the keys it was written with "
            "(DATA_DIR/keys, or wherever they were moved), newest first"
        ) from None


def reseal_canary(conn: Connection) -> None:
    """Seal the canary with the newest key: the last step of a rotation."""
    put(conn, _CANARY, vault_of(conn).seal(b"kawan asuh", _PURPOSE))


def poll_offset(conn: Connection, channel: str, account: str) -> Offset | None:
    """Where polling of this bot goes on; None when it never began."""
    stored = get(conn, f"offset:{channel}:{account}")
    if stored is None:
        return None
    value, at = stored.decode().split()
    return Offset(int(value), from_ms(int(at)))


def set_poll_offset(
    conn: Connection, channel: str, account: str, value: int, now: datetime
) -> None:
    """Remember where polling goes on, in the unit that accepted what came before."""
    put(conn, f"offset:{channel}:{account}", f"{value} {to_ms(now)}".encode())
