"""The pace of a channel that limits everything: kept by any mix, standstill or clock."""

from __future__ import annotations

import heapq
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bot.limits import TELEGRAM_PACE, Pace, Pairs, whatsapp_pace
from bot.pacing import Pacing, Permissions

BEGAN = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
WHATSAPP = whatsapp_pace(80, 6)
_STARTED = 1.01


def at(seconds: float) -> datetime:
    return BEGAN + timedelta(seconds=seconds)


@dataclass
class Crowd:
    """People who ask and are answered, and a broadcast to all of them, through one channel.

    `left` and `came` are in the time of the world, whatever our clock shows.
    """

    seed: int
    pace: Pace = WHATSAPP
    people: int = 40
    asked_per_second: float = 60.0
    stall: float = 0.0
    set_back: float = 0.0
    left: list[tuple[float, int, bool]] = field(default_factory=list)
    came: list[float] = field(default_factory=list)
    waited: float = 0.0

    def live(self, seconds: float) -> None:
        """So much time of the world passes, in steps of a millisecond or a standstill."""
        dice = Random(self.seed)
        pacing, offset = Pacing(self.pace, BEGAN), 0.0
        replies: list[tuple[float, int]] = []
        answers: list[tuple[float, int, Permissions]] = []
        true = 0.0
        bulk_to = 0
        while true < seconds:
            if self.stall and dice.random() < 0.003:
                true += dice.random() * self.stall
            if self.set_back and dice.random() < 0.0005:
                offset -= dice.random() * self.set_back
            now = at(true + offset)
            while answers and answers[0][0] <= true:
                pacing.arrived(heapq.heappop(answers)[2], now)
            if dice.random() < self.asked_per_second / 500:
                self.came.append(true)
                pacing.heard(1, now)
                replies.append((true, dice.randrange(self.people)))
            ready = [one for one in replies if pacing.wait_for(one[1], now) == 0]
            while ready and pacing.wait(now, bulk=False) == 0:
                asked, address = one = ready.pop(0)
                if pacing.wait_for(address, now) == 0:
                    replies.remove(one)
                    self.waited = max(self.waited, true - max(asked, _STARTED))
                    self._send(address, true, pacing.leaves(address, now, bulk=False), answers)
            while not ready and pacing.wait(now, bulk=True) == 0:
                bulk_to += 1
                if bulk_to in pacing.resting(now):
                    continue
                gone = pacing.leaves(bulk_to, now, bulk=True)
                self._send(bulk_to, true, gone, answers, bulk=True)
            true += 0.002

    def _send(
        self,
        address: int,
        true: float,
        gone: Permissions,
        answers: list[tuple[float, int, Permissions]],
        *,
        bulk: bool = False,
    ) -> None:
        self.left.append((true, address, bulk))
        heapq.heappush(answers, (true + 0.05, len(self.left), gone))

    def most_in_a_second(self) -> int:
        """Of what went out."""
        times = [time for time, _, _ in self.left]
        return max(bisect_left(times, time + 1.0) - i for i, time in enumerate(times))

    def fullest_second(self) -> int:
        """In and out, of the seconds that ended when something went out."""
        seen = sorted([*(time for time, _, _ in self.left), *self.came])
        return max(
            bisect_right(seen, time) - bisect_right(seen, time - 1.0) for time, _, _ in self.left
        )

    def most_above_the_pair_rate(self) -> float:
        """By how much somebody ever had more than burst + t / seconds."""
        worst = 0.0
        for address in {address for _, address, _ in self.left}:
            times = [time for time, one, _ in self.left if one == address]
            for i, first in enumerate(times):
                for j in range(i, len(times)):
                    allowed = self.pace.burst + (times[j] - first) / self.pace.pair
                    worst = max(worst, j - i + 1 - allowed)
        return worst


