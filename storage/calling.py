"""Calling a colleague about a task outside the ladder's own steps, and telling her one line.

Only codes and levels leave: a lock screen may be read by anybody. The ladder calls by itself
(bot/planned/escalation.py), from the call that is recorded here.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, text

from conversations.dialogue import PersonId
from conversations.duty import alerting
from conversations.level import Level
from conversations.message import Message, Outgoing, Priority
from locales import say
from storage import adding, alerts, people
from storage.schema import to_ms

PURPOSE = "case"

_NOT_SENT = text(
    "UPDATE outbox SET status = 'excluded', reason = 'conflict of interest', body = NULL,"
    " finished_at = :now WHERE status IN ('waiting', 'sending') AND status = 'waiting'"
    " AND person_id = :person AND dedupe_key LIKE :alerts"
)


def call(
    conn: Connection,
    code: str,
    level: Level,
    to: Iterable[PersonId],
    now: datetime,
    *,
    key: str = "",
) -> int:
    """Call these people about a task, one step after the last; how many could be called.

    With a `key` under which the turn calls them too each hears it once.
    """
    step = alerts.last_step(conn, code) + 1
    called = 0
    for person in dict.fromkeys(to):
        outgoing = alerting.alert(code, level, person, step=step)
        shared = f"alert:{code}:{key}:{person}"
        fresh = key and not adding.used(conn, [shared])
        if _put(conn, person, outgoing, shared if fresh else outgoing.dedupe_key, now):
            alerts.record(conn, code, person, step, now)
            called += 1
    return called


def tell(conn: Connection, person: PersonId, key: str, now: datetime, **values: object) -> bool:
    """One line to a colleague, in the words of the catalogue; whether it can reach her."""
    line = Outgoing(Message(say(key, **values)), purpose=PURPOSE, priority=Priority.REPLY)
    told = ":".join(str(value) for value in values.values())
    return _put(conn, person, line, f"{key}:{told}:{person}:{to_ms(now)}", now)


def silence(conn: Connection, code: str, person: PersonId, now: datetime) -> None:
    """Calls about a task that have not left yet do not reach this person any more."""
    values = {"now": to_ms(now), "person": person, "alerts": f"alert:{code}:%"}
    conn.execute(_NOT_SENT, values)


def _put(conn: Connection, person: PersonId, outgoing: Outgoing, key: str, now: datetime) -> bool:
    reached = people.reachable(conn, person)
    if reached is None:
        return False
    row = adding.add(
        conn,
        address_id=reached[0],
        person_id=person,
        message=outgoing.message,
        dedupe_key=key,
        priority=outgoing.priority,
        purpose=outgoing.purpose,
        not_before=now,
        expires_at=None,
        now=now,
    )
    return row is not None
