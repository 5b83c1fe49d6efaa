"""Interviews and their answers, sealed; and what earlier ones tell about a child or caregiver.

Where a running interview stands is not here but in the dialogue (`dialogues.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, text

from conversations.dialogue import ChildId, Interview, PersonId
from storage.schema import answers, interviews, to_ms
from storage.sealing import vault_of
from storage.statement import Statement

PURPOSE = b"answers"

CHECKIN = "checkin"
"""The conversation whose answers are a child's history."""

FEEDBACK, WILL_TRY = "umpan_balik", "dicoba"
"""The conversation after a session, and its question what she will try at home."""

TRYING = timedelta(days=8)
"""So long after a session it is asked how that went."""

_ANSWER = Statement(
    "INSERT INTO answers (interview_id, path, value, at, spoken_by, typed_by)"
    " VALUES (:interview, :path, :value, :now, :spoken_by, :typed_by)"
    " ON CONFLICT (interview_id, path) DO UPDATE SET value = excluded.value, at = excluded.at,"
    " spoken_by = excluded.spoken_by, typed_by = excluded.typed_by"
)


_START = Statement(
    "INSERT INTO interviews (id, person_id, child_id, conversation, form_name, form_hash, status,"
    " started_at) VALUES (:id, :person, :child, :conversation, :form_name, :form_hash, 'running',"
    " :started_at) ON CONFLICT DO NOTHING"
)
_FINISH = Statement(
    "UPDATE interviews SET status = :status, finished_at = :now WHERE id = :interview"
)
_ANSWERS = text("SELECT path, value FROM answers WHERE interview_id = :interview ORDER BY path")
_TAKE_AWAY = text("DELETE FROM answers WHERE interview_id = :interview AND path = :path")


def start(
    conn: Connection, person: PersonId, interview: Interview, form_name: str, now: datetime
) -> None:
    """An interview has begun; told twice, it has begun once."""
    _START.run(
        conn,
        {
            "id": interview.id,
            "person": person,
            "child": interview.child,
            "conversation": interview.conversation,
            "form_name": form_name,
            "form_hash": interview.form,
            "started_at": to_ms(interview.started_at or now),
        },
    )


def answer(
    conn: Connection,
    interview: str,
    path: str,
    value: str,
    *,
    typed_by: PersonId,
    spoken_by: PersonId | None = None,
    now: datetime,
) -> None:
    """Keep one answer, or what it was changed to; somebody may type what another one says."""
    _ANSWER.run(
        conn,
        {
            "interview": interview,
            "path": path,
            "value": vault_of(conn).seal(value.encode(), PURPOSE),
            "now": to_ms(now),
            "spoken_by": spoken_by or typed_by,
            "typed_by": typed_by,
        },
    )


def finish(
    conn: Connection,
    interview: str,
    complete: Mapping[str, str],
    *,
    partial: bool,
    typed_by: PersonId,
    spoken_by: PersonId | None = None,
    now: datetime,
) -> None:
    """The interview has ended with exactly these answers.

    What became irrelevant is taken away, what was calculated is added; an answer that stayed the
    same keeps its time and who spoke it.
    """
    status = "partial" if partial else "finished"
    _FINISH.run(conn, {"interview": interview, "status": status, "now": to_ms(now)})
    kept = answers_of(conn, interview)
    for path in sorted(kept.keys() - complete.keys()):
        conn.execute(_TAKE_AWAY, {"interview": interview, "path": path})
    for path, value in complete.items():
        if kept.get(path) != value:
            answer(conn, interview, path, value, typed_by=typed_by, spoken_by=spoken_by, now=now)


def answers_of(conn: Connection, interview: str) -> dict[str, str]:
    """The answers of one interview by path, opened."""
    rows = conn.execute(_ANSWERS, {"interview": interview})
    return {path: opened(conn, value) for path, value in rows}


def opened(conn: Connection, value: bytes) -> str:
    """An answer from its stored column."""
    return vault_of(conn).open(bytes(value), PURPOSE).decode()


def recent_answers(conn: Connection, child: ChildId, question: str, limit: int) -> tuple[str, ...]:
    """What was answered about a child in finished check-ins, newest first; "" where skipped."""
    return _recent(conn, interviews.c.child_id == child, question, limit)


def recent_own_answers(
    conn: Connection, person: PersonId, question: str, limit: int
) -> tuple[str, ...]:
    """What the caregiver answered about herself, newest first; "" where skipped."""
    return _recent(conn, interviews.c.person_id == person, question, limit)


def _recent(
    conn: Connection, about: ColumnElement[bool], question: str, limit: int
) -> tuple[str, ...]:
    rows = conn.execute(
        select(answers.c.value)
        .join(interviews, interviews.c.id == answers.c.interview_id)
        .where(
            about,
            interviews.c.conversation == CHECKIN,
            interviews.c.status == "finished",
            or_(
                answers.c.path == question,
                answers.c.path.endswith(f"/{question}", autoescape=True),
            ),
        )
        .order_by(interviews.c.finished_at.desc(), interviews.c.id.desc())
        .limit(limit)
    )
    return tuple(opened(conn, value) for value in rows.scalars())


def last_checkins(conn: Connection, person: PersonId) -> dict[ChildId, datetime]:
    """When this caregiver was last asked after each child."""
    rows = conn.execute(
        select(interviews.c.child_id, func.max(interviews.c.started_at))
        .where(
            interviews.c.person_id == person,
            interviews.c.conversation == CHECKIN,
            interviews.c.child_id.is_not(None),
        )
        .group_by(interviews.c.child_id)
    )
    return {ChildId(child): at for child, at in rows}


def wants_to_try(conn: Connection, person: PersonId, now: datetime) -> bool:
    """Whether she told lately, and since her last finished check-in, what she will try."""
    hers = and_(interviews.c.person_id == person, interviews.c.status == "finished")
    last = conn.execute(
        select(func.max(interviews.c.finished_at)).where(hers, interviews.c.conversation == CHECKIN)
    ).scalar_one()
    since = now - TRYING if last is None else max(last, now - TRYING)
    told = conn.execute(
        select(answers.c.value)
        .join(interviews, interviews.c.id == answers.c.interview_id)
        .where(
            hers,
            interviews.c.conversation == FEEDBACK,
            interviews.c.finished_at > since,
            answers.c.path == WILL_TRY,
        )
    )
    return any(opened(conn, value) for value in told.scalars())
