"""What was said at one address, both ways, as the simulator's pages show it after a restart.

The inbox and the outbox are the truth; this only reads them. Who may look is decided elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, text

from conversations.message import Message
from storage.errors import SealBroken
from storage.schema import from_ms
from storage.sealing import vault_of

SHORT = 200_000
"""Bytes of a stored body that are opened for a transcript: any text, and not the larger files."""

_HEARD = text(
    "SELECT id, external_id, received_at, body IS NOT NULL AS kept,"
    " CASE WHEN length(body) <= :short THEN body END AS body FROM inbox"
    " WHERE channel = :channel AND account = :account AND address = :address"
    " ORDER BY id DESC LIMIT :limit"
)
_SAID = text(
    "SELECT o.id, o.body, o.not_before, o.created_at"
    " FROM outbox o JOIN addresses a ON a.id = o.address_id"
    " WHERE a.channel = :channel AND a.account = :account AND a.address = :address"
    " AND o.created_at >= a.created_at"
    " AND o.status IN ('sending', 'sent', 'delivered', 'read', 'uncertain')"
    " ORDER BY o.id DESC LIMIT :limit"
)
_BODY = text(
    "SELECT body FROM inbox WHERE channel = :channel AND account = :account"
    " AND external_id = :external_id AND body IS NOT NULL"
)
_ADDRESSES = text(
    "SELECT address FROM addresses WHERE channel = :channel AND account = :account"
    " ORDER BY id DESC LIMIT :limit"
)


@dataclass(frozen=True, slots=True)
class Heard:
    """Something that came in. `body` is None when it is long or was emptied; `kept` tells which."""

    id: int
    external_id: str
    at: datetime
    body: bytes | None
    kept: bool


@dataclass(frozen=True, slots=True)
class Said:
    """Something that went out, or is on its way; `message` is None when it was emptied."""

    id: int
    at: datetime
    """From when on it could go: a time that stays the same while it is being sent."""
    message: Message | None


def heard(
    conn: Connection, channel: str, account: str, address: str, limit: int
) -> tuple[Heard, ...]:
    """The newest of what came from an address, oldest first."""
    where = {"channel": channel, "account": account, "address": address, "limit": limit}
    rows = conn.execute(_HEARD, {**where, "short": SHORT}).all()
    return tuple(
        Heard(row.id, row.external_id, from_ms(row.received_at), _opened(conn, row.body), row.kept)
        for row in reversed(rows)
    )


def said(
    conn: Connection, channel: str, account: str, address: str, limit: int
) -> tuple[Said, ...]:
    """The newest of what went to an address, in the order in which it went."""
    where = {"channel": channel, "account": account, "address": address, "limit": limit}
    found = [_said(conn, row) for row in conn.execute(_SAID, where)]
    return tuple(sorted(found, key=lambda one: (one.at, one.id)))


def body_of(conn: Connection, channel: str, account: str, external_id: str) -> bytes | None:
    """The whole body of one inbound; None when there is none (any more)."""
    where = {"channel": channel, "account": account, "external_id": external_id}
    return _opened(conn, conn.execute(_BODY, where).scalar(), b"inbox")


def addresses_of(conn: Connection, channel: str, account: str, limit: int) -> tuple[str, ...]:
    """The addresses of one channel, the newest first."""
    where = {"channel": channel, "account": account, "limit": limit}
    return tuple(conn.execute(_ADDRESSES, where).scalars())


def _said(conn: Connection, row: Any) -> Said:
    body = _opened(conn, row.body, b"outbox")
    message = None if body is None else Message.from_json(orjson.loads(body))
    return Said(row.id, from_ms(max(row.not_before, row.created_at)), message)


def _opened(conn: Connection, sealed: Any, purpose: bytes = b"inbox") -> bytes | None:
    """What cannot be opened is shown like what was emptied."""
    if sealed is None:
        return None
    try:
        return vault_of(conn).open(bytes(sealed), purpose)
    except SealBroken:
        return None
