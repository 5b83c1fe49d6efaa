"""The weekly look at the directory: coordinators hear, once a month, which numbers grow old.

What is old is decided in storage/directory.py. An office is no person: its kind and village may
be named.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot.planned.planning import Planning
from conversations.message import Message, Priority
from conversations.politeness import decent_time
from locales import say
from storage import directory, due, duty, outbox, people
from storage.directory import Office
from storage.due import DueRow

KIND: Final = "numbers"
SUBJECT: Final = "directory"

AHEAD: Final = timedelta(days=30)
"""A number is named so long before it is six months old."""

_HOUR: Final = time(9, 0)
_NAMED: Final = 5
"""Offices in one message; the others are counted."""


def plan(conn: Connection, now: datetime, zone: ZoneInfo) -> None:
    """Look on the next Monday morning of the programme's zone."""
    due.plan(conn, KIND, SUBJECT, None, next_look(now, zone), None)


def next_look(now: datetime, zone: ZoneInfo) -> datetime:
    """The next Monday, 09:00 local time (aware).

    >>> next_look(datetime.fromisoformat("2026-11-18T10:00+07:00"), ZoneInfo("Asia/Jakarta"))
    datetime.datetime(2026, 11, 23, 9, 0, tzinfo=zoneinfo.ZoneInfo(key='Asia/Jakarta'))
    """
    local = now.astimezone(zone)
    monday = local.date() + timedelta(days=-local.weekday() % 7)
    at = datetime.combine(monday, _HOUR, zone)
    return at if at > local else datetime.combine(monday + timedelta(days=7), _HOUR, zone)


def look(conn: Connection, row: DueRow, planning: Planning) -> None:
    """Tell coordinators (staff on duty where there are none) what is to be called; look again."""
    now, zone = planning.now, planning.programme.zone
    today = now.astimezone(zone).date()
    old = directory.growing_old(conn, today + AHEAD)
    team = duty.team(conn, now)
    for person in sorted(team.coordinators or team.everyone) if old else ():
        seat = people.seat_of(conn, person)
        if seat is None:
            continue
        outbox.add(
            conn,
            address_id=seat.address_id,
            person_id=person,
            message=Message(_said(old)),
            dedupe_key=f"numbers:{today:%Y-%m}:{person}",
            priority=Priority.REMINDER,
            purpose="numbers",
            not_before=decent_time(now, seat.person.tz, planning.quiet),
            expires_at=None,
            now=now,
        )
    plan(conn, now, zone)


def _said(old: tuple[Office, ...]) -> str:
    named = ", ".join(_name(one) for one in old[:_NAMED])
    more = say("numbers.more", n=len(old) - _NAMED) if len(old) > _NAMED else ""
    return say("numbers.old", offices=f"{named}{more}")


def _name(one: Office) -> str:
    where = one.village or one.contact.district[:16]
    return f"{one.contact.id} ({say(f'agency.{one.contact.agency}')}{' ' if where else ''}{where})"
