"""Trouble happens as ordered: the same in every run, and to the method it was meant for."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.fakes.faults import Faults, Trouble
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_limits import Limits, RateLimiter
from tests.fakes.telegram_refusals import RefusalError


@pytest.fixture
async def fake() -> AsyncIterator[FakeTelegram]:
    async with FakeTelegram() as started:
        started.meet(6_200_000_777)
        yield started


async def send(fake: FakeTelegram, session: aiohttp.ClientSession, text: str = "halo") -> str:
    """The status and the beginning of the body, or how the connection broke."""
    url = f"{fake.url}/bot{fake.world.token}/sendMessage"
    try:
        async with session.post(url, json={"chat_id": 6_200_000_777, "text": text}) as response:
            return f"{response.status} {(await response.text(errors='replace'))[:11]}"
    except aiohttp.ClientConnectionError:
        return "broken"


@pytest.mark.parametrize(
    ("trouble", "seen", "accepted"),
    [
        (Trouble.RATE_LIMITED, '429 {"ok":false', 0),
        (Trouble.SERVER_ERROR, '500 {"ok":false', 0),
        (Trouble.BAD_GATEWAY, "502 <html><head", 0),
        (Trouble.DROP_BEFORE, "broken", 0),
        (Trouble.DROP_AFTER, "broken", 1),
        (Trouble.GARBAGE, "200 <html>", 1),
    ],
)
async def test_each_trouble_looks_like_itself_and_the_next_call_is_well(
    fake: FakeTelegram, trouble: Trouble, seen: str, accepted: int
) -> None:
    fake.faults.script("sendMessage", [trouble])
    async with aiohttp.ClientSession() as session:
        first = await send(fake, session)
        reached = len(fake.sent)
        second = await send(fake, session)

    assert first.startswith(seen)
    assert reached == accepted
    assert second == '200 {"ok":true,'[: len(second)]
    assert fake.faults.log == [("sendMessage", 1, trouble)]


async def test_a_delayed_call_is_done_at_once_and_answered_late(fake: FakeTelegram) -> None:
    fake.faults.script("sendMessage", [Trouble.DELAY], seconds=30)
    done = asyncio.Event()
    fake.on_sent(lambda _: done.set())
    async with aiohttp.ClientSession() as session:
        answer = asyncio.create_task(send(fake, session))
        await asyncio.wait_for(done.wait(), 2)
        answered = answer.done()
        answer.cancel()

    assert not answered


def test_chance_is_the_same_for_the_same_seed_whatever_else_is_called() -> None:
    def fates(seed: int, between: int) -> list[object]:
        faults = Faults(seed)
        faults.sometimes("sendMessage", Trouble.DROP_AFTER, 0.2)
        faults.sometimes("sendMessage", Trouble.SERVER_ERROR, 0.2)
        faults.sometimes("*", Trouble.DELAY, 0.1)
        drawn: list[object] = []
        for _ in range(200):
            drawn.append(faults.next("sendMessage"))
            for _ in range(between):
                faults.next("getUpdates")
        return drawn

    assert fates(1, between=0) == fates(1, between=3)
    assert fates(1, between=0) != fates(2, between=0)


def test_a_probability_is_about_kept() -> None:
    faults = Faults(seed=3)
    faults.sometimes("sendMessage", Trouble.DROP_AFTER, 0.06)
    faults.sometimes("sendMessage", Trouble.SERVER_ERROR, 0.06)

    for _ in range(5_000):
        faults.next("sendMessage")

    troubles = Counter(trouble for _, _, trouble in faults.log)
    assert 220 <= troubles[Trouble.DROP_AFTER] <= 380
    assert 220 <= troubles[Trouble.SERVER_ERROR] <= 380


def test_faults_touch_only_their_own_method_and_end_when_cleared() -> None:
    faults = Faults()
    faults.sometimes("sendMessage", Trouble.SERVER_ERROR, 1.0)

    other = faults.next("getUpdates")
    own = faults.next("sendmessage")
    faults.clear()

    assert other is None
    assert own is not None
    assert faults.next("sendMessage") is None


def pause(limiter: RateLimiter, chat: int, now: float, *, group: bool = False) -> int:
    """Seconds that the limiter asks this message to wait."""
    try:
        limiter.admit(chat, group=group, now=now)
    except RefusalError as refusal:
        return refusal.parameters["retry_after"]
    return 0


def test_thirty_messages_a_second_go_to_different_people() -> None:
    limiter = RateLimiter(Limits.as_documented())

    pauses = [pause(limiter, chat, now=0.0) for chat in range(31)]

    assert pauses == [0] * 30 + [1]
    assert pause(limiter, 31, now=1.0) == 0


def test_one_person_gets_a_short_burst_and_then_one_a_second() -> None:
    limiter = RateLimiter(Limits(per_chat=1.0, chat_burst=3))

    assert [pause(limiter, 7, now=0.0) for _ in range(4)] == [0, 0, 0, 1]
    assert pause(limiter, 8, now=0.0) == 0
    assert [pause(limiter, 7, now=1.0) for _ in range(2)] == [0, 1]


def test_a_group_gets_twenty_a_minute() -> None:
    limiter = RateLimiter(Limits.as_documented())

    pauses = [pause(limiter, -7, now=0.0, group=True) for _ in range(21)]

    assert pauses == [0] * 20 + [3]
    assert pause(limiter, -7, now=3.0, group=True) == 0


def test_the_strictest_limit_holds_in_any_sliding_second() -> None:
    limiter = RateLimiter(Limits(any_second=3))

    pauses = [pause(limiter, chat, now) for chat, now in enumerate([0.5, 0.6, 1.4, 1.45, 1.51])]
    late = [pause(limiter, chat, now) for chat, now in enumerate([1.55, 1.61, 2.3])]

    assert pauses == [0, 0, 0, 1, 0]
    assert late == [1, 0, 1]
    assert limiter.refused == 3


async def test_limits_are_off_until_they_are_asked_for(fake: FakeTelegram) -> None:
    async with FakeTelegram(limits=Limits(per_chat=1.0, chat_burst=2)) as strict:
        strict.meet(6_200_000_777)
        async with aiohttp.ClientSession() as session:
            free = [(await send(fake, session))[:3] for _ in range(40)]
            limited = [(await send(strict, session))[:3] for _ in range(3)]

    assert free == ["200"] * 40
    assert limited == ["200", "200", "429"]


async def test_latency_is_half_before_and_half_after_the_work() -> None:
    async with FakeTelegram(latency=0.1) as slow, aiohttp.ClientSession() as session:
        slow.meet(6_200_000_777)
        accepted: list[float] = []
        slow.on_sent(lambda _: accepted.append(time.perf_counter()))
        began = time.perf_counter()
        await send(slow, session)
        ended = time.perf_counter()

    assert accepted[0] - began >= 0.045
    assert ended - accepted[0] >= 0.045
