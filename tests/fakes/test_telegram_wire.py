"""python-telegram-bot, unpatched, understands everything that the fake says."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from telegram import (
    Bot,
    BotCommand,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    ReplyParameters,
    TelegramObject,
    Update,
    error,
)

from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_user_side import Person

MEGABYTE = 1024 * 1024


@pytest.fixture(autouse=True)
def durations_are_timedeltas(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library warns of its own future without this."""
    monkeypatch.setenv("PTB_TIMEDELTA", "1")


@pytest.fixture
async def fake() -> AsyncIterator[FakeTelegram]:
    async with FakeTelegram() as started:
        yield started


@pytest.fixture
async def bot(fake: FakeTelegram) -> AsyncIterator[Bot]:
    token, url = fake.world.token, fake.url
    async with Bot(token, base_url=f"{url}/bot", base_file_url=f"{url}/file/bot") as started:
        yield started


@pytest.fixture
def siti(fake: FakeTelegram) -> Person:
    return fake.meet(6_200_000_777)


def strange_fields(thing: object) -> list[str]:
    """Fields that python-telegram-bot does not know, anywhere inside."""
    if isinstance(thing, tuple | list):
        return [name for item in thing for name in strange_fields(item)]
    if not isinstance(thing, TelegramObject):
        return []
    inner = [getattr(thing, name) for name in thing.to_dict(recursive=False)]
    return [*thing.api_kwargs, *strange_fields(inner)]


async def test_every_kind_of_update_is_understood(
    bot: Bot, fake: FakeTelegram, siti: Person
) -> None:
    rini, channel, group = fake.user("Rini"), fake.group("Kabar", "channel"), fake.group("Kader")
    old = fake.group("Kader lama", "group")
    keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("Ya", callback_data="y")]])
    await bot.send_message(siti.id, "Sehat?", reply_markup=keyboard)
    said = rini.says("halo /bantuan", chat=group)
    updates = [
        siti.starts("kader"),
        said,
        siti.presses("Ya"),
        siti.sends_voice(b"OggS", seconds=3),
        siti.sends_photo(b"\xff\xd8", caption="Cucu saya"),
        siti.sends_document(b"%PDF"),
        siti.sends_sticker(),
        siti.sends_location(-8.17, 113.7),
        siti.sends_contact("+6281200000000"),
        siti.edits(siti.says("hlo")["message"]["message_id"], "halo"),
        siti.forwards("pengumuman"),
        siti.forwards("pengumuman", written_by=rini),
        siti.says("ya", reply_to_message=siti.says("tadi")["message"]),
        siti.blocks(),
        siti.unblocks(),
        channel.adds_bot(siti),
        channel.edits(channel.posts("Kabr")["channel_post"]["message_id"], "Kabar"),
        group.adds_bot(siti),
        group.removes_bot(siti),
        *old.upgrades(group, siti),
    ]

    parsed = [Update.de_json(json.loads(json.dumps(update)), bot) for update in updates]
    received = await bot.get_updates(timeout=1)

    assert [strange_fields(update) for update in parsed] == [[]] * len(updates)
    kinds = {key for update in updates for key in update if key != "update_id"}
    assert kinds == {
        "message",
        "edited_message",
        "callback_query",
        "edited_channel_post",
        "my_chat_member",
    }
    assert {update.update_id for update in parsed} <= {update.update_id for update in received}
    assert strange_fields(received) == []


