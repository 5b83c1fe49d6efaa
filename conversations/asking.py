"""How the open question of an interview is put, and which of its answers a reply means.

Every stage is here: the question itself, the offer of a person after three tries, the review
before sending off, and the choice of which answer to change.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b

from conversations import reading
from conversations.dialogue import Interview, Person
from conversations.form.instance import Instance
from conversations.form.model import Question, Type
from conversations.message import READ_FOR_MEANING, Choice, Message, printed
from conversations.review import (
    COMFORTABLE,
    LONGEST_LIST,
    answered,
    review_lines,
    short_name,
)
from conversations.world import World
from locales import say

HANDOVER_AFTER = 3
"""Tries after which a person is offered (DOMAIN: two failed parses, then simpler, then a human)."""

REVIEW = "@review"
WHICH = "@which"

REGISTERS = ("desa", "anak")
"""Appearances of text questions whose choices come from what the programme already knows."""

NAMES = ("nama",)
"""Appearances of text questions that want a name: no story, no number, no recording."""

ADULT = "dewasa"
"""Appearance of "18 or older?", which may be answered with an age."""

OLDEST_CHILD = 18


class Act(StrEnum):
    """What a reply asks the interview to do."""

    ANSWER = "answer"
    SKIP = "skip"
    RETRY = "retry"
    CALL_ME = "call_me"
    SEND = "send"
    CHANGE = "change"
    GO_TO = "go_to"


@dataclass(frozen=True, slots=True)
class Picked:
    """A reply understood; `value` is the answer's XForms string, or the path to go to."""

    act: Act
    value: str = ""


@dataclass(frozen=True, slots=True)
class Option:
    """One numbered choice and what it does."""

    label: str
    picked: Picked


def question(
    interview: Interview, instance: Instance, person: Person, world: World, opening: str = ""
) -> tuple[Message, ...]:
    """The open question, as one message, or two where one would be too long to read."""
    text = _text(interview, instance, person)
    offered = options(interview, instance, person, world)
    choices = tuple(
        Choice(option.label, _payload(interview, index)) for index, option in enumerate(offered)
    )
    if not opening:
        return (Message(text, choices),)
    together = Message(f"{opening}\n\n{text}", choices)
    if len(printed(together)) <= COMFORTABLE:
        return (together,)
    return (Message(opening), Message(text, choices))


def options(
    interview: Interview, instance: Instance, person: Person, world: World
) -> tuple[Option, ...]:
    """The numbered choices of the stage the interview is in, in the order they are printed."""
    language = person.language
    if interview.tries >= HANDOVER_AFTER:
        return _offer_of_a_person(interview, instance, language)
    if interview.at == REVIEW:
        return (
            Option(say("review.send", language), Picked(Act.SEND)),
            Option(say("review.change", language), Picked(Act.CHANGE)),
        )
    if interview.at == WHICH:
        return tuple(
            Option(short_name(instance, path, language), Picked(Act.GO_TO, path))
            for path in answered(interview, instance)
        )
    return _of_question(interview, instance, person, world)


def pressed(
    interview: Interview, payload: str, instance: Instance, person: Person, world: World
) -> Picked | None:
    """What a button of the open question means; None for one of an earlier question."""
    offered = options(interview, instance, person, world)
    for index, option in enumerate(offered):
        if payload == _payload(interview, index):
            return option.picked
    return None


def read(
    interview: Interview, instance: Instance, text: str, person: Person, world: World
) -> Picked | None:
    """What a typed reply means here; None where the bot must ask again."""
    meant = text[:READ_FOR_MEANING]
    offered = options(interview, instance, person, world)
    labels = [option.label for option in offered]
    if interview.tries >= HANDOVER_AFTER:
        return _of_offer(interview, instance, text, offered, person, world)
    if interview.at in (REVIEW, WHICH):
        index = reading.choice(meant, labels)
        if index is None and interview.at == REVIEW and reading.yes_no(meant) == "yes":
            index = 0
        if index is None and interview.at == REVIEW and reading.yes_no(meant) == "no":
            index = 1
        return None if index is None else offered[index].picked
    return _answer(interview, instance, text, offered, person, world)


def zero_is_an_answer(interview: Interview, instance: Instance) -> bool:
    """Whether a typed 0 may be the answer, so that it cannot mean "back"."""
    if interview.at in (None, REVIEW, WHICH):
        return False
    asked = instance.question(interview.at)
    return asked.type in (Type.INTEGER, Type.DECIMAL) or asked.appearance == "jumlah"


