"""How long the bot waits: pauses grow and stay bounded, rates are kept."""

from __future__ import annotations

import heapq
from bisect import bisect_left
from dataclasses import dataclass, field
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.limits import OUTAGE, RETRIES, TRIES, Pauses, Permission, Rate, is_bulk
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


@dataclass
class Road:
    """The way to a platform and back: what leaves is late by a jitter, and now and then we stall.

    `seen` is when the platform had each message.
    """

    seed: int
    there: float = 0.025
    jitter: float = 0.003
    stall: float = 0.0
    seen: list[float] = field(default_factory=list)

    def drive(self, rate: Rate, messages: int, wake: float = 0.001) -> float:
        """Send so many as fast as the rate allows, waking as coarsely as a real loop; until when.

        A virtual clock: nothing waits.
        """
        dice, now = Random(self.seed), 1_000.0
        answers: list[tuple[float, int, Permission]] = []
        while len(self.seen) < messages:
            if self.stall and dice.random() < 0.002:
                now += dice.random() * self.stall
            while answers and answers[0][0] <= now:
                _, _, permission = heapq.heappop(answers)
                rate.answered(permission, now)
            while len(self.seen) < messages and (permission := rate.take(now)) is not None:
                arrives = now + self.there + dice.random() * self.jitter
                self.seen.append(arrives)
                back = arrives + self.there + dice.random() * self.jitter
                heapq.heappush(answers, (back, len(self.seen), permission))
            pause = max(rate.wait(now), wake)
            now += min(pause, answers[0][0] - now) if answers else pause
        return now - 1_000.0

    def most_in_a_second(self) -> int:
        ordered = sorted(self.seen)
        return max(bisect_left(ordered, at + 1.0) - i for i, at in enumerate(ordered))


@given(
    st.integers(0, 10**6),
    st.sampled_from([1.0, 3.5, 30.0, 200.0]),
    st.floats(0, 0.02),
    st.floats(0, 0.4),
)
@settings(max_examples=60, deadline=None)
def test_no_sliding_second_at_the_platform_holds_more_than_the_rate(
    seed: int, per_second: float, jitter: float, stall: float
) -> None:
    road = Road(seed, jitter=jitter, stall=stall)
    # the shortest way is known from what went before
    rate = Rate(per_second)
    rate.answered(Permission(0.0), 2 * road.there)

    road.drive(rate, int(6 * per_second) + 2)

    assert road.most_in_a_second() <= per_second


def test_a_message_of_long_ago_is_not_looked_at_again() -> None:
    rate = Rate(1_000.0)
    for number in range(1_000):
        assert rate.take(number / 500)

    rate.wait(2.0)

    assert len(rate._taken) == pytest.approx(625, abs=5)


@pytest.mark.parametrize(("per_second", "messages"), [(1_000.0, 20_000), (30.0, 300)])
def test_the_rate_is_used_up_to_one_part_in_fifty(per_second: float, messages: int) -> None:
    road = Road(seed=1)

    took = road.drive(Rate(per_second), messages)

    assert took <= 1.02 * messages / per_second
    assert road.most_in_a_second() <= per_second


def test_a_standstill_is_made_up_for_without_exceeding_the_rate() -> None:
    road = Road(seed=2, stall=0.08)

    took = road.drive(Rate(1_000.0), 20_000)

    assert took <= 1.02 * 20
    assert road.most_in_a_second() <= 1_000


def test_what_was_held_up_on_its_way_never_meets_the_next_second() -> None:
    rate, seen = Rate(10), []
    for _ in range(10):
        now = 5.0 + 0.1 * len(seen)
        permission = rate.take(now)
        assert permission is not None
        rate.answered(permission, now + 0.2 if seen else now + 0.01)
        seen.append(now + 0.19 if seen else now)

    waits = rate.wait(6.0), rate.wait(6.01)
    first = rate.take(6.01)

    assert waits[0] > 0
    assert waits[1] == 0
    assert first is not None
    assert rate.take(6.11) is None
    assert rate.take(6.30) is not None


def test_a_message_that_is_never_answered_keeps_its_place_only_for_a_while() -> None:
    rate = Rate(1)
    rate.take(5.0)

    assert rate.take(6.0) is None
    assert rate.take(6.3) is not None


def test_a_shorter_way_of_long_ago_is_forgotten() -> None:
    rate = Rate(1)
    rate.answered(Permission(0.0), 0.01)
    for second in range(5, 40, 5):
        rate.answered(Permission(float(second)), second + 0.2)
    permission = rate.take(50.0)
    assert permission is not None
    rate.answered(permission, 50.2)

    assert rate.wait(51.1) == 0


def test_after_the_wait_it_names_a_rate_gives() -> None:
    rate, now = Rate(30), 5.0
    while rate.take(now):
        pass

    wait = rate.wait(now)

    assert 0 < wait <= 1 / 30
    assert rate.take(now + wait)


def test_after_a_start_nothing_leaves_for_a_second() -> None:
    rate = Rate(30, began=5.0)

    assert rate.take(5.9) is None
    assert rate.take(6.1) is not None


def test_a_clock_set_back_does_not_stop_a_rate() -> None:
    rate = Rate(1)
    permission = rate.take(1_000.0)
    assert permission is not None
    rate.answered(permission, 1_000.1)

    assert rate.take(400.0) is None
    assert rate.take(401.1) is not None


def test_only_reminders_and_broadcasts_are_bulk() -> None:
    assert [priority for priority in Priority if is_bulk(priority)] == ["reminder", "broadcast"]
