"""The look at what WhatsApp costs, and at what stops it: staff hear of each thing once.

What was spent is counted in storage/spending.py, what Meta told is kept in storage/accounts.py.
Staff are written to at a decent hour, and whatever the month's budget says.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import Connection

from bot.planned.planning import Planning
from bot.settings import Settings
from conversations.costs import UNASKED_SHARE, rupiah
from conversations.message import Message, Priority
from conversations.politeness import decent_time
from locales import say
from storage import accounts, due, meta, outbox, people, spending, staff, unsent
from storage.accounts import LOOK, SUBJECT
from storage.due import DueRow

EVERY: Final = timedelta(minutes=15)

_WARNED: Final = "warned:whatsapp"
"""Under this name stands how far the last warning went: 2026-11 80."""

_PURPOSE: Final = "costs"
_USEFUL_FOR: Final = timedelta(days=3)

_log = structlog.get_logger(__name__)


def begin(conn: Connection, settings: Settings, now: datetime) -> None:
    """What a month may cost, as it is configured at this start; and the first look."""
    if not settings.whatsapp:
        if spending.ours(conn):
            spending.forget_budget(conn)
        return
    spending.keep_budget(conn, settings.whatsapp_budget, settings.zone, settings.whatsapp_phone_id)
    due.plan(conn, LOOK, SUBJECT, None, now, None)


def look(conn: Connection, row: DueRow, planning: Planning) -> None:
    """Tell staff what is new; the next look. Without a number of ours there is nothing to see."""
    account = spending.ours(conn)
    if not account:
        due.settle(conn, row.kind, row.subject, "done: no WhatsApp")
        return
    for key, text in (
        *_over_a_mark(conn, account, planning),
        *_unanswered(conn, planning),
        *_troubles(conn, planning.now),
    ):
        _tell(conn, key, text, planning)
    due.plan(conn, row.kind, row.subject, None, planning.now + EVERY, None)


def stopped(conn: Connection, now: datetime) -> str:
    """What keeps everything from leaving by WhatsApp until people mend it; empty for nothing."""
    stopping = (_trouble_text(one) for one in accounts.troubles(conn, now) if one.stops)
    return next(stopping, "") if spending.ours(conn) else ""


def lines(conn: Connection, now: datetime) -> list[str]:
    """What the operator reads at the start; nothing where all is well."""
    account = spending.ours(conn)
    if not account:
        return []
    said = [_trouble_text(one) for one in accounts.troubles(conn, now)]
    mark, text = _mark(conn, account, now)
    return [*([text] if mark else []), *said]


def _over_a_mark(conn: Connection, account: str, planning: Planning) -> Iterator[tuple[str, str]]:
    """Half, four fifths, all of a month's budget: the furthest of them, each once."""
    mark, text = _mark(conn, account, planning.now)
    month = spending.month(conn, planning.now)
    told = (meta.get(conn, _WARNED) or b"").decode().split(" ")
    if not mark or (told[0] == month and int(told[1]) >= mark):
        return
    meta.put(conn, _WARNED, f"{month} {mark}".encode())
    _log.warning("so many per cent of the budget for WhatsApp are spent", number=mark)
    yield f"{month}:{mark}", text


def _mark(conn: Connection, account: str, now: datetime) -> tuple[int, str]:
    """The last mark that is passed, and what to say of it."""
    standing = spending.standing(conn, account, now)
    if standing.budget is None or not (mark := standing.budget.reached(standing.spent)):
        return 0, ""
    key = "costs.warn.all" if mark >= 100 else "costs.warn.most" if mark >= UNASKED_SHARE else ""
    total = rupiah(standing.budget.rupiah)
    text = say(key or "costs.warn.half", spent=rupiah(standing.spent), budget=total)
    return mark, text


def _unanswered(conn: Connection, planning: Planning) -> Iterator[tuple[str, str]]:
    """Once a day while people write whose answers there is no money for: they were heard."""
    today = planning.now.astimezone(planning.programme.zone)
    begin = today.replace(hour=0, minute=0, second=0, microsecond=0)
    number = unsent.unanswered_for_money(conn, begin)
    if number:
        _log.warning("people got no answer because the budget is spent", number=number)
        yield f"unanswered:{today.date()}", say("costs.unanswered", n=number)


def _troubles(conn: Connection, now: datetime) -> Iterator[tuple[str, str]]:
    for one in accounts.troubles(conn, now):
        since = int(one.since.timestamp())
        yield f"{one.what}:{one.trouble}:{since}", _trouble_text(one)


def _trouble_text(one: accounts.Standing) -> str:
    return say(f"account.{one.trouble}")


def _tell(conn: Connection, key: str, text: str, planning: Planning) -> None:
    """To everybody of staff, by the channel that costs nothing where she has one."""
    for person in staff.reachable(conn):
        seat = people.seat_of(conn, person)
        if seat is None:
            continue
        outbox.add(
            conn,
            address_id=seat.address_id,
            person_id=person,
            message=Message(text),
            dedupe_key=f"costs:{key}:{person}",
            priority=Priority.ALARM,
            purpose=_PURPOSE,
            not_before=decent_time(planning.now, seat.person.tz, planning.quiet),
            expires_at=planning.now + _USEFUL_FOR,
            now=planning.now,
        )
