"""Who is on duty for urgent concerns: who can be called at a moment, and which hours nobody covers.

The roster that the shifts follow from is in `shifts.py`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection

from conversations.dialogue import PersonId, Role
from conversations.duty.team import NEEDED, Shift, ShiftId, Team
from storage import alerts, reaching
from storage.schema import from_ms, to_ms
from storage.sealing import vault_of
from storage.statement import Statement

SOON = timedelta(hours=2)
"""A shift that begins so soon is hers to say SIAP to."""

PHONE = b"staff"
"""What a telephone number of staff is sealed for."""

_SHORTEST_NAME = 3
"""Letters of a name from which on it is looked for in a text."""

_REACHED = (
    f"s.person_id IS NOT NULL AND s.removed_at IS NULL AND {reaching.is_reached('s.person_id')}"
)
_TEAM = Statement(
    "SELECT s.person_id, s.role,"
    " min(CASE WHEN h.starts_at <= :now THEN h.rank END),"
    " max(CASE WHEN h.starts_at <= :now AND h.ready_at IS NOT NULL THEN 1 ELSE 0 END),"
    " min(CASE WHEN h.starts_at > :now THEN h.starts_at END)"
    " FROM staff s LEFT JOIN shifts h ON h.person_id = s.person_id AND h.ends_at > :now"
    " AND h.cancelled_at IS NULL"
    f" WHERE {_REACHED} GROUP BY s.person_id, s.role ORDER BY s.person_id"
)
_SHIFT = (
    "SELECT h.id, h.person_id, h.starts_at, h.ends_at, h.rank, h.ready_at, h.asked_at, s.name,"
    " s.phone"
    " FROM shifts h JOIN staff s ON s.person_id = h.person_id AND s.removed_at IS NULL"
    " WHERE h.cancelled_at IS NULL"
)
_ONE = Statement(f"{_SHIFT} AND h.id = :shift")
_CURRENT = Statement(
    f"{_SHIFT} AND h.person_id = :person AND h.ends_at > :now"
    " AND (h.starts_at <= :soon OR h.asked_at IS NOT NULL)"
    " ORDER BY CASE WHEN h.ready_at IS NULL THEN 0 ELSE 1 END, h.starts_at, h.id LIMIT 1"
)
_BETWEEN = Statement(
    f"{_SHIFT} AND h.ends_at > :now AND h.starts_at < :until ORDER BY h.starts_at, h.rank, h.id"
)
_COVERING = Statement(
    "SELECT h.starts_at, h.ends_at, h.person_id FROM shifts h"
    " JOIN staff s ON s.person_id = h.person_id"
    f" WHERE {_REACHED} AND h.cancelled_at IS NULL AND h.ends_at > :now AND h.starts_at < :until"
    " AND h.person_id <> :without"
)
_ONE_WAY = Statement(
    "SELECT s.name FROM staff s WHERE s.removed_at IS NULL AND s.phone IS NULL"
    " AND EXISTS (SELECT 1 FROM shifts h WHERE h.person_id = s.person_id"
    " AND h.cancelled_at IS NULL AND h.ends_at > :now AND h.starts_at < :until)"
    f" AND {reaching.addresses_reaching('s.person_id')} < 2 ORDER BY s.name, s.id"
)
_NAMES = Statement(
    "SELECT person_id, name FROM staff WHERE person_id IS NOT NULL AND removed_at IS NULL"
    " ORDER BY person_id"
)
_TITLES = frozenset({"mas", "mbak", "pak", "bapak", "ibu", "kak", "bang", "teh", "kang", "cak"})
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class StoredDuty:
    """`conversations.duty.team.Duty` from the database, at one moment."""

    conn: Connection
    now: datetime
    phone: str = ""

    def team(self) -> Team:
        """Who can be called now."""
        return team(self.conn, self.now)

    def shift(self, id_: ShiftId) -> Shift | None:
        """One shift."""
        return self._found(_ONE.row(self.conn, {"shift": id_}))

    def current(self, person: PersonId) -> Shift | None:
        """The shift that her SIAP is for."""
        values = {"person": person, "now": to_ms(self.now), "soon": to_ms(self.now + SOON)}
        return self._found(_CURRENT.row(self.conn, values))

    def shifts(self, until: datetime) -> tuple[Shift, ...]:
        """The shifts that are going on or begin before then, in their order."""
        values = {"now": to_ms(self.now), "until": to_ms(until)}
        return tuple(self._shift(row) for row in _BETWEEN.rows(self.conn, values))

    def called(self, code: str) -> tuple[PersonId, ...]:
        """Who was called about this task and may still be told about it."""
        return alerts.called(self.conn, code)

    def called_since(self, person: PersonId, since: datetime) -> bool:
        """Whether an alert reached her after then about something that nobody has taken yet."""
        return alerts.called_since(self.conn, person, since)

    def mentioned(self, text: str) -> tuple[PersonId, ...]:
        """Members of staff whose names stand in this text."""
        said = frozenset(_WORD.findall(text.casefold()))
        return tuple(
            PersonId(person) for person, name in _NAMES.rows(self.conn, {}) if _names(name) & said
        )

    def _found(self, row: Sequence[Any] | None) -> Shift | None:
        return None if row is None else self._shift(row)

    def _shift(self, row: Sequence[Any]) -> Shift:
        id_, person, starts, ends, rank, ready, asked, name, phone = row
        return Shift(
            ShiftId(id_),
            PersonId(person),
            from_ms(starts),
            from_ms(ends),
            rank,
            None if ready is None else from_ms(ready),
            None if asked is None else from_ms(asked),
            name,
            "" if phone is None else vault_of(self.conn).open(phone, PHONE).decode(),
        )


def team(conn: Connection, now: datetime) -> Team:
    """Everybody with an account who can be called, by what she is and when she is on duty."""
    rows = _TEAM.rows(conn, {"now": to_ms(now)})

    def of(*roles: Role, on_duty: bool | None = None) -> Sequence[Sequence[Any]]:
        return [
            row
            for row in rows
            if row[1] in roles and (on_duty is None or (row[2] is not None) == on_duty)
        ]

    first = sorted(of(Role.STAFF, Role.COORDINATOR, on_duty=True), key=_by_rank)
    others = sorted(of(Role.STAFF, on_duty=False), key=_by_next)
    return Team(
        on_duty=_people(first),
        others=_people(others),
        coordinators=_people(of(Role.COORDINATOR)),
        focal=_people(of(Role.FOCAL)),
    )


@dataclass(frozen=True, slots=True)
class Gap:
    """A time (aware, UTC) in which fewer people are on duty than there should be."""

    starts_at: datetime
    ends_at: datetime
    on_duty: int


def coverage(
    conn: Connection, now: datetime, days: int, *, without: PersonId | None = None
) -> tuple[Gap, ...]:
    """The hours of the coming days in which fewer than two people who can be reached are on duty,
    in their order; `without` somebody who is about to leave. Shifts are known 14 days ahead."""
    until = now + timedelta(days=days)
    values = {"now": to_ms(now), "until": to_ms(until), "without": without or 0}
    rows = _COVERING.rows(conn, values)
    shifts = [(from_ms(starts), from_ms(ends), person) for starts, ends, person in rows]
    changes = sorted({now, until, *(at for one in shifts for at in one[:2] if now < at < until)})
    found: list[Gap] = []
    for begins, ends in pairwise(changes):
        there = len({person for first, last, person in shifts if first <= begins < last})
        if there >= NEEDED:
            continue
        if found and found[-1].ends_at == begins and found[-1].on_duty == there:
            found[-1] = replace(found[-1], ends_at=ends)
        else:
            found.append(Gap(begins, ends, there))
    return tuple(found)


def one_way(conn: Connection, now: datetime, days: int) -> tuple[str, ...]:
    """Who is on duty in the coming days and can be reached in one way only: no second chat address,
    and no telephone number (`kawan staff phone`)."""
    values = {"now": to_ms(now), "until": to_ms(now + timedelta(days=days))}
    return tuple(name for (name,) in _ONE_WAY.rows(conn, values))


def _by_rank(row: Sequence[Any]) -> tuple[Any, ...]:
    return (not row[3], row[2], row[0])


def _by_next(row: Sequence[Any]) -> tuple[Any, ...]:
    return (row[4] is None, row[4] or 0, row[0])


def _people(rows: Sequence[Sequence[Any]]) -> tuple[PersonId, ...]:
    return tuple(PersonId(row[0]) for row in rows)


def _names(name: str) -> frozenset[str]:
    words = _WORD.findall(name.casefold())
    return frozenset(word for word in words if len(word) >= _SHORTEST_NAME) - _TITLES
