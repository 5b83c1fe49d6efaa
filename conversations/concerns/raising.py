"""A report becomes more urgent while it is being told: its level goes up, and people are called.

The bot never lowers a level; that is a human decision.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from conversations.concerns.case import CONCERN
from conversations.concerns.event import Alerted, LevelRaised
from conversations.dialogue import PersonId, Task
from conversations.duty import alerting
from conversations.duty.ladder import called
from conversations.level import Level
from conversations.talk import Talk

ANEW = timedelta(minutes=15)
"""So often at most the owner of a report hears that something urgent was added to it."""


def raise_to(talk: Talk, task: Task, level: Level, danger_class: str = "") -> bool:
    """It is at least this urgent; whether its level went up, and people were called for it."""
    higher = level > task.level
    if higher or (danger_class and not task.danger_class):
        talk.add(LevelRaised(task.code, max(level, task.level), danger_class))
    if higher:
        team = talk.world.duty.team().without({talk.person.id, *task.excluded})
        first = called(0, team, outside=task.outside)
        _call(talk, task, level, first, str(level))
        talk.add(*(Alerted(task.code, person, 0) for person in first))
    return higher


def ring_again(talk: Talk, task: Task) -> None:
    """Something urgent was added to what somebody has taken already: she hears of it, or whoever
    is called first where nothing reaches her any more."""
    if not task.accepted:
        return
    quarter = int(talk.world.now.timestamp() // ANEW.total_seconds())
    team = talk.world.duty.team().without({talk.person.id, *task.excluded})
    inside = () if task.outside else (*team.on_duty, *team.others)
    reached = task.owner in (*team.focal, *team.coordinators, *inside)
    first = called(0, team, outside=task.outside)
    to = (task.owner,) if reached and task.owner is not None else first
    _call(talk, task, task.level, to, f"more:{quarter}")


def anew(talk: Talk, code: str, task: Task | None, level: Level) -> str:
    """Something urgent was added to what is closed by now: a new case, as far outside as that one,
    and kept from the same people; its code."""
    kept_out = () if task is None else tuple(map(PersonId, sorted(task.excluded)))
    return talk.open_task(
        CONCERN,
        level,
        "reason.unsafe",
        content=f"lihat {code}",
        outside=task is not None and task.outside,
        excluded=kept_out,
    )


def _call(talk: Talk, task: Task, level: Level, to: Iterable[PersonId], why: str) -> None:
    for person in to:
        call = alerting.alert(task.code, level, person, step=0)
        talk.tell(replace(call, dedupe_key=f"alert:{task.code}:{why}:{person}"))
