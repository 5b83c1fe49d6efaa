"""Runs a form with a person: asks, reads, asks again, goes back, skips, reviews, resumes, ends.

An interview never loops: what is not understood twice is asked in simpler words, the third time a
person is offered, and after that the interview ends with what was answered. What a finished form
means is for the conversation that began it; when it is asked, for the router.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from conversations import asking
from conversations.asking import HANDOVER_AFTER, REVIEW, WHICH
from conversations.dialogue import ChildId, Event, Interview, Person
from conversations.event import (
    AnswerGiven,
    InterviewFinished,
    InterviewStarted,
    MediaKept,
    Remind,
)
from conversations.form.answer import Refusal
from conversations.form.instance import Instance
from conversations.form.model import Form, Type
from conversations.message import Inbound, Kind, MediaId, Message
from conversations.world import World
from locales import say

_NO_STORY = (*asking.REGISTERS, *asking.NAMES)

LONG_PAUSE = timedelta(hours=12)
"""After this long a silence the question is asked anew with a friendly line."""


class Ending(StrEnum):
    """How an interview came to its end."""

    FINISHED = "finished"
    PARTIAL = "partial"
    HANDOVER = "handover"
    """A person of staff shall call; what was answered is kept as partial."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What one reply did to an interview. `ending` None means that it goes on."""

    interview: Interview
    messages: tuple[Message, ...] = ()
    events: tuple[Event, ...] = ()
    ending: Ending | None = None
    answered: tuple[str, str] | None = None
    """Path and value of the answer that was accepted now."""

    @property
    def opened(self) -> bool:
        """Whether a person is now asked something by this interview."""
        return self.ending is None


def begin(
    conversation: str,
    form: Form,
    person: Person,
    world: World,
    *,
    facts: Mapping[str, str] | None = None,
    child: ChildId | None = None,
    opening: str = "",
) -> Heard:
    """The first question of a form; `facts` answer its `pulldata`, keyed "table.column"."""
    interview = Interview(
        id=world.fresh_id(),
        conversation=conversation,
        form=form.hash,
        facts={**_common_facts(person, world), **(facts or {})},
        started_at=world.now,
        asked_at=world.now,
        child=child,
    )
    first = _advance(interview, None, person, world, opening)
    return replace(
        first, events=(InterviewStarted(interview), *_timers(interview, form, world), *first.events)
    )


def ask(
    interview: Interview, person: Person, world: World, opening: str = ""
) -> tuple[Interview, tuple[Message, ...]]:
    """The question that is open, once more: after an interruption, a nudge or a stale button."""
    asked = replace(interview, asked_at=world.now)
    return asked, asking.question(asked, _instance(asked, world), person, world, opening)


def takes_free_text(interview: Interview, world: World) -> bool:
    """Whether whatever is written now is an answer in the person's own words."""
    if interview.at in (None, REVIEW, WHICH) or interview.tries >= HANDOVER_AFTER:
        return False
    question = _instance(interview, world).question(interview.at)
    return question.type is Type.TEXT and question.appearance not in _NO_STORY


def asks_for_name(interview: Interview, world: World) -> bool:
    """Whether the open question wants the name of somebody or of a village."""
    if interview.at in (None, REVIEW, WHICH):
        return False
    question = _instance(interview, world).question(interview.at)
    return question.type is Type.TEXT and question.appearance in _NO_STORY


def is_label(interview: Interview, text: str, person: Person, world: World) -> bool:
    """Whether a text is, word for word, one of the choices that were printed."""
    offered = asking.options(interview, _instance(interview, world), person, world)
    said = text.strip().casefold()
    return any(said == option.label.casefold() for option in offered)


def understands(interview: Interview, text: str, person: Person, world: World) -> bool:
    """Whether a text can be read as an answer to the open question."""
    return asking.read(interview, _instance(interview, world), text, person, world) is not None


