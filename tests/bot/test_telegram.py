"""Sending and fetching through the strict fake: what each trouble means."""

from __future__ import annotations

import orjson
import pytest

from bot.channels.channel import (
    Blocked,
    ChannelError,
    File,
    Gone,
    Refused,
    SlowDown,
    TooLarge,
    Unanswered,
    Unreachable,
)
from bot.channels.telegram_messages import failure
from conversations.message import Choice, MediaId, Message
from tests.bot.platforms import a_bot, a_platform, bodies_of, read
from tests.fakes.faults import Trouble
from tests.fakes.telegram_world import ChatKind


async def test_a_message_arrives_and_its_id_comes_back() -> None:
    async with a_platform() as (fake, telegram):
        siti = fake.meet(7)

        receipt = await telegram.send("7", Message("Sugeng enjing"))

    assert siti.received[0].text == "Sugeng enjing"
    assert receipt.platform_id == str(siti.received[0].message_id)


async def test_a_broadcast_may_arrive_without_a_sound() -> None:
    async with a_platform() as (fake, telegram):
        fake.meet(7)
        bodies = bodies_of(telegram)

        await telegram.send("7", Message("halo"), quiet=True)

    assert bodies[0]["disable_notification"] is True


@pytest.mark.parametrize(
    ("mime", "method"),
    [
        ("audio/ogg", "sendVoice"),
        ("image/jpeg", "sendPhoto"),
        ("application/pdf", "sendDocument"),
    ],
)
async def test_a_stored_file_goes_along_with_its_text(mime: str, method: str) -> None:
    async def load(media: MediaId) -> File:
        assert media == "m1"
        return File(b"isi", mime)

    async with a_platform(load_media=load) as (fake, telegram):
        dimas = fake.meet(7, "Dimas")

        await telegram.send(
            "7", Message("JBR-26-0042", (Choice("Terima", "t"),), MediaId("m1"), discreet=True)
        )

    (sent,) = dimas.received
    assert (sent.method, sent.text) == (method, "JBR-26-0042\n\n1. Terima")
    assert [button.data for button in sent.buttons] == ["t"]


async def test_a_text_too_long_for_a_caption_follows_the_file() -> None:
    async def load(_: MediaId) -> File:
        return File(b"isi", "audio/ogg")

    async with a_platform(load_media=load) as (fake, telegram):
        dimas = fake.meet(7, "Dimas")

        await telegram.send("7", Message("panjang " * 200, media=MediaId("m1")))

    assert [sent.method for sent in dimas.received] == ["sendVoice", "sendMessage"]


@pytest.mark.parametrize(
    ("trouble", "error", "sent"),
    [
        (Trouble.RATE_LIMITED, SlowDown, 0),
        (Trouble.SERVER_ERROR, Unreachable, 0),
        (Trouble.BAD_GATEWAY, Unanswered, 0),
        (Trouble.DROP_BEFORE, Unanswered, 0),
        (Trouble.DROP_AFTER, Unanswered, 1),
        (Trouble.GARBAGE, Unanswered, 1),
    ],
)
async def test_each_trouble_says_whether_it_may_have_been_sent(
    trouble: Trouble, error: type[ChannelError], sent: int
) -> None:
    async with a_platform() as (fake, telegram):
        fake.meet(7)
        fake.faults.script("sendMessage", [trouble], seconds=3)

        with pytest.raises(error) as caught:
            await telegram.send("7", Message("halo"))

    assert len(fake.sent) == sent
    if isinstance(caught.value, SlowDown):
        assert (caught.value.retry_after, caught.value.everybody) == (3, False)


async def test_an_answer_that_does_not_come_in_time_leaves_it_open() -> None:
    async with a_platform(read_timeout=0.05) as (fake, telegram):
        fake.meet(7)
        fake.faults.script("sendMessage", [Trouble.DELAY], seconds=0.3)

        with pytest.raises(Unanswered):
            await telegram.send("7", Message("halo"))


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://tidak-ada.invalid"])
async def test_a_connection_that_never_came_about_certainly_sent_nothing(url: str) -> None:
    telegram = a_bot(url)

    with pytest.raises(Unreachable):
        await telegram.send("7", Message("halo"))

    await telegram.close()


