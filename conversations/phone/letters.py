"""Words that were withheld from a phone until its holder answered: which of them still follow.

She was only told that there is something, or wrote by herself while something waited for her. What
her own message means then is in unseen.py.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from conversations.dialogue import Dialogue, Interview, Person, Turn
from conversations.event import PersonChanged, TaskOpened
from conversations.level import Level
from conversations.message import Message, Outgoing, Priority, printed
from conversations.morning import LONGEST, Held, first_of

GRAVE = frozenset({"bahaya", "sandi", "lapor"})
"""Conversations into which nothing comes that nobody asked for."""

_SAME_MOMENT = timedelta(milliseconds=1)
"""Moments are kept by whole milliseconds."""

_TIP = "tip"
_UNASKED = (Priority.REMINDER, Priority.BROADCAST)
_OF_INTERVIEW = re.compile(r"([^.:]+)\.[0-9a-f]{6}\.\d+")


@dataclass(frozen=True, slots=True)
class Letter:
    """One withheld message. Moments are aware; `said_at` is when it was planned."""

    id: int
    message: Message
    purpose: str
    priority: Priority
    said_at: datetime
    expires_at: datetime | None = None
    knocked: bool = True
    """She was told that there is something; False: it only waited for her."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """Letters that follow as one message."""

    ids: tuple[int, ...]
    outgoing: Outgoing


@dataclass(frozen=True, slots=True)
class Post:
    """What becomes of all of them, and the turn that they follow, without what the first parcel now
    says: `late` are of no use any more, `later` leave by themselves."""

    turn: Turn
    parcels: tuple[Parcel, ...] = ()
    late: tuple[int, ...] = ()
    stopped: tuple[int, ...] = ()
    later: tuple[int, ...] = ()


def of_use(
    letters: Sequence[Letter], dialogue: Dialogue, person: Person, now: datetime
) -> tuple[Letter, ...]:
    """Those that may follow: in time, wanted, and no question of what has ended or is asked by an
    earlier one of them."""
    found: list[Letter] = []
    for letter in letters:
        interview = _of_interview(letter, dialogue)
        if interview is None:
            over = letter.expires_at is not None and letter.expires_at <= now
            if over or (_interview_named(letter) and letter.purpose != _TIP):
                continue
            if _interview_named(letter):
                letter = _without_question(letter)
                if not letter.message.text:
                    continue
        elif any(_asks_the_same(earlier, letter) for earlier in found):
            continue
        if letter.priority in _UNASKED and person.stopped:
            continue
        found.append(letter)
    return tuple(found)


def follow(
    letters: Sequence[Letter], useful: Sequence[Letter], before: Dialogue, turn: Turn, now: datetime
) -> Post:
    """What follows the answer of this turn; `useful` are those that were when it began.

    After BERHENTI nothing does. A question that the turn itself asks, or puts another one before,
    is not asked again, though the tip that it is about is told; and of danger only people's own
    words follow.
    """
    if _stops(turn):
        return Post(turn, stopped=tuple(letter.id for letter in letters))
    grave = _is_grave(turn)
    unwanted = [one for one in useful if grave and one.priority in _UNASKED]
    later = tuple(one.id for one in unwanted if not one.knocked)
    questions = _questions(useful, before)
    staying = [
        one
        if one.id not in questions or _is_open(questions[one.id], turn)
        else _without_question(one)
        for one in useful
        if one not in unwanted
        and (one.id not in questions or one.purpose == _TIP or _is_open(questions[one.id], turn))
    ]
    staying = [one for one in staying if one.message.text or one.message.media is not None]
    parcels, turn = _packed(staying, turn)
    kept = {id_ for parcel in parcels for id_ in parcel.ids}
    late = tuple(one.id for one in letters if one.id not in kept and one.id not in later)
    asked = {questions[id_].id for id_ in kept & questions.keys()}
    offered = {choice.payload for one in staying for choice in one.message.choices}
    dialogue = _shown(turn.dialogue, before, asked, offered, now)
    return Post(replace(turn, dialogue=dialogue), parcels, late=late, later=later)


def come_first(turn: Turn) -> bool:
    """Whether they stand before what the turn says: its question is the last word, but whoever is
    in danger is helped first."""
    return not _is_grave(turn) and any(
        _is_to_her(one) and one.message.choices for one in turn.outgoing
    )


def _packed(letters: Sequence[Letter], turn: Turn) -> tuple[tuple[Parcel, ...], Turn]:
    """As few messages as they fit into; a kind word of the turn stands in the first of them."""
    held = [Held(one.id, one.purpose, one.message) for one in letters]
    purposes = {one.id: one.purpose for one in letters}
    parcels: list[Parcel] = []
    while held:
        joined = first_of(held)
        ids = (joined.kept, *joined.carried)
        message = replace(joined.message, template=None)
        parcels.append(Parcel(ids, Outgoing(message, purpose=purposes[joined.kept])))
        held = [one for one in held if one.id not in ids]
    said = [one.message for one in turn.outgoing if _is_to_her(one)]
    if not parcels or len(said) != 1 or said[0] != Message(said[0].text):
        return tuple(parcels), turn
    first = parcels[0].outgoing
    together = replace(first.message, text=f"{said[0].text}\n\n{first.message.text}")
    if len(printed(together)) > LONGEST or first.message.media is not None:
        return tuple(parcels), turn
    parcels[0] = replace(parcels[0], outgoing=replace(first, message=together))
    to_others = tuple(one for one in turn.outgoing if not _is_to_her(one))
    return tuple(parcels), replace(turn, outgoing=to_others)


def _questions(letters: Sequence[Letter], dialogue: Dialogue) -> dict[int, Interview]:
    """The letters that ask, each with the interview that does: where a greeting or a tip was said
    with a question, the question was the last."""
    found: dict[int, Interview] = {}
    for interview in dialogue.stack:
        of_it = [one for one in letters if _of_interview(one, dialogue) is interview]
        asking = [one for one in of_it if one.message.choices] or of_it[-1:]
        found |= {one.id: interview for one in asking}
    return found


def _without_question(tip: Letter) -> Letter:
    """Its own words: what is asked about it is the last paragraph. None are left where the question
    was a message of its own, after a long tip."""
    text = tip.message.text.rpartition("\n\n")[0]
    return replace(tip, message=replace(tip.message, text=text, choices=()))


def _of_interview(letter: Letter, dialogue: Dialogue) -> Interview | None:
    """The interview, running or waiting, of which it is a question or what was said with one."""
    named = _interview_named(letter)
    for interview in dialogue.stack:
        if interview.id == named:
            return interview
        if not named and interview.asked_at is not None:
            passed = abs(interview.asked_at - letter.said_at)
            if passed < _SAME_MOMENT:
                return interview
    return None


def _interview_named(letter: Letter) -> str:
    choices = letter.message.choices
    match = _OF_INTERVIEW.fullmatch(choices[0].payload) if choices else None
    return match[1] if match else ""


def _asks_the_same(earlier: Letter, letter: Letter) -> bool:
    """A check-in that nobody saw is not reminded of, and its question comes once."""
    if letter.purpose == "nudge" and earlier.purpose == "checkin":
        return True
    asked = earlier.message.choices
    return bool(asked) and asked == letter.message.choices


def _is_open(asking: Interview, turn: Turn) -> bool:
    """Whether it is what she is asked now, and the turn has not said so itself."""
    running = turn.dialogue.running
    if running is None or running.id != asking.id or running.at != asking.at:
        return False
    return running.asked_at == asking.asked_at


def _shown(
    after: Dialogue, before: Dialogue, asked: set[str], offered: set[str], now: datetime
) -> Dialogue:
    """She sees these questions and choices only now."""
    stack = tuple(replace(one, asked_at=now) if one.id in asked else one for one in after.stack)
    if after.offer or not offered & set(before.offer):
        return replace(after, stack=stack)
    return replace(after, stack=stack, offer=before.offer, offered_at=now)


def _is_to_her(outgoing: Outgoing) -> bool:
    return outgoing.to is None


def _stops(turn: Turn) -> bool:
    return any(
        isinstance(event, PersonChanged) and event.changes.get("stopped") is True
        for event in turn.events
    )


def _is_grave(turn: Turn) -> bool:
    running = turn.dialogue.running
    return (running is not None and running.conversation in GRAVE) or any(
        isinstance(event, TaskOpened) and event.level >= Level.ORANYE for event in turn.events
    )
