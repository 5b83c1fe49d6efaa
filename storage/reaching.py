"""Which address reaches somebody: one condition and one order, for every question that asks it.

An address is hers when `address_people` says so, whoever held the phone last. Whoever has two is
written to on the one that costs nothing, unless she was heard on the other much later.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, exists

from conversations.phone.phone import PAID
from storage.schema import address_people, addresses

FREE_FOR: Final = timedelta(days=30)
"""By so much later she must have been heard where messages cost money to be written to there."""

_PAID = ", ".join(f"'{channel}'" for channel in sorted(PAID))
_FREE_MS = FREE_FOR // timedelta(milliseconds=1)


def has_address(person: str) -> str:
    """SQL: whether an address is hers, also one that takes no messages any more.

    >>> has_address("p.id")
    'EXISTS (SELECT 1 FROM address_people hers WHERE hers.person_id = p.id)'
    """
    return f"EXISTS (SELECT 1 FROM address_people hers WHERE hers.person_id = {person})"


def is_reached(person: str) -> str:
    """SQL: whether an address reaches her now. `person` is a column or a :value."""
    return f"EXISTS (SELECT 1 {_open(person)})"


def addresses_reaching(person: str) -> str:
    """SQL: how many addresses reach her now."""
    return f"(SELECT count(*) {_open(person)})"


def preferred(person: str) -> str:
    """SQL: the id of the address at which she is written to unasked; NULL when none reaches her."""
    order = best_first("reach")
    return f"(SELECT reach.id {_open(person)} ORDER BY {order} LIMIT 1)"


def best_first(address: str) -> str:
    """SQL to order addresses by: where she was heard last, a free channel counting as later."""
    return (
        f"COALESCE({address}.last_inbound_at, 0)"
        f" + CASE WHEN {address}.channel IN ({_PAID}) THEN 0 ELSE {_FREE_MS} END DESC,"
        f" {address}.id DESC"
    )


def reached(person: ColumnElement[Any]) -> ColumnElement[bool]:
    """The same as `is_reached`, as an expression."""
    hers, reach = address_people.alias("hers"), addresses.alias("reach")
    return exists().where(
        hers.c.person_id == person,
        reach.c.id == hers.c.address_id,
        reach.c.blocked_at.is_(None),
    )


def _open(person: str) -> str:
    return (
        "FROM address_people hers JOIN addresses reach ON reach.id = hers.address_id"
        f" WHERE hers.person_id = {person} AND reach.blocked_at IS NULL"
    )
