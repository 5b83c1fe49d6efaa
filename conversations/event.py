"""Facts that a turn brings about; `storage/events.py` makes them durable in its transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from conversations.broadcasts.audience import Audience
from conversations.broadcasts.broadcast import BroadcastId, Step
from conversations.dialogue import Child, ChildId, Consent, Event, Interview, PersonId, Role
from conversations.level import Level
from conversations.message import Media, MediaId
from conversations.schools.session import Rsvp, School, SchoolId, SessionId


@dataclass(frozen=True, slots=True)
class InterviewStarted(Event):
    interview: Interview


@dataclass(frozen=True, slots=True)
class AnswerGiven(Event):
    """An answer given or changed; value is an XForms string, "" when skipped."""

    interview: str
    path: str
    value: str


@dataclass(frozen=True, slots=True)
class InterviewFinished(Event):
    """Sent off (complete), or ended early with what was answered (partial).

    `answers` is the complete set as `Instance.complete` gives it.
    """

    interview: str
    partial: bool
    answers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ConsentDecided(Event):
    """`capacity` is what she is to the children (ibu, bapak, wali, pengasuh …)."""

    consent: Consent
    text_version: str
    capacity: str = ""
    """The words she was shown, kept as proof (UU 27/2022 art. 24)."""
    text: str = ""
    how: str = "read"
    """By herself; or read_aloud, played: then whoever types for her is the witness."""


@dataclass(frozen=True, slots=True)
class PersonChanged(Event):
    """Columns of the person to set: salutation, village_id, relation, language, hour, …"""

    changes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ChildAdded(Event):
    child: Child


@dataclass(frozen=True, slots=True)
class ChildChanged(Event):
    child: ChildId
    changes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TaskOpened(Event):
    """A follow-up for staff; `content` is sealed at rest. `due_at` aware."""

    code: str
    kind: str
    level: Level
    due_at: datetime
    reason: str
    child: ChildId | None = None
    content: str = ""
    media: MediaId | None = None
    danger_class: str = ""
    owner: PersonId | None = None
    excluded: tuple[PersonId, ...] = ()
    """Named in what was said: they are neither alerted nor shown it."""
    outside: bool = False
    """About staff or a cadre: for the focal person outside the programme."""


@dataclass(frozen=True, slots=True)
class TaskChanged(Event):
    """What staff did with a task: accepted, noted, answered, closed. `note` is sealed at rest."""

    code: str
    action: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class TaskExtended(Event):
    """The person added something to an open task of hers (a sentence, a voice note)."""

    code: str
    content: str = ""
    media: MediaId | None = None
    excluded: tuple[PersonId, ...] = ()
    """Named in these words: from now on they are neither alerted nor shown it."""


@dataclass(frozen=True, slots=True)
class MediaKept(Event):
    """A file to fetch from the channel and to store encrypted."""

    id: MediaId
    kind: str
    media: Media
    task: str = ""


@dataclass(frozen=True, slots=True)
class TipSent(Event):
    tip: str
    child: ChildId | None = None


@dataclass(frozen=True, slots=True)
class TipRated(Event):
    tip: str
    helpful: bool


@dataclass(frozen=True, slots=True)
class Remind(Event):
    """Wake `kind` for `subject` at `due_at`; replaces an earlier one of the same kind and subject.

    Later than `expires_at` it is recorded as missed and not done.
    """

    kind: str
    subject: str
    due_at: datetime
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Forget(Event):
    """The reminder of this kind and subject is needed no more."""

    kind: str
    subject: str


@dataclass(frozen=True, slots=True)
class RsvpGiven(Event):
    """What she says to an invitation; a later word replaces an earlier one."""

    session: SessionId
    rsvp: Rsvp


@dataclass(frozen=True, slots=True)
class SessionMoved(Event):
    """A session gets another time: reminders are planned anew, RSVPs begin anew, all are told."""

    session: SessionId
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class SessionCancelled(Event):
    """A session does not take place; all are told."""

    session: SessionId


@dataclass(frozen=True, slots=True)
class AttendanceTaken(Event):
    """Who came; everybody else on the school's list did not. May be corrected by another."""

    session: SessionId
    present: tuple[PersonId, ...]


@dataclass(frozen=True, slots=True)
class HouseholdPaused(Event):
    """Somebody has died, or a family needs rest: nothing unasked to anybody of it until then.

    The household: who cares for the same children, or shares the phone. `person` None: hers.
    """

    until: datetime
    person: PersonId | None = None


@dataclass(frozen=True, slots=True)
class HelpBegun(Event):
    """From now on the phone that wrote speaks for this person, who has none of her own."""

    person: PersonId


@dataclass(frozen=True, slots=True)
class NewcomerHelped(Event):
    """Somebody who is on no list yet is put on this school's, and the phone speaks for her."""

    school: School
    salutation: str
    name: str


@dataclass(frozen=True, slots=True)
class HelpEnded(Event):
    """Whoever types speaks for herself again."""


class Holds(StrEnum):
    """How a chat becomes somebody's by a code."""

    ALONE = "alone"
    """Nobody had come through the door there: what was told there is hers too."""
    TOGETHER = "together"
    """With those who had it before: each has a space of her own."""
    GIVEN = "given"
    """Instead of whoever had it before."""


@dataclass(frozen=True, slots=True)
class CodeUsed(Event):
    """The chat that wrote is this person's, by the code on her slip or from her other chat.

    `told` is said to her at every other chat of hers.
    """

    person: PersonId
    code: str
    holds: Holds = Holds.ALONE
    told: str = ""


@dataclass(frozen=True, slots=True)
class CodeTried(Event):
    """What looks like a code, and is nobody's or good no more."""


@dataclass(frozen=True, slots=True)
class LinkOpened(Event):
    """By this code, sent from another chat, that chat becomes hers too."""

    code: str


@dataclass(frozen=True, slots=True)
class ChatLeft(Event):
    """She takes herself off the chat that wrote; another one reaches her."""


@dataclass(frozen=True, slots=True)
class SchoolJoined(Event):
    """She is on this school's list from now on."""

    school: SchoolId


@dataclass(frozen=True, slots=True)
class RoleGiven(Event):
    """A caregiver is a cadre or a partner from now on; `name` is kept where none is known."""

    person: PersonId
    role: Role
    name: str
    task: str


@dataclass(frozen=True, slots=True)
class TalkHeld(Event):
    """A member of staff is talking with this person until then; None: the talk has ended."""

    person: PersonId
    until: datetime | None


@dataclass(frozen=True, slots=True)
class BroadcastDrafted(Event):
    """A message to many is written; it is rehearsed, and its author told."""

    audience: Audience
    text: str
    media: MediaId | None = None


@dataclass(frozen=True, slots=True)
class BroadcastStep(Event):
    """What a member of staff does with a broadcast; `starts_at` None: now."""

    broadcast: BroadcastId
    step: Step
    starts_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ErasureAsked(Event):
    code: str


@dataclass(frozen=True, slots=True)
class ErasureConfirmed(Event):
    """Staff confirmed by another route that the person herself asked: erase her now."""

    code: str


@dataclass(frozen=True, slots=True)
class AddressLost(Event):
    """The address she wrote from takes no messages any more."""

    reason: str


@dataclass(frozen=True, slots=True)
class StaffLinked(Event):
    """The person who writes is the owner of this staff account."""

    staff: int


@dataclass(frozen=True, slots=True)
class Audited(Event):
    """Somebody of staff saw or did something that must be accounted for."""

    action: str
    subject: str
