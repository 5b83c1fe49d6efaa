"""What staff must do: follow-ups, concerns, voice notes to hear; each has an owner and a code.

What a person said is sealed; in plain stand only the kind, the level and the key of a reason.
Alerting and escalating is due work, not here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Connection,
    bindparam,
    case,
    exists,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from conversations.dialogue import ChildId, PersonId, Task
from conversations.event import TaskOpened
from conversations.level import Level
from conversations.message import MediaId
from storage.people import fitting
from storage.schema import addresses, people, staff, task_notes, tasks
from storage.schema import media as media_table
from storage.sealing import vault_of

CONTENT, NOTE = b"tasks", b"task_notes"
"""What the two sealed columns are sealed for."""

ADDED, ACCEPTED, CLOSED, HANDED = "added", "accepted", "closed", "handed_over"

_NEXT = text(
    "INSERT INTO counters (name, value) VALUES (:name, 1)"
    " ON CONFLICT (name) DO UPDATE SET value = counters.value + 1 RETURNING value"
)
_URGENCY = case({level.value: -level.rank for level in Level}, value=tasks.c.level)
_OPEN: ColumnElement[bool] = tasks.c.status.in_(("open", "accepted"))
_COLUMNS = (
    tasks.c.code,
    tasks.c.kind,
    tasks.c.level,
    tasks.c.about_id,
    tasks.c.child_id,
    tasks.c.owner_id,
    tasks.c.due_at,
    tasks.c.created_at,
    tasks.c.reason,
    tasks.c.closed_at,
    tasks.c.accepted_at,
    people.c.salutation,
    people.c.name,
)


def next_code(conn: Connection, prefix: str, year: int) -> str:
    """A fresh code: the village's, the year's last two digits, a number counted up for both."""
    stem = f"{prefix}-{year % 100:02d}"
    number = conn.execute(_NEXT, {"name": f"code:{stem}"[:40]}).scalar_one()
    return f"{stem}-{number:04d}"


def open_(conn: Connection, about: PersonId | None, event: TaskOpened, now: datetime) -> bool:
    """Open a task and give it an owner; False when this code has been opened before."""
    opened = conn.execute(
        upsert(tasks)
        .values(
            code=event.code,
            kind=fitting(tasks.c.kind.type, event.kind),
            level=event.level.value,
            about_id=about,
            child_id=event.child,
            owner_id=event.owner or least_loaded(conn, not_=about),
            danger_class=fitting(tasks.c.danger_class.type, event.danger_class),
            reason=fitting(tasks.c.reason.type, event.reason),
            content=_sealed(conn, event.content, CONTENT),
            due_at=event.due_at,
            created_at=now,
        )
        .on_conflict_do_nothing()
        .returning(tasks.c.code)
    ).one_or_none()
    if opened is not None and event.media is not None:
        _note(conn, event.code, about, ADDED, "", event.media, now)
    return opened is not None


def extend(
    conn: Connection,
    code: str,
    by: PersonId | None,
    content: str,
    media: MediaId | None,
    now: datetime,
) -> None:
    """Somebody added a sentence or a voice note; kept also when the task is closed by now."""
    _note(conn, code, by, ADDED, content, media, now)


def change(
    conn: Connection, code: str, by: PersonId | None, action: str, note: str, now: datetime
) -> bool:
    """What staff did with a task; False when it is closed, and then nothing changes.

    Who accepts a task owns it.
    """
    values: dict[str, Any] = {"status": tasks.c.status}
    if action == ACCEPTED:
        accepted_at = func.coalesce(tasks.c.accepted_at, _at(now))
        values = {"status": "accepted", "accepted_at": accepted_at, "owner_id": by}
    elif action == CLOSED:
        values = {"status": "closed", "closed_at": now}
    changed = conn.execute(
        update(tasks).where(tasks.c.code == code, _OPEN).values(values).returning(tasks.c.code)
    ).one_or_none()
    if changed is not None:
        _note(conn, code, by, action, note, None, now)
    return changed is not None


def _at(now: datetime) -> ColumnElement[datetime]:
    return bindparam(None, now, tasks.c.created_at.type)


def least_loaded(conn: Connection, *, not_: PersonId | None = None) -> PersonId | None:
    """Who of staff takes the next task: reachable ones first, then who has fewest open, by id.

    `not_` is somebody who gets it only when there is nobody else: she whom the task is about.
    """
    load = (
        select(func.count())
        .where(tasks.c.owner_id == staff.c.person_id, _OPEN)
        .correlate(staff)
        .scalar_subquery()
    )
    unreachable = ~exists().where(
        addresses.c.person_id == staff.c.person_id, addresses.c.blocked_at.is_(None)
    )
    last_choice = case((staff.c.person_id == (not_ or 0), 1), else_=0)
    owner = conn.execute(
        select(staff.c.person_id)
        .where(staff.c.person_id.is_not(None), staff.c.removed_at.is_(None))
        .order_by(last_choice, case((unreachable, 1), else_=0), load, staff.c.person_id)
        .limit(1)
    ).scalar_one_or_none()
    return None if owner is None else PersonId(owner)


def hand_over_all(conn: Connection, owner: PersonId, now: datetime) -> int:
    """Give each open task of somebody who leaves to another member of staff, or to nobody yet."""
    rows = conn.execute(
        select(tasks.c.code, tasks.c.about_id)
        .where(tasks.c.owner_id == owner, _OPEN)
        .order_by(_URGENCY, tasks.c.due_at, tasks.c.code)
    ).all()
    for code, about in rows:
        heir = least_loaded(conn, not_=about)
        conn.execute(
            update(tasks)
            .where(tasks.c.code == code)
            .values(owner_id=heir, status="open", accepted_at=None)
        )
        _note(conn, code, owner, HANDED, "", None, now)
    return len(rows)


def adopt_orphans(conn: Connection, limit: int) -> tuple[str, ...]:
    """Give open tasks that found no owner one, now that there is staff; their codes."""
    if least_loaded(conn) is None:
        return ()
    rows = conn.execute(
        select(tasks.c.code, tasks.c.about_id)
        .where(tasks.c.owner_id.is_(None), _OPEN)
        .order_by(_URGENCY, tasks.c.due_at, tasks.c.code)
        .limit(limit)
    ).all()
    for code, about in rows:
        owner = least_loaded(conn, not_=about)
        conn.execute(update(tasks).where(tasks.c.code == code).values(owner_id=owner))
    return tuple(code for code, _ in rows)


def open_for(conn: Connection, owner: PersonId | None, limit: int) -> tuple[Task, ...]:
    """Open tasks, most urgent first; of one owner, or everybody's. Without content."""
    return _listed(conn, [tasks.c.owner_id == owner] if owner is not None else [], limit)


