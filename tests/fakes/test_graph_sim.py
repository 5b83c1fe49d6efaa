"""The fake Graph API in a process of its own, moved from outside; its faults; its crowd."""

from __future__ import annotations

import asyncio
import base64
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import orjson
import pytest

from tests.fakes.graph import PHONE_ID, FakeGraph
from tests.fakes.graph_limits import Limits
from tests.fakes.graph_media import OPUS
from tests.fakes.http_server import Answer, HttpServer, Request
from tests.fakes.people import Crowd, Script
from tests.fakes.raw_graph import RawGraph, Receiver

SITI = 6_281_200_000_001
SCRIPT = Script.of_lines([("Boleh?", 1), ("Siapa?", 2), ("Terima kasih", None)], opening="halo")


class Control:
    """The remote control of one fake."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self._url, self._session = url, session

    async def __call__(self, path: str, **wish: Any) -> Any:
        method = "POST" if wish else "GET"
        body = orjson.dumps(wish) if wish else None
        async with self._session.request(method, f"{self._url}/sim/{path}", data=body) as answer:
            return orjson.loads(await answer.read())


@pytest.fixture
async def fake() -> AsyncIterator[FakeGraph]:
    async with FakeGraph(limits=Limits.none()) as started:
        yield started


@pytest.fixture
async def control(fake: FakeGraph, bot: RawGraph) -> Control:
    return Control(fake.url, bot.session)


async def test_it_runs_alone() -> None:
    receiver = Receiver("x")
    webhook = await receiver.start()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.fakes.graph",
        "--webhook",
        webhook,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        async with aiohttp.ClientSession() as session:
            settings = await printed_by(process)
            control = Control(settings["WHATSAPP_API_URL"].removesuffix("/v26.0"), session)

            told = (await control("act", person=SITI, says="halo"))["told"]

            async with asyncio.timeout(5):
                while not (await control("state"))["delivered"]:
                    await asyncio.sleep(0)
    finally:
        process.terminate()
        await process.wait()
        await receiver.stop()
    assert receiver.parts("messages") == [told]
    assert settings["WHATSAPP_PHONE_ID"] == PHONE_ID
    assert process.returncode == 0


async def test_people_act_and_what_was_sent_is_seen(
    fake: FakeGraph, bot: RawGraph, control: Control
) -> None:
    voice = base64.b64encode(OPUS).decode()
    spoken = await control("act", person=SITI, sends_voice=voice)
    await bot.send(str(SITI), text="Sudah kami terima")
    blocked = await control("act", person=SITI, blocks=True)

    seen = await control(f"sent?after=0&person={SITI}")

    assert spoken["told"]["audio"]["voice"]
    assert blocked == {"told": None}
    assert [one["text"] for one in seen["sent"]] == ["Sudah kami terima"]
    assert seen["last"] == 1
    assert (await control("sent?after=1"))["sent"] == []


@pytest.mark.parametrize(
    ("path", "wish"),
    [
        ("act", {"person": SITI, "dances": True}),
        ("act", {"person": SITI, "presses": "Ya"}),
        ("act", {"person": SITI, "sends_voice": "***"}),
        ("templates", {"approve": "lain"}),
        ("nothing", {"x": 1}),
    ],
)
async def test_what_cannot_be_done_is_said(control: Control, path: str, wish: Any) -> None:
    assert (await control(path, **wish))["error"]["code"] == 100


async def test_faults_errors_and_templates_are_set_from_outside(
    fake: FakeGraph, bot: RawGraph, control: Control
) -> None:
    fake.person(id=SITI).says("halo")
    body = {"type": "BODY", "text": "Ada kabar dari petugas."}
    fake.templates.create(
        {"name": "kabar", "language": "id", "category": "UTILITY", "components": [body]}
    )

    await control("faults", method="messages", script=["500", None])
    await control("faults", method="webhook", script=["drop_before"])
    await control("fails", code=131049, person=SITI)
    listed = await control("templates", approve="kabar")

    codes = [await bot.code(str(SITI), text="Halo") for _ in range(3)]
    assert codes == [131000, 131049, 0]
    assert fake.webhooks.faults.next("webhook") is not None
    assert listed["templates"][0]["status"] == "APPROVED"
    assert (await control("state"))["faults"][0] == ["messages", 1, "500"]


async def test_faults_break_requests_in_every_way(fake: FakeGraph, bot: RawGraph) -> None:
    siti = fake.person()
    siti.says("halo")
    fake.faults.script("messages", ["429", "502", "garbage", "delay"], seconds=0)
    wish = {"messaging_product": "whatsapp", "to": siti.wa_id, "text": {"body": "Halo"}}

    seen = []
    for _ in range(4):
        headers = {"Authorization": f"Bearer {fake.business.token}"}
        url = f"{fake.url}/v26.0/{PHONE_ID}/messages"
        async with bot.session.post(url, json=wish, headers=headers) as answer:
            seen.append((answer.status, answer.content_type))

    assert [status for status, _ in seen] == [429, 502, 200, 200]
    assert seen[1][1] == "text/html"
    assert len(siti.received) == 2


@pytest.mark.parametrize(("trouble", "arrived"), [("drop_before", 0), ("drop_after", 1)])
async def test_a_broken_connection_says_nothing(
    fake: FakeGraph, bot: RawGraph, trouble: str, arrived: int
) -> None:
    siti = fake.person()
    siti.says("halo")
    fake.faults.script("messages", [trouble])

    with pytest.raises(aiohttp.ClientError):
        await bot.send(siti.wa_id, text="Halo")

    assert len(siti.received) == arrived


async def test_a_round_trip_takes_its_time(bot: RawGraph, fake: FakeGraph) -> None:
    fake.latency = 0.02
    began = asyncio.get_running_loop().time()

    await bot.call("GET", PHONE_ID)

    assert asyncio.get_running_loop().time() - began >= 0.02


async def test_a_crowd_walks_its_script_over_webhooks(fake: FakeGraph, bot: RawGraph) -> None:
    async with talking_to(fake, bot) as url:
        fake.webhooks.connections = 4
        await fake.subscribe(url)

        timings = await Crowd(fake, SCRIPT, SITI).closed_loop(3, seconds=0.3, warm_up=0.05)

    spoken = [sent.text.partition("\n")[0] for sent in fake.sent if sent.chat_id == SITI]
    assert spoken[:6] == ["Boleh?", "Siapa?", "Terima kasih"] * 2
    assert timings.exchanges > 9
    assert (timings.unexpected, timings.unanswered) == ({}, 0)


@asynccontextmanager
async def talking_to(fake: FakeGraph, bot: RawGraph) -> AsyncIterator[str]:
    """A bot with a question by button, one by number, and a farewell."""
    reply = {"type": "reply", "reply": {"id": "y", "title": "Ya"}}
    question = {"type": "button", "body": {"text": "Boleh?"}, "action": {"buttons": [reply]}}

    async def answer(message: dict[str, Any]) -> Answer:
        to = message["from"]
        match message["type"], message.get("text", {}).get("body"):
            case "interactive", _:
                await bot.send(to, text="Siapa?\n\n1. Ibu\n2. Mbah")
            case "text", "halo":
                await bot.send(to, type="interactive", interactive=question)
            case "text", "2":
                await bot.send(to, text="Terima kasih")
        return Answer(b"")

    def hear(request: Request) -> Any:
        if request.method == "GET":
            return Answer(request.query["hub.challenge"].encode())
        value = orjson.loads(request.body)["entry"][0]["changes"][0]["value"]
        return answer(value["messages"][0]) if "messages" in value else Answer(b"")

    server = HttpServer(hear)
    try:
        yield f"http://127.0.0.1:{await server.start(0)}/"
    finally:
        fake.webhooks.stop()
        await server.stop()


async def printed_by(process: asyncio.subprocess.Process) -> dict[str, str]:
    """The settings that a bot needs, as the fake prints them."""
    assert process.stdout is not None
    found: dict[str, str] = {}
    while "WHATSAPP_API_URL" not in found:
        line = await asyncio.wait_for(process.stdout.readline(), 20)
        assert line, "the fake ended before it was up"
        name, _, value = line.decode().strip().partition("=")
        found[name] = value
    return found
