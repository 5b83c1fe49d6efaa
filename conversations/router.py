"""Which conversation takes a message: danger, stop, help, safe word, staff, the running interview.

Whatever interrupts an interview, its place is kept and its question comes again. What may be said
at any time is read in `commands.py`; the clock's turn is in `waking.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from conversations import (
    checkin,
    commands,
    danger,
    interview,
    menu,
    mourning,
    politeness,
    quiet,
    registration,
    staff,
    unsent,
)
from conversations.broadcasts import broadcasting
from conversations.concerns import alarm, calling, files, news, reporting, traces, wishes, young
from conversations.concerns.cry import is_cry, is_plea, is_yes
from conversations.courtesy import is_greeting, is_thanks
from conversations.dialogue import Consent, Dialogue, Event, Person, Role, Turn
from conversations.duty import watch
from conversations.event import (
    AddressLost,
    CodeUsed,
    HelpBegun,
    NewcomerHelped,
    PersonChanged,
)
from conversations.helping import helping, inviting, joining
from conversations.level import Level
from conversations.message import Inbound, Kind
from conversations.phone import linking, unseen
from conversations.schools import attendance, feedback, orders, rsvp
from conversations.talk import Conversation, Talk
from conversations.world import World

CONVERSATIONS: dict[str, Conversation] = {
    conversation.name: conversation
    for conversation in (
        *registration.CONVERSATIONS,
        *checkin.CONVERSATIONS,
        *reporting.CONVERSATIONS,
        *alarm.CONVERSATIONS,
        *calling.CONVERSATIONS,
        *wishes.CONVERSATIONS,
        *menu.CONVERSATIONS,
        *broadcasting.CONVERSATIONS,
        *feedback.CONVERSATIONS,
        *quiet.CONVERSATIONS,
        *inviting.CONVERSATIONS,
        *staff.CONVERSATIONS,
    )
}

A_STORY = 3
"""Words from which on a text of somebody not registered is worth passing on to staff."""

A_MOMENT = timedelta(minutes=1)
"""By so much at least an answer makes a talk with staff longer: not for every line of it."""


def respond(person: Person, dialogue: Dialogue, inbound: Inbound, world: World) -> Turn:
    """What one message brings about. Never raises for anything a person may write."""
    dialogue = unseen.blind(dialogue, inbound)
    talk = Talk(person, dialogue, world, CONVERSATIONS)
    if inbound.kind is Kind.BUTTON and not inbound.button:
        inbound = replace(inbound, kind=Kind.OTHER)
    typed = inbound
    if not staff.is_for_alert(talk, inbound):
        inbound = _number_of_offer(dialogue, inbound)
    match inbound.kind:
        case Kind.LEFT:
            talk.add(AddressLost("blocked by the person"))
        case Kind.CAME_BACK:
            _welcome(talk)
        case Kind.GROUP:
            talk.say("group")
        case Kind.BUTTON if (
            typed.kind is Kind.TEXT
            and not inbound.unproven
            and any(
                doubtful(talk, typed.text, inbound.button)
                for doubtful in (rsvp.is_doubtful, staff.is_doubtful)
            )
        ):
            pass
        case _:
            _hear(talk, inbound)
            _go_on_talking(talk)
    return _turn(talk)


def take_over(person: Person, dialogue: Dialogue, event: Event, world: World) -> Turn:
    """What is said first to her whom this phone speaks for since this event of the same message."""
    talk = Talk(person, dialogue, world, CONVERSATIONS)
    match event:
        case HelpBegun() | NewcomerHelped():
            helping.opened(talk)
        case CodeUsed():
            joining.welcome(talk)
            _welcome(talk)
        case _:
            helping.closed(talk)
    return _turn(talk)


def _turn(talk: Talk) -> Turn:
    return talk.turn() if talk.world.typist is None else helping.finished(talk)


def _go_on_talking(talk: Talk) -> None:
    """Her answer keeps a talk with staff going: nothing automatic comes between for a while."""
    until, now = talk.person.talk_until, talk.world.now
    if until is not None and now < until < now + politeness.TALK - A_MOMENT:
        talk.add(PersonChanged({"talk_until": now + politeness.TALK}))


def _hear(talk: Talk, inbound: Inbound) -> None:
    urgent = _danger(talk, inbound)
    if inbound.edited:
        if urgent:
            files.keep(talk, inbound)
            alarm.help_now(talk, inbound.text)
        else:
            talk.ask_again(talk.text("edited"))
        return
    if not urgent and (
        unseen.opened(talk, inbound)
        or _command(talk, inbound)
        or (not inbound.unproven and rsvp.heard(talk, inbound))
    ):
        return
    if inbound.unseen is not None and inbound.kind is not Kind.BUTTON:
        _apart(talk, inbound, urgent=urgent)
        return
    inbound = rsvp.for_question(inbound)
    running = talk.running
    if running and running.conversation == "bahaya" and is_yes(inbound.text):
        inbound = replace(inbound, text="ya")
    is_answer = inbound.kind in (Kind.TEXT, Kind.BUTTON) or _is_answer_file(talk, inbound)
    if urgent and not (running and is_answer and interview.takes_free_text(running, talk.world)):
        files.keep(talk, inbound)
        alarm.help_now(talk, inbound.text)
        return
    if running is None:
        _idle(talk, inbound)
        return
    if is_answer:
        if not urgent and reporting.own_words(talk, inbound):
            return
        heard = interview.hear(running, inbound, talk.person, talk.world)
        talk.hear(heard, ask=not urgent)
        if urgent:
            alarm.help_now(talk, inbound.text)
        return
    _something_else(talk, inbound)


def _apart(talk: Talk, inbound: Inbound, *, urgent: bool) -> None:
    """What she tells while the open question has not reached her yet: no answer to it."""
    if urgent:
        files.keep(talk, inbound)
        alarm.help_now(talk, inbound.text)
    elif unseen.kept(talk, inbound):
        return
    elif inbound.kind is Kind.TEXT:
        staff.help_(talk)
    else:
        talk.say(_ANSWERS.get(inbound.kind, "kind.other"))


def _danger(talk: Talk, inbound: Inbound) -> bool:
    """Whether the words must reach a human being at once; staff are told in this very turn."""
    if inbound.kind is Kind.BUTTON or not any(map(str.isalpha, inbound.text)):
        return False
    if traces.is_wish(inbound.text):
        return False
    if not inbound.unproven and (
        staff.is_order(talk, inbound.text) or broadcasting.is_writing(talk)
    ):
        return False
    running = talk.running
    if running and interview.is_label(running, inbound.text, talk.person, talk.world):
        return False
    found = danger.assess(inbound.text)
    cries = is_cry(inbound.text) or (inbound.unproven and is_plea(inbound.text))
    if found.level is None and cries:
        if running and running.conversation == "bahaya":
            return False
        alarm.cry(talk, inbound.text)
        return True
    if found.level is None:
        return False
    alarm.raise_alarm(talk, inbound.text)
    return found.level in (Level.MERAH, Level.ORANYE)


def _command(talk: Talk, inbound: Inbound) -> bool:
    """Hears what may be said at any time; False when the message is something else."""
    if any(order(talk, inbound) for order in (_OF_ANYBODY if inbound.unproven else _ORDERS)):
        return True
    if inbound.kind is not Kind.TEXT:
        return False
    intent = commands.intent(talk, inbound.text)
    if inbound.unproven:
        return intent in _INTENTS_OF_ANYBODY and _carry_out(talk, intent)
    if talk.world.typist is None and joining.is_tried_out(talk, inbound):
        return True
    alone = talk.world.typist is None and not talk.person.shares_phone
    if alone and staff.join(talk, inbound):
        return True
    if joining.by_code(talk, inbound):
        return True
    return _carry_out(talk, intent)


def _carry_out(talk: Talk, intent: str | None) -> bool:
    match intent:
        case "start":
            _welcome(talk)
        case "stop" if talk.world.typist is not None:
            helping.ask_stop(talk)
        case "stop":
            menu.stop(talk)
        case "erase" if talk.world.typist is not None:
            helping.ask_erase(talk)
        case "erase":
            registration.ask_for_erasure(talk)
        case "safe_word":
            calling.safe_word(talk)
        case "help":
            _help(talk)
        case "menu":
            _menu(talk)
        case "person":
            calling.want_person(talk)
        case "settings" if talk.person.registered:
            registration.show_settings(talk)
        case "pause" if talk.person.registered:
            talk.start("jeda")
        case "resume" if talk.person.stopped or talk.person.paused_until:
            menu.begin_again(talk)
            if talk.person.consent is not Consent.GIVEN and talk.running is None:
                _welcome(talk)
            else:
                talk.ask_again()
        case "resume" if talk.running is not None:
            talk.ask_again()
        case "resume":
            _welcome(talk)
        case "back" if talk.running is not None:
            talk.hear(interview.back(talk.running, talk.person, talk.world))
        case "skip" if talk.running is not None:
            talk.hear(interview.skip(talk.running, talk.person, talk.world))
        case _:
            return False
    return True


def _help(talk: Talk) -> None:
    """What holds for everybody; whoever has a task in the programme hears its orders too."""
    if not talk.person.role.works and talk.person.role is not Role.CADRE:
        talk.ask_again(talk.text("help"))
        return
    talk.say("help")
    if talk.person.role.works:
        staff.help_(talk)
    else:
        talk.ask_again(talk.text("cadre.help"))


def _menu(talk: Talk) -> None:
    if talk.person.registered and talk.person.consent is Consent.GIVEN:
        talk.start("menu")
    else:
        _welcome(talk)


def _welcome(talk: Talk) -> None:
    """Where somebody stands who says hello: at the notice, at the door, or at her question."""
    person = talk.person
    if talk.world.typist is not None:
        helping.opened(talk)
    elif person.role.works:
        staff.help_(talk)
    elif talk.running is not None:
        talk.ask_again(talk.text("welcome_back"))
    elif person.consent in (Consent.UNASKED, Consent.WITHDRAWN):
        talk.start("persetujuan")
    elif person.consent is Consent.REFUSED:
        talk.start("belum_setuju")
    elif not person.registered:
        registration.open_door(talk)
    elif person.stopped:
        talk.start("berhenti")
    else:
        talk.start("menu")


def _idle(talk: Talk, inbound: Inbound) -> None:
    """Nothing is being asked: a first word, a thank-you, a file, or a story."""
    person = talk.person
    if talk.alarm is not None:
        reporting.tell(talk, inbound.text)
    elif inbound.kind is Kind.BUTTON:
        talk.say("stale_idle")
    elif inbound.kind is not Kind.TEXT:
        _something_else(talk, inbound)
    elif person.role.works:
        staff.help_(talk)
    elif is_thanks(inbound.text):
        talk.say("you_are_welcome")
    elif is_greeting(inbound.text) or (
        len(inbound.text.split()) < A_STORY
        and (person.stopped or person.consent is not Consent.GIVEN)
    ):
        _welcome(talk)
    else:
        talk.start("bingung", facts={"pesan.isi": inbound.text})


def _something_else(talk: Talk, inbound: Inbound) -> None:
    """Stickers, files, places: each gets a kind answer, and the open question stays open."""
    kept = files.keep(talk, inbound)
    key = _ANSWERS.get(inbound.kind, "kind.other")
    if talk.running is not None:
        talk.ask_again(talk.text(key))
    elif kept and talk.alarm is None:
        reporting.offer_report(talk, talk.text(key), kept)
    elif talk.person.consent is Consent.UNASKED and inbound.kind not in files.KEPT:
        _welcome(talk)
    else:
        talk.say(key)


_ANSWERS = {
    Kind.VOICE: "kind.voice",
    Kind.IMAGE: "kind.image",
    Kind.STICKER: "kind.sticker",
    Kind.REACTION: "kind.sticker",
    Kind.LOCATION: "kind.location",
    Kind.CONTACT: "kind.contact",
    Kind.VIDEO: "kind.file",
    Kind.DOCUMENT: "kind.file",
}


def _is_answer_file(talk: Talk, inbound: Inbound) -> bool:
    return talk.running is not None and interview.takes_file(talk.running, inbound, talk.world)


def _number_of_offer(dialogue: Dialogue, inbound: Inbound) -> Inbound:
    """A typed number that picks from the last message with choices, outside any interview."""
    number = inbound.text.strip()
    if inbound.kind is not Kind.TEXT or not number.isdecimal():
        return inbound
    index = int(number[:3]) - 1
    if not 0 <= index < len(dialogue.offer):
        return inbound
    return replace(inbound, kind=Kind.BUTTON, text="", button=dialogue.offer[index])


_ORDERS: tuple[Callable[[Talk, Inbound], bool], ...] = (
    traces.respond,
    linking.respond,
    helping.respond,
    joining.pressed,
    rsvp.pressed,
    attendance.respond,
    orders.respond,
    mourning.respond,
    watch.respond,
    unsent.respond,
    staff.respond,
    broadcasting.respond,
    young.respond,
    news.respond,
    reporting.respond,
)
"""What people with a task in the programme may order; each asks the permission table itself."""

_OF_ANYBODY: tuple[Callable[[Talk, Inbound], bool], ...] = (
    traces.respond,
    young.respond,
    reporting.respond,
)
_INTENTS_OF_ANYBODY = frozenset({"stop", "help", "safe_word", "person", "back", "skip"})
"""What is heard where it is open who writes: nothing that shows what is known of somebody."""
