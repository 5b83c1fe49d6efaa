"""Files at the fake: types and sizes, addresses that die, ids that are forgotten."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import aiohttp
import pytest

from tests.fakes.graph import PHONE_ID
from tests.fakes.graph_media import JPEG, OPUS, PNG
from tests.fakes.graph_user_side import Person
from tests.fakes.raw_bot import Clock
from tests.fakes.raw_graph import RawGraph

MEGABYTE = 1024 * 1024
DAY = 24 * 3600
VOICE = "audio/ogg; codecs=opus"


async def upload(bot: RawGraph, content: bytes, mime: str, **fields: str) -> Any:
    form = aiohttp.FormData()
    for name, value in {"messaging_product": "whatsapp", "type": mime, **fields}.items():
        form.add_field(name, value)
    form.add_field("file", BytesIO(content), filename="berkas", content_type=mime)
    return (await bot.call("POST", f"{PHONE_ID}/media", data=form))[1]


@pytest.mark.parametrize(
    ("content", "mime", "kind"),
    [(OPUS, VOICE, "audio"), (JPEG, "image/jpeg", "image"), (PNG, "image/png", "image")],
)
async def test_an_upload_is_sent_by_its_id(
    bot: RawGraph, siti: Person, content: bytes, mime: str, kind: str
) -> None:
    media_id = (await upload(bot, content, mime))["id"]

    code = await bot.code(siti.wa_id, type=kind, **{kind: {"id": media_id}})

    assert code == 0
    assert (siti.received[-1].kind, siti.received[-1].content.media) == (kind, media_id)


@pytest.mark.parametrize(
    ("content", "mime"),
    [
        (JPEG, "image/gif"),
        (JPEG, ""),
        (b"", "image/jpeg"),
        (PNG, "image/jpeg"),
        (JPEG + bytes(5 * MEGABYTE), "image/jpeg"),
        (OPUS + bytes(16 * MEGABYTE), VOICE),
        (b"OggS" + b"\x01vorbis" * 40, "audio/ogg"),
    ],
)
async def test_types_and_sizes_that_whatsapp_does_not_take_are_refused(
    bot: RawGraph, content: bytes, mime: str
) -> None:
    assert (await upload(bot, content, mime))["error"]["code"] == 131053


async def test_an_upload_names_the_product(bot: RawGraph) -> None:
    answer = await upload(bot, JPEG, "image/jpeg", messaging_product="lain")

    assert answer["error"]["code"] == 131008


async def test_a_picture_is_no_voice_note(bot: RawGraph, siti: Person) -> None:
    picture = (await upload(bot, JPEG, "image/jpeg"))["id"]
    music = (await upload(bot, b"ID3" + bytes(64), "audio/mpeg"))["id"]

    codes = [
        await bot.code(siti.wa_id, type="audio", audio={"id": picture}),
        await bot.code(siti.wa_id, type="audio", audio={"id": music, "voice": True}),
        await bot.code(siti.wa_id, type="audio", audio={"id": music}),
    ]

    assert codes == [131053, 131053, 0]


async def test_what_a_person_sent_is_fetched_with_the_token(bot: RawGraph, siti: Person) -> None:
    told = siti.sends_voice(OPUS).value["audio"]
    known = (await bot.call("GET", told["id"]))[1]

    with_token = await fetched(bot, known["url"])
    bot.token = "EAAGlain"
    without = await fetched(bot, known["url"])

    assert (told["voice"], told["mime_type"]) == (True, VOICE)
    assert known["file_size"] == len(OPUS)
    assert with_token == (200, OPUS)
    assert without[0] == 401


async def test_an_address_dies_after_five_minutes_and_another_can_be_had(
    bot: RawGraph, siti: Person, clock: Clock
) -> None:
    media_id = siti.sends_image().value["image"]["id"]
    url = (await bot.call("GET", media_id))[1]["url"]
    clock.now += 300
    alive = await fetched(bot, url)
    clock.now += 1
    dead = await fetched(bot, url)

    again = (await bot.call("GET", media_id))[1]["url"]

    assert (alive[0], dead[0]) == (200, 404)
    assert (await fetched(bot, again))[0] == 200


async def test_an_address_that_was_never_given_out_is_dead(bot: RawGraph, siti: Person) -> None:
    url = (await bot.call("GET", siti.sends_image().value["image"]["id"]))[1]["url"]

    assert (await fetched(bot, url[:-1] + "x"))[0] == 404


async def test_what_people_sent_is_kept_a_week_and_what_we_uploaded_a_month(
    bot: RawGraph, siti: Person, clock: Clock
) -> None:
    ours = (await upload(bot, JPEG, "image/jpeg"))["id"]
    hers = siti.sends_image().value["image"]["id"]

    kept = []
    for days in (7, 23):
        clock.now += days * DAY
        kept.append([(await bot.call("GET", one))[0] for one in (ours, hers)])

    assert kept == [[200, 400], [400, 400]]
    assert await bot.code(siti.wa_id, type="image", image={"id": ours}) == 131053


async def test_a_file_can_be_deleted(bot: RawGraph) -> None:
    media_id = (await upload(bot, JPEG, "image/jpeg"))["id"]

    deleted = await bot.call("DELETE", media_id)

    assert deleted == (200, {"success": True})
    assert (await bot.call("GET", media_id))[0] == 400


async def fetched(bot: RawGraph, url: str) -> tuple[int, bytes]:
    headers = {"Authorization": f"Bearer {bot.token or bot.fake.business.token}"}
    async with bot.session.get(url, headers=headers) as answer:
        return answer.status, await answer.read()
