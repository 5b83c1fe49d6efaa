"""What a conversation knows and what it decides: person, world, dialogue, events, turn.

A conversation is a pure function from these values to a `Turn`. `storage` makes its events durable
in the same transaction; nothing here does anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, NewType, Protocol
from zoneinfo import ZoneInfo

import orjson

from conversations.form import Form
from conversations.level import Level
from conversations.message import MediaId, Outgoing

if TYPE_CHECKING:
    from conversations.broadcast import Broadcasts
    from conversations.helped import Helping
    from conversations.rule import Rules
    from conversations.session import Schools

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

    @property
    def tz(self) -> ZoneInfo:
        """Her time zone."""
        return ZoneInfo(self.zone)


class World(Protocol):
    """What a conversation may ask about the rest: bounded point queries, read-only."""

    @property
    def now(self) -> datetime:
        """Aware, UTC."""

    @property
    def organisation(self) -> str:
        """Who is responsible for the data, as people know it."""

    @property
    def simulated(self) -> bool:
        """Whether this person talks in the simulator, where unreviewed tips may be heard."""

    def villages(self) -> tuple[tuple[VillageId, str], ...]:
        """Every village with its name, in the order to be offered."""

    def form(self, hash_: str) -> Form:
        """The form of this content hash, also an older version that somebody is still in."""

    def newest_form(self, name: str) -> Form:
        """The version that a new interview begins with."""

    def children(self, person: PersonId) -> tuple[Child, ...]:
        """The children she cares for, in the order she told us."""

    def child(self, child: ChildId) -> Child | None:
        """One child."""

    def tips_sent(self, person: PersonId) -> tuple[str, ...]:
        """Ids of the tips she has had, oldest first."""

    def recent_answers(self, child: ChildId, question: str, limit: int) -> tuple[str, ...]:
        """What was answered about a child, newest first, in finished check-ins."""

    def recent_own_answers(self, person: PersonId, question: str, limit: int) -> tuple[str, ...]:
        """What the caregiver answered about herself, newest first."""

    def last_checkins(self, person: PersonId) -> Mapping[ChildId, datetime]:
        """When each child was last asked after."""

    def wants_to_try(self, person: PersonId) -> bool:
        """Whether she told after a session, since her last finished check-in and within a week,
        what she will try at home."""

    def staff(self) -> tuple[PersonId, ...]:
        """Everybody of staff who can be reached in chat, by id."""

    def tasks(self, staff: PersonId | None, *, limit: int) -> tuple[Task, ...]:
        """Open tasks, most urgent first; of one owner, or everybody's."""

    def task(self, code: str) -> Task | None:
        """One task by its code, in any state."""

    def raised_since(self, kind: str, level: Level, since: datetime) -> tuple[str, ...]:
        """Codes of open tasks about the person whose turn it is, at least this urgent, newest
        first; a few at most."""

    def next_code(self) -> str:
        """A fresh code such as LDK-26-0042, by the village of the person whose turn it is."""

    def linked_staff(self, code: str) -> int | None:
        """The staff account that a one-time code opens, when it is still good."""

    def least_busy_staff(self) -> PersonId | None:
        """Who of staff has the fewest open tasks; None while nobody has joined."""

    def fresh_id(self) -> str:
        """A new id for an interview or a file: 12 characters, never given before."""

    @property
    def typist(self) -> PersonId | None:
        """The cadre who types for this person now; None when she types herself."""

    @property
    def helping(self) -> Helping:
        """Who may be helped along by whom, and whom a code on a slip belongs to."""

    @property
    def schools(self) -> Schools:
        """Schools, sessions and invitations."""

    @property
    def broadcasts(self) -> Broadcasts:
        """Messages to many, as staff prepare and watch them."""

    @property
    def rules(self) -> Rules:
        """The programme's rules for this person's village."""


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
