"""The fake refuses what Telegram refuses.

How updates are delivered is in test_telegram_updates.py, what python-telegram-bot makes of the
answers in test_telegram_wire.py, faults and limits in test_telegram_faults.py.
"""

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from tests.fakes.raw_bot import Clock, RawBot
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_user_side import Person

DAY = 24 * 3600.0


@pytest.fixture
async def fake(clock: Clock) -> AsyncIterator[FakeTelegram]:
    async with FakeTelegram(clock=clock, webhook_retry_seconds=0.01) as started:
        yield started


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


@pytest.fixture
def bot(fake: FakeTelegram, session: aiohttp.ClientSession) -> RawBot:
    return RawBot(fake, session)


@pytest.fixture
def siti(fake: FakeTelegram) -> Person:
    return fake.meet(6_200_000_777)


def inline(**button: object) -> str:
    return json.dumps({"inline_keyboard": [[{"text": "Ya", **button}]]})


@pytest.mark.parametrize(
    ("parameters", "description"),
    [
        ({"text": ""}, "message text is empty"),
        ({"text": " \n "}, "message text is empty"),
        ({"text": "<b> </b>", "parse_mode": "HTML"}, "message text is empty"),
        ({"text": "a" * 4097}, "message is too long"),
        ({"text": "😊" * 2049}, "message is too long"),
        ({"chat_id": ""}, "chat_id is empty"),
        ({"chat_id": 6_999_999_999}, "chat not found"),
        ({"chat_id": "@nobody"}, "chat not found"),
        ({"parse_mode": "Prosa"}, "unsupported parse_mode"),
        ({"reply_markup": "{"}, "can't parse reply keyboard markup JSON object"),
        ({"reply_markup": "[]"}, "object expected as reply markup"),
        ({"reply_markup": '{"buttons": []}'}, "can't parse reply markup"),
        ({"reply_markup": '{"inline_keyboard": {}}'}, "must be of type Array"),
        ({"reply_markup": '{"inline_keyboard": ["Ya"]}'}, "expected an Array of buttons"),
        ({"reply_markup": '{"keyboard": [[{}]]}'}, 'Field "text" must be of type String'),
        ({"reply_markup": '{"keyboard": [[""]]}'}, "button text must be non-empty"),
        ({"reply_markup": json.dumps({"keyboard": [["a"] * 101]})}, "REPLY_MARKUP_TOO_LONG"),
        ({"reply_markup": inline()}, "Text buttons are unallowed"),
        ({"reply_markup": inline(callback_data="y", text=" ")}, "text must be non-empty"),
        ({"reply_markup": inline(callback_data="")}, "BUTTON_DATA_INVALID"),
        ({"reply_markup": inline(callback_data="a" * 65)}, "BUTTON_DATA_INVALID"),
        ({"reply_markup": inline(callback_data="é" * 33)}, "BUTTON_DATA_INVALID"),
        ({"reply_markup": inline(callback_data="y", url="https://a.id")}, "exactly one"),
        ({"reply_markup": inline(url="bukan alamat")}, "Wrong HTTP URL"),
        ({"reply_parameters": {"message_id": 1}}, "message to be replied not found"),
        ({"reply_parameters": [1]}, "can't parse reply parameters"),
        ({"message_thread_id": 5}, "message thread not found"),
        ({"entities": [{"type": "bold", "offset": 2, "length": 9}]}, "outside of the text"),
        ({"entities": [{"type": "tebal", "offset": 0, "length": 1}]}, "unsupported type"),
        ({"entities": "[{"}, "can't parse entities JSON object"),
    ],
)
async def test_a_message_that_telegram_would_refuse_is_refused(
    bot: RawBot, fake: FakeTelegram, siti: Person, parameters: dict[str, Any], description: str
) -> None:
    answer = await bot("sendMessage", **{"chat_id": siti.id, "text": "halo", **parameters})

    assert answer["error_code"] == 400
    assert answer["description"].startswith("Bad Request: ")
    assert description in answer["description"]
    assert fake.sent == []


