"""An alarm that an address does not take any more goes to another one of hers, if she has one.

Everything else fails where it was meant to go: it is not so urgent that it should surprise her.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from conversations.dialogue import PersonId
from conversations.message import Priority
from storage import people
from storage.adding import RANK
from storage.schema import to_ms
from storage.statement import Listed, Statement

_ALARM: Final = f"priority = {RANK[Priority.ALARM]} AND person_id IS NOT NULL"
_WAITING: Final = Statement(
    "SELECT id, person_id FROM outbox WHERE address_id = :address_id"
    f" AND status IN ('waiting', 'sending') AND status = 'waiting' AND {_ALARM} ORDER BY id"
)
_FAILED: Final = Listed(
    f"SELECT id, person_id FROM outbox WHERE id IN :ids AND status = 'failed' AND {_ALARM}"
    " ORDER BY id"
)
_AGAIN: Final = Statement(
    "INSERT INTO outbox (address_id, channel, person_id, dedupe_key, priority, purpose, campaign,"
    " body, status, not_before, expires_at, created_at)"
    " SELECT CAST(:to AS BIGINT), CAST(:channel AS VARCHAR(12)), person_id,"
    " 'elsewhere:' || CAST(id AS VARCHAR(20)), priority, purpose, campaign, body, 'waiting',"
    " CAST(:now AS BIGINT), expires_at, CAST(:now AS BIGINT)"
    " FROM outbox WHERE id = :id AND body IS NOT NULL"
    " ON CONFLICT (dedupe_key) DO NOTHING RETURNING id"
)
_INTO: Final = Statement(
    "UPDATE outbox SET status = 'merged', withheld = false, reason = :reason, finished_at = :now"
    " WHERE id = :id AND status IN ('waiting', 'failed')"
)


def alarms(conn: Connection, address_id: int, failed: Sequence[int], now: datetime) -> None:
    """Those that wait at this address, which is blocked by now, and of these `failed` ones."""
    found = [(row[0], row[1]) for row in _WAITING.rows(conn, {"address_id": address_id})]
    if failed:
        found += [(row[0], row[1]) for row in _FAILED.rows(conn, list(failed))]
    for id_, person in sorted(found):
        other = people.reachable(conn, PersonId(person), now)
        if other is None:
            continue
        values = {"id": id_, "to": other[0], "channel": other[1], "now": to_ms(now)}
        again = _AGAIN.value(conn, values)
        if again is not None:
            _INTO.run(conn, {"id": id_, "reason": f"into {again}", "now": to_ms(now)})