def open_about(conn: Connection, person: PersonId, limit: int = 100) -> tuple[Task, ...]:
    """Open tasks about one person, most urgent first. Without content."""
    return _listed(conn, [tasks.c.about_id == person], limit)


def raised_since(
    conn: Connection, about: PersonId, kind: str, level: Level, since: datetime, limit: int = 20
) -> tuple[str, ...]:
    """Codes of open tasks of one kind about one person, at least this urgent, newest first."""
    urgent = [one.value for one in Level if one >= level]
    rows = conn.execute(
        select(tasks.c.code)
        .where(
            tasks.c.about_id == about,
            tasks.c.kind == kind,
            tasks.c.level.in_(urgent),
            tasks.c.created_at >= since,
            _OPEN,
        )
        .order_by(tasks.c.created_at.desc(), tasks.c.code.desc())
        .limit(limit)
    )
    return tuple(rows.scalars())


def overdue(conn: Connection, now: datetime, limit: int = 100) -> tuple[Task, ...]:
    """Open tasks whose time has passed, most urgent first. Without content."""
    return _listed(conn, [tasks.c.due_at < now], limit)


def due_today(conn: Connection, now: datetime, tz: ZoneInfo, limit: int = 100) -> tuple[Task, ...]:
    """Open tasks due before this day ends where `tz` is, also those of earlier days."""
    midnight = now.astimezone(tz).replace(hour=0, minute=0, second=0, microsecond=0)
    return _listed(conn, [tasks.c.due_at < midnight + timedelta(days=1)], limit)


def _listed(conn: Connection, where: Sequence[ColumnElement[bool]], limit: int) -> tuple[Task, ...]:
    rows = conn.execute(
        select(*_COLUMNS)
        .outerjoin(people, people.c.id == tasks.c.about_id)
        .where(_OPEN, *where)
        .order_by(_URGENCY, tasks.c.due_at, tasks.c.code)
        .limit(limit)
    )
    return tuple(_task(row) for row in rows)


def by_code(conn: Connection, code: str) -> Task | None:
    """One task in any state, with all that was said and recorded; seeing it is to be audited."""
    row = conn.execute(
        select(*_COLUMNS, tasks.c.content)
        .outerjoin(people, people.c.id == tasks.c.about_id)
        .where(tasks.c.code == code.strip().upper())
    ).one_or_none()
    if row is None:
        return None
    added = conn.execute(
        select(task_notes.c.note, task_notes.c.media_id)
        .where(task_notes.c.code == row.code, task_notes.c.action == ADDED)
        .order_by(task_notes.c.id)
    ).all()
    said = [opened(conn, row.content), *(opened(conn, note, NOTE) for note, _ in added)]
    recorded = [media for _, media in added if media]
    recorded += conn.execute(
        select(media_table.c.id)
        .where(media_table.c.task_code == row.code, media_table.c.status != "erase")
        .order_by(media_table.c.created_at, media_table.c.id)
    ).scalars()
    media = tuple(MediaId(id_) for id_ in dict.fromkeys(recorded))
    return _task(row, "\n".join(filter(None, said)), media)


def _task(row: Any, content: str = "", media: tuple[MediaId, ...] = ()) -> Task:
    return Task(
        code=row.code,
        kind=row.kind,
        level=Level(row.level),
        about=row.about_id,
        child=None if row.child_id is None else ChildId(row.child_id),
        owner=row.owner_id,
        due_at=row.due_at,
        created_at=row.created_at,
        reason=row.reason,
        content=content,
        media=media,
        closed_at=row.closed_at,
        about_name=" ".join(filter(None, (row.salutation, row.name))),
        accepted=row.accepted_at is not None,
    )


def _note(
    conn: Connection,
    code: str,
    by: PersonId | None,
    action: str,
    note: str,
    media: MediaId | None,
    now: datetime,
) -> None:
    conn.execute(
        insert(task_notes),
        {
            "code": code,
            "by_id": by,
            "action": fitting(task_notes.c.action.type, action),
            "note": _sealed(conn, note, NOTE),
            "media_id": media,
            "at": now,
        },
    )
    if media is not None:
        belongs = update(media_table).where(
            media_table.c.id == media, media_table.c.task_code.is_(None)
        )
        conn.execute(belongs.values(task_code=code))


def _sealed(conn: Connection, said: str, purpose: bytes) -> bytes | None:
    return vault_of(conn).seal(said.encode(), purpose) if said else None


def opened(conn: Connection, sealed: bytes | None, purpose: bytes = CONTENT) -> str:
    """What was said, from its stored column."""
    return "" if sealed is None else vault_of(conn).open(bytes(sealed), purpose).decode()
