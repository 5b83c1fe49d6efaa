"""Due work: what is to be done when. One row a kind and subject; the clock asks, this answers.

A row with an empty outcome is open. What a kind means and does is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, text

from storage.schema import from_ms, to_ms
from storage.statement import Statement

_LONGEST_OUTCOME = 120

_PLAN = Statement(
    "INSERT INTO due (kind, subject, person_id, due_at, expires_at)"
    " VALUES (:kind, :subject, :person_id, :due_at, :expires_at)"
    " ON CONFLICT (kind, subject) DO UPDATE SET person_id = excluded.person_id,"
    " due_at = excluded.due_at, expires_at = excluded.expires_at, cursor = '', attempts = 0,"
    " outcome = ''"
)
_FORGET = Statement("DELETE FROM due WHERE kind = :kind AND subject = :subject")
_COLUMNS = "SELECT kind, subject, person_id, due_at, expires_at, cursor, attempts FROM due"
_MISSED = text(
    "SELECT kind, subject, due_at, expires_at FROM due"
    " WHERE outcome = '' AND due_at <= :now AND expires_at <= :now"
)
_NEXT = text(
    f"{_COLUMNS} WHERE outcome = '' AND due_at <= :now ORDER BY due_at, kind, subject LIMIT :limit"
)
_ONE = f"{_COLUMNS} WHERE kind = :kind AND subject = :subject AND outcome = '' AND due_at <= :now"
_STILL = {"sqlite": text(_ONE), "postgresql": text(f"{_ONE} FOR UPDATE SKIP LOCKED")}
_ADVANCE = text(
    "UPDATE due SET cursor = :cursor, attempts = 0"
    " WHERE kind = :kind AND subject = :subject AND outcome = ''"
)
_COUNT = text(
    "UPDATE due SET attempts = attempts + 1"
    " WHERE kind = :kind AND subject = :subject AND outcome = '' AND attempts = :seen"
    " RETURNING attempts"
)
_SETTLE = text(
    "UPDATE due SET outcome = :outcome WHERE kind = :kind AND subject = :subject AND outcome = ''"
)
_NEXT_AT = text("SELECT min(due_at) FROM due WHERE outcome = ''")
_NEXT_BUT = text(
    "SELECT min(due_at) FROM due WHERE outcome = '' AND kind NOT IN :kinds"
).bindparams(bindparam("kinds", expanding=True))


@dataclass(frozen=True, slots=True)
class DueRow:
    """One piece of due work. `cursor` is how far a long one has come ("" at the beginning)."""

    kind: str
    subject: str
    person_id: int | None
    due_at: datetime
    expires_at: datetime | None
    cursor: str
    attempts: int


def plan(
    conn: Connection,
    kind: str,
    subject: str,
    person_id: int | None,
    due_at: datetime,
    expires_at: datetime | None,
) -> None:
    """Do this then; replaces an earlier plan for the same kind and subject, also a settled one."""
    _PLAN.run(
        conn,
        {
            "kind": kind,
            "subject": subject,
            "person_id": person_id,
            "due_at": to_ms(due_at),
            "expires_at": None if expires_at is None else to_ms(expires_at),
        },
    )


def forget(conn: Connection, kind: str, subject: str) -> None:
    """It is needed no more."""
    _FORGET.run(conn, {"kind": kind, "subject": subject})


def next_due(conn: Connection, now: datetime, limit: int) -> list[DueRow]:
    """What is due, longest due first. What came too late is settled as missed, so this writes."""
    ms = to_ms(now)
    for late in conn.execute(_MISSED, {"now": ms}).all():
        minutes = (ms - late.due_at) // 60_000
        settle(conn, late.kind, late.subject, f"missed: {minutes} minutes late")
    return [_due_row(row) for row in conn.execute(_NEXT, {"now": ms, "limit": limit})]


def still_due(conn: Connection, kind: str, subject: str, now: datetime) -> DueRow | None:
    """Read it again in the unit that does it: None when another process has it or it was replaced.

    On PostgreSQL the row stays locked until the unit commits.
    """
    row = conn.execute(
        _STILL[conn.dialect.name], {"kind": kind, "subject": subject, "now": to_ms(now)}
    ).first()
    return None if row is None else _due_row(row)


def advance(conn: Connection, kind: str, subject: str, cursor: str) -> None:
    """A part of long work is done, up to this cursor."""
    conn.execute(_ADVANCE, {"kind": kind, "subject": subject, "cursor": cursor})


def count_attempt(conn: Connection, row: DueRow) -> bool:
    """Count one more attempt before it begins; whether it is ours to make.

    It is not when the work is done, or when another process has counted since the row was read.
    """
    values = {"kind": row.kind, "subject": row.subject, "seen": row.attempts}
    return conn.execute(_COUNT, values).scalar() is not None


def settle(conn: Connection, kind: str, subject: str, outcome: str) -> None:
    """It is over: `done`, `missed: …` with the reason, or `failed: …`. The first outcome stays."""
    if not outcome:
        raise ValueError("an outcome says what became of it: done, missed: …, failed: …")
    values = {"kind": kind, "subject": subject, "outcome": outcome[:_LONGEST_OUTCOME]}
    conn.execute(_SETTLE, values)


def next_at(conn: Connection) -> datetime | None:
    """When the next open work is due; None when there is none. Cheap, and only reads."""
    ms = conn.execute(_NEXT_AT).scalar()
    return None if ms is None else from_ms(ms)


def next_apart_from(conn: Connection, kinds: Sequence[str]) -> datetime | None:
    """When the next open work of any other kind is due; None when there is none."""
    ms = conn.execute(_NEXT_BUT, {"kinds": list(kinds)}).scalar()
    return None if ms is None else from_ms(ms)


def _due_row(row: Any) -> DueRow:
    return DueRow(
        row.kind,
        row.subject,
        row.person_id,
        from_ms(row.due_at),
        None if row.expires_at is None else from_ms(row.expires_at),
        row.cursor,
        row.attempts,
    )
