"""Who holds a phone that several people use, or that may be a stranger's by now: what is asked, how
an answer is read, and what is heard without asking.

The answer is not proof. Nothing that is said here names a child, a school, a village or a concern.
Whose phone it is afterwards is kept in `storage/phones.py`; the turn of it is `bot/gate.py`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from conversations import danger, reading
from conversations.commands import EXACT
from conversations.concerns import traces, young
from conversations.concerns.cry import is_cry, is_plea, is_yes
from conversations.courtesy import is_greeting, is_thanks
from conversations.dialogue import Dialogue, PersonId
from conversations.level import Level
from conversations.message import Choice, Inbound, Kind, Message
from conversations.phone.phone import LOCKS_AFTER, Phone
from locales import say

BUTTON: Final = "h:"
"""Payloads of the choices begin with it; the person's id follows, or one of the two below."""

NOBODY, STAFF = "0", "petugas"

SIMPLER, OFFERED, CALLED = 2, 3, 4
"""After so many answers that were not understood: in simpler words; with somebody of staff to be
chosen; and then staff are told without being chosen."""

LISTED: Final = 8
"""People that are offered by name, so that with "somebody else" and "staff" there are ten."""

A_STORY: Final = 3
"""Words from which on a text is heard afterwards, also where it was no answer."""

_LONGEST_ANSWER, _LONGEST_NO = 4, 2
"""Words: "tidak mau makan" tells of a child and does not say that the phone is another's."""

_HANDED_ON: Final = frozenset({"ganti", "ganti orang", "ganti pemakai", "pindah tangan"})
_SIGNS: Final = frozenset({Kind.STICKER, Kind.REACTION, Kind.CAME_BACK})
_SIGN: Final = "[cdfghjkmnpqrtvwxy34679]"
_CODE: Final = re.compile(
    rf"(?:/?start|/?daftar|kode)\s+[a-z0-9][a-z0-9 -]+|{_SIGN}{{4}}[\s-]?{_SIGN}{{4}}",
    re.IGNORECASE,
)
_URGENT: Final = ("safe_word", "person")
_OPEN_TO_ALL: Final = ("help", "stop")


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who uses the phone; `called` is salutation and name, empty when neither is known."""

    person: PersonId
    called: str
    relation: str = ""


@dataclass(frozen=True, slots=True)
class Closed:
    """A phone of which it is open who holds it."""

    phone: Phone
    """As it was before the message."""
    now: datetime
    holders: Sequence[Holder]
    dialogue: Dialogue
    """Of whoever held it last."""
    asked: bool = False
    """It was asked before, and not answered."""
    times: int = 0
    """How often it was asked."""

    @property
    def idle(self) -> bool:
        """Whether it lay there so long that what was being told is over."""
        heard = self.phone.heard_at
        return heard is None or self.now - heard >= LOCKS_AFTER

    @property
    def tries(self) -> int:
        """How often it was asked since the phone woke."""
        return 0 if self.idle or not self.asked else self.times


class Way(StrEnum):
    """What becomes of a message that comes from such a phone."""

    THROUGH = "through"
    """Heard at once as the last holder's, with nothing that she was in: somebody is in danger."""
    ON = "on"
    """Part of such a talk that is going on."""
    APART = "apart"
    """Answered at once, as it holds for everybody; then the phone is closed as before."""
    ASK = "ask"
    HELD = "held"
    """The answer names who holds it."""
    ANOTHER = "another"
    """The answer: it is none of these."""
    STAFF = "staff"
    """A person of staff is wanted, because the question is too hard."""


@dataclass(frozen=True, slots=True)
class Decision:
    """`person` is who holds it since `HELD`."""

    way: Way
    person: PersonId | None = None


def is_closed(phone: Phone, now: datetime, *, asked: bool) -> bool:
    """Whether it has to be known first who holds the phone."""
    return asked or phone.is_locked(now) or phone.is_doubtful(now)


def is_handed_on(inbound: Inbound) -> bool:
    """Whether somebody tells that from now on another holds the phone."""
    return inbound.kind is Kind.TEXT and _plain(inbound.text) in _HANDED_ON


