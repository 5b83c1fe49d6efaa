"""Who is on duty for urgent concerns, as values: shifts, and the order in which people are called.

When they are called is in `ladder.py`; the roster is kept by storage.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import NewType, Protocol
from zoneinfo import ZoneInfo

from conversations.dialogue import PersonId

ShiftId = NewType("ShiftId", int)

NEEDED = 2
"""People on duty at every hour (DOMAIN 4.1)."""

ASKED_BEFORE = timedelta(minutes=60)
"""So long before a shift begins she is asked for SIAP, at the hour, also at night."""

ASKED_IN_THE_EVENING = time(21, 0)
"""When she is asked instead about a shift that begins while she sleeps, local time."""

ASLEEP_FROM, ASLEEP_UNTIL = time(22, 0), time(6, 0)
"""Shifts that begin in these hours, local time, are asked about the evening before."""

REMINDED_AFTER = timedelta(minutes=20)
TOLD_AFTER = timedelta(minutes=40)
"""Without SIAP the next one and the coordinators are told so long after she was asked: 20 minutes
before the shift begins, and of a shift at night the evening before."""

AT_ONCE = 2
"""People who are alerted the moment an urgent concern arrives (DOMAIN 4.1: at least two)."""


@dataclass(frozen=True, slots=True)
class Shift:
    """One person's duty from then until then (aware, UTC); `rank` 1 is called first."""

    id: ShiftId
    person: PersonId
    starts_at: datetime
    ends_at: datetime
    rank: int
    ready_at: datetime | None = None
    """When she answered SIAP."""
    asked_at: datetime | None = None
    """When she was asked to."""
    name: str = ""
    """What she is called among colleagues."""
    phone: str = ""
    """The telephone at which she is reached when the chat fails; empty when none is known."""


def asked_at(starts_at: datetime, zone: ZoneInfo) -> datetime:
    """When somebody is asked whether she is SIAP for a shift that begins then (aware).

    >>> jember = ZoneInfo("Asia/Jakarta")
    >>> print(asked_at(datetime(2026, 11, 18, 18, 0, tzinfo=jember), jember))
    2026-11-18 17:00:00+07:00
    >>> print(asked_at(datetime(2026, 11, 19, 5, 0, tzinfo=jember), jember))
    2026-11-18 21:00:00+07:00
    """
    local = starts_at.astimezone(zone)
    if ASLEEP_UNTIL <= local.time() < ASLEEP_FROM:
        return local - ASKED_BEFORE
    evening = local.date() if local.time() >= ASLEEP_FROM else local.date() - timedelta(days=1)
    return datetime.combine(evening, ASKED_IN_THE_EVENING, zone)


def until(ends: datetime) -> str:
    """The hour at which a shift ends, in its own zone; midnight ends a day and begins none.

    >>> until(datetime(2026, 11, 19)), until(datetime(2026, 11, 19, 14, 30))
    ('24.00', '14.30')
    """
    return f"{ends:%H.%M}" if ends.time() != time(0) else "24.00"


@dataclass(frozen=True, slots=True)
class Team:
    """Who can be called at this moment, each once; all of them reachable in chat."""

    on_duty: tuple[PersonId, ...] = ()
    """By rank; whoever said SIAP before who did not."""
    others: tuple[PersonId, ...] = ()
    """Trained in safeguarding and not on duty now; who is on duty next comes first."""
    coordinators: tuple[PersonId, ...] = ()
    focal: tuple[PersonId, ...] = ()
    """Outside the programme: for concerns about staff or cadres."""

    def without(self, excluded: Collection[int]) -> Team:
        """The same team without those whom the concern is about, or who are close to them."""
        return replace(
            self,
            on_duty=tuple(one for one in self.on_duty if one not in excluded),
            others=tuple(one for one in self.others if one not in excluded),
            coordinators=tuple(one for one in self.coordinators if one not in excluded),
            focal=tuple(one for one in self.focal if one not in excluded),
        )

    @property
    def everyone(self) -> tuple[PersonId, ...]:
        """Everybody but the focal persons, in the order in which they are called."""
        return tuple(dict.fromkeys((*self.on_duty, *self.others, *self.coordinators)))


class Duty(Protocol):
    """What a conversation may ask about who is on duty: bounded point queries, read-only."""

    @property
    def phone(self) -> str:
        """The telephone that whoever is on duty carries, for cadres; empty when there is none."""

    def team(self) -> Team:
        """Who can be called now."""

    def shift(self, id_: ShiftId) -> Shift | None:
        """One shift."""

    def current(self, person: PersonId) -> Shift | None:
        """The shift that her SIAP is for: she is in it, was asked about it, or it begins within two
        hours; the first that she has not answered, else the one that she is in."""

    def shifts(self, until: datetime) -> tuple[Shift, ...]:
        """The shifts that are going on or begin before then (aware), in their order."""

    def called(self, code: str) -> tuple[PersonId, ...]:
        """Who was called about this task and may still be told about it."""

    def called_since(self, person: PersonId, since: datetime) -> bool:
        """Whether she was called after then (aware) about something that nobody has taken yet."""

    def mentioned(self, text: str) -> tuple[PersonId, ...]:
        """Members of staff whose names stand in this text: they are not alerted about it."""
