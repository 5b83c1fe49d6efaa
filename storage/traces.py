"""Traces on a phone: the message that takes away what was written to and fro, and what it covers.

The removal is one outbox row like any other, so it survives a crash and keeps its place in the
order. Nothing is deleted here: what was told stays sealed where it is, until retention.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from conversations.concerns.traces import DELETABLE
from conversations.message import Message, Priority, Removal
from storage import adding, audit, bodies
from storage.moment import Moment
from storage.people import NOWHERE
from storage.schema import from_ms, to_ms
from storage.statement import Statement

PURPOSE = "traces"

YOUNGER = DELETABLE - timedelta(minutes=5)
"""A little less than the platform allows, for clocks that differ and a request under way."""

_PLANNED_BEFORE = timedelta(days=1)
"""What was planned so long before it went out is found too: reminders held over a night."""

_SEPARATOR = ","
"""Between the ids of a message that went out in several parts."""

_SENT = Statement(
    "SELECT platform_id FROM outbox WHERE id < :id AND id >="
    " (SELECT id FROM outbox WHERE created_at >= :planned ORDER BY created_at LIMIT 1)"
    " AND address_id = :address_id AND finished_at >= :since"
    " AND status IN ('sent', 'delivered', 'read') AND platform_id IS NOT NULL ORDER BY id"
)
_RECEIVED = Statement(  # || '': by the time, not by the index of everything the channel ever got
    "SELECT i.message_id FROM inbox i JOIN addresses a ON a.address = i.address"
    " AND a.channel = i.channel || '' AND a.account = i.account || '' WHERE a.id = :address_id"
    " AND i.id >= (SELECT id FROM inbox WHERE received_at >= :since ORDER BY received_at LIMIT 1)"
    " AND i.received_at BETWEEN :since AND (SELECT created_at FROM outbox WHERE id = :id)"
    " AND i.message_id <> '' ORDER BY i.id"
)
_TAKEN = Statement(
    "SELECT o.id, o.body, o.created_at FROM outbox o JOIN addresses a ON a.id = o.address_id"
    f" WHERE o.purpose = '{PURPOSE}' AND o.status IN ('sent', :leaving) AND o.body IS NOT NULL"
    " AND o.created_at >= :after"
    " AND a.channel = :channel AND a.account = :account AND a.address = :address"
)


@dataclass(frozen=True, slots=True)
class Taken:
    """What a removal that was carried out covers: from `since` to the moment it was asked for."""

    since: datetime
    until: datetime
    outbox_id: int
    """Messages planned before it."""


def plan(at: Moment, since: datetime, said: str, otherwise: str) -> None:
    """Take away what was written at this address since then; `said` remains afterwards."""
    if at.address_id == NOWHERE:
        return
    adding.add(
        at.conn,
        address_id=at.address_id,
        person_id=at.person.id,
        message=Message(said, removal=Removal(since, otherwise)),
        dedupe_key=f"{PURPOSE}:{at.address_id}:{to_ms(at.now)}",
        priority=Priority.REPLY,
        purpose=PURPOSE,
        not_before=at.now,
        expires_at=None,
        now=at.now,
    )
    at.audit("traces erased", audit.person(at.person.id))


def with_ids(
    conn: Connection, message: Message, outbox_id: int, address_id: int, now: datetime
) -> Message:
    """The same message with the platform's names of everything it shall take away now.

    It is asked when the row leaves: whatever was still on its way when she asked has arrived.
    """
    if message.removal is None:
        return message
    since = max(message.removal.since, now - YOUNGER)
    values = {"id": outbox_id, "address_id": address_id, "since": to_ms(since)}
    planned = to_ms(since - _PLANNED_BEFORE)
    sent = [
        id_
        for (ids,) in _SENT.rows(conn, {**values, "planned": planned})
        for id_ in ids.split(_SEPARATOR)
    ]
    received = [row[0] for row in _RECEIVED.rows(conn, values)]
    return replace(message, removal=replace(message.removal, ids=(*received, *sent)))


def taken(
    conn: Connection,
    channel: str,
    account: str,
    address: str,
    after: datetime,
    *,
    leaving: bool = False,
) -> tuple[Taken, ...]:
    """What was taken away at an address by removals asked for after that moment.

    With `leaving` also by one on its way: a page that looks when it leaves does not look again.
    """
    where = {
        "channel": channel,
        "account": account,
        "address": address,
        "after": to_ms(after),
        "leaving": "sending" if leaving else "sent",
    }
    found = []
    for id_, body, asked_at in _TAKEN.rows(conn, where):
        removal = bodies.opened(conn, body).removal
        if removal is not None:
            found.append(Taken(removal.since, from_ms(asked_at), id_))
    return tuple(found)
