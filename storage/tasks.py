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
    and_,
    bindparam,
    case,
    exists,
    func,
    insert,
    not_,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from conversations.concerns.case import is_case
from conversations.dialogue import ChildId, Person, PersonId, Role, Task
from conversations.duty.ladder import first_look
from conversations.event import TaskOpened
from conversations.level import Level
from conversations.message import MediaId
from storage import due, owners
from storage.alerts import ESCALATION, UNANSWERED, look_soon
from storage.owners import OPEN
from storage.people import fitting
from storage.schema import case_exclusions, cases, people, staff, task_notes, tasks
from storage.schema import media as media_table
from storage.sealing import vault_of

CONTENT, NOTE = b"tasks", b"task_notes"
"""What the two sealed columns are sealed for."""

ADDED, ACCEPTED, CLOSED, HANDED = "added", "accepted", "closed", "handed_over"

_NEXT = text(
    "INSERT INTO counters (name, value) VALUES (:name, 1)"
    " ON CONFLICT (name) DO UPDATE SET value = counters.value + 1 RETURNING value"
)
URGENCY = case({level.value: -level.rank for level in Level}, value=tasks.c.level)
COLUMNS = (
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
    tasks.c.acted_at,
    tasks.c.danger_class,
    people.c.salutation,
    people.c.name,
    cases.c.outside,
)
TABLES = tasks.outerjoin(people, people.c.id == tasks.c.about_id).outerjoin(
    cases, cases.c.code == tasks.c.code
)


def next_code(conn: Connection, prefix: str, year: int) -> str:
    """A fresh code: the village's, the year's last two digits, a number counted up for both."""
    stem = f"{prefix}-{year % 100:02d}"
    number = conn.execute(_NEXT, {"name": f"code:{stem}"[:40]}).scalar_one()
    return f"{stem}-{number:04d}"


def open_(conn: Connection, about: PersonId | None, event: TaskOpened, now: datetime) -> bool:
    """Open a task and give it an owner; False when this code has been opened before."""
    kept_out = {person for person in (about, *event.excluded) if person is not None}
    owner = event.owner
    if owner is None or owner in event.excluded:
        heir = owners.heir(conn, event.level, kept_out, outside=event.outside, now=now)
        owner = heir or owners.least_loaded(conn, not_=(about, *event.excluded))
    opened = conn.execute(
        upsert(tasks)
        .values(
            code=event.code,
            kind=fitting(tasks.c.kind.type, event.kind),
            level=event.level.value,
            about_id=about,
            child_id=event.child,
            owner_id=owner,
            danger_class=fitting(tasks.c.danger_class.type, event.danger_class),
            reason=fitting(tasks.c.reason.type, event.reason),
            content=sealed(conn, event.content, CONTENT),
            due_at=event.due_at,
            created_at=now,
        )
        .on_conflict_do_nothing()
        .returning(tasks.c.code)
    ).one_or_none()
    if opened is None:
        return False
    if is_case(event.kind, event.level):
        _open_case(conn, about, event)
    for person in event.excluded:
        exclude(conn, event.code, person, None, now)
    if event.media is not None:
        add_note(conn, event.code, about, ADDED, "", event.media, now)
    first = first_look(event.level, event.due_at, now)
    due.plan(conn, ESCALATION, event.code, None, first, None)
    return True


def _open_case(conn: Connection, about: PersonId | None, event: TaskOpened) -> None:
    village = select(people.c.village_id).where(people.c.id == about).scalar_subquery()
    values = {"code": event.code, "village_id": village, "outside": event.outside}
    conn.execute(insert(cases).values(values))


def begin_case(conn: Connection, code: str, village: int | None) -> None:
    """What was a task lives as a case from now on; changes nothing where it does already."""
    values = {"code": code, "village_id": village}
    conn.execute(upsert(cases).values(values).on_conflict_do_nothing())


def is_open_case(conn: Connection, code: str) -> bool:
    """Whether this is open, and lives as a case."""
    query = select(tasks.c.code).join(cases, cases.c.code == tasks.c.code)
    return conn.execute(query.where(tasks.c.code == code, OPEN)).one_or_none() is not None


def exclude(
    conn: Connection, code: str, person: PersonId, by: PersonId | None, now: datetime
) -> None:
    """This person is neither alerted about a task nor shown it; `by` None: she is named in it."""
    values = {"code": code, "person_id": person, "by_id": by, "at": now}
    conn.execute(upsert(case_exclusions).values(values).on_conflict_do_nothing())


