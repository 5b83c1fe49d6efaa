"""Broadcasts as they are kept: drafts, what staff decide about them, and how it is told.

Who gets one, and the account, are in recipients.py; how a broadcast advances in parts, in
bot/planned/broadcast.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import Connection

from conversations.broadcasts.audience import Audience, parse, written
from conversations.broadcasts.broadcast import (
    USEFUL_FOR,
    Account,
    Broadcast,
    BroadcastId,
    Rehearsal,
    State,
    Step,
)
from conversations.costs import Tariff
from conversations.dialogue import PersonId
from conversations.message import MediaId
from storage import audiences, campaigns, due, media, outbox, recipients, spending, staff
from storage.recipients import campaign
from storage.schema import from_ms, to_ms
from storage.sealing import vault_of
from storage.statement import Statement

SENDING = "broadcast"
"""The kind of due work that sends one on; its subject is the broadcast's number."""

REHEARSING = "rehearsal"
TELLING = "siar"
"""The kind of due work that tells a member of staff something about a broadcast."""

FIRST_NEWS = timedelta(seconds=10)
_SEAL = b"broadcasts"

_DRAFT = Statement(
    "INSERT INTO broadcasts (audience, body, media_id, status, by_id, created_at)"
    " VALUES (:audience, :body, :media, 'draft', :by, :now) RETURNING id"
)
_COLUMNS = (
    "SELECT b.id, b.status, b.audience, b.body, b.media_id, b.by_id, b.created_at, b.starts_at,"
    " b.approved_by, b.expires_at, p.salutation, p.name, b.rehearsal,"
    " (b.status = 'running' AND EXISTS (SELECT 1 FROM due d WHERE d.kind = 'broadcast'"
    " AND d.subject = CAST(b.id AS VARCHAR(20)) AND d.outcome LIKE 'failed%'))"
    " FROM broadcasts b LEFT JOIN people p ON p.id = b.by_id"
)
_ONE = Statement(f"{_COLUMNS} WHERE b.id = :id")
_LATEST = Statement(f"{_COLUMNS} ORDER BY b.id DESC LIMIT :limit")
_LOCK = {
    "sqlite": Statement("SELECT status FROM broadcasts WHERE id = :id"),
    "postgresql": Statement("SELECT status FROM broadcasts WHERE id = :id FOR NO KEY UPDATE"),
}
_LOCK_WORK = Statement(
    f"SELECT kind FROM due WHERE kind = '{SENDING}' AND subject = :subject FOR UPDATE"
)
"""First the due work, then the broadcast: whoever sends a part locks them in that order."""

_REHEARSED = Statement("UPDATE broadcasts SET rehearsal = :counted WHERE id = :id")
_USED = Statement(
    "SELECT count(*) FROM broadcasts WHERE media_id = :media"
    " AND status NOT IN ('cancelled', 'refused')"
)
_LATER = Statement(
    "UPDATE outbox SET expires_at = :at WHERE campaign = :campaign AND campaign <> ''"
    " AND status IN ('waiting', 'sending') AND status = 'waiting' AND expires_at < :at"
)
_TURN = Statement(
    "UPDATE broadcasts SET status = :status, starts_at = :starts_at, expires_at = :expires_at,"
    " approved_by = :approved_by,"
    " approved_at = CASE WHEN CAST(:approved_by AS BIGINT) IS NULL THEN NULL"
    " ELSE COALESCE(approved_at, :now) END, finished_at = CAST(:finished_at AS BIGINT)"
    " WHERE id = :id"
)


def draft(
    conn: Connection,
    audience: Audience,
    words: str,
    file: MediaId | None,
    by: PersonId | None,
    now: datetime,
) -> BroadcastId:
    """A new broadcast that nobody gets yet; `by` None when a command made it."""
    values = {
        "audience": written(audience),
        "body": vault_of(conn).seal(words.encode(), _SEAL),
        "media": file,
        "by": by,
        "now": to_ms(now),
    }
    return BroadcastId(_DRAFT.value(conn, values))


def one(conn: Connection, id_: BroadcastId) -> Broadcast | None:
    """One broadcast."""
    row = _ONE.row(conn, {"id": id_})
    return None if row is None else _broadcast(conn, row)


def latest(conn: Connection, limit: int) -> tuple[Broadcast, ...]:
    """The newest, newest first."""
    return tuple(_broadcast(conn, row) for row in _LATEST.rows(conn, {"limit": limit}))


def locked(conn: Connection, id_: BroadcastId) -> Broadcast | None:
    """One broadcast that nobody else changes until this unit commits."""
    _LOCK[conn.dialect.name].row(conn, {"id": id_})
    return one(conn, id_)


def _broadcast(conn: Connection, row: Sequence[Any]) -> Broadcast:
    return Broadcast(
        id=BroadcastId(row[0]),
        state=State(row[1]),
        audience=parse(row[2]),
        text=vault_of(conn).open(row[3], _SEAL).decode(),
        media=row[4],
        by=row[5],
        created_at=from_ms(row[6]),
        starts_at=_time(row[7]),
        approved_by=row[8],
        expires_at=_time(row[9]),
        by_name=f"{row[10] or ''} {row[11] or ''}".strip(),
        stalled=bool(row[13]),
    )


