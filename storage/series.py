"""Sessions that repeat: a series is a row, its sessions are made some weeks ahead.

A session keeps the local date that its series gave it (`slot`), however often it is moved, and
also when it is cancelled: so the series never makes it twice. Which days these are is computed in
`conversations.schools.series`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import Connection

from conversations.dialogue import PersonId
from conversations.schools.series import Meeting, Pattern, SeriesId, meetings
from conversations.schools.session import SchoolId, Session, Stage
from storage import audit, due, schools, sessions
from storage.people import fitting
from storage.schema import series as table
from storage.schema import to_ms
from storage.sessions import NewSession
from storage.statement import Statement

KIND: Final = "series"
AHEAD: Final = timedelta(weeks=5)
"""So far ahead there are sessions of a series."""

AGAIN: Final = timedelta(weeks=1)

_WORDS: Final = ("topic", "place", "facilitator", "bring", "tip")
_COLUMNS = (
    "SELECT r.id, r.school_id, r.weekday, r.pasaran, r.every, r.first, r.last, r.begins,"
    " r.ramadan_begins, r.minutes, r.skip, r.topic, r.place, r.facilitator, r.bring, r.tip,"
    " r.reminders, r.by_id FROM series r"
)
_BEGIN = Statement(
    "INSERT INTO series (school_id, weekday, pasaran, every, first, last, begins, ramadan_begins,"
    " minutes, skip, topic, place, facilitator, bring, tip, reminders, by_id, created_at)"
    " VALUES (:school_id, :weekday, :pasaran, :every, :first, :last, :begins, :ramadan_begins,"
    " :minutes, :skip, :topic, :place, :facilitator, :bring, :tip, :reminders, :by_id, :now)"
    " RETURNING id"
)
_ONE = Statement(f"{_COLUMNS} WHERE r.id = :series AND r.ended_at IS NULL")
_OF_SCHOOL = Statement(
    f"{_COLUMNS} WHERE r.school_id = :school AND r.ended_at IS NULL ORDER BY r.id"
)
_SLOTS = Statement("SELECT slot FROM sessions WHERE series_id = :series AND slot >= :since")
_END = Statement("UPDATE series SET ended_at = :now WHERE id = :series AND ended_at IS NULL")


@dataclass(frozen=True, slots=True)
class Series:
    """What every session of a series has. `by` None: by command."""

    school: SchoolId
    pattern: Pattern
    topic: str
    place: str = ""
    facilitator: str = ""
    bring: str = ""
    tip: str = ""
    reminders: tuple[Stage, ...] = (Stage.INVITE, Stage.DAY_BEFORE, Stage.HOURS_BEFORE)
    by: PersonId | None = None
    id: SeriesId | None = None
    """None: not begun yet."""


@dataclass(frozen=True, slots=True)
class Made:
    """What one look ahead brought: new sessions, and the days on which another is already."""

    sessions: tuple[Session, ...]
    skipped: tuple[date, ...]


def begin(conn: Connection, new: Series, now: datetime) -> tuple[SeriesId, Made]:
    """A series begins; its first sessions are made at once, later ones week by week."""
    pattern = new.pattern
    words = {name: fitting(table.c[name].type, getattr(new, name)) for name in _WORDS}
    values = {
        **words,
        "school_id": new.school,
        "weekday": pattern.weekday,
        "pasaran": pattern.pasaran,
        "every": pattern.every,
        "first": pattern.first.isoformat(),
        "last": pattern.last.isoformat() if pattern.last else "",
        "begins": f"{pattern.begins:%H:%M}",
        "ramadan_begins": f"{pattern.ramadan_begins:%H:%M}" if pattern.ramadan_begins else "",
        "minutes": pattern.length // timedelta(minutes=1),
        "skip": " ".join(sorted(day.isoformat() for day in pattern.skip)),
        "reminders": " ".join(new.reminders),
        "by_id": new.by,
        "now": to_ms(now),
    }
    id_ = SeriesId(_BEGIN.value(conn, values))
    return id_, look_ahead(conn, id_, now)


def look_ahead(conn: Connection, series: SeriesId, now: datetime) -> Made:
    """Make what is missing of the coming weeks, and look again in a week, until the last day.

    A day on which the school or its cadre has another session is left out, and that is recorded.
    """
    found = one(conn, series)
    school = None if found is None else schools.one(conn, found.school)
    if found is None or school is None:
        return Made((), ())
    today = now.astimezone(school.tz).date()
    there = {row[0] for row in _SLOTS.rows(conn, {"series": series, "since": today.isoformat()})}
    made: list[Session] = []
    skipped: list[date] = []
    for meeting in meetings(found.pattern, school.tz, today, today + AHEAD):
        if meeting.day.isoformat() in there or meeting.starts_at <= now:
            continue
        try:
            planned = sessions.plan(conn, _session(found, meeting), now)
        except sessions.Overlaps as taken:
            skipped.append(meeting.day)
            subject = f"series:{series}:{meeting.day}"
            reason = f"session {taken.other.id} is at that time"
            audit.record(conn, audit.CLOCK, "session skipped", subject, reason, now)
        else:
            made += [planned] if planned is not None else []
    last = found.pattern.last
    if last is None or last >= today + AGAIN:
        due.plan(conn, KIND, str(series), None, now + AGAIN, None)
    return Made(tuple(made), tuple(skipped))


def end(conn: Connection, series: SeriesId, now: datetime) -> bool:
    """It makes no more sessions; those that it has made stay. False when it had ended before."""
    due.forget(conn, KIND, str(series))
    return _END.run(conn, {"series": series, "now": to_ms(now)}) > 0


def one(conn: Connection, series: SeriesId) -> Series | None:
    """A series that goes on."""
    row = _ONE.row(conn, {"series": series})
    return None if row is None else _series(row)


def of_school(conn: Connection, school: SchoolId) -> tuple[Series, ...]:
    """The series of a school that go on."""
    return tuple(_series(row) for row in _OF_SCHOOL.rows(conn, {"school": school}))


def _session(series: Series, meeting: Meeting) -> NewSession:
    words = {name: getattr(series, name) for name in _WORDS}
    return NewSession(
        series.school,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        reminders=series.reminders,
        by=series.by,
        series=series.id,
        slot=meeting.day.isoformat(),
        **words,
    )


def _series(row: Sequence[Any]) -> Series:
    pattern = Pattern(
        first=date.fromisoformat(row[5]),
        begins=time.fromisoformat(row[7]),
        length=timedelta(minutes=row[9]),
        weekday=row[2],
        pasaran=row[3],
        every=row[4],
        last=date.fromisoformat(row[6]) if row[6] else None,
        skip=frozenset(date.fromisoformat(day) for day in row[10].split()),
        ramadan_begins=time.fromisoformat(row[8]) if row[8] else None,
    )
    return Series(
        SchoolId(row[1]),
        pattern,
        topic=row[11],
        place=row[12],
        facilitator=row[13],
        bring=row[14],
        tip=row[15],
        reminders=tuple(Stage(stage) for stage in row[16].split()),
        by=None if row[17] is None else PersonId(row[17]),
        id=SeriesId(row[0]),
    )
