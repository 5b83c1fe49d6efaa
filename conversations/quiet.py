"""Somebody's own quiet hours: chosen in the settings, kept until she chooses anew."""

from __future__ import annotations

from collections.abc import Mapping

from conversations.dialogue import Interview
from conversations.event import PersonChanged
from conversations.politeness import QuietHours
from conversations.talk import Conversation, Talk

NIGHTS = {"magrib": "18:00-07:00", "malam": "20:00-08:00", "larut": "21:30-05:30", "biasa": ""}
"""The choices of forms/tenang.md, local time; empty: the programme's."""


def ask(talk: Talk) -> None:
    """The choices, and what holds now where she chose before."""
    own = QuietHours.parse(talk.person.quiet)
    talk.start("tenang", opening=talk.text("quiet.now", **_hours(own)) if own else "")


def chosen(talk: Talk, interview: Interview, answers: Mapping[str, str]) -> None:
    """From now on nothing unasked comes in these hours; what waits already keeps them too."""
    night = NIGHTS[answers["jam"]]
    talk.add(PersonChanged({"quiet": night}))
    own = QuietHours.parse(night)
    if own is None:
        talk.say("quiet.usual")
    else:
        talk.say("quiet.chosen", **_hours(own))


def _hours(own: QuietHours) -> Mapping[str, str]:
    return {"begin": f"{own.begin:%H.%M}", "end": f"{own.end:%H.%M}"}


CONVERSATIONS = (Conversation("tenang", chosen),)
