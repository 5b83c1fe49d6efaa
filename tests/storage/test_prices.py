"""The table of prices: complete, in order, and honest about what nobody has checked."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import groupby

import pytest

from storage import prices

CHANGE = date(2026, 10, 1)


@pytest.mark.parametrize("category", prices.CATEGORIES)
def test_every_category_has_a_price_today(category: str) -> None:
    found = prices.entry(category, datetime.now(UTC).date())

    assert found.begins <= datetime.now(UTC).date()
    assert found.rupiah > 0


def test_the_entries_of_a_category_follow_each_other_by_date() -> None:
    for _, group in groupby(prices.table(), lambda one: (one.country, one.category)):
        begins = [one.begins for one in group]

        assert begins == sorted(set(begins))


def test_each_category_stands_in_one_block_of_the_file() -> None:
    blocks = [key for key, _ in groupby(prices.table(), lambda one: (one.country, one.category))]

    assert len(blocks) == len(set(blocks))


def test_every_price_names_its_source() -> None:
    assert all(one.source for one in prices.table())


def test_free_words_cost_what_a_utility_message_costs_since_october_2026() -> None:
    before, since = (prices.entry("service", on) for on in (date(2026, 9, 30), CHANGE))

    assert (before.rupiah, before.free) == (0, 0)
    assert (since.rupiah, since.free) == (prices.price("utility", CHANGE), 1_000)


def test_a_price_that_nobody_compared_with_metas_card_is_an_estimate() -> None:
    assert prices.entry("utility", CHANGE).checked is None


def test_a_category_without_a_price_is_an_error() -> None:
    with pytest.raises(KeyError, match="referral_conversion"):
        prices.price("referral_conversion", CHANGE)