def _time(ms: int | None) -> datetime | None:
    return None if ms is None else from_ms(ms)


# --- what staff decide ----------------------------------------------------------------------------

_LEADS = {
    (State.DRAFT, Step.ASK): State.ASKING,
    (State.SCHEDULED, Step.ASK): State.ASKING,
    (State.DRAFT, Step.START): State.SCHEDULED,
    (State.ASKING, Step.APPROVE): State.SCHEDULED,
    (State.ASKING, Step.REFUSE): State.REFUSED,
    (State.RUNNING, Step.PAUSE): State.PAUSED,
    (State.PAUSED, Step.RESUME): State.RUNNING,
    (State.RUNNING, Step.RESUME): State.RUNNING,
    (State.DRAFT, Step.CANCEL): State.CANCELLED,
    (State.ASKING, Step.CANCEL): State.CANCELLED,
    (State.SCHEDULED, Step.CANCEL): State.CANCELLED,
    (State.RUNNING, Step.CANCEL): State.CANCELLED,
    (State.PAUSED, Step.CANCEL): State.CANCELLED,
}


def step(
    conn: Connection,
    id_: BroadcastId,
    taken: Step,
    by: PersonId | None,
    now: datetime,
    *,
    starts_at: datetime | None = None,
) -> State | None:
    """Take one step with a broadcast; its state then, None where it allows no such step.

    Who approves or refuses is somebody, and never who wrote it.
    """
    if conn.dialect.name == "postgresql":
        _LOCK_WORK.row(conn, {"subject": str(id_)})
    before = locked(conn, id_)
    to = None if before is None else _LEADS.get((before.state, taken))
    if before is None or to is None:
        return None
    if taken in (Step.APPROVE, Step.REFUSE) and by in (None, before.by):
        return None
    starts = max(starts_at or before.starts_at or now, now)
    if taken in (Step.PAUSE, Step.RESUME, Step.CANCEL, Step.REFUSE):
        starts = before.starts_at or now
    until = starts + USEFUL_FOR
    if taken is Step.RESUME:
        until = max(before.expires_at or now, now + USEFUL_FOR)
    approved_by = by if taken is Step.APPROVE else before.approved_by
    _turn(conn, before, to, starts, until, approved_by, now)
    _AFTER[taken](conn, before, starts, until, now)
    if taken in (Step.APPROVE, Step.REFUSE):
        tell_author(conn, before, "putusan", now)
    return to


def _turn(
    conn: Connection,
    before: Broadcast,
    to: State,
    starts: datetime,
    until: datetime,
    approved_by: PersonId | None,
    now: datetime,
) -> None:
    over = to in (State.CANCELLED, State.REFUSED, State.DONE)
    values = {
        "id": before.id,
        "status": to.value,
        "starts_at": to_ms(starts),
        "expires_at": to_ms(until),
        "approved_by": approved_by,
        "finished_at": to_ms(now) if over else None,
        "now": to_ms(now),
    }
    _TURN.run(conn, values)


def _after_ask(
    conn: Connection, before: Broadcast, starts: datetime, until: datetime, now: datetime
) -> None:
    """It is counted anew, so that whoever approves sees how it is now."""
    due.forget(conn, SENDING, str(before.id))
    plan_rehearsal(conn, before.id, now)


def _after_start(
    conn: Connection, before: Broadcast, starts: datetime, until: datetime, now: datetime
) -> None:
    due.plan(conn, SENDING, str(before.id), None, starts, None)


def _after_pause(
    conn: Connection, before: Broadcast, starts: datetime, until: datetime, now: datetime
) -> None:
    due.forget(conn, SENDING, str(before.id))
    outbox.put_off(conn, campaign(before.id), now + campaigns.PAUSED)


def _after_resume(
    conn: Connection, before: Broadcast, starts: datetime, until: datetime, now: datetime
) -> None:
    """Whoever must not be written to at this hour is held back again when her message is taken."""
    if before.state is State.PAUSED:
        outbox.put_off(conn, campaign(before.id), now)
    _LATER.run(conn, {"campaign": campaign(before.id), "at": to_ms(until)})
    due.plan(conn, SENDING, str(before.id), None, now, None)
    plan_news(conn, before, recipients.account(conn, before.id).quarter, now)


def _after_end(
    conn: Connection, before: Broadcast, starts: datetime, until: datetime, now: datetime
) -> None:
    due.forget(conn, SENDING, str(before.id))
    outbox.withdraw(conn, campaign(before.id), "cancelled", now)
    given_up = before.state in (State.DRAFT, State.ASKING)
    if before.media and given_up and not _USED.value(conn, {"media": before.media}):
        media.discard(conn, before.media)


