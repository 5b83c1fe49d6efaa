"""The platform's fingerprint of an account: another one means that the app was set up anew.

Perhaps she has a new phone, perhaps the number is a stranger's by now (DOMAIN.md 5.2). It comes
with messages only where our number is set to ask for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from storage.schema import to_ms
from storage.statement import Statement

if TYPE_CHECKING:
    from storage.facts import IdentityTold

_TELL = Statement(
    "UPDATE addresses SET identity = :identity, doubted_at = CASE WHEN identity = ''"
    " THEN doubted_at ELSE COALESCE(doubted_at, CAST(:now AS BIGINT)) END,"
    " assisting_id = CASE WHEN identity = '' THEN assisting_id END,"
    " assisting_until = CASE WHEN identity = '' THEN assisting_until END"
    " WHERE channel = :channel AND account = :account AND address = :address"
    " AND identity <> :identity"
)


def tell(conn: Connection, facts: Sequence[IdentityTold], now: datetime) -> None:
    """The first fingerprint of an address is kept; another one later makes it doubtful."""
    for fact in facts:
        values = {
            "channel": fact.channel,
            "account": fact.account,
            "address": fact.address,
            "identity": fact.identity,
            "now": to_ms(now),
        }
        _TELL.run(conn, values)