def takes_file(interview: Interview, inbound: Inbound, world: World) -> bool:
    """Whether a voice note or a picture is an answer to the open question."""
    wanted = {Kind.VOICE: (Type.TEXT, Type.AUDIO), Kind.IMAGE: (Type.IMAGE,)}
    if inbound.media is None or interview.at in (None, REVIEW, WHICH):
        return False
    asked = _instance(interview, world).question(interview.at)
    return asked.type in wanted.get(inbound.kind, ()) and asked.appearance not in _NO_STORY


def zero_is_an_answer(interview: Interview, world: World) -> bool:
    """Whether a typed 0 may be the answer, so that it cannot mean "back"."""
    return asking.zero_is_an_answer(interview, _instance(interview, world))


def hear(interview: Interview, inbound: Inbound, person: Person, world: World) -> Heard:
    """One reply: a typed text, a pressed button, or a file where the question takes one."""
    instance = _instance(interview, world)
    if inbound.kind is Kind.BUTTON:
        picked = asking.pressed(interview, inbound.button, instance, person, world)
        if picked is None:
            return _again(interview, person, world, say("stale", person.language))
        return _chosen(interview, instance, picked, person, world)
    if _after_long_pause(interview, inbound, instance, person, world):
        return _again(
            interview, person, world, say("welcome_back", person.language, **_who(person))
        )
    if kept := _file_answer(interview, inbound, world):
        return _accept(interview, instance, kept[0], person, world, kept[1])
    picked = asking.read(interview, instance, inbound.text, person, world)
    if picked is None:
        return _not_understood(interview, instance, person, world)
    return _chosen(interview, instance, picked, person, world)


def back(interview: Interview, person: Person, world: World) -> Heard:
    """One question back; at the first one it is simply asked again."""
    instance = _instance(interview, world)
    earlier = instance.before(None if interview.at in (REVIEW, WHICH) else interview.at)
    if earlier is None:
        return _again(interview, person, world, say("first_question", person.language))
    moved = replace(interview, at=earlier, tries=0, changing=False)
    return _again(moved, person, world)


def skip(interview: Interview, person: Person, world: World) -> Heard:
    """The open question is left out where the form allows it; its default stands then."""
    instance = _instance(interview, world)
    if interview.at in (None, REVIEW, WHICH):
        return _again(interview, person, world, say("needed", person.language))
    value = instance.default(interview.at) or ""
    problem = instance.check(interview.at, value, person.language)
    if problem is not None:
        words = say("needed", person.language) if isinstance(problem, Refusal) else problem
        return _again(interview, person, world, words)
    return _accept(interview, instance, value, person, world)


def expire(interview: Interview, world: World) -> Heard:
    """Nobody answered for too long: what was answered is kept, marked partial."""
    return _end(interview, _instance(interview, world), Ending.PARTIAL)


def complete(interview: Interview, world: World) -> dict[str, str]:
    """The answers with what follows from them; what no longer applies is left out."""
    return _instance(interview, world).complete()


def _chosen(
    interview: Interview, instance: Instance, picked: asking.Picked, person: Person, world: World
) -> Heard:
    match picked.act:
        case asking.Act.ANSWER:
            problem = instance.check(interview.at or "", picked.value, person.language)
            if problem is not None:
                words = say(problem, person.language) if isinstance(problem, Refusal) else problem
                return _not_understood(interview, instance, person, world, words)
            return _accept(interview, instance, picked.value, person, world)
        case asking.Act.SKIP:
            return skip(interview, person, world)
        case asking.Act.RETRY:
            return _again(replace(interview, tries=0), person, world)
        case asking.Act.CALL_ME:
            return _end(interview, instance, Ending.HANDOVER)
        case asking.Act.SEND:
            return _end(interview, instance, Ending.FINISHED)
        case asking.Act.CHANGE:
            return _again(replace(interview, at=WHICH, tries=0), person, world)
        case asking.Act.GO_TO:
            moved = replace(interview, at=picked.value, tries=0, changing=True)
            return _again(moved, person, world)


