"""TIDAK SAMPAI: what could not be sent lately, to whom, of what kind, why and since when.

Nothing tells what a message said. Staff and organisers see everybody, a cadre the people of her
schools; which kinds of messages each may see is decided here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from conversations.broadcasts.broadcast import why_text
from conversations.dialogue import PersonId
from conversations.event import Audited
from conversations.message import Choice, Inbound, Kind
from conversations.permission import Act, may
from locales import say

if TYPE_CHECKING:
    from conversations.talk import Talk

DAYS: Final = 7
PAGE: Final = 8
LONGEST: Final = 1_000
"""Characters of one page."""

_SAID: Final = re.compile(r"^/?tidak\s+sampai[\s.!?]*$", re.IGNORECASE)
_BUTTON: Final = "ts:"
_NAME: Final = 40

KINDS: Final[Mapping[str, str]] = {
    "invite": "session",
    "session_reminder": "session",
    "session_changed": "session",
    "checkin": "checkin",
    "nudge": "checkin",
    "assisted": "checkin",
    "tip": "tip",
    "broadcast": "broadcast",
    "message": "message",
    "alert": "duty",
    "taken": "duty",
    "siap": "duty",
    "unready": "duty",
    "unanswered": "duty",
    "overdue": "duty",
    "reply": "reply",
    "danger": "reply",
    "answer": "reply",
}
"""What a purpose is called in the list; what stands here not is something else."""

OF_THE_SCHOOL: Final = frozenset({"session", "checkin", "tip", "broadcast", "message"})
"""What everybody gets: all that somebody without a part in safeguarding is told of."""


@dataclass(frozen=True, slots=True)
class Unsent:
    """Messages of one kind that did not reach one person for one reason."""

    person: PersonId
    name: str
    village: str
    kind: str
    reason: str
    """A key of `not_sent`."""
    since: datetime
    """When the first of them was to leave."""
    number: int = 1


def kind_of(purpose: str) -> str:
    """What a message is called in the list.

    >>> kind_of("session_reminder"), kind_of("pilot")
    ('session', 'other')
    """
    return KINDS.get(purpose, "other")


def kind_text(kind: str) -> str:
    """A kind in words.

    >>> kind_text("checkin")
    'kabar mingguan'
    """
    return say(f"unsent.kind.{kind}")


def respond(talk: Talk, inbound: Inbound) -> bool:
    """Hears TIDAK SAMPAI and the button of its next page; False for anybody without that task."""
    first = 0
    if inbound.kind is Kind.BUTTON:
        if not inbound.button.startswith(_BUTTON):
            return False
        number = inbound.button.removeprefix(_BUTTON)
        first = int(number) if number.isdecimal() and len(number) < 7 else 0
    elif inbound.kind is not Kind.TEXT or not _SAID.match(inbound.text.strip()):
        return False
    if not may(talk.person, Act.LIST_UNSENT):
        return False
    _show(talk, first)
    return True


def _show(talk: Talk, first: int) -> None:
    sees_all = talk.person.role.in_office
    found = talk.world.unsent(None if sees_all else talk.person.id)
    if not talk.person.role.safeguards:
        found = tuple(one for one in found if one.kind in OF_THE_SCHOOL)
    talk.add(Audited("unsent listed", f"{len(found)}"))
    if not found:
        talk.ask_again(talk.text("unsent.nothing", days=DAYS))
        return
    begin = first if first < len(found) else 0
    text, end = _page(talk, found, begin)
    if end < len(found):
        talk.offer(text, (Choice(talk.text("staff.more"), f"{_BUTTON}{end}"),), discreet=True)
    else:
        talk.ask_again(text, discreet=True)


def _page(talk: Talk, found: Sequence[Unsent], begin: int) -> tuple[str, int]:
    """As many lines as one message holds, and where the next page begins."""
    people = len({one.person for one in found})
    lines = [talk.text("unsent.heading", days=DAYS, people=people)]
    if begin == 0:
        lines += summary(found)
    end = begin
    for one in found[begin : begin + PAGE]:
        line = _line(talk, one)
        if end > begin and len("\n".join([*lines, line])) > LONGEST:
            break
        lines.append(line)
        end += 1
    return "\n".join(lines), end


def summary(found: Sequence[Unsent]) -> list[str]:
    """How many messages for which reason, the most frequent first."""
    numbers: Counter[str] = Counter()
    for one in found:
        numbers[one.reason] += one.number
    often = sorted(numbers.items(), key=lambda reason: (-reason[1], reason[0]))
    return [say("unsent.why", n=number, why=why_text(reason)) for reason, number in often]


def _line(talk: Talk, one: Unsent) -> str:
    name = one.name if len(one.name) <= _NAME else f"{one.name[: _NAME - 1]}…"
    return talk.text(
        "unsent.line",
        name=name or talk.text("someone"),
        village=f" ({one.village[:_NAME]})" if one.village else "",
        kind=kind_text(one.kind),
        number=f" {one.number}×" if one.number > 1 else "",
        why=why_text(one.reason),
        since=f"{one.since.astimezone(talk.person.tz):%d/%m}",
    )
