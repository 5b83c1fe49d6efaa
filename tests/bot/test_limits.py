"""How long the bot waits: pauses grow and stay bounded, rates are kept."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.limits import OUTAGE, RETRIES, TRIES, Pauses, Rate, is_bulk
from conversations.message import Priority

HOUR = 3600.0


@given(st.integers(1, 10_000), st.integers())
def test_a_pause_is_never_longer_than_the_longest_nor_shorter_than_half_the_first(
    failures: int, seed: int
) -> None:
    pauses = Pauses(first=2, longest=300)

    wait = pauses.after(failures, Random(seed))

    assert 1 <= wait <= 300


def test_pauses_double_until_the_longest() -> None:
    pauses = Pauses(first=1, longest=10)

    middles = [pauses.middle(failures) for failures in range(1, 7)]

    assert middles == [0.75, 1.5, 3.0, 6.0, 7.5, 7.5]


@pytest.mark.parametrize(
    ("priority", "hours"),
    [
        (Priority.ALARM, 24),
        (Priority.REPLY, 6),
        (Priority.REMINDER, 6),
        (Priority.BROADCAST, 12),
    ],
)
def test_what_cannot_be_sent_is_tried_for_hours_before_it_is_given_up(
    priority: Priority, hours: int
) -> None:
    waited = sum(RETRIES[priority].middle(n) for n in range(1, TRIES[priority] + 1))

    assert hours * HOUR <= waited <= hours * HOUR + RETRIES[priority].longest


def test_an_outage_is_looked_at_again_within_half_a_minute() -> None:
    waits = [OUTAGE.after(failures, Random(1)) for failures in range(1, 100)]

    assert max(waits) <= 30


@given(st.lists(st.floats(0, 0.2), min_size=1, max_size=300))
def test_no_second_holds_more_than_the_rate_and_its_burst(gaps: list[float]) -> None:
    rate, now, taken = Rate(30), 1_000.0, []

    for gap in gaps:
        now += gap
        if rate.take(now):
            taken.append(now)

    for began in taken:
        assert sum(1 for at in taken if began <= at < began + 1) <= 30 + 3


def test_after_the_wait_it_names_a_rate_gives() -> None:
    rate, now = Rate(30), 5.0
    while rate.take(now):
        pass

    wait = rate.wait(now)

    assert 0 < wait <= 1 / 30
    assert rate.take(now + wait)


def test_a_clock_set_back_does_not_stop_a_rate() -> None:
    rate = Rate(1, burst=1)
    rate.take(1_000.0)

    rate.wait(400.0)

    assert rate.take(401.0)


def test_only_reminders_and_broadcasts_are_bulk() -> None:
    assert [priority for priority in Priority if is_bulk(priority)] == ["reminder", "broadcast"]
