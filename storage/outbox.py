"""What goes out: every planned message is one row, and ends in exactly one status.

`waiting` and `sending` are open; `sending` is a claim with a lease. Limits, quiet hours and what a
platform answers are the sender's business (bot/delivery.py); the numbers of this room are in depth.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, bindparam, text

from conversations.message import Message, Priority
from conversations.politeness import Polite
from storage import adding, bodies, campaigns, door, traces
from storage.adding import PRIORITIES as PRIORITIES
from storage.adding import RANK
from storage.door import Candidate, Doorway, Leaver
from storage.errors import SealBroken
from storage.schema import from_ms, to_ms
from storage.statement import Listed, Statement

LATE = "late"
"""The reason of what expired."""

_LONGEST_REASON = 120
_ROUNDS = 5
_MANY = 200
"""A claim that meets nothing but what may not leave looks at so many rows a round, not for ever."""

UNASKED = (Priority.REMINDER, Priority.BROADCAST)
"""What nobody asked for just now: politeness decides when it leaves, and whether."""


class Status(StrEnum):
    """What became of an outgoing message."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    EXCLUDED = "excluded"
    EXPIRED = "expired"
    MERGED = "merged"


_STEP = {Status.SENT: 2, Status.DELIVERED: 3, Status.FAILED: 3, Status.READ: 4}
"""A status may follow only one of a lower step; whatever is not named here has step 1."""

_STAYED = frozenset({Status.WAITING, Status.FAILED, Status.EXPIRED})
"""It surely did not arrive: what it carried for others may still."""

_OF_ITSELF = {Status.EXPIRED: LATE}
"""The reason that a status tells by itself."""

