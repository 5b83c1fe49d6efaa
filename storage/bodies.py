"""A message as the outbox keeps it: sealed JSON, with the rows whose words it carries, if any."""

from __future__ import annotations

from typing import Any

import orjson
from sqlalchemy import Connection

from conversations.message import Message
from storage.sealing import vault_of

PURPOSE = b"outbox"
_CARRIES, _OWN = "j", "own"


def sealed(conn: Connection, message: Message) -> bytes:
    """The body of a row."""
    return vault_of(conn).seal(orjson.dumps(message.to_json()), PURPOSE)


def joined(conn: Connection, message: Message, carries: tuple[int, ...], own: Message) -> bytes:
    """The body of a row into which others were merged: their words too, and which were its own."""
    body = {**message.to_json(), _CARRIES: carries, _OWN: own.to_json()}
    return vault_of(conn).seal(orjson.dumps(body), PURPOSE)


def opened(conn: Connection, body: bytes | None) -> Message:
    """The message of a body; raises SealBroken when no key opens it."""
    return Message.from_json(_json(conn, body))


def parted(conn: Connection, body: bytes | None) -> tuple[tuple[int, ...], Message]:
    """The rows that were merged into this one, and its own words; raises SealBroken."""
    found = _json(conn, body)
    return tuple(found.get(_CARRIES, ())), Message.from_json(found.get(_OWN, found))


def _json(conn: Connection, body: bytes | None) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(vault_of(conn).open(body or b"", PURPOSE))
    return found
