"""A task begins: how long staff have for it, who owns it, and who is called at once.

The calls that follow are the ladder's; what is said to whoever brought it about is not decided
here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from conversations.dialogue import PersonId
from conversations.duty.ladder import called
from conversations.duty.team import Team
from conversations.level import Level
from conversations.world import World

DEADLINES = {
    Level.MERAH: timedelta(hours=1),
    Level.ORANYE: timedelta(hours=24),
    Level.KUNING: timedelta(days=3),
    Level.HIJAU: timedelta(days=7),
}
"""How long staff have (DOMAIN 4.1): MERAH is acknowledged within an hour, the others acted upon."""

FLOOD = timedelta(hours=1)
MOST_IN_A_FLOOD = 10
"""Open tasks of one kind and one person in that time; what follows is added to the newest."""


def flooded(kind: str, level: Level, world: World) -> str:
    """Code of the newest task where she has raised too many of a kind; empty where she has not."""
    raised = world.raised_since(kind, level, world.now - FLOOD)
    return raised[0] if len(raised) >= MOST_IN_A_FLOOD else ""


def owner_of(level: Level, team: Team, world: World, *, outside: bool) -> PersonId | None:
    """Whoever is called first owns what is urgent; the rest goes to who has least to do, but
    never to whom it concerns."""
    if outside or (level >= Level.ORANYE and team.on_duty):
        return next(iter(called(0, team, outside=outside)), None)
    free = world.least_busy_staff()
    if free is None or free in team.everyone:
        return free
    return next(iter((*team.everyone, *team.focal)), None)


def called_at_once(
    level: Level, team: Team, owner: PersonId | None, *, outside: bool
) -> Sequence[PersonId]:
    """Whom the first step of the ladder calls; of what is not urgent its owner hears, if at all."""
    hers = () if owner is None else (owner,)
    if level >= Level.ORANYE:
        return called(0, team, outside=outside) or hers
    return hers if level is Level.KUNING else ()
