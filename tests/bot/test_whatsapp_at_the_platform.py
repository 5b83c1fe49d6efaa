"""What we send reaches people at a platform that refuses all that the real one refuses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bot.channels.channel import (
    Blocked,
    ChannelError,
    File,
    Gone,
    Refused,
    SlowDown,
    Unanswered,
    WindowClosed,
)
from bot.channels.whatsapp_graph import Graph
from bot.channels.whatsapp_sending import Sender
from conversations.message import Choice, MediaId, Message, Template
from locales.templates import templates
from tests.bot.clocks import FastClock
from tests.fakes.faults import Trouble
from tests.fakes.graph import PHONE_ID, TOKEN, FakeGraph
from tests.fakes.graph_media import JPEG, OPUS
from tests.fakes.graph_user_side import Person

FILES = {"v": File(OPUS, "audio/ogg", "voice.ogg"), "p": File(JPEG, "image/jpeg", "foto.jpg")}
SAY = Message("Apa kabar?")


async def load(id_: MediaId) -> File:
    return FILES[id_]


@asynccontextmanager
async def a_talk(token: str = TOKEN) -> AsyncIterator[tuple[FakeGraph, Person, Sender]]:
    """A person who has just written to us, and our way to answer."""
    async with FakeGraph() as fake:
        siti = fake.person("Siti")
        siti.says("halo")
        graph = Graph(token, api_url=f"{fake.url}/v26.0")
        try:
            yield fake, siti, Sender(graph, PHONE_ID, load_media=load, clock=FastClock())
        finally:
            await graph.close()


def approve(fake: FakeGraph, name: str) -> None:
    """One of our templates, as the programme has it at the platform."""
    declared = templates()[name]
    body = {
        "type": "BODY",
        "text": declared.body,
        "example": {"body_text": [list(declared.examples)]},
    }
    buttons = [{"type": "QUICK_REPLY", "text": text} for text in declared.buttons]
    components = [body, {"type": "BUTTONS", "buttons": buttons}] if buttons else [body]
    wish = {"name": name, "language": "id", "category": "UTILITY", "components": components}
    fake.templates.create(wish)
    fake.templates.approve(name)


@pytest.mark.parametrize("number", [0, 2, 3, 4, 10, 11])
async def test_a_message_with_any_number_of_answers_arrives(number: int) -> None:
    choices = tuple(Choice(f"Anak ke-{n} 👧", f"anak.{n}") for n in range(1, number + 1))
    async with a_talk() as (_, siti, sender):
        receipt = await sender.send(siti.wa_id, Message("Yang mana?", choices))

        (arrived,) = siti.received
        assert arrived.message_id == receipt.platform_id
        assert arrived.text.startswith("Yang mana?")
        pressable = [button.payload for button in arrived.buttons]
        assert pressable == ([c.payload for c in choices] if number <= 10 else [])


async def test_who_hides_her_number_is_reached_all_the_same() -> None:
    async with a_talk() as (_, siti, sender):
        siti.hides_number()
        siti.says("halo lagi")

        await sender.send(siti.bsuid, SAY)

        assert siti.received[-1].text == "Apa kabar?"


async def test_a_voice_note_arrives_as_one_and_is_uploaded_once() -> None:
    async with a_talk() as (fake, siti, sender):
        await sender.send(siti.wa_id, Message("Dengarkan", media=MediaId("v")))
        await sender.send(siti.wa_id, Message("", media=MediaId("v")))

        voices = [one for one in siti.received if one.kind == "audio"]
        assert [one.content.voice for one in voices] == [True, True]
        assert fake.calls["media"] == 1


async def test_a_picture_arrives_with_its_words() -> None:
    async with a_talk() as (_, siti, sender):
        await sender.send(siti.wa_id, Message("Ini fotonya", media=MediaId("p")))

        (arrived,) = siti.received
        assert (arrived.kind, arrived.text) == ("image", "Ini fotonya")


async def test_a_picture_deleted_at_the_platform_is_uploaded_again() -> None:
    async with a_talk() as (fake, siti, sender):
        await sender.send(siti.wa_id, Message("", media=MediaId("p")))
        fake.world.shelf.delete(siti.received[0].content.media)

        receipt = await sender.send(siti.wa_id, Message("Ini fotonya", media=MediaId("p")))

        assert receipt.note == ""
        assert fake.calls["media"] == 2
        assert siti.received[-1].kind == "image"


@pytest.mark.parametrize("name", sorted(templates()))
async def test_each_of_our_templates_can_be_said_to_who_never_wrote(name: str) -> None:
    declared = templates()[name]
    choices = tuple(Choice(text, f"b.{n}") for n, text in enumerate(declared.buttons))
    async with a_talk() as (fake, _, sender):
        approve(fake, name)
        tini = fake.person("Tini")

        await sender.send(
            tini.wa_id, Message("", choices, template=Template(name, declared.examples))
        )

        (arrived,) = tini.received
        assert arrived.text == declared.filled(declared.examples)
        assert [(b.text, b.payload) for b in arrived.buttons] == [
            (choice.label, choice.payload) for choice in choices
        ]


async def test_after_a_day_only_a_template_is_taken() -> None:
    async with a_talk() as (fake, _, sender):
        tini = fake.person("Tini")

        with pytest.raises(WindowClosed):
            await sender.send(tini.wa_id, SAY)


@pytest.mark.parametrize(
    ("code", "kind", "reason"),
    [
        (131026, Blocked, "undeliverable"),
        (131049, Refused, "withheld by platform: too many messages to this person"),
        (131056, SlowDown, "asked to wait 6 s"),
    ],
)
async def test_errors_of_the_platform_are_read_by_their_number(
    code: int, kind: type[ChannelError], reason: str
) -> None:
    async with a_talk() as (fake, siti, sender):
        fake.fails(code)

        with pytest.raises(kind, match=reason):
            await sender.send(siti.wa_id, SAY)


async def test_too_many_messages_to_one_person_slow_down_that_person_alone() -> None:
    async with a_talk() as (fake, siti, sender):
        tini = fake.person("Tini")
        tini.says("halo")

        async def hurry() -> None:
            for _ in range(20):
                await sender.send(siti.wa_id, SAY)

        with pytest.raises(SlowDown) as caught:
            await hurry()
        await sender.send(tini.wa_id, SAY)

        assert not caught.value.everybody


async def test_a_template_that_is_paused_is_refused_with_its_reason() -> None:
    async with a_talk() as (fake, siti, sender):
        approve(fake, "ada_kabar")
        fake.templates.pause("ada_kabar")

        with pytest.raises(Refused, match="template: paused"):
            await sender.send(siti.wa_id, Message("", template=Template("ada_kabar", ("Mbah",))))


async def test_a_wrong_token_stops_everything_and_says_so() -> None:
    async with a_talk("salah") as (_, siti, sender):
        with pytest.raises(SlowDown):
            await sender.send(siti.wa_id, SAY)

        assert "WHATSAPP_TOKEN" in sender.trouble


async def test_what_was_taken_while_the_connection_broke_is_open() -> None:
    async with a_talk() as (fake, siti, sender):
        fake.faults.script("messages", [Trouble.DROP_AFTER])

        with pytest.raises(Unanswered):
            await sender.send(siti.wa_id, SAY)

        assert len(siti.received) == 1


async def test_a_voice_note_that_she_sent_is_fetched_and_later_gone() -> None:
    async with a_talk() as (fake, siti, sender):
        item = siti.sends_voice(OPUS)
        ref = item.value["audio"]["id"]

        data = await sender.fetch(ref)
        fake.world.shelf.delete(ref)

        assert data == OPUS
        with pytest.raises(Gone):
            await sender.fetch(ref)


async def test_a_reading_mark_arrives() -> None:
    async with a_talk() as (fake, siti, sender):
        item = siti.says("halo lagi")
        wamid = item.value["id"]

        await sender.mark_read(wamid)

        assert wamid in fake.world.read
