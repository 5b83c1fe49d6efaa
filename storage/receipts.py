"""What a platform tells later of messages of ours, and what follows from it.

A status is found by the name that the platform gave the message. It may come twice, in any order,
and before we have written that name down: then it is kept until we have, at most seven days. The
words of its reasons are those of bot/channels/whatsapp_errors.py.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import Connection

from conversations.dialogue import PersonId
from conversations.duty.opening import DEADLINES
from conversations.event import TaskOpened
from conversations.level import Level
from conversations.message import Priority
from storage import audit, people, reaching, results, spending, tasks
from storage.adding import RANK
from storage.results import STANDS, STEPS, Result, Status, advances
from storage.schema import from_ms, to_ms
from storage.statement import Listed, Statement

if TYPE_CHECKING:
    from storage.facts import StatusTold

TELLING: Final = frozenset({"whatsapp"})
"""Channels that tell what becomes of a message after they took it."""

UNDELIVERABLE: Final = "undeliverable"
WINDOW_CLOSED: Final = "window closed"
WITHHELD: Final = "withheld by platform"
TOO_FAST: Final = "too fast"
"""How the reasons begin from which something follows."""

_OUR_ACCOUNT: Final = {"payment": 131042, "account locked": 131031, "account restricted": 368}
"""After these nothing reaches anybody; with the platform's number."""

REST: Final = timedelta(hours=24)
"""So long after the platform withheld something, nothing goes out that nobody asked for."""

_SLOWER: Final = timedelta(seconds=30)
"""After this what was too fast goes out again."""

FOUND_WITHIN: Final = timedelta(hours=1)
"""A status is looked up again so long after it came; later its message is not one of ours."""

UNREACHED: Final = "reason.unreached"

_OF_ROW: Final = "o.id, o.status, o.address_id, o.person_id, o.priority"
_BY_NAME: Final = (
    f"SELECT o.platform_id, {_OF_ROW} FROM outbox o"
    " WHERE o.channel = 'whatsapp' AND o.platform_id IS NOT NULL AND o.platform_id IN :ids"
    " ORDER BY o.id"
)
_BY_PART: Final = (
    f"SELECT r.platform_id, {_OF_ROW} FROM receipts r JOIN outbox o ON o.id = r.outbox_id"
    " WHERE r.platform_id IN :ids AND r.outbox_id IS NOT NULL ORDER BY o.id"
)
_LOCK: Final = " FOR NO KEY UPDATE OF o"
_FIND: Final = {
    "sqlite": (Listed(_BY_NAME), Listed(_BY_PART)),
    "postgresql": (Listed(_BY_NAME + _LOCK), Listed(_BY_PART + _LOCK)),
}
_ADVANCE: Final = Statement(
    "UPDATE outbox SET status = :status, reason = :reason, "
    " finished_at = COALESCE(CAST(:failed_at AS BIGINT), finished_at)"
    f" WHERE id = :id AND {STANDS} < :step"
)
_KEEP: Final = Statement(
    "INSERT INTO receipts (platform_id, status, reason, category, billable, at, received_at)"
    " VALUES (:platform_id, :status, :reason, :category, :billable, :at, :now)"
    " ON CONFLICT (platform_id, status) DO NOTHING"
)
_KEEP_PART: Final = Statement(
    "INSERT INTO receipts (platform_id, status, at, received_at, outbox_id)"
    " VALUES (:platform_id, 'sent', :now, :now, :outbox_id)"
    " ON CONFLICT (platform_id, status) DO UPDATE SET outbox_id = excluded.outbox_id"
)
_KEPT: Final = "SELECT platform_id, status, reason, category, billable, at FROM receipts"
_KEPT_OF: Final = Listed(
    f"{_KEPT} WHERE platform_id IN :ids AND outbox_id IS NULL ORDER BY at, platform_id, status"
)
_KEPT_LATELY: Final = Statement(
    f"{_KEPT} WHERE received_at >= :since AND outbox_id IS NULL AND EXISTS (SELECT 1 FROM outbox o"
    " WHERE o.channel = 'whatsapp' AND o.platform_id IS NOT NULL"
    " AND o.platform_id = receipts.platform_id) ORDER BY at, platform_id, status"
)
_MATCHED: Final = Statement(
    "DELETE FROM receipts WHERE platform_id = :platform_id AND status = :status"
    " AND outbox_id IS NULL"
)
_AGAIN: Final = Statement(
    "INSERT INTO outbox (address_id, channel, person_id, dedupe_key, priority, purpose, campaign,"
    " body, status, not_before, expires_at, created_at)"
    " SELECT address_id, channel, person_id, 'again:' || CAST(id AS VARCHAR(20)), priority,"
    " purpose, campaign, body, 'waiting', CAST(:at AS BIGINT), expires_at, CAST(:now AS BIGINT)"
    " FROM outbox WHERE id = :id AND body IS NOT NULL AND dedupe_key NOT LIKE 'again:%'"
    " AND (expires_at IS NULL OR expires_at > :now)"
    " AND (category IN ('', 'service') OR CAST(:approved AS SMALLINT) = 1)"
    " ON CONFLICT (dedupe_key) DO NOTHING RETURNING id"
)
_INTO: Final = Statement(
    "UPDATE outbox SET status = 'merged', withheld = false, reason = :reason WHERE id = :id"
)
_DOUBT: Final = Statement(
    "UPDATE addresses SET doubted_at = COALESCE(doubted_at, :now) WHERE id = :address_id"
    " AND (last_inbound_at IS NULL OR last_inbound_at < :at) RETURNING id"
)
_USERS: Final = Statement(
    "SELECT person_id FROM address_people WHERE address_id = :address_id ORDER BY person_id"
)
_LET_REST: Final = Statement("UPDATE addresses SET rests_until = :until WHERE id = :address_id")
_ACCOUNT: Final = Statement("SELECT account FROM addresses WHERE id = :address_id")
_NEEDS_A_VISIT: Final = Statement(
    "SELECT p.id FROM people p WHERE p.id = :person AND p.erased_at IS NULL"
    " AND p.role = 'caregiver' AND p.registered_at IS NOT NULL"
    f" AND NOT {reaching.is_reached('p.id')}"
    " AND NOT EXISTS (SELECT 1 FROM tasks t WHERE t.about_id = p.id AND t.reason = :reason"
    " AND t.status <> 'closed')"
)


