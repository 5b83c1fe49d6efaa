"""Helping hands: a cadre types for somebody who has no phone, and nobody is mixed up.

BANTU and a number hands the cadre's phone to that person's own dialogue; SELESAI, another BANTU or
half an hour of silence ends it. Whoever is being helped stands in the first line of every message;
each answer is hers, typed by the cadre. Of a worry she told nothing is shown again.
"""

from __future__ import annotations

import re
from dataclasses import replace

from conversations import checkin, menu, registration
from conversations.casework import order
from conversations.dialogue import Consent, Person, PersonId, Turn, Wake
from conversations.event import HelpBegun, HelpEnded, NewcomerHelped, Remind, TaskOpened
from conversations.helping import whom
from conversations.helping.helped import SALUTATIONS, Helped
from conversations.interview import takes_free_text
from conversations.message import Choice, Inbound, Kind, Message, Outgoing
from conversations.permission import Act, may
from conversations.talk import Talk
from conversations.world import World
from locales import say

OVER = "help_over"
"""The kind of due work that tells the cadre that time has ended it."""

PRIVATE = ("lapor", "bahaya", "hubungi", "sandi", "sesudah", "bingung", "checkin", "kiat")
"""Conversations that are put away where another hand takes or leaves the phone: what was answered
is kept and looked after, and whoever helps next sees nothing of it."""

OFFERED = 8

_ORDER = re.compile(r"^/?bantu\b[\s:,]*(.*)$", re.IGNORECASE | re.DOTALL)
_NEWCOMER = re.compile(r"^baru\b[\s:,]*(.*)$", re.IGNORECASE | re.DOTALL)
_NAME = re.compile(r"[^\W\d_]+(?:[ .'’-]+[^\W_]+)*\.?")
_END = ("selesai", "/selesai")
_OF_OTHERS = re.compile(
    r"^/?(?:hadir\s+(?:\d|semua)|(?:tunda|geser|siar|peserta|batal)\b|berduka\s+(?:\S+\s+)?\d+$)",
    re.IGNORECASE,
)
"""Orders about a school or to many, which nobody gives on somebody else's behalf."""
_MYSELF = frozenset({"saya", "aku", "kami", "kita", "dong", "tolong", "dulu", "sebentar"})
_LONGEST_NAME = 60
_LONGEST_ID = 15


def respond(talk: Talk, inbound: Inbound) -> bool:
    """Hears who is to be helped; False when the message means something else.

    While somebody is helped, nothing that belongs to the cadre herself is taken for her.
    """
    if talk.world.typist is not None:
        return _on_her_behalf(talk, inbound, talk.world.typist)
    if not may(talk.person, Act.HELP):
        return False
    who = talk.world.helping.lapsed(talk.person.id)
    if who is None:
        return _order(talk, inbound, talk.person)
    talk.add(HelpEnded())
    if _order(talk, inbound, talk.person):
        return True
    ended = inbound.text.strip().casefold() in _END
    talk.say("helping.over" if ended else "helping.over_not_taken", who=who)
    return True


def opened(talk: Talk) -> None:
    """The first words to somebody who is helped from now on: consent, the door, or what waits."""
    talk.give_up_all(*PRIVATE)
    person, running = talk.person, talk.running
    if person.consent is not Consent.GIVEN:
        if running is not None and running.conversation == "persetujuan":
            talk.ask_again(talk.text("helping.read_aloud"))
        else:
            _how_to_consent(talk)
    elif not person.registered:
        registration.open_door(talk)
    elif running is not None:
        talk.ask_again(talk.text("helping.opened"))
    else:
        _offer_menu(talk, talk.text("helping.opened"))


def closed(talk: Talk) -> None:
    """The cadre's own dialogue stays where it was."""
    if talk.running is not None:
        talk.ask_again(talk.text("back_to"))


def over(talk: Talk, wake: Wake) -> None:
    """Time ends it: the clock looks when half an hour may have passed, and says so."""
    until = talk.world.helping.until(talk.person.id)
    if until is not None:
        talk.add(Remind(OVER, wake.subject, until))
        return
    who = talk.world.helping.lapsed(talk.person.id)
    if who is not None:
        talk.add(HelpEnded())
        talk.say("helping.over", who=who)


def finished(talk: Talk) -> Turn:
    """The turn of somebody who is helped: what she may do next, and her name over every message."""
    ended = any(
        isinstance(event, HelpEnded | HelpBegun | NewcomerHelped) for event in talk.turn().events
    )
    if not ended and not talk.silent and talk.running is None and not talk.offering:
        _offer_menu(talk, talk.text("helping.next"))
    turn = talk.turn()
    if any(isinstance(event, HelpEnded) for event in turn.events):
        return turn
    first_line = _first_line(talk.person)
    typed_by = talk.text("helping.typed_by", who=_named(_helper(talk.world)))
    return replace(
        turn,
        outgoing=tuple(_under(first_line, outgoing) for outgoing in turn.outgoing),
        events=tuple(
            replace(event, content=f"{event.content}\n({typed_by})".strip())
            if isinstance(event, TaskOpened)
            else event
            for event in turn.events
        ),
    )


