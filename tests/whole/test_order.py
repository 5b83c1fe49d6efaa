"""Updates that come up to five times, mixed between people: everybody's data as if nothing was.

Half of the people are on Telegram, half on WhatsApp.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest

from storage.sealing import Vault
from tests.bot.clocks import START, FastClock
from tests.fakes.graph import FakeGraph
from tests.fakes.graph_limits import Limits
from tests.fakes.graph_webhooks import Item
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_user_side import Person
from tests.whole.exported import Facts, exported, heard
from tests.whole.house import a_house, with_villages
from tests.whole.phones import CHECKIN, FAMILY, RATING, REGISTRATION, Phone, Phones
from tests.whole.wire import Told, rows_of

PEOPLE = 12
WALK = tuple(text for text, _ in (*REGISTRATION, *FAMILY, *CHECKIN, *RATING))
VOICE = b"OggS voice of somebody"

ANYWHERE: Sequence[Callable[[Any, Random], Told]] = (
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
)
ON_TELEGRAM: Sequence[Callable[[Any, Random], Told]] = (
    *ANYWHERE,
    lambda person, _: person.edits(_last_written(person), "diubah"),
    lambda person, _: person.blocks(),
    lambda person, _: person.unblocks(),
)
ON_WHATSAPP: Sequence[Callable[[Any, Random], Told]] = (
    *ANYWHERE,
    lambda person, _: person.edits(_newest(person), "diubah"),
    lambda person, _: person.deletes(_newest(person)),
    lambda person, _: person.sends_image(),
    lambda person, _: person.sends_contact("6281200009999"),
    lambda person, _: person.sends_unsupported(),
)


def _last_written(person: Person) -> int:
    return max(
        number
        for (chat, number), stored in person.world.messages.items()
        if chat == person.id and not stored.by_bot and "text" in stored.wire
    )


def _newest(person: Any) -> Item:
    """What she sent last, as far as its name goes."""
    own = [wamid for wamid, (who, _) in person.world.said.items() if who == person.id]
    return Item("messages", {"id": own[-1]})


def _said(phones: Phones, seed: int) -> list[list[Told]]:
    """Everything everybody does, by person: the walk with interruptions wherever they fall."""
    lanes = []
    for number in range(PEOPLE):
        dice = Random(f"{seed}/{number}")
        phone = phones.newcomer(f"Siti {number}", number)
        lane = []
        for text in WALK:
            lane.append(phone.person.says(text))
            if number > 1 and dice.random() < 0.2:
                lane.append(_interrupts(phone, dice))
        if not phone.is_whatsapp:
            lane.append(phone.person.unblocks())
        lanes.append(lane)
    return lanes


def _interrupts(phone: Phone, dice: Random) -> Told:
    return dice.choice(ON_WHATSAPP if phone.is_whatsapp else ON_TELEGRAM)(phone.person, dice)


def _in_turn(lanes: Sequence[Sequence[Told]]) -> list[Told]:
    return [update for lane in lanes for update in lane]


def _mixed(lanes: Sequence[Sequence[Told]], dice: Random) -> list[Told]:
    """Each 1 to 5 times; what a person did first is delivered first for the first time."""
    turns = [number for number, lane in enumerate(lanes) for _ in lane]
    dice.shuffle(turns)
    waiting = [iter(lane) for lane in lanes]
    placed: list[tuple[float, Told]] = []
    for place, number in enumerate(turns):
        update = next(waiting[number])
        placed.append((place, update))
        for _ in range(dice.randrange(5)):
            placed.append((place + dice.expovariate(0.05), update))
    return [update for _, update in sorted(placed, key=lambda one: one[0])]


async def _delivered(
    fake: FakeTelegram,
    graph: FakeGraph,
    url: str,
    folder: Path,
    vault: Vault,
    updates: Sequence[Told],
    dice: Random,
) -> tuple[Facts, dict[int, list[str]]]:
    clock = FastClock(1.0)
    before, elsewhere = len(fake.sent), len(graph.sent)
    async with a_house(
        url, fake, folder, vault=vault, clock=clock, graph=graph, polls=False
    ) as house:
        await with_villages(house.database)
        at = 0
        while at < len(updates):
            size = dice.randrange(1, 12)
            now = int(clock.now().timestamp())
            for rows in rows_of(updates[at : at + size], now):
                await house.receiving.accept(rows)
            at += size
        await house.at_rest(60)
        assert not house.aside
        heard_by_all = heard(fake.sent[before:]) | heard(graph.sent[elsewhere:])
        return await house.database.write(exported), heard_by_all


@pytest.mark.parametrize("seed", [3, pytest.param(4, marks=pytest.mark.soak)])
async def test_repeated_and_mixed_updates_leave_everybody_with_the_same_data(
    database_url: str, sqlite_template: Path, tmp_path: Path, vault: Vault, seed: int
) -> None:
    once = tmp_path / "once.db"
    once.write_bytes(sqlite_template.read_bytes())
    calls: dict[str, Any] = {"seed": seed, "clock": START.timestamp}
    async with FakeTelegram(**calls) as fake, FakeGraph(**calls, limits=Limits.none()) as graph:
        lanes = _said(Phones(fake, graph), seed)
        mixed = _mixed(lanes, Random(seed))
        assert len(mixed) > 2 * len(_in_turn(lanes))
        given: dict[str, Any] = {"vault": vault, "dice": Random(seed)}

        in_order = await _delivered(
            fake, graph, f"sqlite:///{once}", tmp_path, updates=_in_turn(lanes), **given
        )
        repeated = await _delivered(fake, graph, database_url, tmp_path, updates=mixed, **given)

    print(f"seed {seed}: {len(_in_turn(lanes))} updates, delivered {len(mixed)} times")
    assert len(in_order[0]) == PEOPLE
    assert repeated[0] == in_order[0]
    assert repeated[1] == in_order[1]
