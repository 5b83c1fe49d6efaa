"""What a conversation knows of a person and what it decides: dialogue, events, turn.

A conversation is a pure function from these values to a `Turn`. `storage` makes its events durable
in the same transaction; nothing here does anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import NewType
from zoneinfo import ZoneInfo

import orjson

from conversations.level import Level
from conversations.message import MediaId, Outgoing

PersonId = NewType("PersonId", int)
ChildId = NewType("ChildId", int)
VillageId = NewType("VillageId", int)


class Role(StrEnum):
    """What somebody is in the programme."""

    CAREGIVER = "caregiver"
    CADRE = "cadre"
    PARTNER = "partner"
    """A guest of meetings: village, office, police, school. Never asked about a child."""
    STAFF = "staff"
    """Trained in safeguarding: concerns are theirs, and they may be on duty."""
    COORDINATOR = "coordinator"
    """Supervises staff: the last one who is called, approves the closing of urgent cases."""
    ORGANISER = "organiser"
    """Schools, sessions and broadcasts; sees no concern."""
    FOCAL = "focal"
    """Outside the programme: hears what is reported about staff or cadres, and nothing else."""

    @property
    def in_office(self) -> bool:
        """Whether she works for the programme, with or without concerns."""
        return self in (Role.STAFF, Role.COORDINATOR, Role.ORGANISER)

    @property
    def safeguards(self) -> bool:
        """Whether concerns may be hers."""
        return self in (Role.STAFF, Role.COORDINATOR, Role.FOCAL)

    @property
    def works(self) -> bool:
        """Whether she has an account, by a code of `kawan staff add`."""
        return self.in_office or self is Role.FOCAL


class Consent(StrEnum):
    """What the person last decided about her data being kept (UU 27/2022)."""

    UNASKED = "unasked"
    GIVEN = "given"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Child:
    """A child somebody cares for. `mother` and `father` are rumah, luar_kota, luar_negeri, wafat,
    tidak_tahu, or empty when not asked."""

    id: ChildId
    nickname: str
    birth_year: int | None = None
    birth_month: int | None = None
    sex: str = ""
    lives_with: str = ""
    mother: str = ""
    father: str = ""
    ask_calls: bool = True

    @property
    def parent_away(self) -> bool:
        """Whether a parent lives elsewhere and could telephone."""
        return bool({"luar_kota", "luar_negeri"} & {self.mother, self.father})

    def age(self, today: datetime) -> int | None:
        """Completed years, as well as the year (and month) of birth tells; None when unknown."""
        if self.birth_year is None:
            return None
        had_birthday = self.birth_month is None or self.birth_month <= today.month
        return max(0, today.year - self.birth_year - (0 if had_birthday else 1))


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who writes to the bot, as storage knows her."""

    id: PersonId
    role: Role = Role.CAREGIVER
    salutation: str = ""
    name: str = ""
    village_id: VillageId | None = None
    relation: str = ""
    language: str = "id"
    zone: str = "Asia/Jakarta"
    hour: str = ""
    """Convenient local time for a check-in, HH:MM; empty: the programme's."""
    consent: Consent = Consent.UNASKED
    stopped: bool = False
    """BERHENTI: nothing unasked is sent any more."""
    paused_until: datetime | None = None
    quiet: str = ""
    """Her own quiet hours, 21:00-05:00; empty: the programme's."""
    talk_until: datetime | None = None
    """A member of staff is talking with her: until then nothing automatic comes between."""
    registered: bool = False
    """The three questions at the door are answered."""
    channel: str = ""
    """The channel of the address she writes from now."""
    shares_phone: bool = False
    """Others of the programme use that phone too."""

    @property
    def tz(self) -> ZoneInfo:
        """Her time zone."""
        return ZoneInfo(self.zone)


