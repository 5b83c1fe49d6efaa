"""Polling and webhook: the platform is told only what is stored."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from random import Random
from typing import Any

import orjson
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from bot.channels.telegram import LARGEST_WEBHOOK, SECRET_HEADER, Telegram
from conversations.message import Choice, Message
from tests.bot.clocks import FastClock
from tests.bot.platforms import SECRET, Inbox, a_bot, a_platform, no_media, running, until
from tests.fakes.faults import Trouble
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_world import ChatKind


async def test_polling_brings_updates_in_order_with_bot_id_and_update_id() -> None:
    async with a_platform() as (fake, telegram):
        inbox, siti = Inbox(), fake.user("Siti")
        updates = [siti.says("satu"), siti.says("dua")]

        async with running(telegram, inbox):
            await inbox.holds(2)

    assert [row.external_id for row in inbox.rows] == [str(u["update_id"]) for u in updates]
    assert {(row.channel, row.account, row.address) for row in inbox.rows} == {
        ("telegram", str(fake.world.bot["id"]), str(siti.id))
    }
    assert [telegram.parse(row.body).text for row in inbox.rows] == ["satu", "dua"]
    assert telegram.healthy() == ""


async def test_a_message_is_stored_with_what_telegram_calls_it_and_a_press_with_nothing() -> None:
    async with a_platform() as (fake, telegram):
        inbox, siti = Inbox(), fake.meet(7)
        said = siti.says("satu")["message"]["message_id"]
        siti.edits(said, "satu lagi")
        await telegram.send("7", Message("Sehat?", (Choice("Ya", "y"),)))
        siti.presses("1. Ya")

        async with running(telegram, inbox):
            await inbox.holds(3)

    assert [row.message_id for row in inbox.rows] == [str(said), "", ""]


async def test_telegram_is_told_only_after_the_batch_is_committed() -> None:
    async with a_platform() as (fake, telegram):
        inbox = Inbox()
        inbox.may_return.clear()
        fake.user("Siti").says("penting")

        async with running(telegram, inbox):
            await inbox.holds(1)
            pending_before = len(fake.updates.pending)
            inbox.may_return.set()
            await until(lambda: not fake.updates.pending)

    assert pending_before == 1


async def test_what_was_not_confirmed_comes_again_after_a_restart() -> None:
    async with a_platform() as (fake, telegram):
        inbox, second = Inbox(), Inbox()
        inbox.may_return.clear()
        fake.user("Siti").says("penting")

        async with running(telegram, inbox):
            await inbox.holds(1)
        async with running(telegram, second):
            await second.holds(1)

    assert second.rows[0].external_id == inbox.rows[0].external_id


@pytest.mark.filterwarnings("ignore::telegram.warnings.PTBDeprecationWarning")
@pytest.mark.parametrize(
    "trouble",
    [Trouble.SERVER_ERROR, Trouble.BAD_GATEWAY, Trouble.DROP_AFTER, Trouble.GARBAGE, "429"],
)
async def test_receiving_goes_on_after_trouble(trouble: Trouble | str) -> None:
    async with a_platform() as (fake, telegram):
        inbox = Inbox()
        for method in ("getMe", "deleteWebhook", "getUpdates"):
            fake.faults.script(method, [trouble])

        async with running(telegram, inbox):
            await until(lambda: telegram.healthy() != "")
            fake.user("Siti").says("halo")
            await inbox.holds(1)
            await until(lambda: telegram.healthy() == "")


async def test_a_pressed_button_is_answered() -> None:
    async with a_platform() as (fake, telegram):
        inbox, siti = Inbox(), fake.meet(7)
        await telegram.send("7", Message("Sehat?", (Choice("Ya", "y"),)))

        async with running(telegram, inbox):
            siti.presses("y")
            await inbox.holds(1)
            await until(lambda: fake.calls["answerCallbackQuery"] == 1)


async def test_a_broadcast_channel_is_passed_over_but_confirmed() -> None:
    async with a_platform() as (fake, telegram):
        inbox, rini = Inbox(), fake.user("Rini")
        fake.group("Kabar", ChatKind.CHANNEL).adds_bot(by=rini)
        rini.says("halo")

        async with running(telegram, inbox):
            await until(lambda: not fake.updates.pending)

    assert [row.address for row in inbox.rows] == [str(rini.id)]


async def test_a_malformed_update_is_kept_as_a_problem_and_stops_nobody() -> None:
    async with a_platform() as (fake, telegram):
        inbox = Inbox()
        fake.updates.push("message", {"chat": {"id": 7}, "date": "kemarin"})
        fake.user("Siti").says("halo")

        async with running(telegram, inbox):
            await until(lambda: not fake.updates.pending)

    assert [bool(row.problem) for row in inbox.rows] == [True, False]
    assert inbox.rows[0].address == "7"


async def test_a_refused_token_is_said_plainly_and_not_tried_again() -> None:
    async with FakeTelegram() as fake:
        telegram = Telegram(
            "1:salah", api_url=fake.url, clock=FastClock(), dice=Random(1), load_media=no_media
        )
        async with running(telegram, Inbox()):
            await until(lambda: "TELEGRAM_TOKEN" in telegram.healthy())

        assert "\n" not in telegram.healthy()
        await telegram.close()


async def test_a_second_receiver_is_named_in_the_advice() -> None:
    async with a_platform() as (fake, telegram), running(telegram, Inbox()):
        await fake.wait_for_bot()
        fake.updates._end_other_poller()
        await until(lambda: "another programme" in telegram.healthy())


@dataclass
class Door:
    """The route /telegram as the service mounts it, with an inbox behind it."""

    telegram: Telegram
    inbox: Inbox

    async def post(self, body: bytes, secret: str = SECRET) -> tuple[int, bytes]:
        """POST as Telegram does: in pieces, without a length."""
        app = Starlette(routes=[Route("/telegram", self.telegram.webhook, methods=["POST"])])
        pieces = [body[at : at + 65_536] for at in range(0, len(body), 65_536)] or [b""]
        answer: list[Any] = []
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/telegram",
            "query_string": b"",
            "headers": [(SECRET_HEADER.encode(), secret.encode())],
        }

        async def receive() -> Any:
            return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

        async def send(message: Any) -> None:
            answer.append(message)

        await app(scope, receive, send)
        return answer[0]["status"], answer[1].get("body", b"")


@pytest.fixture
def door() -> Door:
    """A bot in webhook mode that is running."""
    telegram, inbox = a_bot("http://127.0.0.1:9", webhook_secret=SECRET), Inbox()
    telegram._accept = inbox.accept
    return Door(telegram, inbox)


async def test_a_webhook_is_answered_after_its_update_is_stored(door: Door) -> None:
    update = FakeTelegram().user("Siti").says("halo")
    door.inbox.may_return.clear()

    posting = asyncio.create_task(door.post(orjson.dumps(update)))
    await door.inbox.holds(1)
    answered_early = posting.done()
    door.inbox.may_return.set()

    assert await posting == (200, b"")
    assert not answered_early
    assert door.telegram.parse(door.inbox.rows[0].body).text == "halo"


@pytest.mark.parametrize("secret", ["", "salah", SECRET + "x"])
async def test_a_webhook_without_the_secret_stores_nothing(door: Door, secret: str) -> None:
    status, _ = await door.post(b"{}", secret)

    assert status == 403
    assert door.inbox.rows == []


async def test_a_webhook_without_a_configured_secret_is_shut() -> None:
    door = Door(a_bot("http://127.0.0.1:9"), Inbox())

    assert (await door.post(b"{}", ""))[0] == 403


async def test_a_webhook_that_is_too_large_is_not_stored(door: Door) -> None:
    status, _ = await door.post(b"x" * (LARGEST_WEBHOOK + 1))

    assert status == 413
    assert door.inbox.rows == []


@pytest.mark.parametrize("body", [b"{", b"[]", b'"\xff"', b'{"message": {}}', b""])
async def test_what_cannot_be_read_is_kept_and_not_repeated(door: Door, body: bytes) -> None:
    statuses = [(await door.post(body))[0] for _ in range(2)]

    assert statuses == [200, 200]
    assert all(row.problem for row in door.inbox.rows)
    assert len({row.external_id for row in door.inbox.rows}) == 1


async def test_a_pressed_button_is_answered_in_the_answer(door: Door) -> None:
    query = {"id": "55", "from": {"id": 7}, "data": "y"}

    status, body = await door.post(orjson.dumps({"update_id": 1, "callback_query": query}))

    assert status == 200
    assert orjson.loads(body) == {"method": "answerCallbackQuery", "callback_query_id": "55"}
    assert door.inbox.rows[0].address == "7"


async def test_a_webhook_before_the_service_is_ready_is_kept_by_telegram(door: Door) -> None:
    door.telegram._accept = None

    assert (await door.post(b"{}"))[0] == 503


async def test_the_webhook_is_registered_with_its_secret() -> None:
    async with a_platform(webhook_secret=SECRET, public_url="https://contoh.id/") as (fake, bot):
        async with running(bot, Inbox()):
            await fake.wait_for_bot()

        assert fake.updates.webhook is not None
        assert fake.updates.webhook.url == "https://contoh.id/telegram"
        assert fake.updates.webhook.secret == SECRET
