"""BERDUKA: after a death a household is left in peace for seven days.

Anybody may say it for her own; a cadre for somebody on the list of her school, by number.
"""

from __future__ import annotations

import re
from datetime import timedelta

from conversations.broadcasts.broadcasting import is_writing
from conversations.event import HouseholdPaused
from conversations.interview import takes_free_text
from conversations.message import Choice, Inbound, Kind
from conversations.permission import Act, may
from conversations.reading.words import words_of
from conversations.schools.announcing import shortened
from conversations.schools.lists import NAME, agreed, choose_school, hers
from conversations.schools.rsvp import is_doubtful
from conversations.schools.session import Enrolled, SchoolId
from conversations.talk import Talk
from locales.words import words

MOURNING = timedelta(days=7)

_ORDER = re.compile(
    r"^/?((?:(?:kami|saya|keluarga|sekeluarga|sedang|lagi|masih|baru)\s+)*)berduka\b"
    r"(?:\s+cita)?[\s:,.!]*(.*)$",
    re.IGNORECASE | re.DOTALL,
)
_FOR_ANOTHER = re.compile(r"^(?:[\w-]+\s+)?(?:no|nomor|nomer)?\.?\s*(\d{1,4})$", re.IGNORECASE)
_DEATH = re.compile(
    r"\b(?:meninggal|wafat|berpulang|tiada|ninggal|mati|seda|sedo|tilar|kapundut|pupus|maot|mate)\b",
    re.IGNORECASE,
)
_PRESSED = re.compile(r"s:b:(\d{1,18}):(\d{1,4})(:ok)?")


def respond(talk: Talk, inbound: Inbound) -> bool:
    """Hears that somebody mourns; False when the message means something else."""
    if inbound.kind is Kind.BUTTON:
        return _pressed(talk, inbound.button)
    if inbound.kind is not Kind.TEXT or is_writing(talk):
        return False
    said = inbound.text.strip()
    if (payload := agreed(talk, said, "s:b:.*:ok", "s:b:n")) is not None:
        return is_doubtful(talk, said, payload) or _pressed(talk, payload)
    match = _ORDER.match(said)
    if match is None:
        return False
    whose, rest = match[1], match[2].strip()
    if _is_courtesy(rest):
        _own(talk)
        return True
    if number := _FOR_ANOTHER.match(rest):
        _of_another(talk, rest, int(number[1]))
        return True
    if talk.running is not None and takes_free_text(talk.running, talk.world):
        return False
    if not whose and may(talk.person, Act.PAUSE_HOUSEHOLD):
        talk.ask_again(talk.text("mourning.how"))
        return True
    if _DEATH.search(rest):
        _own(talk)
        return True
    return False


def _is_courtesy(said: str) -> bool:
    courtesy, answers = words()["courtesy"], words()["answers"]
    return all(
        word in courtesy or answers.get(word) == "opener" or not word[0].isalnum()
        for word in words_of(said)
    )


def _own(talk: Talk) -> None:
    talk.add(HouseholdPaused(talk.world.now + MOURNING))
    talk.say("mourning.own")


def _of_another(talk: Talk, words: str, number: int) -> None:
    if not may(talk.person, Act.PAUSE_HOUSEHOLD):
        talk.ask_again(talk.text("mourning.only_own"))
        return
    chosen = choose_school(talk, words, "BERDUKA", f"s:b:{{}}:{number}")
    if chosen is not None:
        _show(talk, chosen[0][0].id, number)


def _show(talk: Talk, school_id: SchoolId, number: int) -> None:
    """Names the household before it is left in peace: a wrong number is somebody else's."""
    who = _on_the_list(talk, school_id, number)
    if who is None:
        return
    talk.offer(
        talk.text("mourning.sure", who=shortened(who.name, NAME)),
        (
            Choice(talk.text("mourning.yes"), f"s:b:{school_id}:{number}:ok"),
            Choice(talk.text("school.not_meant"), "s:b:n"),
        ),
    )


def _pressed(talk: Talk, button: str) -> bool:
    if button == "s:b:n":
        talk.ask_again(talk.text("mourning.nothing"))
        return True
    match = _PRESSED.fullmatch(button)
    if match is None:
        return False
    school_id, number = SchoolId(int(match[1])), int(match[2])
    if not match[3]:
        _show(talk, school_id, number)
        return True
    who = _on_the_list(talk, school_id, number)
    if who is not None:
        talk.add(HouseholdPaused(talk.world.now + MOURNING, who.person))
        talk.ask_again(talk.text("mourning.done", who=shortened(who.name, NAME)))
    return True


def _on_the_list(talk: Talk, school_id: SchoolId, number: int) -> Enrolled | None:
    """Whoever has this number in a school of hers; says so when nobody has."""
    school = next((one for one in hers(talk) if one.id == school_id), None)
    if school is None:
        talk.ask_again(talk.text("school.none_yours"))
        return None
    people = talk.world.schools.enrolled(school.id)
    who = next((one for one in people if one.number == number), None)
    if who is None:
        name = shortened(school.name, NAME)
        talk.ask_again(talk.text("mourning.nobody", number=number, school=name))
    return who
