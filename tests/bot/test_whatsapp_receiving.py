"""The route /whatsapp: who may post, that 200 means stored, and what Meta is told otherwise."""

from __future__ import annotations

import asyncio
import gc
import hmac
from collections.abc import Sequence
from typing import Any

import orjson
import pytest
import structlog

from bot.channels.channel import Unreachable
from bot.channels.whatsapp import LARGEST_WEBHOOK, MOST_WEBHOOKS
from storage.facts import AddressMoved, Fact
from tests.bot.platforms import until
from tests.bot.waba import (
    SITI,
    VERIFY_TOKEN,
    Door,
    a_webhook,
    change,
    entry,
    message,
    signed,
    status,
    value,
    webhook,
)


@pytest.fixture
async def door() -> Any:
    opened = Door()
    graph = opened.whatsapp.graph
    yield opened
    await opened.whatsapp.close()
    await graph.close()


def counted(door: Door, reason: str) -> float:
    labels = {"channel": "whatsapp", "reason": reason}
    return door.meters.registry.get_sample_value("kawan_webhooks_refused_total", labels) or 0.0


# --- who may post ---


async def test_meta_is_greeted_with_its_challenge(door: Door) -> None:
    asked = f"hub.mode=subscribe&hub.verify_token={VERIFY_TOKEN}&hub.challenge=1158201444"

    assert await door.get(asked) == (200, b"1158201444")


@pytest.mark.parametrize(
    "asked",
    [
        "",
        "hub.mode=subscribe&hub.challenge=1",
        "hub.mode=subscribe&hub.verify_token=salah&hub.challenge=1",
        f"hub.mode=unsubscribe&hub.verify_token={VERIFY_TOKEN}&hub.challenge=1",
        f"hub.mode=subscribe&hub.verify_token={VERIFY_TOKEN}x&hub.challenge=1",
        "hub.mode=subscribe&hub.verify_token=%C3%A9&hub.challenge=1",
    ],
)
async def test_whoever_does_not_know_the_word_is_not_greeted(door: Door, asked: str) -> None:
    assert await door.get(asked) == (403, b"")
    assert counted(door, "verify token") == 1


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "sha256=",
        "sha256=" + "0" * 64,
        "sha1=" + "0" * 40,
        "bukan tanda tangan",
        "sha256=é",
        signed(orjson.dumps({"n": 1}), "rahasia lain"),
    ],
)
async def test_a_body_without_the_right_signature_stores_nothing(
    door: Door, signature: str | None
) -> None:
    body = orjson.dumps(a_webhook(message(text={"body": "rahasia Siti"})))

    with structlog.testing.capture_logs() as lines:
        answered = await door.post(body, signature)

    assert answered == 401
    assert door.inbox.rows == []
    assert counted(door, "signature") == 1
    assert lines == [
        {
            "event": "a webhook was refused",
            "log_level": "warning",
            "channel": "whatsapp",
            "reason": "signature",
        }
    ]


async def test_a_bare_digest_is_no_signature(door: Door) -> None:
    body = orjson.dumps(a_webhook(message()))

    assert await door.post(body, signed(body).removeprefix("sha256=")) == 401


async def test_a_body_written_again_in_other_bytes_is_refused(door: Door) -> None:
    body = orjson.dumps(a_webhook(message()))
    again = orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2)

    assert orjson.loads(again) == orjson.loads(body)
    assert await door.post(again, signed(body)) == 401
    assert door.inbox.rows == []


