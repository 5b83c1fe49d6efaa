"""Who was called about an open task, at which step of the ladder, and when she answered.

Whom a step calls is decided in conversations/duty/ladder.py, from what is told here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from conversations.dialogue import PersonId
from conversations.duty.ladder import Standing
from conversations.level import Level
from storage import due
from storage.schema import from_ms, to_ms
from storage.statement import Statement

ESCALATION = "escalation"
"""Due work without a person: the ladder of the task that is its subject."""

UNANSWERED = "unanswered"
"""Due work of whoever reported it: she is told that nobody has answered yet."""

LAPSED = "lapsed"
"""The note on a task that was taken, and nothing done in time."""

_RECORD = Statement(
    "INSERT INTO alerts (code, person_id, step, at) VALUES (:code, :person, :step, :at)"
    " ON CONFLICT (code, step, person_id) DO NOTHING"
)
_STEPS = Statement("SELECT max(step) FROM alerts WHERE code = :code")
_ANSWERED = Statement(
    "UPDATE alerts SET answered_at = :now"
    " WHERE code = :code AND person_id = :person AND answered_at IS NULL"
)
_STANDING = Statement(
    "SELECT t.level, t.created_at, t.due_at, t.accepted_at, t.acted_at, t.owner_id, t.about_id,"
    " c.outside, c.next_at, c.closing_at,"
    " (SELECT a.step FROM alerts a WHERE a.code = t.code ORDER BY a.step DESC, a.at LIMIT 1),"
    " (SELECT a.at FROM alerts a WHERE a.code = t.code ORDER BY a.step DESC, a.at LIMIT 1)"
    " FROM tasks t LEFT JOIN cases c ON c.code = t.code"
    " WHERE t.code = :code AND t.status IN ('open', 'accepted')"
)
_KEPT_OUT = Statement("SELECT person_id FROM case_exclusions WHERE code = :code")
_CALLED = Statement(
    "SELECT DISTINCT a.person_id FROM alerts a"
    " JOIN staff s ON s.person_id = a.person_id AND s.removed_at IS NULL"
    " JOIN tasks t ON t.code = a.code LEFT JOIN cases c ON c.code = a.code WHERE a.code = :code"
    " AND (s.role IN ('coordinator', 'focal') OR NOT COALESCE(c.outside, FALSE))"
    " AND (t.about_id IS NULL OR t.about_id <> a.person_id)"
    " AND NOT EXISTS (SELECT 1 FROM case_exclusions e"
    " WHERE e.code = a.code AND e.person_id = a.person_id) ORDER BY a.person_id"
)
_CALLED_SINCE = Statement(
    "SELECT 1 FROM tasks t JOIN alerts a ON a.code = t.code"
    " WHERE t.status = 'open' AND a.person_id = :person AND a.at > :since LIMIT 1"
)
_LAPSE = Statement(
    "UPDATE tasks SET status = 'open', accepted_at = NULL"
    " WHERE code = :code AND status = 'accepted' AND acted_at IS NULL"
)
_LAPSE_NOTE = Statement(
    f"INSERT INTO task_notes (code, action, at) VALUES (:code, '{LAPSED}', :now)"
)
_HISTORY = Statement(
    "SELECT a.step, a.person_id, COALESCE(s.name, p.name, ''), a.at, a.answered_at FROM alerts a"
    " LEFT JOIN staff s ON s.person_id = a.person_id LEFT JOIN people p ON p.id = a.person_id"
    " WHERE a.code = :code ORDER BY a.step, a.at, a.id"
)
_TELL_ONCE = Statement(
    "INSERT INTO due (kind, subject, person_id, due_at) VALUES (:kind, :subject, :person, :now)"
    " ON CONFLICT (kind, subject) DO NOTHING"
)
_AHEAD = (
    " WHERE kind = :kind AND outcome = '' AND due_at > :now"
    " AND (subject IN (SELECT t.code FROM tasks t WHERE t.status IN ('open', 'accepted')"
    " AND (t.created_at > :ahead OR t.accepted_at > :ahead))"
    " OR subject IN (SELECT a.code FROM alerts a WHERE a.at > :ahead))"
)
_ANY_AHEAD = Statement(f"SELECT subject FROM due{_AHEAD} LIMIT 1")
_SET_BACK = Statement(f"UPDATE due SET due_at = :now{_AHEAD}")
_ROUGHLY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Ladder:
    """An open task as its ladder sees it."""

    code: str
    standing: Standing
    about: PersonId | None
    kept_out: frozenset[int]
    """Who is never called about it: she whom it is about too, and whoever is close to her."""


@dataclass(frozen=True, slots=True)
class Called:
    """One call, as it is told to whoever looks back: when, and when it was answered (aware)."""

    step: int
    person: PersonId
    name: str
    at: datetime
    answered_at: datetime | None


def record(conn: Connection, code: str, person: PersonId, step: int, now: datetime) -> None:
    """This person is called now; a second time at the same step changes nothing."""
    _RECORD.run(conn, {"code": code, "person": person, "step": step, "at": to_ms(now)})


def last_step(conn: Connection, code: str) -> int:
    """The step that was gone last; -1 when nobody was called yet."""
    step = _STEPS.value(conn, {"code": code})
    return -1 if step is None else int(step)


def called_since(conn: Connection, person: PersonId, since: datetime) -> bool:
    """Whether she was called after then about something that nobody has taken yet."""
    return _CALLED_SINCE.value(conn, {"person": person, "since": to_ms(since)}) is not None


def answered(conn: Connection, code: str, person: PersonId, now: datetime) -> None:
    """She took it or read it: the calls to her about it are answered."""
    _ANSWERED.run(conn, {"code": code, "person": person, "now": to_ms(now)})


def called(conn: Connection, code: str) -> tuple[PersonId, ...]:
    """Members of staff who were called about it and may still hear of it, by id."""
    return tuple(PersonId(person) for (person,) in _CALLED.rows(conn, {"code": code}))


def history(conn: Connection, code: str) -> tuple[Called, ...]:
    """Every call about a task, oldest step first."""
    return tuple(
        Called(step, PersonId(person), name, from_ms(at), _moment(answer))
        for step, person, name, at, answer in _HISTORY.rows(conn, {"code": code})
    )


def ladder(conn: Connection, code: str) -> Ladder | None:
    """Where a task stands, whoever owns it; None when it is closed or was never opened."""
    row = _STANDING.row(conn, {"code": code})
    if row is None:
        return None
    level, created, due_at, accepted, acted, owner, about, outside, next_at, closing, *step = row
    standing = Standing(
        level=Level(level),
        created_at=from_ms(created),
        due_at=from_ms(due_at),
        step=-1 if step[0] is None else step[0],
        stepped_at=_moment(step[1]),
        accepted_at=_moment(accepted),
        acted_at=_moment(acted),
        next_at=_moment(next_at),
        closing_at=_moment(closing),
        owner=None if owner is None else PersonId(owner),
        outside=bool(outside),
    )
    kept_out = {person for (person,) in _KEPT_OUT.rows(conn, {"code": code})}
    reporter = None if about is None else PersonId(about)
    return Ladder(
        code, standing, reporter, frozenset(kept_out | ({about} if about is not None else set()))
    )


def lapse(conn: Connection, code: str, now: datetime) -> None:
    """It was taken and nothing was done in time: it may be taken anew; its owner stays until then.

    Whoever reported it may be told again that nobody answers.
    """
    if _LAPSE.run(conn, {"code": code}):
        _LAPSE_NOTE.run(conn, {"code": code, "now": to_ms(now)})
        due.forget(conn, UNANSWERED, code)


def tell_reporter(conn: Connection, code: str, person: PersonId, now: datetime) -> None:
    """Whoever reported it is told that nobody has answered: once, and again after a lapse."""
    values = {"kind": UNANSWERED, "subject": code, "person": person, "now": to_ms(now)}
    _TELL_ONCE.run(conn, values)


def look_soon(conn: Connection, code: str, now: datetime) -> None:
    """Something about an open task has changed (level, owner, deadline): its ladder looks now."""
    due.plan(conn, ESCALATION, code, None, now, None)


def is_ahead(conn: Connection, now: datetime) -> bool:
    """Whether an open task is counted from a time that has not come yet: the clock went back."""
    return _ANY_AHEAD.value(conn, _ahead(now)) is not None


def set_back(conn: Connection, now: datetime) -> int:
    """The clock went back: whatever was counted from a time that has not come yet is looked at now;
    how many tasks those are."""
    return _SET_BACK.run(conn, _ahead(now))


def _ahead(now: datetime) -> dict[str, Any]:
    return {"kind": ESCALATION, "now": to_ms(now), "ahead": to_ms(now + _ROUGHLY)}


def _moment(ms: Any) -> datetime | None:
    return None if ms is None else from_ms(ms)
