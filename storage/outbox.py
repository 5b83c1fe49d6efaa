"""What goes out: every planned message is one row, and ends in exactly one status.

`waiting` and `sending` are open; `sending` is a claim with a lease. Limits, quiet hours and what a
platform answers are the sender's business (bot/delivery.py); the numbers of this room are in depth.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, bindparam, text

from conversations.message import Message, Priority
from conversations.politeness import Polite
from storage import adding, bodies, campaigns, door, passing, results, traces
from storage.adding import PRIORITIES as PRIORITIES
from storage.adding import RANK
from storage.door import Candidate, Doorway, Leaver
from storage.errors import SealBroken
from storage.passing import Passage
from storage.results import LATE as LATE
from storage.results import Result as Result
from storage.results import Status as Status
from storage.schema import from_ms, to_ms
from storage.statement import Listed, Statement

_ROUNDS = 5
_MANY = 200
"""A claim that meets nothing but what may not leave looks at so many rows a round, not for ever."""

UNASKED = (Priority.REMINDER, Priority.BROADCAST)
"""What nobody asked for just now: politeness decides when it leaves, and whether."""

_OF_CHANNEL = "channel = CAST(:channel AS VARCHAR(12))"
"""Cast, because SQLite else looks at the value for the index of one channel only, and so plans the
whole statement anew each time it runs: 0.1 ms instead of 5 µs."""

_CANDIDATES_OF_ONE_PRIORITY = (
    f"{door.COLUMNS}"
    " WHERE o.status IN ('waiting', 'sending') AND o.status = 'waiting'"
    f" AND o.{_OF_CHANNEL} AND o.priority = :priority AND o.not_before <= :now"
    " AND a.blocked_at IS NULL"
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
_REST = Listed(
    "UPDATE outbox SET not_before ="
    " (SELECT a.rests_until FROM addresses a WHERE a.id = outbox.address_id)"
    " WHERE id IN :ids AND status = 'waiting'"
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
_TO_REPEAT = text(
    f"SELECT id, address_id FROM outbox WHERE {_OF_CHANNEL}"
    " AND status IN ('waiting', 'sending') AND status = 'waiting' AND attempts > 0"
    " AND priority <= 1 AND NOT withheld ORDER BY id"
)
_STILL_OPEN = Listed(
    "SELECT id FROM outbox WHERE id IN :ids AND status IN ('waiting', 'sending')"
    " AND (status = 'sending' OR NOT withheld)"
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
        f" AND o.{_OF_CHANNEL} AND o.priority = {rank} AND a.blocked_at IS NULL"
        f" ORDER BY o.not_before LIMIT 1) p{rank}"
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
    *,
    channel: str,
) -> list[Claimed]:
    """Take what may go out now on this channel, most urgent first, one message of each address.

    Nothing less urgent than `least` or more urgent than `most`, nothing of an address that is
    blocked, `busy`, or being sent to. Within an address the more urgent goes first, then the older;
    what is only planned for later holds up nobody, but what is to be tried again goes before
    anything after it. What is too late is marked `expired`. Of what nobody asked for only that
    leaves which is `polite` now. How it leaves, and whether it may at all on this phone, is decided
    in passing.py.
    """
    times = {"now": to_ms(now), "lease_until": to_ms(lease_until)}
    doorway = Doorway(conn, now, polite or Polite())
    claimed: list[Claimed] = []
    for rank in range(RANK[most], RANK[least] + 1):
        for number in range(_ROUNDS):
            if not (wanted := max(0, limit - len(claimed))):
                break
            looked = max(wanted, _MANY) + len(busy) if number else wanted
            values = {"channel": channel, "priority": rank, "now": times["now"], "limit": looked}
            found = _CANDIDATES[conn.dialect.name].rows(conn, values)
            rows = [Candidate(*row) for row in found]
            late = [row for row in rows if _is_late(row, times["now"])]
            fit = [r for r in rows if not _is_late(r, times["now"]) and r.address_id not in busy]
            unasked = PRIORITIES[rank] in UNASKED
            awake = _put_to_rest(conn, fit, times["now"]) if unasked else fit
            admitted = doorway.admit(awake) if unasked else awake
            passages, changed = passing.decide(conn, admitted, now)
            changed |= unasked and (doorway.settled or len(awake) < len(fit))
            settled = bool(late) or changed
            hidden = len(rows) == looked > len(fit) + len(late)  # by the busy: look further
            claimed += _take(conn, owner, times, passages[:wanted], doorway if unasked else None)
            if not settled and not hidden:
                break
            _expire(conn, late, times["now"])
    return claimed


def _is_late(row: Candidate, now: int) -> bool:
    return row.expires_at is not None and row.expires_at <= now


def _put_to_rest(conn: Connection, rows: Sequence[Candidate], now: int) -> list[Candidate]:
    """Those whose addresses the platform does not want left in peace for a while."""
    resting = [row.id for row in rows if row.rests_until is not None and row.rests_until > now]
    if not resting:
        return list(rows)
    _REST.run(conn, resting)
    return [row for row in rows if row.id not in resting]


def _expire(conn: Connection, rows: Sequence[Candidate], now: int) -> None:
    if rows:
        conn.execute(_EXPIRE, {"ids": [row.id for row in rows], "now": now})


def _take(
    conn: Connection,
    owner: str,
    times: dict[str, int],
    passages: Sequence[Passage],
    doorway: Doorway | None,
) -> list[Claimed]:
    """Claim the rows. A second look, because another process may have been faster a moment ago."""
    if not passages:
        return []
    now = from_ms(times["now"])
    rows = [one.row for one in passages]
    leavers = doorway.join(rows) if doorway is not None else [Leaver(row) for row in rows]
    ids = [one.row.id for one in leavers]
    until = times["lease_until"]
    mine = {row[0] for row in _CLAIM.rows(conn, ids, owner=owner, lease_until=until)}
    leaving = [
        (leaver, passage if leaver.row is passage.row else replace(passage, row=leaver.row))
        for leaver, passage in zip(leavers, passages, strict=True)
        if leaver.row.id in mine
    ]
    if doorway is not None:
        doorway.see_off([leaver for leaver, _ in leaving])
    passing.leave(conn, [passage for _, passage in leaving], now)
    claimed, unreadable = [], []
    for leaver, passage in leaving:
        try:
            claimed.append(_claimed(conn, leaver, passage.says, now))
        except SealBroken as error:
            unreadable.append(Result(leaver.row.id, Status.FAILED, str(error)))
    record(conn, unreadable, now)
    return claimed


def _claimed(conn: Connection, leaver: Leaver, says: Message | None, now: datetime) -> Claimed:
    row, joined = leaver.row, leaver.joined
    if says is None:
        own = bodies.opened(conn, row.body) if joined is None else joined.message
        says = replace(own, template=None) if own.template is not None else own
    return Claimed(
        row.id,
        row.address_id,
        row.channel,
        row.account,
        row.address,
        traces.with_ids(conn, says, row.id, row.address_id, now),
        PRIORITIES[row.priority],
        row.purpose,
        row.attempts,
        None if row.expires_at is None else from_ms(row.expires_at),
        row.person_id,
    )


def recover(conn: Connection, owner: str, now: datetime) -> Recovered:
    """Free what a dead sender left: its lease expired, or it was an earlier run of this service.

    An owner is written `service/run`; two owners of the same service never live at the same time.
    An alarm or a reply is sent again, a reminder or a broadcast becomes uncertain.
    """
    service = owner.rpartition("/")[0] + "/"
    values = {"owner": owner, "service": service, "length": len(service), "now": to_ms(now)}
    again = conn.execute(_SEND_AGAIN, values).rowcount
    return Recovered(again, conn.execute(_LEAVE_UNCERTAIN, values).rowcount)


record, block, close_window = results.record, results.block, results.close_window
add, add_all, used = adding.add, adding.add_all, adding.used
withdraw, put_off, waiting = campaigns.withdraw, campaigns.put_off, campaigns.waiting


def to_repeat(conn: Connection, channel: str) -> list[tuple[int, int]]:
    """(id, address_id) of a channel's alarms and replies that wait to be tried again: for them, and
    only for them, later replies wait."""
    return [(row.id, row.address_id) for row in conn.execute(_TO_REPEAT, {"channel": channel})]


def still_open(conn: Connection, ids: Collection[int]) -> frozenset[int]:
    """Those of these that will be tried again; not what waits, withheld, for the person."""
    return frozenset(row[0] for row in _STILL_OPEN.rows(conn, sorted(ids)))


def hasten(conn: Connection, now: datetime) -> int:
    """The clock was set back: alarms and replies that wait to be repeated are due at once."""
    return conn.execute(_HASTEN, {"now": to_ms(now)}).rowcount


def next_at(conn: Connection, channels: Iterable[str]) -> datetime | None:
    """When the earliest of what waits on these channels may go out, which may be past; None when
    nothing waits there."""
    found = [_NEXT_AT.value(conn, {"channel": channel}) for channel in channels]
    return min((from_ms(ms) for ms in found if ms is not None), default=None)


def depth(conn: Connection) -> Depth:
    """How much is open, for the metrics."""
    rows = conn.execute(_DEPTH).all()
    waiting = [row for row in rows if row.status == Status.WAITING]
    return Depth(
        waiting={PRIORITIES[row.priority]: row.number for row in waiting},
        sending=sum(row.number for row in rows if row.status == Status.SENDING),
        oldest=from_ms(min(row.oldest for row in waiting)) if waiting else None,
    )
