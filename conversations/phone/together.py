"""One message for each step, where every message costs money and few may follow each other.

What was said to acknowledge goes with what is asked then. Elsewhere each thing stays a message of
its own, which is easier to read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from conversations.costs import DANGER
from conversations.message import Outgoing, printed

LONGEST: Final = 1_000
"""Characters of what is put together, with its choices: what buttons may stand under."""


def as_one(outgoing: Sequence[Outgoing]) -> tuple[Outgoing, ...]:
    """The same words to the one who wrote in as few messages as may be, in their order.

    >>> from conversations.message import Message
    >>> both = Outgoing(Message("Baik.")), Outgoing(Message("Umur?"))
    >>> [one.message.text for one in as_one(both)]
    ['Baik.\\n\\nUmur?']
    """
    together: list[Outgoing] = []
    for one in outgoing:
        if together and _fit(together[-1], one):
            together[-1] = _joined(together[-1], one)
        else:
            together.append(one)
    return tuple(together)


def _fit(first: Outgoing, then: Outgoing) -> bool:
    """Choices stand at the end, so nothing comes after them."""
    plain = all(_is_plain(one) for one in (first, then))
    alike = (first.to, first.priority, first.not_before, first.expires_at) == (
        then.to,
        then.priority,
        then.not_before,
        then.expires_at,
    )
    length = len(printed(first.message)) + len(printed(then.message)) + 2
    return plain and alike and not first.message.choices and length <= LONGEST


def _is_plain(one: Outgoing) -> bool:
    message = one.message
    special = message.media or message.removal or message.template
    return one.to is None and not one.dedupe_key and not special and message.text != ""


def _joined(first: Outgoing, then: Outgoing) -> Outgoing:
    message = replace(
        then.message,
        text=f"{first.message.text}\n\n{then.message.text}",
        discreet=first.message.discreet or then.message.discreet,
    )
    urgent = DANGER in (first.purpose, then.purpose)
    return replace(then, message=message, purpose=DANGER if urgent else then.purpose)
