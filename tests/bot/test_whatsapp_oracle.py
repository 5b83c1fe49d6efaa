"""What we send is what another client of the same API sends for the same.

pywa is the oracle, in tests only. Where the two differ on purpose, the test names the field.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import orjson
import pytest
from pywa.client import WhatsApp
from pywa.types.callback import Button, Section, SectionList, SectionRow
from pywa.types.templates import BodyText, QuickReplyButton, TemplateLanguage

from bot.channels.channel import File
from conversations.message import Choice, MediaId, Message, Template
from tests.bot.graph_answers import PHONE_ID, SITI, a_number

USER_ID = "ID.13491208655302741918"
TWO = (Choice("Sehat", "a"), Choice("Sakit", "b"))
FOUR = tuple(Choice(f"Anak {n}", f"anak.{n}") for n in range(1, 5))
LONG = (Choice("Belum sempat ke posyandu", "b"), Choice("Ya", "y"))
FILES = {
    "v": File(b"OggS" + bytes(24) + b"OpusHead", "audio/ogg"),
    "a": File(b"ID3", "audio/mpeg"),
    "p": File(b"\xff\xd8\xff", "image/jpeg"),
}

Say = Callable[[WhatsApp], object]


def theirs(say: Say) -> dict[str, Any]:
    """The request that pywa makes."""
    bodies: list[dict[str, Any]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        bodies.append(orjson.loads(request.content))
        told = {"messaging_product": "whatsapp", "messages": [{"id": "wamid.1"}]}
        who = {"input": SITI, "wa_id": SITI}
        return httpx.Response(200, json={**told, "contacts": [who], "success": True})

    session = httpx.Client(transport=httpx.MockTransport(answer))
    say(WhatsApp(phone_id=PHONE_ID, token="T", session=session))
    (body,) = bodies
    return body


async def ours(message: Message, address: str = SITI) -> dict[str, Any]:
    """The first request to /messages that we make."""

    async def load(id_: MediaId) -> File:
        return FILES[id_]

    async with a_number(load_media=load) as (platform, sender):
        await sender.send(address, message)
    return platform.sent[0]


def a_list(body: str, rows: list[SectionRow]) -> Say:
    sections = SectionList(button_title="Pilih jawaban", sections=[Section("-", rows)])
    return lambda wa: wa.send_message(SITI, body, buttons=sections)


def without_section_title(body: dict[str, Any]) -> dict[str, Any]:
    """pywa cannot leave it out; the platform wants it only where there are several sections."""
    for section in body["interactive"]["action"]["sections"]:
        section.pop("title", None)
    return body


@pytest.mark.parametrize("address", [SITI, USER_ID])
async def test_a_text_is_the_same(address: str) -> None:
    assert await ours(Message("Apa kabar?"), address) == theirs(
        lambda wa: wa.send_message(address, "Apa kabar?")
    )


async def test_buttons_are_the_same() -> None:
    expected = theirs(
        lambda wa: wa.send_message(
            SITI,
            "Anaknya?\n\n1. Sehat\n2. Sakit",
            buttons=[Button("1. Sehat", "a"), Button("2. Sakit", "b")],
        )
    )

    assert await ours(Message("Anaknya?", TWO)) == expected


async def test_a_list_is_the_same() -> None:
    text = "Yang mana?\n\n1. Anak 1\n2. Anak 2\n3. Anak 3\n4. Anak 4"
    rows = [SectionRow(f"{n}. Anak {n}", f"anak.{n}") for n in range(1, 5)]

    assert await ours(Message("Yang mana?", FOUR)) == without_section_title(
        theirs(a_list(text, rows))
    )


async def test_a_row_that_goes_on_below_is_the_same() -> None:
    rows = [SectionRow("1. Belum sempat ke", "b", "posyandu"), SectionRow("2. Ya", "y")]
    text = "Sudah?\n\n1. Belum sempat ke posyandu\n2. Ya"

    assert await ours(Message("Sudah?", LONG)) == without_section_title(theirs(a_list(text, rows)))


async def test_a_template_with_buttons_is_the_same() -> None:
    values = ("Mbah Siti", "Sekolah Yang-eyang", "Selasa Kliwon", "Balai desa")
    choices = (Choice("Datang", "datang"), Choice("Tidak bisa", "tidak"))
    expected = theirs(
        lambda wa: wa.send_template(
            SITI,
            "pengingat_pertemuan",
            TemplateLanguage.INDONESIAN,
            [
                BodyText.params(*values),  # type: ignore[arg-type]
                QuickReplyButton.params(callback_data="datang", index=0),
                QuickReplyButton.params(callback_data="tidak", index=1),
            ],
        )
    )

    message = Message("", choices, template=Template("pengingat_pertemuan", values))
    sent = await ours(message)

    for index, component in enumerate(expected["template"]["components"][1:]):
        assert int(component["index"]) == index
        component["index"] = str(index)  # the platform's own examples have it in quotes
        component["sub_type"] = component["sub_type"].lower()  # and the type in small letters
    for component in expected["template"]["components"]:
        component["type"] = component["type"].lower()
        for parameter in component["parameters"]:
            parameter["type"] = parameter["type"].lower()
    assert sent == expected


async def test_a_picture_is_the_same() -> None:
    assert await ours(Message("Ini fotonya", media=MediaId("p"))) == theirs(
        lambda wa: wa.send_image(SITI, "7001", caption="Ini fotonya")
    )


async def test_a_picture_with_buttons_is_the_same() -> None:
    expected = theirs(
        lambda wa: wa.send_image(
            SITI,
            "7001",
            caption="Anaknya?\n\n1. Sehat\n2. Sakit",
            buttons=[Button("1. Sehat", "a"), Button("2. Sakit", "b")],
        )
    )

    assert await ours(Message("Anaknya?", TWO, MediaId("p"))) == expected


async def test_a_voice_note_is_the_same() -> None:
    assert await ours(Message("", media=MediaId("v"))) == theirs(
        lambda wa: wa.send_voice(SITI, "7001")
    )


async def test_a_recording_is_the_same() -> None:
    assert await ours(Message("", media=MediaId("a"))) == theirs(
        lambda wa: wa.send_audio(SITI, "7001")
    )


async def test_a_reading_mark_is_the_same() -> None:
    async with a_number() as (platform, sender):
        await sender.mark_read("wamid.7")

    assert platform.sent[0] == theirs(lambda wa: wa.mark_message_as_read("wamid.7"))
