"""What she writes while she has not seen yet what is waiting for her: it answers nothing of that.

A first word only opens it. A longer one is kept for staff, because nobody else would read it. What
was withheld follows in the same turn, from letters.py.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from conversations import reading
from conversations.concerns import files
from conversations.courtesy import is_greeting, is_thanks
from conversations.dialogue import Dialogue
from conversations.level import Level
from conversations.message import Inbound, Kind
from conversations.schools import rsvp
from conversations.talk import Talk
from conversations.templates import OPEN

_SIGNS: Final = frozenset({Kind.STICKER, Kind.REACTION})
_OPENERS: Final = frozenset(
    (
        "mulai",
        "lihat",
        "lanjut",
        "siap",
        "start",
        "ada",
        "kabar",
        "apa",
        "itu",
        "opo",
        "napa",
        "piye",
        "gimana",
    )
)
_SHORT: Final = 4
"""Words of a first word at most."""

_UNDER_ALERT: Final = frozenset({"1", "2"})


def only_opens(inbound: Inbound) -> bool:
    """Whether it is a first word that tells nothing.

    >>> from datetime import datetime, UTC
    >>> at = datetime(2026, 11, 18, tzinfo=UTC)
    >>> [only_opens(Inbound(Kind.TEXT, at, text=said)) for said in
    ...     ("Mulai", "1", "nggih", "assalamualaikum", "🙏", "ada kabar apa?", "anak saya sakit")]
    [True, True, True, True, True, True, False]
    """
    if inbound.kind is Kind.BUTTON:
        return inbound.button == OPEN
    if inbound.kind in _SIGNS:
        return True
    if inbound.kind is not Kind.TEXT:
        return False
    words = "".join(sign if sign.isalnum() else " " for sign in inbound.text.casefold()).split()
    if len(words) > _SHORT:
        return False
    if all(word in _OPENERS or word.isdecimal() for word in words):
        return True
    text = inbound.text
    return is_greeting(text) or is_thanks(text) or reading.yes_no(text) is not None


def blind(dialogue: Dialogue, inbound: Inbound) -> Dialogue:
    """The dialogue as far as a typed word may mean it: no choice that was not seen is picked."""
    if inbound.unseen is None or inbound.kind is not Kind.TEXT:
        return dialogue
    return replace(dialogue, offer=(), offered_at=None)


def opened(talk: Talk, inbound: Inbound) -> bool:
    """Hears a first word: an answer to what she was asked last and did see, or no answer at all."""
    if inbound.unseen is None:
        if inbound.kind is Kind.BUTTON and inbound.button == OPEN:
            talk.ask_again(talk.text("unseen.opened"))
            return True
        return False
    if rsvp.heard(talk, inbound):
        return True
    if _is_for_alert(talk, inbound.text.strip(), inbound.unseen):
        return False
    return only_opens(inbound) and not _begins_again(talk, inbound)


def kept(talk: Talk, inbound: Inbound) -> bool:
    """Whether it was kept for staff, with a kind word."""
    if inbound.unseen is None or talk.person.role.works:
        return False
    if inbound.kind is Kind.TEXT:
        talk.open_task("message", Level.KUNING, "reason.unseen", content=inbound.text)
        talk.say("unseen.kept")
        return True
    if not files.keep(talk, inbound):
        return False
    talk.say("unseen.file")
    return True


def _is_for_alert(talk: Talk, said: str, since: datetime) -> bool:
    """Whether a number stands under an alert that came after she was told that something waits."""
    if said not in _UNDER_ALERT or not talk.person.role.safeguards:
        return False
    return talk.world.duty.called_since(talk.person.id, since)


def _begins_again(talk: Talk, inbound: Inbound) -> bool:
    """MULAI of somebody who wanted no messages: they come again from now on."""
    return talk.person.stopped and inbound.text.strip().casefold() == "mulai"
