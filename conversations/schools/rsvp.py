"""What somebody answers to an invitation: by button, by number, or in her own words.

A bare yes or number counts only where it can mean nothing else: when a question of an interview
was asked before the invitation came, she is asked which of the two it was for. So she is when
"izin 2 hari" or "hadir" follows a newer question: children too are absent, or come to school.
"""

from __future__ import annotations

import re
from dataclasses import replace

from conversations import interview
from conversations.broadcasts.broadcasting import is_writing
from conversations.courtesy import is_thanks
from conversations.dialogue import Interview
from conversations.event import RsvpGiven
from conversations.message import Choice, Inbound, Kind
from conversations.reading.coming import Coming, coming, weekdays_named
from conversations.schools.announcing import rsvp_choices, shortened, when
from conversations.schools.session import Invitation, Rsvp, Session, SessionId
from conversations.talk import Talk

LONGEST_REPLY = 200
"""Characters: what is longer tells a story, and no query is made for it."""

_PRESSED = re.compile(r"s:(\d{1,18}):(yes|no)")
_FOR_QUESTION = "s:q:"
_GRAVE = ("bahaya", "sandi", "lapor", "sesudah")
"""Conversations in which a bare reply is never taken for anything else."""
_PAYLOAD = 64
_NAME = 60
"""Characters of a school's name inside a sentence."""
_SCHOOLS = 5
"""Schools of hers that are looked through for the day that she names."""


def pressed(talk: Talk, inbound: Inbound) -> bool:
    """A button under an invitation, also an old one: it holds for the session as it is."""
    match = _PRESSED.fullmatch(inbound.button) if inbound.kind is Kind.BUTTON else None
    if match is None:
        return False
    invitation = talk.world.schools.invitation(talk.person.id, SessionId(int(match[1])))
    if invitation is None:
        talk.ask_again(talk.text("school.gone"))
    else:
        _answer(talk, invitation, Rsvp(match[2]))
    return True


def heard(talk: Talk, inbound: Inbound) -> bool:
    """A typed answer to the open invitation; False when the message means something else.

    Only what can be such an answer costs a query.
    """
    if inbound.kind is not Kind.TEXT or len(inbound.text) > LONGEST_REPLY:
        return False
    said = coming(inbound.text)
    if said is None or is_writing(talk) or _is_meant_otherwise(talk, said):
        return False
    invitation = talk.world.schools.open_invitation(talk.person.id)
    now = talk.world.now
    if invitation is None or invitation.asked_at is None or invitation.asked_at > now:
        return False
    if inbound.unseen is not None and not said.named and invitation.asked_at <= inbound.unseen:
        return False
    running = talk.running if inbound.unseen is None else None
    answered = invitation.rsvp is not Rsvp.NOTHING
    if running is None:
        if answered and (is_thanks(inbound.text) or said.answer is None):
            return False
    elif said.named:
        if said.more and interview.takes_free_text(running, talk.world):
            return False
        if interview.is_label(running, inbound.text, talk.person, talk.world):
            return False
        if not said.own and said.answer and _is_after(running, invitation):
            return _ask_which(talk, invitation, said, inbound.text)
    elif _is_after(running, invitation):
        return False
    elif interview.understands(running, inbound.text, talk.person, talk.world):
        return _ask_which(talk, invitation, said, inbound.text)
    meant = _of_the_day_named(talk, invitation, inbound.text)
    session = (meant or invitation).session
    if said.answer is None:
        talk.ask_again(talk.text("school.rsvp.unsure", when=when(session)))
    elif meant is None:
        name = shortened(session.school.name, _NAME)
        talk.ask_again(talk.text("school.rsvp.other_day", school=name, when=when(session)))
    else:
        _answer(talk, meant, Rsvp(said.answer), more=said.more)
    return True


def is_doubtful(talk: Talk, typed: str, picked: str) -> bool:
    """Asks which was meant, when a reply answers an offer that is older than an invitation.

    `picked` is the payload that it means there.
    """
    said = coming(typed) if talk.offered_at is not None else None
    if said is None or said.answer is None:
        return False
    invitation = talk.world.schools.open_invitation(talk.person.id)
    if invitation is None or not _is_newer(talk, invitation):
        return False
    _offer_both(talk, invitation, said, Choice(talk.text("school.which.list"), picked))
    return True


