"""What a number of ours has spent in a month, and whether the next message still fits its budget.

A message is counted when the platform has accepted it, once, and what the platform tells later
corrects that: `spending` is at every moment the sum of what the rows of the outbox are charged. It
counts what has left: what is on its way just then may exceed a limit by its own price.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from operator import itemgetter
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from conversations.costs import Budget, Tariff, is_never_stopped
from conversations.message import Priority
from storage import meta, prices
from storage.prices import SERVICE
from storage.schema import from_ms, to_ms
from storage.statement import Listed, Statement

REASON: Final = "cost"
"""Why a message was not sent that would have cost too much (a key of `not_sent`)."""

_BUDGET: Final = "budget:whatsapp"
_OUR_ZONE: Final = "Asia/Jakarta"

_COUNT = Listed(
    "UPDATE outbox SET charged_at = :now,"
    f" category = CASE WHEN category = '' THEN '{SERVICE}' ELSE category END,"
    " charged = parts * CASE category WHEN 'utility' THEN CAST(:utility AS INTEGER)"
    " WHEN 'marketing' THEN CAST(:marketing AS INTEGER)"
    " WHEN 'authentication' THEN CAST(:authentication AS INTEGER)"
    " ELSE CAST(:service AS INTEGER) END"
    " WHERE id IN :ids AND channel = 'whatsapp' AND charged_at IS NULL"
    " AND platform_id IS NOT NULL AND status IN ('sent', 'delivered', 'read')"
    " RETURNING id, (SELECT a.account FROM addresses a WHERE a.id = address_id), category,"
    " charged, parts"
)
_COUNTED = (
    "SELECT o.id, a.account, o.category, o.charged, o.charged_at,"
    " o.parts"
    " FROM outbox o JOIN addresses a ON a.id = o.address_id"
    " WHERE o.id IN :ids AND o.charged_at IS NOT NULL ORDER BY o.id"
)
_LOCK_COUNTED = {
    "sqlite": Listed(_COUNTED),
    "postgresql": Listed(f"{_COUNTED} FOR NO KEY UPDATE OF o"),
}
_CORRECT = Statement(
    "UPDATE outbox SET category = :category, charged = :charged,"
    " charged_at = CASE WHEN CAST(:charged AS INTEGER) IS NULL THEN NULL ELSE charged_at END"
    " WHERE id = :id"
)
_COSTS_NOTHING = Statement("UPDATE outbox SET charged = 0 WHERE id = :id")
_ADD = Statement(
    "INSERT INTO spending (account, month, category, messages, rupiah)"
    " VALUES (:account, :month, :category, :messages, :rupiah)"
    " ON CONFLICT (account, month, category) DO UPDATE SET"
    " messages = spending.messages + excluded.messages,"
    " rupiah = spending.rupiah + excluded.rupiah RETURNING messages"
)
_GIVE_BACK = Statement(
    "UPDATE spending SET rupiah = rupiah - :rupiah"
    " WHERE account = :account AND month = :month AND category = :category"
)
OF_MONTH: Final = (
    "SELECT category, messages, rupiah FROM spending WHERE account = :account AND month = :month"
)
"""Asked in every turn on WhatsApp."""

_OF_MONTH = Statement(OF_MONTH)
_IN_MONTH = Statement(
    "SELECT account, category, messages, rupiah FROM spending WHERE month = :month"
    " ORDER BY account, category"
)


@dataclass(frozen=True, slots=True)
class Spent:
    """One category of one number in one month."""

    account: str
    category: str
    messages: int
    rupiah: int


@dataclass(frozen=True, slots=True)
class Told:
    """What a platform said of the price of one row of the outbox that moved forward.

    `category` "" and `billable` None: it said nothing about that.
    """

    outbox_id: int
    failed: bool = False
    category: str = ""
    billable: bool | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one number stands in its month."""

    budget: Budget | None
    """None: none was ever set here, so nothing is stopped."""
    on: date
    messages: Mapping[str, int] = field(default_factory=dict)
    rupiah: Mapping[str, int] = field(default_factory=dict)

    @property
    def spent(self) -> int:
        """Rupiah of all categories."""
        return sum(self.rupiah.values())

    @property
    def free_left(self) -> int:
        """Free words of this month that still cost nothing."""
        free = prices.entry(SERVICE, self.on).free
        return max(0, free - self.messages.get(SERVICE, 0))

    def price(self, category: str) -> int:
        """Rupiah of the next message; free words and what has no price of its own are service."""
        known = category if prices.is_known(category) else SERVICE
        return 0 if known == SERVICE and self.free_left else prices.price(known, self.on)

    def allows(self, category: str, priority: Priority, purpose: str = "") -> bool:
        """Whether one more message of this kind may leave.

        What costs nothing always may, and so may whatever is about danger.
        """
        cost = self.price(category)
        if self.budget is None or not cost or is_never_stopped(priority, purpose):
            return True
        return self.spent + cost <= self.budget.for_priority(priority)


# --- the budget -----------------------------------------------------------------------------------


def keep_budget(conn: Connection, rupiah: int, zone: ZoneInfo, account: str) -> None:
    """What a number may cost in a local month from now on, and which is ours; told at every
    start."""
    meta.put(conn, _BUDGET, f"{rupiah} {zone.key} {account}".encode())


def forget_budget(conn: Connection) -> None:
    """There is no WhatsApp any more; what was spent stays."""
    meta.put(conn, _BUDGET, b"")


def ours(conn: Connection) -> str:
    """The number of ours, as Meta names it; empty while there is none."""
    kept = _kept(conn)
    return "" if kept is None else kept[2]