def _of_offer(
    interview: Interview,
    instance: Instance,
    text: str,
    offered: tuple[Option, ...],
    person: Person,
    world: World,
) -> Picked | None:
    """A reply to the offer of a person; only what cannot be meant for it answers the question.

    A "ya" here is never taken for consent, nor a "tidak" for an answer about a child.
    """
    meant = text[:READ_FOR_MEANING]
    if chosen := _choose(meant, offered):
        return chosen
    meaning = reading.yes_no(meant)
    if meaning is not None:
        return Picked(Act.CALL_ME if meaning == "yes" else Act.RETRY)
    if interview.at in (None, REVIEW, WHICH):
        return None
    numbered = instance.question(interview.at).type in _NUMBERED
    if numbered and meant.strip().isdecimal():
        return None
    return _answer(interview, instance, text, (), person, world)


_NUMBERED = (Type.SELECT_ONE, Type.SELECT_MULTIPLE, Type.ACKNOWLEDGE, Type.AGAIN)


def _answer(
    interview: Interview,
    instance: Instance,
    text: str,
    offered: tuple[Option, ...],
    person: Person,
    world: World,
) -> Picked | None:
    asked = instance.question(interview.at or "")
    meant = text[:READ_FOR_MEANING]
    if asked.type in (Type.SELECT_ONE, Type.ACKNOWLEDGE, Type.AGAIN):
        return _picked_by_label(interview, instance, asked, meant, offered, person, world)
    if asked.type is Type.SELECT_MULTIPLE:
        return _several(interview, instance, meant, offered, person)
    if asked.type is Type.TEXT:
        chosen = _choose(meant, offered) if offered else None
        if chosen and (asked.appearance in REGISTERS or meant.strip() == "1"):
            return chosen
        if asked.appearance in REGISTERS and (not meant.strip() or meant.strip().isdigit()):
            return None
        if asked.appearance in NAMES:
            named = any(map(str.isalpha, meant))
            return Picked(Act.ANSWER, " ".join(text.split())) if named else None
        return Picked(Act.ANSWER, text.strip()) if text.strip() else None
    value = _value(asked, meant, person, world)
    return None if value is None else Picked(Act.ANSWER, value)


def _picked_by_label(
    interview: Interview,
    instance: Instance,
    asked: Question,
    text: str,
    offered: tuple[Option, ...],
    person: Person,
    world: World,
) -> Picked | None:
    if not offered:
        offered = _of_question(interview, instance, person, world)
    chosen = _choose(text, offered, quantity=asked.appearance == "jumlah" and not interview.tries)
    if chosen is not None:
        return chosen
    by_name = {option.picked.value: option.picked for option in offered}
    if asked.appearance == ADULT and (age := reading.age_years(text)) is not None:
        return by_name.get("sudah" if age >= OLDEST_CHILD else "belum")
    meaning = reading.yes_no(text)
    if meaning == "yes" and asked.type is Type.ACKNOWLEDGE:
        return offered[0].picked
    for name in _YES_NAMES if meaning == "yes" else _NO_NAMES if meaning == "no" else ():
        if name in by_name:
            return by_name[name]
    return None


_YES_NAMES = ("ya", "yes", "boleh", "ada", "sudah")
_NO_NAMES = ("tidak", "no", "jangan", "belum", "bukan")
"""Names of options that a plain yes or no means, whatever their labels say."""


def _several(
    interview: Interview,
    instance: Instance,
    text: str,
    offered: tuple[Option, ...],
    person: Person,
) -> Picked | None:
    names = [name for name, _ in instance.options(interview.at or "", person.language)]
    chosen = reading.several(text, [option.label for option in offered[: len(names)]])
    if chosen is not None:
        return Picked(Act.ANSWER, " ".join(names[index] for index in chosen))
    return _choose(text, offered)


def _choose(text: str, offered: tuple[Option, ...], *, quantity: bool = False) -> Picked | None:
    """The option a reply names; the offer to skip is no "last one" and no word of an answer."""
    number = text.strip()
    if number.isdecimal() and len(number) <= 2 and not quantity:
        place = int(number) - 1
        return offered[place].picked if 0 <= place < len(offered) else None
    answers = [option for option in offered if option.picked.act is not Act.SKIP]
    labels = [option.label for option in answers]
    index = reading.choice(text, labels, digits_may_be_quantity=quantity)
    if index is not None:
        return answers[index].picked
    if len(offered) > len(answers) and reading.number(text) == len(offered) and not quantity:
        return offered[-1].picked
    return None


