"""Lists of a school: what comes next, who is on it, and who could not be told of a change.

Names are for its cadre and for staff only; whoever belongs to a school may see its sessions.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from conversations import reading
from conversations.dialogue import Role, Wake
from conversations.event import Audited
from conversations.message import Choice, Message
from conversations.permission import Act, may
from conversations.schools.announcing import shortened, when
from conversations.schools.session import Rsvp, School, SchoolId, Session, SessionId, normal_code
from conversations.talk import Talk

OFFERED = 8
"""Choices in one list: more than that nobody reads on a phone."""

LOOKED_AT = 20
"""Schools whose sessions are looked up for one list."""

LONGEST_LIST = 1_000
"""Characters of one message of a list that somebody with a task asked for."""

NAME = 60
"""Characters of a school's name inside a sentence."""

_A_SENTENCE = 4
_DIGIT = re.compile(r"\d")
_CODE = re.compile(r"(?<![\w-])[a-z]{2,8}-[a-z0-9]{2,8}(?![\w-])", re.IGNORECASE)
_SHORT_NAME, _SHORT_TOPIC = 40, 40


def hers(talk: Talk) -> tuple[School, ...]:
    """The schools for which this person has a task: a cadre's own, all for staff."""
    if talk.person.role.in_office:
        return talk.world.schools.all()
    return talk.world.schools.of_cadre(talk.person.id) if talk.person.role is Role.CADRE else ()


def named_school(words: str, schools: Sequence[School]) -> tuple[School | None, str]:
    """The school whose code stands among these words, and the words without it."""
    codes = {school.code: school for school in schools}
    parts = words.split()
    for place, part in enumerate(parts):
        if (school := codes.get(normal_code(part))) is not None:
            return school, " ".join(parts[:place] + parts[place + 1 :])
    return None, " ".join(parts)


def choose_school(
    talk: Talk, words: str, order: str, payload: str
) -> tuple[tuple[School, ...], str] | None:
    """The schools that an order may be about, and its words without a code.

    None when the person has been told why there is none, or asked which one: each choice has the
    payload with a school's id in the place of {}. Without a payload several may be meant.
    """
    schools = hers(talk)
    if not schools:
        talk.ask_again(talk.text("school.none_yours"))
        return None
    school, rest = named_school(words, schools)
    if school is not None:
        return (school,), rest
    if (code := _CODE.search(rest)) is not None:
        known = ", ".join(one.code for one in schools[:OFFERED])
        talk.ask_again(talk.text("school.no_such_code", code=code[0].upper(), codes=known))
        return None
    if len(schools) > OFFERED:
        talk.ask_again(talk.text("school.which_code", order=order, code=schools[0].code))
        return None
    if len(schools) > 1 and payload:
        choices = (Choice(one.name, payload.format(one.id)) for one in schools)
        talk.offer(talk.text("school.which_school"), tuple(choices))
        return None
    return schools, rest


def agreed(talk: Talk, said: str, yes: str, no: str) -> str | None:
    """The payload that a typed yes or no means where these two were offered first, by pattern."""
    if len(talk.offered) < 2 or len(said.split()) > _A_SENTENCE or _DIGIT.search(said):
        return None
    if not (re.fullmatch(yes, talk.offered[0]) and re.fullmatch(no, talk.offered[1])):
        return None
    meaning = reading.yes_no(said)
    return None if meaning is None else talk.offered[0 if meaning == "yes" else 1]


