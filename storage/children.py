"""The children in the programme and who cares for them. Nothing about a child but what the
check-in needs: a nickname, a year of birth, who is away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, text, update
from sqlalchemy.sql.selectable import Select

from conversations.dialogue import Child, ChildId, PersonId
from storage.people import fitting
from storage.schema import caregiving, children

_SETTABLE = frozenset(
    {"nickname", "birth_year", "birth_month", "sex", "lives_with", "mother", "father", "ask_calls"}
)
_COLUMNS = (
    "SELECT c.id, c.nickname, c.birth_year, c.birth_month, c.sex, c.lives_with, c.mother,"
    " c.father, c.ask_calls FROM children c"
)
_OF_PERSON = text(
    f"{_COLUMNS} JOIN caregiving g ON g.child_id = c.id WHERE g.person_id = :person ORDER BY c.id"
)
_ONE = text(f"{_COLUMNS} WHERE c.id = :child")


def of_person(conn: Connection, person: PersonId) -> tuple[Child, ...]:
    """The children she cares for, in the order she told us."""
    return tuple(_child(row) for row in conn.execute(_OF_PERSON, {"person": person}))


def one(conn: Connection, child: ChildId) -> Child | None:
    """One child, also when nobody is known to care for it."""
    row = conn.execute(_ONE, {"child": child}).one_or_none()
    return None if row is None else _child(row)


def _child(row: Sequence[Any]) -> Child:
    id_, nickname, year, month, sex, lives_with, mother, father, ask_calls = row
    return Child(
        ChildId(id_), nickname, year, month, sex, lives_with, mother, father, bool(ask_calls)
    )


def add(conn: Connection, person: PersonId, child: Child, now: datetime) -> ChildId:
    """A child she cares for; the database gives the id, the one in `child` is not read."""
    values = {name: fitting(children.c[name].type, getattr(child, name)) for name in _SETTABLE}
    id_ = conn.execute(
        insert(children).returning(children.c.id), {**values, "created_at": now}
    ).scalar_one()
    cared_for_by(conn, ChildId(id_), person)
    return ChildId(id_)


def cared_for_by(conn: Connection, child: ChildId, person: PersonId, relation: str = "") -> None:
    """One more person cares for a child."""
    conn.execute(insert(caregiving), {"person_id": person, "child_id": child, "relation": relation})


def change(
    conn: Connection, child: ChildId, changes: Mapping[str, Any], *, by: PersonId | None
) -> bool:
    """Set what is known about a child; with `by`, only when that person cares for it.

    Raises ValueError on anything that a conversation may not change.
    """
    if unknown := changes.keys() - _SETTABLE:
        raise ValueError(f"a conversation may not change a child's {', '.join(sorted(unknown))}")
    if not changes:
        return False
    where = [children.c.id == child]
    if by is not None:
        where.append(children.c.id.in_(_children_of(by)))
    values = {name: fitting(children.c[name].type, value) for name, value in changes.items()}
    statement = update(children).where(*where).values(values).returning(children.c.id)
    return conn.execute(statement).one_or_none() is not None


def _children_of(person: PersonId) -> Select[tuple[int]]:
    return select(caregiving.c.child_id).where(caregiving.c.person_id == person)
