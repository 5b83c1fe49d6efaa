"""Somebody's due work before she is woken: whose turn it is, and whether this is its hour.

What it brings about is decided in conversations/waking.py and written down in turn.py.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection

from conversations import politeness
from conversations.dialogue import Person, PersonId, Role
from conversations.politeness import Polite
from storage import due, helping, keepers, people, seats
from storage.due import DueRow
from storage.people import Seat

EVERY = {"day_list": timedelta(days=1), "review": timedelta(days=7)}
"""Work that plans its own successor, and is of no use any more when that comes; somebody who
blocked the bot may come back."""

POLITE = frozenset({"checkin", "tip", "nudge", "message", "assisted"})
"""Work that speaks to somebody unasked: at an hour at which nobody is written to it waits itself,
so that nothing is asked of her that she cannot see yet."""

_ABOUT_HER = frozenset({"drinking", "expire"})
"""What staff must learn of an unfinished check-in also when no phone reaches her."""

_HER_OWN = frozenset({"checkin", "nudge", "attendance", "assisted", "day_list"})
"""Questions to a cadre herself: not while her phone speaks for somebody else."""


def whose_turn(conn: Connection, row: DueRow, now: datetime, polite: Polite) -> Seat | None:
    """Where she is reached whose work this is, if it is to be done now.

    None: nothing is to be done; the row is settled, another's, or planned for a later time.
    """
    seat = _seat_of(conn, row)
    if seat is None:
        if not keepers.hand_on(conn, row):
            _miss(conn, row, now)
        return None
    if _put_off(conn, row, seat.person, now, polite):
        return None
    if _spent(conn, row, seat.person, now, polite):
        due.settle(conn, row.kind, row.subject, "skipped: budget")
        return None
    return seat


def of_use_until(row: DueRow) -> datetime | None:
    """Until when what this work says unasked is of use."""
    if row.expires_at is None and row.kind in EVERY:
        return row.due_at + EVERY[row.kind]
    return row.expires_at


def _seat_of(conn: Connection, row: DueRow) -> Seat | None:
    if row.person_id is None:
        return None
    person = PersonId(row.person_id)
    seat = people.seat_of(conn, person)
    if seat is None and row.kind in _ABOUT_HER:
        return seats.at_home(conn, person)
    return seat


def _miss(conn: Connection, row: DueRow, now: datetime) -> None:
    due.settle(conn, row.kind, row.subject, "missed: no address reaches this person")
    if row.person_id is not None and row.kind in EVERY:
        missed = (now - row.due_at) // EVERY[row.kind] + 1
        following = row.due_at + missed * EVERY[row.kind]
        due.plan(conn, row.kind, row.subject, PersonId(row.person_id), following, None)


def _put_off(conn: Connection, row: DueRow, person: Person, now: datetime, polite: Polite) -> bool:
    """Whether this is no hour for it: then it comes at the next decent one, or is missed."""
    if row.kind in _HER_OWN and (person.role.works or person.role is Role.CADRE):
        until = helping.until(conn, person.id, now)
        if until is not None:
            due.plan(conn, row.kind, row.subject, person.id, until, row.expires_at)
            return True
    quiet = politeness.quiet_of(person, polite.quiet)
    decent = politeness.decent_time(now, person.tz, quiet)
    if row.kind not in POLITE or decent <= now:
        return False
    if row.expires_at is not None and decent >= row.expires_at:
        due.settle(conn, row.kind, row.subject, "missed: no decent hour was left")
    else:
        due.plan(conn, row.kind, row.subject, person.id, decent, row.expires_at)
    return True


def _spent(conn: Connection, row: DueRow, person: Person, now: datetime, polite: Polite) -> bool:
    """Whether it would only be left out at the door: then no question of it is begun."""
    if row.kind not in politeness.OPTIONAL or politeness.why_not(person, now):
        return False
    door = politeness.Door(now, polite)
    return door.leaving(person, row.kind, *people.unasked(conn, person.id)).reason == "budget"
