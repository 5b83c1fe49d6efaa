"""Asking the Graph API: what certainly did not leave, what nobody knows, where our token goes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bot.channels.channel import File, Refused, TooLarge, Unanswered, Unreachable
from bot.channels.whatsapp_errors import GraphError
from bot.channels.whatsapp_graph import Graph
from tests.bot.graph_answers import Platform


@pytest.fixture
async def platform() -> AsyncIterator[Platform]:
    started = Platform()
    await started.start()
    yield started
    await started.stop()


@pytest.fixture
async def graph(platform: Platform) -> AsyncIterator[Graph]:
    opened = Graph("RAHASIA", api_url=f"{platform.url}/v26.0/")
    yield opened
    await opened.close()


async def test_it_asks_with_the_token_and_in_json(platform: Platform, graph: Graph) -> None:
    platform.answers_with({"id": "t1"})

    answer = await graph.post("22/message_templates", {"name": "ada_kabar"})

    (asked,) = platform.asked
    assert answer == {"id": "t1"}
    assert (asked.method, asked.path) == ("POST", "/v26.0/22/message_templates")
    assert asked.headers["authorization"] == "Bearer RAHASIA"
    assert asked.headers["content-type"] == "application/json"
    assert asked.body == b'{"name":"ada_kabar"}'


async def test_fields_and_names_are_asked_for_in_the_address(
    platform: Platform, graph: Graph
) -> None:
    platform.answers_with({"verified_name": "Kawan Asuh"})
    platform.answers_with({"success": True})

    await graph.get("1060", fields="verified_name,quality_rating")
    await graph.delete("22/message_templates", name="ada_kabar")

    got, deleted = platform.asked
    assert got.query == {"fields": "verified_name,quality_rating"}
    assert (deleted.method, deleted.query) == ("DELETE", {"name": "ada_kabar"})
    assert {one.headers["authorization"] for one in platform.asked} == {"Bearer RAHASIA"}


async def test_an_error_of_the_platform_is_told_with_its_number(
    platform: Platform, graph: Graph
) -> None:
    platform.refuses(100, error_subcode=2388023, error_user_msg="Nama sudah ada")

    with pytest.raises(GraphError) as caught:
        await graph.post("22/message_templates", {})

    assert (caught.value.code, caught.value.subcode) == (100, 2388023)
    assert caught.value.said == "Nama sudah ada"


@pytest.mark.parametrize("api_url", ["http://127.0.0.1:9/v26.0", "http://:8/v26.0"])
async def test_without_a_connection_it_certainly_did_not_leave(api_url: str) -> None:
    nowhere = Graph("T", api_url=api_url)

    with pytest.raises(Unreachable):
        await nowhere.post("1060/messages", {})

    await nowhere.close()


async def test_a_lost_connection_leaves_it_open(platform: Platform, graph: Graph) -> None:
    platform.hangs_up()

    with pytest.raises(Unanswered):
        await graph.post("1060/messages", {})


async def test_silence_leaves_it_open() -> None:
    over = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(-1)
        writer.close()
        await writer.wait_closed()
        over.set()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    graph = Graph("T", api_url=f"http://127.0.0.1:{port}", read_timeout=0.05)

    with pytest.raises(Unanswered, match="Timeout"):
        await graph.post("1060/messages", {})

    await graph.close()
    await over.wait()
    server.close()


@pytest.mark.parametrize("body", [b"not json", b"[]", b'"x"'])
async def test_an_unreadable_answer_leaves_it_open(
    platform: Platform, graph: Graph, body: bytes
) -> None:
    platform.answers_with(body)

    with pytest.raises(Unanswered):
        await graph.post("1060/messages", {})


async def test_a_question_that_was_lost_may_simply_be_asked_again(
    platform: Platform, graph: Graph
) -> None:
    platform.hangs_up()
    platform.hangs_up()  # aiohttp itself asks once more
    with pytest.raises(Unreachable):
        await graph.get("1060")

    platform.hangs_up()
    with pytest.raises(Unreachable):
        await graph.upload("1060/media", File(b"x", "image/png"))


async def test_a_file_is_uploaded_with_its_type(platform: Platform, graph: Graph) -> None:
    name = await graph.upload("1060/media", File(b"OggS", "audio/ogg; codecs=opus", "voice-1.ogg"))

    assert name == "7001"
    ((fields, content),) = platform.uploaded
    assert fields == {"messaging_product": "whatsapp", "type": "audio/ogg; codecs=opus"}
    assert content == b"OggS"


@pytest.mark.parametrize("answer", [{}, {"id": ""}, {"id": 7}])
async def test_an_upload_without_a_name_is_tried_again(
    platform: Platform, graph: Graph, answer: dict[str, object]
) -> None:
    platform.answers_with(answer)

    with pytest.raises(Unreachable):
        await graph.upload("1060/media", File(b"x", "image/png"))


@pytest.mark.parametrize(
    "url",
    [
        "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1&ext=2&hash=a-_b",
        "https://LOOKASIDE.fbsbx.com:443/x",
        "https://mmg.whatsapp.net/v/t62?x=%2F",
        "https://graph.facebook.com/v26.0/1",
    ],
)
def test_our_token_goes_to_meta(url: str) -> None:
    assert Graph("T", api_url="https://graph.facebook.com/v26.0").is_trusted(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://lookaside.fbsbx.com/x",
        "https://lookaside.fbsbx.com:8443/x",
        "https://lookaside.fbsbx.com",
        "https://fbsbx.com.evil.example/x",
        "https://evilfbsbx.com/x",
        "https://evil.example/lookaside.fbsbx.com/",
        "https://user:pass@lookaside.fbsbx.com/x",
        "https://lookaside.fbsbx.com@evil.example/x",
        "https://evil.example\\@lookaside.fbsbx.com/x",
        "https://evil.example#.fbsbx.com/x",
        "https://evil.example?.fbsbx.com/x",
        "https://lookaside.fbsbx.com/x\r\nHost: evil.example",
        "https://lookaside.fbsbx.com/x\n",
        "https://graph.facebook.com.evil.example/v26.0/1",
        "https://lookaside.fbsbx。com/x",
        "https://127.0.0.1/x",
        "https://169.254.169.254/latest/",
        "file:///etc/passwd",
        "//lookaside.fbsbx.com/x",
        "",
    ],
)
def test_our_token_goes_nowhere_else(url: str) -> None:
    assert not Graph("T", api_url="https://graph.facebook.com/v26.0").is_trusted(url)


async def test_an_address_elsewhere_is_not_even_asked(platform: Platform, graph: Graph) -> None:
    elsewhere = platform.url.replace("127.0.0.1", "localhost")

    with pytest.raises(Unreachable, match="foreign host"):
        await graph.download(f"{elsewhere}/x")

    assert platform.asked == []


@asynccontextmanager
async def answering(*answers: bytes) -> AsyncIterator[str]:
    """An address that answers each connection with such bytes, and then hangs up."""
    left = list(answers)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(left.pop(0))
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()


async def downloaded(url: str) -> bytes:
    """At most a hundred bytes from there."""
    graph = Graph("T", api_url=f"{url}/v26.0")
    try:
        return await graph.download(f"{url}/x", 100)
    finally:
        await graph.close()


async def test_a_redirection_is_not_followed() -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: /lain\r\nContent-Length: 0\r\n\r\n"
    there = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nisi"
    async with answering(moved, there) as url:
        with pytest.raises(Unreachable, match="http 302"):
            await downloaded(url)


async def test_what_says_that_it_is_too_large_is_not_waited_for() -> None:
    async with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n") as url:
        with pytest.raises(TooLarge):
            await downloaded(url)


async def test_what_does_not_say_its_size_is_read_up_to_the_limit() -> None:
    chunk = b"65\r\n" + b"x" * 101 + b"\r\n0\r\n\r\n"
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with answering(head + chunk) as url:
        with pytest.raises(TooLarge):
            await downloaded(url)


async def test_a_download_that_breaks_off_is_tried_again() -> None:
    async with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nisi") as url:
        with pytest.raises(Unreachable):
            await downloaded(url)


async def test_no_more_is_read_than_is_kept(platform: Platform, graph: Graph) -> None:
    platform.answers_with(b"x" * 101)

    with pytest.raises(TooLarge):
        await graph.download(f"{platform.url}/x", 100)

    platform.answers_with(b"x" * 100)
    assert await graph.download(f"{platform.url}/x", 100) == b"x" * 100


async def test_what_is_too_large_for_the_platform_is_refused(
    platform: Platform, graph: Graph
) -> None:
    platform.answers_with(b"", 413)

    with pytest.raises(Refused):
        await graph.upload("1060/media", File(b"x", "image/png"))
