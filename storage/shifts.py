"""The roster: weekly duties and single days, and the shifts that follow from them.

Shifts are made ahead of time, because SIAP is asked for each of them. Who is on duty at a moment,
and which hours nobody covers, is in `duty.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from conversations.dialogue import PersonId
from conversations.duty.team import TOLD_AFTER, Shift, ShiftId, asked_at
from storage import due
from storage.schema import from_ms, to_ms
from storage.statement import Statement

ROSTER = "roster"
"""Due work without a person: every day the shifts of the days ahead (bot/planned/roster.py)."""

SIAP = "siap"
"""Due work of whoever has the shift, which is its subject: she is asked whether she is ready."""

UNREADY = "unready"
"""Due work without a person: without SIAP others are told (bot/planned/roster.py)."""

AHEAD = timedelta(days=16)
"""So far ahead shifts are made: further than anybody looks for hours that nobody covers."""

_MADE_AT = time(3, 0)
_ALL = "all"
_A_DAY = timedelta(days=1)

_ADD = Statement(
    "INSERT INTO duties (person_id, weekday, begins, ends, first, last, rank, created_at)"
    " VALUES (:person, :weekday, :begins, :ends, :first, :last, :rank, :now) RETURNING id"
)
_DUTIES = Statement(
    "SELECT d.id, d.person_id, s.name, d.weekday, d.begins, d.ends, d.first, d.last, d.rank"
    " FROM duties d JOIN staff s ON s.person_id = d.person_id AND s.removed_at IS NULL"
    " WHERE d.ended_at IS NULL ORDER BY d.weekday, d.first, d.begins, d.rank, d.id"
)
_END = Statement("UPDATE duties SET ended_at = :now WHERE id = :duty AND ended_at IS NULL")
_OF_PERSON = Statement("SELECT id FROM duties WHERE person_id = :person AND ended_at IS NULL")
_MAKE = Statement(
    "INSERT INTO shifts (duty_id, person_id, starts_at, ends_at, rank)"
    " VALUES (:duty, :person, :starts_at, :ends_at, :rank)"
    " ON CONFLICT (duty_id, starts_at) DO NOTHING RETURNING id"
)
_COMING = Statement(
    "SELECT id, starts_at FROM shifts"
    " WHERE duty_id = :duty AND cancelled_at IS NULL AND ends_at > :now"
)
_CANCEL = Statement(
    "UPDATE shifts SET cancelled_at = :now WHERE id = :shift AND cancelled_at IS NULL"
)
_ASKED = Statement("UPDATE shifts SET asked_at = :now WHERE id = :shift AND asked_at IS NULL")
_READY = Statement(
    "UPDATE shifts SET ready_at = :now WHERE id = :shift AND person_id = :person"
    " AND ready_at IS NULL AND cancelled_at IS NULL"
)
_WARNED = Statement("UPDATE shifts SET warned_at = :now WHERE id = :shift")
_ENSURE = Statement(
    "INSERT INTO due (kind, subject, due_at) VALUES (:kind, :subject, :at)"
    " ON CONFLICT (kind, subject) DO UPDATE SET outcome = '', attempts = 0, cursor = '',"
    " due_at = excluded.due_at WHERE due.outcome <> ''"
)


@dataclass(frozen=True, slots=True)
class NewDuty:
    """A duty to be entered. `weekday` 0 is Monday; None: the one local day `first`.

    `ends` not after `begins` is on the next day. `last` None: until it is removed.
    """

    person: PersonId
    begins: time
    ends: time
    first: date
    rank: int
    weekday: int | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class Duty:
    """A duty of the roster as it is listed."""

    id: int
    name: str
    duty: NewDuty


def add(conn: Connection, new: NewDuty, now: datetime, zone: ZoneInfo) -> int:
    """A duty, and its shifts of the days ahead at once; its number."""
    values = {
        "person": new.person,
        "weekday": new.weekday,
        "begins": f"{new.begins:%H:%M}",
        "ends": f"{new.ends:%H:%M}",
        "first": new.first.isoformat(),
        "last": new.last.isoformat() if new.last else "",
        "rank": new.rank,
        "now": to_ms(now),
    }
    duty: int = _ADD.value(conn, values)
    _make(conn, duty, new, now, zone)
    return duty


def remove(conn: Connection, duty: int, now: datetime) -> bool:
    """No shift follows from it any more, and those to come are cancelled; False: none such."""
    if not _END.run(conn, {"duty": duty, "now": to_ms(now)}):
        return False
    for shift, _ in _COMING.rows(conn, {"duty": duty, "now": to_ms(now)}):
        _cancel(conn, shift, now)
    return True


def skip(conn: Connection, duty: int, day: date, now: datetime, zone: ZoneInfo) -> bool:
    """The one shift of this local day is cancelled; False where there is none."""
    for shift, starts_at in _COMING.rows(conn, {"duty": duty, "now": to_ms(now)}):
        if from_ms(starts_at).astimezone(zone).date() == day:
            _cancel(conn, shift, now)
            return True
    return False


def end_for(conn: Connection, person: PersonId, now: datetime) -> int:
    """Somebody leaves: all her duties end and her shifts are cancelled; how many duties."""
    found = [duty for (duty,) in _OF_PERSON.rows(conn, {"person": person})]
    for duty in found:
        remove(conn, duty, now)
    return len(found)


def duties(conn: Connection) -> tuple[Duty, ...]:
    """The roster, by weekday and hour."""
    return tuple(_duty(row) for row in _DUTIES.rows(conn, {}))


def make(conn: Connection, now: datetime, zone: ZoneInfo) -> None:
    """The shifts of the days ahead that are not there yet; and tomorrow again."""
    for one in duties(conn):
        _make(conn, one.id, one.duty, now, zone)
    local = now.astimezone(zone)
    tomorrow = datetime.combine(local.date() + _A_DAY, _MADE_AT, zone)
    due.plan(conn, ROSTER, _ALL, None, tomorrow, None)


def ensure(conn: Connection, now: datetime) -> None:
    """The daily look at the roster goes on, also in a database that never had one."""
    _ENSURE.run(conn, {"kind": ROSTER, "subject": _ALL, "at": to_ms(now)})


def asked(conn: Connection, shift: ShiftId, now: datetime) -> None:
    """She was asked for SIAP."""
    _ASKED.run(conn, {"shift": shift, "now": to_ms(now)})


def ready(conn: Connection, shift: ShiftId, person: PersonId, now: datetime) -> bool:
    """She said SIAP; False when it is not hers, or was said before."""
    return bool(_READY.run(conn, {"shift": shift, "person": person, "now": to_ms(now)}))


def warned(conn: Connection, shift: ShiftId, now: datetime) -> None:
    """Others were told that she has not said SIAP."""
    _WARNED.run(conn, {"shift": shift, "now": to_ms(now)})


def times(new: NewDuty, first: date, last: date, zone: ZoneInfo) -> Iterator[Shift]:
    """The shifts of a duty that begin from `first` to `last` (local days), without a number.

    >>> night = NewDuty(PersonId(1), time(18), time(6), date(2026, 11, 1), 1, weekday=2)
    >>> [str(one.ends_at) for one in times(
    ...     night, date(2026, 11, 16), date(2026, 11, 22), ZoneInfo("Asia/Jakarta"))]
    ['2026-11-19 06:00:00+07:00']
    """
    day = max(first, new.first)
    until = min(last, new.last or last, new.first if new.weekday is None else last)
    while day <= until:
        if new.weekday in (None, day.weekday()):
            ends_on = day if new.ends > new.begins else day + _A_DAY
            yield Shift(
                ShiftId(0),
                new.person,
                datetime.combine(day, new.begins, zone),
                datetime.combine(ends_on, new.ends, zone),
                new.rank,
            )
        day += _A_DAY


def _make(conn: Connection, duty: int, new: NewDuty, now: datetime, zone: ZoneInfo) -> None:
    today = now.astimezone(zone).date()
    for shift in times(new, today - _A_DAY, today + AHEAD, zone):
        if shift.ends_at <= now:
            continue
        values = {
            "duty": duty,
            "person": shift.person,
            "starts_at": to_ms(shift.starts_at),
            "ends_at": to_ms(shift.ends_at),
            "rank": shift.rank,
        }
        made = _MAKE.value(conn, values)
        if made is not None:
            ask = max(asked_at(shift.starts_at, zone), now)
            due.plan(conn, SIAP, str(made), shift.person, ask, shift.ends_at)
            due.plan(conn, UNREADY, str(made), None, ask + TOLD_AFTER, shift.ends_at)


def _cancel(conn: Connection, shift: int, now: datetime) -> None:
    _CANCEL.run(conn, {"shift": shift, "now": to_ms(now)})
    due.forget(conn, SIAP, str(shift))
    due.forget(conn, UNREADY, str(shift))


def _duty(row: Any) -> Duty:
    id_, person, name, weekday, begins, ends, first, last, rank = row
    return Duty(
        id_,
        name,
        NewDuty(
            PersonId(person),
            time.fromisoformat(begins),
            time.fromisoformat(ends),
            date.fromisoformat(first),
            rank,
            weekday,
            date.fromisoformat(last) if last else None,
        ),
    )