async def test_whoever_left_is_blocked() -> None:
    async with a_platform() as (fake, telegram):
        fake.meet(7).blocks()
        fake.meet(8).deletes_account()

        reasons = []
        for address in ("7", "8", "999"):
            with pytest.raises(Blocked) as caught:
                await telegram.send(address, Message("halo"))
            reasons.append(caught.value.reason)

    assert reasons == ["blocked", "deactivated", "chat not found"]


async def test_an_empty_message_is_refused_before_it_leaves() -> None:
    async with a_platform() as (fake, telegram):
        with pytest.raises(Refused):
            await telegram.send("7", Message("  "))

    assert not fake.calls


async def test_a_group_that_moved_is_written_to_where_it_is_now() -> None:
    async with a_platform() as (fake, telegram):
        rini = fake.user("Rini")
        group = fake.group("Arisan", ChatKind.GROUP)
        group.adds_bot(by=rini)
        supergroup = fake.group("Arisan", ChatKind.SUPERGROUP)
        group.upgrades(supergroup, by=rini)

        await telegram.send(str(group.id), Message("Saya hanya bicara empat mata"))

    assert [sent.chat_id for sent in fake.sent] == [supergroup.id]


async def test_half_a_message_is_never_called_unsent() -> None:
    async with a_platform() as (fake, telegram):
        fake.meet(7)
        fake.faults.script("sendMessage", [None, Trouble.SERVER_ERROR])

        with pytest.raises(Unanswered):
            await telegram.send("7", Message("kata " * 1_000))


def an_answer(code: int, said: str, **parameters: int) -> bytes:
    return orjson.dumps(
        {"ok": False, "error_code": code, "description": said, "parameters": parameters}
    )


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (400, an_answer(400, "Bad Request: message is too long"), Refused),
        (400, an_answer(400, "Bad Request: PEER_ID_INVALID"), Blocked),
        (403, an_answer(403, "Forbidden: something new"), Blocked),
        (401, an_answer(401, "Unauthorized"), Unreachable),
        (404, b"", Unreachable),
        (413, b"<html>", Refused),
        (429, b"<html>", SlowDown),
        (500, an_answer(500, "Internal Server Error"), Unreachable),
        (500, b"<html>", Unanswered),
        (502, an_answer(502, "Bad Gateway"), Unanswered),
        (503, an_answer(503, "Service Unavailable"), Unreachable),
        (504, b"", Unanswered),
        (200, b"[]", Unanswered),
    ],
)
def test_an_answer_means_one_of_six_things(
    status: int, body: bytes, expected: type[ChannelError]
) -> None:
    assert type(failure(status, body)) is expected


def test_a_reason_never_quotes_what_was_sent() -> None:
    error = failure(400, an_answer(400, "Bad Request: can't find Mbah Siti in the text"))

    assert error.reason == "400 refused"


def test_a_pause_for_all_is_known_by_its_word() -> None:
    error = failure(429, an_answer(429, "Too Many Requests: global limit", retry_after=9))

    assert isinstance(error, SlowDown)
    assert (error.retry_after, error.everybody) == (9, True)


async def test_a_voice_note_is_fetched() -> None:
    async with a_platform() as (fake, telegram):
        update = fake.user("Siti").sends_voice(b"OggS suara")
        media = read(update).media
        assert media is not None

        content = await telegram.fetch(media.ref)

    assert content == b"OggS suara"


async def test_a_file_telegram_forgot_is_gone() -> None:
    async with a_platform() as (_, telegram):
        with pytest.raises(Gone):
            await telegram.fetch("tidak ada")


async def test_a_file_that_is_too_large_is_not_fetched() -> None:
    async with a_platform() as (fake, telegram):
        update = fake.user("Siti").sends_document(bytes(20 * 1024 * 1024 + 1))
        media = read(update).media
        assert media is not None

        with pytest.raises(TooLarge):
            await telegram.fetch(media.ref)


async def test_a_download_stops_at_the_limit_whatever_was_announced() -> None:
    async with a_platform() as (fake, telegram):
        update = fake.user("Siti").sends_voice(b"12345")
        path = await telegram._bot.get_file(read(update).media.ref)  # type: ignore[union-attr]
        assert path.file_path

        with pytest.raises(Exception, match="too large"):
            await telegram._request.download(path.file_path, 4)


async def test_no_file_comes_from_a_platform_that_is_away() -> None:
    telegram = a_bot("http://127.0.0.1:9")

    with pytest.raises(Unreachable):
        await telegram.fetch("f")

    await telegram.close()
