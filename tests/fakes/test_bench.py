"""The benchmark itself: figures of whole conversations, and ratios that are the right way up."""

import sys
from dataclasses import replace

import pytest

from tests.bench import alarm, webhooks
from tests.bench.__main__ import Row, Scenario, measure, ratios_of
from tests.bench.candidates import OURS, PEER, Candidate

ROW = Row("50 people", "ours", 1000.0, 5.0, 8.0, 10.0, 0.5, 100.0, 0, 0, 0.1)


@pytest.mark.parametrize("candidate", [OURS, PEER], ids=["ours", "peer"])
async def test_both_bots_hold_whole_conversations(candidate: Candidate) -> None:
    row = await measure(candidate, Scenario("2 people", people=2), seconds=0.5, warm_up=0.2)

    assert row.per_second > 14
    assert row.unexpected == 0
    assert row.unanswered == 0
    assert row.cpu_per_exchange > 0.05
    assert row.peak_megabytes > 10


async def test_every_report_is_followed_to_its_alert_while_people_chat() -> None:
    result = await alarm.measure(people=3, seconds=2.0)

    assert result.reports >= 2
    assert result.silent == 0
    assert 0 < result.queued.p50 <= result.queued.slowest
    assert 0 < result.accepted.p50 <= result.accepted.slowest


async def test_every_webhook_that_was_answered_is_stored() -> None:
    accepted = await webhooks.accepting(20)

    assert (accepted.items, accepted.lost, accepted.refused) == (80, 0, 0)
    assert accepted.per_second > 0
    assert 0 < accepted.p50 <= accepted.p99


async def test_a_broadcast_comes_back_as_three_statuses_each() -> None:
    answered = await webhooks.answering(20, 2.0)

    assert answered.items > 20
    assert (answered.lost, answered.refused) == (0, 0)


async def test_whole_conversations_are_held_over_webhooks() -> None:
    row = await webhooks.exchanging(2, 0.5, statuses=True)

    assert row.per_second > 7
    assert (row.unexpected, row.unanswered) == (0, 0)


async def test_a_bot_that_dies_is_an_error_that_says_so() -> None:
    dead = Candidate("dead", f"{sys.executable} -c 'raise SystemExit(3)'", PEER.script)

    with pytest.raises(RuntimeError, match="exit code 3"):
        await measure(dead, Scenario("1 person", people=1), seconds=0.1)


def test_ratios_compare_the_first_bot_with_the_second() -> None:
    peer = replace(ROW, bot="peer", per_second=250.0, p99=40.0, cpu_per_exchange=2.0)

    ratios = ratios_of([ROW, peer])

    assert ratios == {"50 people": {"speed": 4.0, "p99": 0.25, "cpu": 0.25, "memory": 1.0}}
    assert ratios_of([peer]) == {}


def test_repeated_runs_give_the_median_and_keep_every_failure() -> None:
    runs = [replace(ROW, per_second=rate, unanswered=1) for rate in (900.0, 100.0, 1000.0)]

    row = Row.median_of(runs)

    assert row.per_second == 900.0
    assert row.unanswered == 3
