"""A file for many is uploaded once, and then sent by the name that the platform gave it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from bot.channels import known_files
from bot.channels.channel import Blocked, File
from bot.channels.known_files import MOST_KEPT
from conversations.message import Choice, MediaId, Message
from tests.bot.clocks import FastClock
from tests.bot.platforms import a_platform

NOTE = Message("Dengarkan, nggih", (Choice("Sudah", "s"),), MediaId("m1"))


class Shelf:
    """The stored files, and how often each was read to be uploaded."""

    def __init__(self, mime: str = "audio/ogg") -> None:
        self.files: Mapping[str, File] = {"m1": File(b"isi rekaman", mime)}
        self.read: list[str] = []

    async def load(self, id_: MediaId) -> File:
        self.read.append(id_)
        await asyncio.sleep(0)
        return self.files.get(id_, File(id_.encode(), "audio/ogg"))


@pytest.mark.parametrize(
    ("mime", "method"),
    [("audio/ogg", "sendVoice"), ("image/jpeg", "sendPhoto"), ("application/pdf", "sendDocument")],
)
async def test_a_file_for_many_is_uploaded_once(mime: str, method: str) -> None:
    shelf = Shelf(mime)
    async with a_platform(load_media=shelf.load) as (fake, telegram):
        for number in range(20):
            fake.meet(7_000 + number)

        sending = (telegram.send(str(7_000 + number), NOTE) for number in range(20))
        await asyncio.gather(*sending)

    assert shelf.read == ["m1"]
    assert len(fake.world.files) == 1
    assert {(sent.method, sent.text) for sent in fake.sent} == {
        (method, "Dengarkan, nggih\n\n1. Sudah")
    }
    assert [[button.data for button in sent.buttons] for sent in fake.sent] == [["s"]] * 20


async def test_a_name_that_the_platform_forgot_is_uploaded_again() -> None:
    shelf = Shelf()
    async with a_platform(load_media=shelf.load) as (fake, telegram):
        siti = fake.meet(7)
        await telegram.send("7", NOTE)
        fake.world.files.clear()

        await telegram.send("7", NOTE)
        await telegram.send("7", NOTE)

    assert shelf.read == ["m1", "m1"]
    assert len(siti.received) == 3


async def test_somebody_who_blocked_the_bot_keeps_the_file_from_nobody() -> None:
    shelf = Shelf()
    async with a_platform(load_media=shelf.load) as (fake, telegram):
        fake.meet(7).blocks()
        siti = fake.meet(8)

        with pytest.raises(Blocked):
            await telegram.send("7", NOTE)
        await telegram.send("8", NOTE)

    assert len(siti.received) == 1


async def test_a_discreet_file_stays_discreet_when_it_is_only_named() -> None:
    shelf = Shelf()
    async with a_platform(load_media=shelf.load) as (fake, telegram):
        dimas = fake.meet(7)
        discreet = Message("JBR-26-0042", media=MediaId("m1"), discreet=True)

        await telegram.send("7", discreet)
        await telegram.send("7", discreet, quiet=True)

    first, second = (sent.wire for sent in dimas.received)
    assert first["caption_entities"] == second["caption_entities"]
    assert first["caption_entities"][0]["type"] == "spoiler"


async def test_after_an_hour_the_stored_file_is_asked_again() -> None:
    clock, shelf = FastClock(), Shelf()
    async with a_platform(load_media=shelf.load, clock=clock) as (fake, telegram):
        fake.meet(7)
        await telegram.send("7", NOTE)
        clock.skip(known_files.KEPT_FOR.total_seconds() + 1)

        await telegram.send("7", NOTE)

    assert shelf.read == ["m1", "m1"]


async def test_only_so_many_names_are_kept() -> None:
    shelf = Shelf()
    async with a_platform(load_media=shelf.load) as (fake, telegram):
        fake.meet(7)

        for number in range(MOST_KEPT + 5):
            await telegram.send("7", Message("", media=MediaId(f"n{number}")))
        await telegram.send("7", Message("", media=MediaId("n0")))

    assert len(telegram._files._places) == MOST_KEPT
    assert shelf.read.count("n0") == 2
