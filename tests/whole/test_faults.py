"""A platform that fails one request in seventeen: nobody stays without a reply, in order, once."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from storage.sealing import Vault
from tests.bot.clocks import FastClock
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_faults import Limits, Trouble
from tests.whole.house import a_house, until, with_villages
from tests.whole.phones import CHECKIN, FAMILY, RATING, REGISTRATION, Phones, without_repeats

SEED = 20_261_118
SPEED = 20.0
PEOPLE = 24
WALK = (*REGISTRATION, *FAMILY, *CHECKIN, *RATING)

SIX_PERCENT = (
    (Trouble.RATE_LIMITED, 0.01, 2.0),
    (Trouble.SERVER_ERROR, 0.01, 1.0),
    (Trouble.BAD_GATEWAY, 0.01, 1.0),
    (Trouble.DROP_BEFORE, 0.01, 1.0),
    (Trouble.DROP_AFTER, 0.01, 1.0),
    (Trouble.GARBAGE, 0.005, 1.0),
    (Trouble.DELAY, 0.005, 0.05),
)
"""(what, how often, its seconds)"""


async def _walked(fake: FakeTelegram, url: str, folder: Path, vault: Vault) -> list[list[str]]:
    clock = FastClock(SPEED)
    fake.updates.clock = fake.world.clock = lambda: clock.now().timestamp()
    async with fake, a_house(url, fake, folder, vault=vault, clock=clock) as house:
        await with_villages(house.database)
        phones = Phones(fake).some(PEOPLE)
        await asyncio.gather(*(phone.walks(WALK) for phone in phones))
        await house.at_rest()
        assert not house.aside
        assert not house.broken
    return [phone.texts for phone in phones]


async def test_with_six_percent_faults_everybody_hears_everything_in_order(
    sqlite_url: str, sqlite_template: Path, tmp_path: Path, vault: Vault
) -> None:
    faultless, faulty = FakeTelegram(seed=SEED), FakeTelegram(seed=SEED)
    for trouble, often, seconds in SIX_PERCENT:
        faulty.faults.sometimes("*", trouble, often, seconds)
    other = tmp_path / "faultless.db"
    other.write_bytes(sqlite_template.read_bytes())

    expected = await _walked(faultless, f"sqlite:///{other}", tmp_path, vault)
    heard = await _walked(faulty, sqlite_url, tmp_path, vault)

    kinds = Counter(trouble for _, _, trouble in faulty.faults.log)
    spoken = len(WALK) * PEOPLE
    print(f"seed {SEED}: {spoken} messages, {kinds.total()} faults {dict(kinds)}")
    assert kinds.total() > 35
    assert set(kinds) == set(Trouble)
    assert len(expected[0]) > len(WALK)
    assert expected == [expected[0]] * PEOPLE, "without faults each message comes exactly once"
    assert [without_repeats(texts) for texts in heard] == expected


@pytest.mark.parametrize("seconds", [3.0, 20.0])
async def test_a_chat_that_is_told_to_wait_gets_nothing_until_then(
    sqlite_url: str, tmp_path: Path, vault: Vault, seconds: float
) -> None:
    clock = FastClock(SPEED)
    fake = FakeTelegram(seed=SEED, clock=lambda: clock.now().timestamp())
    async with fake, a_house(sqlite_url, fake, tmp_path, vault=vault, clock=clock):
        siti = Phones(fake).some(1)[0]
        fake.faults.script("sendMessage", [Trouble.RATE_LIMITED], seconds)
        before = clock.now().timestamp()

        reply = await siti.says("/start", "18 tahun")

    assert reply.at - before >= seconds
    assert len(siti.heard) == 1


async def test_twenty_messages_at_once_stay_within_the_platforms_limits_and_in_order(
    sqlite_url: str, tmp_path: Path, vault: Vault
) -> None:
    clock = FastClock(SPEED)
    limits = Limits.as_documented()
    fake = FakeTelegram(seed=SEED, clock=lambda: clock.now().timestamp(), limits=limits)
    async with fake, a_house(sqlite_url, fake, tmp_path, vault=vault, clock=clock) as house:
        await with_villages(house.database)
        siti = Phones(fake).some(1)[0]
        await siti.walks(REGISTRATION)
        before = len(siti.heard)
        for _ in range(10):
            siti.person.says("BANTUAN")
            siti.person.says("MENU")
        await until(lambda: len(siti.heard) >= before + 30)

    opened = [text[:8] for text in siti.texts[before:]]
    assert opened[:3] == ["Cukup ba", "Boleh sa", "Mau apa "]
    assert opened[3:] == ["Cukup ba", "Mau apa ", "Mau apa "] * 9
