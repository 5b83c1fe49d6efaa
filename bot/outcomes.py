"""What came of sending a message, from the platform's answer until it is written down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.channels.channel import Receipt
from storage import outbox, receipts
from storage.outbox import Claimed, Result, Status


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of sending a message. `blocked` says why nothing reaches its address any more, if
    that is so; `closed_at`: since then only approved words do."""

    claimed: Claimed
    result: Result
    blocked: str = ""
    closed_at: datetime | None = None


def accepted(claimed: Claimed, receipt: Receipt) -> Result:
    """The row keeps what the platform calls the message; where it tells what becomes of each of
    several, the last one, which has the choices."""
    if claimed.channel not in receipts.TELLING:
        return Result(claimed.id, Status.SENT, receipt.note, receipt.platform_id)
    *parts, last = receipt.platform_id.split(",")
    return Result(claimed.id, Status.SENT, receipt.note, last, parts=tuple(parts))


def record(conn: Connection, outcomes: Sequence[Outcome], now: datetime) -> None:
    """Write them down with everything that follows, in one unit."""
    outbox.record(conn, [one.result for one in outcomes], now)
    for one in outcomes:
        if one.blocked:
            receipts.lose(conn, one.claimed.address_id, one.blocked, now, now, one.claimed.id)
        if one.closed_at is not None:
            outbox.close_window(conn, one.claimed.address_id, one.closed_at)
    told = [one for one in outcomes if one.claimed.channel in receipts.TELLING]
    if told:
        receipts.recorded(conn, [(one.claimed.address_id, one.result) for one in told], now)
