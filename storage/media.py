"""Files that people sent: what is to be fetched from the channel, what became of it, what must go.

The bytes are not here; whoever fetches them keeps them encrypted beside the database. A row moves
from `waiting` to `stored`, `refused` or `failed`; from any of them to `erase`, and then it is gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, false, insert, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from conversations.dialogue import PersonId
from conversations.event import MediaKept
from conversations.message import MediaId
from storage.people import fitting
from storage.schema import addresses, media
from storage.sealing import vault_of

PURPOSE = b"media"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file to be fetched; `ref` is what its channel needs for that."""

    id: MediaId
    channel: str
    account: str
    ref: str
    kind: str
    mime: str
    size: int
    attempts: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A file as staff's pages and the sender need it."""

    id: MediaId
    kind: str
    mime: str
    size: int
    status: str
    person: PersonId | None
    task: str | None


def keep(
    conn: Connection, person: PersonId, address_id: int, event: MediaKept, now: datetime
) -> None:
    """A file came from this address and is to be fetched from its channel."""
    values = {
        "id": event.id,
        "person_id": person,
        "task_code": event.task or None,
        "kind": fitting(media.c.kind.type, event.kind),
        "mime": fitting(media.c.mime.type, event.media.mime),
        "size": event.media.size,
        "ref": vault_of(conn).seal(event.media.ref.encode(), PURPOSE),
        "status": "waiting",
        "not_before": now,
        "created_at": now,
    }
    from_address = select(
        *(literal(value, media.c[name].type) for name, value in values.items()),
        addresses.c.channel,
        addresses.c.account,
    ).where(addresses.c.id == address_id)
    conn.execute(
        upsert(media)
        .from_select([*values, "channel", "account"], from_address)
        .on_conflict_do_nothing()
    )


def waiting(conn: Connection, now: datetime, limit: int) -> tuple[Waiting, ...]:
    """Files to fetch now, oldest first."""
    rows = conn.execute(
        select(media)
        .where(media.c.status == "waiting", media.c.not_before <= now)
        .order_by(media.c.not_before, media.c.id)
        .limit(limit)
    )
    vault = vault_of(conn)
    return tuple(
        Waiting(
            id=MediaId(row.id),
            channel=row.channel,
            account=row.account,
            ref=vault.open(bytes(row.ref), PURPOSE).decode(),
            kind=row.kind,
            mime=row.mime,
            size=row.size,
            attempts=row.attempts,
        )
        for row in rows
    )


def stored(conn: Connection, id_: MediaId, size: int) -> bool:
    """The file is fetched and kept; False when it must not be any more (erased meanwhile)."""
    changed = conn.execute(
        update(media)
        .where(media.c.id == id_, media.c.status == "waiting")
        .values(status="stored", size=size, ref=None, not_before=None)
        .returning(media.c.id)
    ).one_or_none()
    return changed is not None


def postpone(conn: Connection, id_: MediaId, reason: str, not_before: datetime) -> None:
    """The file could not be fetched now; try again later."""
    conn.execute(
        update(media)
        .where(media.c.id == id_, media.c.status == "waiting")
        .values(
            attempts=media.c.attempts + 1,
            reason=fitting(media.c.reason.type, reason),
            not_before=not_before,
        )
    )


def give_up(conn: Connection, id_: MediaId, reason: str, *, refused: bool = False) -> None:
    """The file will not be had: `refused` by us (too large, wrong kind), else lost."""
    conn.execute(
        update(media)
        .where(media.c.id == id_, media.c.status == "waiting")
        .values(
            status="refused" if refused else "failed",
            reason=fitting(media.c.reason.type, reason),
            attempts=media.c.attempts + 1,
            ref=None,
            not_before=None,
        )
    )


def one(conn: Connection, id_: MediaId) -> Kept | None:
    """What is known about a file; None when it is unknown or must be erased."""
    row = conn.execute(
        select(
            media.c.id,
            media.c.kind,
            media.c.mime,
            media.c.size,
            media.c.status,
            media.c.person_id,
            media.c.task_code,
        ).where(media.c.id == id_, media.c.status != "erase")
    ).one_or_none()
    return None if row is None else Kept(*row)


def condemn(
    conn: Connection,
    *,
    person: PersonId | None = None,
    tasks: Sequence[str] = (),
    spare: Sequence[str] = (),
) -> int:
    """Mark the files of a person or of tasks to be erased, except those of the tasks to `spare`."""
    hers = false() if person is None else media.c.person_id == person
    of_those = or_(media.c.task_code.in_(tasks), hers)
    kept = or_(media.c.task_code.is_(None), media.c.task_code.not_in(spare))
    marked = conn.execute(
        update(media)
        .where(of_those, kept, media.c.status != "erase")
        .values(status="erase", ref=None, not_before=None, person_id=None)
        .returning(media.c.id)
    )
    return len(marked.all())


def add(
    conn: Connection,
    id_: MediaId,
    kind: str,
    mime: str,
    size: int,
    by: PersonId | None,
    now: datetime,
) -> None:
    """A file of our own, kept already: staff send it to many."""
    values = {
        "id": id_,
        "person_id": by,
        "kind": kind,
        "mime": mime,
        "size": size,
        "channel": "",
        "account": "",
        "status": "stored",
        "created_at": now,
    }
    conn.execute(insert(media).values(values))


def discard(conn: Connection, id_: MediaId) -> None:
    """A file that nobody needs any more is erased."""
    conn.execute(
        update(media)
        .where(media.c.id == id_, media.c.status != "erase")
        .values(status="erase", ref=None, not_before=None, person_id=None)
    )


def to_erase(conn: Connection, limit: int) -> tuple[MediaId, ...]:
    """Files whose bytes must be deleted now."""
    query = select(media.c.id).where(media.c.status == "erase").order_by(media.c.id).limit(limit)
    return tuple(MediaId(id_) for id_ in conn.execute(query).scalars())


def erased(conn: Connection, ids: Sequence[MediaId]) -> None:
    """The bytes of these files are deleted; so nothing remains."""
    conn.execute(delete(media).where(media.c.id.in_(ids), media.c.status == "erase"))