def is_awaited(talk: Talk) -> bool:
    """Whether she was invited, has not answered, and nothing else was offered to her since."""
    invitation = talk.world.schools.open_invitation(talk.person.id)
    if invitation is None or invitation.rsvp is not Rsvp.NOTHING:
        return False
    return not talk.offered or _is_newer(talk, invitation)


def for_question(inbound: Inbound) -> Inbound:
    """What she meant for the question of the interview, as if she typed it only now."""
    if inbound.kind is not Kind.BUTTON or not inbound.button.startswith(_FOR_QUESTION):
        return inbound
    return replace(inbound, kind=Kind.TEXT, button="", text=inbound.button[len(_FOR_QUESTION) :])


def _is_after(running: Interview, invitation: Invitation) -> bool:
    """Whether the question of the interview came after the invitation."""
    asked_at = invitation.asked_at
    return running.asked_at is None or asked_at is None or running.asked_at >= asked_at


def _is_newer(talk: Talk, invitation: Invitation) -> bool:
    """Whether the invitation came after what was offered to her."""
    offered_at, asked_at = talk.offered_at, invitation.asked_at
    if offered_at is None or asked_at is None:
        return False
    return offered_at < asked_at <= talk.world.now


def _of_the_day_named(talk: Talk, newest: Invitation, said: str) -> Invitation | None:
    """The invitation for the weekday that she names; None when she was asked for no such day."""
    days = weekdays_named(said)
    if not days or _weekday(newest.session) in days:
        return newest
    schools, person = talk.world.schools, talk.person.id
    for school in schools.of_person(person)[:_SCHOOLS]:
        for session in schools.next_sessions(school.id):
            asked = schools.invitation(person, session.id) if _weekday(session) in days else None
            if asked is not None and asked.asked_at is not None:
                return asked
    return None


def _weekday(session: Session) -> int:
    return session.starts_at.astimezone(session.school.tz).weekday()


def _is_meant_otherwise(talk: Talk, said: Coming) -> bool:
    """Whether a bare word answers something else, whatever the invitation.

    An interview, a member of staff, or the farewell to her who wants no messages.
    """
    if said.named:
        return False
    if talk.person.stopped:
        return True
    if talk.running is not None:
        return said.answer is None or talk.running.conversation in _GRAVE
    return talk.person.talk_until is not None and talk.person.talk_until > talk.world.now


def _ask_which(talk: Talk, invitation: Invitation, said: Coming, text: str) -> bool:
    """One bare reply, two open questions: the invitation, and the one of the interview.

    False for words that no button can hold: they stay an answer to the interview.
    """
    meant = f"{_FOR_QUESTION}{text.strip()}"
    if len(meant.encode()) > _PAYLOAD:
        return False
    _offer_both(talk, invitation, said, Choice(talk.text("school.which.question"), meant))
    return True


def _offer_both(talk: Talk, invitation: Invitation, said: Coming, other: Choice) -> None:
    session = invitation.session
    yes, no = rsvp_choices(session.id, talk.person.language)
    payload = (yes if said.answer == "yes" else no).payload
    talk.offer(
        talk.text("school.which", school=shortened(session.school.name, _NAME)),
        (Choice(talk.text("school.which.invitation"), payload), other),
    )


def _answer(talk: Talk, invitation: Invitation, rsvp: Rsvp, *, more: bool = False) -> None:
    """Takes the answer for the session as it now is, and says how to change it."""
    session = invitation.session
    now = talk.world.now
    coming_ = rsvp is Rsvp.YES
    if session.cancelled:
        key = "school.rsvp.cancelled"
    elif session.ends_at <= now:
        key = "school.rsvp.over"
    elif session.starts_at <= now:
        key = "school.rsvp.begun" if coming_ else "school.rsvp.missed"
    else:
        if invitation.rsvp is not rsvp:
            talk.add(RsvpGiven(session.id, rsvp))
        moved = ".moved" if session.revision > 1 else ""
        key = f"school.rsvp.{rsvp}{moved}"
    words = talk.text(key, school=shortened(session.school.name, _NAME), when=when(session))
    if more:
        words = f"{words} {talk.text('school.rsvp.more')}"
    talk.ask_again(words)
