"""What people and platforms really send: an answer or quarantine, and everybody else goes on.

What anybody may send is sent on both platforms; what only one of them tells, there.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, select

from bot.channels.telegram_rows import Rows
from storage import inbox
from storage.schema import addresses, answers, people
from storage.schema import inbox as inbox_table
from storage.schema import outbox as outbox_table
from tests.fakes.graph import FakeGraph
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram_world import ChatKind
from tests.whole.house import House, until
from tests.whole.leaping import WALK, LeapingClock, number_of
from tests.whole.phones import CHECKIN, RATING, Phone, Phones

NOT_UNDERSTOOD = "saya belum paham"


ODD_TEXTS = {
    "4,096 characters": "Kemarin panen kopi. " * 205,
    "20,001 characters": "a" * 20_001,
    "NUL": "ha\x00lo apa\x00 kabar semua orang di sana",
    "bidi": "\u202eklikab\u202c kata yang \u2066aneh\u2069 sekali bunyinya",
    "right to left": "السلام عليكم ورحمة الله وبركاته",
    "Javanese letters": "ꦲꦏ꧀ꦱꦫꦗꦮ ꦲꦏ꧀ꦱꦫ ꦗꦮ ꦲꦏ꧀",
    "combining marks": "e" + "\u0301" * 3_000 + " lagi lagi lagi lagi",
    "emoji": "👨‍👩‍👧‍👦" * 300,
    "markup": "<b>*_[tautan](tg://user?id=1) `kode` </b> & lainnya yang panjang",
    "only invisible": "\u200b\u2060\ufeff\u00a0",
    "a formula": '=HYPERLINK("http://x","klik") lalu kata kata lainnya',
    "a template": "${sapaan} {sapaan} {{7*7}} %s %(nama)s {0} kata",
}


@pytest.mark.parametrize("name", ODD_TEXTS)
async def test_an_odd_text_gets_an_answer_and_the_next_one_too(
    house: House, anyone: Phone, name: str
) -> None:
    await anyone.says(ODD_TEXTS[name], "")

    await anyone.says("MENU", "Mau apa hari ini")
    await house.at_rest()
    assert not house.aside


async def test_an_odd_text_told_to_staff_reaches_them_whole(house: House, anyone: Phone) -> None:
    told = "Kemarin \u202ebapaknya\u202c datang\x00 lagi. " * 150

    await anyone.says(told, NOT_UNDERSTOOD)
    await anyone.says("1", "Petugas akan membaca")

    def unit(conn: Connection) -> list[str]:
        from storage.exports import What, export

        now = datetime.now(UTC)
        rows = export(conn, What.CONCERNS, actor="test", now=now, reason="tes").rows
        return [row["content"] for row in rows]

    assert await house.database.write(unit) == [("Kemarin bapaknya datang lagi. " * 150).strip()]


async def test_a_text_that_is_no_text_is_put_aside_and_others_go_on(
    house: House, siti: Phone, fake: FakeTelegram
) -> None:
    update = siti.person.says("akan diganti")
    fake.updates.forget_all()
    broken = json.loads(json.dumps(update).replace("akan diganti", "\\ud800 separuh"))
    rows = Rows("telegram", house.channel.account).of([broken], 1_795_000_000)

    await house.receiving.accept(rows)

    await siti.says("MENU", "Mau apa hari ini")
    aside = await house.database.read(lambda conn: inbox.quarantined(conn, 10))
    assert [row.error for row in aside] == ["not a Telegram update: JSONDecodeError"]


async def test_a_burst_of_a_hundred_messages_is_one_dialogue_in_order(
    house: House, phones: Phones, platform: int
) -> None:
    slow = phones.newcomer("Pelan", platform)
    await slow.walks(WALK)
    quick = phones.newcomer("Cepat", platform)
    rest = (["MENU", "7"] * 50)[: 100 - len(WALK)]

    for text in [text for text, _ in WALK] + rest:
        quick.person.says(text)
    await until(lambda: len(quick.heard) >= len(slow.heard) + len(rest))
    await house.at_rest()

    assert quick.texts[: len(slow.heard)] == slow.texts
    menus = [text.startswith("Mau apa") for text in quick.texts[len(slow.heard) :]]
    assert menus == [number % 2 == 0 for number in range(len(rest))]
    assert await number_of(house, people) == 2


async def test_an_edited_message_changes_no_answer_and_keeps_her_place(
    house: House, anyone: Phone
) -> None:
    await anyone.walks(CHECKIN[:2])
    written = anyone.person.says("1")
    await anyone.hears("Perasaan Adi")
    before = await number_of(house, answers)
    changed = written if anyone.is_whatsapp else written["message"]["message_id"]

    reply = await anyone.waits(lambda: anyone.person.edits(changed, "3"), "yang diubah")

    await house.at_rest()
    assert "balas KEMBALI" in reply.text
    assert await number_of(house, answers) == before
    await anyone.says("2", "tidak masuk sekolah?")


async def test_a_forwarded_message_is_answered(house: House, anyone: Phone) -> None:
    await anyone.waits(
        lambda: anyone.person.forwards("Besok posyandu jam delapan di balai desa"), NOT_UNDERSTOOD
    )


@pytest.mark.parametrize("kind", [ChatKind.GROUP, ChatKind.SUPERGROUP])
async def test_a_group_is_told_once_and_nobody_is_made_of_it(
    house: House, phones: Phones, fake: FakeTelegram, kind: ChatKind
) -> None:
    rini = fake.user("Rini")
    group = fake.group("RT 3", kind)
    group.adds_bot(rini)
    for number in range(5):
        rini.says(f"halo semua {number}", chat=group)
    siti = phones.of(fake.user("Siti"))

    await siti.says("/start", "18 tahun")
    await until(lambda: any(sent.chat_id == group.id for sent in fake.sent))
    await house.at_rest()

    told = [sent.text for sent in fake.sent if sent.chat_id == group.id]
    assert len(told) == 1
    assert "berdua saja" in told[0]
    assert await number_of(house, people) == 1


async def test_a_channel_is_met_with_silence(
    house: House, phones: Phones, fake: FakeTelegram
) -> None:
    channel = fake.group("Kabar desa", ChatKind.CHANNEL)
    channel.adds_bot(fake.user("Rini"))
    channel.posts("Rapat besok")
    siti = phones.of(fake.user("Siti"))

    await siti.says("/start", "18 tahun")
    await house.at_rest()

    assert [sent for sent in fake.sent if sent.chat_id == channel.id] == []
    assert await number_of(house, inbox_table) == 1


async def test_a_deleted_account_is_marked_and_not_tried_again(
    house: House, siti: Phone, fake: FakeTelegram
) -> None:
    def blocked(conn: Connection) -> str | None:
        return conn.execute(select(addresses.c.blocked_reason)).scalar()

    await house.at_rest()
    siti.person.says("MENU")
    siti.person.deletes_account()
    tries = fake.calls["sendMessage"]

    await until(lambda: fake.calls["sendMessage"] > tries)
    await house.at_rest()

    assert fake.calls["sendMessage"] == tries + 1
    assert await house.database.read(blocked)


async def test_who_blocked_the_bot_is_left_alone_and_reachable_again_when_she_returns(
    house: House, siti: Phone, fake: FakeTelegram
) -> None:
    def marked(conn: Connection) -> bool:
        return conn.execute(select(addresses.c.blocked_at)).scalar() is not None

    siti.person.blocks()
    await until(lambda: house.database.read(marked))
    tries = fake.calls["sendMessage"]
    await house.at_rest()
    assert fake.calls["sendMessage"] == tries

    await siti.waits(siti.person.unblocks, "Mau apa hari ini")

    assert not await house.database.read(marked)


MALFORMED = (
    {},
    {"text": "tanpa chat"},
    {"chat": {"id": "tujuh", "type": "private"}, "date": 1},
    {"chat": {"id": 77, "type": "private"}, "date": "kemarin", "text": "x"},
    {"chat": {"id": 77, "type": "private"}, "date": 10**17, "text": "x"},
    {"chat": {"id": 77, "type": "private"}, "date": 1_795_000_000, "text": 7},
    {"chat": {"id": 77, "type": "private"}, "date": 1_795_000_000, "photo": []},
    {"chat": {"id": 77, "type": "private"}, "date": 1_795_000_000, "voice": {"file_id": None}},
    {"chat": {"id": 77}, "date": 1_795_000_000, "text": "x"},
    {"chat": 77, "date": 1_795_000_000, "text": "x"},
    {"chat": {"id": 77, "type": "private"}, "date": 1_795_000_000, "text": "x", "from": "Siti"},
)


async def test_malformed_updates_go_to_quarantine_and_hold_nobody_up(
    house: House, siti: Phone, fake: FakeTelegram
) -> None:
    for body in MALFORMED:
        fake.updates.push("message", body)

    await siti.says("MENU", "Mau apa hari ini")
    await house.at_rest()
    aside = await house.database.read(lambda conn: inbox.quarantined(conn, 50))

    assert len(aside) == len(MALFORMED)
    assert {row.error.partition(":")[0] for row in aside} <= {
        "not a Telegram update",
        "an update without a chat",
    }
    assert len({row.external_id for row in aside}) == len(MALFORMED)
    assert await number_of(house, people) == 1


async def test_update_ids_that_begin_again_after_idle_days_are_new_messages(
    house: House, siti: Phone, fake: FakeTelegram, clock: LeapingClock
) -> None:
    await house.at_rest()
    clock.offset += timedelta(days=8)
    fake.updates.next_id = 1_001

    await siti.says("MENU", "Mau apa hari ini")
    await siti.says("7", "")

    def seen(conn: Connection) -> list[str]:
        return list(conn.execute(select(inbox_table.c.external_id).order_by("id")).scalars())

    assert (await house.database.read(seen))[-2:] == ["1001", "1002"]


@pytest.mark.parametrize("leap", [timedelta(days=30), -timedelta(days=3), -timedelta(minutes=7)])
async def test_a_clock_that_leaps_stops_no_conversation(
    house: House, anyone: Phone, clock: LeapingClock, leap: timedelta
) -> None:
    await anyone.walks(CHECKIN[:4])

    clock.offset += leap
    await anyone.walks(CHECKIN[4:6])
    clock.offset -= leap
    await anyone.walks(CHECKIN[6:])
    await anyone.walks(RATING)

    await house.at_rest()
    assert not house.aside


async def test_a_clock_that_leaps_by_a_year_stops_no_conversation(
    house: House, siti: Phone, clock: LeapingClock
) -> None:
    await siti.walks(CHECKIN[:4])

    clock.offset += timedelta(days=400)
    await siti.walks(CHECKIN[4:])
    await siti.walks(RATING)

    await house.at_rest()
    assert not house.aside


async def test_after_a_year_somebody_on_whatsapp_is_asked_who_she_is_and_goes_on(
    house: House, ani: Phone, clock: LeapingClock
) -> None:
    await ani.walks(CHECKIN[:4])

    clock.offset += timedelta(days=400)
    await ani.says(CHECKIN[4][0], "Apakah ini HP")
    await ani.says("1", CHECKIN[4][1])
    clock.offset -= timedelta(days=400)
    await ani.walks(CHECKIN[5:])
    await ani.walks(RATING)

    await house.at_rest()
    assert not house.aside


async def test_a_message_to_be_repeated_does_not_wait_for_a_clock_that_was_set_back(
    house: House, siti: Phone, fake: FakeTelegram, clock: LeapingClock
) -> None:
    await house.at_rest()
    fake.faults.script("sendMessage", ["500", "500"])
    clock.offset = timedelta(hours=2)
    siti.person.says("MENU")
    await until(lambda: len(fake.faults.log) == 1)

    clock.offset = timedelta()

    await siti.hears("Mau apa hari ini", patience=10)


async def test_the_same_message_twice_is_answered_once(
    house: House, anyone: Phone, fake: FakeTelegram, graph: FakeGraph
) -> None:
    told = anyone.person.says("MENU")
    await anyone.hears("Mau apa hari ini")
    await house.at_rest()
    replies = await number_of(house, outbox_table)

    if anyone.is_whatsapp:
        graph.webhooks.again(told)
    else:
        fake.redeliver(told)
    await anyone.says("7", "")
    await house.at_rest()

    assert await number_of(house, outbox_table) == replies + 1
