"""The simulator's channel: what it stores and reads back, and how the pages hear of changes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.channel import File, Gone, Refused
from bot.channels.simulator import (
    EVERYBODY,
    Changes,
    Doing,
    NotReceiving,
    Simulator,
    body_of,
    file_in,
    parse,
)
from bot.media import MediaLost
from conversations.message import Kind, MediaId, Message
from storage import inbox
from storage.database import Database
from storage.inbox import Received
from storage.sealing import Vault
from tests.bot.clocks import START, FastClock

AT = datetime(2026, 11, 18, 12, 15, 30, 250_000, tzinfo=UTC)
VOICE = b"OggS\n\nbukan baris"


@pytest.fixture
async def lite(sqlite_url: str, vault: Vault) -> AsyncIterator[Database]:
    async with await Database.open(sqlite_url, vault=vault) as opened:
        yield opened


async def load(id_: MediaId) -> File:
    if id_ == "hilang":
        raise MediaLost(id_)
    return File(VOICE, "audio/ogg")


def a_simulator(database: Database) -> Simulator:
    return Simulator(clock=FastClock(), database=database, load_media=load)


def test_a_text_is_read_back_clean_and_with_its_time() -> None:
    inbound = parse(body_of(Doing(Kind.TEXT, text="ha\x00lo \u202emalam\nsatu"), "text:1", AT))

    assert (inbound.kind, inbound.text, inbound.sent_at) == (Kind.TEXT, "halo malam\nsatu", AT)


def test_a_pressed_button_is_read_back_by_its_payload() -> None:
    inbound = parse(body_of(Doing(Kind.BUTTON, button="q:1"), "button:1", AT))

    assert (inbound.kind, inbound.button) == (Kind.BUTTON, "q:1")


def test_a_file_lies_behind_the_line_that_describes_it() -> None:
    body = body_of(Doing(Kind.VOICE, file=VOICE, mime="audio/ogg"), "voice:1", AT)

    media = parse(body).media

    assert media is not None
    assert (media.ref, media.mime, media.size) == ("voice:1", "audio/ogg", len(VOICE))
    assert file_in(body) == VOICE


@given(st.text(max_size=200))
def test_any_text_survives(text: str) -> None:
    body = body_of(Doing(Kind.TEXT, text=text.encode("utf-8", "replace").decode()), "text:1", AT)

    assert parse(body).kind is Kind.TEXT


@given(st.binary(max_size=200))
def test_any_other_bytes_are_refused_and_nothing_worse(body: bytes) -> None:
    with suppress(ValueError):
        parse(body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"kind": "text"}',
        b'{"kind": "wayang", "at": 1}',
        b'{"kind": "text", "at": true}',
        b'{"kind": "text", "at": 1e30}',
        b'{"kind": "text", "at": 1, "text": 7}',
        b'{"kind": "voice", "at": 1}',
        b'{"kind": "text", "at": 99999999999999999}',
    ],
)
def test_a_malformed_body_is_a_value_error(body: bytes) -> None:
    with pytest.raises(ValueError, match="not a simulator body"):
        parse(body)


async def test_what_is_received_reaches_the_programme_before_the_page_is_told(
    lite: Database,
) -> None:
    simulator = a_simulator(lite)
    taken: list[Received] = []
    order: list[str] = []

    async def accept(batch: Sequence[Received]) -> None:
        await asyncio.sleep(0)
        taken.extend(batch)
        order.append("stored")

    running = asyncio.ensure_future(simulator.run(accept))
    await asyncio.sleep(0)
    simulator.changes.tell = lambda address: order.append(address)  # type: ignore[method-assign]

    await simulator.receive("mbah-siti", Doing(Kind.TEXT, text="halo"))

    running.cancel()
    assert order == ["stored", "mbah-siti"]
    assert [(row.channel, row.account, row.address) for row in taken] == [
        (simulator.name, simulator.account, "mbah-siti")
    ]
    assert parse(taken[0].body).text == "halo"


async def test_it_receives_only_while_it_runs(lite: Database) -> None:
    simulator = a_simulator(lite)

    async def accept(batch: Sequence[Received]) -> None:
        raise AssertionError

    running = asyncio.ensure_future(simulator.run(accept))
    await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    with pytest.raises(NotReceiving):
        await simulator.receive("mbah-siti", Doing(Kind.TEXT, text="halo"))


async def test_two_things_received_never_have_the_same_name(lite: Database) -> None:
    simulator = a_simulator(lite)
    names: list[str] = []

    async def accept(batch: Sequence[Received]) -> None:
        names.extend(row.external_id for row in batch)

    running = asyncio.ensure_future(simulator.run(accept))
    await asyncio.sleep(0)
    for _ in range(20):
        await simulator.receive("mbah-siti", Doing(Kind.STICKER))

    running.cancel()
    assert len(set(names)) == 20
    assert all(name.startswith("sticker:") for name in names)


async def test_a_file_is_fetched_from_the_inbox(lite: Database) -> None:
    simulator = a_simulator(lite)
    body = body_of(Doing(Kind.VOICE, file=VOICE, mime="audio/ogg"), "voice:1", AT)
    row = Received(simulator.name, simulator.account, "voice:1", "mbah-siti", body)
    await lite.write(lambda conn: inbox.accept(conn, [row], START))

    assert await simulator.fetch("voice:1") == VOICE
    with pytest.raises(Gone):
        await simulator.fetch("voice:2")


async def test_sending_tells_the_page_and_has_a_receipt(lite: Database) -> None:
    simulator = a_simulator(lite)
    news = simulator.changes.since("", 10)
    _, first = await anext(news)

    receipt = await simulator.send("mbah-siti", Message("Sehat?"))

    assert receipt.platform_id
    assert first == EVERYBODY
    assert (await anext(news))[1] == "mbah-siti"


@pytest.mark.parametrize("message", [Message(""), Message("dengar", media=MediaId("hilang"))])
async def test_what_cannot_be_shown_is_refused(lite: Database, message: Message) -> None:
    with pytest.raises(Refused):
        await a_simulator(lite).send("mbah-siti", message)


async def told(changes: Changes, last_event_id: str, number: int) -> list[tuple[str, str]]:
    news = changes.since(last_event_id, 10)
    return [await anext(news) for _ in range(number)]


async def test_a_page_that_comes_back_hears_what_it_missed() -> None:
    changes = Changes("run")
    for address in ("a", "b", "c"):
        changes.tell(address)

    missed = await told(changes, "run-1", 2)

    assert missed == [("run-2", "b"), ("run-3", "c")]


@pytest.mark.parametrize("id_", ["", "run", "run-", "other-1", "run-99", "run-²", "run--1"])
async def test_a_page_with_an_unknown_id_looks_at_everything(id_: str) -> None:
    changes = Changes("run")
    changes.tell("a")

    assert await told(changes, id_, 1) == [("run-1", EVERYBODY)]


async def test_a_page_that_was_away_too_long_looks_at_everything() -> None:
    changes = Changes("run")
    for _ in range(1_500):
        changes.tell("a")

    assert await told(changes, "run-3", 1) == [("run-1500", EVERYBODY)]


async def test_in_silence_there_is_a_heartbeat_and_then_news_again() -> None:
    changes = Changes("run")
    news = changes.since("run-0", 0.001)

    assert await anext(news) == ("", "")
    changes.tell("a")
    assert await anext(news) == ("run-1", "a")


async def test_whoever_listens_is_let_go_when_it_closes() -> None:
    changes = Changes("run")
    news = changes.since("run-0", 10)
    listening = asyncio.ensure_future(anext(news))
    await asyncio.sleep(0)

    changes.close()

    with pytest.raises(StopAsyncIteration):
        await asyncio.wait_for(listening, 1)