def decide(closed: Closed, inbound: Inbound) -> Decision:
    """What becomes of this message; danger is never kept waiting by a question."""
    if inbound.kind is Kind.LEFT:
        return Decision(Way.ON)
    if not closed.idle and _is_in_urgent_talk(closed.dialogue, inbound):
        return Decision(Way.ON)
    if _is_still_in_danger(closed.dialogue, inbound):
        return Decision(Way.ON)
    if not _names_a_holder(closed, inbound) and is_urgent(inbound):
        return Decision(Way.THROUGH)
    if is_for_everybody(inbound) or (not closed.asked and _wants_help(inbound)):
        return Decision(Way.APART)
    said = answer(closed, inbound) if closed.asked else _pressed(closed, inbound)
    if said is None:
        return Decision(Way.STAFF if closed.tries == CALLED else Way.ASK)
    if said == STAFF:
        return Decision(Way.STAFF)
    if said == NOBODY:
        return Decision(Way.ANOTHER)
    return Decision(Way.HELD, PersonId(int(said)))


def question(
    holders: Sequence[Holder],
    *,
    shared: bool,
    tries: int = 0,
    opening: str = "",
    language: str = "id",
) -> Message:
    """Who holds the phone, or whether it is still hers; numbered, in simpler words each time.

    `opening` is said before it, such as that there is a message for somebody.
    """
    key = "holding.who" if shared else "holding.hers"
    if not shared and not any(holder.called for holder in holders):
        key = "holding.same"
    if tries >= SIMPLER:
        key += ".simple"
    who = holders[0].called if holders else ""
    words = [opening] if opening else []
    if tries:
        words.append(say("holding.again", language))
    words.append(say(key, language, who=who))
    if tries >= OFFERED:
        words.append(say("holding.staff_too", language))
    choices = tuple(
        Choice(label, f"{BUTTON}{said}")
        for said, label in _options(holders, shared, language, offered=tries >= OFFERED)
    )
    return Message(" ".join(words), choices)


def answer(closed: Closed, inbound: Inbound) -> str | None:
    """Whom an answer names: a person's id, `NOBODY`, `STAFF`; None when it is no answer."""
    if (pressed := _pressed(closed, inbound)) is not None:
        return pressed
    if inbound.kind is not Kind.TEXT or len(inbound.text.split()) > _LONGEST_ANSWER:
        return None
    if _is_code(inbound.text):
        return None
    options = _options(closed.holders, closed.phone.shared, "id", offered=closed.tries > OFFERED)
    place = reading.choice(inbound.text, [label for _, label in options])
    if place is None:
        return None
    said = options[place][0]
    typed = inbound.text.strip()
    if said == NOBODY and not typed.isdecimal() and len(typed.split()) > _LONGEST_NO:
        return None
    return said


def is_urgent(inbound: Inbound) -> bool:
    """Whether it must be heard now, whoever holds the phone: danger, a cry, the safe
    word, a child who is afraid of somebody at home.

    >>> from datetime import UTC
    >>> [is_urgent(Inbound(Kind.TEXT, datetime(2026, 11, 18, tzinfo=UTC), text=said))
    ...     for said in ("tolong bahaya", "MELATI", "petugas", "halo")]
    [True, True, True, False]
    """
    if inbound.kind is Kind.BUTTON or not any(map(str.isalpha, inbound.text)):
        return False
    if EXACT.get(_plain(inbound.text)) in _URGENT or is_cry(inbound.text):
        return True
    if is_plea(inbound.text) or reading.intent(inbound.text) == "person":
        return True
    if traces.is_wish(inbound.text):
        return False
    if young.is_afraid(inbound.text):
        return True
    return danger.assess(inbound.text).level in (Level.MERAH, Level.ORANYE)


def is_for_everybody(inbound: Inbound) -> bool:
    """Whether it is answered for everybody alike: BANTUAN, BERHENTI, HAPUS JEJAK."""
    if inbound.kind is not Kind.TEXT:
        return False
    if EXACT.get(_plain(inbound.text)) in _OPEN_TO_ALL or traces.is_wish(inbound.text):
        return True
    return reading.intent(inbound.text) == "stop"


def worth_hearing(kept: Sequence[Inbound]) -> list[Inbound]:
    """Of what was written while it was open who holds the phone: what is heard afterwards.

    What was answered at once is not heard again; of the rest, files, presses and stories, and the
    first word if there is nothing more.
    """
    unheard = [one for one in kept if not is_urgent(one) and not is_for_everybody(one)]
    told = [one for one in unheard if _tells(one)]
    first = unheard[:1]
    if first and not _is_courtesy(first[0]) and first[0] not in told:
        return [*first, *told]
    return told or first