_CANDIDATES_OF_ONE_PRIORITY = (
    f"{door.COLUMNS}"
    " WHERE o.status IN ('waiting', 'sending') AND o.status = 'waiting'"
    " AND o.priority = :priority AND o.not_before <= :now AND a.blocked_at IS NULL"
    " AND NOT EXISTS (SELECT 1 FROM outbox e WHERE e.address_id = o.address_id AND e.id <> o.id"
    " AND e.status IN ('waiting', 'sending') AND (e.status = 'sending'"
    " OR ((e.not_before <= :now OR (e.attempts > 0 AND NOT e.held))"
    " AND (e.priority < o.priority OR (e.priority = o.priority AND e.id < o.id)))))"
    " ORDER BY o.priority, o.not_before, o.id LIMIT :limit"
)
_CANDIDATES = {
    "sqlite": Statement(_CANDIDATES_OF_ONE_PRIORITY),
    "postgresql": Statement(_CANDIDATES_OF_ONE_PRIORITY + " FOR NO KEY UPDATE OF a SKIP LOCKED"),
}
_CLAIM = Listed(
    "UPDATE outbox SET status = 'sending', owner = :owner, lease_until = :lease_until"
    " WHERE id IN :ids AND status = 'waiting' AND NOT EXISTS (SELECT 1 FROM outbox e"
    " WHERE e.address_id = outbox.address_id AND e.status IN ('waiting', 'sending')"
    " AND e.status = 'sending') RETURNING id"
)
_EXPIRE = text(
    f"UPDATE outbox SET status = 'expired', reason = '{LATE}', finished_at = :now"
    " WHERE id IN :ids AND status = 'waiting'"
).bindparams(bindparam("ids", expanding=True))
_RECORD = Statement(
    "UPDATE outbox SET status = :status, reason = :reason, owner = NULL, lease_until = NULL,"
    " platform_id = COALESCE(CAST(:platform_id AS VARCHAR(80)), platform_id),"
    " attempts = CASE WHEN attempts = 0 OR :tried = 1 THEN attempts + :again ELSE attempts END,"
    " not_before = COALESCE(CAST(:not_before AS BIGINT), not_before),"
    " finished_at = :finished_at"
    " WHERE id = :id AND CASE status WHEN 'waiting' THEN 0 WHEN 'sending' THEN 0"
    " WHEN 'uncertain' THEN 1 WHEN 'sent' THEN 2 WHEN 'delivered' THEN 3 ELSE 9 END < :step"
)
_DEAD = (
    "WHERE status IN ('waiting', 'sending') AND status = 'sending' AND (lease_until <= :now"
    " OR (owner <> :owner AND substr(owner, 1, :length) = :service))"
)
_SEND_AGAIN = text(
    "UPDATE outbox SET status = 'waiting', owner = NULL, lease_until = NULL,"
    f" attempts = attempts + 1 {_DEAD} AND priority <= 1"
)
_LEAVE_UNCERTAIN = text(
    "UPDATE outbox SET status = 'uncertain', owner = NULL, lease_until = NULL,"
    f" reason = 'interrupted while sending', finished_at = :now {_DEAD} AND priority > 1"
)
_BLOCK = text(
    "UPDATE addresses SET blocked_at = :now, blocked_reason = :reason"
    " WHERE id = :address_id AND blocked_at IS NULL"
)
_FAIL_WAITING = text(
    "UPDATE outbox SET status = 'failed', reason = :reason, finished_at = :now"
    " WHERE address_id = :address_id AND status IN ('waiting', 'sending') AND status = 'waiting'"
)
_TO_REPEAT = text(
    "SELECT id, address_id FROM outbox"
    " WHERE status IN ('waiting', 'sending') AND status = 'waiting' AND attempts > 0"
    " AND priority <= 1"
)
_HASTEN = text(
    "UPDATE outbox SET not_before = :now WHERE status IN ('waiting', 'sending')"
    " AND status = 'waiting' AND attempts > 0 AND priority <= 1 AND not_before > :now"
)
_NEXT_AT = Statement(
    "SELECT min(not_before) FROM ("
    + " UNION ALL ".join(
        "SELECT * FROM (SELECT o.not_before FROM outbox o JOIN addresses a ON a.id = o.address_id"
        " WHERE o.status IN ('waiting', 'sending') AND o.status = 'waiting'"
        f" AND o.priority = {rank} AND a.blocked_at IS NULL ORDER BY o.not_before LIMIT 1) p{rank}"
        for rank in range(len(PRIORITIES))
    )
    + ") earliest"
)
_DEPTH = text(
    "SELECT status, priority, count(*) AS number, min(not_before) AS oldest FROM outbox"
    " WHERE status IN ('waiting', 'sending') GROUP BY status, priority"
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that its claimer, and nobody else, sends now."""

    id: int
    address_id: int
    channel: str
    account: str
    address: str
    message: Message
    priority: Priority
    purpose: str
    attempts: int
    expires_at: datetime | None
    person_id: int | None


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one message. `waiting` means: again at `not_before`, with one attempt more,
    but where it was only given back (not `tried`) and has been counted before."""

    id: int
    status: Status
    reason: str = ""
    platform_id: str = ""
    not_before: datetime | None = None
    tried: bool = True


@dataclass(frozen=True, slots=True)
class Recovered:
    """What a dead sender left: how many go out again, how many stay uncertain."""

    again: int
    uncertain: int


@dataclass(frozen=True, slots=True)
class Depth:
    """What is open. `oldest` is when the longest waiting one should have gone out."""

    waiting: dict[Priority, int]
    sending: int
    oldest: datetime | None


def claim(
    conn: Connection,
    owner: str,
    now: datetime,
    lease_until: datetime,
    limit: int,
    busy: Collection[int] = (),
    least: Priority = Priority.BROADCAST,
    most: Priority = Priority.ALARM,
    polite: Polite | None = None,
) -> list[Claimed]:
    """Take what may go out now, most urgent first, at most one message of each address.

    Nothing less urgent than `least` or more urgent than `most`, nothing of an address that is
    blocked, `busy`, or being sent to. Within an address the more urgent goes first, then the older;
    what is only planned for later holds up nobody, but what is to be tried again goes before
    anything after it. What is too late is marked `expired`. Of what nobody asked for only that
    leaves which is `polite` now.
    """
    times = {"now": to_ms(now), "lease_until": to_ms(lease_until)}
    doorway = Doorway(conn, now, polite or Polite())
    claimed: list[Claimed] = []
    for rank in range(RANK[most], RANK[least] + 1):
        for number in range(_ROUNDS):
            if not (wanted := max(0, limit - len(claimed))):
                break
            looked = max(wanted, _MANY) + len(busy) if number else wanted
            values = {"priority": rank, "now": times["now"], "limit": looked}
            found = _CANDIDATES[conn.dialect.name].rows(conn, values)
            rows = [Candidate(*row) for row in found]
            late = [row for row in rows if _is_late(row, times["now"])]
            fit = [r for r in rows if not _is_late(r, times["now"]) and r.address_id not in busy]
            unasked = PRIORITIES[rank] in UNASKED
            admitted = doorway.admit(fit) if unasked else fit
            settled = bool(late) or (unasked and doorway.settled)
            hidden = len(rows) == looked > len(fit) + len(late)  # by the busy: look further
            claimed += _take(conn, owner, times, admitted[:wanted], doorway if unasked else None)
            if not settled and not hidden:
                break
            _expire(conn, late, times["now"])
    return claimed


def _is_late(row: Candidate, now: int) -> bool:
    return row.expires_at is not None and row.expires_at <= now


def _expire(conn: Connection, rows: Sequence[Candidate], now: int) -> None:
    if rows:
        conn.execute(_EXPIRE, {"ids": [row.id for row in rows], "now": now})


def _take(
    conn: Connection,
    owner: str,
    times: dict[str, int],
    rows: Sequence[Candidate],
    doorway: Doorway | None,
) -> list[Claimed]:
    """Claim the rows. A second look, because another process may have been faster a moment ago."""
    if not rows:
        return []
    leavers = doorway.join(rows) if doorway is not None else [Leaver(row) for row in rows]
    ids = [one.row.id for one in leavers]
    until = times["lease_until"]
    mine = {row[0] for row in _CLAIM.rows(conn, ids, owner=owner, lease_until=until)}
    leavers = [one for one in leavers if one.row.id in mine]
    if doorway is not None:
        doorway.see_off(leavers)
    claimed, unreadable = [], []
    for one in leavers:
        try:
            claimed.append(_claimed(conn, one, from_ms(times["now"])))
        except SealBroken as error:
            unreadable.append(Result(one.row.id, Status.FAILED, str(error)))
    record(conn, unreadable, from_ms(times["now"]))
    return claimed


def _claimed(conn: Connection, leaver: Leaver, now: datetime) -> Claimed:
    row, joined = leaver.row, leaver.joined
    message = bodies.opened(conn, row.body) if joined is None else joined.message
    return Claimed(
        row.id,
        row.address_id,
        row.channel,
        row.account,
        row.address,
        traces.with_ids(conn, message, row.id, row.address_id, now),
        PRIORITIES[row.priority],
        row.purpose,
        row.attempts,
        None if row.expires_at is None else from_ms(row.expires_at),
        row.person_id,
    )


def record(conn: Connection, results: Sequence[Result], now: datetime) -> None:
    """Write down what became of messages. A final status stays; sent, delivered, read advance."""
    ms = to_ms(now)
    rows = [
        {
            "id": result.id,
            "status": str(result.status),
            "reason": (result.reason or _OF_ITSELF.get(result.status, ""))[:_LONGEST_REASON],
            "platform_id": result.platform_id or None,
            "again": 1 if result.status is Status.WAITING else 0,
            "tried": 1 if result.tried else 0,
            "not_before": _ms(result.not_before),
            "finished_at": None if result.status is Status.WAITING else ms,
            "step": _STEP.get(result.status, 1),
        }
        for result in results
    ]
    _RECORD.many(conn, rows)
    if stayed := [result.id for result in results if result.status in _STAYED]:
        back = [result.id for result in results if result.status is Status.WAITING]
        back += door.part(conn, stayed)
        if back:
            campaigns.look_again(conn, back, now)


def recover(conn: Connection, owner: str, now: datetime) -> Recovered:
    """Free what a dead sender left: its lease expired, or it was an earlier run of this service.

    An owner is written `service/run`; two owners of the same service never live at the same time.
    An alarm or a reply is sent again, a reminder or a broadcast becomes uncertain.
    """
    service = owner.rpartition("/")[0] + "/"
    values = {"owner": owner, "service": service, "length": len(service), "now": to_ms(now)}
    again = conn.execute(_SEND_AGAIN, values).rowcount
    return Recovered(again, conn.execute(_LEAVE_UNCERTAIN, values).rowcount)


def block(conn: Connection, address_id: int, reason: str, now: datetime) -> None:
    """The person cannot be reached at this address any more: what waits for it fails."""
    values = {"address_id": address_id, "now": to_ms(now)}
    conn.execute(_BLOCK, {**values, "reason": reason[:80]})
    conn.execute(_FAIL_WAITING, {**values, "reason": reason[:_LONGEST_REASON]})


add, add_all, used = adding.add, adding.add_all, adding.used
withdraw, put_off, waiting = campaigns.withdraw, campaigns.put_off, campaigns.waiting


def to_repeat(conn: Connection) -> list[tuple[int, int]]:
    """(id, address_id) of the alarms and replies that wait to be tried again: for them, and only
    for them, later replies wait."""
    return [(row.id, row.address_id) for row in conn.execute(_TO_REPEAT)]


def hasten(conn: Connection, now: datetime) -> int:
    """The clock was set back: alarms and replies that wait to be repeated are due at once."""
    return conn.execute(_HASTEN, {"now": to_ms(now)}).rowcount


def next_at(conn: Connection) -> datetime | None:
    """When the earliest of what waits may go out, which may be past; None when nothing waits."""
    ms = _NEXT_AT.value(conn, {})
    return None if ms is None else from_ms(ms)


def depth(conn: Connection) -> Depth:
    """How much is open, for the metrics."""
    rows = conn.execute(_DEPTH).all()
    waiting = [row for row in rows if row.status == Status.WAITING]
    return Depth(
        waiting={PRIORITIES[row.priority]: row.number for row in waiting},
        sending=sum(row.number for row in rows if row.status == Status.SENDING),
        oldest=from_ms(min(row.oldest for row in waiting)) if waiting else None,
    )


def _ms(at: datetime | None) -> int | None:
    return None if at is None else to_ms(at)