@pytest.mark.parametrize(
    "parameters",
    [
        {"text": "a" * 4096},
        {"text": "<b>" + "a" * 4096 + "</b>", "parse_mode": "HTML"},
        {"reply_markup": inline(callback_data="é" * 32)},
        {"reply_markup": {"keyboard": [["Ya", {"text": "Nomor", "request_contact": True}]]}},
        {"reply_markup": {"remove_keyboard": True}},
        {"reply_parameters": {"message_id": 1, "allow_sending_without_reply": True}},
        {"entities": [{"type": "bold", "offset": 0, "length": 4}]},
    ],
)
async def test_a_message_at_the_limits_is_accepted(
    bot: RawBot, fake: FakeTelegram, siti: Person, parameters: dict[str, Any]
) -> None:
    answer = await bot("sendMessage", **{"chat_id": siti.id, "text": "halo", **parameters})

    assert answer["ok"], answer
    assert [sent.chat_id for sent in fake.sent] == [siti.id]


@pytest.mark.parametrize(
    ("mode", "text", "description"),
    [
        ("HTML", "2 < 3", "Unclosed start tag at byte offset 2"),
        ("HTML", "2 < 3 > 1", 'Unsupported start tag "" at byte offset 2'),
        ("HTML", "a<br>b", 'Unsupported start tag "br" at byte offset 1'),
        ("HTML", "<b>halo", 'Can\'t find end tag corresponding to start tag "b"'),
        ("HTML", "halo</b>", "Unexpected end tag at byte offset 4"),
        ("HTML", "<b><i>x</b></i>", 'expected "</i>", found "</b>"'),
        ("HTML", "é<x>", "at byte offset 2"),
        ("MarkdownV2", "Halo.", "Character '.' is reserved"),
        ("MarkdownV2", "*halo", "Can't find end of Bold entity at byte offset 0"),
        ("MarkdownV2", "a > b", "Character '>' is reserved"),
        ("MarkdownV2", "[a]b", "Can't find end of a URL"),
    ],
)
async def test_a_malformed_text_is_refused(
    bot: RawBot, siti: Person, mode: str, text: str, description: str
) -> None:
    answer = await bot("sendMessage", chat_id=siti.id, text=text, parse_mode=mode)

    assert "can't parse entities" in answer["description"]
    assert description in answer["description"]


@pytest.mark.parametrize(
    ("mode", "text", "plain", "kinds"),
    [
        (
            "HTML",
            "<b>1 &lt; 2</b> 😊 <a href='https://a.id'>ini</a>",
            "1 < 2 😊 ini",
            "bold text_link",
        ),
        ("HTML", "<b>a <i>b</i></b>", "a b", "bold italic"),
        ("MarkdownV2", "*halo*\n>kata Mbah", "halo\nkata Mbah", "bold"),
        ("MarkdownV2", r"*tebal* _miring_ \.", "tebal miring .", "bold italic"),
        ("MarkdownV2", "`a.b` [ini](https://a.id)", "a.b ini", "code text_link"),
    ],
)
async def test_a_formatted_text_arrives_as_a_person_sees_it(
    bot: RawBot, siti: Person, mode: str, text: str, plain: str, kinds: str
) -> None:
    message = (await bot("sendMessage", chat_id=siti.id, text=text, parse_mode=mode))["result"]

    assert message["text"] == plain
    assert [entity["type"] for entity in message["entities"]] == kinds.split()


async def test_a_stranger_cannot_be_written_to_before_they_start(
    bot: RawBot, fake: FakeTelegram
) -> None:
    stranger = fake.user("Rini")
    before = await bot("sendMessage", chat_id=stranger.id, text="halo")
    stranger.starts()

    after = await bot("sendMessage", chat_id=stranger.id, text="halo")

    assert before["description"] == "Bad Request: chat not found"
    assert after["ok"]


