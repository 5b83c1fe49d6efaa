"""Makes durable what a turn decided: one small function for each kind of event.

`apply` runs inside the turn's transaction; what it raises undoes the whole turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from conversations.concerns.case import Outcome
from conversations.dialogue import Event, Person, PersonId
from conversations.event import (
    AddressLost,
    AnswerGiven,
    AttendanceTaken,
    Audited,
    BroadcastDrafted,
    BroadcastStep,
    ChatLeft,
    ChildAdded,
    ChildChanged,
    CodeTried,
    CodeUsed,
    ConsentDecided,
    ErasureAsked,
    ErasureConfirmed,
    Forget,
    HelpBegun,
    HelpEnded,
    HouseholdPaused,
    InterviewFinished,
    InterviewStarted,
    LinkOpened,
    MediaKept,
    NewcomerHelped,
    PersonChanged,
    Remind,
    RoleGiven,
    RsvpGiven,
    SchoolJoined,
    SessionCancelled,
    SessionMoved,
    StaffLinked,
    TalkHeld,
    TaskChanged,
    TaskExtended,
    TaskOpened,
    TipRated,
    TipSent,
)
from conversations.helping.helping import OVER
from storage import (
    audit,
    broadcasts,
    case_events,
    children,
    consents,
    due,
    erasure,
    forms,
    handing,
    helping,
    households,
    interviews,
    joining,
    media,
    outbox,
    people,
    phones,
    reviews,
    roster,
    schools,
    sessions,
    staff,
    tasks,
    tips,
)
from storage.moment import Moment
from storage.roster_sheet import Listed


class UnknownSubjectError(LookupError):
    """An event speaks of somebody or something that is not stored."""


def apply(
    conn: Connection,
    person: Person,
    address_id: int,
    events: Iterable[Event],
    now: datetime,
    typist: PersonId | None = None,
) -> None:
    """Apply the events of one turn of this person in their order."""
    moment = Moment(conn, person, address_id, now, typist or person.id)
    for event in events:
        _APPLY[type(event)](moment, event)


def _interview_started(at: Moment, event: InterviewStarted) -> None:
    name = forms.remember_begun(at.conn, event.interview.form, at.now)
    interviews.start(at.conn, at.person.id, event.interview, name, at.now)


def _answer_given(at: Moment, event: AnswerGiven) -> None:
    interviews.answer(
        at.conn,
        event.interview,
        event.path,
        event.value,
        typed_by=at.typist,
        spoken_by=at.person.id,
        now=at.now,
    )


def _interview_finished(at: Moment, event: InterviewFinished) -> None:
    interviews.finish(
        at.conn,
        event.interview,
        event.answers,
        partial=event.partial,
        typed_by=at.typist,
        spoken_by=at.person.id,
        now=at.now,
    )


def _consent_decided(at: Moment, event: ConsentDecided) -> None:
    consents.decide(
        at.conn,
        at.person.id,
        event.consent,
        capacity=event.capacity,
        text_version=event.text_version,
        words=event.text,
        channel=at.person.channel,
        now=at.now,
        witness=None if at.typist == at.person.id else at.typist,
        how=event.how,
    )


def _person_changed(at: Moment, event: PersonChanged) -> None:
    people.change(at.conn, at.person.id, event.changes, at.now)


def _child_added(at: Moment, event: ChildAdded) -> None:
    children.add(at.conn, at.person.id, event.child, at.now)


def _child_changed(at: Moment, event: ChildChanged) -> None:
    by = None if at.person.role.in_office else at.person.id
    children.change(at.conn, event.child, event.changes, by=by)


def _task_opened(at: Moment, event: TaskOpened) -> None:
    if tasks.open_(at.conn, at.person.id, event, at.now):
        at.audit("task opened", event.code, event.reason)


def _task_changed(at: Moment, event: TaskChanged) -> None:
    """A case is closed as cases are: with approval where it is urgent."""
    if event.action == tasks.CLOSED and tasks.is_open_case(at.conn, event.code):
        case_events.close(at, event.code, Outcome.DONE, event.note)
        return
    if tasks.change(at.conn, event.code, at.person.id, event.action, event.note, at.now):
        at.audit(f"task {event.action}", event.code)


def _task_extended(at: Moment, event: TaskExtended) -> None:
    tasks.extend(at.conn, event.code, at.person.id, event.content, event.media, at.now)
    for person in event.excluded:
        handing.keep_out(at.conn, event.code, person, None, at.now)
    at.audit("task extended", event.code)


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


def _rsvp_given(at: Moment, event: RsvpGiven) -> None:
    sessions.rsvp(at.conn, event.session, at.person.id, event.rsvp, at.now)


def _session_moved(at: Moment, event: SessionMoved) -> None:
    sessions.move(at.conn, event.session, event.starts_at, event.ends_at, at.now)
    at.audit("session moved", f"session:{event.session}")


def _session_cancelled(at: Moment, event: SessionCancelled) -> None:
    sessions.cancel(at.conn, event.session, at.now)
    at.audit("session cancelled", f"session:{event.session}")


def _attendance_taken(at: Moment, event: AttendanceTaken) -> None:
    sessions.take_attendance(at.conn, event.session, event.present, at.typist, at.now)
    at.audit("attendance taken", f"session:{event.session}")


def _household_paused(at: Moment, event: HouseholdPaused) -> None:
    person = event.person or at.person.id
    households.pause(at.conn, person, event.until)
    at.audit("household paused", audit.person(person))


def _talk_held(at: Moment, event: TalkHeld) -> None:
    people.change(at.conn, event.person, {"talk_until": event.until}, at.now)


def _broadcast_drafted(at: Moment, event: BroadcastDrafted) -> None:
    draft = broadcasts.draft(at.conn, event.audience, event.text, event.media, at.person.id, at.now)
    broadcasts.plan_rehearsal(at.conn, draft, at.now)
    at.audit("broadcast drafted", f"broadcast:{draft}")


def _broadcast_step(at: Moment, event: BroadcastStep) -> None:
    """Somebody was faster: the whole turn begins again, and finds the broadcast as it is."""
    state = broadcasts.step(
        at.conn, event.broadcast, event.step, at.person.id, at.now, starts_at=event.starts_at
    )
    if state is None:
        raise UnknownSubjectError(f"broadcast {event.broadcast} allows no {event.step} any more")
    at.audit(f"broadcast {event.step}", f"broadcast:{event.broadcast}")


def _erasure_asked(at: Moment, event: ErasureAsked) -> None:
    consents.ask_erasure(at.conn, at.person.id, at.now)
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
    phones.leave_shared(at.conn, at.person.id, at.now)
    handing.adopt_orphans(at.conn, 100, at.now)
    reviews.ensure(at.conn, at.now)
    at.audit("staff joined", f"staff:{event.staff}")


def _help_begun(at: Moment, event: HelpBegun) -> None:
    helping.end(at.conn, at.typist)
    until = helping.begin(at.conn, at.address_id, event.person, at.now)
    due.plan(at.conn, OVER, str(at.address_id), at.typist, until, None)
    at.audit("help begun", audit.person(event.person))


def _newcomer_helped(at: Moment, event: NewcomerHelped) -> None:
    one = Listed(0, event.name, event.salutation)
    village = event.school.village_id
    person = roster.enlist(at.conn, event.school, one, village, at.typist, at.now)
    _help_begun(at, HelpBegun(person))


def _help_ended(at: Moment, event: HelpEnded) -> None:
    helping.end(at.conn, at.typist)
    due.forget(at.conn, OVER, str(at.address_id))


def _code_used(at: Moment, event: CodeUsed) -> None:
    joining.use(at.conn, event.code, at.address_id, at.person.id, at.now, event.holds)
    audit.record(at.conn, audit.person(event.person), "code used", "", event.holds, at.now)
    if event.told:
        phones.tell_elsewhere(at.conn, event.person, at.address_id, event.told, at.now)


def _code_tried(at: Moment, event: CodeTried) -> None:
    joining.tried(at.conn, at.person.id, at.now)


def _link_opened(at: Moment, event: LinkOpened) -> None:
    joining.open_link(at.conn, at.person.id, event.code, at.now)
    at.audit("link opened", audit.person(at.person.id))


def _chat_left(at: Moment, event: ChatLeft) -> None:
    phones.leave(at.conn, at.address_id, at.person.id, at.now)


def _school_joined(at: Moment, event: SchoolJoined) -> None:
    by = None if at.typist == at.person.id else at.typist
    schools.enrol(at.conn, event.school, at.person.id, by, at.now)


def _role_given(at: Moment, event: RoleGiven) -> None:
    if people.give_role(at.conn, event.person, event.role, event.name):
        at.audit("role given", audit.person(event.person), f"{event.role}, {event.task}")


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
    RsvpGiven: _rsvp_given,
    SessionMoved: _session_moved,
    SessionCancelled: _session_cancelled,
    AttendanceTaken: _attendance_taken,
    HouseholdPaused: _household_paused,
    TalkHeld: _talk_held,
    BroadcastDrafted: _broadcast_drafted,
    BroadcastStep: _broadcast_step,
    ErasureAsked: _erasure_asked,
    ErasureConfirmed: _erasure_confirmed,
    AddressLost: _address_lost,
    StaffLinked: _staff_linked,
    Audited: _audited,
    HelpBegun: _help_begun,
    NewcomerHelped: _newcomer_helped,
    HelpEnded: _help_ended,
    CodeUsed: _code_used,
    CodeTried: _code_tried,
    LinkOpened: _link_opened,
    ChatLeft: _chat_left,
    SchoolJoined: _school_joined,
    RoleGiven: _role_given,
    **case_events.APPLY,
}