def tariff(conn: Connection, now: datetime) -> Tariff | None:
    """What free words to many cost now, on our number; None while there is none."""
    kept = _kept(conn)
    if kept is None:
        return None
    at = standing(conn, kept[2], now)
    entry = prices.entry(SERVICE, at.on)
    return Tariff(entry.rupiah, entry.checked is None, at.free_left, at.spent, kept[0])


def month(conn: Connection, at: datetime) -> str:
    """The local month in which something that is charged at this moment is counted: 2026-11."""
    return f"{at.astimezone(_zone(conn)):%Y-%m}"


def _kept(conn: Connection) -> tuple[int, str, str] | None:
    """Rupiah, zone and number."""
    stored = meta.get(conn, _BUDGET)
    if not stored:
        return None
    rupiah, zone, account = stored.decode().split(" ")
    return int(rupiah), zone, account


def _zone(conn: Connection) -> ZoneInfo:
    kept = _kept(conn)
    return ZoneInfo(_OUR_ZONE if kept is None else kept[1])


# --- may it leave? --------------------------------------------------------------------------------


def standing(conn: Connection, account: str, now: datetime) -> Standing:
    """Where a number stands in the month of `now`: two point reads."""
    kept = _kept(conn)
    local = now.astimezone(ZoneInfo(_OUR_ZONE if kept is None else kept[1]))
    rows = _OF_MONTH.rows(conn, {"account": account, "month": f"{local:%Y-%m}"})
    return Standing(
        None if kept is None else Budget(kept[0]),
        local.date(),
        {row[0]: row[1] for row in rows},
        {row[0]: row[2] for row in rows},
    )


def allows(
    conn: Connection,
    account: str,
    category: str,
    priority: Priority,
    now: datetime,
    purpose: str = "",
) -> bool:
    """Whether one more message may leave this number; for many at once ask its `standing`."""
    return standing(conn, account, now).allows(category, priority, purpose)


def spent_out(conn: Connection, account: str, now: datetime) -> bool:
    """Whether even an answer costs more than is left."""
    return not standing(conn, account, now).allows(SERVICE, Priority.REPLY)


# --- counting -------------------------------------------------------------------------------------


def count(conn: Connection, ids: Collection[int], now: datetime) -> None:
    """These rows may have been accepted by WhatsApp just now: those that were are counted, once."""
    if not ids:
        return
    on = now.astimezone(_zone(conn))
    costs = {category: prices.price(category, on.date()) for category in prices.CATEGORIES}
    counted = _COUNT.rows(conn, sorted(ids), now=to_ms(now), **costs)
    groups: defaultdict[tuple[str, str], list[Sequence[Any]]] = defaultdict(list)
    for row in sorted(counted, key=itemgetter(0)):
        groups[row[1], row[2]].append(row)
    for (account, category), rows in sorted(groups.items()):
        key = {"account": account, "month": f"{on:%Y-%m}", "category": category}
        messages, rupiah = sum(row[4] for row in rows), sum(row[3] for row in rows)
        after = _ADD.value(conn, {**key, "messages": messages, "rupiah": rupiah})
        if category == SERVICE and rupiah:
            _take_off_free(conn, key, rows, after - messages, on.date())


def _take_off_free(
    conn: Connection, key: Mapping[str, str], rows: Sequence[Sequence[Any]], before: int, on: date
) -> None:
    """The first ones of a month cost nothing."""
    left = prices.entry(SERVICE, on).free - before
    free = []
    for row in rows:
        if left < row[4]:
            break
        left -= row[4]
        free.append(row)
    if free:
        _COSTS_NOTHING.many(conn, [{"id": row[0]} for row in free])
        _GIVE_BACK.run(conn, {**key, "rupiah": sum(row[3] for row in free)})


def correct(conn: Connection, told: Sequence[Told]) -> None:
    """What the platform said later: what failed or is not billed is taken back, what is charged as
    something else is moved. What was said before changes nothing."""
    last = {
        one.outbox_id: one for one in told if one.failed or one.category or one.billable is False
    }
    if not last:
        return
    zone = _zone(conn)
    changes: list[dict[str, Any]] = []
    sums: defaultdict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0])
    for row in _LOCK_COUNTED[conn.dialect.name].rows(conn, sorted(last)):
        id_, account, category, charged, at, parts = row
        local = from_ms(at).astimezone(zone)
        then, cost = _corrected(last[id_], category, charged, parts, local.date())
        if (then, cost) == (category, charged):
            continue
        changes.append({"id": id_, "category": then, "charged": cost})
        before, after = (sums[account, f"{local:%Y-%m}", one] for one in (category, then))
        before[0] -= parts
        before[1] -= charged
        if cost is not None:
            after[0] += parts
            after[1] += cost
    _CORRECT.many(conn, changes)
    for (account, of_month, category), (messages, rupiah) in sorted(sums.items()):
        key = {"account": account, "month": of_month, "category": category}
        _ADD.value(conn, {**key, "messages": messages, "rupiah": rupiah})


def _corrected(
    told: Told, category: str, charged: int, parts: int, on: date
) -> tuple[str, int | None]:
    """What it is charged as, and how much; None: it does not count at all."""
    if told.failed:
        return category, None
    cost = charged
    if prices.is_known(told.category) and told.category != category:
        category, cost = told.category, parts * prices.price(told.category, on)
    return category, 0 if told.billable is False else cost


# --- what was spent -------------------------------------------------------------------------------


def of_month(conn: Connection, month_: str) -> tuple[Spent, ...]:
    """Every number and category of a month (2026-11)."""
    return tuple(Spent(*row) for row in _IN_MONTH.rows(conn, {"month": month_}))
