"""Money on a channel that is paid for: what a month may cost, and what is never stopped for it.

All sums are whole rupiah. What was really spent is counted in storage/spending.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from conversations.message import Priority
from locales import say

UNASKED_SHARE: Final = 80
"""Hundredths of a budget that may go to what nobody asked for: the rest is kept for answers."""

WARNED_AT: Final = (50, 80, 100)
"""Hundredths of a budget at which people are warned."""

ANSWER: Final = "reply"
"""The purpose of an answer to what somebody wrote."""

DANGER: Final = "danger"
"""The purpose of answers in a turn about danger: like other answers in everything but the price."""

_NEVER_STOPPED: Final = frozenset(
    {DANGER, "alert", "taken", "siap", "unready", "unanswered", "overdue", "answer"}
)
"""Purposes: about danger, the ladder of those on duty, and staff's own words to a person."""

_OF_A_TASK: Final = "task "
"""How the purpose of what shows a task to staff begins."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What one number may cost in a month. Nothing (0) means: only what is free."""

    rupiah: int

    def for_priority(self, priority: Priority) -> int:
        """Up to which sum a message of this priority may go.

        >>> Budget(3_000_000).for_priority(Priority.REMINDER)
        2400000
        """
        if priority in (Priority.REMINDER, Priority.BROADCAST):
            return self.rupiah * UNASKED_SHARE // 100
        return self.rupiah

    def reached(self, spent: int) -> int:
        """The last of the warnings that this sum has reached, in hundredths; 0 for none.

        >>> Budget(1_000).reached(499), Budget(1_000).reached(800), Budget(0).reached(0)
        (0, 80, 0)
        """
        if not self.rupiah:
            return 100 if spent else 0
        return max((mark for mark in WARNED_AT if spent * 100 >= self.rupiah * mark), default=0)


def is_never_stopped(priority: Priority, purpose: str) -> bool:
    """Whether it leaves whatever it costs."""
    if priority is Priority.ALARM or purpose in _NEVER_STOPPED:
        return True
    return purpose.startswith(_OF_A_TASK)


@dataclass(frozen=True, slots=True)
class Tariff:
    """What free words to many would cost now, on the one number that is paid for."""

    price: int
    """Rupiah of one message, when none is free any more."""
    estimated: bool
    """Nobody compared the price with the platform's own card."""
    free_left: int = 0
    spent: int = 0
    budget: int | None = None

    @property
    def room(self) -> int | None:
        """Rupiah that what nobody asked for may still cost this month; None: no limit is known."""
        if self.budget is None:
            return None
        return max(0, self.budget * UNASKED_SHARE // 100 - self.spent)

    def fits(self, messages: int) -> int:
        """How many of so many messages the month has room for.

        >>> Tariff(357, True, free_left=10, spent=0, budget=1_000).fits(20)
        12
        """
        if self.room is None or not self.price:
            return messages
        return min(messages, self.free_left + self.room // self.price)

    def cost(self, messages: int) -> int:
        """At most so much: others may use up what is free before."""
        return messages * self.price


def rupiah(sum_: int) -> str:
    """A sum as it is written in Indonesia.

    >>> rupiah(3_000_000), rupiah(0)
    ('Rp 3.000.000', 'Rp 0')
    """
    return f"Rp {sum_:,}".replace(",", ".")


def cost_lines(messages: int, tariff: Tariff | None) -> list[str]:
    """What a rehearsal says of the price; `messages` go by the channel that is paid for."""
    if tariff is None:
        return [say("broadcast.costs")]
    if not messages:
        return [say("costs.none")]
    fits = tariff.fits(messages)
    key = "costs.at_most.estimated" if tariff.estimated else "costs.at_most"
    price = rupiah(tariff.price)
    lines = [say(key, sum=rupiah(tariff.cost(fits)), n=fits, price=price)]
    if tariff.free_left:
        lines.append(say("costs.free_left", n=tariff.free_left))
    if tariff.room is not None:
        left = rupiah(tariff.room)
        lines.append(say("costs.room", left=left, budget=rupiah(tariff.budget or 0)))
    return lines