async def test_signatures_are_compared_in_constant_time(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared = []
    compare = hmac.compare_digest

    def listened(one: bytes, other: bytes) -> bool:
        compared.append(len(other))
        return compare(one, other)

    monkeypatch.setattr(hmac, "compare_digest", listened)
    await door.post(a_webhook(message()), "sha256=falsch")
    await door.get("hub.mode=subscribe&hub.verify_token=x")

    assert compared == [len("sha256=") + 64, len(VERIFY_TOKEN)]


async def test_a_replayed_body_is_taken_and_known_again(door: Door) -> None:
    body = orjson.dumps(a_webhook(message()))

    assert [await door.post(body) for _ in range(2)] == [200, 200]
    assert len({row.external_id for row in door.inbox.rows}) == 1


async def test_what_is_not_signed_at_all_is_not_even_read(door: Door) -> None:
    body = b"x" * (LARGEST_WEBHOOK + 1)

    assert [await door.post(body, given) for given in (None, "sha256=", "sha256=abc")] == [401] * 3
    assert counted(door, "size") == 0


async def test_what_tells_itself_that_it_is_too_large_is_refused_signed_or_not(door: Door) -> None:
    assert await door.post(b"{}", "", length=LARGEST_WEBHOOK + 1) == 413
    assert counted(door, "size") == 1


async def test_a_body_that_is_too_large_is_refused(door: Door) -> None:
    body = b'{"pad":"' + b"x" * LARGEST_WEBHOOK + b'"}'

    assert await door.post(body) == 413
    assert await door.post(body, length=10) == 413
    assert await door.post(b"{}", length=LARGEST_WEBHOOK + 1) == 413
    assert counted(door, "size") == 3
    assert door.inbox.rows == []


async def test_a_body_as_large_as_may_be_is_taken(door: Door) -> None:
    body = orjson.dumps(a_webhook(message()))
    body += b" " * (LARGEST_WEBHOOK - len(body))

    assert await door.post(body, length=len(body)) == 200
    assert len(door.inbox.rows) == 1


# --- 200 means stored ---


async def test_meta_is_told_only_after_messages_and_statuses_are_stored(door: Door) -> None:
    facts_may_return = asyncio.Event()

    async def wait(_: Sequence[Fact]) -> None:
        await facts_may_return.wait()

    door.inbox.may_return.clear()
    door.facts.before = wait
    posting = asyncio.create_task(door.post(a_webhook(message(), statuses=[status()])))
    await door.inbox.holds(1)
    early = posting.done()
    door.inbox.may_return.set()
    await asyncio.sleep(0)
    half = posting.done()
    facts_may_return.set()

    assert await posting == 200
    assert (early, half) == (False, False)


async def test_statuses_are_stored_while_messages_wait_for_their_turns(door: Door) -> None:
    door.inbox.may_return.clear()

    posting = asyncio.create_task(door.post(a_webhook(message(), statuses=[status()])))
    await until(lambda: door.facts.told)

    assert not posting.done()
    door.inbox.may_return.set()
    assert await posting == 200


async def test_who_is_behind_an_address_is_stored_before_what_is_written_there(door: Door) -> None:
    rows_before = []

    async def look(_: Sequence[Fact]) -> None:
        rows_before.append(len(door.inbox.rows))

    door.facts.before = look
    ids = {"user_id": SITI["user_id"], "previous_user_id": "ID.old", "type": "user_changed_user_id"}
    moved = message("system", system={**ids, "body": ""}, from_=None)

    assert await door.post(a_webhook(message(), moved)) == 200
    assert rows_before == [0]
    assert [type(fact) for fact in door.facts.told] == [AddressMoved]
    assert len(door.inbox.rows) == 1


@pytest.mark.parametrize("broken", ["rows", "facts"])
async def test_what_was_not_stored_is_not_confirmed(door: Door, broken: str) -> None:
    async def fail(_: Sequence[Any]) -> None:
        raise LookupError("full")

    if broken == "rows":
        door.whatsapp._accept = fail
    else:
        door.facts.before = fail

    with pytest.raises(LookupError):
        await door.post(a_webhook(message(), statuses=[status()]))

    assert len(door.inbox.rows) + len(door.facts.told) == 1


async def test_a_fact_about_somebody_that_fails_keeps_nobodys_words_back(door: Door) -> None:
    async def fail(facts: Sequence[Fact]) -> None:
        if isinstance(facts[0], AddressMoved):
            raise TypeError

    door.facts.before = fail
    system = {"type": "user_changed_number", "wa_id": "628777", "body": ""}

    with pytest.raises(TypeError):
        await door.post(a_webhook(message("system", system=system), message(), statuses=[status()]))

    assert (len(door.inbox.rows), len(door.facts.told)) == (1, 1)


async def test_a_large_batch_is_stored_in_units(door: Door) -> None:
    sizes: list[int] = []

    async def note(facts: Sequence[Fact]) -> None:
        sizes.append(len(facts))

    door.facts.before = note
    assert await door.post(a_webhook(statuses=[status() for _ in range(450)])) == 200

    assert sizes == [200, 200, 50]


@pytest.mark.parametrize("body", [b"{", b"[]", b'"\xff"', b"", b"[" * 3000, b"nul"])
async def test_what_cannot_be_read_though_signed_is_kept_and_not_repeated(
    door: Door, body: bytes
) -> None:
    statuses = [await door.post(body) for _ in range(2)]

    assert statuses == [200, 200]
    assert all(row.problem for row in door.inbox.rows)
    assert len({row.external_id for row in door.inbox.rows}) == 1


async def test_meta_is_asked_to_come_again_while_nothing_is_received(door: Door) -> None:
    door.whatsapp._accept = None

    assert await door.post(a_webhook(message())) == 503


async def test_meta_is_asked_to_come_again_while_too_much_waits_to_be_stored(door: Door) -> None:
    door.inbox.may_return.clear()
    waiting = [asyncio.create_task(door.post(a_webhook(message()))) for _ in range(MOST_WEBHOOKS)]
    await door.inbox.holds(MOST_WEBHOOKS)

    answered = await door.post(a_webhook(message()))
    door.inbox.may_return.set()

    assert answered == 503
    assert set(await asyncio.gather(*waiting)) == {200}
    assert await door.post(a_webhook(message())) == 200


async def test_what_is_for_another_number_is_confirmed_and_shown(door: Door) -> None:
    stranger = value(message())
    stranger["metadata"]["phone_number_id"] = "999"

    with structlog.testing.capture_logs() as lines:
        answered = [await door.post(webhook(entry(change(stranger)))) for _ in range(3)]

    assert answered == [200, 200, 200]
    assert door.inbox.rows == []
    assert door.whatsapp.healthy() == ""
    assert "3 kiriman untuk nomor lain" in door.whatsapp.warning()
    assert "WHATSAPP_PHONE_ID" in door.whatsapp.warning()
    assert [line["event"] for line in lines] == ["a webhook was not for us"] * 3
    labels = {"channel": "whatsapp", "reason": "other_number"}
    left_out = door.meters.registry.get_sample_value("kawan_webhook_parts_left_out_total", labels)
    assert left_out == 3


async def test_what_changes_nothing_is_no_warning(door: Door) -> None:
    assert await door.post(a_webhook(statuses=[status("deleted")])) == 200

    assert door.whatsapp.warning() == ""


# --- marks of having been read ---


async def test_she_sees_that_her_words_arrived_once_they_are_stored(door: Door) -> None:
    marked: list[str] = []

    async def mark(wamid: str) -> None:
        assert door.inbox.rows
        marked.append(wamid)

    door.whatsapp._sender.mark_read = mark  # type: ignore[method-assign]
    told = message()
    await door.post(a_webhook(told))
    await until(lambda: marked)

    assert marked == [told["id"]]


async def test_a_mark_that_fails_troubles_nobody(door: Door) -> None:
    tried = []

    async def mark(wamid: str) -> None:
        tried.append(wamid)
        raise Unreachable("down")

    door.whatsapp._sender.mark_read = mark  # type: ignore[method-assign]
    assert await door.post(a_webhook(message())) == 200
    await until(lambda: tried and not door.whatsapp._marks)

    gc.collect()
    assert door.whatsapp.healthy() == ""


async def test_only_so_many_marks_are_under_way(door: Door) -> None:
    may_return = asyncio.Event()
    under_way = []

    async def mark(wamid: str) -> None:
        under_way.append(wamid)
        await may_return.wait()

    door.whatsapp._sender.mark_read = mark  # type: ignore[method-assign]
    for _ in range(40):
        await door.post(a_webhook(message()))
    await until(lambda: len(under_way) >= 32)

    assert len(under_way) == 32
    may_return.set()