def coming_sessions(talk: Talk, words: str) -> bool:
    """ACARA: the next sessions of whoever asks, as cadre, as staff, or as a guest of them."""
    looked_after = hers(talk)
    school, _ = named_school(words, looked_after)
    everyone = (*looked_after, *talk.world.schools.of_person(talk.person.id))
    schools = (school,) if school is not None else tuple(dict.fromkeys(everyone))[:LOOKED_AT]
    found = [one for each in schools for one in talk.world.schools.next_sessions(each.id)]
    found.sort(key=lambda session: (session.starts_at, session.id))
    if not found:
        talk.ask_again(talk.text("school.nothing_planned"))
        return True
    shown = found[: OFFERED if looked_after else 2]
    lines = [
        f"{when(one)}\n{shortened(one.school.name, _SHORT_NAME)}:"
        f" {shortened(one.topic, _SHORT_TOPIC)}".rstrip(": ")
        for one in shown
    ]
    talk.ask_again("\n\n".join((talk.text("school.coming"), *lines)))
    return True


def members(talk: Talk, words: str) -> bool:
    """PESERTA: the numbered list of a school, for its cadre and for staff."""
    if not may(talk.person, Act.LIST_MEMBERS):
        talk.ask_again(talk.text("school.names_not_shown"))
        return True
    chosen = choose_school(talk, words, "PESERTA", "s:o:p:{}")
    if chosen is not None:
        _show_members(talk, chosen[0][0])
    return True


def members_of(talk: Talk, school_id: SchoolId) -> None:
    """The list of the school that was picked, when it is still hers."""
    school = next((one for one in hers(talk) if one.id == school_id), None)
    if school is None:
        talk.ask_again(talk.text("school.none_yours"))
    else:
        _show_members(talk, school)


def untold(talk: Talk, wake: Wake) -> None:
    """A while after a change: whom the news has not reached, to knock on their doors."""
    session = session_of(talk, wake)
    if session is None:
        return
    names = talk.world.schools.untold(session.id)
    about = {"school": shortened(session.school.name, NAME), "when": when(session)}
    kind = "cancelled" if session.cancelled else "moved"
    if not names:
        talk.say("school.untold.none", **about)
        return
    heading = talk.text(f"school.untold.{kind}", **about)
    for text in pages(heading, [f"{one.number}. {one.name}" for one in names]):
        talk.send_text(text)


def session_of(talk: Talk, wake: Wake) -> Session | None:
    """The session that due work is about, as long as this person has a task in it."""
    number = wake.subject.partition(":")[0]
    session = talk.world.schools.session(SessionId(int(number))) if number.isdecimal() else None
    if session is None or not may(talk.person, Act.TAKE_ATTENDANCE, school=session.school):
        talk.outcome = "skipped: not hers"
        return None
    return session


def pages(heading: str, lines: Sequence[str]) -> list[str]:
    """A list as messages that can be read, the heading over the first.

    >>> pages("Nama:", ["1. Siti", "2. Sum"])
    ['Nama:\\n1. Siti\\n2. Sum']
    """
    texts = [heading]
    for line in lines:
        if len(texts[-1]) + 1 + len(line) > LONGEST_LIST:
            texts.append(line)
        else:
            texts[-1] = f"{texts[-1]}\n{line}"
    return texts


def _show_members(talk: Talk, school: School) -> None:
    coming = next(iter(talk.world.schools.next_sessions(school.id, 1)), None)
    people = talk.world.schools.enrolled(school.id, None if coming is None else coming.id)
    talk.add(Audited("members listed", school.code))
    name = shortened(school.name, NAME)
    if not people:
        talk.ask_again(talk.text("school.nobody_enrolled", school=name))
        return
    heading = talk.text("school.members", school=name, n=len(people))
    if coming is not None:
        said = [one.rsvp for one in people]
        yes, no = said.count(Rsvp.YES), said.count(Rsvp.NO)
        heading = f"{heading}\n{talk.text('school.rsvps', when=when(coming), yes=yes, no=no)}"
    marks = {
        Rsvp.YES: f" · {talk.text('school.marked_yes')}",
        Rsvp.NO: f" · {talk.text('school.marked_no')}",
    }
    lines = [f"{one.number}. {one.name}{marks.get(one.rsvp, '')}" for one in people]
    *before, last = pages(heading, lines)
    for text in before:
        talk.send(Message(text, discreet=True))
    talk.ask_again(last, discreet=True)
