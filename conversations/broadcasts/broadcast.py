"""One message to many, as staff prepare it: draft, dress rehearsal, approval, sending, the account.

Who receives it is in `audience.py`; how staff handle it in chat, in `broadcasting.py`; how it
leaves, in the programme that runs.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NewType, Protocol

from conversations.broadcasts.audience import Audience
from conversations.costs import Tariff
from conversations.message import MediaId
from conversations.phone.phone import PAID
from locales import FALLBACK, catalogue, say

if TYPE_CHECKING:
    from conversations.dialogue import Person, PersonId

BroadcastId = NewType("BroadcastId", int)

PLACEHOLDERS = ("sapaan", "nama", "desa", "anak")
COMFORTABLE = 300
"""Characters that are read to the end on a small screen (DOMAIN.md 2.5)."""

USUAL_RATE = 30.0
"""Messages a second of a channel of which nothing else is known."""

LONGEST = 1_000
"""Characters of a broadcast with its placeholders filled in: what fits under a picture, too."""

FILLED_IN = 80
"""Characters that a placeholder may grow to."""

USEFUL_FOR = timedelta(hours=12)
"""After this long a broadcast of today is not sent any more, so that none comes tomorrow."""

_PLACE = re.compile(r"\{([^{}]*)\}")
_FULL_NAME = re.compile(r"\{sapaan\}(\s+)\{nama\}", re.IGNORECASE)


class State(StrEnum):
    """How far a broadcast has come."""

    DRAFT = "draft"
    ASKING = "asking"
    """A second person must approve."""
    SCHEDULED = "scheduled"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    CANCELLED = "cancelled"
    REFUSED = "refused"


OPEN = (State.ASKING, State.SCHEDULED, State.RUNNING, State.PAUSED)
"""Neither a draft nor over."""


class Step(StrEnum):
    """What a member of staff does with a broadcast."""

    ASK = "ask"
    """Send it, once a second person approves."""
    START = "start"
    APPROVE = "approve"
    REFUSE = "refuse"
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"


class DraftRefused(ValueError):
    """A text that cannot be sent to anybody; the message says what is wrong and what would be
    right."""


@dataclass(frozen=True, slots=True)
class Broadcast:
    """A broadcast as it stands. Times are aware, UTC."""

    id: BroadcastId
    state: State
    audience: Audience
    text: str
    """With its placeholders: {sapaan}, {nama}, {desa}, {anak}."""
    media: MediaId | None
    by: PersonId | None
    created_at: datetime
    starts_at: datetime | None = None
    approved_by: PersonId | None = None
    by_name: str = ""
    expires_at: datetime | None = None
    stalled: bool = False
    """It runs, but its next part failed again and again: it goes on when somebody resumes it."""


@dataclass(frozen=True, slots=True)
class Account:
    """Where everybody is: `planned` is the sum of the others, at every moment."""

    planned: int
    waiting: int
    sent: int
    """Sent, delivered or read."""
    failed: int
    uncertain: int
    excluded: int
    expired: int
    merged: int
    reasons: Mapping[str, int]
    """How often each reason keeps somebody from it, by its key."""

    @property
    def settled(self) -> int:
        """How many wait no more."""
        return self.planned - self.waiting

    @property
    def quarter(self) -> int:
        """How far it is, in whole quarters of a hundred: 0, 25, 50, 75, 100."""
        return 100 if not self.planned else self.settled * 4 // self.planned * 25


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What would happen if it were sent now: everybody who fits is counted once."""

    planned: int = 0
    channels: Mapping[str, int] = field(default_factory=dict)
    languages: Mapping[str, int] = field(default_factory=dict)
    reasons: Mapping[str, int] = field(default_factory=dict)
    """Why somebody would not get it, by key."""

    @property
    def reached(self) -> int:
        """How many it would be sent to."""
        return self.planned - sum(self.reasons.values())

    def with_people(self, people: Iterable[tuple[Person, str]]) -> Rehearsal:
        """The same and some more people, each with the reason against her ("" for none)."""
        counted = list(people)
        reached = [person for person, reason in counted if not reason]
        channels = Counter(self.channels) + Counter(one.channel for one in reached)
        languages = Counter(self.languages) + Counter(one.language for one in reached)
        reasons = Counter(self.reasons) + Counter(reason for _, reason in counted if reason)
        return Rehearsal(self.planned + len(counted), channels, languages, reasons)

    @property
    def paid(self) -> int:
        """How many it would be sent to by a channel that costs money."""
        return sum(number for channel, number in self.channels.items() if channel in PAID)

    def within(self, tariff: Tariff | None) -> Rehearsal:
        """The same without those for whom this month's budget has no room."""
        beyond = 0 if tariff is None else self.paid - tariff.fits(self.paid)
        if not beyond:
            return self
        [channel] = PAID & self.channels.keys()
        left = {**self.channels, channel: self.channels[channel] - beyond}
        return replace(
            self,
            channels={name: number for name, number in left.items() if number},
            reasons={**self.reasons, "cost": beyond},
        )

    def seconds(self, rates: Mapping[str, float]) -> int:
        """How long it takes at so many messages a second of each channel, side by side.

        >>> Rehearsal(90, {"telegram": 60, "whatsapp": 30}).seconds({"telegram": 30, "whatsapp": 6})
        5
        """
        return max(
            (
                -(-number // max(1, round(rates.get(channel, USUAL_RATE))))
                for channel, number in self.channels.items()
            ),
            default=0,
        )

    def to_json(self) -> dict[str, Any]:
        """As it is stored."""
        return {
            "planned": self.planned,
            "channels": dict(self.channels),
            "languages": dict(self.languages),
            "reasons": dict(self.reasons),
        }


class Broadcasts(Protocol):
    """What a conversation may ask about broadcasts: bounded point queries, read-only."""

    @property
    def rates(self) -> Mapping[str, float]:
        """How many messages a second leave at most, by channel."""

    @property
    def alone_up_to(self) -> int:
        """To so many people somebody may send without a second person's approval."""

    def one(self, broadcast: BroadcastId) -> Broadcast | None:
        """One broadcast."""

    def account(self, broadcast: BroadcastId) -> Account:
        """Where everybody of it is now."""

    def latest(self, limit: int = 5) -> tuple[Broadcast, ...]:
        """The newest, newest first."""

    def rehearsal(self, broadcast: BroadcastId) -> Rehearsal | None:
        """What its dress rehearsal counted; None until it has."""

    def samples(self, broadcast: BroadcastId) -> tuple[str, ...]:
        """What the first three who would get it would read."""

    def own_words(self, broadcast: BroadcastId, person: PersonId) -> str:
        """What this person would read."""

    def tariff(self) -> Tariff | None:
        """What one by WhatsApp costs now; None while there is no WhatsApp."""

    def file(self, media: MediaId) -> str:
        """What became of a file: waiting, stored, refused, failed; empty when it is unknown."""

    def villages(self) -> tuple[tuple[str, str], ...]:
        """Code and name of every village."""

    def schools(self) -> tuple[tuple[str, str], ...]:
        """Code and name of every open school."""


def check_text(text: str, *, with_media: bool = False) -> str:
    """The text, tidied; raises DraftRefused for one that must not be sent.

    >>> check_text(" Besok kumpul ya, {Sapaan}. ")
    'Besok kumpul ya, {sapaan}.'
    >>> check_text("Halo {nma}")
    Traceback (most recent call last):
    conversations.broadcasts.broadcast.DraftRefused: “{nma}” tidak saya kenal. Yang bisa diisi \
sendiri: {sapaan}, {nama}, {desa}, {anak}.
    """
    tidy = _PLACE.sub(lambda found: "{" + found[1].strip().casefold() + "}", text.strip())
    if not tidy and not with_media:
        raise DraftRefused(say("broadcast.no_text"))
    for found in _PLACE.finditer(tidy):
        if found[1] not in PLACEHOLDERS:
            known = ", ".join("{" + name + "}" for name in PLACEHOLDERS)
            raise DraftRefused(say("broadcast.placeholder", said=found[0], known=known))
    if re.search(r"[{}]", _PLACE.sub("", tidy)):
        raise DraftRefused(say("broadcast.brace"))
    if len(tidy) > LONGEST:
        raise DraftRefused(say("broadcast.too_long", n=len(tidy), most=LONGEST))
    return tidy


def remark(text: str) -> str:
    """A remark for whoever wrote a text that is longer than people like to read; empty for none."""
    n = len(text)
    return say("broadcast.long", n=n, most=COMFORTABLE) if n > COMFORTABLE else ""


def render(text: str, person: Person, village: str = "", child: str = "") -> str:
    """What one person reads: her own salutation, name, village, and child's nickname.

    What is not known gives way to a general word. `child` is empty for somebody with several.

    >>> from conversations.dialogue import Person, PersonId
    >>> mbah = Person(PersonId(1), salutation="Mbah", name="Siti")
    >>> render("{sapaan} {nama}, ajak {anak} ke balai desa {desa}.", mbah, "Ledokombo", "Adi")
    'Mbah Siti, ajak Adi ke balai desa Ledokombo.'
    >>> render("{sapaan} {nama}, ajak {anak}.", Person(PersonId(2)))
    'Bapak/Ibu, ajak putra-putri.'
    """
    who = person.salutation or say("someone", person.language)
    values = {
        "sapaan": who,
        "nama": person.name or who,
        "desa": village or say("broadcast.our", person.language),
        "anak": child or say("broadcast.child", person.language),
    }
    if not person.name:
        text = _FULL_NAME.sub("{sapaan}", text)
    return _PLACE.sub(lambda found: values.get(found[1], found[0])[:FILLED_IN], text)


def reason_key(status: str, reason: str) -> str:
    """The key of the reason for which somebody did not get it, of what the outbox noted.

    >>> reason_key("failed", "unreachable: timeout"), reason_key("excluded", "stopped")
    ('unreachable', 'stopped')
    >>> reason_key("failed", "Forbidden: bot was blocked by the user"), reason_key("expired", "")
    ('blocked', 'late')
    """
    if f"not_sent.{reason}" in catalogue(FALLBACK):
        return reason
    for sign, key in _SIGNS:
        if sign in reason.casefold():
            return key
    return _OF_STATUS.get(status, "refused")


_SIGNS = (
    ("unreachable", "unreachable"),
    ("unanswered", "unanswered"),
    ("interrupted", "interrupted"),
    ("blocked", "blocked"),
    ("forbidden", "blocked"),
    ("deactivated", "blocked"),
    ("chat not found", "blocked"),
    ("platform error", "unreachable"),
    ("platform down", "unreachable"),
    ("undeliverable", "undeliverable"),
    ("window", "window"),
    ("withheld", "withheld"),
    ("template", "template"),
    ("identity changed", "unconfirmed"),
    ("not hers", "not_hers"),
    ("payment", "account"),
    ("account", "account"),
    ("token refused", "account"),
    ("permission missing", "account"),
    ("not registered", "account"),
    ("display name", "account"),
)
_OF_STATUS = {"uncertain": "unanswered", "expired": "late", "waiting": "waiting"}


def why_text(key: str) -> str:
    """A reason as people read it.

    >>> why_text("stopped")
    'minta berhenti dikirimi pesan'
    """
    return say(f"not_sent.{key}")