_AFTER = {
    Step.ASK: _after_ask,
    Step.START: _after_start,
    Step.APPROVE: _after_start,
    Step.REFUSE: _after_end,
    Step.PAUSE: _after_pause,
    Step.RESUME: _after_resume,
    Step.CANCEL: _after_end,
}


def _tell(conn: Connection, person: PersonId | None, subject: str, at: datetime) -> None:
    """A member of staff hears of it in a turn of her own."""
    if person is not None:
        due.plan(conn, TELLING, subject, person, at, at + timedelta(hours=12))


def plan_news(conn: Connection, broadcast: Broadcast, quarter: int, now: datetime) -> None:
    """Who wrote it hears how far it has come, when it has come further than this quarter."""
    _tell(conn, broadcast.by, f"{broadcast.id}:maju:{quarter}", now + FIRST_NEWS)


# --- rehearsing and sending -----------------------------------------------------------------------


def plan_rehearsal(conn: Connection, id_: BroadcastId, now: datetime) -> None:
    """Count in parts who would get it; then its author, or who approves, is told the result."""
    keep_rehearsal(conn, id_, None)
    due.plan(conn, REHEARSING, str(id_), None, now, None)


def keep_rehearsal(conn: Connection, id_: BroadcastId, counted: Rehearsal | None) -> None:
    """How far its rehearsal has counted."""
    body = None if counted is None else orjson.dumps(counted.to_json()).decode()
    _REHEARSED.run(conn, {"id": id_, "counted": body})


def rehearsal(conn: Connection, id_: BroadcastId) -> Rehearsal | None:
    """What its rehearsal has counted so far."""
    row = _ONE.row(conn, {"id": id_})
    return None if row is None or row[12] is None else Rehearsal(**orjson.loads(row[12]))


def ask_approval(conn: Connection, broadcast: Broadcast, now: datetime) -> None:
    """Everybody of staff but its author is asked."""
    for member in staff.reachable(conn):
        if member != broadcast.by:
            _tell(conn, member, f"{broadcast.id}:setuju:{member}", now)


def tell_author(conn: Connection, broadcast: Broadcast, what: str, now: datetime) -> None:
    """Its author hears of something that she did not do herself."""
    _tell(conn, broadcast.by, f"{broadcast.id}:{what}", now)


def begin(conn: Connection, broadcast: Broadcast, now: datetime) -> None:
    """From now on it is being sent."""
    starts = broadcast.starts_at or now
    until = broadcast.expires_at or starts + USEFUL_FOR
    _turn(conn, broadcast, State.RUNNING, starts, until, broadcast.approved_by, now)
    plan_news(conn, broadcast, 0, now)


def finish(conn: Connection, broadcast: Broadcast, now: datetime) -> None:
    """Nobody waits any more."""
    starts = broadcast.starts_at or now
    until = broadcast.expires_at or now
    _turn(conn, broadcast, State.DONE, starts, until, broadcast.approved_by, now)


class StoredBroadcasts:
    """`conversations.broadcasts.broadcast.Broadcasts`, answered from one connection."""

    __slots__ = ("_conn", "_now", "alone_up_to", "rates")

    def __init__(
        self,
        conn: Connection,
        now: datetime,
        rates: Mapping[str, float],
        alone_up_to: int = 100,
    ) -> None:
        self._conn = conn
        self._now = now
        self.rates = rates
        self.alone_up_to = alone_up_to

    def one(self, broadcast: BroadcastId) -> Broadcast | None:
        """One broadcast."""
        return one(self._conn, broadcast)

    def account(self, broadcast: BroadcastId) -> Account:
        """Where everybody of it is now."""
        return recipients.account(self._conn, broadcast)

    def latest(self, limit: int = 5) -> tuple[Broadcast, ...]:
        """The newest, newest first."""
        return latest(self._conn, limit)

    def rehearsal(self, broadcast: BroadcastId) -> Rehearsal | None:
        """What its dress rehearsal counted."""
        return rehearsal(self._conn, broadcast)

    def samples(self, broadcast: BroadcastId) -> tuple[str, ...]:
        """What the first three who would get it would read."""
        found = one(self._conn, broadcast)
        return (
            ()
            if found is None
            else audiences.samples(self._conn, found.audience, found.text, self._now)
        )

    def own_words(self, broadcast: BroadcastId, person: PersonId) -> str:
        """What this person would read."""
        found = one(self._conn, broadcast)
        whom = audiences.one(self._conn, person)
        return "" if found is None or whom is None else whom.reads(found.text)

    def tariff(self) -> Tariff | None:
        """What one by WhatsApp costs now."""
        return spending.tariff(self._conn, self._now)

    def file(self, media_: MediaId) -> str:
        """What became of a file."""
        kept = media.one(self._conn, media_)
        return "" if kept is None else kept.status

    def villages(self) -> tuple[tuple[str, str], ...]:
        """Code and name of every village."""
        return audiences.places(self._conn, "villages")

    def schools(self) -> tuple[tuple[str, str], ...]:
        """Code and name of every open school."""
        return audiences.places(self._conn, "schools")
