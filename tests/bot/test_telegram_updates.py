"""Telegram updates are read as what they are, or refused as malformed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import Update

from bot.channels.telegram_updates import address_of, parse
from conversations.message import Choice, Kind, Message
from tests.bot.platforms import a_platform, read
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_world import ChatKind


def everything_the_fake_emits(fake: FakeTelegram) -> list[tuple[dict[str, Any], Kind]]:
    siti, rini = fake.user("Siti", last_name="Aminah"), fake.user("Rini")
    group = fake.group("Arisan", ChatKind.GROUP)
    channel = fake.group("Kabar", ChatKind.CHANNEL)
    said = siti.says("Sehat \u202e mbah")
    return [
        (siti.starts("kader"), Kind.TEXT),
        (said, Kind.TEXT),
        (siti.edits(said["message"]["message_id"], "Sehat, Bu"), Kind.TEXT),
        (siti.forwards("hoaks", written_by=rini), Kind.TEXT),
        (siti.forwards("hoaks"), Kind.TEXT),
        (siti.sends_voice(b"OggS", seconds=7), Kind.VOICE),
        (siti.sends_photo(b"jpeg", caption="cucu"), Kind.IMAGE),
        (siti.sends_document(b"pdf", caption="surat"), Kind.DOCUMENT),
        (siti.sends_sticker("👍"), Kind.STICKER),
        (siti.sends_location(-8.17, 113.7), Kind.LOCATION),
        (siti.sends_contact("+628123"), Kind.CONTACT),
        (siti.blocks(), Kind.LEFT),
        (siti.unblocks(), Kind.CAME_BACK),
        (group.adds_bot(by=rini), Kind.GROUP),
        (rini.says("halo semua", chat=group), Kind.GROUP),
        (channel.adds_bot(by=rini), Kind.GROUP),
    ]


def test_everything_the_fake_emits_is_read_as_what_it_is() -> None:
    fake = FakeTelegram()

    emitted = everything_the_fake_emits(fake)

    assert [(read(update).kind, update) for update, _ in emitted] == [
        (kind, update) for update, kind in emitted
    ]


def test_our_reading_agrees_with_python_telegram_bots() -> None:
    fake = FakeTelegram()

    for update, kind in everything_the_fake_emits(fake):
        ours, theirs = read(update), Update.de_json(update, None)

        assert theirs is not None
        assert theirs.effective_chat is not None
        assert address_of(update) == str(theirs.effective_chat.id)
        message = theirs.effective_message
        if message is None or kind is Kind.GROUP:
            continue
        assert ours.sent_at == (message.edit_date or message.date)
        assert ours.forwarded is (message.forward_origin is not None)
        assert ours.edited is (theirs.edited_message is not None)
        if message.from_user:
            assert ours.name == message.from_user.full_name
            assert ours.language_code == message.from_user.language_code
        file = message.effective_attachment
        if ours.media is not None:
            largest = file[-1] if isinstance(file, list | tuple) else file
            assert ours.media.ref == largest.file_id  # type: ignore[union-attr]
        if kind is not Kind.STICKER:
            assert ours.text.replace(" ", "") == (message.text or message.caption or "").replace(
                " \u202e ", ""
            ).replace(" ", "")


async def test_a_pressed_button_is_read_with_its_payload_and_the_time_of_arrival() -> None:
    async with a_platform() as (fake, telegram):
        siti = fake.meet(7, "Siti")
        await telegram.send("7", Message("Sehat?", (Choice("Ya", "sehat:ya"),)))

        update = siti.presses("1. Ya")
        pressed = read({**update, "received_at": 1_790_000_000})

    assert (pressed.kind, pressed.button) == (Kind.BUTTON, "sehat:ya")
    assert pressed.sent_at == datetime.fromtimestamp(1_790_000_000, UTC)
    assert address_of(update) == "7"


def test_the_largest_photo_is_taken_whatever_its_place() -> None:
    sizes = [{"file_id": name, "width": w, "height": w} for name, w in [("b", 800), ("a", 90)]]
    body = {"date": 1, "chat": {"id": 7, "type": "private"}, "photo": sizes}

    inbound = read({"update_id": 1, "message": body})

    assert inbound.media is not None
    assert inbound.media.ref == "b"


@pytest.mark.parametrize(
    ("field", "kind", "mime"),
    [
        ("audio", Kind.VOICE, "audio/mpeg"),
        ("video", Kind.VIDEO, "video/mp4"),
        ("video_note", Kind.VIDEO, "video/mp4"),
        ("animation", Kind.VIDEO, "video/mp4"),
    ],
)
def test_other_files_have_a_kind_and_a_mime_type(field: str, kind: Kind, mime: str) -> None:
    file = {"file_id": "f", "file_size": 9, "duration": 3}
    body = {"date": 1, "chat": {"id": 7, "type": "private"}, field: file, "document": file}

    inbound = read({"update_id": 1, "message": body})

    assert inbound.kind is kind
    assert inbound.media is not None
    assert (inbound.media.mime, inbound.media.size, inbound.media.seconds) == (mime, 9, 3)


def test_a_reaction_is_read_with_its_emoji() -> None:
    reaction = {
        "chat": {"id": 7, "type": "private"},
        "date": 1,
        "new_reaction": [{"type": "emoji", "emoji": "👍"}],
    }

    inbound = read({"update_id": 1, "message_reaction": reaction})

    assert (inbound.kind, inbound.text) == (Kind.REACTION, "👍")


def test_what_telegram_invents_tomorrow_is_something_else_not_an_error() -> None:
    message = {"date": 1, "chat": {"id": 7, "type": "private"}, "hologram": {}}

    assert read({"update_id": 1, "message": message}).kind is Kind.OTHER
    assert read({"update_id": 2, "smell": {"chat": {"id": 7}}}).kind is Kind.OTHER


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**62), 2**62) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    ["chat", "from", "date", "text", "photo", "voice", "sticker", "data", "new_reaction", "message"]
)
UPDATES = st.dictionaries(
    st.sampled_from(["message", "edited_message", "callback_query", "my_chat_member"])
    | st.just("message_reaction"),
    st.dictionaries(FIELDS, JSON | st.just({"id": 7, "type": "private"})) | JSON,
    max_size=2,
)


@given(UPDATES.map(orjson.dumps) | JSON.map(orjson.dumps) | st.binary(max_size=40))
def test_whatever_comes_is_read_or_refused_with_a_value_error(body: bytes) -> None:
    try:
        inbound = parse(body)
    except ValueError as error:
        assert len(str(error)) < 80  # noqa: PT017
    else:
        assert inbound.sent_at.tzinfo is UTC
