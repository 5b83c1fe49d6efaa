"""One person, several chats: SAMBUNG gives a code that she sends from the other chat, LEPAS takes
her off this one.

What the code does where it arrives is in `conversations/helping/joining.py`.
"""

from __future__ import annotations

from typing import Final

from conversations.event import ChatLeft, LinkOpened
from conversations.message import Choice, Inbound, Kind, Message
from conversations.talk import Talk

_LINK: Final = frozenset(
    {"sambung", "sambungkan", "sambung hp", "sambungkan hp", "sambung wa", "sambung telegram"}
)
_LEAVE: Final = frozenset({"lepas", "lepaskan", "lepas hp", "lepas chat"})
_YES, _NO = "link:lepas", "link:tidak"


def respond(talk: Talk, inbound: Inbound) -> bool:
    """Hears SAMBUNG and LEPAS; False when the message means something else."""
    if inbound.kind is Kind.BUTTON:
        return _pressed(talk, inbound.button)
    if inbound.kind is not Kind.TEXT:
        return False
    words = " ".join(inbound.text.casefold().lstrip("/").split()).rstrip("!. ")
    if words not in _LINK | _LEAVE:
        return False
    if talk.world.typist is not None:
        talk.ask_again(talk.text("link.not_here"))
    elif words in _LINK:
        give_code(talk)
    else:
        _ask_leaving(talk)
    return True


def give_code(talk: Talk) -> None:
    """A code for whoever is known by now; a newcomer comes through the door first.

    None on a phone of several people: who holds it would have all that is hers on her own.
    """
    if not talk.person.registered and not talk.person.role.works:
        talk.ask_again(talk.text("link.not_yet"))
        return
    if talk.person.shares_phone:
        talk.ask_again(talk.text("link.shared"))
        return
    code = talk.world.helping.link_code()
    talk.add(LinkOpened(code))
    written = f"{code[:4]}-{code[4:]}"
    talk.send(Message(talk.text("link.code", code=written), discreet=True))
    talk.ask_again()


def _ask_leaving(talk: Talk) -> None:
    if not talk.person.shares_phone and talk.world.helping.chats(talk.person.id) < 2:
        talk.ask_again(talk.text("link.only"))
        return
    choices = (Choice(talk.text("link.leave.yes"), _YES), Choice(talk.text("link.leave.no"), _NO))
    talk.offer(talk.text("link.leave"), choices)


def _pressed(talk: Talk, button: str) -> bool:
    if button not in (_YES, _NO) or talk.world.typist is not None:
        return False
    if button == _NO:
        talk.ask_again(talk.text("all_right"))
    elif not talk.person.shares_phone and talk.world.helping.chats(talk.person.id) < 2:
        talk.ask_again(talk.text("link.only"))
    else:
        talk.add(ChatLeft())
        talk.say("link.left")
    return True
