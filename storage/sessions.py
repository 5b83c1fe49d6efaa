"""The life of a session: planned, moved, cancelled, answered, attended; and the due work of each.

Every stage is one row of `due` of the kind `session`; bot/planned/session.py carries it out. Times
of stages are computed in `conversations.schools.session`; what a conversation asks is in
`school_questions.py`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from conversations.dialogue import PersonId
from conversations.politeness import decent_time
from conversations.schools.session import (
    LONGEST,
    USEFUL,
    USUAL,
    Rsvp,
    SchoolId,
    Session,
    SessionId,
    Stage,
    agenda,
)
from storage import campaigns, due, keepers, outbox
from storage import schools as stored
from storage.people import fitting
from storage.schema import sessions, to_ms
from storage.school_questions import StoredSchools
from storage.statement import Statement

KIND: Final = "session"
ATTENDANCE, UNTOLD, FEEDBACK = keepers.ATTENDANCE, keepers.UNTOLD, "feedback"
"""Due work that wakes one person: the keeper for the first two, who was present for the third."""

NEWS: Final = campaigns.NEWS

KNOCK_AFTER: Final = timedelta(minutes=30)
"""After the news of a change may leave, the cadre hears whom it did not reach."""

KNOCK_BEFORE: Final = timedelta(minutes=45)
KNOCK_SOON: Final = timedelta(minutes=5)

AFTERWARDS: Final = timedelta(minutes=30)
"""After attendance, the tip and the questions wait so long: for the way home, and corrections."""

FOLLOWED_UP: Final = timedelta(days=3)

_PLANNED: Final = (
    Stage.INVITE,
    Stage.DAY_BEFORE,
    Stage.EVENING_BEFORE,
    Stage.HOURS_BEFORE,
    Stage.ATTENDANCE,
    Stage.CHANGED,
)

_PLAN = Statement(
    "INSERT INTO sessions (school_id, series_id, slot, topic, place, facilitator, bring, tip,"
    " starts_at, ends_at, reminders, by_id, created_at) VALUES (:school_id, :series_id, :slot,"
    " :topic, :place, :facilitator, :bring, :tip, :starts_at, :ends_at, :reminders, :by_id, :now)"
    " ON CONFLICT (series_id, slot) DO NOTHING RETURNING id"
)
_MOVE = Statement(
    "UPDATE sessions SET starts_at = :starts_at, ends_at = :ends_at, revision = revision + 1"
    " WHERE id = :session"
)
_ASK_ANEW = Statement(
    "UPDATE invitations SET rsvp = '', rsvp_at = NULL, asked_at = NULL WHERE session_id = :session"
)
_CANCEL = Statement(
    "UPDATE sessions SET status = 'cancelled', revision = revision + 1 WHERE id = :session"
)
_RSVP = Statement(
    "INSERT INTO invitations (session_id, person_id, rsvp, rsvp_at)"
    " SELECT x.id, :person, :rsvp, :now FROM sessions x"
    " WHERE x.id = :session AND x.status = 'planned'"
    " ON CONFLICT (session_id, person_id) DO UPDATE"
    " SET rsvp = excluded.rsvp, rsvp_at = excluded.rsvp_at"
)
_SPARE = Statement(
    "UPDATE outbox SET status = 'excluded', reason = 'answered_no', finished_at = :now"
    " WHERE campaign = :campaign AND campaign <> '' AND status IN ('waiting', 'sending')"
    " AND status = 'waiting' AND purpose <> :news AND person_id IN (SELECT i.person_id"
    " FROM invitations i WHERE i.session_id = :session AND i.rsvp = 'no')"
)
_COMING = Statement(
    "SELECT x.id FROM sessions x WHERE x.school_id = :school AND x.starts_at > :now"
    " AND x.status = 'planned' ORDER BY x.starts_at, x.id"
)
_PRESENT = Statement(
    "SELECT person_id, present FROM invitations WHERE session_id = :session AND present IS NOT NULL"
)
_CAME = Statement(
    "INSERT INTO invitations (session_id, person_id, present, present_by, present_at)"
    " VALUES (:session, :person, :present, :by_id, :now)"
    " ON CONFLICT (session_id, person_id) DO UPDATE SET present = excluded.present,"
    " present_by = excluded.present_by, present_at = excluded.present_at"
)
_TAKEN = Statement(
    "UPDATE sessions SET attendance_at = COALESCE(attendance_at, :now) WHERE id = :session"
)
_NOT_ASKED = Statement(
    "DELETE FROM due WHERE kind = 'feedback' AND outcome = ''"
    " AND subject IN (:first, :second, :third, :fourth)"
)
"""Her questions after a session, also when they have waited up to three times until she is free."""


class SessionRefused(ValueError):
    """A session cannot be so."""


class InThePast(SessionRefused):
    """It would begin before now."""


class EndsTooEarly(SessionRefused):
    """It would end before it begins."""


class TooLong(SessionRefused):
    """It would last longer than `LONGEST`."""


class Over(SessionRefused):
    """It is over, or was cancelled: nothing about it can change any more."""


class NoSuchSession(SessionRefused):
    """There is no session, or no school, of this number."""


class Overlaps(SessionRefused):
    """The school, or its cadre, has another session then."""

    def __init__(self, other: Session) -> None:
        super().__init__(f"session {other.id} of {other.school.code} is at that time")
        self.other = other


@dataclass(frozen=True, slots=True)
class NewSession:
    """What a session is planned with. Times are aware; `slot` is its local date in its series."""

    school: SchoolId
    topic: str
    starts_at: datetime
    ends_at: datetime
    place: str = ""
    facilitator: str = ""
    bring: str = ""
    tip: str = ""
    reminders: tuple[Stage, ...] = (Stage.INVITE, Stage.DAY_BEFORE, Stage.HOURS_BEFORE)
    by: PersonId | None = None
    """None: by command."""
    series: int | None = None
    slot: str = ""


def plan(conn: Connection, new: NewSession, now: datetime) -> Session | None:
    """Plan a session with all that is said about it; None when its series has this slot already.

    Raises SessionRefused when it may not be at that time.
    """
    _check(conn, new.school, new.starts_at, new.ends_at, None, now)
    words = {name: getattr(new, name) for name in ("topic", "place", "facilitator", "bring", "tip")}
    values = {
        **{name: fitting(sessions.c[name].type, value) for name, value in words.items()},
        "school_id": new.school,
        "series_id": new.series,
        "slot": new.slot,
        "starts_at": to_ms(new.starts_at),
        "ends_at": to_ms(new.ends_at),
        "reminders": " ".join(new.reminders),
        "by_id": new.by,
        "now": to_ms(now),
    }
    id_ = _PLAN.value(conn, values)
    if id_ is None:
        return None
    planned = _known(conn, SessionId(id_))
    _plan_stages(conn, planned, now, announced=False)
    return planned


def move(
    conn: Connection, session: SessionId, starts_at: datetime, ends_at: datetime, now: datetime
) -> Session:
    """Another time: what waits is withdrawn, RSVPs begin anew, everybody enrolled is told.

    Raises SessionRefused when it may not be at that time.
    """
    before = _changeable(conn, session, now)
    _check(conn, before.school.id, starts_at, ends_at, session, now)
    _forget_stages(conn, session)
    times = {"starts_at": to_ms(starts_at), "ends_at": to_ms(ends_at)}
    _MOVE.run(conn, {"session": session, **times})
    _ASK_ANEW.run(conn, {"session": session})
    outbox.withdraw(conn, campaign_of(session), "moved", now)
    moved = _known(conn, session)
    _plan_stages(conn, moved, now, announced=True)
    _tell_change(conn, moved, before, moved.starts_at - USEFUL, now)
    return moved


def cancel(conn: Connection, session: SessionId, now: datetime) -> Session:
    """It does not take place: what waits is withdrawn, everybody enrolled is told."""
    before = _changeable(conn, session, now)
    _forget_stages(conn, session)
    _CANCEL.run(conn, {"session": session})
    outbox.withdraw(conn, campaign_of(session), "cancelled", now)
    cancelled = _known(conn, session)
    until = before.starts_at if before.starts_at > now else before.ends_at
    _tell_change(conn, cancelled, before, until, now)
    return cancelled


def cancel_coming(conn: Connection, school: SchoolId, now: datetime) -> list[Session]:
    """Cancel every session of a school that has not begun; which these were."""
    coming = _COMING.rows(conn, {"school": school, "now": to_ms(now)})
    return [cancel(conn, SessionId(row[0]), now) for row in coming]


def rsvp(
    conn: Connection, session: SessionId, person: PersonId, answer: Rsvp, now: datetime
) -> None:
    """What she says; a later word replaces an earlier one. After a no nothing more reminds her.

    News of a change still reach her. After a yes that follows a no the later stages remind her
    again: each looks at her answer.
    """
    values = {"session": session, "person": person, "rsvp": answer.value, "now": to_ms(now)}
    if _RSVP.run(conn, values) and answer is Rsvp.NO:
        outbox.withdraw(conn, campaign_of(session), "answered_no", now, person, spare=NEWS)


def spare_who_said_no(conn: Connection, session: SessionId, now: datetime) -> None:
    """At the end of a part of reminders: who said no while it was planned is not reminded.

    The part has written their invitations, so on PostgreSQL each answer is either visible here or
    comes after the part, and finds its messages.
    """
    _SPARE.run(
        conn,
        {"session": session, "campaign": campaign_of(session), "news": NEWS, "now": to_ms(now)},
    )


def take_attendance(
    conn: Connection,
    session: SessionId,
    present: Collection[PersonId],
    by: PersonId | None,
    now: datetime,
) -> None:
    """Who came; everybody else on the list did not. Taken again it corrects what was wrong.

    What follows for each of them comes `AFTERWARDS`, and to nobody twice. It is planned first: on
    PostgreSQL that waits for a part of it that is just being planned.
    """
    held = _known(conn, session)
    at = max(now, held.ends_at) + AFTERWARDS
    subject = subject_of(session, Stage.AFTERWARDS)
    due.plan(conn, KIND, subject, None, at, at + FOLLOWED_UP)
    before = {PersonId(row[0]): bool(row[1]) for row in _PRESENT.rows(conn, {"session": session})}
    listed = StoredSchools(conn, now).enrolled(held.school.id)
    everybody = sorted({one.person for one in listed}.union(present, before))
    for person in everybody:
        came = person in present
        was = before.get(person)
        if was is came:
            continue
        values = {"session": session, "person": person, "present": came}
        _CAME.run(conn, {**values, "by_id": by, "now": to_ms(now)})
        if was is not None:
            _take_back(conn, session, person, came=came, now=now)
    _TAKEN.run(conn, {"session": session, "now": to_ms(now)})
    due.forget(conn, KIND, subject_of(session, Stage.ATTENDANCE))
    due.forget(conn, ATTENDANCE, str(session))


def _take_back(
    conn: Connection, session: SessionId, person: PersonId, *, came: bool, now: datetime
) -> None:
    """What a mistake in the list had planned for her: the tip, or the questions."""
    if came:
        outbox.withdraw(conn, campaign_of(session), "attended", now, person)
        return
    subject = f"{session}:{person}"
    again = {"second": f"{subject}:1", "third": f"{subject}:2", "fourth": f"{subject}:3"}
    _NOT_ASKED.run(conn, {"first": subject, **again})


def campaign_of(session: SessionId) -> str:
    """What every message about a session belongs to, in the outbox."""
    return f"session:{session}"


def subject_of(session: SessionId, stage: Stage) -> str:
    """The subject of a stage's due row."""
    return f"{session}:{stage}"


