"""Updates that come up to five times, mixed between people: everybody's data as if nothing was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bot.channels.telegram_rows import Rows
from storage.sealing import Vault
from tests.bot.clocks import FastClock
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_updates import Update
from tests.fakes.telegram_user_side import Person
from tests.whole.exported import Facts, exported, heard
from tests.whole.house import a_house, with_villages
from tests.whole.phones import CHECKIN, FAMILY, RATING, REGISTRATION

PEOPLE = 12
WALK = tuple(text for text, _ in (*REGISTRATION, *FAMILY, *CHECKIN, *RATING))
VOICE = b"OggS voice of somebody"

INTERRUPTIONS: Sequence[Callable[[Person, Random], Update]] = (
    lambda person, _: person.sends_sticker(),
    lambda person, _: person.sends_voice(VOICE),
    lambda person, _: person.sends_location(-8.1, 113.9),
    lambda person, _: person.forwards("Info dari Bu RT: besok posyandu"),
    lambda person, _: person.says("BANTUAN"),
    lambda person, _: person.says("KEMBALI"),
    lambda person, _: person.says("cucu saya dipukul bapaknya sampai berdarah"),
    lambda person, _: person.says("PETUGAS"),
    lambda person, _: person.says("MELATI"),
    lambda person, _: person.says("BERHENTI"),
    lambda person, _: person.says("MULAI"),
    lambda person, _: person.says("terima kasih"),
    lambda person, dice: person.says("apa saja " * dice.randrange(1, 30)),
    lambda person, _: person.edits(_last_written(person), "diubah"),
    lambda person, _: person.blocks(),
    lambda person, _: person.unblocks(),
)


def _last_written(person: Person) -> int:
    return max(
        number
        for (chat, number), stored in person.world.messages.items()
        if chat == person.id and not stored.by_bot and "text" in stored.wire
    )


def _said(fake: FakeTelegram, seed: int) -> list[list[Update]]:
    """Everything everybody does, by person: the walk with interruptions wherever they fall."""
    lanes = []
    for number in range(PEOPLE):
        dice = Random(f"{seed}/{number}")
        person = fake.user(f"Siti {number}")
        lane = []
        for text in WALK:
            lane.append(person.says(text))
            if number and dice.random() < 0.2:
                lane.append(dice.choice(INTERRUPTIONS)(person, dice))
        lane.append(person.unblocks())
        lanes.append(lane)
    return lanes


def _in_turn(lanes: Sequence[Sequence[Update]]) -> list[Update]:
    return [update for lane in lanes for update in lane]


def _mixed(lanes: Sequence[Sequence[Update]], dice: Random) -> list[Update]:
    """Each 1 to 5 times; what a person did first is delivered first for the first time."""
    turns = [number for number, lane in enumerate(lanes) for _ in lane]
    dice.shuffle(turns)
    waiting = [iter(lane) for lane in lanes]
    placed: list[tuple[float, Update]] = []
    for place, number in enumerate(turns):
        update = next(waiting[number])
        placed.append((place, update))
        for _ in range(dice.randrange(5)):
            placed.append((place + dice.expovariate(0.05), update))
    return [update for _, update in sorted(placed, key=lambda one: one[0])]


async def _delivered(
    fake: FakeTelegram,
    url: str,
    folder: Path,
    vault: Vault,
    updates: Sequence[Update],
    dice: Random,
) -> tuple[Facts, dict[int, list[str]]]:
    clock = FastClock(1.0)
    before = len(fake.sent)
    async with a_house(url, fake, folder, vault=vault, clock=clock, polls=False) as house:
        await with_villages(house.database)
        rows = Rows("telegram", house.channel.account)
        at = 0
        while at < len(updates):
            size = dice.randrange(1, 12)
            await house.receiving.accept(rows.of(updates[at : at + size], _seconds(clock)))
            at += size
        await house.at_rest(60)
        assert not house.aside
        return await house.database.write(exported), heard(fake.sent[before:])


def _seconds(clock: FastClock) -> int:
    return int(clock.now().timestamp())


@pytest.mark.parametrize("seed", [3, pytest.param(4, marks=pytest.mark.soak)])
async def test_repeated_and_mixed_updates_leave_everybody_with_the_same_data(
    database_url: str, sqlite_template: Path, tmp_path: Path, vault: Vault, seed: int
) -> None:
    once = tmp_path / "once.db"
    once.write_bytes(sqlite_template.read_bytes())
    async with FakeTelegram(seed=seed) as fake:
        lanes = _said(fake, seed)
        mixed = _mixed(lanes, Random(seed))
        assert len(mixed) > 2 * len(_in_turn(lanes))
        given: dict[str, Any] = {"vault": vault, "dice": Random(seed)}

        in_order = await _delivered(
            fake, f"sqlite:///{once}", tmp_path, updates=_in_turn(lanes), **given
        )
        repeated = await _delivered(fake, database_url, tmp_path, updates=mixed, **given)

    print(f"seed {seed}: {len(_in_turn(lanes))} updates, delivered {len(mixed)} times")
    assert len(in_order[0]) == PEOPLE
    assert repeated[0] == in_order[0]
    assert repeated[1] == in_order[1]