async def test_every_method_answers_what_the_library_expects(
    bot: Bot, fake: FakeTelegram, siti: Person
) -> None:
    keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("Ya", callback_data="y")]])
    message = await bot.send_message(
        siti.id,
        "<b>Sehat</b>?",
        parse_mode="HTML",
        reply_markup=keyboard,
        reply_parameters=ReplyParameters(siti.says("halo")["message"]["message_id"]),
    )
    query = siti.presses("Ya", on=fake.sent[-1])["callback_query"]
    answers = [
        await bot.get_me(),
        message,
        await bot.answer_callback_query(query["id"], "Terima kasih"),
        await bot.edit_message_text("Sehat!", siti.id, message.message_id, reply_markup=keyboard),
        await bot.edit_message_reply_markup(siti.id, message.message_id),
        await bot.delete_message(siti.id, message.message_id),
        await bot.send_chat_action(siti.id, "typing"),
        await bot.send_photo(siti.id, b"\xff\xd8", caption="<i>Posyandu</i>", parse_mode="HTML"),
        await bot.send_voice(siti.id, b"OggS", duration=4),
        await bot.send_audio(siti.id, b"ID3", duration=9),
        await bot.send_document(siti.id, b"%PDF", filename="surat.pdf"),
        await bot.get_chat(siti.id),
        await bot.set_my_commands([BotCommand("menu", "Lihat pilihan")]),
        await bot.get_my_commands(),
        await bot.delete_webhook(),
        await bot.get_webhook_info(),
    ]

    assert [strange_fields(answer) for answer in answers] == [[]] * len(answers)
    assert message.parse_entities() == {message.entities[0]: "Sehat"}
    assert message.reply_to_message is not None
    assert answers[13] == (BotCommand("menu", "Lihat pilihan"),)
    assert fake.world.presses[query["id"]].answer == "Terima kasih"
    assert [sent.method for sent in fake.sent] == [
        "sendMessage",
        "editMessageText",
        "editMessageReplyMarkup",
        "sendPhoto",
        "sendVoice",
        "sendAudio",
        "sendDocument",
    ]


async def test_the_library_raises_its_own_errors(
    bot: Bot, fake: FakeTelegram, siti: Person
) -> None:
    siti.blocks()
    with pytest.raises(error.Forbidden, match="blocked by the user"):
        await bot.send_message(siti.id, "halo")
    with pytest.raises(error.BadRequest, match="Chat not found"):
        await bot.send_message(6_999_999_999, "halo")
    old, new = fake.group("Kader", "group"), fake.group("Kader")
    old.adds_bot(siti)
    old.upgrades(new, siti)
    with pytest.raises(error.ChatMigrated) as migrated:
        await bot.send_message(old.id, "halo")
    assert migrated.value.new_chat_id == new.id


async def test_a_file_is_sent_again_by_its_id_and_downloaded_whole(
    bot: Bot, fake: FakeTelegram, siti: Person
) -> None:
    content = bytes(range(256)) * 100 + b"\r\n--\r\n"
    first = await bot.send_document(siti.id, content, filename="surat.pdf")
    assert first.document is not None

    second = await bot.send_document(siti.id, first.document.file_id)
    file = await bot.get_file(first.document.file_id)
    downloaded = bytes(await file.download_as_bytearray())

    assert second.document == first.document
    assert first.document.file_name == "surat.pdf"
    assert downloaded == content
    with pytest.raises(error.BadRequest, match="an't use file of type document as voice"):
        await bot.send_voice(siti.id, first.document.file_id)


async def test_files_and_captions_have_their_limits(
    bot: Bot, fake: FakeTelegram, siti: Person
) -> None:
    heard = siti.sends_voice(b"a" * (20 * MEGABYTE))["message"]["voice"]
    too_large = siti.sends_voice(b"a" * (20 * MEGABYTE + 1))["message"]["voice"]

    assert (await bot.get_file(heard["file_id"])).file_size == 20 * MEGABYTE
    with pytest.raises(error.BadRequest, match="File is too big"):
        await bot.get_file(too_large["file_id"])
    with pytest.raises(error.BadRequest, match="ile must be non-empty"):
        await bot.send_photo(siti.id, b"")
    with pytest.raises(error.BadRequest, match="ile is too big for method"):
        await bot.send_photo(siti.id, b"a" * (10 * MEGABYTE + 1))
    with pytest.raises(error.NetworkError, match="Request Entity Too Large"):
        await bot.send_document(siti.id, b"a" * (53 * MEGABYTE))
    with pytest.raises(error.BadRequest, match="essage caption is too long"):
        await bot.send_photo(siti.id, b"\xff\xd8", caption="a" * 1025)
    assert (await bot.send_photo(siti.id, b"\xff\xd8", caption="a" * 1024)).photo