@given(st.integers(0, 10**6), st.floats(0, 0.5), st.floats(0, 30), st.sampled_from([5.0, 18.0]))
@settings(max_examples=12, deadline=None, phases=[Phase.explicit, Phase.generate])
def test_neither_the_total_nor_the_pair_rate_is_ever_exceeded(
    seed: int, stall: float, set_back: float, asked: float
) -> None:
    crowd = Crowd(seed, stall=stall, set_back=set_back, asked_per_second=asked)

    crowd.live(8)

    assert crowd.most_in_a_second() <= 80
    assert crowd.fullest_second() <= 80
    assert crowd.most_above_the_pair_rate() < 1e-6
    assert len(crowd.left) > 80


def test_answers_hardly_wait_while_a_broadcast_runs() -> None:
    crowd = Crowd(seed=3, people=4_000, asked_per_second=10.0)

    crowd.live(10)

    assert crowd.waited < 0.2
    assert sum(bulk for _, _, bulk in crowd.left) > 9 * 50


def test_a_broadcast_leaves_room_for_answers() -> None:
    crowd = Crowd(seed=4, asked_per_second=0)

    crowd.live(5)

    assert crowd.most_in_a_second() <= 60


def test_however_much_comes_in_answers_go_out() -> None:
    pacing = Pacing(WHATSAPP, at(-60))
    for tenth in range(30):
        pacing.heard(100, at(tenth / 10))

    waits = [pacing.wait(at(3.0), bulk=False)]
    pacing.leaves(1, at(3.0), bulk=False)
    waits.append(pacing.wait(at(3.02), bulk=False))

    assert waits == [0, 0]


def test_what_comes_in_takes_room_from_what_goes_out() -> None:
    pacing = Pacing(whatsapp_pace(4, 0), at(-60))
    pacing.heard(2, at(0))

    left = [
        second
        for second in (0.0, 0.3, 0.6, 0.9, 1.1)
        if pacing.wait(at(second), bulk=False) == 0 and pacing.leaves(1, at(second), bulk=False)
    ]

    assert left == [0.0, 0.3, 1.1]


def test_after_a_start_nothing_leaves_for_a_second_and_nobody_has_a_burst() -> None:
    pacing = Pacing(WHATSAPP, BEGAN)

    early = pacing.wait(at(0.5), bulk=False)
    pacing.leaves(1, at(2), bulk=False)

    assert early > 0
    assert pacing.wait_for(1, at(2)) > 3
    assert pacing.wait_for(2, at(2)) == 0


def test_a_quick_talk_of_a_few_taps_is_not_slowed() -> None:
    pacing = Pacing(WHATSAPP, at(-60))
    for second in range(4):
        assert pacing.wait_for(1, at(second)) == 0
        pacing.leaves(1, at(second), bulk=False)

    assert pacing.wait_for(1, at(4)) == pytest.approx(2)
    assert pacing.wait_for(1, at(4), ahead=2) == pytest.approx(14)


def test_who_has_had_her_share_is_left_out_of_a_claim_until_it_has_grown_again() -> None:
    pacing = Pacing(WHATSAPP, at(-60))
    for _ in range(4):
        pacing.leaves(1, at(0), bulk=False)
    pacing.leaves(2, at(0), bulk=True)

    found = [pacing.resting(at(second)) for second in (0.0, 5.9, 6.1)]

    assert found == [{1, 2}, {1, 2}, set()]


def test_nothing_is_remembered_of_who_has_her_whole_burst_again() -> None:
    pairs = Pairs(6.0, 4)
    pairs.take(1, 0.0)

    pairs.used_up(6.1)

    assert pairs._whole_at == {}


def test_further_parts_of_a_message_count() -> None:
    pacing = Pacing(whatsapp_pace(4, 6), at(-60))
    pacing.leaves(1, at(0), bulk=False)
    pacing.said_more(1, 3, at(0))

    assert pacing.wait_for(1, at(0)) > 0


def test_replies_on_telegram_wait_for_nothing() -> None:
    pacing = Pacing(TELEGRAM_PACE, BEGAN)
    for _ in range(1_000):
        pacing.leaves(1, BEGAN, bulk=False)

    assert pacing.wait(BEGAN, bulk=False) == 0
    assert pacing.wait_for(1, BEGAN) == 0
    assert pacing.resting(BEGAN) == set()