async def test_who_blocked_the_bot_or_left_telegram_gets_nothing(bot: RawBot, siti: Person) -> None:
    siti.blocks()
    blocked = await bot("sendMessage", chat_id=siti.id, text="halo")
    siti.unblocks()
    unblocked = await bot("sendMessage", chat_id=siti.id, text="halo")
    siti.deletes_account()
    gone = await bot("sendMessage", chat_id=siti.id, text="halo")

    assert blocked["error_code"] == 403
    assert blocked["description"] == "Forbidden: bot was blocked by the user"
    assert unblocked["ok"]
    assert gone["error_code"] == 403
    assert gone["description"] == "Forbidden: user is deactivated"


async def test_a_group_that_became_a_supergroup_names_its_new_id(
    bot: RawBot, fake: FakeTelegram, siti: Person
) -> None:
    old, new = fake.group("Kader", "group"), fake.group("Kader", "supergroup")
    old.adds_bot(siti)
    old.upgrades(new, siti)

    answer = await bot("sendMessage", chat_id=old.id, text="halo")

    assert answer["parameters"] == {"migrate_to_chat_id": new.id}
    assert (await bot("sendMessage", chat_id=new.id, text="halo"))["ok"]


async def test_a_bot_that_was_removed_from_a_group_may_not_write_there(
    bot: RawBot, fake: FakeTelegram, siti: Person
) -> None:
    group = fake.group("Kader")
    group.adds_bot(siti)
    group.removes_bot(siti)

    answer = await bot("sendMessage", chat_id=group.id, text="halo")

    assert answer["description"] == "Forbidden: bot was kicked from the supergroup chat"


async def test_a_channel_takes_only_keyboards_that_hang_on_the_message(
    bot: RawBot, fake: FakeTelegram, siti: Person
) -> None:
    channel = fake.group("Kabar", "channel")
    channel.adds_bot(siti)
    below = {"keyboard": [["Ya"]]}

    refused = await bot("sendMessage", chat_id=channel.id, text="halo", reply_markup=below)
    posted = await bot(
        "sendMessage", chat_id=channel.id, text="halo", reply_markup=inline(callback_data="y")
    )

    assert refused["description"] == "Bad Request: inline keyboard expected"
    assert posted["result"]["sender_chat"]["id"] == channel.id


async def test_an_edit_must_change_something_that_can_be_edited(bot: RawBot, siti: Person) -> None:
    keyboard = {"inline_keyboard": [[{"text": "Ya", "callback_data": "y"}]]}
    own = (await bot("sendMessage", chat_id=siti.id, text="Sehat?", reply_markup=keyboard))[
        "result"
    ]
    theirs = siti.says("halo")["message"]
    below = {"keyboard": [["Ya"]]}
    typed = (await bot("sendMessage", chat_id=siti.id, text="Sehat?", reply_markup=below))["result"]

    def edit(number: int, **changes: Any) -> Any:
        return bot("editMessageText", chat_id=siti.id, message_id=number, **changes)

    same = await edit(own["message_id"], text="Sehat?", reply_markup=keyboard)
    assert "message is not modified" in same["description"]
    assert "message to edit not found" in (await edit(999, text="x"))["description"]
    assert "can't be edited" in (await edit(theirs["message_id"], text="x"))["description"]
    assert "can't be edited" in (await edit(typed["message_id"], text="x"))["description"]
    swapped = await edit(own["message_id"], text="Sehat?", reply_markup=below)
    assert swapped["description"] == "Bad Request: inline keyboard expected"
    assert (await edit(own["message_id"], text="Sehat?"))["result"].get("reply_markup") is None
    bare = {"chat_id": siti.id, "message_id": own["message_id"]}
    assert "not modified" in (await bot("editMessageReplyMarkup", **bare))["description"]
    assert (await bot("editMessageReplyMarkup", **bare, reply_markup=keyboard))["ok"]


