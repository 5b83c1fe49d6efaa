"""Messages that WhatsApp has accepted, for tests about money."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, update

from conversations.message import Message, Priority
from storage import adding, people, prices, schema, spending
from storage.spending import Spent
from tests.storage.builders import NOW

NUMBER = "1090"
"""The number of ours, as Meta names it."""

JEMBER = ZoneInfo("Asia/Jakarta")
NOVEMBER = "2026-11"
UTILITY = prices.price("utility", NOW.date())
MARKETING = prices.price("marketing", NOW.date())
SERVICE = prices.price("service", NOW.date())
FREE = prices.entry("service", NOW.date()).free


def with_budget(conn: Connection, rupiah: int) -> None:
    spending.keep_budget(conn, rupiah, JEMBER, NUMBER)


def accepted(
    conn: Connection,
    number: int = 1,
    category: str = "",
    *,
    channel: str = "whatsapp",
    status: str = "sent",
    parts: int = 1,
    now: datetime = NOW,
) -> list[int]:
    """So many messages to one person that have left; not counted yet."""
    seat = people.at_address(conn, channel, NUMBER, "ID.1", now)
    outbox, ids = schema.outbox, list[int]()
    for _ in range(number):
        id_ = adding.add(
            conn,
            address_id=seat.address_id,
            person_id=seat.person.id,
            message=Message("Halo"),
            dedupe_key=f"m:{_next(conn)}",
            priority=Priority.REPLY,
            purpose="reply",
            not_before=now,
            expires_at=None,
            now=now,
        )
        assert id_ is not None
        ids.append(id_)
    named = {"platform_id": "w0", "parts": parts, "status": status}
    conn.execute(update(outbox).where(outbox.c.id.in_(ids)).values(category=category, **named))
    return ids


def _next(conn: Connection) -> int:
    return 1 + (conn.exec_driver_sql("SELECT coalesce(max(id), 0) FROM outbox").scalar() or 0)


def counted(
    conn: Connection, number: int = 1, category: str = "utility", *, now: datetime = NOW
) -> list[int]:
    """The same, counted."""
    ids = accepted(conn, number, category, now=now)
    spending.count(conn, ids, now)
    return ids


def spent(conn: Connection, category: str, month: str = NOVEMBER) -> Spent:
    """What was counted; nothing is nothing."""
    found = [one for one in spending.of_month(conn, month) if one.category == category]
    return found[0] if found else Spent(NUMBER, category, 0, 0)


def adds_up(conn: Connection) -> bool:
    """Whether what was counted is the sum of what the rows are charged."""
    of_rows = conn.exec_driver_sql("SELECT coalesce(sum(charged), 0) FROM outbox").scalar()
    of_months = conn.exec_driver_sql("SELECT coalesce(sum(rupiah), 0) FROM spending").scalar()
    return int(of_rows or 0) == int(of_months or 0)