class _Said(NamedTuple):
    """One status as it was told or kept; `at` in milliseconds, by the platform's clock."""

    platform_id: str
    status: str
    reason: str
    category: str
    billable: bool | None
    at: int


class _Row(NamedTuple):
    """A message of ours as it stands."""

    id: int
    status: str
    address_id: int
    person_id: int | None
    priority: int


def apply(conn: Connection, told: Sequence[StatusTold], now: datetime) -> None:
    """Each message as far as was told of it; what is said of an unknown one is kept."""
    said = [
        _Said(one.platform_id, one.status, one.reason, one.category, one.billable, to_ms(one.at))
        for one in told
    ]
    strange = _advance(conn, said, now)
    _KEEP.many(conn, [{**one._asdict(), "now": to_ms(now)} for one in strange])


def recorded(conn: Connection, outcomes: Sequence[tuple[int, Result]], now: datetime) -> None:
    """These results (each with its address) were written down just now: count what they cost, and
    apply what was told of them before their names were known."""
    accepted = [result for _, result in outcomes if result.status is Status.SENT]
    spending.count(conn, [result.id for result in accepted], now)
    for address_id, result in outcomes:
        if result.status is Status.FAILED and result.reason.startswith(WITHHELD):
            _let_rest(conn, address_id, now)
    parts = [
        {"platform_id": part, "outbox_id": result.id, "now": to_ms(now)}
        for result in accepted
        for part in result.parts
    ]
    _KEEP_PART.many(conn, parts)
    names = [name for result in accepted for name in (*result.parts, result.platform_id) if name]
    if names:
        _apply_kept(conn, _KEPT_OF.rows(conn, names), now)


def match(conn: Connection, now: datetime) -> None:
    """Apply what was kept lately of messages that are known by now.

    Where several processes write at once, a status and the name of its message may pass each other;
    some seconds later both are there.
    """
    _apply_kept(conn, _KEPT_LATELY.rows(conn, {"since": to_ms(now - FOUND_WITHIN)}), now)


def lose(
    conn: Connection, address_id: int, reason: str, at: datetime, now: datetime, failed: int
) -> None:
    """Nothing reaches this address any more, as was said at `at` when this message `failed`;
    nothing happens when she has written since.

    Where the number itself is dead, it may be a stranger's when it lives again; and of those who
    used it, somebody of the programme looks in on each who has no other phone.
    """
    if reason != UNDELIVERABLE:
        results.block(conn, address_id, reason, now, [failed])
        return
    doubted = _DOUBT.row(conn, {"address_id": address_id, "now": to_ms(now), "at": to_ms(at)})
    if doubted is None:
        return
    results.block(conn, address_id, reason, now, [failed])
    for (person,) in _USERS.rows(conn, {"address_id": address_id}):
        _ask_for_a_visit(conn, PersonId(person), now)


def _apply_kept(conn: Connection, kept: Iterable[Sequence[object]], now: datetime) -> None:
    said = [_Said(*row) for row in kept]  # type: ignore[arg-type]
    if said:
        strange = set(_advance(conn, said, now))
        _MATCHED.many(conn, [one._asdict() for one in said if one not in strange])


