"""Who can be helped along on another's phone, as values, and what a conversation may ask about it.

How helping goes is in `helping.py`; how somebody comes to her own chat by a code in `joining.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from conversations.dialogue import Consent, Person, PersonId

if TYPE_CHECKING:
    from conversations.message import MediaId
    from conversations.schools.session import School, SchoolId

SALUTATIONS = frozenset(
    {
        *("mbah", "eyang", "nenek", "kakek", "nyai", "kiai", "bok", "ebok", "ibu", "bu"),
        *("bapak", "pak", "bude", "pakde", "bulik", "paklik", "mak", "mbak", "mas", "haji", "hj"),
    }
)
"""How people are called here, in small letters: the first word of a name may be one."""

LASTS = timedelta(minutes=30)
"""So long after the last message a phone speaks for its owner again."""


@dataclass(frozen=True, slots=True)
class Helped:
    """Somebody on a school's list, as whoever may help her sees her."""

    person: PersonId
    number: int
    name: str
    """Salutation and name, as the cadre knows her."""
    school: str
    """The school's code."""
    consent: Consent = Consent.UNASKED
    registered: bool = False
    has_phone: bool = False
    """A chat of her own reaches her: then she speaks for herself."""
    told: bool = False
    """Her check-in since the given moment is finished."""
    helper: str = ""
    """Who else is typing for her at this moment."""


@dataclass(frozen=True, slots=True)
class Invited:
    """Whom a code on a slip belongs to."""

    person: PersonId
    good: bool
    """Not used, not replaced and not too old."""
    has_phone: bool
    linking: bool = False
    """It is not a slip's: she asked for it in another chat of hers."""


class Helping(Protocol):
    """Bounded point queries, read-only."""

    def helper(self, person: PersonId) -> Person | None:
        """Somebody who types for another, with role, salutation and name."""

    def schools(self, cadre: PersonId) -> tuple[School, ...]:
        """The open schools a cadre looks after or is on the list of, by code."""

    def people(self, school: SchoolId, helper: PersonId, since: datetime) -> tuple[Helped, ...]:
        """A school's list by number; `told` looks at check-ins from `since` on."""

    def one(self, person: PersonId, helper: PersonId) -> tuple[Helped, ...]:
        """The same about one person, once for each school that she is on the list of."""

    def lapsed(self, helper: PersonId) -> str | None:
        """Whom she was typing for until time ended it, which she was not told yet."""

    def until(self, helper: PersonId) -> datetime | None:
        """Until when her phone speaks for somebody else; None: it speaks for herself."""

    def notice(self) -> MediaId | None:
        """The recording of the notice that people consent to, if there is one."""

    def invited(self, code: str) -> Invited | None:
        """Whom a code of eight signs belongs to, also one that is not good any more."""

    def link_code(self) -> str:
        """A new code of eight signs."""

    def tries(self, person: PersonId) -> int:
        """How many codes that were nobody's this person has sent within this hour."""

    def chats(self, person: PersonId) -> int:
        """How many chats reach her."""
