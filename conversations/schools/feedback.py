"""After a session: two questions to who was there, and what she wants to try at home."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from conversations.dialogue import Interview, Role, Wake
from conversations.event import Remind
from conversations.politeness import why_not
from conversations.schools.announcing import shortened
from conversations.schools.lists import NAME
from conversations.schools.session import SessionId
from conversations.talk import Conversation, Talk

LATER = timedelta(hours=1)
MOST_WAITS = 3
"""So often it is looked again whether she is free; then it is left."""


def ask(talk: Talk, wake: Wake) -> None:
    """Due work of subject session:person, behind which stands how often it has waited."""
    number, _, waited = wake.subject.partition(":")
    session = talk.world.schools.session(SessionId(int(number)))
    now = talk.world.now
    reason = why_not(talk.person, now) or ("" if talk.person.registered else "not registered")
    if session is None or talk.person.role is not Role.CAREGIVER:
        reason = "not asked"
    if session is None or reason:
        talk.outcome = f"skipped: {reason}"
        return
    staff_is_talking = talk.person.talk_until is not None and talk.person.talk_until > now
    if talk.running is not None or staff_is_talking:
        person, _, times = waited.partition(":")
        if (times_waited := int(times or 0)) < MOST_WAITS:
            subject = f"{number}:{person}:{times_waited + 1}"
            talk.add(Remind(wake.kind, subject, now + LATER, wake.expires_at))
        talk.outcome = "skipped: busy"
        return
    facts = {"acara.nomor": number}
    name = shortened(session.school.name, NAME)
    talk.start("umpan_balik", facts=facts, opening=talk.text("feedback.opening", school=name))


def thank(talk: Talk, interview: Interview, answers: Mapping[str, str]) -> None:
    """What she wrote is kept with the answers; the next check-in asks how it went."""
    tries = "feedback.thanks_try" if answers.get("dicoba") else "feedback.thanks"
    talk.say(tries)


CONVERSATIONS = (Conversation("umpan_balik", thank),)
