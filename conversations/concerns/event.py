"""Facts about concerns that a turn brings about; `storage/case_events.py` makes them durable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from conversations.concerns.case import ContactId, Outcome, ReferralId, ReferralState, Stage
from conversations.dialogue import Event, PersonId
from conversations.duty.team import ShiftId
from conversations.level import Level


@dataclass(frozen=True, slots=True)
class Alerted(Event):
    """This person was called about a task, at this step of the ladder."""

    code: str
    person: PersonId
    step: int


@dataclass(frozen=True, slots=True)
class CaseKnown(Event):
    """What the reporter told or wishes; columns of the case: hide_name, outside, safe, may_call."""

    code: str
    changes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Acted(Event):
    """Something was done about it: the first one ends the ladder. `note` is sealed at rest."""

    code: str
    note: str


@dataclass(frozen=True, slots=True)
class StageReached(Event):
    code: str
    stage: Stage


@dataclass(frozen=True, slots=True)
class NextAction(Event):
    """What is done next and when (aware); the new deadline of the case."""

    code: str
    note: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ClosingAsked(Event):
    """The owner wishes to close it; MERAH and ORANYE wait for a coordinator."""

    code: str
    outcome: Outcome
    note: str


@dataclass(frozen=True, slots=True)
class ClosingDecided(Event):
    """A coordinator, who is not the one who asked, approves or sends it back with a word."""

    code: str
    approved: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class CaseReopened(Event):
    code: str
    note: str


@dataclass(frozen=True, slots=True)
class CaseMerged(Event):
    """The same concern told twice: this one is closed as a duplicate, its words are kept."""

    code: str
    into: str


@dataclass(frozen=True, slots=True)
class CaseLinked(Event):
    """Another report of the same child."""

    code: str
    other: str


@dataclass(frozen=True, slots=True)
class HandedOver(Event):
    """Another owner, who is alerted and takes it anew. `to` None: whoever is on duty."""

    code: str
    to: PersonId | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Excluded(Event):
    """A conflict of interest: from now on this person is neither alerted nor shown it."""

    code: str
    person: PersonId


@dataclass(frozen=True, slots=True)
class Referred(Event):
    """A human being decided to tell this office."""

    code: str
    contact: ContactId
    note: str = ""


@dataclass(frozen=True, slots=True)
class ReferralAnswered(Event):
    referral: ReferralId
    state: ReferralState
    note: str = ""


@dataclass(frozen=True, slots=True)
class LevelSet(Event):
    """A human being sets another level; lowering it needs words (`note`).

    The bot itself raises a level only, by another event, and never lowers one.
    """

    code: str
    level: Level
    note: str = ""


@dataclass(frozen=True, slots=True)
class LevelRaised(Event):
    """The reporter told more: it is at least this urgent, and of this class where none was known.

    Never lowers. Where the level does go up the deadline and the ladder begin anew.
    """

    code: str
    level: Level
    danger_class: str = ""


@dataclass(frozen=True, slots=True)
class VisitAsked(Event):
    """A cadre is asked to look in on a family; she learns a name and no reason.

    `visit` is the code of her own new task. `whom` names the family where it is not that of whoever
    told us of the case. `due_at` aware.
    """

    code: str
    visit: str
    cadre: PersonId
    due_at: datetime
    whom: str = ""


@dataclass(frozen=True, slots=True)
class AlertAnswered(Event):
    """Whoever was called about it has taken it or read it."""

    code: str


@dataclass(frozen=True, slots=True)
class ReadinessAsked(Event):
    """She was asked whether she is SIAP for this shift."""

    shift: ShiftId


@dataclass(frozen=True, slots=True)
class Ready(Event):
    """SIAP: she is on duty and reads her messages."""

    shift: ShiftId


@dataclass(frozen=True, slots=True)
class TracesErased(Event):
    """Take away what was written to and fro here since then (aware), as far as the channel can.

    Afterwards `said` is said, or `otherwise` where the platform left something; empty: nothing.
    """

    since: datetime
    said: str = ""
    otherwise: str = ""