@dataclass(frozen=True, slots=True)
class Task:
    """Something a member of staff must do: a follow-up, a concern, a voice note to hear."""

    code: str
    kind: str
    level: Level
    about: PersonId | None
    child: ChildId | None
    owner: PersonId | None
    due_at: datetime
    created_at: datetime
    reason: str
    """Key of a text that says why, without content."""
    content: str = ""
    """What the person said; decrypted only when a member of staff asks to read it."""
    media: tuple[MediaId, ...] = ()
    closed_at: datetime | None = None
    about_name: str = ""
    accepted: bool = False
    accepted_at: datetime | None = None
    acted_at: datetime | None = None
    """When somebody first did something about it after it was taken."""
    danger_class: str = ""
    excluded: frozenset[int] = frozenset()
    """Who may not see it: whoever it is said to be about, or is close to them."""
    outside: bool = False
    """It is about staff or a cadre: only a focal person outside the programme has it."""


@dataclass(frozen=True, slots=True)
class Interview:
    """One run through a form, as a value. `answers` maps paths to XForms strings, "" is skipped."""

    id: str
    conversation: str
    form: str
    answers: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    at: str | None = None
    """Path of the question now asked, or a stage of asking.py; None before the first."""
    tries: int = 0
    started_at: datetime | None = None
    asked_at: datetime | None = None
    child: ChildId | None = None
    nudged: bool = False
    changing: bool = False
    """An earlier answer is being changed from the review."""


@dataclass(frozen=True, slots=True)
class Dialogue:
    """Where a person is: the running interviews, the innermost last."""

    stack: tuple[Interview, ...] = ()
    offer: tuple[str, ...] = ()
    """Payloads of the choices last offered outside an interview: a typed number finds them."""
    after: tuple[Wake, ...] = ()
    """Due work that is looked at again as soon as no interview is running."""
    offered_at: datetime | None = None
    """When `offer` was made: a number typed after an invitation that came later may be for that."""

    @property
    def running(self) -> Interview | None:
        """The interview that hears the next answer."""
        return self.stack[-1] if self.stack else None

    def with_running(self, interview: Interview) -> Dialogue:
        """The same dialogue, its running interview changed."""
        return replace(self, stack=(*self.stack[:-1], interview))


def dump(dialogue: Dialogue) -> bytes:
    """A dialogue as storage keeps it (it is sealed there)."""
    return orjson.dumps(
        {
            "stack": dialogue.stack,
            "offer": dialogue.offer,
            "after": dialogue.after,
            "offered_at": dialogue.offered_at,
        }
    )


def load(stored: bytes) -> Dialogue:
    """The inverse of `dump`.

    >>> dialogue = Dialogue((Interview("a1", "checkin", "f0", {"sehat": "ya"}),), ("t:tugas",))
    >>> load(dump(dialogue)) == dialogue
    True
    """
    body = orjson.loads(stored)
    stack = tuple(
        Interview(
            **{
                **interview,
                "started_at": _time(interview["started_at"]),
                "asked_at": _time(interview["asked_at"]),
            }
        )
        for interview in body["stack"]
    )
    after = tuple(
        Wake(
            wake["kind"],
            wake["subject"],
            datetime.fromisoformat(wake["due_at"]),
            _time(wake["expires_at"]),
        )
        for wake in body.get("after", ())
    )
    return Dialogue(stack, tuple(body["offer"]), after, _time(body.get("offered_at")))


def _time(written: str | None) -> datetime | None:
    return datetime.fromisoformat(written) if written else None


class Event:
    """A fact that a turn brought about; storage applies it in the turn's transaction."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Wake:
    """Due work for one person: the clock's counterpart of an `Inbound`."""

    kind: str
    subject: str
    due_at: datetime
    expires_at: datetime | None = None
    """From then on it is of no use any more."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What one inbound message, or one piece of due work, brings about."""

    dialogue: Dialogue
    outgoing: tuple[Outgoing, ...] = ()
    events: tuple[Event, ...] = ()
    outcome: str = "done"
    """What is recorded of due work: done, or `skipped: …` with the reason."""