def ask_stop(talk: Talk) -> None:
    """BERHENTI on somebody else's phone: it is asked who shall be left alone."""
    who = _named(talk.person)
    yes = Choice(talk.text("helping.stop.yes", who=who), "h:stop")
    talk.offer(talk.text("helping.stop", who=who), (yes, _never_mind(talk)))


def ask_erase(talk: Talk) -> None:
    """HAPUS DATA SAYA on somebody else's phone: it is asked whose data."""
    who = _named(talk.person)
    yes = Choice(talk.text("helping.erase.yes", who=who), "h:erase")
    talk.offer(talk.text("helping.erase", who=who), (yes, _never_mind(talk)))


def _on_her_behalf(talk: Talk, inbound: Inbound, typist: PersonId) -> bool:
    helper = talk.world.helping.helper(typist)
    if helper is None or not may(helper, Act.HELP):
        _end(talk)
        return True
    if inbound.kind is Kind.BUTTON:
        return _pressed(talk, inbound.button, helper)
    if inbound.kind is not Kind.TEXT:
        return False
    said = inbound.text.strip()
    if said.casefold() in _END:
        _end(talk)
        return True
    if _order(talk, inbound, helper):
        return True
    if not _in_a_story(talk) and (
        _OF_OTHERS.match(said) or (helper.role.in_office and order.read(said) is not None)
    ):
        talk.say("helping.end_first", who=_named(talk.person))
        return True
    return False


def _pressed(talk: Talk, button: str, helper: Person) -> bool:
    """Her own buttons are heard; a button of the cadre's is kept for when she speaks again."""
    if button.startswith("h:b:"):
        return _begin_by_id(talk, button, helper)
    if button in _CHOSEN:
        _CHOSEN[button](talk)
        return True
    if ":" in button and button not in talk.offered:
        talk.say("helping.end_first", who=_named(talk.person))
        return True
    return False


def _order(talk: Talk, inbound: Inbound, helper: Person) -> bool:
    """BANTU, alone or with a number or a name, also after a school's code."""
    if inbound.kind is Kind.BUTTON and inbound.button.startswith("h:b:"):
        return _begin_by_id(talk, inbound.button, helper)
    match = _ORDER.match(inbound.text.strip()) if inbound.kind is Kind.TEXT else None
    if match is None:
        return False
    words = match[1].strip(" .!?")
    if newcomer := _NEWCOMER.match(words):
        return _begin_with_newcomer(talk, newcomer[1], helper)
    if len(words) > _LONGEST_NAME or set(words.casefold().split()[:1]) & _MYSELF:
        return False
    schools, wanted = whom.schools_meant(talk, helper, words)
    if not wanted:
        whom.show_list(talk, schools, helper)
        return True
    found = [one for one in whom.people_of(talk, schools, helper) if whom.is_meant(one, wanted)]
    if not found and _in_a_story(talk):
        return False
    if len(found) == 1:
        _begin(talk, found[0], helper)
    elif found:
        choices = tuple(
            Choice(f"{one.name} ({one.school} {one.number})", f"h:b:{one.person}")
            for one in found[:OFFERED]
        )
        talk.offer(talk.text("helping.which"), choices)
    elif not schools:
        whom.show_list(talk, schools, helper)
    else:
        talk.say("helping.nobody", wanted=wanted[:20])
    return True


def _begin_with_newcomer(talk: Talk, words: str, helper: Person) -> bool:
    """BANTU BARU and a name: somebody who came although she is on no list."""
    schools, called = whom.schools_meant(talk, helper, words)
    first, _, rest = called.partition(" ")
    greeted = bool(rest) and first.casefold() in SALUTATIONS
    name = " ".join((rest if greeted else called).split())
    if len(schools) != 1:
        talk.say("helping.new_where" if schools else "helping.which_school")
    elif not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
        talk.say("helping.new_name")
    else:
        there = [
            one for one in whom.people_of(talk, schools, helper) if whom.is_called(one, called)
        ]
        if there:
            _begin(talk, there[0], helper)
        else:
            salutation = first.capitalize() if greeted else ""
            talk.add(NewcomerHelped(schools[0], salutation, name))
    return True


