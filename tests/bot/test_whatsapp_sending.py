"""Sending over a number of WhatsApp: text, files, and what each failure means."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from datetime import UTC, datetime

import pytest

from bot.channels import known_files
from bot.channels.channel import (
    Blocked,
    ChannelError,
    File,
    Gone,
    Receipt,
    Refused,
    SlowDown,
    TooLarge,
    Unanswered,
    Unreachable,
    WindowClosed,
)
from bot.channels.whatsapp_sending import Sender
from bot.channels.whatsapp_updates import kept_id
from conversations.message import Choice, MediaId, Message, Removal, Template
from tests.bot.clocks import FastClock
from tests.bot.graph_answers import PHONE_ID, SITI, Platform, a_number

OPUS = File(b"OggS" + bytes(24) + b"OpusHead", "audio/ogg", "voice-m1.ogg")
NOTE = Message("Dengarkan, nggih", media=MediaId("m1"))


class Shelf:
    """The stored files, and how often they were read."""

    def __init__(self, file: File | None = OPUS) -> None:
        self.file = file
        self.read = 0

    async def load(self, _: MediaId) -> File:
        self.read += 1
        if self.file is None:
            raise LookupError
        return self.file


async def test_a_text_leaves_for_her_number() -> None:
    async with a_number() as (platform, sender):
        receipt = await sender.send(SITI, Message("Apa kabar?", (Choice("Baik", "b"),)))

    assert receipt == Receipt("wamid.1")
    assert platform.asked[0].path == f"/v26.0/{PHONE_ID}/messages"
    (body,) = platform.sent
    assert (body["messaging_product"], body["recipient_type"]) == ("whatsapp", "individual")
    assert body["to"] == SITI
    assert body["type"] == "interactive"


async def test_who_hides_her_number_is_reached_by_her_id() -> None:
    async with a_number() as (platform, sender):
        await sender.send("ID.13491208655302741918", Message("Apa kabar?"))

    (body,) = platform.sent
    assert body["recipient"] == "ID.13491208655302741918"
    assert "to" not in body


@pytest.mark.parametrize("address", ["", "h:" + "a" * 60])
async def test_nothing_is_asked_without_a_recipient(address: str) -> None:
    async with a_number() as (platform, sender):
        with pytest.raises(Refused, match="no recipient"):
            await sender.send(address, Message("Apa kabar?"))

    assert platform.asked == []


async def test_an_empty_message_is_refused_here() -> None:
    async with a_number() as (platform, sender):
        with pytest.raises(Refused, match="empty"):
            await sender.send(SITI, Message("  "))

    assert platform.asked == []


async def test_a_long_name_of_a_message_is_kept_as_statuses_will_be() -> None:
    async with a_number() as (platform, sender):
        platform.answers_with({"messages": [{"id": "wamid." + "A" * 120}]})

        receipt = await sender.send(SITI, Message("Apa kabar?"))

    assert receipt.platform_id == kept_id("wamid." + "A" * 120)
    assert len(receipt.platform_id) <= 80


async def test_a_message_that_the_platform_holds_back_is_noted() -> None:
    async with a_number() as (platform, sender):
        held = {"id": "wamid.1", "message_status": "held_for_quality_assessment"}
        platform.answers_with({"messages": [held]})

        receipt = await sender.send(SITI, Message("", template=Template("ada_kabar", ("Mbah",))))

    assert receipt.note == "held by platform"


@pytest.mark.parametrize("answer", [{}, {"messages": []}, {"messages": [{}]}, {"messages": 1}])
async def test_an_answer_without_an_id_leaves_it_open(answer: dict[str, object]) -> None:
    async with a_number() as (platform, sender):
        platform.answers_with(answer)

        with pytest.raises(Unanswered):
            await sender.send(SITI, Message("Apa kabar?"))


@pytest.mark.parametrize(
    ("code", "kind"),
    [(131026, Blocked), (131047, WindowClosed), (131056, SlowDown), (131000, Unreachable)],
)
async def test_an_error_of_the_platform_says_what_to_do_next(
    code: int, kind: type[ChannelError]
) -> None:
    async with a_number() as (platform, sender):
        platform.refuses(code)

        with pytest.raises(kind):
            await sender.send(SITI, Message("Apa kabar?"))

        assert sender.trouble == ""


async def test_trouble_is_told_until_something_is_sent_again() -> None:
    async with a_number() as (platform, sender):
        platform.refuses(131042)
        with pytest.raises(SlowDown) as caught:
            await sender.send(SITI, Message("Apa kabar?"))
        told = sender.trouble
        platform.refuses(131026)
        with pytest.raises(Blocked):
            await sender.send(SITI, Message("Apa kabar?"))
        still = sender.trouble
        await sender.send(SITI, Message("Apa kabar?"))

        assert caught.value.everybody
        assert "pembayaran" in told
        assert still == told
        assert sender.trouble == ""


async def test_a_long_text_leaves_in_parts_and_is_known_by_the_last() -> None:
    async with a_number() as (platform, sender):
        receipt = await sender.send(SITI, Message("kata " * 1_500))

    assert len(platform.sent) == 2
    assert receipt.platform_id == "wamid.2"


@pytest.mark.parametrize("code", [131047, 131056, 130429, 131026, 100])
async def test_after_one_part_has_left_every_failure_leaves_it_open(code: int) -> None:
    async with a_number() as (platform, sender):
        platform.answers_with({"messages": [{"id": "wamid.1"}]})
        platform.refuses(code)

        with pytest.raises(Unanswered, match="sent in part"):
            await sender.send(SITI, Message("kata " * 1_500))


async def test_a_voice_note_goes_before_its_words() -> None:
    async with a_number(load_media=Shelf().load) as (platform, sender):
        receipt = await sender.send(SITI, NOTE)

    voice, words = platform.sent
    ((fields, content),) = platform.uploaded
    assert (fields["type"], content) == ("audio/ogg; codecs=opus", OPUS.data)
    assert voice["audio"] == {"id": "7001", "voice": True}
    assert words["text"]["body"] == "Dengarkan, nggih"
    assert receipt == Receipt("wamid.3")


async def test_a_file_for_many_is_uploaded_once() -> None:
    shelf = Shelf()
    async with a_number(load_media=shelf.load) as (platform, sender):
        for _ in range(5):
            await sender.send(SITI, NOTE)

    assert len(platform.uploaded) == shelf.read == 1


async def test_a_stored_file_is_looked_at_again_after_an_hour() -> None:
    shelf = Shelf()
    async with a_number(load_media=shelf.load) as (platform, sender):
        await sender.send(SITI, NOTE)
        shelf.file = None
        clock = sender._clock
        assert isinstance(clock, FastClock)
        clock.skip(known_files.KEPT_FOR.total_seconds() + 1)
        receipt = await sender.send(SITI, NOTE)

    assert receipt.note == "without its file: file gone"
    assert [body["type"] for body in platform.sent] == ["audio", "text", "text"]


async def test_a_file_that_the_platform_has_forgotten_is_uploaded_again() -> None:
    async with a_number(load_media=Shelf().load) as (platform, sender):
        await sender.send(SITI, NOTE)
        platform.refuses(131009, error_data={"details": "Media ID 7001 not found"})
        receipt = await sender.send(SITI, NOTE)

    assert len(platform.uploaded) == 2
    assert receipt.note == ""
    assert [body["audio"]["id"] for body in platform.sent if "audio" in body] == [
        "7001",
        "7001",
        "7005",
    ]


async def test_a_file_refused_twice_keeps_no_words_back() -> None:
    async with a_number(load_media=Shelf().load) as (platform, sender):
        for _ in range(2):
            platform.answers_with({"id": "m9"})
            platform.refuses(131053)

        receipt = await sender.send(SITI, NOTE)

    assert receipt.note == "without its file: media not accepted"
    assert platform.sent[-1]["text"]["body"] == "Dengarkan, nggih"


@pytest.mark.parametrize(
    ("file", "reason"),
    [(None, "file gone"), (File(b"RIFF", "audio/wav"), "file type not supported")],
)
async def test_a_file_that_cannot_go_keeps_no_words_back(file: File | None, reason: str) -> None:
    async with a_number(load_media=Shelf(file).load) as (platform, sender):
        receipt = await sender.send(SITI, NOTE)
        with pytest.raises(Refused, match=reason):
            await sender.send(SITI, Message("", media=MediaId("m1")))

    assert receipt.note == f"without its file: {reason}"
    assert [body["type"] for body in platform.sent] == ["text"]


async def test_a_file_that_the_platform_refuses_keeps_no_words_back() -> None:
    async with a_number(load_media=Shelf().load) as (platform, sender):
        platform.refuses(131053)

        receipt = await sender.send(SITI, NOTE)

    assert receipt.note == "without its file: media not accepted"


async def test_a_file_too_large_for_the_platform_keeps_no_words_back() -> None:
    async with a_number(load_media=Shelf().load) as (platform, sender):
        platform.answers_with(b"", 413)

        receipt = await sender.send(SITI, NOTE)

    assert receipt.note == "without its file: too large"


@pytest.mark.parametrize(("code", "kind"), [(131042, SlowDown), (131000, Unreachable)])
async def test_an_upload_may_be_asked_to_wait_like_a_message(
    code: int, kind: type[ChannelError]
) -> None:
    async with a_number(load_media=Shelf().load) as (platform, sender):
        platform.refuses(code)

        with pytest.raises(kind):
            await sender.send(SITI, NOTE)

    assert platform.sent == []


async def test_a_message_refused_for_itself_is_not_sent_again_without_its_file() -> None:
    async with a_number(load_media=Shelf().load) as (platform, sender):
        platform.answers_with({"id": "7001"})
        platform.refuses(131026)

        with pytest.raises(Blocked):
            await sender.send(SITI, NOTE)

    assert len(platform.sent) == 1


async def test_many_at_once_wait_for_one_upload() -> None:
    shelf = Shelf()
    async with a_number(load_media=shelf.load) as (platform, sender):
        await asyncio.gather(*(sender.send(SITI, NOTE) for _ in range(5)))

    assert len(platform.uploaded) == 1


async def test_an_upload_that_breaks_off_is_tried_again_as_a_whole() -> None:
    async with a_number(load_media=Shelf().load) as (platform, sender):
        platform.hangs_up()

        with pytest.raises(Unreachable):
            await sender.send(SITI, NOTE)

    assert platform.sent == []


async def test_a_template_takes_no_file_along() -> None:
    shelf = Shelf()
    knock = Message("", media=MediaId("m1"), template=Template("ada_kabar", ("Mbah Siti",)))
    async with a_number(load_media=shelf.load) as (platform, sender):
        await sender.send(SITI, knock)

    assert shelf.read == 0
    assert platform.sent[0]["template"]["name"] == "ada_kabar"


async def test_what_cannot_be_taken_back_is_said() -> None:
    since = datetime(2026, 11, 18, tzinfo=UTC)
    removal = Removal(since, "Hapus sendiri, nggih", ("wamid.1", "wamid.2"))
    async with a_number() as (platform, sender):
        told = await sender.send(SITI, Message("Sudah dihapus", removal=removal))
        silent = await sender.send(SITI, Message("", removal=Removal(since)))

    assert [body["text"]["body"] for body in platform.sent] == ["Hapus sendiri, nggih"]
    assert told.note == "removed 0 of 2"
    assert silent == Receipt("", "removed 0 of 0")


async def test_a_message_is_marked_as_read() -> None:
    async with a_number() as (platform, sender):
        platform.answers_with({"success": True})
        await sender.mark_read("wamid.7")

    assert platform.sent == [
        {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.7"}
    ]


async def test_a_mark_that_fails_harms_nobody() -> None:
    async with a_number() as (platform, sender):
        platform.refuses(100)
        platform.hangs_up()

        await sender.mark_read("wamid.7")
        await sender.mark_read("wamid.7")

    assert len(platform.asked) == 2


def a_file(platform: Platform, data: bytes, **changes: object) -> None:
    """The platform tells of a file and then gives it."""
    told = {
        "url": f"{platform.url}/whatsapp_business/attachments/?mid=1",
        "mime_type": "audio/ogg",
        "sha256": hashlib.sha256(data).hexdigest(),
        "file_size": len(data),
        **changes,
    }
    platform.answers_with(told)
    platform.answers_with(data)


@pytest.mark.parametrize(
    "digest",
    [
        hashlib.sha256(b"isi").hexdigest(),
        base64.b64encode(hashlib.sha256(b"isi").digest()).decode(),
        "",
    ],
)
async def test_a_file_that_she_sent_is_fetched_with_our_token(digest: str) -> None:
    async with a_number() as (platform, sender):
        a_file(platform, b"isi", sha256=digest)

        data = await sender.fetch("4455")

    asked, fetched = platform.asked
    assert data == b"isi"
    assert asked.path == "/v26.0/4455"
    assert fetched.headers["authorization"] == "Bearer RAHASIA"


async def test_a_file_damaged_on_the_way_is_fetched_again() -> None:
    async with a_number() as (platform, sender):
        a_file(platform, b"isi", sha256=hashlib.sha256(b"lain").hexdigest())

        with pytest.raises(Unreachable, match="damaged"):
            await sender.fetch("4455")


@pytest.mark.parametrize("size", [20 * 2**20 + 1, str(20 * 2**20 + 1)])
async def test_a_file_too_large_is_not_even_asked_for(size: object) -> None:
    async with a_number() as (platform, sender):
        a_file(platform, b"isi", file_size=size)

        with pytest.raises(TooLarge):
            await sender.fetch("4455")

    assert len(platform.asked) == 1


async def test_a_file_that_the_platform_no_longer_has_is_gone() -> None:
    async with a_number() as (platform, sender):
        platform.refuses(100, error_subcode=33)

        with pytest.raises(Gone):
            await sender.fetch("4455")


@pytest.mark.parametrize("code", [190, 131000, 4, 100])
async def test_any_other_error_of_fetching_is_tried_again(code: int) -> None:
    async with a_number() as (platform, sender):
        platform.refuses(code)

        with pytest.raises(Unreachable):
            await sender.fetch("4455")


async def test_too_many_questions_for_files_are_asked_again() -> None:
    async with a_number() as (platform, sender):
        platform.answers_with(b"", 429)

        with pytest.raises(Unreachable):
            await sender.fetch("4455")


async def test_an_address_that_died_is_asked_for_anew() -> None:
    async with a_number() as (platform, sender):
        platform.answers_with({"url": f"{platform.url}/x"})
        platform.answers_with(b"", 404)

        with pytest.raises(Unreachable):
            await sender.fetch("4455")


@pytest.mark.parametrize("url", ["https://evil.example/x", None, "http://127.0.0.1:1/x"])
async def test_an_address_at_a_foreign_host_gets_nothing_from_us(url: str | None) -> None:
    async with a_number() as (platform, sender):
        a_file(platform, b"isi", url=url)

        with pytest.raises(Unreachable, match="foreign host"):
            await sender.fetch("4455")

    assert len(platform.asked) == 1


@pytest.mark.parametrize("ref", ["", "../22/message_templates", "1?fields=token", "a/b"])
async def test_a_name_that_is_no_files_name_is_not_asked_for(ref: str) -> None:
    async with a_number() as (platform, sender):
        with pytest.raises(Gone):
            await sender.fetch(ref)

    assert platform.asked == []


def test_a_sender_has_no_trouble_at_first() -> None:
    sender = Sender(None, PHONE_ID, load_media=Shelf().load, clock=FastClock())  # type: ignore[arg-type]

    assert sender.trouble == ""
