"""One message in the morning: what politeness held for one person leaves together.

Texts are joined in the order of planning, with an empty line between. What asks something is never
joined with another question, what carries a file leaves alone, and nothing is left out: what does
not fit into the first message stays behind for the next one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from conversations.message import Message, printed

LONGEST = 1_000
"""Characters of one joined message, as it is printed."""

ALONE = frozenset({"session_changed", "attendance", "day_list"})
"""Purposes that are never joined: a session that is not where it was, and lists to work with."""

ANSWERED_ANY_TIME = frozenset({"invite", "session_reminder"})
"""Purposes whose choices are no interview's: they are asked first, because a typed number belongs
to the interview that runs, and so its question must be the last on the screen."""


@dataclass(frozen=True, slots=True)
class Held:
    """A message that waited for a decent hour."""

    id: int
    purpose: str
    message: Message


@dataclass(frozen=True, slots=True)
class Joined:
    """What leaves first: the one that is kept, those that it carries, and all of it as one."""

    kept: int
    carried: tuple[int, ...]
    message: Message


def first_of(held: Sequence[Held]) -> Joined:
    """The first message to send of what one person is still to get, in the order of planning.

    >>> tip = Held(1, "tip", Message("Bacakan cerita sebelum tidur."))
    >>> news = Held(2, "broadcast", Message("Posyandu pindah ke balai desa."))
    >>> first_of([tip, news]).message.text
    'Bacakan cerita sebelum tidur.\\n\\nPosyandu pindah ke balai desa.'
    """
    if not held:
        raise ValueError("nothing was held")
    alone = [one for one in held if _stands_alone(one)]
    if alone:
        return Joined(alone[0].id, (), alone[0].message)
    said = [one for one in held if not one.message.choices]
    asked = sorted(
        (one for one in held if one.message.choices),
        key=lambda one: one.purpose not in ANSWERED_ANY_TIME,
    )
    together: list[Held] = []
    for one in said:
        if together and _length([*together, one]) > LONGEST:
            return _joined(together)
        together.append(one)
    if asked and (not together or _length([*together, asked[0]]) <= LONGEST):
        together.append(asked[0])
    return _joined(together)


def _stands_alone(one: Held) -> bool:
    return one.purpose in ALONE or one.message.media is not None


def _length(held: Sequence[Held]) -> int:
    return len(printed(_message(held)))


def _joined(held: Sequence[Held]) -> Joined:
    """Kept is what asks, so that its answer is known as its own; else the first."""
    kept = next((one for one in held if one.message.choices), held[0])
    carried = tuple(one.id for one in held if one is not kept)
    return Joined(kept.id, carried, _message(held))


def _message(held: Sequence[Held]) -> Message:
    last = held[-1].message
    return replace(
        last,
        text="\n\n".join(one.message.text for one in held),
        discreet=any(one.message.discreet for one in held),
        template=last.template if len(held) == 1 else None,
    )
