"""How the fake tells: signed, batched, doubled, shuffled, and again for seven days."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import orjson
import pytest

from tests.fakes.faults import Trouble
from tests.fakes.graph import WABA_ID, FakeGraph
from tests.fakes.graph_limits import Limits
from tests.fakes.graph_webhooks import signed
from tests.fakes.raw_bot import Clock
from tests.fakes.raw_graph import RawGraph, Receiver

DAY = 24 * 3600


@pytest.fixture
async def fake(clock: Clock) -> AsyncIterator[FakeGraph]:
    async with FakeGraph(clock=clock, limits=Limits.none(), seed=3) as started:
        yield started


@pytest.fixture
async def receiver(fake: FakeGraph) -> AsyncIterator[Receiver]:
    one = Receiver(fake.verify_token)
    await fake.subscribe(await one.start())
    yield one
    await one.stop()


async def test_it_works(fake: FakeGraph, receiver: Receiver) -> None:
    said = fake.person("Siti").says("halo")

    await fake.webhooks.settle()

    assert receiver.parts("messages") == [said.value]
    body = orjson.loads(receiver.bodies[0])
    assert body["object"] == "whatsapp_business_account"
    assert body["entry"][0]["id"] == WABA_ID
    assert fake.webhooks.delivered == 1
    assert fake.webhooks.waiting == 0


async def test_every_body_is_signed_over_its_bytes(fake: FakeGraph, receiver: Receiver) -> None:
    fake.person("Siti").says("Ñ 😊")

    await fake.webhooks.settle()

    expected = signed(receiver.bodies[0], fake.webhooks.secret)
    assert receiver.headers[0]["x-hub-signature-256"] == expected
    assert len(expected) == len("sha256=") + 64


async def test_a_bot_that_does_not_answer_the_challenge_is_not_subscribed(
    fake: FakeGraph,
) -> None:
    other = Receiver("token lain")
    url = await other.start()

    with pytest.raises(ConnectionError, match="challenge"):
        await fake.subscribe(url)

    await other.stop()
    assert fake.webhooks.url == ""


async def test_the_webhook_may_be_set_by_the_api(fake: FakeGraph) -> None:
    one = Receiver("lain")
    wish = {"override_callback_uri": await one.start(), "verify_token": "lain"}
    async with aiohttp.ClientSession() as session:
        bot = RawGraph(fake, session)

        wrong = await bot.call(
            "POST", f"{WABA_ID}/subscribed_apps", json={**wish, "verify_token": "bukan"}
        )
        right = await bot.call("POST", f"{WABA_ID}/subscribed_apps", json=wish)

    await one.stop()
    assert (wrong[0], right[0]) == (400, 200)
    assert fake.webhooks.url == wish["override_callback_uri"]


async def test_messages_and_statuses_share_a_body(fake: FakeGraph) -> None:
    siti, budi = fake.person("Siti"), fake.person("Budi")
    siti.says("satu")
    budi.says("dua")
    siti.says("tiga")
    async with aiohttp.ClientSession() as session:
        await RawGraph(fake, session).send(siti.wa_id, text="Halo")
    fake.webhooks.batch = 10
    receiver = Receiver(fake.verify_token)

    await fake.subscribe(await receiver.start())
    await fake.webhooks.settle()

    await receiver.stop()
    (body,) = map(orjson.loads, receiver.bodies)
    changes = body["entry"][0]["changes"]
    assert [len(one["value"].get("messages", [])) for one in changes] == [3, 0]
    assert [len(one["value"].get("statuses", [])) for one in changes] == [0, 2]
    assert [one["profile"]["name"] for one in changes[0]["value"]["contacts"]] == ["Siti", "Budi"]


async def test_changes_may_stand_in_entries_of_their_own(fake: FakeGraph) -> None:
    fake.webhooks.per_entry = True
    items = [fake.person().says("satu"), fake.person("Budi").stops_marketing()]

    body = fake.webhooks.body_of(items)

    assert [len(one["changes"]) for one in body["entry"]] == [1, 1]
    assert body["entry"][1]["changes"][0]["field"] == "user_preferences"
    assert body["entry"][1]["time"] == 1_795_000_000


async def test_what_was_not_answered_with_200_comes_again_with_longer_pauses(
    fake: FakeGraph, receiver: Receiver, clock: Clock
) -> None:
    receiver.answers = [500, 503, 404]
    fake.person().says("halo")
    await fake.webhooks.settle()
    counts = [len(receiver.bodies)]

    for seconds in (0.9, 0.1, 2, 4):
        clock.now += seconds
        await fake.webhooks.settle()
        counts.append(len(receiver.bodies))

    assert counts == [1, 1, 2, 3, 4]
    assert len(set(receiver.bodies)) == 1
    assert fake.webhooks.answers == {500: 1, 503: 1, 404: 1, 200: 1}
    assert fake.webhooks.delivered == 1


async def test_after_seven_days_it_is_given_up(
    fake: FakeGraph, receiver: Receiver, clock: Clock
) -> None:
    receiver.answers = [500] * 1000
    fake.person().says("halo")
    await fake.webhooks.settle()

    for _ in range(6 * 24 + 23):
        clock.now += 3600
        await fake.webhooks.settle()
    still = fake.webhooks.waiting
    clock.now += 2 * 3600
    await fake.webhooks.settle()

    assert still == 1
    assert (fake.webhooks.waiting, fake.webhooks.lost) == (0, 1)


async def test_others_are_told_while_one_waits_for_its_next_try(
    fake: FakeGraph, receiver: Receiver
) -> None:
    receiver.answers = [500]
    fake.person().says("gagal")
    second = fake.person("Budi").says("sampai")

    await fake.webhooks.settle()

    assert receiver.parts("messages")[-1] == second.value
    assert fake.webhooks.waiting == 1


async def test_an_answer_that_was_lost_makes_a_duplicate(
    fake: FakeGraph, receiver: Receiver, clock: Clock
) -> None:
    fake.webhooks.faults.script("webhook", [Trouble.DROP_AFTER, Trouble.DROP_BEFORE])
    fake.person().says("halo")
    await fake.webhooks.settle()

    for _ in range(2):
        clock.now += 5
        await fake.webhooks.settle()

    assert len(receiver.bodies) == 2
    assert receiver.bodies[0] == receiver.bodies[1]


async def test_bodies_are_doubled_on_demand(fake: FakeGraph, receiver: Receiver) -> None:
    fake.webhooks.doubling = 0.5
    said = [fake.person().says(str(number)).value["id"] for number in range(20)]

    await fake.webhooks.settle()

    told = [one["id"] for one in receiver.parts("messages")]
    assert set(told) == set(said)
    assert 24 < len(told) < 45


async def test_statuses_come_in_any_order_on_demand(fake: FakeGraph) -> None:
    fake.webhooks.shuffling = True
    siti, receiver = fake.person(), Receiver(fake.verify_token)
    siti.says("halo")
    async with aiohttp.ClientSession() as session:
        for number in range(5):
            await RawGraph(fake, session).send(siti.wa_id, text=str(number))
    siti.reads()

    await fake.subscribe(await receiver.start())
    await fake.webhooks.settle()

    await receiver.stop()
    told = [(one["id"], one["status"]) for one in receiver.parts("statuses")]
    firsts: dict[str, str] = {}
    for message_id, status in told:
        firsts.setdefault(message_id, status)
    assert len(told) == 15
    assert set(firsts.values()) != {"sent"}


async def test_statuses_and_messages_may_come_late(
    fake: FakeGraph, receiver: Receiver, clock: Clock
) -> None:
    fake.world.message_seconds = 3 * DAY
    said = fake.person().says("halo")
    await fake.webhooks.settle()
    before = len(receiver.bodies)

    clock.now += 3 * DAY
    await fake.webhooks.settle()

    assert before == 0
    assert receiver.parts("messages") == [said.value]
    assert int(said.value["timestamp"]) == clock.now - 3 * DAY


async def test_nobody_home_is_tried_again(fake: FakeGraph, clock: Clock) -> None:
    receiver = Receiver(fake.verify_token)
    url = await receiver.start()
    await fake.subscribe(url)
    await receiver.stop()
    fake.person().says("halo")
    await fake.webhooks.settle()

    assert fake.webhooks.answers == {0: 1}
    assert fake.webhooks.waiting == 1


async def test_a_body_can_be_anything_at_all(fake: FakeGraph, receiver: Receiver) -> None:
    fake.webhooks.post_raw(b"[]")

    await fake.webhooks.settle()

    assert receiver.bodies == [b"[]"]


async def test_a_template_is_told_as_a_change_of_the_account(
    fake: FakeGraph, receiver: Receiver
) -> None:
    fake.tells("account_update", {"event": "DISABLED_UPDATE"})

    await fake.webhooks.settle()

    entry = orjson.loads(receiver.bodies[0])["entry"][0]
    assert entry["changes"] == [{"value": {"event": "DISABLED_UPDATE"}, "field": "account_update"}]
    assert entry["time"] == 1_795_000_000