def _advance(conn: Connection, said: Sequence[_Said], now: datetime) -> list[_Said]:
    """Move the messages forward, with what follows from it; returns what is said of others."""
    known = _known(conn, {one.platform_id for one in said})
    before = {row.id: row for row in known.values()}
    reached: dict[int, _Said] = {}
    for one in said:
        row = known.get(one.platform_id)
        if row is not None:
            last = reached.get(row.id)
            if advances(row.status if last is None else last.status, one.status):
                reached[row.id] = one
    _ADVANCE.many(conn, [_moved(id_, one, now) for id_, one in reached.items()])
    failed = [(before[id_], one) for id_, one in reached.items() if one.status == Status.FAILED]
    spending.correct(conn, _priced(known, said, {row.id for row, _ in failed}))
    _follow(conn, failed, now)
    return [one for one in said if one.platform_id not in known]


def _known(conn: Connection, names: Collection[str]) -> dict[str, _Row]:
    """The messages with these names; on PostgreSQL they stay as they are until the unit ends."""
    by_name, by_part = _FIND[conn.dialect.name]
    known = {row[0]: _Row(*row[1:]) for row in by_name.rows(conn, sorted(names))}
    if left := sorted(set(names) - known.keys()):
        known |= {row[0]: _Row(*row[1:]) for row in by_part.rows(conn, left)}
    return known


def _moved(id_: int, said: _Said, now: datetime) -> dict[str, object]:
    return {
        "id": id_,
        "status": said.status,
        "reason": said.reason[:120],
        "step": STEPS[Status(said.status)],
        "failed_at": to_ms(now) if said.status == Status.FAILED else None,
    }


def _priced(
    known: dict[str, _Row], said: Sequence[_Said], failed: Collection[int]
) -> list[spending.Told]:
    """What was said of the price, which a status that is nothing new may tell too."""
    return [
        spending.Told(row.id, row.id in failed, one.category, one.billable)
        for one in said
        if (row := known.get(one.platform_id)) is not None
        and (one.status != Status.FAILED or row.id in failed)
    ]


def _follow(conn: Connection, failed: Sequence[tuple[_Row, _Said]], now: datetime) -> None:
    """What was taken and could not be brought after all."""
    stayed = []
    for row, said in failed:
        again = None
        if said.reason == UNDELIVERABLE:
            lose(conn, row.address_id, said.reason, from_ms(said.at), now, row.id)
        elif said.reason == WINDOW_CLOSED:
            results.close_window(conn, row.address_id, from_ms(said.at))
            again = _again(conn, row, now, now, approved=False)
        elif said.reason.startswith(WITHHELD):
            _let_rest(conn, row.address_id, now)
        elif said.reason.startswith(TOO_FAST) and row.priority <= RANK[Priority.REPLY]:
            again = _again(conn, row, now + _SLOWER, now, approved=True)
        if again is None:
            stayed.append(row.id)
    if stayed:
        results.set_free(conn, stayed, now)
    _warn(conn, [(row, said) for row, said in failed if said.reason in _OUR_ACCOUNT], now)


def _again(
    conn: Connection, row: _Row, at: datetime, now: datetime, *, approved: bool
) -> int | None:
    """It goes out once more, as a row of its own with which it fares; None when it did before, or
    was said in approved words already and these may not go again."""
    values = {"id": row.id, "at": to_ms(at), "now": to_ms(now), "approved": int(approved)}
    id_: int | None = _AGAIN.value(conn, values)
    if id_ is not None:
        _INTO.run(conn, {"id": row.id, "reason": f"into {id_}"})
    return id_


def _let_rest(conn: Connection, address_id: int, now: datetime) -> None:
    _LET_REST.run(conn, {"address_id": address_id, "until": to_ms(now + REST)})


def _ask_for_a_visit(conn: Connection, person: PersonId, now: datetime) -> None:
    if _NEEDS_A_VISIT.row(conn, {"person": person, "reason": UNREACHED}) is None:
        return
    code = tasks.next_code(conn, people.village_code(conn, person), now.year)
    due_at = now + DEADLINES[Level.HIJAU]
    tasks.open_(conn, person, TaskOpened(code, "visit", Level.HIJAU, due_at, UNREACHED), now)
    audit.record(conn, audit.CLOCK, "task opened", code, UNREACHED, now)


def _warn(conn: Connection, failed: Sequence[tuple[_Row, _Said]], now: datetime) -> None:
    """Nothing reaches anybody until somebody mends our account: an operator must know."""
    from storage import facts

    told = {
        facts.AccountTold(
            str(_ACCOUNT.value(conn, {"address_id": row.address_id})),
            "errors",
            f"{_OUR_ACCOUNT[said.reason]} {said.reason}",
        )
        for row, said in failed
    }
    facts.apply(conn, sorted(told, key=str), now)
