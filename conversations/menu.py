"""The menu, the rest, the stop and the way back: what a person may ask of the bot at any time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from conversations import checkin
from conversations.dialogue import Interview
from conversations.event import PersonChanged
from conversations.registration import show_settings
from conversations.talk import Conversation, Talk

PAUSES = {
    "seminggu": timedelta(weeks=1),
    "dua_minggu": timedelta(weeks=2),
    "sebulan": timedelta(days=30),
}


def chosen(talk: Talk, interview: Interview, answers: Mapping[str, str]) -> None:
    """One entry of the menu."""
    match answers.get("pilihan"):
        case "lapor":
            talk.start("lapor")
        case "kabar":
            if not checkin.start(talk):
                talk.start("keluarga")
        case "tip":
            checkin.offer_tip(talk)
        case "data":
            show_settings(talk)
        case "jeda":
            talk.start("jeda")
        case "bantuan":
            talk.say("help")
        case _:
            talk.say("all_right")


def paused(talk: Talk, interview: Interview, answers: Mapping[str, str]) -> None:
    """A rest of some weeks; check-ins begin again by themselves."""
    length = PAUSES.get(answers.get("pilihan", ""))
    if length is None:
        talk.say("all_right")
        return
    until = talk.world.now + length
    talk.add(PersonChanged({"paused_until": until}))
    talk.say("paused")


def stop(talk: Talk) -> None:
    """BERHENTI: at once, without a question; what was begun keeps its place."""
    talk.add(PersonChanged({"stopped": True}))
    talk.say("stopped")


def stopped_choice(talk: Talk, interview: Interview, answers: Mapping[str, str]) -> None:
    """Somebody who stopped writes again."""
    match answers.get("pilihan"):
        case "mulai":
            begin_again(talk)
        case "lapor":
            talk.start("lapor")
        case _:
            talk.say("all_right")


def begin_again(talk: Talk) -> None:
    """MULAI: messages come again; an interview that waits goes on where it was."""
    talk.give_up_all("berhenti")
    talk.add(PersonChanged({"stopped": False, "paused_until": None}))
    talk.say("started_again")


CONVERSATIONS = (
    Conversation("menu", chosen),
    Conversation("jeda", paused),
    Conversation("berhenti", stopped_choice),
)
