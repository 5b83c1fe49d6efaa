"""Due work for many people at once: each kind takes a bounded part, and says how it goes on.

What one person is woken for is a turn (turn.py). Here a row of `due` names no person: a stage of a
session, a part of a broadcast, the daily sweep of a rule. A part reads its people in one query,
plans their messages or their own due work, and advances the cursor in the same transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from sqlalchemy import Connection

from bot.planned import broadcast, costs, escalation, numbers, roster, rule, session
from bot.planned.planning import Planning
from storage.due import DueRow

__all__ = ["KINDS", "Part", "Planning"]


class Part(Protocol):
    """One part of a piece of due work, as one unit.

    It settles the row, advances its cursor, or plans it anew; what it raises undoes all of it.
    """

    def __call__(self, conn: Connection, row: DueRow, planning: Planning, /) -> None: ...


KINDS: Final[Mapping[str, Part]] = {
    "rule": rule.plan_days,
    "sweep": rule.sweep,
    "session": session.stage,
    "series": session.series,
    "broadcast": broadcast.send,
    "rehearsal": broadcast.rehearse,
    "numbers": numbers.look,
    "escalation": escalation.climb,
    "roster": roster.make,
    "unready": roster.unready,
    "costs": costs.look,
}
