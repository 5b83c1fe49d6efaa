"""What staff see of sessions: lists with how many were asked, answered and came, and the stages.

Nothing here changes anything, and nobody is named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, text

from conversations.schools.session import School, SchoolId, Session, SessionId, Stage
from storage.schema import from_ms, to_ms
from storage.schools import SCHOOL, SESSION, SESSION_WIDTH, school_of, session_of

_SUMMARY = (
    f"SELECT {SESSION}, x.series_id,"
    " (SELECT count(*) FROM enrolments e WHERE e.school_id = x.school_id AND e.left_at IS NULL),"
    " count(i.asked_at), sum(CASE WHEN i.rsvp = 'yes' THEN 1 ELSE 0 END),"
    " sum(CASE WHEN i.rsvp = 'no' THEN 1 ELSE 0 END),"
    " sum(CASE WHEN i.present THEN 1 ELSE 0 END)"
    " FROM sessions x JOIN schools s ON s.id = x.school_id"
    " LEFT JOIN invitations i ON i.session_id = x.id"
)
_COMING = text(
    f"{_SUMMARY} WHERE x.ends_at > :now AND x.starts_at > :now - 86400000"
    " AND (CAST(:school AS BIGINT) IS NULL OR x.school_id = :school)"
    " GROUP BY x.id, s.id ORDER BY x.starts_at, x.id LIMIT :limit"
)
_PAST = text(
    f"{_SUMMARY} WHERE x.ends_at <= :now AND x.starts_at <= :now"
    " AND (CAST(:school AS BIGINT) IS NULL OR x.school_id = :school)"
    " GROUP BY x.id, s.id ORDER BY x.starts_at DESC, x.id DESC LIMIT :limit"
)
_ONE = text(f"{_SUMMARY} WHERE x.id = :session GROUP BY x.id, s.id")
_STAGES = text(
    "SELECT kind, subject, due_at, outcome FROM due"
    " WHERE (kind = 'session' AND subject IN (:invite, :h1, :h2_evening, :h2, :attendance,"
    " :after, :changed)) OR (kind IN ('attendance', 'untold') AND subject = :session)"
    " ORDER BY due_at, kind, subject"
)
_SCHOOLS = text(
    f"SELECT {SCHOOL}, COALESCE(v.name, ''), (SELECT count(*) FROM enrolments e"
    " WHERE e.school_id = s.id AND e.left_at IS NULL) FROM schools s"
    " LEFT JOIN villages v ON v.id = s.village_id WHERE s.closed_at IS NULL"
    " ORDER BY COALESCE(v.position, -1), COALESCE(v.name, ''), s.name, s.id"
)

STAGES: Final = tuple(stage.value for stage in Stage if stage is not Stage.UNTOLD)


@dataclass(frozen=True, slots=True)
class Summary:
    """One session and its numbers; `asked` is who was, or will be, written to about it."""

    session: Session
    series: int | None
    enrolled: int
    asked: int
    yes: int
    no: int
    present: int


@dataclass(frozen=True, slots=True)
class Planned:
    """A stage and when it is done; an empty outcome: still to come."""

    stage: str
    at: datetime
    outcome: str


@dataclass(frozen=True, slots=True)
class SchoolLine:
    """A school, its village by name, and how many are enrolled."""

    school: School
    village: str
    enrolled: int


def coming(
    conn: Connection, now: datetime, school: SchoolId | None, limit: int
) -> tuple[Summary, ...]:
    """Sessions that are not over, also cancelled ones, soonest first."""
    values = {"now": to_ms(now), "school": school, "limit": limit}
    return tuple(_summary(row) for row in conn.execute(_COMING, values))


def past(
    conn: Connection, now: datetime, school: SchoolId | None, limit: int
) -> tuple[Summary, ...]:
    """Sessions that are over, last first."""
    values = {"now": to_ms(now), "school": school, "limit": limit}
    return tuple(_summary(row) for row in conn.execute(_PAST, values))


def summary(conn: Connection, session: SessionId) -> Summary | None:
    """One session with its numbers."""
    row = conn.execute(_ONE, {"session": session}).first()
    return None if row is None else _summary(row)


def stages(conn: Connection, session: SessionId) -> tuple[Planned, ...]:
    """What is planned about a session, and what became of it, in the order of time."""
    subjects = {stage: f"{session}:{stage}" for stage in STAGES}
    rows = conn.execute(_STAGES, {**subjects, "session": str(session)})
    return tuple(
        Planned(subject.partition(":")[2] if kind == "session" else kind, from_ms(due_at), outcome)
        for kind, subject, due_at, outcome in rows
    )


def open_schools(conn: Connection) -> tuple[SchoolLine, ...]:
    """Every open school with the size of its list, by village and name."""
    return tuple(SchoolLine(school_of(row), *row[8:10]) for row in conn.execute(_SCHOOLS))


def _summary(row: Sequence[Any]) -> Summary:
    series, enrolled, asked, yes, no, present = row[SESSION_WIDTH:]
    return Summary(session_of(row), series, enrolled, int(asked), int(yes), int(no), int(present))
