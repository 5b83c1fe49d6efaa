"""Planned messages become rows of the outbox, each dedupe key once; what becomes of them is in
outbox.py."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NotRequired, TypedDict, Unpack

from sqlalchemy import Connection

from conversations.message import Message, Priority
from storage import bodies
from storage.schema import to_ms
from storage.statement import Listed, Statement

PRIORITIES: Final = (Priority.ALARM, Priority.REPLY, Priority.REMINDER, Priority.BROADCAST)

RANK: Final = {priority: rank for rank, priority in enumerate(PRIORITIES)}
"""How a priority is stored: the most urgent is 0."""

_INSERT = (
    "INSERT INTO outbox (address_id, channel, person_id, dedupe_key, priority, purpose, campaign,"
    " held, body, status, not_before, expires_at, owner, lease_until, created_at)"
    " VALUES (:address_id, (SELECT a.channel FROM addresses a WHERE a.id = :address_id),"
    " :person_id, :dedupe_key, :priority, :purpose, :campaign,"
    " :held, :body, :status, :not_before, :expires_at, :owner, :lease_until, :now)"
    " ON CONFLICT (dedupe_key) DO NOTHING"
)
_ADD_ALL = Statement(_INSERT)
_ADD = Statement(f"{_INSERT} RETURNING id")
_USED = Listed("SELECT dedupe_key FROM outbox WHERE dedupe_key IN :ids")


class New(TypedDict):
    """One message to be planned. Times are aware. With an owner it is claimed already.

    `campaign` is what it belongs to (session:12, broadcast:3); `held` says that a polite hour put
    it off, so that it may be merged with what else waits for the morning.
    """

    address_id: int
    person_id: int | None
    message: Message
    dedupe_key: str
    priority: Priority
    purpose: str
    not_before: datetime
    expires_at: datetime | None
    now: datetime
    campaign: NotRequired[str]
    held: NotRequired[bool]
    owner: NotRequired[str | None]
    lease_until: NotRequired[datetime | None]


def add(conn: Connection, **new: Unpack[New]) -> int | None:
    """Plan one message; None when the key was used before."""
    outbox_id: int | None = _ADD.value(conn, _row(conn, new))
    return outbox_id


def add_all(conn: Connection, many: Sequence[New]) -> None:
    """Plan many in one round trip; whose key was used before is left as it is."""
    _ADD_ALL.many(conn, [_row(conn, new) for new in many])


def used(conn: Connection, keys: Sequence[str]) -> frozenset[str]:
    """Those of these keys that were used before."""
    return frozenset(row[0] for row in _USED.rows(conn, keys)) if keys else frozenset()


def _row(conn: Connection, new: New) -> dict[str, Any]:
    owner = new.get("owner")
    return {
        "address_id": new["address_id"],
        "person_id": new["person_id"],
        "dedupe_key": new["dedupe_key"],
        "priority": RANK[new["priority"]],
        "purpose": new["purpose"],
        "campaign": new.get("campaign", ""),
        "held": new.get("held", False),
        "body": bodies.sealed(conn, new["message"]),
        "status": "waiting" if owner is None else "sending",
        "not_before": to_ms(new["not_before"]),
        "expires_at": _ms(new["expires_at"]),
        "owner": owner,
        "lease_until": _ms(new.get("lease_until")),
        "now": to_ms(new["now"]),
    }


def _ms(at: datetime | None) -> int | None:
    return None if at is None else to_ms(at)
