"""What is due about a session: each stage for everybody enrolled, in parts by their numbers.

A part reads its people in one query and plans their messages and their own due work. What the
messages say is in conversations/schools/announcing.py, when a stage comes in schools/session.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from bot.planned.planning import PART, Planning
from conversations import politeness, tips
from conversations.dialogue import Person, Role
from conversations.message import Message
from conversations.schools import announcing
from conversations.schools.series import SeriesId
from conversations.schools.session import (
    ATTENDANCE_WITHIN,
    Rsvp,
    Session,
    SessionId,
    Stage,
    is_told_before,
)
from locales import say
from locales.tips import MESSAGE_LIMIT, Tip
from locales.tips import tips as all_tips
from storage import due, keepers, outbox, schools, sessions
from storage import series as stored_series
from storage import tips as stored_tips
from storage.adding import New
from storage.due import DueRow
from storage.members import COLUMNS, REACHED, WIDTH, Member, member
from storage.schema import from_ms, to_ms
from storage.sessions import campaign_of, subject_of
from storage.statement import Statement

_ENROLLED = Statement(
    f"SELECT {COLUMNS}, e.number, COALESCE(i.rsvp, ''), i.present,"
    " EXISTS (SELECT 1 FROM tips_sent t WHERE t.person_id = p.id AND t.tip = :tip"
    f" AND {stored_tips.UNHEARD} IS NOT TRUE)"
    f" FROM enrolments e JOIN people p ON p.id = e.person_id{REACHED}"
    " LEFT JOIN invitations i ON i.session_id = :session AND i.person_id = e.person_id"
    " WHERE e.school_id = :school AND e.left_at IS NULL AND e.number > :after"
    " ORDER BY e.number LIMIT :limit"
)
_ASKED = Statement(
    "INSERT INTO invitations (session_id, person_id, asked_at)"
    " VALUES (:session, :person, :asked_at)"
    " ON CONFLICT (session_id, person_id) DO UPDATE SET asked_at = excluded.asked_at"
)
_COUNTED = Statement(
    "INSERT INTO invitations (session_id, person_id) VALUES (:session, :person)"
    " ON CONFLICT (session_id, person_id) DO NOTHING"
)
_FEEDBACK = Statement(
    "INSERT INTO due (kind, subject, person_id, due_at, expires_at)"
    " VALUES ('feedback', :subject, :person, :due_at, :expires_at)"
    " ON CONFLICT (kind, subject) DO NOTHING"
)
_DUE_AT = Statement(
    "SELECT due_at FROM due WHERE kind = :kind AND subject = :subject"
    " AND substr(outcome, 1, 6) <> 'missed'"
)

_KEY_OF: Final[Mapping[Stage, str]] = {Stage.EVENING_BEFORE: Stage.HOURS_BEFORE.value}
"""The evening before and two hours before are one reminder: nobody gets both."""

_PURPOSE_OF: Final[Mapping[Stage, str]] = {
    Stage.INVITE: "invite",
    Stage.CHANGED: sessions.NEWS,
}
_REMINDERS: Final = (
    Stage.INVITE,
    Stage.DAY_BEFORE,
    Stage.EVENING_BEFORE,
    Stage.HOURS_BEFORE,
)
_FAMILY: Final = (Role.CAREGIVER, Role.CADRE)
"""Who is given a tip, or asked what will be tried at home; guests of a meeting are not."""


@dataclass(frozen=True, slots=True)
class _Listed:
    """One person of the list as a stage needs her."""

    member: Member
    number: int
    rsvp: Rsvp
    present: bool | None
    had_tip: bool

    @property
    def person(self) -> Person:
        """Who she is."""
        return self.member.person


def stage(conn: Connection, row: DueRow, planning: Planning) -> None:
    """One part of one stage; the last part settles it."""
    number, _, name = row.subject.partition(":")
    session, of = schools.session(conn, SessionId(int(number))), Stage(name)
    if session is None or (session.cancelled and of is not Stage.CHANGED):
        due.settle(conn, row.kind, row.subject, "missed: there is no such session any more")
    elif of is Stage.ATTENDANCE:
        _ask_for_attendance(conn, row, session, planning)
    elif of is Stage.CHANGED:
        _changed(conn, row, session, planning)
    elif of is Stage.AFTERWARDS:
        _afterwards(conn, row, session, planning)
    else:
        _remind(conn, row, session, of, planning)


def series(conn: Connection, row: DueRow, planning: Planning) -> None:
    """The sessions of the weeks ahead; the next look is planned by it."""
    due.settle(conn, row.kind, row.subject, "done")
    stored_series.look_ahead(conn, SeriesId(int(row.subject)), planning.now)


def _remind(conn: Connection, row: DueRow, session: Session, of: Stage, planning: Planning) -> None:
    """An invitation or a reminder; who said no is left in peace."""
    after = int(row.cursor or 0)
    part = _part(conn, session, after)
    evening = _when(conn, session, Stage.EVENING_BEFORE) if of is Stage.DAY_BEFORE else None
    people = [
        one
        for one in part
        if one.rsvp is not Rsvp.NO and _is_hers(one, of, session, planning, evening)
    ]
    _tell(conn, people, session, of, planning, expires_at=row.expires_at)
    sessions.spare_who_said_no(conn, session.id, planning.now)
    _go_on(conn, row, part)


def _is_hers(
    one: _Listed, of: Stage, session: Session, planning: Planning, evening: datetime | None
) -> bool:
    """Whether this stage reminds her. After a standstill the day before gives way to the evening
    before where both are late."""
    if of is Stage.INVITE or (of is Stage.DAY_BEFORE and (not evening or evening > planning.now)):
        return True
    quiet = politeness.quiet_of(one.person, planning.quiet)
    told_before = is_told_before(session, one.person.tz, quiet)
    return told_before if of is Stage.EVENING_BEFORE else not told_before


def _changed(conn: Connection, row: DueRow, session: Session, planning: Planning) -> None:
    """Moved or cancelled: everybody on the list, also who said no to the time before."""
    starts, ends, after = row.cursor.split(":")
    was = replace(session, starts_at=from_ms(int(starts)), ends_at=from_ms(int(ends)))
    part = _part(conn, session, int(after))
    told = None if session.cancelled else was
    _tell(conn, part, session, Stage.CHANGED, planning, was=told, expires_at=row.expires_at)
    _go_on(conn, row, part, f"{starts}:{ends}:")


def _tell(
    conn: Connection,
    people: Sequence[_Listed],
    session: Session,
    of: Stage,
    planning: Planning,
    *,
    was: Session | None = None,
    expires_at: datetime | None,
) -> None:
    """Plan their messages, and note when each is asked; who may not be written to is only counted.

    Who has this message from before is not asked again.
    """
    urgent = of is Stage.CHANGED
    stage = f"session:{session.id}:{session.revision}:{_KEY_OF.get(of, of)}"
    counted: list[dict[str, Any]] = []
    messages: dict[str, New] = {}
    asked: dict[str, dict[str, Any]] = {}
    for one in people:
        who = {"session": session.id, "person": one.person.id}
        if planning.why_not(one.member):
            counted.append(who)
            continue
        key = f"{stage}:{one.person.id}"
        messages[key] = planning.message(
            one.member,
            announcing.message_about(session, one.person, of, was=was),
            key,
            purpose=_PURPOSE_OF.get(of, "session_reminder"),
            campaign=campaign_of(session.id),
            expires_at=expires_at,
            urgent=urgent,
        )
        asked[key] = {**who, "asked_at": to_ms(messages[key]["not_before"])}
    _COUNTED.many(conn, counted)
    had = outbox.used(conn, list(messages))
    outbox.add_all(conn, [new for key, new in messages.items() if key not in had])
    if not session.cancelled:
        _ASKED.many(conn, [values for key, values in asked.items() if key not in had])


def _ask_for_attendance(
    conn: Connection, row: DueRow, session: Session, planning: Planning
) -> None:
    """Who looks after it now is woken: the cadre, or somebody in her place."""
    cadre = keepers.keeper(conn, session, planning.now)
    if cadre is None:
        due.settle(conn, row.kind, row.subject, "missed: nobody can be asked who came")
        return
    due.settle(conn, row.kind, row.subject, "done")
    until = row.expires_at or session.ends_at + ATTENDANCE_WITHIN
    due.plan(conn, sessions.ATTENDANCE, str(session.id), cadre, row.due_at, until)


def _afterwards(conn: Connection, row: DueRow, session: Session, planning: Planning) -> None:
    """The tip for who could not come, two questions for who came."""
    part = _part(conn, session, int(row.cursor or 0))
    for one in part:
        if one.person.role not in _FAMILY or planning.why_not(one.member):
            continue
        if one.present:
            values = {"subject": f"{session.id}:{one.person.id}", "person": one.person.id}
            times = {"due_at": planning.decent(one.person), "expires_at": row.expires_at}
            ms = {name: None if at is None else to_ms(at) for name, at in times.items()}
            _FEEDBACK.run(conn, {**values, **ms})
        elif one.present is False and session.tip and not one.had_tip:
            _give_tip(conn, one, session, planning, row.expires_at)
    _go_on(conn, row, part)


def _give_tip(
    conn: Connection,
    one: _Listed,
    session: Session,
    planning: Planning,
    expires_at: datetime | None,
) -> None:
    """What was talked about, for at home. An unreviewed tip is only heard in the simulator."""
    person = one.person
    simulated = person.channel in planning.programme.simulators
    tip = _tip(session.tip, person.language, drafts=simulated)
    if tip is None or (tip.awaits_review and not simulated):
        return
    messages = [
        planning.message(
            one.member,
            Message(words),
            f"session:{session.id}:after:{person.id}:{number}",
            purpose="tip",
            campaign=campaign_of(session.id),
            expires_at=expires_at,
        )
        for number, words in enumerate(_words_of(tip, session, person))
    ]
    outbox.add_all(conn, messages)
    stored_tips.sent(conn, person.id, tip.id, None, planning.now)


def _tip(id_: str, language: str, *, drafts: bool) -> Tip | None:
    return next((tip for tip in all_tips(language, drafts=drafts) if tip.id == id_), None)


def _words_of(tip: Tip, session: Session, person: Person) -> Sequence[str]:
    """A warm sentence, in one message with the tip where both have room."""
    who = person.salutation or say("someone", person.language)
    topic = announcing.shortened(session.topic, 60)
    opening = say("session.absent", person.language, sapaan=who, topic=topic)
    first, *rest = tips.tip_messages(tip, who, None)
    together = f"{opening}\n\n{first}"
    return (together, *rest) if len(together) <= MESSAGE_LIMIT else (opening, first, *rest)


def _when(conn: Connection, session: Session, of: Stage) -> datetime | None:
    """When another stage of this session is, or was, carried out; None when it is not."""
    values = {"kind": sessions.KIND, "subject": subject_of(session.id, of)}
    ms = _DUE_AT.value(conn, values)
    return None if ms is None else from_ms(ms)


def _part(conn: Connection, session: Session, after: int) -> list[_Listed]:
    values: dict[str, Any] = {
        "session": session.id,
        "school": session.school.id,
        "tip": session.tip,
        "after": after,
        "limit": PART,
    }
    return [_listed(row) for row in _ENROLLED.rows(conn, values)]


def _listed(row: Sequence[Any]) -> _Listed:
    number, rsvp, present, had_tip = row[WIDTH:]
    came = None if present is None else bool(present)
    return _Listed(member(row), number, Rsvp(rsvp), came, bool(had_tip))


def _go_on(conn: Connection, row: DueRow, part: Sequence[_Listed], before: str = "") -> None:
    """The next part begins after the last number of this one; a part with room was the last."""
    if len(part) < PART:
        due.settle(conn, row.kind, row.subject, "done")
    else:
        due.advance(conn, row.kind, row.subject, f"{before}{part[-1].number}")