def _begin_by_id(talk: Talk, button: str, helper: Person) -> bool:
    """A name picked from a list; the list may be old, so it is looked up again."""
    number = button.removeprefix("h:b:")
    known = number.isdecimal() and len(number) <= _LONGEST_ID
    found = talk.world.helping.one(PersonId(int(number)), helper.id) if known else ()
    if not helper.role.in_office:
        own = {school.code for school in talk.world.helping.schools(helper.id)}
        found = tuple(one for one in found if one.school in own)
    if found:
        _begin(talk, found[0], helper)
    else:
        talk.say("helping.nobody", wanted="itu")
    return True


def _begin(talk: Talk, one: Helped, helper: Person) -> None:
    if one.person == helper.id:
        talk.say("helping.yourself")
    elif one.has_phone:
        talk.say("helping.has_phone", who=one.name)
    elif one.helper:
        talk.say("helping.busy", who=one.name, helper=one.helper)
    else:
        if talk.world.typist is not None:
            talk.give_up_all(*PRIVATE)
        talk.add(HelpBegun(one.person))


def _end(talk: Talk) -> None:
    talk.give_up_all(*PRIVATE)
    talk.add(HelpEnded())
    talk.say("helping.ended", who=_named(talk.person))


def _how_to_consent(talk: Talk) -> None:
    """Read aloud by the cadre, or played where a recording is kept; she is the witness."""
    said_no = talk.person.consent in (Consent.REFUSED, Consent.WITHDRAWN)
    recording = talk.world.helping.notice() is not None
    if not said_no and not recording:
        _read_aloud(talk)
        return
    choices = [Choice(talk.text("helping.read"), "h:read")]
    if recording:
        choices.append(Choice(talk.text("helping.play"), "h:play"))
    if said_no:
        choices.append(Choice(talk.text("helping.later"), "h:end"))
    talk.offer(talk.text("helping.consent_no" if said_no else "helping.consent"), tuple(choices))


def _read_aloud(talk: Talk) -> None:
    talk.start(
        "persetujuan",
        facts={registration.HOW: "read_aloud"},
        opening=talk.text("helping.read_aloud"),
    )


def _played(talk: Talk) -> None:
    recording = talk.world.helping.notice()
    if recording is None:
        _read_aloud(talk)
        return
    talk.send(Message(talk.text("helping.played"), media=recording))
    talk.start("persetujuan", facts={registration.HOW: "played"})


def _offer_menu(talk: Talk, heading: str) -> None:
    person = talk.person
    if person.consent is not Consent.GIVEN or not person.registered or person.stopped:
        talk.say("helping.done")
        return
    choices = (
        Choice(talk.text("helping.checkin"), "h:checkin"),
        Choice(talk.text("helping.family"), "h:family"),
        Choice(talk.text("helping.end"), "h:end"),
    )
    talk.offer(heading, choices)


def _ask_checkin(talk: Talk) -> None:
    if talk.person.consent is not Consent.GIVEN or not talk.person.registered:
        opened(talk)
    elif not checkin.start(talk):
        talk.start("keluarga")


def _ask_family(talk: Talk) -> None:
    if talk.person.consent is not Consent.GIVEN or not talk.person.registered:
        opened(talk)
    else:
        talk.start("keluarga")


def _go_on(talk: Talk) -> None:
    if talk.running is None:
        talk.say("all_right")
    else:
        talk.ask_again()


_CHOSEN = {
    "h:read": _read_aloud,
    "h:play": _played,
    "h:checkin": _ask_checkin,
    "h:family": _ask_family,
    "h:end": _end,
    "h:stop": menu.stop,
    "h:erase": registration.ask_for_erasure,
    "h:no": _go_on,
}


def _never_mind(talk: Talk) -> Choice:
    return Choice(talk.text("helping.never_mind"), "h:no")


def _in_a_story(talk: Talk) -> bool:
    return talk.running is not None and takes_free_text(talk.running, talk.world)


def _helper(world: World) -> Person | None:
    return None if world.typist is None else world.helping.helper(world.typist)


def _named(person: Person | None) -> str:
    """How she is called, with her name where it is known.

    >>> _named(Person(PersonId(1), salutation="Mbah", name="Siti"))
    'Mbah Siti'
    """
    return "" if person is None else f"{person.salutation} {person.name}".strip() or say("someone")


def _first_line(person: Person) -> str:
    """Who is being helped, over every message.

    >>> _first_line(Person(PersonId(1), salutation="Mbah", name="Siti", relation="nenek"))
    '👵 Mbah Siti:'
    """
    face = {"nenek": "👵", "kakek": "👴"}.get(person.relation, "👤")
    return f"{face} {_named(person)}:"


def _under(first_line: str, outgoing: Outgoing) -> Outgoing:
    if outgoing.to is not None:
        return outgoing
    message = outgoing.message
    return replace(outgoing, message=replace(message, text=f"{first_line}\n{message.text}"))