def _value(asked: Question, text: str, person: Person, world: World) -> str | None:
    """The XForms string of a typed number, date or time; None where it is none."""
    now = world.now.astimezone(person.tz)
    match asked.type:
        case Type.INTEGER if asked.appearance == "tahun_lahir":
            return _birth_year(text, now.year)
        case Type.INTEGER if asked.appearance == "umur":
            value: object = reading.age_years(text, now)
        case Type.INTEGER if asked.appearance == "jumlah_anak":
            value = reading.children_count(text)
        case Type.INTEGER:
            value = reading.number(text)
        case Type.DECIMAL:
            value = reading.decimal_number(text)
        case Type.DATE:
            day = reading.day(text, now)
            value = day and day.isoformat()
        case Type.TIME:
            time = reading.clock_time(text)
            value = time and time.isoformat("minutes")
        case _:
            value = None
    return None if value is None else str(value)


def _birth_year(text: str, this_year: int) -> str | None:
    """A year as it is, an age counted back; a bare number that could be either is asked again."""
    number = reading.number(text)
    if number is not None and 1900 <= number <= this_year + 1:
        return str(number)
    bare = text.strip().isdigit()
    if bare and number is not None and 0 <= this_year - 2000 - number < OLDEST_CHILD:
        return None
    age = reading.age_years(text)
    return None if age is None else str(this_year - age)


def _of_question(
    interview: Interview, instance: Instance, person: Person, world: World
) -> tuple[Option, ...]:
    path = interview.at or ""
    asked = instance.question(path)
    language = person.language
    found: list[Option] = []
    match asked.type:
        case Type.SELECT_ONE | Type.SELECT_MULTIPLE:
            found = [
                Option(label, Picked(Act.ANSWER, name))
                for name, label in instance.options(path, language)
            ]
        case Type.AGAIN:
            return (
                Option(say("again.yes", language), Picked(Act.ANSWER, "yes")),
                Option(say("again.no", language), Picked(Act.ANSWER, "no")),
            )
        case Type.ACKNOWLEDGE:
            found = [Option(say("acknowledge", language), Picked(Act.ANSWER, "OK"))]
        case Type.TEXT if asked.appearance == "desa":
            found = [Option(name, Picked(Act.ANSWER, name)) for _, name in world.villages()]
        case Type.TEXT if asked.appearance == "anak":
            found = [
                Option(child.nickname, Picked(Act.ANSWER, child.nickname))
                for child in world.children(person.id)
            ]
    del found[LONGEST_LIST:]
    if not instance.required(path) and (found or asked.type is Type.TEXT):
        found.append(Option(say("skip", language), Picked(Act.SKIP)))
    return tuple(found)


def _offer_of_a_person(
    interview: Interview, instance: Instance, language: str
) -> tuple[Option, ...]:
    offered = [
        Option(say("handover.yes", language), Picked(Act.CALL_ME)),
        Option(say("handover.retry", language), Picked(Act.RETRY)),
    ]
    if interview.at not in (None, REVIEW, WHICH) and not instance.required(interview.at):
        offered.append(Option(say("skip", language), Picked(Act.SKIP)))
    return tuple(offered)


def _text(interview: Interview, instance: Instance, person: Person) -> str:
    language = person.language
    if interview.tries >= HANDOVER_AFTER:
        return say("handover.offer", language)
    if interview.at == REVIEW:
        return say(
            "review",
            language,
            sapaan=person.salutation or say("someone", language),
            answers=review_lines(interview, instance, language),
        )
    if interview.at == WHICH:
        return say("review.which", language)
    path = interview.at or ""
    asked = instance.question(path)
    label = (interview.tries and instance.simpler(path, language)) or instance.label(path, language)
    hint = instance.hint(path, language)
    lines = [part for part in (label, hint) if part]
    if not instance.required(path) and asked.type not in _SKIPPED_BY_CHOICE:
        lines.append(say("skip.hint", language))
    body = "\n".join(lines)
    number, total = instance.progress(path)
    if total < SHORTEST_WITH_PROGRESS or not number:
        return body
    return f"{say('progress', language, n=number, total=total)} {body}"


SHORTEST_WITH_PROGRESS = 4
_SKIPPED_BY_CHOICE = (
    Type.SELECT_ONE,
    Type.SELECT_MULTIPLE,
    Type.ACKNOWLEDGE,
    Type.TEXT,
    Type.AGAIN,
)


def _payload(interview: Interview, index: int) -> str:
    stage = f"{interview.at}{'?' if interview.tries >= HANDOVER_AFTER else ''}"
    token = blake2b(stage.encode(), digest_size=3).hexdigest()
    return f"{interview.id}.{token}.{index}"
