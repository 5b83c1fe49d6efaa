"""Whom a broadcast was planned for, one row each, and the account of where everybody is.

She waits until her row names a message of the outbox, or a reason; so the account is one query,
true at every moment, and nobody is in it twice. How a broadcast advances is in
bot/planned/broadcast.py; what staff decide about it, in broadcasts.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from conversations.broadcasts.broadcast import Account, BroadcastId, reason_key
from conversations.dialogue import PersonId
from storage.audiences import ADDRESSED, ADDRESSED_FROM, Addressee, addressee
from storage.schema import from_ms, to_ms
from storage.statement import Statement

STANDSTILL: Final = timedelta(seconds=10)
"""Messages of a broadcast leave within about two seconds of being handed over."""

_FROZEN = Statement("UPDATE broadcasts SET frozen_at = :now WHERE id = :id")
_FROZEN_AT = Statement("SELECT frozen_at FROM broadcasts WHERE id = :id")
_PLANNED = Statement(
    "INSERT INTO recipients (broadcast_id, person_id, reason) VALUES (:id, :person, :reason)"
    " ON CONFLICT DO NOTHING"
)
_LAST_PLANNED = Statement("SELECT max(person_id) FROM recipients WHERE broadcast_id = :id")
_OPEN = Statement(
    f"SELECT {ADDRESSED} FROM recipients r JOIN people p ON p.id = r.person_id{ADDRESSED_FROM}"
    " WHERE r.broadcast_id = :id AND r.outbox_id IS NULL AND r.reason = ''"
    " ORDER BY r.person_id LIMIT :limit"
)
_EXCLUDED = Statement(
    "UPDATE recipients SET reason = :reason"
    " WHERE broadcast_id = :id AND person_id = :person AND outbox_id IS NULL"
)
_HANDED = Statement(
    "UPDATE recipients SET outbox_id = (SELECT o.id FROM outbox o"
    " WHERE o.dedupe_key ="
    " CAST(:campaign AS VARCHAR(80)) || ':' || CAST(recipients.person_id AS VARCHAR(20)))"
    " WHERE broadcast_id = :id AND person_id BETWEEN :first AND :last"
    " AND outbox_id IS NULL AND reason = ''"
)
_LEAVING = (
    "FROM outbox WHERE campaign = :campaign AND campaign <> '' AND status IN ('waiting', 'sending')"
)
_NOW_WAITING = Statement(
    f"SELECT count(*) {_LEAVING} AND not_before <= :now AND not_before > :since"
)
_NEXT_LEAVING = Statement(f"SELECT count(*), min(not_before) {_LEAVING}")
_TOO_LATE = Statement(
    "UPDATE outbox SET status = 'expired', reason = 'late', finished_at = :now"
    " WHERE campaign = :campaign AND campaign <> '' AND status IN ('waiting', 'sending')"
    " AND status = 'waiting' AND expires_at <= :now"
)
_CARRIED_ON = Statement(
    "SELECT count(*) FROM recipients r JOIN outbox o ON o.id = r.outbox_id AND o.status = 'merged'"
    " JOIN outbox c ON c.id = CAST(substr(o.reason, 6) AS BIGINT)"
    " AND c.status IN ('waiting', 'sending') WHERE r.broadcast_id = :id"
)
_STATUS = (
    "CASE WHEN c.status IN ('failed', 'uncertain', 'excluded', 'expired') THEN c.status"
    " WHEN r.outbox_id IS NOT NULL THEN o.status WHEN r.reason <> '' THEN 'excluded'"
    " WHEN b.status IN ('cancelled', 'refused') THEN 'excluded' ELSE 'waiting' END"
)
_REASON = (
    "CASE WHEN r.outbox_id IS NULL THEN CASE WHEN r.reason <> '' THEN r.reason"
    " WHEN b.status IN ('cancelled', 'refused') THEN 'cancelled' ELSE '' END"
    " WHEN o.status IN ('failed', 'uncertain', 'excluded', 'expired') THEN o.reason"
    " WHEN c.status IN ('failed', 'uncertain', 'excluded', 'expired') THEN c.reason ELSE '' END"
)
_OF_RECIPIENTS = (
    " FROM recipients r JOIN broadcasts b ON b.id = r.broadcast_id"
    " LEFT JOIN outbox o ON o.id = r.outbox_id"
    " LEFT JOIN outbox c"
    " ON c.id = CASE WHEN o.status = 'merged' THEN CAST(substr(o.reason, 6) AS BIGINT) END"
    " WHERE r.broadcast_id = :id"
)
"""What was merged into another message (`reason` "into 12") fares as that one `c` does."""

_ACCOUNT = Statement(
    f"SELECT status, reason, count(*) FROM (SELECT {_STATUS} AS status, {_REASON} AS reason"
    f"{_OF_RECIPIENTS}) everybody GROUP BY status, reason"
)
_WHO = Statement(
    f"SELECT person_id, status, reason FROM (SELECT r.person_id, {_STATUS} AS status,"
    f" {_REASON} AS reason{_OF_RECIPIENTS} AND r.person_id > :after) everybody"
    " WHERE status NOT IN ('sent', 'delivered', 'read') ORDER BY person_id LIMIT :limit"
)


@dataclass(frozen=True, slots=True)
class Unsent:
    """Somebody who did not get it (yet); `reason` is a key of `not_sent.*`."""

    person: PersonId
    status: str
    reason: str


def campaign(broadcast: BroadcastId) -> str:
    """What its messages are marked with in the outbox.

    >>> campaign(BroadcastId(3))
    'broadcast:3'
    """
    return f"broadcast:{broadcast}"


def last_planned(conn: Connection, id_: BroadcastId) -> int:
    """The person up to whom the audience has been written down; 0 before the first."""
    last: int | None = _LAST_PLANNED.value(conn, {"id": id_})
    return last or 0


def is_frozen(conn: Connection, id_: BroadcastId) -> bool:
    """Whether every recipient is known."""
    return _FROZEN_AT.value(conn, {"id": id_}) is not None


def plan(conn: Connection, id_: BroadcastId, people: Iterable[tuple[PersonId, str]]) -> None:
    """These are for it, each with the reason against her ("" for none)."""
    rows = [{"id": id_, "person": person, "reason": reason} for person, reason in people]
    _PLANNED.many(conn, rows)


def freeze(conn: Connection, id_: BroadcastId, now: datetime) -> None:
    """Everybody is written down; who fits later does not get it."""
    _FROZEN.run(conn, {"id": id_, "now": to_ms(now)})


def still_open(conn: Connection, id_: BroadcastId, limit: int) -> list[Addressee]:
    """Who has neither a message nor a reason yet, by id."""
    return [addressee(row) for row in _OPEN.rows(conn, {"id": id_, "limit": limit})]


def handed_over(conn: Connection, id_: BroadcastId, results: Mapping[PersonId, str]) -> None:
    """For each person, in the order of `still_open`, the reason why she has no message; with ""
    hers is in the outbox under its `key`."""
    rows = [
        {"id": id_, "person": person, "reason": reason}
        for person, reason in results.items()
        if reason
    ]
    _EXCLUDED.many(conn, rows)
    if results:
        ends = {"first": min(results), "last": max(results)}
        _HANDED.run(conn, {"id": id_, "campaign": campaign(id_), **ends})


def key(id_: BroadcastId, person: PersonId) -> str:
    """The dedupe key of her message.

    >>> key(BroadcastId(3), PersonId(12))
    'broadcast:3:12'
    """
    return f"{campaign(id_)}:{person}"


def waiting_now(conn: Connection, id_: BroadcastId, now: datetime) -> int:
    """How many of its messages could leave at this moment and have not.

    What has waited for `STANDSTILL` is not counted: its channel brings nothing away, and keeps back
    nobody of another.
    """
    values = {"campaign": campaign(id_), "now": to_ms(now), "since": to_ms(now - STANDSTILL)}
    number: int = _NOW_WAITING.value(conn, values)
    return number


def leaving(conn: Connection, id_: BroadcastId, now: datetime) -> tuple[int, datetime | None]:
    """How many of its messages are still to leave, and when the first may.

    What nobody could take in its time is given up here. What was merged into a message that is on
    its way is still to leave too, nobody knows when: that one may come back.
    """
    _TOO_LATE.run(conn, {"campaign": campaign(id_), "now": to_ms(now)})
    row = _NEXT_LEAVING.row(conn, {"campaign": campaign(id_)})
    assert row is not None
    if not row[0]:
        return _CARRIED_ON.value(conn, {"id": id_}), None
    return row[0], from_ms(row[1])


_PLACE = {
    "waiting": "waiting",
    "sending": "waiting",
    "sent": "sent",
    "delivered": "sent",
    "read": "sent",
}


def account(conn: Connection, id_: BroadcastId) -> Account:
    """Where everybody is now; `planned` is the sum of the others."""
    places: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for status, reason, number in _ACCOUNT.rows(conn, {"id": id_}):
        places[_PLACE.get(status, status)] += number
        if status not in _PLACE:
            reasons[_why(status, reason)] += number
    return Account(
        planned=places.total(),
        waiting=places["waiting"],
        sent=places["sent"],
        failed=places["failed"],
        uncertain=places["uncertain"],
        excluded=places["excluded"],
        expired=places["expired"],
        merged=places["merged"],
        reasons=dict(reasons),
    )


def who(conn: Connection, id_: BroadcastId, after: int, limit: int) -> list[Unsent]:
    """Everybody who does not have it, with the reason, by id."""
    rows = _WHO.rows(conn, {"id": id_, "after": after, "limit": limit})
    return [Unsent(PersonId(row[0]), row[1], _why(row[1], row[2])) for row in rows]


def _why(status: str, reason: str) -> str:
    if status == "merged":
        return "merged"
    return reason_key("waiting" if status == "sending" else status, reason)
