"""Clocks of the law that run from a report on: what must be done by when, and what stops it.

Shown where they run; whether the law binds this programme a lawyer says, not the bot.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from conversations.concerns.case import Agency, Case, Referral
from conversations.dialogue import Task

THREE_DAYS = timedelta(hours=72)
"""3 × 24 hours: UU 12/2022 (TPKS) art. 41, UU 27/2022 (PDP) art. 40."""

_SEXUAL = "sexual_violence"
_WITHDRAWAL = "erasure"


@dataclass(frozen=True, slots=True)
class Clock:
    """One time limit. `name` is the key of a text that says what is to be done."""

    name: str
    law: str
    ends_at: datetime
    left: timedelta
    """Negative when it has run out."""

    @property
    def over(self) -> bool:
        """Whether it has run out."""
        return self.left <= timedelta()


def clocks(subject: Case | Task, referrals: Iterable[Referral], now: datetime) -> list[Clock]:
    """The clocks that run for this case or task at this moment (aware), soonest first.

    Sexual violence is told to the police within 3 × 24 hours of the report, if the programme counts
    as a provider of services; a referral to the police unit stops it. What somebody withdraws is
    taken away within 3 × 24 hours.
    """
    task = subject.task if isinstance(subject, Case) else subject
    if task.closed_at is not None:
        return []
    ends_at = task.created_at + THREE_DAYS
    if task.kind == _WITHDRAWAL:
        return [Clock("clock.withdrawal", "UU 27/2022 Pasal 40", ends_at, ends_at - now)]
    told = any(one.contact.agency is Agency.POLRES_PPA for one in referrals)
    if task.danger_class == _SEXUAL and not told:
        return [Clock("clock.police", "UU 12/2022 Pasal 41", ends_at, ends_at - now)]
    return []
