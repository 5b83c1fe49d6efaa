"""Who owns a new task: never whom it concerns, and she is not called about it either."""

from __future__ import annotations

import pytest

from conversations import router
from conversations.dialogue import Dialogue, Person, PersonId
from conversations.event import TaskOpened
from conversations.level import Level
from conversations.talk import Talk
from tests.conversations.world import STAFF, MemoryWorld

AYU, LUH, SITI = PersonId(901), PersonId(801), PersonId(7)


def opened(world: MemoryWorld, level: Level) -> tuple[PersonId | None, list[int | None]]:
    """The owner of a concern that names Dimas, and who is called about it."""
    world.duty.names = {"dimas": STAFF}
    talk = Talk(Person(SITI), Dialogue(), world, router.CONVERSATIONS)
    talk.open_task("concern", level, "reason.words", content="anak saya dipukul dimas")
    turn = talk.turn()
    [task] = [event for event in turn.events if isinstance(event, TaskOpened)]
    return task.owner, [outgoing.to for outgoing in turn.outgoing]


@pytest.mark.parametrize("level", [Level.KUNING, Level.ORANYE, Level.MERAH])
def test_whom_it_names_neither_owns_it_nor_is_called(level: Level) -> None:
    world = MemoryWorld()
    world.staff_people = (STAFF, AYU)

    owner, called = opened(world, level)

    assert STAFF not in (owner, *called)
    assert AYU in called


@pytest.mark.parametrize("level", [Level.KUNING, Level.MERAH])
def test_where_only_she_is_there_a_focal_person_has_it_and_is_called(level: Level) -> None:
    world = MemoryWorld()
    world.duty.focal = (LUH,)

    assert opened(world, level) == (LUH, [LUH])
