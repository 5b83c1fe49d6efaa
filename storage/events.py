"""Makes durable what a turn decided: one small function for each kind of event.

`apply` runs inside the turn's transaction; what it raises undoes the whole turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from conversations.dialogue import Event, Person, Role
from conversations.event import (
    AddressLost,
    AnswerGiven,
    Audited,
    ChildAdded,
    ChildChanged,
    ConsentDecided,
    ErasureAsked,
    ErasureConfirmed,
    Forget,
    InterviewFinished,
    InterviewStarted,
    MediaKept,
    PersonChanged,
    Remind,
    StaffLinked,
    TaskChanged,
    TaskExtended,
    TaskOpened,
    TipRated,
    TipSent,
)
from storage import (
    audit,
    children,
    due,
    erasure,
    forms,
    interviews,
    media,
    outbox,
    people,
    staff,
    tasks,
    tips,
)


class UnknownSubjectError(LookupError):
    """An event speaks of somebody or something that is not stored."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Whose turn it is, where she writes from, and when."""

    conn: Connection
    person: Person
    address_id: int
    now: datetime

    def audit(self, action: str, subject: str, reason: str = "") -> None:
        """Record that this person did something."""
        actor = audit.person(self.person.id)
        audit.record(self.conn, actor, action, subject, reason, self.now)


def apply(
    conn: Connection, person: Person, address_id: int, events: Iterable[Event], now: datetime
) -> None:
    """Apply the events of one turn of this person in their order."""
    moment = Moment(conn, person, address_id, now)
    for event in events:
        _APPLY[type(event)](moment, event)


def _interview_started(at: Moment, event: InterviewStarted) -> None:
    name = forms.remember_begun(at.conn, event.interview.form, at.now)
    interviews.start(at.conn, at.person.id, event.interview, name, at.now)


def _answer_given(at: Moment, event: AnswerGiven) -> None:
    interviews.answer(
        at.conn, event.interview, event.path, event.value, typed_by=at.person.id, now=at.now
    )


def _interview_finished(at: Moment, event: InterviewFinished) -> None:
    interviews.finish(
        at.conn,
        event.interview,
        event.answers,
        partial=event.partial,
        typed_by=at.person.id,
        now=at.now,
    )


def _consent_decided(at: Moment, event: ConsentDecided) -> None:
    people.decide_consent(
        at.conn,
        at.person.id,
        event.consent,
        capacity=event.capacity,
        text_version=event.text_version,
        words=event.text,
        channel=at.person.channel,
        now=at.now,
    )


def _person_changed(at: Moment, event: PersonChanged) -> None:
    people.change(at.conn, at.person.id, event.changes, at.now)


def _child_added(at: Moment, event: ChildAdded) -> None:
    children.add(at.conn, at.person.id, event.child, at.now)


def _child_changed(at: Moment, event: ChildChanged) -> None:
    by = None if at.person.role is Role.STAFF else at.person.id
    children.change(at.conn, event.child, event.changes, by=by)


def _task_opened(at: Moment, event: TaskOpened) -> None:
    if tasks.open_(at.conn, at.person.id, event, at.now):
        at.audit("task opened", event.code, event.reason)


def _task_changed(at: Moment, event: TaskChanged) -> None:
    if tasks.change(at.conn, event.code, at.person.id, event.action, event.note, at.now):
        at.audit(f"task {event.action}", event.code)


def _task_extended(at: Moment, event: TaskExtended) -> None:
    tasks.extend(at.conn, event.code, at.person.id, event.content, event.media, at.now)


def _media_kept(at: Moment, event: MediaKept) -> None:
    media.keep(at.conn, at.person.id, at.address_id, event, at.now)


def _tip_sent(at: Moment, event: TipSent) -> None:
    tips.sent(at.conn, at.person.id, event.tip, event.child, at.now)


def _tip_rated(at: Moment, event: TipRated) -> None:
    tips.rate(at.conn, at.person.id, event.tip, event.helpful)


def _remind(at: Moment, event: Remind) -> None:
    due.plan(at.conn, event.kind, event.subject, at.person.id, event.due_at, event.expires_at)


def _forget(at: Moment, event: Forget) -> None:
    due.forget(at.conn, event.kind, event.subject)


def _erasure_asked(at: Moment, event: ErasureAsked) -> None:
    people.ask_erasure(at.conn, at.person.id, at.now)
    at.audit("erasure asked", audit.person(at.person.id), event.code)


def _erasure_confirmed(at: Moment, event: ErasureConfirmed) -> None:
    task = tasks.by_code(at.conn, event.code)
    if task is None or task.about is None:
        raise UnknownSubjectError(f"{event.code} is about nobody who could be erased")
    erasure.erase(at.conn, task.about, audit.person(at.person.id), at.now)


def _address_lost(at: Moment, event: AddressLost) -> None:
    outbox.block(at.conn, at.address_id, event.reason, at.now)


def _staff_linked(at: Moment, event: StaffLinked) -> None:
    staff.join(at.conn, event.staff, at.person.id, at.now)
    tasks.adopt_orphans(at.conn, limit=100)
    at.audit("staff joined", f"staff:{event.staff}")


def _audited(at: Moment, event: Audited) -> None:
    at.audit(event.action, event.subject)


_APPLY: Mapping[type[Event], Callable[[Moment, Any], None]] = {
    InterviewStarted: _interview_started,
    AnswerGiven: _answer_given,
    InterviewFinished: _interview_finished,
    ConsentDecided: _consent_decided,
    PersonChanged: _person_changed,
    ChildAdded: _child_added,
    ChildChanged: _child_changed,
    TaskOpened: _task_opened,
    TaskChanged: _task_changed,
    TaskExtended: _task_extended,
    MediaKept: _media_kept,
    TipSent: _tip_sent,
    TipRated: _tip_rated,
    Remind: _remind,
    Forget: _forget,
    ErasureAsked: _erasure_asked,
    ErasureConfirmed: _erasure_confirmed,
    AddressLost: _address_lost,
    StaffLinked: _staff_linked,
    Audited: _audited,
}
