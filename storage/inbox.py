"""What came in: stored before the platform is told "received", handled once, kept until retention.

Each inbound is `new`, then `done` or `quarantined`. What it means is decided in the turn, not here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from storage.errors import SealBroken
from storage.schema import from_ms, to_ms
from storage.sealing import vault_of
from storage.statement import Statement

_PURPOSE = b"inbox"
_LONGEST_ERROR = 200

_ACCEPT = Statement(
    "INSERT INTO inbox (channel, account, external_id, address, body, message_id, status,"
    " attempts, error, received_at)"
    " VALUES (:channel, :account, :external_id, :address, :body, :message_id, :status,"
    " 1, :error, :now)"
    " ON CONFLICT (channel, account, external_id) DO NOTHING RETURNING id"
)
_FINISH = Statement(
    "UPDATE inbox SET status = 'done', done_at = :now WHERE id = :id AND status = 'new'"
)
_COUNT = text(
    "UPDATE inbox SET attempts = attempts + 1 WHERE id = :id AND status = 'new' RETURNING attempts"
)
_QUARANTINE = text(
    "UPDATE inbox SET status = 'quarantined', error = :error, done_at = :now"
    " WHERE id = :id AND status = 'new'"
)
_COLUMNS = "SELECT id, channel, account, external_id, address, body, attempts, error, received_at"
_UNFINISHED = text(
    f"{_COLUMNS} FROM inbox WHERE status <> 'done' AND status = 'new' AND id > :after"
    " ORDER BY id LIMIT :limit"
)
_QUARANTINED = text(
    f"{_COLUMNS} FROM inbox WHERE status <> 'done' AND status = 'quarantined'"
    " ORDER BY id DESC LIMIT :limit"
)
_WRITTEN = Statement(  # || '': by the id, not by the index of everything the channel ever got
    "SELECT external_id, body, message_id FROM inbox WHERE id >= :first AND id < :before"
    " AND channel || '' = :channel AND account || '' = :account AND address = :address"
    " AND status = 'done' AND body IS NOT NULL ORDER BY id LIMIT :limit"
)
_RELEASE = text(
    "UPDATE inbox SET status = 'new', attempts = 0, error = '', done_at = NULL"
    " WHERE id = :id AND status = 'quarantined' AND body IS NOT NULL"
    " RETURNING id, channel, account, external_id, address, body, attempts, error, received_at"
)


@dataclass(frozen=True, slots=True)
class Received:
    """One thing a channel received. A `problem` (it could not be read) sends it to quarantine."""

    channel: str
    account: str
    external_id: str
    address: str
    body: bytes
    problem: str = ""
    message_id: str = ""
    """What the platform calls the message, so that it can be taken away; empty for a press."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """Stored for the first time; its first attempt is counted already."""

    id: int
    received: Received


@dataclass(frozen=True, slots=True)
class Unfinished:
    """Stored and not handled yet. `received.problem` is set when the body cannot be opened."""

    id: int
    received: Received
    attempts: int
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Quarantined:
    """Set aside for a human being; what was said stays sealed."""

    id: int
    channel: str
    account: str
    external_id: str
    address: str
    error: str
    attempts: int
    received_at: datetime


def accept(conn: Connection, batch: Sequence[Received], now: datetime) -> list[Accepted]:
    """Store what is seen for the first time; returns what a turn should take, in order.

    A repeated delivery is not returned, nor is what went to quarantine because of its problem.
    """
    vault, ms, accepted = vault_of(conn), to_ms(now), []
    for received in batch:
        row = {
            "channel": received.channel,
            "account": received.account,
            "external_id": received.external_id,
            "address": received.address,
            "body": vault.seal(received.body, _PURPOSE),
            "message_id": received.message_id,
            "status": "quarantined" if received.problem else "new",
            "error": received.problem[:_LONGEST_ERROR],
            "now": ms,
        }
        inbox_id = _ACCEPT.value(conn, row)
        if inbox_id is not None and not received.problem:
            accepted.append(Accepted(inbox_id, received))
    return accepted


def finish(conn: Connection, inbox_id: int, now: datetime) -> bool:
    """Mark it done; False when it was done or quarantined before: then the turn does nothing."""
    return _FINISH.run(conn, {"id": inbox_id, "now": to_ms(now)}) == 1


def count_attempt(conn: Connection, inbox_id: int) -> int:
    """Count one more attempt before it begins; returns how many there are, 0 when not open."""
    attempts: int = conn.execute(_COUNT, {"id": inbox_id}).scalar() or 0
    return attempts


def written(
    conn: Connection,
    channel: str,
    account: str,
    address: str,
    first: int,
    before: int,
    limit: int,
) -> list[Received]:
    """What was handled of one address from the row `first` on and before that one, in order.

    What cannot be opened, or was emptied, is left out.
    """
    where = {"channel": channel, "account": account, "address": address}
    values = {**where, "first": first, "before": before, "limit": limit}
    found = []
    for external_id, body, message_id in _WRITTEN.rows(conn, values):
        try:
            opened = vault_of(conn).open(bytes(body), _PURPOSE)
        except SealBroken:
            continue
        found.append(
            Received(channel, account, external_id, address, opened, message_id=message_id)
        )
    return found


def quarantine(conn: Connection, inbox_id: int, error: str, now: datetime) -> bool:
    """Set aside what cannot be handled. `error` is the kind of error, never content."""
    values = {"id": inbox_id, "error": error[:_LONGEST_ERROR], "now": to_ms(now)}
    return conn.execute(_QUARANTINE, values).rowcount == 1


def unfinished(conn: Connection, after: int = 0, limit: int = 10_000) -> list[Unfinished]:
    """What a stopped service left, oldest first, beyond the id `after`."""
    rows = conn.execute(_UNFINISHED, {"after": after, "limit": limit})
    return [_unfinished(conn, row) for row in rows]


def quarantined(conn: Connection, limit: int) -> list[Quarantined]:
    """The newest of what was set aside."""
    return [
        Quarantined(
            row.id,
            row.channel,
            row.account,
            row.external_id,
            row.address,
            row.error,
            row.attempts,
            from_ms(row.received_at),
        )
        for row in conn.execute(_QUARANTINED, {"limit": limit})
    ]


def release(conn: Connection, inbox_id: int) -> Unfinished | None:
    """Let it be tried again from the first attempt; None when it is not there or was emptied."""
    row = conn.execute(_RELEASE, {"id": inbox_id}).first()
    return None if row is None else _unfinished(conn, row)


def _unfinished(conn: Connection, row: Any) -> Unfinished:
    body, problem = b"", ""
    try:
        body = vault_of(conn).open(row.body or b"", _PURPOSE)
    except SealBroken as error:
        problem = str(error)
    received = Received(
        row.channel, row.account, row.external_id, row.address, body, problem or row.error
    )
    return Unfinished(row.id, received, row.attempts, from_ms(row.received_at))
