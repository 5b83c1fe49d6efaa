"""Members of staff who prepare a broadcast in chat, for tests."""

from __future__ import annotations

from typing import Any

from conversations.broadcasts import broadcast as b
from conversations.dialogue import PersonId, Role
from conversations.event import BroadcastDrafted, BroadcastStep, Remind
from tests.conversations.world import STAFF, MemoryWorld, Phone

COLLEAGUE = PersonId(901)


def a_member(world: MemoryWorld | None = None, **changes: Any) -> Phone:
    """Mas Dimas of staff; a colleague of his has joined, too."""
    world = world or MemoryWorld()
    world.staff_people = (STAFF, COLLEAGUE)
    return Phone(world, **{"id": STAFF, "role": Role.STAFF, "salutation": "Mas", **changes})


def a_draft(phone: Phone, text: str = "Besok kumpul, {sapaan}.") -> Phone:
    """His message to Ledokombo, rehearsed."""
    phone.says("SIAR")
    phone.presses("Satu desa")
    phone.presses("Ledokombo")
    phone.says(text)
    phone.wakes("siar", f"{len(phone.world.broadcasts.kept)}:gladi")
    return phone


def steps(phone: Phone) -> list[tuple[int, b.Step]]:
    return [
        (event.broadcast, event.step)
        for event in phone.world.events
        if isinstance(event, BroadcastStep)
    ]


def news(phone: Phone) -> list[Remind]:
    """When the author will hear of it next."""
    planned = [event for event in phone.world.events if isinstance(event, Remind)]
    return [event for event in planned if event.kind == "siar"]


def drafts(phone: Phone) -> list[BroadcastDrafted]:
    return [event for event in phone.world.events if isinstance(event, BroadcastDrafted)]