async def test_a_form_a_multipart_body_and_json_mean_the_same(
    fake: FakeTelegram, siti: Person
) -> None:
    url = f"{fake.url}/bot{fake.world.token}/sendMessage"
    markup = {"inline_keyboard": [[{"text": "Ya", "callback_data": "y"}]]}
    flat = {"chat_id": str(siti.id), "text": "Sehat & kuat?", "reply_markup": json.dumps(markup)}
    multipart = aiohttp.FormData(flat, default_to_multipart=True)
    async with aiohttp.ClientSession() as session:
        await session.post(url, data=flat)
        await session.post(url, data=multipart)
        await session.post(url, json={**flat, "chat_id": siti.id, "reply_markup": markup})
        await session.get(url, params=flat)

    assert {(sent.text, json.dumps(sent.markup)) for sent in fake.sent} == {
        ("Sehat & kuat?", json.dumps(markup))
    }
    assert len(fake.sent) == 4


async def test_ids_look_like_the_platforms(fake: FakeTelegram) -> None:
    siti, rini = fake.user("Siti"), fake.user("Rini")
    updates = [siti.says("a"), rini.says("b"), siti.says("c")]

    numbers = [update["update_id"] for update in updates]
    messages = [update["message"]["message_id"] for update in updates]

    assert siti.id > 2**31
    assert fake.group("Kader").id < -(10**12)
    assert numbers == list(range(numbers[0], numbers[0] + 3))
    assert messages == list(range(messages[0], messages[0] + 3))


async def test_another_process_can_drive_the_fake(fake: FakeTelegram, bot: Bot) -> None:
    async with aiohttp.ClientSession(fake.url) as session:

        async def control(path: str, **wish: Any) -> tuple[int, dict[str, Any]]:
            async with session.post(path, json=wish) as response:
                return response.status, await response.json()

        async def ask(path: str) -> dict[str, Any]:
            async with session.get(path) as response:
                return dict(await response.json())

        polling = asyncio.create_task(bot.get_updates(timeout=5))
        await fake.wait_for_bot()
        _, pushed = await control("/sim/push", user=6_200_000_555, name="Rini", says="halo")
        [update] = await polling
        keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("Ya", callback_data="y")]])
        await bot.send_message(6_200_000_555, "Sehat?", reply_markup=keyboard)
        _, pressed = await control("/sim/push", user=6_200_000_555, presses="Ya")
        voice = base64.b64encode(b"OggS").decode()
        _, heard = await control("/sim/push", user=6_200_000_555, sends_voice=voice)
        _, raw = await control("/sim/push", update={"update_id": 77, **_message_of(6_200_000_556)})
        odd = await control("/sim/push", user=6_200_000_555, presses="Tidak")
        await control("/sim/faults", method="sendMessage", script=["502"])
        with pytest.raises(error.NetworkError):
            await bot.send_message(6_200_000_556, "halo")
        sent, later = await ask("/sim/sent?after=0"), await ask("/sim/sent?after=1")
        state = await ask("/sim/state")

    assert update == Update.de_json(pushed["update"], bot)
    assert update.message is not None
    assert update.message.text == "halo"
    assert pressed["update"]["callback_query"]["data"] == "y"
    assert fake.world.files[heard["update"]["message"]["voice"]["file_id"]].content == b"OggS"
    assert raw["update"]["update_id"] == 77
    assert odd[0] == 400
    assert [one["text"] for one in sent["sent"]] == ["Sehat?"]
    assert later["sent"] == []
    assert state["faults"] == [["sendMessage", 1, "502"]]
    assert state["people"] == 2


def _message_of(number: int) -> dict[str, Any]:
    chat = {"id": number, "type": "private", "first_name": "Pak Budi"}
    author = {"id": number, "is_bot": False, "first_name": "Pak Budi"}
    message = {"message_id": 9, "date": 1_795_000_000, "chat": chat, "from": author, "text": "x"}
    return {"message": message}