def visible_to(viewer: Person) -> ColumnElement[bool]:
    """Tasks that may be shown to this person at all; `permission.may` decides what she may do.

    Needs the tables of `TABLES`. What is about staff or cadres only focal persons see, and whoever
    owns it; nobody sees what she is kept out of; who does not safeguard sees only her own tasks.
    """
    hers = tasks.c.owner_id == viewer.id
    kept_out = exists().where(
        case_exclusions.c.code == tasks.c.code, case_exclusions.c.person_id == viewer.id
    )
    outside = func.coalesce(cases.c.outside, False)
    match viewer.role:
        case Role.FOCAL:
            seen = or_(hers, outside)
        case Role.STAFF | Role.COORDINATOR:
            seen = or_(hers, not_(outside))
        case _:
            seen = hers
    return and_(seen, not_(kept_out))


def extend(
    conn: Connection,
    code: str,
    by: PersonId | None,
    content: str,
    media: MediaId | None,
    now: datetime,
) -> None:
    """Somebody added a sentence or a voice note; kept also when the task is closed by now."""
    add_note(conn, code, by, ADDED, content, media, now)


def change(
    conn: Connection, code: str, by: PersonId | None, action: str, words: str, now: datetime
) -> bool:
    """What was done with a task; False when it is closed, and then nothing changes.

    Who accepts a task owns it. What its owner or somebody else of staff does after that is its
    first action; a word of the reporter's is none. The ladder looks anew: the next call may come
    sooner by it.
    """
    values: dict[str, Any] = {"acted_at": _first_action(by, now)}
    if action == ACCEPTED:
        accepted_at = func.coalesce(tasks.c.accepted_at, _at(now))
        values = {"status": "accepted", "accepted_at": accepted_at, "owner_id": by}
    elif action == CLOSED:
        values |= {"status": "closed", "closed_at": now}
    changed = conn.execute(
        update(tasks).where(tasks.c.code == code, OPEN).values(values).returning(tasks.c.code)
    ).one_or_none()
    if changed is not None:
        add_note(conn, code, by, action, words, None, now)
    if action == CLOSED:
        for kind in (ESCALATION, UNANSWERED):
            due.forget(conn, kind, code)
    elif changed is not None:
        look_soon(conn, code, now)
    return changed is not None


def _first_action(by: PersonId | None, now: datetime) -> ColumnElement[Any]:
    works = exists().where(staff.c.person_id == by, staff.c.removed_at.is_(None))
    first = and_(
        tasks.c.accepted_at.is_not(None),
        tasks.c.acted_at.is_(None),
        or_(tasks.c.owner_id == by, works),
    )
    return case((first, _at(now)), else_=tasks.c.acted_at)


def _at(now: datetime) -> ColumnElement[datetime]:
    return bindparam(None, now, tasks.c.created_at.type)


def open_for(
    conn: Connection, owner: PersonId | None, limit: int, *, viewer: Person | None = None
) -> tuple[Task, ...]:
    """Open tasks, most urgent first; of one owner, or everybody's. Without content.

    With a `viewer` only what may be shown to her.
    """
    where = [tasks.c.owner_id == owner] if owner is not None else []
    if viewer is not None:
        where.append(visible_to(viewer))
    return _listed(conn, where, limit)


def open_of_kind(conn: Connection, kind: str, limit: int) -> tuple[Task, ...]:
    """Open tasks of one kind, most urgent first. Without content."""
    return _listed(conn, [tasks.c.kind == kind], limit)


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
            OPEN,
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
        select(*COLUMNS)
        .select_from(TABLES)
        .where(OPEN, *where)
        .order_by(URGENCY, tasks.c.due_at, tasks.c.code)
        .limit(limit)
    )
    return tuple(as_task(row) for row in rows)


def by_code(conn: Connection, code: str) -> Task | None:
    """One task in any state, with all that was said and recorded; seeing it is to be audited."""
    row = conn.execute(
        select(*COLUMNS, tasks.c.content)
        .select_from(TABLES)
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
    kept_out = conn.execute(
        select(case_exclusions.c.person_id).where(case_exclusions.c.code == row.code)
    ).scalars()
    return as_task(row, "\n".join(filter(None, said)), media, frozenset(kept_out))


def as_task(
    row: Any,
    content: str = "",
    media: tuple[MediaId, ...] = (),
    excluded: frozenset[int] = frozenset(),
) -> Task:
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
        accepted_at=row.accepted_at,
        acted_at=row.acted_at,
        danger_class=row.danger_class,
        excluded=excluded,
        outside=bool(row.outside),
    )


def add_note(
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
            "note": sealed(conn, note, NOTE),
            "media_id": media,
            "at": now,
        },
    )
    if media is not None:
        belongs = update(media_table).where(
            media_table.c.id == media, media_table.c.task_code.is_(None)
        )
        conn.execute(belongs.values(task_code=code))


def sealed(conn: Connection, said: str, purpose: bytes) -> bytes | None:
    """What was said, for its sealed column; None where nothing was."""
    return vault_of(conn).seal(said.encode(), purpose) if said else None


def opened(conn: Connection, sealed: bytes | None, purpose: bytes = CONTENT) -> str:
    """What was said, from its stored column."""
    return "" if sealed is None else vault_of(conn).open(bytes(sealed), purpose).decode()
