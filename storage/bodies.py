"""A message as the outbox keeps it: sealed JSON, and which other rows' words it carries."""

from __future__ import annotations

from typing import Any

import orjson
from sqlalchemy import Connection

from conversations.message import Message
from storage.sealing import vault_of

PURPOSE = b"outbox"
_CARRIES = "j"


def sealed(conn: Connection, message: Message, carries: tuple[int, ...] = ()) -> bytes:
    """The body of a row; `carries` are the rows that were merged into it."""
    body = message.to_json()
    if carries:
        body[_CARRIES] = carries
    return vault_of(conn).seal(orjson.dumps(body), PURPOSE)


def opened(conn: Connection, body: bytes | None) -> Message:
    """The message of a body; raises SealBroken when no key opens it."""
    return Message.from_json(_json(conn, body))


def carried(conn: Connection, body: bytes | None) -> tuple[int, ...]:
    """Ids of the rows that were merged into this one; raises SealBroken as `opened` does."""
    return tuple(_json(conn, body).get(_CARRIES, ()))


def _json(conn: Connection, body: bytes | None) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(vault_of(conn).open(body or b"", PURPOSE))
    return found
