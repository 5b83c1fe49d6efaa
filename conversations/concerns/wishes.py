"""What may be wished after a report: that a name is not told, who shall read it, a clean phone."""

from __future__ import annotations

from collections.abc import Mapping

from conversations.concerns import traces
from conversations.concerns.event import CaseKnown
from conversations.concerns.receipt import number
from conversations.concerns.reporting import CODE
from conversations.dialogue import Interview
from conversations.event import TaskExtended
from conversations.talk import Conversation, Talk


def chosen(talk: Talk, interview: Interview, answers: Mapping[str, str]) -> None:
    """One wish; then the others are offered again, until it is enough."""
    code = interview.facts.get(CODE, "")
    match answers.get("pilihan"):
        case "nama":
            talk.add(CaseKnown(code, {"hide_name": True}))
            _offer_again(talk, code, talk.text("report.name_hidden"))
        case "luar":
            _offer_again(talk, code, _goes_outside(talk, code))
        case "jejak":
            traces.offer_erasing(talk)
        case _:
            talk.say("report.enough_for_now")


def _goes_outside(talk: Talk, code: str) -> str:
    """From now on it is read by those whom it cannot be about; said as far as it is so."""
    team = talk.world.duty.team()
    if not team.focal and not team.coordinators:
        talk.add(TaskExtended(code, content="tentang kader atau petugas"))
        return talk.text("report.outside.nobody", sapa=number("sapa"))
    talk.add(CaseKnown(code, {"outside": True}))
    return talk.text("report.outside" if team.focal else "report.outside.coordinator")


def _offer_again(talk: Talk, code: str, opening: str) -> None:
    talk.start("sesudah", facts={CODE: code}, opening=opening)


CONVERSATIONS = (Conversation("sesudah", chosen, urgent=True),)
