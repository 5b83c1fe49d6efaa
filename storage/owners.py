"""Who of staff is given a task: whoever can be reached, is not kept out of it, and has least to do.

What becomes of a task with its owner is in `handing.py`; who is called about it in `alerts.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, case, func, select

from conversations.dialogue import PersonId, Role
from conversations.duty.ladder import called
from conversations.level import Level
from storage import duty
from storage.reaching import reached
from storage.schema import case_exclusions, staff, tasks

OPEN: ColumnElement[bool] = tasks.c.status.in_(("open", "accepted"))


def least_loaded(
    conn: Connection, *, not_: Iterable[PersonId | None] = (), strictly: bool = False
) -> PersonId | None:
    """Who of staff takes the next task: reachable ones first, then who has fewest open, by id.

    `not_` get it only when there is nobody else (`strictly`: not even then): she whom the task is
    about. Coordinators come after staff; organisers and focal persons have no tasks.
    """
    load = (
        select(func.count())
        .where(tasks.c.owner_id == staff.c.person_id, OPEN)
        .correlate(staff)
        .scalar_subquery()
    )
    unreachable = ~reached(staff.c.person_id)
    avoided = [person for person in not_ if person is not None]
    supervises = case((staff.c.role == Role.COORDINATOR.value, 1), else_=0)
    query = select(staff.c.person_id).where(
        staff.c.person_id.is_not(None),
        staff.c.removed_at.is_(None),
        staff.c.role.in_((Role.STAFF.value, Role.COORDINATOR.value)),
    )
    if strictly:
        query = query.where(staff.c.person_id.not_in(avoided))
    last_choice = case((staff.c.person_id.in_(avoided), 1), else_=0)
    owner = conn.execute(
        query.order_by(
            last_choice, case((unreachable, 1), else_=0), supervises, load, staff.c.person_id
        ).limit(1)
    ).scalar_one_or_none()
    return None if owner is None else PersonId(owner)


def heir(
    conn: Connection, level: Level, kept_out: Collection[int], *, outside: bool, now: datetime
) -> PersonId | None:
    """Who has a case from now on, of those who are not kept out of it; None when there is nobody.

    What is urgent goes to whoever is called first, and what is about staff or cadres to a focal
    person, like a new concern. Where all of staff are kept out a focal person is the last resort.
    """
    team = duty.team(conn, now).without(kept_out)
    if outside or (level >= Level.ORANYE and team.on_duty):
        first = next(iter(called(0, team, outside=outside)), None)
        if first is not None:
            return first
    avoided = [PersonId(one) for one in kept_out]
    free = least_loaded(conn, not_=avoided, strictly=True)
    return free if free is not None or outside else next(iter(team.focal), None)


def kept_out(conn: Connection, code: str) -> frozenset[int]:
    """Who may not see it: a conflict of interest."""
    query = select(case_exclusions.c.person_id).where(case_exclusions.c.code == code)
    return frozenset(conn.execute(query).scalars())