def hello(who: str, *, shared: bool, language: str = "id") -> str:
    """The first words to her who holds it now."""
    key = "holding.hello" if shared else "holding.hello.hers"
    return say(key, language, who=who or say("someone", language))


def called(holders: Sequence[Holder]) -> list[str]:
    """What they are called, each differently: by what they are to the child's family, or counted.

    >>> called([Holder(PersonId(1), "Mbah", "nenek"), Holder(PersonId(2), "Mbah", "kakek")])
    ['Mbah (nenek)', 'Mbah (kakek)']
    """
    names = [holder.called for holder in holders]
    often = Counter(map(str.casefold, names))
    told = [
        f"{name} ({holder.relation})" if holder.relation and often[name.casefold()] > 1 else name
        for name, holder in zip(names, holders, strict=True)
    ]
    often = Counter(told)
    return [
        f"{name} {told[: n + 1].count(name)}" if often[name] > 1 else name
        for n, name in enumerate(told)
    ]


def _options(
    holders: Sequence[Holder], shared: bool, language: str, *, offered: bool
) -> list[tuple[str, str]]:
    """What may be answered, in the order in which it is numbered, with its label."""
    if shared:
        known = [holder for holder in holders if holder.called][:LISTED]
        options = [(str(one.person), name) for one, name in zip(known, called(known), strict=True)]
        options.append((NOBODY, say("holding.other", language)))
    else:
        options = [
            (str(holders[0].person), say("holding.yes", language)),
            (NOBODY, say("holding.no", language)),
        ]
    if offered:
        options.append((STAFF, say("holding.staff", language)))
    return options


def _pressed(closed: Closed, inbound: Inbound) -> str | None:
    """The same by a button, also one of an earlier question."""
    if inbound.kind is not Kind.BUTTON or not inbound.button.startswith(BUTTON):
        return None
    said = inbound.button.removeprefix(BUTTON)
    known = {str(holder.person) for holder in closed.holders}
    return said if said in known | {NOBODY, STAFF} else None


def _names_a_holder(closed: Closed, inbound: Inbound) -> bool:
    """The safe word is a woman's name too; in capitals it always holds."""
    if not closed.asked or inbound.text.strip().isupper():
        return False
    plain = _plain(inbound.text)
    return any(plain in holder.called.casefold().split() for holder in closed.holders)


def _is_in_urgent_talk(dialogue: Dialogue, inbound: Inbound) -> bool:
    """Whether a report, or the choice what goes from the phone, is going on at this moment."""
    running = dialogue.running
    if running is not None:
        return running.conversation in traces.REPORTS
    if not dialogue.offer or not dialogue.offer[0].startswith(_OF_TRACES):
        return False
    return inbound.button.startswith(_OF_TRACES) or inbound.text.strip().isdecimal()


_OF_TRACES = "traces:"


def _is_still_in_danger(dialogue: Dialogue, inbound: Inbound) -> bool:
    """Whether it says yes, in words that mean nothing else, to the question if it is danger."""
    running = dialogue.running
    in_danger = running is not None and running.conversation == "bahaya"
    return in_danger and inbound.kind is Kind.TEXT and is_yes(inbound.text)


def _tells(inbound: Inbound) -> bool:
    if inbound.kind is not Kind.TEXT:
        return inbound.kind not in _SIGNS and not inbound.button.startswith(BUTTON)
    if _is_code(inbound.text):
        return True
    return len(inbound.text.split()) >= A_STORY and not _is_courtesy(inbound)


def _wants_help(inbound: Inbound) -> bool:
    """Once it was asked, such words mean that the question is not understood."""
    return inbound.kind is Kind.TEXT and reading.intent(inbound.text) == "help"


def _is_code(text: str) -> bool:
    """Whether it is a code of a slip, a poster or an account: no answer, whatever it ends with.

    >>> [_is_code(said) for said in ("DAFTAR ABC-1", "cdfg-hjkm", "Maimunah", "mbah siti")]
    [True, True, False, False]
    """
    return _CODE.fullmatch(text.strip()) is not None


def _is_courtesy(inbound: Inbound) -> bool:
    text = inbound.text
    return inbound.kind is Kind.TEXT and (is_greeting(text) or is_thanks(text))


def _plain(text: str) -> str:
    return " ".join(text.strip().lstrip("/").casefold().split()).rstrip("!. ")
