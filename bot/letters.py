"""Withheld words and the turn in which they follow: read before it, put behind or before its own.

Which of them follow is decided in conversations/phone/letters.py, what her message means while she
has not seen them in conversations/phone/unseen.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from conversations.dialogue import Turn
from conversations.message import Inbound, Kind
from conversations.phone import holding, letters, unseen
from conversations.phone.letters import Letter, Post
from conversations.templates import OPEN
from storage import passing
from storage.people import Seat

_SAYS_NOTHING: Final = (Kind.LEFT, Kind.GROUP)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for her who writes. `inbound` is her message, read with that in mind."""

    letters: Sequence[Letter]
    useful: Sequence[Letter]
    inbound: Inbound


def waiting(conn: Connection, seat: Seat, inbound: Inbound, now: datetime) -> Waiting | None:
    """None where nothing waits, or where it is open whether it is she who writes.

    Where nothing is withheld it costs nothing.
    """
    if not seat.withholds:
        return None
    if inbound.kind in _SAYS_NOTHING or seat.typist is not None:
        return None
    if holding.is_closed(seat.phone, now, asked=seat.asked):
        return None
    found, since = passing.withheld(conn, seat.address_id, seat.person.id)
    if not found:
        return None
    useful = letters.of_use(found, seat.dialogue, seat.person, now)
    opener = replace(inbound, kind=Kind.BUTTON, text="", button=OPEN)
    if useful:
        inbound = opener if inbound.kind is Kind.CAME_BACK else inbound
        return Waiting(found, useful, replace(inbound, unseen=since))
    told = any(one.knocked for one in found)
    if told and seat.dialogue.running is None and unseen.only_opens(inbound):
        inbound = opener
    return Waiting(found, (), inbound)


def with_letters(waiting: Waiting, seat: Seat, turn: Turn, now: datetime) -> tuple[Turn, Post]:
    """The turn with what follows it in its place, each under a key that is used once."""
    post = letters.follow(waiting.letters, waiting.useful, seat.dialogue, turn, now)
    following = tuple(
        replace(parcel.outgoing, dedupe_key=passing.key_of(parcel)) for parcel in post.parcels
    )
    own = post.turn.outgoing
    said = (*following, *own) if letters.come_first(turn) else (*own, *following)
    return replace(post.turn, outgoing=said), post