def _check(
    conn: Connection,
    school: SchoolId,
    starts_at: datetime,
    ends_at: datetime,
    not_: SessionId | None,
    now: datetime,
) -> None:
    if starts_at <= now:
        raise InThePast(f"{starts_at:%Y-%m-%d %H:%M%z} is past")
    if ends_at <= starts_at:
        raise EndsTooEarly("a session ends after it begins")
    if ends_at - starts_at > LONGEST:
        raise TooLong("a session lasts 24 hours at most")
    if (other := stored.overlapping(conn, school, starts_at, ends_at, not_)) is not None:
        raise Overlaps(other)


def _known(conn: Connection, session: SessionId) -> Session:
    found = stored.session(conn, session)
    if found is None:
        raise NoSuchSession(f"there is no session {session}")
    return found


def _changeable(conn: Connection, session: SessionId, now: datetime) -> Session:
    found = _known(conn, session)
    if found.cancelled or found.ends_at <= now:
        raise Over(f"session {session} is {'cancelled' if found.cancelled else 'over'}")
    return found


def _forget_stages(conn: Connection, session: SessionId) -> None:
    """First of all of a change: on PostgreSQL this waits for a part that is being planned now."""
    for stage in _PLANNED:
        due.forget(conn, KIND, subject_of(session, stage))
    due.forget(conn, ATTENDANCE, str(session))
    due.forget(conn, UNTOLD, str(session))