def _accept(
    interview: Interview,
    instance: Instance,
    value: str,
    person: Person,
    world: World,
    events: tuple[Event, ...] = (),
) -> Heard:
    path = interview.at or ""
    answered = replace(interview, answers={**interview.answers, path: value}, tries=0, nudged=False)
    given = AnswerGiven(interview.id, path, value)
    step = _advance(answered, path, person, world)
    return replace(step, events=(given, *events, *step.events), answered=(path, value))


def _advance(
    interview: Interview, path: str | None, person: Person, world: World, opening: str = ""
) -> Heard:
    """The next question after `path`, with the notes before it; or the review; or the end."""
    instance = _instance(interview, world)
    said: list[Message] = []
    following = instance.next_unanswered() if interview.changing else instance.next_after(path)
    while following is not None and instance.question(following).type is Type.NOTE:
        said.append(Message(_joined(opening, instance.label(following, person.language))))
        opening = ""
        following = instance.next_after(following)
    if following is None:
        if instance.form.review:
            following = REVIEW
        else:
            ended = _end(interview, instance, Ending.FINISHED)
            return replace(ended, messages=(*said, *ended.messages))
    moved = replace(interview, at=following, tries=0, asked_at=world.now)
    asked = asking.question(moved, instance, person, world, opening)
    return Heard(moved, (*said, *asked))


def _not_understood(
    interview: Interview, instance: Instance, person: Person, world: World, problem: str = ""
) -> Heard:
    """The second try in simpler words, the third time a person is offered, then the end."""
    tried = replace(interview, tries=interview.tries + 1, asked_at=world.now)
    if tried.tries > HANDOVER_AFTER:
        return _end(interview, instance, Ending.HANDOVER)
    opening = problem or say("not_understood", person.language)
    if tried.tries == HANDOVER_AFTER:
        opening = ""
    return Heard(tried, asking.question(tried, instance, person, world, opening))


def _again(interview: Interview, person: Person, world: World, opening: str = "") -> Heard:
    asked, messages = ask(interview, person, world, opening)
    return Heard(asked, messages)


def _end(interview: Interview, instance: Instance, ending: Ending) -> Heard:
    partial = ending is not Ending.FINISHED
    finished = InterviewFinished(interview.id, partial, instance.complete())
    return Heard(interview, events=(finished,), ending=ending)


def _file_answer(
    interview: Interview, inbound: Inbound, world: World
) -> tuple[str, tuple[Event, ...]] | None:
    """A voice note answers an open question or one for sound; a photo one for a picture."""
    if inbound.media is None or not takes_file(interview, inbound, world):
        return None
    media = MediaId(world.fresh_id())
    return f"{inbound.kind}:{media}", (MediaKept(media, inbound.kind, inbound.media),)


def _after_long_pause(
    interview: Interview, inbound: Inbound, instance: Instance, person: Person, world: World
) -> bool:
    if interview.asked_at is None or world.now - interview.asked_at < LONG_PAUSE:
        return False
    if inbound.kind is not Kind.TEXT:
        return False
    if takes_free_text(interview, world):
        return len(inbound.text.split()) <= 2 and not instance.required(interview.at or "")
    if asks_for_name(interview, world):
        return True
    return asking.read(interview, instance, inbound.text, person, world) is None


def _timers(interview: Interview, form: Form, world: World) -> tuple[Event, ...]:
    events: list[Event] = []
    if form.nudge_after is not None:
        events.append(Remind("nudge", interview.id, world.now + form.nudge_after))
    if form.expires_after is not None:
        events.append(Remind("expire", interview.id, world.now + form.expires_after))
    return tuple(events)


def _instance(interview: Interview, world: World) -> Instance:
    return Instance(world.form(interview.form), interview.answers, interview.facts, world.now)


def _common_facts(person: Person, world: World) -> dict[str, str]:
    return {
        "orang.sapaan": person.salutation or say("someone", person.language),
        "program.organisasi": world.organisation,
    }


def _who(person: Person) -> dict[str, str]:
    return {"sapaan": person.salutation or say("someone", person.language)}


def _joined(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)
