"""What a message costs: the dated table of prices.toml.

Prices are whole rupiah for one message to somebody in Indonesia. What a month has cost is counted
in spending.py.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from importlib import resources
from typing import Final

INDONESIA: Final = "ID"

UNCHECKED: Final = "belum diperiksa"
"""In the place of a date: nobody compared it with Meta's own card."""

SERVICE: Final = "service"
"""Free words within the window of her last message."""

CATEGORIES: Final = (SERVICE, "utility", "marketing", "authentication")


@dataclass(frozen=True, slots=True)
class Price:
    """What one message of a category costs from a day on."""

    country: str
    category: str
    begins: date
    rupiah: int
    source: str
    checked: date | None
    """None: it is an estimate."""
    free: int = 0
    """Messages of a month and number that cost nothing, before the others."""


@cache
def table() -> tuple[Price, ...]:
    """Every entry, in the order of the file."""
    source = resources.files(__package__) / "prices.toml"
    entries = tomllib.loads(source.read_text(encoding="utf-8"))["price"]
    return tuple(
        Price(
            one["country"],
            one["category"],
            one["from"],
            one["rupiah"],
            one["source"],
            None if one["checked"] == UNCHECKED else one["checked"],
            one.get("free", 0),
        )
        for one in entries
    )


@lru_cache(maxsize=64)
def entry(category: str, on: date, country: str = INDONESIA) -> Price:
    """The entry that holds on a day, the first one for an earlier day; raises KeyError for a
    category without any."""
    of_it = [one for one in table() if (one.country, one.category) == (country, category)]
    if not of_it:
        raise KeyError(f"{category} in {country}: no price in prices.toml")
    return max((one for one in of_it if one.begins <= on), key=_begins, default=of_it[0])


def price(category: str, on: date) -> int:
    """Rupiah for one message.

    >>> price("service", date(2026, 9, 30)), price("service", date(2026, 10, 1))
    (0, 357)
    """
    return entry(category, on).rupiah


def is_known(category: str) -> bool:
    """Whether it is a category that we know a price of.

    >>> is_known("utility"), is_known("referral_conversion"), is_known("")
    (True, False, False)
    """
    return category in CATEGORIES


def _begins(one: Price) -> date:
    return one.begins
