"""What may be said on a phone now: the words themselves, approved words, or only a knock.

A knock says that there is something and not what. It is all that is said where the words may not
be: so long after her last message that only approved words may, or while it is open who holds the
phone. The words follow as soon as she answers; which of them then, is in letters.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from conversations import templates
from conversations.message import Message, Priority
from conversations.phone.phone import LOCKS_AFTER, Phone
from locales.templates import CATEGORY, Declared
from locales.templates import templates as declared_templates

APPROVED: Final = "approved"
MARKETING: Final = "marketing"
SERVICE: Final = "service"
"""What free words are charged as."""

KNOCKS: Final = timedelta(hours=24)
"""So long a knock stands: nobody knocks again, unless for something more urgent."""

KEPT: Final = timedelta(days=7)
"""So long words wait for her that name no end of their own."""

WINDOW, TEMPLATE, AD = "window", "template", "marketing"
"""Reasons (keys of `not_sent`) for which nothing can be said: she is silent for so long that there
are no words for it; the words are not approved; Meta takes them for an advertisement."""

NAMES_NOBODY: Final = frozenset({"broadcast"})
"""Purposes that whoever of several people holds the phone may hear: no child is named to them."""

HELPS_NOW: Final = frozenset({"unanswered"})
"""Purposes that tell who reported danger which numbers help: while somebody writes there, it is she
who did, and no question comes before it."""

INSIDE_ONLY: Final = frozenset({"tip"})
"""Purposes that wait for her next message instead of knocking for themselves (DOMAIN 5.2)."""

TO_MANY: Final = frozenset({"broadcast", "message"})
"""Purposes of what is said to many alike: nobody is knocked up for it."""

_CHECKINS: Final = frozenset({"checkin", "nudge"})
_DAY_LIST: Final = "day_list"
_ORDER: Final = tuple(Priority)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a template stands with the platform. `current`: its words there are ours."""

    status: str
    category: str = CATEGORY
    current: bool = True


NOWHERE: Final = Standing("absent", current=False)


@dataclass(frozen=True, slots=True)
class Free:
    """It goes in its own words."""


@dataclass(frozen=True, slots=True)
class Whole:
    """It goes in approved words that say all of it, with its own buttons."""

    category: str


@dataclass(frozen=True, slots=True)
class Knock:
    """By this template; None: in free words, that ask who holds the phone."""

    name: str | None
    category: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Until she writes: nobody is knocked up for it, she has been knocked up already, or somebody
    else is using the phone, who would take the knock for a question to herself."""


@dataclass(frozen=True, slots=True)
class Excluded:
    """It is not said."""

    reason: str


Way = Free | Whole | Knock | Wait | Excluded


def way(
    phone: Phone,
    message: Message,
    purpose: str,
    priority: Priority,
    now: datetime,
    standings: Mapping[str, Standing],
    knocked: Priority | None = None,
) -> Way:
    """How a message leaves for this phone; `knocked` is for what a knock still stands there.

    >>> way(Phone("telegram"), Message("Halo"), "answer", Priority.REPLY, datetime.max, {})
    Free()
    >>> way(Phone("whatsapp"), Message("Halo"), "broadcast", Priority.BROADCAST, datetime.max, {})
    Excluded(reason='window')
    """
    declared = _declared(message)
    whole = declared is not None and declared.whole
    if phone.speaks_freely(now):
        doubtful = phone.is_doubtful(now)
        if whole or not (doubtful or phone.is_locked(now)):
            return Free()
        if purpose in NAMES_NOBODY and not doubtful:
            return Free()
        if purpose in HELPS_NOW and _written_there(phone, now):
            return Free()
        if _waits(purpose, priority, knocked) or purpose in TO_MANY:
            return Wait()
        if phone.is_in_use(now) and priority is not Priority.ALARM:
            return Wait()
        return Knock(None, SERVICE)
    if declared is not None and whole:
        standing = standings.get(declared.name, NOWHERE)
        reason = _why_not(declared, standing)
        if not reason:
            return Whole(standing.category)
        if priority is not Priority.ALARM:
            return Excluded(reason)
    elif purpose in TO_MANY:
        return Excluded(WINDOW)
    if _waits(purpose, priority, knocked) or _says_nothing(purpose, message):
        return Wait()
    return _knock(declared, purpose, standings)


def _written_there(phone: Phone, now: datetime) -> bool:
    """Whether somebody wrote there a moment ago."""
    wrote_at = phone.used_at or phone.heard_at
    return wrote_at is not None and now - wrote_at < LOCKS_AFTER


def _knock(declared: Declared | None, purpose: str, standings: Mapping[str, Standing]) -> Way:
    reason = TEMPLATE
    for opening in _openings(declared, purpose):
        standing = standings.get(opening.name, NOWHERE)
        reason = _why_not(opening, standing)
        if not reason:
            return Knock(opening.name, standing.category)
    return Excluded(reason)


def _openings(declared: Declared | None, purpose: str) -> Iterator[Declared]:
    """What may knock for it, the best first: a check-in by its own opening or not at all, because
    it is no news from staff."""
    known = declared_templates()
    if purpose in _CHECKINS:
        yield known[templates.CHECKIN]
        return
    if declared is not None and not declared.whole:
        yield declared
    yield known[templates.NEWS]


def _waits(purpose: str, priority: Priority, knocked: Priority | None) -> bool:
    """An alarm knocks every time."""
    if purpose in INSIDE_ONLY:
        return True
    if knocked is None or priority is Priority.ALARM:
        return False
    return _ORDER.index(knocked) <= _ORDER.index(priority)


def _says_nothing(purpose: str, message: Message) -> bool:
    """A list of the day on which nothing stands: approved words are paid for, and there is no news.

    >>> _says_nothing("day_list", Message("Tidak ada tugas terbuka."))
    True
    """
    return purpose == _DAY_LIST and not message.choices


def _declared(message: Message) -> Declared | None:
    return None if message.template is None else declared_templates().get(message.template.name)


def _why_not(declared: Declared, standing: Standing) -> str:
    if standing.status != APPROVED or not standing.current:
        return TEMPLATE
    if standing.category == MARKETING and declared.as_marketing == "exclude":
        return AD
    return ""
