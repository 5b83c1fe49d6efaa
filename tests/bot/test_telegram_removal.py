"""Messages are taken away as far as Telegram allows it, and what is said then is true."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.channels.channel import Blocked, File, SlowDown, Unreachable
from bot.channels.telegram_removal import MOST_AT_ONCE
from conversations.message import MediaId, Message, Removal
from tests.bot.clocks import START
from tests.bot.platforms import a_bot, a_platform
from tests.fakes.faults import Trouble
from tests.fakes.telegram import FakeTelegram

DAYS = timedelta(days=2, minutes=1).total_seconds()


def removal(*ids: object, said: str = "Halo, Mbah.") -> Message:
    """What the outbox hands over when it leaves."""
    names = tuple(str(one) for one in ids)
    return Message(said, removal=Removal(START, "Belum semua.", names))


class Shifted:
    """Seconds that a test may let pass."""

    def __init__(self) -> None:
        self.now = START.timestamp()

    def __call__(self) -> float:
        return self.now


async def test_both_sides_are_gone_and_one_neutral_message_remains() -> None:
    async with a_platform() as (fake, telegram):
        siti = fake.meet(7)
        theirs = siti.says("Adi dipukul")["message"]["message_id"]
        ours = await telegram.send("7", Message("Sudah kami terima"))

        receipt = await telegram.send("7", removal(theirs, ours.platform_id))

        assert siti.sees == ["Halo, Mbah."]
        assert receipt.note == "removed 2 of 2"
        assert receipt.platform_id == str(siti.received[-1].message_id)


async def test_what_is_too_old_stays_and_she_is_told_that_not_all_is_gone() -> None:
    clock = Shifted()
    async with FakeTelegram(clock=clock) as fake:
        telegram, siti = a_bot(fake), fake.meet(7)
        old = [siti.says(f"lama {n}")["message"]["message_id"] for n in range(3)]
        clock.now += DAYS
        new = [siti.says(f"baru {n}")["message"]["message_id"] for n in range(4)]

        receipt = await telegram.send("7", removal(*old, *new))
        await telegram.close()

    assert siti.sees == ["lama 0", "lama 1", "lama 2", "Belum semua."]
    assert receipt.note == "removed 4 of 7"


async def test_where_nothing_may_go_the_platform_is_asked_few_times() -> None:
    clock = Shifted()
    async with FakeTelegram(clock=clock) as fake:
        telegram, siti = a_bot(fake), fake.meet(7)
        old = [siti.says(f"lama {n}")["message"]["message_id"] for n in range(MOST_AT_ONCE)]
        clock.now += DAYS

        receipt = await telegram.send("7", removal(*old))
        await telegram.close()

    assert receipt.note == "removed 0 of 100"
    assert fake.calls["deleteMessages"] < 10


async def test_more_than_a_hundred_are_asked_for_in_parts() -> None:
    async with a_platform() as (fake, telegram):
        siti = fake.meet(7)
        ids = [siti.says(f"{n}")["message"]["message_id"] for n in range(MOST_AT_ONCE + 5)]

        await telegram.send("7", removal(*ids))

        assert siti.sees == ["Halo, Mbah."]
        assert fake.calls["deleteMessages"] == 2


async def test_what_is_not_there_any_more_is_as_good_as_gone() -> None:
    async with a_platform() as (fake, telegram):
        siti = fake.meet(7)
        there = siti.says("halo")["message"]["message_id"]
        await telegram.send("7", removal(there))

        receipt = await telegram.send("7", removal(there))

        assert receipt.note == "removed 1 of 1"
        assert siti.sees == ["Halo, Mbah.", "Halo, Mbah."]


async def test_without_words_for_the_end_nothing_is_said() -> None:
    async with a_platform() as (fake, telegram):
        siti = fake.meet(7)
        there = siti.says("halo")["message"]["message_id"]

        receipt = await telegram.send("7", removal(there, said=""))

        assert siti.sees == []
        assert receipt.platform_id == ""


async def test_every_part_of_a_long_message_can_be_taken_away() -> None:
    async def load(_: MediaId) -> File:
        return File(b"isi", "audio/ogg")

    async with a_platform(load_media=load) as (fake, telegram):
        siti = fake.meet(7)
        sent = await telegram.send("7", Message("panjang " * 200, media=MediaId("m1")))

        await telegram.send("7", removal(*sent.platform_id.split(",")))

        assert siti.sees == ["Halo, Mbah."]


@pytest.mark.parametrize("trouble", [Trouble.SERVER_ERROR, Trouble.BAD_GATEWAY, Trouble.DROP_AFTER])
async def test_a_deletion_that_fails_once_is_asked_for_again_at_once(trouble: Trouble) -> None:
    async with a_platform() as (fake, telegram):
        siti = fake.meet(7)
        there = siti.says("halo")["message"]["message_id"]
        fake.faults.script("deleteMessages", [trouble])

        await telegram.send("7", removal(there))

        assert siti.sees == ["Halo, Mbah."]


async def test_a_deletion_that_keeps_failing_holds_up_nothing() -> None:
    async with a_platform() as (fake, telegram):
        siti = fake.meet(7)
        there = siti.says("halo")["message"]["message_id"]
        fake.faults.script("deleteMessages", [Trouble.SERVER_ERROR] * 2)

        receipt = await telegram.send("7", removal(there))

        assert siti.sees == ["halo", "Belum semua."]
        assert receipt.note == "removed 0 of 1"


async def test_asked_to_wait_it_waits_and_says_nothing_yet() -> None:
    async with a_platform() as (fake, telegram):
        siti = fake.meet(7)
        there = siti.says("halo")["message"]["message_id"]
        fake.faults.script("deleteMessages", [Trouble.RATE_LIMITED], seconds=3)

        with pytest.raises(SlowDown):
            await telegram.send("7", removal(there))

        assert siti.sees == ["halo"]


async def test_who_has_left_is_blocked_here_too() -> None:
    async with a_platform() as (fake, telegram):
        siti = fake.meet(7)
        there = siti.says("halo")["message"]["message_id"]
        siti.blocks()

        with pytest.raises(Blocked):
            await telegram.send("7", removal(there))


async def test_without_a_connection_it_is_tried_again_later() -> None:
    telegram = a_bot("http://127.0.0.1:9")

    with pytest.raises(Unreachable):
        await telegram.send("7", removal(1))

    await telegram.close()


async def test_a_picture_for_one_pair_of_eyes_waits_to_be_tapped() -> None:
    async def load(_: MediaId) -> File:
        return File(b"isi", "image/jpeg")

    async with a_platform(load_media=load) as (fake, telegram):
        dimas = fake.meet(7, "Dimas")

        await telegram.send("7", Message("JBR-26-0042", media=MediaId("m1"), discreet=True))
        await telegram.send("7", Message("JBR-26-0042", media=MediaId("m1"), discreet=True))

        assert [sent.wire.get("has_media_spoiler") for sent in dimas.received] == [True, True]