async def test_a_press_is_answered_soon_and_shortly(
    bot: RawBot, siti: Person, clock: Clock
) -> None:
    await bot("sendMessage", chat_id=siti.id, text="Sehat?", reply_markup=inline(callback_data="y"))
    query = siti.presses("Ya")["callback_query"]
    answer = {"callback_query_id": query["id"]}

    assert query["data"] == "y"
    too_long = await bot("answerCallbackQuery", **answer, text="a" * 201)
    assert too_long["description"] == "Bad Request: MESSAGE_TOO_LONG"
    assert (await bot("answerCallbackQuery", **answer, text="a" * 200))["ok"]
    clock.now += 31
    assert "query is too old" in (await bot("answerCallbackQuery", **answer))["description"]


async def test_nobody_presses_a_button_that_is_not_there(bot: RawBot, siti: Person) -> None:
    await bot("sendMessage", chat_id=siti.id, text="Sehat?", reply_markup=inline(callback_data="y"))

    with pytest.raises(LookupError, match="Tidak"):
        siti.presses("Tidak")


@pytest.mark.parametrize(
    ("method", "parameters", "description"),
    [
        ("sendChatAction", {"action": "mengetik"}, "wrong parameter action in request"),
        ("sendPhoto", {}, "there is no photo in the request"),
        ("sendPhoto", {"photo": "AgAC"}, "wrong remote file identifier"),
        ("sendPhoto", {"photo": "https://a.id/a.jpg"}, "failed to get HTTP URL content"),
        ("getFile", {"file_id": "x"}, "wrong file_id"),
        (
            "setMyCommands",
            {"commands": [{"command": "Halo", "description": "x"}]},
            "COMMAND_INVALID",
        ),
        (
            "setMyCommands",
            {"commands": [{"command": "a", "description": ""}]},
            "DESCRIPTION_INVALID",
        ),
        ("setMyCommands", {"commands": [{}] * 101}, "BOT_COMMANDS_TOO_MUCH"),
        ("setMyCommands", {"commands": "halo"}, "can't parse commands JSON object"),
        ("setWebhook", {"url": "http://a.id/x"}, "An HTTPS URL must be provided"),
        ("setWebhook", {"url": "https://a.id:8080/x"}, "only on ports 80, 88, 443 or 8443"),
        ("setWebhook", {"url": "https://a.id", "secret_token": "a b"}, "unallowed characters"),
    ],
)
async def test_other_calls_are_checked_too(
    bot: RawBot, siti: Person, method: str, parameters: dict[str, Any], description: str
) -> None:
    answer = await bot(method, chat_id=siti.id, **parameters)

    assert answer["error_code"] == 400
    assert description in answer["description"]


async def test_a_wrong_token_and_an_unknown_method_are_told_apart(
    fake: FakeTelegram, bot: RawBot, session: aiohttp.ClientSession
) -> None:
    statuses = []
    for path in ("/bot1:salah/getMe", "/botsalah/getMe", "/"):
        async with session.get(fake.url + path) as response:
            statuses.append(response.status)

    assert statuses == [401, 404, 404]
    assert (await bot("sendSurat"))["description"] == "Not Found: method not found"
    assert (await bot("GETME"))["result"]["id"] == int(fake.world.token.split(":")[0])


async def test_a_mistake_in_the_fake_is_not_taken_for_a_broken_connection(
    fake: FakeTelegram, bot: RawBot, siti: Person, caplog: pytest.LogCaptureFixture
) -> None:
    def trips(_: object) -> None:
        raise ZeroDivisionError

    fake.on_sent(trips)

    answer = await bot("sendMessage", chat_id=siti.id, text="halo")

    assert answer["error_code"] == 500
    assert "ZeroDivisionError" in answer["description"]
    assert "the fake failed" in caplog.text