def _plan_stages(conn: Connection, session: Session, now: datetime, *, announced: bool) -> None:
    """What comes too late is recorded as missed."""
    planned = agenda(session, now, announced=announced)
    for step in planned.steps:
        subject = subject_of(session.id, step.stage)
        due.plan(conn, KIND, subject, None, step.at, step.expires_at)
    for stage in planned.missed:
        subject = subject_of(session.id, stage)
        due.plan(conn, KIND, subject, None, now, None)
        due.settle(conn, KIND, subject, "missed: too late, or another message says it")


def _tell_change(
    conn: Connection, session: Session, before: Session, until: datetime, now: datetime
) -> None:
    """The news at once, and a while later the names whom it did not reach to the cadre."""
    subject = subject_of(session.id, Stage.CHANGED)
    due.plan(conn, KIND, subject, None, now, until)
    due.advance(conn, KIND, subject, f"{to_ms(before.starts_at)}:{to_ms(before.ends_at)}:0")
    told = decent_time(now, session.school.tz, USUAL, urgent=True) + KNOCK_AFTER
    at = max(min(told, until - KNOCK_BEFORE), now + KNOCK_SOON)
    if (cadre := keepers.keeper(conn, session)) is not None:
        due.plan(conn, UNTOLD, str(session.id), cadre, at, max(until, at))
