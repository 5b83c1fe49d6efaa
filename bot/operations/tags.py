"""Tags by command: put on people and taken off again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from sqlalchemy import Connection

from bot.operations.desk import Desk, Operation, OperationRefused
from bot.operations.schools import find_person, record
from conversations.broadcasts.audience import is_tag, normal_tag
from conversations.dialogue import PersonId
from storage import tags


async def tag_put(desk: Desk, tag: str, who: list[str]) -> dict[str, object]:
    """Put a tag on people (by code); the tag as it is kept, and on how many it is new."""
    return await _change(desk, tags.put, "tagged", tag, who)


async def tag_take(desk: Desk, tag: str, who: list[str]) -> dict[str, object]:
    """Take a tag off people (by code); the tag as it is kept, and how many had it."""
    return await _change(desk, tags.take, "untagged", tag, who)


async def _change(
    desk: Desk,
    change: Callable[[Connection, str, Iterable[PersonId]], int],
    action: str,
    tag: str,
    who: list[str],
) -> dict[str, object]:
    kept, now = normal_tag(tag), desk.now()
    if not is_tag(kept):
        raise OperationRefused(
            f"“{tag}” bukan tanda: tulis dengan huruf, angka, dan garis bawah, misalnya purna_pmi"
        )

    def unit(conn: Connection) -> int:
        people = {find_person(conn, one) for one in who}
        changed = change(conn, kept, people)
        record(conn, action, f"tag:{kept}", now, f"{changed} people")
        return changed

    return {"tag": kept, "people": await desk.database.write(unit)}


OPERATIONS: Final[tuple[Operation, ...]] = (tag_put, tag_take)
